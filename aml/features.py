"""What the score sees of a transaction: numbers about it, its two accounts' windows up to now, and what was found.

All look backward only: a feature knows what had been ingested when its transaction was.
"""

import numpy as np
from numpy.typing import NDArray

from aml.evidence import Output
from aml.kernels import Record, kernel
from aml.parameters import Settings
from aml.state import BELOW, CASH, IN, NONE, OUT, ROUND, SELF, State
from aml.typologies import NAMES

WINDOW_NAMES = ("1h", "1d", "7d", "30d")
_OWN = (
    "amount_log",
    "amount_to_threshold",
    "hour",
    "weekday",
    "is_cash",
    "is_round",
    "is_below_threshold",
    "is_cross_border",
    "is_own_transfer",
    "debtor_age_days",
    "creditor_age_days",
    "debtor_hours_since_out",
    "debtor_hours_since_in",
    "creditor_hours_since_in",
    "debtor_amount_deviation",
    "creditor_amount_deviation",
    "pair_count",
    "pair_age_days",
    "cycle_count",
    "cycle_hops",
    "cycle_budget_spent",
)
_SIDES = ("debtor_out", "debtor_in", "creditor_out", "creditor_in")


def feature_names(windows: tuple[str, ...], typologies: tuple[str, ...] = NAMES) -> tuple[str, ...]:
    """The names in the order of the matrix's columns."""
    per_window = [
        f"{side}_{measure}_{window}"
        for side in _SIDES
        for window in windows
        for measure in ("count", "sum_log", "distinct", "below_count", "fresh")
    ]
    flows = [f"{role}_flow_ratio_{window}" for role in ("debtor", "creditor") for window in windows]
    return (*_OWN, *per_window, *flows, *(f"hit_{name}" for name in typologies))


FEATURES = feature_names(WINDOW_NAMES)
"""The columns with the standard windows."""

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_UNKNOWN = -1.0
"""No such value yet: below all real ones, so that a tree can part it off."""


@kernel
def write_own(state: State, settings: Settings, line: NDArray[np.float64], row: Record, slot: int) -> None:
    """The payment itself and its accounts' pace. `slot` is NONE when it came too late to be entered."""
    debtor, creditor = state.accounts[row.debtor], state.accounts[row.creditor]
    line[0] = np.log1p(row.amount / 100.0)
    line[1] = min(row.amount / settings.numbers[0].threshold, 100.0)
    line[2] = (row.time % _DAY) // _HOUR
    line[3] = (row.time // _DAY + 3) % 7
    line[4] = 1.0 if row.flags & CASH else 0.0
    line[5] = 1.0 if row.flags & ROUND else 0.0
    line[6] = 1.0 if row.flags & BELOW else 0.0
    known = row.debtor_country > 0 and row.creditor_country > 0
    line[7] = (1.0 if row.debtor_country != row.creditor_country else 0.0) if known else _UNKNOWN
    line[8] = 1.0 if row.flags & SELF else 0.0
    line[9] = max(row.time - debtor.first_seen, 0) / _DAY
    line[10] = max(row.time - creditor.first_seen, 0) / _DAY
    line[11] = _hours_since(state, row.debtor, OUT, row.time, slot)
    line[12] = _hours_since(state, row.debtor, IN, row.time, slot)
    line[13] = _hours_since(state, row.creditor, IN, row.time, slot)
    log = np.log2(max(row.amount, 1)) * 1024.0
    line[14] = _deviation(state, row.debtor, OUT, log)
    line[15] = _deviation(state, row.creditor, IN, log)
    if slot == NONE:
        line[16] = _UNKNOWN
        line[17] = _UNKNOWN
    else:
        pair = state.pairs[state.edges[slot].pair]
        line[16] = pair.live
        line[17] = max(row.time - pair.first, 0) / _DAY


@kernel
def _hours_since(state: State, account: int, direction: int, time: int, slot: int) -> float:
    """Hours since the account's payment before this one, UNKNOWN without one in window."""
    before = state.accounts[account].tail[direction]
    while before != NONE and (before == slot or state.edges[before].time > time):
        before = state.edges[before].out_prev if direction == OUT else state.edges[before].in_prev
    if before == NONE:
        return _UNKNOWN
    return float((time - state.edges[before].time) / _HOUR)


@kernel
def _deviation(state: State, account: int, direction: int, log: float) -> float:
    """Standard deviations of the log amount from the account's own mean in the longest window."""
    record = state.accounts[account]
    count = state.windows[account, direction, state.windows.shape[2] - 1].count
    if count < 3:
        return 0.0
    mean = record.log_sum[direction] / count
    variance = max(record.log_square[direction] / count - mean * mean, 0.0)
    return float((log - mean) / max(np.sqrt(variance), 1024.0 / 5.0))


@kernel
def write_windows(state: State, settings: Settings, line: NDArray[np.float64], row: Record) -> None:
    place = 21
    width = len(settings.lengths)
    for account in (row.debtor, row.creditor):
        for direction in (OUT, IN):
            for w in range(width):
                window = state.windows[account, direction, w]
                line[place] = window.count
                line[place + 1] = np.log1p(window.sum / 100.0)
                line[place + 2] = window.distinct
                line[place + 3] = window.below_count
                line[place + 4] = window.fresh
                place += 5
    for account in (row.debtor, row.creditor):
        for w in range(width):
            received = state.windows[account, IN, w].sum
            sent = state.windows[account, OUT, w].sum
            line[place] = min(sent / received, 10.0) if received > 0 else _UNKNOWN
            place += 1


@kernel
def write_found(out: Output, line: NDArray[np.float64], count: int, hops: int, spent: bool) -> None:
    line[18] = count
    line[19] = hops
    line[20] = 1.0 if spent else 0.0
    place = len(line) - len(out.scores)
    for code in range(len(out.scores)):
        line[place + code] = out.scores[code]
