"""The goAML report (UNODC schema 5): transactions (STR) or activity (SAR) of a case, by the profile of an FIU.

A customer is reported as `_my_client`, of whom the schema demands much more than of others. What the case does not know
is said by the FIU's own value for unknown; where its schema has none, the element is left out and the report refused,
with a finding that asks for it.
"""

import io
import re
import zipfile
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path

from anyascii import anyascii
from lxml import etree

from aml.reports.case import FilingKind, SarCase
from aml.reports.findings import NOT_WELL_FORMED, blocks, parse, schema_findings
from aml.reports.goaml_details import detail_findings
from aml.reports.goaml_profile import FiuProfile
from aml.reports.goaml_rules import report_findings
from aml.reports.narrative import narrative
from aml.reports.party import TAX_NUMBERS, Account, Address, Identifier, IdentifierKind, Relationship, Sex, Subject
from aml.reports.text import digits, one_line
from aml.transaction import Channel, Transaction
from explain.record import Finding

LONGEST_COMMENT = 8_000
_MIDNIGHT = "T00:00:00"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Entries of a package bear no time, so that the same report gives the same bytes."""


class PackageTooLarge(ValueError):
    """The report with its attachments is larger than the FIU takes; the message says which limit."""


def build_goaml(case: SarCase, profile: FiuProfile) -> bytes:
    """One report: of the transactions where the case has any, else of the activity."""
    return _Form(case, profile).document()


def validate(xml: bytes, schemas: Path, profile: FiuProfile) -> tuple[Finding, ...]:
    """What stands against a report: the FIU's XSD, then the rules that it does not hold. Empty when it may go."""
    try:
        root = parse(xml)
    except etree.XMLSyntaxError as error:
        return (blocks(NOT_WELL_FORMED, f"The file is not XML: {error.msg}.", "XML 1.0", line=error.lineno),)
    found = (*report_findings(root, profile), *detail_findings(root, profile))
    return (*schema_findings(root, schemas, profile.schema), *found)


