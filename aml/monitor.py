"""History through the same engine as live traffic: rows of files in, alerts with their evidence and a summary out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aml.alerted import AlertedPatterns
from aml.engine import Engine, Hit
from aml.parameters import MonitoringParameters
from aml.rows import BrokenRow
from aml.scoring import alert_facts, probability
from aml.snapshots import SnapshotUnusable, pack, unpack
from aml.transaction import Transaction
from explain.record import RuleTable, canonical_json, sha256_hex

BATCH = 4096
_REASONS = 3


class Attribution(Protocol):
    """What an explained model gives back for a matrix of features: log-odds [n] and contributions [n, F]."""

    @property
    def margin(self) -> NDArray[np.float64]: ...

    @property
    def shap(self) -> NDArray[np.float64]: ...


class BrokenRowRefused(ValueError):
    """The file has a broken row and was to be refused for it. Correct the row, or let broken rows be skipped."""

    def __init__(self, row: BrokenRow) -> None:
        super().__init__(str(row))
        self.row = row


@dataclass(slots=True)
class Summary:
    """What a run saw and found; it fills while `monitor` is iterated."""

    transactions: int = 0
    alerts: int = 0
    duplicates: int = 0
    too_late: int = 0
    """Booked longer before a newer one than the lateness allows: scored, but not part of any pattern. Sort the file."""
    unrated: int = 0
    currencies: set[str] = field(default_factory=set)
    """In which transactions were that state no counter value."""
    broken: list[BrokenRow] = field(default_factory=list)
    broken_count: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    """Transactions by the typology they completed or continued."""
    not_evaluated: dict[str, str] = field(default_factory=dict)
    """Typologies that could not be looked for, and why."""

    def note_broken(self, row: BrokenRow) -> None:
        self.broken_count += 1
        if len(self.broken) < _MOST_BROKEN:
            self.broken.append(row)


_MOST_BROKEN = 1000
"""Broken rows kept in the summary; `broken_count` counts them all."""


class Monitoring:
    """A run in progress: the engine, which patterns were alerted on, and what was seen so far."""

    def __init__(
        self,
        parameters: MonitoringParameters,
        explain: Callable[[NDArray[np.float64]], Attribution],
        table: RuleTable,
        summary: Summary | None = None,
    ) -> None:
        self.parameters = parameters
        self.engine = Engine(parameters)
        self.summary = summary or Summary()
        self._explain = explain
        self._table = table
        self._alerted = AlertedPatterns(parameters.windows[-1])

    def assess(self, batch: Sequence[Transaction]) -> tuple[list[dict[str, Any]], NDArray[np.float64]]:
        """The alerts that these transactions raise, in their order, and their features [n, F].

        A pattern is alerted on once within its window, by (typology, account); later transactions of it raise no alert.
        """
        result = self.engine.push(batch)
        summary, alerts = self.summary, []
        summary.transactions += len(batch)
        summary.duplicates += len(result.duplicates)
        summary.too_late += len(result.too_late)
        summary.unrated += len(result.unrated)
        summary.currencies.update(t.money.currency for t in batch if t.counter_value is None)
        attribution = self._explain(result.features)
        duplicates = frozenset(result.duplicates)
        for i, (transaction, hits) in enumerate(zip(batch, result.hits, strict=True)):
            if i in duplicates:
                continue
            summary.hits.update({hit.typology for hit in hits})
            score = probability(float(attribution.margin[i]))
            news = self._alerted.news(hits, transaction.booked_at)
            facts = alert_facts(score, news)
            if self._table.outcome(facts) == self._table.default:
                continue
            self._alerted.remember(news, transaction.booked_at)
            summary.alerts += 1
            names = [rule.name for rule in self._table.fired(facts)]
            shap = attribution.shap[i]
            alerts.append(_alert(transaction, news, score, names, self.engine.features, result.features[i], shap))
        summary.not_evaluated = self.engine.not_evaluated()
        return alerts, result.features

    def snapshot(self) -> bytes:
        """All that the run knows, for `take_up`."""
        counted = {name: getattr(self.summary, name) for name in _COUNTED}
        broken = [[row.file, row.row, row.column, row.problem] for row in self.summary.broken]
        return pack(
            _KIND,
            {"engine": np.frombuffer(self.engine.snapshot(), np.uint8)},
            self._alerted.kept(),
            {
                "counted": counted,
                "hits": self.summary.hits,
                "currencies": sorted(self.summary.currencies),
                "broken": broken,
                "table": self._table.ref().sha256,
            },
        )

    def take_up(self, snapshot: bytes) -> None:
        """Go on as the run of a snapshot would have. Raises `SnapshotUnusable`, and then nothing has changed."""
        contents = unpack(snapshot, _KIND)
        if contents.facts["table"] != self._table.ref().sha256:
            raise SnapshotUnusable("the snapshot was made with another table of alert rules")
        self.engine = Engine.restore(contents.arrays["engine"].tobytes(), self.parameters)
        self._alerted.take_up(contents.texts)
        for name, value in contents.facts["counted"].items():
            setattr(self.summary, name, value)
        self.summary.hits = Counter(contents.facts["hits"])
        self.summary.currencies = set(contents.facts.get("currencies", ()))
        self.summary.broken = [BrokenRow(*row) for row in contents.facts["broken"]]


_KIND = "monitoring run"
_COUNTED = ("transactions", "alerts", "duplicates", "too_late", "unrated", "broken_count")


def monitor(
    rows: Iterable[Transaction | BrokenRow],
    parameters: MonitoringParameters,
    explain: Callable[[NDArray[np.float64]], Attribution],
    table: RuleTable,
    summary: Summary,
    *,
    refuse_broken: bool = False,
    on_features: Callable[[Sequence[Transaction], NDArray[np.float64]], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield alerts in the order of the transactions that raised them, ready for one JSON line each.

    Raises `BrokenRowRefused` at the first broken row when they are refused.
    """
    monitoring = Monitoring(parameters, explain, table, summary)
    for _, batch in batches(rows, summary, refuse_broken):
        alerts, features = monitoring.assess(batch)
        if on_features is not None:
            on_features(batch, features)
        yield from alerts


