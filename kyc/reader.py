"""The whole reading of one document image: upright, lines of print, machine readable zone, visual zone, barcode, faces.

The one place where the readers meet; each of them knows nothing of the others.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kyc.barcode import aamva_fields, find_barcodes
from kyc.checks import zones
from kyc.confirmation import unconfirmed, was_cut
from kyc.document import (
    Box,
    DocumentReading,
    DocumentType,
    FieldReading,
    MrzReading,
    TextLine,
    box_around,
    with_codes,
)
from kyc.faces import FaceReader, several
from kyc.geometry import Image, load
from kyc.ghost import check_ghost
from kyc.layout_tagger import LayoutTagger
from kyc.locator import CLUTTER, PageLocator
from kyc.mrz import Layout, ParsedMrz
from kyc.mrz_zone import Zone, line_quads, skew
from kyc.portrait_border import check_border
from kyc.quality import measure
from kyc.recogniser import LineRecogniser, strips
from kyc.second_look import FEW, SecondLook
from kyc.tamper import signs
from kyc.text import RapidReader
from kyc.upright import bring_upright
from kyc.visual_zone import read_visual
from kyc.zone_reading import ZoneReader


@dataclass
class Reader:
    """Holds the loaded models. One a process; thread-safe. `threads` bounds each model's thread pool."""

    threads: int = 1
    text: RapidReader = field(default_factory=RapidReader)
    lines: LineRecogniser = field(default_factory=LineRecogniser)
    faces: FaceReader = field(default_factory=FaceReader)
    locators: tuple[PageLocator, ...] = field(default_factory=lambda: (PageLocator(), PageLocator(CLUTTER)))
    tagger: LayoutTagger = field(default_factory=LayoutTagger)

    def __post_init__(self) -> None:
        self.text.threads = self.lines.threads = self.tagger.threads = self.threads
        for locator in self.locators:
            locator.threads = self.threads

    def read(self, image: bytes, as_of: date) -> DocumentReading:
        """Read a normalised PNG or JPEG. Boxes are in pixels of the image turned upright by `rotation` degrees.

        Raises `kyc.geometry.NotAnImage` for bytes that are neither.
        """
        page = bring_upright(load(image), self.locators, self.text, self.lines)
        found = ZoneReader(self.lines, self.text).read(page, as_of)
        mrz, parsed, zone = (None, None, page.zone) if found is None else (found.reading, found.parsed, found.zone)
        symbols = find_barcodes(page.image)
        barcode: Mapping[str, FieldReading] = next(
            (fields for fields in (aamva_fields(symbol) for symbol in symbols) if fields), {}
        )
        faces = self.faces.find(page.image)
        outline = page.located.page
        corners, outline_score = ((), 0.0) if outline is None else (outline.corners, outline.score)
        ghost = check_ghost(page.image, faces, self.faces, corners, outline_score, [line.box for line in page.lines])
        border = check_border(page.image, faces, corners, outline_score, skew(page.lines))
        outside = _outside(page.lines, zone)
        printed = {} if mrz is None or parsed is None or zone is None else _mrz_fields(parsed, mrz, zone)
        visual = read_visual(outside, as_of, self.tagger, printed)
        fields = {**visual, **barcode, **printed}
        captures = measure(
            page.image,
            zone=None if zone is None else zone.box,
            line_height=None if zone is None else _line_height(zone),
            strips=() if zone is None else strips(page.image, line_quads(zone), zone.length),
            page=outline,
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
        reading = DocumentReading(
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
            page=corners,
            page_score=round(outline_score, 3),
            ghost=ghost.box,
            ghost_distance=ghost.distance,
            tamper=signs(page.image, outside, visual, ghost, faces[0].box if faces else None),
            ghost_check=ghost,
            border_check=border,
        )
        reading = self._looked_again(page.image, reading)
        # What the print repeats needs no second reader of the zone.
        doubtful = mrz is not None and not mrz.readers_agree and unconfirmed(reading)
        return with_codes(reading, "READERS_DISAGREE") if doubtful else reading

    def _looked_again(self, image: Image, reading: DocumentReading) -> DocumentReading:
        """The reading with what a closer look at the print confirms; only where the zone holds is it worth the time."""
        missing = unconfirmed(reading)
        if not missing or reading.mrz is None or not reading.mrz.valid:
            return reading
        wanted = {name: reading.fields[name].value for name in missing}
        cut = [name for name in wanted if was_cut(reading, name)]
        look = SecondLook(self.text)
        found = look.repeated(image, reading.text_lines, wanted, cut)
        reading = replace(reading, confirmed=found)
        left = {name: value for name, value in wanted.items() if name not in found}
        area = _beside_zone(reading)
        # More than a few could not be read, rather than not be found; and print that says something else was found.
        if not left or area is None or len(wanted) > FEW or zones(reading, "visual", reading.visual, 1):
            return reading
        beyond = look.repeated_beyond(image, reading.text_lines, area, left, cut)
        return replace(reading, confirmed=(*found, *beyond))


def _beside_zone(reading: DocumentReading) -> Box | None:
    """The larger part of the page above or below its zone."""
    zone = None if reading.mrz is None else reading.mrz.box
    if zone is None:
        return None
    corners = reading.page or ((0.0, 0.0), (reading.width, reading.height))
    left, right = (max(0, min(reading.width, round(at(x for x, _ in corners)))) for at in (min, max))
    top, bottom = (max(0, min(reading.height, round(at(y for _, y in corners)))) for at in (min, max))
    if zone.top - top > bottom - zone.bottom:
        return Box(left, top, right, max(top, zone.top))
    return Box(left, min(bottom, zone.bottom), right, bottom)


def _mrz_codes(mrz: MrzReading | None, parsed: ParsedMrz | None) -> tuple[str, ...]:
    if mrz is None or parsed is None:
        return ()
    failed = tuple(f"CHECK_DIGIT_FAILED({name})" for name, holds in mrz.checks.items() if not holds)
    malformed = tuple(f"MRZ_MALFORMED({name})" for name in parsed.form_errors)
    return (*failed, *malformed)


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
    return box_around(zip(xs, ys, strict=True))


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
