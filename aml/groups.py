"""The accounts around a payment, two steps wide: who else paid its creditor, whom else its debtor paid, and who of the
first paid whom of the second. Looked up once a payment for the typologies that ask for it.

Only first payments between two accounts count: that many customers pay the same shops again and again is trade.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aml.kernels import kernel
from aml.search import DAY, newest_before
from aml.state import FRESH, IN, NONE, OUT, State

SIDE = 8
"""Accounts kept on each side, those of the newest payments."""
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
def look_around(state: State, group: Group, slot: int) -> None:
    """Fill the group of the payment in `slot` from the week before it. Sizes are zero where there is none."""
    edges = state.edges
    edge = edges[slot]
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
    current = newest_before(state, state.accounts[edge.creditor].tail[IN], edge.time, IN)
    for _ in range(_SCANNED):
        if current == NONE or edges[current].time <= low or count == SIDE:
            break
        source = edges[current].debtor
        known = not edges[current].flags & FRESH
        for i in range(count):
            known = known or group.sources[i] == source
        if not known:
            group.sources[count] = source
            group.entries[count] = current
            _link(state, group, count, wide, low, edge.time)
            count += 1
        current = edges[current].in_prev
    group.sizes[0] = count
    group.sizes[1] = wide


@kernel
def _targets(state: State, group: Group, slot: int, low: int) -> int:
    edges = state.edges
    edge = edges[slot]
    wide = 0
    current = newest_before(state, state.accounts[edge.debtor].tail[OUT], edge.time, OUT)
    for _ in range(_SCANNED):
        if current == NONE or edges[current].time <= low or wide == SIDE:
            break
        target = edges[current].creditor
        known = target == edge.creditor or not edges[current].flags & FRESH
        for i in range(wide):
            known = known or group.targets[i] == target
        if not known:
            group.targets[wide] = target
            group.exits[wide] = current
            wide += 1
        current = edges[current].out_prev
    return wide


@kernel
def _link(state: State, group: Group, place: int, wide: int, low: int, high: int) -> None:
    """Find which targets a source paid."""
    edges = state.edges
    group.links[:wide, place] = NONE
    source = group.sources[place]
    if state.windows[source, OUT, state.windows.shape[2] - 1].distinct < 2:
        return
    current = newest_before(state, state.accounts[source].tail[OUT], high, OUT)
    for _ in range(_SCANNED):
        if current == NONE or edges[current].time <= low:
            return
        for i in range(wide):
            if group.targets[i] == edges[current].creditor and edges[current].flags & FRESH:
                group.links[i, place] = current
        current = edges[current].out_prev
