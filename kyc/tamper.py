"""Signs that a document or its picture was altered: a ghost portrait of somebody else (`kyc.ghost`), print whose grain
or strokes differ from its neighbours', a file that was edited or compressed before.

Each is a hint with its value and threshold, advisory: none decides alone. Apart from reading, which must not suspect.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from explain.record import Finding, Value
from kyc.document import Box, DocumentReading, FieldReading, GhostCheck, TamperSign, TextLine
from kyc.geometry import Image, cut, grey, load
from kyc.ghost import SAME

MIN_LINES = 5
MAX_NOISE = 1.1
"""Absolute difference, in nats, of a line's grain from the median of its neighbours'."""
MAX_STROKE = 0.25
"""Difference, in nats, of a field's strokes from the median of the other fields'."""
MIN_FIELDS = 4
STRIP = 40
MAX_PORTRAIT = 0.45
"""How much finer, in nats, the grain in a portrait's evenest parts may be than in the evenest of all else: of generated
pictures true portraits stay below 0, portraits pasted into photographs lie mostly above 0.6."""
EVENEST, PORTRAIT_EVENEST = 2, 4
"""Percentiles of the patches: so even are a table, a lid or unprinted paper, where a page's pattern is not taken for
the camera's grain."""
PATCH, APART = 9, 6
"""Side of the patches whose grain is measured, and how many pixels lie between two of them."""
MAX_GRID = 6.0
"""How many deviations the eight-pixel grid of an earlier JPEG stands out."""
GRID_PART = 1024
EDITORS = (
    "photoshop",
    "gimp",
    "lightroom",
    "snapseed",
    "pixelmator",
    "affinity",
    "canva",
    "paint",
    "faceapp",
    "picsart",
)


def signs(
    image: Image,
    text_lines: Sequence[TextLine],
    fields: Mapping[str, FieldReading],
    ghost: GhostCheck,
    portrait: Box | None = None,
) -> tuple[TamperSign, ...]:
    """What the picture itself shows. `text_lines` are those of the visual zone, `fields` what they were read as;
    `portrait` is the largest face's box."""
    found = [*grain_signs(image, text_lines), *font_signs(image, text_lines, fields)]
    if portrait is not None:
        found += portrait_signs(image, portrait)
    if ghost.result == "different" and ghost.likeness is not None:
        found.append(TamperSign("PORTRAIT_GHOST_MISMATCH", ghost.likeness, SAME, ghost.box))
    return tuple(found)


def grain_signs(image: Image, text_lines: Sequence[TextLine]) -> list[TamperSign]:
    """Lines whose paper has another grain than that of all others: a patch was laid over it."""
    measured = [(line.box, m[0]) for line in text_lines if (m := _measure(image, line)) is not None]
    if len(measured) < MIN_LINES:
        return []
    return _apart("NOISE_ANOMALY", [(box, math.log(grain + 0.25)) for box, grain in measured], MAX_NOISE)


