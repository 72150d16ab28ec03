"""The FinCEN SAR batch (FinCEN Report 111, XML schema 2.0): from a case to the bytes that BSA E-Filing takes.

The schema wants every element in its place; so the code follows the form from top to bottom, one function a part.
"""

from datetime import date
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from lxml import etree

from aml.reports.case import FilingKind, SarCase
from aml.reports.fincen_batch import batch_findings
from aml.reports.findings import NOT_WELL_FORMED, blocks, parse, schema_findings
from aml.reports.narrative import blocks_of, narrative
from aml.reports.party import (
    TAX_NUMBERS,
    Account,
    Address,
    Identifier,
    IdentifierKind,
    Institution,
    Phone,
    Relationship,
    Sex,
    Subject,
)
from aml.reports.subtypes import subtypes
from aml.reports.text import digits, one_line
from aml.transaction import Channel
from explain.record import Finding

NAMESPACE = "www.fincen.gov/base"
SCHEMA = "EFL_SARXBatchSchema.xsd"
CURRENCY = "USD"
UNKNOWN_DOCUMENT = "00000000000000"
"""User guide, EFilingPriorDocumentNumber: fourteen zeros where the earlier report's number is not known."""

_IDENTIFIERS = {
    IdentifierKind.SSN: "1",
    IdentifierKind.EIN: "2",
    IdentifierKind.FOREIGN_TIN: "9",
    IdentifierKind.DRIVING_LICENCE: "5",
    IdentifierKind.PASSPORT: "6",
    IdentifierKind.ALIEN_REGISTRATION: "7",
    IdentifierKind.IDENTITY_CARD: "999",
    IdentifierKind.OTHER: "999",
}
_TIN, _TCC = "4", "28"

_INSTRUMENTS: dict[Channel, tuple[int, int, str | None]] = {
    Channel.TRANSFER: (33, 6, None),
    Channel.INSTANT: (33, 6, None),
    Channel.WIRE: (33, 6, None),
    Channel.DIRECT_DEBIT: (33, 6, None),
    Channel.CARD: (6, 5, None),
    Channel.CHEQUE: (37, 6, None),
    Channel.CASH_DEPOSIT: (39, 6, None),
    Channel.CASH_WITHDRAWAL: (39, 6, None),
    Channel.CRYPTO: (41, 6, "Convertible virtual currency"),
    Channel.OTHER: (41, 6, "Payment of another kind"),
}
"""Items 45 and 46 (products, instruments) by the way the money went: subtype, type, and the text of "other"."""
_DEPOSIT_ACCOUNT = (46, 5, None)


def build_sar(case: SarCase) -> bytes:
    """The batch file of one report. It is what the case says: `validate` says whether it may be filed.

    Raises `ValueError` when the narrative that the case asks for is longer than the form.
    """
    return _Sheet(case).document()


def validate(xml: bytes, schemas: Path) -> tuple[Finding, ...]:
    """What stands against a batch file: the XSD's errors, then the rules of the user guide that no schema holds.

    Empty when it may be submitted. Where the XSD is not in `schemas`, one of them is `SCHEMA_NOT_INSTALLED`.
    """
    try:
        root = parse(xml)
    except etree.XMLSyntaxError as error:
        return (blocks(NOT_WELL_FORMED, f"The file is not XML: {error.msg}.", "XML 1.0", line=error.lineno),)
    return (*schema_findings(root, schemas, SCHEMA), *batch_findings(root))


