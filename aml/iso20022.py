"""Transactions from ISO 20022 messages: pain.001, pacs.008, camt.053 and camt.054, of any version.

Elements are found by their local names, which the versions share; a message is read entry by entry, so its length does
not matter. What comes is hostile until read: no document type, no entity, no network.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from lxml import etree

from aml.money import InvalidMoney, Money, parse_money
from aml.rows import BrokenRow, FileUnreadable
from aml.transaction import Channel, InvalidTransaction, Transaction

MESSAGES = {
    "CstmrCdtTrfInitn": "pain.001",
    "FIToFICstmrCdtTrf": "pacs.008",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
_PAYMENT = {"pain.001": "CdtTrfTxInf", "pacs.008": "CdtTrfTxInf", "camt.053": "Ntry", "camt.054": "Ntry"}
_CHANNELS = {
    "CNTR": Channel.CASH_DEPOSIT,
    "CCRD": Channel.CARD,
    "MCRD": Channel.CARD,
    "RDDT": Channel.DIRECT_DEBIT,
    "IDDT": Channel.DIRECT_DEBIT,
    "RCHQ": Channel.CHEQUE,
    "ICHQ": Channel.CHEQUE,
    "RRCT": Channel.INSTANT,
    "IRCT": Channel.INSTANT,
}
"""Families of the bank transaction codes (ISO 20022 external code set, domain PMNT); others are transfers."""

_OTHER_AMOUNTS = ("TxAmt", "CntrValAmt", "InstdAmt")


class _Missing(Exception):
    """An element that a payment needs is not there, or is not what it should be."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(column, problem)
        self.column = column
        self.problem = problem


def read_messages(path: Path) -> Iterator[Transaction | BrokenRow]:
    """The payments of one message file; a row's number is its line in the file.

    Where a payment has amounts in two currencies, the second is its counter value: what an account was booked with, or
    what was instructed. Entries of accounts count when they are booked; pending ones come again when they are. Instants
    without a time zone are taken as UTC, dates without a time as their midnight. Raises `FileUnreadable` before the
    first row.
    """
    try:
        content = path.open("rb")
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror or error}") from None
    with content:
        yield from _read(path, content)


