"""Draws the print of identity documents as lines of text with boxes, as a reader of print would report them: what the
tagger of the visual zone learns from. No picture is made, so that a page costs a millisecond.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from kyc.document import TextLine
from kyc.labels import CAPTION_FIELDS, LANGUAGES
from kyc.training.layout_captions import (
    AUTHORITIES,
    DECOYS,
    ENDINGS,
    GIVEN,
    MONTHS,
    PLACES,
    STATES,
    STREETS,
    SURNAMES,
    SYLLABLES,
    entries,
)

Rng = np.random.Generator
CONFUSED = {
    "0": "OD", "O": "0QD", "1": "Il", "I": "1l", "l": "1I", "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z", "Z": "2",
    "é": "e", "ü": "u", "ö": "o", "ł": "t", "ş": "s", "č": "c", "á": "a", "í": "i", "ó": "o", "'": "", ".": "", ":": "",
    "m": "rn", "g": "q", "c": "e", "/": "I", "-": "", "ø": "o", "å": "a", "ñ": "n",
}  # fmt: skip
"""What a reader of print takes a sign for."""

OTHERS: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
    ("type", ("Type / Type", "Type", "Typ", "Tipo / Type", "Code"), ("P", "PC", "ID", "V", "AR", "PO", "PD")),
    ("code", ("Country code / Code du pays", "Code", "Issuing state", "Kod", "Cod. país"), ("UTO",)),
    ("height", ("Height / Taille", "Height", "Größe", "Lengte", "Altura", "Boy"), ("1,78 m", "178 cm", "1.65", "182")),
    ("eyes", ("Colour of eyes", "Eyes / Yeux", "Augenfarbe", "Barva očí"), ("BROWN", "BLAU", "green", "BRO", "GRÜN")),
    (
        "profession",
        ("Profession", "Occupation", "Beruf", "Remarks", "Entries"),
        ("TEACHER", "Engineer", "MULT", "none"),
    ),
    (
        "card",
        ("CAN", "Card access number", "Serial", "Doc. type", "Class"),
        ("847362", "029481", "B", "01", "A1B2C3D4"),
    ),
)
"""Fields that are none of ours: name, captions, values."""


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line as a reader reports it, and which of its characters belong to which field."""

    line: TextLine
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A page of print, and the value of each field printed on it as `kyc.visual_zone` would state it."""

    lines: tuple[LabelledLine, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """What a page is written with, so that an evaluation can bring words that training never saw."""

    languages: Mapping[str, Mapping[str, Sequence[str]]]
    months: Sequence[str]
    given: Sequence[str]
    surnames: Sequence[str]
    places: Sequence[str]
    streets: Sequence[str]
    states: Sequence[str]
    authorities: Sequence[str]
    decoys: Sequence[str]


TRAINING_WORDS = Words(
    LANGUAGES, MONTHS, GIVEN, SURNAMES, PLACES, STREETS, entries(STATES), entries(AUTHORITIES), entries(DECOYS)
)


@dataclass
class _Sheet:
    """A page being laid out: pieces of print with their place, size and labels."""

    rng: Rng
    print: list[tuple[float, float, float, list[tuple[str, str]]]] = field(default_factory=list)
    """Left, top, height, and the parts of the line with their labels ("" for none)."""

    def put(self, x: float, y: float, height: float, *parts: tuple[str, str]) -> float:
        """Print parts side by side; where they end."""
        self.print.append((x, y, height, list(parts)))
        return x + _width(" ".join(text for text, _ in parts), height)


def _width(text: str, height: float) -> float:
    return len(text) * height * 0.52


def draw_layout(seed: int, words: Words = TRAINING_WORDS) -> Layout:
    """One page; the same seed and words draw the same page."""
    rng = np.random.default_rng([seed, 301])
    values = _values(rng, words)
    sheet = _Sheet(rng)
    style = rng.random()
    if style < 0.66:
        shown = _captioned(sheet, values, words)
    elif style < 0.78:
        shown = _european_licence(sheet, values, words)
    elif style < 0.88:
        shown = _american_licence(sheet, values)
    else:
        shown = _bare(sheet, values, words)
    _decoys(sheet, words, values)
    lines = _as_read(sheet)
    kept = {name for line in lines for _, _, name in line.spans}
    return Layout(lines, {name: values[name][1] for name in shown if name in kept})


# --- values ----------------------------------------------------------------------------------------------------------


def _pick(rng: Rng, things: Sequence[Any]) -> Any:
    return things[int(rng.integers(len(things)))]


def _invented(rng: Rng) -> str:
    word = "".join(_pick(rng, SYLLABLES) for _ in range(int(rng.integers(1, 4))))
    return (word + (_pick(rng, ENDINGS) if rng.random() < 0.6 else "n")).capitalize()


def _values(rng: Rng, words: Words) -> dict[str, tuple[Any, str]]:
    """Field to what is needed to print it, and its value as a reading states it."""

    def name(pool: Sequence[str]) -> str:
        return str(_pick(rng, pool)).replace("-", " ") if rng.random() < 0.6 else _invented(rng)

    surname = name(words.surnames) + (f"{_pick(rng, '- ')}{name(words.surnames)}" if rng.random() < 0.12 else "")
    given = " ".join(name(words.given) for _ in range(int(rng.choice([1, 1, 2, 2, 3]))))
    if rng.random() < 0.65:
        surname = surname.upper()
    if rng.random() < 0.5:
        given = given.upper()
    born = date(2026, 11, 22) - timedelta(days=int(rng.integers(16 * 365, 90 * 365)))
    issued = date(2026, 11, 22) - timedelta(days=int(rng.integers(10, 3650)))
    expires = issued + timedelta(days=int(_pick(rng, (3650, 3652, 1826, 3653, 5478, 730))))
    code, state, nationality = _pick(rng, words.states).split()
    shown = {0: code, 1: state.replace("-", " "), 2: nationality.replace("-", " ")}[int(rng.choice([0, 1, 2, 2]))]
    if rng.random() < 0.15:
        shown = f"{shown} {code}" if shown != code else shown
    shown = shown.upper() if rng.random() < 0.7 else shown
    number = _number(rng)
    place = _pick(rng, words.places) if rng.random() < 0.7 else _invented(rng)
    if rng.random() < 0.25:
        place += f", {_pick(rng, words.states).split()[1].replace('-', ' ')}"
    place = place.upper() if rng.random() < 0.6 else place
    authority = str(_pick(rng, words.authorities)).replace("-", " ")
    authority = authority.upper() if rng.random() < 0.4 else authority
    street = f"{_pick(rng, words.streets)}".replace("-", " ")
    house = str(int(rng.integers(1, 300))) + (_pick(rng, "ABC") if rng.random() < 0.15 else "")
    town = f"{int(rng.integers(1000, 99999)):05d} {_pick(rng, words.places)}"
    first = f"{street} {house}" if rng.random() < 0.6 else f"{house} {street}"
    lines = [first, town] if rng.random() < 0.8 else [first, town, _pick(rng, words.states).split()[1]]
    lines = [line.upper() for line in lines] if rng.random() < 0.5 else lines
    personal = _personal_number(rng, born)
    sex = _pick(rng, "MF")
    return {
        "surname": (surname, surname),
        "given_names": (given, given),
        "number": (number, number.replace(" ", "").replace("-", "")),
        "birth_date": (born, born.isoformat()),
        "expiry_date": (expires, expires.isoformat()),
        "issue_date": (issued, issued.isoformat()),
        "sex": (sex, sex),
        "nationality": (shown, shown),
        "place_of_birth": (place, place),
        "address": (lines, " ".join(lines)),
        "personal_number": (personal, personal),
        "authority": (authority, authority),
    }


def _number(rng: Rng) -> str:
    pattern = _pick(
        rng, ("LLDDDDDDD", "DDDDDDDDD", "LDDDDDDDD", "XXXXXXXXX", "DDLLDDDDD", "LDDDDDDD", "LL DDDDDD", "DDD DDD DDD",
              "LLLDDDDDD", "DDDDDDDD", "LDDD-DDDD-DDDD", "XXXXXXXXXXXX", "DDDDDDDL", "LXXXXXXXX", "DDDDDDD"),
    )  # fmt: skip
    kinds = {"L": "ABCDEFGHJKLMNPRSTUVWXYZ", "D": "0123456789", "X": "0123456789CFGHJKLMNPRTVWXYZ"}
    return "".join(_pick(rng, kinds[sign]) if sign in kinds else sign for sign in pattern)


def _personal_number(rng: Rng, born: date) -> str:
    def digits(count: int) -> str:
        return "".join(str(int(d)) for d in rng.integers(0, 10, count))

    return str(
        _pick(
            rng,
            (
                f"{born:%y%m%d}-{digits(4)}", f"{born:%Y%m%d}-{digits(4)}", f"{born:%d%m%y}{digits(5)}",
                digits(11), digits(13), digits(9), f"{born:%y%m%d}/{digits(4)}", 
                f"{born:%d%m%y}-{digits(3)}{_pick(rng, 'ABCX')}",
                f"{digits(8)}-{_pick(rng, 'ABCDEFGHJKLMNPRTVWXYZ')}",
                f"{digits(3)}.{digits(3)}.{digits(3)}-{digits(2)}",
                f"{digits(10)}",
            ),
        )
    )  # fmt: skip


def _date_writer(rng: Rng, words: Words) -> Any:
    months = _pick(rng, words.months).split()
    english = words.months[0].split()
    upper = rng.random() < 0.7
    style = int(rng.choice(12, p=[0.16, 0.16, 0.14, 0.1, 0.08, 0.08, 0.07, 0.05, 0.05, 0.04, 0.04, 0.03]))
    short_year = rng.random() < 0.08

    def write(day: date) -> str:
        month = months[day.month - 1]
        both = f"{month[:4]}/{english[day.month - 1]}"
        year = f"{day:%y}" if short_year and style in (0, 1, 2, 3) else f"{day.year}"
        text = (
            f"{day:%d} {month} {year}", f"{day:%d.%m.}{year}", f"{day:%d} {both} {year}", f"{day:%d/%m/}{year}",
            f"{day:%Y-%m-%d}", f"{day:%d-%m-%Y}", f"{day:%d %m %Y}", f"{day.day} {month} {day.year}",
            f"{day:%Y.%m.%d}", f"{day:%d}. {month} {day.year}", f"{day:%Y} {month} {day:%d}",
            f"{day:%d}-{month}-{day.year}",
        )[style]  # fmt: skip
        return text.upper() if upper else text

    return write


# --- styles ----------------------------------------------------------------------------------------------------------


def _captioned(sheet: _Sheet, values: Mapping[str, tuple[Any, str]], words: Words) -> list[str]:
    """Passports and cards: a caption for each field, in one language or several, in one of many places."""
    rng = sheet.rng
    spoken = [str(code) for code in rng.permutation(list(words.languages))[: int(rng.choice([1, 1, 2, 2, 2, 3]))]]
    if rng.random() < 0.6 and "en" in words.languages and "en" not in spoken:
        spoken = [*spoken[:2], "en"] if rng.random() < 0.7 else ["en", *spoken[:2]]
    joint = _pick(rng, (" / ", "/", " / ", " • ", " - ", "  ", "\n"))
    numbered = rng.random() < 0.2
    colon = rng.random() < 0.15
    capitals = rng.random() < 0.3
    writings = {name: [str(_pick(rng, words.languages[code][name])) for code in spoken] for name in CAPTION_FIELDS}
    shown = _shown(rng)
    others = {name: (_pick(rng, captions), _pick(rng, texts)) for name, captions, texts in OTHERS}
    others["code"] = (others["code"][0], _pick(rng, words.states).split()[0])
    place = str(rng.choice(["above", "left", "inline", "below"], p=[0.66, 0.16, 0.1, 0.08]))
    columns = 1 if place == "left" else int(rng.choice([1, 2, 2, 3]))
    left = float(rng.choice([30, 300, 330, 380]))
    width = float(rng.choice([620, 900, 1150])) - (left if left > 100 else 0) * 0.3
    high = float(rng.uniform(20, 34))
    small = high * float(rng.uniform(0.45, 0.85))
    gap = float(rng.uniform(0.15, 1.4))
    tight = float(rng.uniform(0.0, 0.35))
    y = float(rng.uniform(60, 160))
    write = _date_writer(rng, words)
    twice = rng.random() < 0.12

    at = 0
    for row in _with_others(rng, _grid(rng, shown, columns)):
        bottom = y
        for column, name in enumerate(row):
            at += 1
            x = left + column * width / len(row) + float(rng.normal(0, 2))
            captions = writings[name] if name in writings else [others[name][0]]
            text = joint.join(captions) if joint != "\n" else captions[0]
            text = (f"{at}. {text}" if numbered else text) + (":" if colon else "")
            text = text.upper() if capitals else text
            printed = _printed(rng, name, values, write, twice) if name in writings else [[(str(others[name][1]), "")]]
            if place == "inline":
                end = y
                sheet.put(x, y, high, (text, ""), *printed[0])
                for extra in printed[1:]:
                    end += high * 1.15
                    sheet.put(x, end, high, *extra)
                bottom = max(bottom, end + high)
            elif place == "left":
                sheet.put(x, y + (high - small) / 2, small, (text, ""))
                aside = x + max(width * 0.42, _width(text, small) + 20)
                end = y
                for extra in printed:
                    sheet.put(aside, end, high, *extra)
                    end += high * 1.15
                bottom = max(bottom, end)
            else:
                end = y
                if place == "above":
                    sheet.put(x, end, small, (text, ""))
                    end += small * (1.1 + tight)
                    if joint == "\n":
                        for other in captions[1:]:
                            sheet.put(x, end, small, (other, ""))
                            end += small * (1.1 + tight)
                for extra in printed:
                    sheet.put(x + float(rng.normal(0, 2)), end, high, *extra)
                    end += high * (1.08 + tight)
                if place == "below":
                    sheet.put(x, end, small, (text, ""))
                    end += small * 1.1
                bottom = max(bottom, end)
        y = bottom + gap * small
    return shown


def _shown(rng: Rng) -> list[str]:
    order = list(CAPTION_FIELDS)
    chance = {"surname": 0.98, "given_names": 0.96, "number": 0.9, "birth_date": 0.97, "expiry_date": 0.85, "sex": 0.8,
              "nationality": 0.75, "issue_date": 0.65, "place_of_birth": 0.6, "authority": 0.5, "personal_number": 0.35,
              "address": 0.25}  # fmt: skip
    if rng.random() < 0.75:
        usual = ["number", "surname", "given_names", "nationality", "sex", "birth_date", "place_of_birth",
                 "personal_number", "issue_date", "expiry_date", "authority", "address"]  # fmt: skip
        order = usual if rng.random() < 0.5 else [*usual[1:], "number"]
        for _ in range(int(rng.integers(0, 4))):
            a = int(rng.integers(len(order) - 1))
            order[a], order[a + 1] = order[a + 1], order[a]
    else:
        order = [str(name) for name in rng.permutation(order)]
    return [name for name in order if rng.random() < chance[name]]


def _grid(rng: Rng, names: Sequence[str], columns: int) -> list[list[str]]:
    rows: list[list[str]] = []
    at = 0
    while at < len(names):
        wide = names[at] in ("surname", "given_names", "address", "authority")
        count = 1 if wide and rng.random() < 0.7 else int(rng.integers(1, columns + 1))
        rows.append(list(names[at : at + count]))
        at += count
    return rows


def _with_others(rng: Rng, rows: list[list[str]]) -> list[list[str]]:
    """Kind and state beside the number, as passports have them, and fields that nobody asks for."""
    found = [list(row) for row in rows]
    if ["number"] in found and rng.random() < 0.5:
        found[found.index(["number"])] = ["type", "code", "number"]
    for name in ("height", "eyes", "profession", "card"):
        if rng.random() < 0.15:
            place = int(rng.integers(len(found) + 1))
            if place < len(found) and len(found[place]) < 3 and rng.random() < 0.6:
                found[place].append(name)
            else:
                found.insert(place, [name])
    return found


def _printed(
    rng: Rng, name: str, values: Mapping[str, tuple[Any, str]], write: Any, twice: bool
) -> list[list[tuple[str, str]]]:
    """A field's value as lines of labelled parts."""
    value = values[name][0]
    if isinstance(value, date):
        return [[(write(value), name)]]
    if name == "address":
        return [[(line, name)] for line in value] if rng.random() < 0.75 else [[(", ".join(value), name)]]
    if name == "sex":
        shown = rng.choice(["{0}", "{0}/{0}", "{0} / {0}", "{0}", "word", "native"])
        if shown == "word":
            return [[({"M": "MALE", "F": "FEMALE"}[value], name)]]
        if shown == "native":
            return [[(f"{ {'M': 'M', 'F': 'W'}[value] }" if rng.random() < 0.3 else f"{value}", name)]]
        return [[(str(shown).format(value), name)]]
    if twice and name in ("surname", "given_names", "place_of_birth", "authority"):
        # A national script, as a reader that does not know it reads it, beside the Latin writing.
        foreign = "".join(_pick(rng, "TKAYEHOBCMXPNLIRA3") for _ in str(value)).strip()
        if rng.random() < 0.5:
            return [[(foreign, "")], [(str(value), name)]]
        return [[(f"{foreign}/", ""), (str(value), name)]]
    if name == "surname" and rng.random() < 0.06:
        return [[(str(value), name), (f"{_pick(rng, ('GEB.', 'née', 'geb.'))} {_invented(rng)}", "")]]
    return [[(str(value), name)]]


