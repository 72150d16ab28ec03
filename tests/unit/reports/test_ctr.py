"""The currency transaction report: whose cash on which day is reported, and files that validate or are refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from lxml import etree

import jurisdictions
from aml.money import Money
from aml.reports.case import FilingKind
from aml.reports.ctr import CashDay, CtrCase, CtrPerson, Role, build_ctr, cash_days, validate
from aml.reports.ctr_rules import CtrTerms
from aml.reports.findings import SCHEMA_NOT_INSTALLED, WARNS, parse, problems
from aml.reports.party import Account, Subject
from aml.reports.specimens import specimen_case, specimen_filer
from aml.transaction import Channel, Transaction
from jurisdictions.reporting import NoThresholdReport, ctr_terms

NS = {"fc2": "www.fincen.gov/base"}
THRESHOLD = Decimal(10_000)
DAY = datetime(2026, 5, 4, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def terms() -> CtrTerms:
    return ctr_terms(jurisdictions.regime("US", date(2026, 11, 22)))


def cash(amount: str, account: str = "A1", out: bool = False, at: datetime = DAY, currency: str = "USD") -> Transaction:
    channel = Channel.CASH_WITHDRAWAL if out else Channel.CASH_DEPOSIT
    debtor, creditor = (account, "till") if out else ("till", account)
    name = f"{account}-{amount}-{out}-{at.isoformat()}"
    return Transaction(name, at, debtor, creditor, Money(Decimal(amount), currency), channel)


OWNERS = {"A1": "party-1", "A2": "party-1", "B1": "party-2"}


def days(*transactions: Transaction) -> list[tuple[str, date, Decimal, Decimal]]:
    found = cash_days(transactions, OWNERS, THRESHOLD)
    return [(day.party_id, day.day, day.cash_in, day.cash_out) for day in found]


def test_cash_of_one_person_on_one_day_counts_together_over_all_accounts() -> None:
    assert days(cash("6000"), cash("4000.01", "A2")) == [("party-1", DAY.date(), Decimal("10000.01"), Decimal(0))]


def test_exactly_the_threshold_is_not_reported() -> None:
    assert days(cash("10000")) == []


def test_cash_in_and_out_are_not_added_to_each_other() -> None:
    assert days(cash("6000"), cash("6000", out=True)) == []
    assert days(cash("6000"), cash("11000", out=True)) == [("party-1", DAY.date(), Decimal(6000), Decimal(11000))]


def test_other_days_other_people_other_currencies_and_no_cash_count_apart() -> None:
    wire = replace(cash("20000"), channel=Channel.WIRE)
    tomorrow = cash("6000", at=DAY + timedelta(days=1))
    assert (
        days(cash("6000"), cash("6000", "B1"), tomorrow, wire, cash("9000", currency="EUR"), cash("20000", "C9")) == []
    )


def test_the_business_day_ends_where_the_branch_is() -> None:
    late = cash("6000", at=datetime(2026, 5, 5, 1, tzinfo=UTC))
    assert days(cash("6000"), late) == []
    found = cash_days((cash("6000"), late), OWNERS, THRESHOLD, timezone(timedelta(hours=-4)))
    assert [day.day for day in found] == [date(2026, 5, 4)]


def random_case(seed: int) -> CtrCase:
    random = Random(seed)
    known = [s for s in specimen_case(seed).subjects if not s.is_unknown] or [Subject("x", surname="Belfen")]
    subject = replace(known[0], accounts=(Account("A1"), Account("A2")))
    transactions = tuple(
        cash(f"{random.randrange(100, 900_000)}.{number:02d}", random.choice(("A1", "A2")), random.random() < 0.4)
        for number in range(random.randint(1, 30))
    )
    extra = cash("12000", "A1", at=DAY + timedelta(minutes=seed % 50))
    persons = [CtrPerson(subject, random.choice((Role.FOR_SELF, Role.ON_BEHALF_OF)))]
    if persons[0].role is Role.ON_BEHALF_OF or random.random() < 0.3:
        another = replace(subject, party_id="y", is_entity=False, surname="Kalum", given_name="Tov", accounts=())
        persons = [CtrPerson(another, Role.FOR_ANOTHER), CtrPerson(subject, Role.ON_BEHALF_OF)]
    kind = random.choice((FilingKind.INITIAL, FilingKind.INITIAL, FilingKind.CORRECTING))
    return CtrCase(
        reference=f"ctr-{seed}",
        filer=specimen_filer(),
        persons=tuple(persons),
        cash=CashDay("party-1", DAY.date(), (*transactions, extra)),
        filed_on=DAY.date() + timedelta(days=random.randrange(15)),
        threshold=THRESHOLD,
        kind=kind,
        prior_document=random.choice((None, "31000000000012")) if kind is FilingKind.CORRECTING else None,
    )


def test_random_valid_cases_validate(schemas: Path, terms: CtrTerms) -> None:
    for seed in range(150):
        assert validate(build_ctr(random_case(seed)), schemas, terms) == (), seed


def simple(**changes: object) -> CtrCase:
    person = Subject("p", surname="Grifen", given_name="Hol", accounts=(Account("A1"),))
    case = CtrCase(
        reference="ctr-1",
        filer=specimen_filer(),
        persons=(CtrPerson(person, Role.FOR_SELF),),
        cash=CashDay("party-1", DAY.date(), (cash("12000.10"), cash("500", out=True))),
        filed_on=DAY.date() + timedelta(days=3),
        threshold=THRESHOLD,
    )
    return replace(case, **changes)  # type: ignore[arg-type]


def test_amounts_are_whole_dollars_and_add_up() -> None:
    root = parse(build_ctr(simple()))
    assert root.get("TotalAmount") == "12501"
    assert [node.text for node in root.findall(".//fc2:DetailTransactionAmountText", NS)] == ["12001", "500"]
    assert [node.text for node in root.findall(".//fc2:PartyAccountAssociationTypeCode", NS)] == ["8", "9"]


def test_small_transactions_without_a_conductor_are_marked_as_aggregated(schemas: Path, terms: CtrTerms) -> None:
    owner = (CtrPerson(simple().persons[0].subject, Role.ON_BEHALF_OF),)
    several = CashDay("party-1", DAY.date(), (cash("6000"), cash("5000", "A2")))
    xml = build_ctr(simple(persons=owner, cash=several))
    assert parse(xml).findtext(".//fc2:AggregateTransactionIndicator", namespaces=NS) == "Y"
    assert validate(xml, schemas, terms) == ()


def test_a_large_transaction_without_a_conductor_is_refused(schemas: Path, terms: CtrTerms) -> None:
    owner = (CtrPerson(simple().persons[0].subject, Role.ON_BEHALF_OF),)
    assert problems(validate(build_ctr(simple(persons=owner)), schemas, terms)) == ("CONDUCTOR_MISSING",)


def test_filing_late_warns_and_does_not_block(schemas: Path, terms: CtrTerms) -> None:
    found = validate(build_ctr(simple(filed_on=DAY.date() + timedelta(days=16))), schemas, terms)
    assert [(finding.rule, finding.effect) for finding in found] == [("FILED_LATE", WARNS)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cash": CashDay("party-1", DAY.date(), (cash("10000"),))}, "NOT_OVER_THRESHOLD"),
        ({"filed_on": date(2026, 5, 1)}, "DATES_OUT_OF_ORDER"),
        ({"persons": (CtrPerson(Subject("x", surname="Ve"), Role.FOR_ANOTHER),)}, "PRINCIPAL_MISSING"),
        ({"persons": ()}, "PERSON_MISSING"),
        ({"filer": replace(specimen_filer(), transmitter_control_code="")}, "IDENTIFIER_WRONG"),
        ({"kind": FilingKind.CORRECTING, "prior_document": "12"}, "PRIOR_DOCUMENT_MISSING"),
    ],
)
def test_what_is_wrong_is_named(schemas: Path, terms: CtrTerms, changes: dict[str, object], expected: str) -> None:
    assert expected in problems(validate(build_ctr(simple(**changes)), schemas, terms))


def write(path: str, value: str) -> Callable[[etree._Element], None]:
    def mutate(root: etree._Element) -> None:
        root.findall(path, NS)[0].text = value

    return mutate


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        (lambda root: root.set("TotalAmount", "7"), "BATCH_TOTAL_WRONG"),
        (lambda root: root.set("PartyCount", "7"), "BATCH_TOTAL_WRONG"),
        (write(".//fc2:DetailTransactionAmountText", "7"), "DETAILS_DO_NOT_ADD_UP"),
        (write(".//fc2:TotalCashInReceiveAmountText", "12,001"), "AMOUNT_NOT_WHOLE"),
        (write(".//fc2:InitialReportIndicator", ""), "KIND_OF_FILING_UNCLEAR"),
        (write(".//fc2:TransactionDateText", "May 4"), "SCHEMA_VIOLATED"),
        (write("fc2:Activity/fc2:Party/fc2:ActivityPartyTypeCode", "30"), "PARTY_REPEATED"),
        (write("fc2:Activity/fc2:Party/fc2:PartyName/fc2:RawPartyFullName", "n/a"), "VALUE_SAYS_NOTHING"),
    ],
)
def test_mutated_files_are_refused(
    schemas: Path, terms: CtrTerms, mutation: Callable[[etree._Element], None], expected: str
) -> None:
    root = parse(build_ctr(simple()))
    mutation(root)
    assert expected in problems(validate(etree.tostring(root), schemas, terms))


def test_without_the_schema_the_result_has_a_name(tmp_path: Path, terms: CtrTerms) -> None:
    assert problems(validate(build_ctr(simple()), tmp_path, terms)) == (SCHEMA_NOT_INSTALLED,)


def test_a_regime_without_such_a_report_says_so() -> None:
    with pytest.raises(NoThresholdReport):
        ctr_terms(jurisdictions.regime("EU", date(2026, 11, 22)))
