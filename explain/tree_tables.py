"""Trees turned into tables: for every group of leaves, the SHAP values of each state its features can be in.

The idea is FastTreeSHAP v2's (Yang 2021, arXiv:2109.09847): what a leaf contributes depends on a row only through which
of the conditions on its path the row satisfies, so it can be computed once for every pattern. Here whole subtrees are
tabulated as one group where the product of their features' states stays small, which saves most additions.

A leaf with value v, path features 1..d, cover ratios z and satisfied conditions o in {0, 1} gives feature i, by the
path-dependent definition (Lundberg 2018, arXiv:1802.03888),

    v (o_i - z_i) Integral over t in [0, 1] of the product over j != i of ((1 - t) z_j + t o_j)

because Integral t^k (1-t)^(d-1-k) = k! (d-1-k)! / d! is the Shapley weight. The integrand has degree d-1, so
Gauss-Legendre quadrature with ceil(d/2) points is exact, and every term is positive: no cancellation, unlike in
TreeSHAP's unwinding.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from explain.lightgbm_text import ZERO_BAND, Forest, Missing, ModelRefused, Tree

GROUP_CELLS = 65_536
"""Largest table of one group in numbers, half a megabyte; measured with benchmarks/decisions_shap.py.

Another size changes the order of additions and so the last bits of SHAP values: stored decisions would not replay.
"""

MOST_CELLS = 16_777_216
"""Largest model in numbers, 128 megabytes; where a forest needs more, its groups are smaller. As fixed as above."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tables:
    """A forest for the kernel, flattened.

    A row's features are first replaced by bins: `edges[edge_start[f]:edge_start[f+1]]` are the thresholds of feature f,
    bin k holds values in (edge k-1, edge k], then come the bin above all edges and the bin of NaN.
    Group g has the slots `slot_start[g]:slot_start[g+1]`. Slot s is feature `slot_feature[s]`; adding up
    `steps[step_start[s] + bin]` over the slots, from `cell_start[g]` on, leads to the group's cells for that row: its
    share of the margin, then the SHAP value of each slot. A leaf too long for a table has `cell_start` -1: its steps
    are 1 where the condition holds, `slot_ratio` has the cover ratios and `leaf_value` its value.

    For single rows the steps stand a second time, by feature and bin: feature f moves the groups
    `single_group[single_start[f]:single_start[f+1]]` by as many numbers of `single_steps` from
    `single_place[f] + bin * that many` on, so that one row reads them in sequence.
    """

    edges: Floats
    edge_start: Ints
    slot_start: Ints
    slot_feature: Ints
    slot_ratio: Floats
    steps: NDArray[np.int32]
    step_start: Ints
    cell_start: Ints
    single_start: Ints
    single_group: Ints
    single_place: Ints
    single_steps: NDArray[np.int32]
    leaf_value: Floats
    cells: Floats
    constant: float
    base: float
    nodes: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class _Leaf:
    value: float
    ratios: dict[int, float]
    """Cover ratio by feature on the path: the product over that feature's splits."""
    weight: float


@dataclass(frozen=True, slots=True)
class _Branch:
    """Part of a tree to be tabulated as one: its leaves by number, their features, and each feature's states.

    A state is the set of the branch's leaves, as bits, whose conditions on the feature hold; `satisfied` has it by bin,
    for the leaves of the whole tree.
    """

    leaves: dict[int, _Leaf]
    features: tuple[int, ...]
    states: dict[int, list[int]]
    satisfied: dict[int, list[int]]
    bits: int
    tabulated: bool

    @property
    def width(self) -> int:
        return len(self.features) + 1

    @property
    def cells(self) -> int:
        return math.prod(len(states) for states in self.states.values()) * self.width if self.tabulated else 0


