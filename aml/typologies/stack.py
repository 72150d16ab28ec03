"""Stack: layers of accounts, where each of one layer pays each of the next."""

import numpy as np

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import DAY, linked, newest_before
from aml.state import IN, NONE, OUT, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="stack",
    family="graph",
    definition=(
        "Within two weeks two accounts each paid the same two, and were before that each paid by the same two: three "
        "layers, each linked to all of the next."
    ),
    parameters=(),
    source="Altman et al., Realistic synthetic financial transactions (2023), stack",
    sar_subtype="807",
    text=(
        "three layers of accounts, each paying all of the next, moved {amount} {currency} up to {account} within "
        "{window}"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges = state.edges
    edge = edges[slot]
    last = len(settings.lengths) - 1
    if not edge.flags & TRACED or state.windows[edge.creditor, IN, last].distinct < 2:
        return
    if state.windows[edge.debtor, OUT, last].distinct < 2 or state.windows[edge.debtor, IN, last].distinct < 2:
        return
    low = edge.time - 14 * DAY
    proof = np.empty(8, np.int32)
    budget = settings.numbers[0].search_budget
    other_in = newest_before(state, state.accounts[edge.creditor].tail[IN], edge.time, IN)
    while other_in != NONE and edges[other_in].time > low and budget > 0:
        second = edges[other_in].debtor  # the other account of the middle layer
        budget -= 1
        if second != edge.debtor and edges[other_in].flags & TRACED and second != edge.creditor:
            other_out = newest_before(state, state.accounts[edge.debtor].tail[OUT], edge.time, OUT)
            while other_out != NONE and edges[other_out].time > low and budget > 0:
                budget -= 1
                target = edges[other_out].creditor  # the other account of the last layer
                crossing = NONE
                if target != edge.creditor and target != second and edges[other_out].flags & TRACED:
                    crossing = linked(state, second, target, low, edge.time)
                if crossing != NONE:
                    found = 0
                    before = newest_before(state, state.accounts[edge.debtor].tail[IN], edges[other_out].time, IN)
                    while before != NONE and edges[before].time > low and budget > 0 and found < 2:
                        budget -= 1
                        first = edges[before].debtor  # an account of the first layer
                        fits = edges[before].flags & TRACED and first not in (second, target, edge.creditor)
                        if fits and (found == 0 or first != edges[proof[4]].debtor):
                            parallel = linked(state, first, second, low, edges[other_in].time)
                            if parallel != NONE:
                                proof[4 + 2 * found] = before
                                proof[5 + 2 * found] = parallel
                                found += 1
                        before = edges[before].in_prev
                    if found == 2:
                        proof[0], proof[1], proof[2], proof[3] = slot, other_in, other_out, crossing
                        total = 0
                        for i in range(4):
                            total += edges[proof[i]].amount
                        hit = report(out, row, code, edge.creditor, 0.85, 8, 0.0, total, low, edge.time)
                        for i in range(8):
                            add_evidence(out, hit, proof[i])
                        return
                other_out = edges[other_out].out_prev
        other_in = edges[other_in].in_prev
