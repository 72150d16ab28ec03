"""What reading transactions gives besides them: rows that are none, labels, and how far the reading has come."""

from dataclasses import dataclass

from aml.transaction import Transaction


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


@dataclass(slots=True)
class Reading:
    """How far the files of a run have been read: bytes done (of Parquet and XML whole stretches) of bytes in all."""

    done: int = 0
    total: int = 0
