"""Sliding windows over each account's payments, kept exact: what enters them, what leaves them, and when.

An account's windows end at the newest booking time of its own transactions and reach back by their length (open at the
far end). Sums are integers, so the order in which transactions come and go cannot change them.
"""

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Record, kernel
from aml.memory import prefetch
from aml.state import (
    BELOW,
    FRESH,
    IN,
    LAST,
    NONE,
    OUT,
    TRACED,
    State,
    free_edge,
    home_of,
    join_pair,
    leave_pair,
    take_edge,
)

FAR = np.iinfo(np.int64).max
DORMANT = 90 * 86_400 * 1_000_000
"""An account that was still for this long is dormant: three months, as issuers and FFIEC examiners use it."""


@kernel
def neighbour_before(state: State, slot: int, direction: int) -> Number:
    """The edge before this one in the debtor's outgoing (OUT) or the creditor's incoming (IN) list, by time."""
    return state.edges[slot].out_prev if direction == OUT else state.edges[slot].in_prev


@kernel
def neighbour_after(state: State, slot: int, direction: int) -> Number:
    return state.edges[slot].out_next if direction == OUT else state.edges[slot].in_next


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
def _remove(state: State, slot: int, account: int, direction: int, w: int) -> None:
    edge = state.edges[slot]
    window = state.windows[account, direction, w]
    window.count -= 1
    window.sum -= edge.amount
    if edge.flags & BELOW:
        window.below_count -= 1
        window.below_sum -= edge.amount
    if edge.flags & FRESH:
        window.fresh -= 1
    if edge.flags & LAST:
        window.distinct -= 1
    if w == state.windows.shape[2] - 1:
        state.accounts[account].log_sum[direction] -= edge.log
        state.accounts[account].log_square[direction] -= np.int64(edge.log) * edge.log


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
        for w in range(len(lengths)):
            bound = time - lengths[w]
            slot = state.windows[account, direction, w].cursor
            while slot != NONE and state.edges[slot].time <= bound:
                _remove(state, slot, account, direction, w)
                slot = neighbour_after(state, slot, direction)
            state.windows[account, direction, w].cursor = slot
            if slot != NONE:
                due = min(due, state.edges[slot].time + lengths[w])
        record.due[direction] = due


@kernel
def enter(state: State, lengths: NDArray[np.int64], row: Record) -> Number:
    """Put a transaction into the log, both accounts' lists (by time, ties by arrival) and all windows that reach it."""
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
    detail = state.details[slot]
    detail.debtor_party = row.debtor_party
    detail.creditor_party = row.creditor_party
    detail.branch = row.branch
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
    edges = state.edges
    record = state.accounts[account]
    time = edges[slot].time
    before = record.tail[direction]
    after = NONE
    while before != NONE and edges[before].time > time:
        after = before
        before = neighbour_before(state, before, direction)
    _set_before(state, slot, direction, before)
    _set_after(state, slot, direction, after)
    if before == NONE:
        record.head[direction] = slot
    else:
        _set_after(state, before, direction, slot)
    if after == NONE:
        record.tail[direction] = slot
    else:
        _set_before(state, after, direction, slot)
    for w in range(len(lengths)):
        if time > record.touched - lengths[w]:
            cursor = state.windows[account, direction, w].cursor
            if cursor in (NONE, after):
                state.windows[account, direction, w].cursor = slot
                record.due[direction] = min(record.due[direction], time + lengths[w])
            _add(state, slot, account, direction, w)


@kernel
def _set_before(state: State, slot: int, direction: int, other: int) -> None:
    if direction == OUT:
        state.edges[slot].out_prev = other
    else:
        state.edges[slot].in_prev = other


@kernel
def _set_after(state: State, slot: int, direction: int, other: int) -> None:
    if direction == OUT:
        state.edges[slot].out_next = other
    else:
        state.edges[slot].in_next = other


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
def expect(state: State, lengths: NDArray[np.int64], row: Record) -> None:
    """Ask for the memory of the accounts and the pair of a payment that comes soon."""
    prefetch(state.accounts, row.debtor, 0)
    prefetch(state.accounts, row.debtor, 64)
    prefetch(state.accounts, row.creditor, 0)
    prefetch(state.accounts, row.creditor, 64)
    for line in range(0, 80 * len(lengths), 64):
        prefetch(state.windows, row.debtor, line)
        prefetch(state.windows, row.creditor, line)
    prefetch(state.table, home_of(state, row.debtor, row.creditor), 0)


@kernel
def expect_neighbours(state: State, lengths: NDArray[np.int64], row: Record) -> None:
    """Ask for the payments next to one that comes soon, and for those that it may push out of a window."""
    prefetch(state.edges, state.accounts[row.debtor].tail[OUT], 0)
    prefetch(state.edges, state.accounts[row.creditor].tail[IN], 0)
    for direction in range(2):
        for w in range(len(lengths)):
            prefetch(state.edges, state.windows[row.debtor, direction, w].cursor, 0)
            prefetch(state.edges, state.windows[row.creditor, direction, w].cursor, 0)
    place = state.table[home_of(state, row.debtor, row.creditor)]
    prefetch(state.pairs, place, 0)


@kernel
def _expect_expiry(state: State) -> None:
    """Ask for what the next payment to be forgotten is linked with."""
    slot = state.clock[0].oldest
    if slot == NONE:
        return
    edge = state.edges[slot]
    prefetch(state.edges, edge.later, 0)
    prefetch(state.edges, edge.out_next, 0)
    prefetch(state.edges, edge.in_next, 0)
    prefetch(state.accounts, edge.debtor, 0)
    prefetch(state.accounts, edge.creditor, 0)
    prefetch(state.pairs, edge.pair, 0)
    prefetch(state.table, home_of(state, edge.debtor, edge.creditor), 0)


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
    before = neighbour_before(state, slot, direction)
    after = neighbour_after(state, slot, direction)
    for w in range(len(lengths)):
        if state.edges[slot].time > record.touched - lengths[w]:
            _remove(state, slot, account, direction, w)
            if state.windows[account, direction, w].cursor == slot:
                state.windows[account, direction, w].cursor = after
    if before == NONE:
        record.head[direction] = after
    else:
        _set_after(state, before, direction, after)
    if after == NONE:
        record.tail[direction] = before
    else:
        _set_before(state, after, direction, before)
