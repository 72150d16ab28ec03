"""Mirrored transfers: again and again the same sum, less a commission, goes out as came in."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.rings import is_empty, last_until
from aml.search import DAY, newest_before
from aml.state import IN, NONE, OUT, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="mirrored_transfers",
    family="amount",
    definition=(
        "At least twice within a week an account paid on between 90% and 100% of a single payment it received in the "
        "two days before, to someone else."
    ),
    parameters=("pass_through_minimum",),
    source=(
        "FATF, Professional money laundering (2018), mule networks; FCA Final Notice to Deutsche Bank (2017), mirror "
        "trades"
    ),
    sar_subtype="805",
    text=("{account} mirrored {total} payments it had received, {amount} {currency} in all, within {window}"),
)
_PAIRS = 12
"""Payments looked at on each side."""


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    least = settings.numbers[0].pass_through_minimum // 4
    if not edge.flags & TRACED or edge.amount < least or is_empty(state, edge.debtor, IN):
        return
    if state.windows[edge.debtor, OUT, len(settings.lengths) - 1].count < 2:
        return
    start = edge.time - 7 * DAY
    sent = scratch(_PAIRS)
    received = scratch(_PAIRS)
    count, total = 0, 0
    ring, mask, at = last_until(state, edge.debtor, OUT, edge.time)
    for _ in range(_PAIRS):
        current = state.entries[ring + (at & mask)]
        if current.time <= start:
            break
        match = NONE
        if current.flags & TRACED and current.amount >= least:
            ring_in, mask_in, at_in = newest_before(state, edge.debtor, IN, current.time)
            for _ in range(_PAIRS):
                before = state.entries[ring_in + (at_in & mask_in)]
                if before.time <= current.time - 2 * DAY:
                    break
                fits = 0.9 * before.amount <= current.amount <= before.amount and before.flags & TRACED
                used = before.other == current.other
                for i in range(count):
                    used = used or received[i] == before.slot
                if fits and not used:
                    match = before.slot
                    break
                at_in -= 1
        if match == NONE and current.slot == slot:
            return
        if match != NONE:
            sent[count] = current.slot
            received[count] = match
            total += current.amount
            count += 1
        at -= 1
    if count >= 2:
        hit = report(out, row, code, edge.debtor, 1.0 - 0.5 ** (count * 0.75), count, 0.0, total, start, edge.time)
        for i in range(count):
            add_evidence(out, hit, received[i])
            add_evidence(out, hit, sent[i])
