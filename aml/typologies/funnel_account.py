"""Funnel account: cash goes in at several places and comes out at another."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import CASH, DEPOSIT, IN, SELF, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="funnel_account",
    family="amount",
    definition=(
        "At least three cash deposits at two or more branches or tills within 30 days, followed by a withdrawal "
        "elsewhere or a transfer of at least half of them."
    ),
    parameters=(),
    source="FinCEN FIN-2014-A005, funnel accounts; 31 CFR 1010.100(xx)",
    sar_subtype="824",
    text=(
        "{total} cash deposits at {value:.0f} places, {amount} {currency}, left account {account} elsewhere within "
        "{window}"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & (DEPOSIT | SELF):
        return
    account = edge.debtor
    end = edge.time
    start = end - 30 * DAY
    place = edge.branch
    places = scratch(MOST_SCANNED)
    proof = scratch(MOST_SCANNED)
    different, count, total = 0, 0, 0
    ring, mask, at = newest_before(state, account, IN, end)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        if entry.flags & DEPOSIT:
            branch = state.edges[entry.slot].branch
            if branch == place:
                return  # money comes out where it goes in
            proof[count] = entry.slot
            count += 1
            total += entry.amount
            known = False
            for i in range(different):
                known = known or places[i] == branch
            if not known:
                places[different] = branch
                different += 1
        at -= 1
    least = 0.2 if edge.flags & CASH else 0.5
    if count >= 3 and different >= 2 and edge.amount >= least * total and total >= settings.numbers[0].large_minimum:
        score = 1.0 - 0.5 ** (count * different / 6.0 + 0.5)
        hit = report(out, row, code, account, score, count, float(different), total, start, end)
        add_evidence(out, hit, slot)
        for i in range(count):
            add_evidence(out, hit, proof[i])
