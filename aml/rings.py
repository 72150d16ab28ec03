"""Each account's payments in the order of booking, ties by arrival: one ring for what it sends, one for what it gets.

The entries of a ring lie beside each other and hold what searches ask, so a search reads memory onward instead of
jumping through the log: in a large society each jump would wait for memory. A place in a ring only grows; its entry is
`entries[start + (place & mask)]`. Before the oldest one lies an entry booked at NEVER, which stops every search.
"""

import numpy as np

from aml.kernels import Number, kernel
from aml.state import IN, NONE, OUT, State

NEVER = np.iinfo(np.int64).min
SMALLEST = 4
"""Entries of the smallest ring. At the beginning of all entries lies the one that all accounts without payments share:
nothing is ever put into it."""


@kernel
def newest(state: State, account: int, direction: int) -> tuple[Number, Number, Number]:
    """An account's ring and the place of its newest payment: start, mask, place."""
    record = state.accounts[account]
    return record.ring[direction], record.mask[direction], record.end[direction] - 1


@kernel
def is_empty(state: State, account: int, direction: int) -> bool:
    return bool(state.accounts[account].first[direction] == state.accounts[account].end[direction])


@kernel
def last_until(state: State, account: int, direction: int, time: int) -> tuple[Number, Number, Number]:
    """An account's ring and the place of the last payment not booked after `time`: start, mask, place."""
    start, mask, place = newest(state, account, direction)
    while state.entries[start + (place & mask)].time > time:
        place -= 1
    return start, mask, place


@kernel
def one_before(start: int, mask: int, number: int) -> Number:
    """The number in the entries of the one before another of its ring."""
    return start + ((number - start - 1) & mask)


@kernel
def put(state: State, slot: int, account: int, direction: int) -> Number:
    """Put a payment into an account's ring. Returns its place. There is room: `entries_needed` was asked before."""
    record = state.accounts[account]
    if record.end[direction] - record.first[direction] == record.mask[direction]:
        _double(state, account, direction)
    entries = state.entries
    edge = state.edges[slot]
    start, mask, before = newest(state, account, direction)
    record.end[direction] += 1
    while entries[start + (before & mask)].time > edge.time:
        entries[start + ((before + 1) & mask)] = entries[start + (before & mask)]
        before -= 1
    entry = entries[start + ((before + 1) & mask)]
    entry.time = edge.time
    entry.amount = edge.amount
    entry.other = edge.creditor if direction == OUT else edge.debtor
    entry.slot = slot
    entry.log = edge.log
    entry.flags = edge.flags
    entry.found = 0
    return before + 1


@kernel
def place_of(state: State, slot: int, account: int, direction: int) -> Number:
    """Where a payment is in an account's ring: quick for the first of its time, as those are that are forgotten."""
    entries = state.entries
    record = state.accounts[account]
    start, mask = record.ring[direction], record.mask[direction]
    low, high = record.first[direction], record.end[direction]
    if entries[start + (low & mask)].slot == slot:
        return low
    time = state.edges[slot].time
    while low < high:
        middle = (low + high) // 2
        if entries[start + (middle & mask)].time < time:
            low = middle + 1
        else:
            high = middle
    while entries[start + (low & mask)].slot != slot:
        low += 1
    return low


@kernel
def take_out(state: State, place: int, account: int, direction: int) -> None:
    """Remove a payment; those booked before it move up by one place."""
    entries = state.entries
    record = state.accounts[account]
    start, mask, first = record.ring[direction], record.mask[direction], record.first[direction]
    while place > first:
        entries[start + (place & mask)] = entries[start + ((place - 1) & mask)]
        place -= 1
    _stop(state, start + (first & mask))
    record.first[direction] = first + 1


@kernel
def entries_needed(state: State, debtor: int, creditor: int) -> Number:
    """Entries never used before that a payment may take up where its accounts' rings are full."""
    needed = 0
    for direction in (OUT, IN):
        record = state.accounts[debtor if direction == OUT else creditor]
        if record.end[direction] - record.first[direction] == record.mask[direction]:
            needed += max(2 * (record.mask[direction] + 1), SMALLEST)
    return needed


@kernel
def begin_entries(state: State) -> None:
    """Lay down the ring of those without payments in entries that hold no other ring."""
    clock = state.clock[0]
    clock.entries = SMALLEST
    for power in range(len(clock.free_rings)):
        clock.free_rings[power] = NONE
    for i in range(SMALLEST):
        _stop(state, i)


@kernel
def repack(old: State, new: State) -> None:
    """Copy all rings but empty ones from the entries of `old` to those of `new`, each as small as it can be."""
    begin_entries(new)
    for account in range(len(new.accounts)):
        for direction in range(2):
            record = new.accounts[account]
            count = record.end[direction] - record.first[direction]
            if count > 0:
                start: Number = np.int64(record.ring[direction])
                mask: Number = np.int64(record.mask[direction])
                _move(old, start, mask, new, account, direction, _size_for(count))
            else:
                record.ring[direction] = 0
                record.mask[direction] = 0


@kernel
def entries_used(state: State) -> Number:
    """Entries that `repack` would fill."""
    used = SMALLEST
    for account in range(len(state.accounts)):
        for direction in range(2):
            count = state.accounts[account].end[direction] - state.accounts[account].first[direction]
            if count > 0:
                used += _size_for(count)
    return used


@kernel
def _size_for(count: int) -> Number:
    size = SMALLEST
    while size <= count:
        size *= 2
    return size


@kernel
def _double(state: State, account: int, direction: int) -> None:
    record = state.accounts[account]
    start: Number = np.int64(record.ring[direction])
    mask: Number = np.int64(record.mask[direction])
    _move(state, start, mask, state, account, direction, max(2 * (mask + 1), SMALLEST))
    if mask > 0:
        _release(state, start, mask)


@kernel
def _move(old: State, start: int, mask: int, new: State, account: int, direction: int, size: int) -> None:
    """Give an account a ring of `size` entries with the payments of the one that lay at `start`."""
    record = new.accounts[account]
    ring = _take(new, size)
    for place in range(record.first[direction], record.end[direction]):
        new.entries[ring + (place & (size - 1))] = old.entries[start + (place & mask)]
    _stop(new, ring + ((record.first[direction] - 1) & (size - 1)))
    record.ring[direction] = ring
    record.mask[direction] = size - 1


@kernel
def _take(state: State, size: int) -> Number:
    clock = state.clock[0]
    power = _power(size)
    ring: Number = np.int64(clock.free_rings[power])
    if ring != NONE:
        clock.free_rings[power] = state.entries[ring].slot
        return ring
    ring = clock.entries
    clock.entries = ring + size
    return ring


@kernel
def _release(state: State, start: int, mask: int) -> None:
    clock = state.clock[0]
    power = _power(mask + 1)
    state.entries[start].slot = clock.free_rings[power]
    clock.free_rings[power] = start


@kernel
def _power(size: int) -> Number:
    power = 0
    while size > 1:
        size >>= 1
        power += 1
    return power


@kernel
def _stop(state: State, place: int) -> None:
    entry = state.entries[place]
    entry.time = NEVER
    entry.slot = NONE
