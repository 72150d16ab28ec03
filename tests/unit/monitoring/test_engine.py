"""The engine's promises: the same results however the stream is cut, late and duplicate arrivals, exact windows."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aml.engine import Engine
from aml.money import Money
from aml.parameters import MonitoringParameters
from aml.transaction import Channel, Transaction

START = datetime(2026, 1, 1, tzinfo=UTC)
PARAMETERS = MonitoringParameters("EUR", Decimal(10_000), rates={"USD": Decimal("0.9")}, lateness=timedelta(hours=12))


def payment(
    number: object,
    minutes: float,
    debtor: str,
    creditor: str,
    amount: str = "500",
    channel: Channel = Channel.TRANSFER,
    currency: str = "EUR",
) -> Transaction:
    return Transaction(
        f"t{number}", START + timedelta(minutes=minutes), debtor, creditor, Money(Decimal(amount), currency), channel
    )


def stream(seed: int, count: int) -> list[Transaction]:
    """Few accounts over weeks, with late, far too late and duplicate ones among them."""
    dice = random.Random(seed)
    clock = 0.0
    made = []
    for number in range(count):
        clock += dice.expovariate(1 / 200)
        late = dice.choice((0, 0, 0, 0, 100, 700, 3000))
        made.append(
            payment(
                dice.randrange(count) if dice.random() < 0.1 else number,
                max(clock - late, 0),
                f"a{dice.randrange(12)}",
                f"a{dice.randrange(12)}",
                str(dice.choice((100, 950, 1000, 7500, 9000, 9900, 12000))),
                dice.choice((Channel.TRANSFER, Channel.CASH_DEPOSIT)),
                dice.choice(("EUR", "EUR", "USD", "JPY")),
            )
        )
    return made


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_any_split_into_batches_gives_bit_identical_features_and_hits(seed: int, cuts: list[int]) -> None:
    transactions = stream(seed, 400)
    whole = Engine(PARAMETERS).push(transactions)
    engine = Engine(PARAMETERS)
    parts = []
    place = 0
    for cut in [*cuts, len(transactions)]:
        parts.append(engine.push(transactions[place : place + cut]))
        place += cut
    assert np.concatenate([part.features for part in parts]).tobytes() == whole.features.tobytes()
    assert tuple(hits for part in parts for hits in part.hits) == whole.hits
    assert any(whole.hits)
    assert whole.duplicates
    assert whole.too_late
    assert whole.unrated


def test_a_window_counts_exactly_what_lies_within_it() -> None:
    engine = Engine(PARAMETERS)
    column = engine.features.index("debtor_out_count_1d")
    total = engine.features.index("debtor_out_turnover_1d")
    times = [0, 60, 1439, 1440, 1441, 2879, 2880]
    result = engine.push([payment(i, minute, "a", f"b{i}", "100") for i, minute in enumerate(times)])
    inside = [sum(1 for other in times if minute - 1440 < other <= minute) for minute in times]
    assert result.features[:, column].tolist() == inside
    assert result.features[:, total].tolist() == inside  # too few payments are known: this one is the usual one


def test_windows_agree_with_counting_by_hand_on_a_late_stream() -> None:
    transactions = stream(7, 600)
    engine = Engine(PARAMETERS)
    result = engine.push(transactions)
    skipped = {*result.duplicates, *result.too_late}
    for i in range(0, 600, 7):
        if i in skipped:
            continue
        before = [transactions[j] for j in range(i + 1) if j not in skipped]
        account = transactions[i].creditor_account
        own = [
            t
            for j, t in enumerate(transactions[: i + 1])
            if j not in result.duplicates and account in (t.debtor_account, t.creditor_account)
        ]
        end = max(t.booked_at for t in own)
        for name, length in (("1h", 1 / 24), ("1d", 1), ("7d", 7), ("30d", 30)):
            inside = [t for t in before if t.creditor_account == account and t.booked_at > end - timedelta(days=length)]
            assert result.features[i, engine.features.index(f"creditor_in_count_{name}")] == len(inside)
            fresh = result.features[i, engine.features.index(f"creditor_in_fresh_{name}")]
            share = result.features[i, engine.features.index(f"creditor_in_fresh_share_{name}")]
            assert fresh == pytest.approx(share * len({t.debtor_account for t in inside}))


def test_a_duplicate_id_is_reported_and_changes_nothing() -> None:
    first, second = Engine(PARAMETERS), Engine(PARAMETERS)
    first.push([payment(1, 0, "a", "b")])
    result = first.push([payment(1, 5, "x", "y"), payment(2, 10, "a", "b")])
    second.push([payment(1, 0, "a", "b")])
    assert result.duplicates == (0,)
    assert np.isnan(result.features[0]).all()
    assert first.known("t1")
    assert not first.known("t3")
    expected = second.push([payment(2, 10, "a", "b")])
    assert result.features[1].tobytes() == expected.features[0].tobytes()


def test_a_transaction_within_the_lateness_closes_a_cycle_that_one_beyond_it_does_not() -> None:
    for minutes_late, found in ((300, True), (721, False)):
        engine = Engine(PARAMETERS)
        engine.push([payment(1, 0, "a", "b", "1000"), payment(3, 1000, "c", "a", "980")])
        result = engine.push([payment(2, 1000 - minutes_late, "b", "c", "990")])
        assert [hit.typology for hit in result.hits[0] if hit.typology == "cycle"] == (["cycle"] if found else [])
        assert result.too_late == (() if found else (0,))


def test_memory_does_not_grow_with_time_when_the_window_does_not() -> None:
    engine = Engine(PARAMETERS)
    sizes = []
    for month in range(8):
        base = month * 1000
        engine.push([payment(base + i, (base + i) * 43.2, f"a{i % 50}", f"a{i % 49}") for i in range(1000)])
        sizes.append(engine.nbytes)
    assert sizes[-1] == sizes[2]
