"""Training gives the same network again, bit for bit, where it is begun again: shown on the first steps of each, in
processes of their own. Needs torch, which the service has not; `docs/documents.md` says how to run it."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed: training's dependency")
@pytest.mark.parametrize(
    ("module", "file", "steps"),
    [("kyc.training.page_locator", "locator.onnx", 30), ("kyc.training.mrz_recogniser", "lines.onnx", 30)],
)
def test_training_is_repeated_bit_for_bit(module: str, file: str, steps: int, tmp_path: Path) -> None:
    digests = []
    for name in ("first", "second"):
        folder = tmp_path / name
        command = [sys.executable, "-m", module, str(folder), "--steps", "400", "--stop", str(steps), "--seed", "3"]
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=1200)
        digests.append(hashlib.sha256((folder / file).read_bytes()).hexdigest())

    assert digests[0] == digests[1]
