"""Transactions from files: CSV and Parquet, whose header says what they are; a row that is none says why and where.

A broken row is a value among the others, so that the rest of the file goes on.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import polars

from aml.layouts import CHANNELS, LAYOUTS, OPTIONAL, REQUIRED, Layout, mapped
from aml.money import DECIMALS, InvalidMoney, Money, parse_money
from aml.transaction import Channel, InvalidTransaction, Transaction

_SLICE = 65_536
"""Parquet rows read at a time."""


class FileUnreadable(ValueError):
    """The file as a whole is no transactions: missing, empty, or with a header that no layout knows."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that is no transaction. `row` counts from 1 as an editor shows it, the header included."""

    file: str
    row: int
    column: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, column {self.column or 'none'}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A transaction with what the file says about it, for evaluation: laundering or not, and of which kind."""

    transaction: Transaction
    laundering: bool
    kind: str


def read_transactions(path: Path, mapping: Mapping[str, str] | None = None) -> Iterator[Transaction | BrokenRow]:
    """The rows of a CSV or Parquet file, or of a folder of them in the order of their names.

    `mapping` maps our fields to the file's columns (`{"amount": "Betrag", "currency": "=EUR"}`); without one the header
    decides. Raises `FileUnreadable` before the first row.
    """
    for row in _rows(path, mapping):
        yield row.transaction if isinstance(row, Labelled) else row


def read_labelled(path: Path) -> Iterator[Labelled | BrokenRow]:
    """As `read_transactions`, with the labels of a labelled file."""
    return _rows(path, None)


def _rows(path: Path, mapping: Mapping[str, str] | None) -> Iterator[Labelled | BrokenRow]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in {".csv", ".parquet"})
        if not files:
            raise FileUnreadable(f"{path} holds no .csv or .parquet file")
    elif path.is_file():
        files = [path]
    else:
        raise FileUnreadable(f"{path} does not exist")
    for file in files:
        yield from _parquet(file, mapping) if file.suffix.lower() == ".parquet" else _csv(file, mapping)


def _csv(path: Path, mapping: Mapping[str, str] | None) -> Iterator[Labelled | BrokenRow]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        reader = csv.reader(stream)
        try:
            header = _unique(next(reader))
        except (StopIteration, csv.Error):
            raise FileUnreadable(f"{path} is empty; its first line should name the columns") from None
        layout = _layout(path, header, mapping)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BrokenRow(path.name, reader.line_num, "", f"{error}; check its quotes")
                continue
            if not cells:
                continue
            if len(cells) != len(header):
                problem = f"has {len(cells)} cells where the header has {len(header)}; check its quotes and commas"
                yield BrokenRow(path.name, reader.line_num, "", problem)
                continue
            yield _read(path.name, reader.line_num, layout, dict(zip(header, cells, strict=True)))


def _parquet(path: Path, mapping: Mapping[str, str] | None) -> Iterator[Labelled | BrokenRow]:
    try:
        frame = polars.scan_parquet(path)
        header = _unique(list(frame.collect_schema().names()))
    except polars.exceptions.PolarsError as error:
        raise FileUnreadable(f"{path} is not a Parquet file: {error}") from None
    layout = _layout(path, header, mapping)
    start = 0
    while True:
        part = frame.slice(start, _SLICE).collect()
        for offset, cells in enumerate(part.iter_rows()):
            texts = {name: _text(cell) for name, cell in zip(header, cells, strict=True)}
            yield _read(path.name, start + offset + 1, layout, texts)
        start += part.height
        if part.height < _SLICE:
            return


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


def _unique(header: list[str]) -> tuple[str, ...]:
    """AMLworld names two columns `Account`; the second becomes `Account.2`."""
    seen: dict[str, int] = {}
    names = []
    for name in (cell.strip() for cell in header):
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(names)


def _layout(path: Path, header: tuple[str, ...], mapping: Mapping[str, str] | None) -> Layout:
    if mapping is not None:
        unknown = set(mapping) - {*REQUIRED, *OPTIONAL}
        if unknown:
            known = ", ".join((*REQUIRED, *OPTIONAL))
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
        )
    except InvalidTransaction as error:
        return broken(error.field, error.problem)
    label = cells.get(layout.label or "", "").strip().lower()
    laundering = label not in {"", "0", "false", "none"}
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
