"""Finds, before anything is read, where on a picture a document lies, where its machine readable zone stands, and which
way it is read: a small network trained by `kyc.training.page_locator`, run by onnxruntime.

Separate from the readers: it knows what pages and zones look like from afar, and no letters.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.document import Box
from kyc.geometry import Image, fit, turn_point

_MODELS = Path(__file__).resolve().parent.parent / "models"
MODEL = _MODELS / "page" / "locator.onnx"
CLUTTER = _MODELS / "page_clutter" / "locator.onnx"
"""Trained on busier tables and paler pages: it finds documents askew in clutter that the other misses, and is less sure
of pages that fill the picture."""
SIDE = 320
MULTIPLE = 32
STRIDE = 4
SURE = 0.5
POSSIBLE = 0.35
MIN_ZONE = 0.0006
"""Share of the picture below which a patch is no zone."""
MIN_PAGE = 0.02
SMALL_PAGE = 0.45
"""Share of the picture below which the page is looked at again, closer."""
MARGIN = 0.12

Floats = NDArray[np.float32]
Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Four corners in pixels, clockwise from the one at which reading begins, and how sure (0 to 1)."""

    corners: Corners
    score: float

    @property
    def direction(self) -> float:
        """Of reading, in degrees clockwise from rightward, as the corners have it."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self.corners
        return math.degrees(math.atan2(y1 - y0 + y2 - y3, x1 - x0 + x2 - x3))

    @property
    def reversed(self) -> "Place":
        """The same place read from its other end."""
        return Place(self.corners[2:] + self.corners[:2], self.score)

    def stretched(self, share: float) -> "Place":
        """The place drawn out along reading at either end, by a `share` of its length."""
        a, b, c, d = (np.asarray(corner) for corner in self.corners)
        top, bottom = (b - a) * share, (c - d) * share
        return Place(_points((a - top, b + top, c + bottom, d - bottom)), self.score)

    def turned(self, degrees: int, width: int, height: int) -> "Place":
        """The same place in a picture of the given size turned clockwise by `degrees`."""
        return Place(tuple(turn_point(x, y, degrees, width, height) for x, y in self.corners), self.score)


@dataclass(frozen=True, slots=True)
class Located:
    """What was found. `direction` is that of reading in degrees, clockwise from rightward, -180 to 180, and
    `direction_score` how firmly (0 to 1) it was seen; `page_share` is the page's part of the picture. `extent` is the
    upright box around all that may be document, `None` where nothing may."""

    page: Place | None
    zones: tuple[Place, ...]
    direction: float
    direction_score: float
    page_share: float
    extent: Box | None = None

    def turned(self, degrees: int, width: int, height: int) -> "Located":
        """The same in a picture of the given size turned clockwise by `degrees`."""
        extent = self.extent
        if extent is not None:
            a, b = (
                turn_point(x, y, degrees, width, height)
                for x, y in ((extent.left, extent.top), (extent.right, extent.bottom))
            )
            xs, ys = sorted((round(a[0]), round(b[0]))), sorted((round(a[1]), round(b[1])))
            extent = Box(xs[0], ys[0], xs[1], ys[1])
        return replace(
            self,
            page=None if self.page is None else self.page.turned(degrees, width, height),
            zones=tuple(zone.turned(degrees, width, height) for zone in self.zones),
            direction=_wrapped(self.direction + degrees),
            extent=extent,
        )


@dataclass
class PageLocator:
    """Loads its model on first use. Thread-safe; `threads` bounds onnxruntime's pool."""

    model: Path = MODEL
    threads: int = 1
    _session: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, image: Image) -> Located:
        """Look once at the whole picture, and once more, closer, where the page is small in it or shows no zone."""
        whole = self._look(image)
        if whole.page is None or (whole.zones and whole.page_share > SMALL_PAGE):
            return whole
        left, top, right, bottom = _around(whole.page.corners, image)
        if (right - left) * (bottom - top) > 0.8 * image.shape[0] * image.shape[1]:
            return whole
        closer = self._look(image[top:bottom, left:right])
        if closer.page is None or (whole.zones and not closer.zones):
            return whole
        share = closer.page_share * (right - left) * (bottom - top) / (image.shape[0] * image.shape[1])
        return Located(
            _moved(closer.page, left, top),
            tuple(_moved(zone, left, top) for zone in closer.zones),
            closer.direction,
            closer.direction_score,
            share,
            whole.extent,
        )

    def _look(self, image: Image) -> Located:
        maps, factor = self.maps(image)
        return locate(maps, image.shape[1], image.shape[0], factor)

    def maps(self, image: Image) -> tuple[Floats, float]:
        """The network's maps, 4 x rows x columns (page, zone, cosine, sine), and how many of their cells a pixel is."""
        small, factor = fit(image, SIDE)
        height, width = (-(-v // MULTIPLE) * MULTIPLE for v in small.shape[:2])
        padded = np.full((height, width, 3), 0.5, np.float32)
        padded[: small.shape[0], : small.shape[1]] = small.astype(np.float32) / 255
        with self._lock:
            session = self._load()
        found = session.run(None, {"images": np.ascontiguousarray(padded.transpose(2, 0, 1)[None])})[0][0]
        rows, columns = -(-small.shape[0] // STRIDE), -(-small.shape[1] // STRIDE)
        return np.asarray(found[:, :rows, :columns], np.float32), factor / STRIDE

    def _load(self) -> Any:
        if self._session is None:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            self._session = onnxruntime.InferenceSession(
                str(self.model), sess_options=options, providers=["CPUExecutionProvider"]
            )
        return self._session


def locate(maps: Floats, width: int, height: int, factor: float) -> Located:
    """Read the maps of a picture of `width` x `height` pixels; `factor` is cells a pixel."""
    page_map, zone_map = (_enlarged(maps[channel]) for channel in (0, 1))
    cells = factor * STRIDE
    zones = _zones(zone_map, maps, cells)
    page_mask = _component(page_map)
    places = tuple(zone for zone, _, _ in zones)
    extent = _extent(page_map, places, cells, width, height)
    if page_mask is None:
        direction, firmness = (zones[0][1], zones[0][2]) if zones else (0.0, 0.0)
        return Located(None, places, direction, firmness, 0.0, extent)
    if zones:
        direction, firmness = zones[0][1], zones[0][2]
    else:
        direction, firmness = _direction(maps, cv2.resize(page_mask, maps.shape[2:0:-1], interpolation=cv2.INTER_AREA))
    corners = _outline(page_mask, direction) / cells
    corners = np.clip(corners, [-0.2 * width, -0.2 * height], [1.2 * width, 1.2 * height])
    score = float(page_map[page_mask > 0].mean())
    share = float((page_mask > 0).sum()) / cells**2 / (width * height)
    return Located(Place(_points(corners), score), places, direction, firmness, min(1.0, share), extent)


def _extent(page_map: Floats, zones: Sequence[Place], cells: float, width: int, height: int) -> Box | None:
    rows, columns = np.nonzero(page_map > POSSIBLE)
    corners = [corner for zone in zones for corner in zone.corners]
    xs = [x for x, _ in corners] + ([columns.min() / cells, (columns.max() + 1) / cells] if columns.size else [])
    ys = [y for _, y in corners] + ([rows.min() / cells, (rows.max() + 1) / cells] if rows.size else [])
    if not xs:
        return None
    left, top, right, bottom = int(min(xs)), int(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))
    return Box(max(0, left), max(0, top), min(width, right), min(height, bottom))


def _enlarged(channel: Floats) -> Floats:
    size = (channel.shape[1] * STRIDE, channel.shape[0] * STRIDE)
    return np.asarray(cv2.resize(channel, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _zones(zone_map: Floats, maps: Floats, cells: float) -> list[tuple[Place, float, float]]:
    """Patches that look like zones, likeliest first: place, direction in degrees, firmness of the direction."""
    mask = (zone_map > SURE).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)
    count, labels = cv2.connectedComponents(mask)
    found = []
    for label in range(1, count):
        part = np.asarray(labels == label)
        if part.sum() < MIN_ZONE * zone_map.size:
            continue
        weights = np.where(part, zone_map, 0).astype(np.float32)
        coarse = np.asarray(cv2.resize(weights, maps.shape[2:0:-1], interpolation=cv2.INTER_AREA), np.float32)
        direction, firmness = _direction(maps, coarse)
        points = np.argwhere(part)[:, ::-1].astype(np.float32)
        (x, y), (a, b), angle = cv2.minAreaRect(points)
        along = angle if a >= b else angle + 90
        # The patch knows its long axis to a degree, the network which end of it is the likelier beginning.
        turned = along + 180 * round((direction - along) / 180)
        long, short = (max(a, b) + 1, min(a, b) + 1)
        score = float(weights.sum() / part.sum()) * min(1.0, long / (2.5 * short))
        corners = _rectangle(x + 0.5, y + 0.5, long, short, turned) / cells
        found.append((Place(_points(corners), score), _wrapped(turned), firmness, float(weights.sum())))
    found.sort(key=lambda item: -item[3] * item[0].score)
    return [(place, direction, firmness) for place, direction, firmness, _ in found[:3]]


def _direction(maps: Floats, weights: Any) -> tuple[float, float]:
    total = float(np.asarray(weights).sum()) or 1.0
    x, y = (float((maps[channel] * weights).sum()) / total for channel in (2, 3))
    return math.degrees(math.atan2(y, x)), min(1.0, math.hypot(x, y))


def _component(page_map: Floats) -> Any:
    """The largest patch of page."""
    mask = (page_map > SURE).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    label = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if stats[label, cv2.CC_STAT_AREA] < MIN_PAGE * page_map.size:
        return None
    return np.asarray(labels == label, np.uint8)


def _outline(mask: Any, direction: float) -> Any:
    """The quadrilateral around a patch, its corners clockwise from the one where reading in `direction` begins. Sides
    are fitted to the patch's edge, away from the picture's border, so that rounded corners and fingers do not pull."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = cv2.convexHull(max(contours, key=cv2.contourArea))[:, 0].astype(np.float32)
    first = _four(edge)
    height, width = mask.shape
    ring = max(contours, key=cv2.contourArea)[:, 0].astype(np.float32)
    inner = ring[(ring[:, 0] > 1) & (ring[:, 1] > 1) & (ring[:, 0] < width - 2) & (ring[:, 1] < height - 2)]
    lines = []
    for number in range(4):
        a, b = first[number], first[(number + 1) % 4]
        lines.append(_side(a, b, inner))
    corners = [_crossing(lines[number - 1], lines[number]) for number in range(4)]
    if any(c is None for c in corners):
        return _begin(first, direction)
    quad = np.array(corners, np.float32)
    reach = 0.12 * max(width, height)
    return _begin(quad if float(np.abs(quad - first).max()) < reach else first, direction)


def _four(hull: Any) -> Any:
    """Four corners of a convex hull: simplified as much as leaves four, else the smallest rectangle around it."""
    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.02, 0.03, 0.05, 0.08):
        simple = cv2.approxPolyDP(hull, share * length, True)[:, 0]
        if len(simple) == 4 and cv2.contourArea(simple) > 0.9 * cv2.contourArea(hull):
            return simple.astype(np.float32)
    return cv2.boxPoints(cv2.minAreaRect(hull))


def _side(a: Any, b: Any, points: Any) -> tuple[Any, Any]:
    """The line along the edge between two corners, fitted to the points that lie near it."""
    along = b - a
    length = max(float(np.linalg.norm(along)), 1e-6)
    unit = along / length
    if len(points):
        offset = points - a
        t = offset @ unit / length
        off = np.abs(offset @ np.array([-unit[1], unit[0]]))
        near = points[(t > 0.08) & (t < 0.92) & (off < 0.06 * length + 2)]
        if len(near) > 0.25 * length:
            vx, vy, x, y = cv2.fitLine(near, cv2.DIST_HUBER, 0, 0.01, 0.01)[:, 0]
            return np.array([x, y]), np.array([vx, vy])
    return a, unit


def _crossing(one: tuple[Any, Any], other: tuple[Any, Any]) -> Any:
    (p, u), (q, v) = one, other
    cross = float(u[0] * v[1] - u[1] * v[0])
    if abs(cross) < 0.2:
        return None
    t = ((q[0] - p[0]) * v[1] - (q[1] - p[1]) * v[0]) / cross
    return p + t * u


def _begin(quad: Any, direction: float) -> Any:
    """The corners clockwise on the screen, from the one that lies first along and across the reading direction."""
    middle = quad.mean(0)
    order = np.argsort(np.arctan2(quad[:, 1] - middle[1], quad[:, 0] - middle[0]))
    ring = quad[order]
    radians = math.radians(direction)
    along, across = np.array([math.cos(radians), math.sin(radians)]), np.array([-math.sin(radians), math.cos(radians)])
    # Of the four sides the top one is the furthest back across reading, by its middle.
    tops = [float((ring[n] + ring[(n + 1) % 4] - 2 * middle) @ across) for n in range(4)]
    start = int(np.argmin(tops))
    turned = np.roll(ring, -start, axis=0)
    return turned if float((turned[1] - turned[0]) @ along) > 0 else ring


def _rectangle(x: float, y: float, long: float, short: float, degrees: float) -> Any:
    radians = math.radians(degrees)
    along = np.array([math.cos(radians), math.sin(radians)]) * long / 2
    across = np.array([-math.sin(radians), math.cos(radians)]) * short / 2
    middle = np.array([x, y])
    top, bottom = middle - across, middle + across
    return np.array([top - along, top + along, bottom + along, bottom - along])


def _points(corners: Any) -> Corners:
    return tuple((float(x), float(y)) for x, y in corners)


def _moved(place: Place, left: int, top: int) -> Place:
    return Place(tuple((x + left, y + top) for x, y in place.corners), place.score)


def _around(corners: Corners, image: Image) -> tuple[int, int, int, int]:
    """The upright box around corners with a margin, within the picture."""
    height, width = image.shape[:2]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    margin = MARGIN * max(max(xs) - min(xs), max(ys) - min(ys))
    left, top = max(0, int(min(xs) - margin)), max(0, int(min(ys) - margin))
    right, bottom = min(width, int(max(xs) + margin) + 1), min(height, int(max(ys) + margin) + 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _wrapped(degrees: float) -> float:
    return (degrees + 180) % 360 - 180
