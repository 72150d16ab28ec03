"""Finds the machine readable zone among lines of print: which lines belong to it, how long they must be, and where
the zone stands. Separate from its grammar because it reasons about places, not about data elements."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from kyc.document import Box, TextLine

SUBSTITUTES = str.maketrans(
    {
        "«": "<<",
        "‹": "<",
        "＜": "<",
        "〈": "<",
        "《": "<<",
        "く": "<",
        "≤": "<",
        "∠": "<",
        "（": "<",
        "(": "<",
        "{": "<",
    }
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕЗКМНОРСТХІ", "ABEZHIKMNOPTYXABE3KMHOPCTXI", strict=True))
)
"""Fillers in other writings, and Greek and Cyrillic capitals that look like Latin ones: zones hold only Latin."""
LENGTHS = {3: (30,), 2: (36, 44)}
MIN_CHARACTERS = 20
MIN_WIDTH_SHARE = 0.8
"""Lines of a zone are equally wide; readers miss a filler or two at the ends."""
MAX_PITCH = 3.2
"""Distance between baselines over line height: 9303-3 has at most 6.35 mm for glyphs of about 2.4 mm."""


@dataclass(frozen=True, slots=True)
class ZoneLine:
    text: str
    confidence: float
    quad: tuple[tuple[float, float], ...]

    @property
    def box(self) -> Box:
        return TextLine("", 1.0, self.quad).box


@dataclass(frozen=True, slots=True)
class Zone:
    """Two or three lines, top to bottom, and the number of characters that each must have."""

    lines: tuple[ZoneLine, ...]
    length: int

    @property
    def box(self) -> Box:
        boxes = [line.box for line in self.lines]
        return Box(
            min(b.left for b in boxes),
            min(b.top for b in boxes),
            max(b.right for b in boxes),
            max(b.bottom for b in boxes),
        )


def line_quads(zone: Zone) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The quads of the lines, the short ones drawn out to the zone's ends: detectors lose fillers at either end."""
    angle = statistics.median(
        math.atan2(q[1][1] - q[0][1], q[1][0] - q[0][0]) for q in (line.quad for line in zone.lines)
    )
    level = [_rotated(line.quad, -angle) for line in zone.lines]
    left = min((q[0][0] + q[3][0]) / 2 for q in level)
    right = max((q[1][0] + q[2][0]) / 2 for q in level)
    sign = (right - left) / zone.length
    quads = []
    for quad in level:
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
        slope = ((y1 - y0) / max(x1 - x0, 1.0) + (y2 - y3) / max(x2 - x3, 1.0)) / 2
        if (x0 + x3) / 2 - left > sign:
            y0, y3 = y0 + slope * (left - x0), y3 + slope * (left - x3)
            x0 = x3 = left
        if right - (x1 + x2) / 2 > sign:
            y1, y2 = y1 + slope * (right - x1), y2 + slope * (right - x2)
            x1 = x2 = right
        quads.append(_rotated(((x0, y0), (x1, y1), (x2, y2), (x3, y3)), angle))
    return tuple(quads)


def clean(text: str) -> str:
    """The text in the zone's alphabet where that is a matter of writing: capitals, no spaces, one kind of filler."""
    return "".join(text.upper().translate(SUBSTITUTES).split())


def find_zone(text_lines: Sequence[TextLine]) -> Zone | None:
    """The zone among the lines of a page, which may stand askew; `None` when no two lines look like one."""
    angle = skew(text_lines)
    zone = _level_zone(levelled(text_lines))
    if zone is None:
        return None
    lines = tuple(ZoneLine(line.text, line.confidence, _rotated(line.quad, angle)) for line in zone.lines)
    return Zone(lines, zone.length)


