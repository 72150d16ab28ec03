"""Both sides the same person: an owner's money crosses a border between their own accounts."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import CROSS_BORDER, SAME_PARTY, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="same_person",
    family="geography",
    definition="A payment of at least large_minimum across a border between two accounts of one party.",
    parameters=("large_minimum",),
    source=(
        "FATF, Money laundering through the physical and cross-border movement of funds; FFIEC BSA/AML Manual, "
        "appendix F"
    ),
    sar_subtype="807",
    text="{account} sent {amount} {currency} across a border to another account of the same person",
    needs=("debtor_party", "creditor_party", "debtor_country", "creditor_country"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & SAME_PARTY and edge.flags & CROSS_BORDER and edge.amount >= settings.numbers[0].large_minimum:
        score = 1.0 - 0.5 ** (0.2 + edge.amount / (10.0 * settings.numbers[0].large_minimum))
        hit = report(out, row, code, edge.debtor, score, 1, 0.0, edge.amount, edge.time, edge.time)
        add_evidence(out, hit, slot)
