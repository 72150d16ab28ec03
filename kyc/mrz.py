"""The grammar of machine readable zones: ICAO Doc 9303 parts 3 to 7 as layouts, check digits, names and dates.

Separate from the readers because it knows no pixels: strings in, a parsed zone out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kyc.document import DocumentType
from kyc.states import STATES

WEIGHTS = (7, 3, 1)
"""ICAO 9303-3, 4.9: the repeating weights of a check digit."""
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

CODES = {DocumentType.TD3: "P", DocumentType.MRVA: "V", DocumentType.MRVB: "V"}
OTHER_CODES = "ACI"
"""First letters of documents' codes: P for passports (9303-4), V for visas (9303-7), A, C or I for official travel
documents of the sizes TD1 and TD2 (9303-5, 9303-6)."""

Span = tuple[int, int, int]
"""Line, first and one past the last position, from zero."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a format keeps its data elements, and over what its composite check digit runs."""

    type: DocumentType
    lines: int
    length: int
    spans: Mapping[str, Span]
    check_digits: Mapping[str, tuple[int, int]]
    composite: tuple[Span, ...]
    long_number: str | None = None
    """The element that takes the rest of a document number of more than nine characters (9303-5, 4.2.2.1 note j)."""
    optional_check: str | None = None
    """The check digit that may be `<` when its element is empty (9303-4, 4.2.2.2)."""


TD1 = Layout(
    DocumentType.TD1,
    3,
    30,
    {
        "document_code": (0, 0, 2),
        "issuer": (0, 2, 5),
        "number": (0, 5, 14),
        "optional": (0, 15, 30),
        "birth_date": (1, 0, 6),
        "sex": (1, 7, 8),
        "expiry_date": (1, 8, 14),
        "nationality": (1, 15, 18),
        "optional_2": (1, 18, 29),
        "name": (2, 0, 30),
    },
    {"number": (0, 14), "birth_date": (1, 6), "expiry_date": (1, 14), "composite": (1, 29)},
    ((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)),
    long_number="optional",
)
_TWO_LINES: dict[str, Span] = {
    "document_code": (0, 0, 2),
    "issuer": (0, 2, 5),
    "number": (1, 0, 9),
    "nationality": (1, 10, 13),
    "birth_date": (1, 13, 19),
    "sex": (1, 20, 21),
    "expiry_date": (1, 21, 27),
}
_TWO_LINE_CHECKS = {"number": (1, 9), "birth_date": (1, 19), "expiry_date": (1, 27)}
TD2 = Layout(
    DocumentType.TD2,
    2,
    36,
    {**_TWO_LINES, "name": (0, 5, 36), "optional": (1, 28, 35)},
    {**_TWO_LINE_CHECKS, "composite": (1, 35)},
    ((1, 0, 10), (1, 13, 20), (1, 21, 35)),
    long_number="optional",
)
TD3 = Layout(
    DocumentType.TD3,
    2,
    44,
    {**_TWO_LINES, "name": (0, 5, 44), "personal_number": (1, 28, 42)},
    {**_TWO_LINE_CHECKS, "personal_number": (1, 42), "composite": (1, 43)},
    ((1, 0, 10), (1, 13, 20), (1, 21, 43)),
    optional_check="personal_number",
)
MRVA = Layout(
    DocumentType.MRVA,
    2,
    44,
    {**_TWO_LINES, "name": (0, 5, 44), "optional": (1, 28, 44)},
    _TWO_LINE_CHECKS,
    (),
)
MRVB = Layout(
    DocumentType.MRVB,
    2,
    36,
    {**_TWO_LINES, "name": (0, 5, 36), "optional": (1, 28, 36)},
    _TWO_LINE_CHECKS,
    (),
)
FRENCH_ID = Layout(
    DocumentType.TD2,
    2,
    36,
    {
        "document_code": (0, 0, 2),
        "issuer": (0, 2, 5),
        "surname": (0, 5, 30),
        "authority": (0, 30, 36),
        "number": (1, 0, 12),
        "given_names": (1, 13, 27),
        "birth_date": (1, 27, 33),
        "sex": (1, 34, 35),
    },
    {"number": (1, 12), "birth_date": (1, 33), "composite": (1, 35)},
    ((0, 0, 36), (1, 0, 35)),
)
"""The French national identity card of 1988 to 2021: two lines of 36, older than and unlike TD2, still in use."""

LAYOUTS = (TD1, TD2, TD3, MRVA, MRVB, FRENCH_ID)


class NotAnMrz(ValueError):
    """The lines have no format of ICAO 9303: wrong number of lines, length, document code or alphabet."""


