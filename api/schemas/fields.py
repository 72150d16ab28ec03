"""The kinds of field that requests share: names, dates, countries, amounts, each with what it refuses."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from jurisdictions.countries import alpha2

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _printable(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in text):
        raise ValueError("contains characters that cannot be printed")
    return text


def _iso_date(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        raise ValueError("must be a date such as 1990-05-17")
    return value


def _country(code: str) -> str:
    known = alpha2(code)
    if known is None:
        raise ValueError("is not a country of ISO 3166-1: send an alpha-2 or alpha-3 code such as DE or DEU")
    return known


def _money(amount: Any) -> Any:
    if isinstance(amount, float):
        raise ValueError('must be a decimal in a string, such as "1250.00": a JSON number loses cents')
    return amount


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
Country = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=3),
    AfterValidator(_country),
    Field(description="ISO 3166-1 alpha-2 or alpha-3.", examples=["DE"]),
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217.", examples=["EUR"])]
Amount = Annotated[
    Decimal,
    BeforeValidator(_money),
    Field(ge=0, max_digits=18, decimal_places=4, description="A decimal in a string.", examples=["1250.00"]),
]
Instant = Annotated[AwareDatetime, Field(description="RFC 3339 with a time zone.", examples=["2026-03-04T12:00:00Z"])]
