"""Reports on blocked property and on rejected transactions, with what 31 CFR 501.603(b)(1)(ii) and 501.604(b) ask for.

OFAC publishes no schema: its reporting system (ORS) takes these facts on a form of its own. So this is a structured
form of ours, in JSON, with a CSV and a text rendering to copy from; EU authorities get the same facts.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from aml.reports.findings import NOT_WELL_FORMED, blocks, warns
from aml.reports.party import Address, Filer, Subject
from aml.transaction import Transaction
from explain.record import Finding, canonical_json

FORM = "clearance/blocking-report/1"
_PART = "31 CFR 501.603(b)(1)(ii)"
_REJECTED = "31 CFR 501.604(b)"


class BlockingKind(StrEnum):
    BLOCKING = "blocking"
    """Property was in our hands and is now frozen."""
    REJECTION = "rejection"
    """There was no property; business was refused."""


@dataclass(frozen=True, slots=True)
class BlockedProperty:
    """`value` is `None` where nobody has stated it; then the report asks for it."""

    reference: str
    description: str
    location: str
    value: Decimal | None = None
    currency: str | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class BlockingCase:
    reference: str
    kind: BlockingKind
    filer: Filer
    target: Subject
    """The sanctioned person."""
    acted_on: date
    """The day of the blocking or rejection."""
    filed_on: date
    legal_authority: str | None
    """The sanctions programme or legal basis; `None` where nobody has stated it."""
    grounds: tuple[str, ...]
    """The codes of the rules and lists that the decision rests on."""
    properties: tuple[BlockedProperty, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    corrects: str | None = None
    """The number of the report that this one corrects."""


def build_blocking(case: BlockingCase) -> bytes:
    """The form as JSON, the same bytes for the same case."""
    institution = case.filer.institution
    return canonical_json(
        {
            "form": FORM,
            "kind": case.kind.value,
            "reference": case.reference,
            "corrects": case.corrects,
            "filed_on": case.filed_on,
            "filer": {
                "name": institution.name,
                "address": _address(institution.address),
                "contact": case.filer.contact_office,
                "phone": case.filer.contact_phone.number,
            },
            "target": {
                "name": case.target.name if case.target.surname or case.target.given_name else None,
                "organisation": case.target.is_entity,
                "birth_date": case.target.birth_date,
                "nationality": case.target.nationality,
                "addresses": [_address(address) for address in case.target.addresses],
                "identifiers": [
                    {"kind": one.kind.value, "number": one.number, "country": one.issuer_country}
                    for one in case.target.identifiers
                ],
            },
            "acted_on": case.acted_on,
            "legal_authority": case.legal_authority,
            "grounds": list(case.grounds),
            "properties": [
                {
                    "reference": one.reference,
                    "description": one.description,
                    "location": one.location,
                    "value": None if one.value is None else str(one.value),
                    "currency": one.currency,
                    "estimated": one.estimated,
                }
                for one in case.properties
            ],
            "transactions": [
                {
                    "reference": one.transaction_id,
                    "date": one.booked_at.date(),
                    "type": one.channel.value,
                    "from": one.debtor_account,
                    "to": one.creditor_account,
                    "amount": str(one.money.amount),
                    "currency": one.money.currency,
                }
                for one in sorted(case.transactions, key=lambda t: (t.booked_at, t.transaction_id))
            ],
        }
    )


def validate_blocking(content: bytes) -> tuple[Finding, ...]:
    """What the form still lacks. There is no schema to check against."""
    try:
        form = json.loads(content)
    except ValueError as error:
        return (blocks(NOT_WELL_FORMED, f"The form is not JSON: {error}.", "RFC 8259"),)
    if not isinstance(form, dict) or form.get("form") != FORM:
        return (blocks("UNKNOWN_FORM", f"This is no {FORM}.", "house rule"),)
    return tuple(finding for rule in RULES for finding in rule(form))


def as_csv(content: bytes) -> str:
    """A row a property, or one where there is none: the columns that an annual report of blocked property needs too."""
    form = json.loads(content)
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(_COLUMNS)
    for one in form["properties"] or [{}]:
        row = [form["reference"], form["kind"], form["acted_on"], form["target"]["name"], form["legal_authority"]]
        row += [one.get(name) for name in ("reference", "description", "location", "value", "currency", "estimated")]
        writer.writerow([_harmless("" if value is None else str(value)) for value in row])
    return lines.getvalue()


_COLUMNS = (
    "reference", "kind", "date", "sanctioned_person", "legal_authority", "property", "description", "location", "value",
    "currency", "estimated",
)  # fmt: skip


def as_lines(content: bytes) -> tuple[str, ...]:
    """The form as text, a line a fact, in the order of the regulation: what the PDF shows."""
    form = json.loads(content)
    lines = [f"Report of {'blocked property' if form['kind'] == 'blocking' else 'a rejected transaction'}", ""]
    for title, value in (
        ("Reference", form["reference"]),
        ("Corrects", form["corrects"]),
        ("Filed on", form["filed_on"]),
        ("Filer", form["filer"]["name"]),
        ("Filer's address", _line(form["filer"]["address"])),
        ("Contact", f"{form['filer']['contact']}, {form['filer']['phone']}"),
        ("Sanctioned person", form["target"]["name"]),
        ("Born", form["target"]["birth_date"]),
        ("Nationality", form["target"]["nationality"]),
        *(("Address", _line(address)) for address in form["target"]["addresses"]),
        *((one["kind"].replace("_", " ").capitalize(), one["number"]) for one in form["target"]["identifiers"]),
        ("Date of blocking" if form["kind"] == "blocking" else "Date of rejection", form["acted_on"]),
        ("Legal authority", form["legal_authority"]),
        ("Grounds", ", ".join(form["grounds"])),
    ):
        if value:
            lines.append(f"{title}: {value}")
    for one in form["properties"]:
        worth = "value not stated" if one["value"] is None else f"{one['value']} {one['currency']}"
        lines += ["", f"Property {one['reference']}: {one['description']}, {one['location']}"]
        lines.append(f"  {worth}{' (estimated)' if one['estimated'] else ''}")
    for one in form["transactions"]:
        lines.append(
            f"Transaction {one['reference']}: {one['date']}, {one['type']}, {one['amount']} {one['currency']}, "
            f"from {one['from']} to {one['to']}"
        )
    return tuple(lines)


def _parties(form: Mapping[str, Any]) -> Iterator[Finding]:
    if not form["target"]["name"]:
        yield blocks("TARGET_MISSING", "The sanctioned person is not named.", f"{_PART}(D)")
    if not (form["filer"]["name"] and form["filer"]["address"].get("street") and form["filer"]["phone"]):
        yield blocks("FILER_INCOMPLETE", "The filer needs a name, an address and a contact.", f"{_PART}(A)")
    if not form["target"]["addresses"]:
        yield warns("TARGET_ADDRESS_UNKNOWN", "No address of the sanctioned person is known.", f"{_PART}(B)")


def _basis(form: Mapping[str, Any]) -> Iterator[Finding]:
    if not form["legal_authority"]:
        yield blocks(
            "LEGAL_AUTHORITY_NEEDED",
            "State the sanctions programme or legal basis: the report must name it.",
            f"{_PART}(G); {_REJECTED}(6)",
        )
    if form["filed_on"] < form["acted_on"]:
        yield blocks("DATES_OUT_OF_ORDER", "The report is filed before the blocking.", f"{_PART}(E)")


def _properties(form: Mapping[str, Any]) -> Iterator[Finding]:
    if form["kind"] != BlockingKind.BLOCKING:
        return
    if not form["properties"]:
        yield blocks("PROPERTY_MISSING", "A report on blocked property describes the property.", f"{_PART}(C)")
    for one in form["properties"]:
        if one["value"] is None or not one["currency"]:
            yield blocks(
                "VALUE_NEEDED",
                f"Property {one['reference']}: state its value on the day of the blocking, or an estimate.",
                f"{_PART}(F)",
                property=one["reference"],
            )
        elif Decimal(one["value"]) < 0:
            yield blocks("VALUE_NEGATIVE", f"Property {one['reference']} the value is below nothing.", f"{_PART}(F)")


RULES: tuple[Callable[[Mapping[str, Any]], Iterator[Finding]], ...] = (_parties, _basis, _properties)


def _address(address: Address) -> dict[str, str | None]:
    return {
        "street": address.street,
        "city": address.city,
        "state": address.state,
        "postal_code": address.postal_code,
        "country": address.country,
    }


def _line(address: Mapping[str, str | None]) -> str:
    return ", ".join(value for value in address.values() if value)


def _harmless(cell: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