def _european_licence(sheet: _Sheet, values: Mapping[str, tuple[Any, str]], words: Words) -> list[str]:
    """Directive 2006/126/EC annex I: numbers stand for captions."""
    rng = sheet.rng
    x, y = float(rng.choice([30, 300, 340])), float(rng.uniform(90, 150))
    high, step = 26.0, float(rng.uniform(30, 46))
    dot = _pick(rng, (".", "", ".", ".", ")"))
    write = _date_writer(rng, words)
    shown = ["surname", "given_names", "birth_date", "issue_date", "expiry_date", "authority", "number"]

    def row(y: float, *items: tuple[str, str]) -> float:
        """Number and value, in one box or in two, side by side."""
        at = x
        for mark, name in items:
            text = values[name][0]
            text = write(text) if isinstance(text, date) else " ".join(text) if isinstance(text, list) else str(text)
            if rng.random() < 0.65:
                at = sheet.put(at, y, high, (f"{mark}{dot}", ""), (text, name)) + 30
            else:
                sheet.put(at, y, high * 0.8, (f"{mark}{dot}", ""))
                at = sheet.put(at + 45, y, high, (text, name)) + 30
        return y + step

    y = row(y, ("1", "surname"))
    y = row(y, ("2", "given_names"))
    if rng.random() < 0.7:
        shown.append("place_of_birth")
        born, place = write(values["birth_date"][0]), values["place_of_birth"][0]
        sheet.put(x, y, high, (f"3{dot}", ""), (born, "birth_date"), (place, "place_of_birth"))
        y += step
    else:
        y = row(y, ("3", "birth_date"))
    if rng.random() < 0.6:
        y = row(y, ("4a", "issue_date"), ("4c", "authority"))
        if rng.random() < 0.5:
            shown.append("personal_number")
            y = row(y, ("4b", "expiry_date"), ("4d", "personal_number"))
        else:
            y = row(y, ("4b", "expiry_date"))
    else:
        y = row(row(row(y, ("4a", "issue_date")), ("4b", "expiry_date")), ("4c", "authority"))
    y = row(y, ("5", "number"))
    if rng.random() < 0.35:
        shown.append("address")
        y = row(y, ("8", "address"))
    sheet.put(x, y, high, (f"9{dot} {_pick(rng, ('AM/B1/B', 'B', 'A/B/BE', 'AM B', 'B C1 C'))}", ""))
    return shown


