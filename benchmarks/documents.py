"""Reads the shared specimens and a generated evaluation set, and prints how much of it is right, beside RapidOCR alone
and pytesseract alone on the same images: `python -m benchmarks.documents [--count 60] [--forged 12] [--data FOLDER]`.

The generated set draws whole pages (`kyc.specimens`); the recogniser was trained on single lines drawn by
`kyc.training`, with other backgrounds and damage. Both use the OCR-B outlines of `kyc.specimens.ocrb`.
"""

import argparse
import json
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from scipy.stats import beta

from kyc.acceptance import AcceptanceParameters, acceptance_facts, acceptance_table
from kyc.checks import agrees, cross_check
from kyc.decode import decode_file
from kyc.document import DocumentType
from kyc.geometry import load
from kyc.mrz import ALPHABET
from kyc.mrz_zone import clean, find_zone
from kyc.reader import Reader
from kyc.specimens import PHONE, POOR, SCAN, Defect, draw_document, draw_selfie, invent_document
from kyc.text import RapidReader, tesseract_lines

AS_OF = date(2026, 11, 22)
FIRST_SEED = 700_000
COMPARED = ("surname", "given_names", "number", "birth_date", "expiry_date", "sex", "nationality", "issuer")
SHARED_NAMES = {
    "surname": "surname",
    "given": "given_names",
    "number": "number",
    "nat": "nationality",
    "issuer": "issuer",
}


@dataclass
class Tally:
    """Counts of one system on one set."""

    documents: int = 0
    exact: int = 0
    fields: int = 0
    fields_right: int = 0
    accepted: int = 0
    accepted_wrong: int = 0
    seconds: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        mean = sum(self.seconds) / max(1, len(self.seconds))
        top = max(self.seconds, default=0.0)
        return (
            f"{name:<34} {self.documents:>5} {self.exact:>6} {share(self.fields_right, self.fields):>8} "
            f"{self.accepted:>9} {self.accepted_wrong:>6} {mean:>7.2f} {top:>7.2f}"
        )


HEADER = f"{'':<34} {'docs':>5} {'exact':>6} {'fields':>8} {'accepted':>9} {'wrong':>6} {'cpu s':>7} {'max s':>7}"


def share(part: int, whole: int) -> str:
    return "–" if whole == 0 else f"{100 * part / whole:.1f}%"


def bounds(part: int, whole: int) -> str:
    """Clopper-Pearson, two-sided 95%."""
    low = 0.0 if part == 0 else float(beta.ppf(0.025, part, whole - part + 1))
    high = 1.0 if part == whole else float(beta.ppf(0.975, part + 1, whole - part))
    return f"{part}/{whole} [{100 * low:.1f}%, {100 * high:.1f}%]"


def cpu_seconds() -> float:
    """Of this process and of the children that have ended (Tesseract)."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def rapid_alone(reader: RapidReader, image: bytes) -> list[str]:
    """RapidOCR's own text of the lines that look like a zone, in capitals and without spaces: no grammar."""
    zone = find_zone(reader.read(load(image)))
    return [] if zone is None else [line.text for line in zone.lines]


def tesseract_alone(image: bytes) -> list[str]:
    """Tesseract's lines of the whole page that are as long as a zone's."""
    lines = [clean(line) for line in tesseract_lines(load(image), ALPHABET)]
    return [line for line in lines if len(line) in (30, 36, 44) and "<" in line][-3:]


@dataclass
class Systems:
    reader: Reader
    rapid: RapidReader
    ours: Tally = field(default_factory=Tally)
    rapid_tally: Tally = field(default_factory=Tally)
    tesseract_tally: Tally = field(default_factory=Tally)

    def judge(
        self, image: bytes, lines: Sequence[str], fields: dict[str, str], as_of: date, *, others: bool = True
    ) -> tuple[bool, bool, str]:
        """Read one document with every system; whether ours was exact, accepted, and its codes."""
        started = cpu_seconds()
        reading = self.reader.read(image, as_of)
        findings = cross_check([reading], None, as_of)
        facts = acceptance_facts(reading, findings, PARAMETERS)
        accepted = TABLE.outcome(facts) == "accept"
        self.ours.seconds.append(cpu_seconds() - started)
        exact = reading.mrz is not None and list(reading.mrz.lines) == list(lines)
        right = sum(agrees(name, reading.value(name) or "", value) for name, value in fields.items())
        self.ours.documents += 1
        self.ours.exact += exact
        self.ours.fields += len(fields)
        self.ours.fields_right += right
        self.ours.accepted += accepted
        self.ours.accepted_wrong += accepted and right < len(fields)
        if others:
            for tally, read in (
                (self.rapid_tally, lambda: rapid_alone(self.rapid, image)),
                (self.tesseract_tally, lambda: tesseract_alone(image)),
            ):
                started = cpu_seconds()
                tally.exact += read() == list(lines)
                tally.seconds.append(cpu_seconds() - started)
                tally.documents += 1
        fired = ",".join(rule.name for rule in TABLE.fired(facts))
        return exact, accepted, fired

    def table(self) -> str:
        return "\n".join(
            (
                HEADER,
                self.ours.row("Clearance"),
                self.rapid_tally.row("RapidOCR alone"),
                self.tesseract_tally.row("pytesseract alone"),
            )
        )