@dataclass(frozen=True, slots=True)
class ParsedMrz:
    """A zone taken apart. `elements` are as printed; `fields` are cleaned, dates ISO 8601 where complete."""

    layout: Layout
    lines: tuple[str, ...]
    elements: Mapping[str, str]
    fields: Mapping[str, str]
    checks: Mapping[str, bool]
    form_errors: tuple[str, ...]
    """What contradicts the format apart from check digits, e.g. `birth_date` for the 31st of February."""

    @property
    def valid(self) -> bool:
        return all(self.checks.values()) and not self.form_errors


def character_value(character: str) -> int:
    """0 to 9 for digits, 10 to 35 for A to Z, 0 for the filler (9303-3, 4.9). Raises `ValueError` for others."""
    if character == "<":
        return 0
    if "0" <= character <= "9":
        return ord(character) - 48
    if "A" <= character <= "Z":
        return ord(character) - 55
    raise ValueError(f"{character!r} is not in the alphabet of machine readable zones")


def check_digit(data: str) -> int:
    """The check digit of a data element: weights 7, 3, 1, modulo 10 (9303-3, 4.9)."""
    return sum(character_value(c) * WEIGHTS[i % 3] for i, c in enumerate(data)) % 10


def layout_of(lines: Sequence[str]) -> Layout:
    """The format by number and length of lines and the document code. Raises `NotAnMrz`."""
    lengths = {len(line) for line in lines}
    if len(lengths) != 1:
        raise NotAnMrz("the lines differ in length")
    shape = (len(lines), lengths.pop())
    code = lines[0][0]
    if shape == (3, 30):
        return TD1
    if shape == (2, 44):
        return MRVA if code == "V" else TD3
    if shape == (2, 36):
        if code == "V":
            return MRVB
        return FRENCH_ID if lines[0].startswith("IDFRA") and _looks_french(lines) else TD2
    raise NotAnMrz(f"{shape[0]} lines of {shape[1]} characters are no format of ICAO 9303")


def _looks_french(lines: Sequence[str]) -> bool:
    """Whether the second line has digits where the old French card has its birth date, and TD2 its optional data."""
    second = lines[1]
    return second[27:33].isdigit() and second[34] in "MF<" and not second[10:13].isalpha()


def parse(lines: Sequence[str], as_of: date) -> ParsedMrz:
    """Take a zone apart. `as_of` decides the century of two-digit years. Raises `NotAnMrz` when the form is unknown.

    A character outside the alphabet (documents print `Ñ` now and then) is a form error, and counts as filler in
    check digits.
    """
    lines = tuple(lines)
    layout = layout_of(lines)
    errors: list[str] = []
    elements = {name: lines[line][first:last] for name, (line, first, last) in layout.spans.items()}
    if any(c not in ALPHABET for line in lines for c in line):
        errors.append("alphabet")
    if elements["document_code"][0] not in CODES.get(layout.type, OTHER_CODES):
        errors.append("document_code")
    if elements["issuer"].rstrip("<") not in STATES:
        errors.append("issuer")
    number, number_data, number_check = _document_number(layout, lines, elements)
    checks: dict[str, bool] = {}
    for name, (line, position) in layout.check_digits.items():
        printed = lines[line][position]
        if name == "composite":
            data = "".join(lines[at][first:last] for at, first, last in layout.composite)
        elif name == "number":
            data, printed = number_data, number_check
        else:
            data = elements[name]
        checks[name] = _holds(data, printed) or (
            name == layout.optional_check and printed == "<" and not data.strip("<")
        )
    fields = _fields(layout, elements, number, as_of, errors)
    return ParsedMrz(layout, lines, elements, fields, checks, tuple(errors))


def _holds(data: str, printed: str) -> bool:
    clean = "".join(c if c in ALPHABET else "<" for c in data)
    return printed.isdigit() and len(printed) == 1 and int(printed) == check_digit(clean)


def _document_number(layout: Layout, lines: Sequence[str], elements: Mapping[str, str]) -> tuple[str, str, str]:
    """Number, the data its check digit covers, and that digit as printed; a long number continues in optional data."""
    line, position = layout.check_digits["number"]
    printed = lines[line][position]
    principal = elements["number"]
    if printed == "<" and layout.long_number is not None:
        rest = elements[layout.long_number].split("<", 1)[0]
        if len(rest) >= 2 and "<" not in principal:
            return principal + rest[:-1], principal + rest[:-1], rest[-1]
    return principal.rstrip("<"), principal, printed


