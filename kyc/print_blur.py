"""How blurred a picture is, by the strokes of print in it: the only edges of a page known to be sharp.

Apart from `portrait_border`, which asks how much of a portrait's step lies within that blur.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.document import Box
from kyc.geometry import Image

LEAST_STROKES, LEAST_INK = 40, 45.0
"""Places where strokes of print are measured, and how much darker than paper print is at least: less is grain."""

Floats = NDArray[np.float32]


def _bars() -> tuple[Floats, Floats]:
    """For a bar of print blurred by one pixel: contrast over steepest slope, by the distance of its two steepest places
    over that. Thin bars lose contrast, so that they look sharper than they are."""
    x = np.arange(-12, 12, 0.01)
    ratios, steps = [], []
    for thick in np.arange(0.2, 8, 0.1):
        edge = np.array([math.erf(v / math.sqrt(2)) for v in np.arange(-16, 16, 0.01)]) / 2
        cover = np.interp(x + thick / 2, np.arange(-16, 16, 0.01), edge)
        cover -= np.interp(x - thick / 2, np.arange(-16, 16, 0.01), edge)
        slope = np.diff(cover) / 0.01
        ratio = float(cover.max() / slope.max())
        ratios.append(ratio)
        steps.append(float(2 * abs(x[int(slope.argmax())]) / ratio))
    return np.asarray(steps, np.float32), np.asarray(ratios, np.float32)


_STEPS, _RATIOS = _bars()


def print_blur(flat: Image, box: Box, share: float = 50.0) -> float | None:
    """The picture's blur across upright strokes away from a face (`box`), as the deviation of a blurred step in pixels;
    `None` where there is too little print. `share` is the percentile of all strokes' that is taken."""
    width, reach = box.right - box.left, 12
    if min(flat.shape) < 2 * reach + 4:
        return None
    values = np.asarray(cv2.blur(flat.astype(np.float32), (1, 3)), np.float32)
    slope = np.diff(values, axis=1)
    strong = np.abs(slope)
    peak = (strong[:, 1:-1] >= strong[:, :-2]) & (strong[:, 1:-1] > strong[:, 2:]) & (strong[:, 1:-1] >= 10)
    peak = np.pad(peak, ((0, 0), (1, 1)))
    # An upright stroke: as steep a little above and below.
    near = cv2.dilate(strong, np.ones((1, 3), np.uint8))
    peak[2:-2] &= np.minimum(near[:-4], near[4:])[:, :] >= 0.75 * strong[2:-2]
    peak[:2] = peak[-2:] = False
    top, bottom = max(0, box.top - round(1.0 * width)), box.bottom + round(1.1 * width)
    left, right = max(0, box.left - round(0.9 * width)), box.right + round(0.9 * width)
    peak[top:bottom, left:right] = False
    peak[:, :reach] = peak[:, -reach - 1 :] = False
    rows, columns = np.nonzero(peak)
    if rows.size < LEAST_STROKES:
        return None
    order = np.argsort(-strong[rows, columns])[:800]
    rows, columns = rows[order], columns[order]
    around = slope[rows[:, None], columns[:, None] + np.arange(-reach, reach + 1)[None, :]]
    sign = np.sign(around[:, reach])
    around = around * sign[:, None]
    peaks = around[:, reach]
    # Dark lies to the left where brightness rises.
    ahead, behind = around[:, reach + 1 :], around[:, reach - 1 :: -1]
    run_a, run_b = (_run(part, peaks) for part in (ahead, behind))
    contrast = peaks + run_a + run_b
    dark = np.where((sign > 0)[:, None], behind, ahead)
    across = np.argmin(dark, axis=1) + 1.0
    opposite = -dark.min(axis=1) > 0.5 * peaks
    after, before = around[:, reach + 1], around[:, reach - 1]
    steepest = peaks + (after - before) ** 2 / (8 * np.maximum(1e-3, 2 * peaks - after - before))  # between pixels
    ratio = contrast / steepest
    bar = np.interp(across / ratio, _STEPS, _RATIOS)
    sigma = ratio / np.where(opposite, bar, 2.5066)
    keep = contrast > max(LEAST_INK, 0.45 * float(np.percentile(contrast, 95)))
    if int(keep.sum()) < LEAST_STROKES:
        return None
    return float(np.percentile(sigma[keep], share))


def _run(slopes: Floats, peaks: Floats) -> Any:
    """How far brightness goes on in the same direction."""
    ends = np.minimum.accumulate(slopes > 0.04 * peaks[:, None], axis=1)
    return (slopes * ends).sum(1)
