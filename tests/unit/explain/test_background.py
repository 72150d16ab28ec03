"""What is usual: shares and phrases that never claim more than the quantiles know."""

import pytest

from explain.background import Background

POPULATION = Background.from_card({"population": {"x": list(range(101)), "flag": [0.0] * 96 + [1.0] * 5}})


@pytest.mark.parametrize(
    ("feature", "value", "said"),
    [
        ("x", 97.0, "higher than 96 % of customers"),
        ("x", 1e9, "higher than 99 % of customers"),
        ("x", 3.0, "lower than 96 % of customers"),
        ("x", -1.0, "lower than 99 % of customers"),
        ("x", 50.0, "within the usual range of customers"),
        ("flag", 1.0, "higher than 95 % of customers"),
        ("flag", 0.0, "as with most customers"),
        ("x", None, ""),
        ("x", "text", ""),
        ("y", 1.0, ""),
    ],
)
def test_phrases(feature: str, value: float | str | None, said: str) -> None:
    assert POPULATION.comparison(feature, value) == said


def test_the_usual_range_is_the_middle_nine_tenths() -> None:
    assert POPULATION.usual("x") == (5.0, 95.0)
    assert POPULATION.usual("y") is None


def test_too_few_values_are_no_distribution() -> None:
    past = Background.from_values({"x": [1.0, None, 2.0, float("nan"), 3.0, 4.0]}, "own past")
    assert past.comparison("x", 9.0) == ""
    assert Background.from_values({"x": [1.0, 2.0, 3.0, 4.0, 5.0]}, "own past").comparison("x", 9.0)


def test_a_card_without_a_population_compares_nothing() -> None:
    assert Background.from_card({}).comparison("x", 1.0) == ""
