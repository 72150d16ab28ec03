"""The columnar state of one tenant's stream: every transaction in window, every account, every pair, and their memory.

Kept apart from the kernels that work on it so that its size can be read off: a transaction in memory costs an `EDGE`
and a `DETAIL` (64 + 16 B) plus its id, an account an `ACCOUNT`, a `PROFILE` and two directions of four `WINDOW`s
(96 + 256 + 320 B) plus its name, a pair of accounts in memory a `PAIR` and its share of the hash table (32 + 8 to
16 B). Capacity doubles when it runs out and is used again when transactions expire. Peer groups take a fixed 320 KB.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Records, kernel
from aml.memory import aligned

NONE = -1
"""No such edge, account or pair."""

OUT = 0
IN = 1

BELOW = 1
"""Edge flag: an amount just below the reporting threshold, of a kind that is reported."""
CASH = 2
SELF = 4
"""Edge flag: both accounts are one."""
UNRATED = 8
"""Edge flag: no exchange rate, so its amount counts as zero and amount typologies do not see it."""
ROUND = 16
TRACED = 32
"""Edge flag: from account to account by the debtor's own order; neither card, cash nor direct debit."""
FRESH = 64
"""Edge flag: traced, and the first payment of its pair in memory."""
DEPOSIT = 128
"""Edge flag: cash into the creditor's account; CASH without it left the debtor's. The other side is a till."""
THIRD_PARTY = 256
"""Edge flag: cash banked by someone who is not the account's owner."""
SAME_PARTY = 512
"""Edge flag: two accounts of one owner."""
HIGH_RISK = 1024
"""Edge flag: from or to a country on the list of high-risk ones."""
SANCTIONED = 2048
"""Edge flag: from or to a party or account on the list of sanctioned ones."""
CROSS_BORDER = 4096
NEAR = 8192
"""Edge flag: within the last twentieth below the reporting threshold, whatever the channel."""
LAST = 16384
"""Edge flag: the newest payment of its pair, which stands for the pair where counterparties are counted."""

ROW = np.dtype(
    [
        ("time", "i8"),
        ("amount", "i8"),
        ("debtor", "i4"),
        ("creditor", "i4"),
        ("channel", "i2"),
        ("flags", "i2"),
        ("debtor_country", "i2"),
        ("creditor_country", "i2"),
        ("debtor_party", "i4"),
        ("creditor_party", "i4"),
        ("branch", "i4"),
        ("status", "i2"),
        ("debtor_segment", "u1"),  # the peer group, 0 for none
        ("creditor_segment", "u1"),
    ]
)
"""A transaction as the kernels take it. Time in microseconds since 1970 UTC, amount in minor units of the base."""

ACCEPTED, DUPLICATE, TOO_LATE = 0, 1, 2

EDGE = np.dtype(
    [
        ("time", "i8"),
        ("amount", "i8"),
        ("debtor", "i4"),
        ("creditor", "i4"),
        ("pair", "i4"),
        ("later", "i4"),  # the next one ingested, or the next free slot
        ("out_prev", "i4"),
        ("out_next", "i4"),
        ("in_prev", "i4"),
        ("in_next", "i4"),
        ("log", "i4"),  # log2 of the amount in 1/1024
        ("channel", "i2"),
        ("flags", "i2"),
        ("debtor_country", "i2"),
        ("creditor_country", "i2"),
        ("pair_next", "i4"),  # the next one of the same pair, by arrival
    ]
)
DETAIL = np.dtype(
    [
        ("debtor_party", "i4"),
        ("creditor_party", "i4"),
        ("branch", "i4"),
        ("hops", "i2"),  # how many payments before it each passed on the one before
        ("found", "u1"),  # the strongest typology found with it, 0 to 255
        ("spare", "u1"),
    ]
)
ACCOUNT = np.dtype(
    [
        ("first_seen", "i8"),
        ("touched", "i8"),  # where its windows end: the newest time of a transaction of its own
        ("due", "i8", (2,)),  # before this end no payment falls out of any window
        ("head", "i4", (2,)),
        ("tail", "i4", (2,)),
        ("log_sum", "i8", (2,)),
        ("log_square", "i8", (2,)),
        ("woke", "i8"),  # when it last moved again after being dormant
        ("still", "i8"),  # and for how long it had been
    ]
)
WINDOW = np.dtype(
    [
        ("cursor", "i4"),  # the oldest edge inside
        ("count", "i4"),
        ("distinct", "i4"),
        ("below_count", "i4"),
        ("fresh", "i4"),  # traced payments to or from a counterparty not in memory before
        ("spare", "i4"),
        ("sum", "i8"),
        ("below_sum", "i8"),
    ]
)
PROFILE = np.dtype(
    [
        ("count", "i4"),
        ("digits", "i4", (9,)),  # leading digits
        ("amounts", "u2", (48,)),  # half octaves of minor units
        ("hours", "u2", (24,)),
        ("channels", "u2", (12,)),
        ("countries", "i2", (6,)),  # where its money went, the most usual ones; 0 for a free place
        ("visits", "u2", (6,)),
        ("strangers", "i4"),  # payments to accounts that were not in memory
        ("spare", "i4", (5,)),
    ]
)
"""What an account's own payments usually look like, over its life; all counts are halved at PROFILE_FULL of them."""
PROFILE_FULL = 1024

