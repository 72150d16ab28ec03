"""Draws the flat pages of evaluation documents: other paper, type, arrangements and zones than `kyc.specimens`."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from kyc.evaluation.words import CYRILLIC, DECOYS, GREEK
from kyc.geometry import Image
from kyc.names import transliterate
from kyc.specimens.ocrb import ADVANCE, CAP_HEIGHT, draw_line

SCALE = 13
"""Pixels a millimetre."""
SIZES = {"TD1": (85.6, 53.98), "TD2": (105.0, 74.0), "TD3": (125.0, 88.0), "MRVA": (120.0, 80.0), "MRVB": (105.0, 74.0)}
FONTS = {
    "Roboto-Regular": "font_roboto", "Roboto-Medium": "font_roboto", "Roboto-Bold": "font_roboto",
    "SourceSansPro-Regular": "font_source_sans_pro", "SourceSansPro-Semibold": "font_source_sans_pro",
    "SourceSerifPro-Regular": "font_source_serif_pro", "SourceSerifPro-Semibold": "font_source_serif_pro",
    "STIXGeneral": "matplotlib", "STIXGeneralBol": "matplotlib",
}  # fmt: skip
"""Typefaces to the package that carries them: Roboto (Apache 2.0), Source Sans and Serif, STIX (SIL OFL). All of them
have Latin, Cyrillic and Greek letters; none is used in training."""
SMALLEST_VALUE, SMALLEST_CAPTION = 22, 13
"""Sizes of type in pixels of the page: 1.7 and 1 mm."""
FOLDERS = {"matplotlib": "mpl-data/fonts/ttf"}
Box = tuple[int, int, int, int]
Rng = np.random.Generator


class FontMissing(FileNotFoundError):
    """A package with a typeface is not installed; it is among the development requirements."""


@dataclass(frozen=True, slots=True)
class Face:
    """What is drawn: the visual zone as printed, and which of its fields somebody printed over."""

    kind: str
    heading: str
    printed: Mapping[str, str]
    captions: Sequence[Mapping[str, Sequence[str]]]
    """A language each, first to last as they stand in a caption."""
    tampered: Mapping[str, str]
    """Field to what now stands there instead."""
    native: str
    """`cyrillic`, `greek` or nothing: a second writing of names."""


@cache
def _font_path(name: str) -> str:
    package = FONTS[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FontMissing(f"{name} comes with {package.replace('_', '-')}, which is not installed")
    return str(Path(spec.origin).parent / FOLDERS.get(package, "files") / f"{name}.ttf")


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A typeface of `FONTS`. Raises `FontMissing`."""
    return ImageFont.truetype(_font_path(name), size)


