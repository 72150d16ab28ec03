"""The compiled sums are those of `math.fsum`, to the last bit."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explain.exact_sums import additivity_errors
from explain.record import additivity_error

NUMBERS = st.floats(-1e150, 1e150)


def same(base: float, rows: list[list[float]], margins: list[float]) -> None:
    errors = additivity_errors(base, np.array(rows), np.array(margins)).tolist()
    assert errors == [additivity_error(base, row, margin) for row, margin in zip(rows, margins, strict=True)]


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=30), NUMBERS)
def test_any_numbers(base: float, row: list[float], margin: float) -> None:
    same(base, [row], [margin])


def test_numbers_that_cancel_and_that_lie_half_way() -> None:
    chance = np.random.default_rng(1)
    rows = chance.standard_normal((2000, 37)) * 10.0 ** chance.integers(-20, 20, (2000, 37))
    rows[:, ::2] *= chance.choice([0, 1, -1], (2000, 19))
    rows[:, 1] = -rows[:, 3]
    same(0.3, rows.tolist(), [0.0] * 2000)
    tiny, less = 2.0**-53, 2.0**-106
    half = [[1.0, tiny, less], [1.0, tiny, -less], [1.0, tiny, 0.0], [1.0, -tiny / 2, -less], [-1.0, -tiny, -less]]
    same(0.0, half, [0.0] * 5)


def test_what_is_no_number_stays_none() -> None:
    assert math.isnan(additivity_errors(0.0, np.array([[1.0, math.nan]]), np.array([1.0]))[0])
