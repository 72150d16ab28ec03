"""The FinCEN SAR batch (FinCEN Report 111, XML schema 2.0): from a case to the bytes that BSA E-Filing takes.

The schema wants every element in its place; so the code follows the form from top to bottom, one function a part.
"""

from decimal import Decimal
from pathlib import Path

from lxml import etree

from aml.reports.case import FilingKind, SarCase
from aml.reports.fincen_batch import batch_findings
from aml.reports.fincen_details import detail_findings
from aml.reports.fincen_form import CURRENCY, TIN, UNKNOWN_DOCUMENT, BatchForm, day_text, flag, text, whole_dollars
from aml.reports.findings import NOT_WELL_FORMED, blocks, parse, schema_findings
from aml.reports.narrative import blocks_of, narrative
from aml.reports.party import (
    Account,
    Address,
    Relationship,
    Sex,
    Subject,
)
from aml.reports.subtypes import subtypes
from aml.reports.text import digits
from aml.transaction import Channel
from explain.record import Finding

SCHEMA = "EFL_SARXBatchSchema.xsd"
LONGEST_IDENTIFIER = 25
"""EFL_SARXBatchSchema.xsd, PartyIdentificationNumberText."""

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
    return _Sar(case).document()


def validate(xml: bytes, schemas: Path) -> tuple[Finding, ...]:
    """What stands against a batch file: the XSD's errors, then the rules of the user guide that no schema holds.

    Empty when it may be submitted. Where the XSD is not in `schemas`, one of them is `SCHEMA_NOT_INSTALLED`.
    """
    try:
        root = parse(xml)
    except etree.XMLSyntaxError as error:
        return (blocks(NOT_WELL_FORMED, f"The file is not XML: {error.msg}.", "XML 1.0", line=error.lineno),)
    return (*schema_findings(root, schemas, SCHEMA), *batch_findings(root), *detail_findings(root))


def control_number(case_id: str) -> str:
    """The institution's own number of a case as the form has room for it: 25 characters, without hyphens if need be."""
    return case_id if len(case_id) <= LONGEST_IDENTIFIER else case_id.replace("-", "")[:LONGEST_IDENTIFIER]