def levelled(text_lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines with their quads turned so that the print is level, for reasoning about above and beside."""
    angle = skew(text_lines)
    return [TextLine(line.text, line.confidence, _rotated(line.quad, -angle)) for line in text_lines]


def skew(text_lines: Sequence[TextLine]) -> float:
    """The angle of the print against the horizontal in radians, clockwise positive: the median over long lines."""
    angles = []
    for line in text_lines:
        (x0, y0), (x1, y1) = line.quad[0], line.quad[1]
        if len(line.text) >= MIN_CHARACTERS // 2 and x1 > x0:
            angles.append(math.atan2(y1 - y0, x1 - x0))
    return statistics.median(angles) if angles else 0.0


def _rotated(quad: Sequence[tuple[float, float]], angle: float) -> tuple[tuple[float, float], ...]:
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple((x * cos - y * sin, x * sin + y * cos) for x, y in quad)


def _level_zone(text_lines: Sequence[TextLine]) -> Zone | None:
    rows = [row for row in _rows(text_lines) if _likeness(row.text) > 0]
    rows.sort(key=lambda row: sum(y for _, y in row.quad))
    best: tuple[float, Zone] | None = None
    for start in range(len(rows)):
        run = [rows[start]]
        for row in rows[start + 1 :]:
            if _follows(run[-1], row):
                run.append(row)
            if len(run) == 3:
                break
        for count in (3, 2):
            if len(run) < count:
                continue
            zone = _zone(run[:count])
            if zone is None:
                continue
            score = sum(_likeness(line.text) for line in zone.lines) - 2.0 * sum(
                abs(len(line.text) - zone.length) / zone.length for line in zone.lines
            )
            if best is None or score > best[0]:
                best = (score, zone)
    return None if best is None else best[1]


def _zone(rows: Sequence[ZoneLine]) -> Zone | None:
    longest = max(len(row.text) for row in rows)
    lengths = LENGTHS[len(rows)]
    length = min(lengths, key=lambda n: sum(abs(len(row.text) - n) for row in rows))
    if not 0.8 * length <= longest <= 1.15 * length:
        return None
    return Zone(tuple(rows), length)


def _likeness(text: str) -> float:
    """How much a line looks like one of a zone, from 0 to 1: its length, its fillers, and no foreign characters."""
    if len(text) < MIN_CHARACTERS:
        return 0.0
    fillers = text.count("<")
    digits = sum(c.isdigit() for c in text)
    foreign = sum(not (c.isascii() and (c.isalnum() or c == "<")) for c in text)
    if foreign > 0.12 * len(text) or fillers + digits < 4:
        return 0.0
    if fillers == 0 and digits < 8:
        return 0.0
    return min(1.0, 0.4 + fillers / 20 + digits / 40) - foreign / len(text)


def _follows(above: ZoneLine, below: ZoneLine) -> bool:
    """Whether a line stands right below another, measured along and across the upper one: perspective and skew make
    upright boxes of neighbouring lines overlap."""
    (x0, y0), (x1, y1) = above.quad[0], above.quad[1]
    across = max(math.hypot(x1 - x0, y1 - y0), 1.0)
    u, v = (x1 - x0) / across, (y1 - y0) / across
    first = [(x * u + y * v, y * u - x * v) for x, y in above.quad]
    second = [(x * u + y * v, y * u - x * v) for x, y in below.quad]
    height = (_height(above) + _height(below)) / 2
    pitch = statistics.mean(y for _, y in second) - statistics.mean(y for _, y in first)
    (left, right), (other_left, other_right) = (
        ((q[0][0] + q[3][0]) / 2, (q[1][0] + q[2][0]) / 2) for q in (first, second)
    )
    overlap = min(right, other_right) - max(left, other_left)
    widest = max(right - left, other_right - other_left)
    return 0.4 * height < pitch < MAX_PITCH * height and overlap > MIN_WIDTH_SHARE * widest


def _height(line: ZoneLine) -> float:
    return (math.dist(line.quad[0], line.quad[3]) + math.dist(line.quad[1], line.quad[2])) / 2


def _rows(text_lines: Sequence[TextLine]) -> list[ZoneLine]:
    """Lines of print, pieces of one printed line joined: detectors tear zones apart at runs of fillers."""
    pieces = [ZoneLine(clean(line.text), line.confidence, line.quad) for line in text_lines]
    pieces = [piece for piece in pieces if piece.text and not any(c in "/:," for c in piece.text)]
    pieces.sort(key=lambda piece: piece.box.left)
    rows: list[ZoneLine] = []
    for piece in pieces:
        for index, row in enumerate(rows):
            if _continues(row, piece):
                rows[index] = ZoneLine(
                    row.text + piece.text,
                    min(row.confidence, piece.confidence),
                    (row.quad[0], piece.quad[1], piece.quad[2], row.quad[3]),
                )
                break
        else:
            rows.append(piece)
    return rows


def _continues(row: ZoneLine, piece: ZoneLine) -> bool:
    if len(row.text) + len(piece.text) > 46 or not ("<" in row.text or "<" in piece.text):
        return False
    (_, right_top), (_, right_bottom) = row.quad[1], row.quad[2]
    (left_x, left_top), (_, left_bottom) = piece.quad[0], piece.quad[3]
    height = max(right_bottom - right_top, 1.0)
    overlap = min(right_bottom, left_bottom) - max(right_top, left_top)
    gap = left_x - row.quad[1][0]
    return overlap > 0.6 * height and -0.8 * height < gap < 3.0 * height
