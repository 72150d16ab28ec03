"""Takes a picture of a flat page as a phone does: perspective on a table, uneven light, glare, blur, noise, JPEG."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.geometry import Image

Light = NDArray[np.float32]
"""Brightness before it is rounded and clipped to a picture."""


@dataclass(frozen=True, slots=True)
class Capture:
    """How a picture is taken. Shares are of the longer side, angles in degrees, blur in pixels of the picture."""

    longest: int = 1600
    perspective: float = 0.03
    turn: float = 3.0
    margin: float = 0.08
    uneven_light: float = 0.25
    blur: float = 0.6
    noise: float = 4.0
    glare: float = 0.0
    hand: bool = False
    jpeg_quality: int = 85


SCAN = Capture(perspective=0.0, turn=0.4, margin=0.01, uneven_light=0.0, blur=0.3, noise=1.0, jpeg_quality=92)
PHONE = Capture()
POOR = Capture(
    longest=1100, perspective=0.07, turn=7.0, margin=0.15, uneven_light=0.5, blur=1.1, noise=8.0, jpeg_quality=60
)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture as JPEG bytes, and the matrix (3 x 3) that takes the page's pixels to the picture's."""

    jpeg: bytes
    matrix: tuple[tuple[float, ...], ...]
    width: int
    height: int


def photograph(page: Image, capture: Capture, seed: int) -> Picture:
    """One picture of a page; the same seed takes the same picture."""
    rng = np.random.default_rng([seed, 106])
    height, width = page.shape[:2]
    scale = capture.longest / (max(height, width) * (1 + 2 * capture.margin))
    out_w, out_h = (max(32, round((v + 2 * capture.margin * max(height, width)) * scale)) for v in (width, height))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = np.deg2rad(rng.uniform(-capture.turn, capture.turn))
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centred = (corners - [width / 2, height / 2]) @ spin.T
    jitter = rng.uniform(-1, 1, (4, 2)) * capture.perspective * max(height, width)
    target = ((centred + jitter) * scale + [out_w / 2, out_h / 2]).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    enlarge = 2 if scale < 0.75 else 1
    big = matrix if enlarge == 1 else np.diag([enlarge, enlarge, 1.0]) @ matrix
    size = (out_w * enlarge, out_h * enlarge)
    warped = cv2.warpPerspective(page, big, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), big, size, flags=cv2.INTER_LINEAR)
    if enlarge > 1:
        warped = cv2.resize(warped, (out_w, out_h), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, (out_w, out_h), interpolation=cv2.INTER_AREA)
    share = mask[:, :, None].astype(np.float32) / 255
    picture: Light = np.asarray(_table(out_w, out_h, rng) * (1 - share) + warped * share, np.float32)
    if capture.hand:
        _thumb(picture, target, rng)
    picture = _light(picture, capture, rng)
    if capture.blur > 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), capture.blur * float(rng.uniform(0.7, 1.2))), np.float32)
    picture += rng.normal(0, capture.noise, picture.shape[:2]).astype(np.float32)[:, :, None]
    image = np.clip(picture, 0, 255).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, capture.jpeg_quality])[1].tobytes()
    return Picture(jpeg, tuple(tuple(float(v) for v in row) for row in matrix), out_w, out_h)


def paste_over(jpeg: bytes, matrix: Light, box: tuple[int, int, int, int], text: str) -> bytes:
    """The picture with another text pasted over a field (`box` in the page's pixels, `matrix` takes them to the
    picture's), in the colour of the paper around it and without its grain, saved again as JPEG."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    left, top, right, bottom = box
    height = bottom - top
    margin = height // 4
    wide = max(right - left, round(0.62 * height * len(text))) + 2 * margin
    corners = np.array([[[left - margin, top - margin], [left - margin + wide, bottom + margin]]], np.float64)
    (x0, y0), (x1, y1) = cv2.perspectiveTransform(corners, matrix)[0]
    around = picture[max(0, int(y0)) : int(y1) + 1, max(0, int(x0)) : int(x1) + 1].reshape(-1, 3)
    bright = around[around.sum(1) >= np.percentile(around.sum(1), 50)]
    paper = np.median(bright, axis=0) if len(bright) else np.array([220.0, 220.0, 220.0])
    patch = np.full((height + 2 * margin, wide, 3), paper, np.uint8)
    scale = height / 30
    cv2.putText(
        patch, text, (margin, margin + height), cv2.FONT_HERSHEY_DUPLEX, scale, (25, 25, 25), max(1, round(2 * scale)),
        cv2.LINE_AA,
    )  # fmt: skip
    place = np.array([[1, 0, left - margin], [0, 1, top - margin], [0, 0, 1]], np.float64)
    size = (picture.shape[1], picture.shape[0])
    laid = cv2.warpPerspective(patch, np.asarray(matrix) @ place, size, flags=cv2.INTER_AREA)
    solid = np.full(patch.shape[:2], 255, np.uint8)
    mask = cv2.warpPerspective(solid, np.asarray(matrix) @ place, size)[:, :, None].astype(np.float32) / 255
    mixed = (picture * (1 - mask) + laid * mask).astype(np.uint8)
    return cv2.imencode(".jpg", mixed, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def _table(width: int, height: int, rng: np.random.Generator) -> Light:
    """Wood or cloth: smooth noise stretched along one direction."""
    colour = rng.uniform(50, 190, 3)
    coarse = rng.normal(0, 1, (max(2, height // 12), max(2, width // 90), 1)).astype(np.float32)
    grain = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    return np.asarray(colour + grain * rng.uniform(4, 16), np.float32)


def _light(picture: Light, capture: Capture, rng: np.random.Generator) -> Light:
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    direction = rng.uniform(0, 6.28)
    slope = (np.cos(direction) * x + np.sin(direction) * y) * capture.uneven_light * 0.5
    picture = picture * (1 - capture.uneven_light * 0.25 + slope)[:, :, None]
    if capture.glare > 0:
        cx, cy = rng.uniform(-0.5, 0.5), rng.uniform(-0.3, 0.7)
        blob = np.exp(-(((x - cx) / 0.35) ** 2 + ((y - cy) / 0.12) ** 2))
        picture = picture + (blob * 255 * capture.glare)[:, :, None]
    return np.asarray(picture, np.float32)


def _thumb(picture: Light, corners: Light, rng: np.random.Generator) -> None:
    """A thumb over the edge, away from the zone's middle."""
    top_left, top_right = corners[0], corners[1]
    at = top_left + (top_right - top_left) * rng.uniform(0.2, 0.8)
    size = float(np.linalg.norm(top_right - top_left))
    axes = (round(size * 0.05), round(size * 0.09))
    skin = tuple(float(v) for v in rng.uniform((90, 110, 150), (140, 170, 220)))
    cv2.ellipse(picture, (round(float(at[0])), round(float(at[1]))), axes, 0, 0, 360, skin, -1, cv2.LINE_AA)
