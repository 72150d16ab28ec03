"""What printed text says as the value of a field, or that it cannot be one: shared by all that read the visual zone."""

import re
from collections.abc import Iterable
from datetime import date

from kyc.dates import find_dates
from kyc.names import transliterate

DATE_FIELDS = ("birth_date", "expiry_date", "issue_date")
SEXES = {
    "M": "M", "F": "F", "X": "X", "W": "F", "K": "F", "H": "M", "N": "F", "Z": "F", "MALE": "M", "FEMALE": "F",
    "MAN": "M", "WOMAN": "F", "MASCULIN": "M", "FEMININ": "F", "MASCULINO": "M", "FEMENINO": "F", "FEMININO": "F",
    "MASCHIO": "M", "FEMMINA": "F", "MAENNLICH": "M", "WEIBLICH": "F", "ZH": "F",
}  # fmt: skip
"""Sex as printed, in the writings of several languages (weiblich, kobieta, homme)."""
FEWEST_DIGITS = 3


def field_value(name: str, text: str, as_of: date, *, month_first: bool = False) -> str | None:
    """The text as a value of the field `name`, or `None` when it cannot be one. Dates come out as ISO 8601."""
    text = text.strip(" :.-,;|")
    plain = transliterate(text)
    if name in DATE_FIELDS:
        dates = find_dates(text, as_of, month_first=month_first)
        return None if not dates else (dates[-1] if name == "expiry_date" else dates[0]).isoformat()
    if name == "sex":
        words = plain.split()
        return next((SEXES[word] for word in words if word in SEXES), None) if len(words) <= 3 else None
    if name in ("number", "personal_number"):
        compact = re.sub(r"[^A-Z0-9]", "", plain)
        fits = 5 <= len(compact) <= 20 and sum(c.isdigit() for c in compact) >= FEWEST_DIGITS
        return (compact if name == "number" else text) if fits else None
    if name in ("surname", "given_names"):
        return None if len(plain) < 2 or any(c.isdigit() for c in plain) else text
    if name == "nationality":
        return plain if plain and not any(c.isdigit() for c in plain) else None
    return text if len(plain) >= 2 else None


def month_first(texts: Iterable[str]) -> bool:
    """Whether a page writes its numeric dates month first: some can only be read so, and none only otherwise."""
    firsts = seconds = False
    for text in texts:
        for a, b in re.findall(r"(?<!\d)(\d{1,2})[/\-](\d{1,2})[/\-](?:19|20)\d\d(?!\d)", text):
            firsts |= int(a) > 12
            seconds |= int(b) > 12
    return seconds and not firsts
