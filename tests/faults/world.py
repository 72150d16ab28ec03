"""The transactions that the fault tests stream: a small invented society with laundering in it, cut into batches."""

from decimal import Decimal

from aml.generator import generate
from aml.transaction import Transaction
from clearance.partition import Assessment

SIZE = 40
SNAPSHOT_ROWS = 2 * SIZE
"""Engines with snapshots write one after every second batch."""


def world() -> list[Transaction]:
    payments = generate(77, people=40, days=12, schemes_per_thousand=40.0, currency="USD", threshold=Decimal(10_000))
    return [payment.transaction for payment in payments][: 8 * SIZE]


def batches() -> list[list[Transaction]]:
    transactions = world()
    return [transactions[i : i + SIZE] for i in range(0, len(transactions), SIZE)]


def assert_identical(ours: Assessment, theirs: Assessment) -> None:
    """Bit for bit."""
    assert ours.transactions == theirs.transactions
    assert ours.features.tobytes() == theirs.features.tobytes()
    assert ours.shap.tobytes() == theirs.shap.tobytes()
    assert (ours.margins, ours.scores, ours.errors) == (theirs.margins, theirs.scores, theirs.errors)
    assert (ours.flags, ours.hits, ours.raised) == (theirs.flags, theirs.hits, theirs.raised)
