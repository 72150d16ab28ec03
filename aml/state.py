"""The columnar state of one tenant's stream: every transaction in window, every account, every pair, and their memory.

Kept apart from the kernels that work on it so that its size can be read off: a transaction in memory costs an `EDGE`
and, in the rings of its two accounts, two `ENTRY`s (64 + 64 B, rings are half full or fuller) plus its id, an account
an `ACCOUNT`, a `PROFILE` and two directions of four `WINDOW`s (128 + 256 + 320 B) plus its name, a pair of accounts in
memory a `PAIR` and its share of the hash table (32 + 8 to 16 B). `aml.room` makes more of it. Peer groups take a fixed
320 KB.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Records

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
        ("pair_next", "i4"),  # the next one of the same pair, by arrival
        ("log", "i4"),  # log2 of the amount in 1/1024
        ("channel", "i2"),
        ("flags", "i2"),
        ("debtor_country", "i2"),
        ("creditor_country", "i2"),
        ("debtor_party", "i4"),
        ("creditor_party", "i4"),
        ("branch", "i4"),
        ("hops", "i2"),  # how many payments before it each passed on the one before
        ("spare", "i2"),
    ]
)
"""A transaction in memory: one cache line."""
ENTRY = np.dtype(
    [
        ("time", "i8"),
        ("amount", "i8"),
        ("other", "i4"),  # the account on the other side
        ("slot", "i4"),  # the edge
        ("log", "i4"),
        ("flags", "i2"),  # as the edge's, without LAST
        ("found", "u1"),  # the strongest typology found with it, 0 to 255
        ("spare", "u1"),
    ]
)
"""What searches ask of a payment, once for each of its two accounts, beside the account's other payments."""
ACCOUNT = np.dtype(
    [
        ("first_seen", "i8"),
        ("touched", "i8"),  # where its windows end: the newest time of a transaction of its own
        ("first", "i8", (2,)),  # the place of its oldest payment in each ring
        ("end", "i8", (2,)),  # one place beyond its newest
        ("ring", "i4", (2,)),  # where each ring lies in the entries
        ("mask", "i4", (2,)),  # entries of the ring, a power of two, less one
        ("due", "i8", (2,)),  # before this end no payment falls out of any window
        ("log_sum", "i8", (2,)),
        ("log_square", "i8", (2,)),
        ("woke", "i8"),  # when it last moved again after being dormant
        ("still", "i8"),  # and for how long it had been
    ]
)
"""Two cache lines: all that a search needs is in the first."""
WINDOW = np.dtype(
    [
        ("cursor", "i8"),  # the place of the oldest payment inside, the ring's end where none is
        ("count", "i4"),
        ("distinct", "i4"),
        ("below_count", "i4"),
        ("fresh", "i4"),  # traced payments to or from a counterparty not in memory before
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
        ("entries", "i8"),  # where no ring has been yet
        ("free_rings", "i4", (32,)),  # of each power of two, the first free ring
    ]
)


class State(NamedTuple):
    """What the kernels read and write. Shapes: edges [E], entries [N], accounts and profiles [A], windows [A, 2, W],
    pairs [P], table [≥2P, a power of two], clock [1], peers [GROUPS, 2]."""

    edges: Records
    entries: Records
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
