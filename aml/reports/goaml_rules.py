"""What a goAML report needs beyond what its XSD says clearly: a table of small functions over the file.

Many of these repeat the schema in words that an officer understands: the schema says "expected birthdate", these say
whose.
"""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from aml.reports.findings import blocks, warns
from aml.reports.goaml_profile import FiuProfile
from explain.record import Finding

_SCHEMA = "goAML schema 5.0.2"


def report_findings(root: etree._Element, profile: FiuProfile) -> tuple[Finding, ...]:
    """Everything that stands against a report, in the order of the table; it need not be schema-valid."""
    return tuple(finding for rule in RULES for finding in rule(root, profile))


def _reporter(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    if not root.findtext("rentity_id"):
        yield blocks("REPORTING_ENTITY_UNKNOWN", "The FIU's number of the reporting entity is not configured.", _SCHEMA)
    if root.find("reporting_person") is None and root.find("reporting_user_code") is None:
        yield warns("REPORTING_PERSON_MISSING", "The report names no reporting person.", _SCHEMA)


def _codes(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    wanted = profile.report_codes["transactions" if root.find("transaction") is not None else "activity"]
    if root.findtext("report_code") != wanted:
        yield blocks(
            "REPORT_CODE_WRONG",
            f"A report {'with' if root.find('transaction') is not None else 'without'} transactions is a {wanted}.",
            profile.schema_source,
            wanted=wanted,
        )
    if root.findtext("currency_code_local") != profile.currency:
        yield blocks(
            "CURRENCY_WRONG", f"The local currency of {profile.name} is {profile.currency}.", profile.schema_source
        )


def _clients(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    for person in _client_persons(root):
        name = _person_name(person)
        if person.find("birthdate") is None:
            yield blocks("BIRTH_DATE_NEEDED", f"{name}: the birth date of a client must be given.", _SCHEMA)
        if person.find("identification") is None and person.find("identifications") is None:
            yield blocks(
                "IDENTIFICATION_NEEDED",
                f"{name}: a client needs a document with its number, dates of issue and expiry, and country.",
                _SCHEMA,
            )
        if profile.unknown in (person.findtext("first_name"), person.findtext("last_name")):
            yield warns("NAME_INCOMPLETE", f"{name}: a client's name is not fully known.", _SCHEMA)
    for entity in _client_entities(root):
        name = entity.findtext("name") or "An organisation"
        for element, what in (
            ("incorporation_number", "registration number"),
            ("incorporation_date", "date of incorporation"),
            ("director_id", "director or another person who acts for it"),
        ):
            if entity.find(element) is None and not (
                element == "director_id" and entity.find("related_persons") is not None
            ):
                yield blocks(
                    "ORGANISATION_INCOMPLETE",
                    f"{name}: the {what} of a client must be given.",
                    _SCHEMA,
                    element=element,
                )
    for account in _client_accounts(root):
        number = account.findtext("account") or "without number"
        if account.find("opened") is None:
            yield blocks("ACCOUNT_OPENING_NEEDED", f"Account {number}: the opening date must be given.", _SCHEMA)
        if account.find("signatory") is None and account.find("related_persons") is None:
            yield blocks("SIGNATORY_NEEDED", f"Account {number}: a client's account needs a signatory.", _SCHEMA)


def _transactions(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    seen: set[str] = set()
    for transaction in root.iterfind("transaction"):
        number = transaction.findtext("transactionnumber") or ""
        if number in seen:
            yield blocks("TRANSACTION_REPEATED", f"Transaction {number} stands twice.", _SCHEMA, transaction=number)
        seen.add(number)
        amount = transaction.findtext("amount_local")
        if amount is None:
            yield blocks(
                "RATE_MISSING",
                f"Transaction {number}: no rate into {profile.currency} is known for its currency.",
                _SCHEMA,
                transaction=number,
            )
        elif not re.fullmatch(r"\d+(\.\d+)?", amount) or float(amount) <= 0:
            yield blocks(
                "AMOUNT_NOT_POSITIVE", f"Transaction {number}: the amount is {amount}.", _SCHEMA, amount=amount
            )
        booked, filed = transaction.findtext("date_transaction") or "", root.findtext("submission_date") or ""
        if booked[:10] > filed[:10]:
            yield blocks(
                "TRANSACTION_AFTER_REPORT",
                f"Transaction {number} is dated {booked[:10]}, after the report ({filed[:10]}).",
                _SCHEMA,
                transaction=number,
            )
        sides = [name for name in ("t_from_my_client", "t_to_my_client") if transaction.find(name) is not None]
        if not sides and transaction.find("involved_parties") is None:
            yield warns(
                "NO_CLIENT_INVOLVED",
                f"Transaction {number}: neither side is a client of the reporting entity.",
                _SCHEMA,
                transaction=number,
            )


def _reasons(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    if root.find("report_indicators/indicator") is None:
        yield blocks(
            "INDICATOR_MISSING",
            "No typology of the case has an indicator in the FIU's list; an officer must choose one.",
            profile.schema_source,
        )
    if not root.findtext("reason"):
        yield blocks("REASON_MISSING", "The report does not say why the activity is suspicious.", _SCHEMA)
    for party in root.iter("report_party"):
        if not party.findtext("reason"):
            yield blocks("REASON_MISSING", "The report does not say what makes a party of it suspicious.", _SCHEMA)


RULES: tuple[Callable[[etree._Element, FiuProfile], Iterator[Finding]], ...] = (
    _reporter,
    _codes,
    _clients,
    _transactions,
    _reasons,
)


def _client_persons(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iter("person_my_client")
    for side in ("from", "to"):
        yield from root.iterfind(f".//t_{side}_my_client/{side}_person")
    for account in _client_accounts(root):
        yield from account.iterfind("signatory/t_person")


def _client_entities(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iter("entity_my_client")
    for side in ("from", "to"):
        yield from root.iterfind(f".//t_{side}_my_client/{side}_entity")
    for account in _client_accounts(root):
        yield from account.iterfind("t_entity")


def _client_accounts(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iter("account_my_client")
    for side in ("from", "to"):
        yield from root.iterfind(f".//t_{side}_my_client/{side}_account")


def _person_name(person: etree._Element) -> str:
    return f"{person.findtext('first_name') or ''} {person.findtext('last_name') or ''}".strip()
