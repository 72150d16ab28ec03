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
    edge = state.edges[slot]
    if not edge.flags & CROSS_BORDER or edge.debtor_party == NONE:
        return
    start = edge.time - 7 * DAY
    parties = scratch(MOST_SCANNED)
    proof = scratch(MOST_SCANNED)
    count, total = 0, 0
    ring, mask, at = newest_before(state, edge.debtor, OUT, edge.time)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        if entry.flags & CROSS_BORDER:
            party = state.edges[entry.slot].debtor_party
            known = party == NONE
            for i in range(count):
                known = known or parties[i] == party
            if not known:
                parties[count] = party
                proof[count] = entry.slot
                total += entry.amount
                count += 1
        at -= 1
    least = settings.numbers[0].group_minimum
    if count >= least:
        hit = report(out, row, code, edge.debtor, 1.0 - 0.5 ** (count / least), count, 0.0, total, start, edge.time)
        for i in range(count):
            add_evidence(out, hit, proof[i])
