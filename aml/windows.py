"""Sliding windows over each account's payments, kept exact: what enters them, what leaves them, and when.

An account's windows end at the newest booking time of its own transactions and reach back by their length (open at the
far end). Sums are integers, so the order in which transactions come and go cannot change them.
"""

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Record, kernel
from aml.state import BELOW, FRESH, IN, NONE, OUT, TRACED, State, free_edge, join_pair, leave_pair, take_edge

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
    if state.pair_counts[edge.pair, direction, w] == 0:
        window.distinct += 1
    state.pair_counts[edge.pair, direction, w] += 1
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
    state.pair_counts[edge.pair, direction, w] -= 1
    if state.pair_counts[edge.pair, direction, w] == 0:
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
        for w in range(len(lengths)):
            bound = time - lengths[w]
            slot = state.windows[account, direction, w].cursor
            while slot != NONE and state.edges[slot].time <= bound:
                _remove(state, slot, account, direction, w)
                slot = neighbour_after(state, slot, direction)
            state.windows[account, direction, w].cursor = slot


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
    return slot


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
        leave_pair(state, state.edges[slot].pair)
        free_edge(state, slot)


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
