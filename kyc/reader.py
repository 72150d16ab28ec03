"""The whole reading of one document image: upright, lines of print, machine readable zone, visual zone, barcode, faces.

The one place where the readers meet; each of them knows nothing of the others.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kyc.barcode import aamva_fields, find_barcodes
from kyc.document import Box, DocumentReading, DocumentType, FieldReading, MrzReading, TextLine
from kyc.faces import FaceReader, several
from kyc.geometry import Image, cut, fit, load, turn
from kyc.mrz import ALPHABET, Layout, NotAnMrz, ParsedMrz, parse
from kyc.mrz_decoding import DecodedZone, decode_zone
from kyc.mrz_opinions import heard, reconcile
from kyc.mrz_zone import Zone, find_zone, line_quads, skew
from kyc.quality import measure
from kyc.recogniser import LineRecogniser
from kyc.text import RapidReader, tesseract_lines
from kyc.visual_zone import read_fields

READING_SIDE = 1600
STRIP_HEIGHT = 48
UPRIGHT_CONFIDENCE = 0.85
"""Mean confidence above which print without a zone counts as upright; upside down the recogniser stays below 0.7."""


@dataclass(frozen=True, slots=True)
class _Upright:
    image: Image
    rotation: int
    lines: tuple[TextLine, ...]
    zone: Zone | None


@dataclass
class Reader:
    """Holds the loaded models. One a process; thread-safe. `threads` bounds each model's thread pool."""

    threads: int = 1
    text: RapidReader = field(default_factory=RapidReader)
    lines: LineRecogniser = field(default_factory=LineRecogniser)
    faces: FaceReader = field(default_factory=FaceReader)

    def __post_init__(self) -> None:
        self.text.threads = self.lines.threads = self.threads

    def read(self, image: bytes, as_of: date) -> DocumentReading:
        """Read a normalised PNG or JPEG. Boxes are in pixels of the image turned upright by `rotation` degrees.

        Raises `kyc.geometry.NotAnImage` for bytes that are neither.
        """
        page = self._upright(load(image))
        mrz, parsed = self._mrz(page, as_of)
        symbols = find_barcodes(page.image)
        barcode: Mapping[str, FieldReading] = next(
            (fields for fields in (aamva_fields(symbol) for symbol in symbols) if fields), {}
        )
        faces = self.faces.find(page.image)
        outside = _outside(page.lines, page.zone)
        visual = read_fields(outside, as_of)
        printed = {} if mrz is None or parsed is None or page.zone is None else _mrz_fields(parsed, mrz, page.zone)
        fields = {**visual, **barcode, **printed}
        captures = measure(
            page.image,
            zone=None if page.zone is None else page.zone.box,
            line_height=None if page.zone is None else _line_height(page.zone),
            text_lines=page.lines,
            faces=len(faces),
            several_faces=several(faces),
            rotation=page.rotation,
            skew_degrees=math.degrees(skew(page.lines)),
            readable=mrz is not None,
            supported=bool(barcode),
        )
        kind = mrz.type if mrz else DocumentType.DRIVING_LICENCE if barcode else DocumentType.UNKNOWN
        issuer = fields.get("issuer")
        return DocumentReading(
            type=kind,
            country="" if issuer is None else issuer.value,
            mrz=mrz,
            fields=fields,
            visual=visual,
            barcode=barcode,
            codes=(*(c.code for c in captures), *_mrz_codes(mrz, parsed)),
            captures=captures,
            text_lines=outside,
            portrait=faces[0].box if faces else None,
            faces=len(faces),
            rotation=page.rotation,
            width=page.image.shape[1],
            height=page.image.shape[0],
        )

    def _upright(self, image: Image) -> _Upright:
        """The image the way up on which a zone is found, else on which print is read most surely."""
        tried: list[tuple[float, _Upright]] = []
        queue = [0]
        while queue:
            degrees = queue.pop(0)
            turned = turn(image, degrees)
            lines = self._lines(turned)
            zone = find_zone(lines)
            page = _Upright(turned, degrees, lines, zone)
            if zone is not None:
                return page
            sure = _mean_confidence(lines)
            tried.append((sure * min(len(lines), 10), page))
            if degrees == 0 and not (sure > UPRIGHT_CONFIDENCE and not _standing(lines)):
                queue = [90, 270, 180] if _standing(lines) else [180, 90, 270]
                if not lines:
                    queue = [90]
            elif degrees == 180 and sure > UPRIGHT_CONFIDENCE:
                break
        return max(tried, key=lambda item: item[0])[1]

    def _lines(self, image: Image) -> tuple[TextLine, ...]:
        small, factor = fit(image, READING_SIDE)
        lines = self.text.read(small)
        if factor == 1.0:
            return lines
        return tuple(replace(line, quad=tuple((x / factor, y / factor) for x, y in line.quad)) for line in lines)

    def _mrz(self, page: _Upright, as_of: date) -> tuple[MrzReading | None, ParsedMrz | None]:
        zone = page.zone
        if zone is None:
            return None, None
        try:
            scores = self.lines.read(page.image, line_quads(zone), zone.length)
            first: DecodedZone | None = decode_zone(scores, zone.length, as_of)
        except NotAnMrz:
            first = None
        raw = tuple(line.text for line in zone.lines)
        sure = min(line.confidence for line in zone.lines)
        reading = reconcile(first, raw, sure, zone.length, as_of)
        if reading is None:
            return None, None
        if not reading.readers_agree and reading.valid:
            reading = heard(reading, self._tesseract(page.image, zone), as_of)
        return replace(reading, box=zone.box), parse(reading.lines, as_of)

    def _tesseract(self, image: Image, zone: Zone) -> tuple[str, ...]:
        """A third reader's raw lines, asked only where the first two differ; nothing where it misses a line."""
        texts = [
            tesseract_lines(cut(image, quad, STRIP_HEIGHT, margin=0.2), ALPHABET, single=True)
            for quad in line_quads(zone)
        ]
        return tuple(text[0] for text in texts) if all(texts) else ()


