"""How a portrait takes over from the paper of a synthetic page: printed into it in several ways, or stuck upon it.

Apart from `layouts`, with draws of its own: a page whose border is not asked for looks as it always did.
"""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.geometry import Image

Share = NDArray[np.float32]


class Border(StrEnum):
    """What lies between portrait and paper."""

    HARD = "hard"
    """Printed with a full step, as if cut: nothing tells it from a photograph stuck on the paper."""
    FADED = "faded"
    """Runs out into the paper over a third of a millimetre to two."""
    STEPPED = "stepped"
    """A part of a step, the rest runs out."""
    PATTERNED = "patterned"
    """Runs out, and the paper's pattern runs through the whole portrait."""
    REMOVED = "removed"
    """No background: head and shoulders stand on the paper, and run out below."""
    STUCK = "stuck"
    """Another photograph glued on: cut edges, a little askew, with or without a pale rim and a shadow."""


PRINTED = (Border.FADED, Border.STEPPED, Border.PATTERNED)


def mount(canvas: Image, portrait: Image, left: int, top: int, border: Border, seed: int, pixels_per_mm: int) -> None:
    """Put a portrait onto the page (in place) with its left upper corner at `left`, `top`."""
    rng = np.random.default_rng([seed, 114])
    high, wide = portrait.shape[:2]
    if border is Border.HARD:
        canvas[top : top + high, left : left + wide] = portrait
        return
    if border is Border.STUCK:
        _stick(canvas, portrait, left, top, rng, pixels_per_mm)
        return
    ends = min(float(rng.uniform(0.7, 2.2)) * pixels_per_mm, 0.2 * wide)
    x, y = np.minimum(np.arange(wide) + 0.5, wide - 0.5 - np.arange(wide)), np.arange(high) + 0.5
    inward = np.minimum(x[None, :], np.minimum(y, high - y)[:, None]).astype(np.float32)
    ramp = np.clip(inward / ends, 0, 1)
    share: Share = np.asarray(ramp * ramp * (3 - 2 * ramp) if rng.random() < 0.5 else ramp, np.float32)
    if border is Border.STEPPED:
        step = float(rng.uniform(0.25, 0.55))
        share = np.asarray(step + (1 - step) * share, np.float32)
    if border is Border.REMOVED:
        flat = portrait.astype(np.float32)
        corner = np.median(np.concatenate([flat[: high // 8, : wide // 8], flat[: high // 8, -(wide // 8) :]]), (0, 1))
        unlike = cv2.GaussianBlur(np.abs(flat - corner).max(2), (0, 0), 3)
        share = np.asarray(share * np.clip((unlike - 12) / 40, 0, 1), np.float32)
    share = np.asarray(share * rng.uniform(0.88, 1.0), np.float32)
    place = canvas[top : top + high, left : left + wide]
    paper, photo = place.astype(np.float32), portrait.astype(np.float32)
    if border is Border.PATTERNED:
        through = (paper / np.median(paper, axis=(0, 1))) ** float(rng.uniform(0.4, 1.0))
        photo = np.asarray(photo * through, np.float32)
    place[:] = np.clip(paper * (1 - share[:, :, None]) + photo * share[:, :, None], 0, 255).astype(np.uint8)


def _stick(canvas: Image, photo: Image, left: int, top: int, rng: np.random.Generator, pixels_per_mm: int) -> None:
    high, wide = photo.shape[:2]
    photo = photo.copy()
    if rng.random() < 0.6:
        rim = max(1, round(float(rng.uniform(0.1, 0.4)) * pixels_per_mm))
        cv2.rectangle(photo, (0, 0), (wide - 1, high - 1), (float(rng.uniform(205, 250)),) * 3, 2 * rim - 1)
    angle, scale = np.deg2rad(rng.uniform(-1.5, 1.5)), float(rng.uniform(1.0, 1.04))
    middle = np.array([left + wide / 2, top + high / 2]) + rng.normal(0, 2, 2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    place = np.column_stack([turn, middle - turn @ [wide / 2, high / 2]])
    size = (canvas.shape[1], canvas.shape[0])
    solid = np.full((high, wide), 255, np.uint8)
    under = canvas.astype(np.float32)
    if rng.random() < 0.5:
        shift = np.array([[0, 0, rng.uniform(-3, 3)], [0, 0, rng.uniform(1, 4)]])
        shade = cv2.GaussianBlur(cv2.warpAffine(solid, place + shift, size), (0, 0), float(rng.uniform(1, 3)))
        under *= 1 - float(rng.uniform(0.1, 0.35)) * shade[:, :, None] / 255.0
    mask = cv2.warpAffine(solid, place, size)[:, :, None] / np.float32(255)
    laid = cv2.warpAffine(photo, place, size, borderMode=cv2.BORDER_REPLICATE)
    canvas[:] = (under * (1 - mask) + laid * mask).astype(np.uint8)
