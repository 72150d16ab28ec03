"""What the score sees of a transaction: numbers about it, its two accounts' windows up to now, and what was found.

All look backward only: a feature knows what had been ingested when its transaction was. None is an amount of money or
a number that grows with the size of the tenant: amounts are said against the tenant's own payments, the regime's
threshold, the account's past and its peers, so that a model holds in another currency and another trade.
"""

import numpy as np
from numpy.typing import NDArray

from aml.evidence import Output
from aml.kernels import Record, kernel
from aml.pairs import find_pair
from aml.parameters import Settings
from aml.profile import (
    EVERYBODY,
    FEWEST,
    deviation_among,
    log_of,
    median_amount,
    own_deviation,
    share_below,
    share_near,
)
from aml.rings import NEVER, newest
from aml.state import BELOW, CASH, IN, NONE, OUT, ROUND, SELF, State
from aml.trails import alike, follow
from aml.typologies import NAMES

WINDOW_NAMES = ("1h", "1d", "7d", "30d")
_OWN = (
    "amount_rank",
    "amount_times_usual",
    "amount_to_threshold",
    "debtor_hour_share",
    "debtor_channel_share",
    "debtor_amount_rank",
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
    "debtor_peer_deviation",
    "creditor_peer_deviation",
    "pair_count",
    "pair_age_days",
    "returned_count",
    "debtor_below_count",
    "creditor_below_count",
    "passed_on_share",
    "passed_on_hours",
    "passed_on_hops",
    "debtor_received_found",
    "debtor_alike",
    "debtor_sent_found",
    "creditor_alike",
    "creditor_received_found",
    "cycle_count",
    "cycle_hops",
    "cycle_budget_spent",
)
_CYCLE = len(_OWN) - 3
_SIDES = ("debtor_out", "debtor_in", "creditor_out", "creditor_in")
_PACED = ("debtor_out", "debtor_in", "creditor_in")
"""Sides whose shorter windows are compared with the longest."""


def feature_names(windows: tuple[str, ...], typologies: tuple[str, ...] = NAMES) -> tuple[str, ...]:
    """The names in the order of the matrix's columns."""
    per_window = [
        f"{side}_{measure}_{window}"
        for side in _SIDES
        for window in windows
        for measure in ("count", "turnover", "fresh", "fresh_share")
    ]
    changes = [
        f"{side}_{measure}_{window}" for side in _PACED for window in windows[:-1] for measure in ("pace", "surge")
    ]
    flows = [f"{role}_flow_ratio_{window}" for role in ("debtor", "creditor") for window in windows]
    return (*_OWN, *per_window, *changes, *flows, *(f"hit_{name}" for name in typologies))


FEATURES = feature_names(WINDOW_NAMES)
"""The columns with the standard windows."""

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_LONGEST_AGE = 45.0
"""Days after which an account or pair counts as old: no world has to have run longer than the engine remembers."""
_UNKNOWN = -1.0
"""No such value yet: below all real ones, so that a tree can part it off."""
_FEWEST_OWN = 10
"""Payments of an account's life before shares of them mean anything."""
_MOST_TIMES = 1e6


@kernel
def write_own(state: State, settings: Settings, line: NDArray[np.float64], row: Record, slot: int) -> None:
    """The payment itself, its accounts' pace and its trail. `slot` is NONE when it came too late to be entered."""
    log = log_of(row.amount)
    _write_usual(state, line, row, log)
    line[2] = min(row.amount / settings.numbers[0].threshold, 100.0)
    line[6] = 1.0 if row.flags & CASH else 0.0
    line[7] = 1.0 if row.flags & ROUND else 0.0
    line[8] = 1.0 if row.flags & BELOW else 0.0
    known = row.debtor_country > 0 and row.creditor_country > 0
    line[9] = (1.0 if row.debtor_country != row.creditor_country else 0.0) if known else _UNKNOWN
    line[10] = 1.0 if row.flags & SELF else 0.0
    line[11] = min(max(row.time - state.accounts[row.debtor].first_seen, 0) / _DAY, _LONGEST_AGE)
    line[12] = min(max(row.time - state.accounts[row.creditor].first_seen, 0) / _DAY, _LONGEST_AGE)
    line[13] = _hours_since(state, row.debtor, OUT, row.time, slot)
    line[14] = _hours_since(state, row.debtor, IN, row.time, slot)
    line[15] = _hours_since(state, row.creditor, IN, row.time, slot)
    line[18] = _peer_deviation(state, row.debtor_segment, OUT, log)
    line[19] = _peer_deviation(state, row.creditor_segment, IN, log)
    last = len(settings.lengths) - 1
    line[23] = state.windows[row.debtor, OUT, last].below_count + state.windows[row.debtor, IN, last].below_count
    line[24] = state.windows[row.creditor, IN, last].below_count
    back = find_pair(state, row.creditor, row.debtor)
    line[22] = 0.0 if back == NONE else float(state.pairs[back].live)
    if slot == NONE:
        line[16], line[17], line[20], line[21] = 0.0, 0.0, _UNKNOWN, _UNKNOWN
        line[25], line[26], line[27], line[28] = 0.0, _UNKNOWN, 0.0, 0.0
        line[29], line[30], line[31], line[32] = 0.0, 0.0, 0.0, 0.0
        return
    pair = state.pairs[state.edges[slot].pair]
    line[16] = own_deviation(state, slot, OUT, 3)
    line[17] = own_deviation(state, slot, IN, 3)
    line[20] = pair.live
    line[21] = min(max(row.time - pair.first, 0) / _DAY, _LONGEST_AGE)
    share, hours, hops, found = follow(state, slot)
    state.edges[slot].hops = hops
    line[25], line[26], line[27], line[28] = share, hours, float(hops), found
    sent, found = alike(state, slot, OUT)
    line[29], line[30] = float(sent), found
    received, found = alike(state, slot, IN)
    line[31], line[32] = float(received), found