def _fields(layout: Layout, elements: Mapping[str, str], number: str, as_of: date, errors: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    if layout is FRENCH_ID:
        surname, given = _words(elements["surname"]), _words(elements["given_names"])
        fields["nationality"] = "FRA"
    else:
        surname, given = split_names(elements["name"])
        fields["nationality"] = elements["nationality"].rstrip("<")
    fields |= {"surname": surname, "given_names": given, "number": number, "issuer": elements["issuer"].rstrip("<")}
    sex = elements["sex"]
    if sex in "MFX<":
        fields["sex"] = "X" if sex == "<" else sex
    else:
        errors.append("sex")
    for name, century in (("birth_date", birth_year), ("expiry_date", expiry_year)):
        if name in elements:
            value = _date(elements[name], century, as_of)
            if value is None:
                errors.append(name)
            else:
                fields[name] = value
    personal = elements.get("personal_number") or elements.get("optional_2") or elements.get("optional") or ""
    if personal.strip("<"):
        fields["personal_number"] = personal.strip("<").replace("<", " ")
    if not surname:
        errors.append("surname")
    if any(_misplaced(elements[name]) for name in ("name", "surname", "given_names") if name in elements):
        errors.append("name")
    return {name: value for name, value in fields.items() if value}


def begins_lawfully(line: str) -> bool:
    """Whether a first line begins with a document's code and a state's (9303-3, section 5)."""
    return line[:1] in {*OTHER_CODES, *CODES.values()} and line[2:5].rstrip("<") in STATES


def _misplaced(element: str) -> bool:
    """Whether names hold digits, or go on after three fillers: two divide identifiers, more end them (9303-3, 4.6)."""
    return any(c.isdigit() for c in element) or re.search("<{3,}[^<]", element) is not None


def split_names(element: str) -> tuple[str, str]:
    """Primary and secondary identifier (9303-3, 4.6): `<<` divides them, `<` divides words."""
    primary, _, secondary = element.partition("<<")
    return _words(primary), _words(secondary)


def _words(element: str) -> str:
    return re.sub("<+", " ", element).strip()


def birth_year(two_digits: int, as_of: date) -> int:
    """The latest year with these digits that is not after `as_of`: nobody is born in the future."""
    year = as_of.year - as_of.year % 100 + two_digits
    return year if year <= as_of.year else year - 100


def expiry_year(two_digits: int, as_of: date) -> int:
    """The year with these digits from 79 years before `as_of` to 20 after: documents last at most about 15 years."""
    year = as_of.year - as_of.year % 100 + two_digits
    if year > as_of.year + 20:
        return year - 100
    return year + 100 if year < as_of.year - 79 else year


def _date(element: str, century: Callable[[int, date], int], as_of: date) -> str | None:
    """ISO 8601; a partly unknown date (9303-3, 4.8: filler for what is not known) as far as known; `None` if none."""
    if not re.fullmatch(r"\d\d(\d\d|<<)(\d\d|<<)", element):
        return "" if element == "<<<<<<" else None
    year = century(int(element[:2]), as_of)
    month, day = element[2:4], element[4:6]
    if month == "<<":
        return str(year) if day == "<<" else None
    if day == "<<":
        return f"{year}-{month}" if 1 <= int(month) <= 12 else None
    try:
        return date(year, int(month), int(day)).isoformat()
    except ValueError:
        return None


# --- Writing ---------------------------------------------------------------------------------------------------------


def compose(layout: Layout, elements: Mapping[str, str]) -> tuple[str, ...]:
    """Lines with every check digit computed. Elements are as printed without fillers; a document number of more than
    nine characters continues in the optional data. Raises `ValueError` when an element does not fit."""
    rows = [["<"] * layout.length for _ in range(layout.lines)]
    values = dict(elements)
    number = values.get("number", "")
    width = layout.spans["number"][2] - layout.spans["number"][1]
    long = len(number) > width
    if long:
        if layout.long_number is None:
            raise ValueError(f"{layout.type} has no place for a document number of {len(number)} characters")
        principal, rest = number[:width], number[width:]
        tail = rest + str(check_digit(principal + rest))
        values["number"] = principal
        values[layout.long_number] = (tail + "<" + values.get(layout.long_number, "")).rstrip("<")
    for name, (line, first, last) in layout.spans.items():
        text = values.get(name, "").replace(" ", "<")
        if len(text) > last - first:
            raise ValueError(f"{name} has {len(text)} characters, its place {last - first}")
        rows[line][first : first + len(text)] = text
    for name, (line, position) in layout.check_digits.items():
        if name == "composite" or (long and name == "number"):
            continue
        at, first, last = layout.spans[name]
        rows[line][position] = str(check_digit("".join(rows[at][first:last])))
    if "composite" in layout.check_digits:
        line, position = layout.check_digits["composite"]
        data = "".join("".join(rows[at][first:last]) for at, first, last in layout.composite)
        rows[line][position] = str(check_digit(data))
    return tuple("".join(row) for row in rows)


def name_element(surname: str, given_names: str, width: int) -> str:
    """The name element, cut to `width` as 9303-3, 4.7 allows: from the end, keeping at least the first given letter."""
    surname, given = surname.replace(" ", "<"), given_names.replace(" ", "<")
    whole = surname + ("<<" + given if given else "")
    if len(whole) <= width:
        return whole
    if not given or len(surname) + 3 <= width:
        return whole[:width]
    return surname[: width - 3] + "<<" + given[:1]
