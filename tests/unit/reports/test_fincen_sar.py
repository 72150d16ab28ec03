"""The FinCEN SAR: valid cases validate, what is unknown is said in the form's way, and every mutation is refused."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from lxml import etree

from aml.reports.case import Evidence, FilingKind
from aml.reports.fincen import build_sar, control_number, validate
from aml.reports.findings import SCHEMA_NOT_INSTALLED, parse, problems
from aml.reports.party import Address, Subject
from aml.reports.specimens import specimen_case, specimen_filer
from aml.reports.subtypes import subtypes

RANDOM_CASES = int(os.environ.get("CLEARANCE_REPORT_CASES", "200"))
NS = {"fc2": "www.fincen.gov/base"}


def find(xml: bytes, path: str) -> list[str]:
    return [node.text or "" for node in parse(xml).findall(path, NS)]


def test_random_valid_cases_validate(schemas: Path) -> None:
    for seed in range(RANDOM_CASES):
        assert validate(build_sar(specimen_case(seed)), schemas) == (), seed


def test_the_same_case_gives_the_same_bytes() -> None:
    assert build_sar(specimen_case(7)) == build_sar(specimen_case(7))
    assert build_sar(specimen_case(7)) != build_sar(specimen_case(8))


def test_the_root_has_the_prefix_that_the_authority_wants() -> None:
    root = parse(build_sar(specimen_case(1)))
    assert root.prefix == "fc2"
    assert root.nsmap == {"fc2": "www.fincen.gov/base"}


def test_parties_stand_in_the_order_of_the_form() -> None:
    case = replace(specimen_case(3), subjects=(Subject("a", surname="Tovrin"), Subject("b", surname="Marnev")))
    codes = find(build_sar(case), "fc2:Activity/fc2:Party/fc2:ActivityPartyTypeCode")
    assert codes == ["35", "37", "30", "8", "34", "33", "33"]


def test_without_the_schema_the_result_has_a_name(tmp_path: Path) -> None:
    findings = validate(build_sar(specimen_case(1)), tmp_path)
    assert problems(findings) == (SCHEMA_NOT_INSTALLED,)
    assert "EFL_SARXBatchSchema.xsd" in findings[0].text


def test_what_is_not_xml_is_a_finding(schemas: Path) -> None:
    assert problems(validate(b"<a><b></a>", schemas)) == ("NOT_WELL_FORMED",)


def test_an_unidentified_subject_is_said_to_be_one(schemas: Path) -> None:
    case = replace(specimen_case(1), subjects=(Subject("x", is_unknown=True),))
    xml = build_sar(case)
    assert find(xml, ".//fc2:AllCriticalSubjectInformationUnavailableIndicator") == ["Y"]
    assert find(xml, ".//fc2:NoKnownAccountInvolvedIndicator") == ["Y"]
    assert validate(xml, schemas) == ()


def test_what_is_not_known_of_a_person_is_ticked_not_invented(schemas: Path) -> None:
    xml = build_sar(replace(specimen_case(1), subjects=(Subject("x", surname="Elfen"),)))
    subject = "fc2:Activity/fc2:Party[fc2:ActivityPartyTypeCode='33']"
    for box in (
        "fc2:BirthDateUnknownIndicator",
        "fc2:UnknownGenderIndicator",
        "fc2:PartyName/fc2:FirstNameUnknownIndicator",
        "fc2:Address/fc2:StreetAddressUnknownIndicator",
        "fc2:Address/fc2:CountryCodeUnknownIndicator",
        "fc2:PartyIdentification/fc2:TINUnknownIndicator",
        "fc2:PartyIdentification/fc2:IdentificationPresentUnknownIndicator",
    ):
        assert find(xml, f"{subject}/{box}") == ["Y"], box
    assert validate(xml, schemas) == ()


def test_amounts_are_whole_dollars_rounded_up_and_unknown_in_another_currency(schemas: Path) -> None:
    case = replace(specimen_case(5), kind=FilingKind.INITIAL)
    dollars = build_sar(replace(case, amount_involved=Decimal("12345.01")))
    assert find(dollars, ".//fc2:TotalSuspiciousAmountText") == ["12346"]
    assert parse(dollars).get("TotalAmount") == "12346"
    euros = specimen_case(6, currency="EUR")
    assert euros.transactions
    xml = build_sar(euros)
    assert find(xml, ".//fc2:AmountUnknownIndicator") == ["Y"]
    assert find(xml, ".//fc2:TotalSuspiciousAmountText") == []


def test_a_continuing_report_names_the_earlier_one_and_adds_up(schemas: Path) -> None:
    case = replace(
        specimen_case(4),
        kind=FilingKind.CONTINUING,
        prior_document=None,
        amount_involved=Decimal(500),
        previously_reported=Decimal(1500),
    )
    xml = build_sar(case)
    assert find(xml, ".//fc2:EFilingPriorDocumentNumber") == ["0" * 14]
    assert find(xml, ".//fc2:CumulativeTotalViolationAmountText") == ["2000"]
    assert validate(xml, schemas) == ()
    assert "CUMULATIVE_AMOUNT_MISSING" in problems(
        validate(build_sar(replace(case, previously_reported=None)), schemas)
    )


def test_subtypes_follow_from_the_typologies_each_once() -> None:
    evidence = tuple(
        Evidence(name, "seen", ()) for name in ("structuring", "just_below", "funnel_account", "novel_one")
    )
    xml = build_sar(replace(specimen_case(2), evidence=evidence))
    assert find(xml, ".//fc2:SuspiciousActivitySubtypeID") == ["114", "824", "8999"]
    assert find(xml, ".//fc2:SuspiciousActivityTypeID") == ["1", "8", "8"]
    assert find(xml, ".//fc2:OtherSuspiciousActivityTypeText") == ["novel one"]


def test_what_only_a_score_raised_is_out_of_pattern(schemas: Path) -> None:
    xml = build_sar(replace(specimen_case(3), evidence=()))
    assert problems(validate(xml, schemas)) == ()
    assert [subtype.code for subtype in subtypes(())] == [812]


def test_a_branch_that_nobody_described_is_not_given_a_number(schemas: Path) -> None:
    case = specimen_case(2)
    moved = tuple(replace(transaction, branch="B9") for transaction in specimen_case(5).transactions)
    xml = build_sar(replace(case, transactions=moved, amount_involved=Decimal(5)))
    branch = ".//fc2:PartyAssociation/fc2:Party[fc2:ActivityPartyTypeCode='46']"
    assert len(parse(xml).findall(branch, NS)) == 1
    assert find(xml, f"{branch}/fc2:PartyIdentification") == []
    assert find(xml, ".//fc2:NoBranchActivityInvolvedIndicator") == []


def test_names_with_markup_and_line_breaks_survive_as_text(schemas: Path) -> None:
    subject = Subject("x", is_entity=True, surname="  <Zan> &\tSons\r\nLLC ", occupation="]]> trade")
    xml = build_sar(replace(specimen_case(1), subjects=(subject,)))
    assert "<Zan> & Sons LLC" in find(xml, ".//fc2:RawEntityIndividualLastName")
    assert validate(xml, schemas) == ()


# --- Mutations: each must be refused with its own finding -----------------------------------------------------------

Mutation = Callable[[etree._Element], None]


def remove(path: str) -> Mutation:
    def mutate(root: etree._Element) -> None:
        node = root.findall(path, NS)[0]
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)

    return mutate


def write(path: str, text: str) -> Mutation:
    def mutate(root: etree._Element) -> None:
        root.findall(path, NS)[0].text = text

    return mutate


def attribute(name: str, value: str) -> Mutation:
    return lambda root: root.set(name, value)


def swap_first_parties(root: etree._Element) -> None:
    activity = root.find("fc2:Activity", NS)
    assert activity is not None
    parties = activity.findall("fc2:Party", NS)
    parties[0].findall("fc2:ActivityPartyTypeCode", NS)[0].text = "37"


def repeat_sequence_number(root: etree._Element) -> None:
    nodes = root.findall("fc2:Activity/fc2:Party", NS)
    nodes[1].set("SeqNum", nodes[0].get("SeqNum", ""))


def narrative_first(root: etree._Element) -> None:
    activity = root.find("fc2:Activity", NS)
    node = root.find(".//fc2:ActivityNarrativeInformation", NS)
    assert activity is not None
    assert node is not None
    activity.insert(0, node)


def add_second_legal_name(root: etree._Element) -> None:
    for alias in root.findall(".//fc2:Party/fc2:PartyName", NS):
        if alias.findtext("fc2:PartyNameTypeCode", namespaces=NS) == "DBA":
            alias.findall("fc2:PartyNameTypeCode", NS)[0].text = "L"


_SUBJECT = "fc2:Activity/fc2:Party[fc2:ActivityPartyTypeCode='33']"
_TRANSMITTER = "fc2:Activity/fc2:Party[fc2:ActivityPartyTypeCode='35']"
_TIN = f"{_TRANSMITTER}/fc2:PartyIdentification/fc2:PartyIdentificationNumberText"
_PHONE = f"{_TRANSMITTER}/fc2:PhoneNumber/fc2:PhoneNumberText"
_LAST_NAME = f"{_SUBJECT}/fc2:PartyName/fc2:RawEntityIndividualLastName"

MUTATIONS: list[tuple[str, Mutation, str]] = [
    ("no transmitter", remove(_TRANSMITTER), "PARTY_MISSING"),
    ("no contact", remove("fc2:Activity/fc2:Party[fc2:ActivityPartyTypeCode='8']"), "PARTY_MISSING"),
    ("no subject", remove(_SUBJECT), "PARTY_MISSING"),
    ("transmitter turned contact", swap_first_parties, "PARTY_REPEATED"),
    ("a party of no kind", write(f"{_TRANSMITTER}/fc2:ActivityPartyTypeCode", "99"), "SCHEMA_VIOLATED"),
    ("a branch on its own", write(f"{_TRANSMITTER}/fc2:ActivityPartyTypeCode", "46"), "PARTY_MISPLACED"),
    ("repeated sequence number", repeat_sequence_number, "SCHEMA_VIOLATED"),
    ("narrative before the parties", narrative_first, "SCHEMA_VIOLATED"),
    ("no filing date", remove(".//fc2:FilingDateText"), "SCHEMA_VIOLATED"),
    ("an American date", write(".//fc2:FilingDateText", "11/22/2026"), "SCHEMA_VIOLATED"),
    ("filed before it happened", write(".//fc2:FilingDateText", "20200101"), "DATES_OUT_OF_ORDER"),
    ("ends before it begins", write(".//fc2:SuspiciousActivityToDateText", "20200101"), "DATES_OUT_OF_ORDER"),
    ("total of the batch", attribute("TotalAmount", "1"), "BATCH_TOTAL_WRONG"),
    ("parties of the batch", attribute("PartyCount", "17"), "BATCH_TOTAL_WRONG"),
    ("activities of the batch", attribute("ActivityCount", "2"), "BATCH_TOTAL_WRONG"),
    ("attachments of the batch", attribute("AttachmentCount", "3"), "BATCH_TOTAL_WRONG"),
    ("cents", write(".//fc2:TotalSuspiciousAmountText", "12.50"), "AMOUNT_NOT_WHOLE"),
    ("thousands separator", write(".//fc2:TotalSuspiciousAmountText", "12,500"), "AMOUNT_NOT_WHOLE"),
    ("no amount and no box", remove(".//fc2:TotalSuspiciousAmountText"), "AMOUNT_UNSAID"),
    ("no kind of filing", remove(".//fc2:InitialReportIndicator"), "KIND_OF_FILING_UNCLEAR"),
    ("two legal names", add_second_legal_name, "LEGAL_NAME_NOT_ONE"),
    ("no legal name", remove(f"{_TRANSMITTER}/fc2:PartyName"), "LEGAL_NAME_NOT_ONE"),
    ("a name of nothing", write(_LAST_NAME, "UNKNOWN"), "VALUE_SAYS_NOTHING"),
    ("no last name", remove(_LAST_NAME), "NAME_MISSING"),
    ("no first name", remove(f"{_SUBJECT}/fc2:PartyName/fc2:RawIndividualFirstName"), "FIRST_NAME_UNSAID"),
    ("no birth date", remove(f"{_SUBJECT}/fc2:IndividualBirthDateText"), "BIRTH_DATE_UNSAID"),
    ("born tomorrow", write(f"{_SUBJECT}/fc2:IndividualBirthDateText", "20990101"), "BORN_AFTER_FILING"),
    ("no sex", remove(f"{_SUBJECT}/fc2:FemaleGenderIndicator"), "SEX_UNSAID"),
    ("no accounts", remove(f"{_SUBJECT}/fc2:PartyAccountAssociation"), "ACCOUNTS_UNSAID"),
    ("hyphen in the TIN", write(_TIN, "98-765004"), "IDENTIFIER_WRONG"),
    ("one digit nine times", write(_TIN, "111111111"), "IDENTIFIER_WRONG"),
    ("no phone", remove(f"{_TRANSMITTER}/fc2:PhoneNumber"), "PHONE_MISSING"),
    ("phone with brackets", write(_PHONE, "(703)5550142"), "PHONE_NOT_DIGITS"),
    ("no street", remove(f"{_TRANSMITTER}/fc2:Address/fc2:RawStreetAddress1Text"), "ADDRESS_INCOMPLETE"),
    ("no state", remove(f"{_TRANSMITTER}/fc2:Address/fc2:RawStateCodeText"), "STATE_MISSING"),
    ("a short ZIP code", write(f"{_TRANSMITTER}/fc2:Address/fc2:RawZIPCode", "2211"), "ZIP_WRONG"),
    ("subtype of another type", write(".//fc2:SuspiciousActivityTypeID", "3"), "SUBTYPE_OF_ANOTHER_TYPE"),
    ("an unheard subtype", write(".//fc2:SuspiciousActivitySubtypeID", "4711"), "SCHEMA_VIOLATED"),
    ("other without a text", write(".//fc2:SuspiciousActivitySubtypeID", "8999"), "OTHER_TEXT_MISPLACED"),
    ("narrative from two", write(".//fc2:ActivityNarrativeSequenceNumber", "2"), "NARRATIVE_NUMBERS_WRONG"),
    ("an empty narrative", write(".//fc2:ActivityNarrativeText", ""), "NARRATIVE_EMPTY"),
    ("a block too long", write(".//fc2:ActivityNarrativeText", "x" * 4001), "SCHEMA_VIOLATED"),
    ("line break in the narrative", write(".//fc2:ActivityNarrativeText", "one\ntwo"), "TEXT_NOT_CLEAN"),
    ("blank around a name", write(f"{_TRANSMITTER}/fc2:PartyName/fc2:RawPartyFullName", " Bank"), "TEXT_NOT_CLEAN"),
    ("a name too long", write(f"{_TRANSMITTER}/fc2:PartyName/fc2:RawPartyFullName", "x" * 151), "SCHEMA_VIOLATED"),
]  # fmt: skip


@lru_cache
def mutable_case(seed: int) -> bytes:
    """A case with everything that the mutations take away."""
    case = specimen_case(seed)
    person = next(
        subject
        for number in range(seed, seed + 500)
        for subject in specimen_case(number).subjects
        if subject.surname
        and subject.given_name
        and subject.birth_date
        and subject.sex == "female"
        and subject.accounts
        and not subject.is_entity
    )
    return build_sar(
        replace(
            case,
            kind=FilingKind.INITIAL,
            prior_document=None,
            subjects=(replace(person, identifiers=(), addresses=(Address(),)),),
            amount_involved=Decimal(25_000 + seed),
            evidence=(Evidence("pass_through", "in and out", ()),),
            note=None,
        )
    )


@pytest.mark.parametrize(("mutation", "expected"), [m[1:] for m in MUTATIONS], ids=[m[0] for m in MUTATIONS])
def test_mutated_reports_are_refused_with_the_right_finding(schemas: Path, mutation: Mutation, expected: str) -> None:
    for seed in range(5):
        xml = mutable_case(seed)
        assert validate(xml, schemas) == ()
        root = parse(xml)
        mutation(root)
        assert expected in problems(validate(etree.tostring(root), schemas)), seed


def test_there_are_at_least_two_hundred_mutated_reports() -> None:
    assert len(MUTATIONS) * 5 >= 200


def test_the_number_of_a_case_fits_the_form() -> None:
    assert control_number("case-17") == "case-17"
    assert control_number("2a0f36ba-0fb2-4d28-9889-ad7ee535e681") == "2a0f36ba0fb24d289889ad7ee"


def test_a_correction_says_so_first(schemas: Path) -> None:
    case = replace(
        specimen_case(9),
        kind=FilingKind.CORRECTING,
        prior_document="31000000000017",
        correction="The amount was wrong",
        previously_reported=None,
    )
    xml = build_sar(case)
    text = find(xml, ".//fc2:ActivityNarrativeText")[0]
    assert text.startswith("This report corrects report 31000000000017: The amount was wrong.")
    assert validate(xml, schemas) == ()


def test_filing_after_the_deadline_is_still_a_valid_file(schemas: Path) -> None:
    case = specimen_case(2)
    assert validate(build_sar(replace(case, filed_on=case.filed_on + timedelta(days=400))), schemas) == ()


def test_the_specimen_filer_is_invented_and_on_the_test_site() -> None:
    assert specimen_filer().transmitter_control_code == "TBSATEST"
