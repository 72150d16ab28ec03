"""The goAML report: valid cases validate in both variants, clients are complete or asked for, mutations are refused."""

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from lxml import etree

from aml.money import Money
from aml.reports.case import Attachment, Evidence, SarCase
from aml.reports.findings import SCHEMA_NOT_INSTALLED, WARNS, compiled_schema, parse, problems, unanchored
from aml.reports.goaml import PackageTooLarge, build_goaml, latin, package, validate
from aml.reports.goaml_profile import FiuProfile, ProfileUnknown, load_profile
from aml.reports.party import Identifier, IdentifierKind, Relationship, Subject
from aml.reports.specimens import specimen_case, specimen_filer
from aml.transaction import Channel

RANDOM_CASES = int(os.environ.get("CLEARANCE_REPORT_CASES", "200")) // 8


@pytest.fixture(scope="module")
def profile() -> FiuProfile:
    return load_profile("ae")


@lru_cache
def with_transactions(seed: int = 0) -> SarCase:
    """A small case of one client with an account that was paid from and to."""
    for number in range(seed, seed + 2000):
        case = specimen_case(number, currency="AED", complete=True)
        people = [
            subject
            for subject in case.subjects
            if subject.accounts
            and not subject.is_entity
            and not subject.is_unknown
            and subject.relationship is Relationship.CUSTOMER
            and subject.accounts[0].institution_tin is None
            and not subject.accounts[0].institution_is_foreign
        ]
        if people and 1 < len(case.transactions) < 20:
            own = people[0].accounts[0].number
            moved = tuple(
                replace(
                    transaction,
                    debtor_account=own,
                    creditor_account=f"OTHER{position}",
                    channel=Channel.WIRE,
                    purpose="x",
                )
                for position, transaction in enumerate(case.transactions)
            )
            return replace(case, subjects=tuple(people[:1]), transactions=moved)
    raise AssertionError("no such specimen")


def without_transactions(seed: int = 0) -> SarCase:
    return replace(with_transactions(seed), transactions=(), amount_involved=Decimal(0))


def findings_of(case: SarCase, schemas: Path, profile: FiuProfile) -> tuple[str, ...]:
    return problems(validate(build_goaml(case, profile), schemas, profile))


def test_random_valid_cases_validate_in_both_variants(schemas: Path, profile: FiuProfile) -> None:
    codes = set()
    for seed in range(RANDOM_CASES):
        xml = build_goaml(specimen_case(seed, currency="AED", complete=True), profile)
        assert problems(validate(xml, schemas, profile)) == (), seed
        codes.add(parse(xml).findtext("report_code"))
    assert codes == {"STR", "SAR"}


def test_the_profile_of_the_euro_area_reports_in_euro(schemas: Path) -> None:
    euro = load_profile("euro")
    xml = build_goaml(specimen_case(3, currency="EUR", complete=True), euro)
    assert parse(xml).findtext("currency_code_local") == "EUR"
    assert problems(validate(xml, schemas, euro)) == ()


def test_every_code_of_a_profile_is_in_its_schema(schemas: Path, profile: FiuProfile) -> None:
    root = parse((schemas / profile.schema).read_bytes())
    xs = "{http://www.w3.org/2001/XMLSchema}"
    lookup = {
        simple.get("name"): {entry.get("value") for entry in simple.iter(f"{xs}enumeration")}
        for simple in root.iter(f"{xs}simpleType")
    }
    assert set(profile.funds.values()) <= lookup["funds_type"]
    assert set(profile.conduction.values()) <= lookup["conduction_type"]
    assert set(profile.identifiers.values()) <= lookup["identifier_type"]
    assert set(profile.report_codes.values()) <= lookup["report_type"]
    assert {code for codes in profile.indicators.values() for code in codes} <= lookup["report_indicator_type"]
    assert profile.account_role in lookup["account_person_role_type"]
    assert profile.director_role in lookup["entity_person_role_type"]


