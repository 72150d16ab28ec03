"""Sums rounded once, of every row of a matrix: `math.fsum` for whoever has a matrix.

Separate from the attribution kernel because it must give the very bits of `record.additivity_error`, which a replay
computes one decision at a time.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from explain.tree_tables import Floats


def additivity_errors(base: float, shap: Floats, margin: Floats) -> Floats:
    """[n]: how far `base` and the SHAP values of a row [n, features] together are from its margin [n]."""
    return np.abs(_sums(base, np.ascontiguousarray(shap, np.float64)) - margin)


@njit(cache=True, nogil=True)
def _sums(base: float, rows: Floats) -> Floats:
    """Shewchuk's sums of partials that do not overlap (1997, Adaptive Precision Floating-Point Arithmetic), rounded as
    CPython's `math.fsum` does."""
    count, width = rows.shape
    sums = np.empty(count)
    partials = np.empty(width + 1)
    for r in range(count):
        partials[0] = base
        used = 1
        for column in range(width):
            used = _add(partials, used, rows[r, column])
        sums[r] = _rounded(partials, used)
    return sums


@njit(cache=True, nogil=True)
def _add(partials: NDArray[np.float64], used: int, x: float) -> int:
    kept = 0
    for place in range(used):
        y = partials[place]
        if abs(x) < abs(y):
            x, y = y, x
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            partials[kept] = low
            kept += 1
        x = high
    partials[kept] = x
    return kept + 1


@njit(cache=True, nogil=True)
def _rounded(partials: NDArray[np.float64], used: int) -> float:
    used -= 1
    high: float = partials[used]
    low = 0.0
    while used > 0:
        x = high
        used -= 1
        y = partials[used]
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            break
    # Half way between two numbers: what is left decides.
    if used > 0 and ((low < 0.0 and partials[used - 1] < 0.0) or (low > 0.0 and partials[used - 1] > 0.0)):
        y = low * 2.0
        x = high + y
        if y == x - high:
            high = x
    return high