def _american_licence(sheet: _Sheet, values: Mapping[str, tuple[Any, str]]) -> list[str]:
    """AAMVA's card design standard: short marks, month first."""
    rng = sheet.rng
    numbers = rng.random() < 0.5
    x, y, high = float(rng.choice([250, 300, 30])), float(rng.uniform(100, 150)), 26.0
    step = float(rng.uniform(32, 44))
    style = _pick(rng, ("%m/%d/%Y", "%m/%d/%Y", "%m-%d-%Y"))

    def mark(number: str, word: str) -> str:
        return f"{number} {word}" if numbers and word else word or number

    def put(x: float, y: float, caption: str, text: str, name: str) -> float:
        if rng.random() < 0.6:
            return sheet.put(x, y, high, (caption, ""), (text, name)) + 40
        sheet.put(x, y, high * 0.7, (caption, ""))
        return sheet.put(x + _width(caption, high * 0.7) + 12, y, high, (text, name)) + 40

    shown = ["number", "expiry_date", "surname", "given_names", "address", "birth_date", "sex", "issue_date"]
    end = put(x, y, mark("4d", _pick(rng, ("DL", "DLN", "LIC#", "ID", "DL NO."))), values["number"][0], "number")
    put(end, y, mark("4a", "ISS"), f"{values['issue_date'][0]:{style}}", "issue_date")
    y += step
    put(x, y, mark("4b", "EXP"), f"{values['expiry_date'][0]:{style}}", "expiry_date")
    y += step
    put(x, y, _pick(rng, ("1", "LN", "1")), str(values["surname"][0]).upper(), "surname")
    y += step
    put(x, y, _pick(rng, ("2", "FN", "2")), str(values["given_names"][0]).upper(), "given_names")
    y += step
    lines = values["address"][0]
    sheet.put(x, y, high * 0.9, *((("8", ""),) if numbers else ()), (lines[0].upper(), "address"))
    for line in lines[1:]:
        y += step * 0.8
        sheet.put(x, y, high * 0.9, (line.upper(), "address"))
    y += step
    end = put(x, y, mark("3", "DOB"), f"{values['birth_date'][0]:{style}}", "birth_date")
    put(end, y, mark("15", "SEX"), str(values["sex"][0]), "sex")
    y += step
    sheet.put(x, y, high, (f"{mark('16', 'HGT')} 5'-{int(rng.integers(1, 12)):02d}\"", ""))
    sheet.put(x + 260, y, high, (f"{mark('18', 'EYES')} {_pick(rng, ('BRO', 'BLU', 'HAZ'))}", ""))
    if rng.random() < 0.5:
        sheet.put(x, y + step, high, (f"{mark('5', 'DD')} {_number(rng)}{_number(rng)}", ""))
    return shown


