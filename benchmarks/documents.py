"""Reads the shared specimens and the generated evaluation set, and prints how much is right, beside RapidOCR alone and
pytesseract alone on the same images: `python -m benchmarks.documents [--count 2000] [--workers 2] [--data FOLDER]`.

Results go to a file of JSON lines named after the code and models that gave them, so that a stopped run goes on where
it was; `--report` prints what a file has so far.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scipy.stats import beta

from benchmarks.documents_reading import REPOSITORY, Systems, fingerprint, write_line
from kyc.decode import decode_file
from kyc.evaluation.documents import Forgery

SHARED_NAMES = {
    "surname": "surname",
    "given": "given_names",
    "number": "number",
    "nat": "nationality",
    "issuer": "issuer",
}
Result = dict[str, Any]
Rows = Sequence[Result]
_systems: Systems | None = None


def bounds(part: int, whole: int) -> str:
    """Count, share and the two-sided 95 % bounds of Clopper and Pearson."""
    if whole == 0:
        return "0/0"
    low = 0.0 if part == 0 else float(beta.ppf(0.025, part, whole - part + 1))
    high = 1.0 if part == whole else float(beta.ppf(0.975, part + 1, whole - part))
    return f"{part}/{whole} = {100 * part / whole:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"


# --- running ---------------------------------------------------------------------------------------------------------


def generated(index: int) -> Result:
    """One evaluation document, in a worker. A fault is a result too: it accepts nothing."""
    global _systems
    _systems = _systems or Systems()
    try:
        return _systems.generated(index)
    except Exception as error:  # noqa: BLE001
        return {"index": index, "fault": f"{type(error).__name__}: {error}"}


def run(path: Path, count: int, workers: int) -> None:
    """Read what `path` lacks of the first `count` evaluation documents."""
    done = {row["index"] for row in read_lines(path) if "index" in row}
    waiting = [index for index in range(count) if index not in done]
    started, finished = time.monotonic(), 0
    if not waiting:
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=200) as pool:
        running: set[Future[Result]] = set()
        left = iter(waiting)
        while True:
            while len(running) < 2 * workers and (index := next(left, None)) is not None:
                running.add(pool.submit(generated, index))
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                write_line(path, future.result())
                finished += 1
                if finished % 20 == 0 or finished == len(waiting):
                    pace = (time.monotonic() - started) / finished
                    print(
                        f"  {len(done) + finished}/{count} documents, about {pace * (len(waiting) - finished) / 60:.0f}"
                        " minutes left",
                        file=sys.stderr,
                        flush=True,
                    )


def shared(folder: Path) -> list[Result]:
    """The specimens, one by one. All of them have expired, so none can be accepted as of today."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    systems, rows = Systems(), []
    for name, truth in sorted(expected.items()):
        with TemporaryDirectory() as pages:
            decode_file(folder / name, Path(pages))
            image = (Path(pages) / "page-1.png").read_bytes()
        fields = {
            ours: str(truth["fields"][theirs]).rstrip("<")
            for theirs, ours in SHARED_NAMES.items()
            if truth["fields"].get(theirs)
        }
        row = systems.read(image, truth["lines"], fields)
        rows.append(row)
        print(
            f"  {name:<24} {truth['kind']:<5} {'exact' if row['exact'] else 'NOT EXACT':<10} "
            f"fields {row['fields'] - len(row['wrong'])}/{row['fields']} {row['seconds']:>6.2f} s  "
            f"{' '.join(row['fired'])}",
            flush=True,
        )
    return rows


