"""A file through `monitor`: the alerts of the contract, once a pattern, with broken rows told and the rest done."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars
import pytest
from numpy.typing import NDArray

from aml.engine import Engine
from aml.feature_table import FeatureTable
from aml.features import FEATURES
from aml.files import BrokenRow, read_transactions
from aml.generator import generate, write_csv
from aml.monitor import BrokenRowRefused, Summary, monitor
from aml.scoring import AlertParameters, alert_table
from tests.unit.monitoring.streams import PARAMETERS, pay


class Calm(NamedTuple):
    margin: NDArray[np.float64]
    shap: NDArray[np.float64]


def calm(features: NDArray[np.float64]) -> Calm:
    """A model that finds nothing odd, so that what alerts is a typology."""
    return Calm(np.full(len(features), -5.0), np.full(features.shape, 0.01))


TABLE = alert_table(AlertParameters())


def test_a_generated_file_gives_alerts_with_their_evidence(tmp_path: Path) -> None:
    payments = generate(3, people=100, days=30)
    write_csv(tmp_path / "payments.csv", payments)
    summary, table = Summary(), FeatureTable(tmp_path / "features.parquet", FEATURES)
    rows = read_transactions(tmp_path / "payments.csv")
    alerts = list(monitor(rows, PARAMETERS, calm, TABLE, summary, on_features=table.add))
    assert summary.transactions == len(payments)
    assert summary.alerts == len(alerts) > 0
    ids = {payment.transaction.transaction_id for payment in payments}
    for alert in alerts:
        json.dumps(alert)
        assert alert["reasons"]
        for typology in alert["typologies"]:
            assert set(typology["transactions"]) <= ids
            assert alert["transaction"] in typology["transactions"]
    assert len({alert["alert_id"] for alert in alerts}) == len(alerts)
    table.finish()
    frame = polars.read_parquet(tmp_path / "features.parquet")
    expected = Engine(PARAMETERS).push([payment.transaction for payment in payments]).features
    assert np.array_equal(frame.drop("transaction_id").to_numpy(), expected)


def test_a_pattern_is_alerted_on_once_within_its_window() -> None:
    ring = [pay(i, i * 0.1, f"mule{i}", "A", "900") for i in range(30)]
    alerts = list(monitor(ring, PARAMETERS, calm, TABLE, Summary()))
    assert len([a for a in alerts if a["typologies"][0]["name"] == "fan_in"]) == 1


def test_broken_rows_are_told_and_skipped_or_refused() -> None:
    rows = [pay(1, 0, "A", "B", "5"), BrokenRow("f.csv", 3, "amount", "is not above zero"), pay(2, 1, "A", "B", "5")]
    summary = Summary()
    list(monitor(rows, PARAMETERS, calm, TABLE, summary))
    assert (summary.transactions, summary.broken_count) == (2, 1)
    assert str(summary.broken[0]) == "f.csv, row 3, column amount: is not above zero"
    with pytest.raises(BrokenRowRefused, match="row 3"):
        list(monitor(rows, PARAMETERS, calm, TABLE, Summary(), refuse_broken=True))
