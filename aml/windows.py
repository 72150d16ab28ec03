"""Sliding windows over each account's payments, kept exact: what enters them, what leaves them, and when.

An account's windows end at the newest booking time of its own transactions and reach back by their length (open at the
far end). Sums are integers, so the order in which transactions come and go cannot change them.
"""

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Record, kernel
from aml.memory import prefetch
from aml.pairs import home_of, join_pair, leave_pair
from aml.rings import newest, place_of, put, take_out
from aml.room import free_edge, take_edge
from aml.state import BELOW, FRESH, IN, LAST, NONE, OUT, TRACED, State

FAR = np.iinfo(np.int64).max
DORMANT = 90 * 86_400 * 1_000_000
"""An account that was still for this long is dormant: three months, as issuers and FFIEC examiners use it."""

_PAYERS = 2
"""Payers of a debtor, newest first, whose memory is asked for: searches rarely get to more."""


@kernel
def _add(state: State, slot: int, account: int, direction: int, w: int) -> None:
    edge = state.edges[slot]
    window = state.windows[account, direction, w]
    window.count += 1
    window.sum += edge.amount
    if edge.flags & BELOW:
        window.below_count += 1
        window.below_sum += edge.amount
    if edge.flags & FRESH:
        window.fresh += 1
    if w == state.windows.shape[2] - 1:
        state.accounts[account].log_sum[direction] += edge.log
        state.accounts[account].log_square[direction] += np.int64(edge.log) * edge.log


@kernel
def _remove(state: State, entry: Record, account: int, direction: int, w: int) -> None:
    window = state.windows[account, direction, w]
    window.count -= 1
    window.sum -= entry.amount
    if entry.flags & BELOW:
        window.below_count -= 1
        window.below_sum -= entry.amount
    if entry.flags & FRESH:
        window.fresh -= 1
    if state.edges[entry.slot].flags & LAST:
        window.distinct -= 1
    if w == state.windows.shape[2] - 1:
        state.accounts[account].log_sum[direction] -= entry.log
        state.accounts[account].log_square[direction] -= np.int64(entry.log) * entry.log


@kernel
def touch(state: State, lengths: NDArray[np.int64], account: int, time: int) -> None:
    """Move the end of an account's windows to `time`, unless it is there already, and drop what falls out."""
    record = state.accounts[account]
    if record.first_seen == NONE:
        record.first_seen = time
    if time <= record.touched:
        return
    if record.touched >= record.first_seen and time - record.touched >= DORMANT:
        record.woke = time
        record.still = time - record.touched
    record.touched = time
    for direction in range(2):
        if time < record.due[direction]:
            continue
        due = FAR
        start, mask, newest_place = newest(state, account, direction)
        for w in range(len(lengths)):
            bound = time - lengths[w]
            place = state.windows[account, direction, w].cursor
            while place <= newest_place and state.entries[start + (place & mask)].time <= bound:
                _remove(state, state.entries[start + (place & mask)], account, direction, w)
                place += 1
            state.windows[account, direction, w].cursor = place
            if place <= newest_place:
                due = min(due, state.entries[start + (place & mask)].time + lengths[w])
        record.due[direction] = due


@kernel
def enter(state: State, lengths: NDArray[np.int64], row: Record) -> Number:
    """Put a transaction into the log, both accounts' rings and all windows that reach it."""
    slot = take_edge(state)
    edge = state.edges[slot]
    edge.time = row.time
    edge.amount = row.amount
    edge.debtor = row.debtor
    edge.creditor = row.creditor
    edge.channel = row.channel
    edge.flags = row.flags
    edge.debtor_country = row.debtor_country
    edge.creditor_country = row.creditor_country
    edge.log = int(np.rint(np.log2(max(row.amount, 1)) * 1024.0))
    edge.pair_next = NONE
    edge.pair = join_pair(state, row.debtor, row.creditor, row.time, slot)
    edge.debtor_party = row.debtor_party
    edge.creditor_party = row.creditor_party
    edge.branch = row.branch
    edge.hops = 0
    if row.flags & TRACED and state.pairs[edge.pair].live == 1:
        edge.flags |= FRESH
    edge.later = NONE
    clock = state.clock[0]
    if clock.newest == NONE:
        clock.oldest = slot
    else:
        state.edges[clock.newest].later = slot
    clock.newest = slot
    clock.live += 1
    _link(state, lengths, slot, row.debtor, OUT)
    _link(state, lengths, slot, row.creditor, IN)
    last = state.pairs[edge.pair].last
    if last == NONE:
        _stand_for_pair(state, lengths, slot, 1)
    elif state.edges[last].time <= row.time:
        _stand_for_pair(state, lengths, last, -1)
        _stand_for_pair(state, lengths, slot, 1)
    return slot


@kernel
def _stand_for_pair(state: State, lengths: NDArray[np.int64], slot: int, change: int) -> None:
    """Let an edge be the one that is counted for its pair (1), or no longer (-1)."""
    edge = state.edges[slot]
    if change > 0:
        edge.flags |= LAST
        state.pairs[edge.pair].last = slot
    else:
        edge.flags &= ~LAST
    for w in range(len(lengths)):
        if edge.time > state.accounts[edge.debtor].touched - lengths[w]:
            state.windows[edge.debtor, OUT, w].distinct += change
        if edge.time > state.accounts[edge.creditor].touched - lengths[w]:
            state.windows[edge.creditor, IN, w].distinct += change


