"""Mirrored transfers: again and again the same sum, less a commission, goes out as came in."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
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
    edges = state.edges
    edge = edges[slot]
    least = settings.numbers[0].pass_through_minimum // 4
    if not edge.flags & TRACED or edge.amount < least or state.accounts[edge.debtor].tail[IN] == NONE:
        return
    if state.windows[edge.debtor, OUT, len(settings.lengths) - 1].count < 2:
        return
    start = edge.time - 7 * DAY
    sent = scratch(_PAIRS)
    received = scratch(_PAIRS)
    count, total = 0, 0
    current = slot
    for _ in range(_PAIRS):
        if current == NONE or edges[current].time <= start:
            break
        match = NONE
        if edges[current].flags & TRACED and edges[current].amount >= least:
            candidate = newest_before(state, state.accounts[edge.debtor].tail[IN], edges[current].time, IN)
            for _ in range(_PAIRS):
                if candidate == NONE or edges[candidate].time <= edges[current].time - 2 * DAY:
                    break
                before = edges[candidate]
                fits = 0.9 * before.amount <= edges[current].amount <= before.amount and before.flags & TRACED
                used = before.debtor == edges[current].creditor
                for i in range(count):
                    used = used or received[i] == candidate
                if fits and not used:
                    match = candidate
                    break
                candidate = before.in_prev
        if match == NONE and current == slot:
            return
        if match != NONE:
            sent[count] = current
            received[count] = match
            total += edges[current].amount
            count += 1
        current = edges[current].out_prev
    if count >= 2:
        hit = report(out, row, code, edge.debtor, 1.0 - 0.5 ** (count * 0.75), count, 0.0, total, start, edge.time)
        for i in range(count):
            add_evidence(out, hit, received[i])
            add_evidence(out, hit, sent[i])