def portrait_signs(image: Image, face: Box) -> list[TamperSign]:
    """A portrait that was pasted into the finished picture: the camera's grain, the same all over a picture, is missing
    from its evenest patches. A photograph stuck on the document itself, and photographed with it, is not seen so."""
    flat = grey(image).astype(np.float32)
    fine = np.abs(flat - cv2.GaussianBlur(flat, (0, 0), 1.0))
    places = np.s_[PATCH // 2 :: APART, PATCH // 2 :: APART]
    grain, light = (cv2.blur(values, (PATCH, PATCH))[places] for values in (fine, flat))
    y, x = np.indices(grain.shape) * APART + PATCH // 2
    wide, high = face.right - face.left, face.bottom - face.top

    def around(across: float, above: float, below: float) -> NDArray[np.bool_]:
        """The patches around the face as far as these shares of its width and height."""
        within = (x > face.left - across * wide) & (x < face.right + across * wide)
        return np.asarray(within & (y > face.top - above * high) & (y < face.bottom + below * high), np.bool_)

    # Where light or shade is cut off there is no grain.
    usable = (light > 25) & (light < 235)
    ours, others = grain[usable & around(0.25, 0.3, 0.25)], grain[usable & ~around(0.9, 1.2, 1.3)]
    if ours.size < 40 or others.size < 100:
        return []
    finer = math.log(
        (float(np.percentile(others, EVENEST)) + 0.05) / (float(np.percentile(ours, PORTRAIT_EVENEST)) + 0.05)
    )
    return [TamperSign("PORTRAIT_SUBSTITUTED", finer, MAX_PORTRAIT, face)] if finer > MAX_PORTRAIT else []


def font_signs(image: Image, text_lines: Sequence[TextLine], fields: Mapping[str, FieldReading]) -> list[TamperSign]:
    """Fields whose strokes differ from those of the other fields, which documents print in one font: one was typed
    over by another machine."""
    measured: list[tuple[Box, float]] = []
    for name, value in fields.items():
        line = None if value.box is None or name == "sex" else _line_at(text_lines, value.box)
        strokes = None if line is None else _measure(image, line)
        if line is not None and strokes is not None and line.box not in [box for box, _ in measured]:
            measured.append((line.box, math.log(strokes[1])))
    return [] if len(measured) < MIN_FIELDS else _apart("FONT_ANOMALY", measured, MAX_STROKE)


def _apart(code: str, measured: Sequence[tuple[Box, float]], limit: float) -> list[TamperSign]:
    """Those that lie further than `limit`, and than five times the others' spread, from the others' median."""
    found = []
    for index, (box, value) in enumerate(measured):
        others = np.array([other for number, (_, other) in enumerate(measured) if number != index])
        spread = float(np.median(np.abs(others - np.median(others))))
        apart = abs(value - float(np.median(others)))
        if apart > limit and apart > 5 * spread:
            found.append(TamperSign(code, apart, limit, box))
    return found


def _line_at(text_lines: Sequence[TextLine], box: Box) -> TextLine | None:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    places = ((line, line.box) for line in text_lines)
    return next((line for line, b in places if b.left <= x <= b.right and b.top <= y <= b.bottom), None)


def with_original(reading: DocumentReading, page: bytes, original: Mapping[str, Any], number: int) -> DocumentReading:
    """The reading with the signs of the file as it was sent. `original` is what `kyc.decode.decode_file` says of it,
    `page` its normalised page of that `number`."""
    return replace(reading, tamper=(*reading.tamper, *original_signs(load(page), original, number)))


def original_signs(image: Image, original: Mapping[str, Any], number: int = 0) -> tuple[TamperSign, ...]:
    """What the file as it was sent shows: a picture editor's name in its EXIF; the grid of an earlier JPEG where the
    file has none of its own, or has it elsewhere. `image` is the normalised page, whose grid counts only where it was
    neither scaled nor turned."""
    found = []
    exif = original.get("exif", {})
    software = str(exif.get("software", "")).lower()
    if any(name in software for name in EDITORS):
        found.append(TamperSign("EDITED_BY_SOFTWARE", 1.0, 0.0, None))
    pages = original.get("pages", [])
    untouched = number < len(pages) and pages[number].get("scale") == 1.0 and exif.get("orientation", "1") in ("0", "1")
    if untouched and original.get("format") != "PDF":
        phase, strength = jpeg_grid(grey(image))
        if strength > MAX_GRID and (original.get("format") != "JPEG" or phase != (7, 7)):
            found.append(TamperSign("RECOMPRESSED", strength, MAX_GRID, None))
    return tuple(found)


def findings(reading: DocumentReading, index: int) -> list[Finding]:
    """A reading's signs as findings in the house's shape."""
    found = []
    for sign in reading.tamper:
        values: dict[str, Value] = {"document": index, "value": round(sign.value, 3), "threshold": sign.threshold}
        field = _field_at(reading, sign.box)
        if field is not None:
            values["field"] = field
        found.append(Finding(sign.code, "advise", TEXTS[sign.code], "Clearance tamper policy 1", values))
    return found


TEXTS = {
    "PORTRAIT_GHOST_MISMATCH": "The small second portrait is not a copy of the portrait.",
    "PORTRAIT_SUBSTITUTED": "The portrait has less grain than the page, as if it was put into the picture later.",
    "NOISE_ANOMALY": "The paper behind a line of print has another grain than around the other lines.",
    "FONT_ANOMALY": "A line of print has other strokes than the lines of its size.",
    "EDITED_BY_SOFTWARE": "The file was saved by a picture editor.",
    "RECOMPRESSED": "The picture was compressed before it was saved again.",
}


def jpeg_grid(flat: Image) -> tuple[tuple[int, int], float]:
    """The phase (columns, rows) at which steps between pixels are largest every eighth, and how many deviations the
    weaker of the two stands out. Blocks of a JPEG that begins at the corner have the phase (7, 7)."""
    # A part from the middle is enough, and begins on the grid.
    top, left = (max(0, (side - GRID_PART) // 2) // 8 * 8 for side in flat.shape)
    values = flat[top : top + GRID_PART, left : left + GRID_PART].astype(np.float32)
    phases, strengths = [], []
    for axis in (1, 0):
        # Steps across the grid beyond those on either side: edges of the subject cancel out.
        steps = np.abs(np.diff(values, axis=axis))
        profile = np.minimum(steps, 12.0).mean(1 - axis)
        sums = np.array([profile[phase::8].mean() for phase in range(8)])
        best = int(sums.argmax())
        others = np.delete(sums, best)
        phases.append(best)
        strengths.append(float((sums[best] - others.mean()) / max(float(others.std()), 0.004)))
    return (phases[0], phases[1]), min(strengths)


def _measure(image: Image, line: TextLine) -> tuple[float, float, float] | None:
    """Grain of the paper (deviation of the finest detail, in grey levels), width of strokes and height, in pixels."""
    tall = math.dist(line.quad[0], line.quad[3])
    if len(line.text) < 3 or tall < 8:
        return None
    strip = grey(cut(image, line.quad, STRIP if tall > STRIP else max(10, round(tall))))
    if min(strip.shape) < 8:
        return None
    values = strip.astype(np.float32)
    level, _ = cv2.threshold(strip, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = (strip < level).astype(np.uint8)
    if not 0.02 < float(ink.mean()) < 0.6:
        return None
    paper = cv2.dilate(ink, np.ones((5, 5), np.uint8)) == 0
    if int(paper.sum()) < 60:
        return None
    fine: NDArray[Any] = values - cv2.GaussianBlur(values, (0, 0), 1.0)
    grain = 1.4826 * float(np.median(np.abs(fine[paper])))
    inside = cv2.distanceTransform(ink, cv2.DIST_L2, 3)
    ridge = inside[(inside > 0) & (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)) - 1e-3)]
    if ridge.size < 12:
        return None
    return grain, max(2 * float(np.mean(ridge)), 0.5) * tall / strip.shape[0], tall


def _field_at(reading: DocumentReading, box: Box | None) -> str | None:
    """The printed field whose place a sign's box covers the middle of."""
    if box is None:
        return None
    for name, value in reading.visual.items():
        place = value.box
        if place is None:
            continue
        x, y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
        if box.left <= x <= box.right and box.top <= y <= box.bottom:
            return name
    return None