def _bare(sheet: _Sheet, values: Mapping[str, tuple[Any, str]], words: Words) -> list[str]:
    """Values without captions, in the usual order."""
    rng = sheet.rng
    x, y, high = float(rng.choice([30, 320])), float(rng.uniform(80, 150)), float(rng.uniform(22, 32))
    write = _date_writer(rng, words)
    shown = ["surname", "given_names", "nationality", "birth_date", "sex", "place_of_birth"]
    shown = [name for name in shown if name in ("surname", "given_names", "birth_date") or rng.random() < 0.7]
    shown += [name for name in ("issue_date", "expiry_date") if "issue_date" in shown or rng.random() < 0.7]
    if "number" not in shown and rng.random() < 0.8:
        shown = ["number", *shown] if rng.random() < 0.5 else [*shown, "number"]
    if "issue_date" in shown and "expiry_date" not in shown:
        shown.remove("issue_date")
    at = 0
    while at < len(shown):
        beside = 2 if rng.random() < 0.3 and shown[at] not in ("surname", "given_names") else 1
        for column, name in enumerate(shown[at : at + beside]):
            for line in _printed(rng, name, values, write, twice=False):
                sheet.put(x + column * 330, y, high, *line)
        y += high * float(rng.uniform(1.2, 2.2))
        at += beside
    return shown


