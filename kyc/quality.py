"""What is wrong with a capture, as codes with the measured value, the threshold and advice for the applicant."""

from collections.abc import Sequence

import cv2
import numpy as np

from kyc.document import Box, CaptureCode, TextLine
from kyc.geometry import Image, grey
from kyc.locator import Corners, Place

MIN_SHARPNESS = 0.15
"""See `sharpness`; of 216 generated zones 99% of those read exactly lie above, 95% of the others below (AUC 0.996)."""
MAX_GLARE = 0.06
MIN_LINE_HEIGHT = 9.0
"""Pixels between the top and bottom of a line of the machine readable zone: below, strokes are under a pixel."""
MIN_SIDE = 400
MAX_SKEW_DEGREES = 20.0
MIN_TEXT_LINES = 4
EDGE_MARGIN = 0.004
SURE_PAGE = 0.8
MAX_OUTSIDE = 0.03
GRAIN = 0.6

ADVICE = {
    "BLUR": "The photo is not sharp. Hold the phone still, let it focus, and use more light.",
    "GLARE": "Light is reflected in the document. Tilt it a little or move away from the lamp.",
    "CROPPED": "A part of the document is cut off. Keep all four corners in the picture.",
    "TOO_SMALL": "The document is too small in the picture. Move closer.",
    "ROTATED": "The document is not upright in the picture. It was turned for reading.",
    "NO_DOCUMENT": "No document was found. Photograph the page with the portrait and the lines of `<<<`.",
    "NO_MRZ": "The machine readable lines (`<<<`) were not found. Include the lower edge, or the card's back.",
    "MRZ_UNREADABLE": "The machine readable lines (`<<<`) were found but not fully read. Take a sharper photo.",
    "NO_FACE": "No portrait was found. Photograph the page with the portrait.",
    "MULTIPLE_FACES": "More than one portrait of the same size was found. Photograph one document at a time.",
    "UNSUPPORTED_DOCUMENT": "This kind of document is not supported. Use a passport or an identity card.",
}


def capture_code(code: str, value: float, threshold: float) -> CaptureCode:
    return CaptureCode(code, value, threshold, ADVICE[code])


def measure(
    image: Image,
    *,
    zone: Box | None,
    line_height: float | None,
    strips: Sequence[Image],
    page: Place | None,
    text_lines: Sequence[TextLine],
    faces: int,
    several_faces: bool,
    rotation: int,
    skew_degrees: float,
    readable: bool,
    supported: bool,
) -> tuple[CaptureCode, ...]:
    """Every complaint about an upright image. `zone` and `line_height` are of the machine readable zone, in pixels;
    `strips` are its lines at the recogniser's scale (see `kyc.recogniser.strips`); `page` is the document's outline;
    `readable` says that the zone has a known form, `supported` that something else could be read in its place."""
    codes: list[CaptureCode] = []

    def complain(code: str, value: float, threshold: float, holds: bool) -> None:
        if holds:
            codes.append(capture_code(code, value, threshold))

    height, width = image.shape[:2]
    flat = grey(image)
    document = _within(flat, page)
    sharp = float(np.median([sharpness(strip, GRAIN) for strip in strips])) if len(strips) else sharpness(document)
    complain("BLUR", sharp, MIN_SHARPNESS, sharp < MIN_SHARPNESS)
    shine = glare(document)
    complain("GLARE", shine, MAX_GLARE, shine > MAX_GLARE)
    if line_height is not None:
        complain("TOO_SMALL", line_height, MIN_LINE_HEIGHT, line_height < MIN_LINE_HEIGHT)
    else:
        side = float(max(document.shape))
        complain("TOO_SMALL", side, MIN_SIDE, side < MIN_SIDE)
    outside = 0.0 if page is None or page.score < SURE_PAGE else share_outside(page.corners, width, height)
    if outside > MAX_OUTSIDE:
        complain("CROPPED", outside, MAX_OUTSIDE, True)
    elif zone is not None:
        margin = min(zone.left, width - zone.right) / width
        complain("CROPPED", margin, EDGE_MARGIN, margin < EDGE_MARGIN)
    complain("ROTATED", float(rotation), 0.0, rotation != 0)
    if rotation == 0:
        complain("ROTATED", skew_degrees, MAX_SKEW_DEGREES, abs(skew_degrees) > MAX_SKEW_DEGREES)
    lines = len(text_lines)
    nothing = zone is None and faces == 0 and lines < MIN_TEXT_LINES
    complain("NO_DOCUMENT", float(lines), float(MIN_TEXT_LINES), nothing)
    complain("NO_MRZ", 0.0, 1.0, zone is None)
    complain("MRZ_UNREADABLE", 0.0, 1.0, zone is not None and not readable)
    complain("NO_FACE", float(faces), 1.0, faces == 0)
    complain("MULTIPLE_FACES", float(faces), 1.0, several_faces)
    complain("UNSUPPORTED_DOCUMENT", 0.0, 1.0, zone is None and not nothing and not supported)
    return tuple(codes)


def sharpness(flat: Image, grain: float = 0.0) -> float:
    """How steep the steepest edges are: the 99th percentile of the step between neighbouring pixels over the range of
    brightness, both of a grey region whose `grain` of so many pixels is smoothed away first. At the recogniser's scale
    it says how legible signs are: about 0.4 for print with crisp edges, below 0.13 for smeared print."""
    values = flat.astype(np.float32)
    if grain:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), grain), np.float32)
    low, high = np.percentile(values, (1, 99))
    if high - low < 8:
        return 0.0
    steps = np.maximum(
        np.abs(np.diff(values, axis=1))[:-1, :] if values.shape[0] > 1 else 0, np.abs(np.diff(values, axis=0))[:, :-1]
    )
    return float(np.percentile(steps, 99) / (high - low))


def share_outside(corners: Corners, width: int, height: int) -> float:
    """The share of an outline's area that lies outside the picture."""
    outline = np.array(corners, np.float32)
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    area = cv2.contourArea(outline)
    inside, _ = cv2.intersectConvexConvex(cv2.convexHull(outline), frame)
    return float(max(0.0, 1 - inside / area)) if area > 0 else 0.0


def _within(flat: Image, page: Place | None) -> Image:
    """The part of the picture around the document; all of it where none is seen."""
    if page is None:
        return flat
    xs, ys = [x for x, _ in page.corners], [y for _, y in page.corners]
    part = flat[max(0, int(min(ys))) : max(0, int(max(ys))), max(0, int(min(xs))) : max(0, int(max(xs)))]
    return part if min(part.shape) > 32 else flat


def glare(flat: Image) -> float:
    """The share of the image that is burnt out in large smooth blobs; zero where the paper itself is that bright."""
    small = cv2.resize(flat, (320, max(1, round(320 * flat.shape[0] / flat.shape[1]))), interpolation=cv2.INTER_AREA)
    if float(np.median(small)) > 235:
        return 0.0
    burnt = (small >= 250).astype(np.uint8)
    opened = cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    return float(opened.mean())
