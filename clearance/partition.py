"""One tenant's monitoring in memory: from transactions to the rows that are stored, the same every time.

Deterministic: what it answers depends only on the transactions before, in their order. So a partition is rebuilt by
assessing again what is stored, and the rebuilt one is identical bit for bit.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

import aml.account_roles
import aml.alerted
from aml.account_roles import AccountRoles
from aml.alerted import AlertedPatterns
from aml.engine import Engine, Hit
from aml.parameters import MonitoringParameters
from aml.scoring import AlertParameters, alert_facts, alert_table
from aml.snapshots import Contents, SnapshotUnusable
from aml.transaction import Transaction
from clearance.version import CODE_VERSION
from explain.attribution import TreeModel, explain_rules, rule_findings
from explain.bands import Bands
from explain.narrative import SAID
from explain.record import Explanation, Finding, ModelRef, RuleTable
from explain.registry import Artifact
from jurisdictions.regime import Regime

UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
LATE = "LATE"
NO_RATE = "NO_RATE"
FROZEN_ACCOUNT = "FROZEN_ACCOUNT"
"""A side of the payment is a customer's whose property is frozen for sanctions: whoever asked must not carry it out."""

_CODE = (
    f"{CODE_VERSION} "
    + hashlib.sha256(
        b"".join(
            Path(str(source)).read_bytes() for source in (__file__, aml.account_roles.__file__, aml.alerted.__file__)
        )
    ).hexdigest()
)
"""The version, and what in it keeps state beside the engine, whose kernels and parameters state themselves."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What the alert table says of a transaction that raises an alert."""

    outcome: str
    explanation: Explanation
    findings: tuple[Finding, ...]
    accounts: tuple[str, ...]
    """Whom it is about: the accounts at the centre of the hits and our customers' among them; no till, no branch."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Transactions with their scores, explanations and hits. All by column, in the order of the transactions [n]: one
    object a row costs more than the row's numbers."""

    transactions: Sequence[Transaction]
    flags: list[tuple[str, ...]]
    features: NDArray[np.float64]
    """[n, features]"""
    margins: list[float]
    scores: list[float]
    shap: NDArray[np.float64]
    """[n, features]"""
    errors: list[float]
    """Of each explanation, see `explain.record.additivity_error`."""
    strongest: NDArray[np.intp]
    """[n, SAID]: the features of the largest contributions, largest first: those that are said in words."""
    hits: tuple[tuple[Hit, ...], ...]
    raised: dict[int, Raised]
    """By row; the others raise nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a partition's state reaches: the last stored transaction that is in it."""

    ingest_seq: int
    decision_id: UUID
    """Of its score. Tells that the database still holds what the state was made from: ids never come twice."""