def _decoys(sheet: _Sheet, words: Words, values: Mapping[str, tuple[Any, str]]) -> None:
    """Headings, other captions, noise, and the number or name printed a second time."""
    rng = sheet.rng
    right = max((x + _width(" ".join(t for t, _ in parts), h) for x, _, h, parts in sheet.print), default=800.0)
    bottom = max((y + h for _, y, h, _ in sheet.print), default=500.0)
    heading = f"{_pick(rng, words.decoys)} {_pick(rng, words.states).split()[int(rng.integers(3))].replace('-', ' ')}"
    sheet.put(float(rng.uniform(20, 300)), float(rng.uniform(5, 40)), float(rng.uniform(24, 44)), (heading, ""))
    for _ in range(int(rng.integers(0, 7))):
        side = rng.random()
        x = float(rng.uniform(20, right)) if side < 0.5 else float(rng.choice([20.0, right + 20]))
        y = float(rng.uniform(10, 60)) if side < 0.3 else bottom + float(rng.uniform(5, 120))
        if 0.5 < side < 0.8:
            x, y = right + float(rng.uniform(10, 60)), float(rng.uniform(60, bottom))
        text = _pick(rng, words.decoys)
        if rng.random() < 0.25:
            text = "".join(str(int(d)) for d in rng.integers(0, 10, int(rng.integers(4, 9))))
        sheet.put(x, y, float(rng.uniform(12, 26)), (text, ""))
    if rng.random() < 0.12:
        sheet.put(right + 30, float(rng.uniform(60, bottom)), 22.0, (values["number"][0], "number"))


