"""Tags the printed words of a document with the fields they belong to, by what they say and where they stand: a
LayoutLM network run by onnxruntime. It needs no template and no known caption; `kyc.visual_zone` weighs it with the
rules.
"""

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kyc.document import FIELD_NAMES, TextLine
from kyc.mrz_zone import levelled

MODEL = Path(__file__).resolve().parent.parent / "models" / "visual_zone"
MAX_TOKENS = 192
"""Tokens a window, both special ones counted; a page with more is read in several windows."""
MAX_WINDOWS = 4
EXTENT = 1000
"""LayoutLM's coordinates run from 0 to this."""
OUTSIDE = "O"
CHANGE_IN_LINE, CHANGE_IN_WORD = 1.5, 5.0
"""What it costs, in logarithms of a probability, to go from one label to another."""


class NotALayoutModel(ValueError):
    """The folder holds no LayoutLM token classifier that can be run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a word: its id, the line and the characters it covers, and its box in LayoutLM's coordinates."""

    token: int
    line: int
    start: int
    end: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of one line that belong to one field, with the mean probability of their pieces."""

    name: str
    line: int
    start: int
    end: int
    confidence: float


def windows(text_lines: Sequence[TextLine], tokenizer: Any) -> list[list[Piece]]:
    """The print as pieces in reading order, in windows that fit the network (special tokens not included)."""
    if not text_lines:
        return []
    boxes = [line.box for line in levelled(text_lines)]
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    scale = EXTENT / max(max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top, 1)

    def place(x: float, y: float) -> tuple[int, int]:
        return min(EXTENT, max(0, round((x - left) * scale))), min(EXTENT, max(0, round((y - top) * scale)))

    order = sorted(range(len(boxes)), key=lambda at: (place(0, boxes[at].top)[1] // 12, boxes[at].left))
    encoded = tokenizer([text_lines[at].text for at in order], add_special_tokens=False, return_offsets_mapping=True)
    found: list[list[Piece]] = [[]]
    for at, ids, offsets in zip(order, encoded["input_ids"], encoded["offset_mapping"], strict=True):
        box, long = boxes[at], max(1, len(text_lines[at].text))
        pieces = []
        for token, (start, end) in zip(ids[: MAX_TOKENS // 2], offsets, strict=False):
            x0, y0 = place(box.left + (box.right - box.left) * start / long, box.top)
            x1, y1 = place(box.left + (box.right - box.left) * end / long, box.bottom)
            pieces.append(Piece(token, at, start, end, (x0, y0, x1, y1)))
        if len(found[-1]) + len(pieces) > MAX_TOKENS - 2:
            found.append([])
        found[-1] += pieces
    return [window for window in found if window][:MAX_WINDOWS]


@dataclass
class LayoutTagger:
    """Holds one LayoutLM token classifier, loaded on first use: a folder with `model.onnx`, `config.json` whose
    `id2label` names our fields (with or without `B-`/`I-`), and the tokenizer's own files. Thread-safe; `threads`
    bounds onnxruntime's pool."""

    folder: Path = MODEL
    threads: int = 1
    _session: Any = None
    _tokenizer: Any = None
    _labels: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tag(self, text_lines: Sequence[TextLine]) -> tuple[Span, ...]:
        """The spans of text that belong to fields. Raises `NotALayoutModel` where the folder cannot be used."""
        with self._lock:
            self._load()
        found: list[Span] = []
        for window in windows(text_lines, self._tokenizer):
            found += spans(window, self._probabilities(window), self._labels, text_lines)
        return tuple(found)

    def _probabilities(self, window: Sequence[Piece]) -> NDArray[np.float32]:
        inputs = arrays([window], self._tokenizer.cls_token_id, self._tokenizer.sep_token_id)
        wanted = {entry.name for entry in self._session.get_inputs()}
        scores = self._session.run(None, {name: value for name, value in inputs.items() if name in wanted})[0][0]
        powers = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray((powers / powers.sum(1, keepdims=True))[1 : len(window) + 1], np.float32)

    def _load(self) -> None:
        if self._session is not None:
            return
        self._labels = read_labels(self.folder)
        self._tokenizer = load_tokenizer(self.folder)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = self.folder / "model.onnx"
        if not model.is_file():
            raise NotALayoutModel(f"{self.folder}: no model.onnx; export it with kyc.training.layout_export")
        try:
            session = onnxruntime.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise NotALayoutModel(f"{model}: onnxruntime cannot read it: {error}") from error
        missing = {"input_ids", "bbox", "attention_mask"} - {entry.name for entry in session.get_inputs()}
        if missing:
            raise NotALayoutModel(f"{model}: it has no input {', '.join(sorted(missing))}")
        self._session = session


