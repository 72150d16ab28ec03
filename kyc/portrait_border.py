"""How the portrait takes over from the paper: a printed one runs out into it, one stuck upon it ends in a cut.

ICAO Doc 9303 part 2 asks issuers to integrate the portrait into the page, so that a photograph put over it shows its
edge. Measured is how much of the way from paper to photograph is gone within the picture's own blur, which the
strokes of print around tell. Apart from `ghost`, the other proof that a portrait is the one the state printed: what
could not be measured proves nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.document import BorderCheck, Box
from kyc.faces import Face
from kyc.geometry import Image, Quad, extent, grey, shrunk_to_warp
from kyc.print_blur import print_blur

MERGED, CUT = 0.70, 0.85
"""Share of the step from paper to photograph that lies within the picture's blur: up to the first a border runs out
into the paper, from the second it is cut. What lies between is neither. A cut is 1, save for what the photograph itself
shows along its edge: of 553 generated ones two were below 0.70, of 890 printed borders all but 16."""
STRONG_CONTRAST, SEEN_CONTRAST = 60.0, 40.0
"""Median contrast, in levels over three colours: the first at least one side must have for anything to be said, the
second each that is counted as merged, and one that alone says that the portrait is cut."""
MIN_SIDES = 2
SQUARE, TURNED = 5.0, 8.0
"""Degrees by which the sides may differ in how they are turned, and be turned at most: a portrait's stand at right
angles in a picture made level, and a line that does not fit them is one within the photograph, or beside it."""
SURE_PAGE = 0.8
WIDEST = 200
"""Pixels of a face's width; larger pictures are made smaller."""
SMALLEST = 44
COARSE = 96
"""Pixels of a face's width at which the portrait's sides are looked for."""
LEANS, FINER_LEANS = (-7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5), (-1.6, -0.8, 0.8, 1.6)
"""Degrees by which a side may lean: the outline is seen roughly, and what is stuck on is stuck askew."""
SIDES = ("left", "right", "top", "bottom")
REACH = {"left": (0.08, 1.1), "right": (0.08, 1.1), "top": (0.1, 1.15), "bottom": (0.1, 1.3)}
"""How far from the face's box its sides may lie, in widths of the face."""
OUTER, PHOTO, INNER = 0.10, 0.07, 0.11
"""How far from the side paper and photograph are taken, in widths of the face."""
LEAST_EDGE = 7.0
FULL_LIGHT, MOST_GAIN = 225.0, 2.5
"""Level to which paper is brought where the picture is darker, and by what factor at most: contrast is a share of the
paper's light, so that a dim picture is not taken for a pale portrait."""
PAPER_APART = 22.0
LEAST_CONTRAST = 26.0
LEAST_SEGMENTS, LEAST_SEEN = 8, 0.7
"""Segments, and share of a side's, in which paper and photograph must differ: a line of large print has gaps."""
SEGMENT = 6
TOGETHER, LEAST_TOGETHER = 5, 0.6
"""Pieces taken together to see where a side steps, and the share that must do so along one smooth line for the side to
be measured along it: the greatest step of each piece by itself is partly grain."""
LEAST_HALF = 0.85
"""Pixels either side of a step within which its blur is taken to lie at least: the picture has no finer ones."""
LEVEL_STROKES = 40.0
"""Percentile of the blur of level strokes: letters' are short and end in curves, which look more blurred than they are.
At the median the upper and lower sides of what is cut would come out at 1.05 on average, others at 1."""
UNEVEN = 0.6
"""How much sharper than in one direction a picture may be in the other: a smear is no reason to believe more."""
MAX_BLUR, CUT_BLUR = 0.02, 0.0125
"""Deviation of the blur, in widths of the face. Beyond the first nothing is said; beyond the second, not that a side is
cut: what runs out over a millimetre looks so too."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Side:
    """One side as measured: how much of the step lies within the blur, over how many segments, at what contrast, the
    blur (deviation, in widths of the face), and how far the side is turned from level (degrees, clockwise)."""

    name: str
    share: float
    segments: int
    contrast: float
    blur: float
    turn: float

    @property
    def weight(self) -> float:
        """What the photograph shows disturbs a share the less, the stronger the contrast."""
        return self.segments * self.contrast**2


def check_border(
    image: Image, faces: Sequence[Face], outline: Quad = (), outline_score: float = 0.0, skew: float = 0.0
) -> BorderCheck:
    """The border of the largest of `faces`. `outline` is the document's, clockwise from top left in pixels, used where
    it is seen surely; else `skew`, the angle of the print in radians, makes the picture level."""
    if not faces:
        return BorderCheck("not_measured", "NO_PORTRAIT")
    found = sides(image, faces[0].box, outline if outline_score >= SURE_PAGE else (), skew)
    if isinstance(found, str):
        return BorderCheck("not_measured", found)
    surely_cut = any(side.share >= CUT and side.contrast >= SEEN_CONTRAST for side in found)
    found = _square(found)
    if len(found) < MIN_SIDES:
        return BorderCheck("not_measured", "NO_BORDER_FOUND", None, len(found))
    if max(side.contrast for side in found) < STRONG_CONTRAST:
        return BorderCheck("not_measured", "TOO_PALE", None, len(found))
    share = sum(side.share * side.weight for side in found) / sum(side.weight for side in found)
    agree = sum(side.share <= MERGED and side.contrast >= SEEN_CONTRAST for side in found) >= MIN_SIDES
    result, reason = "not_measured", "BORDER_UNCLEAR"
    if share <= MERGED and agree and not surely_cut:
        result, reason = "merged", ""
    elif share >= CUT:
        sharp = min(side.blur for side in found) <= CUT_BLUR
        result, reason = ("cut", "") if sharp else ("not_measured", "BLURRED")
    return BorderCheck(result, reason, round(share, 3), len(found))  # type: ignore[arg-type]


def _square(found: Sequence[Side]) -> list[Side]:
    """The sides that stand at right angles to each other: the most of them, of as many those of the greatest weight."""
    found = [side for side in found if abs(side.turn) <= TURNED]
    groups = [[side for side in found if 0 <= side.turn - least.turn <= SQUARE] for least in found]
    return max(groups, key=lambda group: (len(group), sum(side.weight for side in group)), default=[])


def sides(image: Image, face: Box, outline: Quad, skew: float) -> list[Side] | str:
    """The sides of the portrait that could be measured, or why none could."""
    wide = face.right - face.left
    if wide < SMALLEST:
        return "PORTRAIT_TOO_SMALL"
    middle = ((face.left + face.right) / 2, (face.top + face.bottom) / 2)
    if len(outline) == 4 and cv2.pointPolygonTest(np.asarray(outline, np.float32), middle, False) <= 0:
        outline = ()  # of something else in the picture
    level, box, page = _level(image, face, outline, skew)
    width = box.right - box.left
    flat = grey(level)
    blurs = [print_blur(flat, box), print_blur(np.asarray(cv2.transpose(flat), np.uint8), _turned(box), LEVEL_STROKES)]
    known = [blur for blur in blurs if blur is not None]
    if not known:
        return "TOO_LITTLE_PRINT"
    blurs = [None if blur is None else max(blur, UNEVEN * max(known)) for blur in blurs]
    if min(known) > MAX_BLUR * width:
        return "BLURRED"
    level, paper = _lit(level, _paper(level, box))
    found = []
    for name in SIDES:
        blur = blurs[0 if name in ("left", "right") else 1]
        if blur is None or blur > MAX_BLUR * width:
            continue
        part, at, visible = _facing(level, box, page, name)
        line = _line(part, at, width, REACH[name], visible, paper)
        if line is None:
            continue
        side = _side(part, line, at, width, name, blur)
        if side is not None:
            found.append(side)
    return found


def _level(image: Image, face: Box, outline: Quad, skew: float) -> tuple[Image, Box, Floats | None]:
    """The surroundings of the face made level, the face's box there, and the page's corners there."""
    wide = face.right - face.left
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    if len(outline) == 4:
        corners = np.asarray(outline, np.float64)
        across, down = extent(corners)
        target = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
        there = np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target), np.float64)
    else:
        cos, sin = math.cos(-skew), math.sin(-skew)
        there = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float64)
        corners = None
    points = np.array([[[x, y], [x + wide / 2, y], [x, y + wide / 2]]], np.float64)
    middle, right, below = cv2.perspectiveTransform(points, there)[0]
    size = float(np.linalg.norm(right - middle) + np.linalg.norm(below - middle)) / wide
    factor = min(1.0, WIDEST / wide) / size  # no more pixels than the picture has there
    reach = np.array([3.4, 1.9, 3.4, 2.3]) * wide * size
    low, high = middle - reach[:2], middle + reach[2:]
    if corners is not None:  # not beyond the page
        low, high = np.maximum(low, -0.06 * wide), np.minimum(high, [across + 0.06 * wide, down + 0.06 * wide])
    matrix = np.array([[factor, 0, -low[0] * factor], [0, factor, -low[1] * factor], [0, 0, 1]]) @ there
    columns, rows = (max(8, int(v)) for v in (high - low) * factor)
    source, shrink = shrunk_to_warp(image, factor * size)
    matrix = matrix @ np.diag([1 / shrink, 1 / shrink, 1.0])
    level = cv2.warpPerspective(source, matrix, (columns, rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    cx, cy = (middle - low) * factor
    half = wide * size * factor / 2
    box = Box(round(cx - half), round(cy - half), round(cx + half), round(cy + half))
    page = None if corners is None else np.asarray((target - low) * factor, np.float32)
    return np.asarray(level, np.uint8), box, page


def _turned(box: Box) -> Box:
    return Box(box.top, box.left, box.bottom, box.right)


def _facing(level: Image, box: Box, page: Floats | None, name: str) -> tuple[Image, Box, float]:
    """The picture turned so that the side lies to the left of the face, the face's box there, and how far left the
    page reaches."""
    height, width = level.shape[:2]
    limits = (0.0, 0.0, float(width), float(height)) if page is None else (*page.min(0), *page.max(0))
    match name:
        case "left":
            return level, box, limits[0]
        case "right":
            there = Box(width - box.right, box.top, width - box.left, box.bottom)
            return np.asarray(cv2.flip(level, 1), np.uint8), there, width - limits[2]
        case "top":
            return np.asarray(cv2.transpose(level), np.uint8), _turned(box), limits[1]
        case _:
            there = Box(height - box.bottom, box.left, height - box.top, box.right)
            return np.asarray(cv2.transpose(cv2.flip(level, 0)), np.uint8), there, height - limits[3]


def _paper(level: Image, box: Box) -> Floats:
    """The page's colour away from the portrait."""
    width = box.right - box.left
    away = np.ones(level.shape[:2], np.bool_)
    away[max(0, box.top - width) : box.bottom + width, max(0, box.left - width) : box.right + width] = False
    few = level[::4, ::4]
    seen = few[away[::4, ::4]]
    seen = seen if seen.shape[0] > 100 else few.reshape(-1, 3)
    return np.asarray(np.median(seen, axis=0), np.float32)


