"""How good scores are on labelled transactions: by rank, by kind, beside the rules alone, and as probabilities.

What a figure may know is said with it: a causal one only what had arrived before the transaction; one with hindsight
also what later payments proved of it, as a look-back over history does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aml.engine import Hit

_BINS = 10


@dataclass(frozen=True, slots=True)
class Observed:
    """Rows of a world after it went through the engine: features [n, F], and of each row [n] what the label says.

    `proved[i]` has the rows whose hits name row i as evidence: those that show later what it was part of.
    """

    features: NDArray[np.float32]
    laundering: NDArray[np.bool_]
    day: NDArray[np.float64]
    """Since the world's first transaction."""
    kinds: tuple[str, ...]
    hit: NDArray[np.bool_]
    """Whether any typology was found."""
    ruled: NDArray[np.bool_]
    """Whether the alert table alerts without a score."""
    proved: tuple[tuple[int, ...], ...]


def evidence_rows(ids: Sequence[str], hits: Sequence[Sequence[Hit]]) -> tuple[tuple[int, ...], ...]:
    """Of each row the later rows whose hits name it."""
    place = {name: row for row, name in enumerate(ids)}
    named: list[set[int]] = [set() for _ in ids]
    for row, found in enumerate(hits):
        for hit in found:
            for name in hit.transactions:
                if place[name] < row:
                    named[place[name]].add(row)
    return tuple(tuple(sorted(rows)) for rows in named)


def with_hindsight(scores: NDArray[np.float64], proved: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Each row's score, or the highest of the later rows that name it as evidence."""
    return np.array([max((scores[row] for row in rows), default=0.0) for rows in proved]).clip(min=scores)


def recall_at_rate(scores: NDArray[np.float64], laundering: NDArray[np.bool_], rate: float) -> float:
    """The share of laundering transactions among the `rate` share of all that score highest."""
    return float(laundering[_top(scores, rate)].sum() / max(laundering.sum(), 1))


def precision_at_rate(scores: NDArray[np.float64], laundering: NDArray[np.bool_], rate: float) -> float:
    """The share of laundering among the `rate` share of all that score highest."""
    return float(laundering[_top(scores, rate)].mean())


def _top(scores: NDArray[np.float64], rate: float) -> NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")[: max(round(rate * len(scores)), 1)]


def average_precision(scores: NDArray[np.float64], laundering: NDArray[np.bool_]) -> float:
    """Area under the precision-recall curve, by steps."""
    right = laundering[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(precision[right].mean()) if right.any() else 0.0


def calibration(scores: NDArray[np.float64], laundering: NDArray[np.bool_]) -> dict[str, Any]:
    """Scores as probabilities: by tenths of the score how many there are, the mean score and the share of laundering;
    and the mean difference of the two, weighted by how many there are (expected calibration error)."""
    places = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    bins, error = [], 0.0
    for place in range(_BINS):
        inside = places == place
        if not inside.any():
            continue
        said, true = float(scores[inside].mean()), float(laundering[inside].mean())
        bins.append({"transactions": int(inside.sum()), "mean_score": round(said, 4), "laundering": round(true, 4)})
        error += float(inside.mean()) * abs(said - true)
    return {"expected_calibration_error": round(error, 5), "bins": bins}


def measured(
    scores: NDArray[np.float64], rows: Observed, hindsight: NDArray[np.float64] | None = None
) -> dict[str, Any]:
    """All figures of one set of rows; `hindsight` are the scores that may know what came later."""
    laundering, kinds = rows.laundering, np.array(rows.kinds)
    rate = float(rows.ruled.mean())
    by_rules = float(rows.ruled[laundering].mean()) if laundering.any() else 0.0
    at_their_rate = recall_at_rate(scores, laundering, rate)
    figures: dict[str, Any] = {
        "transactions": len(scores),
        "laundering": int(laundering.sum()),
        "base_rate": round(float(laundering.mean()), 6),
        "average_precision": round(average_precision(scores, laundering), 4),
        "recall_at_0.5%": round(recall_at_rate(scores, laundering, 0.005), 4),
        "recall_at_1%": round(recall_at_rate(scores, laundering, 0.01), 4),
        "recall_at_5%": round(recall_at_rate(scores, laundering, 0.05), 4),
        "precision_at_1%": round(precision_at_rate(scores, laundering, 0.01), 4),
        "by_kind": {kind: _of_kind(scores, laundering, kinds == kind) for kind in sorted(set(rows.kinds) - {""})},
        "calibration": calibration(scores, laundering),
        "rules_alone": {
            "alert_rate": round(rate, 4),
            "recall": round(by_rules, 4),
            "precision": round(float(laundering[rows.ruled].mean()) if rows.ruled.any() else 0.0, 4),
            "recall_of_the_score_at_their_rate": round(at_their_rate, 4),
            "lift": round(at_their_rate / by_rules, 2) if by_rules else None,
        },
        "any_typology_found": {
            "rate": round(float(rows.hit.mean()), 4),
            "recall": round(float(rows.hit[laundering].mean()) if laundering.any() else 0.0, 4),
        },
    }
    if hindsight is not None:
        figures["with_hindsight"] = {
            "average_precision": round(average_precision(hindsight, laundering), 4),
            "recall_at_1%": round(recall_at_rate(hindsight, laundering, 0.01), 4),
            "recall_at_5%": round(recall_at_rate(hindsight, laundering, 0.05), 4),
        }
    return figures


def _of_kind(
    scores: NDArray[np.float64], laundering: NDArray[np.bool_], of_kind: NDArray[np.bool_]
) -> dict[str, float | int]:
    """One kind of laundering against all that is none: the other kinds are left out."""
    kept = of_kind | ~laundering
    return {
        "transactions": int(of_kind.sum()),
        "recall_at_1%": round(recall_at_rate(scores[kept], of_kind[kept], 0.01), 4),
        "recall_at_5%": round(recall_at_rate(scores[kept], of_kind[kept], 0.05), 4),
        "average_precision": round(average_precision(scores[kept], of_kind[kept]), 4),
    }
