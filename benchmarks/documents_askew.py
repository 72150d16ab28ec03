"""The shared specimens askew in clutter: how many zones are read exactly with the first locator alone and with both.

`python -m benchmarks.documents_askew [--shots 6] [--data FOLDER]` lays each specimen, 765 pixels long, at any angle and
a little slanted on photographs of scikit-image (which no training saw) and reads the pictures as they come.
"""

import argparse
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data

from kyc.geometry import Image
from kyc.reader import Reader

AS_OF = date(2026, 11, 22)
LONGEST = 765
SIDE = 1260
SLANT = 0.03
"""Of the specimen's length, by which its corners are moved."""
TABLES = (
    "motorcycle_left.png", "coffee.png", "brick.png", "grass.png", "text.png", "chelsea.png", "gravel.png",
    "hubble_deep_field.jpg", "coins.png", "rocket.jpg",
)  # fmt: skip
FIRST_SEED = 74_000_000


def picture(page: Image, seed: int) -> tuple[bytes, float, str]:
    """A page on a table as JPEG, the angle in degrees, and which table."""
    rng = np.random.default_rng(seed)
    name, angle = str(rng.choice(TABLES)), float(rng.uniform(-180, 180))
    table = cv2.imread(str(Path(skimage.data.__file__).parent / name))
    assert table is not None
    zoom = SIDE / min(table.shape[:2])
    canvas = np.ascontiguousarray(cv2.resize(table, None, fx=zoom, fy=zoom)[:SIDE, :SIDE])
    scale = LONGEST / max(page.shape[:2])
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    high, wide = small.shape[:2]
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    radians = np.deg2rad(angle)
    spin = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    placed = (corners - [wide / 2, high / 2]) @ spin.T + SIDE / 2 + rng.uniform(-SLANT, SLANT, (4, 2)) * LONGEST
    matrix = cv2.getPerspectiveTransform(corners, placed.astype(np.float32))
    laid = cv2.warpPerspective(small, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    inside = cv2.warpPerspective(np.full((high, wide), 255, np.uint8), matrix, (SIDE, SIDE)) > 127
    canvas[inside] = laid[inside]
    return cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes(), angle, name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("CLEARANCE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--shots", type=int, default=6, help="pictures of each specimen")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder with documents/expected.json")
    options = parser.parse_args()
    folder = options.data / "documents"
    expected: dict[str, dict[str, Any]] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    cv2.setNumThreads(1)
    both = Reader()
    ways = {"first locator": Reader(locators=both.locators[:1]), "both locators": both}
    exact = dict.fromkeys(ways, 0)
    pictures = 0
    for at, (name, truth) in enumerate(sorted(expected.items())):
        page = np.asarray(cv2.imread(str(folder / name)), np.uint8)
        for shot in range(options.shots):
            image, angle, table = picture(page, FIRST_SEED + at * 100 + shot)
            pictures += 1
            for way, reader in ways.items():
                mrz = reader.read(image, AS_OF).mrz
                right = mrz is not None and list(mrz.lines) == truth["lines"]
                exact[way] += right
                if not right:
                    print(f"  {way}: {name} at {angle:.0f} degrees on {table}", flush=True)
    for way, count in exact.items():
        print(f"{way}: {count} of {pictures} zones exact")


if __name__ == "__main__":
    main()
