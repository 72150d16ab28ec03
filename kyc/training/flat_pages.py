"""Draws the flat pages that the page locator learns from: specimens of ours, and pages of no layout at all. Loose on
purpose: the network must learn what a zone and a page are, not how our specimens look.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import cv2
import numpy as np

from kyc.document import DocumentType
from kyc.geometry import Image
from kyc.mrz import ALPHABET
from kyc.specimens.documents import draw_flat, invent_document
from kyc.specimens.ocrb import ADVANCE, CAP_HEIGHT, draw_line
from kyc.specimens.portrait import IDENTITIES, draw_portrait

PAGE_WIDTH = 640
AS_OF = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class FlatPage:
    """A page before it is photographed; `zone` is left, top, right, bottom of all its machine readable lines."""

    image: Image
    zone: tuple[float, float, float, float] | None


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
def loose_page(number: int, *, stained: bool = False) -> FlatPage:
    """A page of no layout at all: tinted, patterned ground, a portrait or none, print anywhere, a zone or none.
    Three of ten `stained` ones have noise for a ground as well."""
    rng = np.random.default_rng([number, 303])
    width = PAGE_WIDTH
    height = round(width / float(rng.choice([1.586, 1.42, 1.42, 1.5])))
    page = tinted(height, width, rng, stained=stained)
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
    print_text(page, lowest, rng)
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


def print_text(page: Image, lowest: int, rng: np.random.Generator) -> None:
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


def tinted(height: int, width: int, rng: np.random.Generator, *, stained: bool = False) -> Image:
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
    if stained and rng.random() < 0.3:
        page += spectrum(height, width, rng) * float(rng.uniform(3, 25))
    return np.clip(page, 0, 255).astype(np.uint8)


def spectrum(height: int, width: int, rng: np.random.Generator) -> Any:
    """Noise whose power falls with frequency, height x width x 3, of mean 0 and deviation 1; its colours go together
    more or less."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    stretch = np.exp(rng.normal(0, 0.5))
    falling = np.hypot(rows * stretch, columns / stretch) + 1.0 / max(height, width)
    falling = falling ** -rng.uniform(0.6, 2.0)
    layers = [
        np.fft.irfft2(falling * np.fft.rfft2(rng.standard_normal((height, width))), (height, width)) for _ in range(3)
    ]
    noise = np.stack([layer / max(float(layer.std()), 1e-9) for layer in layers], axis=2)
    mixed = noise @ (rng.uniform(0, 1) * np.eye(3) + rng.uniform(0, 1, (1, 3)))
    return (mixed / max(float(mixed.std()), 1e-9)).astype(np.float32)


def spread(page: FlatPage, rng: np.random.Generator, *, stained: bool = False) -> FlatPage:
    """The page of an open booklet with its neighbour above or below; both count as the document."""
    height, width = page.image.shape[:2]
    other = tinted(int(height * rng.uniform(0.7, 1.0)), width, rng, stained=stained)
    if rng.random() < 0.7:
        print_text(other, int(other.shape[0] * rng.uniform(0.3, 1.0)), rng)
    fold = max(2, int(height * 0.015))
    for row in range(fold):
        other[-1 - row] = (other[-1 - row] * (0.55 + 0.4 * row / fold)).astype(np.uint8)
    if page.zone is None or rng.random() < 0.75:
        left, top, right, bottom = page.zone or (0.0, 0.0, 0.0, 0.0)
        zone = None if page.zone is None else (left, top + other.shape[0], right, bottom + other.shape[0])
        return FlatPage(np.vstack([other, page.image]), zone)
    return FlatPage(np.vstack([page.image, other[::-1]]), page.zone)


def stacked(page: FlatPage, other: FlatPage, rng: np.random.Generator) -> FlatPage:
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
