"""The shared specimens, one by one: reported, never used for training or thresholds."""

import json
from datetime import date
from pathlib import Path

import pytest

from kyc.decode import decode_file
from kyc.reader import read_document

AS_OF = date(2026, 11, 22)
NAMES = (
    "0_id-esp.png", "100_id-che.jpg", "100_id-rou.jpg", "100_id-si.jpg", "100_pass-chn.jpg", "100_pass-fin.png",
    "100_pass-isl.png", "100_pass-uto.jpg", "100_pass2-uto.jpg", "100_visa-polx.jpg", "33_id-usa.jpg",
    "43_pass-fra.jpg", "53_id-d.jpg", "62_pass-aus.png", "62_pass-pol.png", "79_pass-hun.png", "98_pass-nld.jpg",
)  # fmt: skip
CHECKS = {"num": "number", "dob": "birth_date", "exp": "expiry_date", "opt": "personal_number", "comp": "composite"}


@pytest.mark.real_data
@pytest.mark.parametrize("name", NAMES)
def test_specimen_is_read_exactly(name: str, real_data: Path, tmp_path: Path) -> None:
    expected = json.loads((real_data / "documents" / "expected.json").read_text(encoding="utf-8"))[name]
    decode_file(real_data / "documents" / name, tmp_path)

    reading = read_document((tmp_path / "page-1.png").read_bytes(), AS_OF)

    assert reading.mrz is not None, reading.codes
    assert list(reading.mrz.lines) == expected["lines"]
    assert reading.type.value == expected["kind"]
    for short, holds in expected["checks"].items():
        assert reading.mrz.checks[CHECKS[short]] is holds, short
    if not expected["all_ok"]:
        assert any(code.startswith("CHECK_DIGIT_FAILED") for code in reading.codes)
