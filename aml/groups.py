"""The accounts around a payment, two steps wide: who else paid its creditor, whom else its debtor paid, and who of the
first paid whom of the second. Looked up once a payment for the typologies that ask for it.

Only first payments between two accounts count: that many customers pay the same shops again and again is trade.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aml.kernels import kernel
from aml.memory import prefetch
from aml.rings import newest
from aml.search import DAY, newest_before
from aml.state import FRESH, IN, NONE, OUT, WINDOW, State

SIDE = 8
"""Accounts kept on each side, those of the newest payments."""
WINDOW_SIZE = WINDOW.itemsize
_SCANNED = 24
"""Payments looked at of each account."""


class Group(NamedTuple):
    """Scratch of one payment. Shapes: sources, entries, targets, exits [SIDE], links [SIDE, SIDE], sizes [2].

    `entries` are the payments by which sources paid the creditor, `exits` those by which the debtor paid targets,
    `links[target, source]` one by which that source paid that target, or NONE. The debtor is among the sources.
    """

    sources: NDArray[np.int32]
    entries: NDArray[np.int32]
    targets: NDArray[np.int32]
    exits: NDArray[np.int32]
    links: NDArray[np.int32]
    sizes: NDArray[np.int64]


def empty_group() -> Group:
    side = np.zeros(SIDE, np.int32)
    return Group(side, side.copy(), side.copy(), side.copy(), np.zeros((SIDE, SIDE), np.int32), np.zeros(2, np.int64))


@kernel
def expect_accounts(state: State, slot: int) -> None:
    """Ask for the memory of the accounts around a payment: searches look at all of them, one after the other."""
    edge = state.edges[slot]
    week = min(2, state.windows.shape[2] - 1)
    low = edge.time - 7 * DAY
    for side in range(3):
        direction = OUT if side == 1 else IN
        start, mask, place = newest(state, edge.creditor if side == 0 else edge.debtor, direction)
        for _ in range(SIDE):
            entry = state.entries[start + (place & mask)]
            if entry.time <= low:
                break
            prefetch(state.accounts, entry.other, 0)
            prefetch(state.windows, entry.other, WINDOW_SIZE * week)
            prefetch(state.windows, entry.other, WINDOW_SIZE * (state.windows.shape[2] + week))
            place -= 1


@kernel
def expect_rings(state: State, slot: int) -> None:
    """Ask for the payments of the accounts around a payment, once their own memory has come."""
    edge = state.edges[slot]
    low = edge.time - 7 * DAY
    for side in range(2):
        direction = IN
        start, mask, place = newest(state, edge.creditor if side == 0 else edge.debtor, direction)
        for _ in range(SIDE):
            entry = state.entries[start + (place & mask)]
            if entry.time <= low:
                break
            if entry.other != edge.debtor:
                ring, size, last = newest(state, entry.other, OUT)
                prefetch(state.entries, ring + (last & size), 0)
                prefetch(state.entries, ring + ((last - 2) & size), 0)
                prefetch(state.entries, ring + ((last - 4) & size), 0)
                prefetch(state.entries, ring + ((last - 6) & size), 0)
            place -= 1


@kernel
def look_around(state: State, group: Group, slot: int) -> None:
    """Fill the group of the payment in `slot` from the week before it. Sizes are zero where there is none."""
    edge = state.edges[slot]
    group.sizes[:] = 0
    last = state.windows.shape[2] - 1
    if not edge.flags & FRESH or state.windows[edge.creditor, IN, last].distinct < 2:
        return
    if state.windows[edge.debtor, OUT, last].distinct < 2:
        return
    low = edge.time - 7 * DAY
    wide = _targets(state, group, slot, low)
    if wide == 0:
        return
    count = 0
    start, mask, place = newest_before(state, edge.creditor, IN, edge.time)
    for _ in range(_SCANNED):
        entry = state.entries[start + (place & mask)]
        if entry.time <= low or count == SIDE:
            break
        known = not entry.flags & FRESH
        for i in range(count):
            known = known or group.sources[i] == entry.other
        if not known:
            group.sources[count] = entry.other
            group.entries[count] = entry.slot
            count += 1
        place -= 1
    for i in range(count):
        _link(state, group, i, wide, low, edge.time)
    group.sizes[0] = count
    group.sizes[1] = wide


@kernel
def _targets(state: State, group: Group, slot: int, low: int) -> int:
    edge = state.edges[slot]
    wide = 0
    start, mask, place = newest_before(state, edge.debtor, OUT, edge.time)
    for _ in range(_SCANNED):
        entry = state.entries[start + (place & mask)]
        if entry.time <= low or wide == SIDE:
            break
        known = entry.other == edge.creditor or not entry.flags & FRESH
        for i in range(wide):
            known = known or group.targets[i] == entry.other
        if not known:
            group.targets[wide] = entry.other
            group.exits[wide] = entry.slot
            wide += 1
        place -= 1
    return wide


@kernel
def _link(state: State, group: Group, column: int, wide: int, low: int, high: int) -> None:
    """Find which targets a source paid."""
    group.links[:wide, column] = NONE
    source = group.sources[column]
    if state.windows[source, OUT, state.windows.shape[2] - 1].distinct < 2:
        return
    start, mask, place = newest_before(state, source, OUT, high)
    for _ in range(_SCANNED):
        entry = state.entries[start + (place & mask)]
        if entry.time <= low:
            return
        for i in range(wide):
            if group.targets[i] == entry.other and entry.flags & FRESH:
                group.links[i, column] = entry.slot
        place -= 1
