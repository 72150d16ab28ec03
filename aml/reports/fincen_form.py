"""What FinCEN's batch files have in common: numbered elements, and the parties that stand in every report."""

from datetime import date
from decimal import ROUND_CEILING, Decimal

from lxml import etree

from aml.reports.party import TAX_NUMBERS, Address, Filer, Identifier, IdentifierKind, Institution, Phone, Subject
from aml.reports.text import digits, one_line

NAMESPACE = "www.fincen.gov/base"
CURRENCY = "USD"
UNKNOWN_DOCUMENT = "00000000000000"
"""User guides, EFilingPriorDocumentNumber: fourteen zeros where the earlier report's number is not known."""
STATES_ASKED = frozenset({"US", "CA", "MX"})
"""Countries whose addresses need a state: user guides, RawStateCodeText."""

IDENTIFIERS = {
    IdentifierKind.SSN: "1",
    IdentifierKind.EIN: "2",
    IdentifierKind.FOREIGN_TIN: "9",
    IdentifierKind.DRIVING_LICENCE: "5",
    IdentifierKind.PASSPORT: "6",
    IdentifierKind.ALIEN_REGISTRATION: "7",
    IdentifierKind.IDENTITY_CARD: "999",
    IdentifierKind.OTHER: "999",
}
TIN, TCC = "4", "28"


