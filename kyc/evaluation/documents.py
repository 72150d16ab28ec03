"""Draws documents that training never saw, valid and forged, with their truth: what `make bench-documents` measures.

Apart from `kyc.specimens`, which feeds training, tests and the demo: other words, type, paper, arrangements, portraits,
forgeries, camera and seeds. Only the shapes of OCR-B and the format of the zone are common to both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import cv2
import numpy as np

from kyc.evaluation import camera, words
from kyc.evaluation.pages import SCALE, SIZES, Face, draw_back, draw_front, joined
from kyc.evaluation.portraits import PERSONS, draw_face
from kyc.geometry import Image
from kyc.mrz import LAYOUTS, Layout, compose, name_element, parse
from kyc.names import transliterate

KINDS = ("TD3", "TD1", "TD2", "MRVA", "MRVB")
CAPTURES = {"scan": camera.scan, "phone": camera.phone, "hasty": camera.hasty}
LEGIBLE_PITCH = 8.0
LEGIBLE_TYPE = 10.0
"""A picture counts as legible from these sizes on, in its pixels: a sign of the zone, and the em of the smallest print;
unless a corner is cut off, it is smeared by a third of a sign, or it is burnt out."""
CODES = {"TD3": "P", "TD1": "I", "TD2": "I", "MRVA": "V", "MRVB": "V"}
Rng = np.random.Generator


class Forgery(StrEnum):
    """What somebody did to a document."""

    RETYPED_DIGIT = "retyped_digit"
    """A digit of the zone changed, its check digit left."""
    RETYPED_ZONE = "retyped_zone"
    """A digit of the zone changed and every check digit made to fit; the print left."""
    ALTERED_SURNAME = "altered_surname"
    ALTERED_GIVEN_NAMES = "altered_given_names"
    ALTERED_BIRTH_DATE = "altered_birth_date"
    ALTERED_EXPIRY_DATE = "altered_expiry_date"
    ALTERED_NUMBER = "altered_number"
    """The print changed, the zone left."""
    SWAPPED_PORTRAIT = "swapped_portrait"
    """Another face stuck over the portrait, on a document with a ghost portrait."""
    SWAPPED_PORTRAIT_NO_GHOST = "swapped_portrait_no_ghost"
    """The same without a ghost portrait to contradict it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture (JPEG) and its truth as plain JSON."""

    image: bytes
    truth: Mapping[str, Any]


def draw(seed: int, as_of: date, *, forgery: Forgery | None = None) -> Drawn:
    """One document, not expired at `as_of`; the same arguments draw the same bytes."""
    rng = np.random.default_rng([seed, 400])
    kind = str(rng.choice(KINDS, p=[0.42, 0.28, 0.14, 0.08, 0.08]))
    layout = next(each for each in LAYOUTS if each.type.value == kind)
    capture = str(rng.choice(list(CAPTURES), p=[0.25, 0.55, 0.2]))
    holder = _holder(rng, as_of)
    lines = _lines(holder, layout, kind)
    printed, face_script = _printed(rng, holder, kind)
    tampered: dict[str, str] = {}
    if forgery is Forgery.RETYPED_DIGIT:
        lines = _retyped(rng, lines, layout)
    elif forgery is Forgery.RETYPED_ZONE:
        lines = _lines(_changed(rng, holder, as_of), layout, kind)
    elif forgery is not None and forgery.value.startswith("altered_"):
        name = forgery.value.removeprefix("altered_")
        other = _altered(rng, holder, name, as_of)
        tampered[name] = printed["__write__"](other[name]) if name.endswith("_date") else str(other[name])
    write = printed.pop("__write__")
    shown = {name: write(value) if isinstance(value, date) else str(value) for name, value in printed.items()}
    face = Face(kind, _heading(rng, holder), shown, _captions(rng, face_script), tampered, face_script)
    swap = forgery in (Forgery.SWAPPED_PORTRAIT, Forgery.SWAPPED_PORTRAIT_NO_GHOST)
    has_ghost = forgery is Forgery.SWAPPED_PORTRAIT or (
        forgery is not Forgery.SWAPPED_PORTRAIT_NO_GHOST and bool(rng.random() < 0.6)
    )
    page, smallest = _page(rng, face, lines, holder["person"], has_ghost=has_ghost, swap=swap, seed=seed)
    if kind == "TD3" and rng.random() < 0.12:
        page = joined(_blank(page, rng), page, beside=False, colour=200)
    turns = int(rng.choice([0, 0, 0, 0, 0, 0, 0, 1, 2, 3]))
    page = np.ascontiguousarray(np.rot90(page, k=-turns))
    shot = CAPTURES[capture](rng)
    image, zoom, whole = camera.take(page, shot, seed)
    pitch = zoom * 2.54 * SCALE
    parsed = parse(lines, as_of)
    fields = {
        **{name: parsed.fields.get(name, "") for name in ("surname", "given_names")},
        "number": holder["number"], "birth_date": holder["birth_date"].isoformat(),
        "expiry_date": holder["expiry_date"].isoformat(), "sex": holder["sex"], "nationality": holder["nationality"],
        "issuer": holder["issuer"],
    }  # fmt: skip
    truth = {
        "kind": kind,
        "lines": list(lines),
        "fields": fields,
        "printed": {**shown, **tampered},
        "visual": {
            name: value.isoformat() if isinstance(value, date) else str(value) for name, value in printed.items()
        },
        "forgery": None if forgery is None else forgery.value,
        "capture": capture,
        "pitch": round(pitch, 2),
        "legible": whole
        and pitch >= LEGIBLE_PITCH
        and zoom * smallest >= LEGIBLE_TYPE
        and max(shot.blur, shot.motion / 2) < pitch / 3
        and shot.glare < 0.55,
        "turns": turns,
        "script": face_script or "latin",
        "ghost": has_ghost,
        "person": holder["person"],
    }
    return Drawn(image, truth)


def draw_selfie(person: str, seed: int, *, stranger: bool = False) -> bytes:
    """A selfie (JPEG) of one of `PERSONS`, or of the one whose portrait `Forgery.SWAPPED_PORTRAIT` puts in its place:
    another crop, pose and light than on the document, of the same photograph."""
    shown = PERSONS[1 - PERSONS.index(person)] if stranger else person
    picture = cv2.GaussianBlur(draw_face(shown, seed + 3, 480, 600), (0, 0), 0.9)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def _holder(rng: Rng, as_of: date) -> dict[str, Any]:
    def pick(pool: Any) -> Any:
        return pool[int(rng.integers(len(pool)))]

    surname = pick(words.SURNAMES).replace("-", " ") if rng.random() < 0.8 else pick(words.SURNAMES)
    if rng.random() < 0.1:
        surname += f"-{pick(words.SURNAMES)}"
    given = " ".join(dict.fromkeys(pick(words.GIVEN).replace("-", " ") for _ in range(int(rng.integers(1, 4)))))
    code, nationality = pick(words.STATES)
    issuer = code if rng.random() < 0.9 else pick(words.STATES)[0]
    born = as_of - timedelta(days=int(rng.integers(18 * 366, 82 * 365)))
    left = int(rng.integers(40, 3300))
    ends = as_of + timedelta(days=left)
    issued = min(ends - timedelta(days=3652), as_of - timedelta(days=int(rng.integers(3, 300))))
    issued = max(issued, born + timedelta(days=400))
    signs = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
    shape = int(rng.integers(4))
    digits = "".join(str(int(digit)) for digit in rng.integers(0, 10, 9))
    number = (
        digits,
        pick("ACEGKLMNPX") + digits[:7],
        "".join(pick(signs) for _ in range(8)) + digits[0],
        pick("ABCDEFGH") + pick("KLMNPRST") + digits[:6],
    )[shape]
    return {
        "surname": surname, "given_names": given, "number": number, "birth_date": born, "issue_date": issued,
        "expiry_date": ends, "sex": pick("MF"), "nationality": code, "nationality_word": nationality, "issuer": issuer,
        "place_of_birth": pick(words.PLACES), "authority": pick(words.AUTHORITIES), "person": pick(PERSONS),
        "personal_number": "".join(str(int(d)) for d in rng.integers(0, 10, 10)) if rng.random() < 0.3 else "",
    }  # fmt: skip


def _lines(holder: Mapping[str, Any], layout: Layout, kind: str) -> tuple[str, ...]:
    _, first, last = layout.spans["name"]
    elements = {
        "document_code": CODES[kind],
        "issuer": holder["issuer"],
        "number": holder["number"],
        "nationality": holder["nationality"],
        "birth_date": holder["birth_date"].strftime("%y%m%d"),
        "sex": holder["sex"],
        "expiry_date": holder["expiry_date"].strftime("%y%m%d"),
        "name": name_element(transliterate(holder["surname"]), transliterate(holder["given_names"]), last - first),
    }
    if holder["personal_number"]:
        name = "personal_number" if "personal_number" in layout.spans else "optional"
        _, first, last = layout.spans[name]
        elements[name] = holder["personal_number"][: last - first]
    return compose(layout, elements)


def _printed(rng: Rng, holder: Mapping[str, Any], kind: str) -> tuple[dict[str, Any], str]:
    """The visual zone in the order it is printed, dates still dates, with `__write__` as their writing."""
    months = words.MONTHS[int(rng.choice([0, 0, 1, 2, 3, 4]))].split()
    style = int(rng.integers(7))

    def write(day: date) -> str:
        month = months[day.month - 1]
        english = words.MONTHS[0].split()[day.month - 1].upper()
        if ord(month[0]) > 0x400:
            month = f"{month[:3].upper()}/{english}"
        return (
            f"{day:%d} {month.upper()} {day:%Y}", f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}", f"{day:%Y-%m-%d}",
            f"{day:%d %m %Y}", f"{day:%d}. {month} {day:%Y}", f"{day:%d} {month.upper()} {day:%y}",
        )[style]  # fmt: skip

    capital = bool(rng.random() < 0.6)
    script = str(rng.choice(["", "", "", "cyrillic", "greek"]))
    order = ["surname", "given_names", "nationality", "birth_date", "sex", "place_of_birth", "issue_date",
             "expiry_date", "authority"]  # fmt: skip
    if rng.random() < 0.4:
        order = ["surname", "given_names", "birth_date", "place_of_birth", "sex", "nationality", "authority",
                 "issue_date", "expiry_date"]  # fmt: skip
    if kind == "TD1":
        order = [name for name in order if name not in ("authority", "place_of_birth")]
    if holder["personal_number"]:
        order.insert(5, "personal_number")
    values = {**holder, "nationality": holder["nationality_word"] if rng.random() < 0.7 else holder["nationality"]}
    if capital:
        values.update({name: str(values[name]).upper() for name in ("surname", "given_names", "place_of_birth")})
    printed: dict[str, Any] = {name: values[name] for name in order}
    printed["number"] = holder["number"]
    printed["__write__"] = write
    return printed, script


def _captions(rng: Rng, script: str) -> list[Mapping[str, Any]]:
    codes = {"cyrillic": ("mk", "be"), "greek": ("gr",)}.get(script)
    latin = [code for code in words.LANGUAGES if code not in ("mk", "be", "gr", "en")]
    first = str(rng.choice(codes)) if codes else str(rng.choice(latin))
    chosen = [first, "en"] if rng.random() < 0.75 else ["en"] if rng.random() < 0.4 else [first]
    return [words.LANGUAGES[code] for code in chosen]


def _heading(rng: Rng, holder: Mapping[str, Any]) -> str:
    return f"{words.DECOYS[int(rng.integers(10))]}  {holder['issuer']}"


def _retyped(rng: Rng, lines: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    name = str(rng.choice([each for each in ("number", "birth_date", "expiry_date") if each in layout.spans]))
    line, first, last = layout.spans[name]
    places = [at for at in range(first, last) if lines[line][at].isdigit()] if name == "number" else [first + 1, first]
    at = int(rng.choice(places)) if places else layout.spans["birth_date"][1] + 1
    if not places:
        line = layout.spans["birth_date"][0]
    new = str((int(lines[line][at]) + int(rng.integers(1, 10))) % 10)
    changed = lines[line][:at] + new + lines[line][at + 1 :]
    return (*lines[:line], changed, *lines[line + 1 :])


def _changed(rng: Rng, holder: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    name = str(rng.choice(["number", "birth_date", "surname", "expiry_date"]))
    return _altered(rng, holder, name, as_of)


def _altered(rng: Rng, holder: Mapping[str, Any], name: str, as_of: date) -> dict[str, Any]:
    """The holder with another value of one field: another person's name, a changed digit, another year."""
    value = holder[name]
    if name in ("surname", "given_names"):
        pool = words.SURNAMES if name == "surname" else words.GIVEN
        others = [each for each in pool if transliterate(each) not in transliterate(str(value))]
        new: Any = others[int(rng.integers(len(others)))].replace("-", " ")
        new = new.upper() if rng.random() < 0.6 else new
    elif name == "birth_date":
        new = value.replace(day=min(value.day, 28), year=value.year + int(rng.choice([-7, -3, -2, 2, 3])))
    elif name == "expiry_date":
        new = value.replace(day=min(value.day, 28), year=value.year + int(rng.integers(1, 6)))
    else:
        places = [at for at, sign in enumerate(value) if sign.isdigit()]
        text = list(value)
        for at in rng.permutation(places)[: int(rng.integers(1, 4))].tolist():
            text[at] = str((int(text[at]) + int(rng.integers(1, 10))) % 10)
        new = "".join(text)
    return {**holder, name: new}


