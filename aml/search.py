"""Small searches that several graph typologies share, each with its bound, so that no hub can hold up the stream."""

from aml.kernels import Number, kernel
from aml.pairs import find_pair
from aml.rings import newest
from aml.state import NONE, State

MOST_SCANNED = 48
"""Payments of one account that a search looks at, newest first."""

DAY = 86_400 * 1_000_000


@kernel
def linked(state: State, debtor: int, creditor: int, low: int, high: int) -> Number:
    """The first payment of this pair in memory, if it was booked after `low` and not after `high`; else NONE."""
    pair = find_pair(state, debtor, creditor)
    if pair == NONE:
        return NONE
    slot = state.pairs[pair].oldest
    return slot if low < state.edges[slot].time <= high else NONE


@kernel
def newest_before(state: State, account: int, direction: int, time: int) -> tuple[Number, Number, Number]:
    """An account's ring and the place of its newest payment not booked after `time`: start, mask, place.

    Looks at MOST_SCANNED later ones at most; if there are more, the place is that before the oldest one.
    """
    start, mask, place = newest(state, account, direction)
    steps = 0
    while state.entries[start + (place & mask)].time > time and steps < MOST_SCANNED:
        place -= 1
        steps += 1
    if state.entries[start + (place & mask)].time > time:
        place = state.accounts[account].first[direction] - 1
    return start, mask, place
