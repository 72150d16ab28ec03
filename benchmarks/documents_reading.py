"""One document read by every system that `benchmarks.documents` compares, and what was right of it, as plain JSON."""

import hashlib
import json
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from clearance.memory import keep_memory
from kyc.acceptance import AcceptanceParameters, acceptance_facts, acceptance_table
from kyc.checks import agrees, code_of, cross_check
from kyc.confirmation import unconfirmed
from kyc.document import DocumentReading, DocumentType, FieldReading, TextLine
from kyc.evaluation.documents import Forgery, draw, draw_selfie
from kyc.geometry import Image, load, turn
from kyc.mrz import ALPHABET
from kyc.mrz_zone import clean, find_zone
from kyc.reader import Reader
from kyc.text import tesseract_lines
from kyc.training.layout_evaluation import same
from kyc.visual_zone import read_fields, tagged_fields

AS_OF = date(2026, 11, 22)
FIRST_SEED = 5_000_000
CYCLE = 20
"""Of so many documents in a row one is of each forgery; the others are valid."""
OTHERS_EVERY = 10
"""RapidOCR alone and Tesseract alone read every so many valid documents."""
COMPARED = ("surname", "given_names", "number", "birth_date", "expiry_date", "sex", "nationality", "issuer")
VISUAL = ("surname", "given_names", "number", "birth_date", "expiry_date", "issue_date", "sex", "nationality",
          "place_of_birth", "personal_number", "authority")  # fmt: skip
PARAMETERS = AcceptanceParameters(
    accepted_types=tuple(t for t in DocumentType if t is not DocumentType.UNKNOWN), portrait_proof="print"
)
"""All formats count here; a regime says which count as identity documents."""
TABLE = acceptance_table(PARAMETERS)
STRICT = "strict"
"""Among the ways to present a document: as it comes, where only a ghost portrait that matches proves the portrait, not
a border that runs out into the paper."""
MODELS = ("mrz", "page", "page_clutter", "visual_zone")
T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[1]


