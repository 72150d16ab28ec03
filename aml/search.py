"""Small searches that several graph typologies share, each with its bound, so that no hub can hold up the stream."""

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, kernel
from aml.state import NONE, State, find_pair

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
def newest_before(state: State, slot: int, time: int, direction: int) -> Number:
    """From this edge on back in an account's list: the first one not booked after `time`."""
    steps = 0
    while slot != NONE and state.edges[slot].time > time and steps < MOST_SCANNED:
        slot = state.edges[slot].out_prev if direction == 0 else state.edges[slot].in_prev
        steps += 1
    if slot != NONE and state.edges[slot].time > time:
        return NONE
    return slot


@kernel
def copy_numbers(source: NDArray[np.int32], target: NDArray[np.int32], count: int) -> None:
    """The first `count` elements, one by one: numba copies slices by way of memory that kernels do not allocate."""
    for i in range(count):
        target[i] = source[i]
