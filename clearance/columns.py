"""What the engine stores of a slice's numbers, made for all rows at once: packed texts and transactions' digests.

Separate from `group` because it knows arrays and bytes, not decisions.
"""

from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha256

import numpy as np
import orjson
from numpy.typing import NDArray

from aml.transaction import Transaction


def pack_rows(matrix: NDArray[np.float64]) -> list[str]:
    """`store.numbers.pack` of every row of a matrix [n, width]."""
    rows = np.ascontiguousarray(matrix, "<f8")
    there = rows.view(np.uint64) != 0
    masks = np.packbits(np.pad(there, ((0, 0), (0, 1)), constant_values=True), axis=1, bitorder="little")
    width, mask, kept = masks.shape[1], masks.tobytes(), rows[there].tobytes()
    ends = (np.cumsum(np.count_nonzero(there, axis=1)) * 8).tolist()
    packed, start = [], 0
    for row, end in enumerate(ends):
        packed.append(b2a_base64(mask[row * width : (row + 1) * width] + kept[start:end], newline=False).decode())
        start = end
    return packed


def digests(transactions: Iterable[Transaction]) -> list[bytes]:
    """The SHA-256 of each transaction as it was sent: tells a repetition from another one of the same id."""
    return [sha256(orjson.dumps(_sent(transaction))).digest() for transaction in transactions]


def _sent(t: Transaction) -> list[str | None]:
    sent: list[str | None] = [t.transaction_id, t.booked_at.isoformat(), str(t.money.amount), t.money.currency]
    sent += [t.debtor_account, t.creditor_account, t.channel.value, t.debtor_country, t.creditor_country, t.purpose]
    sent += [t.debtor_bank, t.creditor_bank, t.branch]
    if t.counter_value is not None:  # what came before there was one keeps its digest
        sent += [str(t.counter_value.amount), t.counter_value.currency]
    return sent
