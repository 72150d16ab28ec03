"""What money and a transaction refuse, and that minor units are exact."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aml.money import DECIMALS, InvalidMoney, Money, from_minor, to_minor
from aml.transaction import InvalidTransaction, Transaction

GOOD = Transaction("t1", datetime(2026, 1, 1, tzinfo=UTC), "A", "B", Money(Decimal("10.00"), "EUR"))


@given(st.integers(1, 2**53), st.sampled_from(sorted(DECIMALS)))
def test_minor_units_and_back_is_exact(minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)
    assert to_minor(amount, currency) == minor
    assert Money(amount, currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        ("-1", "EUR", "not above zero"),
        ("0", "EUR", "not above zero"),
        ("1.001", "EUR", "more decimals than EUR has"),
        ("1.5", "JPY", "more decimals than JPY has"),
        ("NaN", "EUR", "not a number"),
        ("Infinity", "EUR", "not a number"),
        ("1e30", "EUR", "larger than any payment"),
        ("1", "eur", "ISO 4217"),
        ("1", "ZZZ", "ISO 4217"),
    ],
)
def test_impossible_money_is_refused_with_advice(amount: str, currency: str, says: str) -> None:
    with pytest.raises(InvalidMoney, match=says):
        Money(Decimal(amount), currency)


def test_money_wants_a_decimal() -> None:
    with pytest.raises(InvalidMoney, match="give a Decimal"):
        Money(1.5, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transaction_id", " "),
        ("debtor_account", ""),
        ("creditor_account", "x" * 201),
        ("booked_at", datetime(2026, 1, 1)),  # noqa: DTZ001
        ("booked_at", datetime(1960, 1, 1, tzinfo=UTC)),
        ("debtor_country", "Germany"),
        ("creditor_country", "de"),
        ("channel", "wire"),
        ("money", Decimal(1)),
    ],
)
def test_an_impossible_transaction_names_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidTransaction) as refused:
        replace(GOOD, **{field: value})  # type: ignore[arg-type]
    assert refused.value.field == field
