"""New payee with a large amount: the first payment to someone is far above the usual."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.profile import own_deviation
from aml.state import FRESH, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="new_payee",
    family="behaviour",
    definition=(
        "The first payment to an account in memory, of at least large_minimum and 2.5 standard deviations above the "
        "payer's own (in logarithms, at least five payments)."
    ),
    parameters=("large_minimum", "memory"),
    source="FFIEC BSA/AML Manual, appendix F; UK Finance, authorised push payment fraud (2023)",
    sar_subtype="812",
    text=("{account} paid {amount} {currency} to someone new, {value:.1f} deviations above what it usually pays"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & FRESH or edge.amount < settings.numbers[0].large_minimum:
        return
    deviation = own_deviation(state, slot, OUT, 5)
    if deviation >= 2.5:
        hit = report(
            out,
            row,
            code,
            edge.debtor,
            min(0.25 + 0.1 * deviation, 0.9),
            1,
            deviation,
            edge.amount,
            edge.time,
            edge.time,
        )
        add_evidence(out, hit, slot)
