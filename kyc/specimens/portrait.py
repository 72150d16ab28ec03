"""Portraits for specimens: warps of one public-domain photograph, the portrait of Rear Admiral Grace M. Hopper by the
United States Navy, that matplotlib's wheel carries. The file itself is not in this repository."""

import importlib.util
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from kyc.geometry import Image

FACE = (120, 40, 432, 440)
"""Left, top, right, bottom of head and shoulders in the photograph of 512 x 600 pixels."""
STRANGERS = {
    0: 19, 3: 7, 4: 6, 6: 12, 7: 19, 9: 20, 10: 20, 11: 12, 12: 30, 14: 37, 16: 7, 17: 19, 18: 6, 19: 30, 20: 36,
    25: 30, 30: 19, 32: 6, 34: 12, 36: 20, 37: 16, 39: 12,
}  # fmt: skip
"""Warps that dlib finds as faces and tells apart: each with one from which it lies further than 0.63 (0.6 divides
persons), measured over two draws of each."""
IDENTITIES = tuple(STRANGERS)


class PortraitMissing(FileNotFoundError):
    """matplotlib's sample photograph is not installed; specimens cannot be drawn with a face."""


@cache
def _photograph() -> Image:
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise PortraitMissing("matplotlib is not installed")
    path = Path(spec.origin).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg"
    image = cv2.imread(str(path))
    if image is None:
        raise PortraitMissing(f"{path.name} is not among matplotlib's sample data")
    return np.asarray(image, np.uint8)


def draw_portrait(identity: int, seed: int, width: int, height: int) -> Image:
    """A head of the given size in pixels. Identity 0 is the photograph itself; those of `IDENTITIES` are strong,
    smooth warps of it that dlib tells apart, as `STRANGERS` pairs them. `seed` varies light, pose
    and colour within one identity."""
    image = _photograph()
    if identity:
        image = _another_person(image, identity)
    rng = np.random.default_rng([seed, 103])
    left, top, right, bottom = (v + float(rng.uniform(-8, 8)) for v in FACE)
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), float(rng.uniform(-4, 4)), 1.0)
    turned = cv2.warpAffine(image, matrix, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    aspect = width / height
    tall = bottom - top
    wide = tall * aspect
    source = np.array(
        [
            [centre[0] - wide / 2, top],
            [centre[0] + wide / 2, top],
            [centre[0] + wide / 2, bottom],
            [centre[0] - wide / 2, bottom],
        ],
        np.float32,
    )
    source += rng.uniform(-4, 4, source.shape).astype(np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    portrait = cv2.warpPerspective(
        turned,
        cv2.getPerspectiveTransform(source, target),
        (width, height),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    portrait *= rng.uniform(0.9, 1.1, 3).astype(np.float32)
    portrait = 128 + (portrait - 128) * float(rng.uniform(0.85, 1.1)) + float(rng.uniform(-12, 12))
    return np.clip(portrait, 0, 255).astype(np.uint8)


def draw_ghost(identity: int, seed: int, high: int) -> Image:
    """The small copy of the portrait of `high` pixels that the same seed draws: a fifth to two fifths as high, in its
    colours or in one."""
    rng = np.random.default_rng([seed, 112])
    share = float(rng.uniform(0.2, 0.42))
    small = draw_portrait(identity, seed, round(high * 0.77 * share), round(high * share)).astype(np.float32)
    if rng.random() < 0.5:
        flat = small @ np.array([0.114, 0.587, 0.299], np.float32)
        tint = rng.uniform(0, 70, 3).astype(np.float32)
        small = np.asarray(flat[:, :, None] + tint * (1 - flat[:, :, None] / 255), np.float32)
    return np.clip(small, 0, 255).astype(np.uint8)


def _another_person(image: Image, identity: int) -> Image:
    """Eyes further apart or closer, longer or shorter nose and chin, broader or narrower jaw, another complexion."""
    rng = np.random.default_rng([identity, 104])
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    middle = 273.0
    for top in (150.0, 200.0, 245.0, 290.0, 335.0):
        band = np.exp(-(((y - top) / 32.0) ** 2)) * np.exp(-(((x - middle) / 120.0) ** 2))
        dx += band * (x - middle) * float(rng.uniform(-0.42, 0.42))
        dy += band * float(rng.uniform(-30, 30))
    warped = cv2.remap(image, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    warped *= rng.uniform(0.6, 1.1, 3).astype(np.float32)
    if rng.random() < 0.5:
        warped = warped[:, ::-1]
    return np.ascontiguousarray(np.clip(warped, 0, 255).astype(np.uint8))
