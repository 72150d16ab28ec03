"""The demo's world, invented from seeds: applicants and documents, watchlists, accounts with laundering in them."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aml.generator import Payment, generate
from aml.reports.party import Address, Filer, Institution, Phone
from aml.screening import parse_ofac
from aml.screening.specimens import write_eu, write_ofac, write_un
from jurisdictions.countries import alpha2
from kyc.document import DocumentType
from kyc.specimens.documents import Defect, DocumentSpec, draw_document, draw_selfie, invent_document

STATES = ("FRA", "NLD", "POL", "FIN", "AUT")
REAL_DOCUMENTS = 1
LISTED = 400
"""Entries of each invented watchlist."""
PEOPLE = 40
DAYS = 7


@dataclass(frozen=True, slots=True)
class Story:
    """One applicant of the demo: what is sent, and what an officer does when it is referred."""

    name: str
    applicant: dict[str, Any]
    documents: tuple[bytes, ...]
    selfie: bytes | None = None
    disposition: str = "approve"
    reason: str = "The documents were compared again by hand."


def stories(as_of: date, listed: tuple[str, str, date]) -> Iterator[Story]:
    """The applicants, drawn one by one as they are asked for.

    `listed` is a (surname, given names, birth date) that stands on an invented watchlist.
    """
    clean = _document(1, as_of, DocumentType.TD3)
    card = _document(2, as_of, DocumentType.TD1)
    expired = _document(3, as_of, DocumentType.TD3, expired=True)
    retyped = _document(4, as_of, DocumentType.TD3, defect=Defect.CHECK_DIGIT)
    mistaken = _document(6, as_of, DocumentType.TD3)
    swapped = _document(7, as_of, DocumentType.TD3, defect=Defect.SWAPPED_PORTRAIT)
    surname, given_names, born = listed
    sanctioned = replace(
        _document(8, as_of, DocumentType.TD3), surname=surname, given_names=given_names, birth_date=born
    )
    yield Story("valid passport, same face", _applicant(clean), (_picture(clean),), draw_selfie(clean.identity, 1))
    yield Story("valid identity card", _applicant(card), (_picture(card),))
    yield Story(
        "expired passport", _applicant(expired), (_picture(expired),), None, "reject", "No valid document sent."
    )
    yield Story(
        "re-typed digit in the zone", _applicant(retyped), (_picture(retyped),), None, "reject", "Altered document."
    )
    yield Story(
        "birth date mistyped",
        {**_applicant(mistaken), "birth_date": (mistaken.birth_date + timedelta(days=1)).isoformat()},
        (_picture(mistaken),),
        None,
        "approve",
        "Called the applicant: the birth date was mistyped, the passport is right.",
    )
    yield Story(
        "portrait of another person",
        _applicant(swapped),
        (_picture(swapped),),
        draw_selfie(swapped.identity, 7),
        "reject",
        "The portrait is not the applicant.",
    )
    yield Story(
        "on a sanctions list",
        _applicant(sanctioned),
        (_picture(sanctioned),),
        None,
        "block",
        "Name, birth date and country agree with the listed person.",
    )
    broken = _document(10, as_of, DocumentType.TD3)
    damaged = _picture(broken)
    yield Story("damaged upload", _applicant(broken), (damaged[: len(damaged) // 20],))


def invented_applicant(seed: int, as_of: date) -> tuple[bytes, dict[str, Any]]:
    """The picture of a valid passport and the application of its holder."""
    spec = _document(100 + seed, as_of, DocumentType.TD3)
    return _picture(spec), _applicant(spec)


def _document(seed: int, as_of: date, kind: DocumentType, **options: Any) -> DocumentSpec:
    spec = invent_document(20_260 + seed, as_of, type=kind, **options)
    state = STATES[seed % len(STATES)]
    return replace(spec, nationality=state, issuer=state, identity=0 if seed in (1, 7) else seed)


def _picture(spec: DocumentSpec) -> bytes:
    return draw_document(spec, 7).image_bytes


def _applicant(spec: DocumentSpec) -> dict[str, Any]:
    country = alpha2(spec.nationality)
    return {
        "kind": "person",
        "surname": spec.surname,
        "given_names": spec.given_names,
        "birth_date": spec.birth_date.isoformat(),
        "nationality": country,
        "country_of_residence": country,
        "occupation": "employed",
        "product": "current_account",
        "monthly_income": {"amount": "4200.00", "currency": "USD"},
        "channel": "online",
        "expected_monthly_volume": {"amount": "2500.00", "currency": "USD"},
    }


def real_documents(data: Path, today: date) -> list[Story]:
    """A few of the real specimens, where they are installed: submitted under what is printed on them."""
    expected = data / "documents" / "expected.json"
    if not expected.exists():
        return []
    found: list[Story] = []
    for name, truth in sorted(json.loads(expected.read_text()).items()):
        fields = truth["fields"]
        if truth["kind"] == "TD3" and truth["all_ok"] and len(found) < REAL_DOCUMENTS:
            born = datetime.strptime(fields["dob"], "%y%m%d").replace(tzinfo=UTC).date()
            born = born if born < today else born.replace(year=born.year - 100)
            applicant = {
                "kind": "person",
                "surname": fields["surname"].title() or "Specimen",
                "given_names": fields["given"].title() or "Specimen",
                "birth_date": born.isoformat(),
                "nationality": fields["nat"].strip("<") if len(fields["nat"].strip("<")) == 3 else "DEU",
                "country_of_residence": "DE",
            }
            image = (data / "documents" / name).read_bytes()
            found.append(Story(f"real specimen {name}", applicant, (image,), None, "reject", "A specimen."))
    return found


# --- Watchlists -------------------------------------------------------------------------------------------------------


def write_watchlists(folder: Path, seed: int = 11) -> None:
    """Invented lists in the authorities' own formats: OFAC SDN, OFAC consolidated, UN, EU."""
    write_ofac(folder, seed, LISTED)
    cons = folder / "cons"
    write_ofac(cons, seed + 1, LISTED)
    for ours, theirs in (("sdn", "prim"), ("alt", "alt"), ("add", "add"), ("sdn_comments", "comments")):
        shutil.move(cons / f"{ours}.csv", folder / f"cons_{theirs}.csv")
    cons.rmdir()
    write_un(folder / "un_consolidated.xml", seed + 2, LISTED)
    write_eu(folder / "eu_fsf.xml", seed + 3, LISTED)


