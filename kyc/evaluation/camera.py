"""Photographs evaluation documents, by another way than the training generators: a pose in space, bent paper, a lens, a
cluttered desk, coloured light with shadows, streaks of glare, motion, photon noise, and one or two JPEG passes.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.geometry import Image

Light = NDArray[np.float32]
DESKS = ("brick.png", "grass.png", "gravel.png", "coffee.png", "text.png", "chelsea.png", "rocket.jpg")


@dataclass(frozen=True, slots=True)
class Shot:
    """How a picture is taken: pixels of the longer side, angles in degrees, blur and motion in pixels, shares of 1."""

    longest: int
    tilt: float
    turn: float
    fill: float
    """The share of the picture's width or height that the document fills."""
    bend: float
    lens: float
    blur: float
    motion: float
    noise: float
    shadow: float
    glare: float
    quality: int
    twice: bool
    desk: bool


def scan(rng: np.random.Generator) -> Shot:
    """A flatbed: no perspective, little turn, white lid."""
    return Shot(
        longest=int(rng.choice([850, 1100, 1400, 1800, 2400])), tilt=0.0, turn=float(rng.normal(0, 0.8)),
        fill=float(rng.uniform(0.8, 0.97)), bend=0.0, lens=0.0, blur=float(rng.uniform(0.2, 0.6)), motion=0.0,
        noise=float(rng.uniform(0.3, 1.5)), shadow=0.0, glare=0.0, quality=int(rng.integers(70, 96)),
        twice=bool(rng.random() < 0.2), desk=False,
    )  # fmt: skip


def phone(rng: np.random.Generator) -> Shot:
    """A careful applicant at a table."""
    return Shot(
        longest=int(rng.choice([1000, 1280, 1600, 2000, 2600])), tilt=float(rng.uniform(0, 14)),
        turn=float(rng.normal(0, 4)), fill=float(rng.uniform(0.68, 0.95)), bend=float(abs(rng.normal(0, 0.006))),
        lens=float(rng.normal(0, 0.012)), blur=float(rng.uniform(0.3, 1.0)), motion=float(rng.uniform(0, 1.5)),
        noise=float(rng.uniform(1.5, 5)), shadow=float(rng.uniform(0, 0.3)),
        glare=float(rng.uniform(0.2, 0.5)) if rng.random() < 0.12 else 0.0,
        quality=int(rng.integers(62, 93)), twice=bool(rng.random() < 0.35), desk=True,
    )  # fmt: skip


def hasty(rng: np.random.Generator) -> Shot:
    """A hurried one: dim, far, slanted, smeared. Not all of these can be read by a person either."""
    return Shot(
        longest=int(rng.choice([900, 1100, 1400])), tilt=float(rng.uniform(8, 28)), turn=float(rng.normal(0, 9)),
        fill=float(rng.uniform(0.5, 0.8)), bend=float(abs(rng.normal(0, 0.015))), lens=float(rng.normal(0, 0.03)),
        blur=float(rng.uniform(0.7, 1.7)), motion=float(rng.uniform(0.5, 4)), noise=float(rng.uniform(4, 12)),
        shadow=float(rng.uniform(0.1, 0.55)), glare=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.35 else 0.0,
        quality=int(rng.integers(38, 75)), twice=bool(rng.random() < 0.5), desk=True,
    )  # fmt: skip


