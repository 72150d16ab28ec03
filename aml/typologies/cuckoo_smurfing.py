"""Cuckoo smurfing: strangers bank cash into an account whose owner expects a transfer from abroad."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.rings import newest
from aml.search import DAY, MOST_SCANNED
from aml.state import DEPOSIT, IN, THIRD_PARTY, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="cuckoo_smurfing",
    family="geography",
    definition=(
        "Within three days at least two different strangers bank cash below the reporting threshold into an account, "
        "in all at least pass_through_minimum, and its owner banked none in the 30 days before."
    ),
    parameters=("pass_through_minimum",),
    source="AUSTRAC, Cuckoo smurfing: financial crime guide (2021)",
    sar_subtype="809",
    text="{total} different strangers banked {amount} {currency} in cash into {account} within {window}",
    needs=("debtor_party", "creditor_party"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & THIRD_PARTY or edge.amount >= settings.numbers[0].threshold:
        return
    account = edge.creditor
    end = state.accounts[account].touched
    start = end - 3 * DAY
    strangers = scratch(MOST_SCANNED)
    count, total = 0, 0
    ring, mask, at = newest(state, account, IN)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= end - 30 * DAY:
            break
        if entry.flags & DEPOSIT and not entry.flags & THIRD_PARTY:
            return  # the owner banks cash too
        if entry.flags & THIRD_PARTY and entry.time > start:
            total += entry.amount
            stranger = state.edges[entry.slot].debtor_party
            known = False
            for i in range(count):
                known = known or strangers[i] == stranger
            if not known:
                strangers[count] = stranger
                count += 1
        at -= 1
    if count >= 2 and total >= settings.numbers[0].pass_through_minimum:
        hit = report(out, row, code, account, 1.0 - 0.5 ** (count / 1.5), count, 0.0, total, start, end)
        add_window(state, out, hit, account, IN, start, THIRD_PARTY)
