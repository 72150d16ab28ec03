"""Packed numbers come back bit for bit, and nothing else is taken for them."""

import struct
from base64 import b64decode, b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.columns import pack_rows
from store.numbers import pack, unpack

ANY = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, 5e-324])


def bits(numbers: list[float] | tuple[float, ...]) -> list[bytes]:
    return [struct.pack("<d", number) for number in numbers]


@given(st.lists(ANY, max_size=40))
def test_they_come_back_bit_for_bit(numbers: list[float]) -> None:
    assert bits(unpack(pack(numbers), len(numbers))) == bits(numbers)


@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(ANY, min_size=width, max_size=width), min_size=1)))
def test_a_matrix_is_packed_as_its_rows_are(rows: list[list[float]]) -> None:
    assert pack_rows(np.array(rows)) == [pack(row) for row in rows]


def test_wide_and_turned_and_empty_matrices() -> None:
    matrix = np.random.default_rng(1).integers(-1, 2, (50, 140)) * np.pi
    assert pack_rows(matrix.T) == [pack(row) for row in matrix.T.tolist()]
    assert pack_rows(np.zeros((3, 140))) == [pack([0.0] * 140)] * 3
    assert pack_rows(np.zeros((0, 140))) == []


def test_the_form_is_the_one_that_is_documented() -> None:
    text = pack([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -2.0])
    assert b64decode(text) == bytes([0b00000010, 0b00000011]) + struct.pack("<dd", 1.0, -2.0)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 8, 11, 12, 140])
def test_another_number_of_them_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="packed numbers"):
        unpack(pack([1.5, 0.0, 2.5]), count)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "ü",
        "AA",
        pack([1.0, 0.0, 2.0])[:-4],
        pack([1.0, 0.0, 2.0]) + "AAAA",
        pack([1.0, 0.0, 2.0]) + "\n",
        " " + pack([1.0, 0.0, 2.0]),
        b64encode(bytes([0b10001101]) + b64decode(pack([1.0, 0.0, 2.0]))[1:]).decode(),
        b64encode(bytes([0b00001111]) + b64decode(pack([1.0, 0.0, 2.0]))[1:]).decode(),
    ],
)
def test_what_is_not_packed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="packed numbers"):
        unpack(text, 3)
