"""Patterns of life: what an account's own payments usually look like, what its peers' do, and how far a new one is off.

Robust throughout: shares, medians and median absolute deviations of counted half octaves, which no single payment
moves. Group 0 of the peers is everybody: what makes an amount large or small in this tenant's currency and trade.
"""

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Number, Record, Records, kernel
from aml.state import DEPOSIT, FRESH, OUT, PEERS_FULL, PROFILE_FULL, State

BINS = 48
_LOWEST = 12
"""Half octaves below the first bin: it starts at 2⁶ minor units, the last one at 2³⁰."""
_HALF_OCTAVE = 512
EVERYBODY = 0
FEWEST = 200
"""Payments of a group, at least, before they say what is usual in it."""


@kernel
def amount_bin(log: int) -> Number:
    """The half octave of an amount whose log2 is `log` in 1/1024."""
    return min(max(log // _HALF_OCTAVE - _LOWEST, 0), BINS - 1)


@kernel
def log_of(amount: int) -> Number:
    """log2 of an amount in minor units, in 1/1024."""
    return int(np.rint(np.log2(max(amount, 1)) * 1024.0))


@kernel
def pace_bin(count: int) -> Number:
    """The octave of a number of payments."""
    return min(int(np.log2(max(count, 1))), 15)


@kernel
def learn(state: State, slot: int) -> None:
    """Add a payment to its debtor's profile."""
    edge = state.edges[slot]
    if edge.flags & DEPOSIT:
        return  # a till has no habits
    profile = state.profiles[edge.debtor]
    if profile.count >= PROFILE_FULL:
        _halve_profile(profile)
    profile.count += 1
    profile.amounts[amount_bin(edge.log)] += 1
    profile.hours[(edge.time // 3_600_000_000) % 24] += 1
    profile.channels[edge.channel] += 1
    if edge.flags & FRESH:
        profile.strangers += 1
    if edge.creditor_country > 0:
        _visit(profile, edge.creditor_country)
    digit = edge.amount
    while digit >= 10:
        digit //= 10
    if digit > 0:
        profile.digits[digit - 1] += 1


@kernel
def _halve_profile(profile: Record) -> None:
    profile.count = 0
    for i in range(BINS):
        profile.amounts[i] //= 2
        profile.count += profile.amounts[i]
    for i in range(len(profile.hours)):
        profile.hours[i] //= 2
    for i in range(len(profile.channels)):
        profile.channels[i] //= 2
    for i in range(len(profile.digits)):
        profile.digits[i] //= 2
    for i in range(len(profile.visits)):
        profile.visits[i] //= 2
    profile.strangers //= 2


@kernel
def _visit(profile: Record, country: int) -> None:
    """Count a country; where all places are taken, the least visited one makes way (Metwally et al., space saving)."""
    least = 0
    for i in range(len(profile.countries)):
        if profile.countries[i] == country or profile.countries[i] == 0:
            profile.countries[i] = country
            profile.visits[i] += 1
            return
        if profile.visits[i] < profile.visits[least]:
            least = i
    profile.countries[least] = country
    profile.visits[least] = 1


@kernel
def learn_peers(state: State, slot: int, group: int, direction: int) -> None:
    """Add a payment to what a group's accounts send (OUT) or receive (IN)."""
    edge = state.edges[slot]
    account = edge.debtor if direction == OUT else edge.creditor
    peers = state.peers[group, direction]
    if peers.count >= PEERS_FULL:
        peers.count //= 2
        for i in range(BINS):
            peers.amounts[i] //= 2
            peers.turnovers[i] //= 2
        for i in range(len(peers.paces)):
            peers.paces[i] //= 2
        for i in range(len(peers.hours)):
            peers.hours[i] //= 2
        for i in range(len(peers.channels)):
            peers.channels[i] //= 2
    week = state.windows[account, direction, min(2, state.windows.shape[2] - 1)]
    peers.count += 1
    peers.amounts[amount_bin(edge.log)] += 1
    peers.turnovers[amount_bin(log_of(week.sum))] += 1
    peers.paces[pace_bin(week.count)] += 1
    peers.hours[(edge.time // 3_600_000_000) % 24] += 1
    peers.channels[edge.channel] += 1


@kernel
def share_below(bins: NDArray[np.int64], log: int) -> float:
    """The share of counted amounts that are smaller, 0 to 1, straight within a half octave; 0.5 where none is."""
    place = amount_bin(log)
    below, total = 0, 0
    for i in range(BINS):
        total += bins[i]
        if i < place:
            below += bins[i]
    if total == 0:
        return 0.5
    within = min(max((log - (place + _LOWEST) * _HALF_OCTAVE) / float(_HALF_OCTAVE), 0.0), 1.0)
    return float((below + within * bins[place]) / total)


@kernel
def median_amount(bins: NDArray[np.int64]) -> float:
    """The median of counted amounts in minor units, straight within a half octave; 0 where there are none."""
    total = 0
    for i in range(BINS):
        total += bins[i]
    if total == 0:
        return 0.0
    below, place = 0, 0
    while 2 * (below + bins[place]) < total:
        below += bins[place]
        place += 1
    within = (total / 2.0 - below) / bins[place]
    return float(2.0 ** ((place + _LOWEST + within) / 2.0))


@kernel
def deviation_among(bins: NDArray[np.int64], log: int) -> float:
    """Robust deviations of an amount above the median of counted ones, by the median absolute deviation; 0 of none.

    One deviation is at least half an octave (a factor of 1.4).
    """
    total = 0
    for i in range(BINS):
        total += bins[i]
    if total == 0:
        return 0.0
    median, below = 0, bins[0]
    while 2 * below < total:
        median += 1
        below += bins[median]
    width, within = 0, bins[median]
    while 2 * within < total:
        width += 1
        if median - width >= 0:
            within += bins[median - width]
        if median + width < BINS:
            within += bins[median + width]
    return float((amount_bin(log) - median) / max(1.4826 * width, 1.0))


@kernel
def robust_deviation(state: State, account: int, log: int) -> float:
    """Robust deviations of an amount above the median of the account's life."""
    return deviation_among(state.profiles[account].amounts, log)


@kernel
def share_near(hours: NDArray[np.int64], hour: int, count: int) -> float:
    """The share of payments within an hour of this one."""
    near = hours[hour] + hours[(hour + 1) % 24] + hours[(hour + 23) % 24]
    return float(near / max(count, 1))


@kernel
def share_of_paces(peers: Records, count: int) -> float:
    """The share of a group's payments at which an account had made at least about as many in the week."""
    atleast, total = 0, 0
    for i in range(len(peers.paces)):
        total += peers.paces[i]
        if i >= pace_bin(count):
            atleast += peers.paces[i]
    return float(atleast / max(total, 1))


@kernel
def own_deviation(state: State, slot: int, direction: int, fewest: int) -> float:
    """Standard deviations of a payment's log amount above the account's others in the longest window.

    0 where there are fewer than `fewest` others. The account is the debtor with what it sends (OUT), else the creditor.
    """
    edge = state.edges[slot]
    account = edge.debtor if direction == OUT else edge.creditor
    last = state.windows.shape[2] - 1
    count = state.windows[account, direction, last].count - 1
    if count < fewest:
        return 0.0
    log = np.float64(edge.log)
    mean = (state.accounts[account].log_sum[direction] - log) / count
    square = (state.accounts[account].log_square[direction] - log * log) / count
    return float((log - mean) / max(np.sqrt(max(square - mean * mean, 0.0)), 1024.0 / 4.0))
