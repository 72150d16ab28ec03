"""Rapid movement: a sum leaves within the hour after it came in."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import newest_before
from aml.state import IN, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="rapid_movement",
    family="amount",
    definition=(
        "A payment of between 80% and 100% of one that arrived within the hour before it from another account, of at "
        "least pass_through_minimum."
    ),
    parameters=("pass_through_minimum",),
    source=("FFIEC BSA/AML Manual, appendix F, funds transfers; FATF, Virtual assets red flag indicators (2020)"),
    sar_subtype="805",
    text="{account} moved {amount} {currency} on within {window}, {value:.0%} of what had just come in",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & TRACED or edge.amount < settings.numbers[0].pass_through_minimum:
        return
    ring, mask, at = newest_before(state, edge.debtor, IN, edge.time)
    for _ in range(8):
        before = state.entries[ring + (at & mask)]
        if before.time <= edge.time - 3_600_000_000:
            return
        if before.other != edge.creditor and 0.8 * before.amount <= edge.amount <= before.amount:
            hit = report(
                out, row, code, edge.debtor, 0.7, 2, edge.amount / before.amount, edge.amount, before.time, edge.time
            )
            add_evidence(out, hit, before.slot)
            add_evidence(out, hit, slot)
            return
        at -= 1
