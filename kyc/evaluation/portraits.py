"""Portraits of evaluation documents: scikit-image's astronaut (Eileen Collins, NASA, public domain) and matplotlib's
Grace Hopper (United States Navy, public domain), turned, lit and bent by ways of their own. Neither file is here.
"""

import importlib.util
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from kyc.geometry import Image

PERSONS = ("astronaut", "admiral")
_FILES = {
    "astronaut": ("skimage", "data/astronaut.png", (130, 0, 330, 250)),
    "admiral": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg", (130, 55, 420, 420)),
}


class PhotographMissing(FileNotFoundError):
    """The package that carries a photograph is not installed (the development group has both)."""


@cache
def _photograph(person: str) -> Image:
    package, file, _ = _FILES[person]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise PhotographMissing(f"{package} is not installed")
    image = cv2.imread(str(Path(spec.origin).parent / file))
    if image is None:
        raise PhotographMissing(f"{package} has no {file}")
    return np.asarray(image, np.uint8)


def draw_face(person: str, seed: int, width: int, height: int) -> Image:
    """Head and shoulders of one of `PERSONS`; `seed` varies crop, pose, light and tone within the person."""
    rng = np.random.default_rng([seed, 401])
    image = _photograph(person)
    left, top, right, bottom = _FILES[person][2]
    wide = right - left
    tall = wide * height / width
    x, y = (left + right) / 2 + rng.normal(0, 0.03 * wide), (top + bottom) / 2 + rng.normal(0, 0.03 * wide)
    size = float(rng.uniform(0.92, 1.12))
    angle = np.deg2rad(rng.normal(0, 2.5))
    shear = float(rng.normal(0, 0.03))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [wide / 2 * size, tall / 2 * size]
    turn = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    source = (corners @ turn.T + [x, y]).astype(np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    face = cv2.warpPerspective(
        image, cv2.getPerspectiveTransform(source, target), (width, height),
        flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)  # fmt: skip
    gamma = float(rng.uniform(0.8, 1.25))
    face = np.asarray(255 * (face / 255) ** gamma, np.float32)
    slope = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * float(rng.uniform(-0.12, 0.12))
    face = np.asarray(face * (1 + slope) + float(rng.uniform(-8, 8)), np.float32)
    if rng.random() < 0.35:
        flat = face.mean(2, keepdims=True)
        face = np.repeat(flat, 3, 2) * 0.85 + face * 0.15
    return np.clip(face, 0, 255).astype(np.uint8)