def arrays(batch: Sequence[Sequence[Piece]], cls_token: int, sep_token: int) -> dict[str, NDArray[np.int64]]:
    """LayoutLM's inputs for windows of pieces, each between its special tokens, padded to the longest."""
    longest = max(len(window) for window in batch) + 2
    ids = np.zeros((len(batch), longest), np.int64)
    boxes = np.zeros((len(batch), longest, 4), np.int64)
    mask = np.zeros((len(batch), longest), np.int64)
    for row, window in enumerate(batch):
        ids[row, : len(window) + 2] = [cls_token, *(piece.token for piece in window), sep_token]
        boxes[row, 1 : len(window) + 1] = [piece.box for piece in window]
        boxes[row, len(window) + 1] = EXTENT
        mask[row, : len(window) + 2] = 1
    return {"input_ids": ids, "bbox": boxes, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def spans(
    window: Sequence[Piece], chances: NDArray[np.float32], labels: Sequence[str], text_lines: Sequence[TextLine]
) -> list[Span]:
    """Runs of pieces of one line with one label: the likeliest labels, where it costs to change within a line and more
    within a word (a caption may run into its value, but seldom does)."""
    costs = np.array([_change(before, here, text_lines) for before, here in pairwise(window)])
    best = [labels[at] for at in likeliest(np.log(np.maximum(chances, 1e-6)), costs)]
    found: list[Span] = []
    start = 0
    for at in range(1, len(window) + 1):
        if at < len(window) and best[at] == best[start] and window[at].line == window[start].line:
            continue
        if best[start] != OUTSIDE:
            column = labels.index(best[start])
            sure = float(chances[start:at, column].mean())
            found.append(Span(best[start], window[start].line, window[start].start, window[at - 1].end, sure))
        start = at
    return [span for span in found if text_lines[span.line].text[span.start : span.end].strip()]


def likeliest(chances: NDArray[np.float32], costs: NDArray[np.float64]) -> list[int]:
    """The sequence of columns with the greatest sum of logarithms, less `costs[i]` where it changes after row i
    (Viterbi 1967)."""
    total = chances[0].astype(np.float64)
    kept = []
    for row, cost in zip(chances[1:], costs, strict=True):
        top = int(total.argmax())
        moved = total[top] - cost
        kept.append(np.where(total >= moved, np.arange(len(total)), top))
        total = np.maximum(total, moved) + row
    path = [int(total.argmax())]
    for before in reversed(kept):
        path.append(int(before[path[-1]]))
    return path[::-1]


def _change(before: Piece, here: Piece, text_lines: Sequence[TextLine]) -> float:
    if before.line != here.line:
        return 0.0
    return CHANGE_IN_WORD if before.end == here.start else CHANGE_IN_LINE


def read_labels(folder: Path) -> tuple[str, ...]:
    """The field of each output, `O` for those that are none of ours. Raises `NotALayoutModel`."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        names = {int(at): str(name) for at, name in config["id2label"].items()}
        labels = tuple(_field(names[at]) for at in range(len(names)))
    except FileNotFoundError as error:
        raise NotALayoutModel(f"{folder}: no config.json") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotALayoutModel(f"{folder}: config.json has no id2label from 0 on: {error}") from error
    if set(labels) == {OUTSIDE}:
        raise NotALayoutModel(f"{folder}: no label is one of {', '.join(FIELD_NAMES)}")
    return labels


def _field(label: str) -> str:
    name = label.lower()
    name = name[2:] if name[:2] in ("b-", "i-", "e-", "s-") else name
    return name if name in FIELD_NAMES else OUTSIDE


def load_tokenizer(folder: Path) -> Any:
    """The fast tokenizer of a folder, without asking any hub. Raises `NotALayoutModel`."""
    # Importing transformers without torch logs advice to install it; tokenizers need none.
    advice = logging.getLogger("transformers")
    advice.addFilter(_no_advice)
    try:
        from transformers import PreTrainedTokenizerFast
    finally:
        advice.removeFilter(_no_advice)
    try:
        return PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:
        raise NotALayoutModel(f"{folder}: no fast tokenizer (tokenizer.json): {error}") from error


def _no_advice(record: logging.LogRecord) -> bool:
    return "PyTorch" not in record.getMessage()