PARAMETERS = AcceptanceParameters(accepted_types=tuple(t for t in DocumentType if t is not DocumentType.UNKNOWN))
TABLE = acceptance_table(PARAMETERS)


def shared(systems: Systems, folder: Path) -> None:
    """The specimens, one by one. All of them have expired, so none can be accepted as of today."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    for name, truth in sorted(expected.items()):
        with TemporaryDirectory() as pages:
            decode_file(folder / name, Path(pages))
            image = (Path(pages) / "page-1.png").read_bytes()
        fields = {
            ours: str(truth["fields"][theirs]).rstrip("<")
            for theirs, ours in SHARED_NAMES.items()
            if truth["fields"].get(theirs)
        }
        exact, _, fired = systems.judge(image, truth["lines"], fields, AS_OF)
        print(f"  {name:<22} {truth['kind']:<5} exact={exact!s:<5} cpu={systems.ours.seconds[-1]:.2f}s  {fired}")
    print(systems.table())


def generated(systems: Systems, count: int) -> None:
    """Valid, unexpired documents of every format in three kinds of picture."""
    kinds = (DocumentType.TD3, DocumentType.TD1, DocumentType.TD2, DocumentType.MRVA, DocumentType.MRVB)
    captures = {"scan": SCAN, "phone": PHONE, "poor": POOR}
    by_capture = {name: [0, 0, 0] for name in captures}
    for index in range(count):
        seed = FIRST_SEED + index
        name = list(captures)[index % 3]
        spec = invent_document(seed, AS_OF, type=kinds[index % 5], capture=captures[name])
        specimen = draw_document(spec, seed)
        fields = {field: specimen.truth["fields"][field] for field in COMPARED if specimen.truth["fields"][field]}
        exact, accepted, fired = systems.judge(
            specimen.image_bytes, specimen.truth["lines"], fields, AS_OF, others=index < 30
        )
        for at, value in enumerate((1, exact, accepted)):
            by_capture[name][at] += value
        if not exact or not accepted:
            print(f"  seed {seed} {spec.type} {name}: exact={exact} accepted={accepted} {fired}")
    print(systems.table())
    for name, (documents, exact_count, accepted_count) in by_capture.items():
        print(f"  {name:<6} exact {bounds(exact_count, documents)}  accepted {bounds(accepted_count, documents)}")
    ours = systems.ours
    print(f"  all    exact {bounds(ours.exact, ours.documents)}  accepted {bounds(ours.accepted, ours.documents)}")
    print(f"  wrong among accepted {bounds(ours.accepted_wrong, max(1, ours.accepted))}")


def forged(reader: Reader, count: int) -> None:
    """Each kind of forgery apart: how many are accepted without a person."""
    for defect in Defect:
        accepted = 0
        for index in range(count):
            seed = FIRST_SEED + 100_000 + index
            spec = invent_document(seed, AS_OF, defect=defect, capture=(SCAN, PHONE)[index % 2])
            image = draw_document(spec, seed).image_bytes
            reading = reader.read(image, AS_OF)
            selfie = None
            if defect is Defect.SWAPPED_PORTRAIT:
                pixels = load(image), load(draw_selfie(spec.identity, seed))
                selfie = reader.faces.match(*pixels)
            findings = cross_check([reading], None, AS_OF, selfie)
            accepted += TABLE.outcome(acceptance_facts(reading, findings, PARAMETERS)) == "accept"
        print(f"  {defect.value:<20} accepted {bounds(accepted, count)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--forged", type=int, default=12)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    options = parser.parse_args()
    reader, rapid = Reader(), RapidReader()
    folder = options.data / "documents"
    started = time.monotonic()
    if folder.is_dir():
        print("Shared specimens")
        shared(Systems(reader, rapid), folder)
    print("\nGenerated evaluation set")
    generated(Systems(reader, rapid), options.count)
    print("\nForgeries")
    forged(reader, options.forged)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory {peak:.0f} MB, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
