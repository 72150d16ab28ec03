"""The reference model and the alert table: reproducible, honest about their data, and no model silences a rule."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aml.features import FEATURES
from aml.generator import generate
from aml.scoring import MODEL_FOLDER, AlertParameters, alert_facts, alert_table, observe, predict, train
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
    assert scores[world.laundering].mean() > 0.4
    assert scores[~world.laundering].mean() < 0.05


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