def listed_person(folder: Path) -> tuple[str, str, date]:
    """Surname, given names and birth date of the first invented person on the list with a full birth date."""
    for entity in parse_ofac(folder).entities:
        properties = entity["properties"]
        born = [text for text in properties.get("birthDate", ()) if len(text) == 10]
        name = properties["name"][0].split()
        if entity["schema"] == "Person" and born and len(name) == 2 and name[1].isalpha():
            return name[1].title(), name[0].title(), date.fromisoformat(born[0])
    raise LookupError("no invented person with a full birth date")


# --- Transactions -----------------------------------------------------------------------------------------------------


def payments(now: datetime) -> list[Payment]:
    """A month of an invented society up to now, with laundering among it."""
    world = generate(
        seed=20_261_122,
        people=PEOPLE,
        days=DAYS,
        schemes_per_thousand=4.0,
        currency="USD",
        threshold=Decimal(10_000),
        start=now - timedelta(days=DAYS),
    )
    return [payment for payment in world if payment.transaction.booked_at <= now]


def accounts_to_open(world: Sequence[Payment], count: int) -> list[str]:
    """Accounts for the demo's customers: those that stand at the centre of schemes first, one a scheme."""
    centres: dict[int, dict[str, int]] = {}
    for payment in world:
        if payment.laundering:
            seen = centres.setdefault(payment.scheme, {})
            for account in (payment.transaction.debtor_account, payment.transaction.creditor_account):
                seen[account] = seen.get(account, 0) + 1
    chosen = [max(seen, key=lambda account: seen[account]) for seen in centres.values()]
    return list(dict.fromkeys(chosen))[:count]


# --- The institution --------------------------------------------------------------------------------------------------


def example_filer() -> Filer:
    """An invented institution that files on FinCEN's test site."""
    address = Address(street="1 Example Plaza", city="New York", state="NY", postal_code="10001", country="US")
    phone = Phone(number="2125550100")
    return Filer(
        institution=Institution(name="Example Bank", tin="458291637", address=address, phone=phone, regulator_code="4"),
        transmitter_name="Example Bank",
        transmitter_tin="458291637",
        transmitter_control_code="TBSATEST",
        transmitter_address=address,
        transmitter_phone=phone,
        transmitter_contact="Compliance",
        contact_office="Compliance",
        contact_phone=phone,
    )
