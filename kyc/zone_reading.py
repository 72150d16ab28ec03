"""Reads the machine readable zone of an upright page: from the lines that the text reader found, and where those do not
hold, from the lines of ink in the zone that the locator found. Separate because it weighs several looks at one zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from kyc.document import MrzReading
from kyc.geometry import Image, Quad, cut
from kyc.mrz import ALPHABET, NotAnMrz, ParsedMrz, parse
from kyc.mrz_decoding import DecodedZone, decode_zone
from kyc.mrz_opinions import heard, reconcile
from kyc.mrz_zone import Zone, ZoneLine, clean, line_quads
from kyc.recogniser import LineRecogniser
from kyc.text import RapidReader, tesseract_lines
from kyc.upright import Upright
from kyc.zone_looks import Look

TESSERACT_HEIGHT = 40
CODES = "PIACV"
"""First letters of documents' codes: 9303-4 to 9303-7."""


@dataclass(frozen=True, slots=True)
class ReadZone:
    """A reading, its parsed elements, and where its lines stand."""

    reading: MrzReading
    parsed: ParsedMrz
    zone: Zone


@dataclass
class ZoneReader:
    """Our recogniser, with the text reader as second and Tesseract as third opinion."""

    lines: LineRecogniser
    text: RapidReader

    def read(self, page: Upright, as_of: date) -> ReadZone | None:
        """The zone's reading, or `None` where no look gives a format of ICAO 9303."""
        printed = None if page.zone is None else self._look(page.image, page.zone, as_of)
        if printed is None or not (printed.reading.valid and printed.reading.readers_agree):
            look = page.look
            inked = None if look is None else self._look(page.image, self._zone(page.image, look), as_of)
            printed = _better(printed, inked)
        if printed is None:
            return None
        reading = printed.reading
        if reading.valid and not reading.readers_agree:
            reading = heard(reading, third_opinion(page.image, line_quads(printed.zone)), as_of)
        return replace(printed, reading=replace(reading, box=printed.zone.box))

    def _look(self, image: Image, zone: Zone, as_of: date) -> ReadZone | None:
        try:
            scores = self.lines.read(image, line_quads(zone), zone.length)
            first: DecodedZone | None = decode_zone(scores, zone.length, as_of)
        except NotAnMrz:
            first = None
        raw = tuple(line.text for line in zone.lines)
        sure = min(line.confidence for line in zone.lines)
        reading = reconcile(first, raw, sure, zone.length, as_of)
        return None if reading is None else ReadZone(reading, parse(reading.lines, as_of), zone)

    def _zone(self, image: Image, look: Look) -> Zone:
        """The lines as the text reader reads them: its opinion is independent of ours."""
        lines = []
        for quad in look.lines.quads:
            line = self.text.read_quad(image, quad)
            lines.append(ZoneLine("", 0.0, quad) if line is None else ZoneLine(clean(line.text), line.confidence, quad))
        return Zone(tuple(lines), look.length)


def third_opinion(image: Image, quads: Sequence[Quad]) -> tuple[str, ...]:
    """Tesseract's raw lines of a zone, in one call; nothing where it misses a line."""
    strips = [cut(image, quad, TESSERACT_HEIGHT, margin=0.1) for quad in quads]
    width = max(strip.shape[1] for strip in strips)
    sheet = np.vstack([np.pad(s, ((6, 6), (10, 10 + width - s.shape[1]), (0, 0)), mode="edge") for s in strips])
    found = tesseract_lines(np.ascontiguousarray(sheet), ALPHABET)
    return found if len(found) == len(quads) else ()


def _better(printed: ReadZone | None, inked: ReadZone | None) -> ReadZone | None:
    """The text reader's lines unless the ink's alone hold. What check digits had to talk the ink's reading into does
    not count: a document whose digits are really wrong must not become right by looking often enough."""
    if printed is None or inked is None:
        return printed or inked
    settled = not any(repair.rule == "LIKELIEST_VALID" for repair in inked.reading.repairs)
    # Lines cut a sign short spoil both readers of them alike: where the text reader's own lines hold, they stay.
    if not printed.reading.valid and inked.reading.valid and settled and inked.reading.lines[0][0] in CODES:
        return inked
    # Where the digits do not hold either way, lines that needed no repair were cut rightly.
    if not printed.reading.valid and not inked.reading.valid and _as_seen(inked) and not _as_seen(printed):
        return inked
    return printed


def _as_seen(read: ReadZone) -> bool:
    """Whether the lines are what the recogniser saw, without a repair."""
    return read.reading.raw_lines == read.reading.lines
