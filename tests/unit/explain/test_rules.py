"""Rule tables: exact Shapley values against shap's exact explainer and against the definition."""

import dataclasses
import itertools
import random
import warnings
from fractions import Fraction
from math import factorial

import numpy as np
import pytest

from explain import rules
from explain.record import Condition, Operator, Rule, RuleTable, Value
from explain.rules import TooManyFacts, explain_rules, rule_findings

FACTS = ("strength", "stale", "age", "score", "documents", "country")


def draw_facts(rng: random.Random) -> dict[str, Value]:
    return {
        "strength": rng.choice(["none", "possible", "exact"]),
        "stale": rng.choice([True, False]),
        "age": rng.choice([None, 16, 30, 70]),
        "score": rng.choice([0.0, 0.25, 0.5, 0.9]),
        "documents": rng.randrange(3),
        "country": rng.choice([None, "standard", "high"]),
    }


def condition(fact: str, operator: Operator, operand: Value) -> Condition:
    return Condition(fact, operator, operand)


TABLE = RuleTable(
    name="test",
    version="1",
    outcomes=("approve", "refer", "reject", "block"),
    default="approve",
    rules=(
        Rule("exact", (condition("strength", Operator.IS, "exact"),), "block", "exact", "c"),
        Rule("stale", (condition("stale", Operator.IS, True),), "refer", "stale", "c"),
        Rule("minor", (condition("age", Operator.BELOW, 18),), "reject", "minor", "c"),
        Rule("unknown", (condition("age", Operator.IS, None),), "refer", "unknown", "c"),
        Rule(
            "risky", (condition("score", Operator.AT_LEAST, 0.5), condition("country", Operator.IS, "high")),
            "reject", "risky", "c",
        ),
        Rule(
            "unsure",
            (condition("strength", Operator.IS_NOT, "none"), condition("documents", Operator.AT_MOST, 1),
             condition("score", Operator.ABOVE, 0.0)),
            "refer", "unsure", "c",
        ),
    ),
    background=tuple(draw_facts(random.Random(seed)) for seed in range(9)),
)  # fmt: skip


def by_definition(table: RuleTable, facts: dict[str, Value]) -> dict[str, float]:
    names = tuple(facts)
    worth = {}
    for size in range(len(names) + 1):
        for known in itertools.combinations(names, size):
            rows = [{**row, **{name: facts[name] for name in known}} for row in table.background]
            worth[frozenset(known)] = Fraction(sum(int(table.severity(row)) for row in rows), len(rows))
    result = {}
    for name in names:
        total = Fraction(0)
        for known, value in worth.items():
            if name not in known:
                weight = Fraction(factorial(len(known)) * factorial(len(names) - len(known) - 1), factorial(len(names)))
                total += weight * (worth[known | {name}] - value)
        result[name] = float(total)
    return result


@pytest.mark.parametrize("seed", range(100, 130))
def test_equals_the_definition_exactly(seed: int) -> None:
    facts = draw_facts(random.Random(seed))
    explanation = explain_rules(TABLE, facts)
    assert {c.feature: c.shap for c in explanation.contributions} == by_definition(TABLE, facts)
    assert explanation.additivity_error < 1e-14
    assert explanation.output == TABLE.severity(facts)


def test_equals_shaps_exact_explainer() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

    rows = [*TABLE.background, *(draw_facts(random.Random(seed)) for seed in range(200, 212))]
    levels = {fact: list(dict.fromkeys(row[fact] for row in rows)) for fact in FACTS}
    coded = np.array([[levels[fact].index(row[fact]) for fact in FACTS] for row in rows], dtype=float)

    def severity(matrix: np.ndarray) -> np.ndarray:
        return np.array(
            [TABLE.severity({f: levels[f][int(v)] for f, v in zip(FACTS, row, strict=True)}) for row in matrix]
        )

    background = coded[: len(TABLE.background)]
    masker = shap.maskers.Independent(background, max_samples=len(background))
    oracle = shap.explainers.Exact(severity, masker)(coded[len(background) :])

    for values, base, row in zip(oracle.values, oracle.base_values, rows[len(background) :], strict=True):
        ours = explain_rules(TABLE, row)
        np.testing.assert_allclose([c.shap for c in ours.contributions], values, rtol=0, atol=1e-6)
        assert ours.base_value == pytest.approx(base, abs=1e-6)


def test_a_cached_answer_carries_this_decisions_values() -> None:
    facts = draw_facts(random.Random(1)) | {"score": 0.6}
    first = explain_rules(TABLE, facts)
    second = explain_rules(TABLE, facts | {"score": 0.7})
    assert [c.shap for c in first.contributions] == [c.shap for c in second.contributions]
    assert [c.value for c in second.contributions if c.feature == "score"] == [0.7]


def test_another_table_at_the_same_place_is_not_confused() -> None:
    facts = draw_facts(random.Random(3)) | {"stale": True, "strength": "none", "age": 30, "score": 0.0}
    for seed in range(200):
        table = dataclasses.replace(TABLE, background=(draw_facts(random.Random(seed)),))
        explanation = explain_rules(table, facts)
        assert explanation.base_value == table.severity(table.background[0])


def test_a_fact_that_turns_nothing_has_no_effect() -> None:
    facts = draw_facts(random.Random(5)) | {"colour": "blue"}
    effects = {c.feature: c.shap for c in explain_rules(TABLE, facts).contributions}
    assert effects["colour"] == 0.0


def test_a_missing_fact_is_an_error() -> None:
    facts = draw_facts(random.Random(5))
    del facts["age"]
    with pytest.raises(KeyError, match="age"):
        explain_rules(TABLE, facts)


def test_a_table_without_background_is_refused() -> None:
    with pytest.raises(ValueError, match="no background"):
        explain_rules(dataclasses.replace(TABLE, background=()), draw_facts(random.Random(1)))


def test_too_many_differing_facts_are_refused() -> None:
    names = [f"fact_{i}" for i in range(rules.MOST_PLAYERS + 1)]
    table = RuleTable(
        "wide", "1", ("no", "yes"), "no",
        (Rule("all", tuple(condition(n, Operator.IS, True) for n in names), "yes", "all", "c"),),
        (dict.fromkeys(names, False),),
    )  # fmt: skip
    with pytest.raises(TooManyFacts, match="21 facts"):
        explain_rules(table, dict.fromkeys(names, True))


def test_a_conjunction_shares_its_effect_equally() -> None:
    names = [f"fact_{i}" for i in range(12)]
    table = RuleTable(
        "wide", "1", ("no", "yes"), "no",
        (Rule("all", tuple(condition(n, Operator.IS, True) for n in names), "yes", "all", "c"),),
        (dict.fromkeys(names, False),),
    )  # fmt: skip
    explanation = explain_rules(table, dict.fromkeys(names, True))
    assert {c.shap for c in explanation.contributions} == {float(Fraction(1, 12))}


def test_findings_state_the_values_they_looked_at() -> None:
    facts = draw_facts(random.Random(1)) | {"score": 0.9, "country": "high"}
    found = {finding.rule: finding for finding in rule_findings(TABLE, facts)}
    assert found["risky"].values == {"score": 0.9, "country": "high"}
    assert found["risky"].effect == "reject"
