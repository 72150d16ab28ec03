"""Every cycle is found once, with whichever of its payments arrives last: a search beside a plain count, on little
graphs with payments at the same instant and in any order of arrival."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest

from aml.features import feature_names
from aml.parameters import MonitoringParameters
from aml.stream import Stream
from benchmarks.typologies import as_rows

MINUTE = 60 * 1_000_000
SPAN = 5
COLUMN = feature_names(("day",)).index("cycle_count")
Payment = tuple[int, int, int, int]
"""Debtor, creditor, minute, amount."""


def stream(keep: str) -> Stream:
    day = timedelta(days=1)
    return Stream(
        MonitoringParameters(
            "EUR",
            Decimal(10_000),
            windows=(day,),
            memory=day,
            lateness=day,
            cycle_window=timedelta(minutes=SPAN),
            cycle_keep=Decimal(keep),
            fan_in_minimum=(3,),
            fan_out_minimum=(3,),
            typologies=frozenset({"cycle"}),
            scored=False,
        )
    )


STREAMS = {keep: stream(keep) for keep in ("0", "0.9")}
EMPTY = {keep: {name: array.copy() for name, array in made.state._asdict().items()} for keep, made in STREAMS.items()}


def found(payments: Sequence[Payment], keep: str) -> list[int]:
    """Of each payment, in order of arrival, the cycles that the kernel finds with it."""
    debtors, creditors, minutes, amounts = np.array(payments).T
    rows = as_rows(minutes * MINUTE, debtors, creditors, amounts)
    STREAMS[keep].take_up(EMPTY[keep])
    return [int(count) for count in STREAMS[keep].push(rows, 8)[:, COLUMN]]


def counted(payments: Sequence[Payment], keep: str) -> list[int]:
    """The same by the definition: of the payments there are, all that form a ring which can be walked in time."""
    counts = []
    for newest in range(len(payments)):
        count = 0
        for size in range(1, newest + 1):
            for others in combinations(range(newest), size):
                rings = ((payments[newest], *(payments[i] for i in order)) for order in permutations(others))
                count += sum(is_cycle(ring, float(keep)) for ring in rings)
        counts.append(count)
    return counts


def is_cycle(ring: tuple[Payment, ...], keep: float) -> bool:
    if len({payment[0] for payment in ring}) < len(ring):
        return False
    if any(before[1] != after[0] for before, after in pairwise((*ring, ring[0]))):
        return False
    return any(walks((*ring[at:], *ring[:at]), keep) for at in range(len(ring)))


def walks(way: tuple[Payment, ...], keep: float) -> bool:
    fits = all(
        before[2] <= after[2] and (keep == 0 or keep * before[3] <= after[3] <= 1.01 * before[3])
        for before, after in pairwise(way)
    )
    return fits and way[-1][2] - way[0][2] < SPAN


@pytest.mark.parametrize("keep", ["0", "0.9"])
def test_cycles_are_those_of_the_definition(keep: str) -> None:
    dice = np.random.default_rng(1)
    cycles = 0
    for _ in range(1500):
        size = dice.integers(2, 8)
        debtors = dice.integers(0, 4, size)
        creditors = (debtors + dice.integers(1, 4, size)) % 4
        minutes, amounts = dice.integers(0, dice.choice([2, 4, 7]), size), dice.choice([1000, 950, 900, 800], size)
        payments = list(zip(debtors.tolist(), creditors.tolist(), minutes.tolist(), amounts.tolist(), strict=True))
        expected = counted(payments, keep)
        assert found(payments, keep) == expected, payments
        cycles += sum(expected)
    assert cycles > 100
