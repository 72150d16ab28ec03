"""An account's pattern of life: what its own payments usually look like, and how far a new one is from that."""

import numpy as np

from aml.kernels import Number, kernel
from aml.state import DEPOSIT, OUT, PROFILE_FULL, State

_BINS = 48
_LOWEST = 12
"""Half octaves below the first bin: it starts at 2⁶ minor units, the last one at 2³⁰."""


@kernel
def amount_bin(log: int) -> Number:
    """The half octave of an amount whose log2 is `log` in 1/1024."""
    return min(max(log // 512 - _LOWEST, 0), _BINS - 1)


@kernel
def learn(state: State, slot: int) -> None:
    """Add a payment to its debtor's profile."""
    edge = state.edges[slot]
    if edge.flags & DEPOSIT:
        return  # a till has no habits
    profile = state.profiles[edge.debtor]
    if profile.count >= PROFILE_FULL:
        profile.count = 0
        for i in range(_BINS):
            profile.amounts[i] //= 2
            profile.count += profile.amounts[i]
        for i in range(len(profile.hours)):
            profile.hours[i] //= 2
        for i in range(len(profile.channels)):
            profile.channels[i] //= 2
        for i in range(len(profile.digits)):
            profile.digits[i] //= 2
    profile.count += 1
    profile.amounts[amount_bin(edge.log)] += 1
    profile.hours[(edge.time // 3_600_000_000) % 24] += 1
    profile.channels[edge.channel] += 1
    digit = edge.amount
    while digit >= 10:
        digit //= 10
    if digit > 0:
        profile.digits[digit - 1] += 1


@kernel
def robust_deviation(state: State, account: int, log: int) -> float:
    """Robust deviations of an amount above the median of the account's life, by the median absolute deviation.

    One deviation is at least half an octave (a factor of 1.4).
    """
    profile = state.profiles[account]
    total = 0
    for i in range(_BINS):
        total += profile.amounts[i]
    if total == 0:
        return 0.0
    median, below = 0, profile.amounts[0]
    while 2 * below < total:
        median += 1
        below += profile.amounts[median]
    width, within = 0, profile.amounts[median]
    while 2 * within < total:
        width += 1
        if median - width >= 0:
            within += profile.amounts[median - width]
        if median + width < _BINS:
            within += profile.amounts[median + width]
    return float((amount_bin(log) - median) / max(1.4826 * width, 1.0))


@kernel
def own_deviation(state: State, slot: int) -> float:
    """Standard deviations of a payment's log amount above the debtor's others in the longest window; 0 below five."""
    edge = state.edges[slot]
    last = state.windows.shape[2] - 1
    count = state.windows[edge.debtor, OUT, last].count - 1
    if count < 5:
        return 0.0
    log = np.float64(edge.log)
    mean = (state.accounts[edge.debtor].log_sum[OUT] - log) / count
    square = (state.accounts[edge.debtor].log_square[OUT] - log * log) / count
    return float((log - mean) / max(np.sqrt(max(square - mean * mean, 0.0)), 1024.0 / 4.0))
