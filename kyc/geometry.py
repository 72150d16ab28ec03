"""Pixels in, pixels out: loading a normalised image, turning it upright, cutting a quadrilateral out straight."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Height x width x 3, blue green red (OpenCV's order), or height x width for grey."""
Quad = Sequence[tuple[float, float]]
"""Four corners, clockwise from top left, in pixels."""


class NotAnImage(ValueError):
    """The bytes are no normalised PNG or JPEG; decode uploads with `kyc.decode` first."""


def load(data: bytes) -> Image:
    """A normalised PNG or JPEG as a colour image. Raises `NotAnImage`."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise NotAnImage("the bytes are no PNG or JPEG image")
    return cast(Image, image)


def to_png(image: Image) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def grey(image: Image) -> Image:
    return image if image.ndim == 2 else cast(Image, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def turn(image: Image, degrees: int) -> Image:
    """Rotated clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, k=-(degrees // 90) % 4))


def fit(image: Image, longest: int) -> tuple[Image, float]:
    """Scaled down so that the longer side is at most `longest`, and the factor applied (1.0 when it already fits)."""
    factor = longest / max(image.shape[:2])
    if factor >= 1.0:
        return image, 1.0
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return cast(Image, cv2.resize(image, size, interpolation=cv2.INTER_AREA)), factor


def extent(corners: Quad | NDArray[Any]) -> tuple[float, float]:
    """How wide and how high a quadrilateral is: the means of its opposite sides."""
    top_left, top_right, bottom_right, bottom_left = np.asarray(corners)
    across = float(np.linalg.norm(top_right - top_left) + np.linalg.norm(bottom_right - bottom_left)) / 2
    down = float(np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)) / 2
    return across, down


def shrunk_to_warp(image: Image, factor: float) -> tuple[Image, float]:
    """What a warp that scales by `factor` starts from, and by how much that is smaller than the image already: warping
    samples single pixels, so that thin strokes would vanish."""
    if factor >= 0.6:
        return image, 1.0
    shrink = factor * 1.3
    return cast(Image, cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)), shrink


@dataclass(frozen=True, slots=True)
class Frame:
    """A level part of an image, `image`, and the affine matrix (2 x 3) that brings its pixels back to the source's."""

    image: Image
    back: NDArray[np.float64]

    def returned(self, quad: Quad) -> tuple[tuple[float, float], ...]:
        """A quad of the part in pixels of the source."""
        points = np.asarray(quad, np.float64) @ self.back[:, :2].T + self.back[:, 2]
        return tuple((float(x), float(y)) for x, y in points)


def framed(image: Image, corners: Quad, degrees: float, longest: int, *, enlarge: float = 1.0) -> Frame:
    """The part of an image around `corners`, turned back by `degrees` (clockwise positive), scaled so that its longer
    side is `longest`, but enlarged at most by `enlarge`."""
    radians = np.deg2rad(degrees)
    along = np.array([np.cos(radians), np.sin(radians)])
    across = np.array([-np.sin(radians), np.cos(radians)])
    points = np.asarray(corners, np.float64)
    u, v = points @ along, points @ across
    wide, high = float(np.ptp(u)), float(np.ptp(v))
    factor = min(enlarge, longest / max(wide, high, 1.0))
    size = (max(1, round(wide * factor)), max(1, round(high * factor)))
    origin = u.min() * along + v.min() * across
    back = np.column_stack([along / factor, across / factor, origin])
    near, corner = _near(image, points)
    source, shrink = (near, 1.0) if factor >= 0.67 else _shrunk(near, factor * 1.2)
    there = back.copy()
    there[:, 2] -= corner
    there *= shrink
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if factor > 1 else cv2.INTER_LINEAR)
    part = cv2.warpAffine(source, there, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Frame(cast(Image, part), back)


def cut(image: Image, quad: Quad, height: int, *, margin: float = 0.0) -> Image:
    """The quadrilateral as a straight strip of the given height; `margin` adds a share of the height on every side."""
    corners = np.asarray(quad, np.float32)
    top_left, top_right, bottom_right, bottom_left = corners
    across, down = extent(corners)
    if margin:
        right = (top_right - top_left) / max(float(np.linalg.norm(top_right - top_left)), 1.0) * down * margin
        below = (bottom_left - top_left) * margin
        top_left, top_right = top_left - right - below, top_right + right - below
        bottom_left, bottom_right = bottom_left - right + below, bottom_right + right + below
        across, down = across + 2 * down * margin, down * (1 + 2 * margin)
    width = max(1, round(float(across) * height / max(float(down), 1.0)))
    source = np.array([top_left, top_right, bottom_right, bottom_left], np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    image, corner = _near(image, source)
    source = source - corner
    shrink = height / max(float(down), 1.0)
    if shrink < 0.5:
        # Warping samples single pixels: shrink by area first, or thin strokes vanish.
        image, factor = _shrunk(image, shrink * 1.5)
        source = source * factor
    matrix = cv2.getPerspectiveTransform(source, target)
    strip = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cast(Image, strip)


def _near(image: Image, corners: NDArray[Any]) -> tuple[Image, NDArray[np.float32]]:
    """The part of an image around corners, not copied, and where it begins: what follows works on fewer pixels."""
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(corners.min(0)) - 8, 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(0)) + 8, [left + 1, top + 1], [width, height]).astype(int)
    return image[top:bottom, left:right], np.array([left, top], np.float32)


def _shrunk(image: Image, factor: float) -> tuple[Image, float]:
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return cast(Image, cv2.resize(image, size, interpolation=cv2.INTER_AREA)), factor


def turn_point(x: float, y: float, degrees: int, width: int, height: int) -> tuple[float, float]:
    """Where a point of an image of the given size lies once the image is turned clockwise by `degrees`."""
    match degrees % 360:
        case 90:
            return height - y, x
        case 180:
            return width - x, height - y
        case 270:
            return y, width - x
        case _:
            return x, y


def turn_point_back(x: float, y: float, degrees: int, width: int, height: int) -> tuple[float, float]:
    """Where a point of the image turned by `degrees` lies in the unturned image of the given size."""
    match degrees % 360:
        case 90:
            return y, height - x
        case 180:
            return width - x, height - y
        case 270:
            return width - y, x
        case _:
            return x, y
