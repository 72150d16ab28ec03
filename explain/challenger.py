"""A challenger beside the champion on the same rows: how often they agree, and where they would decide differently.

Kept apart from the registry: this compares what two approved models say, it does not choose between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explain.bands import band
from explain.trees import TreeModel


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts by (champion's band, challenger's band), and how far scores lie apart.

    `rank_correlation` is Spearman's; NaN where one of the models gives every row the same score.
    """

    rows: int
    bands: Mapping[tuple[str, str], int]
    mean_difference: float
    """Challenger minus champion, on the scale of scores."""
    largest_difference: float
    rank_correlation: float

    @property
    def agreement(self) -> float:
        """The share of rows in the same band."""
        return sum(count for (ours, theirs), count in self.bands.items() if ours == theirs) / self.rows


def compare(
    champion: TreeModel, challenger: TreeModel, matrix: NDArray[np.float64], cuts: Mapping[str, float]
) -> Comparison:
    """Score rows [n, champion's features] with both. The challenger may use fewer features, or another order.

    Raises `ValueError` without rows, or where the challenger needs a feature that the champion does not have.
    """
    missing = set(challenger.feature_names) - set(champion.feature_names)
    if missing:
        raise ValueError(f"the challenger needs features that were not recorded: {', '.join(sorted(missing))}")
    if len(matrix) == 0:
        raise ValueError("no rows to compare on")
    columns = [champion.feature_names.index(name) for name in challenger.feature_names]
    ours = _scores(champion, matrix)
    theirs = _scores(challenger, matrix[:, columns])
    bands: dict[tuple[str, str], int] = {}
    for a, b in zip(ours.tolist(), theirs.tolist(), strict=True):
        pair = (band(a, cuts), band(b, cuts))
        bands[pair] = bands.get(pair, 0) + 1
    difference = theirs - ours
    return Comparison(
        rows=len(matrix),
        bands=bands,
        mean_difference=float(difference.mean()),
        largest_difference=float(np.abs(difference).max()),
        rank_correlation=_spearman(ours, theirs),
    )


def _scores(model: TreeModel, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([model.score(margin) for margin in model.explain(matrix).margin.tolist()], dtype=np.float64)


def _spearman(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Pearson's correlation of mean ranks."""
    a, b = _ranks(left), _ranks(right)
    if a.std() == 0.0 or b.std() == 0.0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2.0)[inverse]
