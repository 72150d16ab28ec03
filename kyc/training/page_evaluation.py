"""Measures the exported page locator on pictures it never saw and writes its model card:
`python -m kyc.training.page_evaluation models/page`. Needs no torch.

Beside it, what plain contours find on the same pictures: the largest convex quadrilateral among Canny's edges.
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kyc.geometry import Image, grey
from kyc.locator import PageLocator
from kyc.training.page_composites import STYLES, Composite, Floats, Style, compose

FIRST_SEED = 900_000_000
FIRST_PAGE = 1_000_000
"""Far from every seed and page that training uses."""
SIDE = 640
"""Pictures are judged at twice the network's size: it sees them shrunk, as it sees photographs."""

Outline = Callable[[Image], Floats | None]


def overlap(one: Floats, other: Floats, side: int) -> float:
    """Intersection over union of two quadrilaterals within the picture."""
    masks = []
    for quad in (one, other):
        mask = np.zeros((side, side), np.uint8)
        cv2.fillPoly(mask, [np.round(quad * 16).astype(np.int32)], 1, shift=4)
        masks.append(mask > 0)
    union = float((masks[0] | masks[1]).sum())
    return float((masks[0] & masks[1]).sum()) / union if union else 0.0


def contours(image: Image) -> Floats | None:
    """The largest quadrilateral among the edges, as document scanners without a network do it."""
    edges = cv2.dilate(cv2.Canny(cv2.GaussianBlur(grey(image), (5, 5), 0), 40, 120), np.ones((3, 3), np.uint8))
    found, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    best: Any = None
    for contour in found:
        simple = cv2.approxPolyDP(contour, 0.02 * cv2.arcLength(contour, True), True)
        if len(simple) == 4 and cv2.isContourConvex(simple):
            area = cv2.contourArea(simple)
            if area > 0.02 * image.shape[0] * image.shape[1] and (best is None or area > best[0]):
                best = (area, simple[:, 0].astype(np.float32))
    return None if best is None else best[1]


def evaluate(model: Path, count: int, style: Style) -> dict[str, Any]:
    """Overlap of the page's outline, zones found, directions right, and pictures without a document left alone."""
    locator = PageLocator(model)
    ours: list[float] = []
    plain: list[float] = []
    zones = found = firm = turned = empty = quiet = 0
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        drawn = compose(seed, side=SIDE, first_page=FIRST_PAGE, style=style)
        seen = locator.find(drawn.image)
        if not drawn.pages:
            empty += 1
            quiet += not seen.zones
            continue
        truth = drawn.pages[0]
        ours.append(0.0 if seen.page is None else overlap(np.array(seen.page.corners, np.float32), truth, SIDE))
        outline = contours(drawn.image)
        plain.append(0.0 if outline is None else overlap(outline, truth, SIDE))
        if not _whole(drawn):
            continue
        zones += 1
        hits = [p for p in seen.zones if overlap(np.array(p.corners, np.float32), drawn.zones[0], SIDE) > 0.5]
        found += bool(hits)
        firm += bool(hits and hits[0] is seen.zones[0])
        along = truth[1] - truth[0]
        apart = abs((seen.direction - np.degrees(np.arctan2(along[1], along[0])) + 180) % 360 - 180)
        turned += bool(apart < 10)
    return {
        "set": f"{count} composites of {SIDE} x {SIDE} from seed {FIRST_SEED}, pages and clutter from {FIRST_PAGE}",
        "page_overlap_mean": round(float(np.mean(ours)), 4),
        "page_overlap_median": round(float(np.median(ours)), 4),
        "page_overlap_above_0.8": round(float(np.mean(np.array(ours) > 0.8)), 4),
        "contours_overlap_mean": round(float(np.mean(plain)), 4),
        "contours_overlap_above_0.8": round(float(np.mean(np.array(plain) > 0.8)), 4),
        "zones": zones,
        "zones_found": round(found / max(1, zones), 4),
        "zones_found_as_first": round(firm / max(1, zones), 4),
        "directions_within_10_degrees": round(turned / max(1, zones), 4),
        "pictures_without_document": empty,
        "of_them_without_zone_seen": round(quiet / max(1, empty), 4),
    }


def _whole(drawn: Composite) -> bool:
    """Whether the picture shows the whole zone."""
    return bool(drawn.zones) and bool((drawn.zones[0] > 0).all() and (drawn.zones[0] < SIDE).all())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    model = options.folder / "locator.onnx"
    content = model.read_bytes()
    run = json.loads((options.folder / "run.json").read_text(encoding="utf-8"))
    card = {
        "name": "page-locator" if run["style"] == "plain" else f"page-locator-{run['style']}",
        "version": "1",
        "format": "onnx",
        "file": model.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "data": "Composites drawn by kyc.training.page_composites: specimens of kyc.specimens and pages of random "
        "print over generated clutter, with fingers, glare, shadows, JPEG. Nothing real but the portrait's photograph.",
        "training": {
            **run,
            "pictures_seen": run["stop"] * run["batch"],
            "command": f"python -m kyc.training.page_locator models/{options.folder.name} --style {run['style']} "
            f"--steps {run['steps']} --stop {run['stop']}",
        },
        "evaluation": {name: evaluate(model, options.count, style) for name, style in STYLES.items()},
        "limits": "Trained on synthetic pages with Latin zones. An open booklet counts as one page. The corners are "
        "those of the outline as far as seen, extrapolated where the picture cuts it.",
    }
    (options.folder / "card.json").write_text(
        json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
