"""The tree kernel against LightGBM's own contributions and against Shapley values by brute force."""

import itertools
import math
from fractions import Fraction
from math import factorial

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from explain import tree_tables, trees
from explain.lightgbm_text import ModelRefused, Tree, parse_forest
from explain.record import Method, additivity_error
from explain.trees import TreeModel

FEATURES = 8


def sample(rows: int, seed: int, *, missing: float = 0.1, zeros: float = 0.0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, FEATURES))
    matrix[:, 5] = rng.integers(0, 4, size=rows)
    matrix[rng.random(matrix.shape) < zeros] = 0.0
    matrix[rng.random(matrix.shape) < missing] = np.nan
    return matrix


def train(matrix: NDArray[np.float64], rounds: int = 40, **parameters: object) -> lightgbm.Booster:
    rng = np.random.default_rng(5)
    known = np.nan_to_num(matrix, nan=0.3)
    signal = known[:, 0] * known[:, 1] + np.sin(2 * known[:, 2]) + known[:, 5] - known[:, 3] ** 2
    label = (signal + rng.normal(size=len(matrix)) > 0.5).astype(int)
    settings = {
        "objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": 1, "min_data_in_leaf": 5,
        "min_data_in_bin": 1,
    }  # fmt: skip
    return lightgbm.train({**settings, **parameters}, lightgbm.Dataset(matrix, label=label), rounds)


def text_of(booster: lightgbm.Booster) -> bytes:
    return booster.model_to_string().encode()


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    return train(sample(4000, 1))


@pytest.fixture(scope="module")
def model(booster: lightgbm.Booster) -> TreeModel:
    return TreeModel.from_text(text_of(booster))


