"""Pixels in, pixels out: loading a normalised image, turning it upright, cutting a quadrilateral out straight."""

from collections.abc import Sequence
from typing import cast

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


def cut(image: Image, quad: Quad, height: int, *, margin: float = 0.0) -> Image:
    """The quadrilateral as a straight strip of the given height; `margin` adds a share of the height on every side."""
    top_left, top_right, bottom_right, bottom_left = (np.asarray(p, np.float32) for p in quad)
    across = (np.linalg.norm(top_right - top_left) + np.linalg.norm(bottom_right - bottom_left)) / 2
    down = (np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)) / 2
    if margin:
        right = (top_right - top_left) / max(float(np.linalg.norm(top_right - top_left)), 1.0) * down * margin
        below = (bottom_left - top_left) * margin
        top_left, top_right = top_left - right - below, top_right + right - below
        bottom_left, bottom_right = bottom_left - right + below, bottom_right + right + below
        across, down = across + 2 * down * margin, down * (1 + 2 * margin)
    width = max(1, round(float(across) * height / max(float(down), 1.0)))
    source = np.array([top_left, top_right, bottom_right, bottom_left], np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shrink = height / max(float(down), 1.0)
    if shrink < 0.5:
        # Warping samples single pixels: shrink by area first, or thin strokes vanish.
        image, factor = _shrunk(image, shrink * 1.5)
        source = source * factor
    matrix = cv2.getPerspectiveTransform(source, target)
    strip = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cast(Image, strip)


def _shrunk(image: Image, factor: float) -> tuple[Image, float]:
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return cast(Image, cv2.resize(image, size, interpolation=cv2.INTER_AREA)), factor


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