def _mrz_codes(mrz: MrzReading | None, parsed: ParsedMrz | None) -> tuple[str, ...]:
    if mrz is None or parsed is None:
        return ()
    failed = tuple(f"CHECK_DIGIT_FAILED({name})" for name, holds in mrz.checks.items() if not holds)
    malformed = tuple(f"MRZ_MALFORMED({name})" for name in parsed.form_errors)
    return (*failed, *malformed, *(() if mrz.readers_agree else ("READERS_DISAGREE",)))


def _mrz_fields(parsed: ParsedMrz, mrz: MrzReading, zone: Zone) -> dict[str, FieldReading]:
    places = {"surname": "name", "given_names": "name", "personal_number": "optional"}
    return {
        name: FieldReading(value, "mrz", mrz.confidence, _element_box(parsed.layout, zone, name, places))
        for name, value in parsed.fields.items()
    }


def _element_box(layout: Layout, zone: Zone, name: str, places: Mapping[str, str]) -> Box | None:
    span = layout.spans.get(name) or layout.spans.get(places.get(name, ""))
    if span is None:
        return None
    line, first, last = span
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = zone.lines[line].quad
    a, b = first / layout.length, last / layout.length
    xs = (x0 + (x1 - x0) * a, x0 + (x1 - x0) * b, x3 + (x2 - x3) * a, x3 + (x2 - x3) * b)
    ys = (y0 + (y1 - y0) * a, y0 + (y1 - y0) * b, y3 + (y2 - y3) * a, y3 + (y2 - y3) * b)
    return Box(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))


def _outside(lines: Sequence[TextLine], zone: Zone | None) -> tuple[TextLine, ...]:
    """The lines of print that are not part of the zone: those whose middle lies in none of its lines' boxes."""
    if zone is None:
        return tuple(lines)
    tops = [line.quad for line in zone.lines]

    def inside(line: TextLine) -> bool:
        x = sum(p[0] for p in line.quad) / 4
        y = sum(p[1] for p in line.quad) / 4
        return any(_contains(quad, x, y) for quad in tops)

    return tuple(line for line in lines if not inside(line))


def _contains(quad: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Whether a point lies in a convex quadrilateral given clockwise (in image coordinates)."""
    return all(
        (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0
        for (x0, y0), (x1, y1) in zip(quad, (*quad[1:], quad[0]), strict=True)
    )


def _line_height(zone: Zone) -> float:
    return min(math.dist(line.quad[0], line.quad[3]) for line in zone.lines)


def _mean_confidence(lines: Sequence[TextLine]) -> float:
    weights = [len(line.text) for line in lines]
    total = sum(weights)
    return sum(w * line.confidence for w, line in zip(weights, lines, strict=True)) / total if total else 0.0


def _standing(lines: Sequence[TextLine]) -> bool:
    """Whether most print runs up or down the image."""
    upright = [line for line in lines if len(line.text) >= 4]
    tall = sum(line.box.bottom - line.box.top > 1.5 * (line.box.right - line.box.left) for line in upright)
    return tall > len(upright) / 2


_process_reader: Reader | None = None
_process_lock = threading.Lock()


def process_reader() -> Reader:
    """The process-wide reader, made on first use."""
    global _process_reader
    with _process_lock:
        if _process_reader is None:
            _process_reader = Reader()
        return _process_reader


def read_document(image: bytes, as_of: date) -> DocumentReading:
    """Read a normalised PNG or JPEG with the process-wide reader. `as_of` decides centuries.

    Raises `kyc.geometry.NotAnImage` for bytes that are neither.
    """
    return process_reader().read(image, as_of)
