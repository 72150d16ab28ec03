"""The one loop that everything runs through: a transaction in, its features and hits out, the state moved on by it.

`Stream` is the engine without names: accounts, parties and times are numbers. The engine gives them their names.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aml.evidence import FOUND, MOST_EVIDENCE, Output
from aml.features import feature_names, write_found, write_own, write_windows
from aml.groups import SIDE, Group, empty_group, expect_accounts, expect_rings, look_around
from aml.kernels import Record, Records, kernel
from aml.memory import array_at
from aml.parameters import NUMBERS, MonitoringParameters, Settings, settings
from aml.profile import EVERYBODY, learn, learn_peers
from aml.rings import last_until
from aml.room import empty_state, lacks_entries, lacks_room, state_of, with_room
from aml.state import (
    ACCEPTED,
    ACCOUNT,
    CLOCK,
    DUPLICATE,
    EDGE,
    ENTRY,
    GROUPS,
    IN,
    NONE,
    OUT,
    PAIR,
    PEERS,
    PROFILE,
    WINDOW,
    State,
)
from aml.trails import FULL
from aml.typologies import (
    NAMES,
    behaviour_change,
    benford,
    bipartite,
    cuckoo_smurfing,
    cycle,
    deposit_and_send,
    dormant_then_active,
    fan_in,
    fan_out,
    funnel_account,
    gather_scatter,
    high_risk_jurisdiction,
    just_below,
    large_single,
    layered_fan_in,
    layered_fan_out,
    mirrored_transfers,
    nested_correspondent,
    new_payee,
    over_invoicing,
    pass_through,
    peer_deviation,
    random_walk,
    rapid_movement,
    round_amounts,
    same_person,
    sanctioned_counterparty,
    scatter_gather,
    smurfing,
    stack,
    structuring,
    third_party_cash,
)
from aml.windows import enter, expect, expect_leaving, expect_neighbours, expect_payers, expire, touch

MOST_HITS = 2 * len(NAMES)
"""Hits one transaction can have: each typology reports at most one a side."""

_AHEAD = 6
"""Rows ahead for which memory is asked for; half as far ahead for what that memory points to."""
_ROOM = 16 * MOST_HITS


@kernel
def advance(state: State, settings: Settings, batch: Records, out: Output, group: Group, start: int) -> int:
    """Ingest the batch's rows from `start` on, one by one. Returns the first row not done: its output or its
    accounts' rings had no room left.

    What happens to a row depends on the rows before it only, never on where a batch begins or ends.
    """
    lengths = settings.lengths
    clock = state.clock[0]
    scored = settings.numbers[0].scored != 0
    wide = settings.enabled[7] or settings.enabled[8] or settings.enabled[10] or settings.enabled[11]
    for row in range(start, len(batch)):
        if out.used[0] + MOST_HITS > len(out.found) or out.used[1] + MOST_HITS * MOST_EVIDENCE > len(out.evidence):
            return row
        payment = batch[row]
        if lacks_entries(state, payment):
            return row
        if row == start:
            expect(state, lengths, payment, scored)
        if row + _AHEAD < len(batch):
            expect(state, lengths, batch[row + _AHEAD], scored)
            expect_neighbours(state, lengths, batch[row + _AHEAD // 2])
            expect_leaving(state, lengths, batch[row + 1])
            expect_payers(state, payment)
        line = out.features[row]
        out.slots[row] = NONE
        if payment.status == DUPLICATE:
            line[:] = np.nan
            continue
        if payment.time > clock.watermark:
            clock.watermark = payment.time
            expire(state, lengths, payment.time - settings.numbers[0].horizon)
        touch(state, lengths, payment.debtor, payment.time)
        touch(state, lengths, payment.creditor, payment.time)
        slot = NONE
        found = out.used[0]
        count, hops, spent = 0, 0, False
        if payment.status == ACCEPTED:
            slot = enter(state, lengths, payment)
            out.slots[row] = slot
            if wide:
                expect_accounts(state, slot)
            if settings.enabled[0]:
                structuring.detect(state, settings, out, row, slot, 0)
            if settings.enabled[1]:
                smurfing.detect(state, settings, out, row, slot, 1)
            if settings.enabled[2]:
                just_below.detect(state, settings, out, row, slot, 2)
            if wide:
                expect_rings(state, slot)
            if settings.enabled[3]:
                fan_in.detect(state, settings, out, row, slot, 3)
            if settings.enabled[4]:
                fan_out.detect(state, settings, out, row, slot, 4)
            if settings.enabled[5]:
                scatter_gather.detect(state, settings, out, row, slot, 5)
            if settings.enabled[6]:
                gather_scatter.detect(state, settings, out, row, slot, 6)
            if settings.enabled[7] or settings.enabled[8]:
                look_around(state, group, slot)
            if settings.enabled[7]:
                bipartite.detect(state, settings, out, row, slot, 7, group)
            if settings.enabled[8]:
                stack.detect(state, settings, out, row, slot, 8, group)
            if settings.enabled[9]:
                random_walk.detect(state, settings, out, row, slot, 9)
            if settings.enabled[10]:
                layered_fan_in.detect(state, settings, out, row, slot, 10)
            if settings.enabled[11]:
                layered_fan_out.detect(state, settings, out, row, slot, 11)
            if settings.enabled[12]:
                funnel_account.detect(state, settings, out, row, slot, 12)
            if settings.enabled[13]:
                pass_through.detect(state, settings, out, row, slot, 13)
            if settings.enabled[14]:
                deposit_and_send.detect(state, settings, out, row, slot, 14)
            if settings.enabled[15]:
                rapid_movement.detect(state, settings, out, row, slot, 15)
            if settings.enabled[16]:
                mirrored_transfers.detect(state, settings, out, row, slot, 16)
            if settings.enabled[17]:
                round_amounts.detect(state, settings, out, row, slot, 17)
            if settings.enabled[18]:
                benford.detect(state, settings, out, row, slot, 18)
            if settings.enabled[19]:
                large_single.detect(state, settings, out, row, slot, 19)
            if settings.enabled[20]:
                over_invoicing.detect(state, settings, out, row, slot, 20)
            if settings.enabled[21]:
                behaviour_change.detect(state, settings, out, row, slot, 21)
            if settings.enabled[22]:
                dormant_then_active.detect(state, settings, out, row, slot, 22)
            if settings.enabled[23]:
                new_payee.detect(state, settings, out, row, slot, 23)
            if settings.enabled[24]:
                high_risk_jurisdiction.detect(state, settings, out, row, slot, 24)
            if settings.enabled[25]:
                nested_correspondent.detect(state, settings, out, row, slot, 25)
            if settings.enabled[26]:
                cuckoo_smurfing.detect(state, settings, out, row, slot, 26)
            if settings.enabled[27]:
                same_person.detect(state, settings, out, row, slot, 27)
            if settings.enabled[28]:
                third_party_cash.detect(state, settings, out, row, slot, 28)
            if settings.enabled[29]:
                sanctioned_counterparty.detect(state, settings, out, row, slot, 29)
            if settings.enabled[30]:
                count, hops, spent = cycle.detect(state, settings, out, row, slot, 30)
            if settings.enabled[31]:
                peer_deviation.detect(state, settings, out, row, slot, 31, payment)
        if settings.numbers[0].scored:
            write_own(state, settings, line, payment, slot)
        else:
            line[:] = 0.0
        write_windows(state, settings, line, payment)
        write_found(out, line, count, hops, spent)
        if slot != NONE:
            _remember(state, settings, out, payment, slot, found)
    return len(batch)


@kernel
def _remember(state: State, settings: Settings, out: Output, payment: Record, slot: int, hits: int) -> None:
    """Let what came be part of what is usual from now on, and keep with the payment what was found by it: by the hits
    from `hits` on."""
    scored = settings.numbers[0].scored != 0
    if scored or settings.enabled[18] or settings.enabled[21]:
        learn(state, slot)
    if scored:
        learn_peers(state, slot, EVERYBODY, OUT)
    if scored or settings.enabled[31]:
        if payment.debtor_segment > 0:
            learn_peers(state, slot, payment.debtor_segment, OUT)
        if payment.creditor_segment > 0:
            learn_peers(state, slot, payment.creditor_segment, IN)
    if out.used[0] == hits:
        return
    strongest = 0.0
    for code in range(len(out.scores)):
        strongest = max(strongest, out.scores[code])
    out.scores[:] = 0.0
    found = int(strongest * FULL)
    if found > 0:
        edge = state.edges[slot]
        for direction in (OUT, IN):
            account = edge.debtor if direction == OUT else edge.creditor
            ring, mask, place = last_until(state, account, direction, edge.time)
            state.entries[ring + (place & mask)].found = found


_NO_ROOM = -1
_ARRAYS = 24


@kernel
def run(
    context: int, batch: Records, features: NDArray[np.float64], slots: NDArray[np.int32], accounts: int, start: int
) -> int:
    """`advance` with everything but the call's own arrays found by their addresses (`Stream._context`).

    Handing over thirty arrays would take longer than a transaction does. Returns _NO_ROOM where the state has to grow.
    """
    at = array_at(context, (_ARRAYS, 2), np.int64)
    windows = at[9, 1]
    state = State(
        array_at(at[0, 0], (at[0, 1],), EDGE),
        array_at(at[1, 0], (at[1, 1],), ENTRY),
        array_at(at[2, 0], (at[2, 1],), ACCOUNT),
        array_at(at[3, 0], (at[3, 1],), PROFILE),
        array_at(at[4, 0], (at[4, 1], 2, windows), WINDOW),
        array_at(at[5, 0], (at[5, 1],), PAIR),
        array_at(at[6, 0], (at[6, 1],), np.int32),
        array_at(at[7, 0], (at[7, 1],), CLOCK),
        array_at(at[8, 0], (GROUPS, 2), PEERS),
    )
    if lacks_room(state, batch, accounts, start):
        return _NO_ROOM
    given = Settings(
        array_at(at[9, 0], (windows,), np.int64),
        array_at(at[10, 0], (at[10, 1],), np.bool_),
        array_at(at[11, 0], (windows,), np.int64),
        array_at(at[12, 0], (windows,), np.int64),
        array_at(at[13, 0], (1,), NUMBERS),
    )
    group = Group(
        array_at(at[14, 0], (SIDE,), np.int32),
        array_at(at[15, 0], (SIDE,), np.int32),
        array_at(at[16, 0], (SIDE,), np.int32),
        array_at(at[17, 0], (SIDE,), np.int32),
        array_at(at[18, 0], (SIDE, SIDE), np.int32),
        array_at(at[19, 0], (2,), np.int64),
    )
    out = Output(
        features,
        slots,
        array_at(at[20, 0], (at[20, 1],), np.float64),
        array_at(at[21, 0], (at[21, 1],), FOUND),
        array_at(at[22, 0], (at[22, 1],), np.int32),
        array_at(at[23, 0], (2,), np.int64),
    )
    out.used[:] = 0
    return advance(state, given, batch, out, group, start)


class Stream:
    """State, settings and the buffers that the loop writes to. `found` and `evidence` hold one stretch's hits."""

    def __init__(self, parameters: MonitoringParameters) -> None:
        self.settings = settings(parameters, NAMES)
        self.state = empty_state(len(parameters.windows))
        self.width = len(feature_names(tuple("" for _ in parameters.windows)))
        self.found = np.zeros(_ROOM, FOUND)
        self.evidence = np.zeros(_ROOM * MOST_EVIDENCE, np.int32)
        self.used = np.zeros(2, np.int64)
        self._scores = np.zeros(len(NAMES))
        self._group = empty_group()
        self._context = self._addresses()
        self._address: int = self._context.ctypes.data

    def take_up(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on with the state that these arrays held, by name."""
        self.state = state_of(arrays)
        self._context = self._addresses()
        self._address = self._context.ctypes.data

    def _addresses(self) -> NDArray[np.int64]:
        """Address and length of every array, in the order in which `run` takes them up."""
        buffers = (self._scores, self.found, self.evidence, self.used)
        arrays = (*self.state, *self.settings, *self._group, *buffers)
        return np.array([(array.ctypes.data, len(array)) for array in arrays], np.int64)

    def push(
        self, batch: Records, accounts: int, on_stretch: Callable[[int, int, NDArray[np.int32]], None] | None = None
    ) -> NDArray[np.float64]:
        """Ingest rows [n] of `ROW` dtype with account numbers below `accounts`; returns features [n, F].

        `on_stretch(start, end, slots)` is called when the hits of the rows from start to end are in the buffers; slots
        [n] is where each row is kept. Nothing is overwritten in the state's edges during one push.
        """
        count = len(batch)
        features = np.empty((count, self.width))
        slots = np.empty(count, np.int32)
        done = 0
        while done < count:
            start, done = done, run(self._address, batch, features, slots, accounts, done)
            if done == _NO_ROOM:
                self.state = with_room(self.state, batch[start:], accounts)
                self._context = self._addresses()
                self._address = self._context.ctypes.data
                done = start
            elif on_stretch is not None:
                on_stretch(start, done, slots)
        return features
