"""The customer's risk: features, labels, training and rating."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from aml.customer_risk import (
    FEATURES,
    Channel,
    CustomerFacts,
    Occupation,
    Product,
    RatingThresholds,
    features,
    rating,
)
from aml.customer_risk_training import invent_customers, train
from explain.bands import band
from explain.trees import TreeModel

MODEL = Path(__file__).parents[3] / "models" / "customer_risk"
PLAIN = CustomerFacts(
    "standard",
    Channel.ONLINE,
    Product.CURRENT_ACCOUNT,
    Occupation.EMPLOYED,
    2_000.0,
    20.0,
    0.05,
    0.02,
    3_000.0,
    3.0,
    70.0,
)


def test_no_protected_attribute_is_a_feature() -> None:
    protected = ("sex", "gender", "nationality", "religion", "birth", "race", "ethnic", "marital", "disab", "language")
    fields = (*FEATURES, *CustomerFacts.__slots__)
    assert not [name for name in fields for word in protected if word in name]
    assert not [name for name in fields if name in ("age", "applicant_age", "name")]


def test_unknown_is_neither_zero_nor_a_guess() -> None:
    values = dict(zip(FEATURES, features(CustomerFacts(None)), strict=True))
    unknown = {name for name, value in values.items() if math.isnan(value)}
    assert set(FEATURES) - unknown == {"document_findings", "check_findings", "screening_strength"}


def test_volume_is_compared_with_income() -> None:
    assert dict(zip(FEATURES, features(PLAIN), strict=True))["volume_to_income"] == 2_000.0 / 3_000.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"expected_cash_share": 1.2},
        {"expected_foreign_share": -0.1},
        {"expected_monthly_volume": -1.0},
        {"monthly_income": math.inf},
        {"screening_strength": "weak"},
    ],
)
def test_impossible_facts_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        features(CustomerFacts("standard", **wrong))
    with pytest.raises(ValueError, match="none of"):
        features(CustomerFacts("dangerous"))


def test_the_same_seed_invents_the_same_customers() -> None:
    first, second, other = invent_customers(50, 1), invent_customers(50, 1), invent_customers(50, 2)
    assert first.facts == second.facts
    assert first.facts != other.facts
    assert np.array_equal(first.labels, second.labels)


def test_risky_customers_score_higher() -> None:
    model = TreeModel.from_text((MODEL / "model.txt").read_bytes())
    risky = CustomerFacts("high", Channel.ONLINE, Product.CRYPTO, Occupation.CASH_BUSINESS, 20_000.0, 20.0, 0.8)
    low = model.probability(model.explanation(features(PLAIN)).output)
    high = model.probability(model.explanation(features(risky)).output)
    assert rating(low, RatingThresholds()) == "low"
    assert rating(high, RatingThresholds()) == "high"


@pytest.mark.parametrize("name", ["residence_risk", "product_risk", "screening_strength", "expected_cash_share"])
def test_a_named_risk_never_lowers_the_score(name: str) -> None:
    model = TreeModel.from_text((MODEL / "model.txt").read_bytes())
    matrix = invent_customers(300, 77).matrix()
    column = FEATURES.index(name)
    lower, higher = matrix.copy(), matrix.copy()
    lower[:, column], higher[:, column] = 0.0, 1.0
    assert (model.explain(higher).margin >= model.explain(lower).margin).all()


@pytest.mark.parametrize(
    ("probability", "name"), [(0.0, "low"), (0.0999, "low"), (0.1, "medium"), (0.35, "high"), (1.0, "high")]
)
def test_ratings_begin_at_their_thresholds(probability: float, name: str) -> None:
    assert rating(probability, RatingThresholds()) == name
    assert band(probability, RatingThresholds().cuts()) == name


def test_thresholds_must_rise() -> None:
    with pytest.raises(ValueError, match="rise"):
        RatingThresholds(medium=0.5, high=0.4)


def test_training_again_gives_the_stored_bytes(tmp_path: Path) -> None:
    card = train(tmp_path)
    stored = json.loads((MODEL / "card.json").read_bytes())
    assert card["training"]["sha256"] == stored["training"]["sha256"]
    assert (tmp_path / "model.txt").read_bytes() == (MODEL / "model.txt").read_bytes()
