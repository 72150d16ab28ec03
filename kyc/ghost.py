"""The small pale second portrait of a document, compared with the first: a ghost is a copy of the same photograph, so
the two are laid over each other, which tells far more than whether two faces look alike.

Separate from `faces`, which compares persons, and from `tamper`, which looks at print and paper. What could not be
compared is said with its reason: it is no proof of anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.document import Box, GhostCheck
from kyc.faces import Face, FaceReader
from kyc.geometry import Image, Quad, extent, grey, shrunk_to_warp

SAME = 0.84
"""Correlation of the two pictures laid over each other, from which they are one photograph: of generated documents most
copies lie above 0.9, other portraits and print below 0.83 (docs/documents.md)."""
GHOST_MATCH, GHOST_MISMATCH = 0.40, 0.52
"""Descriptor distances of portrait and ghost for the few that cannot be laid over each other: below the first one
person, above the second two."""
GHOST_SCORE = -0.5
"""dlib's score from which a pale patch counts as somebody's face, and may testify against the portrait."""
FAINT_SCORE = -0.7
COVERED = 0.2
"""Share of such a patch over which print may stand: letters look like eyes to the detector."""
SIZES = (0.13, 0.85)
"""Width of a ghost's face over the portrait's."""
GHOST_PIXELS = 120
SIDE = 22
"""Pixels of a face's width at which the page is searched for a copy of the portrait."""
STEP = 1.1
PLACES = 4
SMALLEST = 17
"""Pixels of a face's width below which nothing is compared."""
FINEST = 56
ROUND = 0.18
"""Share of its width by which the compared part is larger than the face on each side: hair and chin."""
PAGE_SIDE = 1500
SURE_PAGE = 0.8

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Flat:
    """The document made straight: its picture, grey and in colour, and the matrix back to the source's pixels."""

    colour: Image
    grey: Image
    back: NDArray[np.float64]

    def there(self, box: Box) -> Box:
        """A box of the source, here."""
        return _moved(box, np.asarray(np.linalg.inv(self.back), np.float64))

    def returned(self, box: Box, image: Image) -> Box:
        found = _moved(box, self.back)
        height, width = image.shape[:2]
        return Box(max(0, found.left), max(0, found.top), min(width, found.right), min(height, found.bottom))


def check_ghost(
    image: Image,
    faces: Sequence[Face],
    reader: FaceReader,
    outline: Quad | None = None,
    outline_score: float = 0.0,
    printed: Sequence[Box] = (),
) -> GhostCheck:
    """Compare the largest of `faces` with the document's ghost portrait. `outline` is the document's, clockwise from
    top left in pixels, used where it is seen surely; what looks like a face where a line of print stands (`printed`)
    contradicts nothing."""
    if not faces:
        return GhostCheck("not_compared", "NO_PORTRAIT")
    flat = _straight(image, outline if outline_score >= SURE_PAGE else None)
    portrait = flat.there(faces[0].box)
    if portrait.right - portrait.left < SMALLEST / 0.6:
        return GhostCheck("not_compared", "PORTRAIT_TOO_SMALL")
    found = [(likeness(flat.grey, portrait, box), box) for box in copies(flat.grey, portrait)]
    best, place = max(found, key=lambda item: item[0], default=(0.0, portrait))
    if best >= SAME:
        return GhostCheck("same", "", round(best, 3), None, flat.returned(place, image))
    return _by_face(flat, portrait, best, image, reader, printed)


def _by_face(
    flat: _Flat, portrait: Box, best: float, image: Image, reader: FaceReader, printed: Sequence[Box]
) -> GhostCheck:
    """Where no copy of the portrait is seen: whether another face is, small and pale."""
    seen: tuple[float, float, float, Box] | None = None
    for face in _pale_faces(flat.colour, portrait, reader):
        distance = _distance(flat.colour, portrait, face, reader)
        alike = max(likeness(flat.grey, portrait, _grown(face.box, factor)) for factor in (0.88, 1.0, 1.14))
        if alike >= SAME:
            return GhostCheck("same", "", round(alike, 3), round(distance, 3), flat.returned(face.box, image))
        if (distance < GHOST_MATCH or face.score > GHOST_SCORE) and (seen is None or distance < seen[0]):
            seen = (distance, face.score, alike, face.box)
    if seen is None:
        return GhostCheck("not_compared", "NO_GHOST_FOUND", round(best, 3))
    distance, score, alike, box = seen
    place = flat.returned(box, image)
    result, reason = "not_compared", "GHOST_UNCLEAR"
    if distance < GHOST_MATCH:
        result, reason = "same", ""
    elif score > GHOST_SCORE and distance > GHOST_MISMATCH and _covered(place, printed) < COVERED:
        result, reason = "different", ""
    return GhostCheck(result, reason, round(alike, 3), round(distance, 3), place)  # type: ignore[arg-type]