# --- how a reader of print reports it --------------------------------------------------------------------------------


def _as_read(sheet: _Sheet) -> tuple[LabelledLine, ...]:
    rng = sheet.rng
    careless = float(rng.choice([0.0, 0.004, 0.012, 0.03]))
    glued = float(rng.choice([0.03, 0.15, 0.5]))
    plain = rng.random() < 0.6
    turn = float(rng.normal(0, 0.012))
    scale = float(rng.uniform(0.6, 1.6))
    found = []
    for x, y, height, parts in _merged(rng, sheet.print):
        if rng.random() < 0.015:
            continue
        text, labels = _characters(rng, parts, careless, glued, plain)
        for start, end in _split(rng, text, labels):
            if not text[start:end].strip():
                continue
            wide = _width(text, height)
            x0 = x + wide * start / max(1, len(text)) + float(rng.normal(0, 1.5))
            x1 = x + wide * end / max(1, len(text)) + float(rng.normal(0, 2.5))
            y0, y1 = y - float(rng.uniform(0, 0.15)) * height, y + height * float(rng.uniform(1.0, 1.2))
            quad = tuple(
                (scale * (a - turn * b), scale * (b + turn * a)) for a, b in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
            )
            line = TextLine(text[start:end], float(rng.uniform(0.8, 0.999)), quad)
            found.append(LabelledLine(line, _runs(labels[start:end])))
    return tuple(sorted(found, key=lambda each: (each.line.box.top, each.line.box.left)))


