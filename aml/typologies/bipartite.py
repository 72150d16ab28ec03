"""Bipartite group: several accounts that all pay the same several others."""

import numpy as np

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, linked, newest_before
from aml.state import IN, NONE, OUT, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="bipartite",
    family="graph",
    definition="Within a week at least group_minimum accounts each paid the same two or more accounts.",
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
_SIDE = 8
"""Accounts looked at on each side."""


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges = state.edges
    edge = edges[slot]
    least = settings.numbers[0].group_minimum
    if not edge.flags & TRACED:
        return
    low = edge.time - 7 * DAY
    last = len(settings.lengths) - 1
    if state.windows[edge.creditor, IN, last].distinct < least or state.windows[edge.debtor, OUT, last].distinct < 2:
        return
    sources = np.empty(_SIDE, np.int32)
    entries = np.empty(_SIDE, np.int32)
    count = 0
    current = newest_before(state, state.accounts[edge.creditor].tail[IN], edge.time, IN)
    for _ in range(MOST_SCANNED):
        if current == NONE or edges[current].time <= low or count == _SIDE:
            break
        known = not edges[current].flags & TRACED
        for i in range(count):
            known = known or sources[i] == edges[current].debtor
        if not known:
            sources[count] = edges[current].debtor
            entries[count] = current
            count += 1
        current = edges[current].in_prev
    if count < least:
        return
    targets = np.empty(_SIDE, np.int32)
    wide = 0
    common = np.ones(_SIDE, np.bool_)
    links = np.empty((_SIDE, _SIDE), np.int32)
    current = newest_before(state, state.accounts[edge.debtor].tail[OUT], edge.time, OUT)
    for _ in range(MOST_SCANNED):
        if current == NONE or edges[current].time <= low or wide == _SIDE:
            break
        target = edges[current].creditor
        known = target == edge.creditor or not edges[current].flags & TRACED
        for i in range(wide):
            known = known or targets[i] == target
        if not known:
            shared = 0
            for i in range(count):
                links[wide, i] = linked(state, sources[i], target, low, edge.time)
                if links[wide, i] != NONE and common[i]:
                    shared += 1
            if shared >= least:
                targets[wide] = target
                for i in range(count):
                    common[i] = common[i] and links[wide, i] != NONE
                wide += 1
        current = edges[current].out_prev
    if wide == 0:
        return
    members, total = 0, 0
    for i in range(count):
        if common[i]:
            members += 1
            total += edges[entries[i]].amount
            for j in range(wide):
                total += edges[links[j, i]].amount
    score = 1.0 - 0.5 ** (members * (wide + 1) / (2.0 * least))
    hit = report(out, row, code, edge.creditor, score, members, wide + 1.0, total, low, edge.time)
    for i in range(count):
        if common[i]:
            add_evidence(out, hit, entries[i])
            for j in range(wide):
                add_evidence(out, hit, links[j, i])
