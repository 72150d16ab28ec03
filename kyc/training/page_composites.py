"""Draws pictures in which documents lie about, with the truth that the page locator learns: where a document is, where
its machine readable zone stands, and which way both are read.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.geometry import Image
from kyc.training.clutter import texture
from kyc.training.flat_pages import FlatPage, loose_page, specimen_page, spread, stacked

SIDE = 320
STRIDE = 4

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Style:
    """What pictures are of. `pool` flat pages and tables are kept in memory and taken again and again, each time in
    another light and place; of the documents a share lies `level`, but for quarter turns; with `clutter`, tables are
    busy and pages stained and worn."""

    pool: int
    level: float
    clutter: bool


STYLES = {"plain": Style(160, 0.6, False), "clutter": Style(480, 0.45, True)}


@dataclass(frozen=True, slots=True)
class Composite:
    """`image` SIDE x SIDE colour; `target` 4 x (SIDE / STRIDE)²: page, zone, cosine and sine of the reading direction
    (zero where there is no page). `pages` and `zones` are corners in pixels of the image, clockwise from top left."""

    image: Image
    target: Floats
    pages: tuple[Floats, ...]
    zones: tuple[Floats, ...]


def compose(seed: int, *, side: int = SIDE, first_page: int = 0, style: Style = STYLES["plain"]) -> Composite:
    """One picture; the same seed draws the same. `first_page` chooses pages that training did not see."""
    rng = np.random.default_rng([seed, 301])
    big = side * 2
    canvas = _background(int(rng.integers(style.pool)) + first_page, big, rng, busy=style.clutter)
    pages: list[Floats] = []
    zones: list[Floats] = []
    directions: list[Floats] = []
    kind = rng.random()
    if kind > 0.06:
        page = _pick(first_page, rng, style)
        if kind < 0.18:
            page = spread(page, rng, stained=style.clutter)
        elif kind < 0.26:
            page = stacked(page, _pick(first_page, rng, style), rng)
        corners = _scan_corners(page, big, rng) if kind > 0.86 else _corners(page, big, rng, style.level)
        canvas = _lay(canvas, _worn(page.image, rng) if style.clutter else page.image, corners, rng)
        pages.append(corners)
        directions.append(corners)
        if page.zone is not None:
            zones.append(_moved(page, corners))
    if rng.random() < 0.35:
        _fingers(canvas, pages, rng)
    image = _taken(canvas, side, rng)
    small = side // STRIDE
    target = np.zeros((4, small, small), np.float32)
    target[0] = _mask(pages, big, small)
    target[1] = _mask(zones, big, small)
    for corners in directions:
        along = corners[1] - corners[0] + corners[2] - corners[3]
        along = along / max(float(np.linalg.norm(along)), 1e-6)
        target[2] += target[0] * along[0]
        target[3] += target[0] * along[1]
    half = tuple(np.asarray(c / 2, np.float32) for c in pages)
    return Composite(image, target, half, tuple(np.asarray(z / 2, np.float32) for z in zones))


def _mask(quads: list[Floats], big: int, small: int) -> Floats:
    mask = np.zeros((big, big), np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(mask, np.round(quad * 16).astype(np.int32), 255, shift=4)
    shrunk = cv2.resize(mask, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32) / np.float32(255)


def _pick(first: int, rng: np.random.Generator, style: Style) -> FlatPage:
    number = first + int(rng.integers(style.pool))
    return specimen_page(number) if rng.random() < 0.4 else loose_page(number, stained=style.clutter)


def _corners(page: FlatPage, big: int, rng: np.random.Generator, level: float) -> Floats:
    height, width = page.image.shape[:2]
    long = max(height, width)
    scale = big / long * float(np.exp(rng.uniform(np.log(0.38), np.log(1.12))))
    angle = rng.uniform(-np.pi, np.pi)
    if rng.random() < level:
        angle = float(rng.choice([0, 0, 0.5, 1, 1.5])) * np.pi + rng.normal(0, 0.09)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - [width / 2, height / 2]
    jitter = rng.uniform(-1, 1, (4, 2)) * rng.uniform(0, 0.07) * long
    placed = (flat + jitter) @ spin.T * scale
    span = placed.max(0) - placed.min(0)
    free = np.maximum(big - span, 0.0) / 2 + 0.04 * big
    return np.asarray(placed + big / 2 + rng.uniform(-1, 1, 2) * free, np.float32)


def _scan_corners(page: FlatPage, big: int, rng: np.random.Generator) -> Floats:
    """The page alone fills the picture's width or height, as in a scan that was cropped to it."""
    height, width = page.image.shape[:2]
    scale = big / max(height, width) * float(rng.uniform(0.94, 1.02))
    flat = (np.array([[0, 0], [width, 0], [width, height], [0, height]]) - [width / 2, height / 2]) * scale
    quarter = int(rng.choice([0, 0, 0, 1, 2, 3]))
    angle = quarter * np.pi / 2 + rng.normal(0, 0.01)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(flat @ spin.T + big / 2, np.float32)


