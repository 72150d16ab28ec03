"""More rules of goAML that no schema holds: dates, amounts and parts of a report that contradict each other.

Apart from `goaml_rules`, which says in words what the schema demands of clients.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

from lxml import etree

from aml.reports.findings import blocks, warns
from aml.reports.goaml_profile import FiuProfile
from explain.record import Finding

_SCHEMA = "goAML schema 5.0.2"


def _dates(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    filed = _day(root.findtext("submission_date"))
    for node in root.iter("birthdate"):
        if filed and _day(node.text) >= filed:
            yield blocks("BORN_AFTER_FILING", f"A person is born on {_day(node.text)}, after the report.", _SCHEMA)
    for document in root.iter("identification"):
        issued, expires = _day(document.findtext("issue_date")), _day(document.findtext("expiry_date"))
        if issued and expires and issued >= expires:
            yield blocks(
                "IDENTIFICATION_DATES_WRONG",
                f"A document is issued on {issued} and expires on {expires}: these must follow each other.",
                _SCHEMA,
            )
        if issued and filed and issued > filed:
            yield blocks("IDENTIFICATION_DATES_WRONG", f"A document is issued on {issued}, after the report.", _SCHEMA)
    for transaction in root.iterfind("transaction"):
        booked = _day(transaction.findtext("date_transaction"))
        for opened in transaction.iter("opened"):
            if booked and _day(opened.text) > booked:
                yield warns(
                    "ACCOUNT_OPENED_LATER",
                    f"Transaction {transaction.findtext('transactionnumber')}: an account was opened on "
                    f"{_day(opened.text)}, after it was used.",
                    _SCHEMA,
                )


def _money(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    for transaction in root.iterfind("transaction"):
        number, local = transaction.findtext("transactionnumber"), _amount(transaction.findtext("amount_local"))
        for foreign in (*transaction.iter("from_foreign_currency"), *transaction.iter("to_foreign_currency")):
            amount, rate = (_amount(foreign.findtext(f"foreign_{name}")) for name in ("amount", "exchange_rate"))
            if foreign.findtext("foreign_currency_code") == profile.currency:
                yield blocks(
                    "FOREIGN_IS_LOCAL",
                    f"Transaction {number}: {profile.currency} is the local currency, not a foreign one.",
                    profile.schema_source,
                )
            if None not in (local, amount, rate) and abs(local - amount * rate) > max(local / 100, Decimal(1)):  # type: ignore[operator]
                yield blocks(
                    "AMOUNTS_DISAGREE",
                    f"Transaction {number}: {amount} at the rate {rate} is not {local} {profile.currency}.",
                    _SCHEMA,
                    transaction=number,
                )


def _sides(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    for transaction in root.iterfind("transaction"):
        if transaction.find("involved_parties") is not None:
            continue
        number = transaction.findtext("transactionnumber")
        for side in ("from", "to"):
            count = len(transaction.findall(f"t_{side}")) + len(transaction.findall(f"t_{side}_my_client"))
            if count != 1:
                yield blocks(
                    "SIDE_MISSING" if count == 0 else "SIDE_REPEATED",
                    f"Transaction {number} has {count} sides that it goes {side}; it takes one.",
                    _SCHEMA,
                    transaction=number,
                )


def _indicators(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    codes = [node.text or "" for node in root.iterfind("report_indicators/indicator")]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield blocks("INDICATOR_REPEATED", f"The indicator {code} stands twice.", profile.schema_source, indicator=code)


def _activity(root: etree._Element, profile: FiuProfile) -> Iterator[Finding]:
    activity = root.find("activity")
    if activity is not None and root.find("transaction") is not None:
        yield blocks("TRANSACTIONS_AND_ACTIVITY", "A report has transactions or an activity, not both.", _SCHEMA)
    if activity is not None and activity.find("report_parties/report_party") is None:
        yield blocks("PARTY_MISSING", "A report on an activity names the parties that it is about.", _SCHEMA)
    if activity is None and root.find("transaction") is None:
        yield blocks("NOTHING_REPORTED", "The report has neither transactions nor an activity.", _SCHEMA)


DETAILS: tuple[Callable[[etree._Element, FiuProfile], Iterator[Finding]], ...] = (
    _dates,
    _money,
    _sides,
    _indicators,
    _activity,
)


def detail_findings(root: etree._Element, profile: FiuProfile) -> tuple[Finding, ...]:
    """Everything of this table that stands against a report, which need not be schema-valid."""
    return tuple(finding for rule in DETAILS for finding in rule(root, profile))


def _day(text: str | None) -> str:
    return (text or "")[:10]


def _amount(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None
