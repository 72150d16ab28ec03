"""`clearance filings`: files of every form are checked with a verdict, an exit code and what to do."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
from rich.console import Console

from aml.reports.blocking import BlockedProperty, BlockingCase, BlockingKind, build_blocking
from aml.reports.fincen import build_sar
from aml.reports.party import Address, Subject
from aml.reports.specimens import specimen_case, specimen_filer
from clearance.filing_commands import NotWritable, check_report, rendered
from clearance.settings import Settings

SETTINGS = Settings()
installed = pytest.mark.skipif(not SETTINGS.schemas.is_dir(), reason="the authorities' schemas are not installed")


def blocking(**changes: object) -> bytes:
    values: dict[str, object] = {
        "reference": "case-1",
        "kind": BlockingKind.BLOCKING,
        "filer": specimen_filer(),
        "target": Subject("p", surname="Ивелинов", given_name="Драгомил", addresses=(Address(country="BG"),)),
        "acted_on": date(2026, 2, 26),
        "filed_on": date(2026, 3, 2),
        "legal_authority": "SDGT, 31 CFR part 594",
        "grounds": ("sanctions_confirmed",),
        "properties": (BlockedProperty("=A1", "Account", "Eastmoor", Decimal("12.50"), "USD"),),
    }
    return build_blocking(BlockingCase(**(values | changes)))  # type: ignore[arg-type]


def check(path: Path, profile: str = "euro") -> tuple[int, str]:
    said = io.StringIO()
    console = Console(file=said, width=200)
    return check_report(SETTINGS, str(path), profile, console, console), said.getvalue()


@installed
def test_a_valid_report_passes_with_a_full_score(tmp_path: Path) -> None:
    (tmp_path / "sar.xml").write_bytes(build_sar(specimen_case(3)))
    assert check(tmp_path / "sar.xml") == (0, "sar.xml: may be submitted, 100 of 100\n")


@installed
def test_what_is_missing_is_said_with_its_rule_and_source(tmp_path: Path) -> None:
    broken = build_sar(specimen_case(3)).replace(b"<fc2:InitialReportIndicator>Y</fc2:InitialReportIndicator>", b"")
    broken = broken.replace(b"<fc2:ContinuingActivityReportIndicator>Y</fc2:ContinuingActivityReportIndicator>", b"")
    broken = broken.replace(b"<fc2:CorrectsAmendsPriorReportIndicator>Y</fc2:CorrectsAmendsPriorReportIndicator>", b"")
    (tmp_path / "sar.xml").write_bytes(broken)
    code, said = check(tmp_path / "sar.xml")
    assert code == 1
    assert "cannot be submitted" in said
    assert "KIND_OF_FILING_UNCLEAR" in said
    assert "User Guide" in said


def test_a_form_on_blocked_property_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(blocking())
    assert check(tmp_path / "a.json")[0] == 0
    (tmp_path / "b.json").write_bytes(blocking(legal_authority=None))
    code, said = check(tmp_path / "b.json")
    assert (code, "LEGAL_AUTHORITY_NEEDED" in said, "31 CFR 501.603" in said) == (1, True, True)


@pytest.mark.parametrize("content", [b"hello", b"<other/>", b"{}", b""])
def test_anything_else_is_refused_with_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert check(tmp_path / "x")[0] == 1


def test_what_cannot_be_read_exits_2(tmp_path: Path) -> None:
    assert check(tmp_path / "absent")[0] == 2
    (tmp_path / "x").write_bytes(b"{}")
    code, said = check(tmp_path / "x", profile="nowhere")
    assert (code, "there is no goAML profile" in said) == (2, True)


def test_a_report_on_blocked_property_is_written_as_data_csv_and_pdf() -> None:
    content = blocking()
    assert rendered(content, "blocking_report", "data") == content
    table = rendered(content, "blocking_report", "csv").decode()
    assert "'=A1" in table  # a spreadsheet must not take it for a formula
    page = pypdfium2.PdfDocument(rendered(content, "blocking_report", "pdf"))[0]
    text = page.get_textpage().get_text_bounded()
    assert "Sanctioned person: Dragomil Ivelinov" in text  # transcribed: PDF's own fonts know Latin letters
    assert json.loads(content)["target"]["name"] == "Драгомил Ивелинов"
    with pytest.raises(NotWritable):
        rendered(b"<x/>", "fincen_sar", "pdf")
