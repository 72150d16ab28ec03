"""What one commit of the engine writes for one tenant: rows made from assessed transactions, written together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

import numpy as np
import orjson

from aml.counter_value import conversion
from aml.engine import Hit
from aml.scoring import evidence_of, hit_finding, typologies_of
from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from clearance.columns import digests, pack_rows
from clearance.partition import Assessment, Partition, Place, Raised
from clearance.version import CODE_VERSION
from explain.bands import BANDS, Bands
from explain.narrative import scored_sentence, sentence
from explain.record import Decision, DecisionKind, Explanation, Finding, InputRef, Method, ModelRef
from store import alerts, decisions, records, transactions
from store.batches import Batch, BatchHeader, BatchRow
from store.connection import Connection
from store.numbers import pack
from store.outbox import NewOutbox
from vault import contexts
from vault.envelope import Sealer
from workflows.messages import Kind, workflow_id

_STRETCH = 16
"""Transactions whose rows are made without a pause: about a millisecond."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose data a transaction is: the customer on its known side, else the tenant itself."""

    subject_id: UUID
    sealer: Sealer


class Group:
    """Makes a tenant's rows; `write` puts them into the caller's transaction, `answers` is for afterwards."""

    def __init__(self, tenant_id: UUID, partition: Partition, now: datetime, new: Sequence[Transaction]) -> None:
        """For these transactions, which are then added in their order."""
        self.answers: list[TransactionAnswer] = []
        self.outcomes: list[str] = []
        self.place: Place | None = None
        """Of the last transaction, once it was written."""
        self._tenant_id, self._partition, self._now = tenant_id, partition, now
        self._currency = partition.engine.parameters.currency
        self._digests = digests(new)
        self._inputs = (InputRef("transactions", sha256(b"".join(self._digests)).hexdigest()),)
        self._ids = decisions.new_decision_ids(now, len(new))
        self._bands = _BandTexts(partition.bands)
        features = partition.trees.feature_names
        self._scores = self._batch(
            DecisionKind.TRANSACTION_SCORE, partition.model, Method.TREE_PATH_DEPENDENT, partition.base_value, features
        )
        self._rows: list[bytes] = []
        self._alert_decisions: Batch | None = None
        self._alerts: list[alerts.NewAlert] = []
        self._outbox: list[NewOutbox] = []

    def add(self, assessed: Assessment, owners: Sequence[Owner]) -> Iterator[None]:
        """Each transaction with its score decision, and an alert with its own decision where one is raised. Yields now
        and then: whoever waits for the processor may have it."""
        names = self._partition.trees.feature_names
        packed_values, packed_shap = pack_rows(assessed.features), pack_rows(assessed.shap)
        said = zip(
            [[names[feature] for feature in row] for row in assessed.strongest.tolist()],
            np.take_along_axis(assessed.features, assessed.strongest, axis=1).tolist(),
            np.take_along_axis(assessed.shap, assessed.strongest, axis=1).tolist(),
            strict=True,
        )
        for row, (transaction, owner, (features, values, effects)) in enumerate(
            zip(assessed.transactions, owners, said, strict=True)
        ):
            if row % _STRETCH == 0:
                yield
            place, score, hits = len(self._rows), assessed.scores[row], assessed.hits[row]
            decision_id, flags = self._ids[place], assessed.flags[row]
            found = [*map(hit_finding, hits), *conversion(transaction, self._currency)]
            outcome = self._bands.bands.name(score)
            known = [value if value == value else None for value in values]
            words = scored_sentence(
                DecisionKind.TRANSACTION_SCORE, outcome, score, found, zip(features, known, effects, strict=True)
            )
            told = self._bands.findings(outcome, score, found)
            evidence = records.packed_evidence(packed_values[row], told, words)
            self._scores.add(
                BatchRow(
                    decision_id,
                    owner.subject_id,
                    f"transaction:{transaction.transaction_id}",
                    outcome,
                    score,
                    packed_shap[row],
                    assessed.margins[row],
                    assessed.errors[row],
                    owner.sealer.seal(evidence.encode(), contexts.decision_evidence(decision_id)),
                    (self._bands.rule(outcome), *[(f.rule, f.effect, f.citation) for f in found]),
                )
            )
            self._rows.append(
                transactions.copied(
                    transaction,
                    place,
                    owner.subject_id,
                    decision_id,
                    self._digests[place],
                    flags,
                    self._sealed_purpose(transaction, owner),
                )
            )
            raised = assessed.raised.get(row)
            alert_id = None
            if raised is not None:
                alert_id = self._add_alert(transaction, score, hits, found, raised, owner)
            self.outcomes.append(self._partition.table.default if raised is None else raised.outcome)
            self.answers.append(
                TransactionAnswer(
                    transaction.transaction_id, "accepted", decision_id, score, alert_id, typologies_of(hits), flags
                )
            )

    async def write(self, connection: Connection) -> None:
        """Everything, in the transaction that the caller commits."""
        if not self._rows:
            return
        await self._scores.append(connection)
        first = await transactions.next_ingest_seq(connection, self._tenant_id, len(self._rows))
        await transactions.append_copied(connection, self._tenant_id, first, self._rows)
        if self._alert_decisions is not None:
            await self._alert_decisions.append(connection)
            await alerts.append_alerts(connection, self._alerts, self._outbox)
        self.place = Place(first + len(self._rows) - 1, self._ids[-1])

    def _batch(
        self, kind: DecisionKind, model: ModelRef, method: Method, base_value: float, features: tuple[str, ...]
    ) -> Batch:
        regime = self._partition.regime
        return Batch(
            BatchHeader(
                tenant_id=self._tenant_id,
                kind=kind,
                model=model,
                method=method,
                base_value=base_value,
                features=features,
                regime=regime.code,
                regime_version=regime.version,
                policy_version=self._partition.table.version,
                inputs=self._inputs,
                code_version=CODE_VERSION,
                as_of=self._now,
            )
        )

    def _sealed_purpose(self, transaction: Transaction, owner: Owner) -> bytes | None:
        """What the payer wrote may name a person; nothing is computed from it."""
        if not transaction.purpose:
            return None
        context = contexts.transaction(self._tenant_id, transaction.transaction_id)
        return owner.sealer.seal(transaction.purpose.encode(), context)

    def _add_alert(
        self,
        transaction: Transaction,
        score: float,
        hits: tuple[Hit, ...],
        found: Sequence[Finding],
        raised: Raised,
        owner: Owner,
    ) -> UUID:
        alert_id, transaction_id = uuid4(), transaction.transaction_id
        decision = self._alert_decision(alert_id, found, raised, owner)
        why = decision.explanation
        if self._alert_decisions is None:
            features = tuple(contribution.feature for contribution in why.contributions)
            self._alert_decisions = self._batch(
                DecisionKind.ALERT, decision.model, why.method, why.base_value, features
            )
        self._alert_decisions.add(
            BatchRow(
                decision.decision_id,
                owner.subject_id,
                decision.about,
                decision.outcome,
                decision.score,
                pack([contribution.shap for contribution in why.contributions]),
                why.output,
                why.additivity_error,
                owner.sealer.seal(records.evidence_bytes(decision), contexts.decision_evidence(decision.decision_id)),
                tuple([(finding.rule, finding.effect, finding.citation) for finding in decision.findings]),
            )
        )
        # What an officer sees of an alert: the hits in full.
        shown = orjson.dumps({"transaction_id": transaction_id, "hits": hits}, default=str)
        self._alerts.append(
            alerts.NewAlert(
                alert_id=alert_id,
                tenant_id=self._tenant_id,
                subject_id=owner.subject_id,
                decision_id=decision.decision_id,
                transaction_id=transaction_id,
                typologies=typologies_of(hits),
                score=score,
                accounts=raised.accounts,
                transactions=evidence_of(hits) or (transaction_id,),
                sealed_evidence=owner.sealer.seal(shown, contexts.alert(alert_id)),
            )
        )
        outbox_id = uuid4()
        self._outbox.append(
            NewOutbox(
                outbox_id,
                self._tenant_id,
                Kind.INVESTIGATION.value,
                workflow_id(Kind.INVESTIGATION, outbox_id),
                {"alert_id": str(alert_id)},
            )
        )
        return alert_id

    def _alert_decision(self, alert_id: UUID, found: Sequence[Finding], raised: Raised, owner: Owner) -> Decision:
        explanation: Explanation = raised.explanation
        partition = self._partition
        decision = Decision(
            decision_id=decisions.new_decision_id(self._now),
            kind=DecisionKind.ALERT,
            tenant_id=self._tenant_id,
            subject_id=owner.subject_id,
            about=f"alert:{alert_id}",
            outcome=raised.outcome,
            score=explanation.output,
            model=partition.table_ref,
            explanation=explanation,
            findings=(*raised.findings, *found),
            regime=partition.regime.code,
            regime_version=partition.regime.version,
            policy_version=partition.table.version,
            inputs=(),  # the header of the batch names them
            code_version=CODE_VERSION,
            as_of=self._now,
        )
        return replace(decision, sentence=sentence(decision))


class _BandTexts:
    """The findings of a scored transaction as text. Most have the one that names their band, which differs from another
    only in the score that it tells."""

    def __init__(self, bands: Bands) -> None:
        self.bands = bands
        self._around: dict[str, tuple[str, str]] = {}

    def rule(self, name: str) -> tuple[str, str, str]:
        return BANDS, name, self.bands.citation

    def findings(self, name: str, score: float, hits: Sequence[Finding]) -> str:
        """Of a score in the band of that name, and of what was found."""
        if hits:
            return records.findings_text((self.bands.finding(score), *hits))
        told = f'"text":"score {score:.3f} is'
        if name not in self._around:
            before, _, after = records.findings_text((self.bands.finding(score),)).partition(told)
            self._around[name] = before, after
        before, after = self._around[name]
        return before + told + after
