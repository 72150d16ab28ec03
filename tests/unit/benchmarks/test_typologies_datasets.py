"""Labelled files of the publishers' layouts: labels and typologies found, figures right, and what is refused."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from aml.features import FEATURES
from aml.files import BrokenRow, FileUnreadable, read_labelled
from aml.generator import Payment, generate
from aml.parameters import MonitoringParameters
from aml.scoring import MODEL_FOLDER, Observation, observe, predict
from aml.transaction import Channel
from benchmarks.typologies_datasets import LEAST, fitted, main
from benchmarks.typologies_kinds import UNNAMED, data_set

Write = Callable[[Path, Sequence[Payment]], Path]
_AMLWORLD = (
    "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,Payment Currency,"
    "Payment Format,Is Laundering"
)
_SAML_D = (
    "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,Sender_bank_location,"
    "Receiver_bank_location,Payment_type,Is_laundering,Laundering_type"
)


@pytest.fixture(scope="module")
def payments() -> list[Payment]:
    """A small world; what its publishers' layouts have no column for is left out of them."""
    return generate(11, people=80, days=30)


def table(path: Path, header: str, rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def amlsim(folder: Path, payments: Sequence[Payment]) -> Path:
    def cells(number: int, payment: Payment) -> list[object]:
        made = payment.transaction
        when = made.booked_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return [number, made.debtor_account, made.creditor_account, "WIRE", made.money.amount, when]

    header = "tran_id,orig_acct,bene_acct,tx_type,base_amt,tran_timestamp"
    rows = [(cells(number, payment), payment) for number, payment in enumerate(payments)]
    table(
        folder / "small_alert_transactions.csv",
        f"alert_id,alert_type,is_sar,{header}",
        ([payment.scheme, payment.kind, "True", *row] for row, payment in rows if payment.laundering),
    )
    return table(
        folder / "small_transactions.csv",
        f"{header},is_sar,alert_id",
        ([*row, str(payment.laundering), payment.scheme or -1] for row, payment in rows),
    )


def amlworld(folder: Path, payments: Sequence[Payment]) -> Path:
    def cells(payment: Payment) -> list[object]:
        made = payment.transaction
        when, amount = made.booked_at.strftime("%Y/%m/%d %H:%M"), made.money.amount
        sides = ["010", made.debtor_account, "021", made.creditor_account]
        return [when, *sides, amount, "Euro", amount, "Euro", "Wire", int(payment.laundering)]

    schemes: dict[int, list[Payment]] = {}
    for payment in payments:
        if payment.laundering:
            schemes.setdefault(payment.scheme, []).append(payment)
    with (folder / "HI-Small_Patterns.txt").open("w") as stream:
        for scheme in schemes.values():
            name = scheme[0].kind.upper()
            stream.write(f"BEGIN LAUNDERING ATTEMPT - {name}:  Max {len(scheme)} payments\n")
            stream.writelines(",".join(map(str, cells(payment))) + "\n" for payment in scheme)
            stream.write(f"END LAUNDERING ATTEMPT - {name}\n\n")
    return table(folder / "HI-Small_Trans.csv", _AMLWORLD, map(cells, payments))


def saml_d(folder: Path, payments: Sequence[Payment]) -> Path:
    words = {
        Channel.CASH_DEPOSIT: "Cash Deposit",
        Channel.CASH_WITHDRAWAL: "Cash Withdrawal",
        Channel.CARD: "Debit card",
    }

    def cells(payment: Payment) -> list[object]:
        made = payment.transaction
        when = [made.booked_at.strftime("%H:%M:%S"), made.booked_at.strftime("%Y-%m-%d")]
        sides = [made.debtor_account, made.creditor_account]
        amount = [made.money.amount, "UK pounds", "UK pounds", "UK", "UK", words.get(made.channel, "ACH")]
        return [*when, *sides, *amount, int(payment.laundering), payment.kind or "Normal_Small_Fan_Out"]

    return table(folder / "SAML-D.csv", _SAML_D, map(cells, payments))


LAYOUTS = [pytest.param(amlsim, str, id="amlsim"), pytest.param(amlworld, str.upper, id="amlworld")]
LAYOUTS += [pytest.param(saml_d, str, id="saml-d")]


@pytest.mark.parametrize(("write", "named"), LAYOUTS)
def test_labels_and_typologies_are_found_in_each_layout(
    tmp_path: Path, payments: list[Payment], write: Write, named: Callable[[str], str]
) -> None:
    file = write(tmp_path, payments)
    for given in (file, tmp_path):
        rows = list(data_set(given).rows())
        assert not [row for row in rows if isinstance(row, BrokenRow)]
        said = [(row.laundering, row.kind) for row in rows if not isinstance(row, BrokenRow)]
        assert said == [(payment.laundering, named(payment.kind)) for payment in payments]


@pytest.mark.parametrize(("write", "named"), LAYOUTS)
def test_the_report_has_the_figures_of_the_file(
    tmp_path: Path,
    payments: list[Payment],
    write: Write,
    named: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Counted here anew: the payments by kind, those alerted first, and what each typology was found by."""
    file, out = write(tmp_path, payments), tmp_path / "figures.json"
    assert main([str(file), "--regime", "EU", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    shipped, kinds = report["shipped"], Counter(named(payment.kind) for payment in payments if payment.laundering)
    assert (shipped["transactions"], shipped["laundering"]) == (len(payments), sum(kinds.values()))
    assert {kind: row["transactions"] for kind, row in shipped["by_kind"].items()} == kinds
    assert sum(tenth["transactions"] for tenth in shipped["calibration"]["bins"]) == len(payments)
    printed = capsys.readouterr().out
    for kind in kinds:
        assert f"\n{kind} " in printed
    assert set(report["not_evaluated"]) >= {"peer_deviation", "cuckoo_smurfing"}
    assert ("high_risk_jurisdiction" in report["not_evaluated"]) == (write is not saml_d)
    for name, found in report["found"].items():
        assert ("not_evaluated" in found) == (name in report["not_evaluated"])
    assert "peer_deviation             not evaluated: no transaction has debtor_segment" in printed


def test_figures_are_those_that_a_count_by_hand_gives(tmp_path: Path, payments: list[Payment]) -> None:
    file, out = saml_d(tmp_path, payments), tmp_path / "figures.json"
    assert main([str(file), "--regime", "EU", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    import jurisdictions
    from jurisdictions.indicative_rates import indicative_rates
    from jurisdictions.monitoring import monitoring_parameters

    rows = [row for row in read_labelled(file) if not isinstance(row, BrokenRow)]
    today = rows[-1].transaction.booked_at.date()
    parameters = monitoring_parameters(jurisdictions.regime("EU", today), indicative_rates("EUR"))
    observation = Observation(parameters)
    observation.add(rows)
    features = observation.observed().features
    scores = predict((MODEL_FOLDER / "model.txt").read_bytes(), features)
    first = sorted(range(len(rows)), key=lambda i: (-scores[i], i))
    bad = [payment.laundering for payment in payments]
    looked_at = first[: round(len(rows) * 0.01)]
    right = sum(bad[i] for i in looked_at)
    shipped = report["shipped"]
    assert shipped["recall_at_1%"] == round(right / sum(bad), 4)
    assert shipped["precision_at_1%"] == round(right / len(looked_at), 4)
    alerted = [i for i in range(len(rows)) if scores[i] >= 0.5]
    hits = sum(bad[i] for i in alerted)
    assert shipped["f1"]["at_threshold"] == round(2 * hits / (len(alerted) + sum(bad)), 4)
    found = [i for i in range(len(rows)) if features[i, FEATURES.index("hit_pass_through")] > 0]
    assert found
    assert report["found"]["pass_through"]["transactions"] == len(found)
    assert report["found"]["pass_through"]["laundering"] == sum(bad[i] for i in found)


def test_laundering_that_the_second_file_does_not_name_says_so(tmp_path: Path, payments: list[Payment]) -> None:
    file = amlworld(tmp_path, payments)
    patterns = file.with_name("HI-Small_Patterns.txt")
    kept = patterns.read_text().split("END LAUNDERING ATTEMPT")[0]
    other = tmp_path / "some.txt"
    other.write_text(kept)
    patterns.unlink()
    alone = Counter(row.kind for row in data_set(file).rows() if not isinstance(row, BrokenRow) and row.laundering)
    assert set(alone) == {UNNAMED}
    kinds = Counter(
        row.kind for row in data_set(file, other).rows() if not isinstance(row, BrokenRow) and row.laundering
    )
    first = next(payment for payment in payments if payment.laundering)
    assert kinds[first.kind.upper()] == sum(payment.scheme == first.scheme for payment in payments)
    assert kinds[UNNAMED] == sum(alone.values()) - kinds[first.kind.upper()]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"p.csv": "tran_id,orig_acct,bene_acct,tx_type,base_amt,tran_timestamp\n"}, "without the column 'is_sar'"),
        ({"p.csv": "a,b\n1,2\n"}, "none of the known layouts"),
        ({"small_alert_transactions.csv": "alert_id,alert_type,is_sar,tran_id\n"}, "holds no .csv or .parquet"),
        ({}, "holds no .csv or .parquet"),
        (dict.fromkeys(("a.csv", "b.csv"), _SAML_D + "\n"), "a.csv, b.csv: give one of them"),
        ({"p.csv": _SAML_D + "\n"}, "no payment that can be read"),
    ],
)
def test_a_folder_that_cannot_be_measured_says_what_to_do(
    tmp_path: Path, files: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert main([str(tmp_path)]) == 1
    assert says in capsys.readouterr().err


def test_files_that_are_refused_by_themselves(tmp_path: Path, payments: list[Payment]) -> None:
    honest = [replace(payment, kind="", scheme=0) for payment in payments[:200]]
    file = amlworld(tmp_path, honest)
    with pytest.raises(FileUnreadable, match="has no line BEGIN LAUNDERING"):
        data_set(file)
    file.with_name("HI-Small_Patterns.txt").unlink()
    assert main([str(file)]) == 1
    with pytest.raises(FileUnreadable, match=r"nowhere\.txt does not exist"):
        data_set(file, tmp_path / "nowhere.txt")
    with pytest.raises(FileUnreadable, match="does not exist"):
        data_set(tmp_path / "nowhere.csv")
    broken = tmp_path / "broken.txt"
    broken.write_text("BEGIN LAUNDERING ATTEMPT - CYCLE\n2022/09/01 00:03,010,A\nEND LAUNDERING ATTEMPT - CYCLE\n")
    with pytest.raises(FileUnreadable, match="3 cells"):
        data_set(file, broken)
    amlsim(tmp_path, payments[:50])
    with pytest.raises(FileUnreadable, match="has the alerts only"):
        data_set(tmp_path / "small_alert_transactions.csv")


def test_a_model_of_the_file_is_trained_on_its_past_and_measured_on_its_future() -> None:
    world = observe(generate(12, people=150, days=60), MonitoringParameters("EUR", Decimal(10_000)))
    shipped = (MODEL_FOLDER / "model.txt").read_bytes()
    report = fitted(world, shipped, (0.5, 0.75), 30)
    parts = [report[name] for name in ("trained_on", "threshold_chosen_on", "measured_on")]
    assert sum(part["transactions"] for part in parts) == len(world.laundering)
    assert sum(part["laundering"] for part in parts) == int(world.laundering.sum())
    late = world.day >= np.quantile(world.day, 0.75)
    assert parts[2] == {"transactions": int(late.sum()), "laundering": int(world.laundering[late].sum())}
    chance = parts[2]["laundering"] / parts[2]["transactions"]
    assert report["fitted"]["average_precision"] > 5 * chance
    assert report["fitted"]["f1"]["at_threshold"] <= report["fitted"]["f1"]["best"]
    assert report["shipped"]["transactions"] == parts[2]["transactions"]
    assert report == fitted(world, shipped, (0.5, 0.75), 30), "the same file gives the same figures"


def test_too_little_laundering_is_not_learned_from(tmp_path: Path, payments: list[Payment]) -> None:
    """All of it within the first days, as in AMLSim's file: then nothing is left to measure on."""
    last = payments[0].transaction.booked_at + timedelta(days=10)
    kept = [p for p in payments if not p.laundering or p.transaction.booked_at < last]
    out = tmp_path / "figures.json"
    assert main([str(amlsim(tmp_path, kept)), "--fit", "--json", str(out)]) == 0
    fit = json.loads(out.read_text())["fit"]
    assert fit["measured_on"]["laundering"] < LEAST
    assert f"below {LEAST}" in fit["not_fitted"]
    assert "fitted" not in fit
