"""Sanctioned counterparty: money from or to an account or party that screening confirmed as listed."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import SANCTIONED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="sanctioned_counterparty",
    family="geography",
    definition=(
        "A payment whose account or party, on either side, is on the tenant's list of confirmed sanctions hits, or "
        "belongs to a customer whose property is frozen."
    ),
    parameters=("sanctioned",),
    source="31 CFR part 501; Regulation (EU) 269/2014, Art. 2",
    sar_subtype="9999",
    text="{amount} {currency} from or to a sanctioned account or party on {account}",
    lists=("sanctioned",),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & SANCTIONED:
        hit = report(out, row, code, edge.debtor, 1.0, 1, 0.0, edge.amount, edge.time, edge.time)
        add_evidence(out, hit, slot)