def draw_front(
    face: Face, lines: Sequence[str], portrait: Image, ghost: Image | None, swapped: Image | None, seed: int
) -> tuple[Image, int]:
    """A data page and the size of its smallest type in pixels (captions aside): the visual zone and, where `lines` are
    given, the machine readable zone below. `swapped` is stuck over the portrait."""
    rng = np.random.default_rng([seed, 403])
    width, height = (round(v * SCALE) for v in SIZES[face.kind])
    canvas = _paper(width, height, rng)
    zone = round((len(lines) * 4.23 + 6.2) * SCALE) if lines else 0
    usable = height - zone
    side = "right" if rng.random() < 0.3 else "left"
    edge = round(float(rng.uniform(0.025, 0.05)) * width)
    head = round(float(rng.uniform(0.11, 0.17)) * usable)
    tall, wide = portrait.shape[:2]
    tall = min(tall, usable - head - edge)
    left = edge if side == "left" else width - edge - wide
    spot = (left, head, left + wide, head + tall)
    _stick(canvas, portrait[:tall], spot, soft=True)
    if swapped is not None:
        _stick(canvas, swapped[:tall], spot, soft=False)
    column = (left + wide + edge, width - edge) if side == "left" else (edge, left - edge)
    if ghost is not None:
        gh, gw = ghost.shape[:2]
        gx = column[1] - gw if rng.random() < 0.7 else max(column[0], column[1] - gw - edge)
        gy = usable - gh - edge // 2
        place = canvas[gy : gy + gh, gx : gx + gw].astype(np.float32)
        flat = ghost.astype(np.float32).mean(2, keepdims=True)
        share = float(rng.uniform(0.4, 0.6))
        canvas[gy : gy + gh, gx : gx + gw] = (place * (1 - share) + flat * share).astype(np.uint8)
        column = (column[0], gx - edge // 2)
    canvas, smallest = _print(canvas, face, column, head, usable - edge // 2, rng)
    if lines:
        _zone(canvas, lines, height - zone, rng)
    return canvas, smallest


def draw_back(kind: str, lines: Sequence[str], seed: int) -> Image:
    """The back of a card: the zone, and small print that says nothing."""
    rng = np.random.default_rng([seed, 404])
    width, height = (round(v * SCALE) for v in SIZES[kind])
    canvas = _paper(width, height, rng)
    picture = Pillow.fromarray(canvas)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(1, 5))):
        place = (int(rng.integers(20, width // 2)), int(rng.integers(20, height // 2)))
        type_ = font("Roboto-Regular", int(rng.integers(18, 30)))
        draw.text(place, DECOYS[int(rng.integers(len(DECOYS)))], font=type_, fill=(60, 70, 60))
    canvas = np.array(picture)
    _zone(canvas, lines, height - round((len(lines) * 4.23 + 6.2) * SCALE), rng)
    return canvas


def _paper(width: int, height: int, rng: Rng) -> Image:
    """Security paper: rosettes, a woven raster and stains of two inks on a clouded tint."""
    base = rng.uniform(200, 250, 3).astype(np.float32)
    cloud = rng.normal(0, 1, (5, 7, 3)).astype(np.float32)
    clouds = np.asarray(cv2.resize(cloud, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    canvas = np.ascontiguousarray(base + clouds * float(rng.uniform(2, 9)), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        ink = tuple(float(v) for v in np.clip(base - rng.uniform(8, 55, 3), 90, 245))
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        petals, swing = int(rng.integers(5, 17)), float(rng.uniform(0.05, 0.35))
        angles = np.linspace(0, 2 * np.pi, 720)
        for radius in np.arange(30, 0.7 * width, float(rng.uniform(16, 40))):
            r = radius * (1 + swing * np.sin(petals * angles + radius / 60))
            points = np.stack([cx + r * np.cos(angles), cy + r * np.sin(angles)], 1).astype(np.int32)
            cv2.polylines(canvas, [points], True, ink, 1, cv2.LINE_AA)
    if rng.random() < 0.5:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        period = float(rng.uniform(7, 16))
        weave = np.sin(x * 6.28 / period) * np.sin(y * 6.28 / period + 0.7 * np.sin(x / 90))
        canvas += (weave * rng.uniform(1, 7))[:, :, None].astype(np.float32)
    return np.asarray(np.clip(canvas, 0, 255), np.uint8)


def _stick(canvas: Image, photo: Image, spot: Box, *, soft: bool) -> None:
    """A portrait printed into the paper (`soft`), or one stuck over it with its edges to be seen."""
    left, top, right, bottom = spot
    place = canvas[top:bottom, left:right]
    if soft:
        fade = np.ones(photo.shape[:2], np.float32)
        fade[:6] = fade[-6:] = 0.5
        fade[:, :6] = fade[:, -6:] = 0.5
        share = cv2.GaussianBlur(fade, (0, 0), 3)[:, :, None] * 0.93
        place[:] = (place * (1 - share) + photo * share).astype(np.uint8)
    else:
        place[:] = photo
        cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), (225, 225, 225), 2)


def _print(canvas: Image, face: Face, column: tuple[int, int], top: int, bottom: int, rng: Rng) -> tuple[Image, int]:
    picture = Pillow.fromarray(canvas)
    sizes = []
    draw = ImageDraw.Draw(picture)
    names = list(FONTS)
    body = names[int(rng.integers(len(names)))]
    small = names[int(rng.choice([0, 3, 5, 7]))]
    ink = tuple(int(v) for v in rng.integers(0, 70, 3))
    pale = tuple(int(v) for v in rng.integers(40, 120, 3))
    draw.text((column[0] if rng.random() < 0.5 else 24, round(top * 0.2)), face.heading,
              font=font(names[int(rng.choice([2, 4, 6, 8]))], round(top * 0.5)), fill=pale)  # fmt: skip
    style = str(rng.choice(["above", "stacked", "left", "below", "inline"], p=[0.42, 0.16, 0.16, 0.12, 0.14]))
    joint = str(rng.choice([" / ", "/", " · ", " - "]))
    numbered = rng.random() < 0.22
    beside = 1 if style in ("left", "inline") else max(1, int((column[1] - column[0]) / SCALE // 27))
    rows = _rows(face, beside, rng)
    step = (bottom - top) / len(rows)
    count = 0
    for index, row in enumerate(rows):
        room = (column[1] - column[0]) / len(row)
        for position, name in enumerate(row):
            count += 1
            x, y, wide = column[0] + position * room, top + index * step, room * 0.94
            captions = [language[name][0] for language in face.captions if name in language] or [name]
            caption = joint.join(captions) if style != "stacked" else captions[0]
            if font(small, SMALLEST_CAPTION).getlength(caption) > wide * (0.45 if style in ("left", "inline") else 1.0):
                caption = captions[0]
            caption = f"{count}. {caption}" if numbered else caption
            size, place, value = step * 0.44, wide, (x, y + step * 0.33)
            at, tall = (x, y), step * 0.27
            if style == "left":
                at, tall = (x, y + step * 0.25), step * 0.34
                size, place, value = step * 0.5, wide * 0.5, (x + wide * 0.48, y + step * 0.16)
            elif style == "inline":
                caption += ":"
                at, tall = (x, y + step * 0.24), step * 0.36
                after = x + _fitting(caption + " ", small, tall, wide * 0.5).getlength(caption + " ") + 6
                size, place, value = step * 0.46, x + wide - after, (after, y + step * 0.18)
            elif style == "below":
                at, size, value = (x, y + step * 0.6), step * 0.46, (x, y + step * 0.05)
            elif style == "stacked" and len(captions) > 1:
                tall, size, value = step * 0.22, step * 0.4, (x, y + step * 0.46)
                second = _fitting(captions[1], small, tall, wide)
                draw.text((x, y + tall), captions[1], font=second, fill=pale)
            draw.text(at, caption, font=_fitting(caption, small, tall, wide * (0.5 if at != (x, y) else 1)), fill=pale)
            sizes.append(_value(draw, picture, face, name, value, size, place, body, ink, rng))
    return np.array(picture), min(sizes)


def _value(
    draw: ImageDraw.ImageDraw, picture: Pillow.Image, face: Face, name: str, at: tuple[float, float],
    size: float, room: float, body: str, ink: tuple[int, ...], rng: Rng,
) -> int:  # fmt: skip
    """Print one value, and print over it where it was tampered with; the size of its type."""
    (x, y), value = at, face.printed[name]
    shown = value
    if face.native and name in ("surname", "given_names"):
        table = CYRILLIC if face.native == "cyrillic" else GREEK
        both = "".join(table.get(sign, sign) for sign in transliterate(value)) + " / " + value
        shown = both if font(body, SMALLEST_VALUE).getlength(both) <= room else value
    type_ = _fitting(shown, body, size, room)
    if name not in face.tampered:
        draw.text((x, y), shown, font=type_, fill=ink)
        return int(type_.size)
    # Somebody wiped the field with the paper's colour and printed anew, often in a type that does not quite fit.
    box = [int(v) for v in draw.textbbox((x, y), shown, font=type_)]
    box = [max(0, box[0] - 5), max(0, box[1] - 4), min(picture.width, box[2] + 6), min(picture.height, box[3] + 5)]
    patch = np.asarray(picture.crop(tuple(box)))  # type: ignore[arg-type]
    tone = np.median(patch.reshape(-1, 3), 0)
    wiped = np.clip(tone + rng.normal(0, 2, patch.shape), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        wiped = cv2.inpaint(patch, (patch.min(2) < tone.min() - 40).astype(np.uint8) * 255, 3, cv2.INPAINT_TELEA)
    picture.paste(Pillow.fromarray(wiped), (box[0], box[1]))
    other = list(FONTS)[int(rng.integers(len(FONTS)))] if rng.random() < 0.6 else body
    new = face.tampered[name]
    draw.text((x + float(rng.normal(0, 1)), y + float(rng.normal(0, 1.2))), new,
              font=_fitting(new, other, size * float(rng.uniform(0.92, 1.08)), room), fill=ink)  # fmt: skip
    return int(type_.size)


def _rows(face: Face, beside: int, rng: Rng) -> list[list[str]]:
    """The fields in rows of at most `beside`, names on rows of their own, the number first or last."""
    rows: list[list[str]] = []
    for name in face.printed:
        alone = name in ("surname", "given_names", "number")
        if alone or not rows or len(rows[-1]) >= beside or rows[-1][0] in ("surname", "given_names", "number"):
            rows.append([name])
        elif rng.random() < 0.75:
            rows[-1].append(name)
        else:
            rows.append([name])
    return [rows[-1], *rows[:-1]] if rng.random() < 0.6 else rows


def _fitting(text: str, name: str, size: float, room: float) -> ImageFont.FreeTypeFont:
    whole = max(SMALLEST_CAPTION, round(size))
    long = font(name, whole).getlength(text)
    return font(name, whole) if long <= room else font(name, max(SMALLEST_CAPTION, int(whole * room / long)))


def _zone(canvas: Image, lines: Sequence[str], top: int, rng: Rng) -> None:
    """The machine readable zone in a worn, leaning or swollen OCR-B."""
    width = canvas.shape[1]
    ground = rng.random()
    if ground < 0.45:
        canvas[top:] = (0.2 * canvas[top:] + 0.8 * rng.uniform(225, 250)).astype(np.uint8)
    elif ground < 0.7:
        canvas[top:] = (0.6 * canvas[top:] + 0.4 * 240).astype(np.uint8)
    cap = 2.54 * SCALE * CAP_HEIGHT / ADVANCE * float(rng.uniform(0.96, 1.04))
    room = width - 6 * SCALE
    weight, slant = int(rng.integers(-1, 4)), float(rng.normal(0, 0.025))
    ink = rng.uniform(0, 70, 3)
    wear = float(rng.choice([0.0, 0.0, 0.04, 0.1]))
    for index, line in enumerate(lines):
        cover = draw_line(line, cap, pitch=float(rng.uniform(0.985, 1.012)), weight=weight, slant=slant)
        if cover.shape[1] > room:
            cover = np.asarray(cv2.resize(cover, (room, cover.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
        share = cover.astype(np.float32) / 255
        if wear:
            holes = cv2.GaussianBlur(rng.random(share.shape).astype(np.float32), (0, 0), 1.4)
            share = share * np.where(holes < np.quantile(holes, wear), 0.25, 1.0)
        high, wide = share.shape
        left = max(0, (width - wide) // 2 + int(rng.normal(0, 6)))
        y = top + round((3.0 + index * 4.23) * SCALE - 0.5 * cap + rng.normal(0, 1.5))
        place = canvas[y : y + high, left : left + wide]
        share = share[: place.shape[0], : place.shape[1], None]
        place[:] = (place * (1 - share) + ink * share).astype(np.uint8)


def joined(first: Image, second: Image, *, beside: bool, colour: int) -> Image:
    """Two sides in one picture, one above or beside the other."""
    axis = 1 if beside else 0
    gap = np.full((first.shape[0], 50, 3) if beside else (50, first.shape[1], 3), colour, np.uint8)
    return cast(Image, np.concatenate([first, gap, second], axis))
