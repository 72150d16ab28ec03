"""What FinCEN answers to a batch file: accepted or not, the BSA identifier of each report, and what is wrong in it.

The context of an error names elements of our file by their sequence numbers; here it is turned back into the value that
stands there, so that an officer sees what to correct.
"""

import json
import re
from dataclasses import dataclass

from lxml import etree

from aml.reports.findings import blocks, parse, warns
from explain.record import Finding

_ACCEPTED = "A"
_WARNING = "WARN"
_STEP = re.compile(r"(\w+)\[(\d+)\]")
_GUIDE = "FinCEN SAR XML Schema User Guide, acknowledgement"


class AcknowledgementUnreadable(ValueError):
    """The file is no acknowledgement of a FinCEN batch; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class AcknowledgedReport:
    """One report of the batch, in its order. `bsa_id` is `None` where FinCEN gave none: it did not take the report."""

    bsa_id: str | None
    findings: tuple[Finding, ...]

    @property
    def needs_correction(self) -> bool:
        """Whether FinCEN asks for a corrected report, which then names `bsa_id` as the prior document."""
        return bool(self.findings)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    accepted: bool
    reports: tuple[AcknowledgedReport, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authority said to one report, whatever the authority."""

    accepted: bool
    number: str | None
    """The authority's number of the report."""
    findings: tuple[Finding, ...]


def parse_answer(answer: bytes, sent: bytes | None = None) -> Answer:
    """An answer to a report of ours: FinCEN's acknowledgement of a batch of one, or a statement of what a portal said,
    `{"accepted": true, "number": "…", "errors": [{"code": "…", "text": "…"}]}`, for authorities that send no file.

    Raises `AcknowledgementUnreadable`.
    """
    if answer.lstrip()[:1] == b"{":
        return _statement(answer)
    read = parse_acknowledgement(answer, sent)
    if len(read.reports) > 1:
        raise AcknowledgementUnreadable(f"it answers {len(read.reports)} reports; ours are sent one by one")
    found = tuple(finding for report in read.reports for finding in report.findings)
    number = read.reports[0].bsa_id if read.reports else None
    return Answer(read.accepted and number is not None, number, found)


def _statement(answer: bytes) -> Answer:
    try:
        said = json.loads(answer)
        accepted, number, errors = said["accepted"], said.get("number"), said.get("errors", [])
        stated = tuple((str(error["code"]), str(error["text"])) for error in errors)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AcknowledgementUnreadable(f"a statement says accepted, number and errors: {error!r}") from error
    if not isinstance(accepted, bool) or not (number is None or isinstance(number, str)):
        raise AcknowledgementUnreadable("accepted is true or false, number is text")
    if accepted and not number:
        raise AcknowledgementUnreadable("a report that was taken has the authority's number")
    make = warns if accepted else blocks
    return Answer(accepted, number, tuple(make(code, text, "the authority's answer") for code, text in stated))


def parse_acknowledgement(answer: bytes, batch: bytes | None = None) -> Acknowledgement:
    """Read an acknowledgement; with the `batch` that it answers, findings carry the value in question.

    Raises `AcknowledgementUnreadable`.
    """
    try:
        root = parse(answer)
    except etree.XMLSyntaxError as error:
        raise AcknowledgementUnreadable(f"not XML: {error.msg}") from error
    status = root.get("StatusCode")
    if etree.QName(root).localname != "EFilingBatchXML" or status is None:
        raise AcknowledgementUnreadable(f"<{etree.QName(root).localname}> without a status is no acknowledgement")
    sent = None if batch is None else parse(batch)
    return Acknowledgement(
        accepted=status == _ACCEPTED,
        reports=tuple(_report(activity, sent) for activity in root.iterfind(".//{*}EFilingActivityXML")),
    )


def _report(activity: etree._Element, sent: etree._Element | None) -> AcknowledgedReport:
    errors = activity.iterfind("{*}EFilingActivityErrorXML")
    return AcknowledgedReport(
        bsa_id=(activity.findtext("{*}BSAID") or "").strip() or None,
        # A report without errors comes with one empty error element.
        findings=tuple(_finding(error, sent) for error in errors if len(error)),
    )


def _finding(error: etree._Element, sent: etree._Element | None) -> Finding:
    said = {child: (error.findtext(f"{{*}}{child}") or "").strip() for child in _PARTS}
    make = warns if said["ErrorLevelText"] == _WARNING else blocks
    value = None if sent is None else value_at(sent, said["ErrorContextText"])
    shown = f" Our file says {value!r}." if value else ""
    return make(
        said["ErrorTypeCode"] or "UNCODED",
        f"{said['ErrorElementNameText']}: {said['ErrorText']}{shown}",
        f"{_GUIDE}, error {said['ErrorTypeCode']}",
        context=said["ErrorContextText"],
        element=said["ErrorElementNameText"],
        value=value,
    )


_PARTS = ("ErrorContextText", "ErrorElementNameText", "ErrorLevelText", "ErrorText", "ErrorTypeCode")


def value_at(batch: etree._Element, context: str) -> str | None:
    """The text of the element that a context such as `…/Party[25]/PartyName[84]/RawIndividualFirstName` points at.

    The numbers are the sequence numbers of our file. `None` where there is no such element: FinCEN often misses one.
    """
    steps = _STEP.findall(context)
    if not steps:
        return None
    name, number = steps[-1]
    leaf = context.rsplit("/", 1)[-1]
    for node in batch.iterfind(f".//{{*}}{name}"):
        if node.get("SeqNum") == number:
            return node.findtext(f"{{*}}{leaf}")
    return None