PEERS = np.dtype(
    [
        ("count", "i8"),
        ("amounts", "i4", (48,)),  # half octaves of minor units
        ("turnovers", "i4", (48,)),  # of an account's sum in the week up to the payment
        ("paces", "i4", (16,)),  # octaves of its number of payments in that week
        ("hours", "i4", (24,)),
        ("channels", "i4", (12,)),
    ]
)
"""What the payments of many accounts look like: of all (group 0) or of one peer group; halved at PEERS_FULL."""
PEERS_FULL = 1 << 17
GROUPS = 256
"""Peer groups of one tenant at most, with group 0, which is everybody."""

PAIR = np.dtype(
    [
        ("key", "i8"),
        ("first", "i8"),
        ("live", "i4"),
        ("last", "i4"),  # the edge that carries LAST; of a free row the next free one
        ("oldest", "i4"),  # by arrival, as pair_next goes on
        ("newest", "i4"),
    ]
)
CLOCK = np.dtype(
    [
        ("watermark", "i8"),
        ("oldest", "i4"),
        ("newest", "i4"),
        ("live", "i4"),
        ("free_head", "i4"),
        ("free_tail", "i4"),
        ("free", "i4"),
        ("pair_free", "i4"),
        ("pairs", "i4"),
    ]
)


class State(NamedTuple):
    """What the kernels read and write. Shapes: edges and details [E], accounts and profiles [A],
    windows [A, 2, W], pairs [P], table [≥2P, a power of two], clock [1], peers [GROUPS, 2]."""

    edges: Records
    details: Records
    accounts: Records
    profiles: Records
    windows: Records
    pairs: Records
    table: NDArray[np.int32]
    clock: Records
    peers: Records

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self)


def empty_state(window_count: int, edges: int = 1024, accounts: int = 1024, pairs: int = 1024) -> State:
    clock = np.zeros(1, CLOCK)
    clock["watermark"] = np.iinfo(np.int64).min // 2
    for name in ("oldest", "newest", "free_head", "free_tail", "pair_free"):
        clock[name] = NONE
    state = State(
        np.zeros(0, EDGE),
        np.zeros(0, DETAIL),
        np.zeros(0, ACCOUNT),
        np.zeros(0, PROFILE),
        np.zeros((0, 2, window_count), WINDOW),
        np.zeros(0, PAIR),
        np.full(2, NONE, np.int32),
        clock,
        aligned((GROUPS, 2), PEERS),
    )
    return _resized(state, edges, accounts, pairs)


def state_of(arrays: Mapping[str, NDArray[Any]]) -> State:
    """The state that these arrays, by their names in `State`, are copies of."""
    copies = {}
    for name, array in arrays.items():
        copies[name] = aligned(array.shape, array.dtype)
        copies[name][:] = array
    return State(**copies)


def with_room(state: State, batch: int, accounts: int) -> State:
    """The state with free slots for `batch` more transactions and for `accounts` accounts in all.

    Having them all free beforehand means that no slot is used twice within a batch, so evidence can be read after it.
    """
    clock = state.clock[0]
    edges, pairs = len(state.edges), len(state.pairs)
    return _resized(
        state,
        edges if clock["free"] >= batch else max(2 * edges, edges + batch),
        max(
            len(state.accounts), accounts if accounts <= len(state.accounts) else max(2 * len(state.accounts), accounts)
        ),
        pairs if pairs - clock["pairs"] >= batch else max(2 * pairs, pairs + batch),
    )


@kernel
def lacks_room(state: State, batch: int, accounts: int) -> bool:
    """Whether `with_room` has to be called before a batch."""
    clock = state.clock[0]
    return clock.free < batch or len(state.pairs) - clock.pairs < batch or len(state.accounts) < accounts


def _resized(state: State, edges: int, accounts: int, pairs: int) -> State:
    old_edges, old_accounts, old_pairs = len(state.edges), len(state.accounts), len(state.pairs)
    grown = State(
        _grown(state.edges, edges),
        _grown(state.details, edges),
        _grown(state.accounts, accounts),
        _grown(state.profiles, accounts),
        _grown(state.windows, accounts),
        _grown(state.pairs, pairs),
        state.table,
        state.clock,
        state.peers,
    )
    grown.accounts["head"][old_accounts:] = NONE
    grown.accounts["tail"][old_accounts:] = NONE
    grown.accounts["first_seen"][old_accounts:] = NONE
    grown.accounts["touched"][old_accounts:] = np.iinfo(np.int64).min // 2
    grown.accounts["woke"][old_accounts:] = np.iinfo(np.int64).min // 2
    grown.windows["cursor"][old_accounts:] = NONE
    if edges > old_edges:
        _free_edges(grown, old_edges)
    if pairs > old_pairs:
        table = np.full(1 << (2 * pairs - 1).bit_length(), NONE, np.int32)
        grown = grown._replace(table=table)
        _rebuild_pairs(grown, old_pairs)
    return grown


def _grown(array: Records, length: int) -> Records:
    if length <= len(array):
        return array
    grown = aligned((length, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown


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


@kernel
def _rebuild_pairs(state: State, old: int) -> None:
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
