"""Whether the print of a document repeats what its machine readable zone says, wherever on the page it stands.

Separate from reading fields by caption or tag: to confirm a value one need not know which field the print calls it, so
a caption that nobody could read confirms no less. What was altered in one of the two zones is not repeated.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from kyc.dates import find_dates
from kyc.document import DocumentReading, TextLine
from kyc.mrz import LAYOUTS
from kyc.names import same_name, transliterate, variants
from kyc.print_signs import ALIKE

CONFIRMABLE = ("surname", "given_names", "number", "birth_date", "expiry_date")
"""Fields of the zone that documents print too."""
FREE_NAME = 6
"""Signs from which a name may be part of a longer word (readers leave out spaces); shorter ones must stand alone."""
SHORT_NUMBER = 5


def unconfirmed(reading: DocumentReading, names: Iterable[str] = CONFIRMABLE) -> tuple[str, ...]:
    """Those of the zone's fields that neither the print, a second look at it included, nor a barcode of the same
    document repeats. Fields that the zone does not hold are not asked for; without a zone there is nothing to confirm.
    """
    if reading.mrz is None:
        return ()
    held = [name for name in names if name in reading.fields and reading.fields[name].source == "mrz"]
    return tuple(
        name
        for name in held
        if name not in reading.confirmed
        and not _in_barcode(reading, name)
        and not stands_in(reading.text_lines, name, reading.fields[name].value, cut=was_cut(reading, name))
    )


def was_cut(reading: DocumentReading, name: str) -> bool:
    """Whether the zone had no room for all of a name (9303-3, 4.7): its name element is full to the last sign."""
    layout = next((layout for layout in LAYOUTS if layout.type is reading.type), None)
    if layout is None or reading.mrz is None or name not in ("surname", "given_names") or "name" not in layout.spans:
        return False
    line, first, last = layout.spans["name"]
    element = reading.mrz.lines[line][first:last] if len(reading.mrz.lines) > line else ""
    whole = len(element) == last - first and not element.endswith("<") and name in reading.fields
    if not whole or len(_bare(reading.fields[name].value)) < SHORT_NUMBER:
        return False  # a letter or two begin many names
    return ("<<" in element) == (name == "given_names")


def stands_in(text_lines: Sequence[TextLine], name: str, value: str, *, cut: bool = False) -> bool:
    """Whether a value of the field `name`, as the zone has it, stands somewhere in lines of print; of a name that was
    `cut` for want of room, the print has more."""
    texts = [line.text for line in text_lines if not _of_a_zone(line.text)]
    if name.endswith("_date"):
        return _date_in(texts, value)
    if name in ("number", "personal_number"):
        wanted = _folded(value)
        return len(wanted) >= SHORT_NUMBER and any(wanted in _folded(text) for text in texts)
    return name in ("surname", "given_names") and any(
        _name_in(text, value) or (cut and _goes_on(text, value)) for text in texts
    )


def _date_in(texts: Iterable[str], value: str) -> bool:
    try:
        wanted = date.fromisoformat(value)
    except ValueError:
        return False
    # As of the date itself, two digits of a year can only mean its own century.
    return any(wanted in find_dates(text, wanted, month_first=american) for text in texts for american in (False, True))


def _name_in(text: str, value: str) -> bool:
    wanted = _bare(value)
    if not wanted:
        return False
    if same_name(value, text):
        return True
    for writing in variants(text):
        if len(wanted) >= FREE_NAME and wanted in _bare(writing):
            return True
        words = [_bare(word) for word in writing.split()]
        for first in range(len(words)):
            for last in range(first + 1, min(len(words), first + 5) + 1):
                if "".join(words[first:last]) == wanted:
                    return True
    return False


def _goes_on(text: str, value: str) -> bool:
    """Whether words of a text begin as the words of a name that was cut: all its words whole but the last."""
    wanted = [_bare(word) for word in transliterate(value).split()]
    for writing in variants(text):
        words = [_bare(word) for word in writing.split()]
        for first in range(len(words) - len(wanted) + 1):
            part = words[first : first + len(wanted)]
            if part[:-1] == wanted[:-1] and part[-1].startswith(wanted[-1]):
                return True
    return False


def _folded(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", transliterate(text)).translate(ALIKE)


def _bare(name: str) -> str:
    """A name without what the zone writes for marks (UE for Ü) and small print loses; Þ is read as P."""
    plain = re.sub(r"([AOU])E|AA", lambda pair: pair[1] or "A", transliterate(name)).replace("TH", "P")
    return _folded(plain)


def _of_a_zone(text: str) -> bool:
    """Whether a line is a zone's own, which the reader failed to set aside: it must not confirm itself."""
    return text.count("<") >= 2 or re.fullmatch(r"[A-Z0-9<]{28,}", text) is not None


def _in_barcode(reading: DocumentReading, name: str) -> bool:
    held = reading.barcode.get(name)
    return held is not None and stands_in(
        (TextLine(held.value, 1.0, ((0.0, 0.0),) * 4),), name, reading.fields[name].value
    )