def _page(
    rng: Rng, face: Face, lines: tuple[str, ...], person: str, *, has_ghost: bool, swap: bool, seed: int
) -> tuple[Image, int]:
    height = SIZES[face.kind][1]
    tall = round((29 if face.kind == "TD1" else min(42, height * 0.5)) * SCALE)
    wide = round(tall * 0.78)
    stranger = PERSONS[1 - PERSONS.index(person)]
    portrait = draw_face(person, seed, wide, tall)
    # A ghost is the same photograph, printed small.
    small = (round(wide * 0.42), round(tall * 0.42))
    ghost = np.asarray(cv2.resize(portrait, small, interpolation=cv2.INTER_AREA), np.uint8) if has_ghost else None
    swapped = draw_face(stranger, seed + 2, wide, tall) if swap else None
    if face.kind != "TD1":
        return draw_front(face, lines, portrait, ghost, swapped, seed)
    front, smallest = draw_front(face, (), portrait, ghost, swapped, seed)
    colour, beside = int(rng.integers(60, 250)), bool(rng.random() < 0.25)
    return joined(front, draw_back("TD1", lines, seed), beside=beside, colour=colour), smallest


def _blank(page: Image, rng: Rng) -> Image:
    """The page before the data page, with stamps' and words' remains."""
    other = np.full_like(page, int(rng.integers(215, 245)))
    for at in range(int(rng.integers(2, 6))):
        place = (int(rng.integers(40, page.shape[1] // 2)), 120 + at * 130)
        word = words.DECOYS[int(rng.integers(15, len(words.DECOYS)))].encode("ascii", "ignore").decode()
        cv2.putText(other, word, place, cv2.FONT_HERSHEY_COMPLEX, 1.2, (150, 130, 130), 2, cv2.LINE_AA)
    return other
