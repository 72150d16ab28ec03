"""More rules of the FinCEN SAR user guide that its schema does not hold: those that look at one part each.

Apart from `fincen_batch`, which holds what makes or breaks a batch; the same table goes on here.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

from lxml import etree

from aml.reports.findings import blocks, warns
from explain.record import Finding

_NS = {"fc2": "www.fincen.gov/base"}
_GUIDE = "FinCEN SAR XML Schema User Guide 1.6"
_PARTIES = "fc2:Activity/fc2:Party"
_SUBJECT = f"{_PARTIES}[fc2:ActivityPartyTypeCode='33']"
LARGEST_ATTACHMENT = 1024 * 1024
"""FinCEN SAR Electronic Filing Instructions, attachments: one CSV file of at most a megabyte."""


def _days(root: etree._Element) -> Iterator[Finding]:
    for node in root.iter():
        name = etree.QName(node).localname if isinstance(node.tag, str) else ""
        if not name.endswith("DateText"):
            continue
        text = node.text or ""
        if not _is_day(text, partial=name == "IndividualBirthDateText"):
            yield blocks(
                "DATE_NOT_A_DAY",
                f"{name} is {text!r}; dates are days of the calendar, written YYYYMMDD.",
                f"{_GUIDE}, 3.2 and {name}",
                element=name,
                value=text,
            )
    for activity in root.findall("fc2:Activity", _NS):
        for path, what in (
            ("FilingDateText", "the day it is filed"),
            ("SuspiciousActivity/fc2:SuspiciousActivityFromDateText", "the first day of the activity"),
        ):
            if activity.find(f"fc2:{path}", _NS) is None:
                yield blocks("DATE_MISSING", f"The report does not say {what}.", f"{_GUIDE}, {path.split(':')[-1]}")


def _repetitions(root: etree._Element) -> Iterator[Finding]:
    for name in ("AssetSubtypeID", "SuspiciousActivitySubtypeID", "ActivityNarrativeSequenceNumber"):
        for activity in root.findall("fc2:Activity", _NS):
            values = [node.text for node in activity.iterfind(f".//fc2:{name}", _NS)]
            for value in sorted({value or "" for value in values if values.count(value) > 1}):
                yield blocks(
                    "ENTRY_REPEATED", f"{name} {value} stands twice in one report.", f"{_GUIDE}, {name}", element=name
                )
    for subject in root.iterfind(_SUBJECT, _NS):
        numbers = [
            (_text(node, "PartyIdentificationTypeCode"), _text(node, "PartyIdentificationNumberText"))
            for node in subject.iterfind("fc2:PartyIdentification", _NS)
        ]
        for code, number in sorted({each for each in numbers if each[1] and numbers.count(each) > 1}):
            yield blocks(
                "ENTRY_REPEATED",
                f"A subject has the number {number} (type {code}) twice.",
                f"{_GUIDE}, 3.2 (duplicate entries)",
                element="PartyIdentification",
            )


def _institutions(root: etree._Element) -> Iterator[Finding]:
    for party in root.iterfind(_PARTIES, _NS):
        code = _text(party, "ActivityPartyTypeCode")
        if code not in ("30", "34"):
            continue
        if not _text(party, "PrimaryRegulatorTypeCode"):
            yield blocks(
                "REGULATOR_MISSING",
                f"The institution (party type {code}) names no primary federal regulator.",
                f"{_GUIDE}, PrimaryRegulatorTypeCode",
                party=code,
            )
        kinds = party.findall("fc2:OrganizationClassificationTypeSubtype", _NS)
        if not any(_text(kind, "OrganizationTypeID") for kind in kinds):
            yield blocks(
                "ORGANISATION_TYPE_MISSING",
                f"The institution (party type {code}) does not say of what kind it is.",
                f"{_GUIDE}, OrganizationTypeID",
                party=code,
            )
        for kind in kinds:
            for element, other in (
                ("OrganizationTypeID", "OtherOrganizationTypeText"),
                ("OrganizationSubtypeID", "OtherOrganizationSubTypeText"),
            ):
                if _text(kind, element).endswith("999") != bool(_text(kind, other)):
                    yield blocks(
                        "OTHER_TEXT_MISPLACED",
                        f"{other} describes an 'other' {element}, and every 'other' needs one.",
                        f"{_GUIDE}, {other}",
                        element=other,
                    )


def _subjects(root: etree._Element) -> Iterator[Finding]:
    for subject in root.iterfind(_SUBJECT, _NS):
        for rule, names in (
            (
                "ROLE_SAID_TWICE",
                ("PayeeReceiverIndicator", "PurchaserSenderIndicator", "BothPurchaserSenderPayeeReceiveIndicator"),
            ),
            ("CONFESSION_SAID_TWICE", ("AdmissionConfessionYesIndicator", "AdmissionConfessionNoIndicator")),
        ):
            if sum(_text(subject, name) == "Y" for name in names) > 1:
                yield blocks(rule, f"At most one of {', '.join(names)} is ticked.", f"{_GUIDE}, {names[0]}")
        known = any(
            _text(node, "PartyIdentificationTypeCode") in ("1", "2", "9")
            for node in subject.iterfind("fc2:PartyIdentification", _NS)
        )
        unknown = subject.find("fc2:PartyIdentification[fc2:TINUnknownIndicator='Y']", _NS) is not None
        unavailable = _text(subject, "AllCriticalSubjectInformationUnavailableIndicator") == "Y"
        if not unavailable and known == unknown:
            yield blocks(
                "TAX_NUMBER_UNSAID",
                "A subject's tax number is given, or the box ticked that it is unknown: exactly one of both.",
                f"{_GUIDE}, TINUnknownIndicator",
            )
        for link in subject.iterfind("fc2:PartyAssociation", _NS):
            tin = _text(link, "SubjectRelationshipFinancialInstitutionTINText")
            if not re.fullmatch(r"\d{9}", tin):
                yield blocks(
                    "RELATIONSHIP_TIN_WRONG",
                    "The relationship of a subject names the institution by nine digits.",
                    f"{_GUIDE}, SubjectRelationshipFinancialInstitutionTINText",
                )
        for node in subject.iterfind("fc2:PartyIdentification", _NS):
            if _text(node, "PartyIdentificationTypeCode") in ("5", "6", "7") and not _text(
                node, "OtherIssuerCountryText"
            ):
                yield warns(
                    "ISSUER_COUNTRY_UNSAID",
                    "A document of a subject does not say which country issued it.",
                    f"{_GUIDE}, OtherIssuerCountryText",
                )
        for node in subject.iterfind("fc2:ElectronicAddress", _NS):
            if _text(node, "ElectronicAddressTypeCode") == "E" and "@" not in _text(node, "ElectronicAddressText"):
                yield blocks(
                    "EMAIL_WRONG", "An e-mail address of a subject has no @.", f"{_GUIDE}, ElectronicAddressText"
                )


def _account_holders(root: etree._Element) -> Iterator[Finding]:
    """Parties 41 inside subjects: who keeps the accounts."""
    for holder in root.iterfind(f"{_SUBJECT}/fc2:PartyAccountAssociation/fc2:Party", _NS):
        if _text(holder, "NonUSFinancialInstitutionIndicator") == "Y":
            continue
        if not any(
            re.fullmatch(r"\d{9}", _text(node, "PartyIdentificationNumberText"))
            for node in holder.iterfind("fc2:PartyIdentification", _NS)
        ):
            yield blocks(
                "ACCOUNT_HOLDER_UNKNOWN",
                "The institution of an account is named by its nine digits, or said to be outside the United States.",
                f"{_GUIDE}, PartyIdentificationNumberText (party type 41)",
            )


def _cumulative(root: etree._Element) -> Iterator[Finding]:
    for node in root.iterfind(".//fc2:SuspiciousActivity", _NS):
        cumulative, total = (
            _text(node, name) for name in ("CumulativeTotalViolationAmountText", "TotalSuspiciousAmountText")
        )
        if cumulative.isdecimal() and total.isdecimal() and int(cumulative) < int(total):
            yield blocks(
                "CUMULATIVE_BELOW_TOTAL",
                f"The cumulative amount ({cumulative}) is less than this report's ({total}).",
                f"{_GUIDE}, CumulativeTotalViolationAmountText",
            )


def _attachments(root: etree._Element) -> Iterator[Finding]:
    for activity in root.findall("fc2:Activity", _NS):
        names = [node.text or "" for node in activity.iterfind(".//fc2:OriginalAttachmentFileName", _NS)]
        if len(names) > 1:
            yield blocks("ATTACHMENTS_TOO_MANY", "A report takes one attachment.", f"{_GUIDE}, ActivitySupportDocument")
        for name in names:
            if not name.lower().endswith(".csv"):
                yield blocks(
                    "ATTACHMENT_NOT_CSV",
                    f"The attachment {name!r} is no CSV file, the only kind that is taken.",
                    f"{_GUIDE}, OriginalAttachmentFileName",
                )


DETAILS: tuple[Callable[[etree._Element], Iterator[Finding]], ...] = (
    _days,
    _repetitions,
    _institutions,
    _subjects,
    _account_holders,
    _cumulative,
    _attachments,
)


def detail_findings(root: etree._Element) -> tuple[Finding, ...]:
    """Everything of this table that stands against a batch file, which need not be schema-valid."""
    return tuple(finding for rule in DETAILS for finding in rule(root))


def _text(node: etree._Element, name: str) -> str:
    return node.findtext(f"fc2:{name}", default="", namespaces=_NS) or ""


def _is_day(text: str, *, partial: bool) -> bool:
    """`partial` allows 00 for a day, or a month and a day, that are not known."""
    if not re.fullmatch(r"\d{8}", text):
        return False
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if partial and day == 0:
        day, month = 1, month or 1
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
