"""Scatter-gather: one account pays several, and they all pay the same other one."""

import numpy as np

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, linked, newest_before
from aml.state import IN, NONE, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="scatter_gather",
    family="graph",
    definition=(
        "Within a week at least group_minimum accounts each received from one source and then paid one destination."
    ),
    parameters=("group_minimum",),
    source=(
        "Altman et al., Realistic synthetic financial transactions (2023), scatter-gather; FATF, Professional money "
        "laundering (2018)"
    ),
    sar_subtype="807",
    text=("{total} accounts passed {amount} {currency} on to {account}, all from one source, within {window}"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges = state.edges
    edge = edges[slot]
    least = settings.numbers[0].group_minimum
    if not edge.flags & TRACED or state.accounts[edge.debtor].tail[IN] == NONE:
        return
    target = edge.creditor
    low = edge.time - 7 * DAY
    distinct = 0
    for w in range(len(settings.lengths)):
        if settings.lengths[w] >= 7 * DAY or w == len(settings.lengths) - 1:
            distinct = state.windows[target, IN, w].distinct
            break
    if distinct < least:
        return
    middles = np.empty(MOST_SCANNED, np.int32)
    firsts = np.empty(MOST_SCANNED, np.int32)
    seconds = np.empty(MOST_SCANNED, np.int32)
    best, best_source = 0, NONE
    best_firsts = np.empty(MOST_SCANNED, np.int32)
    best_seconds = np.empty(MOST_SCANNED, np.int32)
    incoming = newest_before(state, state.accounts[edge.debtor].tail[IN], edge.time, IN)
    for _ in range(4):
        if incoming == NONE or edges[incoming].time <= low:
            break
        source = edges[incoming].debtor
        if source != target and edges[incoming].flags & TRACED and source != best_source:
            count = 0
            current = newest_before(state, state.accounts[target].tail[IN], edge.time, IN)
            for _ in range(MOST_SCANNED):
                if current == NONE or edges[current].time <= low:
                    break
                middle = edges[current].debtor
                known = middle == source or not edges[current].flags & TRACED
                for i in range(count):
                    known = known or middles[i] == middle
                if not known:
                    first = linked(state, source, middle, low, edges[current].time)
                    if first != NONE:
                        middles[count] = middle
                        firsts[count] = first
                        seconds[count] = current
                        count += 1
                current = edges[current].in_prev
            if count > best:
                best, best_source = count, source
                best_firsts[:count] = firsts[:count]
                best_seconds[:count] = seconds[:count]
        incoming = edges[incoming].in_prev
    if best >= least:
        total = 0
        start = edge.time
        for i in range(best):
            total += edges[best_seconds[i]].amount
            start = min(start, edges[best_firsts[i]].time)
        hit = report(out, row, code, target, 1.0 - 0.5 ** (best / least + 0.5), best, 0.0, total, start, edge.time)
        for i in range(best):
            add_evidence(out, hit, best_firsts[i])
            add_evidence(out, hit, best_seconds[i])
