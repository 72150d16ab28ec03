"""Transaction files: each known header, and every way a row can be broken, with row, column and what to do."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars
import pytest

from aml.files import BrokenRow, FileUnreadable, Labelled, Reading, labelled_layout, read_labelled, read_transactions
from aml.money import Money
from aml.transaction import Channel, Transaction

HEADER = "transaction_id,booked_at,debtor_account,creditor_account,amount,currency,channel\n"
GOOD = "t1,2026-01-31T12:00:00+00:00,A,B,12.50,EUR,cash_deposit\n"


def written(folder: Path, text: str, name: str = "payments.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_our_own_header(tmp_path: Path) -> None:
    assert list(read_transactions(written(tmp_path, HEADER + GOOD))) == [
        Transaction(
            "t1",
            datetime(2026, 1, 31, 12, tzinfo=UTC),
            "A",
            "B",
            Money(Decimal("12.50"), "EUR"),
            Channel.CASH_DEPOSIT,
        )
    ]


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("t2,2026-01-31T12:00:00+00:00,A,B,-5,EUR,wire", "amount", "not above zero"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,0,EUR,wire", "amount", "not above zero"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,five,EUR,wire", "amount", "is not an amount"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,1.234,EUR,wire", "amount", "more decimals"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,NaN,EUR,wire", "amount", "not a number"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,5,EURO,wire", "currency", "ISO 4217"),
        ("t2,2026-01-31T12:00:00,A,B,5,EUR,wire", "booked_at", "no time zone"),
        ("t2,yesterday,A,B,5,EUR,wire", "booked_at", "is not a time"),
        ("t2,2026-01-31T12:00:00+00:00,,B,5,EUR,wire", "debtor_account", "is empty"),
        (",2026-01-31T12:00:00+00:00,A,B,5,EUR,wire", "transaction_id", "is empty"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,5,EUR,pigeon", "channel", "is none of"),
        ("t2,2026-01-31T12:00:00+00:00,A,B,5", "", "5 cells where the header has 7"),
    ],
)
def test_a_broken_row_names_row_and_column_and_the_rest_goes_on(
    tmp_path: Path, row: str, column: str, says: str
) -> None:
    rows = list(read_transactions(written(tmp_path, HEADER + GOOD + row + "\n" + GOOD)))
    assert isinstance(rows[0], Transaction)
    assert isinstance(rows[2], Transaction)
    broken = rows[1]
    assert isinstance(broken, BrokenRow)
    assert (broken.file, broken.row, broken.column) == ("payments.csv", 3, column)
    assert says in broken.problem


def test_amlsim(tmp_path: Path) -> None:
    text = (
        "tran_id,orig_acct,bene_acct,tx_type,base_amt,tran_timestamp,is_sar,alert_id\n"
        "1,50,62,WIRE,234.08,2011-01-01T00:00:00Z,True,0\n2,80,77,DEPOSIT,979.21,2011-01-01T00:00:00Z,False,-1\n"
    )
    first, second = read_labelled(written(tmp_path, text))
    assert isinstance(first, Labelled)
    assert isinstance(second, Labelled)
    assert (first.laundering, second.laundering) == (True, False)
    assert (first.transaction.channel, second.transaction.channel) == (Channel.WIRE, Channel.TRANSFER)
    assert second.transaction.money == Money(Decimal("979.21"), "USD")


def test_amlworld(tmp_path: Path) -> None:
    text = (
        "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,Payment Currency,"
        "Payment Format,Is Laundering\n"
        "2022/09/01 00:20,010,8000EBD30,012,8000EBD31,3697.34,US Dollar,3697.345,Yen,ACH,1\n"
    )
    (row,) = read_labelled(written(tmp_path, text))
    assert isinstance(row, Labelled)
    assert row.laundering
    assert row.transaction.money == Money(Decimal(3697), "JPY")
    assert (row.transaction.debtor_account, row.transaction.creditor_account) == ("010 8000EBD30", "012 8000EBD31")
    assert row.transaction.transaction_id == "payments.csv:2"
    assert row.transaction.booked_at == datetime(2022, 9, 1, 0, 20, tzinfo=UTC)


def test_a_copy_that_pandas_wrote_names_the_second_account_otherwise(tmp_path: Path) -> None:
    """A Parquet file cannot have two columns of one name, so such copies of AMLworld have `Account.1`."""
    cells = {
        "Timestamp": "2022/09/01 00:20",
        "From Bank": "010",
        "Account": "8000EBD30",
        "To Bank": "012",
        "Account.1": "8000EBD31",
        "Amount Paid": "12.5",
        "Payment Currency": "Euro",
        "Payment Format": "Wire",
        "Is Laundering": "0",
    }
    path = tmp_path / "copy.parquet"
    polars.DataFrame({name: [cell] for name, cell in cells.items()}).write_parquet(path)
    (row,) = read_labelled(path)
    assert isinstance(row, Labelled)
    assert (row.transaction.creditor_account, row.laundering) == ("012 8000EBD31", False)
    assert labelled_layout(path).name == "amlworld"


def test_a_file_without_labels_says_which_column_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="without the column 'label'"):
        labelled_layout(written(tmp_path, HEADER + GOOD))
    with pytest.raises(FileUnreadable, match="none of the known layouts"):
        labelled_layout(written(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(FileUnreadable, match="cannot be read"):
        labelled_layout(tmp_path / "nowhere.csv")
    with pytest.raises(FileUnreadable, match="not a Parquet file"):
        labelled_layout(written(tmp_path, "PAR", "x.parquet"))


def test_saml_d(tmp_path: Path) -> None:
    text = (
        "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,Sender_bank_location,"
        "Receiver_bank_location,Payment_type,Is_laundering,Laundering_type\n"
        "10:35:19,2022-10-07,8724731955,2769355426,1459.15,UK pounds,UK pounds,UK,UAE,Cash Deposit,0,Normal_Fan_Out\n"
    )
    (row,) = read_labelled(written(tmp_path, text))
    assert isinstance(row, Labelled)
    assert (row.laundering, row.kind) == (False, "Normal_Fan_Out")
    assert (row.transaction.debtor_country, row.transaction.creditor_country) == ("GB", "AE")
    assert row.transaction.channel is Channel.CASH_DEPOSIT


def test_parquet_and_folders_read_like_csv(tmp_path: Path) -> None:
    polars.DataFrame(
        {
            "transaction_id": ["p1", "p2"],
            "booked_at": [datetime(2026, 1, 1, tzinfo=UTC), None],
            "debtor_account": ["A", "A"],
            "creditor_account": ["B", "B"],
            "amount": [Decimal("1.50"), Decimal("2.50")],
            "currency": ["EUR", "EUR"],
        }
    ).write_parquet(tmp_path / "b.parquet")
    written(tmp_path, HEADER + GOOD, "a.csv")
    rows = list(read_transactions(tmp_path))
    assert [row.transaction_id for row in rows if isinstance(row, Transaction)] == ["t1", "p1"]
    assert isinstance(rows[2], BrokenRow)
    assert (rows[2].row, rows[2].column) == (2, "booked_at")


def test_a_mapping_reads_any_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "Nr,Datum,Von,An,Betrag\n7,2026-01-31T12:00:00+01:00,A,B,12.50\n")
    mapping = {
        "transaction_id": "Nr",
        "booked_at": "Datum",
        "debtor_account": "Von",
        "creditor_account": "An",
        "amount": "Betrag",
        "currency": "=CHF",
    }
    (row,) = read_transactions(path, mapping)
    assert isinstance(row, Transaction)
    assert row.money == Money(Decimal("12.50"), "CHF")
    with pytest.raises(FileUnreadable, match="no column Betreff"):
        list(read_transactions(path, {**mapping, "purpose": "Betreff"}))


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n"])
def test_a_file_that_is_no_transactions_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileUnreadable):
        list(read_transactions(written(tmp_path, text)))
    with pytest.raises(FileUnreadable, match="does not exist"):
        list(read_transactions(tmp_path / "nowhere.csv"))


@pytest.mark.real_data
def test_the_real_amlsim_file_reads_whole(real_data: Path) -> None:
    rows = list(read_labelled(real_data / "transactions" / "amlsim_transactions.csv"))
    assert len(rows) == 10_333
    assert all(isinstance(row, Labelled) for row in rows)
    assert sum(row.laundering for row in rows if isinstance(row, Labelled)) == 51


def test_folders_of_partitions_give_their_columns_and_rows_are_skipped_across_files(tmp_path: Path) -> None:
    rows = [(f"t{i}", f"2026-01-{1 + i:02d}T00:00:00+00:00", "A", "B", f"{i + 1}.00") for i in range(9)]
    names = ["transaction_id", "booked_at", "debtor_account", "creditor_account", "amount"]
    for number, part in enumerate((rows[:4], rows[4:6])):
        folder = tmp_path / f"month={number}" / "currency=EUR"
        folder.mkdir(parents=True)
        polars.DataFrame(part, schema=names, orient="row").write_parquet(folder / "part-0.parquet")
    last = tmp_path / "month=2" / "currency=USD"
    last.mkdir(parents=True)
    lines = [",".join(names), *(",".join(row) for row in rows[6:8]), "", "short", ",".join(rows[8])]
    (last / "part-0.csv").write_text("\n".join(lines) + "\n")
    reading = Reading()
    whole = list(read_transactions(tmp_path, reading=reading))
    read = [row for row in whole if isinstance(row, Transaction)]
    assert [row.transaction_id for row in read] == [row[0] for row in rows]
    assert [row.money.currency for row in read] == ["EUR"] * 6 + ["USD"] * 3
    assert reading.done == reading.total == sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file())
    for skip in range(len(whole) + 2):
        assert list(read_transactions(tmp_path, skip=skip)) == whole[skip:]