def fingerprint() -> str:
    """What results depend on: reading code, evaluation documents and models, as a short digest."""
    digest = hashlib.sha256()
    for folder, pattern in (
        ("kyc", "*.py"),
        ("kyc/evaluation", "*.py"),
        *((f"models/{name}", "*") for name in MODELS),
        ("benchmarks", "documents_reading.py"),
    ):
        for path in sorted((REPOSITORY / folder).glob(pattern)):
            if path.is_file():
                digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def kind_of(index: int) -> Forgery | None:
    """What was done to the evaluation document of this index."""
    at = index % CYCLE
    forgeries = list(Forgery)
    return forgeries[at // 2] if at % 2 and at // 2 < len(forgeries) else None


@dataclass
class Systems:
    """The readers that are compared, each loading its models when first used."""

    ours: Reader = field(default_factory=Reader)
    _stock: Any = None
    _warm: bool = False

    def __post_init__(self) -> None:
        keep_memory()  # as the worker does

    def generated(self, index: int) -> dict[str, Any]:
        """Draw and read the evaluation document of this index."""
        forgery = kind_of(index)
        drawn = draw(FIRST_SEED + index, AS_OF, forgery=forgery)
        truth = drawn.truth
        others = forgery is None and (index // CYCLE) % OTHERS_EVERY == 0
        seed, person = FIRST_SEED + index, str(truth["person"])
        selfies = {"holder": draw_selfie(person, seed), "impostor": draw_selfie(person, seed, stranger=True)}
        result = self.read(
            drawn.image, truth["lines"], truth["fields"], visual=truth["visual"], others=others, selfies=selfies
        )
        swapped = forgery in (Forgery.SWAPPED_PORTRAIT, Forgery.SWAPPED_PORTRAIT_NO_GHOST)
        # Whoever swaps a portrait takes the selfie of the face that he put there; all others show the holder.
        result |= result["presented"]["impostor" if swapped else "holder"]
        kept = ("kind", "capture", "legible", "pitch", "script", "forgery", "turns", "ghost")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return {"index": index, **{name: truth[name] for name in kept}, **result, "peak_mb": peak}

    def read(
        self,
        image: bytes,
        lines: list[str],
        fields: Mapping[str, str],
        *,
        visual: Mapping[str, str] | None = None,
        others: bool = True,
        selfies: Mapping[str, bytes] | None = None,
    ) -> dict[str, Any]:
        """What each system made of one picture, and the CPU seconds it took: ours with each of the `selfies` too."""
        if not self._warm:  # loading models is not reading: a worker does it once
            self._warm = True
            self.ours.read(image, AS_OF)
            self._presented(image, self.ours.read(image, AS_OF), selfies or {})
        reading, seconds = timed(lambda: self.ours.read(image, AS_OF))
        findings, extra = timed(lambda: cross_check([reading], None, AS_OF))
        facts = acceptance_facts(reading, findings, PARAMETERS)
        presented, selfie_seconds = timed(lambda: self._presented(image, reading, selfies or {}))
        wrong = [name for name in COMPARED if fields.get(name) and not right(reading, name, fields[name])]
        result: dict[str, Any] = {
            "exact": reading.mrz is not None and list(reading.mrz.lines) == list(lines),
            "fields": sum(bool(fields.get(name)) for name in COMPARED),
            "wrong": wrong,
            **judged(facts),
            "unconfirmed": list(unconfirmed(reading)),
            "codes": [*reading.codes, *(code_of(finding) for finding in findings)],
            "seconds": round(seconds + extra, 3),
            "selfie_seconds": round(selfie_seconds / max(1, len(selfies or {})), 3),
            "ghost_check": reading.ghost_check.result,
            "border_check": reading.border_check.result,
            "looked_again": list(reading.confirmed),
            "presented": {"alone": judged(facts), **presented},
        }
        if visual is not None:
            result["visual"] = self._visual(reading, visual)
        if others:
            if self._stock is None:
                self._rapid(image)
            for name, read in (("rapidocr", self._rapid), ("pytesseract", tesseract)):
                found, seconds = timed(lambda read=read: read(image))  # type: ignore[misc]
                result[name] = {"exact": found == list(lines), "seconds": round(seconds, 3)}
        return result

    def _presented(self, image: bytes, reading: DocumentReading, selfies: Mapping[str, bytes]) -> dict[str, Any]:
        """Accepted or not, and by which rules, with each selfie; and where only a ghost proves the portrait."""
        found: dict[str, Any] = {}
        for who, selfie in selfies.items():
            face = self.ours.faces.match(upright(image, reading), load(selfie))
            findings = cross_check([reading], None, AS_OF, face)
            found[who] = judged(acceptance_facts(reading, findings, PARAMETERS, face)) | {"distance": face.distance}
            strict = replace(PARAMETERS, portrait_proof="ghost")
            found[f"{who}, {STRICT}"] = judged(acceptance_facts(reading, findings, strict, face))
        return found

    def _visual(self, reading: DocumentReading, truth: Mapping[str, str]) -> dict[str, list[int]]:
        """Fields right, read and there, by captions alone, by the tagger alone and by both as the reader has them."""
        spans = self.ours.tagger.tag(reading.text_lines)
        ways: dict[str, Mapping[str, FieldReading]] = {
            "captions": read_fields(reading.text_lines, AS_OF),
            "tagger": tagged_fields(reading.text_lines, spans, AS_OF),
            "both": reading.visual,
        }
        return {
            way: [
                sum(name in read and name in truth and same(name, read[name].value, truth[name]) for name in VISUAL),
                sum(name in read for name in VISUAL),
                sum(bool(truth.get(name)) for name in VISUAL),
            ]
            for way, read in ways.items()
        }

    def _rapid(self, image: bytes) -> list[str]:
        """RapidOCR as it comes: its text of the lines that look like a zone, no grammar, no repair."""
        if self._stock is None:
            from rapidocr import RapidOCR

            threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
            self._stock = RapidOCR(params={"Global.log_level": "error", **threads})
        output = self._stock(np.ascontiguousarray(load(image)))
        if output.boxes is None or output.txts is None:
            return []
        lines = [
            TextLine(text, float(score), tuple((float(x), float(y)) for x, y in box))
            for box, text, score in zip(output.boxes, output.txts, output.scores, strict=True)
        ]
        zone = find_zone(lines)
        return [] if zone is None else [line.text for line in zone.lines]


def tesseract(image: bytes) -> list[str]:
    """Tesseract's lines of the whole picture that are as long as a zone's."""
    lines = [clean(line) for line in tesseract_lines(load(image), ALPHABET)]
    return [line for line in lines if len(line) in (30, 36, 44) and "<" in line][-3:]


def judged(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the table of acceptance makes of facts."""
    return {"accepted": TABLE.outcome(facts) == "accept", "fired": [rule.name for rule in TABLE.fired(facts)]}


def upright(image: bytes, reading: DocumentReading) -> Image:
    """The picture as it was read."""
    return turn(load(image), reading.rotation)


def right(reading: DocumentReading, name: str, value: str) -> bool:
    return agrees(name, reading.value(name) or "", value)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The result and the CPU seconds of this process and of the children that ended (Tesseract)."""
    started = cpu_seconds()
    result = work()
    return result, cpu_seconds() - started


def cpu_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def write_line(path: Path, result: Mapping[str, Any]) -> None:
    """Append one result; what was written before stays, whenever the run is stopped."""
    with path.open("a+b") as file:
        file.seek(max(0, file.seek(0, 2) - 1))
        whole = file.read() in (b"", b"\n")  # else the run was stopped in the middle of a line
    with path.open("a", encoding="utf-8") as file:
        file.write("" if whole else "\n")
        file.write(json.dumps({**result, "at": round(time.time())}, ensure_ascii=False, sort_keys=True) + "\n")