@kernel
def _write_usual(state: State, line: NDArray[np.float64], row: Record, log: int) -> None:
    """The amount beside everybody's, and with hour and channel beside what is usual for the payer."""
    everybody = state.peers[EVERYBODY, OUT]
    profile = state.profiles[row.debtor]
    hour = (row.time % _DAY) // _HOUR
    if everybody.count < FEWEST:
        line[0], line[1] = 0.5, 1.0
    else:
        line[0] = share_below(everybody.amounts, log)
        line[1] = min(row.amount / max(median_amount(everybody.amounts), 1.0), _MOST_TIMES)
    if profile.count < _FEWEST_OWN:
        line[3], line[4], line[5] = _UNKNOWN, _UNKNOWN, _UNKNOWN
    else:
        line[3] = share_near(profile.hours, hour, profile.count)
        line[4] = profile.channels[row.channel] / profile.count
        line[5] = share_below(profile.amounts, log)


@kernel
def _peer_deviation(state: State, segment: int, direction: int, log: int) -> float:
    """Robust deviations of the amount from what the account's peers send or receive; 0 without enough of them."""
    if segment == 0:
        return 0.0
    peers = state.peers[segment, direction]
    return deviation_among(peers.amounts, log) if peers.count >= FEWEST else 0.0


@kernel
def _hours_since(state: State, account: int, direction: int, time: int, slot: int) -> float:
    """Hours since the account's payment before this one, UNKNOWN without one in window."""
    start, mask, place = newest(state, account, direction)
    before = state.entries[start + (place & mask)]
    while before.time != NEVER and (before.slot == slot or before.time > time):
        place -= 1
        before = state.entries[start + (place & mask)]
    return float((time - before.time) / _HOUR) if before.time != NEVER else _UNKNOWN


@kernel
def write_windows(state: State, settings: Settings, line: NDArray[np.float64], row: Record) -> None:
    everybody = state.peers[EVERYBODY, OUT]
    usual = median_amount(everybody.amounts) if everybody.count >= FEWEST else 0.0
    usual = max(usual, 1.0) if usual > 0.0 else max(float(row.amount), 1.0)
    place = _CYCLE + 3
    width = len(settings.lengths)
    for account in (row.debtor, row.creditor):
        for direction in (OUT, IN):
            for w in range(width):
                window = state.windows[account, direction, w]
                line[place] = window.count
                line[place + 1] = min(window.sum / usual, _MOST_TIMES)
                line[place + 2] = window.fresh
                line[place + 3] = window.fresh / window.distinct if window.distinct > 0 else _UNKNOWN
                place += 4
    for side in range(3):
        account = row.debtor if side < 2 else row.creditor
        direction = OUT if side == 0 else IN
        whole = state.windows[account, direction, width - 1]
        span = min(settings.lengths[width - 1], row.time - state.accounts[account].first_seen)
        for w in range(width - 1):
            window = state.windows[account, direction, w]
            share = settings.lengths[w] / max(span, settings.lengths[w])  # of what an even pace has in this window
            line[place] = window.count / max(whole.count * share, 0.01)
            line[place + 1] = window.sum / max(whole.sum * share, 1.0)
            place += 2
    for account in (row.debtor, row.creditor):
        for w in range(width):
            received = state.windows[account, IN, w].sum
            sent = state.windows[account, OUT, w].sum
            line[place] = min(sent / received, 10.0) if received > 0 else _UNKNOWN
            place += 1


@kernel
def write_found(out: Output, line: NDArray[np.float64], count: int, hops: int, spent: bool) -> None:
    line[_CYCLE] = count
    line[_CYCLE + 1] = hops
    line[_CYCLE + 2] = 1.0 if spent else 0.0
    place = len(line) - len(out.scores)
    for code in range(len(out.scores)):
        line[place + code] = out.scores[code]
