"""Just-below clustering: payments of any kind that crowd right under the reporting threshold."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.rings import newest
from aml.search import DAY, MOST_SCANNED
from aml.state import CASH, DEPOSIT, IN, NEAR, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="just_below",
    family="amount",
    definition=(
        "At least four payments of one account in one direction within 30 days lie in the last twentieth below the "
        "reporting threshold, and they are half of those looked at."
    ),
    parameters=("reporting_threshold",),
    source=("FFIEC BSA/AML Manual, appendix F, efforts to avoid reporting; Nigrini, Benford's Law (2012), ch. 5"),
    sar_subtype="114",
    text=(
        "{total} payments within a twentieth below the reporting threshold, {amount} {currency}, on {account} within "
        "{window}"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & NEAR:
        return
    for direction in (OUT, IN):
        account = edge.debtor if direction == OUT else edge.creditor
        if edge.flags & CASH and (direction == IN) != (edge.flags & DEPOSIT != 0):
            continue  # the till's own side
        end = state.accounts[account].touched
        start = end - 30 * DAY
        near, seen, total = 0, 0, 0
        ring, mask, at = newest(state, account, direction)
        for _ in range(MOST_SCANNED):
            entry = state.entries[ring + (at & mask)]
            if entry.time <= start:
                break
            seen += 1
            if entry.flags & NEAR:
                near += 1
                total += entry.amount
            at -= 1
        if near >= 4 and 2 * near >= seen:
            hit = report(out, row, code, account, 1.0 - 0.5 ** (near / 3.0), near, near / seen, total, start, end)
            add_window(state, out, hit, account, direction, start, NEAR)
            return
