"""How often a swapped portrait is seen, and a true one suspected: `python -m benchmarks.portraits`.

Documents of `kyc.specimens` at seeds that nothing else uses, scanned, photographed and photographed badly: valid; with
a stranger's portrait beside the holder's ghost; with a stranger's pasted into the finished picture, or stuck upon the
paper and photographed with it. With `--borders`, how portraits printed or stuck in several ways take over from the
paper. Strangers are bent out of the same photograph as the holder, so they are more alike
than two people. Counts by capture, CPU seconds; nothing here is evaluation data.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import cv2
import numpy as np

from kyc.document import DocumentType, GhostCheck
from kyc.faces import FaceReader
from kyc.geometry import Image, load
from kyc.ghost import check_ghost
from kyc.locator import PageLocator
from kyc.portrait_border import check_border
from kyc.specimens import PHONE, POOR, SCAN, Defect, DocumentSpec, draw_document, invent_document
from kyc.specimens.borders import Border
from kyc.specimens.documents import draw_flat
from kyc.specimens.photograph import photograph
from kyc.specimens.portrait import STRANGERS, draw_portrait
from kyc.tamper import portrait_signs

AS_OF = date(2026, 11, 22)
FIRST_SEED = 78_000_000
CAPTURES = {"scan": SCAN, "phone": PHONE, "poor": POOR}
KINDS = (DocumentType.TD3, DocumentType.TD1, DocumentType.TD2)
MODES = ("valid", "swapped", "pasted", "stuck")


def specification(index: int, seed: int, mode: str) -> tuple[str, DocumentSpec]:
    """The capture's name and what to draw: formats and captures in turn, a card's front only."""
    name = tuple(CAPTURES)[index % 3]
    kind = KINDS[index // 3 % 3]
    defect = Defect.SWAPPED_PORTRAIT if mode == "swapped" else None
    spec = invent_document(seed, AS_OF, type=kind, capture=CAPTURES[name], defect=defect)
    return name, replace(spec, side="front") if kind is DocumentType.TD1 else spec


def draw(spec: DocumentSpec, seed: int, mode: str) -> Image:
    """The picture; `pasted` and `stuck` lay a stranger's portrait over the printed one."""
    if mode in ("valid", "swapped"):
        return load(draw_document(spec, seed).image_bytes)
    rng = np.random.default_rng([seed, 913])
    page = draw_flat(spec, seed)
    assert page.portrait_box is not None
    left, top, right, bottom = page.portrait_box
    stranger = draw_portrait(STRANGERS[spec.identity], seed + 5, right - left, bottom - top)
    if mode == "stuck":
        return load(photograph(_stuck(page.image, stranger, left, top, rng), spec.capture, seed).jpeg)
    taken = photograph(page.image, spec.capture, seed)
    picture = load(taken.jpeg)
    place = np.array(taken.matrix) @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
    size = (picture.shape[1], picture.shape[0])
    laid = cv2.warpPerspective(stranger, place, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full(stranger.shape[:2], 255, np.uint8), place, size)[:, :, None] / 255.0
    mixed = (picture * (1 - mask) + laid * mask).astype(np.uint8)
    return load(cv2.imencode(".jpg", mixed, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


def _stuck(page: Image, stranger: Image, left: int, top: int, rng: np.random.Generator) -> Image:
    """A photograph glued on, a little askew and too large, with the shadow of its edge."""
    high, wide = stranger.shape[:2]
    angle, scale = np.deg2rad(rng.choice([-1, 1]) * rng.uniform(0.6, 2.5)), float(rng.uniform(1.0, 1.05))
    middle = np.array([left + wide / 2, top + high / 2]) + rng.normal(0, 4, 2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    place = np.column_stack([turn, middle - turn @ [wide / 2, high / 2]])
    size = (page.shape[1], page.shape[0])
    solid = np.full((high, wide), 255, np.uint8)
    shadow = cv2.GaussianBlur(cv2.warpAffine(solid, place + np.array([[0, 0, 3], [0, 0, 4]]), size), (0, 0), 3)
    shaded = page * (1 - 0.35 * shadow[:, :, None] / 255.0)
    mask = cv2.warpAffine(solid, place, size)[:, :, None] / 255.0
    return np.asarray(shaded * (1 - mask) + cv2.warpAffine(stranger, place, size) * mask, np.uint8)


def look(image: Image, faces: FaceReader, locator: PageLocator) -> tuple[GhostCheck, bool, float]:
    """The ghost's comparison, whether the portrait's grain is a sign, and the CPU seconds both took."""
    found, page = faces.find(image), locator.find(image).page
    corners, score = ((), 0.0) if page is None else (page.corners, page.score)
    began = time.process_time()
    ghost = check_ghost(image, found, faces, corners, score)
    sign = bool(found) and bool(portrait_signs(image, found[0].box))
    return ghost, sign, time.process_time() - began


def measure(mode: str, first: int, count: int) -> Iterator[str]:
    """Lines of a report: by capture, how the ghost's comparison ended and how often the grain is a sign."""
    faces, locator = FaceReader(), PageLocator()
    ended: Counter[tuple[str, str]] = Counter()
    signs: Counter[str] = Counter()
    portraits: Counter[str] = Counter()
    likeness, seconds = [], []
    for index in range(count):
        name, spec = specification(index, first + index, mode)
        ghost, sign, took = look(draw(spec, first + index, mode), faces, locator)
        ended[name, ghost.reason or ghost.result] += 1
        signs[name] += sign
        portraits[name] += ghost.reason != "NO_PORTRAIT"
        seconds.append(took)
        likeness += [] if ghost.likeness is None else [ghost.likeness]
    for name in CAPTURES:
        results = ", ".join(f"{result} {number}" for (which, result), number in sorted(ended.items()) if which == name)
        yield f"{mode:8} {name:6} ghost: {results}; PORTRAIT_SUBSTITUTED {signs[name]} of {portraits[name]}"
    low, middle, high = np.percentile(likeness, [5, 50, 100])
    yield (
        f"{mode:8} likeness 5 % {low:.2f}, median {middle:.2f}, highest {high:.2f}; "
        f"CPU s mean {np.mean(seconds):.2f}, max {max(seconds):.2f}"
    )


def measure_borders(border: Border, first: int, count: int) -> Iterator[str]:
    """Lines of a report: by capture, what is said of borders of one kind; stuck photographs show a stranger."""
    faces, locator = FaceReader(), PageLocator()
    ended: Counter[tuple[str, str]] = Counter()
    shares, seconds = [], []
    for index in range(count):
        name, spec = specification(index, first + index, "swapped" if border is Border.STUCK else "valid")
        longest = int(np.random.default_rng([first + index, 914]).choice([1000, 1300, 1600, 2200]))
        spec = replace(spec, border=border, capture=replace(spec.capture, longest=longest))
        image = load(draw_document(spec, first + index).image_bytes)
        found, page = faces.find(image), locator.find(image).page
        began = time.process_time()
        check = check_border(image, found, *(() if page is None else (page.corners, page.score)))
        seconds.append(time.process_time() - began)
        ended[name, check.reason or check.result] += 1
        shares += [] if check.share is None else [check.share]
    for name in CAPTURES:
        results = ", ".join(f"{result} {number}" for (which, result), number in sorted(ended.items()) if which == name)
        yield f"{border:9} {name:6} {results}"
    yield (
        f"{border:9} share {min(shares):.2f} to {max(shares):.2f}; "
        f"CPU ms median {1000 * np.median(seconds):.0f}, max {1000 * max(seconds):.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=72, help="documents of each kind")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--borders", action="store_true", help="measure the portraits' borders")
    options = parser.parse_args()
    if options.borders:
        for border in Border:
            for line in measure_borders(border, options.seed, options.count):
                print(line, flush=True)
        return
    for mode in MODES:
        for line in measure(mode, options.seed, options.count):
            print(line, flush=True)


if __name__ == "__main__":
    main()
