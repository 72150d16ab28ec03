"""Draws pictures in which documents lie about, with the truth that the page locator learns: where a document is, where
its machine readable zone stands, and which way both are read. Layouts and clutter here are loose on purpose: the
network must learn what a zone and a page are, not how our specimens look.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.document import DocumentType
from kyc.geometry import Image
from kyc.mrz import ALPHABET
from kyc.specimens.documents import draw_flat, invent_document
from kyc.specimens.ocrb import ADVANCE, CAP_HEIGHT, draw_line
from kyc.specimens.portrait import IDENTITIES, draw_portrait

SIDE = 320
STRIDE = 4
PAGE_WIDTH = 640
AS_OF = date(2026, 1, 1)
POOL = 160
"""Flat pages and backgrounds kept in memory and taken again and again, each time in another light and place."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FlatPage:
    """A page before it is photographed; `zone` is left, top, right, bottom of all its machine readable lines."""

    image: Image
    zone: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Composite:
    """`image` SIDE x SIDE colour; `target` 4 x (SIDE / STRIDE)²: page, zone, cosine and sine of the reading direction
    (zero where there is no page). `pages` and `zones` are corners in pixels of the image, clockwise from top left."""

    image: Image
    target: Floats
    pages: tuple[Floats, ...]
    zones: tuple[Floats, ...]


def compose(seed: int, *, side: int = SIDE, first_page: int = 0) -> Composite:
    """One picture; the same seed draws the same. `first_page` chooses pages that training did not see."""
    rng = np.random.default_rng([seed, 301])
    big = side * 2
    canvas = _background(int(rng.integers(POOL)) + first_page, big, rng)
    pages: list[Floats] = []
    zones: list[Floats] = []
    directions: list[Floats] = []
    kind = rng.random()
    if kind > 0.06:
        page = _pick(first_page, rng)
        if kind < 0.18:
            page = _spread(page, rng)
        elif kind < 0.26:
            page = _stacked(page, _pick(first_page, rng), rng)
        corners = _scan_corners(page, big, rng) if kind > 0.86 else _corners(page, big, rng)
        canvas = _lay(canvas, page.image, corners, rng)
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


def _pick(first: int, rng: np.random.Generator) -> FlatPage:
    number = first + int(rng.integers(POOL))
    return specimen_page(number) if rng.random() < 0.4 else loose_page(number)


