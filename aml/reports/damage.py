"""Ways to break a valid report, each with the finding that it must meet: for tests and benchmarks of the checks.

A way that does not apply to a report (no subject with accounts, no transaction) answers None.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

_NS = {"fc2": "www.fincen.gov/base"}
Break = Callable[[etree._Element], bool]


@dataclass(frozen=True, slots=True)
class Damage:
    """`rule` is one of the findings that the broken report must have."""

    name: str
    rule: str
    apply: Break


def broken(root: etree._Element, damage: Damage) -> bytes | None:
    """The report with this one thing wrong; None where it does not apply."""
    copy = deepcopy(root)
    return etree.tostring(copy) if damage.apply(copy) else None


def without(path: str) -> Break:
    """The first element of a path is gone."""

    def apply(root: etree._Element) -> bool:
        node = root.find(path, _NS)
        parent = None if node is None else node.getparent()
        if node is None or parent is None:
            return False
        parent.remove(node)
        return True

    return apply


def saying(path: str, text: str) -> Break:
    """The first element of a path says something else."""

    def apply(root: etree._Element) -> bool:
        node = root.find(path, _NS)
        if node is None or node.text == text:
            return False
        node.text = text
        return True

    return apply


def twice(path: str) -> Break:
    """The first element of a path stands there twice."""

    def apply(root: etree._Element) -> bool:
        node = root.find(path, _NS)
        parent = None if node is None else node.getparent()
        if node is None or parent is None:
            return False
        parent.insert(parent.index(node), deepcopy(node))
        return True

    return apply


def attribute(name: str, value: str) -> Break:
    """An attribute of the root says something else."""

    def apply(root: etree._Element) -> bool:
        root.set(name, value)
        return True

    return apply


def _party(code: str) -> str:
    return f"fc2:Activity/fc2:Party[fc2:ActivityPartyTypeCode='{code}']"


def _swap_parties(root: etree._Element) -> bool:
    first, second = root.find(_party("35"), _NS), root.find(_party("37"), _NS)
    parent = None if first is None else first.getparent()
    if first is None or second is None or parent is None:
        return False
    parent.remove(second)
    parent.insert(parent.index(first), second)
    # Elements of another order: the number of the first name is given twice.
    second.set("SeqNum", first.get("SeqNum", ""))
    return True


_SUBJECT = _party("33")
_COMMON = (
    Damage("a party is gone", "PARTY_MISSING", without(_party("37"))),
    Damage("a party stands twice", "PARTY_REPEATED", twice(_party("8"))),
    Damage("a sequence number is used twice", "SCHEMA_VIOLATED", _swap_parties),
    Damage("the transmitter has no phone", "PHONE_MISSING", without(f"{_party('35')}/fc2:PhoneNumber")),
    Damage(
        "a phone number with hyphens",
        "PHONE_NOT_DIGITS",
        saying(f"{_party('35')}/fc2:PhoneNumber/fc2:PhoneNumberText", "703-555-0142"),
    ),
    Damage(
        "the transmitter's control code is short",
        "IDENTIFIER_WRONG",
        saying(
            f"{_party('35')}/fc2:PartyIdentification[fc2:PartyIdentificationTypeCode='28']"
            "/fc2:PartyIdentificationNumberText",
            "SHORT",
        ),
    ),
    Damage("no legal name", "LEGAL_NAME_NOT_ONE", without(f"{_party('30')}/fc2:PartyName")),
    Damage("no street", "ADDRESS_INCOMPLETE", without(f"{_party('30')}/fc2:Address/fc2:RawStreetAddress1Text")),
    Damage(
        "a line break in a name", "TEXT_NOT_CLEAN", saying(f"{_party('8')}/fc2:PartyName/fc2:RawPartyFullName", "a\nb")
    ),
    Damage(
        "a word that says nothing",
        "VALUE_SAYS_NOTHING",
        saying(f"{_party('8')}/fc2:PartyName/fc2:RawPartyFullName", "N/A"),
    ),
    Damage("a wrong ZIP code", "ZIP_WRONG", saying(f"{_party('30')}/fc2:Address/fc2:RawZIPCode", "221")),
    Damage("the number of reports is wrong", "BATCH_TOTAL_WRONG", attribute("ActivityCount", "7")),
    Damage("the sum is wrong", "BATCH_TOTAL_WRONG", attribute("TotalAmount", "999999999999")),
    Damage("an unknown element", "SCHEMA_VIOLATED", twice("fc2:Activity/fc2:FilingDateText")),
    Damage("the filing date is no day", "SCHEMA_VIOLATED", saying("fc2:Activity/fc2:FilingDateText", "20261301")),
)

SAR: tuple[Damage, ...] = (
    *_COMMON,
    Damage("no filing date", "DATE_MISSING", without("fc2:Activity/fc2:FilingDateText")),
    Damage("30 February", "DATE_NOT_A_DAY", saying("fc2:Activity/fc2:FilingDateText", "20260230")),
    Damage("filed before it happened", "DATES_OUT_OF_ORDER", saying("fc2:Activity/fc2:FilingDateText", "20200101")),
    Damage("no subject", "PARTY_MISSING", lambda root: _remove_all(root, _SUBJECT)),
    Damage("no regulator", "REGULATOR_MISSING", without(f"{_party('30')}/fc2:PrimaryRegulatorTypeCode")),
    Damage(
        "no kind of institution",
        "ORGANISATION_TYPE_MISSING",
        without(f"{_party('34')}/fc2:OrganizationClassificationTypeSubtype"),
    ),
    Damage(
        "a subtype of another type",
        "SUBTYPE_OF_ANOTHER_TYPE",
        saying(
            "fc2:Activity/fc2:SuspiciousActivity/fc2:SuspiciousActivityClassification/fc2:SuspiciousActivityTypeID", "4"
        ),
    ),
    Damage(
        "a subtype twice",
        "ENTRY_REPEATED",
        twice("fc2:Activity/fc2:SuspiciousActivity/fc2:SuspiciousActivityClassification"),
    ),
    Damage("a kind of filing is gone", "KIND_OF_FILING_UNCLEAR", lambda root: _no_kind(root)),
    Damage(
        "an empty narrative",
        "NARRATIVE_EMPTY",
        saying("fc2:Activity/fc2:ActivityNarrativeInformation/fc2:ActivityNarrativeText", ""),
    ),
    Damage(
        "the narrative counts from two",
        "NARRATIVE_NUMBERS_WRONG",
        saying("fc2:Activity/fc2:ActivityNarrativeInformation/fc2:ActivityNarrativeSequenceNumber", "2"),
    ),
    Damage(
        "an amount with cents",
        "AMOUNT_NOT_WHOLE",
        saying("fc2:Activity/fc2:SuspiciousActivity/fc2:TotalSuspiciousAmountText", "12.50"),
    ),
    Damage("no prior document", "PRIOR_DOCUMENT_MISSING", lambda root: _no_prior(root)),
    Damage(
        "no relationship's number",
        "RELATIONSHIP_TIN_WRONG",
        without(f"{_SUBJECT}/fc2:PartyAssociation/fc2:SubjectRelationshipFinancialInstitutionTINText"),
    ),
    Damage(
        "an account's institution without number",
        "ACCOUNT_HOLDER_UNKNOWN",
        lambda root: _no_holder(root),
    ),
)

CTR: tuple[Damage, ...] = (
    *_COMMON,
    Damage("no person", "PERSON_MISSING", lambda root: _no_persons(root)),
    Damage("not over the threshold", "NOT_OVER_THRESHOLD", lambda root: _small(root)),
    Damage(
        "details that do not add up",
        "DETAILS_DO_NOT_ADD_UP",
        saying(".//fc2:DetailTransactionAmountText", "1"),
    ),
    Damage("filed before it happened", "DATES_OUT_OF_ORDER", saying("fc2:Activity/fc2:FilingDateText", "20200101")),
    Damage("a kind of filing is gone", "KIND_OF_FILING_UNCLEAR", lambda root: _no_kind(root)),
)

GOAML: tuple[Damage, ...] = (
    Damage("no reporting entity", "REPORTING_ENTITY_UNKNOWN", without("rentity_id")),
    Damage("another currency", "CURRENCY_WRONG", saying("currency_code_local", "XXX")),
    Damage("another kind of report", "REPORT_CODE_WRONG", saying("report_code", "CTR")),
    Damage("no reason", "REASON_MISSING", without("reason")),
    Damage("no indicator", "INDICATOR_MISSING", lambda root: _remove_all(root, "report_indicators/indicator")),
    Damage("an indicator twice", "INDICATOR_REPEATED", twice("report_indicators/indicator")),
    Damage("an indicator of nobody's", "SCHEMA_VIOLATED", saying("report_indicators/indicator", "NO_SUCH_CODE")),
    Damage("a date in words", "SCHEMA_VIOLATED", saying("submission_date", "yesterday")),
    Damage("reported before it happened", "TRANSACTION_AFTER_REPORT", lambda root: _before(root)),
    Damage("a transaction twice", "TRANSACTION_REPEATED", twice("transaction")),
    Damage("no local amount", "RATE_MISSING", without("transaction/amount_local")),
    Damage("an amount below nothing", "AMOUNT_NOT_POSITIVE", saying("transaction/amount_local", "-1")),
    Damage("nowhere from", "SIDE_MISSING", lambda root: _no_side(root)),
    Damage("nothing reported", "NOTHING_REPORTED", lambda root: _nothing(root)),
    Damage("a client without birth date", "BIRTH_DATE_NEEDED", lambda root: _client(root, "birthdate")),
    Damage("a client without document", "IDENTIFICATION_NEEDED", lambda root: _client(root, "identification")),
    Damage("a document that expired before it was issued", "IDENTIFICATION_DATES_WRONG", lambda root: _expired(root)),
    Damage("elements out of order", "SCHEMA_VIOLATED", lambda root: _out_of_order(root)),
)


def _remove_all(root: etree._Element, path: str) -> bool:
    nodes = root.findall(path, _NS)
    for node in nodes:
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)
    return bool(nodes)


def _no_kind(root: etree._Element) -> bool:
    return _remove_all(root, "fc2:Activity/fc2:ActivityAssociation/*")


def _no_prior(root: etree._Element) -> bool:
    return without("fc2:Activity/fc2:EFilingPriorDocumentNumber")(root)


def _no_holder(root: etree._Element) -> bool:
    for holder in root.iterfind(f"{_SUBJECT}/fc2:PartyAccountAssociation/fc2:Party", _NS):
        number = holder.find("fc2:PartyIdentification", _NS)
        if number is not None:
            holder.remove(number)
            return True
    return False


def _no_persons(root: etree._Element) -> bool:
    removed = [_remove_all(root, _party(code)) for code in ("50", "17", "23")]
    return any(removed)


def _small(root: etree._Element) -> bool:
    for name in ("TotalCashInReceiveAmountText", "TotalCashOutAmountText", "DetailTransactionAmountText"):
        for node in root.iterfind(f".//fc2:{name}", _NS):
            node.text = "1" if node.text else None
    return True


def _before(root: etree._Element) -> bool:
    return root.find("transaction") is not None and saying("submission_date", "2001-01-01T00:00:00")(root)


def _no_side(root: etree._Element) -> bool:
    return without("transaction/t_from")(root) or without("transaction/t_from_my_client")(root)


def _nothing(root: etree._Element) -> bool:
    removed = [_remove_all(root, "transaction"), _remove_all(root, "activity")]
    return any(removed)


def _client(root: etree._Element, element: str) -> bool:
    for path in (".//person_my_client", ".//t_from_my_client//t_person", ".//t_to_my_client//t_person"):
        for person in root.iterfind(path):
            if person.find(element) is not None and _remove_all(person, element):
                return True
    return False


def _expired(root: etree._Element) -> bool:
    return saying(".//identification/expiry_date", "2001-01-01T00:00:00")(root)


def _out_of_order(root: etree._Element) -> bool:
    first, second = root.find("rentity_id"), root.find("submission_code")
    if first is None or second is None:
        return False
    root.remove(second)
    root.insert(root.index(first), second)
    return True