def tabulate(forest: Forest, group_cells: int = GROUP_CELLS, most_cells: int = MOST_CELLS) -> Tables:
    """Build the tables of a forest. Deterministic: the same text gives the same bits on every machine."""
    edges = _edges(forest)
    sketches = [_sketch(tree, edges) for tree in forest.trees if tree.splits]
    while True:
        branches = [branch for sketch in sketches for branch in _branches(sketch, group_cells)]
        if sum(branch.cells for branch in branches) <= most_cells or group_cells == 0:
            break
        group_cells //= 4
    constants = [tree.leaf_values[0] for tree in forest.trees if not tree.splits]
    bases = [leaf.value * leaf.weight for sketch in sketches for _, leaf in sorted(sketch.leaves.items())]
    longest = max((len(branch.features) for branch in branches if not branch.tabulated), default=1)
    nodes, weights = quadrature(longest)

    def starts(lengths: Iterable[int]) -> Ints:
        return np.cumsum([0, *lengths]).astype(np.int64)

    cell_start = starts(branch.cells for branch in branches)[:-1]
    steps = [_steps(branch) for branch in branches]
    single: list[list[tuple[int, list[int]]]] = [[] for _ in forest.feature_names]
    for group, (branch, moves) in enumerate(zip(branches, steps, strict=True)):
        for feature, move in zip(branch.features, moves, strict=True):
            if branch.tabulated:
                single[feature].append((group, move))
    by_bin = [np.array([move for _, move in moves], dtype=np.int32).T.ravel() for moves in single]
    return Tables(
        edges=np.array([edge for feature_edges in edges for edge in feature_edges], dtype=np.float64),
        edge_start=starts(len(feature_edges) for feature_edges in edges),
        slot_start=starts(len(branch.features) for branch in branches),
        slot_feature=np.array([f for branch in branches for f in branch.features], dtype=np.int64),
        slot_ratio=np.array([_ratio(branch, f) for branch in branches for f in branch.features], dtype=np.float64),
        steps=np.array([step for group in steps for slot in group for step in slot], dtype=np.int32),
        step_start=starts(len(slot) for group in steps for slot in group)[:-1],
        cell_start=np.where([branch.tabulated for branch in branches], cell_start, -1).astype(np.int64),
        single_start=starts(len(moves) for moves in single),
        single_group=np.array([group for moves in single for group, _ in moves], dtype=np.int64),
        single_place=starts(len(numbers) for numbers in by_bin)[:-1],
        single_steps=np.concatenate([np.zeros(0, dtype=np.int32), *by_bin]),
        leaf_value=np.array([_single(branch).value for branch in branches], dtype=np.float64),
        cells=np.concatenate([np.zeros(0), *(_cells(branch) for branch in branches if branch.tabulated)]),
        constant=math.fsum(constants),
        base=math.fsum((*constants, *bases)),
        nodes=nodes,
        weights=weights,
    )


def _edges(forest: Forest) -> list[list[float]]:
    """Thresholds by feature; where zero means missing, the ends of the zero band too, so that no bin straddles them."""
    edges: list[set[float]] = [set() for _ in forest.feature_names]
    for tree in forest.trees:
        for split in tree.splits:
            edges[split.feature].add(split.threshold)
            if split.missing is Missing.ZERO:
                edges[split.feature].update((math.nextafter(-ZERO_BAND, -math.inf), ZERO_BAND))
    return [sorted(feature_edges) for feature_edges in edges]


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A tree's leaves, the leaves under each node as bits, and for each feature and bin the leaves that allow it."""

    tree: Tree
    leaves: dict[int, _Leaf]
    under: dict[int, int]
    satisfied: dict[int, list[int]]