def test_anchors_in_patterns_mean_the_bare_pattern(schemas: Path, profile: FiuProfile) -> None:
    assert unanchored("^[a-z]*$") == "[a-z]*"
    assert unanchored(r"a\$") == r"a\$"
    content = (schemas / profile.schema).read_bytes()
    xml = parse(build_goaml(with_transactions(), profile))
    assert compiled_schema(content).validate(xml)
    # Taken literally, the anchors refuse every name.
    assert not etree.XMLSchema(etree.fromstring(content)).validate(xml)


def test_names_are_written_in_the_letters_that_the_schema_allows() -> None:
    assert latin("Ångström & Søn, Ltd.") == "Angstrom and Son Ltd."
    assert latin("Мария") == "Mariya"
    assert latin("O'Neil-Żak") == "O'Neil-Zak"


def test_a_name_in_other_letters_is_kept_beside_its_transliteration(schemas: Path, profile: FiuProfile) -> None:
    case = without_transactions()
    person = replace(case.subjects[0], surname="Żółw", given_name="Ñandú", middle_name=None, suffix=None)
    xml = build_goaml(replace(case, subjects=(person,)), profile)
    assert parse(xml).findtext(".//t_person/full_name_frn") == "Ñandú Żółw"
    assert parse(xml).findtext(".//t_person/last_name") == "Zolw"
    assert problems(validate(xml, schemas, profile)) == ()


def test_without_the_schema_the_result_has_a_name(tmp_path: Path, profile: FiuProfile) -> None:
    assert problems(validate(build_goaml(with_transactions(), profile), tmp_path, profile)) == (SCHEMA_NOT_INSTALLED,)


def test_a_foreign_amount_is_converted_by_the_given_rate_and_asked_for_without(
    schemas: Path, profile: FiuProfile
) -> None:
    case = with_transactions()
    dollars = replace(
        case,
        transactions=tuple(replace(t, money=replace(t.money, currency="USD")) for t in case.transactions),
    )
    assert "RATE_MISSING" in findings_of(dollars, schemas, profile)
    rated = replace(dollars, rates=(("USD", Decimal("3.6725")),))
    xml = build_goaml(rated, profile)
    assert problems(validate(xml, schemas, profile)) == ()
    first = min(rated.transactions, key=lambda t: (t.booked_at, t.transaction_id))
    node = parse(xml).find("transaction")
    assert node is not None
    assert Decimal(node.findtext("amount_local", "")) == (first.money.amount * Decimal("3.6725")).quantize(
        Decimal("0.01")
    )
    assert node.findtext(".//from_foreign_currency/foreign_currency_code") == "USD"


def test_a_foreign_amount_that_was_booked_needs_no_rate_and_goes_before_one(schemas: Path, profile: FiuProfile) -> None:
    case = with_transactions()
    booked = replace(
        case,
        transactions=tuple(
            replace(
                t,
                money=replace(t.money, currency="USD"),
                counter_value=Money((t.money.amount * Decimal("3.67")).quantize(Decimal("0.01")), profile.currency),
            )
            for t in case.transactions
        ),
        rates=(("USD", Decimal(1)),),
        amount_involved=None,
    )
    xml = build_goaml(booked, profile)
    assert problems(validate(xml, schemas, profile)) == ()
    counted = [t.counter_value.amount for t in booked.transactions if t.counter_value is not None]
    assert booked.involved(profile.currency) == sum(counted)
    told = [Decimal(node.findtext("amount_local", "")) for node in parse(xml).iter("transaction")]
    assert sorted(told) == sorted(counted)
    rates = {Decimal(node.text or "") for node in parse(xml).iter("foreign_exchange_rate")}
    assert rates
    assert all(abs(rate - Decimal("3.67")) < Decimal("0.01") for rate in rates)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: replace(s, birth_date=None), "BIRTH_DATE_NEEDED"),
        (lambda s: replace(s, identifiers=()), "IDENTIFICATION_NEEDED"),
        (
            lambda s: replace(s, identifiers=(Identifier(IdentifierKind.PASSPORT, "X1", "DE"),)),
            "IDENTIFICATION_NEEDED",
        ),
        (lambda s: replace(s, accounts=(replace(s.accounts[0], opened_on=None),)), "ACCOUNT_OPENING_NEEDED"),
        (lambda s: replace(s, is_entity=True), "ORGANISATION_INCOMPLETE"),
        (lambda s: replace(s, is_entity=True), "SIGNATORY_NEEDED"),
    ],
)
def test_what_a_client_lacks_is_asked_for_by_name(
    schemas: Path, profile: FiuProfile, change: Callable[[Subject], Subject], expected: str
) -> None:
    for case in (with_transactions(), without_transactions()):
        changed = replace(case, subjects=(change(case.subjects[0]),))
        assert expected in findings_of(changed, schemas, profile)


