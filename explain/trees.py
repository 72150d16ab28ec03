"""Exact path-dependent SHAP values of boosted trees, by a compiled kernel that also gives the margin.

Separate from the tables it runs on: this is the hot path, called for every transaction. A row's numbers do not depend
on the rows beside it, so results are the same bit for bit whatever the batch.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from explain.exact_sums import additivity_errors
from explain.lightgbm_text import ModelRefused, parse_forest
from explain.record import Contribution, Explanation, Method, Value, additivity_error
from explain.tree_tables import Floats, Ints, Tables, tabulate

__all__ = ["ModelRefused", "TreeAttribution", "TreeModel"]

_BLOCK = 256
_FEW = 4
"""Below this many rows, setting up loops over rows costs more than it saves."""


@dataclass(frozen=True, slots=True)
class TreeAttribution:
    """Margins [n], SHAP values [n, features] and the base value, all in the model's margin (log-odds if binary)."""

    margin: Floats
    shap: Floats
    base: float

    def additivity_errors(self) -> Floats:
        """[n]: |base + sum of SHAP values - margin|, each sum rounded once as in `record.additivity_error`."""
        return additivity_errors(self.base, self.shap, self.margin)


class TreeModel:
    """A LightGBM model that is ready to score and explain. Build it once: tabulating takes tenths of a second."""

    __slots__ = ("feature_names", "sha256", "sigmoid", "tables")

    def __init__(self, feature_names: tuple[str, ...], sigmoid: float | None, sha256: str, tables: Tables) -> None:
        self.feature_names = feature_names
        self.sigmoid = sigmoid
        self.sha256 = sha256
        self.tables = tables

    @classmethod
    def from_text(cls, text: bytes) -> "TreeModel":
        """Read LightGBM's text format. Raises `ModelRefused` for what cannot be explained exactly."""
        forest = parse_forest(text)
        return cls(forest.feature_names, forest.sigmoid, hashlib.sha256(text).hexdigest(), tabulate(forest))

    def explain(self, matrix: NDArray[np.float64]) -> TreeAttribution:
        """Score and explain rows [n, features]; NaN is missing. Raises `ValueError` for another width."""
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.feature_names):
            raise ValueError(f"expected rows of {len(self.feature_names)} features, got an array of shape {rows.shape}")
        t = self.tables
        margin = np.full(rows.shape[0], t.constant)
        shap = np.zeros(rows.shape)
        _attribute(
            rows, margin, shap, t.edges, t.edge_start, t.slot_start, t.slot_feature, t.slot_ratio, t.steps,
            t.step_start, t.cell_start, t.single_start, t.single_group, t.single_place, t.single_steps, t.leaf_value,
            t.cells, t.nodes, t.weights,
        )  # fmt: skip
        return TreeAttribution(margin, shap, t.base)

    def probability(self, margin: float) -> float:
        """The probability of a binary model's margin. Raises `ModelRefused` for other objectives."""
        if self.sigmoid is None:
            raise ModelRefused("only a binary objective has a probability")
        return logistic(self.sigmoid * margin)

    def score(self, margin: float) -> float:
        """The output on the scale people read: the probability if binary, else the margin itself."""
        return margin if self.sigmoid is None else logistic(self.sigmoid * margin)

    def explanation(self, row: Sequence[Value]) -> Explanation:
        """Explain one row, given in the order of `feature_names`; None and NaN are missing."""
        numbers = [number(value) for value in row]
        attribution = self.explain(np.array([numbers], dtype=np.float64))
        return self.record(numbers, attribution.margin[0].item(), attribution.shap[0].tolist())

    def record(self, row: Sequence[float], margin: float, shap: Sequence[float]) -> Explanation:
        """One row of an attribution as a record. A missing value is recorded as None."""
        contributions = tuple(
            Contribution(name, None if math.isnan(value) else value, effect)
            for name, value, effect in zip(self.feature_names, row, shap, strict=True)
        )
        error = additivity_error(self.tables.base, tuple(shap), margin)
        return Explanation(Method.TREE_PATH_DEPENDENT, self.tables.base, contributions, margin, error)


def number(value: Value) -> float:
    """A feature's value as the kernel sees it. Raises `ValueError` for text."""
    if value is None:
        return math.nan
    if isinstance(value, str):
        raise ValueError(f"a feature of a tree model is a number, not text: {value!r}")
    return float(value)


def logistic(margin: float) -> float:
    """1 / (1 + e^-margin) without overflow."""
    if margin >= 0.0:
        return 1.0 / (1.0 + math.exp(-margin))
    return math.exp(margin) / (1.0 + math.exp(margin))


