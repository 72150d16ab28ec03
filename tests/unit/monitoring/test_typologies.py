"""Each typology on a worked example that shows it and on its nearest innocent neighbour that does not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from aml.transaction import Channel
from aml.typologies import NAMES, TYPOLOGIES
from tests.unit.monitoring.streams import PARAMETERS, found, pay


def test_every_typology_states_definition_source_and_sar_subtype() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for typology in TYPOLOGIES:
        assert typology.definition.endswith(".")
        assert typology.source
        assert typology.sar_subtype.isdigit()
        for parameter in typology.parameters:
            assert hasattr(PARAMETERS, parameter)


def test_structuring_names_the_deposits_and_their_sum() -> None:
    # FinCEN's own example of structuring: 9,900 and 9,500 on following days instead of one deposit above 10,000.
    deposits = [
        pay(i, day, "till", "A", amount, channel=Channel.CASH_DEPOSIT)
        for i, (day, amount) in enumerate([(0, "9900"), (0.2, "9500"), (1.1, "9800")])
    ]
    (hit,) = found(deposits, "structuring")
    assert hit.transactions == ("t0", "t1", "t2")
    assert hit.amount == Decimal("29200.00")
    assert hit.amounts == (Decimal("9900.00"), Decimal("9500.00"), Decimal("9800.00"))
    assert hit.accounts == ("A", "till")
    assert hit.window[1] - hit.window[0] == timedelta(days=7)
    assert "3 payments" in hit.text


@pytest.mark.parametrize("amounts", [("9900", "9500"), ("9900", "9500", "10000"), ("500", "600", "700")])
def test_deposits_that_are_too_few_reported_or_small_are_no_structuring(amounts: tuple[str, ...]) -> None:
    deposits = [pay(i, i, "till", "A", amount, channel=Channel.CASH_DEPOSIT) for i, amount in enumerate(amounts)]
    assert not found(deposits, "structuring")


def test_structuring_follows_the_threshold_that_is_passed_in() -> None:
    deposits = [pay(i, i, "till", "A", "2900", channel=Channel.CASH_DEPOSIT) for i in range(4)]
    assert not found(deposits, "structuring")
    assert found(deposits, "structuring", replace(PARAMETERS, reporting_threshold=Decimal(3000)))


def test_transfers_are_structuring_only_where_transfers_are_reported() -> None:
    transfers = [pay(i, i, "B", "A", "9500") for i in range(3)]
    assert not found(transfers, "structuring")
    assert found(transfers, "structuring", replace(PARAMETERS, reported_channels=frozenset()))


def test_fan_in_from_new_counterparties_within_a_week() -> None:
    payments = [pay(i, i * 0.8, f"mule{i}", "A", "900") for i in range(8)]
    (hit,) = found(payments, "fan_in")
    assert set(hit.transactions) == {f"t{i}" for i in range(8)}
    assert hit.amount == Decimal("7200.00")
    assert not found(payments[:-1], "fan_in")


def test_tenants_who_pay_every_month_are_no_fan_in() -> None:
    months = [pay(f"{m}-{i}", 30 * m + i * 0.1, f"tenant{i}", "A", "900") for m in range(2) for i in range(9)]
    assert found(months[:9], "fan_in")
    assert not found(months, "fan_in")


def test_a_shop_paid_by_card_is_no_fan_in() -> None:
    assert not found([pay(i, i * 0.1, f"buyer{i}", "A", "90", channel=Channel.CARD) for i in range(20)], "fan_in")


def test_fan_out_names_who_was_paid() -> None:
    (hit,) = found([pay(i, i * 0.01, "A", f"mule{i}", "900") for i in range(5)], "fan_out")
    assert hit.accounts == ("A", "mule0", "mule1", "mule2", "mule3", "mule4")
    assert hit.window[1] - hit.window[0] == timedelta(hours=1)


def test_pass_through_within_days() -> None:
    (hit,) = found([pay(1, 0, "X", "A", "5000"), pay(2, 2, "A", "Y", "4750")], "pass_through")
    assert hit.transactions == ("t1", "t2")
    assert "95%" in hit.text


@pytest.mark.parametrize(("days", "amount"), [(2, "4000"), (8, "4750"), (2, "5500")])
def test_money_that_stays_or_leaves_late_or_exceeds_is_no_pass_through(days: float, amount: str) -> None:
    assert not found([pay(1, 0, "X", "A", "5000"), pay(2, days, "A", "Y", amount)], "pass_through")


@pytest.mark.parametrize("hops", range(2, 11))
def test_cycles_of_two_to_ten_hops(hops: int) -> None:
    ring = [pay(i, i, f"a{i}", f"a{(i + 1) % hops}", str(1000 - 10 * i)) for i in range(hops)]
    (hit,) = found(ring, "cycle")
    assert hit.transactions == tuple(f"t{i}" for i in range(hops))
    assert set(hit.accounts) == {f"a{i}" for i in range(hops)}
    assert hit.amount == Decimal(1000 - 10 * (hops - 1))


def test_eleven_hops_are_beyond_the_search() -> None:
    assert not found([pay(i, i, f"a{i}", f"a{(i + 1) % 11}", "1000") for i in range(11)], "cycle")


@pytest.mark.parametrize(
    "ring",
    [
        [(2, "a", "b", "1000"), (1, "b", "c", "1000"), (3, "c", "a", "1000")],  # b paid before it was paid
        [(1, "a", "b", "1000"), (2, "b", "c", "400"), (3, "c", "a", "390")],  # most of it stayed with b
        [(1, "a", "b", "1000"), (2, "b", "c", "1500"), (3, "c", "a", "1500")],  # grew
        [(0, "a", "b", "1000"), (20, "b", "c", "1000"), (31, "c", "a", "1000")],  # took longer than the window
    ],
)
def test_payments_that_do_not_follow_each_other_are_no_cycle(ring: list[tuple[float, str, str, str]]) -> None:
    assert not found([pay(i, *hop) for i, hop in enumerate(ring)], "cycle")


@pytest.mark.parametrize("last", range(4))
def test_a_cycle_is_found_whichever_of_its_payments_arrives_last(last: int) -> None:
    ring = [pay(i, i * 0.2, f"a{i}", f"a{(i + 1) % 4}", str(1000 - 5 * i)) for i in range(4)]
    (hit,) = found([*ring[:last], *ring[last + 1 :], ring[last]], "cycle")
    assert hit.transactions == ("t0", "t1", "t2", "t3")


def test_a_search_that_ran_out_of_budget_says_so() -> None:
    hub = [pay(f"h{i}", 1 + i / 1000, f"x{i}", "b", "1000") for i in range(50)]
    ring = [pay("a", 1.9, "a", "b", "1000"), *hub, pay("b", 2, "b", "a", "990")]
    (hit,) = found(ring, "cycle", replace(PARAMETERS, search_budget=10))
    assert hit.exhausted
    assert "stopped at its budget" in hit.text
