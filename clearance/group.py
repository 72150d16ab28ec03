"""What one commit of the engine writes for one tenant: rows made from assessed transactions, written together."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import orjson

from aml.engine import Hit
from aml.transaction import Transaction
from aml.typologies import TYPOLOGIES
from api.schemas.transactions import TransactionAnswer
from clearance.partition import Assessed, Partition, Place
from clearance.version import CODE_VERSION
from explain.bands import band, band_finding
from explain.narrative import sentence
from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    Finding,
    InputRef,
    Method,
    ModelRef,
    additivity_error,
    canonical_json,
    sha256_hex,
)
from store import alerts, decisions, transactions
from store.connection import Connection
from store.outbox import NewOutbox
from store.records import evidence_bytes, evidence_text
from vault import contexts
from vault.envelope import seal
from workflows.messages import Kind, workflow_id

_SOURCES = {typology.name: typology.source for typology in TYPOLOGIES}


@dataclass(slots=True)
class Group:
    """Collects a tenant's rows; `write` puts them into the caller's transaction, `answers` is for afterwards."""

    tenant_id: UUID
    partition: Partition
    now: datetime
    answers: list[TransactionAnswer] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    place: Place | None = None
    """Of the last transaction, once it was written."""
    _taken: list[tuple[Assessed, UUID, UUID, bytes]] = field(default_factory=list)
    _scores: list[decisions.BatchRow] = field(default_factory=list)
    _alert_decisions: list[decisions.BatchRow] = field(default_factory=list)
    _alert_explanation: Explanation | None = None
    _alerts: list[alerts.NewAlert] = field(default_factory=list)
    _outbox: list[NewOutbox] = field(default_factory=list)

    def add(self, assessed: Assessed, subject_id: UUID, data_key: bytes) -> None:
        """A transaction with its score decision, and an alert with its own decision where one is raised."""
        score = self._score(assessed, subject_id, data_key)
        self._scores.append(score)
        self._taken.append((assessed, subject_id, score.decision_id, data_key))
        alert_id = self._add_alert(assessed, assessed.alert_explanation, subject_id, data_key)
        self.outcomes.append(assessed.alert)
        self.answers.append(
            TransactionAnswer(
                assessed.transaction.transaction_id,
                "accepted",
                decision_id=score.decision_id,
                score=assessed.score,
                alert_id=alert_id,
                typologies=_typologies(assessed),
                flags=assessed.flags,
            )
        )

    async def write(self, connection: Connection) -> None:
        """Everything, in the transaction that the caller commits."""
        if not self._taken:
            return
        first = await transactions.next_ingest_seq(connection, self.tenant_id, len(self._taken))
        rows = [
            _transaction_row(self.tenant_id, assessed, first + number, subject_id, decision_id, data_key)
            for number, (assessed, subject_id, decision_id, data_key) in enumerate(self._taken)
        ]
        await transactions.append_transactions(connection, rows)
        self.place = Place(rows[-1].ingest_seq, rows[-1].decision_id)
        inputs = (InputRef("transactions", sha256_hex(b"".join(row.digest for row in rows))),)
        header = self._header(
            DecisionKind.TRANSACTION_SCORE,
            self.partition.model,
            Method.TREE_PATH_DEPENDENT,
            self.partition.base_value,
            self.partition.trees.feature_names,
            inputs,
        )
        await decisions.append_decision_batch(connection, header, self._scores)
        if self._alert_explanation is not None:
            header = self._header(
                DecisionKind.ALERT,
                self.partition.table_ref,
                Method.EXACT_RULES,
                self._alert_explanation.base_value,
                tuple(c.feature for c in self._alert_explanation.contributions),
                inputs,
            )
            await decisions.append_decision_batch(connection, header, self._alert_decisions)
            await alerts.append_alerts(connection, self._alerts, self._outbox)

    def _header(
        self,
        kind: DecisionKind,
        model: ModelRef,
        method: Method,
        base_value: float,
        features: tuple[str, ...],
        inputs: tuple[InputRef, ...],
    ) -> decisions.BatchHeader:
        return decisions.BatchHeader(
            tenant_id=self.tenant_id,
            kind=kind,
            model=model,
            method=method,
            base_value=base_value,
            features=features,
            regime=self.partition.regime.code,
            regime_version=self.partition.regime.version,
            policy_version=self.partition.table.version,
            inputs=inputs,
            code_version=CODE_VERSION,
            as_of=self.now,
        )

    def _score(self, assessed: Assessed, subject_id: UUID, data_key: bytes) -> decisions.BatchRow:
        """The score's decision as a row: made for every transaction, so only what is said in words is built by name."""
        names = self.partition.trees.feature_names
        values = [value if value == value else None for value in assessed.features.tolist()]
        shap = assessed.shap.tolist()
        error = additivity_error(self.partition.base_value, shap, assessed.margin)
        cuts, citation = self.partition.cuts, self.partition.cuts_citation
        findings = (band_finding(assessed.score, cuts, citation), *(_hit_finding(hit) for hit in assessed.hits))
        decision = self._decision(
            DecisionKind.TRANSACTION_SCORE,
            subject_id,
            f"transaction:{assessed.transaction.transaction_id}",
            band(assessed.score, cuts),
            assessed.score,
            self.partition.model,
            Explanation(
                Method.TREE_PATH_DEPENDENT,
                self.partition.base_value,
                tuple(Contribution(names[i], values[i], shap[i]) for i in assessed.strongest.tolist()),
                assessed.margin,
                error,
            ),
            findings,
        )
        evidence = evidence_text(values, findings, sentence(decision)).encode()
        return _batch_row(decision, shap, evidence, data_key)

    def _add_alert(
        self, assessed: Assessed, explanation: Explanation | None, subject_id: UUID, data_key: bytes
    ) -> UUID | None:
        if explanation is None:
            return None
        alert_id = uuid4()
        decision = self._decision(
            DecisionKind.ALERT,
            subject_id,
            f"alert:{alert_id}",
            assessed.alert,
            explanation.output,
            self.partition.table_ref,
            explanation,
            (*assessed.alert_findings, *(_hit_finding(hit) for hit in assessed.hits)),
        )
        decision = replace(decision, sentence=sentence(decision))
        self._alert_explanation = explanation
        shap = [contribution.shap for contribution in explanation.contributions]
        self._alert_decisions.append(_batch_row(decision, shap, evidence_bytes(decision), data_key))
        transaction_id = assessed.transaction.transaction_id
        self._alerts.append(
            alerts.NewAlert(
                alert_id=alert_id,
                tenant_id=self.tenant_id,
                subject_id=subject_id,
                decision_id=decision.decision_id,
                transaction_id=transaction_id,
                typologies=_typologies(assessed),
                score=assessed.score,
                accounts=assessed.accounts,
                transactions=tuple(dict.fromkeys([t for hit in assessed.hits for t in hit.transactions]))
                or (transaction_id,),
                sealed_evidence=seal(data_key, canonical_json(_evidence(assessed)), contexts.alert(alert_id)),
            )
        )
        outbox_id = uuid4()
        self._outbox.append(
            NewOutbox(
                outbox_id,
                self.tenant_id,
                Kind.INVESTIGATION.value,
                workflow_id(Kind.INVESTIGATION, outbox_id),
                {"alert_id": str(alert_id)},
            )
        )
        return alert_id

    def _decision(
        self,
        kind: DecisionKind,
        subject_id: UUID,
        about: str,
        outcome: str,
        score: float,
        model: ModelRef,
        explanation: Explanation,
        findings: tuple[Finding, ...],
    ) -> Decision:
        """Without its sentence, which the caller adds."""
        return Decision(
            decision_id=decisions.new_decision_id(self.now),
            kind=kind,
            tenant_id=self.tenant_id,
            subject_id=subject_id,
            about=about,
            outcome=outcome,
            score=score,
            model=model,
            explanation=explanation,
            findings=findings,
            regime=self.partition.regime.code,
            regime_version=self.partition.regime.version,
            policy_version=self.partition.table.version,
            inputs=(),  # the header of the batch names them
            code_version=CODE_VERSION,
            as_of=self.now,
        )