def _lit(level: Image, paper: Floats) -> tuple[Image, Floats]:
    """The picture as bright as if its paper were in full light: what stands out from paper is told by shares of it."""
    gain = float(np.clip(FULL_LIGHT / max(float(paper.max()), 1.0), 1.0, MOST_GAIN))
    return np.asarray(cv2.convertScaleAbs(level, alpha=gain), np.uint8), np.asarray(paper * gain, np.float32)


def _is_paper(seen: Floats, paper: Floats) -> bool:
    """Whether a colour is the paper's in more or less light."""
    light = float(np.clip((seen @ paper) / (paper @ paper), 0.65, 1.4))
    return float(np.abs(seen - light * paper).max()) <= PAPER_APART


def _line(
    part: Image, box: Box, width: int, reach: tuple[float, float], limit: float, paper: Floats
) -> tuple[float, float, float] | None:
    """The straight line left of the face that most of the rows step across: where it crosses the face's middle, how it
    leans (columns a row), and how strong it is."""
    factor = COARSE / width
    top, bottom = box.top - 0.25 * width, box.bottom + 0.25 * width
    left, right = max(limit + 0.1 * width, box.left - reach[1] * width), box.left - reach[0] * width
    if right - left < 0.1 * width:
        return None
    margin = 6
    columns, rows = round((right - left) * factor) + 2 * margin, round((bottom - top) * factor)
    middle = (top + bottom) / 2
    shrunk = part[max(0, int(top) - 20) : max(0, int(bottom) + 20), : max(1, int(right + 0.3 * width))]
    if shrunk.size == 0:
        return None
    shrunk = np.asarray(cv2.GaussianBlur(shrunk, (0, 0), max(0.3, 0.6 / factor)), np.uint8)
    offset = max(0, int(top) - 20)

    def leaning(degrees: float) -> tuple[float, float, float] | None:
        """The best line at this angle: place, slope and how good it is."""
        slope = math.tan(math.radians(degrees))
        # Column c and row r of the small part, leaning, come from these places.
        start = left - margin / factor - slope * (middle - top)
        back = np.array([[1 / factor, slope / factor, start], [0, 1 / factor, top - offset]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(shrunk, back, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        wide, narrow = _steps(seen, 6), _steps(seen, 2)[:, 2:-2]
        most = np.partition(np.minimum(wide, 60), round(0.3 * rows), axis=0)[round(0.3 * rows)].astype(np.float32)
        # Among angles at which most rows step, the right one is where the step is narrow.
        rank = np.where(most >= LEAST_EDGE, most + 0.1 * np.minimum(narrow, 60).mean(0), 0)
        rank[:3] = rank[-3:] = 0  # beyond the page, or in the face
        for _ in range(4):
            column = int(rank.argmax())
            if rank[column] <= 0:
                return None
            outside = np.median(seen[:, max(0, column - 7) : max(1, column - 1)].reshape(-1, 3), axis=0)
            if _is_paper(outside, paper):
                return left + (column + 3.5 - margin) / factor, slope, float(rank[column])
            rank[max(0, column - 5) : column + 6] = 0
        return None

    best, at = None, 0.0
    for leans in (LEANS, FINER_LEANS):
        around = at
        for lean in leans:
            line = leaning(around + lean)
            if line is not None and (best is None or line[2] > best[2]):
                best, at = line, around + lean
        if best is None:
            return None
    return best


def _steps(seen: Any, apart: int) -> Any:
    """The greatest of the three colours' differences between columns so far apart."""
    blue, green, red = cv2.split(cv2.absdiff(seen[:, apart:], seen[:, :-apart]))
    return np.maximum(np.maximum(blue, green), red)


def _side(part: Image, line: tuple[float, float, float], box: Box, width: int, name: str, blur: float) -> Side | None:
    """How sharply paper and photograph meet along a line."""
    place, slope, _ = line
    top, bottom = max(2, round(box.top - 0.3 * width)), min(part.shape[0] - 2, round(box.bottom + 0.3 * width))
    outer, inner, slack = OUTER * width, INNER * width, 0.05 * width
    step = 0.25
    reach = np.arange(-(outer + slack), inner + slack + step, step)
    if bottom - top < LEAST_SEGMENTS * SEGMENT:
        return None
    rows = np.arange(top, bottom)
    map_x = (place + slope * (rows[:, None] - (box.top + box.bottom) / 2) + reach[None, :]).astype(np.float32) - 0.5
    map_y = np.repeat(rows[:, None], reach.size, 1).astype(np.float32)
    strip = cv2.remap(part, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    count = strip.shape[0] // SEGMENT
    strip = strip[: count * SEGMENT].reshape(count, SEGMENT, reach.size, 3).mean(1)
    paper = np.median(strip[:, reach < -0.4 * outer - blur], axis=1)
    photo = np.median(strip[:, (reach > PHOTO * width) & (reach <= inner)], axis=1)
    contrast = np.linalg.norm(photo - paper, axis=1)
    usable = contrast >= LEAST_CONTRAST
    if int(usable.sum()) < max(LEAST_SEGMENTS, LEAST_SEEN * count):
        return None
    strip, paper, photo, contrast = strip[usable], paper[usable], photo[usable], contrast[usable]
    toward = (photo - paper) / contrast[:, None]
    gone = ((strip - paper[:, None]) * toward[:, None]).sum(2) / contrast[:, None]
    # Where each piece steps, and the smooth line through that: paper is bent, and a lean is known roughly.
    near = np.abs(reach) <= max(2.0, 0.04 * width)
    half = max(1, round(max(blur, LEAST_HALF) / step))
    within = _within(np.asarray(cv2.blur(gone, (1, TOGETHER))), half)
    places = reach[np.where(near, within, -9).argmax(1)]
    middles = rows[: count * SEGMENT].reshape(count, SEGMENT).mean(1)[usable]
    shift = _smooth(middles, places, contrast)
    together = float(contrast[np.abs(places - shift) <= max(1.0, blur)].sum() / contrast.sum())
    weights = contrast**2 / np.sum(contrast**2)
    if together >= LEAST_TOGETHER:
        gone = np.stack([np.interp(reach + by, reach, values) for by, values in zip(shift, gone, strict=True)])
        within = _within(gone, half)
        at = int(np.where(near, weights @ within, -9).argmax())
        within = within[:, max(0, at - 2) : at + 3]
    else:  # what runs out widely steps at no place of its own: each piece for itself
        within = _within(gone, half)[:, near]
    shares = np.minimum(within.max(1) / math.erf(half * step / (blur * math.sqrt(2))), 1.3).astype(np.float32)
    lean = math.degrees(math.atan(slope))  # in the picture as it was turned and flipped to face this side
    turn = -lean if name in ("left", "bottom") else lean
    return Side(name, _middle(shares, contrast), int(usable.sum()), float(np.median(contrast)), blur / width, turn)


def _within(gone: Any, half: int) -> Any:
    """How much of the step lies within so many places either side of each."""
    padded = np.pad(gone, ((0, 0), (half, half)), mode="edge")
    return padded[:, 2 * half :] - padded[:, : -2 * half]


def _smooth(rows: Any, places: Any, weights: Any) -> Any:
    """The parabola through most of the places, as its value at each row."""
    scaled = (rows - rows.mean()) / max(1.0, float(np.ptp(rows)) / 2)
    terms = np.stack([np.ones_like(scaled), scaled, scaled**2], axis=1)
    fitted = np.full(places.shape, float(np.median(places)))
    for apart in (3.0, 1.5, 1.0):
        keep = np.abs(places - fitted) <= apart
        if int(keep.sum()) < LEAST_SEGMENTS:
            break
        heavy = np.sqrt(weights[keep])
        fitted = terms @ np.linalg.lstsq(terms[keep] * heavy[:, None], places[keep] * heavy, rcond=None)[0]
    return np.clip(fitted, places.min(), places.max())


def _middle(values: Floats, weights: Floats) -> float:
    """The weighted median."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])
