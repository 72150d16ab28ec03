"""What a synthetic document says, and its truth: the elements, the defects of forgeries, the picture of it all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import cv2
import numpy as np

from kyc.document import DocumentType
from kyc.mrz import LAYOUTS, Layout, compose, name_element, parse
from kyc.names import transliterate
from kyc.specimens.borders import Border
from kyc.specimens.layouts import PIXELS_PER_MM, Page, draw_page, stack
from kyc.specimens.persons import STATES, invent_number, invent_person
from kyc.specimens.photograph import PHONE, Capture, paste_over, photograph
from kyc.specimens.portrait import IDENTITIES, STRANGERS, draw_ghost, draw_portrait

_CODES = {"TD1": "I", "TD2": "I", "TD3": "P", "MRVA": "V", "MRVB": "V"}
_HEADINGS = {"TD1": "IDENTITY CARD", "TD2": "IDENTITY CARD", "TD3": "PASSPORT", "MRVA": "VISA", "MRVB": "VISA"}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


class Defect(StrEnum):
    """What is deliberately wrong with a document."""

    CHECK_DIGIT = "check_digit"
    """One digit of the zone re-typed; its check digit left as it was."""
    ALTERED_NAME = "altered_name"
    """Another surname in the visual zone."""
    ALTERED_BIRTH_DATE = "altered_birth_date"
    """Another birth date in the visual zone."""
    ALTERED_NUMBER = "altered_number"
    """Another number in the visual zone."""
    SWAPPED_PORTRAIT = "swapped_portrait"
    """The portrait shows another identity than the selfie (and than the ghost portrait)."""
    TYPED_OVER = "typed_over"
    """Another birth date in the visual zone, printed over the first in another font."""
    EDITED_PICTURE = "edited_picture"
    """Another surname in the visual zone, pasted into the finished picture, which was then saved again."""


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """What to draw. Dates are `date`, states ICAO codes; names in any Latin writing."""

    type: DocumentType
    surname: str
    given_names: str
    number: str
    birth_date: date
    expiry_date: date
    issue_date: date
    sex: str
    nationality: str
    issuer: str
    place_of_birth: str = ""
    personal_number: str = ""
    identity: int = 0
    """Whose portrait: one of `kyc.specimens.portrait.IDENTITIES`."""
    defect: Defect | None = None
    capture: Capture = PHONE
    side: str = "both"
    """`both`, `front` or `back`; a TD1 card with `both` shows its two sides one above the other."""
    quarter_turns: int = 0
    """Clockwise quarter turns of the finished picture."""
    border: Border = Border.HARD
    """How the portrait takes over from the paper."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A picture and its truth (plain JSON): type, lines, checks as they hold, fields, defect, zone corners."""

    image_bytes: bytes
    truth: Mapping[str, Any]

    def truth_json(self) -> str:
        return json.dumps(self.truth, sort_keys=True, ensure_ascii=False, indent=1)


