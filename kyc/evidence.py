"""Cuts out of a picture what a reading rests on, so that whoever looks at a decision later sees what the machine saw:
the page made straight, the strip of the machine readable zone, portrait and ghost, and the place of each field.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from kyc.document import Box, DocumentReading
from kyc.geometry import Image, Quad, cut, fit, load, turn

PAGE_SIDE = 1200
STRIP_SIDE = 1000
JPEG_QUALITY = 88
MAX_FIELDS = 26
SURE_PAGE = 0.6


@dataclass(frozen=True, slots=True)
class Crop:
    """One piece: `kind` is page, zone, portrait, ghost or field; `field` names a field and where it was read
    (`mrz:number`); `content` is a JPEG."""

    kind: str
    field: str
    content: bytes


def crops(image: bytes, reading: DocumentReading) -> tuple[Crop, ...]:
    """The pieces of a normalised image that a reading of it names. Raises `kyc.geometry.NotAnImage`."""
    upright = turn(load(image), reading.rotation)
    return tuple(
        Crop(kind, field, _jpeg(fit(piece, PAGE_SIDE if kind == "page" else STRIP_SIDE)[0]))
        for kind, field, piece in _pieces(upright, reading)
        if min(piece.shape[:2]) >= 4
    )


def _pieces(image: Image, reading: DocumentReading) -> Iterator[tuple[str, str, Image]]:
    yield "page", "", _page(image, reading)
    if reading.mrz is not None and reading.mrz.box is not None:
        yield "zone", "", _box(image, reading.mrz.box, 0.12)
    if reading.portrait is not None:
        # dlib's box ends at brow and chin; the printed portrait reaches further.
        yield "portrait", "", _box(image, reading.portrait, 0.45)
    if reading.ghost is not None:
        yield "ghost", "", _box(image, reading.ghost, 0.45)
    places = {
        f"{value.source}:{name}": value.box
        for zone in (reading.fields, reading.visual)
        for name, value in zone.items()
        if value.box is not None
    }
    for field, box in list(places.items())[:MAX_FIELDS]:
        if box is not None:
            yield "field", field, _box(image, box, 0.15)


def _page(image: Image, reading: DocumentReading) -> Image:
    """The page as if it lay straight; the whole picture where no outline is sure."""
    if len(reading.page) != 4 or reading.page_score < SURE_PAGE:
        return image
    quad: Quad = reading.page
    across = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]))
    down = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]))
    factor = min(1.0, PAGE_SIDE / max(across, down, 1.0))
    height = round(down * factor)
    return image if height < 32 else cut(image, quad, height)


def _box(image: Image, box: Box, margin: float) -> Image:
    height, width = image.shape[:2]
    extra = round(margin * min(box.right - box.left, box.bottom - box.top))
    left, top = np.clip([box.left - extra, box.top - extra], 0, [width - 1, height - 1])
    right, bottom = np.clip([box.right + extra, box.bottom + extra], [left + 1, top + 1], [width, height])
    return image[top:bottom, left:right]


def _jpeg(image: Image) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
