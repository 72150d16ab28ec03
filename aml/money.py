"""Amounts of money with their currency, and the one place where they become int64 minor units for the kernels."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# ISO 4217:2015 list one, active codes by the number of decimals of their minor unit (most have two).
_TWO = (
    "TWO AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP "
    "MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS "
    "VED VES WST XCD YER ZAR ZMW ZWG "
)
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
DECIMALS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    "XBT": 8,  # bitcoin, not ISO 4217 but in every crypto ledger; a satoshi is 10⁻⁸
}
LARGEST_MINOR = 2**53
"""Sums of up to a thousand such amounts stay within int64, and each is exact as a double."""


class InvalidMoney(ValueError):
    """An amount or currency that no account could hold. The message says which and what to give instead."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount above zero in a currency of ISO 4217, with no more decimals than the currency has.

    Raises `InvalidMoney` otherwise.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise InvalidMoney(f"the amount {self.amount!r} is a {type(self.amount).__name__}; give a Decimal")
        to_minor(self.amount, self.currency)

    @property
    def minor(self) -> int:
        """The amount in minor units (cents), exact."""
        return to_minor(self.amount, self.currency)


def parse_money(amount: str, currency: str) -> Money:
    """Money from text as files and forms have it, e.g. `parse_money("1250.50", "EUR")`. Raises `InvalidMoney`."""
    try:
        value = Decimal(amount.strip())
    except (InvalidOperation, ValueError):
        raise InvalidMoney(f"{amount!r} is not an amount; write digits with a decimal point, like 1250.50") from None
    return Money(value, currency.strip())


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units of an amount above zero: `to_minor(Decimal("12.34"), "EUR") == 1234`. Raises `InvalidMoney`."""
    decimals = DECIMALS.get(currency)
    if decimals is None:
        raise InvalidMoney(f"{currency!r} is not a currency code of ISO 4217; write three capitals, like USD or EUR")
    if not amount.is_finite():
        raise InvalidMoney(f"the amount {amount} is not a number; give digits")
    if amount <= 0:
        raise InvalidMoney(
            f"the amount {amount} is not above zero; give a positive amount and swap debtor and creditor for a return"
        )
    scaled = amount.scaleb(decimals)
    minor = int(scaled)
    if scaled != minor:
        raise InvalidMoney(f"the amount {amount} has more decimals than {currency} has ({decimals}); round it first")
    if minor > LARGEST_MINOR:
        raise InvalidMoney(f"the amount {amount} {currency} is larger than any payment; check its unit")
    return minor


def converted(money: Money, rate: Decimal, currency: str) -> int:
    """Minor units of `currency` at `rate` of them for one of the money's, rounded half to even; 0 for less than half of
    the smallest. Raises `InvalidMoney` for more than any payment."""
    minor = int((money.amount * rate).scaleb(DECIMALS[currency]).to_integral_value(ROUND_HALF_EVEN))
    if minor > LARGEST_MINOR:
        raise InvalidMoney(
            f"{money.amount} {money.currency} at the rate {rate} is larger than any payment; check the rate"
        )
    return minor


def from_minor(minor: int, currency: str) -> Decimal:
    """The inverse of `to_minor`, for sums as well: `from_minor(1234, "EUR") == Decimal("12.34")`."""
    return Decimal(minor).scaleb(-DECIMALS[currency])
