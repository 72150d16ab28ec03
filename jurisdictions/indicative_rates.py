"""Exchange rates for files that come without any: orders of magnitude, so that foreign payments are not read as zero.

Nothing of law may rest on them: `clearance monitor` says where it used them and how to give exact ones, and the live
service does not use them at all.
"""

from collections.abc import Mapping
from decimal import Decimal

from aml.money import DECIMALS

CITATION = "market averages of 2023, rounded to two significant figures"

_USD_FOR_ONE = {
    "AED": "0.27", "ALL": "0.0099", "AUD": "0.66", "BGN": "0.55", "BRL": "0.20", "CAD": "0.74", "CHF": "1.1",
    "CNY": "0.14", "CZK": "0.045", "DKK": "0.15", "EUR": "1.1", "GBP": "1.2", "HKD": "0.13", "HUF": "0.0028",
    "IDR": "0.000066", "ILS": "0.27", "INR": "0.012", "ISK": "0.0073", "JPY": "0.0071", "KRW": "0.00077",
    "MAD": "0.099", "MXN": "0.056", "MYR": "0.22", "NGN": "0.0016", "NOK": "0.095", "NZD": "0.61", "PHP": "0.018",
    "PKR": "0.0036", "PLN": "0.24", "RON": "0.22", "RUB": "0.012", "SAR": "0.27", "SEK": "0.094", "SGD": "0.74",
    "THB": "0.029", "TRY": "0.042", "UAH": "0.027", "USD": "1", "VND": "0.000042", "XBT": "29000", "ZAR": "0.054",
}  # fmt: skip


def indicative_rates(base: str) -> Mapping[str, Decimal]:
    """Units of `base` for one unit of each other currency in the table; empty for a base that is not in it."""
    if base not in DECIMALS:
        raise ValueError(f"{base!r} is no currency code of ISO 4217")
    if base not in _USD_FOR_ONE:
        return {}
    worth = Decimal(_USD_FOR_ONE[base])
    return {currency: Decimal(usd) / worth for currency, usd in _USD_FOR_ONE.items() if currency != base}
