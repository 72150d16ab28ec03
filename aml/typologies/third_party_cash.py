"""Third-party cash: others than the owner bank cash into an account, again and again."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.rings import newest
from aml.search import DAY, MOST_SCANNED
from aml.state import IN, THIRD_PARTY, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="third_party_cash",
    family="geography",
    definition=(
        "At least two cash deposits by others than the owner within 30 days, in all at least pass_through_minimum."
    ),
    parameters=("pass_through_minimum",),
    source="FFIEC BSA/AML Manual, appendix F, currency transactions; 31 CFR 1010.312",
    sar_subtype="809",
    text=("{total} cash deposits by others than the owner, {amount} {currency}, into {account} within {window}"),
    needs=("debtor_party", "creditor_party"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & THIRD_PARTY:
        return
    account = edge.creditor
    end = state.accounts[account].touched
    start = end - 30 * DAY
    count, total = 0, 0
    ring, mask, at = newest(state, account, IN)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        if entry.flags & THIRD_PARTY:
            count += 1
            total += entry.amount
        at -= 1
    if count >= 2 and total >= settings.numbers[0].pass_through_minimum:
        hit = report(out, row, code, account, 1.0 - 0.5 ** (count / 3.0), count, 0.0, total, start, end)
        add_window(state, out, hit, account, IN, start, THIRD_PARTY)