def read_lines(path: Path) -> list[Result]:
    """The results of a file; a last line that was cut off when a run was stopped is left out."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


# --- reporting -------------------------------------------------------------------------------------------------------


def systems_table(rows: Rows) -> str:
    """Every system on the images that all of them read."""
    both = [row for row in rows if "rapidocr" in row]
    lines = [f"  {'':<22} {'exact MRZ':<34} {'CPU s mean':>10} {'p50':>7} {'p99':>7} {'max':>7}"]
    ways: tuple[tuple[str, Callable[[Result], Result]], ...] = (
        ("Clearance", lambda row: row),
        ("RapidOCR alone", lambda row: row["rapidocr"]),
        ("pytesseract alone", lambda row: row["pytesseract"]),
    )
    for name, of in ways:
        exact = sum(of(row)["exact"] for row in both)
        lines.append(f"  {name:<22} {bounds(exact, len(both)):<34} {times([of(row)['seconds'] for row in both])}")
    return "\n".join(lines)


def times(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return ""
    half, p99 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99))
    return f"{sum(ordered) / len(ordered):>10.2f} {half:>7.2f} {p99:>7.2f} {ordered[-1]:>7.2f}"


def report(rows: Rows) -> str:
    """The table of the evaluation set."""
    faults = [row for row in rows if "fault" in row]
    read = [row for row in rows if "fault" not in row]
    valid = [row for row in read if row["forgery"] is None]
    legible = [row for row in valid if row["legible"]]
    accepted = [row for row in valid if row["accepted"]]
    out = [f"{len(rows)} documents: {len(valid)} valid ({len(legible)} legible), {len(read) - len(valid)} forged"]
    out += [f"  FAULT {row['index']}: {row['fault']}" for row in faults]

    def line(title: str, part: int, whole: int) -> None:
        out.append(f"  {title:<44} {bounds(part, whole)}")

    line("every MRZ line exact, valid", sum(row["exact"] for row in valid), len(valid))
    line("every MRZ line exact, valid and legible", sum(row["exact"] for row in legible), len(legible))
    line(
        "fields right, valid", sum(row["fields"] - len(row["wrong"]) for row in valid), sum(r["fields"] for r in valid)
    )
    line("accepted without a person, valid and legible", sum(row["accepted"] for row in legible), len(legible))
    for title, way in (("without a selfie", "alone"), ("only with a ghost portrait", "holder, strict")):
        line(f"  {title}", sum(row["presented"][way]["accepted"] for row in legible), len(legible))
    bare = [row for row in legible if not row["ghost"]]
    line("  of those without a ghost portrait", sum(row["accepted"] for row in bare), len(bare))
    merged = sum(row.get("border_check") == "merged" for row in bare)
    line("    whose border runs out into the paper", merged, len(bare))
    ghosts = [row for row in legible if row["ghost"]]
    line("  of those with a ghost portrait", sum(row["accepted"] for row in ghosts), len(ghosts))
    line(
        "    only with a ghost portrait",
        sum(row["presented"]["holder, strict"]["accepted"] for row in ghosts),
        len(ghosts),
    )
    matched = [row["presented"]["holder"] for row in valid]
    line("  selfie of the holder matches", sum("FACE" not in " ".join(one["fired"]) for one in matched), len(matched))
    line("accepted without a person, valid", len(accepted), len(valid))
    line("of accepted ones fully right", sum(not row["wrong"] for row in accepted), len(accepted))
    for title, key in (("capture", "capture"), ("format", "kind"), ("script", "script")):
        for value in sorted({row[key] for row in valid}):
            some = [row for row in valid if row[key] == value]
            line(f"  {title} {value}: exact", sum(row["exact"] for row in some), len(some))
            line(f"  {title} {value}: accepted", sum(row["accepted"] for row in some), len(some))
    out.append("Forgeries accepted without a person, with the selfie of whom the portrait shows")
    swaps = (Forgery.SWAPPED_PORTRAIT, Forgery.SWAPPED_PORTRAIT_NO_GHOST)
    for forgery in Forgery:
        some = [row for row in read if row["forgery"] == forgery.value]
        line(f"  {forgery.value}", sum(row["accepted"] for row in some), len(some))
        for way in ("alone", "holder", "impostor, strict") if forgery in swaps else ("alone",):
            title = {"alone": "no selfie", "holder": "the true holder's selfie"}.get(way, "only with a ghost portrait")
            line(f"    {title}", sum(row["presented"][way]["accepted"] for row in some), len(some))
    out.append("Why valid and legible documents were referred")
    reasons: dict[str, int] = {}
    for row in legible:
        for name in row["fired"]:
            reasons[name] = reasons.get(name, 0) + 1
    out += [f"  {name:<24} {number}" for name, number in sorted(reasons.items(), key=lambda item: -item[1])]
    out.append("Printed fields (names, dates, numbers, places) of valid documents, F1 by field")
    for way in ("captions", "tagger", "both"):
        right, found, there = (sum(row["visual"][way][at] for row in valid) for at in range(3))
        out.append(
            f"  {way:<12} F1 {2 * right / max(1, found + there):.3f}  precision {right / max(1, found):.3f}  "
            f"recall {right / max(1, there):.3f}"
        )
    out.append(f"CPU seconds a document, one thread: mean, p50, p99, max {times([row['seconds'] for row in read])}")
    out.append(f"CPU seconds to compare a selfie: mean, p50, p99, max {times([row['selfie_seconds'] for row in read])}")
    out.append(f"Peak memory of a process {max((row['peak_mb'] for row in read), default=0)} MB")
    out.append("Beside the others, on valid documents")
    return "\n".join((*out, systems_table(valid)))


def main() -> None:
    default = os.environ.get("CLEARANCE_DATA") or str(REPOSITORY.parent / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="documents of the generated evaluation set")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes, one thread each")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder with documents/expected.json")
    parser.add_argument("--results", type=Path, help="the file of results (default: named after code and models)")
    parser.add_argument("--report", action="store_true", help="print what the file of results has, read nothing")
    options = parser.parse_args()
    path = options.results or REPOSITORY / ".clearance" / "benchmarks" / f"documents-{fingerprint()}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not options.report:
        folder = options.data / "documents"
        if folder.is_dir():
            print(f"Shared specimens ({date.today():%Y-%m-%d}; never used for training or thresholds)")  # noqa: DTZ011
            rows = shared(folder)
            print(systems_table(rows))
        print(f"\nGenerated evaluation set, results in {path}", flush=True)
        run(path, options.count, options.workers)
    print(report(read_lines(path)[: options.count]))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"Peak memory of a process {peak:.0f} MB")


if __name__ == "__main__":
    main()
