"""One tenant's history gone through again in the order of booking, with all that is known by now.

What it sees and the live path did not: payments that came late, in their place; the regime, lists, typologies and model
of today; accounts whose owner was frozen since; round trips as long as the engine's memory; ten times the search
budget. Its features look backward only, as the live ones do: every score is what could have been said at the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from aml.account_roles import AccountRoles
from aml.alerted import AlertedPatterns
from aml.engine import Engine, Hit, PushResult
from aml.parameters import MonitoringParameters
from aml.scoring import alert_facts
from aml.snapshots import Contents
from aml.transaction import Transaction
from explain.record import RuleTable

_BUDGET = 10
"""Times the live path's search budget: nobody waits for an answer."""


def look_back_parameters(parameters: MonitoringParameters) -> MonitoringParameters:
    """What a look-back is told of a tenant whose live path has these parameters."""
    return replace(
        parameters,
        lateness=timedelta(0),
        cycle_window=parameters.memory,
        search_budget=_BUDGET * parameters.search_budget,
    )


class LookBack:
    """The state of one run: the engine's, which accounts are tills and which are customers', and what was found."""

    def __init__(self, parameters: MonitoringParameters) -> None:
        self.engine = Engine(parameters)
        self._alerted = AlertedPatterns(parameters.windows[-1])
        self.roles = AccountRoles()

    def push(self, transactions: Sequence[Transaction], sanctioned: Sequence[bool]) -> PushResult:
        """Go on with the next payments by booking. `sanctioned` says whose owner is frozen now."""
        for transaction in transactions:
            self.roles.learn(transaction)
        return self.engine.push(transactions, sanctioned)

    def judge(
        self, transaction: Transaction, hits: Sequence[Hit], score: float, flags: Sequence[str], table: RuleTable
    ) -> tuple[Hit, ...] | None:
        """The hits for which the table alerts (none where the score alone is enough), or None where it does not. A
        pattern counts once within its window, as on the live path. Call it for each payment, in the order pushed."""
        news = self._alerted.news(hits, transaction.booked_at)
        if table.outcome(alert_facts(score, news, frozenset(flags))) == table.default:
            return None
        self._alerted.remember(news, transaction.booked_at)
        return news

    def contents(self, facts: Mapping[str, Any]) -> Contents:
        """All of the state, with `facts` of the run, for `of`. The engine's arrays are its own: write them before the
        next push."""
        engine = self.engine.contents()
        texts: dict[str, list[str]] = {f"engine.{name}": list(strings) for name, strings in engine.texts.items()}
        texts |= self._alerted.kept() | self.roles.kept()
        return Contents(engine.arrays, texts, {**facts, "engine": dict(engine.facts)})

    @classmethod
    def of(cls, contents: Contents, parameters: MonitoringParameters) -> Self:
        """The run that `contents` were of, to be gone on with bit for bit. Raises `SnapshotUnusable` where they were
        made with other parameters or by other kernels."""
        texts = contents.texts
        named = {name.removeprefix("engine."): texts[name] for name in texts if name.startswith("engine.")}
        run = cls(parameters)
        run.engine = Engine.of(Contents(contents.arrays, named, contents.facts["engine"]), parameters)
        run._alerted.take_up(texts)
        run.roles.take_up(texts)
        return run
