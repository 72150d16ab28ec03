"""The reference model and the alert table: reproducible, honest about their data, and no model silences a rule."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aml.features import FEATURES
from aml.generator import generate
from aml.quality import (
    Observed,
    average_precision,
    best_threshold,
    f1,
    measured,
    recall_at_rate,
    with_hindsight,
)
from aml.scoring import MODEL_FOLDER, AlertParameters, Observation, alert_facts, alert_table, observe, predict, train
from aml.training import joined, since
from explain.record import RuleTable, sha256_hex
from tests.unit.monitoring.streams import PARAMETERS, found, pay


def test_the_stored_model_is_the_one_its_card_describes() -> None:
    card = json.loads((MODEL_FOLDER / "card.json").read_text())
    model = (MODEL_FOLDER / "model.txt").read_bytes()
    assert card["sha256"] == sha256_hex(model)
    assert tuple(card["features"]) == FEATURES
    assert card["data"].startswith("Generated")


def test_the_stored_model_ranks_laundering_high_in_a_world_it_never_saw() -> None:
    world = observe(generate(4711, people=200, days=40), PARAMETERS)
    scores = predict((MODEL_FOLDER / "model.txt").read_bytes(), world.features)
    assert average_precision(scores, world.laundering) > 0.4
    assert recall_at_rate(scores, world.laundering, 0.05) > 0.8
    assert scores[~world.laundering].mean() < world.laundering.mean(), "nor are days without history suspicious"


def test_training_gives_the_same_bytes_twice() -> None:
    world = observe(generate(5, people=60, days=20), PARAMETERS)
    assert train(world.features, world.laundering, trees=5) == train(world.features, world.laundering, trees=5)


def test_a_high_score_alerts_and_a_low_one_does_not() -> None:
    table = alert_table(AlertParameters(score=0.5))
    assert table.outcome(alert_facts(0.5, ())) == "alert"
    assert table.outcome(alert_facts(0.49, ())) == "none"
    assert RuleTable.from_bytes(table.to_bytes()) == table


def test_a_strong_typology_alerts_whatever_the_model_says() -> None:
    hits = found([pay(i, i, f"a{i}", f"a{(i + 1) % 4}", "1000") for i in range(4)], "cycle")
    facts = alert_facts(0.0, hits)
    table = alert_table(AlertParameters())
    assert table.outcome(facts) == "alert"
    assert [rule.name for rule in table.fired(facts)] == ["graph_typology"]


@pytest.mark.parametrize(("score", "outcome"), [(0.3, "alert"), (0.1, "none")])
def test_an_unknown_account_alerts_at_half_the_score(score: float, outcome: str) -> None:
    assert alert_table(AlertParameters()).outcome(alert_facts(score, (), frozenset({"UNKNOWN_ACCOUNT"}))) == outcome


def test_the_background_and_the_facts_have_the_same_names() -> None:
    table = alert_table(AlertParameters())
    assert all(set(vector) == set(alert_facts(0.1, ())) for vector in table.background)
    assert {table.outcome(vector) for vector in table.background} == {"none", "alert"}


def test_the_engine_runs_without_lightgbm() -> None:
    code = (
        "import sys; sys.modules['lightgbm'] = None\n"
        "import aml.engine, aml.scoring, aml.files, aml.generator\n"
        "assert not {'temporalio', 'fastapi', 'psycopg', 'pydantic', 'sklearn', 'pandas'} & set(sys.modules)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_features_never_look_forward() -> None:
    payments = generate(6, people=60, days=15)
    whole = observe(payments, PARAMETERS)
    half = observe(payments[: len(payments) // 2], PARAMETERS)
    assert np.array_equal(whole.features[: len(half.features)], half.features)


SCORES = np.array([0.9, 0.8, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0])
LAUNDERING = np.array([1, 0, 1, 1, 0, 0, 0, 1, 0, 0], np.bool_)


def test_f1_and_the_threshold_that_is_best_for_it() -> None:
    """Alerts from 0.5 on are 4, 3 of them right, of 4 to be found: precision and recall are 3/4."""
    assert f1(SCORES, LAUNDERING, 0.5) == pytest.approx(0.75)
    assert f1(SCORES, LAUNDERING, 0.95) == 0.0
    assert best_threshold(SCORES, LAUNDERING) == 0.6
    every = [f1(SCORES, LAUNDERING, threshold) for threshold in SCORES]
    assert f1(SCORES, LAUNDERING, best_threshold(SCORES, LAUNDERING)) == max(every)


def test_between_equal_scores_no_threshold_is_chosen() -> None:
    """The first of the two with 0.5 is laundering: F1 would be 1 if alerts could end between them."""
    scores, laundering = np.array([0.5, 0.5, 0.1]), np.array([True, False, False])
    assert best_threshold(scores, laundering) == 0.5
    assert f1(scores, laundering, 0.5) == pytest.approx(2 / 3)


def test_figures_by_kind_beside_the_rules() -> None:
    """Rules alert on the second and third payment, so on one of two of the kind; the score's first two have both."""
    kinds = ("fan", "", "fan", "ring", "", "", "", "ring", "", "")
    ruled = np.isin(np.arange(10), (1, 2))
    rows = Observed(
        np.zeros((10, 1), np.float32), LAUNDERING, np.arange(10.0), kinds, ruled, ruled, np.array([[0, 2], [4, 3]])
    )
    figures = measured(np.array([0.9, 0.2, 0.8, *SCORES[3:]]), rows)
    fan = figures["by_kind"]["fan"]
    assert set(figures["by_kind"]) == {"fan", "ring"}
    assert (fan["transactions"], fan["average_precision"]) == (2, 1.0)
    assert fan["rules_alone"] == {
        "alert_rate": 0.25,
        "recall": 0.5,
        "precision": 0.5,
        "recall_of_the_score_at_their_rate": 1.0,
        "lift": 2.0,
    }
    assert figures["by_kind"]["ring"]["rules_alone"]["lift"] is None
    assert figures["rules_alone"]["alert_rate"] == 0.2
    assert figures["f1"]["at_threshold"] == pytest.approx(2 * 3 / (3 + 4), abs=1e-4)


