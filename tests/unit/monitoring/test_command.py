"""`clearance monitor` as its user meets it: a mapping file, a checkpoint, and words for what cannot be."""

import dataclasses
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from clearance.commands import Monitored, monitor_file
from clearance.settings import Settings


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    lines = [f"t{i},mule{i},A,2026-01-01T{i:02d}:00:00+00:00,900.00" for i in range(20)]
    path = tmp_path / "payments.csv"
    path.write_text("Nr,von,an,wann,Betrag\n" + "\n".join(lines) + "\nbroken,row\n")
    fields = {
        "transaction_id": "Nr",
        "debtor_account": "von",
        "creditor_account": "an",
        "booked_at": "wann",
        "amount": "Betrag",
        "currency": "=EUR",
    }
    (tmp_path / "mapping.json").write_text(json.dumps(fields))
    return path


def told(tmp_path: Path, asked: Monitored) -> tuple[int, str, str]:
    out, errors = StringIO(), StringIO()
    code = monitor_file(asked, Console(file=out, width=200), Console(file=errors, width=200), Settings(home=tmp_path))
    return code, out.getvalue(), errors.getvalue()


def test_a_mapped_file_with_a_checkpoint_gives_alerts_and_a_summary(tmp_path: Path, payments: Path) -> None:
    output, checkpoint = tmp_path / "alerts.jsonl", tmp_path / "checkpoint"
    asked = Monitored(payments, output, None, "EU", False, tmp_path / "mapping.json", checkpoint, 0.2)
    code, out, errors = told(tmp_path, asked)
    assert code == 0
    alerts = [json.loads(line) for line in output.read_text().splitlines()]
    assert "fan_in" in {typology["name"] for alert in alerts for typology in alert["typologies"]}
    assert "hits: fan_in" in out
    assert "not evaluated: sanctioned_counterparty" in out
    assert "skipped payments.csv, row 22" in errors
    assert not checkpoint.exists()


def test_a_broken_row_refuses_the_file_when_asked(tmp_path: Path, payments: Path) -> None:
    asked = Monitored(payments, tmp_path / "a.jsonl", None, "EU", True, tmp_path / "mapping.json", None, 7)
    code, _, errors = told(tmp_path, asked)
    assert code == 1
    assert "row 22" in errors


def test_what_cannot_be_is_said(tmp_path: Path, payments: Path) -> None:
    mapping = tmp_path / "mapping.json"
    code, _, errors = told(tmp_path, Monitored(payments, None, None, "EU", False, mapping, tmp_path / "c", 7))
    assert (code, "--checkpoint needs --output" in errors) == (1, True)
    mapping.write_text("[]")
    code, _, errors = told(tmp_path, Monitored(payments, None, None, "EU", False, mapping, None, 7))
    assert (code, "does not map our fields" in errors) == (1, True)
    code, _, errors = told(tmp_path, Monitored(payments, None, None, "EU", False, None, None, 7))
    assert (code, "none of the known layouts" in errors) == (1, True)
    (tmp_path / "other").write_bytes(b"something")
    asked = Monitored(payments, tmp_path / "a", None, "EU", False, None, tmp_path / "other", 7)
    code, _, errors = told(tmp_path, asked)
    assert (code, "no snapshot" in errors) == (1, True)


def test_foreign_payments_count_at_indicative_rates_or_at_the_users(tmp_path: Path, payments: Path) -> None:
    mapping, output, rates = tmp_path / "mapping.json", tmp_path / "alerts.jsonl", tmp_path / "rates.json"
    asked = Monitored(payments, output, None, "US", False, mapping, None, 7)
    code, _, errors = told(tmp_path, asked)
    assert (code, "EUR counted at indicative rates" in errors) == (0, True)
    indicative = [json.loads(line)["typologies"] for line in output.read_text().splitlines()]
    assert indicative[0][0]["currency"] == "USD"
    assert indicative[0][0]["amount"] != "0.00"
    rates.write_text('{"EUR": "2"}')
    code, _, errors = told(tmp_path, dataclasses.replace(asked, rates=rates))
    assert (code, "indicative" in errors) == (0, False)
    own = [json.loads(line)["typologies"] for line in output.read_text().splitlines()]
    assert Decimal(own[0][0]["amount"]) == Decimal(indicative[0][0]["amount"]) / Decimal("1.1") * 2
    rates.write_text('{"GBP": "1.2"}')
    code, _, errors = told(tmp_path, dataclasses.replace(asked, rates=rates))
    assert (code, "no rate for EUR" in errors) == (0, True)


@pytest.mark.parametrize("stated", ['{"EUR": "-1"}', '{"EUR": "x"}', '{"EUR": "NaN"}', '{"ZZZ": "1"}', "[1]", "{"])
def test_rates_that_are_none_are_refused_with_advice(tmp_path: Path, payments: Path, stated: str) -> None:
    rates = tmp_path / "rates.json"
    rates.write_text(stated)
    asked = Monitored(payments, tmp_path / "a.jsonl", None, "US", False, tmp_path / "mapping.json", None, 7, rates)
    code, _, errors = told(tmp_path, asked)
    assert code == 1
    assert "like" in errors or "ISO 4217" in errors
