"""What the command line does with files, without a database: read documents, screen people, monitor transactions."""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from clearance.settings import Settings

if TYPE_CHECKING:
    from aml.monitor import Summary


def read_documents(files: list[Path], selfie: Path | None, as_json: bool, console: Console, errors: Console) -> int:
    """Read each file through the decoding child; 0 when all could be opened, 1 otherwise."""
    from activities.decoding import decode
    from clearance.liveness import ProviderMissing, load_provider
    from clearance.memory import keep_memory
    from kyc.acceptance import AcceptanceParameters, acceptance_facts, acceptance_table
    from kyc.checks import code_of, cross_check
    from kyc.document import to_json, with_codes
    from kyc.faces import match_faces
    from kyc.layout_tagger import LayoutTagger
    from kyc.reader import Reader

    keep_memory()
    settings = Settings()
    try:
        liveness = load_provider(settings.liveness_provider)
        portrait = None if selfie is None else _decoded_selfie(selfie)
    except (ProviderMissing, SelfieUnusable) as error:
        errors.print(str(error))
        return 1
    folder = settings.visual_zone_model
    reader = Reader() if folder is None else Reader(tagger=LayoutTagger(folder))
    today = datetime.now(UTC).date()
    failed = False
    for file in files:
        began = time.perf_counter()
        try:
            decoded = asyncio.run(decode(file.read_bytes()))
        except OSError as error:
            errors.print(f"{file}: {error.strerror}; name a file that can be read")
            failed = True
            continue
        if decoded.problem:
            failed = True
            if as_json:
                _print_json({"file": str(file), "codes": [decoded.problem], "accepted": False})
            else:
                errors.print(f"{file}: {decoded.problem}")
            continue
        readings = [reader.read(page, today) for page in decoded.pages]
        page, reading = next(
            ((p, r) for p, r in zip(decoded.pages, readings, strict=True) if r.mrz is not None),
            (decoded.pages[0], readings[0]),
        )
        face = None if portrait is None else match_faces(page, portrait, liveness)
        findings = cross_check([reading], None, today, face)
        facts = acceptance_facts(reading, findings, AcceptanceParameters(portrait_proof="print"), face)
        accepted = acceptance_table().outcome(facts) == "accept"
        reading = with_codes(reading, *(code_of(finding) for finding in findings))
        answer = to_json(reading, accepted=accepted, seconds=round(time.perf_counter() - began, 3))
        if as_json:
            _print_json({"file": str(file), **answer})
        else:
            console.print(_reading_table(file, answer))
    return 1 if failed else 0


class SelfieUnusable(ValueError):
    """The file named as selfie cannot be read or is no picture."""


def _decoded_selfie(file: Path) -> bytes:
    """The selfie through the decoding child, upright: it comes from outside like the documents."""
    from activities.decoding import decode

    try:
        decoded = asyncio.run(decode(file.read_bytes()))
    except OSError as error:
        raise SelfieUnusable(f"{file}: {error.strerror}; name a file that can be read with --selfie") from None
    if decoded.problem:
        raise SelfieUnusable(f"{file}: {decoded.problem}; name a picture of the applicant with --selfie")
    return decoded.pages[0]


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _reading_table(file: Path, answer: dict[str, object]) -> Table:
    verdict = "accepted" if answer["accepted"] else "for a person to look at"
    table = Table(title=f"{file.name}: {answer['type']}, {verdict}, {answer['seconds']} s", title_justify="left")
    table.add_column("field")
    table.add_column("value", overflow="fold")
    table.add_column("source")
    fields = answer["fields"]
    if isinstance(fields, dict):
        for name, reading in fields.items():
            table.add_row(name, str(reading["value"]), reading["source"])
    codes = answer["codes"]
    if isinstance(codes, list) and codes:
        table.add_section()
        table.add_row("codes", ", ".join(codes), "")
    return table


def screen_file(
    source: Path,
    output: Path,
    lists: Path,
    threshold: float,
    console: Console,
    errors: Console,
    scorer: str | None = None,
) -> int:
    """Screen each line against the list files of a folder; 0 unless input, lists or the scorer cannot be had."""
    from aml.screening import ListUnreadable, ScorerUnavailable, ScreeningIndex
    from aml.screening.batch import load_watchlists, screen_lines

    try:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="clearance-index-") as folder, source.open(encoding="utf-8") as lines:
            index = ScreeningIndex.build(load_watchlists(lists), Path(folder))
            built = time.perf_counter() - began
            count = hits = broken = 0
            with output.open("w", encoding="utf-8") as written:
                for answer in screen_lines(
                    lines, index=index, clock=time.perf_counter, threshold=threshold, scorer=scorer
                ):
                    written.write(json.dumps(answer, ensure_ascii=False) + "\n")
                    count += 1
                    hits += bool(answer.get("hits"))
                    if "error" in answer:
                        broken += 1
                        errors.print(f"{source}: {answer['error']}")
    except (OSError, ListUnreadable, ScorerUnavailable) as error:
        errors.print(str(error), markup=False)
        return 1
    seconds = time.perf_counter() - began - built
    console.print(
        f"{count} lines in {seconds:.1f} s (index built in {built:.1f} s): {hits} with hits, {broken} broken; {output}"
    )
    return 0


