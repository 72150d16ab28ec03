"""Who appears in a report: the filing institution, its contacts, the subjects and their accounts, whatever the format.

`None` and empty tuples mean "not known": each format says so in its own way, nothing is filled in.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class IdentifierKind(StrEnum):
    """What a number identifies a party by."""

    SSN = "ssn"
    EIN = "ein"
    FOREIGN_TIN = "foreign_tin"
    DRIVING_LICENCE = "driving_licence"
    PASSPORT = "passport"
    ALIEN_REGISTRATION = "alien_registration"
    IDENTITY_CARD = "identity_card"
    OTHER = "other"


TAX_NUMBERS = frozenset({IdentifierKind.SSN, IdentifierKind.EIN, IdentifierKind.FOREIGN_TIN})


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Relationship(StrEnum):
    """What a subject is to the institution."""

    CUSTOMER = "customer"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Address:
    """A place. Country is ISO 3166-1 alpha-2, state an ISO 3166-2 subdivision without its prefix, such as `CA`."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """Digits only, with the country's code where it is not +1."""

    number: str
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    kind: IdentifierKind
    number: str
    issuer_country: str | None = None
    issuer_state: str | None = None
    description: str | None = None
    """What `OTHER` is, in words."""
    issued_on: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a subject. `institution_tin` is `None` for an account at the filing institution."""

    number: str
    currency: str | None = None
    opened_on: date | None = None
    closed: bool = False
    iban: str | None = None
    branch: str | None = None
    institution_name: str | None = None
    """Of an account elsewhere."""
    institution_swift: str | None = None
    institution_tin: str | None = None
    institution_is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the report is about: a person, or an organisation when `is_entity`.

    `is_unknown` says that nobody was identified; all else is then empty but the accounts.
    """

    party_id: str
    """Our own reference of the party, for findings and the narrative: no number that anyone outside knows."""
    is_entity: bool = False
    is_unknown: bool = False
    surname: str | None = None
    """The family name; of an organisation, its whole legal name."""
    given_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    aliases: tuple[str, ...] = ()
    birth_date: date | None = None
    sex: Sex | None = None
    nationality: str | None = None
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    occupation: str | None = None
    accounts: tuple[Account, ...] = ()
    relationship: Relationship = Relationship.CUSTOMER
    has_confessed: bool | None = None
    residence: str | None = None
    birth_place: str | None = None
    incorporation_number: str | None = None
    incorporation_date: date | None = None
    incorporation_country: str | None = None
    incorporation_state: str | None = None
    directors: tuple["Subject", ...] = ()
    """Persons who act for an organisation."""

    @property
    def name(self) -> str:
        """How the narrative calls the subject."""
        if self.is_unknown:
            return "an unidentified subject"
        parts = (self.given_name, self.middle_name, self.surname, self.suffix)
        return " ".join(part for part in parts if part) or "a subject whose name is not known"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the institution by the reference that transactions give. `rssd` is the Federal Reserve's number."""

    reference: str
    address: Address
    rssd: str | None = None


@dataclass(frozen=True, slots=True)
class Institution:
    """A reporting institution. The codes are those of the form: see `aml.reports.fincen` and the goAML profile."""

    name: str
    tin: str
    """United States: the EIN, nine digits. Elsewhere the tax or register number."""
    address: Address
    phone: Phone
    trade_name: str | None = None
    regulator_code: str = "99"
    """FinCEN item 78: 1 Federal Reserve, 2 FDIC, 3 NCUA, 4 OCC, 6 SEC, 7 IRS, 9 CFTC, 13 FHFA, 99 not applicable."""
    organisation_type: str = "2"
    """FinCEN item 76: 2 depository institution, 4 money services business, …, 999 other."""
    organisation_subtype: str | None = None
    organisation_description: str | None = None
    """Needed with type 999, and with subtypes 1999 and 5999."""
    branches: tuple[Branch, ...] = ()
    swift: str | None = None
    incorporation_country: str | None = None


@dataclass(frozen=True, slots=True)
class Filer:
    """Who files: the institution, the transmitter of the file, and whom an authority may call."""

    institution: Institution
    transmitter_name: str
    transmitter_tin: str
    transmitter_control_code: str
    """FinCEN's TCC, eight characters; `TBSATEST` for its test site."""
    transmitter_address: Address
    transmitter_phone: Phone
    transmitter_contact: str
    contact_office: str
    contact_phone: Phone
    reporting_entity_id: int | None = None
    """goAML: `rentity_id`, given by the FIU."""
    reporting_person: Subject | None = None
    """goAML: the officer who reports."""
    time_zone: str = "UTC"
    """IANA name: where a business day ends, which is what cash is added up by."""
    goaml_profile: str = "euro"
    """goAML: the FIU's file in `aml/reports/profiles`."""
