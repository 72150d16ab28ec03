"""A payment between two accounts as monitoring sees it, checked once so that nothing behind it has to check again."""

import re
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum

from aml.money import Money

_COUNTRY = re.compile(r"[A-Z]{2}")
_LONGEST_ID = 200
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class Channel(StrEnum):
    """The way the money went. Cash has an account on one side only; the other names the till, branch or machine."""

    TRANSFER = "transfer"
    INSTANT = "instant"
    WIRE = "wire"
    CARD = "card"
    CHEQUE = "cheque"
    DIRECT_DEBIT = "direct_debit"
    CASH_DEPOSIT = "cash_deposit"
    CASH_WITHDRAWAL = "cash_withdrawal"
    CRYPTO = "crypto"
    OTHER = "other"


class InvalidTransaction(ValueError):
    """A transaction that cannot be monitored: `field` names what is wrong, the message says what to give instead."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Transaction:
    """One booked payment. Optional fields are `None` where the source has none; what needs them is then not evaluated.

    Raises `InvalidTransaction` (naming the field) when built from values that make no sense.
    """

    transaction_id: str
    booked_at: datetime
    debtor_account: str
    creditor_account: str
    money: Money
    channel: Channel = Channel.TRANSFER
    debtor_country: str | None = None
    creditor_country: str | None = None
    purpose: str | None = None
    debtor_party: str | None = None
    """The customer behind the account: two accounts with one party belong to the same person."""
    creditor_party: str | None = None
    debtor_bank: str | None = None
    creditor_bank: str | None = None
    branch: str | None = None
    """Where cash changed hands."""
    debtor_segment: str | None = None
    """The kind of customer or account, as the institution parts them: whom the account is compared with."""
    creditor_segment: str | None = None
    counter_value: Money | None = field(default=None, kw_only=True)
    """The same payment's amount in another currency, as the institution booked it: ISO 20022's `CntrValAmt`. Where it
    is in the currency that is monitored in, it counts, whatever any table of rates says."""
    rates_of: str | None = field(default=None, kw_only=True)
    """The table of rates that `counter_value` was computed with; None where the payment itself stated it."""

    def __post_init__(self) -> None:
        _check_id("transaction_id", self.transaction_id)
        _check_id("debtor_account", self.debtor_account)
        _check_id("creditor_account", self.creditor_account)
        if self.booked_at.tzinfo is None:
            raise InvalidTransaction(
                "booked_at", f"{self.booked_at.isoformat()} has no time zone; add one, like +00:00"
            )
        if not _EARLIEST <= self.booked_at < _LATEST:
            raise InvalidTransaction(
                "booked_at", f"{self.booked_at.isoformat()} is no time of a payment; check its year"
            )
        if not isinstance(self.money, Money):
            raise InvalidTransaction("money", "give a Money of amount and currency")
        if self.counter_value is not None:
            self._check_counter_value(self.counter_value)
        if not isinstance(self.channel, Channel):
            known = ", ".join(Channel)
            raise InvalidTransaction("channel", f"{self.channel!r} is none of {known}")
        for name, country in (("debtor_country", self.debtor_country), ("creditor_country", self.creditor_country)):
            if country is not None and not _COUNTRY.fullmatch(country):
                raise InvalidTransaction(
                    name, f"{country!r} is not a country code of ISO 3166; write two capitals, like DE"
                )

    def counting_as(self, counter_value: Money, rates_of: str) -> "Transaction":
        """The same payment with a counter value that a table of rates gave. It is checked again."""
        return replace(self, counter_value=counter_value, rates_of=rates_of)

    def _check_counter_value(self, counter_value: Money) -> None:
        if not isinstance(counter_value, Money):
            raise InvalidTransaction("counter_value", "give a Money of amount and currency")
        if counter_value.currency == self.money.currency and counter_value != self.money:
            raise InvalidTransaction(
                "counter_value",
                f"is another amount in the payment's own currency, {self.money.currency}; give the amount as booked in "
                "another currency, or leave it out",
            )

    def between(
        self,
        debtor_party: str | None,
        creditor_party: str | None,
        debtor_segment: str | None = None,
        creditor_segment: str | None = None,
    ) -> "Transaction":
        """The same payment with the customers behind its accounts and whom each is compared with. Not checked again:
        it was when it was made."""
        other = object.__new__(Transaction)
        for name in _FIELDS:
            object.__setattr__(other, name, getattr(self, name))
        object.__setattr__(other, "debtor_party", debtor_party)
        object.__setattr__(other, "creditor_party", creditor_party)
        object.__setattr__(other, "debtor_segment", debtor_segment)
        object.__setattr__(other, "creditor_segment", creditor_segment)
        return other


_FIELDS = tuple(f.name for f in fields(Transaction) if not f.name.endswith(("_party", "_segment")))


def _check_id(field: str, value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidTransaction(field, "is empty; every transaction needs one")
    if len(value) > _LONGEST_ID:
        raise InvalidTransaction(field, f"has {len(value)} characters; at most {_LONGEST_ID} are kept")
