"""Large single payment: one that is far above all that the account did before."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.profile import own_deviation
from aml.state import DEPOSIT, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="large_single",
    family="amount",
    definition=(
        "A payment of at least the reporting threshold, three standard deviations above the account's own (in "
        "logarithms, at least five payments)."
    ),
    parameters=("reporting_threshold",),
    source="31 CFR 1020.320(a)(2)(iii); FFIEC BSA/AML Manual, appendix F",
    sar_subtype="812",
    text="{account} paid {amount} {currency}, {value:.1f} deviations above what it usually pays",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.amount < settings.numbers[0].threshold or edge.flags & DEPOSIT:
        return
    deviation = own_deviation(state, slot, OUT, 5)
    if deviation >= 3.0:
        hit = report(
            out,
            row,
            code,
            edge.debtor,
            min(0.3 + 0.1 * deviation, 0.9),
            1,
            deviation,
            edge.amount,
            edge.time,
            edge.time,
        )
        add_evidence(out, hit, slot)
