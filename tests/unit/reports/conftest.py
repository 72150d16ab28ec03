"""Where the authorities' schemas are: they are not ours to redistribute, so what needs them is skipped without."""

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def schemas() -> Path:
    folder = Path(os.environ.get("CLEARANCE_SCHEMAS", _ROOT.parent / "shared" / "schemas"))
    if not (folder / "EFL_SARXBatchSchema.xsd").exists():
        pytest.skip("the authorities' schemas are not installed; set CLEARANCE_SCHEMAS")
    return folder
