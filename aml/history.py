"""A run over files as slices of time: alerts to a file, and after each slice a checkpoint from which it can go on.

A checkpoint carries the engine's state, so a run that was killed and resumed, however it was sliced, writes the same
alerts as one that was not: by construction, as nothing else is carried from one slice to the next.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from aml.feature_table import FeatureTable
from aml.files import Reading, files_of, read_transactions
from aml.monitor import Monitoring, batches
from aml.snapshots import SnapshotUnusable, pack, unpack

_KIND = "checkpoint of a monitoring run"
SLICE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Run:
    """What is read and where results go. With a `checkpoint` that exists the run goes on from there."""

    source: Path
    output: Path
    checkpoint: Path | None = None
    slice_length: timedelta = SLICE
    features: Path | None = None
    mapping: Mapping[str, str] | None = None
    refuse_broken: bool = False


def run_history(run: Run, monitoring: Monitoring, on_progress: Callable[[Reading], None] | None = None) -> None:
    """Read all of the source and write its alerts; the monitoring's summary fills as it goes.

    Raises `FileUnreadable`, `BrokenRowRefused` and `SnapshotUnusable` (a checkpoint of another source, of other
    parameters, or damaged: remove it to begin anew). The checkpoint is removed when the run is complete.
    """
    files = _fingerprint(run.source)
    skip, written, parts = 0, 0, 0
    if run.checkpoint is not None and run.checkpoint.exists():
        skip, written, parts = _resume(run, monitoring, files)
    features = FeatureTable(run.features, monitoring.engine.features, parts) if run.features else None
    reading = Reading()
    rows = read_transactions(run.source, run.mapping, skip=skip, reading=reading)
    ends: datetime | None = None
    with run.output.open("r+b" if skip else "wb") as output:
        output.seek(written)
        output.truncate()
        for count, batch in batches(rows, monitoring.summary, run.refuse_broken):
            alerts, matrix = monitoring.assess(batch)
            output.writelines(json.dumps(alert, ensure_ascii=False).encode() + b"\n" for alert in alerts)
            if features is not None:
                features.add(batch, matrix)
            if on_progress is not None:
                on_progress(reading)
            newest = max(transaction.booked_at for transaction in batch)
            ends = ends or batch[0].booked_at + run.slice_length
            if run.checkpoint is not None and newest >= ends:
                output.flush()
                os.fsync(output.fileno())
                if features is not None:
                    features.flush()
                done = {"rows": skip + count, "written": output.tell(), "parts": features.parts if features else 0}
                _keep(run.checkpoint, monitoring, {**done, "files": files})
                while ends <= newest:
                    ends += run.slice_length
    if features is not None:
        features.finish()
    if run.checkpoint is not None:
        run.checkpoint.unlink(missing_ok=True)


def _fingerprint(source: Path) -> list[list[object]]:
    return [[file.name, file.stat().st_size] for file in files_of(source)]


def _keep(checkpoint: Path, monitoring: Monitoring, facts: Mapping[str, object]) -> None:
    """Whole or not at all: a kill while it is written leaves the one before."""
    content = pack(_KIND, {"monitoring": np.frombuffer(monitoring.snapshot(), np.uint8)}, {}, facts)
    fresh = checkpoint.with_name(checkpoint.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(checkpoint)


def _resume(run: Run, monitoring: Monitoring, files: list[list[object]]) -> tuple[int, int, int]:
    assert run.checkpoint is not None
    contents = unpack(run.checkpoint.read_bytes(), _KIND)
    facts = contents.facts
    if facts["files"] != files:
        raise SnapshotUnusable(
            f"{run.checkpoint} is of other files than {run.source} holds now; remove it to begin anew"
        )
    if bool(facts["parts"]) != (run.features is not None):
        raise SnapshotUnusable(
            f"{run.checkpoint} was made {'with' if facts['parts'] else 'without'} features; so go on so"
        )
    if not run.output.exists() or run.output.stat().st_size < facts["written"]:
        raise SnapshotUnusable(
            f"{run.output} lacks alerts that {run.checkpoint} says are in it; remove it to begin anew"
        )
    monitoring.take_up(contents.arrays["monitoring"].tobytes())
    return facts["rows"], facts["written"], facts["parts"]
