"""Finds the two or three lines of print inside a zone that `kyc.locator` found from afar, by how the ink lies: evenly
spaced rows that run the zone's whole width. Separate from both, because it measures ink and reads nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.geometry import Image, Quad, cut, grey
from kyc.recogniser import SLACK

WIDTH = 880
"""Pixels that a zone's width is brought to: 20 a sign for 44 signs, 29 for 30."""
DARK = 0.35
"""Share of the strip's dark print from which a pixel counts as ink."""
NEAR, FOLLOWED = 0.75, 3
"""Capitals' heights around a line within which its ink lies, and how often its slope is measured again."""
AROUND = 0.7
"""Share of the zone's height that is looked at above and below it, as the locator sees its edges only roughly."""
BESIDE = 0.12
GAPS = (18, 36)
"""Shares of the strip's width, one over: gaps in the ink up to which a line goes on, two signs' and one's."""
RULE = 6
"""Signs are never a sixth of the strip long nor, of its height with what lies around, a quarter high: rules are."""
TALL = 0.23
SAME = 5.0
"""Pixels of the strip, a quarter of a sign, within which two ways of seeing the lines are one."""
SHEARS = np.linspace(-0.05, 0.05, 21)
LINE_HEIGHT = 1.75
"""Height of a line's quad over its capitals', as the recogniser is used to."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class InkLines:
    """Quads of the lines, top to bottom, in pixels of the image, and the number of signs that their shape suggests."""

    quads: tuple[tuple[tuple[float, float], ...], ...]
    length: int


def ink_lines(image: Image, zone: Quad) -> tuple[InkLines, ...]:
    """The ways in which the zone's ink may be lines, likeliest first; none where no evenly spaced rows are seen."""
    corners = _widened(np.asarray(zone, np.float32))
    strip, back = _straight(image, corners)
    ink = _ink(strip)
    shear = _best_shear(ink)
    level = _sheared(ink, shear)
    found: list[InkLines] = []
    seen: list[tuple[float, ...]] = []
    for print_only in (_without_rules(level), level):
        for gap in GAPS:
            for chosen in _choices(_rows(print_only, gap), level.shape[1]):
                for left, right in _extents(chosen):
                    place = (chosen[0][0], chosen[-1][1], left, right)
                    if any(max(abs(a - b) for a, b in zip(place, other, strict=True)) < SAME for other in seen):
                        continue
                    seen.append(place)
                    found.append(_lines(chosen, left, right, shear, print_only, back))
    return tuple(found)


def _lines(chosen: Sequence["Row"], left: float, right: float, shear: float, level: Floats, back: Any) -> InkLines:
    capital = float(np.median([row[1] - row[0] for row in chosen]))
    length = _length(right - left, capital, len(chosen))
    slack = SLACK / 2 * (right - left) / length
    left, right = left - slack, right + slack
    half = capital * LINE_HEIGHT / 2
    quads = []
    for row in chosen:
        begin, end = _followed(level, (row[0] + row[1]) / 2, capital, left, right)
        flat = np.array(
            [[left, begin - half], [right, end - half], [right, end + half], [left, begin + half]], np.float32
        )
        flat[:, 1] += shear * (flat[:, 0] - level.shape[1] / 2)
        there = cv2.perspectiveTransform(flat[None], back)[0]
        quads.append(tuple((float(x), float(y)) for x, y in there))
    return InkLines(tuple(quads), length)


def _followed(level: Floats, middle: float, capital: float, left: float, right: float) -> tuple[float, float]:
    """Where the middle of one line lies at its two ends: perspective gives each line a slope of its own."""
    begin = end = middle
    columns = np.arange(max(0, int(left)), min(level.shape[1], int(right)))
    if columns.size < 2:
        return begin, end
    rows = np.arange(level.shape[0])[:, None]
    part = level[:, columns]
    for _ in range(FOLLOWED):
        along = begin + (end - begin) * (columns - left) / (right - left)
        ink = np.where(np.abs(rows - along) <= NEAR * capital, part, 0)
        weight = ink.sum(0)
        if weight.sum() <= 0:
            break
        off = (ink * (rows - along)).sum(0) / np.maximum(weight, 1e-6)
        slope, offset = np.polyfit(columns, off, 1, w=np.sqrt(weight))
        begin, end = begin + offset + slope * left, end + offset + slope * right
    limit = NEAR * capital
    return float(np.clip(begin, middle - limit, middle + limit)), float(np.clip(end, middle - limit, middle + limit))


def _extents(chosen: Sequence["Row"]) -> list[tuple[float, float]]:
    """Where the lines may begin and end: where they do on the average, and the part that all of them run over, as all
    have a sign at either end and what lies beside one of them is clutter."""
    lefts, rights = [row[2] for row in chosen], [row[3] for row in chosen]
    return [(float(np.median(lefts)), float(np.median(rights))), (max(lefts), min(rights))]


def _widened(corners: Floats) -> Floats:
    top_left, top_right, bottom_right, bottom_left = corners
    down = (bottom_left - top_left + bottom_right - top_right) / 2 * AROUND
    along = (top_right - top_left + bottom_right - bottom_left) / 2 * BESIDE
    return np.array(
        [top_left - down - along, top_right - down + along, bottom_right + down + along, bottom_left + down - along],
        np.float32,
    )


