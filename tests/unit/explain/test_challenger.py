"""Champion and challenger on the same rows."""

import lightgbm
import numpy as np
import pytest

from aml.customer_risk import FEATURES, RatingThresholds
from aml.customer_risk_training import PARAMETERS, invent_customers
from explain.challenger import compare
from explain.registry import load
from explain.trees import TreeModel
from tests.unit.explain.conftest import ROOT

CHAMPION = TreeModel.from_text(load(ROOT / "models" / "customer_risk").content)
CUTS = RatingThresholds().cuts()
PEOPLE = invent_customers(800, 5)
MATRIX = PEOPLE.matrix()


def rival(names: tuple[str, ...]) -> TreeModel:
    columns = MATRIX[:, [FEATURES.index(name) for name in names]]
    settings = {key: value for key, value in PARAMETERS.items() if not key.startswith("monotone")}
    data = lightgbm.Dataset(columns, label=PEOPLE.labels, feature_name=list(names))
    return TreeModel.from_text(lightgbm.train(settings, data, 10).model_to_string().encode())


def test_a_model_agrees_with_itself() -> None:
    result = compare(CHAMPION, CHAMPION, MATRIX, CUTS)
    assert result.agreement == 1.0
    assert result.mean_difference == result.largest_difference == 0.0
    assert result.rank_correlation == pytest.approx(1.0)
    assert sum(result.bands.values()) == result.rows == 800


def test_features_are_matched_by_name_not_by_place() -> None:
    names = tuple(reversed(FEATURES))
    challenger = rival(names)
    result = compare(CHAMPION, challenger, MATRIX, CUTS)
    direct = [challenger.score(m) for m in challenger.explain(MATRIX[:, ::-1]).margin.tolist()]
    ours = [CHAMPION.score(m) for m in CHAMPION.explain(MATRIX).margin.tolist()]
    assert result.mean_difference == pytest.approx(np.mean(np.array(direct) - np.array(ours)))
    assert 0.2 < result.rank_correlation < 1.0
    assert 0.5 < result.agreement < 1.0


def test_a_challenger_may_use_fewer_features_but_none_that_is_unknown() -> None:
    fewer = rival(FEATURES[:6])
    assert compare(CHAMPION, fewer, MATRIX, CUTS).rows == 800
    with pytest.raises(ValueError, match="not recorded: channel_risk"):
        compare(rival(FEATURES[2:]), rival(FEATURES[1:]), MATRIX[:, 2:], CUTS)
    with pytest.raises(ValueError, match="no rows"):
        compare(CHAMPION, fewer, MATRIX[:0], CUTS)