@njit(cache=True, nogil=True)
def _attribute(
    rows: Floats,
    margin: Floats,
    shap: Floats,
    edges: Floats,
    edge_start: Ints,
    slot_start: Ints,
    slot_feature: Ints,
    slot_ratio: Floats,
    steps: NDArray[np.int32],
    step_start: Ints,
    cell_start: Ints,
    single_start: Ints,
    single_group: Ints,
    single_place: Ints,
    single_steps: NDArray[np.int32],
    leaf_value: Floats,
    cells: Floats,
    nodes: Floats,
    weights: Floats,
) -> None:
    """Add every group's cells to `margin` and to `shap`, which begins as zeros.

    Rows go in blocks, turned so that a block's rows lie side by side: a group's table stays in cache and the inner
    loops run over rows. The order in which a row's numbers are added does not depend on its place in a block.
    """
    count, features = rows.shape
    width = min(_BLOCK, count)
    bins = np.empty((features, width), dtype=np.int32)
    effects = np.empty((features, width))
    margins = np.empty(width)
    at = np.empty(width, dtype=np.int64)
    places = np.empty((_FEW, cell_start.shape[0]), dtype=np.int64)
    holds = np.empty((features, width))
    factors = np.empty((features, width))
    product = np.empty(width)
    reached = np.empty(width, dtype=np.bool_)
    for first in range(0, count, _BLOCK):
        block = min(_BLOCK, count - first)
        for f in range(features):
            for r in range(block):
                value = rows[first + r, f]
                low = edge_start[f]
                high = edge_start[f + 1]
                if np.isnan(value):
                    low = high + 1
                while low < high:
                    middle = (low + high) // 2
                    if edges[middle] < value:
                        low = middle + 1
                    else:
                        high = middle
                bins[f, r] = low - edge_start[f]
                effects[f, r] = 0.0
        for r in range(block):
            margins[r] = margin[first + r]
        if block < _FEW:
            for r in range(block):
                for g in range(cell_start.shape[0]):
                    places[r, g] = cell_start[g]
                for f in range(features):
                    moved = single_group[single_start[f] : single_start[f + 1]]
                    row = single_place[f] + bins[f, r] * moved.shape[0]
                    step = single_steps[row : row + moved.shape[0]]
                    for k in range(moved.shape[0]):
                        places[r, moved[k]] += step[k]
        for g in range(cell_start.shape[0]):
            begin = slot_start[g]
            end = slot_start[g + 1]
            start = cell_start[g]
            if start >= 0 and block < _FEW:
                for r in range(block):
                    place = places[r, g]
                    margins[r] += cells[place]
                    for s in range(begin, end):
                        place += 1
                        effects[slot_feature[s], r] += cells[place]
                continue
            if start >= 0:
                for r in range(block):
                    at[r] = start
                for s in range(begin, end):
                    step = steps[step_start[s] :]
                    bin_of = bins[slot_feature[s]]
                    for r in range(block):
                        at[r] += step[bin_of[r]]
                for r in range(block):
                    margins[r] += cells[at[r]]
                for s in range(begin, end):
                    effect = effects[slot_feature[s]]
                    cell = cells[1 + s - begin :]
                    for r in range(block):
                        effect[r] += cell[at[r]]
                continue
            d = end - begin
            points = (d + 1) // 2
            for r in range(block):
                reached[r] = True
            for j in range(d):
                s = begin + j
                step = steps[step_start[s] :]
                bin_of = bins[slot_feature[s]]
                hold = holds[j]
                for r in range(block):
                    hold[r] = step[bin_of[r]]
                    reached[r] = reached[r] and hold[r] == 1.0
            for r in range(block):
                if reached[r]:
                    margins[r] += leaf_value[g]
            for q in range(points):
                t = nodes[points - 1, q]
                start_value = weights[points - 1, q] * leaf_value[g]
                for r in range(block):
                    product[r] = start_value
                for j in range(d):
                    ratio = (1.0 - t) * slot_ratio[begin + j]
                    hold, factor = holds[j], factors[j]
                    for r in range(block):
                        factor[r] = ratio + t * hold[r]
                        product[r] *= factor[r]
                for j in range(d):
                    ratio = slot_ratio[begin + j]
                    hold, factor = holds[j], factors[j]
                    effect = effects[slot_feature[begin + j]]
                    for r in range(block):
                        effect[r] += product[r] / factor[r] * (hold[r] - ratio)
        for f in range(features):
            for r in range(block):
                shap[first + r, f] = effects[f, r]
        for r in range(block):
            margin[first + r] = margins[r]
