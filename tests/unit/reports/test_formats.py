"""Formats by their names in the regimes, and files recognised by their content."""

from datetime import date
from pathlib import Path

import pytest

import jurisdictions
from aml.reports.ctr_rules import CtrTerms
from aml.reports.findings import problems
from aml.reports.formats import FORMATS, UNKNOWN_FORM, check
from aml.reports.goaml_profile import FiuProfile, load_profile
from aml.reports.specimens import specimen_case
from jurisdictions.reporting import ctr_terms


@pytest.fixture
def terms() -> CtrTerms:
    return ctr_terms(jurisdictions.regime("US", date(2026, 11, 22)))


@pytest.fixture
def profile() -> FiuProfile:
    return load_profile("euro")


@pytest.mark.parametrize("code", jurisdictions.CODES)
def test_every_regime_has_a_format_that_builds_valid_reports(schemas: Path, code: str) -> None:
    for on in (date(2026, 11, 22), date(2028, 1, 1)):
        regime = jurisdictions.regime(code, on)
        report = FORMATS[regime.report_format.value]
        case = specimen_case(11, currency=regime.currency, complete=True)
        assert problems(report.validate(report.build(case), schemas)) == ()


def test_files_are_recognised_by_what_they_are(schemas: Path, terms: CtrTerms, profile: FiuProfile) -> None:
    for name in FORMATS:
        xml = FORMATS[name].build(specimen_case(11, currency="EUR", complete=True))
        assert problems(check(xml, schemas, terms, profile)) == ()
    assert problems(check(b"<invoice/>", schemas, terms, profile)) == (UNKNOWN_FORM,)
    assert problems(check(b"no xml", schemas, terms, profile)) == ("NOT_WELL_FORMED",)
    wrong = FORMATS["fincen_sar"].build(specimen_case(11)).replace(b">SARX<", b">CTRX<")
    assert "SCHEMA_VIOLATED" in problems(check(wrong, schemas, terms, profile))


def test_entities_in_a_file_are_never_resolved(schemas: Path, terms: CtrTerms, profile: FiuProfile) -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><report><reason>&x;</reason></report>'
    findings = check(bomb, schemas, terms, profile)
    assert not any("root:" in finding.text for finding in findings)
    assert problems(findings)