def test_someone_who_is_no_client_may_be_little_known(schemas: Path, profile: FiuProfile) -> None:
    stranger = Subject("x", surname="Marnev", relationship=Relationship.NONE)
    unknown = Subject("y", is_unknown=True)
    case = replace(without_transactions(), subjects=(stranger, unknown))
    assert findings_of(case, schemas, profile) == ()


def test_a_report_without_a_known_indicator_asks_an_officer(schemas: Path, profile: FiuProfile) -> None:
    case = replace(with_transactions(), evidence=(Evidence("brand_new", "seen", ()),))
    assert "INDICATOR_MISSING" in findings_of(case, schemas, profile)


def test_without_the_number_of_the_reporting_entity_nothing_is_filed(schemas: Path, profile: FiuProfile) -> None:
    case = replace(with_transactions(), filer=replace(specimen_filer(), reporting_entity_id=None))
    assert "REPORTING_ENTITY_UNKNOWN" in findings_of(case, schemas, profile)


def test_a_missing_reporting_person_is_only_a_warning(schemas: Path, profile: FiuProfile) -> None:
    case = replace(with_transactions(), filer=replace(specimen_filer(), reporting_person=None))
    found = validate(build_goaml(case, profile), schemas, profile)
    assert [(finding.rule, finding.effect) for finding in found] == [("REPORTING_PERSON_MISSING", WARNS)]


def test_a_long_story_is_cut_to_the_form_and_says_so(schemas: Path, profile: FiuProfile) -> None:
    case = replace(with_transactions(), conclusion="word " * 4000)
    reason = parse(build_goaml(case, profile)).findtext("reason") or ""
    assert len(reason) <= 8000
    assert reason.endswith("available on request.]")


def set_text(path: str, text: str) -> Callable[[etree._Element], None]:
    def mutate(root: etree._Element) -> None:
        node = root.find(path)
        assert node is not None, path
        node.text = text

    return mutate


def drop(path: str) -> Callable[[etree._Element], None]:
    def mutate(root: etree._Element) -> None:
        node = root.find(path)
        assert node is not None, path
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)

    return mutate


def drop_indicators(root: etree._Element) -> None:
    for indicators in root.findall("report_indicators"):
        indicators[:] = []


def repeat_transaction(root: etree._Element) -> None:
    numbers = root.findall("transaction/transactionnumber")
    numbers[1].text = numbers[0].text


_DATE = "transaction/date_transaction"