@kernel
def _link(state: State, lengths: NDArray[np.int64], slot: int, account: int, direction: int) -> None:
    place = put(state, slot, account, direction)
    record = state.accounts[account]
    time = state.edges[slot].time
    for w in range(len(lengths)):
        window = state.windows[account, direction, w]
        if time <= record.touched - lengths[w]:
            window.cursor += 1  # what is inside moved on by one place
            continue
        if window.cursor == place:
            record.due[direction] = min(record.due[direction], time + lengths[w])
        _add(state, slot, account, direction, w)


@kernel
def expire(state: State, lengths: NDArray[np.int64], bound: int) -> None:
    """Forget the transactions, in order of arrival, that were booked at `bound` or before."""
    clock = state.clock[0]
    while clock.oldest != NONE and state.edges[clock.oldest].time <= bound:
        slot = clock.oldest
        clock.oldest = state.edges[slot].later
        if clock.oldest == NONE:
            clock.newest = NONE
        clock.live -= 1
        _unlink(state, lengths, slot, state.edges[slot].debtor, OUT)
        _unlink(state, lengths, slot, state.edges[slot].creditor, IN)
        pair = state.edges[slot].pair
        leave_pair(state, pair)
        if state.edges[slot].flags & LAST and state.pairs[pair].live > 0:
            _stand_for_pair(state, lengths, _newest_booked(state, pair), 1)
        free_edge(state, slot)
        _expect_expiry(state)


@kernel
def expect(state: State, lengths: NDArray[np.int64], row: Record, scored: bool) -> None:
    """Ask for the memory of the accounts and the pair of a payment that comes soon."""
    prefetch(state.accounts, row.debtor, 0)
    prefetch(state.accounts, row.debtor, 64)
    prefetch(state.accounts, row.creditor, 0)
    prefetch(state.accounts, row.creditor, 64)
    for line in range(0, 80 * len(lengths), 64):
        prefetch(state.windows, row.debtor, line)
        prefetch(state.windows, row.creditor, line)
    prefetch(state.table, home_of(state, row.debtor, row.creditor), 0)
    if scored:
        prefetch(state.table, home_of(state, row.creditor, row.debtor), 0)
        for line in range(0, 256, 64):
            prefetch(state.profiles, row.debtor, line)


@kernel
def expect_neighbours(state: State, lengths: NDArray[np.int64], row: Record) -> None:
    """Ask for the payments next to one that comes soon, and for those that it may push out of a window."""
    for side in range(2):
        account = row.debtor if side == 0 else row.creditor
        for direction in range(2):
            start, mask, place = newest(state, account, direction)
            prefetch(state.entries, start + (place & mask), 0)
            prefetch(state.entries, start + ((place + 1) & mask), 0)
            for w in range(len(lengths)):
                prefetch(state.entries, start + (state.windows[account, direction, w].cursor & mask), 0)
    prefetch(state.pairs, state.table[home_of(state, row.debtor, row.creditor)], 0)


@kernel
def expect_leaving(state: State, lengths: NDArray[np.int64], row: Record) -> None:
    """Ask for the log's lines of the payments that one that comes next may push out of a window, and for the accounts
    of those who paid its debtor last."""
    for side in range(2):
        account = row.debtor if side == 0 else row.creditor
        for direction in range(2):
            start, mask, _ = newest(state, account, direction)
            for w in range(len(lengths)):
                entry = state.entries[start + (state.windows[account, direction, w].cursor & mask)]
                prefetch(state.edges, entry.slot, 0)
    start, mask, place = newest(state, row.debtor, IN)
    for back in range(_PAYERS):
        prefetch(state.accounts, state.entries[start + ((place - back) & mask)].other, 0)


@kernel
def expect_payers(state: State, row: Record) -> None:
    """Ask for the payments to those who paid the debtor last, whose own memory has come: searches go back over them."""
    start, mask, place = newest(state, row.debtor, IN)
    for back in range(_PAYERS):
        ring, size, last = newest(state, state.entries[start + ((place - back) & mask)].other, IN)
        prefetch(state.entries, ring + (last & size), 0)


@kernel
def _expect_expiry(state: State) -> None:
    """Ask for what the next payment to be forgotten is linked with."""
    slot = state.clock[0].oldest
    if slot == NONE:
        return
    edge = state.edges[slot]
    prefetch(state.edges, edge.later, 0)
    for direction in range(2):
        account = edge.debtor if direction == OUT else edge.creditor
        start, mask, _ = newest(state, account, direction)
        prefetch(state.entries, start + (state.accounts[account].first[direction] & mask), 0)
    prefetch(state.pairs, edge.pair, 0)
    prefetch(state.table, home_of(state, edge.debtor, edge.creditor), 0)
    if edge.later != NONE:
        prefetch(state.accounts, state.edges[edge.later].debtor, 0)
        prefetch(state.accounts, state.edges[edge.later].creditor, 0)


@kernel
def _newest_booked(state: State, pair: int) -> Number:
    """Of a pair's payments the one that was booked last, of several the one that arrived last."""
    newest = state.pairs[pair].oldest
    slot = newest
    while slot != NONE:
        if state.edges[slot].time >= state.edges[newest].time:
            newest = slot
        slot = state.edges[slot].pair_next
    return newest


@kernel
def _unlink(state: State, lengths: NDArray[np.int64], slot: int, account: int, direction: int) -> None:
    record = state.accounts[account]
    place = place_of(state, slot, account, direction)
    entry = state.entries[record.ring[direction] + (place & record.mask[direction])]
    for w in range(len(lengths)):
        if entry.time > record.touched - lengths[w]:
            _remove(state, entry, account, direction, w)
            state.windows[account, direction, w].cursor += 1  # those before it move up
    take_out(state, place, account, direction)
