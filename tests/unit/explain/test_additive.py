"""Additive models: their contributions are exact, and their bytes are read strictly."""

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aml.screening.scorer import Scorer, probability
from explain.additive import AdditiveModel, AdditiveModelRefused, explain_additive, interpolate
from explain.record import Method
from tests.unit.explain.conftest import ROOT

RAW = {
    "name": "screening",
    "version": "1",
    "features": ["name", "birth_date"],
    "intercept": -4.0,
    "shapes": {"name": [[0.0, -3.0], [0.5, 0.0], [1.0, 6.0]], "birth_date": [[-1.0, -4.0], [0.0, 0.0], [1.0, 2.5]]},
    "background": {"name": -2.5, "birth_date": -0.125},
    "missing": {"birth_date": 0.25},
}
MODEL = AdditiveModel.from_bytes(json.dumps(RAW).encode())


def test_contributions_are_shapes_less_their_background_means() -> None:
    explanation = explain_additive(MODEL, {"name": 0.75, "birth_date": 1.0})
    assert explanation.method is Method.ADDITIVE_EXACT
    assert explanation.base_value == -4.0 - 2.5 - 0.125
    assert [c.shap for c in explanation.contributions] == [3.0 + 2.5, 2.5 + 0.125]
    assert explanation.output == -4.0 + 3.0 + 2.5
    assert explanation.additivity_error < 1e-15
    assert MODEL.score(explanation.output) == 1 / (1 + math.exp(-1.5))


def test_a_missing_value_has_its_own_contribution() -> None:
    explanation = explain_additive(MODEL, {"name": None, "birth_date": None})
    assert explanation.output == -4.0 + 0.25
    assert [c.value for c in explanation.contributions] == [None, None]


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_contributions_add_up(name: float, birth: float) -> None:
    explanation = explain_additive(MODEL, {"name": name, "birth_date": birth})
    assert explanation.additivity_error < 1e-13


@pytest.mark.parametrize(("x", "y"), [(-9, -3.0), (0.0, -3.0), (0.25, -1.5), (0.5, 0.0), (1.0, 6.0), (9, 6.0)])
def test_shapes_are_linear_between_knots_and_flat_beyond(x: float, y: float) -> None:
    assert interpolate(MODEL.shapes["name"], x) == y


def test_bytes_round_trip() -> None:
    assert AdditiveModel.from_bytes(MODEL.to_bytes()) == MODEL
    assert AdditiveModel.from_bytes(MODEL.to_bytes()).ref() == MODEL.ref()


def test_identity_link_leaves_the_output_as_it_is() -> None:
    model = AdditiveModel.from_bytes(json.dumps({**RAW, "link": "identity"}).encode())
    assert model.score(3.75) == 3.75


@pytest.mark.parametrize(
    "change",
    [
        {"shapes": {"name": [[0, 1]]}},
        {"background": {"name": 0}},
        {"shapes": {**RAW["shapes"], "name": [[1, 0], [0, 1]]}},
        {"shapes": {**RAW["shapes"], "name": []}},
        {"features": ["name", "name"]},
        {"link": "probit"},
        {"intercept": "x"},
        {"intercept": math.nan},
    ],
)
def test_what_is_no_additive_model_is_refused(change: dict) -> None:
    with pytest.raises(AdditiveModelRefused):
        AdditiveModel.from_bytes(json.dumps({**RAW, **change}).encode())


def test_pickles_and_other_bytes_are_refused() -> None:
    for data in (b"\x80\x04", b"[]", b"{}", b"null"):
        with pytest.raises(AdditiveModelRefused):
            AdditiveModel.from_bytes(data)


def test_text_and_nan_are_no_values() -> None:
    for value in ("x", math.nan):
        with pytest.raises(ValueError, match="number or None"):
            explain_additive(MODEL, {"name": value, "birth_date": 0.0})
    with pytest.raises(KeyError):
        explain_additive(MODEL, {"name": 1.0})


def test_the_screening_scorer_and_its_explanation_have_the_same_bits() -> None:
    content = (ROOT / "models" / "screening" / "scorer.json").read_bytes()
    model, scorer = AdditiveModel.from_bytes(content), Scorer.from_bytes(content)
    draw = random.Random(1)
    for _ in range(500):
        values = {f: None if draw.random() < 0.2 else draw.uniform(-1.2, 1.2) for f in model.features}
        values["name_agreement"] = draw.uniform(0.0, 50.0)
        explanation = explain_additive(model, values)
        assert explanation.output == scorer.log_odds(values)
        assert explanation.additivity_error < 1e-13
        assert model.score(explanation.output) == probability(scorer.log_odds(values))