def _sketch(tree: Tree, edges: list[list[float]]) -> _Sketch:
    leaves: dict[int, _Leaf] = {}
    under: dict[int, int] = {}
    everything = _walk(tree, 0, {}, 1.0, leaves, under, frozenset())
    if len(leaves) != len(tree.leaf_values) or len(under) != len(leaves) + len(tree.splits):
        raise ModelRefused("the model is damaged: a tree's nodes are not connected")
    satisfied: dict[int, list[int]] = {}
    for split in tree.splits:
        representatives = (*edges[split.feature], math.inf, math.nan)
        bins = satisfied.setdefault(split.feature, [everything] * len(representatives))
        for index, value in enumerate(representatives):
            bins[index] &= ~under[split.right if split.goes_left(value) else split.left]
    return _Sketch(tree, leaves, under, satisfied)


def _branches(sketch: _Sketch, group_cells: int) -> Iterator[_Branch]:
    """Cut a tree from the root down until every part is small enough; what is not even as a leaf stays untabulated."""
    pending = [0]
    while pending:
        node = pending.pop()
        bits = sketch.under[node]
        leaves = {number: leaf for number, leaf in sorted(sketch.leaves.items()) if bits >> number & 1}
        features = tuple(sorted({feature for leaf in leaves.values() for feature in leaf.ratios}))
        states = {f: sorted({mask & bits for mask in sketch.satisfied[f]}) for f in features}
        branch = _Branch(leaves, features, states, sketch.satisfied, bits, True)
        if branch.cells <= group_cells:
            yield branch
        elif node < 0:
            yield replace(branch, tabulated=False)
        else:
            pending += [sketch.tree.splits[node].right, sketch.tree.splits[node].left]


def _walk(
    tree: Tree,
    node: int,
    ratios: dict[int, float],
    weight: float,
    leaves: dict[int, _Leaf],
    under: dict[int, int],
    above: frozenset[int],
) -> int:
    """Collect leaves with their paths; returns the bits of the leaves under the node."""
    if node in above or node in under or node >= len(tree.splits) or ~node >= len(tree.leaf_values):
        raise ModelRefused("the model is damaged: a tree's nodes are not connected")
    if node < 0:
        leaves[~node] = _Leaf(tree.leaf_values[~node], ratios, weight)
        under[node] = 1 << ~node
        return under[node]
    split = tree.splits[node]
    bits = 0
    for child in (split.left, split.right):
        ratio = tree.cover(child) / split.cover
        path = {**ratios, split.feature: ratios.get(split.feature, 1.0) * ratio}
        bits |= _walk(tree, child, path, weight * ratio, leaves, under, above | {node})
    under[node] = bits
    return bits


def _single(branch: _Branch) -> _Leaf:
    """The leaf of an untabulated branch; what is tabulated has its values in the cells."""
    return _Leaf(0.0, {}, 0.0) if branch.tabulated else next(iter(branch.leaves.values()))


def _ratio(branch: _Branch, feature: int) -> float:
    return _single(branch).ratios.get(feature, 0.0)


def _steps(branch: _Branch) -> list[list[int]]:
    """For each feature and bin, how far it moves within the branch's table; for a long leaf, whether it holds."""
    if not branch.tabulated:
        return [[int(mask & branch.bits != 0) for mask in branch.satisfied[f]] for f in branch.features]
    steps = []
    stride = branch.width
    for feature in branch.features:
        position = {mask: index * stride for index, mask in enumerate(branch.states[feature])}
        steps.append([position[mask & branch.bits] for mask in branch.satisfied[feature]])
        stride *= len(branch.states[feature])
    return steps


