"""`clearance read-document`: one JSON object a file, also for files made to do harm, and never a traceback."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image as Pillow
from rich.console import Console

from clearance.commands import read_documents
from kyc.document import DocumentType
from kyc.specimens import SCAN, Specimen, draw_document, draw_selfie, invent_document

AS_OF = date(2026, 11, 22)
Answers = Callable[..., tuple[int, list[dict[str, object]], str]]


@pytest.fixture(scope="module")
def specimen() -> Specimen:
    spec = invent_document(83_000_001, AS_OF, type=DocumentType.TD3, capture=replace(SCAN, longest=1000))
    return draw_document(spec, 83_000_001)


@pytest.fixture
def answers(capsys: pytest.CaptureFixture[str]) -> Answers:
    def ask(*files: Path, selfie: Path | None = None) -> tuple[int, list[dict[str, object]], str]:
        errors = Console(file=io.StringIO(), width=400)
        code = read_documents(list(files), selfie, True, Console(file=io.StringIO()), errors)
        lines = capsys.readouterr().out.splitlines()
        said = errors.file
        assert isinstance(said, io.StringIO)
        return code, [json.loads(line) for line in lines], said.getvalue()

    return ask


def test_a_document_is_read_with_what_it_rests_on(tmp_path: Path, specimen: Specimen, answers: Answers) -> None:
    file, selfie = tmp_path / "passport.jpg", tmp_path / "selfie.jpg"
    file.write_bytes(specimen.image_bytes)
    identity = specimen.truth["identity"]
    selfie.write_bytes(draw_selfie(int(identity), 83_000_001))

    code, (answer,), _ = answers(file, selfie=selfie)

    assert code == 0
    assert answer["file"] == str(file)
    assert answer["type"] == "TD3"
    zone = answer["mrz"]
    assert isinstance(zone, dict)
    assert zone["lines"] == specimen.truth["lines"]
    assert zone["valid"] is True
    ghost = answer["ghost_check"]
    assert isinstance(ghost, dict)
    assert ghost["result"] == "same"
    codes = answer["codes"]
    assert isinstance(codes, list)
    assert "LIVENESS_NOT_CHECKED" in codes


def test_hostile_files_get_a_code_each_and_do_not_stop_the_others(
    tmp_path: Path, specimen: Specimen, answers: Answers
) -> None:
    good = specimen.image_bytes
    one = io.BytesIO()
    Pillow.new("RGB", (1, 1)).save(one, "PNG")
    contents = {
        "truncated.jpg": (good[: len(good) // 2], "DAMAGED_IMAGE"),
        "empty.jpg": (b"", "EMPTY_FILE"),
        "words.png": (b"hello", "NOT_AN_IMAGE"),
        "one.png": (one.getvalue(), "TOO_SMALL"),
    }
    for name, (content, _) in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "polyglot.jpg").write_bytes(good + b"PK\x03\x04%PDF-1.4<script>")

    code, found, said = answers(
        *(tmp_path / name for name in contents), tmp_path / "none.jpg", tmp_path / "polyglot.jpg"
    )

    assert code == 1
    *refused, read = found
    assert [answer["codes"] for answer in refused] == [[expected] for _, expected in contents.values()]
    assert not any(answer["accepted"] for answer in refused)
    assert "none.jpg: No such file or directory; name a file that can be read" in said
    assert isinstance(read["mrz"], dict)
    assert read["mrz"]["lines"] == specimen.truth["lines"]


@pytest.mark.parametrize(
    ("content", "problem"), [(b"", "EMPTY_FILE"), (b"\xff\xd8\xff\xe0broken", "IMAGE"), (None, "No such")]
)
def test_a_selfie_that_cannot_be_opened_is_said_before_anything_is_read(
    tmp_path: Path, answers: Answers, content: bytes | None, problem: str
) -> None:
    selfie = tmp_path / "selfie.jpg"
    if content is not None:
        selfie.write_bytes(content)

    code, found, said = answers(tmp_path / "passport.jpg", selfie=selfie)

    assert (code, found) == (1, [])
    assert problem in said
    assert "--selfie" in said


def test_a_liveness_provider_that_is_not_there_is_said(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARANCE_LIVENESS_PROVIDER", "no_such_module:provider")

    code, found, said = answers(tmp_path / "passport.jpg")

    assert (code, found) == (1, [])
    assert "CLEARANCE_LIVENESS_PROVIDER" in said