def batches(
    rows: Iterable[Transaction | BrokenRow], summary: Summary, refuse_broken: bool
) -> Iterator[tuple[int, list[Transaction]]]:
    """The transactions in batches, each with the number of rows read up to its end, broken ones counted."""
    batch: list[Transaction] = []
    count = 0
    for count, row in enumerate(rows, 1):
        if isinstance(row, BrokenRow):
            if refuse_broken:
                raise BrokenRowRefused(row)
            summary.note_broken(row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield count, batch
            batch = []
    if batch:
        yield count, batch


def _alert(
    transaction: Transaction,
    hits: tuple[Hit, ...],
    score: float,
    rules: list[str],
    names: tuple[str, ...],
    features: NDArray[np.float64],
    shap: NDArray[np.float64],
) -> dict[str, Any]:
    strongest = np.argsort(-np.abs(shap), kind="stable")[:_REASONS]
    return {
        "alert_id": sha256_hex(canonical_json([transaction.transaction_id, rules]))[:32],
        "transaction": transaction.transaction_id,
        "booked_at": transaction.booked_at.isoformat(),
        "typologies": [
            {
                "name": hit.typology,
                "score": hit.score,
                "transactions": list(hit.transactions),
                "accounts": list(hit.accounts),
                "amount": str(hit.amount),
                "currency": hit.currency,
                "window": [instant.isoformat() for instant in hit.window],
                "exhausted": hit.exhausted,
            }
            for hit in hits
        ],
        "score": score,
        "rules": rules,
        "reasons": [
            *(hit.text for hit in sorted(hits, key=lambda hit: -hit.score)[:_REASONS]),
            *(f"{names[i]} = {features[i]:g} ({shap[i]:+.2f} to the log-odds)" for i in strongest if shap[i] > 0),
        ],
    }
