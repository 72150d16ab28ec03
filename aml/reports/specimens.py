"""Invented cases for tests, benchmarks and the demo: valid by construction, any number of them, from a seed.

No person, account or institution in them exists.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from aml.money import Money
from aml.reports.case import Attachment, DocumentRef, Evidence, FilingKind, SarCase
from aml.reports.ctr import CashDay, CtrCase, CtrPerson, Role
from aml.reports.party import (
    Account,
    Address,
    Branch,
    Filer,
    Identifier,
    IdentifierKind,
    Institution,
    Phone,
    Relationship,
    Sex,
    Subject,
)
from aml.reports.subtypes import SUBTYPES
from aml.transaction import Channel, Transaction

_SYLLABLES = (
    "ba",
    "dor",
    "el",
    "fen",
    "gri",
    "hol",
    "ka",
    "lum",
    "mar",
    "nev",
    "o",
    "pel",
    "rin",
    "sta",
    "tov",
    "ul",
    "ve",
    "zan",
)
_STREETS = ("Lantern Road", "Quarry Lane", "Old Ferry Street", "Cedar Rise", "Harbor View", "Mill Pond Way")
_CITIES = (
    ("Eastmoor", "VA"),
    ("Pinehollow", "TX"),
    ("Graniteville", "NH"),
    ("Saltmarsh", "FL"),
    ("Juniper Flats", "CO"),
)
_TRADES = ("Carpenter", "Web designer", "Florist", "Courier", "Restaurant owner", "Student")
_LETTERS = ("", "é", "ñ", "ö", "'", "-")


def specimen_filer() -> Filer:
    """An invented institution that files for itself, on FinCEN's test site."""
    address = Address("12 Counting House Square", "Eastmoor", "VA", "22113", "US")
    phone = Phone("7035550142")
    return Filer(
        institution=Institution(
            name="Clearwater Specimen Bank",
            tin="98-7650041",
            address=address,
            phone=phone,
            trade_name="Specimen Pay",
            regulator_code="4",
            branches=(
                Branch("B1", Address("3 Ferry Gate", "Saltmarsh", "FL", "33199", "US"), "9900011"),
                Branch("B2", Address("80 Summit Avenue", "Juniper Flats", "CO", "80299", "US")),
            ),
            swift="CLSPUS33",
            incorporation_country="US",
        ),
        transmitter_name="Clearwater Specimen Bank",
        transmitter_tin="987650041",
        transmitter_control_code="TBSATEST",
        transmitter_address=address,
        transmitter_phone=phone,
        transmitter_contact="Filing desk",
        contact_office="Financial crime unit",
        contact_phone=Phone("7035550143", "12"),
        reporting_entity_id=4711,
        reporting_person=Subject(
            party_id="officer-1",
            surname="Rinvel",
            given_name="Odor",
            birth_date=date(1980, 5, 17),
            sex=Sex.FEMALE,
            nationality="US",
            identifiers=(Identifier(IdentifierKind.PASSPORT, "P99000017", "US", expires_on=date(2033, 1, 1)),),
            addresses=(address,),
            phones=(phone,),
            occupation="Money laundering reporting officer",
        ),
    )


