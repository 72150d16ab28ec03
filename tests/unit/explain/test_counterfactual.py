"""Counterfactuals: they hold when scored again, change only what may change, and are the nearest."""

import dataclasses

import lightgbm
import numpy as np
import pytest

from aml.customer_risk import FEATURES, CustomerFacts, RatingThresholds, features, rating
from aml.customer_risk_training import invent_customers
from explain.background import Background
from explain.bands import band, band_finding
from explain.changeable import CHANGEABLE, CUSTOMER_RISK, Changeable
from explain.counterfactual import Change, Counterfactual, NoCounterfactual, counterfactual
from explain.record import Decision, DecisionKind
from explain.registry import load
from explain.replay import rules_of
from explain.rules import explain_rules, rule_findings
from explain.trees import TreeModel
from kyc.policy import PolicyParameters, onboarding_facts, onboarding_table
from tests.unit.explain.conftest import ROOT, decide

Case = tuple[Decision, bytes]
ARTIFACT = load(ROOT / "models" / "customer_risk")
MODEL = TreeModel.from_text(ARTIFACT.content)
POPULATION = Background.from_card(ARTIFACT.card)


def rated(customer: CustomerFacts) -> Decision:
    explanation = MODEL.explanation(features(customer))
    score = MODEL.score(explanation.output)
    cuts = RatingThresholds().cuts()
    finding = band_finding(score, cuts, "test")
    return decide(DecisionKind.ONBOARDING_RISK, band(score, cuts), score, ARTIFACT.ref, explanation, (finding,))


CUSTOMERS = [
    customer
    for customer in invent_customers(1500, 99).facts
    if rated(customer).outcome != "low"
][:60]  # fmt: skip


FOUND = [(customer, counterfactual(rated(customer), ARTIFACT.content, population=POPULATION)) for customer in CUSTOMERS]


@pytest.mark.parametrize(("customer", "found"), [pair for pair in FOUND if isinstance(pair[1], Counterfactual)])
def test_what_is_found_holds_for_lightgbm_too(customer: CustomerFacts, found: Counterfactual) -> None:
    decision = rated(customer)
    row = dict(zip(FEATURES, features(customer), strict=True))
    for change in found.changes:
        row[change.feature] = float(change.after)

    booster = lightgbm.Booster(model_str=ARTIFACT.content.decode())
    probability = float(booster.predict(np.array([list(row.values())]))[0])

    assert rating(probability, RatingThresholds()) == found.outcome
    assert ("low", "medium", "high").index(found.outcome) < ("low", "medium", "high").index(decision.outcome)
    assert all(change.feature in CUSTOMER_RISK for change in found.changes if not change.follows)
    assert len([change for change in found.changes if not change.follows]) <= 3


def test_most_customers_have_one() -> None:
    assert sum(isinstance(found, Counterfactual) for _, found in FOUND) >= len(CUSTOMERS) * 0.8


@pytest.mark.parametrize("customer", [c for c in CUSTOMERS[:24] if c.expected_cash_share is not None])
def test_a_single_change_is_the_nearest(customer: CustomerFacts) -> None:
    name = "expected_cash_share"
    decision = rated(customer)
    allowed = {name: CHANGEABLE[name]}
    found = counterfactual(decision, ARTIFACT.content, changeable=allowed, population=POPULATION)
    grid = np.array([features(customer)] * 101)
    grid[:, FEATURES.index(name)] = np.arange(101) / 100
    ratings = [rating(MODEL.probability(m), RatingThresholds()) for m in MODEL.explain(grid).margin.tolist()]
    order = ("low", "medium", "high")
    better = [i / 100 for i, r in enumerate(ratings) if order.index(r) < order.index(decision.outcome)]

    if isinstance(found, NoCounterfactual):
        assert not better
    else:
        nearest = min(abs(share - customer.expected_cash_share) for share in better)
        assert abs(found.changes[0].after - customer.expected_cash_share) <= nearest + 0.011