def _merged(
    rng: Rng, print_: Sequence[tuple[float, float, float, list[tuple[str, str]]]]
) -> list[tuple[float, float, float, list[tuple[str, str]]]]:
    """Now and then two neighbours on one line come out as one."""
    kept: list[tuple[float, float, float, list[tuple[str, str]]]] = []
    for x, y, height, parts in print_:
        if kept and rng.random() < 0.25:
            px, py, ph, before = kept[-1]
            end = px + _width(" ".join(text for text, _ in before), ph)
            if abs(py - y) < 0.4 * height and 0 < x - end < 1.6 * height:
                kept[-1] = (px, py, ph, [*before, *parts])
                continue
        kept.append((x, y, height, parts))
    return kept


def _characters(
    rng: Rng, parts: Sequence[tuple[str, str]], careless: float, glued: float, plain: bool
) -> tuple[str, list[str]]:
    """The line as read, and the label of each of its characters."""
    out: list[str] = []
    labels: list[str] = []
    drop = rng.random() < glued
    for number, (text, name) in enumerate(parts):
        if number and not (drop and rng.random() < 0.7):
            out.append(" ")
            labels.append("")
        for sign in text:
            if sign == " " and drop and rng.random() < 0.85:
                continue
            read = sign
            if rng.random() < careless:
                read = (
                    str(_pick(rng, CONFUSED[sign])) if CONFUSED.get(sign) else _pick(rng, ("", sign, sign.swapcase()))
                )
            elif plain:
                read = _unmarked(sign)
            out += read
            labels += [name] * len(read)
    return "".join(out), labels


def _unmarked(sign: str) -> str:
    """A letter beyond Western Europe's as readers that do not know it report it: without its marks."""
    if ord(sign) < 0x100:
        return sign
    return {"ı": "i", "ł": "l", "Ł": "L"}.get(sign, unicodedata.normalize("NFD", sign)[0])


def _split(rng: Rng, text: str, labels: Sequence[str]) -> list[tuple[int, int]]:
    """Now and then one line comes out as two."""
    spaces = [at for at, sign in enumerate(text) if sign == " "]
    if spaces and rng.random() < 0.06:
        cut = int(_pick(rng, spaces))
        return [(0, cut), (cut + 1, len(text))]
    return [(0, len(text))]


def _runs(labels: Sequence[str]) -> tuple[tuple[int, int, str], ...]:
    found = []
    start = 0
    for at in range(1, len(labels) + 1):
        if at == len(labels) or labels[at] != labels[start]:
            if labels[start]:
                found.append((start, at, labels[start]))
            start = at
    return tuple(found)