def specimen_case(seed: int, filer: Filer | None = None, currency: str = "USD", *, complete: bool = False) -> SarCase:
    """A case whose FinCEN SAR is valid, in any combination of what cases may hold: the same one for the same seed.

    `complete` adds what goAML demands of customers: documents with dates, opening dates, directors, registration.
    """
    random = Random(seed)
    filer = filer or specimen_filer()
    subjects = tuple(_subject(random, number) for number in range(random.choice((1, 1, 1, 2, 2, 3, 8))))
    if all(subject.is_unknown for subject in subjects):
        subjects = (*subjects, _person(random, 99))
    if complete:
        subjects = tuple(_completed(random, subject) for subject in subjects)
    first = date(2026, 1, 1) + timedelta(days=random.randrange(240))
    transactions = _transactions(random, subjects, first, currency)
    last = max((transaction.booked_at.date() for transaction in transactions), default=first)
    detected = last + timedelta(days=random.randrange(5))
    kind = random.choice((FilingKind.INITIAL, FilingKind.INITIAL, FilingKind.CONTINUING, FilingKind.CORRECTING))
    known = kind is not FilingKind.INITIAL and random.random() < 0.8
    return SarCase(
        case_id=str(UUID(int=random.getrandbits(128), version=4)),
        filer=filer,
        subjects=subjects,
        evidence=_evidence(random, transactions),
        transactions=transactions,
        detected_on=detected,
        filed_on=detected + timedelta(days=random.randrange(30)),
        kind=kind,
        prior_document=f"31{random.randrange(10**12):012d}" if known else None,
        correction="The amount of one transaction was wrong" if kind is FilingKind.CORRECTING else None,
        previously_reported=Decimal(random.randrange(1, 10**6)) if kind is FilingKind.CONTINUING else None,
        amount_involved=None if transactions else Decimal(0),
        documents=tuple(
            DocumentRef(f"doc-{number}", random.choice(("Statement of account", "Copy of passport")))
            for number in range(random.randrange(3))
        ),
        attachments=(Attachment("transactions.csv", b"id,amount\n"),) if random.random() < 0.2 else (),
        note=random.choice((None, None, "FIN-2014-A005")),
        conclusion=random.choice((None, "The customer gave no explanation when asked")),
    )


def _name(random: Random) -> str:
    name = "".join(random.choices(_SYLLABLES, k=random.randint(1, 3))) + random.choice(_LETTERS)
    return (name + random.choice(_SYLLABLES)).capitalize()


def _subject(random: Random, number: int) -> Subject:
    chance = random.random()
    if chance < 0.08:
        return Subject(party_id=f"party-{number}", is_unknown=True, relationship=Relationship.NONE)
    return _organisation(random, number) if chance < 0.3 else _person(random, number)


def _person(random: Random, number: int) -> Subject:
    return Subject(
        party_id=f"party-{number}",
        surname=_name(random) if random.random() < 0.97 else None,
        given_name=_name(random) if random.random() < 0.95 else None,
        middle_name=_name(random) if random.random() < 0.2 else None,
        suffix="Jr" if random.random() < 0.05 else None,
        aliases=tuple(_name(random) for _ in range(random.choice((0, 0, 0, 1, 2)))),
        birth_date=date(1940, 1, 1) + timedelta(days=random.randrange(24_000)) if random.random() < 0.9 else None,
        sex=random.choice((Sex.FEMALE, Sex.MALE, None)),
        nationality=random.choice(("US", "DE", None)),
        addresses=tuple(_address(random) for _ in range(random.choice((0, 1, 1, 2)))),
        phones=tuple(Phone(f"703555{random.randrange(10**4):04d}") for _ in range(random.choice((0, 1, 1)))),
        emails=("someone@example.org",) if random.random() < 0.3 else (),
        identifiers=_identifiers(random),
        occupation=random.choice((*_TRADES, None)),
        accounts=_accounts(random, number),
        relationship=random.choice((Relationship.CUSTOMER, Relationship.CUSTOMER, Relationship.NONE)),
        has_confessed=random.choice((None, None, False, True)),
    )


def _organisation(random: Random, number: int) -> Subject:
    return Subject(
        party_id=f"party-{number}",
        is_entity=True,
        surname=f"{_name(random)} & {_name(random)} LLC",
        aliases=(f"{_name(random)} Trading",) if random.random() < 0.3 else (),
        addresses=(_address(random),),
        identifiers=(Identifier(IdentifierKind.EIN, _tax_number(random)),) if random.random() < 0.7 else (),
        occupation="Import of <garden> tools & parts",
        accounts=_accounts(random, number),
    )