def _read(path: Path, content: IO[bytes]) -> Iterator[Transaction | BrokenRow]:
    message, read = "", 0
    try:
        events = etree.iterparse(
            content,
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        for event, element in events:
            name = etree.QName(element).localname
            if event == "start":
                if element.getparent() is None and element.getroottree().docinfo.doctype:
                    raise FileUnreadable(f"{path} declares a document type: no payment message does, so it is refused")
                message = message or MESSAGES.get(name, "")
                continue
            if not message or name != _PAYMENT[message]:
                continue
            for payment in _payments(message, element, read + 1):
                read += 1
                yield _transaction(path.name, element.sourceline or read, payment)
            _forget(element)
    except etree.XMLSyntaxError as error:
        if not read:
            raise FileUnreadable(f"{path} is not well-formed XML: {error}") from None
        yield BrokenRow(path.name, error.lineno or 0, "", f"{error.msg}; the rest of the file is not read")
        return
    if not message:
        raise FileUnreadable(f"{path} holds none of the messages {', '.join(MESSAGES.values())}")


def _forget(element: etree._Element) -> None:
    """Free an entry that was read, and what is left of those before it."""
    element.clear()
    parent, before = element.getparent(), element.getprevious()
    while parent is not None and before is not None and before.tag == element.tag:
        parent.remove(before)
        before = element.getprevious()


_Reader = Callable[[], dict[str, str]]
"""Reads the fields of one payment; raises _Missing."""


def _payments(message: str, element: etree._Element, number: int) -> list[_Reader]:
    """What reads each payment of an element; the first is the file's `number`th."""
    if message in ("pain.001", "pacs.008"):
        return [partial(_transfer, element, number, message == "pain.001")]
    if (_text(element, "Sts/Cd") or _text(element, "Sts") or "BOOK") != "BOOK":
        return []
    details = [found for parent in _all(element, "NtryDtls") for found in _all(parent, "TxDtls")]
    if not details:
        return [partial(_entry, element, None, number, None)]
    if len(details) == 1:
        return [partial(_entry, element, details[0], number, None)]
    return [partial(_entry, element, detail, number, place) for place, detail in enumerate(details)]


def _transaction(file: str, line: int, read: _Reader) -> Transaction | BrokenRow:
    try:
        values = read()
        money = parse_money(values["amount"], values["currency"])
        return Transaction(
            values["id"],
            _instant(values["booked_at"]),
            values["debtor"],
            values["creditor"],
            money,
            Channel(values["channel"]),
            *(values[name] or None for name in ("debtor_country", "creditor_country", "purpose")),
            *(values[name] or None for name in ("debtor_party", "creditor_party", "debtor_bank", "creditor_bank")),
            counter_value=_counter_value(values),
        )
    except _Missing as missing:
        return BrokenRow(file, line, missing.column, missing.problem)
    except InvalidMoney as error:
        return BrokenRow(file, line, "Amt", str(error))
    except InvalidTransaction as error:
        return BrokenRow(file, line, error.field, error.problem)


def _counter_value(values: dict[str, str]) -> Money | None:
    if "counter_amount" not in values:
        return None
    try:
        return parse_money(values["counter_amount"], values["counter_currency"])
    except InvalidMoney as error:
        raise _Missing(values["counter_element"], str(error)) from None


def _counter(amount: etree._Element, *places: tuple[etree._Element | None, str]) -> dict[str, str]:
    """The first of the other amounts of a payment that is in another currency: as settled, booked or instructed."""
    for parent, path in places:
        other = _first(parent, path)
        if other is not None and other.get("Ccy", amount.get("Ccy", "")) != amount.get("Ccy", ""):
            return {
                "counter_amount": (other.text or "").strip(),
                "counter_currency": other.get("Ccy", ""),
                "counter_element": path.removesuffix("/Amt"),
            }
    return {}


def _transfer(element: etree._Element, number: int, initiated: bool) -> dict[str, str]:
    """A payment of pain.001 (its debtor is the group's) or of pacs.008."""
    group = element.getparent()
    assert group is not None
    message = group.getparent() if initiated else group
    assert message is not None
    head = _first(message, "GrpHdr")
    sender = group if initiated else element
    amount = _first(element, "Amt/InstdAmt" if initiated else "IntrBkSttlmAmt")
    if amount is None and initiated:
        amount = _first(element, "Amt/EqvtAmt/Amt")
    if amount is None:
        raise _Missing("InstdAmt" if initiated else "IntrBkSttlmAmt", "is missing; every payment has an amount")
    fast = "INST" in (_text(element, "PmtTpInf/LclInstrm/Cd"), _text(group, "PmtTpInf/LclInstrm/Cd"))
    if initiated:
        moment = _date(group, "ReqdExctnDt")
    else:
        moment = _text(element, "AccptncDtTm") or _date(element, "IntrBkSttlmDt") or _date(head, "IntrBkSttlmDt")
    created = _text(head, "CreDtTm")
    if not moment or (len(moment) == 10 and created.startswith(moment)):
        moment = created  # the day alone is known, and this was that day's hour
    return {
        "id": _text(element, "PmtId/TxId") or _text(element, "PmtId/UETR") or f"{_text(head, 'MsgId')}:{number}",
        "booked_at": moment,
        "amount": (amount.text or "").strip(),
        "currency": amount.get("Ccy", ""),
        "channel": Channel.INSTANT if fast else Channel.TRANSFER,
        "purpose": _text(element, "Purp/Cd") or _text(element, "Purp/Prtry") or _text(element, "RmtInf/Ustrd"),
        **_counter(amount, (element, "InstdAmt")),
        **_side("debtor", sender, sender, "Dbtr"),
        **_side("creditor", element, element, "Cdtr"),
    }


def _entry(entry: etree._Element, detail: etree._Element | None, number: int, place: int | None) -> dict[str, str]:
    """A booked entry of an account, or the payment at a place of an entry that stands for several."""
    statement = entry.getparent()
    assert statement is not None
    own = _first(statement, "Acct")
    account = _account(own, "Id")
    if not account:
        raise _Missing("Acct", "the statement names no account (IBAN or Othr/Id)")
    amount = _first(detail, "Amt")
    if amount is None:
        amount = _first(detail, "AmtDtls/TxAmt/Amt")
    if amount is None and place is None:
        amount = _first(entry, "Amt")
    if amount is None:
        raise _Missing("TxDtls/Amt", "is missing; an entry of several payments states each one's amount")
    whole_entry = entry if place is None else None
    others = [(parent, f"AmtDtls/{name}/Amt") for name in _OTHER_AMOUNTS for parent in (detail, whole_entry)]
    direction = _text(detail, "CdtDbtInd") or _text(entry, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise _Missing("CdtDbtInd", f"{direction!r} is neither CRDT nor DBIT")
    code = _first(detail, "BkTxCd/Domn/Fmly")
    if code is None:
        code = _first(entry, "BkTxCd/Domn/Fmly")
    channel = _CHANNELS.get(_text(code, "Cd"), Channel.TRANSFER)
    bank = _bank(own, "Svcr")
    if channel is Channel.CASH_DEPOSIT and direction == "DBIT":
        channel = Channel.CASH_WITHDRAWAL
    sides = {
        name: _side(name, _first(detail, "RltdPties"), _first(detail, "RltdAgts"), tag, required=False)
        for name, tag in (("debtor", "Dbtr"), ("creditor", "Cdtr"))
    }
    mine, other, tag = ("creditor", "debtor", "DbtrAcct") if direction == "CRDT" else ("debtor", "creditor", "CdtrAcct")
    sides[mine][mine] = account
    sides[mine][f"{mine}_bank"] = bank or sides[mine][f"{mine}_bank"]
    sides[mine][f"{mine}_country"] = _country(account, bank) or sides[mine][f"{mine}_country"]
    if not sides[other][other]:
        if channel not in (Channel.CASH_DEPOSIT, Channel.CASH_WITHDRAWAL, Channel.CARD):
            raise _Missing(tag, "is missing; a payment has an account on both sides")
        sides[other][other] = f"{'card' if channel is Channel.CARD else 'cash'} at {bank or account}"
    reference = _text(detail, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    whole = f"{account}:{reference or _text(statement, 'Id') + ':' + str(number)}"
    if place is not None:
        whole = f"{whole}:{place}"
    return {
        "id": _text(detail, "Refs/UETR") or _text(detail, "Refs/TxId") or whole,
        "booked_at": _date(entry, "BookgDt") or _date(entry, "ValDt") or _text(statement, "CreDtTm"),
        "amount": (amount.text or "").strip(),
        "currency": amount.get("Ccy", "") or _text(own, "Ccy"),
        "channel": channel,
        "purpose": _text(detail, "Purp/Cd") or _text(detail, "RmtInf/Ustrd"),
        **_counter(amount, (whole_entry, "Amt"), *others),
        **sides["debtor"],
        **sides["creditor"],
    }


def _side(
    name: str, parties: etree._Element | None, agents: etree._Element | None, tag: str, required: bool = True
) -> dict[str, str]:
    """Account, bank, country and identification of one side. A name alone identifies nobody: many share it."""
    party = _first(parties, f"{tag}/Pty")
    if party is None:
        party = _first(parties, tag)
    account = _account(parties, f"{tag}Acct/Id")
    if not account and required:
        raise _Missing(f"{tag}Acct", "is missing; a payment has an account on both sides")
    bank = _bank(agents, f"{tag}Agt")
    address = _text(party, "PstlAdr/Ctry") or _text(party, "CtryOfRes")
    identified = _text(party, "Id/OrgId/LEI") or _text(party, "Id/OrgId/Othr/Id") or _text(party, "Id/PrvtId/Othr/Id")
    return {
        name: account,
        f"{name}_bank": bank,
        f"{name}_country": _country(account, bank) or address,
        f"{name}_party": identified,
    }


def _account(element: etree._Element | None, path: str) -> str:
    return _text(element, f"{path}/IBAN").replace(" ", "").upper() or _text(element, f"{path}/Othr/Id")


def _bank(element: etree._Element | None, path: str) -> str:
    found = _first(element, f"{path}/FinInstnId")
    return _text(found, "BICFI") or _text(found, "BIC") or _text(found, "ClrSysMmbId/MmbId")


def _country(account: str, bank: str) -> str:
    """Of an IBAN, else of a BIC, else nothing."""
    if len(account) >= 15 and account[:2].isalpha() and account[2:4].isdigit():
        return account[:2]
    return bank[4:6] if len(bank) in (8, 11) and bank[:6].isalpha() else ""


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _Missing("date", f"{text!r} is not a time; write it like 2026-01-31T12:00:00+00:00") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _date(element: etree._Element | None, path: str) -> str:
    """A choice of a date and a time, or (in old versions) a date as it stands."""
    return _text(element, f"{path}/DtTm") or _text(element, f"{path}/Dt") or _text(element, path)


def _all(element: etree._Element | None, name: str) -> list[etree._Element]:
    if element is None:
        return []
    return [child for child in element if isinstance(child.tag, str) and etree.QName(child).localname == name]


def _first(element: etree._Element | None, path: str) -> etree._Element | None:
    for name in path.split("/"):
        element = next(iter(_all(element, name)), None)
    return element


def _text(element: etree._Element | None, path: str) -> str:
    found = _first(element, path)
    return "" if found is None else (found.text or "").strip()
