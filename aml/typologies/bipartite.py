"""Bipartite group: several accounts that all pay the same several others."""

from aml.evidence import Output, add_evidence, report
from aml.groups import SIDE, Group
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY
from aml.state import NONE, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="bipartite",
    family="graph",
    definition=(
        "Within a week at least group_minimum accounts each paid the same two or more accounts for the first time."
    ),
    parameters=("group_minimum",),
    source=(
        "Altman et al., Realistic synthetic financial transactions (2023), bipartite; SAML-D (Oztas et al., 2023), "
        "bipartite"
    ),
    sar_subtype="807",
    text=(
        "{total} accounts each paid the same {value:.0f} accounts, {account} among them, {amount} {currency} within "
        "{window}"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int, group: Group) -> None:
    edges = state.edges
    edge = edges[slot]
    least = settings.numbers[0].group_minimum
    count, wide = group.sizes[0], group.sizes[1]
    if count < least or wide == 0:
        return
    common, chosen = scratch(SIDE), scratch(SIDE)
    common[:] = 1
    chosen[:] = 0
    width = 1
    for j in range(wide):
        shared = 0
        for i in range(count):
            if common[i] and group.links[j, i] != NONE:
                shared += 1
        if shared >= least:
            chosen[j] = 1
            width += 1
            for i in range(count):
                if group.links[j, i] == NONE:
                    common[i] = 0
    if width < 2:
        return
    members, total = 0, 0
    for i in range(count):
        if common[i]:
            members += 1
            total += edges[group.entries[i]].amount
            for j in range(wide):
                if chosen[j]:
                    total += edges[group.links[j, i]].amount
    score = 1.0 - 0.5 ** (members * width / (2.0 * least))
    start = edge.time - 7 * DAY
    hit = report(out, row, code, edge.creditor, score, members, float(width), total, start, edge.time)
    for i in range(count):
        if common[i]:
            add_evidence(out, hit, group.entries[i])
            for j in range(wide):
                if chosen[j]:
                    add_evidence(out, hit, group.links[j, i])
