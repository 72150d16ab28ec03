"""The FinCEN currency transaction report (FinCEN Report 112): one person's cash of one business day, over a threshold.

Cash in and cash out are added up apart and never set off against each other (31 CFR 1010.313(b)).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from lxml import etree

from aml.reports.case import FilingKind
from aml.reports.ctr_rules import CtrTerms, ctr_findings
from aml.reports.fincen_form import (
    CURRENCY,
    NAMESPACE,
    UNKNOWN_DOCUMENT,
    BatchForm,
    day_text,
    flag,
    text,
    whole_dollars,
)
from aml.reports.findings import NOT_WELL_FORMED, blocks, parse, schema_findings
from aml.reports.party import Address, Filer, Sex, Subject
from aml.transaction import Channel, Transaction
from explain.record import Finding

SCHEMA = "EFL_CTRXBatchSchema.xsd"
_DEPOSIT, _WITHDRAWAL = "55", "56"
_CASH_IN, _CASH_OUT = "8", "9"


class Role(StrEnum):
    """What a person was to the transactions: FinCEN CTR item 2, by the code of the party."""

    FOR_SELF = "50"
    FOR_ANOTHER = "17"
    ON_BEHALF_OF = "23"


@dataclass(frozen=True, slots=True)
class CashDay:
    """The cash of one party on one business day."""

    party_id: str
    day: date
    transactions: tuple[Transaction, ...]

    @property
    def cash_in(self) -> Decimal:
        return _total(self.transactions, Channel.CASH_DEPOSIT)

    @property
    def cash_out(self) -> Decimal:
        return _total(self.transactions, Channel.CASH_WITHDRAWAL)

    def exceeds(self, threshold: Decimal) -> bool:
        """Whether cash in, or cash out, is more than the threshold (not: equals it)."""
        return self.cash_in > threshold or self.cash_out > threshold


@dataclass(frozen=True, slots=True)
class CtrPerson:
    subject: Subject
    role: Role


@dataclass(frozen=True, slots=True)
class CtrCase:
    """One report. Where no conductor is known, only those on whose behalf the cash moved are among `persons`."""

    reference: str
    filer: Filer
    persons: tuple[CtrPerson, ...]
    cash: CashDay
    filed_on: date
    threshold: Decimal
    kind: FilingKind = FilingKind.INITIAL
    prior_document: str | None = None

    @property
    def is_aggregated(self) -> bool:
        """Item 24e: several transactions, each below the threshold, whose conductors were not identified."""
        conducted = any(person.role is not Role.ON_BEHALF_OF for person in self.persons)
        small = all(transaction.money.amount <= self.threshold for transaction in self.cash.transactions)
        return not conducted and small and len(self.cash.transactions) > 1


def cash_days(
    transactions: Iterable[Transaction], owners: Mapping[str, str], threshold: Decimal, zone: tzinfo = UTC
) -> tuple[CashDay, ...]:
    """The days on which a party's cash exceeded the threshold, by party and day.

    `owners` maps accounts to parties: all accounts of one person count together. `zone` is where the business day ends.
    Cash in other currencies is left out: report it by hand (31 CFR 1010.311 counts its equivalent).
    """
    gathered: dict[tuple[str, date], list[Transaction]] = {}
    for transaction in transactions:
        account = _cash_account(transaction)
        if account is not None and account in owners and transaction.money.currency == CURRENCY:
            day = transaction.booked_at.astimezone(zone).date()
            gathered.setdefault((owners[account], day), []).append(transaction)
    days = (CashDay(party, day, tuple(cash)) for (party, day), cash in sorted(gathered.items()))
    return tuple(day for day in days if day.exceeds(threshold))


def build_ctr(case: CtrCase) -> bytes:
    """The batch file of one report."""
    return _Ctr(case).document()


def validate(xml: bytes, schemas: Path, terms: CtrTerms) -> tuple[Finding, ...]:
    """What stands against a batch file: the XSD's errors, then what it does not hold. Empty when it may go."""
    try:
        root = parse(xml)
    except etree.XMLSyntaxError as error:
        return (blocks(NOT_WELL_FORMED, f"The file is not XML: {error.msg}.", "XML 1.0", line=error.lineno),)
    return (*schema_findings(root, schemas, SCHEMA), *ctr_findings(root, terms))