def take(page: Image, shot: Shot, seed: int) -> tuple[bytes, float, bool]:
    """The picture as JPEG, how many of its pixels a pixel of the page takes up across its middle, and whether the whole
    page is in the picture."""
    rng = np.random.default_rng([seed, 402])
    high, wide = page.shape[:2]
    aspect = float(rng.uniform(0.95, 1.1)) if not shot.desk else float(rng.uniform(0.85, 1.2))
    out_w = shot.longest if wide >= high else round(shot.longest * wide / high * aspect)
    out_h = round(shot.longest * high / wide * aspect) if wide >= high else shot.longest
    scale = shot.fill * min(out_w / wide, out_h / high)
    corners = np.array(
        [[-wide / 2, -high / 2, 0], [wide / 2, -high / 2, 0], [wide / 2, high / 2, 0], [-wide / 2, high / 2, 0]]
    )
    axis, spin = rng.uniform(0, 2 * np.pi), np.deg2rad(shot.turn)
    tilted = corners @ _about(np.array([np.cos(axis), np.sin(axis), 0.0]), np.deg2rad(shot.tilt)).T
    turned = tilted @ _about(np.array([0.0, 0.0, 1.0]), spin).T
    distance = 2.2 * max(wide, high)
    seen = turned[:, :2] * (distance / (distance + turned[:, 2:])) * scale
    slack = np.array([out_w, out_h]) / 2 - np.abs(seen).max(0)
    centre = np.array([out_w, out_h]) / 2 + rng.uniform(-0.6, 0.6, 2) * np.maximum(slack, 0)
    matrix = cv2.getPerspectiveTransform(corners[:, :2].astype(np.float32) + np.array([wide / 2, high / 2], np.float32),
                                         (seen + centre).astype(np.float32))  # fmt: skip
    picture = _lay(page, np.asarray(matrix, np.float64), out_w, out_h, shot, rng)
    picture = _lit(picture, shot, rng)
    picture = _smeared(picture, shot, rng)
    sigma = np.sqrt(np.maximum(picture, 0) / 255 * shot.noise**2 + 0.3 * shot.noise**2)
    picture = picture + rng.normal(0, 1, picture.shape).astype(np.float32) * sigma
    image = np.clip(picture, 0, 255).astype(np.uint8)
    if shot.twice:
        first = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(min(97, shot.quality + 12))])[1]
        image = np.asarray(cv2.imdecode(first, cv2.IMREAD_COLOR), np.uint8)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, shot.quality])[1].tobytes()
    placed = seen + centre
    whole = bool((placed > 0).all() and (placed < [out_w, out_h]).all())
    return jpeg, float(np.linalg.norm((seen[1] + seen[2] - seen[0] - seen[3]) / 2) / wide), whole


