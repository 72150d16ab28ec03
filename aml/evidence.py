"""What a typology found, as the kernels write it: the hit, its numbers, and the transactions that prove it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Records, kernel
from aml.rings import newest
from aml.state import State

MOST_EVIDENCE = 200
"""Transactions listed per hit; `total` counts them all. More than an officer reads; it bounds the memory of a hub."""

FOUND = np.dtype(
    [
        ("row", "i4"),
        ("typology", "i4"),
        ("account", "i4"),
        ("total", "i4"),  # what was counted: payments, counterparties or hops, as the typology's text says
        ("first", "i4"),  # where its evidence starts
        ("evidence", "i4"),  # how many there are
        ("exhausted", "i8"),
        ("score", "f8"),
        ("value", "f8"),
        ("amount", "i8"),
        ("start", "i8"),
        ("end", "i8"),
    ]
)


class Output(NamedTuple):
    """Where one call of the kernel writes. Shapes: features [n, F], slots [n], scores [T], found [H],
    evidence [V], used [2].

    `scores` is scratch: the strength by typology of the transaction in hand, zeros again after it.
    """

    features: NDArray[np.float64]
    slots: NDArray[np.int32]
    scores: NDArray[np.float64]
    found: Records
    evidence: NDArray[np.int32]
    used: NDArray[np.int64]


@kernel
def report(
    out: Output,
    row: int,
    typology: int,
    account: int,
    score: float,
    total: int,
    value: float,
    amount: int,
    start: int,
    end: int,
) -> Number:
    """Open a hit; evidence is added to it until the next one is opened. Returns its place in `out.found`."""
    place = out.used[0]
    out.used[0] += 1
    hit = out.found[place]
    hit.row = row
    hit.typology = typology
    hit.account = account
    hit.score = score
    hit.total = total
    hit.value = value
    hit.amount = amount
    hit.start = start
    hit.end = end
    hit.first = out.used[1]
    hit.evidence = 0
    hit.exhausted = 0
    out.scores[typology] = max(out.scores[typology], score)
    return place


@kernel
def add_evidence(out: Output, place: int, slot: int) -> None:
    if out.found[place].evidence < MOST_EVIDENCE:
        out.evidence[out.used[1]] = slot
        out.used[1] += 1
        out.found[place].evidence += 1


@kernel
def add_window(state: State, out: Output, place: int, account: int, direction: int, start: int, flags: int) -> None:
    """Add the account's newest payments of a direction, booked after `start`, that carry all of `flags` (0: any)."""
    ring, mask, at = newest(state, account, direction)
    while state.entries[ring + (at & mask)].time > start and out.found[place].evidence < MOST_EVIDENCE:
        entry = state.entries[ring + (at & mask)]
        if (entry.flags & flags) == flags:
            add_evidence(out, place, entry.slot)
        at -= 1
