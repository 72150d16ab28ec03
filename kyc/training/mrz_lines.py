"""Draws single lines of machine readable zones with the damage that photographs do to them: what the line recogniser
learns from. Apart from `kyc.specimens`, whose documents it is evaluated on: no page, layout or background is shared.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from kyc.mrz import ALPHABET, MRVA, MRVB, TD1, TD2, TD3, compose, name_element
from kyc.specimens.ocrb import ADVANCE, CAP_HEIGHT, draw_line

HEIGHT = 32
PITCH = 12.0
"""Pixels a character in the recogniser's input; strips are scaled to it, as the length of a line is known."""
MAX_WIDTH = 640
TALLER = 1.6

Strip = NDArray[np.uint8]
_CAP = 40
_STATES = [
    "UTO",
    "D",
    "FRA",
    "NLD",
    "POL",
    "FIN",
    "PRT",
    "AUT",
    "SWE",
    "ITA",
    "ESP",
    "CZE",
    "USA",
    "GBR",
    "CHE",
    "BEL",
    "HUN",
    "ROU",
    "SVN",
    "HRV",
    "GRC",
    "DNK",
    "NOR",
    "ISL",
    "IRL",
    "LUX",
    "TUR",
    "UKR",
    "RUS",
    "CHN",
    "JPN",
    "KOR",
    "IND",
    "PAK",
    "BGD",
    "BRA",
    "ARG",
    "MEX",
    "CAN",
    "AUS",
    "NZL",
    "ZAF",
    "NGA",
    "EGY",
    "MAR",
    "TUN",
    "DZA",
    "KEN",
    "ETH",
]


@dataclass(frozen=True, slots=True)
class LineSample:
    """A strip of `HEIGHT` rows, grey, and what it says."""

    strip: Strip
    text: str


def random_line(rng: np.random.Generator) -> str:
    """A line of a random format with random elements; or, so that shapes are learnt and not habits, random signs."""
    if rng.random() < 0.35:
        length = (30, 36, 44)[int(rng.integers(3))]
        weights = np.array([1.0] * 36 + [float(rng.choice([2, 12]))])
        return "".join(rng.choice(list(ALPHABET), length, p=weights / weights.sum()))
    layout = (TD1, TD2, TD3, MRVA, MRVB)[int(rng.integers(5))]
    _, first, last = layout.spans["name"]
    surname = " ".join(_letters(rng, 2, 12) for _ in range(1 + int(rng.random() < 0.2)))
    given = " ".join(_letters(rng, 2, 10) for _ in range(int(rng.integers(1, 4))))
    state = _STATES[int(rng.integers(len(_STATES)))]
    elements = {
        "document_code": ("V" if layout in (MRVA, MRVB) else str(rng.choice(["P", "I", "A", "C", "ID", "PD", "AC"]))),
        "issuer": state,
        "number": _mixed(rng, int(rng.integers(7, 10))),
        "nationality": state,
        "birth_date": _digits(rng, 6),
        "sex": str(rng.choice(["M", "F", "<"])),
        "expiry_date": _digits(rng, 6),
        "name": name_element(surname, given, last - first),
    }
    for name in ("optional", "optional_2", "personal_number"):
        if name in layout.spans and rng.random() < 0.45:
            _, a, b = layout.spans[name]
            elements[name] = _mixed(rng, int(rng.integers(2, b - a + 1)))
    lines = compose(layout, elements)
    return lines[int(rng.integers(len(lines)))]


def draw_sample(seed: int) -> LineSample:
    """One line with its damage; the same seed draws the same strip."""
    rng = np.random.default_rng([seed, 201])
    text = random_line(rng)
    return LineSample(_damaged(text, rng), text)


def _letters(rng: np.random.Generator, low: int, high: int) -> str:
    return "".join(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), int(rng.integers(low, high + 1))))


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list("0123456789"), count))


def _mixed(rng: np.random.Generator, count: int) -> str:
    share = rng.choice([0.0, 0.15, 0.5])
    return "".join(_letters(rng, 1, 1) if rng.random() < share else _digits(rng, 1) for _ in range(count))


