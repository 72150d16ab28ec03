"""The story of a report: complete, deterministic, within the form, and nothing in it that the case does not say."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from aml.money import Money
from aml.reports.case import DocumentRef, Evidence, FilingKind, SarCase
from aml.reports.narrative import BLOCK, LONGEST, blocks_of, narrative
from aml.reports.party import Subject
from aml.reports.specimens import specimen_case


def said_by(case: SarCase) -> str:
    """Everything the case itself says, as one text to look names and numbers up in."""
    known = [repr(case)]
    known += [t.booked_at.date().isoformat() for t in case.transactions]
    known += [f"{t.money.amount:,.2f}" for t in case.transactions]
    known += [case.detected_on.isoformat()]
    known += [str(subject.birth_date) for subject in case.subjects]
    return " ".join(known)


@pytest.mark.parametrize("seed", range(40))
def test_every_account_transaction_and_date_in_it_is_one_of_the_case(seed: int) -> None:
    case = specimen_case(seed)
    text, known = narrative(case), said_by(case)
    for found in re.findall(r"\b(?:SPEC\w+|OTHER\d+|tx-\d+|party-\d+|doc-\d+|\d{4}-\d\d-\d\d)\b", text):
        assert found in known, found
    for subject in case.subjects:
        for name in (subject.surname, subject.given_name):
            assert name is None or name in text


@pytest.mark.parametrize("seed", range(20))
def test_sums_and_counts_in_it_are_right(seed: int) -> None:
    case = specimen_case(seed)
    if not case.transactions:
        return
    total = sum(t.money.amount for t in case.transactions)
    assert f"{len(case.transactions)} transaction" in narrative(case)
    assert f"totalling {total:,.2f} USD" in narrative(case)


def test_it_answers_who_what_when_where_why_and_how_in_order() -> None:
    text = narrative(specimen_case(5))
    heads = ["WHO:", "WHAT:", "WHEN:", "WHERE:", "WHY:", "HOW:"]
    assert sorted(heads, key=text.index) == heads


def test_it_is_the_same_for_the_same_case_whatever_the_order_of_its_transactions() -> None:
    case = specimen_case(5)
    assert narrative(case) == narrative(replace(case, transactions=tuple(reversed(case.transactions))))


def test_what_is_left_out_is_counted_and_summed() -> None:
    case = next(c for c in map(specimen_case, range(200)) if len(c.transactions) == 400)
    text = narrative(case)
    listed = len(re.findall(r"\(transaction tx-", text))
    more = re.search(r"and (\d+) more totalling ([\d,.]+) USD, kept with the case", text)
    assert more
    assert listed + int(more[1]) == 400
    ordered = sorted(case.transactions, key=lambda t: (t.booked_at, t.transaction_id))
    assert Decimal(more[2].replace(",", "")) == sum(t.money.amount for t in ordered[listed:])


def test_currencies_are_summed_apart() -> None:
    case = next(c for c in map(specimen_case, range(200)) if len(c.transactions) == 3)
    first, *rest = case.transactions
    mixed = replace(case, transactions=(replace(first, money=Money(Decimal("7.50"), "EUR")), *rest))
    dollars = sum(t.money.amount for t in rest)
    assert f"totalling 7.50 EUR and {dollars:,.2f} USD" in narrative(mixed)


@pytest.mark.parametrize("length", [0, 1, 3_999, 4_000, 4_001, 16_000, LONGEST])
def test_blocks_hold_the_whole_text_cut_between_words(length: int) -> None:
    text = ("word " * (length // 5 + 1))[:length].strip()
    blocks = blocks_of(text)
    assert all(0 < len(block) <= BLOCK and block == block.strip() for block in blocks)
    assert " ".join(blocks) == text


def test_a_text_without_blanks_is_cut_where_the_block_ends() -> None:
    assert [len(block) for block in blocks_of("x" * 9_000)] == [4_000, 4_000, 1_000]


def test_more_than_five_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="five blocks"):
        blocks_of("x" * 20_001)


def test_no_story_is_too_long_for_the_form() -> None:
    case = specimen_case(5)
    endless = tuple(
        Evidence(f"typology_{n}", "long text " * 200, tuple(f"tx-{k}" for k in range(50))) for n in range(30)
    )
    text = narrative(replace(case, evidence=endless))
    assert len(text) <= LONGEST
    assert text.endswith("available on request.]")
    assert len(blocks_of(text)) == 5


def test_nobody_is_named_where_nobody_was_identified() -> None:
    case = replace(specimen_case(5), subjects=(Subject("x", is_unknown=True),))
    assert "an unidentified subject (party x)" in narrative(case)


def test_documents_are_cited_by_their_ids() -> None:
    case = replace(specimen_case(5), documents=(DocumentRef("doc-7", "Copy of passport"),))
    assert "Copy of passport (document doc-7)" in narrative(case)


def test_a_continuing_report_says_what_it_continues() -> None:
    case = replace(specimen_case(5), kind=FilingKind.CONTINUING, prior_document=None)
    assert narrative(case).startswith("This report continues report of unknown number.")
