"""Replay: identical from the stored values and bytes alone, and it names whatever was altered."""

import dataclasses
import json
import math

import pytest

from explain.record import Contribution, Decision, Method, RuleTable, sha256_hex
from explain.replay import Replay, replay

Case = tuple[Decision, bytes]


def stored_again(decision: Decision) -> Decision:
    """Through JSON and back, as the store keeps numbers."""
    contributions = tuple(
        Contribution(c.feature, json.loads(json.dumps(c.value)), json.loads(json.dumps(c.shap)))
        for c in decision.explanation.contributions
    )
    return dataclasses.replace(
        decision, explanation=dataclasses.replace(decision.explanation, contributions=contributions)
    )


def test_every_method_replays_identically(case: Case) -> None:
    decision, content = case
    result = replay(stored_again(decision), content)
    assert result.identical, result.differences
    assert {"score", "outcome", "output", "base_value", "shap"} <= set(result.checked)


def nudge(x: float) -> float:
    return math.nextafter(x, math.inf)


def test_the_last_bit_of_any_number_is_noticed(case: Case) -> None:
    decision, content = case
    explanation = decision.explanation
    first = max(explanation.contributions, key=lambda c: abs(c.shap))
    nudged = tuple(dataclasses.replace(c, shap=nudge(c.shap)) if c is first else c for c in explanation.contributions)
    altered = {
        "score": dataclasses.replace(decision, score=nudge(decision.score)),
        "output": dataclasses.replace(
            decision, explanation=dataclasses.replace(explanation, output=nudge(explanation.output))
        ),
        "base_value": dataclasses.replace(
            decision, explanation=dataclasses.replace(explanation, base_value=nudge(explanation.base_value))
        ),
        f"shap.{first.feature}": dataclasses.replace(
            decision, explanation=dataclasses.replace(explanation, contributions=nudged)
        ),
        "outcome": dataclasses.replace(decision, outcome="something else"),
    }
    for what, wrong in altered.items():
        result = replay(wrong, content)
        assert not result.identical
        assert what in {difference.what for difference in result.differences}


def test_another_value_of_a_strong_feature_is_noticed(tree_case: Case) -> None:
    decision, content = tree_case
    contributions = tuple(
        dataclasses.replace(c, value=0.0) if c.feature == "residence_risk" else c
        for c in decision.explanation.contributions
    )
    wrong = dataclasses.replace(
        decision, explanation=dataclasses.replace(decision.explanation, contributions=contributions)
    )
    assert not replay(wrong, content).identical


def test_other_bytes_are_a_difference_not_a_crash(case: Case) -> None:
    decision, content = case
    result = replay(decision, content + b" ")
    assert [d.what for d in result.differences] == ["model.sha256"]


def test_bytes_that_no_longer_read_are_a_difference_not_a_crash(case: Case) -> None:
    decision, _ = case
    broken = b"tree\nbroken"
    ref = dataclasses.replace(decision.model, sha256=sha256_hex(broken))
    result = replay(dataclasses.replace(decision, model=ref), broken)
    assert not result.identical
    assert result.checked == ()


def test_a_finding_that_did_not_fire_is_noticed(rules_case: Case) -> None:
    decision, content = rules_case
    for findings in (decision.findings[:-1], ()):
        result = replay(dataclasses.replace(decision, findings=findings), content)
        assert "findings" in {difference.what for difference in result.differences}


def test_an_unbanded_score_says_that_its_outcome_was_not_checked(tree_case: Case) -> None:
    decision, content = tree_case
    result = replay(dataclasses.replace(decision, findings=()), content)
    assert result.identical
    assert "outcome" not in result.checked


def test_a_missing_feature_is_a_difference(tree_case: Case) -> None:
    decision, content = tree_case
    shorter = dataclasses.replace(decision.explanation, contributions=decision.explanation.contributions[1:])
    result = replay(dataclasses.replace(decision, explanation=shorter), content)
    assert not result.identical


@pytest.mark.parametrize("method", list(Method))
def test_the_wrong_method_is_a_difference(rules_case: Case, method: Method) -> None:
    decision, content = rules_case
    wrong = dataclasses.replace(decision, explanation=dataclasses.replace(decision.explanation, method=method))
    result: Replay = replay(wrong, content)
    assert result.identical is (method is Method.EXACT_RULES)


def test_the_table_itself_survives_its_bytes(rules_case: Case) -> None:
    _, content = rules_case
    assert RuleTable.from_bytes(content).to_bytes() == content