class _Ctr(BatchForm):
    def __init__(self, case: CtrCase) -> None:
        super().__init__(case.filer)
        self._case = case

    def document(self) -> bytes:
        case = self._case
        cash_in, cash_out = _dollars(case.cash.cash_in), _dollars(case.cash.cash_out)
        root = self._root("CTRX")
        activity = self._node(root, "Activity")
        initial = case.kind is FilingKind.INITIAL
        text(activity, "EFilingPriorDocumentNumber", None if initial else case.prior_document or UNKNOWN_DOCUMENT)
        text(activity, "FilingDateText", day_text(case.filed_on))
        association = self._node(activity, "ActivityAssociation")
        _box(association, "CorrectsAmendsPriorReportIndicator", "" if initial else "Y")
        _box(association, "FinCENDirectBackFileIndicator", "")
        _box(association, "InitialReportIndicator", "Y" if initial else "")
        self._transmitter(activity)
        self._transmitter_contact(activity)
        self._filing_institution(activity)
        self._contact_office(activity)
        location = self._party(activity, 34)
        _money(location, cash_in, cash_out)
        text(location, "PrimaryRegulatorTypeCode", case.filer.institution.regulator_code)
        self._institution(location, case.filer.institution)
        for person in case.persons:
            self._person(activity, person, cash_in, cash_out)
        self._transactions(activity, cash_in, cash_out)
        root.set("TotalAmount", str(int(cash_in) + int(cash_out)))
        root.set("PartyCount", str(len(case.persons)))
        root.set("ActivityCount", "1")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _person(self, activity: etree._Element, person: CtrPerson, cash_in: str, cash_out: str) -> None:
        subject = person.subject
        human = not subject.is_entity
        party = self._party(activity, int(person.role))
        flag(party, "BirthDateUnknownIndicator", human and subject.birth_date is None)
        flag(party, "FemaleGenderIndicator", human and subject.sex is Sex.FEMALE)
        text(party, "IndividualBirthDateText", day_text(subject.birth_date) if human and subject.birth_date else None)
        _money(party, cash_in, cash_out)
        flag(party, "MaleGenderIndicator", human and subject.sex is Sex.MALE)
        flag(party, "PartyAsEntityOrganizationIndicator", subject.is_entity)
        flag(party, "UnknownGenderIndicator", human and subject.sex is None)
        name = self._node(party, "PartyName")
        flag(name, "EntityLastNameUnknownIndicator", not subject.surname)
        flag(name, "FirstNameUnknownIndicator", human and not subject.given_name)
        text(name, "PartyNameTypeCode", "L")
        text(name, "RawEntityIndividualLastName", subject.surname)
        if human:
            text(name, "RawIndividualFirstName", subject.given_name)
            text(name, "RawIndividualMiddleName", subject.middle_name)
            text(name, "RawIndividualNameSuffixText", subject.suffix)
        if subject.aliases:
            self._full_name(party, subject.aliases[0], "DBA" if subject.is_entity else "AKA")
        self._subject_address(party, (*subject.addresses, Address())[0])
        if subject.phones:
            self._phone(party, subject.phones[0])
        self._subject_numbers(party, subject, others_most=1)
        if subject.occupation:
            text(self._node(party, "PartyOccupationBusiness"), "OccupationBusinessText", subject.occupation)
        if subject.emails:
            text(self._node(party, "ElectronicAddress"), "ElectronicAddressText", subject.emails[0])
        for number, code in self._accounts(subject):
            account = self._node(party, "Account")
            text(account, "AccountNumberText", number)
            text(self._node(account, "PartyAccountAssociation"), "PartyAccountAssociationTypeCode", code)

    def _accounts(self, subject: Subject) -> list[tuple[str, str]]:
        own = {account.number for account in subject.accounts}
        used = {
            (account, _CASH_IN if transaction.channel is Channel.CASH_DEPOSIT else _CASH_OUT)
            for transaction in self._case.cash.transactions
            if (account := _cash_account(transaction)) is not None and account in own
        }
        return sorted(used)[:198]

    def _transactions(self, activity: etree._Element, cash_in: str, cash_out: str) -> None:
        node = self._node(activity, "CurrencyTransactionActivity")
        _box(node, "AggregateTransactionIndicator", "Y" if self._case.is_aggregated else "")
        for name in ("ArmoredCarService", "ATM", "MailDepositShipment", "NightDeposit", "SharedBranching"):
            _box(node, f"{name}Indicator", "")
        _box(node, "TotalCashInReceiveAmountText", cash_in if int(cash_in) else "")
        _box(node, "TotalCashOutAmountText", cash_out if int(cash_out) else "")
        text(node, "TransactionDateText", day_text(self._case.cash.day))
        for code, amount in ((_DEPOSIT, cash_in), (_WITHDRAWAL, cash_out)):
            if int(amount):
                detail = self._node(node, "CurrencyTransactionActivityDetail")
                text(detail, "CurrencyTransactionActivityDetailTypeCode", code)
                text(detail, "DetailTransactionAmountText", amount)
                _box(detail, "OtherCurrencyTransactionActivityDetailText", "")
                _box(detail, "OtherForeignCurrencyCountryText", "")


def _cash_account(transaction: Transaction) -> str | None:
    """The account that cash went into or came out of; `None` for what is no cash."""
    if transaction.channel is Channel.CASH_DEPOSIT:
        return transaction.creditor_account
    if transaction.channel is Channel.CASH_WITHDRAWAL:
        return transaction.debtor_account
    return None


def _total(transactions: Iterable[Transaction], channel: Channel) -> Decimal:
    return sum((t.money.amount for t in transactions if t.channel is channel), Decimal(0))


def _dollars(amount: Decimal) -> str:
    return whole_dollars(amount) or "0"


def _money(party: etree._Element, cash_in: str, cash_out: str) -> None:
    text(party, "IndividualEntityCashInAmountText", cash_in if int(cash_in) else None)
    text(party, "IndividualEntityCashOutAmountText", cash_out if int(cash_out) else None)


def _box(parent: etree._Element, name: str, value: str) -> None:
    """An element that the schema wants there, empty or not."""
    node = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    node.text = value or None