def invent_document(
    seed: int,
    as_of: date,
    *,
    type: DocumentType | None = None,
    defect: Defect | None = None,
    expired: bool = False,
    capture: Capture = PHONE,
) -> DocumentSpec:
    """A document of an invented person, valid at `as_of` unless `expired`."""
    rng = np.random.default_rng([seed, 107])
    person = invent_person(seed, as_of)
    kind = type or (DocumentType.TD3, DocumentType.TD1)[int(rng.integers(2))]
    years = 10 if kind is DocumentType.TD3 else 5
    if expired:
        ends = as_of - timedelta(days=int(rng.integers(30, 900)))
    else:
        ends = as_of + timedelta(days=int(rng.integers(200, 365 * years - 60)))
    issuer = person.nationality if rng.random() < 0.9 else STATES[int(rng.integers(len(STATES)))]
    return DocumentSpec(
        type=kind,
        surname=person.surname,
        given_names=person.given_names,
        number=invent_number(seed),
        birth_date=person.birth_date,
        expiry_date=ends,
        issue_date=ends - timedelta(days=365 * years + years // 4 - 1),
        sex=person.sex,
        nationality=person.nationality,
        issuer=issuer,
        place_of_birth=person.place_of_birth,
        identity=IDENTITIES[int(rng.integers(len(IDENTITIES)))],
        defect=defect,
        capture=capture,
    )


def draw_document(spec: DocumentSpec, seed: int) -> Specimen:
    """The document's picture (JPEG) and truth; the same spec and seed draw the same bytes."""
    lines = _zone_lines(spec, seed)
    page = draw_flat(spec, seed)
    picture = photograph(page.image, spec.capture, seed)
    image = picture.jpeg
    if spec.defect is Defect.EDITED_PICTURE and "surname" in page.field_boxes:
        text = _printed(spec, seed, pasted=True)["surname"]
        image = paste_over(image, np.array(picture.matrix), page.field_boxes["surname"], text)
    if spec.quarter_turns % 4:
        pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
        turned = np.ascontiguousarray(np.rot90(np.asarray(pixels), k=-spec.quarter_turns))
        image = cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    matrix = np.array(picture.matrix)
    quads = []
    for left, top, right, bottom in page.mrz_boxes:
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
        quads.append(np.round(cv2.perspectiveTransform(corners, matrix)[0], 1).tolist())
    outline = np.array(
        [[[0, 0], [page.image.shape[1], 0], page.image.shape[1::-1], [0, page.image.shape[0]]]], np.float64
    )
    parsed = parse(lines, spec.issue_date)
    names = {name: parsed.fields.get(name, "") for name in ("surname", "given_names")}  # as far as the zone has room
    truth = {
        "type": spec.type.value,
        "lines": list(lines),
        "checks": dict(parsed.checks),
        "fields": {**_fields(spec), **names},
        "printed": _printed(spec, seed, pasted=True),
        "defect": None if spec.defect is None else spec.defect.value,
        "identity": spec.identity,
        "portrait_identity": _shown_identity(spec),
        "mrz_quads": quads,
        "page_quad": np.round(cv2.perspectiveTransform(outline, matrix)[0], 1).tolist(),
        "quarter_turns": spec.quarter_turns % 4,
    }
    return Specimen(image, truth)


def draw_flat(spec: DocumentSpec, seed: int, *, side: str | None = None) -> Page:
    """The document flat, as it lies before anybody photographs it; `side` overrides the specification's."""
    lines = _zone_lines(spec, seed)
    printed = _printed(spec, seed)
    kind, side = spec.type.value, side or spec.side
    card = spec.type is DocumentType.TD1
    high = round((34 if card else 45) * PIXELS_PER_MM)
    portrait = draw_portrait(_shown_identity(spec), seed, round(high * 0.77), high)
    small = draw_ghost(spec.identity, seed, high)
    heading = f"{_HEADINGS[kind]}  {spec.issuer}"
    over = "birth_date" if spec.defect is Defect.TYPED_OVER else None
    both = card and side == "both"
    front = draw_page(
        kind, heading, printed, lines, portrait, seed,
        ghost=small, side="front" if both else side, typed_over=over, border=spec.border,
    )  # fmt: skip
    return stack(front, draw_page(kind, heading, printed, lines, None, seed, side="back")) if both else front


def _shown_identity(spec: DocumentSpec) -> int:
    return STRANGERS[spec.identity] if spec.defect is Defect.SWAPPED_PORTRAIT else spec.identity


def _zone_lines(spec: DocumentSpec, seed: int) -> tuple[str, ...]:
    layout = next(item for item in LAYOUTS if item.type is spec.type)
    lines = _lines(spec, layout)
    return _retype(lines, layout, seed) if spec.defect is Defect.CHECK_DIGIT else lines


def draw_selfie(identity: int, seed: int, size: int = 480) -> bytes:
    """A selfie (JPEG) of an identity, in another light and pose than on the document."""
    face = draw_portrait(identity, seed + 7_919, size, round(size * 1.25))
    smooth = cv2.GaussianBlur(face, (0, 0), 0.8)
    return cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def _lines(spec: DocumentSpec, layout: Layout) -> tuple[str, ...]:
    _, first, last = layout.spans["name"]
    elements = {
        "document_code": _CODES[spec.type.value],
        "issuer": spec.issuer,
        "number": spec.number,
        "nationality": spec.nationality,
        "birth_date": spec.birth_date.strftime("%y%m%d"),
        "sex": "<" if spec.sex == "X" else spec.sex,
        "expiry_date": spec.expiry_date.strftime("%y%m%d"),
        "name": name_element(transliterate(spec.surname), transliterate(spec.given_names), last - first),
    }
    if spec.personal_number:
        elements["personal_number" if "personal_number" in layout.spans else "optional"] = spec.personal_number
    return compose(layout, elements)


def _retype(lines: tuple[str, ...], layout: Layout, seed: int) -> tuple[str, ...]:
    """One digit of number, birth or expiry date changed, so that its check digit and the composite fail."""
    rng = np.random.default_rng([seed, 108])
    names = [name for name in ("number", "birth_date", "expiry_date") if name in layout.spans]
    line, first, last = layout.spans[names[int(rng.integers(len(names)))]]
    places = [at for at in range(first, last) if lines[line][at].isdigit()]
    if names and layout.spans["birth_date"] == (line, first, last):
        places = [first + 1]  # the year's last digit: the date stays a date
    if layout.spans.get("expiry_date") == (line, first, last):
        places = [first + 1]
    at = places[int(rng.integers(len(places)))]
    old = lines[line][at]
    new = str((int(old) + int(rng.integers(1, 10))) % 10)
    changed = lines[line][:at] + new + lines[line][at + 1 :]
    return (*lines[:line], changed, *lines[line + 1 :])


def _printed(spec: DocumentSpec, seed: int, *, pasted: bool = False) -> dict[str, str]:
    """The visual zone, with the forgery's alteration where there is one; `pasted` also what is put into the picture."""
    shown = spec
    if spec.defect is Defect.ALTERED_NAME or (pasted and spec.defect is Defect.EDITED_PICTURE):
        shown = replace(spec, surname=invent_person(seed + 50_000, spec.issue_date).surname)
    elif spec.defect in (Defect.ALTERED_BIRTH_DATE, Defect.TYPED_OVER):
        shown = replace(spec, birth_date=spec.birth_date.replace(day=1, year=spec.birth_date.year + 3))
    elif spec.defect is Defect.ALTERED_NUMBER:
        shown = replace(spec, number=invent_number(seed + 50_000))
    style = int(np.random.default_rng([seed, 109]).integers(3))

    def written(day: date) -> str:
        match style:
            case 0:
                return f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year}"
            case 1:
                return f"{day.day:02d}.{day.month:02d}.{day.year}"
            case _:
                return f"{day.day:02d} {_MONTHS[day.month - 1]}/{_MONTHS[day.month - 1]} {day.year}"

    fields = {
        "surname": shown.surname.upper(),
        "given_names": shown.given_names,
        "number": shown.number,
        "nationality": shown.nationality,
        "birth_date": written(shown.birth_date),
        "sex": shown.sex,
        "place_of_birth": shown.place_of_birth,
        "issue_date": written(shown.issue_date),
        "expiry_date": written(shown.expiry_date),
        "authority": f"{shown.issuer} OFFICE",
    }
    return {name: value for name, value in fields.items() if value}


def _fields(spec: DocumentSpec) -> dict[str, str]:
    return {
        "number": spec.number,
        "birth_date": spec.birth_date.isoformat(),
        "expiry_date": spec.expiry_date.isoformat(),
        "issue_date": spec.issue_date.isoformat(),
        "sex": spec.sex,
        "nationality": spec.nationality,
        "issuer": spec.issuer,
        "place_of_birth": spec.place_of_birth,
    }
