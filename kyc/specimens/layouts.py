"""Draws the flat page of a synthetic document: background, captions, fields, portrait, machine readable zone."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from kyc.geometry import Image
from kyc.specimens.borders import Border, mount
from kyc.specimens.ocrb import ADVANCE, CAP_HEIGHT, draw_line

PIXELS_PER_MM = 12
SIZES_MM = {
    "TD1": (85.6, 54.0),
    "TD2": (105.0, 74.0),
    "TD3": (125.0, 88.0),
    "MRVA": (120.0, 80.0),
    "MRVB": (105.0, 74.0),
}
"""ICAO 9303 parts 4 to 7: nominal sizes."""
PITCH_MM = 2.54
LINE_PITCH_MM = 4.23
CAP_MM = PITCH_MM * CAP_HEIGHT / ADVANCE

CAPTIONS = (
    {
        "surname": "Surname / Nom", "given_names": "Given names / Prénoms", "number": "Passport No. / No. du passeport",
        "nationality": "Nationality / Nationalité", "birth_date": "Date of birth / Date de naissance",
        "sex": "Sex / Sexe", "place_of_birth": "Place of birth / Lieu de naissance",
        "issue_date": "Date of issue / Date de délivrance", "expiry_date": "Date of expiry / Date d'expiration",
        "authority": "Authority / Autorité",
    },
    {
        "surname": "Name / Surname", "given_names": "Vornamen / Given names", "number": "Ausweisnummer / Document no.",
        "nationality": "Staatsangehörigkeit / Nationality", "birth_date": "Geburtsdatum / Date of birth",
        "sex": "Geschlecht / Sex", "place_of_birth": "Geburtsort / Place of birth",
        "issue_date": "Ausstellungsdatum / Date of issue", "expiry_date": "Gültig bis / Date of expiry",
        "authority": "Behörde / Authority",
    },
    {
        "surname": "Apellidos", "given_names": "Nombre", "number": "Numero de pasaporte", "nationality": "Nacionalidad",
        "birth_date": "Fecha de nacimiento", "sex": "Sexo", "place_of_birth": "Lugar de nacimiento",
        "issue_date": "Fecha de expedición", "expiry_date": "Fecha de caducidad", "authority": "Autoridad",
    },
    {
        "surname": "1. Surname", "given_names": "2. Given names", "number": "5. Document number",
        "nationality": "3. Nationality", "birth_date": "4. Date of birth", "sex": "6. Sex",
        "place_of_birth": "7. Place of birth", "issue_date": "8. Date of issue", "expiry_date": "9. Date of expiry",
        "authority": "10. Authority",
    },
)  # fmt: skip
"""Caption sets: bilingual as 9303-3 recommends, in another language first, in one language, numbered."""


@dataclass(frozen=True, slots=True)
class Page:
    """A flat page: pixels, and where the zone's lines and the portrait stand (left, top, right, bottom in pixels)."""

    image: Image
    mrz_boxes: tuple[tuple[int, int, int, int], ...]
    portrait_box: tuple[int, int, int, int] | None
    field_boxes: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """Where the values of the visual zone are printed."""


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A DejaVu font, which matplotlib's wheel carries."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("matplotlib is not installed")
    return ImageFont.truetype(str(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"), size)


def draw_page(
    kind: str,
    heading: str,
    printed: Mapping[str, str],
    lines: Sequence[str],
    portrait: Image | None,
    seed: int,
    *,
    ghost: Image | None = None,
    side: str = "both",
    typed_over: str | None = None,
    border: Border = Border.HARD,
) -> Page:
    """One side of a document. `printed` is the visual zone as it stands there; `side` is `front` (no zone), `back`
    (zone only) or `both`; the field `typed_over` is printed in another font, bold and larger; `border` is the
    portrait's."""
    rng = np.random.default_rng([seed, 105])
    width, height = (round(v * PIXELS_PER_MM) for v in SIZES_MM[kind])
    canvas = _ground(width, height, rng)
    zone_height = round((len(lines) * LINE_PITCH_MM + 5.0) * PIXELS_PER_MM)
    portrait_box = None
    fields: dict[str, tuple[int, int, int, int]] = {}
    if side != "back":
        usable = height if side == "front" else height - zone_height
        pale = float(np.random.default_rng([seed, 113]).uniform(0.28, 0.6))
        canvas, portrait_box = _visual_zone(
            canvas, heading, printed, portrait, ghost, usable, rng, fields, typed_over, pale, border, seed
        )
    boxes = _zone(canvas, lines, height - zone_height, rng) if side != "front" else ()
    return Page(canvas, boxes, portrait_box, fields)


def stack(front: Page, back: Page, gap: int = 40) -> Page:
    """Both sides of a card in one picture, as offices scan them."""
    width = max(front.image.shape[1], back.image.shape[1])
    middle = np.full((gap, width, 3), 245, np.uint8)
    down = front.image.shape[0] + gap
    boxes = tuple((a, b + down, c, d + down) for a, b, c, d in back.mrz_boxes)
    return Page(np.vstack([front.image, middle, back.image]), boxes, front.portrait_box, front.field_boxes)


def _ground(width: int, height: int, rng: np.random.Generator) -> Image:
    """Tinted paper with a guilloche: sheaves of fine sine lines in two colours."""
    tint = rng.uniform(205, 245, 3)
    other = np.clip(tint + rng.uniform(-28, 18, 3), 180, 250)
    blend = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
    canvas = (tint * (1 - blend) + other * blend).astype(np.uint8)
    x = np.arange(0, width, 6)
    for _ in range(2):
        colour = tuple(float(v) for v in np.clip(tint + rng.uniform(-60, -15, 3), 120, 235))
        amplitude, period = rng.uniform(15, 70), rng.uniform(150, 600)
        spacing, phase = int(rng.integers(14, 30)), rng.uniform(0, 6)
        for offset in range(-80, height + 80, spacing):
            y = offset + amplitude * np.sin(x / period * 6.28 + phase + offset / 90)
            points = np.stack([x, y], axis=1).astype(np.int32)
            cv2.polylines(canvas, [points], False, colour, 1, cv2.LINE_AA)
    return canvas


def _visual_zone(
    canvas: Image,
    heading: str,
    printed: Mapping[str, str],
    portrait: Image | None,
    ghost: Image | None,
    usable: int,
    rng: np.random.Generator,
    fields: dict[str, tuple[int, int, int, int]],
    typed_over: str | None,
    ghost_share: float,
    border: Border,
    seed: int,
) -> tuple[Image, tuple[int, int, int, int] | None]:
    width = canvas.shape[1]
    margin = round(0.03 * width)
    top = round(0.13 * usable)
    portrait_box = None
    column, edge = margin, width - margin
    if portrait is not None:
        h, w = portrait.shape[:2]
        portrait_box = (margin, top, margin + w, top + h)
        mount(canvas, portrait, margin, top, border, seed, PIXELS_PER_MM)
        column = margin + w + margin
    if ghost is not None:
        h, w = ghost.shape[:2]
        place = canvas[usable - h - margin : usable - margin, width - w - margin : width - margin]
        place[:] = ((1 - ghost_share) * place + ghost_share * ghost).astype(np.uint8)
        edge -= w + margin // 2
    picture = Pillow.fromarray(cv2.cvtColor(canvas, cv2.COLOR_BGR2RGB))
    draw = ImageDraw.Draw(picture)
    captions = CAPTIONS[int(rng.integers(len(CAPTIONS)))]
    family = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono")[int(rng.integers(4))]
    ink = tuple(int(v) for v in rng.integers(5, 60, 3))
    rows = _rows(printed)
    step = (usable - top - margin // 2) / len(rows)
    caption_font = font("DejaVuSans", max(11, round(step * 0.25)))
    value_font = font(family, max(16, round(step * 0.40)))
    draw.text(
        (margin, round(0.03 * usable)), heading, font=font("DejaVuSans-Bold", round(0.065 * usable)), fill=(40, 50, 110)
    )
    for index, row in enumerate(rows):
        y = top + step * index
        for position, name in enumerate(row):
            place = (edge - column) / len(row)
            x = column + position * place
            small = _fitting(captions[name], caption_font, 0.95 * place)
            face = value_font
            if name == typed_over:
                other = "DejaVuSerif-Bold" if family != "DejaVuSerif" else "DejaVuSans-Bold"
                face = font(other, round(value_font.size * 1.1))
            large = _fitting(printed[name], face, 0.95 * place)
            draw.text((x, y), captions[name], font=small, fill=(70, 70, 90))
            draw.text((x, y + step * 0.34), printed[name], font=large, fill=ink)
            left, high, right, low = draw.textbbox((x, y + step * 0.34), printed[name], font=large)
            fields[name] = (int(left), int(high), int(right) + 1, int(low) + 1)
    return cast(Image, cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR)), portrait_box


def _fitting(text: str, wished: ImageFont.FreeTypeFont, width: float) -> ImageFont.FreeTypeFont:
    """The wished font, smaller where the text would run over its place."""
    long = wished.getlength(text)
    return wished if long <= width else wished.font_variant(size=max(8, int(wished.size * width / long)))


def _rows(printed: Mapping[str, str]) -> list[list[str]]:
    order = (
        ("number",), ("surname",), ("given_names",), ("nationality", "sex"), ("birth_date", "place_of_birth"),
        ("issue_date", "expiry_date"), ("authority",),
    )  # fmt: skip
    return [row for names in order if (row := [name for name in names if name in printed])]


def _zone(
    canvas: Image, lines: Sequence[str], top: int, rng: np.random.Generator
) -> tuple[tuple[int, int, int, int], ...]:
    width = canvas.shape[1]
    if rng.random() < 0.5:
        canvas[top:] = (0.35 * canvas[top:] + 0.65 * 244).astype(np.uint8)
    cap = CAP_MM * PIXELS_PER_MM
    ink = rng.uniform(10, 55)
    weight = int(rng.integers(-1, 3))
    boxes = []
    for index, line in enumerate(lines):
        cover = draw_line(line, cap, weight=weight)
        h, w = cover.shape
        left = max(0, (width - w) // 2)
        y = top + round((2.0 + index * LINE_PITCH_MM) * PIXELS_PER_MM - 0.5 * cap)
        place = canvas[y : y + h, left : left + w]
        share = cover[: place.shape[0], : place.shape[1], None].astype(np.float32) / 255
        place[:] = (place * (1 - share) + ink * share).astype(np.uint8)
        boxes.append((left, y, left + w, y + h))
    return tuple(boxes)
