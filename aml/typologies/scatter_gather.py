"""Scatter-gather: one account pays several, and they all pay the same other one."""

import numpy as np
from numpy.typing import NDArray

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.rings import is_empty
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import FRESH, IN, NONE, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="scatter_gather",
    family="graph",
    definition=(
        "Within a week at least group_minimum accounts each received from one source and then paid one destination, "
        "all of them for the first time."
    ),
    parameters=("group_minimum",),
    source=(
        "Altman et al., Realistic synthetic financial transactions (2023), scatter-gather; FATF, Professional money "
        "laundering (2018)"
    ),
    sar_subtype="807",
    text=("{total} accounts passed {amount} {currency} on to {account}, all from one source, within {window}"),
)

_SOURCES = 4
"""Payers of the account in the middle that are tried as the source."""


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    least = settings.numbers[0].group_minimum
    last = len(settings.lengths) - 1
    if not edge.flags & FRESH or is_empty(state, edge.debtor, IN):
        return
    if state.windows[edge.creditor, IN, last].distinct < least:
        return
    low = edge.time - 7 * DAY
    middles = scratch(MOST_SCANNED)
    seconds = scratch(MOST_SCANNED)
    count = 0
    ring, mask, at = newest_before(state, edge.creditor, IN, edge.time)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= low:
            break
        known = not entry.flags & FRESH
        for i in range(count):
            known = known or middles[i] == entry.other
        if not known:
            middles[count] = entry.other
            seconds[count] = entry.slot
            count += 1
        at -= 1
    if count < least:
        return
    firsts = scratch(MOST_SCANNED)
    ring, mask, at = newest_before(state, edge.debtor, IN, edge.time)
    for _ in range(_SOURCES):
        incoming = state.entries[ring + (at & mask)]
        if incoming.time <= low:
            return
        source = incoming.other
        wide = state.windows[source, OUT, last].distinct >= least and source != edge.creditor
        if wide and incoming.flags & FRESH:
            linked = _link(state, source, middles[:count], seconds, firsts, low, edge.time)
            if linked >= least:
                _report(state, out, row, code, slot, seconds[:count], firsts, linked, linked / least)
                return
        at -= 1


@kernel
def _link(
    state: State,
    source: int,
    middles: NDArray[np.int32],
    seconds: NDArray[np.int32],
    firsts: NDArray[np.int32],
    low: int,
    high: int,
) -> int:
    """Find which middle accounts a source paid before they paid on. Returns how many; `firsts` says how."""
    edges = state.edges
    firsts[: len(middles)] = NONE
    linked = 0
    ring, mask, at = newest_before(state, source, OUT, high)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= low:
            break
        for i in range(len(middles)):
            if middles[i] == entry.other and entry.flags & FRESH:
                if firsts[i] == NONE and entry.time <= edges[seconds[i]].time and middles[i] != source:
                    firsts[i] = entry.slot
                    linked += 1
                break
        at -= 1
    return linked


@kernel
def _report(
    state: State,
    out: Output,
    row: int,
    code: int,
    slot: int,
    seconds: NDArray[np.int32],
    firsts: NDArray[np.int32],
    linked: int,
    excess: float,
) -> None:
    edges = state.edges
    total = 0
    start = edges[slot].time
    for i in range(len(seconds)):
        if firsts[i] != NONE:
            total += edges[seconds[i]].amount
            start = min(start, edges[firsts[i]].time)
    score = 1.0 - 0.5 ** (excess + 0.5)
    hit = report(out, row, code, edges[slot].creditor, score, linked, 0.0, total, start, edges[slot].time)
    for i in range(len(seconds)):
        if firsts[i] != NONE:
            add_evidence(out, hit, firsts[i])
            add_evidence(out, hit, seconds[i])
