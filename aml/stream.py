"""The one loop that everything runs through: a transaction in, its features and hits out, the state moved on by it."""

import numpy as np

from aml.evidence import MOST_EVIDENCE, Output
from aml.features import write_found, write_own, write_windows
from aml.kernels import Records, kernel
from aml.parameters import Settings
from aml.state import ACCEPTED, DUPLICATE, NONE, State
from aml.typologies import cycle, fan_in, fan_out, pass_through, structuring
from aml.windows import enter, expire, touch

MOST_HITS = 8
"""Hits one transaction can have: each typology reports at most one a side."""


@kernel
def advance(state: State, settings: Settings, batch: Records, out: Output, start: int) -> int:
    """Ingest the batch's rows from `start` on, one by one. Returns the first row not done: its output had no room left.

    What happens to a row depends on the rows before it only, never on where a batch begins or ends.
    """
    lengths = settings.lengths
    clock = state.clock[0]
    for row in range(start, len(batch)):
        if out.used[0] + MOST_HITS > len(out.found) or out.used[1] + MOST_HITS * MOST_EVIDENCE > len(out.evidence):
            return row
        payment = batch[row]
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
        out.scores[:] = 0.0
        count, hops, spent = 0, 0, False
        if payment.status == ACCEPTED:
            slot = enter(state, lengths, payment)
            out.slots[row] = slot
            if settings.enabled[0]:
                structuring.detect(state, settings, out, row, slot, 0)
            if settings.enabled[1]:
                fan_in.detect(state, settings, out, row, slot, 1)
            if settings.enabled[2]:
                fan_out.detect(state, settings, out, row, slot, 2)
            if settings.enabled[3]:
                pass_through.detect(state, settings, out, row, slot, 3)
            if settings.enabled[4]:
                count, hops, spent = cycle.detect(state, settings, out, row, slot, 4)
        write_own(state, settings, line, payment, slot)
        write_windows(state, settings, line, payment)
        write_found(out, line, count, hops, spent)
    return len(batch)
