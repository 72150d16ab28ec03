"""Reads the printed fields of a document by their captions: what stands beside or below a caption is its field.

Separate from the machine readable zone so that each can testify against the other.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from rapidfuzz import fuzz, process

from kyc.dates import find_dates
from kyc.document import Box, FieldReading, TextLine
from kyc.labels import CAPTIONS
from kyc.mrz_zone import levelled
from kyc.names import transliterate

CAPTION_SIMILARITY = 86.0
"""rapidfuzz ratio, 0 to 100: one wrong letter in eight passes, as small captions are read worst."""
SHORT_CAPTION = 5
MAX_GAP_BELOW = 2.2
MAX_GAP_RIGHT = 12.0
DATE_FIELDS = ("birth_date", "expiry_date", "issue_date")
SEXES = {"M": "M", "F": "F", "X": "X", "W": "F", "K": "F", "H": "M", "N": "F", "Z": "F", "MALE": "M", "FEMALE": "F"}
"""Sex as printed, in the writings of several languages (weiblich, kobieta, homme)."""


def read_fields(text_lines: Sequence[TextLine], as_of: date) -> Mapping[str, FieldReading]:
    """The captioned fields among lines of print (those of the machine readable zone left out by the caller)."""
    originals, text_lines = text_lines, levelled(text_lines)
    captions = {index: caption for index, line in enumerate(text_lines) if (caption := _caption(line.text))}
    fields: dict[str, FieldReading] = {}
    for index, (name, similarity, rest) in captions.items():
        for text, place in _candidates(index, rest, text_lines, captions):
            value = _value(name, text, as_of)
            if value is None:
                continue
            line = originals[place]
            reading = FieldReading(value, "visual", line.confidence * similarity / 100, line.box)
            if name not in fields or reading.confidence > fields[name].confidence:
                fields[name] = reading
            break
    return fields


def _caption(text: str) -> tuple[str, float, str] | None:
    """Field, similarity and what follows on the line, when the line is a caption or begins with one."""
    whole = transliterate(re.sub(r"^\s*\(?\d{1,2}[.)]\s*", "", text))
    if not whole or whole.isdigit():
        return None
    for part in (whole, *(transliterate(p) for p in re.split(r"[/·|]| - ", text))):
        found = _nearest(part)
        if found is not None:
            return found[0], found[1], ""
    words = whole.split()
    for count in range(min(4, len(words) - 1), 0, -1):
        found = _nearest(" ".join(words[:count]))
        if found is not None and len(" ".join(words[:count])) >= SHORT_CAPTION:
            return found[0], found[1], " ".join(text.split()[count:]) if len(text.split()) > count else ""
    return None


def _nearest(text: str) -> tuple[str, float] | None:
    if len(text) < 3:
        return None
    if text in CAPTIONS:
        return CAPTIONS[text], 100.0
    if len(text) <= SHORT_CAPTION:
        return None
    found = process.extractOne(text, CAPTIONS.keys(), scorer=fuzz.ratio, score_cutoff=CAPTION_SIMILARITY)
    return None if found is None or len(found[0]) <= SHORT_CAPTION else (CAPTIONS[found[0]], float(found[1]))


def _candidates(
    index: int, rest: str, lines: Sequence[TextLine], captions: Mapping[int, object]
) -> list[tuple[str, int]]:
    """Where a caption's value may stand, likeliest first: the rest of its line, the line below, the line to its right.
    Each as text and index of the line."""
    own = lines[index].box
    height = max(own.bottom - own.top, 1)
    found: list[tuple[float, int]] = []
    for other, line in enumerate(lines):
        if other == index or other in captions:
            continue
        box = line.box
        gap = box.top - own.bottom
        if -0.5 * height < gap < MAX_GAP_BELOW * height and _share(own, box) > 0.3 and box.top > own.top:
            found.append((gap + 0.3 * abs(box.left - own.left), other))
        elif _level(own, box) and 0 < box.left - own.right + height < MAX_GAP_RIGHT * height:
            found.append((0.8 * height + (box.left - own.right), other))
    nearest = [(lines[other].text, other) for _, other in sorted(found)[:3]]
    return ([(rest, index)] if rest else []) + nearest


def _share(a: Box, b: Box) -> float:
    overlap = min(a.right, b.right) - max(a.left, b.left)
    return overlap / max(1, min(a.right - a.left, b.right - b.left))


def _level(a: Box, b: Box) -> bool:
    overlap = min(a.bottom, b.bottom) - max(a.top, b.top)
    return overlap > 0.5 * min(a.bottom - a.top, b.bottom - b.top)


def _value(name: str, text: str, as_of: date) -> str | None:
    """The text as a value of the field, or `None` when it cannot be one."""
    text = text.strip(" :.-")
    plain = transliterate(text)
    if name in DATE_FIELDS:
        dates = find_dates(text, as_of)
        if not dates:
            return None
        return (dates[-1] if name == "expiry_date" else dates[0]).isoformat()
    if name == "sex":
        words = plain.split()
        return next((SEXES[word] for word in words if word in SEXES), None) if len(words) <= 3 else None
    if name == "number":
        compact = re.sub(r"[^A-Z0-9]", "", plain)
        return compact if 5 <= len(compact) <= 20 and sum(c.isdigit() for c in compact) >= 3 else None
    if name in ("surname", "given_names"):
        if not plain or any(c.isdigit() for c in plain) or len(plain) < 2:
            return None
        return text.strip(" ,")
    if name == "nationality":
        return plain if plain and not any(c.isdigit() for c in plain) else None
    return text if len(plain) >= 2 else None