def package(case: SarCase, xml: bytes, profile: FiuProfile) -> bytes:
    """The ZIP file that goAML takes: the report and its attachments, flat and numbered. Raises `PackageTooLarge`."""
    limits = profile.limits
    if len(case.attachments) > limits["attachments"]:
        raise PackageTooLarge(f"{len(case.attachments)} attachments; the FIU takes {limits['attachments']}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{_file_name(case.case_id)}.xml", _ZIP_EPOCH), xml, zipfile.ZIP_DEFLATED)
        for number, attachment in enumerate(case.attachments, start=1):
            if len(attachment.content) > limits["attachment_bytes"]:
                taken = f"{limits['attachment_bytes']:,}"
                raise PackageTooLarge(f"{attachment.name} has {len(attachment.content):,} bytes; the FIU takes {taken}")
            entry = zipfile.ZipInfo(f"{number:02d}-{_file_name(attachment.name)}", _ZIP_EPOCH)
            archive.writestr(entry, attachment.content, zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    if len(content) > limits["package_bytes"]:
        raise PackageTooLarge(f"the package has {len(content):,} bytes; the FIU takes {limits['package_bytes']:,}")
    return content


def latin(name: str) -> str:
    """A name in the characters that the schema allows in names: letters, digits, blank, point, apostrophe, hyphen."""
    return one_line(re.sub(r"[^a-zA-Z0-9 .'-]", " ", anyascii(name.replace("&", " and "))))


class _Form:
    """One report being written, in the order of the schema."""

    def __init__(self, case: SarCase, profile: FiuProfile) -> None:
        self._case = case
        self._profile = profile
        self._unknown = profile.unknown
        self._accounts: dict[tuple[str, bool], etree._Element] = {}
        self._owners: dict[str, tuple[Subject, Account]] = {
            account.number: (subject, account) for subject in case.subjects for account in subject.accounts
        }

    def document(self) -> bytes:
        case, profile = self._case, self._profile
        root = etree.Element("report")
        _add(root, "rentity_id", str(case.filer.reporting_entity_id) if case.filer.reporting_entity_id else None)
        _add(root, "submission_code", profile.submission_code)
        _add(root, "report_code", profile.report_codes["transactions" if case.transactions else "activity"])
        _add(root, "entity_reference", case.case_id)
        _add(root, "fiu_ref_number", None if case.kind is FilingKind.INITIAL else case.prior_document)
        _add(root, "submission_date", _day(case.filed_on))
        _add(root, "currency_code_local", profile.currency)
        if case.filer.reporting_person is not None:
            self._reporting_person(_sub(root, "reporting_person"), case.filer.reporting_person)
        self._address(_sub(root, "location"), case.filer.institution.address)
        _add(root, "reason", (case.narrative or narrative(case, LONGEST_COMMENT))[:LONGEST_COMMENT])
        _add(root, "action", case.conclusion)
        for transaction in sorted(case.transactions, key=lambda t: (t.booked_at, t.transaction_id)):
            self._transaction(_sub(root, "transaction"), transaction)
        if not case.transactions:
            self._activity(_sub(root, "activity"))
        indicators = _sub(root, "report_indicators")
        for code in self._indicators():
            _add(indicators, "indicator", code)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _indicators(self) -> tuple[str, ...]:
        fired = (item.typology for item in self._case.evidence)
        return tuple(dict.fromkeys(code for name in fired for code in self._profile.indicators.get(name, ())))

    # --- Activity and transactions -----------------------------------------------------------------------------------

    def _activity(self, activity: etree._Element) -> None:
        parties = _sub(activity, "report_parties")
        for subject in self._case.subjects:
            party = _sub(parties, "report_party")
            mine = self._is_client(subject)
            if subject.accounts:
                self._account(_sub(party, _kind("account", mine)), subject, subject.accounts[0], mine)
            elif subject.is_entity:
                self._entity(_sub(party, _kind("entity", mine)), subject, mine)
            else:
                self._person(_sub(party, _kind("person", mine)), subject, mine)
            _add(party, "is_suspected", "true")
            _add(
                party, "reason", "; ".join(item.text for item in self._case.evidence)[:LONGEST_COMMENT] or self._unknown
            )

    def _transaction(self, node: etree._Element, transaction: Transaction) -> None:
        local = self._case.converted(transaction, self._profile.currency)
        _add(node, "transactionnumber", transaction.transaction_id)
        _add(node, "transaction_location", transaction.branch or self._unknown)
        _add(node, "transaction_description", transaction.purpose or self._unknown)
        _add(node, "date_transaction", _instant(transaction.booked_at))
        _add(node, "transmode_code", self._profile.conduction[transaction.channel])
        _add(node, "transmode_comment", self._profile.filler)
        _add(node, "amount_local", None if local is None else str(local))
        self._side(node, transaction, "from")
        self._side(node, transaction, "to")

    def _side(self, node: etree._Element, transaction: Transaction, side: str) -> None:
        paying = side == "from"
        number = transaction.debtor_account if paying else transaction.creditor_account
        country = transaction.debtor_country if paying else transaction.creditor_country
        cash = transaction.channel is (Channel.CASH_DEPOSIT if paying else Channel.CASH_WITHDRAWAL)
        other = transaction.creditor_account if paying else transaction.debtor_account
        owner = self._owners.get(other if cash else number)
        mine = owner is not None and self._is_client(owner[0]) and (cash or _is_ours(owner[1]))
        party = _sub(node, f"t_{side}_my_client" if mine else f"t_{side}")
        _add(party, f"{side}_funds_code", self._profile.funds[transaction.channel])
        if transaction.money.currency != self._profile.currency:
            self._foreign(_sub(party, f"{side}_foreign_currency"), transaction)
        if owner is None:
            bank = transaction.debtor_bank if paying else transaction.creditor_bank
            self._strange_account(_sub(party, f"{side}_account"), number, bank)
        elif not cash:
            self._account(_sub(party, f"{side}_account"), owner[0], owner[1], mine)
        elif owner[0].is_entity:
            self._entity(_sub(party, f"{side}_entity"), owner[0], mine)
        else:
            self._person(_sub(party, f"{side}_person"), owner[0], mine)
        _add(party, f"{side}_country", country or self._unknown)

    def _foreign(self, node: etree._Element, transaction: Transaction) -> None:
        rate = self._case.rate(transaction, self._profile.currency)
        _add(node, "foreign_currency_code", transaction.money.currency)
        _add(node, "foreign_amount", str(transaction.money.amount))
        _add(node, "foreign_exchange_rate", None if rate is None else f"{rate:f}")

    # --- Accounts ----------------------------------------------------------------------------------------------------

    def _strange_account(self, node: etree._Element, number: str, bank: str | None) -> None:
        """An account of someone who is no subject: what the payment says of it is all there is."""
        _add(node, "institution_code", bank or self._unknown)
        _add(node, "account", number)
        _add(node, "account_name", self._unknown)

    def _account(self, node: etree._Element, subject: Subject, account: Account, mine: bool) -> None:
        """An account with its signatories, written once: it stands in every transaction that it took part in."""
        key = (account.number, mine)
        if key not in self._accounts:
            self._accounts[key] = etree.Element("account")
            self._write_account(self._accounts[key], subject, account, mine)
        node.extend(list(deepcopy(self._accounts[key])))

    def _write_account(self, node: etree._Element, subject: Subject, account: Account, mine: bool) -> None:
        own, unknown = self._case.filer.institution, self._unknown
        ours = _is_ours(account)
        _add(node, "institution_name", own.name if ours else account.institution_name or (unknown if mine else None))
        if own.swift and ours:
            _add(node, "swift", own.swift)
        elif account.institution_swift:
            _add(node, "swift", account.institution_swift)
        else:
            _add(node, "institution_code", own.tin if ours else account.institution_tin or unknown)
        _add(node, "non_bank_institution", ("true" if own.organisation_type == "4" else "false") if mine else None)
        _add(node, "branch", account.branch or (unknown if mine else None))
        _add(node, "account", account.number)
        _add(node, "currency_code", account.currency or (self._profile.currency if mine else None))
        _add(node, "account_name", latin(subject.name) or unknown)
        _add(node, "iban", account.iban)
        if mine:
            _add(node, "account_type" if subject.is_entity else "personal_account_type", unknown)
        if subject.is_entity:
            self._entity(_sub(node, "t_entity"), subject, mine)
        signatories = subject.directors if subject.is_entity else () if subject.is_unknown else (subject,)
        for number, person in enumerate(signatories):
            signatory = _sub(node, "signatory")
            _add(signatory, "is_primary", "1" if number == 0 else None)
            self._person(_sub(signatory, "t_person"), person, mine)
            role = self._unknown if subject.is_entity else self._profile.account_role
            _add(signatory, "role", role if mine else None)
        _add(node, "opened", _day(account.opened_on) if account.opened_on else None)
        if mine:
            _add(node, "status_code", self._profile.account_status["closed" if account.closed else "open"])
            _add(node, "beneficiary", unknown)

    # --- Persons and organisations -----------------------------------------------------------------------------------

    def _person(self, node: etree._Element, person: Subject, mine: bool) -> None:
        unknown = self._unknown
        self._names(node, person, mine)
        _add(node, "birth_place", person.birth_place)
        _add(node, "alias", ", ".join(person.aliases)[:100] or None)
        _add(node, "full_name_frn", _original(person))
        _add(node, "ssn", _number(person, IdentifierKind.SSN))
        self._passport(node, person)
        _add(node, "id_number", _number(person, IdentifierKind.IDENTITY_CARD) or (unknown if mine else None))
        _add(node, "nationality1", person.nationality or (unknown if mine else None))
        _add(node, "residence", person.residence or (unknown if mine else None))
        self._phones(node, person, mine)
        self._addresses(node, person, "addresses" if person.addresses else None)
        for email in person.emails[:5]:
            _add(node, "email", email)
        _add(node, "occupation", person.occupation)
        for identifier in person.identifiers:
            self._identification(node, identifier)
        _add(node, "tax_number", next((i.number for i in person.identifiers if i.kind in TAX_NUMBERS), None))
        _add(node, "tax_reg_number", self._profile.filler if mine else None)

    def _names(self, node: etree._Element, person: Subject, mine: bool) -> None:
        sex = {Sex.FEMALE: "F", Sex.MALE: "M", None: self._unknown}[person.sex]
        _add(node, "gender", sex if mine or person.sex else None)
        _add(node, "first_name", latin(person.given_name or "") or self._unknown)
        _add(node, "middle_name", latin(person.middle_name or "") or None)
        _add(node, "last_name", latin(f"{person.surname or ''} {person.suffix or ''}") or self._unknown)
        _add(node, "birthdate", _day(person.birth_date) if person.birth_date else None)

    def _reporting_person(self, node: etree._Element, person: Subject) -> None:
        self._names(node, person, mine=False)
        _add(node, "ssn", _number(person, IdentifierKind.SSN))
        self._passport(node, person)
        _add(node, "id_number", _number(person, IdentifierKind.IDENTITY_CARD))
        _add(node, "nationality1", person.nationality)
        self._phones(node, person, mine=bool(person.phones))
        self._addresses(node, person, "addresses" if person.addresses else None)
        for email in person.emails[:5]:
            _add(node, "email", email)
        _add(node, "occupation", person.occupation)

    def _passport(self, node: etree._Element, person: Subject) -> None:
        passport = next((i for i in person.identifiers if i.kind is IdentifierKind.PASSPORT), None)
        if passport is not None:
            _add(node, "passport_number", passport.number)
            _add(node, "passport_country", passport.issuer_country or self._unknown)

    def _identification(self, node: etree._Element, identifier: Identifier) -> None:
        """Only with both dates: the schema has no way to say that they are not known."""
        if identifier.kind in TAX_NUMBERS or identifier.issued_on is None or identifier.expires_on is None:
            return
        entry = _sub(node, "identification")
        _add(entry, "type", self._profile.identifiers[identifier.kind])
        _add(entry, "number", identifier.number)
        _add(entry, "issue_date", _day(identifier.issued_on))
        _add(entry, "expiry_date", _day(identifier.expires_on))
        _add(entry, "issue_country", identifier.issuer_country or self._unknown)
        _add(entry, "comments", identifier.description)

    def _entity(self, node: etree._Element, entity: Subject, mine: bool) -> None:
        unknown = self._unknown if mine else None
        _add(node, "name", latin(entity.surname or "") or self._unknown)
        _add(node, "commercial_name", latin(entity.aliases[0]) if entity.aliases else None)
        _add(node, "incorporation_legal_form", unknown)
        _add(node, "incorporation_number", entity.incorporation_number)
        _add(node, "business", entity.occupation or unknown)
        if entity.phones:
            self._phones(node, entity, mine)
        self._addresses(node, entity, "addresses" if mine or entity.addresses else None)
        for email in entity.emails[:5]:
            _add(node, "email", email)
        _add(node, "incorporation_state", entity.incorporation_state or unknown)
        _add(node, "incorporation_country_code", entity.incorporation_country or unknown)
        for person in entity.directors:
            director = _sub(node, "director_id")
            self._person(director, person, mine=False)
            _add(director, "role", self._profile.director_role)
        _add(node, "incorporation_date", _day(entity.incorporation_date) if entity.incorporation_date else None)
        _add(node, "tax_number", next((i.number for i in entity.identifiers if i.kind in TAX_NUMBERS), None))
        _add(node, "tax_reg_number", self._profile.filler if mine else None)
        written = one_line(entity.surname or "")
        _add(node, "comments", f"Name as registered: {written}" if latin(written) != written else None)

    def _phones(self, node: etree._Element, party: Subject, mine: bool) -> None:
        if not (mine or party.phones):
            return
        phones = _sub(node, "phones")
        for phone in party.phones:
            entry = _sub(phones, "phone")
            _add(entry, "tph_contact_type", self._unknown)
            _add(entry, "tph_communication_type", self._unknown)
            _add(entry, "tph_number", digits(phone.number))
            _add(entry, "tph_extension", phone.extension)

    def _addresses(self, node: etree._Element, party: Subject, container: str | None) -> None:
        if container is None:
            return
        addresses = _sub(node, container)
        for address in party.addresses:
            self._address(_sub(addresses, "address"), address)

    def _address(self, node: etree._Element, address: Address) -> None:
        _add(node, "address_type", self._unknown)
        _add(node, "address", address.street or self._unknown)
        _add(node, "city", address.city or self._unknown)
        _add(node, "zip", address.postal_code)
        _add(node, "country_code", address.country or self._unknown)
        _add(node, "state", address.state or self._unknown)

    def _is_client(self, subject: Subject) -> bool:
        return subject.relationship is Relationship.CUSTOMER and not subject.is_unknown


def _is_ours(account: Account) -> bool:
    return account.institution_tin is None and not account.institution_is_foreign


def _kind(party: str, mine: bool) -> str:
    return f"{party}_my_client" if mine else party


def _number(person: Subject, kind: IdentifierKind) -> str | None:
    return next((identifier.number for identifier in person.identifiers if identifier.kind is kind), None)


def _original(person: Subject) -> str | None:
    """The name as the person writes it, where the report's letters cannot."""
    written = one_line(person.name)
    return written if not person.is_unknown and latin(written) != written else None


def _sub(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, name)


def _add(parent: etree._Element, name: str, value: str | None) -> None:
    cleaned = one_line(value) if value else ""
    if cleaned:
        etree.SubElement(parent, name).text = cleaned


def _day(day: date) -> str:
    return day.isoformat() + _MIDNIGHT


def _instant(at: datetime) -> str:
    return at.replace(tzinfo=None, microsecond=0).isoformat()


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "attachment"


__all__ = ["PackageTooLarge", "build_goaml", "latin", "package", "validate"]