@cache
def _glyphs(font: str, weight: int, slant: float) -> dict[str, Strip]:
    """Coverage of each sign at a cap height of 40 pixels on a canvas of equal size, baseline at the same row."""
    if font == "ocrb":
        return {c: draw_line(c, _CAP, weight=weight, slant=slant) for c in ALPHABET}
    spec = importlib.util.find_spec("matplotlib")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" if spec and spec.origin else Path()
    face = ImageFont.truetype(str(folder / f"{font}.ttf"), round(_CAP / 0.729))
    result: dict[str, Strip] = {}
    for sign in ALPHABET:
        picture = Pillow.new("L", (_CAP * 2, _CAP * 2), 0)
        ImageDraw.Draw(picture).text((_CAP * 0.5, _CAP * 1.5), sign, font=face, fill=255, anchor="ls")
        drawn = np.asarray(picture, np.uint8)
        if weight:
            kernel = np.ones((abs(weight), abs(weight)), np.uint8)
            drawn = np.asarray((cv2.dilate if weight > 0 else cv2.erode)(drawn, kernel), np.uint8)
        result[sign] = drawn
    return result


def _line(text: str, rng: np.random.Generator) -> Strip:
    """The line's coverage at a cap height of 40 pixels: middle of the print at the middle row, margins of one pitch."""
    kind = rng.random()
    if kind < 0.86:
        glyphs = _glyphs("ocrb", int(rng.integers(-5, 9)), round(float(rng.choice([0, 0, 0, 0.06, -0.05])), 2))
    else:
        name = ("DejaVuSansMono", "DejaVuSansMono-Bold")[int(kind > 0.94)]
        glyphs = _glyphs(name, int(rng.integers(-1, 2)), 0.0)
    pitch = _CAP * ADVANCE / CAP_HEIGHT * float(rng.uniform(0.9, 1.12))
    height = 2 * _CAP
    canvas = np.zeros((height, int(pitch * (len(text) + 2)) + 2 * _CAP), np.uint8)
    for index, sign in enumerate(text):
        glyph = glyphs[sign]
        left = int(pitch * (index + 1) - _CAP * 0.5 + rng.normal(0, 0.6)) + _CAP // 2
        top = int(rng.normal(0, 0.5)) if rng.random() < 0.3 else 0
        h, w = glyph.shape
        a, b = max(0, top), min(height, top + h)
        place = canvas[a:b, left : left + w]
        np.maximum(place, glyph[a - top : b - top, : place.shape[1]], out=place)
    return canvas[:, _CAP // 2 : int(pitch * (len(text) + 2)) + _CAP // 2]


def _damaged(text: str, rng: np.random.Generator) -> Strip:
    cover = _line(text, rng)
    h, w = cover.shape
    spacing = int(_CAP * rng.uniform(1.45, 2.1))
    page = np.zeros((h + 2 * spacing, w), np.uint8)
    page[spacing : spacing + h] = cover
    for offset in (-spacing, spacing):  # the neighbours, of which a strip shows the edges
        if rng.random() < 0.7:
            place = page[spacing + offset : spacing + offset + h]
            np.maximum(place, np.roll(cover, int(rng.integers(w)), axis=1), out=place)
    strip_height = _CAP * float(rng.uniform(1.2, 2.2))
    pixels = HEIGHT / strip_height
    pitch = PITCH * float(rng.uniform(0.78, 1.3))
    out_w = min(MAX_WIDTH, max(64, int((len(text) + 2) * pitch)))
    margin = w / (len(text) + 2)
    left = margin * float(rng.uniform(0.0, 0.95))
    right = w - margin * float(rng.uniform(0.0, 0.95))
    middle = spacing + h / 2 + _CAP * float(rng.uniform(-0.14, 0.14))
    tilt = float(rng.normal(0, 0.09)) * _CAP
    bow = float(rng.normal(0, 0.05)) * _CAP
    source = np.array(
        [
            [left, middle - strip_height / 2 - tilt],
            [right, middle - strip_height / 2 + tilt + bow],
            [right, middle + strip_height / 2 + tilt],
            [left, middle + strip_height / 2 - tilt + bow],
        ],
        np.float32,
    )
    # The picture's own resolution: from as coarse as readable to finer than the recogniser's.
    scale = float(rng.choice([rng.uniform(0.42, 0.8), rng.uniform(0.8, 1.2), rng.uniform(1.2, 2.0)], p=[0.3, 0.4, 0.3]))
    height, width = max(10, round(HEIGHT * scale)), max(48, round(out_w * scale))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shrink = min(1.0, 1.6 * pixels * scale)
    if shrink < 1.0:
        page = np.asarray(cv2.resize(page, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        source = source * shrink
    matrix = cv2.getPerspectiveTransform(source, target)
    ink = cv2.warpPerspective(page, matrix, (width, height), flags=cv2.INTER_LINEAR).astype(np.float32) / 255
    if rng.random() < 0.25:  # broken print
        holes = cv2.resize(rng.random((height // 3 + 1, width // 3 + 1)).astype(np.float32), (width, height))
        ink *= np.where(holes < rng.uniform(0.1, 0.3), rng.uniform(0.1, 0.6), 1.0)
    paper = _paper(height, width, rng)
    dark = float(rng.uniform(0, 90))
    strip: NDArray[Any] = paper * (1 - ink) + np.minimum(dark, paper - 25) * ink
    if rng.random() < 0.12:
        x = np.linspace(-1, 1, width)[None, :]
        strip = strip + 160 * rng.uniform(0.3, 1) * np.exp(-(((x - rng.uniform(-1, 1)) / rng.uniform(0.05, 0.3)) ** 2))
    strip = _smeared(np.asarray(strip, np.float32), scale, rng)
    if rng.random() < 0.2:  # little light: less range, as much grain
        strip = strip * float(rng.uniform(0.3, 0.75)) + float(rng.uniform(0, 40))
    strip = strip + rng.normal(0, rng.uniform(0, 12), strip.shape)
    image = np.clip(strip, 0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 92))])[1]
        image = np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (out_w, HEIGHT), interpolation=way), np.uint8)


def _smeared(strip: NDArray[np.float32], scale: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Out of focus, shaken, both or neither; `scale` is the strip's pixels over the recogniser's. The recogniser's
    strips are taller than life: what is round in the picture is `TALLER` times as high as wide in them."""
    if rng.random() < 0.7:
        across = abs(float(rng.normal(0, 0.75))) * scale
        up = across
    else:
        across = float(rng.uniform(0.5, 2.1)) * scale
        up = across * TALLER
    if across > 0.2:
        strip = np.asarray(cv2.GaussianBlur(strip, (0, 0), across, sigmaY=up), np.float32)
    if rng.random() < 0.25:
        length, angle = float(rng.uniform(2, 8)) * scale, float(rng.uniform(0, np.pi))
        dx, dy = length / 2 * np.cos(angle), length / 2 * np.sin(angle) * TALLER
        reach = int(np.ceil(max(abs(dx), abs(dy)))) + 1
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        for part in np.linspace(-1, 1, 4 * reach + 1):
            kernel[round(reach + dy * part), round(reach + dx * part)] += 1
        strip = np.asarray(cv2.filter2D(strip, -1, kernel / kernel.sum()), np.float32)
    return strip


def _paper(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Light ground with uneven light, a few families of fine lines, and grain."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    paper = np.full((height, width), float(rng.uniform(110, 250)), np.float32)
    paper += (x / width - 0.5) * float(rng.normal(0, 25)) + (y / height - 0.5) * float(rng.normal(0, 15))
    for _ in range(int(rng.integers(0, 3))):
        angle, period = rng.uniform(0, 3.14), rng.uniform(2.5, 14)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle) + 3 * np.sin(x / rng.uniform(15, 60))) * 6.28 / period)
        paper += float(rng.uniform(2, 22)) * np.where(wave > rng.uniform(0.3, 0.9), -1, 0)
    if rng.random() < 0.3:
        coarse = rng.normal(0, 1, (height // 6 + 2, width // 12 + 2)).astype(np.float32)
        paper += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * float(rng.uniform(3, 14))
    return np.asarray(np.clip(paper, 60, 255), np.float32)
