"""Cycle: money that returns to where it started over 2 to 10 hops, each later than the last and hardly smaller."""

import numpy as np
from numpy.typing import NDArray

from aml.evidence import Output, add_evidence, report
from aml.kernels import Record, kernel
from aml.memory import scratch
from aml.parameters import MOST_HOPS, Settings
from aml.rings import NEVER, is_empty, last_until, newest, one_before
from aml.state import CASH, IN, OUT, SELF, State
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
    (it came late), or at its very instant, are searched after one wrap: they are the end of the cycle in time.
    """
    edges, entries = state.edges, state.entries
    numbers = settings.numbers[0]
    closing = edges[slot]
    if closing.flags & (CASH | SELF):
        return 0, 0, False
    time = closing.time
    target = closing.creditor
    low = time - numbers.cycle_window
    if is_empty(state, target, OUT) or is_empty(state, closing.debtor, IN):
        return 0, 0, False
    keep = numbers.cycle_keep
    path, starts, masks = scratch(MOST_HOPS), scratch(MOST_HOPS), scratch(MOST_HOPS)
    payers = scratch(MOST_HOPS)
    best = scratch(MOST_HOPS)
    wrapped = scratch(MOST_HOPS)
    wrapped[0] = 0
    starts[0], masks[0] = 0, 0
    start, mask, place = last_until(state, target, IN, time)
    path[0] = start + (place & mask)
    payers[0] = closing.debtor
    _begin(state, path, starts, masks, 1, closing.debtor)
    depth = 1
    budget = numbers.search_budget
    count = 0
    shortest = 0
    while depth > 0:
        entry = entries[path[depth]]
        if entry.time == NEVER:
            depth -= 1
            path[depth] = one_before(starts[depth], masks[depth], path[depth])
            continue
        if budget == 0:
            break
        budget -= 1
        if entry.time <= low:
            depth -= 1
            path[depth] = one_before(starts[depth], masks[depth], path[depth])
            continue
        before = entries[path[depth - 1]]
        fits, wraps = _follows(entry, before, closing, wrapped[depth - 1] != 0, numbers.cycle_window, keep)
        if fits and entry.other == target:
            if not wraps or keep <= 0.0 or keep * closing.amount <= entry.amount <= _SLACK * closing.amount:
                count += 1
                if shortest == 0 or depth + 1 < shortest:
                    shortest = depth + 1
                    for i in range(shortest):
                        best[i] = entries[path[i]].slot
        elif fits and depth + 1 < numbers.cycle_hops and not _visited(payers, depth, entry.other):
            wrapped[depth] = wraps
            payers[depth] = entry.other
            depth += 1
            _begin(state, path, starts, masks, depth, entry.other)
            continue
        path[depth] = one_before(starts[depth], masks[depth], path[depth])
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
def _begin(
    state: State,
    path: NDArray[np.int32],
    starts: NDArray[np.int32],
    masks: NDArray[np.int32],
    depth: int,
    account: int,
) -> None:
    """Go on with the newest payment that an account received."""
    start, mask, place = newest(state, account, IN)
    starts[depth] = start
    masks[depth] = mask
    path[depth] = start + (place & mask)


@kernel
def _follows(entry: Record, later: Record, closing: Record, wrapped: bool, span: int, keep: float) -> tuple[bool, bool]:
    """Whether a payment can come right before `later` in the cycle, and whether the wrap in time lies behind it then:
    the payments behind are the end of the cycle, after the closing one. Of one instant the wrap is taken only where
    nothing else fits: it can still be taken further on."""
    if entry.flags & (CASH | SELF):
        return False, wrapped
    in_time = entry.time <= later.time and (not wrapped or entry.time >= closing.time)
    if in_time and (keep <= 0.0 or keep * entry.amount <= later.amount <= _SLACK * entry.amount):
        return True, wrapped
    return not wrapped and closing.time <= entry.time < later.time + span, True


@kernel
def _visited(payers: NDArray[np.int32], depth: int, account: int) -> bool:
    for i in range(depth):  # noqa: SIM110 - numba compiles the loop, not the generator
        if payers[i] == account:
            return True
    return False