def _completed(random: Random, subject: Subject) -> Subject:
    """The same subject as a firm knows a customer whom it identified."""
    if subject.is_unknown:
        return subject
    accounts = tuple(replace(account, branch="Main branch", currency=None) for account in subject.accounts)
    if subject.is_entity:
        return replace(
            subject,
            accounts=accounts,
            directors=(_completed(random, _person(random, 90)),),
            incorporation_number=f"{random.randrange(10**6):06d}",
            incorporation_date=date(2015, 1, 1) + timedelta(days=random.randrange(3000)),
            incorporation_country=random.choice(("US", "AE", None)),
        )
    passport = Identifier(
        IdentifierKind.PASSPORT,
        f"X{random.randrange(10**7):07d}",
        random.choice(("DE", None)),
        issued_on=date(2020, 3, 1),
        expires_on=date(2030, 2, 28),
    )
    return replace(
        subject,
        surname=subject.surname or _name(random),
        given_name=subject.given_name or _name(random),
        birth_date=subject.birth_date or date(1975, 6, 1),
        residence=random.choice(("AE", None)),
        identifiers=(*subject.identifiers, passport),
        accounts=accounts,
    )


def _tax_number(random: Random) -> str:
    return f"9{random.randrange(10):d}-{random.randrange(10**6, 10**7):07d}"


def _identifiers(random: Random) -> tuple[Identifier, ...]:
    found = []
    if random.random() < 0.6:
        found.append(Identifier(IdentifierKind.SSN, f"9{random.randrange(10**8):08d}"))
    if random.random() < 0.7:
        found.append(
            random.choice(
                (
                    Identifier(IdentifierKind.PASSPORT, f"X{random.randrange(10**7):07d}", "DE"),
                    Identifier(IdentifierKind.DRIVING_LICENCE, f"D{random.randrange(10**8):08d}", "US", "TX"),
                    Identifier(IdentifierKind.IDENTITY_CARD, f"L{random.randrange(10**8):08d}", "FR"),
                    Identifier(IdentifierKind.OTHER, f"{random.randrange(10**6)}", "US", description="Student card"),
                )
            )
        )
    return tuple(found)


def _address(random: Random) -> Address:
    if random.random() < 0.15:
        return Address(country=random.choice(("US", "MX", None)))
    if random.random() < 0.2:
        return Address(f"{random.randrange(1, 99)} Calle Inventada", "Ciudad Ejemplo", None, "01000", "MX")
    city, state = random.choice(_CITIES)
    code = f"{random.randrange(10_000, 99_999)}" + (f"-{random.randrange(10**4):04d}" if random.random() < 0.3 else "")
    return Address(f"{random.randrange(1, 999)} {random.choice(_STREETS)}", city, state, code, "US")


def _accounts(random: Random, number: int) -> tuple[Account, ...]:
    def account(position: int) -> Account:
        place = random.random()
        return Account(
            number=f"SPEC{number:02d}{position:02d}{random.randrange(10**8):08d}",
            currency="USD",
            opened_on=date(2024, 1, 1) + timedelta(days=random.randrange(700)),
            closed=random.random() < 0.1,
            institution_tin="91-2345670" if 0.8 < place < 0.9 else None,
            institution_is_foreign=place >= 0.9,
        )

    return tuple(account(position) for position in range(random.choice((0, 1, 1, 1, 2, 3))))


def _transactions(random: Random, subjects: tuple[Subject, ...], first: date, currency: str) -> tuple[Transaction, ...]:
    own = [account.number for subject in subjects for account in subject.accounts]
    start = datetime(first.year, first.month, first.day, 8, tzinfo=UTC)

    def transaction(number: int) -> Transaction:
        mine, other = random.choice(own or ["UNKNOWN-1"]), f"OTHER{random.randrange(40):04d}"
        debtor, creditor = (mine, other) if random.random() < 0.5 else (other, mine)
        return Transaction(
            transaction_id=f"tx-{number:06d}",
            booked_at=start + timedelta(hours=random.randrange(24 * 20)),
            debtor_account=debtor,
            creditor_account=creditor,
            money=Money(Decimal(random.randrange(100, 2_000_000)) / 100, currency),
            channel=random.choice(tuple(Channel)),
            debtor_country=random.choice(("US", "DE", None)),
            creditor_country=random.choice(("US", "KY", None)),
            purpose=random.choice((None, "invoice 17", "loan\nback  payment")),
            branch=random.choice((None, None, "B1", "B2", "B3")),
        )

    return tuple(transaction(number) for number in range(random.choice((0, 1, 3, 12, 80, 400))))