MUTATIONS: list[tuple[str, Callable[[etree._Element], None], str]] = [
    ("no entity", drop("rentity_id"), "REPORTING_ENTITY_UNKNOWN"),
    ("a code of the other variant", set_text("report_code", "SAR"), "REPORT_CODE_WRONG"),
    ("an unheard code", set_text("report_code", "XYZ"), "SCHEMA_VIOLATED"),
    ("another currency", set_text("currency_code_local", "USD"), "CURRENCY_WRONG"),
    ("no reason", drop("reason"), "REASON_MISSING"),
    ("no indicator", drop_indicators, "INDICATOR_MISSING"),
    ("an unheard indicator", set_text("report_indicators/indicator", "NOPE"), "SCHEMA_VIOLATED"),
    ("no amount", drop("transaction/amount_local"), "RATE_MISSING"),
    ("a negative amount", set_text("transaction/amount_local", "-5"), "AMOUNT_NOT_POSITIVE"),
    ("the same transaction twice", repeat_transaction, "TRANSACTION_REPEATED"),
    ("tomorrow's transaction", set_text(_DATE, "2099-01-01T00:00:00"), "TRANSACTION_AFTER_REPORT"),
    ("no date", drop("transaction/date_transaction"), "SCHEMA_VIOLATED"),
    ("a name with a digit sign", set_text(".//from_account/account_name", "A#B"), "SCHEMA_VIOLATED"),
    ("no signatory", drop(".//t_from_my_client/from_account/signatory"), "SIGNATORY_NEEDED"),
    ("no opening date", drop(".//t_from_my_client/from_account/opened"), "ACCOUNT_OPENING_NEEDED"),
    ("no birth date", drop(".//t_from_my_client//t_person/birthdate"), "BIRTH_DATE_NEEDED"),
    ("no country", drop(".//from_country"), "SCHEMA_VIOLATED"),
]  # fmt: skip


@pytest.mark.parametrize(("mutation", "expected"), [m[1:] for m in MUTATIONS], ids=[m[0] for m in MUTATIONS])
def test_mutated_reports_are_refused_with_the_right_finding(
    schemas: Path, profile: FiuProfile, mutation: Callable[[etree._Element], None], expected: str
) -> None:
    for seed in (0, 400, 800):
        xml = build_goaml(with_transactions(seed), profile)
        assert problems(validate(xml, schemas, profile)) == ()
        root = parse(xml)
        mutation(root)
        assert expected in problems(validate(etree.tostring(root), schemas, profile)), seed


def test_a_party_without_a_reason_is_refused(schemas: Path, profile: FiuProfile) -> None:
    root = parse(build_goaml(without_transactions(), profile))
    set_text(".//report_party/reason", "")(root)
    assert problems(validate(etree.tostring(root), schemas, profile)) == ("REASON_MISSING",)


def test_the_package_holds_the_report_and_its_attachments_flat(profile: FiuProfile) -> None:
    case = replace(with_transactions(), case_id="case/../1", attachments=(Attachment("../evil name.pdf", b"%PDF"),))
    xml = build_goaml(case, profile)
    content = package(case, xml, profile)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["case_.._1.xml", "01-_evil_name.pdf"]
        assert archive.read("case_.._1.xml") == xml
    assert package(case, xml, profile) == content


def test_a_package_over_the_limits_is_refused(profile: FiuProfile) -> None:
    case = with_transactions()
    xml = build_goaml(case, profile)
    big = Attachment("big.bin", b"0" * (profile.limits["attachment_bytes"] + 1))
    with pytest.raises(PackageTooLarge, match=r"big\.bin"):
        package(replace(case, attachments=(big,)), xml, profile)
    with pytest.raises(PackageTooLarge, match="21 attachments"):
        package(replace(case, attachments=(Attachment("a", b""),) * 21), xml, profile)
    random = Attachment("random.bin", os.urandom(5_000_000))
    with pytest.raises(PackageTooLarge, match="package"):
        package(replace(case, attachments=(random,) * 5), xml, profile)


def test_an_unknown_fiu_is_named() -> None:
    with pytest.raises(ProfileUnknown, match="'xx'; there are ae, euro"):
        load_profile("xx")


def test_the_report_bears_the_date_it_is_filed_on(profile: FiuProfile) -> None:
    case = replace(with_transactions(), filed_on=date(2026, 12, 1))
    assert parse(build_goaml(case, profile)).findtext("submission_date") == "2026-12-01T00:00:00"
