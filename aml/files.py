"""Transactions from files: CSV and Parquet, whose header says what they are, and ISO 20022 messages.

A row that is no transaction says why and where, and is a value among the others, so that the rest goes on.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import polars

from aml.iso20022 import read_messages
from aml.layouts import CHANNELS, COUNTER_VALUE, LAYOUTS, OPTIONAL, REQUIRED, Layout, mapped
from aml.money import DECIMALS, InvalidMoney, Money, parse_money
from aml.rows import BrokenRow, FileUnreadable, Labelled, Reading
from aml.transaction import Channel, InvalidTransaction, Transaction

_SLICE = 65_536
"""Parquet rows read at a time."""
_TOLD = 4096
"""CSV rows between two words on how far the reading has come."""
_SUFFIXES = {".csv", ".parquet", ".xml"}

__all__ = [
    "BrokenRow",
    "FileUnreadable",
    "Labelled",
    "Reading",
    "files_of",
    "labelled_layout",
    "read_labelled",
    "read_transactions",
]


def read_transactions(
    path: Path, mapping: Mapping[str, str] | None = None, *, skip: int = 0, reading: Reading | None = None
) -> Iterator[Transaction | BrokenRow]:
    """The rows of a CSV, Parquet or ISO 20022 file, or of a folder of them in the order of their paths.

    `mapping` maps our fields to the file's columns (`{"amount": "Betrag", "currency": "=EUR"}`); without one the header
    decides. `skip` leaves out so many rows at the start, broken ones counted; `reading` is told how far it has come.
    Folders named like `currency=EUR` give all their rows that column. Raises `FileUnreadable` before the first row.
    """
    for row in _rows(path, mapping, skip, reading or Reading()):
        yield row.transaction if isinstance(row, Labelled) else row


def read_labelled(path: Path) -> Iterator[Labelled | BrokenRow]:
    """As `read_transactions`, with the labels of a labelled file."""
    return _rows(path, None, 0, Reading())


def labelled_layout(path: Path) -> Layout:
    """The layout of one CSV or Parquet file with labels. Raises `FileUnreadable`, with what to do about it."""
    header = _header(path)
    layout = _layout(path, header, None)
    if layout.label is None or layout.label not in header:
        raise FileUnreadable(
            f"{path} is {layout.name} without the column {layout.label!r}, which says what is laundering: give the "
            "file as it was published, or add that column with 1 for laundering and 0 for anything else"
        )
    return layout


def _header(path: Path) -> tuple[str, ...]:
    if path.suffix.lower() == ".parquet":
        try:
            return _unique(list(polars.read_parquet_schema(path)))
        except (OSError, polars.exceptions.PolarsError) as error:
            raise FileUnreadable(f"{path} is not a Parquet file: {error}") from None
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            return _unique(next(csv.reader(stream), ()))
    except (OSError, csv.Error) as error:
        raise FileUnreadable(f"{path} cannot be read: {error}") from None


def files_of(path: Path) -> list[Path]:
    """The files that are read for a path, in their order. Raises `FileUnreadable` where there is none."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
        if not files:
            raise FileUnreadable(f"{path} holds no .csv, .parquet or .xml file")
        return files
    if path.is_file():
        return [path]
    raise FileUnreadable(f"{path} does not exist")


def _rows(path: Path, mapping: Mapping[str, str] | None, skip: int, reading: Reading) -> Iterator[Labelled | BrokenRow]:
    files = files_of(path)
    reading.total = sum(file.stat().st_size for file in files)
    before = 0
    for file in files:
        kind = file.suffix.lower()
        reading.done = before
        if kind == ".parquet":
            rows, skip = _parquet(file, _constants(path, file), mapping, skip, reading)
            yield from rows
        else:
            yielded = 0
            source = _messages(file) if kind == ".xml" else _csv(file, _constants(path, file), mapping, skip, reading)
            for row in source:
                yielded += 1
                if row is not None and yielded > skip:
                    yield row
            skip = max(skip - yielded, 0)
        before += file.stat().st_size
    reading.done = reading.total


def _constants(root: Path, file: Path) -> dict[str, str]:
    """The columns that the names of folders below `root` give, as partitioned data sets are laid out."""
    parts = file.relative_to(root).parts[:-1] if root.is_dir() else ()
    return dict(part.split("=", 1) for part in parts if "=" in part)


def _messages(path: Path) -> Iterator[Labelled | BrokenRow]:
    for row in read_messages(path):
        yield row if isinstance(row, BrokenRow) else Labelled(row, False, "")


def _csv(
    path: Path, constants: Mapping[str, str], mapping: Mapping[str, str] | None, skip: int, reading: Reading
) -> Iterator[Labelled | BrokenRow | None]:
    """Rows in their order; the first `skip` are None, as nobody wants to know what they are."""
    before = reading.done
    with path.open("rb") as content, io.TextIOWrapper(content, "utf-8-sig", "replace", newline="") as stream:
        reader = csv.reader(stream)
        try:
            names = next(reader)
        except (StopIteration, csv.Error):
            raise FileUnreadable(f"{path} is empty; its first line should name the columns") from None
        header = _unique([*names, *constants])
        layout = _layout(path, header, mapping)
        given = tuple(constants.values())
        count = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BrokenRow(path.name, reader.line_num, "", f"{error}; check its quotes")
                count += 1
                continue
            if not cells:
                continue
            count += 1
            if count % _TOLD == 0:
                reading.done = before + content.tell()
            if count <= skip:
                yield None
            elif len(cells) != len(names):
                problem = f"has {len(cells)} cells where the header has {len(names)}; check its quotes and commas"
                yield BrokenRow(path.name, reader.line_num, "", problem)
            else:
                yield _read(path.name, reader.line_num, layout, dict(zip(header, (*cells, *given), strict=True)))


