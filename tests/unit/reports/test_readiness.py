"""What an officer is told about a report: what is missing, once each, and how far there is to go."""

from dataclasses import replace
from pathlib import Path

from aml.reports import goaml
from aml.reports.fincen import build_sar, validate
from aml.reports.findings import SCHEMA_VIOLATED, blocks, warns
from aml.reports.goaml_profile import load_profile
from aml.reports.readiness import readiness
from aml.reports.specimens import specimen_case, specimen_filer


def test_a_valid_report_is_ready(schemas: Path) -> None:
    ready = readiness(validate(build_sar(specimen_case(1)), schemas))
    assert (ready.score, ready.may_be_submitted, ready.missing, ready.warnings) == (100, True, (), ())


def test_without_the_schema_nothing_is_known(tmp_path: Path) -> None:
    ready = readiness(validate(build_sar(specimen_case(1)), tmp_path))
    assert ready.score == 0
    assert not ready.may_be_submitted
    assert "EFL_SARXBatchSchema.xsd" in ready.missing[0]


def test_a_gap_is_explained_once_in_words_not_in_schema(schemas: Path) -> None:
    filer = replace(specimen_filer(), transmitter_control_code="", reporting_entity_id=None)
    ready = readiness(validate(build_sar(specimen_case(1, filer)), schemas))
    assert len(ready.missing) == 1
    assert "transmitter control code" in ready.missing[0]
    profile = load_profile("ae")
    case = specimen_case(1, filer, currency="AED", complete=True)
    ready = readiness(goaml.validate(goaml.build_goaml(case, profile), schemas, profile))
    assert "number of the reporting entity" in ready.missing[0]
    assert not any("expected" in text.lower() for text in ready.missing)


def test_a_schema_error_that_no_rule_explains_is_shown() -> None:
    ready = readiness([blocks(SCHEMA_VIOLATED, "Element 'x': not allowed", "xsd")])
    assert ready.missing == ("Element 'x': not allowed",)


def test_the_same_gap_fifty_times_costs_less_than_fifty_gaps() -> None:
    once = readiness([blocks("A", "a", "c")])
    often = readiness([blocks("A", f"a {number}", "c") for number in range(10)])
    several = readiness([blocks(f"R{number}", f"a {number}", "c") for number in range(10)])
    assert once.score > often.score > several.score == 0


def test_warnings_lower_the_score_and_block_nothing() -> None:
    ready = readiness([warns("W", "look at this", "c")])
    assert ready.may_be_submitted
    assert ready.score == 97
    assert ready.warnings == ("look at this",)
