"""Stack: layers of accounts, where each of one layer pays each of the next."""

import numpy as np
from numpy.typing import NDArray

from aml.evidence import Output, add_evidence, report
from aml.groups import Group
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, linked, newest_before
from aml.state import FRESH, IN, NONE, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="stack",
    family="graph",
    definition=(
        "Within a week two accounts each paid the same two, and in the week before were each paid by the same two: "
        "three layers, each linked to all of the next, all for the first time."
    ),
    parameters=(),
    source="Altman et al., Realistic synthetic financial transactions (2023), stack",
    sar_subtype="807",
    text=(
        "three layers of accounts, each paying all of the next, moved {amount} {currency} up to {account} within "
        "{window}"
    ),
)

_SCANNED = 12
"""Payments into the middle layer that are looked at."""


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int, group: Group) -> None:
    edges = state.edges
    edge = edges[slot]
    last = len(settings.lengths) - 1
    if group.sizes[0] < 2 or group.sizes[1] == 0 or state.windows[edge.debtor, IN, last].distinct < 2:
        return
    for i in range(group.sizes[0]):
        second = group.sources[i]  # the other account of the middle layer
        if second == edge.debtor or state.windows[second, IN, last].distinct < 2:
            continue
        for j in range(group.sizes[1]):
            crossing = group.links[j, i]
            if crossing == NONE or group.targets[j] == second:
                continue
            exits = group.exits[j]
            proof = scratch(8)
            if _first_layer(
                state, slot, second, min(edges[exits].time, edge.time), edges[group.entries[i]].time, proof
            ):
                proof[0], proof[1], proof[2], proof[3] = slot, group.entries[i], exits, crossing
                total = 0
                for k in range(4):
                    total += edges[proof[k]].amount
                start = edge.time - 14 * DAY
                hit = report(out, row, code, edge.creditor, 0.85, 8, 0.0, total, start, edge.time)
                for k in range(8):
                    add_evidence(out, hit, proof[k])
                return


@kernel
def _first_layer(
    state: State, slot: int, second: int, before: int, parallel_before: int, proof: NDArray[np.int32]
) -> bool:
    """Whether two accounts each paid both of the middle layer, the debtor and `second`, before those paid on."""
    edges = state.edges
    low = edges[slot].time - 14 * DAY
    found = 0
    ring, mask, at = newest_before(state, edges[slot].debtor, IN, before)
    for _ in range(_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= low:
            break
        first = entry.other
        fits = entry.flags & FRESH and first not in (second, edges[slot].creditor)
        if fits and (found == 0 or first != edges[proof[4]].debtor):
            parallel = linked(state, first, second, low, parallel_before)
            if parallel != NONE:
                proof[4 + 2 * found] = entry.slot
                proof[5 + 2 * found] = parallel
                found += 1
                if found == 2:
                    return True
        at -= 1
    return False