def _evidence(random: Random, transactions: tuple[Transaction, ...]) -> tuple[Evidence, ...]:
    names = random.sample(tuple(SUBTYPES), k=random.randint(1, 3))
    if random.random() < 0.1:
        names.append("brand_new_typology")
    ids = [transaction.transaction_id for transaction in transactions]
    return tuple(
        Evidence(
            name,
            f"{len(ids)} payments within days that together show {name.replace('_', ' ')}",
            tuple(random.sample(ids, k=min(len(ids), random.randint(1, 30)))),
        )
        for name in names
    )


def specimen_ctr(seed: int, filer: Filer | None = None, threshold: Decimal = Decimal(10_000)) -> CtrCase:
    """A day of cash whose FinCEN CTR is valid: the same one for the same seed."""
    random = Random(seed)
    filer = filer or specimen_filer()
    subject = _organisation(random, 1) if random.random() < 0.25 else _person(random, 1)
    accounts = subject.accounts or (Account(f"SPEC{random.randrange(10**10):010d}", currency="USD"),)
    subject = replace(subject, surname=subject.surname or _name(random), accounts=accounts)
    day = date(2026, 1, 1) + timedelta(days=random.randrange(300))
    conducted = random.random() < 0.6
    ways = random.choice(
        ((Channel.CASH_DEPOSIT,), (Channel.CASH_WITHDRAWAL,), (Channel.CASH_DEPOSIT, Channel.CASH_WITHDRAWAL))
    )
    transactions: list[Transaction] = []
    for channel in ways:
        count = random.randint(1, 3) if conducted else random.randint(2, 4)
        # One above the threshold needs a conductor; several small ones, added up, do not.
        each = int(threshold) * (random.uniform(1.01, 4.0) if conducted else random.uniform(1.1, 1.9) / (count - 0.9))
        for _ in range(count):
            number = random.choice(accounts).number
            incoming = channel is Channel.CASH_DEPOSIT
            amount = Decimal(int(min(each, int(threshold) * 5) * 100)) / 100
            if not conducted:
                amount = min(amount, threshold)
            transactions.append(
                Transaction(
                    transaction_id=f"tx-{len(transactions):04d}-{seed}",
                    booked_at=datetime(day.year, day.month, day.day, 9 + len(transactions), tzinfo=UTC),
                    debtor_account="CASH" if incoming else number,
                    creditor_account=number if incoming else "CASH",
                    money=Money(amount, "USD"),
                    channel=channel,
                )
            )
    if not conducted:
        persons: tuple[CtrPerson, ...] = (CtrPerson(subject, Role.ON_BEHALF_OF),)
    elif subject.is_entity or random.random() < 0.4:
        persons = (CtrPerson(_named(random), Role.FOR_ANOTHER), CtrPerson(subject, Role.ON_BEHALF_OF))
    else:
        persons = (CtrPerson(subject, Role.FOR_SELF),)
    kind = random.choice((FilingKind.INITIAL, FilingKind.INITIAL, FilingKind.CORRECTING))
    return CtrCase(
        reference=str(UUID(int=random.getrandbits(128), version=4)),
        filer=filer,
        persons=persons,
        cash=CashDay(subject.party_id, day, tuple(transactions)),
        filed_on=day + timedelta(days=random.randint(1, 15)),
        threshold=threshold,
        kind=kind,
        prior_document=f"31{random.randrange(10**12):012d}" if kind is FilingKind.CORRECTING else None,
    )


def _named(random: Random) -> Subject:
    person = _person(random, 2)
    return replace(person, surname=person.surname or _name(random), given_name=person.given_name or _name(random))
