"""How pages say codes, instants and ids: the filters of the templates, pure functions of their arguments."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

_SPECIAL: Mapping[str, str] = {
    "true_positive": "True positive",
    "false_positive": "False positive",
    "awaiting_approval": "Awaiting approval",
    "MRZ_VIZ_MISMATCH": "Zones disagree",
}
_UPPER = re.compile(r"\b(mrz|viz|pep|un|eu|us|uk|ofac|sdn|sar|ctr|id|dob|rfi|mlro|oidc|goaml|fincen)\b")
_ACRONYMS = {"goaml": "goAML", "fincen": "FinCEN"}


def label(code: object) -> str:
    """`CHECK_DIGIT_FAILED(number)` or `risk_high` as words: `Check digit failed: number`."""
    text = str(code or "")
    if text in _SPECIAL:
        return _SPECIAL[text]
    name, _, field = text.partition("(")
    words = name.replace("_", " ").replace(":", ": ").strip().lower()
    words = _UPPER.sub(lambda m: _ACRONYMS.get(m[0], m[0].upper()), words)
    said = words[:1].upper() + words[1:]
    return f"{said}: {field.rstrip(')').replace('_', ' ')}" if field else said


def instant(at: datetime | None) -> str:
    """`22 Nov 2026, 14:05` in UTC, as every page says at its foot."""
    return "" if at is None else f"{at.day} {at:%b %Y, %H:%M}"


def day(at: Any) -> str:
    return "" if at is None else f"{at.day} {at:%b %Y}"


def left(due: datetime, now: datetime) -> str:
    """The time until a deadline in its two largest units, or since it."""
    gone = due < now
    words = span(abs(due - now))
    return f"{words} over" if gone else words


def span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days >= 3:
        return f"{days} d"
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def urgency(due: datetime, now: datetime) -> str:
    """`over`, `soon` (less than a day) or `later`: what a deadline is coloured by, beside its words."""
    return "over" if due < now else "soon" if due - now < timedelta(days=1) else "later"


def short(identifier: UUID | str | None) -> str:
    """The first block of an id: enough to tell rows apart, the whole is in the title."""
    return str(identifier or "").split("-")[0][:12]


def number(value: Any) -> str:
    """A feature's value: integers plain, fractions with three figures, words as they are."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        whole = (value.is_integer() and abs(value) < 1e15) or abs(value) >= 1000
        return f"{value:,.0f}" if whole else f"{value:,.3g}"
    return str(value)


def signed(value: float) -> str:
    return f"{value:+.3f}"


def money(amount: Any, currency: str = "") -> str:
    return f"{amount:,.2f} {currency}".strip()
