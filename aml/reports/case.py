"""A confirmed suspicion as a report needs it: the subjects, the typologies with their evidence and the transactions."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from aml.reports.party import Filer, Subject
from aml.transaction import Transaction


class FilingKind(StrEnum):
    """Where a report stands in the life of a suspicion."""

    INITIAL = "initial"
    CONTINUING = "continuing"
    CORRECTING = "correcting"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A typology that fired, in its own words, with the transactions that prove it."""

    typology: str
    text: str
    transactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A document kept with the case, by its reference; the narrative cites it, the report does not contain it."""

    document_id: str
    description: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the report. `name` has no folder."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SarCase:
    """Everything a suspicious-activity report says.

    `filed_on` is the date the report bears. `prior_document` is the number of the report that this one continues or
    corrects; `None` with such a report means that the number is not known.
    """

    case_id: str
    filer: Filer
    subjects: tuple[Subject, ...]
    evidence: tuple[Evidence, ...]
    transactions: tuple[Transaction, ...]
    detected_on: date
    filed_on: date
    kind: FilingKind = FilingKind.INITIAL
    prior_document: str | None = None
    correction: str | None = None
    """What a correcting report changes, in words."""
    previously_reported: Decimal | None = None
    """Total of the earlier reports, in the reporting currency: for a continuing report."""
    amount_involved: Decimal | None = None
    """In the reporting currency, where officers determined it; else the sum of the transactions."""
    documents: tuple[DocumentRef, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    rates: tuple[tuple[str, Decimal], ...] = ()
    """Units of the reporting currency for one unit of another, as officers or the ledger fixed them."""
    note: str | None = None
    """A note or advisory keyword for the authority, e.g. `FIN-2014-A005`."""
    narrative: str | None = None
    """In other words than the template's, where somebody checked that they add no fact."""
    conclusion: str | None = None
    """Why the officers hold the activity to be suspicious, in their words."""

    def involved(self, currency: str) -> Decimal | None:
        """The amount involved in a currency; `None` where transactions are in another and nobody converted them."""
        if self.amount_involved is not None:
            return self.amount_involved
        amounts = [self.converted(transaction, currency) for transaction in self.transactions]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if len(known) == len(amounts) else None

    def converted(self, transaction: Transaction, currency: str) -> Decimal | None:
        """A transaction's amount in a currency: as it was booked, else to the cent; `None` where no rate is known."""
        if transaction.money.currency == currency:
            return transaction.money.amount
        booked = transaction.counter_value
        if booked is not None and booked.currency == currency:
            return booked.amount
        rate = dict(self.rates).get(transaction.money.currency)
        return None if rate is None else (transaction.money.amount * rate).quantize(Decimal("0.01"))

    def rate(self, transaction: Transaction, currency: str) -> Decimal | None:
        """Units of a currency for one of the transaction's, as it was booked, to the eighth decimal, else as fixed."""
        booked = transaction.counter_value
        if booked is not None and booked.currency == currency:
            return round(booked.amount / transaction.money.amount, 8).normalize()
        return dict(self.rates).get(transaction.money.currency)

    def first_day(self) -> date:
        """The first day of the activity; the day of detection where no transaction tells."""
        return min((transaction.booked_at.date() for transaction in self.transactions), default=self.detected_on)

    def last_day(self) -> date:
        return max((transaction.booked_at.date() for transaction in self.transactions), default=self.detected_on)