def test_the_income_ratio_follows_the_volume() -> None:
    customer = dataclasses.replace(
        CUSTOMERS[0], residence_risk="monitored", expected_monthly_volume=30_000.0, monthly_income=2_000.0,
        expected_cash_share=0.3,
    )  # fmt: skip
    allowed = {"expected_monthly_volume": CHANGEABLE["expected_monthly_volume"]}
    found = counterfactual(rated(customer), ARTIFACT.content, changeable=allowed)
    if isinstance(found, NoCounterfactual):
        pytest.fail(found.reason)
    volume = next(c for c in found.changes if c.feature == "expected_monthly_volume")
    ratio = next(c for c in found.changes if c.feature == "volume_to_income")
    assert ratio.follows
    assert ratio.after == pytest.approx(volume.after / 2_000.0)


def test_nothing_protected_immutable_or_found_out_by_others_can_change() -> None:
    fixed = (
        "age", "residence_risk", "occupation_risk", "screening_strength", "screening_confirmed", "risk_rating",
        "politically_exposed", "high_risk_country", "gender", "birth_date", "country",
    )  # fmt: skip
    assert not [name for name in fixed if name in CHANGEABLE]


def applied(**changes: object) -> Case:
    facts = onboarding_facts(
        **{
            "document_codes": (), "check_codes": (), "documents_accepted": 1, "documents_unreadable": 0,
            "screening_strength": "none", "screening_stale": False, "risk_rating": "low", "age": 33, "face": "match",
            "high_risk_country": False, "politically_exposed": False, **changes,
        }
    )  # fmt: skip
    table = onboarding_table(PolicyParameters("us", "2026-01", 18, "house rule"))
    explanation = explain_rules(table, facts)
    findings = rule_findings(table, facts)
    outcome, severity = table.outcome(facts), table.severity(facts)
    decision = decide(DecisionKind.ONBOARDING_OUTCOME, outcome, severity, table.ref(), explanation, findings)
    return decision, table.to_bytes()


def test_a_referral_by_documents_says_what_would_have_approved_it() -> None:
    decision, content = applied(document_codes=("EXPIRED",), check_codes=("APPLICATION_MISMATCH(surname)",))
    found = counterfactual(decision, content)
    assert isinstance(found, Counterfactual)
    assert found.outcome == "approve"
    assert set(found.changes) == {
        Change("document_expired", True, False),
        Change("application_mismatch", True, False),
    }
    values = {c.feature: c.value for c in decision.explanation.contributions}
    values |= {change.feature: change.after for change in found.changes}
    assert rules_of(content).table.outcome(values) == "approve"


def test_a_sanctions_hit_has_no_counterfactual() -> None:
    for strength in ("possible", "strong", "exact"):
        found = counterfactual(*applied(screening_strength=strength, document_codes=("EXPIRED",)))
        assert isinstance(found, NoCounterfactual)


def test_a_screening_score_rests_on_nothing_anyone_could_change(additive_case: Case) -> None:
    found = counterfactual(*additive_case)
    assert found == NoCounterfactual("it rests on nothing that anyone could change")


def test_an_additive_score_is_searched_along_its_knots(additive_case: Case) -> None:
    decision, content = additive_case
    found = counterfactual(decision, content, changeable={"name": Changeable(high=1.0)})
    assert isinstance(found, Counterfactual)
    assert found.outcome != decision.outcome


def test_a_score_without_outcome_says_so(tree_case: Case) -> None:
    decision, content = tree_case
    found = counterfactual(dataclasses.replace(decision, findings=()), content)
    assert isinstance(found, NoCounterfactual)
    assert "only scores" in found.reason


def test_words_name_before_and_after() -> None:
    decision, content = applied(documents_accepted=0)
    found = counterfactual(decision, content)
    assert isinstance(found, Counterfactual)
    assert found.sentence == (
        "It would have been approve instead of refer, had the number of accepted documents been 1 instead of 0."
    )
