"""One tenant's monitoring in memory: from transactions to the rows that are stored, the same every time.

Deterministic: what it answers depends only on the transactions before, in their order. So a partition is rebuilt by
assessing again what is stored, and the rebuilt one is identical bit for bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aml.alerted import AlertedPatterns
from aml.engine import Engine, Hit
from aml.parameters import MonitoringParameters
from aml.scoring import AlertParameters, alert_facts, alert_table
from aml.transaction import Channel, Transaction
from explain.attribution import TreeModel, explain_rules, rule_findings
from explain.record import Explanation, Finding, ModelRef, RuleTable
from explain.registry import Artifact
from jurisdictions.regime import Regime

UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
LATE = "LATE"
NO_RATE = "NO_RATE"

SAID = 5
"""Contributions kept by name for the sentence of a score; all of them are stored."""


_TILL: dict[Channel, Callable[[Transaction], str]] = {
    Channel.CASH_DEPOSIT: lambda deposit: deposit.debtor_account,
    Channel.CASH_WITHDRAWAL: lambda withdrawal: withdrawal.creditor_account,
}
"""Cash has an account on one side; the other is the till, which everybody shares and which joins no two alerts."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A transaction with its score, explanation, hits, and what the alert table says."""

    transaction: Transaction
    flags: tuple[str, ...]
    features: NDArray[np.float64]
    margin: float
    score: float
    shap: NDArray[np.float64]
    strongest: NDArray[np.intp]
    """The features of the largest contributions, largest first: those that are said in words."""
    hits: tuple[Hit, ...]
    alert: str
    alert_explanation: Explanation | None
    """Computed where an alert is raised."""
    alert_findings: tuple[Finding, ...]
    accounts: tuple[str, ...]
    """Whom it is about: the accounts at the centre of the hits and our customers' among them; no till, no branch."""


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
        self.cuts = {"low": 0.0, "elevated": alerting.score / 2, "high": alerting.score}
        self.cuts_citation = alerting.citation
        self.engine = Engine(parameters)
        self._tills: set[str] = set()
        self._customers: set[str] = set()
        self._alerted = AlertedPatterns(parameters.windows[-1])
        if self.engine.features != trees.feature_names:
            raise ValueError(f"the model {model.ref.name} {model.ref.version} was trained on other features")

    def assess(self, transactions: Sequence[Transaction], unknown: Sequence[bool]) -> list[Assessed]:
        """Push, score, explain and judge. `unknown` says whose accounts nobody opened. Ids must be new."""
        pushed = self.engine.push(transactions)
        attribution = self.trees.explain(pushed.features)
        strongest = np.argsort(-np.abs(attribution.shap), axis=1, kind="stable")[:, :SAID]
        late, unrated = frozenset(pushed.too_late), frozenset(pushed.unrated)
        assessed = []
        for row, transaction in enumerate(transactions):
            self._learn(transaction)
            flags = tuple(
                flag
                for flag, raised in ((UNKNOWN_ACCOUNT, unknown[row]), (LATE, row in late), (NO_RATE, row in unrated))
                if raised
            )
            margin = attribution.margin[row].item()
            judged = self._judge(
                transaction,
                flags,
                pushed.features[row],
                margin,
                attribution.shap[row],
                strongest[row],
                pushed.hits[row],
            )
            assessed.append(judged)
        return assessed

    def _learn(self, transaction: Transaction) -> None:
        """Which accounts are tills and which are our customers'."""
        if transaction.channel in _TILL:
            self._tills.add(_TILL[transaction.channel](transaction))
        if transaction.debtor_party is not None:
            self._customers.add(transaction.debtor_account)
        if transaction.creditor_party is not None:
            self._customers.add(transaction.creditor_account)

    def _judge(
        self,
        transaction: Transaction,
        flags: tuple[str, ...],
        features: NDArray[np.float64],
        margin: float,
        shap: NDArray[np.float64],
        strongest: NDArray[np.intp],
        hits: tuple[Hit, ...],
    ) -> Assessed:
        score = self.trees.probability(margin)
        news = self._alerted.news(hits, transaction.booked_at)
        facts = alert_facts(score, news, frozenset(flags))
        alert = self.table.outcome(facts)
        raised = alert != self.table.default
        if raised:
            self._alerted.remember(news, transaction.booked_at)
        return Assessed(
            transaction,
            flags,
            features,
            margin,
            score,
            shap,
            strongest,
            hits,
            alert,
            explain_rules(self.table, facts) if raised else None,
            rule_findings(self.table, facts) if raised else (),
            self._concerned(transaction, hits) if raised else (),
        )

    def _concerned(self, transaction: Transaction, hits: tuple[Hit, ...]) -> tuple[str, ...]:
        centres = [hit.accounts[0] for hit in hits] or [transaction.debtor_account, transaction.creditor_account]
        customers = [account for hit in hits for account in hit.accounts if account in self._customers]
        return tuple(account for account in dict.fromkeys(centres + customers) if account not in self._tills)
