"""One decision of each method, made as the activities make them."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from aml.customer_risk import Channel, CustomerFacts, Occupation, Product, RatingThresholds, features
from explain.additive import AdditiveModel, explain_additive
from explain.bands import band, band_finding
from explain.record import Decision, DecisionKind, Explanation, Finding, ModelRef, RuleTable
from explain.registry import load
from explain.rules import explain_rules, rule_findings
from explain.trees import TreeModel
from kyc.policy import PolicyParameters, onboarding_facts, onboarding_table

ROOT = Path(__file__).parents[3]
RISKY = CustomerFacts(
    "high", Channel.ONLINE, Product.CRYPTO, Occupation.CASH_BUSINESS, 20_000.0, 20.0, 0.8, 0.6, 3_000.0, None, 70.0
)


def decide(
    kind: DecisionKind,
    outcome: str,
    score: float,
    model: ModelRef,
    explanation: Explanation,
    findings: tuple[Finding, ...],
) -> Decision:
    return Decision(
        decision_id=UUID(int=1), kind=kind, tenant_id=UUID(int=2), subject_id=UUID(int=3),
        about=f"application:{UUID(int=4)}",
        outcome=outcome, score=score, model=model, explanation=explanation, findings=findings, regime="us",
        regime_version="2026-01", policy_version="1", inputs=(), code_version="test",
        as_of=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(scope="session")
def tree_case() -> tuple[Decision, bytes]:
    artifact = load(ROOT / "models" / "customer_risk")
    model = TreeModel.from_text(artifact.content)
    explanation = model.explanation(features(RISKY))
    probability = model.probability(explanation.output)
    cuts = RatingThresholds().cuts()
    finding = band_finding(probability, cuts, RatingThresholds().citation)
    return (
        decide(
            DecisionKind.ONBOARDING_RISK, band(probability, cuts), probability, artifact.ref, explanation, (finding,)
        ),
        artifact.content,
    )


@pytest.fixture(scope="session")
def rules_case() -> tuple[Decision, bytes]:
    table = onboarding_table(PolicyParameters("us", "2026-01", 18, "house rule"))
    facts = onboarding_facts(
        document_codes=("EXPIRED",), check_codes=("APPLICATION_MISMATCH(surname)",), documents_accepted=1,
        documents_unreadable=0, screening_strength="strong", screening_stale=False, risk_rating="low", age=33,
        face="match", high_risk_country=False, politically_exposed=False,
    )  # fmt: skip
    content = table.to_bytes()
    explanation = explain_rules(RuleTable.from_bytes(content), facts)
    decision = decide(
        DecisionKind.ONBOARDING_OUTCOME, table.outcome(facts), table.severity(facts), table.ref(), explanation,
        rule_findings(table, facts),
    )  # fmt: skip
    return decision, content


@pytest.fixture(scope="session")
def additive_case() -> tuple[Decision, bytes]:
    model = AdditiveModel(
        "screening", "1", ("name", "birth_date"), -4.0,
        {"name": ((0.0, -3.0), (1.0, 6.0)), "birth_date": ((-1.0, -4.0), (1.0, 2.5))},
        {"name": -2.5, "birth_date": -0.1},
    )  # fmt: skip
    explanation = explain_additive(model, {"name": 0.93, "birth_date": None})
    score = model.score(explanation.output)
    finding = band_finding(score, {"none": 0.0, "possible": 0.5, "strong": 0.9}, "FATF R.6")
    return (
        decide(DecisionKind.SCREENING, finding.effect, score, model.ref(), explanation, (finding,)),
        model.to_bytes(),
    )


@pytest.fixture(params=["tree_case", "rules_case", "additive_case"])
def case(request: pytest.FixtureRequest) -> tuple[Decision, bytes]:
    return request.getfixturevalue(request.param)