def _straight(image: Image, corners: Floats) -> tuple[Image, Any]:
    """The region cut out straight and grey, and the matrix back."""
    across = float(np.linalg.norm(corners[1] - corners[0]))
    down = float(np.linalg.norm(corners[3] - corners[0]))
    height = max(24, round(down / max(across, 1.0) * WIDTH))
    strip = grey(cut(image, [(float(x), float(y)) for x, y in corners], height))
    target = np.array([[0, 0], [strip.shape[1], 0], [strip.shape[1], strip.shape[0]], [0, strip.shape[0]]], np.float32)
    return strip, cv2.getPerspectiveTransform(target, corners)


def _ink(strip: Image) -> Floats:
    """How much darker each pixel is than the paper around it, 0 to 1 against the strip's dark print."""
    reach = max(5, strip.shape[0] // 6) | 1
    paper = cv2.morphologyEx(strip, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach)))
    ink = cv2.subtract(paper, strip).astype(np.float32)
    top = float(np.percentile(ink, 97))
    return np.asarray(np.clip(ink / max(top, 8.0), 0, 1), np.float32)


def _sheared(ink: Floats, shear: float) -> Floats:
    width = ink.shape[1]
    matrix = np.array([[1, 0, 0], [-shear, 1, shear * width / 2]], np.float32)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, ink.shape[0])), np.float32)


def _without_rules(level: Floats) -> Floats:
    """The ink without what is too long or too tall for a sign: frames around the zone, the page's edge, shadows, grain
    of the table beside the page."""
    mask = (level > DARK).astype(np.uint8)
    height, width = mask.shape
    rules = np.zeros_like(mask)
    for kernel, thick in (((1, width // RULE), (3, 1)), ((max(8, round(TALL * height)), 1), (1, 3))):
        grown = cv2.dilate(mask, np.ones(thick, np.uint8))
        long = cv2.morphologyEx(grown, cv2.MORPH_OPEN, np.ones(kernel, np.uint8))
        rules |= np.asarray(cv2.dilate(long, np.ones(thick, np.uint8)), np.uint8)
    return np.asarray(np.where(rules > 0, 0, level), np.float32)


def _best_shear(ink: Floats) -> float:
    """The shear at which rows of print and gaps stand out most."""
    narrow = np.asarray(cv2.resize(ink, (220, ink.shape[0]), interpolation=cv2.INTER_AREA), np.float32)
    ratio = ink.shape[1] / 220
    sharpness = []
    for shear in SHEARS:
        profile = _sheared(narrow, float(shear) * ratio).mean(1)
        sharpness.append(float((np.diff(profile) ** 2).sum()))
    return float(SHEARS[int(np.argmax(sharpness))])


Row = tuple[float, float, float, float]
"""Top and bottom of the capitals, left and right end of the ink."""


def _rows(level: Floats, gap: int) -> list[Row]:
    """Rows of ink that run most of the width, from the profile across the strip's middle part."""
    height, width = level.shape
    profile = level[:, round(0.08 * width) : round(0.92 * width)].mean(1)
    profile = np.convolve(profile, np.ones(3) / 3, mode="same")
    rows: list[Row] = []
    for threshold in (0.45, 0.3):
        limit = threshold * float(np.percentile(profile, 96))
        inside = np.concatenate([[False], profile > limit, [False]])
        edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
        rows = []
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            if b - a < max(3, 0.03 * height):
                continue
            left, right = _ends(level[a:b], gap)
            if right - left > 0.55 * width:
                rows.append((float(a), float(b), left, right))
        if len(rows) >= 2:
            break
    return rows


def _ends(band: Floats, share: int) -> tuple[float, float]:
    """Where the longest run of signs begins and ends; gaps of the width's `share` do not end it."""
    columns = band.max(0) > DARK
    width = columns.size
    gap = max(3, width // share)
    closed = cv2.morphologyEx(
        columns.astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8), borderValue=0
    )[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], closed, [0]]).astype(np.int8)))
    if edges.size == 0:
        return 0.0, 0.0
    starts, stops = edges[::2], edges[1::2]
    best = int(np.argmax(stops - starts))
    return float(starts[best]), float(stops[best])


def _choices(rows: Sequence[Row], width: int) -> list[list[Row]]:
    """Runs of three or two neighbouring rows of like height, pitch and width; the evenest first."""
    scored: list[tuple[float, list[Row]]] = []
    for count in (3, 2):
        for start in range(len(rows) - count + 1):
            run = list(rows[start : start + count])
            heights = np.array([row[1] - row[0] for row in run])
            middles = np.array([(row[0] + row[1]) / 2 for row in run])
            pitches = np.diff(middles)
            overlap = min(row[3] for row in run) - max(row[2] for row in run)
            widest = max(row[3] - row[2] for row in run)
            if heights.max() > 1.7 * heights.min() or overlap < 0.8 * widest:
                continue
            if count == 3 and pitches.max() > 1.25 * pitches.min():
                continue
            if not 1.15 * heights.mean() < pitches.mean() < 3.4 * heights.mean():
                continue
            away = abs(float(middles.mean()) / (len(rows) or 1))
            uneven = float(heights.std() / heights.mean()) + (1 - overlap / widest)
            scored.append((uneven - 0.15 * count - 1e-6 * away, run))
    scored.sort(key=lambda item: item[0])
    return [run for _, run in scored[:3]]


def _length(width: float, capital: float, count: int) -> int:
    if count == 3:
        return 30
    # A sign's pitch is about its capital's height; 44 signs are 44 of it wide, 36 are 36.
    return 44 if width / max(capital, 1.0) > 38 else 36
