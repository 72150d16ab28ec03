"""Where a payment's money came from, how far it had come, and what was found on the payments around it.

Bounded scans over the newest payments of both accounts within a week; what is learned of a payment is kept with it, so
that a chain is followed at the cost of its last step.
"""

from aml.kernels import kernel
from aml.rings import newest
from aml.search import DAY
from aml.state import FRESH, IN, NONE, OUT, State

_SCANNED = 16
"""Payments of one account that are looked at, newest first."""
_HOUR = 3_600_000_000.0
_LEAST, _MOST = 0.5, 1.02
"""What a payment is of the one whose money it passes on; between these, the one closest to 1 is taken."""
_PASSED = 0.8
"""From this share on it is the next hop of the same money."""
_ALIKE = 768
"""Amounts are alike within a factor of 1.7: three quarters of an octave, in 1/1024."""
_MOST_HOPS = 30_000
FULL = 255


@kernel
def follow(state: State, slot: int) -> tuple[float, float, int, float]:
    """The receipt of the debtor that a payment passes on.

    Returns (this payment's share of it or 0 without one, hours since it, hops so far, the strongest typology found on
    what the debtor received, 0 to 1).
    """
    edges = state.edges
    edge = edges[slot]
    low = edge.time - 7 * DAY
    best, share, found = NONE, 0.0, 0
    start, mask, place = newest(state, edge.debtor, IN)
    for _ in range(_SCANNED):
        received = state.entries[start + (place & mask)]
        if received.time <= low:
            break
        if received.time <= edge.time and received.slot != slot:
            found = max(found, received.found)
            passed = edge.amount / max(received.amount, 1)
            if _LEAST <= passed <= _MOST and abs(1.0 - passed) < abs(1.0 - share):
                best, share = received.slot, passed
        place -= 1
    if best == NONE:
        return 0.0, -1.0, 0, found / float(FULL)
    hours = (edge.time - edges[best].time) / _HOUR
    hops = min(edges[best].hops + 1, _MOST_HOPS) if share >= _PASSED else 0
    return share, hours, hops, found / float(FULL)


@kernel
def alike(state: State, slot: int, direction: int) -> tuple[int, float]:
    """Payments to (OUT, of the debtor) or from (IN, of the creditor) other new counterparties within a week that are
    about as large as this one. Returns (how many, the strongest typology found on any of the account's, 0 to 1)."""
    edge = state.edges[slot]
    low = edge.time - 7 * DAY
    count, found = 0, 0
    start, mask, place = newest(state, edge.debtor if direction == OUT else edge.creditor, direction)
    for _ in range(_SCANNED):
        entry = state.entries[start + (place & mask)]
        if entry.time <= low:
            break
        if entry.time <= edge.time and entry.slot != slot:
            found = max(found, entry.found)
            if entry.flags & FRESH and abs(entry.log - edge.log) <= _ALIKE:
                count += 1
        place -= 1
    return count, found / float(FULL)
