"""Funnel account: cash goes in at several places and comes out at another."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import CASH, DEPOSIT, IN, NONE, SELF, State
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
    edges = state.edges
    edge = edges[slot]
    if edge.flags & (DEPOSIT | SELF):
        return
    account = edge.debtor
    end = edge.time
    start = end - 30 * DAY
    place = state.details[slot].branch
    places = scratch(MOST_SCANNED)
    entries = scratch(MOST_SCANNED)
    different, count, total = 0, 0, 0
    current = newest_before(state, state.accounts[account].tail[IN], end, IN)
    for _ in range(MOST_SCANNED):
        if current == NONE or edges[current].time <= start:
            break
        if edges[current].flags & DEPOSIT:
            branch = state.details[current].branch
            if branch == place:
                return  # money comes out where it goes in
            entries[count] = current
            count += 1
            total += edges[current].amount
            known = False
            for i in range(different):
                known = known or places[i] == branch
            if not known:
                places[different] = branch
                different += 1
        current = edges[current].in_prev
    least = 0.2 if edge.flags & CASH else 0.5
    if count >= 3 and different >= 2 and edge.amount >= least * total and total >= settings.numbers[0].large_minimum:
        score = 1.0 - 0.5 ** (count * different / 6.0 + 0.5)
        hit = report(out, row, code, account, score, count, float(different), total, start, end)
        add_evidence(out, hit, slot)
        for i in range(count):
            add_evidence(out, hit, entries[i])
