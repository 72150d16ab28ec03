"""The transactions that the fault tests stream: a small invented society with laundering in it, cut into batches."""

from decimal import Decimal

from aml.generator import generate
from aml.transaction import Transaction

SIZE = 40
SNAPSHOT_ROWS = 2 * SIZE
"""Engines with snapshots write one after every second batch."""


def world() -> list[Transaction]:
    payments = generate(77, people=40, days=12, schemes_per_thousand=40.0, currency="USD", threshold=Decimal(10_000))
    return [payment.transaction for payment in payments][: 8 * SIZE]


def batches() -> list[list[Transaction]]:
    transactions = world()
    return [transactions[i : i + SIZE] for i in range(0, len(transactions), SIZE)]
