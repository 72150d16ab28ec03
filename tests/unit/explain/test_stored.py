"""Decisions stored by release 0.1.0 still replay to the bit: never re-record them to turn this green.

If this fails, the code computes other bits than the release that made the decisions (another grouping of tables or
order of additions), and every stored decision of every user would fail to replay with it.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from explain.record import Contribution, Decision, DecisionKind, Explanation, Finding, InputRef, Method, ModelRef
from explain.replay import replay

STORED = Path(__file__).parent / "stored"
CASES = json.loads((STORED / "decisions.json").read_bytes())


def decision_of(raw: dict[str, Any]) -> Decision:
    explanation = raw["explanation"]
    return Decision(
        decision_id=UUID(raw["decision_id"]),
        kind=DecisionKind(raw["kind"]),
        tenant_id=UUID(raw["tenant_id"]),
        subject_id=UUID(raw["subject_id"]),
        about=raw["about"],
        outcome=raw["outcome"],
        score=raw["score"],
        model=ModelRef(**raw["model"]),
        explanation=Explanation(
            method=Method(explanation["method"]),
            base_value=explanation["base_value"],
            contributions=tuple(Contribution(**c) for c in explanation["contributions"]),
            output=explanation["output"],
            additivity_error=explanation["additivity_error"],
        ),
        findings=tuple(Finding(**finding) for finding in raw["findings"]),
        regime=raw["regime"],
        regime_version=raw["regime_version"],
        policy_version=raw["policy_version"],
        inputs=tuple(InputRef(**each) for each in raw["inputs"]),
        code_version=raw["code_version"],
        as_of=datetime.fromisoformat(raw["as_of"]),
        sentence=raw["sentence"],
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case['model_file']}" for i, case in enumerate(CASES)])
def test_an_older_releases_decision_replays_to_the_bit(case: dict[str, Any]) -> None:
    result = replay(decision_of(case["decision"]), (STORED / case["model_file"]).read_bytes())
    assert result.identical, result.differences
    assert "outcome" in result.checked


def test_all_methods_are_among_the_stored_decisions() -> None:
    assert {case["decision"]["explanation"]["method"] for case in CASES} == set(Method)
