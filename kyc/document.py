"""What a reading of an identity document consists of: types only, so that checks, policy and callers can speak of a
document without loading anything that reads one."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Literal


class DocumentType(StrEnum):
    """The machine readable formats of ICAO 9303 (parts 4 to 7), and what else is recognised."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRVA = "MRVA"
    MRVB = "MRVB"
    DRIVING_LICENCE = "DRIVING_LICENCE"
    UNKNOWN = "UNKNOWN"


FIELD_NAMES = (
    "surname",
    "given_names",
    "number",
    "birth_date",
    "expiry_date",
    "issue_date",
    "sex",
    "nationality",
    "issuer",
    "place_of_birth",
    "address",
    "personal_number",
    "authority",
)
"""Every field a reading may hold. Dates are ISO 8601, sex is F, M or X, states are ICAO three-letter codes."""


@dataclass(frozen=True, slots=True)
class Box:
    """A region of the normalised image, in pixels: left, top inclusive; right, bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    def shared(self, other: "Box") -> int:
        """Pixels that lie in both."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, wide) * max(0, high)


def box_around(quad: Iterable[tuple[float, float]]) -> Box:
    """The smallest upright region that holds all corners."""
    xs, ys = zip(*quad, strict=True)
    return Box(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of print: its text, the reader's confidence (0 to 1) and its four corners, clockwise from top left."""

    text: str
    confidence: float
    quad: tuple[tuple[float, float], ...]

    @property
    def box(self) -> Box:
        return box_around(self.quad)


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One field: its value, where it was read (`mrz`, `visual`, `barcode`), how surely (0 to 1), and its place."""

    value: str
    source: str
    confidence: float
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """One correction of a raw reading: which line and position, from what, to what, and the rule that allowed it."""

    line: int
    position: int
    before: str
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class MrzReading:
    """A machine readable zone as read.

    `lines` is the corrected reading, `raw_lines` what the reader saw, `repairs` what lies between. `checks` holds each
    check digit by field: whether it is right on the document. `valid` means: all of them are, and the form is ICAO's.
    `second_lines` is an independent reader's raw reading of the same zone, empty when it could not read it;
    `readers_agree` compares it with `lines`, line by line.
    """

    type: DocumentType
    lines: tuple[str, ...]
    raw_lines: tuple[str, ...]
    valid: bool
    checks: Mapping[str, bool]
    repairs: tuple[Repair, ...]
    confidence: float
    box: Box | None
    second_lines: tuple[str, ...] = ()
    second_reader: str = ""
    readers_agree: bool = False


@dataclass(frozen=True, slots=True)
class CaptureCode:
    """One complaint about the capture: code, what was measured, the threshold, and advice for the applicant."""

    code: str
    value: float
    threshold: float
    advice: str


@dataclass(frozen=True, slots=True)
class TamperSign:
    """One hint that a document or its picture was altered: code, measured value, threshold, and where, if anywhere.
    Advisory: none decides alone."""

    code: str
    value: float
    threshold: float
    box: Box | None


@dataclass(frozen=True, slots=True)
class GhostCheck:
    """Whether the small second portrait is a copy of the first. `reason` says why the two were not compared:
    NO_PORTRAIT, PORTRAIT_TOO_SMALL, NO_GHOST_FOUND or GHOST_UNCLEAR. `likeness` is the correlation of the two pictures
    laid over each other (-1 to 1), `distance` that of the faces' descriptors; `None` where not measured."""

    result: Literal["same", "different", "not_compared"]
    reason: str = ""
    likeness: float | None = None
    distance: float | None = None
    box: Box | None = None


NO_GHOST = GhostCheck("not_compared", "NO_PORTRAIT")


PortraitProof = Literal["none", "any", "print", "ghost"]
"""What must show that a document's portrait is its holder's, else a person looks: nothing here, where what follows
compares the selfie; the ghost portrait or a selfie that matches; the ghost, or a border that runs out into the paper
where no ghost contradicts; the ghost alone. Who swaps a portrait brings the selfie that fits it: only `print` and
`ghost` ask the document itself."""


@dataclass(frozen=True, slots=True)
class BorderCheck:
    """How the portrait takes over from the paper: `merged` as where it is printed into it, or `cut` as where a
    photograph is stuck upon it. `reason` says why neither could be said: NO_PORTRAIT, PORTRAIT_TOO_SMALL,
    TOO_LITTLE_PRINT, BLURRED, TOO_PALE, NO_BORDER_FOUND or BORDER_UNCLEAR. `share` is how much of the step from paper
    to photograph lies within the picture's own blur (1 is a cut); `sides` is how many of the four could be measured."""

    result: Literal["merged", "cut", "not_measured"]
    reason: str = ""
    share: float | None = None
    sides: int = 0


NO_BORDER = BorderCheck("not_measured", "NO_PORTRAIT")


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """All that was read from one image.

    `fields` is the merged view (machine readable zone first, then barcode, then visual zone); `visual` and `barcode`
    keep what those zones said on their own, for comparing. `codes` names what is wrong, from capture and reading.
    `page` is the document's outline, clockwise from where reading begins, empty where none is seen; `ghost` is the
    second, smaller portrait and `ghost_distance` how far it lies from the first; `tamper` holds hints of alteration.
    `confirmed` names fields of the zone that only a closer look at the print found repeated (`kyc.second_look`).
    """

    type: DocumentType
    country: str
    mrz: MrzReading | None
    fields: Mapping[str, FieldReading]
    visual: Mapping[str, FieldReading]
    barcode: Mapping[str, FieldReading]
    codes: tuple[str, ...]
    captures: tuple[CaptureCode, ...]
    text_lines: tuple[TextLine, ...]
    portrait: Box | None
    faces: int
    rotation: int
    width: int
    height: int
    page: tuple[tuple[float, float], ...] = ()
    page_score: float = 0.0
    ghost: Box | None = None
    ghost_distance: float | None = None
    tamper: tuple[TamperSign, ...] = ()
    ghost_check: GhostCheck = NO_GHOST
    confirmed: tuple[str, ...] = ()
    border_check: BorderCheck = NO_BORDER

    def value(self, name: str) -> str | None:
        reading = self.fields.get(name)
        return None if reading is None else reading.value

    def date_of(self, name: str) -> date | None:
        """The field as a date; `None` when it is not read or not a complete date."""
        value = self.value(name)
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class ApplicantFacts:
    """What the applicant stated, to compare with documents. Names in any Latin writing, states as ICAO codes."""

    surname: str
    given_names: str
    birth_date: date
    nationality: str | None = None
    document_number: str | None = None
    sex: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


def with_codes(reading: DocumentReading, *codes: str) -> DocumentReading:
    """The reading with further codes, each once, in order of first mention."""
    return replace(reading, codes=tuple(dict.fromkeys((*reading.codes, *codes))))


def to_json(reading: DocumentReading, *, accepted: bool | None = None, seconds: float | None = None) -> dict[str, Any]:
    """The reading as the one JSON object a file that `clearance read-document --json` prints."""
    mrz = reading.mrz
    return {
        "type": reading.type.value,
        "country": reading.country,
        "mrz": None
        if mrz is None
        else {
            "lines": list(mrz.lines),
            "raw_lines": list(mrz.raw_lines),
            "valid": mrz.valid,
            "checks": dict(mrz.checks),
            "confidence": round(mrz.confidence, 4),
            "repairs": [
                {"line": r.line, "position": r.position, "before": r.before, "after": r.after, "rule": r.rule}
                for r in mrz.repairs
            ],
            "second_lines": list(mrz.second_lines),
            "second_reader": mrz.second_reader,
            "readers_agree": mrz.readers_agree,
            "box": _box(mrz.box),
        },
        "fields": {
            name: {
                "value": f.value,
                "source": f.source,
                "confidence": round(f.confidence, 4),
                "box": _box(f.box),
            }
            for name, f in reading.fields.items()
        },
        "codes": list(reading.codes),
        "capture": [
            {"code": c.code, "value": round(c.value, 4), "threshold": c.threshold, "advice": c.advice}
            for c in reading.captures
        ],
        "tamper": [
            {"code": t.code, "value": round(t.value, 4), "threshold": t.threshold, "box": _box(t.box)}
            for t in reading.tamper
        ],
        "page": [[round(x, 1), round(y, 1)] for x, y in reading.page],
        "portrait": _box(reading.portrait),
        "ghost": None if reading.ghost is None else {"box": _box(reading.ghost), "distance": reading.ghost_distance},
        "ghost_check": {
            "result": reading.ghost_check.result,
            "reason": reading.ghost_check.reason,
            "likeness": reading.ghost_check.likeness,
            "distance": reading.ghost_check.distance,
        },
        "border_check": {
            "result": reading.border_check.result,
            "reason": reading.border_check.reason,
            "share": reading.border_check.share,
            "sides": reading.border_check.sides,
        },
        "rotation": reading.rotation,
        "confirmed_by_second_look": list(reading.confirmed),
        "accepted": accepted,
        "seconds": seconds,
    }


def _box(box: Box | None) -> list[int] | None:
    return None if box is None else [box.left, box.top, box.right, box.bottom]
