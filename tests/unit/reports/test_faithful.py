"""Other words for a narrative are used only where they add and lose no number and no name."""

from dataclasses import replace
from pathlib import Path

import pytest

from activities.filing_rewriter import Generate, NarrativeRewriter
from aml.reports.faithful import compare
from aml.reports.fincen import build_sar
from aml.reports.narrative import narrative
from aml.reports.specimens import specimen_case

SOURCE = "Grete Beispiel (party p1) paid 9,500.00 USD from A1 to B2 on 2026-02-27, case c17."
GOOD = "On 2026-02-27, in case c17, party p1, Grete Beispiel, moved 9,500.00 USD out of A1 and into B2."


def test_the_same_facts_in_other_words_hold() -> None:
    assert compare(GOOD, SOURCE).holds
    assert compare(SOURCE, SOURCE).holds


@pytest.mark.parametrize(
    ("words", "added"),
    [
        (GOOD.replace("9,500.00", "9,600.00"), "9,600.00"),
        (GOOD + " Her brother Otto helped.", "Otto"),
        (GOOD + " The money came from Panama.", "Panama"),
        (GOOD.replace("2026-02-27", "2026-02-28"), "2026-02-28"),
        (GOOD.replace("B2", "B3"), "B3"),
        (GOOD + " It was repeated 3 times.", "3"),
        (GOOD + " Она знала.", "Она"),
        (GOOD + " The amount was EUR.", "EUR"),
        (GOOD.replace("2026-02-27", "27 February 2026"), "February"),
    ],
)
def test_an_added_number_or_name_is_seen(words: str, added: str) -> None:
    assert added in compare(words, SOURCE).added


def test_a_lost_number_is_seen() -> None:
    assert compare(GOOD.replace("9,500.00 USD", "money"), SOURCE).lost == ("9,500.00",)


CASE = specimen_case(3)
TEMPLATE = narrative(CASE)


def rewriter(generate: Generate) -> NarrativeRewriter:
    return NarrativeRewriter(Path("/nonexistent"), generate)


def test_a_faithful_rewrite_is_used_and_reaches_the_report() -> None:
    def shuffle(prompt: str) -> str:
        assert TEMPLATE in prompt
        return "To begin with: " + TEMPLATE

    words = rewriter(shuffle).rewrite(CASE, TEMPLATE)
    assert words == "To begin with: " + TEMPLATE
    assert b"To begin with:" in build_sar(replace(CASE, narrative=words))


@pytest.mark.parametrize(
    "words",
    ["", "Nothing happened.", TEMPLATE + " Otto Neumann confessed.", TEMPLATE + " 1,000,000.00 USD", "x" * 20_000],
)
def test_any_other_leaves_the_template(words: str) -> None:
    assert rewriter(lambda prompt: words).rewrite(CASE, TEMPLATE) == TEMPLATE


def test_a_model_that_fails_leaves_the_template() -> None:
    def fail(prompt: str) -> str:
        raise RuntimeError("out of memory")

    assert rewriter(fail).rewrite(CASE, TEMPLATE) == TEMPLATE


def test_a_folder_without_a_model_leaves_the_template(tmp_path: Path) -> None:
    assert NarrativeRewriter(tmp_path).rewrite(CASE, TEMPLATE) == TEMPLATE
