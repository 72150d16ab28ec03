"""What a payment in a foreign currency counts as: converted at a table of rates where its own booking says nothing.

What was used goes with the payment, so that later tables change nothing of what was decided before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from aml.money import DECIMALS, InvalidMoney, Money, converted, from_minor
from aml.transaction import Transaction
from explain.record import Finding

_FURTHEST = 50
"""Times by which a booked amount may differ from what a table says: currencies fall, but units are off by a hundred."""
_CITATION = "ISO 20022, counter value amount (CntrValAmt)"


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of the regime's currency for one of each other, and what they are called where they were used."""

    name: str
    units: Mapping[str, Decimal]


def with_counter_value(transaction: Transaction, currency: str, rates: Rates) -> Transaction:
    """The payment with its counter value in `currency`, at a table of rates; as it came where it states one that
    counts, needs none, or has a currency that is not in the table. At least one minor unit."""
    money, stated = transaction.money, transaction.counter_value
    if money.currency == currency or (stated is not None and stated.currency == currency):
        return transaction
    rate = rates.units.get(money.currency)
    if rate is None:
        return transaction
    try:
        minor = max(converted(money, rate, currency), 1)
    except InvalidMoney:  # larger than any payment: it counts as nothing, and says so
        return transaction
    return transaction.counting_as(Money(from_minor(minor, currency), currency), rates.name)


def implausible(transaction: Transaction, currency: str, units: Mapping[str, Decimal]) -> str | None:
    """What is wrong with the counter value that a payment states, to whom monitors it in `currency`; None for nothing.

    `units` of `currency` for one of each other tell the order of magnitude; what is not among them is believed.
    """
    stated, money = transaction.counter_value, transaction.money
    if stated is None or money.currency == currency:
        return None
    if stated.currency != currency:
        return f"is in {stated.currency}, but your payments are monitored in {currency}: state the amount in {currency}"
    rate = units.get(money.currency)
    if rate is None or 1 <= _FURTHEST * stated.amount / (money.amount * rate) <= _FURTHEST**2:
        return None
    return (
        f"{stated.amount} {stated.currency} for {money.amount} {money.currency} is more than {_FURTHEST} times off "
        f"{money.amount * rate:.2f} {currency}: check its unit and the direction of the rate"
    )


def conversion(transaction: Transaction, currency: str) -> tuple[Finding, ...]:
    """What a decision says of the amount that a payment in another currency than `currency` counted with. By their
    names these rules come after every typology: a sentence has room for a few."""
    money, stated = transaction.money, transaction.counter_value
    if money.currency == currency:
        return ()
    if stated is None or stated.currency != currency:
        text = f"No rate for {money.currency}: {money.amount} {money.currency} counted with an amount of zero"
        return (Finding("without_rate", "not counted", text, _CITATION, _values(money)),)
    by = "as it was booked" if transaction.rates_of is None else f"at {transaction.rates_of}"
    text = f"{money.amount} {money.currency} counted as {stated.amount} {currency}, {by}"
    values = _values(money) | {"counted": str(stated.amount), "counted_currency": currency}
    return (Finding("valued_as", "converted", text, _CITATION, values),)


def _values(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currency": money.currency}


def parse_rates(stated: object) -> dict[str, Decimal]:
    """Rates from JSON whose numbers are texts, like `{"EUR": "1.08"}`. Raises `ValueError` with what is wrong."""
    if not isinstance(stated, dict):
        raise ValueError("it does not map currencies to rates")
    rates = {}
    for currency, rate in stated.items():
        if currency not in DECIMALS:
            raise ValueError(f"{currency!r} is not a currency code of ISO 4217")
        try:
            rates[currency] = Decimal(rate if isinstance(rate, str) else "")
        except ArithmeticError:
            raise ValueError(f"the rate of {currency} is {rate!r}, which is no number") from None
        if not (rates[currency].is_finite() and rates[currency] > 0):
            raise ValueError(f"the rate of {currency} is {rate}, which is not above zero")
    return rates
