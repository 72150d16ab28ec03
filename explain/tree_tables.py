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
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from explain.lightgbm_text import ZERO_BAND, Forest, Missing, ModelRefused, Tree

GROUP_CELLS = 16384
"""Largest table of a group of several leaves, in numbers; measured, see benchmarks/decisions_shap.py."""

LONGEST_TABLE = 11
"""A leaf with more path features than this is integrated for each row instead (2^11 patterns are 200 KB)."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Tables:
    """A forest for the kernel, flattened.

    A row's features are first replaced by bins: `edges[edge_start[f]:edge_start[f+1]]` are the thresholds of feature f,
    bin k holds values in (edge k-1, edge k], then come the bin above all edges and the bin of NaN.
    Group g has the slots `slot_start[g]:slot_start[g+1]`; slot s is feature `slot_feature[s]` and adds
    `steps[step_start[s] + bin]` to the group's row number. Row r of group g begins at `row_start[g] + r * width[g]` of
    `cells`: its share of the margin, then the SHAP values of its slots. Long leaves have `row_start` -1: their steps
    are 1 where the condition holds, `slot_ratio` holds their cover ratios and `leaf_value` their value.
    """

    edges: Floats
    edge_start: Ints
    slot_start: Ints
    slot_feature: Ints
    slot_ratio: Floats
    steps: Ints
    step_start: Ints
    row_start: NDArray[np.int64]
    width: Ints
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


@dataclass(slots=True)
class _Buffers:
    slot_start: list[int]
    slot_feature: list[int]
    slot_ratio: list[float]
    steps: list[NDArray[np.int32]]
    step_start: list[int]
    row_start: list[int]
    width: list[int]
    leaf_value: list[float]
    cells: list[Floats]
    step_count: int = 0
    cell_count: int = 0


def tabulate(forest: Forest, group_cells: int = GROUP_CELLS, longest_table: int = LONGEST_TABLE) -> Tables:
    """Build the tables of a forest. Deterministic: the same text gives the same bits on every machine."""
    edges = _edges(forest)
    out = _Buffers([0], [], [], [], [], [], [], [], [])
    constants: list[float] = []
    bases: list[float] = []
    for tree in forest.trees:
        if not tree.splits:
            constants.append(tree.leaf_values[0])
            continue
        bases.extend(_tabulate_tree(tree, edges, out, group_cells, longest_table))
    nodes, weights = quadrature(max(1, len(forest.feature_names)))
    starts = np.cumsum([0, *(len(feature_edges) for feature_edges in edges)])
    return Tables(
        edges=np.array([edge for feature_edges in edges for edge in feature_edges], dtype=np.float64),
        edge_start=starts.astype(np.int32),
        slot_start=np.array(out.slot_start, dtype=np.int32),
        slot_feature=np.array(out.slot_feature, dtype=np.int32),
        slot_ratio=np.array(out.slot_ratio, dtype=np.float64),
        steps=np.concatenate(out.steps) if out.steps else np.zeros(0, dtype=np.int32),
        step_start=np.array(out.step_start, dtype=np.int32),
        row_start=np.array(out.row_start, dtype=np.int64),
        width=np.array(out.width, dtype=np.int32),
        leaf_value=np.array(out.leaf_value, dtype=np.float64),
        cells=np.concatenate(out.cells) if out.cells else np.zeros(0, dtype=np.float64),
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


def _tabulate_tree(tree: Tree, edges: list[list[float]], out: _Buffers, budget: int, longest: int) -> Iterator[float]:
    leaves: dict[int, _Leaf] = {}
    under: dict[int, int] = {}
    _walk(tree, 0, {}, 1.0, leaves, under, set())
    if len(leaves) != len(tree.leaf_values) or len(under) != len(leaves) + len(tree.splits):
        raise ModelRefused("the model is damaged: a tree's nodes are not connected")
    everything = (1 << len(leaves)) - 1
    satisfied: dict[int, list[int]] = {}
    for split, number in ((split, number) for number, split in enumerate(tree.splits)):
        bins = satisfied.setdefault(split.feature, [everything] * (len(edges[split.feature]) + 2))
        left, right = under[split.left], under[split.right]
        for index, representative in enumerate((*edges[split.feature], math.inf, math.nan)):
            bins[index] &= ~(right if split.goes_left(representative) else left)
        assert under[number] == left | right
    pending = [0]
    while pending:
        node = pending.pop()
        members = [leaf for leaf in range(len(leaves)) if under[node] >> leaf & 1]
        features = sorted({feature for leaf in members for feature in leaves[leaf].ratios})
        states = {f: sorted({mask & under[node] for mask in satisfied[f]}) for f in features}
        cells = math.prod(len(values) for values in states.values()) * (len(features) + 1)
        if cells <= budget or (node < 0 and len(features) <= longest):
            _emit_group([leaves[leaf] for leaf in members], members, features, states, satisfied, under[node], out)
        elif node < 0:
            _emit_long_leaf(leaves[members[0]], members[0], features, satisfied, out)
        else:
            pending.extend((tree.splits[node].right, tree.splits[node].left))
    for leaf in range(len(leaves)):
        yield leaves[leaf].value * leaves[leaf].weight


def _walk(
    tree: Tree,
    node: int,
    ratios: dict[int, float],
    weight: float,
    leaves: dict[int, _Leaf],
    under: dict[int, int],
    above: set[int],
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


def _emit_group(
    leaves: list[_Leaf],
    members: list[int],
    features: list[int],
    states: dict[int, list[int]],
    satisfied: dict[int, list[int]],
    under: int,
    out: _Buffers,
) -> None:
    radices = np.array([len(states[f]) for f in features], dtype=np.int64)
    stride = 1
    for feature in features:
        position = {mask: index for index, mask in enumerate(states[feature])}
        steps = np.array([position[mask & under] * stride for mask in satisfied[feature]], dtype=np.int32)
        stride *= len(states[feature])
        _add_slot(feature, 0.0, steps, out)
    holds = np.zeros((len(leaves), len(features), int(radices.max())), dtype=np.uint8)
    ratio = np.full((len(leaves), len(features)), -1.0)
    for row, (leaf, member) in enumerate(zip(leaves, members, strict=True)):
        for column, feature in enumerate(features):
            ratio[row, column] = leaf.ratios.get(feature, -1.0)
            for state, mask in enumerate(states[feature]):
                holds[row, column, state] = mask >> member & 1
    table = np.zeros((stride, len(features) + 1))
    nodes, weights = quadrature(len(features))
    fill_group(table, radices, holds, ratio, np.array([leaf.value for leaf in leaves]), nodes, weights)
    out.row_start.append(out.cell_count)
    out.width.append(len(features) + 1)
    out.leaf_value.append(0.0)
    out.cells.append(table.ravel())
    out.cell_count += table.size
    out.slot_start.append(len(out.slot_feature))


def _emit_long_leaf(
    leaf: _Leaf, member: int, features: list[int], satisfied: dict[int, list[int]], out: _Buffers
) -> None:
    for feature in features:
        steps = np.array([mask >> member & 1 for mask in satisfied[feature]], dtype=np.int32)
        _add_slot(feature, leaf.ratios[feature], steps, out)
    out.row_start.append(-1)
    out.width.append(0)
    out.leaf_value.append(leaf.value)
    out.slot_start.append(len(out.slot_feature))


def _add_slot(feature: int, ratio: float, steps: NDArray[np.int32], out: _Buffers) -> None:
    out.slot_feature.append(feature)
    out.slot_ratio.append(ratio)
    out.step_start.append(out.step_count)
    out.steps.append(steps)
    out.step_count += len(steps)


@njit(cache=True, nogil=True)
def fill_group(
    table: Floats,
    radices: NDArray[np.int64],
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