def test_with_hindsight_a_row_has_the_highest_score_that_names_it() -> None:
    """The first and second are named by the third, the second by the fourth too; the fourth's own is the highest."""
    scores = np.array([0.1, 0.2, 0.4, 0.3])
    proved = np.array([[0, 2], [1, 2], [1, 3]])
    assert with_hindsight(scores, proved).tolist() == [0.4, 0.4, 0.4, 0.3]
    assert with_hindsight(scores, proved[:0]).tolist() == scores.tolist()


def test_what_proves_a_row_follows_it_into_parts_of_a_world_and_joined_worlds() -> None:
    world = observe(generate(8, people=60, days=15), PARAMETERS)
    assert len(world.proved) > 10
    assert (world.proved[:, 0] < world.proved[:, 1]).all()
    late = since(world, 5.0)
    left = int((world.day < 5.0).sum())
    inside = world.proved[(world.proved >= left).all(1)]
    assert np.array_equal(late.proved + left, inside)
    both = joined([world, late])
    assert np.array_equal(both.proved, np.concatenate([world.proved, late.proved + len(world.day)]))


def test_a_world_in_batches_is_the_world_in_one_and_doubles_are_left_out(tmp_path: Path) -> None:
    payments = generate(8, people=60, days=15)
    whole = observe(payments, PARAMETERS)
    with (tmp_path / "features").open("w+b") as spool:
        observation = Observation(PARAMETERS, spool=spool)
        for start in range(0, len(payments), 500):
            observation.add(payments[start : start + 500])
        observation.add(payments[-3:])
        parts = observation.observed()
        assert observation.duplicates == 3
        assert np.array_equal(parts.features, whole.features)
        assert parts.kinds == whole.kinds
        assert np.array_equal(parts.proved, whole.proved)
        assert np.array_equal(parts.day, whole.day)
        assert np.array_equal(parts.ruled, whole.ruled)
