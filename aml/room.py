"""Where the state gets its memory: the first of it, more when it runs out, and that of a snapshot.

Edges, accounts and pairs double. The rings of payments are packed anew when their entries run out, each as small as it
can be, so that what accounts once needed and no longer do is not kept.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Records, kernel
from aml.memory import aligned
from aml.pairs import rebuild_pairs
from aml.rings import begin_entries, entries_needed, entries_used, repack
from aml.state import ACCOUNT, CLOCK, EDGE, ENTRY, GROUPS, NONE, PAIR, PEERS, PROFILE, WINDOW, State

_LONG_AGO = np.iinfo(np.int64).min // 2


def empty_state(window_count: int, edges: int = 1024, accounts: int = 1024, pairs: int = 1024) -> State:
    clock = np.zeros(1, CLOCK)
    clock["watermark"] = _LONG_AGO
    for name in ("oldest", "newest", "free_head", "free_tail", "pair_free"):
        clock[name] = NONE
    state = State(
        np.zeros(0, EDGE),
        aligned((4 * edges,), ENTRY),
        np.zeros(0, ACCOUNT),
        np.zeros(0, PROFILE),
        np.zeros((0, 2, window_count), WINDOW),
        np.zeros(0, PAIR),
        np.full(2, NONE, np.int32),
        clock,
        aligned((GROUPS, 2), PEERS),
    )
    begin_entries(state)
    return _resized(state, edges, accounts, pairs)


def state_of(arrays: Mapping[str, NDArray[Any]]) -> State:
    """The state that these arrays, by their names in `State`, are copies of."""
    copies = {}
    for name, array in arrays.items():
        copies[name] = aligned(array.shape, array.dtype)
        copies[name][:] = array
    return State(**copies)


def with_room(state: State, batch: Records, accounts: int) -> State:
    """The state with room for the first of these rows, for `accounts` accounts in all, and a free slot for each row.

    Having them all free beforehand means that no slot is used twice within a batch, so evidence can be read after it.
    """
    clock, count = state.clock[0], len(batch)
    edges, pairs, known = len(state.edges), len(state.pairs), len(state.accounts)
    grown = _resized(
        state,
        edges if clock["free"] >= count else max(2 * edges, edges + count),
        known if accounts <= known else max(2 * known, accounts),
        pairs if pairs - clock["pairs"] >= count else max(2 * pairs, pairs + count),
    )
    return _with_entries(grown, entries_needed(grown, batch[0]["debtor"], batch[0]["creditor"]))


@kernel
def lacks_room(state: State, batch: Records, accounts: int, start: int) -> bool:
    """Whether `with_room` has to be called before a batch goes on with the row `start`."""
    clock = state.clock[0]
    count = len(batch) - start
    if clock.free < count or len(state.pairs) - clock.pairs < count or len(state.accounts) < accounts:
        return True
    return lacks_entries(state, batch[start])


@kernel
def lacks_entries(state: State, row: Any) -> bool:
    return bool(state.clock[0].entries + entries_needed(state, row.debtor, row.creditor) > len(state.entries))


def _with_entries(state: State, needed: int) -> State:
    if state.clock[0]["entries"] + needed <= len(state.entries):
        return state
    used = entries_used(state) + needed
    grown = state._replace(entries=aligned((max(len(state.entries), used + used // 2),), ENTRY))
    repack(state, grown)
    return grown


def _resized(state: State, edges: int, accounts: int, pairs: int) -> State:
    old_edges, old_accounts, old_pairs = len(state.edges), len(state.accounts), len(state.pairs)
    grown = state._replace(
        edges=_grown(state.edges, edges),
        accounts=_grown(state.accounts, accounts),
        profiles=_grown(state.profiles, accounts),
        windows=_grown(state.windows, accounts),
        pairs=_grown(state.pairs, pairs),
    )
    grown.accounts["first_seen"][old_accounts:] = NONE
    grown.accounts["touched"][old_accounts:] = _LONG_AGO
    grown.accounts["woke"][old_accounts:] = _LONG_AGO
    if edges > old_edges:
        _free_edges(grown, old_edges)
    if pairs > old_pairs:
        grown = grown._replace(table=_nowhere(1 << (2 * pairs - 1).bit_length()))
        rebuild_pairs(grown, old_pairs)
    return grown


def _grown(array: Records, length: int) -> Records:
    if length <= len(array):
        return array
    grown = aligned((length, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown


def _nowhere(length: int) -> NDArray[np.int32]:
    table: NDArray[np.int32] = aligned((length,), np.int32)
    table[:] = NONE
    return table


@kernel
def _free_edges(state: State, start: int) -> None:
    for slot in range(start, len(state.edges)):
        free_edge(state, slot)


@kernel
def free_edge(state: State, slot: int) -> None:
    """Give a slot back. First in, first out: a slot just freed is the last to be used again."""
    clock = state.clock[0]
    state.edges[slot].later = NONE
    if clock.free_tail == NONE:
        clock.free_head = slot
    else:
        state.edges[clock.free_tail].later = slot
    clock.free_tail = slot
    clock.free += 1


@kernel
def take_edge(state: State) -> Number:
    clock = state.clock[0]
    slot = clock.free_head
    clock.free_head = state.edges[slot].later
    if clock.free_head == NONE:
        clock.free_tail = NONE
    clock.free -= 1
    return slot
