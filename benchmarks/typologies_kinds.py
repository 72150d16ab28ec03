"""Labelled files as their publishers give them: which file of a folder has the payments, and of which typology each
laundering payment is where a second file says it (AMLSim's alerts, AMLworld's patterns)."""

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from aml.files import BrokenRow, FileUnreadable, Labelled, labelled_layout, read_labelled
from aml.layouts import Layout

UNNAMED = "named by no pattern"
"""Laundering of which the second file says nothing."""
_TABLES = {".csv", ".parquet"}
_PATTERN_COLUMNS = (
    "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,Payment Currency,"
    "Payment Format,Is Laundering"
)
_BEGIN, _END = "BEGIN LAUNDERING ATTEMPT - ", "END LAUNDERING ATTEMPT"
KindOf = Callable[[Labelled], str]


@dataclass(frozen=True, slots=True)
class DataSet:
    """The file of payments, its layout, and what says of which typology its laundering is."""

    path: Path
    layout: Layout
    kinds_from: str
    _kind: KindOf

    def rows(self) -> Iterator[Labelled | BrokenRow]:
        """In the file's order; laundering has its typology as the publisher names it, the rest has none."""
        for row in read_labelled(self.path):
            if isinstance(row, BrokenRow):
                yield row
            else:
                yield replace(row, kind=self._kind(row) if row.laundering else "")


def data_set(path: Path, kinds: Path | None = None) -> DataSet:
    """The labelled payments at a path, a file or a folder with one. `kinds` is the second file where its name is not
    the publisher's. Raises `FileUnreadable`, with what to do about it."""
    file = _payments_of(path) if path.is_dir() else path
    if not file.is_file():
        raise FileUnreadable(f"{file} does not exist")
    if _is_alerts(file):
        raise FileUnreadable(f"{file} has the alerts only; give the file with all payments")
    layout = labelled_layout(file)
    second = kinds or _second(file, layout)
    if second is not None and not second.is_file():
        raise FileUnreadable(f"{second} does not exist; leave --kinds out for one figure over all typologies")
    if layout.name == "amlsim":
        said = _alerts(second) if second is not None else {}
        of_id: KindOf = lambda row: said.get(row.transaction.transaction_id, UNNAMED)  # noqa: E731
        return DataSet(file, layout, second.name if second else "", of_id)
    if layout.name == "amlworld":
        attempts = _patterns(second) if second is not None else {}
        of_payment: KindOf = lambda row: attempts.get(_key(row), UNNAMED)  # noqa: E731
        return DataSet(file, layout, second.name if second else "", of_payment)
    column = layout.label_kind or layout.label
    return DataSet(file, layout, f"its column {column}", lambda row: row.kind or UNNAMED)


def _payments_of(folder: Path) -> Path:
    """The one file of a folder that has labelled payments."""
    found, refusal = [], f"{folder} holds no .csv or .parquet file"
    for file in sorted(file for file in folder.iterdir() if file.suffix.lower() in _TABLES):
        if _is_alerts(file):
            continue
        try:
            labelled_layout(file)
            found.append(file)
        except FileUnreadable as error:
            refusal = str(error)
    if not found:
        raise FileUnreadable(f"no labelled payments in {folder}: {refusal}")
    if len(found) > 1:
        raise FileUnreadable(f"{folder} has {', '.join(file.name for file in found)}: give one of them")
    return found[0]


def _second(file: Path, layout: Layout) -> Path | None:
    """The file beside it that names typologies, where it is called as its publisher calls it."""
    if layout.name == "amlsim":
        names = [file.stem.replace("transactions", "alert_transactions") + ".csv"]
    elif layout.name == "amlworld":
        names = [file.stem.replace("_Trans", "_Patterns") + ".txt"]
    else:
        names = []
    return next((file.with_name(name) for name in names if name != file.name and file.with_name(name).is_file()), None)


def _is_alerts(file: Path) -> bool:
    """AMLSim's alerts repeat payments, so that by their header they could be taken for them."""
    if file.suffix.lower() != ".csv":
        return False
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        return "alert_type" in next(csv.reader(stream), ())


def _alerts(file: Path) -> dict[str, str]:
    """AMLSim: typology by payment."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if not {"tran_id", "alert_type"} <= set(rows.fieldnames or ()):
            raise FileUnreadable(f"{file} has no columns tran_id and alert_type; give AMLSim's alert_transactions.csv")
        return {row["tran_id"].strip(): row["alert_type"].strip() for row in rows}


def _patterns(file: Path) -> dict[tuple[object, ...], str]:
    """AMLworld: typology by payment; the file has the payments' lines between lines that begin and end an attempt."""
    kinds, lines, kind = [], [_PATTERN_COLUMNS], UNNAMED
    for raw in file.read_text(encoding="utf-8-sig").splitlines():
        line = raw.strip()
        if line.startswith(_BEGIN):
            kind = line.removeprefix(_BEGIN).split(":")[0].strip()
        elif line and not line.startswith(_END):
            kinds.append(kind)
            lines.append(line)
    if not kinds:
        raise FileUnreadable(f"{file} has no line {_BEGIN}…; give the Patterns.txt that belongs to the payments")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "attempts.csv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        rows = list(read_labelled(table))
    for row in rows:
        if isinstance(row, BrokenRow):
            raise FileUnreadable(f"{file} has a payment that cannot be read: {lines[row.row - 1]} ({row.problem})")
    return {_key(row): kind for row, kind in zip(rows, kinds, strict=True) if isinstance(row, Labelled)}


def _key(row: Labelled) -> tuple[object, ...]:
    """What the same payment has in both of AMLworld's files, which give payments no id."""
    payment = row.transaction
    return payment.booked_at, payment.debtor_account, payment.creditor_account, payment.money, payment.channel
