"""Runs over files in slices: the same alerts however they are cut, killed and resumed; and what cannot be resumed."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars
import pytest

from aml.files import Reading
from aml.generator import generate, write_csv
from aml.history import Run, run_history
from aml.monitor import Monitoring
from aml.snapshots import SnapshotUnusable
from tests.unit.monitoring.streams import PARAMETERS
from tests.unit.monitoring.test_monitor import TABLE, calm

KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
import aml.history, aml.monitor
from tests.unit.monitoring.test_history import run, started

aml.monitor.BATCH = 256
keep = aml.history._keep
kept = 0

def killed(*arguments):
    global kept
    keep(*arguments)
    kept += 1
    if kept == 3:
        os.kill(os.getpid(), signal.SIGKILL)

aml.history._keep = killed
folder = Path(sys.argv[1])
aml.history.run_history(run(folder, "killed", 2), started())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    write_csv(folder / "payments.csv", generate(21, people=60, days=40))
    with (folder / "payments.csv").open("a") as file:
        file.write("broken,row\n")
    return folder


def run(folder: Path, name: str, days: float | None = None) -> Run:
    return Run(
        folder / "payments.csv",
        folder / f"{name}.jsonl",
        folder / f"{name}.checkpoint" if days else None,
        timedelta(days=days or 7),
        folder / f"{name}.parquet",
    )


def started() -> Monitoring:
    return Monitoring(PARAMETERS, calm, TABLE)


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[Monitoring, str]:
    monitoring = started()
    run_history(run(folder, "whole"), monitoring)
    alerts = (folder / "whole.jsonl").read_text()
    assert monitoring.summary.alerts == len(alerts.splitlines()) > 3
    return monitoring, alerts


def kept(run: Run) -> bytes:
    assert run.checkpoint is not None
    return run.checkpoint.read_bytes() if run.checkpoint.exists() else b""


class Broken(RuntimeError):
    pass


@pytest.mark.parametrize("days", [3, 11, 100])
def test_a_run_broken_off_after_each_slice_writes_the_alerts_of_one_that_was_not(
    folder: Path, whole: tuple[Monitoring, str], days: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aml.monitor.BATCH", 400)
    chosen = run(folder, f"slices-{days}", days)
    assert chosen.checkpoint is not None
    starts = 0
    while True:
        starts += 1
        assert starts < 200
        before = kept(chosen)

        def give_up(_: Reading, before: bytes = before) -> None:
            if kept(chosen) != before:
                raise Broken

        monitoring = started()
        try:
            run_history(chosen, monitoring, give_up)
        except Broken:
            continue
        break
    assert starts > 2 or days == 100
    assert chosen.output.read_text() == whole[1]
    assert monitoring.summary == whole[0].summary
    assert not chosen.checkpoint.exists()
    features = polars.read_parquet(folder / f"slices-{days}.parquet")
    assert features.equals(polars.read_parquet(folder / "whole.parquet"))
    assert not list(folder.glob(f"slices-{days}.parquet.parts"))


def test_a_run_that_was_killed_is_resumed_where_its_checkpoint_stands(
    folder: Path, whole: tuple[Monitoring, str]
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=os.environ, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    chosen = run(folder, "killed", 2)
    assert chosen.checkpoint is not None
    assert chosen.checkpoint.exists()
    with chosen.output.open("a") as output:
        output.write(json.dumps("what was written after the checkpoint") + "\n")
    monitoring = started()
    run_history(chosen, monitoring)
    assert chosen.output.read_text() == whole[1]
    assert monitoring.summary == whole[0].summary


def test_a_checkpoint_of_other_files_or_parameters_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aml.monitor.BATCH", 400)
    chosen = replace(run(folder, "refused", 2), features=None)
    assert chosen.checkpoint is not None

    def give_up(_: Reading) -> None:
        if kept(chosen):
            raise Broken

    with pytest.raises(Broken):
        run_history(chosen, started(), give_up)
    other = Monitoring(replace(PARAMETERS, lateness=timedelta(hours=1)), calm, TABLE)
    with pytest.raises(SnapshotUnusable, match="other parameters"):
        run_history(chosen, other)
    with pytest.raises(SnapshotUnusable, match="without features"):
        run_history(replace(chosen, features=folder / "refused.parquet"), started())
    chosen.output.write_text("")
    with pytest.raises(SnapshotUnusable, match="lacks alerts"):
        run_history(chosen, started())
    (folder / "other.csv").write_text((folder / "payments.csv").read_text()[:-5])
    with pytest.raises(SnapshotUnusable, match="other files"):
        run_history(replace(chosen, source=folder / "other.csv"), started())
