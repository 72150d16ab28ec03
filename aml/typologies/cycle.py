"""Cycle: money that returns to where it started over 2 to 10 hops, each later than the last and hardly smaller."""

import numpy as np
from numpy.typing import NDArray

from aml.evidence import Output, add_evidence, report
from aml.kernels import Record, kernel
from aml.memory import scratch
from aml.parameters import MOST_HOPS, Settings
from aml.search import copy_numbers
from aml.state import CASH, IN, NONE, SELF, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="cycle",
    family="graph",
    definition=(
        "Two to cycle_hops payments, each made by the account that the one before reached, that end where they began "
        "within cycle_window; times do not fall, and each passes on between cycle_keep and 101% of the one before."
    ),
    parameters=("cycle_window", "cycle_hops", "cycle_keep", "search_budget"),
    source="Altman et al., Realistic synthetic financial transactions (2023), cycle; FATF, Trade-based laundering",
    sar_subtype="805",
    text="a round trip over {total} hops brought {amount} {currency} back to account {account} within {window}",
)
_SLACK = 1.01
"""Rounding and interest may let an amount grow by this much from hop to hop."""


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> tuple[int, int, bool]:
    """Search the cycles that this payment takes part in. Returns (how many, hops of the shortest, budget ran out).

    Backward from the debtor, over ever earlier payments, until the creditor is reached. Payments booked after this one
    (it came late) are searched after one wrap: they are the end of the cycle in time.
    """
    edges = state.edges
    numbers = settings.numbers[0]
    closing = edges[slot]
    if closing.flags & (CASH | SELF):
        return 0, 0, False
    time = closing.time
    target = closing.creditor
    low = time - numbers.cycle_window
    if state.accounts[target].tail[0] == NONE or state.accounts[closing.debtor].tail[1] == NONE:
        return 0, 0, False
    keep = numbers.cycle_keep
    path = scratch(MOST_HOPS)
    best = scratch(MOST_HOPS)
    wrapped = scratch(MOST_HOPS)
    wrapped[0] = 0
    path[0] = slot
    depth = 1
    path[1] = state.accounts[closing.debtor].tail[IN]
    budget = numbers.search_budget
    count = 0
    shortest = 0
    while depth > 0:
        candidate = path[depth]
        if candidate == NONE:
            depth -= 1
            if depth > 0:
                path[depth] = edges[path[depth]].in_prev
            continue
        if budget == 0:
            break
        budget -= 1
        before = path[depth - 1]
        edge = edges[candidate]
        if edge.time <= low:
            path[depth] = NONE
            continue
        fits, wraps = _follows(state, edge, before, slot, wrapped[depth - 1] != 0, numbers.cycle_window, keep)
        if fits and edge.debtor == target:
            if wraps and keep > 0.0 and not keep * closing.amount <= edge.amount <= _SLACK * closing.amount:
                path[depth] = edge.in_prev
                continue
            count += 1
            if shortest == 0 or depth + 1 < shortest:
                shortest = depth + 1
                copy_numbers(path, best, shortest)
        elif fits and depth + 1 < numbers.cycle_hops and not _visited(state, path, depth, edge.debtor):
            wrapped[depth] = wraps
            depth += 1
            path[depth] = state.accounts[edge.debtor].tail[IN]
            continue
        path[depth] = edge.in_prev
    if count > 0:
        smallest, largest = edges[slot].amount, edges[slot].amount
        start, end = time, time
        for i in range(shortest):
            smallest = min(smallest, edges[best[i]].amount)
            largest = max(largest, edges[best[i]].amount)
            start = min(start, edges[best[i]].time)
            end = max(end, edges[best[i]].time)
        kept = smallest / max(largest, 1)
        score = 0.5 + 0.5 * kept * (1.0 - 0.5 ** (shortest - 1))
        hit = report(out, row, code, target, score, shortest, kept, smallest, start, end)
        out.found[hit].exhausted = budget == 0
        for i in range(shortest):
            add_evidence(out, hit, best[i])
    return count, shortest, budget == 0


@kernel
def _follows(
    state: State, edge: Record, before: int, closing: int, wrapped: bool, span: int, keep: float
) -> tuple[bool, bool]:
    """Whether a payment can come right before `before` in the cycle, and whether that is past the wrap in time."""
    if edge.flags & (CASH | SELF):
        return False, wrapped
    later = state.edges[before]
    time = state.edges[closing].time
    if edge.time > time and not wrapped:
        # The cycle's last payment in time, and `before` is its first: the last is no larger than this one.
        smaller = keep <= 0.0 or edge.amount <= _SLACK * state.edges[closing].amount
        return edge.time < later.time + span and smaller, True
    if edge.time > later.time:
        return False, wrapped
    small = later.amount <= _SLACK * edge.amount and later.amount >= keep * edge.amount
    if keep <= 0.0:
        small = True
    return small, wrapped


@kernel
def _visited(state: State, path: NDArray[np.int32], depth: int, account: int) -> bool:
    for i in range(depth):  # noqa: SIM110 - numba compiles the loop, not the generator
        if state.edges[path[i]].debtor == account:
            return True
    return False
