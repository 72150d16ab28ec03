"""Pairs of accounts with a payment in memory: a hash table, so that "has A ever paid B" costs one look.

Open addressing with linear probing; the table holds row numbers of `state.pairs` and is at most half full.
"""

import numpy as np

from aml.kernels import Number, kernel
from aml.state import NONE, State


@kernel
def rebuild_pairs(state: State, old: int) -> None:
    """Fill an empty table with the first `old` rows, and make the rows from there on free."""
    clock = state.clock[0]
    for row in range(len(state.pairs) - 1, old - 1, -1):
        state.pairs[row].last = clock.pair_free
        clock.pair_free = row
    mask = len(state.table) - 1
    for row in range(old):
        if state.pairs[row].live > 0:
            place = _home(state.pairs[row].key, mask)
            while state.table[place] != NONE:
                place = (place + 1) & mask
            state.table[place] = row


@kernel
def _home(key: Number, mask: int) -> Number:
    mixed = (key ^ (key >> 31)) * np.int64(-7046029254386353131)
    mixed ^= mixed >> 29
    return mixed & mask


@kernel
def home_of(state: State, debtor: int, creditor: int) -> Number:
    """Where the search for a pair in the table begins."""
    return _home((np.int64(debtor) << 32) | np.int64(creditor), len(state.table) - 1)


@kernel
def find_pair(state: State, debtor: int, creditor: int) -> Number:
    """The row of an ordered pair of accounts with a transaction in window, or NONE."""
    key = (np.int64(debtor) << 32) | np.int64(creditor)
    mask = len(state.table) - 1
    place = _home(key, mask)
    while state.table[place] != NONE:
        row = state.table[place]
        if state.pairs[row].key == key:
            return row
        place = (place + 1) & mask
    return NONE


@kernel
def join_pair(state: State, debtor: int, creditor: int, time: int, slot: int) -> Number:
    """The row of a pair with one more transaction in `slot`, made if need be."""
    key = (np.int64(debtor) << 32) | np.int64(creditor)
    mask = len(state.table) - 1
    place = _home(key, mask)
    while state.table[place] != NONE:
        row = state.table[place]
        if state.pairs[row].key == key:
            state.pairs[row].live += 1
            state.edges[state.pairs[row].newest].pair_next = slot
            state.pairs[row].newest = slot
            return row
        place = (place + 1) & mask
    clock = state.clock[0]
    row = clock.pair_free
    clock.pair_free = state.pairs[row].last
    clock.pairs += 1
    state.table[place] = row
    state.pairs[row].key = key
    state.pairs[row].first = time
    state.pairs[row].live = 1
    state.pairs[row].oldest = slot
    state.pairs[row].newest = slot
    state.pairs[row].last = NONE
    return row


@kernel
def leave_pair(state: State, row: int) -> None:
    """A pair's oldest transaction less; the pair is forgotten with its last one."""
    state.pairs[row].oldest = state.edges[state.pairs[row].oldest].pair_next
    state.pairs[row].live -= 1
    if state.pairs[row].live > 0:
        return
    mask = len(state.table) - 1
    place = _home(state.pairs[row].key, mask)
    while state.table[place] != row:
        place = (place + 1) & mask
    after = (place + 1) & mask  # close the gap, so that searches need no tombstones (Knuth 6.4, algorithm R)
    while state.table[after] != NONE:
        home = _home(state.pairs[state.table[after]].key, mask)
        if ((after - home) & mask) >= ((after - place) & mask):
            state.table[place] = state.table[after]
            place = after
        after = (after + 1) & mask
    state.table[place] = NONE
    clock = state.clock[0]
    state.pairs[row].last = clock.pair_free
    clock.pair_free = row
    clock.pairs -= 1