@cache
def specimen_page(number: int) -> FlatPage:
    """A page of `kyc.specimens`, flat."""
    rng = np.random.default_rng([number, 302])
    kind = (DocumentType.TD3, DocumentType.TD1, DocumentType.TD2, DocumentType.MRVA)[int(rng.integers(4))]
    seed = 40_000_000 + number
    side = "both" if kind is not DocumentType.TD1 else ("front", "back")[int(rng.random() < 0.7)]
    flat = draw_flat(invent_document(seed, AS_OF, type=kind), seed, side=side)
    factor = PAGE_WIDTH / flat.image.shape[1]
    image = cv2.resize(flat.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    boxes = np.array(flat.mrz_boxes, np.float64) * factor
    # The boxes of lines carry half a capital's margin on every side; the zone is the print itself.
    zone = None
    if len(boxes):
        margin = (boxes[0, 3] - boxes[0, 1]) / 4
        zone = (boxes[0, 0] + margin, boxes[0, 1] + margin, boxes[-1, 2] - margin, boxes[-1, 3] - margin)
    return FlatPage(np.asarray(image, np.uint8), zone)


@cache
def loose_page(number: int) -> FlatPage:
    """A page of no layout at all: tinted, patterned ground, a portrait or none, print anywhere, a zone or none."""
    rng = np.random.default_rng([number, 303])
    width = PAGE_WIDTH
    height = round(width / float(rng.choice([1.586, 1.42, 1.42, 1.5])))
    page = _tinted(height, width, rng)
    if rng.random() < 0.75:
        h = int(height * rng.uniform(0.3, 0.62))
        w = int(h * rng.uniform(0.7, 0.85))
        at = int(rng.uniform(0.02, 0.1) * width) if rng.random() < 0.7 else int(width * 0.95 - w)
        top = int(rng.uniform(0.08, 0.3) * height)
        face = draw_portrait(IDENTITIES[int(rng.integers(len(IDENTITIES)))], number, w, h)
        page[top : top + h, at : at + w] = face[: page[top : top + h].shape[0]]
    if rng.random() < 0.4:
        _seal(page, rng)
    zone = None
    lowest = height
    if rng.random() < 0.75:
        zone = _print_zone(page, rng)
        lowest = int(zone[1]) - 8
    _print_text(page, lowest, rng)
    return FlatPage(page, zone)


def _print_zone(page: Image, rng: np.random.Generator) -> tuple[float, float, float, float]:
    height, width = page.shape[:2]
    count, length = ((2, 44), (2, 44), (2, 36), (3, 30))[int(rng.integers(4))]
    share = {44: rng.uniform(0.84, 0.96), 36: rng.uniform(0.8, 0.96), 30: rng.uniform(0.84, 0.97)}[length]
    cap = width * share / length / (ADVANCE / CAP_HEIGHT)
    pitch = cap * float(rng.uniform(1.45, 2.2))
    bottom = height - float(rng.uniform(0.02, 0.1)) * height
    if rng.random() < 0.08:
        bottom = height * float(rng.uniform(0.5, 0.9))
    top = bottom - (count - 1) * pitch - cap
    if rng.random() < 0.5:
        first = max(0, int(top - 0.8 * cap))
        shade = float(rng.uniform(215, 255))
        page[first:] = (page[first:] * 0.3 + shade * 0.7).astype(np.uint8)
    left = (width - width * share) / 2 + float(rng.uniform(-0.4, 0.4)) * (1 - share) * width
    ink = float(rng.uniform(5, 80))
    weight = int(rng.integers(-2, 4))
    for number in range(count):
        cover = draw_line(random_zone_line(number, count, length, rng), cap, weight=weight)
        y, x = int(top + number * pitch - 0.5 * cap), int(left - 0.5 * cap)
        _stamp(page, cover, x, y, ink)
    return left, top, left + width * share, bottom


def random_zone_line(number: int, count: int, length: int, rng: np.random.Generator) -> str:
    """Signs spread as in real zones: letters and a run of fillers, or digits, letters and a short run."""
    letters, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
    name_line = number == (0 if count == 2 else 2)
    if name_line:
        words = ["".join(rng.choice(list(letters), int(rng.integers(2, 11)))) for _ in range(int(rng.integers(2, 5)))]
        text = ("P<" if count == 2 else "") + "<".join(words)
    else:
        text = "".join(rng.choice(list(digits + digits + letters), int(rng.integers(length // 2, length + 1))))
    return (text + "<" * length)[:length].replace(" ", ALPHABET[-1])


def _stamp(page: Image, cover: Image, x: int, y: int, ink: float) -> None:
    height, width = page.shape[:2]
    a, b = max(0, y), min(height, y + cover.shape[0])
    c, d = max(0, x), min(width, x + cover.shape[1])
    if a >= b or c >= d:
        return
    share = cover[a - y : b - y, c - x : d - x, None].astype(np.float32) / 255
    page[a:b, c:d] = (page[a:b, c:d] * (1 - share) + ink * share).astype(np.uint8)


def _print_text(page: Image, lowest: int, rng: np.random.Generator) -> None:
    height, width = page.shape[:2]
    y = height * rng.uniform(0.05, 0.15)
    column = width * float(rng.choice([0.04, 0.34, 0.34, 0.4]))
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
    face = fonts[int(rng.integers(4))]
    while y < lowest - 10:
        x = column + float(rng.uniform(0, 10))
        size = float(rng.uniform(0.28, 0.75))
        while x < width * 0.9:
            word = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVWZabcdeimnorst0123456789./"), int(rng.integers(3, 14))))
            colour = tuple(float(v) for v in rng.uniform(0, 110, 3))
            cv2.putText(page, word, (int(x), int(y)), face, size, colour, 1 + int(size > 0.6), cv2.LINE_AA)
            x += size * 20 * len(word) + rng.uniform(10, 160)
            if rng.random() < 0.5:
                break
        y += 32 * size + rng.uniform(2, 26)


def _seal(page: Image, rng: np.random.Generator) -> None:
    height, width = page.shape[:2]
    centre = (int(rng.uniform(0.2, 0.9) * width), int(rng.uniform(0.15, 0.8) * height))
    radius = int(rng.uniform(0.06, 0.2) * height)
    copy = page.copy()
    colour = tuple(float(v) for v in rng.uniform(40, 220, 3))
    for ring in range(int(rng.integers(1, 5))):
        cv2.circle(copy, centre, max(2, radius - 5 * ring), colour, int(rng.integers(1, 4)), cv2.LINE_AA)
    cv2.addWeighted(copy, 0.5, page, 0.5, 0, dst=page)


def _tinted(height: int, width: int, rng: np.random.Generator) -> Image:
    base = rng.uniform(150, 252, 3)
    coarse = rng.normal(0, 1, (int(rng.integers(2, 9)), int(rng.integers(2, 12)), 3)).astype(np.float32)
    page = base + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * float(rng.uniform(2, 22))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(int(rng.integers(0, 4))):
        angle, period = rng.uniform(0, 3.14), rng.uniform(3, 16)
        bend = rng.uniform(0, 12) * np.sin(y / rng.uniform(20, 90)) + rng.uniform(0, 12) * np.sin(
            x / rng.uniform(20, 90)
        )
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle) + bend) * 6.28 / period) > rng.uniform(0.2, 0.8)
        page -= (wave[:, :, None] * rng.uniform(0, 40, 3)).astype(np.float32)
    return np.clip(page, 0, 255).astype(np.uint8)


def _spread(page: FlatPage, rng: np.random.Generator) -> FlatPage:
    """The page of an open booklet with its neighbour above or below; both count as the document."""
    height, width = page.image.shape[:2]
    other = _tinted(int(height * rng.uniform(0.7, 1.0)), width, rng)
    if rng.random() < 0.7:
        _print_text(other, int(other.shape[0] * rng.uniform(0.3, 1.0)), rng)
    fold = max(2, int(height * 0.015))
    for row in range(fold):
        other[-1 - row] = (other[-1 - row] * (0.55 + 0.4 * row / fold)).astype(np.uint8)
    if page.zone is None or rng.random() < 0.75:
        left, top, right, bottom = page.zone or (0.0, 0.0, 0.0, 0.0)
        zone = None if page.zone is None else (left, top + other.shape[0], right, bottom + other.shape[0])
        return FlatPage(np.vstack([other, page.image]), zone)
    return FlatPage(np.vstack([page.image, other[::-1]]), page.zone)


def _stacked(page: FlatPage, other: FlatPage, rng: np.random.Generator) -> FlatPage:
    """Two sides in one scan, a strip of paper between them; the second's zone is painted over."""
    width = page.image.shape[1]
    above = other.image.copy()
    if other.zone is not None:
        first = int(other.zone[1])
        above = above[: max(first - 6, above.shape[0] // 2)]
    gap = np.full((int(rng.uniform(4, 50)), width, 3), float(rng.uniform(200, 255)), np.uint8)
    if page.zone is None:
        return FlatPage(np.vstack([above, gap, page.image]), None)
    left, top, right, bottom = page.zone
    down = above.shape[0] + gap.shape[0]
    return FlatPage(np.vstack([above, gap, page.image]), (left, top + down, right, bottom + down))


def _corners(page: FlatPage, big: int, rng: np.random.Generator) -> Floats:
    height, width = page.image.shape[:2]
    long = max(height, width)
    scale = big / long * float(np.exp(rng.uniform(np.log(0.38), np.log(1.12))))
    angle = rng.uniform(-np.pi, np.pi)
    if rng.random() < 0.6:
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


def _background(number: int, big: int, rng: np.random.Generator) -> Image:
    if rng.random() < 0.08:
        return np.full((big, big, 3), float(rng.choice([0, 255, rng.uniform(0, 255)])), np.uint8)
    table = texture(number)
    size = table.shape[0]
    part = int(rng.integers(size // 2, size + 1))
    x, y = (int(rng.integers(0, size - part + 1)) for _ in range(2))
    cut = table[y : y + part, x : x + part]
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    cut = np.ascontiguousarray(np.rot90(cut, int(rng.integers(4))))
    return np.asarray(cv2.resize(cut, (big, big), interpolation=cv2.INTER_LINEAR), np.uint8)


@cache
def texture(number: int) -> Image:
    """A table of 640 x 640 with things on it: grain, weave, tiles, keys, sheets of print, boxes, cables."""
    rng = np.random.default_rng([number, 304])
    size = 640
    ground = (_grain, _weave, _tiles, _cloud)[int(rng.integers(4))](size, rng)
    things = (_sheet, _sheet, _keys, _blocks, _cables, _stripes)
    for _ in range(int(rng.choice([0, 1, 3, 6, 10]))):
        things[int(rng.integers(len(things)))](ground, rng)
    return ground


def _grain(size: int, rng: np.random.Generator) -> Image:
    coarse = rng.normal(0, 1, (int(rng.integers(20, 90)), int(rng.integers(2, 8)), 1)).astype(np.float32)
    grain = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)[:, :, None]
    return np.clip(rng.uniform(40, 200, 3) + grain * rng.uniform(5, 30), 0, 255).astype(np.uint8)


def _weave(size: int, rng: np.random.Generator) -> Image:
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    period = rng.uniform(4, 40)
    wave: Any = np.sin(x * 6.28 / period) * np.sin(y * 6.28 / (period * rng.uniform(0.6, 1.6)))
    return np.asarray(np.clip(rng.uniform(20, 220, 3) + wave[:, :, None] * rng.uniform(5, 50, 3), 0, 255), np.uint8)


def _tiles(size: int, rng: np.random.Generator) -> Image:
    count = int(rng.integers(2, 9))
    tiles = np.clip(rng.uniform(50, 220, 3) + rng.normal(0, rng.uniform(3, 30), (count, count, 3)), 0, 255)
    image: Any = cv2.resize(tiles.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST)
    for line in range(0, size, size // count):
        cv2.line(image, (line, 0), (line, size), (90, 90, 90), int(rng.integers(1, 6)))
        cv2.line(image, (0, line), (size, line), (90, 90, 90), int(rng.integers(1, 6)))
    return np.asarray(image, np.uint8)


def _cloud(size: int, rng: np.random.Generator) -> Image:
    image = np.zeros((size, size, 3), np.float32) + rng.uniform(20, 235, 3)
    for cells in (3, 12, 60):
        noise = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        image += cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC) * rng.uniform(3, 25)
    return np.clip(image, 0, 255).astype(np.uint8)


Thing = Callable[[Image, np.random.Generator], None]


def _put(ground: Image, thing: Image, rng: np.random.Generator) -> None:
    size = ground.shape[0]
    height, width = thing.shape[:2]
    angle = float(rng.uniform(0, 360))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, float(rng.uniform(0.6, 1.3)))
    matrix[:, 2] += rng.uniform(0, size, 2) - [width / 2, height / 2]
    warped = cv2.warpAffine(thing, matrix, (size, size))
    mask = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, (size, size))
    ground[mask > 127] = warped[mask > 127]


def _sheet(ground: Image, rng: np.random.Generator) -> None:
    """A sheet of print, or a receipt: the likeliest thing to be taken for a zone."""
    height, width = int(rng.integers(150, 480)), int(rng.integers(120, 420))
    sheet = np.full((height, width, 3), float(rng.uniform(190, 255)), np.uint8)
    y, size = 14.0, float(rng.uniform(0.25, 0.6))
    step = size * rng.uniform(26, 50)
    while y < height - 8:
        word = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP0123456789      .,-"), 60))
        shown = word[: int(rng.integers(5, 60))]
        cv2.putText(sheet, shown, (8, int(y)), cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 1, cv2.LINE_AA)
        y += step
    _put(ground, sheet, rng)


def _keys(ground: Image, rng: np.random.Generator) -> None:
    rows, columns, key = int(rng.integers(2, 6)), int(rng.integers(4, 14)), int(rng.integers(18, 40))
    board = np.full((rows * key, columns * key, 3), float(rng.uniform(10, 200)), np.uint8)
    shade = tuple(float(v) for v in rng.uniform(10, 240, 3))
    for row in range(rows):
        for column in range(columns):
            corner = (column * key + 3, row * key + 3)
            cv2.rectangle(board, corner, (corner[0] + key - 6, corner[1] + key - 6), shade, -1)
            sign = chr(65 + int(rng.integers(26)))
            cv2.putText(board, sign, (corner[0] + 4, corner[1] + key // 2), 0, 0.4, (128, 128, 128), 1, cv2.LINE_AA)
    _put(ground, board, rng)


def _blocks(ground: Image, rng: np.random.Generator) -> None:
    thing = _tinted(int(rng.integers(40, 300)), int(rng.integers(40, 300)), rng)
    thing = np.clip(thing * rng.uniform(0.2, 1.0, 3), 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _print_text(thing, thing.shape[0], rng)
    _put(ground, thing, rng)


def _cables(ground: Image, rng: np.random.Generator) -> None:
    points = np.cumsum(rng.normal(0, 60, (12, 2)), axis=0) + rng.uniform(0, 640, 2)
    colour = tuple(float(v) for v in rng.uniform(0, 255, 3))
    cv2.polylines(ground, [points.astype(np.int32)], False, colour, int(rng.integers(2, 14)), cv2.LINE_AA)


def _stripes(ground: Image, rng: np.random.Generator) -> None:
    count = int(rng.integers(5, 40))
    bars = (rng.random((1, count, 1)) > 0.5) * rng.uniform(60, 255, 3)
    size = (int(rng.integers(80, 400)), int(rng.integers(20, 120)))
    _put(ground, np.asarray(cv2.resize(bars.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.uint8), rng)
