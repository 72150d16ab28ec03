"""The words of a report: who, what, when, where, why and how, from the case's evidence alone.

The templates are deterministic and cite transactions and documents by their ids, so that every statement can be traced.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from aml.reports.case import FilingKind, SarCase
from aml.reports.party import Subject
from aml.reports.text import one_line
from aml.transaction import Channel, Transaction

LONGEST = 17_000
"""FinCEN SAR Electronic Filing Requirements: five blocks, the last of 1,000 characters."""
BLOCK = 4_000
_LISTED_FIRST = 60
"""Transactions that the section "what" lists; the rest is summed up, with the ids kept in the case."""

_CHANNELS = {
    Channel.TRANSFER: "transfer",
    Channel.INSTANT: "instant transfer",
    Channel.WIRE: "wire",
    Channel.CARD: "card payment",
    Channel.CHEQUE: "check",
    Channel.DIRECT_DEBIT: "direct debit",
    Channel.CASH_DEPOSIT: "cash deposit",
    Channel.CASH_WITHDRAWAL: "cash withdrawal",
    Channel.CRYPTO: "transfer of convertible virtual currency",
    Channel.OTHER: "payment",
}


def narrative(case: SarCase, longest: int = LONGEST) -> str:
    """One paragraph of plain text, no line breaks, at most `longest` characters.

    Longer cases list fewer transactions: the number left out and their sum are said, nothing is dropped silently.
    """
    for listed in (_LISTED_FIRST, 40, 25, 15, 8, 4, 2, 1, 0):
        text = one_line(" ".join(_sections(case, listed)))
        if len(text) <= longest:
            return text
    return text[: longest - len(_CUT)].rsplit(" ", 1)[0] + _CUT


_CUT = " [The narrative continues in the case file, which is available on request.]"


def blocks_of(text: str) -> tuple[str, ...]:
    """The narrative in blocks of at most 4,000 characters, cut between words. Raises `ValueError` beyond five."""
    found: list[str] = []
    rest = text.strip()
    while rest:
        if len(rest) <= BLOCK:
            found.append(rest)
            break
        cut = rest.rfind(" ", 0, BLOCK + 1)
        cut = cut if cut > 0 else BLOCK
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if len(found) > 5:
        raise ValueError(f"a narrative of {len(text)} characters does not fit into five blocks of {BLOCK}")
    return tuple(found)


def _sections(case: SarCase, listed: int) -> list[str]:
    sections = [_opening(case), f"WHO: {_who(case)}", f"WHAT: {_what(case, listed)}", f"WHEN: {_when(case)}"]
    sections += [f"WHERE: {_where(case)}", f"WHY: {_why(case)}", f"HOW: {_how(case)}"]
    if case.documents:
        cited = "; ".join(f"{document.description} (document {document.document_id})" for document in case.documents)
        sections.append(f"DOCUMENTS: kept with the case and available on request: {cited}.")
    return sections


def _opening(case: SarCase) -> str:
    institution = case.filer.institution.name
    if case.kind is FilingKind.CORRECTING:
        what = f"This report corrects report {case.prior_document or 'of unknown number'}: {case.correction or ''}"
        return f"{what.rstrip(' .')}. {institution} reports on case {case.case_id}."
    if case.kind is FilingKind.CONTINUING:
        return (
            f"This report continues report {case.prior_document or 'of unknown number'}. "
            f"{institution} reports on continuing activity in case {case.case_id}."
        )
    return (
        f"{institution} reports suspicious activity, case {case.case_id}, detected on {case.detected_on.isoformat()}."
    )


def _who(case: SarCase) -> str:
    return " ".join(f"{_introduce(subject)}." for subject in case.subjects) or "No subject was identified."


def _introduce(subject: Subject) -> str:
    words = [subject.name]
    if subject.aliases:
        words.append(f"also known as {', '.join(subject.aliases)}")
    if subject.birth_date is not None:
        words.append(f"born {subject.birth_date.isoformat()}")
    if subject.nationality:
        words.append(f"national of {subject.nationality}")
    if subject.occupation:
        words.append(f"{'business' if subject.is_entity else 'occupation'}: {subject.occupation}")
    if subject.accounts:
        words.append(f"{_plural('account', len(subject.accounts))} {', '.join(a.number for a in subject.accounts)}")
    return f"{', '.join(words)} (party {subject.party_id})"


def _what(case: SarCase, listed: int) -> str:
    found = " ".join(f"{_name(item.typology)}: {item.text.rstrip('.')}." for item in case.evidence)
    transactions = sorted(case.transactions, key=lambda t: (t.booked_at, t.transaction_id))
    if not transactions:
        return found
    total = f"{len(transactions)} {_plural('transaction', len(transactions))} totalling {_sums(transactions)}"
    shown = "; ".join(_describe(transaction) for transaction in transactions[:listed])
    rest = transactions[listed:]
    more = f"{'; and ' if shown else ''}{len(rest)} more totalling {_sums(rest)}, kept with the case" if rest else ""
    return f"{found} The activity consists of {total}: {shown}{more}."


def _describe(transaction: Transaction) -> str:
    day, way = transaction.booked_at.date().isoformat(), _CHANNELS[transaction.channel]
    amount = f"{_money(transaction.money.amount)} {transaction.money.currency}"
    purpose = f', reference "{transaction.purpose}"' if transaction.purpose else ""
    return (
        f"{day} {way} of {amount} from {transaction.debtor_account} to {transaction.creditor_account} "
        f"(transaction {transaction.transaction_id}{purpose})"
    )


def _when(case: SarCase) -> str:
    first, last = case.first_day().isoformat(), case.last_day().isoformat()
    span = f"on {first}" if first == last else f"between {first} and {last}"
    return f"The activity took place {span} and was detected on {case.detected_on.isoformat()}."


def _where(case: SarCase) -> str:
    countries = Counter(
        country
        for transaction in case.transactions
        for country in (transaction.debtor_country, transaction.creditor_country)
        if country
    )
    branches = sorted({transaction.branch for transaction in case.transactions if transaction.branch})
    said = [f"The activity went through {case.filer.institution.name}"]
    if branches:
        said.append(f"at {_plural('branch', len(branches))} {', '.join(branches)}")
    if countries:
        said.append(f"and touched {', '.join(sorted(countries))}")
    return f"{' '.join(said)}."


def _why(case: SarCase) -> str:
    reasons = ", ".join(dict.fromkeys(_name(item.typology).lower() for item in case.evidence))
    said = f"The activity matches {reasons}." if reasons else "The officers hold the activity to be suspicious."
    return f"{said} {case.conclusion.rstrip('.')}." if case.conclusion else said


def _how(case: SarCase) -> str:
    ways = Counter(_CHANNELS[transaction.channel] for transaction in case.transactions)
    how = ", ".join(f"{count} by {way}" for way, count in sorted(ways.items(), key=lambda item: (-item[1], item[0])))
    proofs = " ".join(
        f"{_name(item.typology)} rests on {_plural('transaction', len(item.transactions))} {_ids(item.transactions)}."
        for item in case.evidence
        if item.transactions
    )
    return f"{f'Of the transactions, {how}. ' if how else ''}{proofs}".strip() or "The way is not known."


def _ids(ids: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(ids[:most])
    return shown if len(ids) <= most else f"{shown} and {len(ids) - most} more"


def _sums(transactions: Sequence[Transaction]) -> str:
    sums: dict[str, Decimal] = {}
    for transaction in transactions:
        sums[transaction.money.currency] = sums.get(transaction.money.currency, Decimal(0)) + transaction.money.amount
    return " and ".join(f"{_money(amount)} {currency}" for currency, amount in sorted(sums.items()))


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount:,}"


def _name(typology: str) -> str:
    return typology.replace("_", " ").capitalize()


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return f"{noun}es" if noun.endswith("ch") else f"{noun}s"
