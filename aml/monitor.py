"""History through the same engine as live traffic: rows of files in, alerts with their evidence and a summary out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars
from numpy.typing import NDArray

from aml.alerted import AlertedPatterns
from aml.engine import Engine, Hit
from aml.files import BrokenRow
from aml.parameters import MonitoringParameters
from aml.scoring import alert_facts, probability
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
    broken: list[BrokenRow] = field(default_factory=list)
    broken_count: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    """Transactions by the typology they completed or continued."""
    not_evaluated: dict[str, str] = field(default_factory=dict)
    """Typologies that could not be looked for, and why."""


_MOST_BROKEN = 1000
"""Broken rows kept in the summary; `broken_count` counts them all."""


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

    A pattern is alerted on once within its window, by (typology, account); later transactions of it raise no new alert.
    Raises `BrokenRowRefused` at the first broken row when they are refused.
    """
    engine = Engine(parameters)
    alerted = AlertedPatterns(parameters.windows[-1])
    for batch in _batches(rows, summary, refuse_broken):
        result = engine.push(batch)
        summary.transactions += len(batch)
        summary.duplicates += len(result.duplicates)
        summary.too_late += len(result.too_late)
        summary.unrated += len(result.unrated)
        attribution = explain(result.features)
        if on_features is not None:
            on_features(batch, result.features)
        duplicates = frozenset(result.duplicates)
        for i, (transaction, hits) in enumerate(zip(batch, result.hits, strict=True)):
            if i in duplicates:
                continue
            summary.hits.update({hit.typology for hit in hits})
            score = probability(float(attribution.margin[i]))
            news = alerted.news(hits, transaction.booked_at)
            facts = alert_facts(score, news)
            if table.outcome(facts) == table.default:
                continue
            alerted.remember(news, transaction.booked_at)
            summary.alerts += 1
            names = [rule.name for rule in table.fired(facts)]
            yield _alert(transaction, news, score, names, engine.features, result.features[i], attribution.shap[i])
    summary.not_evaluated = engine.not_evaluated()


def _batches(
    rows: Iterable[Transaction | BrokenRow], summary: Summary, refuse_broken: bool
) -> Iterator[list[Transaction]]:
    batch: list[Transaction] = []
    for row in rows:
        if isinstance(row, BrokenRow):
            if refuse_broken:
                raise BrokenRowRefused(row)
            summary.broken_count += 1
            if len(summary.broken) < _MOST_BROKEN:
                summary.broken.append(row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


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


class FeatureTable:
    """Collects the feature matrix of a run and writes it as Parquet, one row a transaction in the order of the file.

    In memory until written: 8 bytes a feature and transaction.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._ids: list[str] = []
        self._parts: list[NDArray[np.float64]] = []

    def add(self, batch: Sequence[Transaction], features: NDArray[np.float64]) -> None:
        self._ids.extend(transaction.transaction_id for transaction in batch)
        self._parts.append(features)

    def write(self, path: Path) -> None:
        matrix = np.concatenate(self._parts) if self._parts else np.empty((0, len(self._names)))
        columns = {"transaction_id": self._ids, **{name: matrix[:, i] for i, name in enumerate(self._names)}}
        polars.DataFrame(columns, schema_overrides={"transaction_id": polars.String}).write_parquet(path)
