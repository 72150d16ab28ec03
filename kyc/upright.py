"""Brings a picture the right way up and reads its print: the locator says where the document lies, the zone's own signs
which way it is read; without a zone a few lines of print decide, and the print is read at most twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kyc.document import TextLine
from kyc.geometry import Image, Quad, cut, framed, turn
from kyc.locator import Located, PageLocator
from kyc.mrz_zone import Zone, find_zone
from kyc.recogniser import LineRecogniser
from kyc.text import STRIP_HEIGHT, RapidReader
from kyc.zone_looks import Look, look_closely

READING_SIDE = 1600
SMALLEST_SIDE = 1000
"""A smaller document is enlarged to this, at most threefold: the text reader learnt print of 20 pixels and more."""
CLOSE = 0.72
"""A document that covers less of the picture's area is cut out before its print is read."""
UPRIGHT_CONFIDENCE = 0.85
"""Mean confidence above which print without a zone counts as upright; upside down the reader stays below 0.7."""
LEVEL_DEGREES = 4.0
SURE_DIRECTION = 0.75
"""How firmly the locator must see a direction before the picture is turned by it without a zone."""
VOTERS = 5


@dataclass(frozen=True, slots=True)
class Upright:
    """The picture turned clockwise by `rotation` degrees; lines, zone, look and places are in its pixels. `zone` is
    among the text reader's lines, `look` is the recogniser's own."""

    image: Image
    rotation: int
    lines: tuple[TextLine, ...]
    zone: Zone | None
    look: Look | None
    located: Located


def bring_upright(
    image: Image, locators: Sequence[PageLocator], text: RapidReader, recogniser: LineRecogniser
) -> Upright:
    """The picture the way up on which its document is read. A further locator is asked where nothing that those before
    it saw begins as a zone does."""
    height, width = image.shape[:2]
    located, looks = _located(image, locators, recogniser)
    look = looks[0] if looks else None
    direction: float | None = None
    if look is not None:
        direction = look.place.direction
    elif located.direction_score > SURE_DIRECTION:
        direction = located.direction
    degrees = 0 if direction is None else round(-direction / 90) % 4 * 90
    level = 0.0 if direction is None else (direction + degrees + 180) % 360 - 180
    page = _read(
        turn(image, degrees),
        degrees,
        None if look is None else look.turned(degrees, width, height),
        located.turned(degrees, width, height),
        text,
        level,
    )
    if page.zone is not None or (look is not None and look.lawful) or _reads_well(page):
        return page
    # Nothing was read that a document must say: a look whose lines begin with no document's code does not settle it.
    further = _vote(page.image, text)
    if further == 0:
        return page
    degrees = (degrees + further) % 360
    look = next((each for each in looks if round(-each.place.direction / 90) % 4 * 90 == degrees), None)
    other = _read(
        turn(image, degrees),
        degrees,
        None if look is None else look.turned(degrees, width, height),
        located.turned(degrees, width, height),
        text,
        0.0,
    )
    return other if other.zone is not None or _legible(other) > _legible(page) else page


def _located(
    image: Image, locators: Sequence[PageLocator], recogniser: LineRecogniser
) -> tuple[Located, tuple[Look, ...]]:
    """What the first locator sees in which a zone begins; where none does, what the first sees that sees a page."""
    views = []
    for locator in locators:
        located = locator.find(image)
        looks = look_closely(image, located.zones, recogniser)
        if looks and looks[0].lawful:
            return located, looks
        views.append((located, looks))
    return next((view for view in views if view[0].page is not None), views[0])


def _read(image: Image, rotation: int, look: Look | None, located: Located, text: RapidReader, level: float) -> Upright:
    lines = read_lines(image, located, text, level)
    return Upright(image, rotation, lines, find_zone(lines), look, located)


def _reads_well(page: Upright) -> bool:
    return mean_confidence(page.lines) > UPRIGHT_CONFIDENCE and not standing(page.lines)


def _legible(page: Upright) -> float:
    return mean_confidence(page.lines) * min(10, len(page.lines))


def read_lines(image: Image, located: Located, text: RapidReader, level: float) -> tuple[TextLine, ...]:
    """The lines of print of the part that may be document, turned back by `level` degrees where that is worth it."""
    part = _part(image, located)
    longest = float(np.ptp(np.asarray(part), axis=0).max())
    enlarge = min(3.0, max(1.0, SMALLEST_SIDE / max(longest, 1.0)))
    frame = framed(image, part, level if abs(level) > LEVEL_DEGREES else 0.0, READING_SIDE, enlarge=enlarge)
    return tuple(replace(line, quad=frame.returned(line.quad)) for line in text.read(frame.image))


def _part(image: Image, located: Located) -> Quad:
    """The corners of the document as far as it is seen, loosely; of the whole picture where it fills most of it."""
    height, width = image.shape[:2]
    box = located.extent
    if box is None or (box.right - box.left) * (box.bottom - box.top) > CLOSE * height * width:
        return _whole(image)
    margin = 0.05 * max(box.right - box.left, box.bottom - box.top)
    left, top = max(0.0, box.left - margin), max(0.0, box.top - margin)
    right, bottom = min(float(width), box.right + margin), min(float(height), box.bottom + margin)
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _vote(image: Image, text: RapidReader) -> int:
    """The further clockwise turn on which the longest lines of print are read most surely."""
    frame = framed(image, _whole(image), 0.0, READING_SIDE)
    quads = sorted(text.find(frame.image), key=lambda quad: -max(_width(quad), _height(quad)))[:VOTERS]
    tall = [quad for quad in quads if _height(quad) > 1.5 * _width(quad)]
    runs_down = len(tall) * 2 > len(quads)
    forward = backward = 0.0
    for quad in quads:
        if (quad in tall) != runs_down:
            continue
        corners = (quad[1], quad[2], quad[3], quad[0]) if runs_down else quad
        strip = cut(frame.image, corners, STRIP_HEIGHT)
        forward += _read_surely(strip, text)
        backward += _read_surely(np.ascontiguousarray(strip[::-1, ::-1]), text)
    if runs_down:
        # Print that runs down the picture was turned clockwise: three further quarters bring it back.
        return 270 if forward >= backward else 90
    return 0 if forward >= backward else 180


def _read_surely(strip: Image, text: RapidReader) -> float:
    line = text.read_strip(strip)
    return 0.0 if line is None else line.confidence * min(12, len(line.text))


def _whole(image: Image) -> Quad:
    height, width = image.shape[:2]
    return ((0, 0), (width, 0), (width, height), (0, height))


def _height(quad: Quad) -> float:
    return float(np.hypot(quad[3][0] - quad[0][0], quad[3][1] - quad[0][1]))


def _width(quad: Quad) -> float:
    return float(np.hypot(quad[1][0] - quad[0][0], quad[1][1] - quad[0][1]))


def mean_confidence(lines: Sequence[TextLine]) -> float:
    """Of the readers, a sign each."""
    weights = [len(line.text) for line in lines]
    total = sum(weights)
    return sum(w * line.confidence for w, line in zip(weights, lines, strict=True)) / total if total else 0.0


def standing(lines: Sequence[TextLine]) -> bool:
    """Whether most print runs up or down the image."""
    upright = [line for line in lines if len(line.text) >= 4]
    tall = sum(line.box.bottom - line.box.top > 1.5 * (line.box.right - line.box.left) for line in upright)
    return tall > len(upright) / 2
