"""FinCEN's answers: which reports were taken under which number, and what an officer has to correct, with the value."""

import pytest

from aml.reports.acknowledgement import AcknowledgementUnreadable, parse_acknowledgement, value_at
from aml.reports.fincen import build_sar
from aml.reports.findings import BLOCKS, WARNS, parse
from aml.reports.specimens import specimen_case

NS = {"fc2": "www.fincen.gov/base"}
BATCH = build_sar(specimen_case(3))


def error(context: str, element: str, level: str = "WARN", code: str = "C21") -> str:
    return (
        f"<EFilingActivityErrorXML SeqNum='9'><ErrorContextText>{context}</ErrorContextText>"
        f"<ErrorElementNameText>{element}</ErrorElementNameText><ErrorLevelText>{level}</ErrorLevelText>"
        f"<ErrorText>The value is invalid.</ErrorText><ErrorTypeCode>{code}</ErrorTypeCode></EFilingActivityErrorXML>"
    )


def answer(*reports: str, status: str = "A") -> bytes:
    inside = "".join(
        f"<EFilingActivityXML SeqNum='{n}'>{report}</EFilingActivityXML>" for n, report in enumerate(reports)
    )
    return (
        f"<EFilingBatchXML SeqNum='1' StatusCode='{status}'><EFilingSubmissionXML SeqNum='2' StatusCode='{status}'>"
        f"{inside}</EFilingSubmissionXML></EFilingBatchXML>"
    ).encode()


def test_a_report_that_was_taken_has_its_number_and_nothing_to_correct() -> None:
    found = parse_acknowledgement(answer("<BSAID>31000000000017</BSAID><EFilingActivityErrorXML SeqNum='1'/>"))
    assert found.accepted
    assert found.reports[0].bsa_id == "31000000000017"
    assert not found.reports[0].needs_correction


def test_an_error_shows_the_value_that_our_file_has_there() -> None:
    tax = parse(BATCH).findall("fc2:Activity/fc2:Party/fc2:PartyIdentification", NS)[0]
    context = (
        f"EFilingBatchXML/Activity[1]/Party[7]/PartyIdentification[{tax.get('SeqNum')}]/PartyIdentificationNumberText"
    )
    report = "<BSAID>31000000000017</BSAID>" + error(context, "PartyIdentificationNumberText")
    found = parse_acknowledgement(answer(report), BATCH).reports[0]
    assert found.needs_correction
    assert found.findings[0].rule == "C21"
    assert found.findings[0].effect == WARNS
    assert found.findings[0].values["value"] == "987650041"
    assert "Our file says '987650041'." in found.findings[0].text


def test_a_missing_element_has_no_value_and_says_where_it_belongs() -> None:
    context = "EFilingBatchXML/Activity[1]/Party[4]/PartyName[99999]/RawIndividualFirstName"
    found = parse_acknowledgement(answer(error(context, "RawIndividualFirstName", "FATAL", "F4"))).reports[0]
    assert found.bsa_id is None
    assert found.findings[0].effect == BLOCKS
    assert found.findings[0].values["context"] == context
    assert value_at(parse(BATCH), context) is None
    assert value_at(parse(BATCH), "no steps at all") is None


def test_a_rejected_batch_is_not_accepted() -> None:
    assert not parse_acknowledgement(answer(status="R")).accepted


def test_several_reports_keep_their_order() -> None:
    found = parse_acknowledgement(answer("<BSAID>1</BSAID>", "<BSAID>2</BSAID>", "<BSAID>3</BSAID>"))
    assert [report.bsa_id for report in found.reports] == ["1", "2", "3"]


@pytest.mark.parametrize("content", [b"<html/>", b"not xml", BATCH])
def test_what_is_no_acknowledgement_is_refused(content: bytes) -> None:
    with pytest.raises(AcknowledgementUnreadable):
        parse_acknowledgement(content)
