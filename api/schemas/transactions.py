"""Transactions over the wire: what is sent in, and what is answered row by row."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from aml.money import InvalidMoney, Money
from aml.transaction import Channel, InvalidTransaction, Transaction
from api.schemas.applications import MoneyIn
from api.schemas.fields import Country, Instant, Text
from api.schemas.problems import Problem


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be an instant with a time zone, such as 2026-03-04T12:00:00Z")
    return value


class TransactionIn(BaseModel):
    """One booked payment."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "transaction_id": "t-20260304-000017",
                    "booked_at": "2026-03-04T12:00:00Z",
                    "debtor_account": "acc-1001",
                    "creditor_account": "acc-2002",
                    "money": {"amount": "9500.00", "currency": "EUR"},
                    "channel": "cash_deposit",
                    "debtor_country": "DE",
                    "creditor_country": "DE",
                    "purpose": "savings",
                }
            ]
        },
    )

    transaction_id: Text = Field(description="Yours, unique for ever: a second one with it is not taken.")
    booked_at: Annotated[Instant, BeforeValidator(_instant)]
    debtor_account: Text
    creditor_account: Text
    money: MoneyIn
    channel: Channel = Channel.TRANSFER
    debtor_country: Country | None = None
    creditor_country: Country | None = None
    purpose: Text | None = None
    debtor_bank: Text | None = None
    creditor_bank: Text | None = None
    branch: Text | None = Field(default=None, description="Where cash changed hands.")
    counter_value: MoneyIn | None = Field(
        default=None,
        description="For a payment in another currency than your regime's: its amount in the regime's currency, as you "
        "booked it (ISO 20022 `CntrValAmt`). Without it your own table of rates is used if the operator has one, else "
        "the payment counts with an amount of zero and is flagged `NO_RATE`.",
        examples=[{"amount": "10260.00", "currency": "USD"}],
    )

    def transaction(self) -> Transaction:
        """The domain's transaction. Raises `aml.transaction.InvalidTransaction` or `aml.money.InvalidMoney`."""
        return Transaction(
            transaction_id=self.transaction_id,
            booked_at=self.booked_at,
            debtor_account=self.debtor_account,
            creditor_account=self.creditor_account,
            money=Money(self.money.amount, self.money.currency),
            channel=self.channel,
            debtor_country=self.debtor_country,
            creditor_country=self.creditor_country,
            purpose=self.purpose,
            debtor_bank=self.debtor_bank,
            creditor_bank=self.creditor_bank,
            branch=self.branch,
            counter_value=self._counter_value(),
        )

    def _counter_value(self) -> Money | None:
        stated = self.counter_value
        try:
            return None if stated is None else Money(stated.amount, stated.currency)
        except InvalidMoney as error:
            raise InvalidTransaction("counter_value", str(error)) from None


@dataclass(frozen=True, slots=True)
class TransactionAnswer:
    """The engine's answer for one transaction, given after the commit."""

    transaction_id: str
    status: Literal["accepted", "duplicate"]
    """`duplicate`: the id is known; the transaction was ignored and the other fields are those of the first one."""
    decision_id: UUID | None = None
    score: float | None = None
    alert_id: UUID | None = None
    typologies: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """`UNKNOWN_ACCOUNT`, `LATE`, `NO_RATE`, or `FROZEN_ACCOUNT`: a customer whose property is frozen for sanctions is
    on a side of it, and it must not be carried out."""


class TransactionResult(BaseModel):
    """What became of one row."""

    index: int = Field(description="Its place in the request, from 0.")
    transaction_id: str | None
    status: Literal["accepted", "duplicate", "refused"]
    decision_id: UUID | None = None
    score: float | None = None
    alert_id: UUID | None = None
    typologies: tuple[str, ...] = ()
    flags: tuple[str, ...] = Field(
        default=(),
        description="`FROZEN_ACCOUNT`: do not carry it out, a customer on a side of it is frozen for sanctions. "
        "Others: `UNKNOWN_ACCOUNT`, `LATE`, `NO_RATE`.",
    )
    problem: Problem | None = Field(default=None, description="Why a row was not taken. The other rows were.")


class TransactionResults(BaseModel):
    accepted: int
    duplicates: int
    refused: int
    results: list[TransactionResult]