def _covered(box: Box, printed: Sequence[Box]) -> float:
    """The share of a box over which lines of print stand."""
    return sum(map(box.shared, printed)) / max(1, box.area)


def copies(flat: Image, portrait: Box) -> list[Box]:
    """Places of the page, likeliest first, where a smaller copy of the portrait's face may be."""
    wide, high = portrait.right - portrait.left, portrait.bottom - portrait.top
    template = _band(_around(flat, portrait, SIDE, ROUND))
    rows, columns = template.shape
    found: list[tuple[float, float, float, float]] = []
    share = SIZES[1]
    while share > SIZES[0]:
        factor = SIDE / (share * wide)
        if factor > SIDE / SMALLEST:
            break
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(flat, None, fx=factor, fy=factor, interpolation=way), np.uint8)
        if small.shape[0] > rows + 2 and small.shape[1] > columns + 2:
            response = cv2.matchTemplate(_band(small), template, cv2.TM_CCOEFF_NORMED)
            _forbid(response, portrait, factor, template)
            for _ in range(2):
                _, value, _, (x, y) = cv2.minMaxLoc(response)
                found.append((value, (x + columns / 2) / factor, (y + rows / 2) / factor, share))
                response[max(0, y - rows // 3) : y + rows // 3, max(0, x - columns // 3) : x + columns // 3] = -1
        share /= STEP
    found.sort(reverse=True)
    kept: list[tuple[float, float, float, float]] = []
    for item in found:
        if all(np.hypot(item[1] - k[1], item[2] - k[2]) > 0.3 * wide * k[3] for k in kept):
            kept.append(item)
    return [_centred(x, y, share * wide, share * high) for _, x, y, share in kept[:PLACES]]


def likeness(flat: Image, portrait: Box, ghost: Box) -> float:
    """How well the ghost's picture lies over the portrait's: the correlation, -1 to 1, of what is finer than light and
    shade in both, once the ghost was shifted, turned and stretched a little to fit best (enhanced correlation
    coefficient, Evangelidis and Psarakis 2008)."""
    side = int(np.clip(ghost.right - ghost.left, SMALLEST, FINEST))
    fine, coarse, margin = 0.2 + 0.03 * side, 0.16 * side, 0.35
    first = _band(_around(flat, portrait, side, ROUND), fine, coarse)
    height, width = first.shape
    size = (round(width * (1 + 2 * margin)), round(height * (1 + 2 * margin)))
    second = _band(_around(flat, ghost, side, ROUND, size), fine, coarse)
    matrix = np.array([[1, 0, (size[0] - width) / 2], [0, 1, (size[1] - height) / 2]], np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
    try:
        _, fitted = cv2.findTransformECC(first, second, matrix.copy(), cv2.MOTION_AFFINE, stop, None, 5)  # type: ignore[call-overload]
    except cv2.error:  # does not converge: the two have nothing in common
        fitted = matrix
    strengths = np.linalg.svd(np.asarray(fitted)[:, :2], compute_uv=False)
    if strengths[0] > 1.35 or strengths[1] < 0.74:
        fitted = matrix
    laid = cv2.warpAffine(second, fitted, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    face = np.zeros((height, width), np.uint8)
    cv2.ellipse(face, (width // 2, height // 2), (round(0.42 * width), round(0.47 * height)), 0, 0, 360, 1, -1)
    a, b = first[face > 0], np.asarray(laid, np.float32)[face > 0]
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


def _band(flat: Any, fine: float = 0.7, coarse: float = 3.5) -> Floats:
    """What lies between two sizes of detail, brought to even strength everywhere: pale print counts like dark."""
    values = np.asarray(flat, np.float32)
    detail = cv2.GaussianBlur(values, (0, 0), fine) - cv2.GaussianBlur(values, (0, 0), coarse)
    strength = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), coarse))
    return np.asarray(detail / (strength + 1.5), np.float32)


def _around(flat: Image, box: Box, side: int, share: float, size: tuple[int, int] | None = None) -> Image:
    """The part around a face at `side` pixels a face's width; `size` cuts out that many pixels around its middle."""
    wide, high = (box.right - box.left) * (1 + 2 * share), (box.bottom - box.top) * (1 + 2.2 * share)
    factor = side / max(1, box.right - box.left)
    columns, rows = size or (max(4, round(wide * factor)), max(4, round(high * factor)))
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    matrix = np.array([[1 / factor, 0, x - columns / 2 / factor], [0, 1 / factor, y - rows / 2 / factor]], np.float64)
    source, shrink = shrunk_to_warp(flat, factor)
    matrix = matrix * shrink
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(source, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _forbid(response: Any, portrait: Box, factor: float, template: Floats) -> None:
    """No copy is looked for where the portrait itself is."""
    rows, columns = template.shape
    wide, high = portrait.right - portrait.left, portrait.bottom - portrait.top
    left, right = (
        (portrait.left - 0.6 * wide) * factor - columns / 2,
        (portrait.right + 0.6 * wide) * factor - columns / 2,
    )
    top, bottom = (portrait.top - 0.8 * high) * factor - rows / 2, (portrait.bottom + 0.9 * high) * factor - rows / 2
    response[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))] = -1


def _pale_faces(image: Image, portrait: Box, reader: FaceReader) -> list[Face]:
    """Small faces, found by dlib in an enlarged picture of stretched contrast with the portrait painted over."""
    wide = portrait.right - portrait.left
    factor = min(2.0, 1400 / max(image.shape[:2]), GHOST_PIXELS / (0.33 * wide))
    found = []
    for face in reader.faint(_stretched(_without(image, portrait), factor), FAINT_SCORE):
        box = Box(*(round(v / factor) for v in (face.box.left, face.box.top, face.box.right, face.box.bottom)))
        if SIZES[0] * wide < box.right - box.left < SIZES[1] * wide:
            found.append(Face(box, face.score))
    return found


def _distance(image: Image, portrait: Box, ghost: Face, reader: FaceReader) -> float:
    first, second = (reader.describe(image, face) for face in (Face(portrait, 0.0), ghost))
    return float(np.linalg.norm(first - second))


def _straight(image: Image, outline: Quad | None) -> _Flat:
    height, width = image.shape[:2]
    if outline is None:
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    else:
        corners = np.asarray(outline, np.float32)
    across, down = extent(corners)
    factor = min(1.0, PAGE_SIDE / max(across, down, 1.0))
    columns, rows = max(16, round(across * factor)), max(16, round(down * factor))
    target = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    if outline is None:
        colour = np.asarray(cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    else:
        # A little beyond its outline, which is seen roughly: portraits stand near edges.
        inner = target * 0.96 + np.array([columns, rows], np.float32) * 0.02
        target = inner
        there = cv2.getPerspectiveTransform(corners, target)
        source, shrink = shrunk_to_warp(image, factor)
        colour = np.asarray(
            cv2.warpPerspective(
                source, there @ np.diag([1 / shrink, 1 / shrink, 1.0]), (columns, rows), borderMode=cv2.BORDER_REPLICATE
            ),
            np.uint8,
        )
    back = np.asarray(cv2.getPerspectiveTransform(target, corners), np.float64)
    return _Flat(colour, grey(colour), back)


def _moved(box: Box, matrix: NDArray[np.float64]) -> Box:
    """The level box around where a box's middle and sides come to lie: as wide and as high as its middle lines."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    points = np.array([[[box.left, y], [box.right, y], [x, box.top], [x, box.bottom], [x, y]]], np.float64)
    left, right, top, bottom, middle = cv2.perspectiveTransform(points, matrix)[0]
    wide, high = float(np.linalg.norm(right - left)), float(np.linalg.norm(bottom - top))
    return _centred(float(middle[0]), float(middle[1]), wide, high)


def _centred(x: float, y: float, wide: float, high: float) -> Box:
    return Box(round(x - wide / 2), round(y - high / 2), round(x + wide / 2), round(y + high / 2))


def _grown(box: Box, factor: float) -> Box:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return _centred(x, y, (box.right - box.left) * factor, (box.bottom - box.top) * factor)


def _without(image: Image, box: Box) -> Image:
    """The image with a portrait and its surroundings painted over in its own middle colour."""
    painted = image.copy()
    wide, high = box.right - box.left, box.bottom - box.top
    top, left = max(0, box.top - high // 2), max(0, box.left - wide // 2)
    painted[top : box.bottom + high // 2, left : box.right + wide // 2] = np.median(image[::8, ::8], axis=(0, 1))
    return painted


def _stretched(image: Image, factor: float) -> Image:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.GaussianBlur(cv2.resize(image, None, fx=factor, fy=factor, interpolation=way), (0, 0), 1.2)
    lab = cv2.cvtColor(scaled, cv2.COLOR_BGR2LAB)
    lab[:, :, 0] = cv2.createCLAHE(6.0, (6, 6)).apply(lab[:, :, 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)