# --- Transactions as rows ---------------------------------------------------------------------------------------------


def _transaction_row(
    tenant_id: UUID, assessed: Assessed, seq: int, subject_id: UUID, decision_id: UUID, data_key: bytes
) -> transactions.TransactionRow:
    t = assessed.transaction
    details = {name: getattr(t, name) for name in transactions.DETAILS if getattr(t, name) is not None}
    return transactions.TransactionRow(
        tenant_id=tenant_id,
        transaction_id=t.transaction_id,
        ingest_seq=seq,
        subject_id=subject_id,
        booked_at=t.booked_at,
        debtor_account=t.debtor_account,
        creditor_account=t.creditor_account,
        amount=t.money.amount,
        currency=t.money.currency,
        digest=_digest(t),
        decision_id=decision_id,
        channel=t.channel.value,
        debtor_country=t.debtor_country,
        creditor_country=t.creditor_country,
        flags=assessed.flags,
        details=details or None,
        # What the payer wrote may name a person; nothing is computed from it.
        sealed_details=seal(data_key, t.purpose.encode(), contexts.transaction(tenant_id, t.transaction_id))
        if t.purpose
        else None,
    )


def _digest(t: Transaction) -> bytes:
    """SHA-256 over the transaction as it was sent: tells a repetition from another one of the same id."""
    sent: list[str | None] = [t.transaction_id, t.booked_at.isoformat(), str(t.money.amount), t.money.currency]
    sent += [t.debtor_account, t.creditor_account, t.channel.value, t.debtor_country, t.creditor_country, t.purpose]
    sent += [t.debtor_bank, t.creditor_bank, t.branch]
    return sha256(orjson.dumps(sent)).digest()


# --- Decisions as rows ------------------------------------------------------------------------------------------------


def _batch_row(decision: Decision, shap: list[float], evidence: bytes, data_key: bytes) -> decisions.BatchRow:
    return decisions.BatchRow(
        decision_id=decision.decision_id,
        subject_id=decision.subject_id,
        about=decision.about,
        outcome=decision.outcome,
        score=decision.score,
        shap=shap,
        output=decision.explanation.output,
        sealed_evidence=seal(data_key, evidence, contexts.decision_evidence(decision.decision_id)),
        rules=[(finding.rule, finding.effect, finding.citation) for finding in decision.findings],
        additivity_error=decision.explanation.additivity_error,
    )


def _hit_finding(hit: Hit) -> Finding:
    return Finding(
        rule=hit.typology,
        effect="hit",
        text=hit.text,
        citation=_SOURCES[hit.typology],
        values={
            "score": hit.score,
            "amount": str(hit.amount),
            "currency": hit.currency,
            "transactions": len(hit.transactions),
            "from": hit.window[0].isoformat(),
            "to": hit.window[1].isoformat(),
            "exhausted": hit.exhausted,
        },
    )


def _evidence(assessed: Assessed) -> dict[str, Any]:
    """What an officer sees of an alert: the hits in full."""
    return {"transaction_id": assessed.transaction.transaction_id, "hits": [asdict(hit) for hit in assessed.hits]}


def _typologies(assessed: Assessed) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.typology for hit in assessed.hits))
