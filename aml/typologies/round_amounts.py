"""Round amounts: sums in whole hundreds, again and again, where life has odd ones."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import OUT, ROUND, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="round_amounts",
    family="amount",
    definition=(
        "At least five payments between accounts within 30 days, of a third of large_minimum or more, are in whole "
        "hundreds, and they are four in five of those looked at."
    ),
    parameters=("large_minimum",),
    source=("FFIEC BSA/AML Manual, appendix F, activity inconsistent with the customer's business; FATF red flags"),
    sar_subtype="812",
    text="{total} payments in whole hundreds, {amount} {currency}, from {account} within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    least = settings.numbers[0].large_minimum // 3
    if not edge.flags & ROUND or not edge.flags & TRACED or edge.amount < least:
        return
    start = edge.time - 30 * DAY
    many, seen, total = 0, 0, 0
    ring, mask, at = newest_before(state, edge.debtor, OUT, edge.time)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        if entry.flags & TRACED and entry.amount >= least:
            seen += 1
            if entry.flags & ROUND:
                many += 1
                total += entry.amount
        at -= 1
    if many >= 5 and 5 * many >= 4 * seen:
        hit = report(out, row, code, edge.debtor, 1.0 - 0.5 ** (many / 8.0), many, many / seen, total, start, edge.time)
        add_window(state, out, hit, edge.debtor, OUT, start, ROUND | TRACED)