class BatchForm:
    """One batch being written: hands out the sequence numbers, which the schemas want unique over the whole file."""

    def __init__(self, filer: Filer) -> None:
        self._filer = filer
        self._sequence = 0
        self._own_tin = digits(filer.institution.tin)

    def _root(self, form: str) -> etree._Element:
        root = etree.Element(f"{{{NAMESPACE}}}EFilingBatchXML", nsmap={"fc2": NAMESPACE})
        text(root, "FormTypeCode", form)
        return root

    def _node(self, parent: etree._Element, name: str) -> etree._Element:
        self._sequence += 1
        return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", SeqNum=str(self._sequence))

    def _party(self, activity: etree._Element, code: int) -> etree._Element:
        party = self._node(activity, "Party")
        text(party, "ActivityPartyTypeCode", str(code))
        return party

    def _transmitter(self, activity: etree._Element) -> None:
        filer = self._filer
        party = self._party(activity, 35)
        self._full_name(party, filer.transmitter_name)
        self._address(party, filer.transmitter_address)
        self._phone(party, filer.transmitter_phone)
        self._number(party, digits(filer.transmitter_tin), TIN)
        self._number(party, filer.transmitter_control_code, TCC)

    def _transmitter_contact(self, activity: etree._Element) -> None:
        self._full_name(self._party(activity, 37), self._filer.transmitter_contact)

    def _filing_institution(self, activity: etree._Element, control_number: str | None = None) -> None:
        institution = self._filer.institution
        party = self._party(activity, 30)
        text(party, "PrimaryRegulatorTypeCode", institution.regulator_code)
        self._institution(party, institution, control_number=control_number)

    def _contact_office(self, activity: etree._Element) -> None:
        party = self._party(activity, 8)
        self._full_name(party, self._filer.contact_office)
        self._phone(party, self._filer.contact_phone)

    def _institution(self, party: etree._Element, institution: Institution, control_number: str | None = None) -> None:
        self._full_name(party, institution.name)
        if institution.trade_name:
            self._full_name(party, institution.trade_name, "DBA")
        self._address(party, institution.address)
        self._number(party, self._own_tin, IDENTIFIERS[IdentifierKind.EIN])
        if control_number:
            self._number(party, control_number, "29")
        kind = self._node(party, "OrganizationClassificationTypeSubtype")
        text(kind, "OrganizationSubtypeID", institution.organisation_subtype)
        text(kind, "OrganizationTypeID", institution.organisation_type)
        other_type = institution.organisation_type == "999"
        text(kind, "OtherOrganizationSubTypeText", None if other_type else institution.organisation_description)
        text(kind, "OtherOrganizationTypeText", institution.organisation_description if other_type else None)

    def _subject_numbers(self, party: etree._Element, subject: Subject, others_most: int = 98) -> None:
        taxes = [identifier for identifier in subject.identifiers if identifier.kind in TAX_NUMBERS]
        others = [identifier for identifier in subject.identifiers if identifier.kind not in TAX_NUMBERS]
        if taxes:
            self._identifier(party, taxes[0])
        else:
            flag(self._node(party, "PartyIdentification"), "TINUnknownIndicator", True)
        for identifier in others[:others_most]:
            self._identifier(party, identifier)
        if not others and not subject.is_entity:
            flag(self._node(party, "PartyIdentification"), "IdentificationPresentUnknownIndicator", True)

    def _identifier(self, party: etree._Element, identifier: Identifier) -> None:
        code = IDENTIFIERS[identifier.kind]
        tax = identifier.kind in TAX_NUMBERS
        kind = "Identity card" if identifier.kind is IdentifierKind.IDENTITY_CARD else identifier.description
        node = self._node(party, "PartyIdentification")
        text(node, "OtherIssuerCountryText", None if tax else identifier.issuer_country)
        text(node, "OtherIssuerStateText", None if tax else identifier.issuer_state)
        text(node, "OtherPartyIdentificationTypeText", kind if code == "999" else None)
        text(node, "PartyIdentificationNumberText", digits(identifier.number) if code in "12" else identifier.number)
        text(node, "PartyIdentificationTypeCode", code)

    def _full_name(self, party: etree._Element, name: str, code: str = "L") -> None:
        node = self._node(party, "PartyName")
        text(node, "PartyNameTypeCode", code)
        text(node, "RawPartyFullName", name)

    def _address(self, party: etree._Element, address: Address) -> None:
        node = self._node(party, "Address")
        text(node, "RawCityText", address.city)
        text(node, "RawCountryCodeText", address.country)
        text(node, "RawStateCodeText", address.state)
        text(node, "RawStreetAddress1Text", address.street)
        text(node, "RawZIPCode", _zip(address))

    def _subject_address(self, party: etree._Element, address: Address) -> None:
        node = self._node(party, "Address")
        flag(node, "CityUnknownIndicator", not address.city)
        flag(node, "CountryCodeUnknownIndicator", not address.country)
        text(node, "RawCityText", address.city)
        text(node, "RawCountryCodeText", address.country)
        text(node, "RawStateCodeText", address.state)
        text(node, "RawStreetAddress1Text", address.street)
        text(node, "RawZIPCode", _zip(address))
        flag(node, "StateCodeUnknownIndicator", address.country in STATES_ASKED and not address.state)
        flag(node, "StreetAddressUnknownIndicator", not address.street)
        flag(node, "ZIPCodeUnknownIndicator", not address.postal_code)

    def _phone(self, party: etree._Element, phone: Phone) -> None:
        node = self._node(party, "PhoneNumber")
        text(node, "PhoneNumberExtensionText", phone.extension)
        text(node, "PhoneNumberText", digits(phone.number))

    def _number(self, party: etree._Element, number: str, code: str) -> None:
        node = self._node(party, "PartyIdentification")
        text(node, "PartyIdentificationNumberText", number)
        text(node, "PartyIdentificationTypeCode", code)


def text(parent: etree._Element, name: str, value: str | None) -> None:
    """An element with a value; none at all for a value that is not known: the form takes no empty ones."""
    cleaned = one_line(value) if value else ""
    if cleaned:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = cleaned


def flag(parent: etree._Element, name: str, holds: bool) -> None:
    if holds:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = "Y"


def day_text(day: date) -> str:
    return day.strftime("%Y%m%d")


def _zip(address: Address) -> str | None:
    if not address.postal_code:
        return None
    return digits(address.postal_code) if address.country == "US" else address.postal_code.replace(" ", "")


def whole_dollars(amount: Decimal | None) -> str | None:
    """Whole dollars, rounded up: FinCEN SAR instructions, general rules for monetary amounts."""
    return None if amount is None else str(amount.to_integral_value(ROUND_CEILING))