class _Sheet:
    """One batch being written: hands out the sequence numbers, which the schema wants unique over the whole file."""

    def __init__(self, case: SarCase) -> None:
        self._case = case
        self._sequence = 0
        self._own_tin = digits(case.filer.institution.tin)

    def document(self) -> bytes:
        case = self._case
        root = etree.Element(f"{{{NAMESPACE}}}EFilingBatchXML", nsmap={"fc2": NAMESPACE})
        _text(root, "FormTypeCode", "SARX")
        self._activity(root)
        total = _whole_dollars(case.involved(CURRENCY))
        root.set("TotalAmount", total or "0")
        root.set("PartyCount", str(len(case.subjects)))
        root.set("ActivityCount", "1")
        root.set("ActivityAttachmentCount", "1" if case.attachments else "0")
        root.set("AttachmentCount", "1" if case.attachments else "0")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _node(self, parent: etree._Element, name: str) -> etree._Element:
        self._sequence += 1
        return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", SeqNum=str(self._sequence))

    def _activity(self, root: etree._Element) -> None:
        case = self._case
        activity = self._node(root, "Activity")
        if case.kind is not FilingKind.INITIAL:
            _text(activity, "EFilingPriorDocumentNumber", case.prior_document or UNKNOWN_DOCUMENT)
        _text(activity, "FilingDateText", _day(case.filed_on))
        _text(activity, "FilingInstitutionNotetoFinCEN", case.note)
        association = self._node(activity, "ActivityAssociation")
        _flag(association, "ContinuingActivityReportIndicator", case.kind is FilingKind.CONTINUING)
        _flag(association, "CorrectsAmendsPriorReportIndicator", case.kind is FilingKind.CORRECTING)
        _flag(association, "InitialReportIndicator", case.kind is FilingKind.INITIAL)
        if case.attachments:
            support = self._node(activity, "ActivitySupportDocument")
            _text(support, "OriginalAttachmentFileName", case.attachments[0].name)
        self._transmitter(activity)
        self._transmitter_contact(activity)
        self._filing_institution(activity)
        self._contact_office(activity)
        self._activity_location(activity)
        for subject in case.subjects:
            self._subject(activity, subject)
        self._suspicious_activity(activity)
        self._products_and_instruments(activity)
        for number, block in enumerate(blocks_of(narrative(case)), start=1):
            part = self._node(activity, "ActivityNarrativeInformation")
            _text(part, "ActivityNarrativeSequenceNumber", str(number))
            _text(part, "ActivityNarrativeText", block)

    # --- The parties that stand in every report: 35, 37, 30, 8, 34 ---------------------------------------------------

    def _party(self, activity: etree._Element, code: int) -> etree._Element:
        party = self._node(activity, "Party")
        _text(party, "ActivityPartyTypeCode", str(code))
        return party

    def _transmitter(self, activity: etree._Element) -> None:
        filer = self._case.filer
        party = self._party(activity, 35)
        self._full_name(party, filer.transmitter_name)
        self._address(party, filer.transmitter_address)
        self._phone(party, filer.transmitter_phone)
        self._number(party, digits(filer.transmitter_tin), _TIN)
        self._number(party, filer.transmitter_control_code, _TCC)

    def _transmitter_contact(self, activity: etree._Element) -> None:
        self._full_name(self._party(activity, 37), self._case.filer.transmitter_contact)

    def _filing_institution(self, activity: etree._Element) -> None:
        institution = self._case.filer.institution
        party = self._party(activity, 30)
        _text(party, "PrimaryRegulatorTypeCode", institution.regulator_code)
        self._institution(party, institution, control_number=self._case.case_id)

    def _contact_office(self, activity: etree._Element) -> None:
        party = self._party(activity, 8)
        self._full_name(party, self._case.filer.contact_office)
        self._phone(party, self._case.filer.contact_phone)

    def _activity_location(self, activity: etree._Element) -> None:
        institution = self._case.filer.institution
        party = self._party(activity, 34)
        branches = sorted({transaction.branch for transaction in self._case.transactions if transaction.branch})
        _flag(party, "NoBranchActivityInvolvedIndicator", not branches)
        _text(party, "PrimaryRegulatorTypeCode", institution.regulator_code)
        self._institution(party, institution)
        if branches:
            association = self._node(party, "PartyAssociation")
            known = {branch.reference: branch for branch in institution.branches}
            for reference in branches[:99]:
                branch = known.get(reference)
                nested = self._party(association, 46)
                self._address(nested, branch.address if branch else Address())
                if branch and branch.rssd:
                    self._number(nested, branch.rssd, "14")

    def _institution(self, party: etree._Element, institution: Institution, control_number: str | None = None) -> None:
        self._full_name(party, institution.name)
        if institution.trade_name:
            self._full_name(party, institution.trade_name, "DBA")
        self._address(party, institution.address)
        self._number(party, self._own_tin, _IDENTIFIERS[IdentifierKind.EIN])
        if control_number:
            self._number(party, control_number, "29")
        kind = self._node(party, "OrganizationClassificationTypeSubtype")
        _text(kind, "OrganizationSubtypeID", institution.organisation_subtype)
        _text(kind, "OrganizationTypeID", institution.organisation_type)
        other_type = institution.organisation_type == "999"
        _text(kind, "OtherOrganizationSubTypeText", None if other_type else institution.organisation_description)
        _text(kind, "OtherOrganizationTypeText", institution.organisation_description if other_type else None)

    # --- Subjects: 33, with the accounts (41) nested -----------------------------------------------------------------

    def _subject(self, activity: etree._Element, subject: Subject) -> None:
        party = self._party(activity, 33)
        pays, receives = self._roles(subject)
        person = not subject.is_entity and not subject.is_unknown
        _flag(party, "AdmissionConfessionNoIndicator", subject.has_confessed is False)
        _flag(party, "AdmissionConfessionYesIndicator", subject.has_confessed is True)
        _flag(party, "AllCriticalSubjectInformationUnavailableIndicator", subject.is_unknown)
        _flag(party, "BirthDateUnknownIndicator", person and subject.birth_date is None)
        _flag(party, "BothPurchaserSenderPayeeReceiveIndicator", pays and receives)
        _flag(party, "FemaleGenderIndicator", person and subject.sex is Sex.FEMALE)
        _text(party, "IndividualBirthDateText", _day(subject.birth_date) if person and subject.birth_date else None)
        _flag(party, "MaleGenderIndicator", person and subject.sex is Sex.MALE)
        _flag(party, "NoKnownAccountInvolvedIndicator", not subject.accounts)
        _flag(party, "PartyAsEntityOrganizationIndicator", subject.is_entity and not subject.is_unknown)
        _flag(party, "PayeeReceiverIndicator", receives and not pays)
        _flag(party, "PurchaserSenderIndicator", pays and not receives)
        _flag(party, "UnknownGenderIndicator", person and subject.sex is None)
        if not subject.is_unknown:
            self._identity(party, subject)
        self._accounts(party, subject)

    def _roles(self, subject: Subject) -> tuple[bool, bool]:
        """Whether the subject's accounts paid and received in this case: item 28."""
        own = {account.number for account in subject.accounts}
        transactions = self._case.transactions
        return (
            any(transaction.debtor_account in own for transaction in transactions),
            any(transaction.creditor_account in own for transaction in transactions),
        )

    def _identity(self, party: etree._Element, subject: Subject) -> None:
        name = self._node(party, "PartyName")
        _flag(name, "EntityLastNameUnknownIndicator", not subject.surname)
        _flag(name, "FirstNameUnknownIndicator", not subject.is_entity and not subject.given_name)
        _text(name, "PartyNameTypeCode", "L")
        _text(name, "RawEntityIndividualLastName", subject.surname)
        if not subject.is_entity:
            _text(name, "RawIndividualFirstName", subject.given_name)
            _text(name, "RawIndividualMiddleName", subject.middle_name)
            _text(name, "RawIndividualNameSuffixText", subject.suffix)
        for alias in subject.aliases[:99]:
            self._full_name(party, alias, "AKA")
        for address in subject.addresses[:99] or (Address(),):
            self._subject_address(party, address)
        for phone in subject.phones[:99]:
            self._phone(party, phone)
        self._subject_numbers(party, subject)
        if subject.occupation:
            _text(self._node(party, "PartyOccupationBusiness"), "OccupationBusinessText", subject.occupation)
        for email in subject.emails[:99]:
            electronic = self._node(party, "ElectronicAddress")
            _text(electronic, "ElectronicAddressText", email)
            _text(electronic, "ElectronicAddressTypeCode", "E")
        association = self._node(party, "PartyAssociation")
        _flag(association, "CustomerIndicator", subject.relationship is Relationship.CUSTOMER)
        _flag(association, "NoRelationshipToInstitutionIndicator", subject.relationship is Relationship.NONE)
        _text(association, "SubjectRelationshipFinancialInstitutionTINText", self._own_tin)

    def _subject_numbers(self, party: etree._Element, subject: Subject) -> None:
        taxes = [identifier for identifier in subject.identifiers if identifier.kind in TAX_NUMBERS]
        others = [identifier for identifier in subject.identifiers if identifier.kind not in TAX_NUMBERS]
        if taxes:
            self._identifier(party, taxes[0])
        else:
            _flag(self._node(party, "PartyIdentification"), "TINUnknownIndicator", True)
        for identifier in others[:98]:
            self._identifier(party, identifier)
        if not others and not subject.is_entity:
            _flag(self._node(party, "PartyIdentification"), "IdentificationPresentUnknownIndicator", True)

    def _identifier(self, party: etree._Element, identifier: Identifier) -> None:
        code = _IDENTIFIERS[identifier.kind]
        tax = identifier.kind in TAX_NUMBERS
        kind = "Identity card" if identifier.kind is IdentifierKind.IDENTITY_CARD else identifier.description
        node = self._node(party, "PartyIdentification")
        _text(node, "OtherIssuerCountryText", None if tax else identifier.issuer_country)
        _text(node, "OtherIssuerStateText", None if tax else identifier.issuer_state)
        _text(node, "OtherPartyIdentificationTypeText", kind if code == "999" else None)
        _text(node, "PartyIdentificationNumberText", digits(identifier.number) if code in "12" else identifier.number)
        _text(node, "PartyIdentificationTypeCode", code)

    def _accounts(self, party: etree._Element, subject: Subject) -> None:
        if not subject.accounts:
            return
        association = self._node(party, "PartyAccountAssociation")
        _text(association, "PartyAccountAssociationTypeCode", "7")
        by_institution: dict[tuple[str | None, bool], list[Account]] = {}
        for account in subject.accounts:
            by_institution.setdefault((account.institution_tin, account.institution_is_foreign), []).append(account)
        for (tin, foreign), accounts in by_institution.items():
            institution = self._party(association, 41)
            _flag(institution, "NonUSFinancialInstitutionIndicator", foreign)
            number = digits(tin) if tin else None if foreign else self._own_tin
            if number:
                self._number(institution, number, _TIN)
            for account in accounts[:99]:
                node = self._node(institution, "Account")
                _text(node, "AccountNumberText", account.number)
                held = self._node(node, "PartyAccountAssociation")
                _flag(held, "AccountClosedIndicator", account.closed)
                _text(held, "PartyAccountAssociationTypeCode", "5")

    # --- The activity ------------------------------------------------------------------------------------------------

    def _suspicious_activity(self, activity: etree._Element) -> None:
        case = self._case
        total = _whole_dollars(case.involved(CURRENCY))
        node = self._node(activity, "SuspiciousActivity")
        _flag(node, "AmountUnknownIndicator", total is None)
        if case.kind is FilingKind.CONTINUING and total is not None and case.previously_reported is not None:
            cumulative = _whole_dollars(Decimal(total) + case.previously_reported)
            _text(node, "CumulativeTotalViolationAmountText", cumulative)
        _flag(node, "NoAmountInvolvedIndicator", total == "0")
        _text(node, "SuspiciousActivityFromDateText", _day(case.first_day()))
        _text(node, "SuspiciousActivityToDateText", _day(case.last_day()))
        _text(node, "TotalSuspiciousAmountText", total if total != "0" else None)
        for subtype in subtypes(item.typology for item in case.evidence):
            box = self._node(node, "SuspiciousActivityClassification")
            _text(box, "OtherSuspiciousActivityTypeText", subtype.description)
            _text(box, "SuspiciousActivitySubtypeID", str(subtype.code))
            _text(box, "SuspiciousActivityTypeID", str(subtype.type_code))

    def _products_and_instruments(self, activity: etree._Element) -> None:
        used = {_INSTRUMENTS[transaction.channel] for transaction in self._case.transactions}
        if any(account.institution_tin is None for subject in self._case.subjects for account in subject.accounts):
            used.add(_DEPOSIT_ACCOUNT)
        by_code: dict[int, tuple[int, set[str]]] = {}
        for code, kind, text in used:
            by_code.setdefault(code, (kind, set()))[1].update([text] if text else [])
        for code, (kind, texts) in sorted(by_code.items()):
            asset = self._node(activity, "Assets")
            _text(asset, "AssetSubtypeID", str(code))
            _text(asset, "AssetTypeID", str(kind))
            _text(asset, "OtherAssetSubtypeText", "; ".join(sorted(texts))[:50] or None)

    # --- What parties are made of ------------------------------------------------------------------------------------

    def _full_name(self, party: etree._Element, name: str, code: str = "L") -> None:
        node = self._node(party, "PartyName")
        _text(node, "PartyNameTypeCode", code)
        _text(node, "RawPartyFullName", name)

    def _address(self, party: etree._Element, address: Address) -> None:
        node = self._node(party, "Address")
        _text(node, "RawCityText", address.city)
        _text(node, "RawCountryCodeText", address.country)
        _text(node, "RawStateCodeText", address.state)
        _text(node, "RawStreetAddress1Text", address.street)
        _text(node, "RawZIPCode", _zip(address))

    def _subject_address(self, party: etree._Element, address: Address) -> None:
        node = self._node(party, "Address")
        _flag(node, "CityUnknownIndicator", not address.city)
        _flag(node, "CountryCodeUnknownIndicator", not address.country)
        _text(node, "RawCityText", address.city)
        _text(node, "RawCountryCodeText", address.country)
        _text(node, "RawStateCodeText", address.state)
        _text(node, "RawStreetAddress1Text", address.street)
        _text(node, "RawZIPCode", _zip(address))
        _flag(node, "StateCodeUnknownIndicator", address.country in STATES_ASKED and not address.state)
        _flag(node, "StreetAddressUnknownIndicator", not address.street)
        _flag(node, "ZIPCodeUnknownIndicator", not address.postal_code)

    def _phone(self, party: etree._Element, phone: Phone) -> None:
        node = self._node(party, "PhoneNumber")
        _text(node, "PhoneNumberExtensionText", phone.extension)
        _text(node, "PhoneNumberText", digits(phone.number))

    def _number(self, party: etree._Element, number: str, code: str) -> None:
        node = self._node(party, "PartyIdentification")
        _text(node, "PartyIdentificationNumberText", number)
        _text(node, "PartyIdentificationTypeCode", code)


STATES_ASKED = frozenset({"US", "CA", "MX"})
"""Countries whose addresses need a state: user guide, RawStateCodeText."""


def _text(parent: etree._Element, name: str, value: str | None) -> None:
    """An element with a value; none at all for a value that is not known: the form takes no empty ones."""
    cleaned = one_line(value) if value else ""
    if cleaned:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = cleaned


def _flag(parent: etree._Element, name: str, holds: bool) -> None:
    if holds:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = "Y"


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _zip(address: Address) -> str | None:
    if not address.postal_code:
        return None
    return digits(address.postal_code) if address.country == "US" else address.postal_code.replace(" ", "")


def _whole_dollars(amount: Decimal | None) -> str | None:
    """Whole dollars, rounded up: FinCEN SAR instructions, general rules for monetary amounts."""
    return None if amount is None else str(amount.to_integral_value(ROUND_CEILING))
