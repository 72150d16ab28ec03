"""A generated payment with its label, the way it is drawn, and the file that carries it."""

import csv
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from aml.layouts import OPTIONAL, REQUIRED
from aml.money import Money
from aml.transaction import Channel, Transaction

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A payment before it has its id, which the order of time gives. `day` counts days since the start."""

    day: float
    debtor: str
    creditor: str
    amount: float
    channel: Channel = Channel.TRANSFER
    kind: str = ""
    scheme: int = 0
    countries: tuple[str | None, str | None] = ("DE", "DE")
    branch: str | None = None
    parties: tuple[str | None, str | None] = (None, None)
    segments: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Payment:
    """A transaction and what it is: `kind` is the typology it was drawn for, empty for ordinary life and decoys."""

    transaction: Transaction
    kind: str
    scheme: int
    """Payments of one scheme share a number above zero."""

    @property
    def laundering(self) -> bool:
        return bool(self.kind)


def booked(drafts: Iterable[Draft], currency: str, start: datetime, prefix: str) -> list[Payment]:
    """The drafts in the order of time, with ids, whole seconds and amounts of at least one hundredth."""
    ordered = sorted(drafts, key=lambda d: (d.day, d.debtor, d.creditor, d.amount))
    return [
        Payment(
            Transaction(
                f"{prefix}{number:08d}",
                start + timedelta(seconds=round(draft.day * 86_400)),
                draft.debtor,
                draft.creditor,
                Money(Decimal(max(round(draft.amount * 100), 1)).scaleb(-2), currency),
                draft.channel,
                draft.countries[0],
                draft.countries[1],
                debtor_party=draft.parties[0],
                creditor_party=draft.parties[1],
                branch=draft.branch,
                debtor_segment=draft.segments[0],
                creditor_segment=draft.segments[1],
            ),
            draft.kind,
            draft.scheme,
        )
        for number, draft in enumerate(ordered)
    ]


def hour(dice: random.Random, early: float = 8, late: float = 20) -> float:
    """A time of day, as a fraction of it."""
    return dice.triangular(early, late) / 24


def write_csv(path: Path, payments: Iterable[Payment]) -> None:
    """Write payments under our own header, with their labels in a column `label` (empty for ordinary life)."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow((*REQUIRED, *OPTIONAL, "label", "scheme"))
        for payment in payments:
            t = payment.transaction
            writer.writerow(
                (
                    t.transaction_id,
                    t.booked_at.isoformat(),
                    t.debtor_account,
                    t.creditor_account,
                    t.money.amount,
                    t.money.currency,
                    *(getattr(t, name) or "" for name in OPTIONAL),
                    payment.kind,
                    payment.scheme or "",
                )
            )