def _cells(branch: _Branch) -> Floats:
    radices = np.array([len(branch.states[f]) for f in branch.features], dtype=np.int64)
    holds = np.zeros((len(branch.leaves), len(branch.features), int(radices.max())), dtype=np.uint8)
    ratio = np.full((len(branch.leaves), len(branch.features)), -1.0)
    for row, (number, leaf) in enumerate(branch.leaves.items()):
        for column, feature in enumerate(branch.features):
            ratio[row, column] = leaf.ratios.get(feature, -1.0)
            for state, mask in enumerate(branch.states[feature]):
                holds[row, column, state] = mask >> number & 1
    table = np.zeros((branch.cells // branch.width, branch.width))
    values = np.array([leaf.value for leaf in branch.leaves.values()])
    fill_group(table, radices, holds, ratio, values, *quadrature(len(branch.features)))
    return table.ravel()


@njit(cache=True, nogil=True)
def fill_group(
    table: Floats,
    radices: Ints,
    holds: NDArray[np.uint8],
    ratio: Floats,
    values: Floats,
    nodes: Floats,
    weights: Floats,
) -> None:
    """Fill `table[rows, 1 + features]` with each state's share of the margin and its SHAP values.

    `holds[leaf, feature, state]` says whether the leaf's conditions on the feature hold in that state; `ratio` is -1
    where the leaf has no condition on the feature; `nodes` and `weights` [points, points] hold a rule for each size.
    """
    rows = table.shape[0]
    leaves, features, _ = holds.shape
    place = np.empty(features, dtype=np.int64)
    z = np.empty(features)
    factor = np.empty(features)
    for leaf in range(leaves):
        d = 0
        for f in range(features):
            if ratio[leaf, f] >= 0.0:
                place[d] = f
                z[d] = ratio[leaf, f]
                d += 1
        points = (d + 1) // 2
        patterns = np.zeros((1 << d, d))
        for pattern in range(1 << d):
            for q in range(points):
                t = nodes[points - 1, q]
                product = weights[points - 1, q] * values[leaf]
                for j in range(d):
                    factor[j] = (1.0 - t) * z[j] + (t if pattern >> j & 1 else 0.0)
                    product *= factor[j]
                for j in range(d):
                    patterns[pattern, j] += product / factor[j]
            for j in range(d):
                patterns[pattern, j] *= (1.0 if pattern >> j & 1 else 0.0) - z[j]
        for row in range(rows):
            pattern = 0
            rest = row
            d = 0
            for f in range(features):
                state = rest % radices[f]
                rest //= radices[f]
                if ratio[leaf, f] >= 0.0:
                    if holds[leaf, f, state]:
                        pattern |= 1 << d
                    d += 1
            if pattern == (1 << d) - 1:
                table[row, 0] += values[leaf]
            for j in range(d):
                table[row, 1 + place[j]] += patterns[pattern, j]


@lru_cache(maxsize=64)
def quadrature(degree: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre rules on [0, 1] with 1..ceil(degree/2) points: nodes and weights as [rule, point].

    Computed in decimal arithmetic and rounded once, so that every machine has the same bits.
    """
    largest = (degree + 1) // 2
    nodes = np.zeros((largest, largest))
    weights = np.zeros((largest, largest))
    for points in range(1, largest + 1):
        for index, (node, weight) in enumerate(_gauss_legendre(points)):
            nodes[points - 1, index] = node
            weights[points - 1, index] = weight
    return nodes, weights


@lru_cache(maxsize=256)
def _gauss_legendre(points: int) -> tuple[tuple[float, float], ...]:
    rule = []
    with localcontext() as context:
        context.prec = 60
        for index in range(points):
            x = Decimal(math.cos(math.pi * (index + 0.75) / (points + 0.5)))
            for _ in range(100):
                value, slope = _legendre(points, x)
                step = value / slope
                x -= step
                if abs(step) < Decimal("1e-50"):
                    break
            _, slope = _legendre(points, x)
            rule.append((float((1 + x) / 2), float(1 / ((1 - x * x) * slope * slope))))
    return tuple(rule)


def _legendre(degree: int, x: Decimal) -> tuple[Decimal, Decimal]:
    """The Legendre polynomial and its derivative, by the three-term recurrence."""
    previous, current = Decimal(1), x
    for k in range(2, degree + 1):
        previous, current = current, ((2 * k - 1) * x * current - (k - 1) * previous) / k
    return current, degree * (x * current - previous) / (x * x - 1)