def _parquet(
    path: Path, constants: Mapping[str, str], mapping: Mapping[str, str] | None, skip: int, reading: Reading
) -> tuple[Iterator[Labelled | BrokenRow], int]:
    """The rows after the first `skip`, and how many are left to be skipped in other files."""
    try:
        frame = polars.scan_parquet(path, hive_partitioning=False)
        names = frame.collect_schema().names()
        height: int = frame.select(polars.len()).collect().item()
    except polars.exceptions.PolarsError as error:
        raise FileUnreadable(f"{path} is not a Parquet file: {error}") from None
    header = _unique([*names, *constants])
    layout = _layout(path, header, mapping)

    def rows() -> Iterator[Labelled | BrokenRow]:
        before, size = reading.done, path.stat().st_size
        for start in range(skip, height, _SLICE):
            reading.done = before + size * start // height
            for offset, cells in enumerate(frame.slice(start, _SLICE).collect().iter_rows()):
                texts = dict(zip(header, (*map(_text, cells), *constants.values()), strict=True))
                yield _read(path.name, start + offset + 1, layout, texts)

    return rows(), max(skip - height, 0)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


def _unique(header: Sequence[str]) -> tuple[str, ...]:
    """AMLworld names two columns `Account`; the second becomes `Account.1`, as in copies that pandas wrote."""
    seen: Counter[str] = Counter()
    names = []
    for name in (cell.strip() for cell in header):
        names.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return tuple(names)


def _layout(path: Path, header: tuple[str, ...], mapping: Mapping[str, str] | None) -> Layout:
    if mapping is not None:
        unknown = set(mapping) - {*REQUIRED, *OPTIONAL, *COUNTER_VALUE}
        if unknown:
            known = ", ".join((*REQUIRED, *OPTIONAL, *COUNTER_VALUE))
            raise FileUnreadable(f"the mapping names {', '.join(sorted(unknown))}; it may name {known}")
        layout = mapped(mapping)
        missing = {name for names in layout.columns.values() for name in names} - set(header)
        if missing:
            raise FileUnreadable(f"{path} has no column {', '.join(sorted(missing))}, which the mapping names")
        lacking = [f for f in REQUIRED[1:] if f not in layout.columns and f not in layout.defaults]
        if lacking:
            raise FileUnreadable(f"the mapping lacks {', '.join(lacking)}")
        return layout
    for layout in LAYOUTS:
        if layout.understands(header):
            return layout
    raise FileUnreadable(
        f"{path} has the columns {', '.join(header)}, which are none of the known layouts "
        f"({', '.join(layout.name for layout in LAYOUTS)}); rename them to {', '.join(REQUIRED)} or give a mapping file"
    )


def _read(file: str, row: int, layout: Layout, cells: Mapping[str, str]) -> Labelled | BrokenRow:
    values = dict(layout.defaults)
    for name, columns in layout.columns.items():
        if all(column in cells for column in columns):
            text = " ".join(cells[column].strip() for column in columns)
            values[name] = layout.words[name].get(text.lower(), text) if name in layout.words else text

    def broken(name: str, problem: str) -> BrokenRow:
        return BrokenRow(file, row, " ".join(layout.columns.get(name, (name,))), problem)

    if layout.numbered:
        values["transaction_id"] = f"{file}:{row}"
    try:
        booked_at = layout.instant(values["booked_at"])
    except ValueError:
        return broken("booked_at", f"{values['booked_at']!r} is not a time; write it like 2026-01-31T12:00:00+00:00")
    try:
        money = _money(values["amount"], values["currency"], layout.rounded)
    except InvalidMoney as error:
        return broken("amount" if values["currency"] in DECIMALS else "currency", str(error))
    counter_value, counter_currency = None, values.get("counter_currency", "")
    if counter_amount := values.get("counter_amount"):
        try:
            counter_value = _money(counter_amount, counter_currency, layout.rounded)
        except InvalidMoney as error:
            return broken("counter_amount" if counter_currency in DECIMALS else "counter_currency", str(error))
    channel = values.get("channel") or Channel.TRANSFER
    if channel not in CHANNELS:
        return broken("channel", f"{channel!r} is none of {', '.join(Channel)}")
    try:
        transaction = Transaction(
            values["transaction_id"],
            booked_at,
            values["debtor_account"],
            values["creditor_account"],
            money,
            Channel(channel),
            *(values.get(name) or None for name in OPTIONAL[1:]),
            counter_value=counter_value,
        )
    except InvalidTransaction as error:
        return broken("counter_amount" if error.field == "counter_value" else error.field, error.problem)
    label = cells.get(layout.label or "", "").strip().lower()
    laundering = label not in {"", "0", "0.0", "false", "no", "none"}
    kind = cells.get(layout.label_kind, "") if layout.label_kind else (label if layout.name == "clearance" else "")
    return Labelled(transaction, laundering, kind)


def _money(amount: str, currency: str, rounded: bool) -> Money:
    if not rounded:
        return parse_money(amount, currency)
    try:
        exact = Decimal(amount)
    except ArithmeticError:
        return parse_money(amount, currency)
    if currency not in DECIMALS or not exact.is_finite():
        return Money(exact, currency)
    return Money(exact.quantize(Decimal(1).scaleb(-DECIMALS[currency]), ROUND_HALF_EVEN), currency)
