"""The rules of the FinCEN SAR user guide that its schema does not hold, as a table of small functions over the file.

They work on the finished XML, so that a file from anywhere can be checked, and what is submitted is what was checked.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from lxml import etree

from aml.reports.findings import blocks
from explain.record import Finding

_NS = {"fc2": "www.fincen.gov/base"}
_GUIDE = "FinCEN SAR XML Schema User Guide 1.6"
_ONCE = ("35", "37", "30", "8")
_AT_LEAST_ONCE = ("34", "33")
_PARTY_NAMES = {
    "35": "transmitter",
    "37": "transmitter contact",
    "30": "filing institution",
    "8": "contact for assistance",
    "34": "institution where the activity occurred",
    "33": "subject",
    "50": "person conducting for themselves",
    "17": "person conducting for another",
    "23": "person on whose behalf it was conducted",
}
_STATES_ASKED = frozenset({"US", "CA", "MX"})
_NO_VALUES = re.compile(
    r"(?i)(?:aka|n/?a|none|nmn|not applicable|other|same|see (?:above|narrative)|unknown|various|xx+|-+|\?+)"
)
"""Words that stand for "no value": SAR instructions, general instructions 4, want the "unknown" box instead."""


def batch_findings(root: etree._Element) -> tuple[Finding, ...]:
    """Everything that stands against a batch file, in the order of the table; the file need not be schema-valid."""
    return tuple(finding for rule in RULES for finding in rule(root))


def _totals(root: etree._Element) -> Iterator[Finding]:
    amounts = [Decimal(text) for text in _all(root, ".//fc2:TotalSuspiciousAmountText") if _is_whole(text)]
    attached = len(_nodes(root, ".//fc2:ActivitySupportDocument"))
    said = {
        "TotalAmount": sum(amounts, Decimal(0)),
        "PartyCount": Decimal(len(_nodes(root, "fc2:Activity/fc2:Party[fc2:ActivityPartyTypeCode='33']"))),
        "ActivityCount": Decimal(len(_nodes(root, "fc2:Activity"))),
        "ActivityAttachmentCount": Decimal(attached),
        "AttachmentCount": Decimal(attached),
    }
    for name, counted in said.items():
        stated = root.get(name, "")
        if not re.fullmatch(r"\d+(\.\d+)?", stated) or Decimal(stated) != counted:
            yield blocks(
                "BATCH_TOTAL_WRONG",
                f"{name} says {stated or 'nothing'}, the file holds {counted}.",
                f"{_GUIDE}, EFilingBatchXML",
                attribute=name,
                stated=stated,
                counted=str(counted),
            )


def _parties(root: etree._Element) -> Iterator[Finding]:
    for activity in _nodes(root, "fc2:Activity"):
        codes = _all(activity, "fc2:Party/fc2:ActivityPartyTypeCode")
        for code in (*_ONCE, *_AT_LEAST_ONCE):
            count = codes.count(code)
            if count == 0:
                yield blocks(
                    "PARTY_MISSING",
                    f"The report has no {_PARTY_NAMES[code]} (party type {code}).",
                    f"{_GUIDE}, ActivityPartyTypeCode",
                    party=code,
                )
            elif count > 1 and code in _ONCE:
                yield blocks(
                    "PARTY_REPEATED",
                    f"The report has {count} parties of type {code} ({_PARTY_NAMES[code]}), it takes one.",
                    f"{_GUIDE}, ActivityPartyTypeCode",
                    party=code,
                    count=count,
                )
        for stray in sorted({code for code in codes if code in ("41", "46")}):
            yield blocks(
                "PARTY_MISPLACED",
                f"A party of type {stray} stands on its own; it belongs inside a subject (41) or an institution (46).",
                f"{_GUIDE}, ActivityPartyTypeCode",
                party=stray,
            )


def _names(root: etree._Element) -> Iterator[Finding]:
    for party, code in _each_party(root):
        if _is(party, "AllCriticalSubjectInformationUnavailableIndicator"):
            continue
        legal = [name for name in _nodes(party, "fc2:PartyName") if _value(name, "PartyNameTypeCode") == "L"]
        if len(legal) != 1:
            yield blocks(
                "LEGAL_NAME_NOT_ONE",
                f"The {_PARTY_NAMES[code]} has {len(legal)} legal names; exactly one is needed.",
                f"{_GUIDE}, PartyName",
                party=code,
                count=len(legal),
            )
            continue
        known = _value(legal[0], "RawPartyFullName") or _value(legal[0], "RawEntityIndividualLastName")
        if not known and not _is(legal[0], "EntityLastNameUnknownIndicator"):
            yield blocks(
                "NAME_MISSING",
                f"The {_PARTY_NAMES[code]} has no name, and the box that says it is unknown is not ticked.",
                f"{_GUIDE}, RawEntityIndividualLastName",
                party=code,
            )


def _numbers(root: etree._Element) -> Iterator[Finding]:
    for party, code in _each_party(root):
        numbers = {
            _value(node, "PartyIdentificationTypeCode"): _value(node, "PartyIdentificationNumberText")
            for node in _nodes(party, "fc2:PartyIdentification")
        }
        if code == "35":
            if not _is_tin(numbers.get("4", "")):
                yield _number_wrong(code, "TIN (type 4)", "nine digits, no hyphen")
            if not re.fullmatch(r"[A-Z0-9]{8}", numbers.get("28", "")):
                yield _number_wrong(code, "transmitter control code (type 28)", "eight capitals or digits")
        if code in ("30", "34") and not (
            _is_tin(numbers.get("2", "")) or _is_tin(numbers.get("1", "")) or "9" in numbers
        ):
            yield _number_wrong(code, "EIN, SSN or foreign number (type 2, 1 or 9)", "nine digits, no hyphen")
        if code in ("33", "50", "17", "23"):
            for kind in ("1", "2"):
                if kind in numbers and not _is_tin(numbers[kind]):
                    yield _number_wrong(
                        code, f"tax number (type {kind})", "nine digits, no hyphen, not one digit repeated"
                    )
        for node in _nodes(party, "fc2:PartyIdentification"):
            other = _value(node, "PartyIdentificationTypeCode") == "999"
            if other and not _value(node, "OtherPartyIdentificationTypeText"):
                yield _number_wrong(code, "identification of type 999", "a description of what it is")


def _number_wrong(party: str, number: str, wanted: str) -> Finding:
    return blocks(
        "IDENTIFIER_WRONG",
        f"The {number} of the {_PARTY_NAMES[party]} is missing or wrong; it wants {wanted}.",
        f"{_GUIDE}, PartyIdentificationNumberText",
        party=party,
        number=number,
    )


def _reachability(root: etree._Element) -> Iterator[Finding]:
    for party, code in _each_party(root):
        if code in ("35", "8") and not _value(party, "PhoneNumber/fc2:PhoneNumberText"):
            yield blocks(
                "PHONE_MISSING",
                f"The {_PARTY_NAMES[code]} has no phone number.",
                f"{_GUIDE}, PhoneNumberText",
                party=code,
            )
        if code in ("35", "30"):
            address = _nodes(party, "fc2:Address")
            for name in ("RawStreetAddress1Text", "RawCityText", "RawCountryCodeText"):
                if not address or not _value(address[0], name):
                    yield blocks(
                        "ADDRESS_INCOMPLETE",
                        f"The address of the {_PARTY_NAMES[code]} lacks {name}.",
                        f"{_GUIDE}, {name}",
                        party=code,
                        element=name,
                    )
    for text in _all(root, ".//fc2:PhoneNumberText"):
        if not text.isdigit():
            yield blocks(
                "PHONE_NOT_DIGITS",
                f"The phone number {text!r} holds more than digits.",
                f"{_GUIDE}, PhoneNumberText",
            )


def _addresses(root: etree._Element) -> Iterator[Finding]:
    for address in _nodes(root, ".//fc2:Address"):
        country, state, code = (
            _value(address, name) for name in ("RawCountryCodeText", "RawStateCodeText", "RawZIPCode")
        )
        if country in _STATES_ASKED and not state and not _is(address, "StateCodeUnknownIndicator"):
            yield blocks(
                "STATE_MISSING",
                f"An address in {country} needs a state, or the box that says it is unknown.",
                f"{_GUIDE}, RawStateCodeText",
                country=country,
            )
        if country == "US" and code and not re.fullmatch(r"\d{5}(\d{4})?", code):
            yield blocks(
                "ZIP_WRONG", f"The ZIP code {code!r} has neither five nor nine digits.", f"{_GUIDE}, RawZIPCode"
            )
        for name, unknown in _ADDRESS_BOXES:
            if _value(address, name) and _is(address, unknown):
                yield blocks(
                    "KNOWN_AND_UNKNOWN",
                    f"{name} has a value and {unknown} says that it is unknown.",
                    f"{_GUIDE}, {unknown}",
                    element=name,
                )


_ADDRESS_BOXES = (
    ("RawCityText", "CityUnknownIndicator"),
    ("RawCountryCodeText", "CountryCodeUnknownIndicator"),
    ("RawStateCodeText", "StateCodeUnknownIndicator"),
    ("RawStreetAddress1Text", "StreetAddressUnknownIndicator"),
    ("RawZIPCode", "ZIPCodeUnknownIndicator"),
)


def _subjects(root: etree._Element) -> Iterator[Finding]:
    for subject, code in _each_party(root):
        if code != "33":
            continue
        accounts = _nodes(subject, "fc2:PartyAccountAssociation//fc2:Account")
        if bool(accounts) == _is(subject, "NoKnownAccountInvolvedIndicator"):
            yield blocks(
                "ACCOUNTS_UNSAID",
                "A subject has either accounts or the box that says no known account is involved; this one has "
                + ("both." if accounts else "neither."),
                f"{_GUIDE}, NoKnownAccountInvolvedIndicator",
            )
        if _is(subject, "AllCriticalSubjectInformationUnavailableIndicator"):
            continue
        if _is(subject, "PartyAsEntityOrganizationIndicator"):
            for name in ("IndividualBirthDateText", "FemaleGenderIndicator", "MaleGenderIndicator"):
                if _value(subject, name):
                    yield blocks(
                        "ENTITY_HAS_PERSONAL_DATA",
                        f"A subject that is an organisation has {name}.",
                        f"{_GUIDE}, PartyAsEntityOrganizationIndicator",
                        element=name,
                    )
            continue
        if bool(_value(subject, "IndividualBirthDateText")) == _is(subject, "BirthDateUnknownIndicator"):
            yield blocks(
                "BIRTH_DATE_UNSAID",
                "A person's birth date is given, or the box ticked that it is unknown: exactly one of both.",
                f"{_GUIDE}, BirthDateUnknownIndicator",
            )
        sexes = [f"{name}GenderIndicator" for name in ("Female", "Male", "Unknown")]
        if sum(_is(subject, name) for name in sexes) != 1:
            yield blocks("SEX_UNSAID", "Exactly one of the three boxes for sex is ticked.", f"{_GUIDE}, {sexes[0]}")
        for legal in _nodes(subject, "fc2:PartyName[fc2:PartyNameTypeCode='L']"):
            if bool(_value(legal, "RawIndividualFirstName")) == _is(legal, "FirstNameUnknownIndicator"):
                yield blocks(
                    "FIRST_NAME_UNSAID",
                    "A person's first name is given, or the box ticked that it is unknown: exactly one of both.",
                    f"{_GUIDE}, FirstNameUnknownIndicator",
                )


def _kind_of_filing(root: etree._Element) -> Iterator[Finding]:
    for activity in _nodes(root, "fc2:Activity"):
        initial, corrects, continues = (
            bool(_nodes(activity, f"fc2:ActivityAssociation/fc2:{name}[.='Y']"))
            for name in (
                "InitialReportIndicator",
                "CorrectsAmendsPriorReportIndicator",
                "ContinuingActivityReportIndicator",
            )
        )
        if not (initial or corrects or continues) or (initial and continues):
            yield blocks(
                "KIND_OF_FILING_UNCLEAR",
                "A report is initial, continuing or correcting; initial and continuing exclude each other.",
                f"{_GUIDE}, ActivityAssociation",
            )
        prior = _value(activity, "EFilingPriorDocumentNumber")
        if (corrects or continues) and not re.fullmatch(r"\d{14}", prior):
            yield blocks(
                "PRIOR_DOCUMENT_MISSING",
                "A continuing or correcting report names the earlier one by its 14 digits, or by 14 zeros if unknown.",
                f"{_GUIDE}, EFilingPriorDocumentNumber",
            )
        if initial and not corrects and prior.strip("0"):
            yield blocks(
                "PRIOR_DOCUMENT_UNEXPECTED",
                "An initial report names no earlier one.",
                f"{_GUIDE}, EFilingPriorDocumentNumber",
                prior=prior,
            )
        if continues and not _value(activity, "SuspiciousActivity/fc2:CumulativeTotalViolationAmountText"):
            yield blocks(
                "CUMULATIVE_AMOUNT_MISSING",
                "A continuing report says the cumulative amount over all reports.",
                f"{_GUIDE}, CumulativeTotalViolationAmountText",
            )


def _dates(root: etree._Element) -> Iterator[Finding]:
    for activity in _nodes(root, "fc2:Activity"):
        filed = _value(activity, "FilingDateText")
        first = _value(activity, "SuspiciousActivity/fc2:SuspiciousActivityFromDateText")
        last = _value(activity, "SuspiciousActivity/fc2:SuspiciousActivityToDateText") or first
        if not first <= last <= filed:
            yield blocks(
                "DATES_OUT_OF_ORDER",
                f"The activity runs from {first} to {last} and is filed on {filed}: these must follow each other.",
                f"{_GUIDE}, SuspiciousActivityFromDateText",
                first=first,
                last=last,
                filed=filed,
            )
        for born in _all(activity, ".//fc2:IndividualBirthDateText"):
            if born > filed:
                yield blocks(
                    "BORN_AFTER_FILING",
                    f"A subject is born on {born}, after the filing.",
                    f"{_GUIDE}, IndividualBirthDateText",
                )


def _amounts(root: etree._Element) -> Iterator[Finding]:
    for node in _nodes(root, ".//fc2:SuspiciousActivity"):
        total = _value(node, "TotalSuspiciousAmountText")
        said = [bool(total), _is(node, "AmountUnknownIndicator"), _is(node, "NoAmountInvolvedIndicator")]
        if sum(said) != 1:
            yield blocks(
                "AMOUNT_UNSAID",
                "Exactly one of an amount, 'amount unknown' and 'no amount involved' is given.",
                f"{_GUIDE}, TotalSuspiciousAmountText",
            )
        for name in ("TotalSuspiciousAmountText", "CumulativeTotalViolationAmountText"):
            text = _value(node, name)
            if text and not _is_whole(text):
                yield blocks(
                    "AMOUNT_NOT_WHOLE",
                    f"{name} is {text!r}; amounts are whole dollars, rounded up, digits only.",
                    f"{_GUIDE}, {name}",
                    element=name,
                )


def _classification(root: etree._Element) -> Iterator[Finding]:
    for node in _nodes(root, ".//fc2:SuspiciousActivityClassification"):
        subtype, kind = (
            int(text) if text.isdecimal() else -1
            for text in (_value(node, "SuspiciousActivitySubtypeID"), _value(node, "SuspiciousActivityTypeID"))
        )
        other = subtype % 1000 == 999
        if kind != (subtype // 1000 if other else subtype // 100):
            yield blocks(
                "SUBTYPE_OF_ANOTHER_TYPE",
                f"Subtype {subtype} does not belong to type {kind}.",
                f"{_GUIDE}, SuspiciousActivitySubtypeID",
                subtype=subtype,
                type=kind,
            )
        if other != bool(_value(node, "OtherSuspiciousActivityTypeText")):
            yield blocks(
                "OTHER_TEXT_MISPLACED",
                f"Subtype {subtype}: the text describes an 'other' box, and every 'other' box needs one.",
                f"{_GUIDE}, OtherSuspiciousActivityTypeText",
                subtype=subtype,
            )


def _narrative(root: etree._Element) -> Iterator[Finding]:
    for activity in _nodes(root, "fc2:Activity"):
        numbers = [
            int(text) if text.isdecimal() else -1 for text in _all(activity, ".//fc2:ActivityNarrativeSequenceNumber")
        ]
        texts = _all(activity, ".//fc2:ActivityNarrativeText")
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            yield blocks(
                "NARRATIVE_NUMBERS_WRONG",
                f"The blocks of the narrative are numbered {numbers}; they count from 1 without gaps.",
                f"{_GUIDE}, ActivityNarrativeSequenceNumber",
            )
        if not all(texts):
            yield blocks("NARRATIVE_EMPTY", "A block of the narrative is empty.", f"{_GUIDE}, ActivityNarrativeText")
        if sum(map(len, texts)) > 17_000:
            yield blocks(
                "NARRATIVE_TOO_LONG",
                f"The narrative has {sum(map(len, texts))} characters, the form takes 17,000.",
                f"{_GUIDE}, ActivityNarrativeText",
                length=sum(map(len, texts)),
            )


def _texts(root: etree._Element) -> Iterator[Finding]:
    for node in root.iter():
        text = node.text or ""
        if len(node) or not isinstance(node.tag, str):
            continue
        name = etree.QName(node).localname
        if text and (text != text.strip() or re.search(r"[\r\n\t]", text)):
            yield blocks(
                "TEXT_NOT_CLEAN",
                f"{name} has outer blanks, a line break or a tab.",
                f"{_GUIDE}, 3.2",
                element=name,
            )
        if name.startswith("Raw") and _NO_VALUES.fullmatch(text):
            yield blocks(
                "VALUE_SAYS_NOTHING",
                f"{name} says {text!r}; leave it out and tick the box that it is unknown.",
                "FinCEN SAR instructions, general instructions 4",
                element=name,
                value=text,
            )


RULES: tuple[Callable[[etree._Element], Iterator[Finding]], ...] = (
    _totals,
    _parties,
    _names,
    _numbers,
    _reachability,
    _addresses,
    _subjects,
    _kind_of_filing,
    _dates,
    _amounts,
    _classification,
    _narrative,
    _texts,
)


COMMON_RULES = (_names, _numbers, _reachability, _addresses, _texts)
"""Those that hold for every batch form of FinCEN."""


def _nodes(node: etree._Element, path: str) -> list[etree._Element]:
    return node.findall(path, namespaces=_NS)


def _all(node: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in _nodes(node, path)]


def _value(node: etree._Element, path: str) -> str:
    return node.findtext(f"fc2:{path}", default="", namespaces=_NS) or ""


def _is(node: etree._Element, name: str) -> bool:
    return _value(node, name) == "Y"


def _each_party(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for party in _nodes(root, "fc2:Activity/fc2:Party"):
        code = _value(party, "ActivityPartyTypeCode")
        if code in _PARTY_NAMES:
            yield party, code


def _is_tin(text: str) -> bool:
    return re.fullmatch(r"\d{9}", text) is not None and len(set(text)) > 1 and text != "123456789"


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"\d{1,15}", text) is not None
