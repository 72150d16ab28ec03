"""Short ways to write payments down in tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from aml.engine import Engine, Hit
from aml.money import Money
from aml.parameters import MonitoringParameters
from aml.transaction import Channel, Transaction

START = datetime(2026, 1, 1, tzinfo=UTC)
PARAMETERS = MonitoringParameters("EUR", Decimal(10_000))


def pay(number: object, days: float, debtor: str, creditor: str, amount: str, **optional: object) -> Transaction:
    channel = optional.pop("channel", Channel.TRANSFER)
    assert isinstance(channel, Channel)
    money = Money(Decimal(amount), "EUR")
    booked = START + timedelta(days=days)
    return Transaction(f"t{number}", booked, debtor, creditor, money, channel, **optional)  # type: ignore[arg-type]


def found(transactions: list[Transaction], typology: str, parameters: MonitoringParameters = PARAMETERS) -> list[Hit]:
    """The hits of one typology on the last transaction."""
    result = Engine(parameters).push(transactions)
    return [hit for hit in result.hits[-1] if hit.typology == typology]
