"""Our own reader of machine readable lines: a small network trained by `kyc.training` and run by onnxruntime.

It gives probabilities, not text: `kyc.mrz_decoding` searches them with the grammar.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.geometry import Image, Quad, cut, grey

MODEL = Path(__file__).resolve().parent.parent / "models" / "mrz" / "lines.onnx"
HEIGHT = 32
PITCH = 12.0
STEP = 4
"""Input pixels an output step."""
SLACK = 0.9
"""Signs' widths that a line's box is wider than its signs, both ends together."""

Scores = NDArray[np.float32]
"""Steps x 38 log-probabilities: the signs of `kyc.mrz.ALPHABET`, then the blank."""


@dataclass
class LineRecogniser:
    """Loads its model on first use. Thread-safe; `threads` bounds onnxruntime's pool."""

    model: Path = MODEL
    threads: int = 1
    _session: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, image: Image, quads: Sequence[Quad], length: int) -> tuple[Scores, ...]:
        """Log-probabilities for each line of a zone whose lines have `length` signs."""
        stacked = np.stack(strips(image, quads, length))[:, None, :, :]
        return tuple(np.asarray(row, np.float32) for row in self._run(stacked))

    def score_strip(self, strip: Image) -> Scores:
        """Log-probabilities for one strip of `HEIGHT` rows, grey, at about `PITCH` pixels a sign."""
        width = (strip.shape[1] + STEP - 1) // STEP * STEP
        padded = np.full((1, 1, HEIGHT, width), np.median(strip), np.uint8)
        padded[0, 0, :, : strip.shape[1]] = strip
        return np.asarray(self._run(padded)[0], np.float32)

    def _run(self, stacked: Image) -> Any:
        with self._lock:
            session = self._load()
        return session.run(None, {"strips": stacked.astype(np.float32) / 255})[0]

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


def strips(image: Image, quads: Sequence[Quad], length: int) -> tuple[Image, ...]:
    """The lines of a zone as the network sees them: grey, `HEIGHT` rows, `PITCH` pixels a sign."""
    width = round((length + SLACK) * PITCH / STEP) * STEP
    return tuple(_strip(image, quad, width) for quad in quads)


def _strip(image: Image, quad: Quad, width: int) -> Image:
    straight = grey(cut(image, quad, HEIGHT * 2 if _tall(quad) else HEIGHT))
    way = cv2.INTER_AREA if straight.shape[1] > width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(straight, (width, HEIGHT), interpolation=way), np.uint8)


def _tall(quad: Quad) -> bool:
    (x0, y0), (x3, y3) = quad[0], quad[3]
    return float(np.hypot(x3 - x0, y3 - y0)) > 1.5 * HEIGHT
