"""How good scores are on labelled transactions: by rank, by kind, beside the rules alone, and as probabilities.

What a figure may know is said with it: a causal one only what had arrived before the transaction; one with hindsight
also what later payments proved of it, as a look-back over history does.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aml.engine import Hit

_BINS = 10
RATES = (0.005, 0.01, 0.05)
"""Shares of all transactions that could be looked at."""
SHIPPED_THRESHOLD = 0.5
"""From which score a transaction alerts unless a tenant says otherwise (`aml.scoring.AlertParameters`)."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Rows of a world after it went through the engine: features [n, F], and of each row [n] what the label says.

    `proved` [m, 2] has a row and a later one whose hits name it as evidence: that show what it was part of.
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
    proved: NDArray[np.int64]


class Evidence:
    """Which later rows' hits name a row, collected batch by batch."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._pairs = array("q")

    def add(self, ids: Sequence[str], hits: Sequence[Sequence[Hit]]) -> None:
        """The rows after those that were added before."""
        first = len(self._place)
        self._place.update((name, first + offset) for offset, name in enumerate(ids))
        for row, found in enumerate(hits, first):
            named = {self._place[name] for hit in found for name in hit.transactions} if found else ()
            for place in named:
                if place < row:
                    self._pairs.extend((place, row))

    def pairs(self) -> NDArray[np.int64]:
        """Rows [m, 2]: one that is named, and a later one that names it."""
        return np.array(self._pairs, np.int64).reshape(-1, 2)


def with_hindsight(scores: NDArray[np.float64], proved: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each row's score, or the highest of the later rows that name it as evidence."""
    highest = scores.copy()
    np.maximum.at(highest, proved[:, 0], scores[proved[:, 1]])
    return highest


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


def f1(scores: NDArray[np.float64], laundering: NDArray[np.bool_], threshold: float) -> float:
    """Harmonic mean of precision and recall of the laundering class, where scores from the threshold on alert."""
    alerted = scores >= threshold
    return float(2 * (alerted & laundering).sum() / max(alerted.sum() + laundering.sum(), 1))


def best_threshold(scores: NDArray[np.float64], laundering: NDArray[np.bool_]) -> float:
    """The score from which alerting gives the highest F1, the highest of them where several do."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    alerted = np.arange(1, len(order) + 1)
    values = 2 * np.cumsum(laundering[order]) / (alerted + laundering.sum())
    values[:-1][ranked[:-1] == ranked[1:]] = -1.0  # alerts cannot end between two equal scores
    return float(ranked[int(np.argmax(values))])


def measured(
    scores: NDArray[np.float64],
    rows: Observed,
    hindsight: NDArray[np.float64] | None = None,
    threshold: float = SHIPPED_THRESHOLD,
) -> dict[str, Any]:
    """All figures of one set of rows; `hindsight` are the scores that may know what came later.

    F1 is given at the threshold, which was chosen without these rows, and at the one that is best for them: that is
    what could be reached at most, not what a user gets.
    """
    laundering, kinds = rows.laundering, np.array(rows.kinds)
    best = best_threshold(scores, laundering)
    figures: dict[str, Any] = {
        "transactions": len(scores),
        "laundering": int(laundering.sum()),
        "base_rate": round(float(laundering.mean()), 6),
        **_ranked(scores, laundering),
        "f1": {
            "at_threshold": round(f1(scores, laundering, threshold), 4),
            "threshold": round(threshold, 6),
            "best": round(f1(scores, laundering, best), 4),
            "best_threshold": round(best, 6),
        },
        "by_kind": {
            kind: _of_kind(scores, rows, (kinds == kind) & laundering)
            for kind in sorted(set(kinds[laundering].tolist()) - {""})
        },
        "calibration": calibration(scores, laundering),
        "rules_alone": _beside_rules(scores, laundering, rows.ruled),
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


def _ranked(scores: NDArray[np.float64], laundering: NDArray[np.bool_]) -> dict[str, float]:
    """Average precision, and recall and precision at each alert rate."""
    figures = {"average_precision": round(average_precision(scores, laundering), 4)}
    for name, measure in (("recall", recall_at_rate), ("precision", precision_at_rate)):
        figures |= {f"{name}_at_{100 * rate:g}%": round(measure(scores, laundering, rate), 4) for rate in RATES}
    return figures


def _beside_rules(
    scores: NDArray[np.float64], laundering: NDArray[np.bool_], ruled: NDArray[np.bool_]
) -> dict[str, float | None]:
    """What the alert table finds without the score, and what the score finds with as many alerts."""
    rate = float(ruled.mean())
    by_rules = float(ruled[laundering].mean()) if laundering.any() else 0.0
    at_their_rate = recall_at_rate(scores, laundering, rate)
    return {
        "alert_rate": round(rate, 4),
        "recall": round(by_rules, 4),
        "precision": round(float(laundering[ruled].mean()) if ruled.any() else 0.0, 4),
        "recall_of_the_score_at_their_rate": round(at_their_rate, 4),
        "lift": round(at_their_rate / by_rules, 2) if by_rules else None,
    }


def _of_kind(scores: NDArray[np.float64], rows: Observed, of_kind: NDArray[np.bool_]) -> dict[str, Any]:
    """One kind of laundering against all that is none: the other kinds are left out."""
    kept = of_kind | ~rows.laundering
    return {
        "transactions": int(of_kind.sum()),
        **_ranked(scores[kept], of_kind[kept]),
        "mean_score": round(float(scores[of_kind].mean()), 4),
        "rules_alone": _beside_rules(scores[kept], of_kind[kept], rows.ruled[kept]),
    }
