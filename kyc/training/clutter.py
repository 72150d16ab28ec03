"""Draws tables on which documents lie: grain, weave, tiles, clouds, and what photographs are made of from afar, noise
whose power falls with frequency, leaves that cover one another, and strands; with sheets of print, keys and cables on
them.

Shapes that cover one another and 1/f noise have the statistics of photographs (Lee, Mumford and Huang 2001; Baradad et
al. 2021, "Learning to see by looking at noise"): a network that saw only smooth tables takes brick and grass for print.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import cv2
import numpy as np

from kyc.geometry import Image
from kyc.training.flat_pages import print_text, spectrum, tinted

SIZE = 640


@cache
def texture(number: int, *, busy: bool = False) -> Image:
    """A table of SIZE x SIZE with things on it: keys, sheets of print, boxes, cables, stripes. A `busy` one is mostly
    as photographs are from afar."""
    rng = np.random.default_rng([number, 304])
    grounds = SMOOTH + BUSY if busy else SMOOTH
    ground = grounds[int(rng.integers(len(grounds)))](SIZE, rng)
    if busy:
        ground = _muted(ground, float(rng.uniform(0, 1.2)))
    things = (_sheet, _sheet, _keys, partial(_blocks, stained=busy), _cables, _stripes)
    for _ in range(int(rng.choice([0, 1, 3, 6, 10]))):
        things[int(rng.integers(len(things)))](ground, rng)
    return ground


def _muted(image: Image, share: float) -> Image:
    """The picture with a `share` of its colour taken out."""
    plain = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    share = min(1.0, share)
    return np.asarray(cv2.addWeighted(image, 1 - share, plain, share, 0), np.uint8)


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


def _spectrum(size: int, rng: np.random.Generator) -> Image:
    noise = spectrum(size, size, rng) * rng.uniform(10, 55)
    return np.asarray(np.clip(rng.uniform(40, 210, 3) + noise, 0, 255), np.uint8)


def _leaves(size: int, rng: np.random.Generator) -> Image:
    """Shapes of all sizes that cover one another, each of one colour of a walk or with a texture of its own."""
    image = _spectrum(size, rng)
    palette = np.clip(rng.uniform(0, 255, 3) + np.cumsum(rng.normal(0, rng.uniform(8, 60), (24, 3)), axis=0), 0, 255)
    stuff = [_spectrum(size, rng) for _ in range(3)] if rng.random() < 0.6 else []
    smallest, largest = rng.uniform(3, 12), rng.uniform(40, 220)
    kind = int(rng.integers(4))
    for _ in range(int(rng.integers(80, 700))):
        radius = smallest * (largest / smallest) ** float(rng.random() ** 2)
        centre = rng.uniform(0, size, 2)
        corners = 4 if kind == 1 else int(rng.integers(3, 8)) if kind == 2 else 24
        turns = np.sort(rng.uniform(0, 6.28, corners)) if kind == 2 else np.arange(corners) * 6.28 / corners
        turns = turns + rng.uniform(0, 6.28)
        ring = np.stack([np.cos(turns), np.sin(turns) * (1 if kind == 0 else rng.uniform(0.1, 1))], 1) * radius
        lean = rng.uniform(0, 6.28) if kind != 1 or rng.random() < 0.3 else 0.0
        spin = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
        shape = np.round((ring @ spin.T + centre) * 16).astype(np.int32)
        if stuff and rng.random() < 0.4:
            mask = np.zeros((size, size), np.uint8)
            cv2.fillPoly(mask, [shape], 255, shift=4)
            cv2.copyTo(stuff[int(rng.integers(len(stuff)))], mask, image)
        else:
            colour = tuple(float(v) for v in palette[int(rng.integers(len(palette)))])
            cv2.fillPoly(image, [shape], colour, cv2.LINE_AA, shift=4)
    return image


def _strands(size: int, rng: np.random.Generator) -> Image:
    """Thousands of short lines that run about one way, as grass, hair and cloth do."""
    image = _spectrum(size, rng)
    base, spread_of = rng.uniform(30, 220, 3), rng.uniform(5, 60)
    way, scatter, length = rng.uniform(0, 6.28), rng.uniform(0.05, 1.2), rng.uniform(6, 60)
    count = int(rng.integers(500, 5000))
    starts = rng.uniform(0, size, (count, 2))
    ways = way + rng.normal(0, scatter, count)
    ends = starts + np.stack([np.cos(ways), np.sin(ways)], 1) * length * rng.uniform(0.3, 1.5, (count, 1))
    shades = np.clip(base + rng.normal(0, spread_of, (count, 1)) + rng.normal(0, 8, (count, 3)), 0, 255)
    widths = rng.integers(1, 4, count)
    for start, end, shade, wide in zip(starts, ends, shades, widths, strict=True):
        a, b = (tuple(int(v) for v in point) for point in (start, end))
        cv2.line(image, a, b, tuple(float(v) for v in shade), int(wide), cv2.LINE_AA)
    return image


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


def _blocks(ground: Image, rng: np.random.Generator, *, stained: bool) -> None:
    thing = tinted(int(rng.integers(40, 300)), int(rng.integers(40, 300)), rng, stained=stained)
    thing = np.clip(thing * rng.uniform(0.2, 1.0, 3), 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        print_text(thing, thing.shape[0], rng)
    _put(ground, thing, rng)


def _cables(ground: Image, rng: np.random.Generator) -> None:
    points = np.cumsum(rng.normal(0, 60, (12, 2)), axis=0) + rng.uniform(0, SIZE, 2)
    colour = tuple(float(v) for v in rng.uniform(0, 255, 3))
    cv2.polylines(ground, [points.astype(np.int32)], False, colour, int(rng.integers(2, 14)), cv2.LINE_AA)


def _stripes(ground: Image, rng: np.random.Generator) -> None:
    count = int(rng.integers(5, 40))
    bars = (rng.random((1, count, 1)) > 0.5) * rng.uniform(60, 255, 3)
    size = (int(rng.integers(80, 400)), int(rng.integers(20, 120)))
    _put(ground, np.asarray(cv2.resize(bars.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.uint8), rng)


SMOOTH = (_grain, _weave, _tiles, _cloud)
BUSY = (_spectrum, _spectrum, _leaves, _leaves, _leaves, _strands, _strands)