@dataclass(frozen=True, slots=True)
class Monitored:
    """What `clearance monitor` was asked for."""

    source: Path
    output: Path | None
    features: Path | None
    regime: str
    strict: bool
    mapping: Path | None
    checkpoint: Path | None
    slice_days: float
    rates: Path | None = None


def monitor_file(asked: Monitored, console: Console, errors: Console, settings: Settings) -> int:
    """Match a file or folder of transactions; alerts go to the output or stdout, the summary to the console."""
    import jurisdictions
    from aml.files import FileUnreadable, Reading
    from aml.history import Run, run_history
    from aml.monitor import BrokenRowRefused, Monitoring
    from aml.scoring import AlertParameters, alert_table
    from aml.snapshots import SnapshotUnusable
    from clearance.rates import read_rates
    from explain.attribution import TreeModel
    from explain.registry import load
    from jurisdictions.indicative_rates import CITATION, indicative_rates
    from jurisdictions.monitoring import monitoring_parameters

    if asked.checkpoint is not None and asked.output is None:
        errors.print("--checkpoint needs --output: alerts that went to the terminal cannot be taken back")
        return 1
    try:
        mapping = _mapping(asked.mapping)
        regime = jurisdictions.regime(asked.regime, datetime.now(UTC).date())
        rates = indicative_rates(regime.currency) if asked.rates is None else read_rates(asked.rates)
        parameters = monitoring_parameters(regime, rates)
    except ValueError as error:
        errors.print(str(error))
        return 1
    trees = TreeModel.from_text(load(settings.models / "transactions").content)
    monitoring = Monitoring(parameters, trees.explain, alert_table(AlertParameters()))
    summary = monitoring.summary
    began = time.perf_counter()
    progress = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), console=errors,
    )  # fmt: skip
    try:
        with progress, tempfile.TemporaryDirectory() as scratch:
            task = progress.add_task(f"monitoring {asked.source.name}", total=None)

            def told(reading: Reading) -> None:
                words = f"{summary.transactions:,} transactions, {summary.alerts:,} alerts"
                progress.update(task, completed=reading.done, total=reading.total or None, description=words)

            output = asked.output or Path(scratch) / "alerts.jsonl"
            run = Run(
                asked.source, output, asked.checkpoint, timedelta(days=asked.slice_days), asked.features, mapping,
                asked.strict,
            )  # fmt: skip
            resumed = asked.checkpoint is not None and asked.checkpoint.exists()
            run_history(run, monitoring, told)
            if asked.output is None:
                with output.open(encoding="utf-8") as alerts:
                    shutil.copyfileobj(alerts, sys.stdout)
                sys.stdout.flush()
    except (FileUnreadable, BrokenRowRefused, SnapshotUnusable, OSError) as error:
        errors.print(str(error))
        return 1
    seconds = time.perf_counter() - began
    for row in summary.broken:
        errors.print(f"skipped {row}")
    if resumed:
        errors.print(f"resumed from {asked.checkpoint}; the rate below counts this run's time over all transactions")
    foreign = sorted(summary.currencies & rates.keys())
    if foreign and asked.rates is None:
        errors.print(f"{', '.join(foreign)} counted at indicative rates ({CITATION}); give your own with --rates")
    if missing := sorted(summary.currencies - rates.keys() - {regime.currency}):
        errors.print(f"no rate for {', '.join(missing)}: these payments count with an amount of zero; use --rates")
    (console if asked.output else errors).print(_monitoring_table(summary, seconds))
    return 0


def _mapping(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    advice = 'write it like {"amount": "Betrag", "currency": "=EUR"}'
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no mapping in JSON ({error}); {advice}") from None
    if not isinstance(stated, dict) or not all(isinstance(value, str) for value in stated.values()):
        raise ValueError(f"{path} does not map our fields to columns; {advice}")
    return stated


def _monitoring_table(summary: "Summary", seconds: float) -> Table:
    table = Table(title="Monitoring", title_justify="left", show_header=False)
    table.add_row("transactions", f"{summary.transactions:,} ({summary.transactions / max(seconds, 1e-9):,.0f}/s)")
    table.add_row("alerts", f"{summary.alerts:,}")
    table.add_row("broken rows", f"{summary.broken_count:,}")
    table.add_row("duplicates, too late, no rate", f"{summary.duplicates}, {summary.too_late}, {summary.unrated}")
    for name, count in summary.hits.most_common():
        table.add_row(f"hits: {name}", f"{count:,}")
    for name, why in sorted(summary.not_evaluated.items()):
        table.add_row(f"not evaluated: {name}", why)
    return table


def write_specimen(image: Path, applicant: Path, seed: int) -> None:
    """An invented passport, photographed, and what its holder would state."""
    from clearance.demo_data import invented_applicant

    picture, stated = invented_applicant(seed, datetime.now(UTC).date())
    image.write_bytes(picture)
    applicant.write_text(json.dumps(stated, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
