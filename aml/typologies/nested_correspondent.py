"""Nested correspondent flows: one account pays across borders for many different parties."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import CROSS_BORDER, NONE, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="nested_correspondent",
    family="geography",
    definition=("Within a week one account pays across borders on behalf of at least group_minimum different parties."),
    parameters=("group_minimum",),
    source=(
        "FFIEC BSA/AML Manual, correspondent accounts (foreign), nested accounts; Wolfsberg correspondent banking "
        "principles"
    ),
    sar_subtype="805",
    text=("{account} paid across borders for {total} different parties, {amount} {currency} within {window}"),
    needs=("debtor_party", "debtor_country", "creditor_country"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges = state.edges
    edge = edges[slot]
    if not edge.flags & CROSS_BORDER or state.details[slot].debtor_party == NONE:
        return
    start = edge.time - 7 * DAY
    parties = scratch(MOST_SCANNED)
    entries = scratch(MOST_SCANNED)
    count, total = 0, 0
    current = newest_before(state, state.accounts[edge.debtor].tail[OUT], edge.time, OUT)
    for _ in range(MOST_SCANNED):
        if current == NONE or edges[current].time <= start:
            break
        party = state.details[current].debtor_party
        known = party == NONE or not edges[current].flags & CROSS_BORDER
        for i in range(count):
            known = known or parties[i] == party
        if not known:
            parties[count] = party
            entries[count] = current
            total += edges[current].amount
            count += 1
        current = edges[current].out_prev
    least = settings.numbers[0].group_minimum
    if count >= least:
        hit = report(out, row, code, edge.debtor, 1.0 - 0.5 ** (count / least), count, 0.0, total, start, edge.time)
        for i in range(count):
            add_evidence(out, hit, entries[i])