SETTINGS = {
    "plain": {},
    "deep": {"num_leaves": 80, "max_depth": -1, "min_data_in_leaf": 2},
    "stumps": {"num_leaves": 2},
    "zero as missing": {"zero_as_missing": True},
    "no missing": {"use_missing": False},
    "bagged and dropped": {"bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.5},
    "dart": {"boosting": "dart"},
    "goss": {"data_sample_strategy": "goss"},
    "regression": {"objective": "regression"},
    "monotone": {"monotone_constraints": [1, -1, 0, 0, 0, 1, 0, 0]},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_equals_lightgbms_contributions(name: str) -> None:
    booster = train(sample(3000, 2, zeros=0.2), **SETTINGS[name])
    matrix = sample(500, 3, missing=0.2, zeros=0.2)
    matrix[0], matrix[1], matrix[2] = np.inf, -np.inf, np.nan
    matrix[3], matrix[4] = 1e-36, -1e-36
    matrix[5] = 1.0000000180025095e-35

    ours = TreeModel.from_text(text_of(booster)).explain(matrix)

    oracle = booster.predict(matrix, pred_contrib=True)
    np.testing.assert_allclose(ours.shap, oracle[:, :-1], rtol=0, atol=1e-6)
    assert ours.base == pytest.approx(oracle[0, -1], abs=1e-6)
    assert np.array_equal(ours.margin, booster.predict(matrix, raw_score=True))


def shapley_of(tree: Tree, row: list[float]) -> tuple[list[Fraction], Fraction]:
    """Path-dependent Shapley values from their definition: all coalitions, in exact arithmetic."""

    def expectation(node: int, known: frozenset[int]) -> Fraction:
        if node < 0:
            return Fraction(tree.leaf_values[~node])
        split = tree.splits[node]
        if split.feature in known:
            return expectation(split.left if split.goes_left(row[split.feature]) else split.right, known)
        left, right = tree.cover(split.left), tree.cover(split.right)
        return Fraction(left, split.cover) * expectation(split.left, known) + Fraction(
            right, split.cover
        ) * expectation(split.right, known)

    worth = {
        frozenset(coalition): expectation(0, frozenset(coalition))
        for size in range(len(row) + 1)
        for coalition in itertools.combinations(range(len(row)), size)
    }
    values = []
    for feature in range(len(row)):
        total = Fraction(0)
        for coalition, value in worth.items():
            if feature not in coalition:
                weight = Fraction(
                    factorial(len(coalition)) * factorial(len(row) - len(coalition) - 1), factorial(len(row))
                )
                total += weight * (worth[coalition | {feature}] - value)
        values.append(total)
    return values, worth[frozenset()]


def test_equals_brute_force_shapley_values() -> None:
    booster = train(sample(2000, 4), rounds=3, num_leaves=12)
    matrix = sample(12, 6, missing=0.2)
    forest = parse_forest(text_of(booster))

    ours = TreeModel.from_text(text_of(booster)).explain(matrix)

    for index, row in enumerate(matrix.tolist()):
        by_tree = [shapley_of(tree, row) for tree in forest.trees]
        expected = [float(sum(values[f] for values, _ in by_tree)) for f in range(FEATURES)]
        np.testing.assert_allclose(ours.shap[index], expected, rtol=0, atol=1e-12)
        assert ours.base == pytest.approx(float(sum(base for _, base in by_tree)), abs=1e-12)


@pytest.mark.parametrize(
    ("cells", "most"), [(0, 0), (16, 1 << 24), (256, 1 << 24), (1 << 16, 4000), (1 << 18, 1 << 24)]
)
def test_grouping_changes_cost_not_values(cells: int, most: int) -> None:
    booster = train(sample(3000, 2), num_leaves=60, min_data_in_leaf=2)
    forest = parse_forest(text_of(booster))
    matrix = sample(300, 8)
    tables = tree_tables.tabulate(forest, group_cells=cells, most_cells=most)
    assert tables.cells.size <= most

    ours = TreeModel(forest.feature_names, forest.sigmoid, "", tables).explain(matrix)

    oracle = booster.predict(matrix, pred_contrib=True)
    np.testing.assert_allclose(ours.shap, oracle[:, :-1], rtol=0, atol=1e-9)
    assert np.array_equal(ours.margin, booster.predict(matrix, raw_score=True))


def test_is_the_same_bit_for_bit_whatever_the_batch(model: TreeModel) -> None:
    matrix = sample(700, 9)
    whole = model.explain(matrix)
    for size in (1, 3, 63, 64, 65, 500):
        for start in range(0, len(matrix), size):
            part = model.explain(matrix[start : start + size])
            assert part.shap.tobytes() == whole.shap[start : start + size].tobytes()
            assert part.margin.tobytes() == whole.margin[start : start + size].tobytes()
    backwards = model.explain(matrix[::-1])
    assert backwards.shap[::-1].tobytes() == whole.shap.tobytes()


def test_two_readings_of_the_same_bytes_have_the_same_bits(booster: lightgbm.Booster, model: TreeModel) -> None:
    again = TreeModel.from_text(text_of(booster))
    matrix = sample(100, 10)
    assert again.explain(matrix).shap.tobytes() == model.explain(matrix).shap.tobytes()
    assert again.sha256 == model.sha256


def test_contributions_and_base_add_up_to_the_margin(model: TreeModel) -> None:
    attribution = model.explain(sample(2000, 11, missing=0.3))
    assert attribution.additivity_errors().max() < 1e-12


def test_additivity_check_sees_a_broken_table(booster: lightgbm.Booster) -> None:
    model = TreeModel.from_text(text_of(booster))
    model.tables.cells[1::97] += 1e-3

    errors = model.explain(sample(200, 11)).additivity_errors()

    assert errors.max() > 1e-4


def test_additivity_check_sees_a_dropped_feature(model: TreeModel) -> None:
    explanation = model.explanation([0.5] * FEATURES)
    values = tuple(c.shap for c in explanation.contributions)
    assert explanation.additivity_error < 1e-12
    assert additivity_error(explanation.base_value, (0.0, *values[1:]), explanation.output) > 1e-3


def test_explanation_records_missing_values_as_unknown(model: TreeModel) -> None:
    explanation = model.explanation([None, 1, True, math.nan, 0.0, 2, -1.5, 3.25])
    values = [c.value for c in explanation.contributions]
    assert explanation.method is Method.TREE_PATH_DEPENDENT
    assert values == [None, 1.0, 1.0, None, 0.0, 2.0, -1.5, 3.25]
    assert [c.feature for c in explanation.contributions] == list(model.feature_names)


def test_probability_equals_lightgbms(booster: lightgbm.Booster, model: TreeModel) -> None:
    matrix = sample(50, 12)
    margins = model.explain(matrix).margin.tolist()
    np.testing.assert_allclose([model.probability(m) for m in margins], booster.predict(matrix), rtol=1e-12)
    assert model.probability(1e6) == 1.0
    assert model.probability(-1e6) == 0.0


def test_regression_has_no_probability() -> None:
    model = TreeModel.from_text(text_of(train(sample(500, 2), rounds=2, objective="regression")))
    with pytest.raises(ModelRefused, match="binary"):
        model.probability(0.0)
    assert model.score(3.5) == 3.5


def test_a_model_of_constants_explains_with_nothing() -> None:
    model = TreeModel.from_text(text_of(train(sample(200, 2), rounds=2, min_data_in_leaf=150)))
    attribution = model.explain(sample(3, 3))
    assert not attribution.shap.any()
    assert (attribution.margin == attribution.base).all()


def test_no_rows_give_no_values(model: TreeModel) -> None:
    assert model.explain(np.empty((0, FEATURES))).shap.shape == (0, FEATURES)


def test_rows_of_another_width_are_refused(model: TreeModel) -> None:
    with pytest.raises(ValueError, match="8 features"):
        model.explain(np.zeros((2, FEATURES - 1)))
    with pytest.raises(ValueError, match="not text"):
        model.explanation(["a"] * FEATURES)


def categorical() -> bytes:
    matrix = sample(500, 1)
    matrix[:, 5] = np.random.default_rng(0).integers(0, 9, 500)
    label = np.isin(matrix[:, 5], (1, 4, 7)).astype(int)
    settings = {"objective": "binary", "verbosity": -1, "min_data_per_group": 5, "num_threads": 1}
    return text_of(lightgbm.train(settings, lightgbm.Dataset(matrix, label=label, categorical_feature=[5]), 2))


def multiclass() -> bytes:
    matrix = sample(300, 1)
    label = np.arange(300) % 3
    settings = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
    return text_of(lightgbm.train(settings, lightgbm.Dataset(matrix, label=label), 2))


def linear() -> bytes:
    return text_of(train(sample(500, 1), rounds=2, linear_tree=True))


def forest() -> bytes:
    return text_of(train(sample(500, 1), rounds=2, boosting="rf", bagging_freq=1, bagging_fraction=0.5))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (categorical, "categorical"),
        (multiclass, "several outputs"),
        (linear, "linear"),
        (forest, "random forests"),
        (lambda: b"\x80\x04pickle", "UTF-8"),
        (lambda: b'{"name": "model"}', "does not begin"),
    ],
)
def test_what_cannot_be_explained_exactly_is_refused(make, says: str) -> None:
    with pytest.raises(ModelRefused, match=says):
        TreeModel.from_text(make())


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (b"end of trees", b"", "cut short"),
        (b"num_leaves=31", b"num_leaves=x", "damaged"),
        (b"num_leaves=31", b"num_leaves=31\nnum_leaves=31", "twice"),
        (b"tree_sizes=", b"tree_sizes=1 ", "announces"),
        (b"feature_names=", b"feature_names=extra ", "feature names"),
        (b"left_child=", b"left_child=0 ", "incomplete"),
    ],
)
def test_a_damaged_text_is_refused(booster: lightgbm.Booster, before: bytes, after: bytes, says: str) -> None:
    damaged = text_of(booster).replace(before, after, 1)
    with pytest.raises(ModelRefused, match=says):
        TreeModel.from_text(damaged)


def test_a_tree_that_loops_is_refused(booster: lightgbm.Booster) -> None:
    lines = text_of(booster).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(b"left_child="))
    children = lines[at].split(b"=")[1].split()
    lines[at] = b"left_child=" + b" ".join([b"0", *children[1:]])
    with pytest.raises(ModelRefused, match="not connected"):
        TreeModel.from_text(b"\n".join(lines))


@pytest.mark.parametrize("points", range(1, 17))
def test_quadrature_is_exact_up_to_its_degree(points: int) -> None:
    nodes, weights = tree_tables.quadrature(2 * points)
    for degree in range(2 * points):
        integral = math.fsum(w * t**degree for w, t in zip(weights[points - 1], nodes[points - 1], strict=True))
        assert integral == pytest.approx(1 / (degree + 1), abs=1e-15)


def test_logistic_does_not_overflow() -> None:
    assert trees.logistic(-1000.0) == 0.0
    assert trees.logistic(0.0) == 0.5
