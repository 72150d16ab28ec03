"""Smurfing: structuring spread over several places or helpers, so that no single one sees it."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.rings import newest
from aml.search import DAY, MOST_SCANNED
from aml.state import BELOW, DEPOSIT, IN, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="smurfing",
    family="amount",
    definition=(
        "At least structuring_minimum cash deposits below the threshold into one account within a week, made at two "
        "or more branches or tills, that together reach the threshold."
    ),
    parameters=("reporting_threshold", "below_floor", "structuring_minimum"),
    source=("FFIEC BSA/AML Manual, appendix G, structuring; FATF, Money laundering through money remittance (2010)"),
    sar_subtype="114",
    text=(
        "{total} cash deposits below the threshold at {value:.0f} places, together {amount} {currency}, into "
        "{account} within {window}"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not (edge.flags & BELOW and edge.flags & DEPOSIT):
        return
    account = edge.creditor
    window = state.windows[account, IN, len(settings.lengths) - 1]
    if window.below_count < settings.numbers[0].structuring_minimum or window.below_sum < settings.numbers[0].threshold:
        return
    end = state.accounts[account].touched
    start = end - 7 * DAY
    places = scratch(MOST_SCANNED)
    different, count, total = 0, 0, 0
    ring, mask, at = newest(state, account, IN)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        if entry.flags & BELOW and entry.flags & DEPOSIT:
            count += 1
            total += entry.amount
            branch = state.edges[entry.slot].branch
            known = False
            for i in range(different):
                known = known or places[i] == branch
            if not known:
                places[different] = branch
                different += 1
        at -= 1
    numbers = settings.numbers[0]
    if different >= 2 and count >= numbers.structuring_minimum and total >= numbers.threshold:
        score = 1.0 - 0.5 ** (total / numbers.threshold * different / 2.0)
        hit = report(out, row, code, account, score, count, float(different), total, start, end)
        add_window(state, out, hit, account, IN, start, BELOW | DEPOSIT)