class _Sar(BatchForm):
    """One report being written, from top to bottom."""

    def __init__(self, case: SarCase) -> None:
        super().__init__(case.filer)
        self._case = case

    def document(self) -> bytes:
        case = self._case
        root = self._root("SARX")
        self._activity(root)
        total = whole_dollars(case.involved(CURRENCY))
        root.set("TotalAmount", total or "0")
        root.set("PartyCount", str(len(case.subjects)))
        root.set("ActivityCount", "1")
        root.set("ActivityAttachmentCount", "1" if case.attachments else "0")
        root.set("AttachmentCount", "1" if case.attachments else "0")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _activity(self, root: etree._Element) -> None:
        case = self._case
        activity = self._node(root, "Activity")
        if case.kind is not FilingKind.INITIAL:
            text(activity, "EFilingPriorDocumentNumber", case.prior_document or UNKNOWN_DOCUMENT)
        text(activity, "FilingDateText", day_text(case.filed_on))
        text(activity, "FilingInstitutionNotetoFinCEN", case.note)
        association = self._node(activity, "ActivityAssociation")
        flag(association, "ContinuingActivityReportIndicator", case.kind is FilingKind.CONTINUING)
        flag(association, "CorrectsAmendsPriorReportIndicator", case.kind is FilingKind.CORRECTING)
        flag(association, "InitialReportIndicator", case.kind is FilingKind.INITIAL)
        if case.attachments:
            support = self._node(activity, "ActivitySupportDocument")
            text(support, "OriginalAttachmentFileName", case.attachments[0].name)
        self._transmitter(activity)
        self._transmitter_contact(activity)
        self._filing_institution(activity, control_number=control_number(self._case.case_id))
        self._contact_office(activity)
        self._activity_location(activity)
        for subject in case.subjects:
            self._subject(activity, subject)
        self._suspicious_activity(activity)
        self._products_and_instruments(activity)
        for number, block in enumerate(blocks_of(case.narrative or narrative(case)), start=1):
            part = self._node(activity, "ActivityNarrativeInformation")
            text(part, "ActivityNarrativeSequenceNumber", str(number))
            text(part, "ActivityNarrativeText", block)

    # --- The parties that stand in every report: 35, 37, 30, 8, 34 ---------------------------------------------------

    def _activity_location(self, activity: etree._Element) -> None:
        institution = self._case.filer.institution
        party = self._party(activity, 34)
        branches = sorted({transaction.branch for transaction in self._case.transactions if transaction.branch})
        flag(party, "NoBranchActivityInvolvedIndicator", not branches)
        text(party, "PrimaryRegulatorTypeCode", institution.regulator_code)
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

    # --- Subjects: 33, with the accounts (41) nested -----------------------------------------------------------------

    def _subject(self, activity: etree._Element, subject: Subject) -> None:
        party = self._party(activity, 33)
        pays, receives = self._roles(subject)
        person = not subject.is_entity and not subject.is_unknown
        flag(party, "AdmissionConfessionNoIndicator", subject.has_confessed is False)
        flag(party, "AdmissionConfessionYesIndicator", subject.has_confessed is True)
        flag(party, "AllCriticalSubjectInformationUnavailableIndicator", subject.is_unknown)
        flag(party, "BirthDateUnknownIndicator", person and subject.birth_date is None)
        flag(party, "BothPurchaserSenderPayeeReceiveIndicator", pays and receives)
        flag(party, "FemaleGenderIndicator", person and subject.sex is Sex.FEMALE)
        text(party, "IndividualBirthDateText", day_text(subject.birth_date) if person and subject.birth_date else None)
        flag(party, "MaleGenderIndicator", person and subject.sex is Sex.MALE)
        flag(party, "NoKnownAccountInvolvedIndicator", not subject.accounts)
        flag(party, "PartyAsEntityOrganizationIndicator", subject.is_entity and not subject.is_unknown)
        flag(party, "PayeeReceiverIndicator", receives and not pays)
        flag(party, "PurchaserSenderIndicator", pays and not receives)
        flag(party, "UnknownGenderIndicator", person and subject.sex is None)
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
        flag(name, "EntityLastNameUnknownIndicator", not subject.surname)
        flag(name, "FirstNameUnknownIndicator", not subject.is_entity and not subject.given_name)
        text(name, "PartyNameTypeCode", "L")
        text(name, "RawEntityIndividualLastName", subject.surname)
        if not subject.is_entity:
            text(name, "RawIndividualFirstName", subject.given_name)
            text(name, "RawIndividualMiddleName", subject.middle_name)
            text(name, "RawIndividualNameSuffixText", subject.suffix)
        for alias in subject.aliases[:99]:
            self._full_name(party, alias, "AKA")
        for address in subject.addresses[:99] or (Address(),):
            self._subject_address(party, address)
        for phone in subject.phones[:99]:
            self._phone(party, phone)
        self._subject_numbers(party, subject)
        if subject.occupation:
            text(self._node(party, "PartyOccupationBusiness"), "OccupationBusinessText", subject.occupation)
        for email in subject.emails[:99]:
            electronic = self._node(party, "ElectronicAddress")
            text(electronic, "ElectronicAddressText", email)
            text(electronic, "ElectronicAddressTypeCode", "E")
        association = self._node(party, "PartyAssociation")
        flag(association, "CustomerIndicator", subject.relationship is Relationship.CUSTOMER)
        flag(association, "NoRelationshipToInstitutionIndicator", subject.relationship is Relationship.NONE)
        text(association, "SubjectRelationshipFinancialInstitutionTINText", self._own_tin)

    def _accounts(self, party: etree._Element, subject: Subject) -> None:
        if not subject.accounts:
            return
        association = self._node(party, "PartyAccountAssociation")
        text(association, "PartyAccountAssociationTypeCode", "7")
        by_institution: dict[tuple[str | None, bool], list[Account]] = {}
        for account in subject.accounts:
            by_institution.setdefault((account.institution_tin, account.institution_is_foreign), []).append(account)
        for (tin, foreign), accounts in by_institution.items():
            institution = self._party(association, 41)
            flag(institution, "NonUSFinancialInstitutionIndicator", foreign)
            number = digits(tin) if tin else None if foreign else self._own_tin
            if number:
                self._number(institution, number, TIN)
            for account in accounts[:99]:
                node = self._node(institution, "Account")
                text(node, "AccountNumberText", account.number)
                held = self._node(node, "PartyAccountAssociation")
                flag(held, "AccountClosedIndicator", account.closed)
                text(held, "PartyAccountAssociationTypeCode", "5")

    # --- The activity ------------------------------------------------------------------------------------------------

    def _suspicious_activity(self, activity: etree._Element) -> None:
        case = self._case
        total = whole_dollars(case.involved(CURRENCY))
        node = self._node(activity, "SuspiciousActivity")
        flag(node, "AmountUnknownIndicator", total is None)
        if case.kind is FilingKind.CONTINUING and total is not None and case.previously_reported is not None:
            cumulative = whole_dollars(Decimal(total) + case.previously_reported)
            text(node, "CumulativeTotalViolationAmountText", cumulative)
        flag(node, "NoAmountInvolvedIndicator", total == "0")
        text(node, "SuspiciousActivityFromDateText", day_text(case.first_day()))
        text(node, "SuspiciousActivityToDateText", day_text(case.last_day()))
        text(node, "TotalSuspiciousAmountText", total if total != "0" else None)
        for subtype in subtypes(item.typology for item in case.evidence):
            box = self._node(node, "SuspiciousActivityClassification")
            text(box, "OtherSuspiciousActivityTypeText", subtype.description)
            text(box, "SuspiciousActivitySubtypeID", str(subtype.code))
            text(box, "SuspiciousActivityTypeID", str(subtype.type_code))

    def _products_and_instruments(self, activity: etree._Element) -> None:
        used = {_INSTRUMENTS[transaction.channel] for transaction in self._case.transactions}
        if any(account.institution_tin is None for subject in self._case.subjects for account in subject.accounts):
            used.add(_DEPOSIT_ACCOUNT)
        by_code: dict[int, tuple[int, set[str]]] = {}
        for code, kind, words in used:
            by_code.setdefault(code, (kind, set()))[1].update([words] if words else [])
        for code, (kind, texts) in sorted(by_code.items()):
            asset = self._node(activity, "Assets")
            text(asset, "AssetSubtypeID", str(code))
            text(asset, "AssetTypeID", str(kind))
            text(asset, "OtherAssetSubtypeText", "; ".join(sorted(texts))[:50] or None)