class Partition:
    """Engine, model and alert table of one tenant under the regime that held when it was made."""

    def __init__(self, regime: Regime, parameters: MonitoringParameters, model: Artifact, trees: TreeModel) -> None:
        self.regime = regime
        self.model: ModelRef = model.ref
        self.trees = trees
        self.base_value = trees.tables.base
        alerting = AlertParameters()
        self.table: RuleTable = alert_table(alerting)
        self.table_ref = self.table.ref()
        self.bands = Bands(alerting.cuts, alerting.citation)
        self.engine = Engine(parameters)
        self._by_name = np.argsort(np.array(trees.feature_names))
        self._roles = AccountRoles()
        self._alerted = AlertedPatterns(parameters.windows[-1])
        self._score_operands = score_operands(self.table)
        self._quiet: dict[tuple[int, int, bool], bool] = {}
        self.place: Place | None = None
        self.uncommitted = 0
        """Transactions in the state that are not stored, or not known to be."""
        if self.engine.features != trees.feature_names:
            raise ValueError(f"the model {model.ref.name} {model.ref.version} was trained on other features")

    def assess(
        self, transactions: Sequence[Transaction], unknown: Sequence[bool], frozen: Sequence[bool] | None = None
    ) -> Assessment:
        """Push, score, explain and judge. `unknown` says whose accounts nobody opened, `frozen` who has a side whose
        property is frozen for sanctions (nobody where it is not given). Ids must be new."""
        self.uncommitted += len(transactions)
        frozen = [False] * len(transactions) if frozen is None else frozen
        pushed = self.engine.push(transactions, frozen)
        attribution = self.trees.explain(pushed.features)
        # As `Explanation.ranked`: by the size of the effect, then by name.
        sizes = -np.abs(attribution.shap[:, self._by_name])
        strongest = self._by_name[np.argsort(sizes, axis=1, kind="stable")[:, :SAID]]
        flags: list[tuple[str, ...]] = [(UNKNOWN_ACCOUNT,) if nobody else () for nobody in unknown]
        for raises, rows in ((LATE, pushed.too_late), (NO_RATE, pushed.unrated)):
            for row in rows:
                flags[row] = (*flags[row], raises)
        for row, blocked in enumerate(frozen):
            if blocked:
                flags[row] = (*flags[row], FROZEN_ACCOUNT)
        margins = attribution.margin.tolist()
        scores = [self.trees.probability(margin) for margin in margins]
        raised = {}
        for row, transaction in enumerate(transactions):
            self._roles.learn(transaction)
            alert = self._judge(transaction, flags[row], scores[row], pushed.hits[row])
            if alert is not None:
                raised[row] = alert
        return Assessment(
            transactions,
            flags,
            pushed.features,
            margins,
            scores,
            attribution.shap,
            attribution.additivity_errors().tolist(),
            strongest,
            pushed.hits,
            raised,
        )

    def committed(self, count: int, place: Place) -> None:
        """The next `count` transactions that were assessed are stored now, the last of them at `place`."""
        self.uncommitted -= count
        self.place = place

    def copied(self) -> Contents:
        """A copy of the state, for `take_up`: what happens from now on does not change it. Only of a partition whose
        state is what is stored; raises `ValueError` otherwise."""
        if self.uncommitted or self.place is None:
            raise ValueError(f"{self.uncommitted} transactions of the state are not stored")
        engine = self.engine.contents()
        facts = {
            "made_by": self._made_by(),
            "ingest_seq": self.place.ingest_seq,
            "decision_id": str(self.place.decision_id),
            "engine": dict(engine.facts),
        }
        texts: Mapping[str, Sequence[str]] = {
            **{f"engine.{name}": strings for name, strings in engine.texts.items()},
            **self._alerted.kept(),
            **self._roles.kept(),
        }
        return Contents(
            {name: array.copy() for name, array in engine.arrays.items()},
            {name: list(strings) for name, strings in texts.items()},
            facts,
        )

    def take_up(self, contents: Contents) -> None:
        """Go on as the partition that was `copied` would have, bit for bit.

        Raises `SnapshotUnusable` where it was made under another model, regime or code; then nothing has changed.
        """
        facts, texts = contents.facts, contents.texts
        differing = [name for name, made in self._made_by().items() if facts["made_by"].get(name) != made]
        if differing:
            raise SnapshotUnusable(f"the snapshot was made under another {' and '.join(differing)}")
        named = {name.removeprefix("engine."): texts[name] for name in texts if name.startswith("engine.")}
        self.engine = Engine.of(Contents(contents.arrays, named, facts["engine"]), self.engine.parameters)
        self._alerted.take_up(texts)
        self._roles.take_up(texts)
        self.place = Place(facts["ingest_seq"], UUID(facts["decision_id"]))
        self.uncommitted = 0

    def _made_by(self) -> dict[str, str]:
        """What the state's meaning depends on besides the transactions; the engine states its own parameters."""
        return {
            "model": self.model.sha256,
            "alert table": self.table_ref.sha256,
            "regime": f"{self.regime.code} {self.regime.version}",
            "code": _CODE,
        }

    def _judge(
        self, transaction: Transaction, flags: tuple[str, ...], score: float, hits: tuple[Hit, ...]
    ) -> Raised | None:
        news = self._alerted.news(hits, transaction.booked_at) if hits else ()
        if not news and not self._raises(score, UNKNOWN_ACCOUNT in flags):
            return None
        facts = alert_facts(score, news, frozenset(flags))
        outcome = self.table.outcome(facts)
        if outcome == self.table.default:
            return None
        self._alerted.remember(news, transaction.booked_at)
        return Raised(
            outcome,
            explain_rules(self.table, facts),
            rule_findings(self.table, facts),
            self._roles.concerned(transaction, hits),
        )

    def _raises(self, score: float, unknown: bool) -> bool:
        """Whether a score without any hit raises an alert. The table compares it with a few numbers only, so it is
        asked once for each place between them."""
        place = bisect_left(self._score_operands, score), bisect_right(self._score_operands, score), unknown
        raises = self._quiet.get(place)
        if raises is None:
            facts = alert_facts(score, (), frozenset((UNKNOWN_ACCOUNT,) if unknown else ()))
            raises = self._quiet[place] = self.table.outcome(facts) != self.table.default
        return raises


def score_operands(table: RuleTable) -> list[float]:
    """The numbers that a table compares the score with, rising."""
    operands = {c.operand for rule in table.rules for c in rule.when if c.fact == "score"}
    return sorted(float(operand) for operand in operands if isinstance(operand, (int, float)))