def _moved(page: FlatPage, corners: Floats) -> Floats:
    height, width = page.image.shape[:2]
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), corners
    )
    left, top, right, bottom = page.zone or (0.0, 0.0, 0.0, 0.0)
    quad = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float32)
    return np.asarray(cv2.perspectiveTransform(quad, matrix)[0], np.float32)


def _worn(page: Image, rng: np.random.Generator) -> Image:
    """The page pale, grey, or with a grain over it, as prints and copies are; mostly as it is."""
    kind = rng.random()
    if kind < 0.65:
        return page
    worn: Any = page.astype(np.float32)
    if kind < 0.75 or kind > 0.95:
        worn = np.repeat(worn.mean(2, keepdims=True), 3, axis=2)
    if kind > 0.75:
        middle = float(rng.uniform(120, 235))
        worn = middle + (worn - worn.mean()) * rng.uniform(0.3, 1.3)
    if kind > 0.9:
        worn = worn + rng.normal(0, rng.uniform(5, 35), (*page.shape[:2], 1))
    return np.asarray(np.clip(worn, 0, 255), np.uint8)


def _lay(canvas: Image, page: Image, corners: Floats, rng: np.random.Generator) -> Image:
    """The page on the table, with a shadow below it and its light its own."""
    height, width = page.shape[:2]
    big = canvas.shape[0]
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), corners
    )
    tone = rng.uniform(0.45, 1.1) * rng.uniform(0.9, 1.1, 3)
    lit = np.clip(page * tone, 0, 255).astype(np.uint8)
    warped = cv2.warpPerspective(lit, matrix, (big, big), flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, (big, big), flags=cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        move = np.array([[1, 0, rng.uniform(-10, 10)], [0, 1, rng.uniform(-10, 10)]], np.float32)
        shadow = cv2.GaussianBlur(cv2.warpAffine(mask, move, (big, big)), (0, 0), float(rng.uniform(2, 9)))
        canvas = (canvas * (1 - shadow[:, :, None] / 255 * float(rng.uniform(0.1, 0.5)))).astype(np.uint8)
    share = mask[:, :, None].astype(np.float32) / 255
    return np.asarray(canvas * (1 - share) + warped * share, np.uint8)


def _fingers(canvas: Image, pages: list[Floats], rng: np.random.Generator) -> None:
    big = canvas.shape[0]
    for _ in range(int(rng.integers(1, 4))):
        if pages:
            quad = pages[0]
            edge = int(rng.integers(4))
            at = quad[edge] + (quad[(edge + 1) % 4] - quad[edge]) * rng.uniform(0.05, 0.95)
        else:
            at = rng.uniform(0, big, 2)
        axes = (int(big * rng.uniform(0.02, 0.05)), int(big * rng.uniform(0.06, 0.16)))
        skin = tuple(float(v) for v in rng.uniform((50, 70, 90), (150, 180, 230)))
        cv2.ellipse(canvas, (int(at[0]), int(at[1])), axes, float(rng.uniform(0, 360)), 0, 360, skin, -1, cv2.LINE_AA)


def _taken(canvas: Image, side: int, rng: np.random.Generator) -> Image:
    """What light, lens and file do to the picture."""
    picture: Any = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    turn = rng.uniform(0, 6.28)
    picture *= (1 + rng.uniform(0, 0.4) * (np.cos(turn) * x + np.sin(turn) * y))[:, :, None]
    if rng.random() < 0.25:  # a shadow with an edge
        side_of = np.cos(turn) * x + np.sin(turn) * y > rng.uniform(-0.6, 0.6)
        picture *= np.where(cv2.GaussianBlur(side_of.astype(np.float32), (0, 0), 3) > 0.5, 1.0, rng.uniform(0.5, 0.9))[
            :, :, None
        ]
    if rng.random() < 0.2:
        cx, cy = rng.uniform(-0.8, 0.8, 2)
        a, b = rng.uniform(0.05, 0.35, 2)
        picture += (np.exp(-(((x - cx) / a) ** 2 + ((y - cy) / b) ** 2)) * rng.uniform(80, 255))[:, :, None]
    picture *= rng.uniform(0.85, 1.15, 3).astype(np.float32)
    picture = 128 + (picture - 128) * rng.uniform(0.6, 1.2) + rng.uniform(-30, 25)
    if rng.random() < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.5)))
    picture = picture + rng.normal(0, rng.uniform(0, 9), picture.shape)
    image = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.12:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    if rng.random() < 0.4:
        code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        image = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(image)


def _background(number: int, big: int, rng: np.random.Generator, *, busy: bool) -> Image:
    if rng.random() < 0.08:
        return np.full((big, big, 3), float(rng.choice([0, 255, rng.uniform(0, 255)])), np.uint8)
    table = texture(number, busy=busy)
    size = table.shape[0]
    part = int(rng.integers(size // 2, size + 1))
    x, y = (int(rng.integers(0, size - part + 1)) for _ in range(2))
    cut = table[y : y + part, x : x + part]
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    cut = np.ascontiguousarray(np.rot90(cut, int(rng.integers(4))))
    return np.asarray(cv2.resize(cut, (big, big), interpolation=cv2.INTER_LINEAR), np.uint8)