def _about(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _lay(
    page: Image, matrix: NDArray[np.float64], width: int, height: int, shot: Shot, rng: np.random.Generator
) -> Light:
    """The page on its ground, through bent paper and lens."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x - width / 2) / max(width, height), (y - height / 2) / max(width, height)
    radius = u * u + v * v
    along, phase = float(rng.uniform(1.5, 5)), float(rng.uniform(0, 6.28))
    lift = shot.bend * max(width, height) * np.sin(along * u + phase)
    px = x + u * radius * shot.lens * 4 * max(width, height)
    py = y + v * radius * shot.lens * 4 * max(width, height) + lift
    back = np.linalg.inv(matrix)
    w = back[2, 0] * px + back[2, 1] * py + back[2, 2]
    map_x = ((back[0, 0] * px + back[0, 1] * py + back[0, 2]) / w).astype(np.float32)
    map_y = ((back[1, 0] * px + back[1, 1] * py + back[1, 2]) / w).astype(np.float32)
    shrink = abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5
    source, factor = page, 1.0
    if shrink < 0.7:
        factor = max(shrink * 1.35, 0.05)
        source = np.asarray(cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    laid = cv2.remap(source, map_x * factor, map_y * factor, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = ((map_x > 0) & (map_x < page.shape[1] - 1) & (map_y > 0) & (map_y < page.shape[0] - 1)).astype(np.float32)
    share = cv2.GaussianBlur(inside, (0, 0), 0.8)[:, :, None]
    ground = _desk(width, height, rng) if shot.desk else np.full((height, width, 3), rng.uniform(236, 252), np.float32)
    if shot.desk:
        fall = cv2.GaussianBlur(np.roll(inside, (6, 8), (0, 1)), (0, 0), max(width, height) / 120)[:, :, None]
        ground = ground * (1 - 0.45 * fall)
    return np.asarray(ground * (1 - share) + laid.astype(np.float32) * share, np.float32)


@cache
def _texture(name: str) -> Image:
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("scikit-image is not installed (the development group has it)")
    return np.asarray(cv2.imread(str(Path(spec.origin).parent / "data" / name)), np.uint8)


def _desk(width: int, height: int, rng: np.random.Generator) -> Light:
    """A table top from one of scikit-image's pictures, tinted, with some objects on it."""
    kind = rng.random()
    if kind < 0.55:
        texture = _texture(DESKS[int(rng.integers(len(DESKS)))])
        zoom = float(rng.uniform(1.0, 3.0)) * max(width, height) / max(texture.shape[:2])
        big = cv2.resize(texture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
        big = np.tile(big, (height // big.shape[0] + 1, width // big.shape[1] + 1, 1))
        desk = big[:height, :width].astype(np.float32) * rng.uniform(0.4, 1.0, 3) + rng.uniform(0, 40)
    else:
        desk = np.full((height, width, 3), rng.uniform(25, 210, 3), np.float32)
        planks = np.sin(np.arange(height)[:, None] / rng.uniform(8, 60) + rng.normal(0, 0.15, (height, 1)).cumsum(0))
        desk += (planks * rng.uniform(0, 14)).astype(np.float32)[:, :, None]
    for _ in range(int(rng.integers(0, 5))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        size = (float(rng.uniform(0.05, 0.4)) * width, float(rng.uniform(0.02, 0.3)) * height)
        box = cv2.boxPoints((centre, size, float(rng.uniform(0, 180)))).astype(np.int32)
        cv2.fillPoly(desk, [box], tuple(float(v) for v in rng.uniform(10, 245, 3)), lineType=cv2.LINE_AA)
    return np.asarray(np.clip(desk, 0, 255), np.float32)


def _lit(picture: Light, shot: Shot, rng: np.random.Generator) -> Light:
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    if shot.desk:
        cx, cy = rng.uniform(-0.8, 0.8, 2)
        lamp = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / float(rng.uniform(2.5, 6)))
        picture = picture * (float(rng.uniform(0.55, 0.8)) + 0.4 * lamp)[:, :, None]
        picture = picture * (1 + rng.normal(0, 0.045, 3)).astype(np.float32)
    if shot.shadow:
        edge = np.cos(rng.uniform(0, 6.28)) * x + np.sin(rng.uniform(0, 6.28)) * y + rng.uniform(-0.6, 0.6)
        soft = 1 / (1 + np.exp(-edge * float(rng.uniform(5, 40))))
        picture = picture * (1 - shot.shadow * soft)[:, :, None]
    if shot.glare:
        slope, place = rng.uniform(-1.5, 1.5), rng.uniform(-0.7, 0.7)
        streak = np.exp(-(((y - slope * x - place) / float(rng.uniform(0.03, 0.12))) ** 2)) * np.exp(
            -(((x - rng.uniform(-0.7, 0.7)) / 0.35) ** 2)
        )
        picture = picture + (streak * 255 * shot.glare)[:, :, None]
    return np.asarray(picture, np.float32)


def _smeared(picture: Light, shot: Shot, rng: np.random.Generator) -> Light:
    if shot.motion > 0.6:
        size = 2 * int(np.ceil(shot.motion)) + 1
        kernel = np.zeros((size, size), np.float32)
        angle = rng.uniform(0, np.pi)
        middle = size // 2
        for step in np.linspace(-0.5, 0.5, 41):
            row, column = middle + step * shot.motion * np.sin(angle), middle + step * shot.motion * np.cos(angle)
            kernel[round(float(row)), round(float(column))] += 1
        picture = np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), shot.blur), np.float32)
