"""How many zones are read exactly in difficult pictures, and what fails elsewhere: `python -m benchmarks.captures`.

Documents of `kyc.specimens` at seeds that nothing else uses: shaken, blurred and dark photographs, 300 pixels across,
turned by quarters. Beside the whole reader stands what the line recogniser makes of the zone's true place: where that
is right and the reader is not, the zone was not found. For development; the evaluation is `benchmarks.documents`.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kyc.document import DocumentType
from kyc.geometry import Image, load, to_png
from kyc.mrz import NotAnMrz
from kyc.mrz_decoding import decode_zone
from kyc.reader import Reader
from kyc.recogniser import LineRecogniser
from kyc.specimens import PHONE, SCAN, Capture, DocumentSpec, Specimen, draw_document, invent_document

AS_OF = date(2026, 11, 22)
FIRST_SEED = 79_000_000
LINE_HEIGHT = 1.75
"""Height of a line's quad over its capitals', as the recogniser is used to; specimens' boxes are of twice that."""
KINDS = (DocumentType.TD3, DocumentType.TD1, DocumentType.TD2, DocumentType.MRVA)
Rng = np.random.Generator


def hasty(rng: Rng) -> Capture:
    """In a hurry: askew, out of focus by up to 1.6 pixels."""
    return Capture(
        longest=int(rng.integers(800, 1500)), perspective=float(rng.uniform(0.02, 0.08)), turn=8, margin=0.12,
        uneven_light=0.5, blur=float(rng.uniform(0.6, 1.6)), noise=7, jpeg_quality=60,
    )  # fmt: skip


def worst(rng: Rng) -> Capture:
    """At the edge of what can be read: small, out of focus by up to 2.6 pixels, grainy."""
    return Capture(
        longest=int(rng.integers(620, 1300)), perspective=float(rng.uniform(0.02, 0.09)), turn=8,
        margin=float(rng.uniform(0.03, 0.2)), uneven_light=0.6, blur=float(rng.uniform(0.8, 2.6)),
        noise=float(rng.uniform(4, 12)), jpeg_quality=int(rng.integers(35, 70)),
    )  # fmt: skip


def tiny(rng: Rng) -> Capture:
    return replace(SCAN, longest=300, jpeg_quality=int(rng.integers(80, 95)))


CAPTURES: dict[str, Callable[[Rng], Capture]] = {
    "hasty": hasty,
    "worst": worst,
    "300 pixels": tiny,
    "turned": lambda rng: PHONE,
}
SHAKEN = {"hasty": 6.0, "worst": 9.0}
"""Pixels by which a hand moves at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    exact: bool
    recognised: bool
    """Whether the recogniser alone reads the zone at its true place."""
    wrong_but_valid: bool
    seconds: float


def draw(name: str, index: int, seed: int) -> tuple[DocumentSpec, Specimen, Image]:
    """A document of the formats in turn (a card's back where it must be small), and its picture."""
    rng = np.random.default_rng([seed, 914])
    kind = KINDS[index % 4]
    spec = invent_document(seed, AS_OF, type=kind, capture=CAPTURES[name](rng))
    if kind is DocumentType.TD1 and (name == "300 pixels" or index % 8 > 3):
        spec = replace(spec, side="back")
    if name == "turned":
        spec = replace(spec, quarter_turns=1 + index % 3)
    specimen = draw_document(spec, seed)
    image = load(specimen.image_bytes)
    if name in SHAKEN:
        image = shaken(image, float(rng.uniform(0, SHAKEN[name])), float(rng.uniform(0, np.pi)))
        if rng.random() < 0.5:
            dark = image * rng.uniform(0.3, 0.8) + rng.normal(0, 5, image.shape)
            image = np.clip(dark, 0, 255).astype(np.uint8)
        code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 85))])[1]
        image = load(code.tobytes())
    return spec, specimen, image


def shaken(image: Image, length: float, angle: float) -> Image:
    """Smeared along a line of so many pixels."""
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for part in np.linspace(-length / 2, length / 2, 8 * reach):
        kernel[round(reach + part * np.sin(angle)), round(reach + part * np.cos(angle))] += 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def recognised(image: Image, quads: Sequence[Any], lines: Sequence[str], recogniser: LineRecogniser) -> bool:
    """Whether the zone is read exactly from its true place."""
    places = []
    for quad in np.asarray(quads, np.float64):
        down = (quad[3] - quad[0] + quad[2] - quad[1]) / 2 * (1 - LINE_HEIGHT / 2) / 2
        corners = (quad[0] + down, quad[1] + down, quad[2] - down, quad[3] - down)
        places.append([(float(x), float(y)) for x, y in corners])
    try:
        decoded = decode_zone(recogniser.read(image, places, len(lines[0])), len(lines[0]), AS_OF)
    except NotAnMrz:
        return False
    return list(decoded.lines) == list(lines)


def measure(name: str, first: int, count: int, reader: Reader) -> Iterator[Outcome]:
    for index in range(count):
        _, specimen, image = draw(name, index, first + index)
        content = to_png(image)
        began = time.process_time()
        mrz = reader.read(content, AS_OF).mrz
        seconds = time.process_time() - began
        exact = mrz is not None and list(mrz.lines) == specimen.truth["lines"]
        quads = specimen.truth["mrz_quads"]
        # The truth of a turned picture has its places as they were before it was turned.
        seen = name == "turned" or recognised(image, quads, specimen.truth["lines"], reader.lines)
        yield Outcome(exact, seen, mrz is not None and mrz.valid and not exact, seconds)


def report(name: str, outcomes: Sequence[Outcome]) -> str:
    seconds = [outcome.seconds for outcome in outcomes]
    return (
        f"{name:10} exact {sum(o.exact for o in outcomes)} of {len(outcomes)}; not exact though the recogniser reads "
        f"its place {sum(o.recognised and not o.exact for o in outcomes)}; wrong with check digits that hold "
        f"{sum(o.wrong_but_valid for o in outcomes)}; CPU s mean {np.mean(seconds):.2f}, max {max(seconds):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=48, help="documents of each kind")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--lines", type=Path, help="another line recogniser's ONNX file")
    parser.add_argument("--captures", nargs="*", choices=tuple(CAPTURES), default=tuple(CAPTURES))
    options = parser.parse_args()
    reader = Reader()
    if options.lines is not None:
        reader.lines.model = options.lines
    reader.read(to_png(np.full((90, 120, 3), 200, np.uint8)), AS_OF)  # load the models before anything is timed
    for name in options.captures:
        print(report(name, tuple(measure(name, options.seed, options.count, reader))), flush=True)


if __name__ == "__main__":
    main()
