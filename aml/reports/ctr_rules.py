"""The rules of the FinCEN CTR that its schema does not hold, as a table of small functions over the file."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from aml.reports.fincen_batch import COMMON_RULES
from aml.reports.findings import blocks, warns
from explain.record import Finding

_NS = {"fc2": "www.fincen.gov/base"}
_GUIDE = "FinCEN CTR XML Schema User Guide 1.6"
_PERSONS = ("50", "17", "23")


@dataclass(frozen=True, slots=True)
class CtrTerms:
    """The regime's numbers: what cash must exceed, in whole dollars, and the days there are to file."""

    threshold: int
    threshold_citation: str
    days_to_file: int
    days_citation: str


def ctr_findings(root: etree._Element, terms: CtrTerms) -> tuple[Finding, ...]:
    """Everything that stands against a file, in the order of the table; it need not be schema-valid."""
    own = (finding for rule in RULES for finding in rule(root, terms))
    return (*own, *(finding for rule in COMMON_RULES for finding in rule(root)))


def _totals(root: etree._Element, terms: CtrTerms) -> Iterator[Finding]:
    counted = {
        "TotalAmount": sum(_number(t) for name in _TOTALS for t in _all(root, f".//fc2:{name}")),
        "PartyCount": sum(code in _PERSONS for code in _codes(root)),
        "ActivityCount": len(root.findall("fc2:Activity", _NS)),
    }
    for name, count in counted.items():
        if root.get(name) != str(count):
            yield blocks(
                "BATCH_TOTAL_WRONG",
                f"{name} says {root.get(name)}, the file holds {count}.",
                f"{_GUIDE}, EFilingBatchXML",
                attribute=name,
                counted=count,
            )


_TOTALS = ("TotalCashInReceiveAmountText", "TotalCashOutAmountText")


def _parties(root: etree._Element, terms: CtrTerms) -> Iterator[Finding]:
    codes = _codes(root)
    for code in ("35", "37", "30", "8", "34"):
        if codes.count(code) != 1:
            yield blocks(
                "PARTY_MISSING" if not codes.count(code) else "PARTY_REPEATED",
                f"The report has {codes.count(code)} parties of type {code}; it takes one.",
                f"{_GUIDE}, ActivityPartyTypeCode",
                party=code,
            )
    if not any(code in _PERSONS for code in codes):
        yield blocks("PERSON_MISSING", "The report names nobody whose cash it was.", f"{_GUIDE}, ActivityPartyTypeCode")
    if "17" in codes and "23" not in codes:
        yield blocks(
            "PRINCIPAL_MISSING",
            "Someone conducted the transactions for another; that other is missing.",
            "31 CFR 1010.312",
        )


def _conductor(root: etree._Element, terms: CtrTerms) -> Iterator[Finding]:
    aggregated = _all(root, ".//fc2:AggregateTransactionIndicator") == ["Y"]
    machine = any(
        _all(root, f".//fc2:{name}Indicator") == ["Y"]
        for name in ("ArmoredCarService", "ATM", "MailDepositShipment", "NightDeposit")
    )
    if not {"50", "17"} & set(_codes(root)) and not aggregated and not machine:
        yield blocks(
            "CONDUCTOR_MISSING",
            "A single transaction over the threshold needs the person who conducted it, identified beforehand.",
            "31 CFR 1010.312",
        )


def _amounts(root: etree._Element, terms: CtrTerms) -> Iterator[Finding]:
    said = {name: (_all(root, f".//fc2:{name}") or [""])[0] for name in _TOTALS}
    for name, amount in said.items():
        if amount and not amount.isdecimal():
            yield blocks("AMOUNT_NOT_WHOLE", f"{name} is {amount!r}; amounts are whole dollars.", f"{_GUIDE}, {name}")
    if all(_number(amount) <= terms.threshold for amount in said.values()):
        yield blocks(
            "NOT_OVER_THRESHOLD",
            f"Neither cash in nor cash out is more than ${terms.threshold:,}; no report is owed.",
            terms.threshold_citation,
        )
    details = sum(_number(amount) for amount in _all(root, ".//fc2:DetailTransactionAmountText"))
    if details != sum(map(_number, said.values())):
        yield blocks(
            "DETAILS_DO_NOT_ADD_UP",
            f"The details come to {details}, the totals to {sum(map(_number, said.values()))}.",
            f"{_GUIDE}, DetailTransactionAmountText",
        )


def _dates(root: etree._Element, terms: CtrTerms) -> Iterator[Finding]:
    filed, happened = (_date(root, name) for name in ("FilingDateText", "TransactionDateText"))
    if filed is None or happened is None:
        return
    if filed < happened:
        yield blocks("DATES_OUT_OF_ORDER", "The report is filed before the transactions.", f"{_GUIDE}, FilingDateText")
    elif filed > happened + timedelta(days=terms.days_to_file):
        yield warns(
            "FILED_LATE",
            f"Filed {(filed - happened).days} days after the transactions; due within {terms.days_to_file}.",
            terms.days_citation,
            days=(filed - happened).days,
        )


def _kind_of_filing(root: etree._Element, terms: CtrTerms) -> Iterator[Finding]:
    corrects = _all(root, ".//fc2:CorrectsAmendsPriorReportIndicator") == ["Y"]
    initial = _all(root, ".//fc2:InitialReportIndicator") == ["Y"]
    prior = (_all(root, ".//fc2:EFilingPriorDocumentNumber") or [""])[0]
    if corrects == initial:
        yield blocks(
            "KIND_OF_FILING_UNCLEAR", "A report is either initial or correcting.", f"{_GUIDE}, ActivityAssociation"
        )
    if corrects and not re.fullmatch(r"\d{14}", prior):
        yield blocks(
            "PRIOR_DOCUMENT_MISSING",
            "A correcting report names the earlier one by its 14 digits, or by 14 zeros if unknown.",
            f"{_GUIDE}, EFilingPriorDocumentNumber",
        )


RULES: tuple[Callable[[etree._Element, CtrTerms], Iterator[Finding]], ...] = (
    _totals,
    _parties,
    _conductor,
    _amounts,
    _dates,
    _kind_of_filing,
)


def _all(root: etree._Element, path: str) -> list[str]:
    return [node.text or "" for node in root.findall(path, _NS)]


def _codes(root: etree._Element) -> list[str]:
    return _all(root, "fc2:Activity/fc2:Party/fc2:ActivityPartyTypeCode")


def _number(amount: str) -> int:
    return int(amount) if amount.isdecimal() else 0


def _date(root: etree._Element, name: str) -> datetime | None:
    found = _all(root, f".//fc2:{name}")
    try:
        return datetime.strptime(found[0], "%Y%m%d")  # noqa: DTZ007 (a day, compared with a day)
    except (IndexError, ValueError):
        return None
