"""Words: ranked reasons with values and citations, for every feature of the reference models."""

import dataclasses
import json
import math
import random
from datetime import date

import pytest

import jurisdictions
from aml.customer_risk import FEATURES
from aml.features import FEATURES as TRANSACTION_FEATURES
from aml.rating_review import rating_table
from aml.scoring import AlertParameters, alert_facts, alert_table
from aml.screening.evidence import FEATURES as SCREENING_FEATURES
from explain.attribution import explain_rules, rule_findings
from explain.background import Background
from explain.narrative import reasons, scored_sentence, sentence
from explain.reasons import CUSTOMER_RISK, REASONS
from explain.reasons_monitoring import ALERTS, TRANSACTIONS
from explain.reasons_retired import RETIRED
from explain.reasons_rules import FACTS
from explain.reasons_screening import SCREENING
from explain.record import Contribution, Decision, DecisionKind, Explanation, Finding, Method
from explain.registry import load
from explain.words import say
from jurisdictions.duty_triggers import cash_trigger_table, freeze_trigger_table
from jurisdictions.filing_trigger import filing_trigger_table
from jurisdictions.onboarding import policy_parameters
from kyc.acceptance import acceptance_table
from kyc.face_match import face_match_table
from kyc.policy import onboarding_table
from tests.unit.explain.conftest import ROOT

Case = tuple[Decision, bytes]


def test_the_riskiest_fact_comes_first(tree_case: Case) -> None:
    decision, _ = tree_case
    text = sentence(decision)
    assert text.startswith("Onboarding risk: high (score 0.")
    assert "the country of residence is a high-risk country (raises it)" in text
    strongest = reasons(decision, 3)
    assert strongest[0].name == decision.explanation.ranked()[0].feature
    assert all(reason.citation for reason in strongest)


def test_rules_that_fired_are_the_reasons(rules_case: Case) -> None:
    decision, _ = rules_case
    assert {reason.name for reason in reasons(decision, 3)} == {
        "sanctions_strong", "document_expired", "application_mismatch",
    }  # fmt: skip
    assert sentence(decision).startswith("Application: refer, because ")


def test_an_alert_reads_as_one_sentence(rules_case: Case) -> None:
    table = alert_table(AlertParameters())
    facts = alert_facts(0.4, (), frozenset({"UNKNOWN_ACCOUNT"}))
    alert = dataclasses.replace(
        rules_case[0],
        kind=DecisionKind.ALERT,
        outcome="alert",
        explanation=explain_rules(table, facts),
        findings=rule_findings(table, facts),
    )
    said = sentence(alert)
    assert said.startswith("Alert: alert, because an account is unknown and the model gives at least 25%; ")
    assert ".;" not in said
    assert " hit is " not in said


def test_every_decision_has_a_sentence(case: Case) -> None:
    assert sentence(case[0]).endswith(".")


def test_every_feature_of_a_stored_model_has_words() -> None:
    for card in sorted((ROOT / "models").glob("*/card.json")):
        if json.loads(card.read_bytes()).get("format") == "lightgbm_text":
            missing = set(load(card.parent).card["features"]) - set(REASONS)
            assert not missing, f"{card.parent.name}: explain/reasons.py has no words for {sorted(missing)}"
    assert set(FEATURES) <= set(REASONS)


def test_the_tables_of_words_name_what_the_domain_computes() -> None:
    assert set(TRANSACTIONS) == set(TRANSACTION_FEATURES)
    assert not set(RETIRED) & set(TRANSACTIONS)
    assert set(RETIRED) <= set(REASONS)
    assert set(SCREENING) == set(SCREENING_FEATURES)
    assert set(CUSTOMER_RISK) == set(FEATURES)
    assert set(ALERTS) == set(alert_facts(0.5, ()))
    us = jurisdictions.regime("US", date(2026, 11, 22))
    tables = [
        acceptance_table(), face_match_table(), onboarding_table(policy_parameters(us)), rating_table(),
        filing_trigger_table(us), cash_trigger_table(us), freeze_trigger_table(us),
    ]  # fmt: skip
    named = {fact for table in tables for facts in table.background for fact in facts}
    assert set(FACTS) == named - set(CUSTOMER_RISK)


def test_words_are_filled_with_values() -> None:
    for name, words in REASONS.items():
        assert "{value}" in words.text, name
        assert words.citation, name
        for text in (words.sentence(None), words.sentence(7.0), *words.levels.values()):
            assert "{" not in text, name


def test_logarithms_are_said_as_amounts() -> None:
    assert REASONS["amount_log"].sentence(math.log1p(9_500.0)) == "the amount is 9,500"
    assert REASONS["debtor_out_below_count_7d"].sentence(0.0) == (
        "the payer's account sent no payments just below the reporting threshold within seven days"
    )


def test_a_value_is_compared_with_the_population_and_the_customers_own_past(tree_case: Case) -> None:
    decision, _ = tree_case
    population = Background.from_card(load(ROOT / "models" / "customer_risk").card)
    past = Background.from_values({"expected_cash_share": [0.01, 0.02, 0.0, 0.05, 0.9]}, "this customer's past")

    cash = next(r for r in reasons(decision, 15, population, past) if r.name == "expected_cash_share")

    assert cash.text == "80 % of the volume is expected in cash"
    assert cash.comparison == "higher than 99 % of customers, higher than 80 % of this customer's past"
    assert cash.usual == "1 % to 40 %"
    assert "higher than 99 % of customers" in sentence(decision, 3, population)
    assert [r.name for r in reasons(decision, 15)] == [r.name for r in reasons(decision, 15, population, past)]


def test_a_value_that_is_not_known_is_said_so(tree_case: Case) -> None:
    decision, _ = tree_case
    lone = dataclasses.replace(decision.explanation, contributions=(Contribution("document_age_years", None, 0.4),))
    text = sentence(dataclasses.replace(decision, explanation=lone))
    assert "the document's age is not known" in text


def test_a_feature_without_words_is_said_plainly(tree_case: Case) -> None:
    decision, _ = tree_case
    lone = dataclasses.replace(decision.explanation, contributions=(Contribution("odd_thing", 2.5, -0.4),))
    text = sentence(dataclasses.replace(decision, explanation=lone))
    assert "odd thing is 2.5 (lowers it)" in text


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "not known"), (True, "yes"), (1234567.5, "1,234,567.5"), (100.0, "100"), ("a_b", "a b"), (0.0, "0")],
)
def test_values_are_said_as_people_write_them(value: object, said: str) -> None:
    assert say(value) == said
    assert say(0.123, percent=True) == "12 %"
    assert say(1200.4, decimals=0) == "1,200"


@pytest.mark.parametrize("seed", range(40))
def test_the_engine_says_of_a_transaction_what_everybody_else_does(tree_case: Case, seed: int) -> None:
    chance = random.Random(seed)
    names = chance.sample([*TRANSACTION_FEATURES, "a_feature_of_tomorrow"], 5)
    contributions = tuple(
        Contribution(
            name,
            chance.choice([None, 0.0, 1.0, 2.0, 17.0, chance.random(), 20 * chance.random()]),
            chance.choice([0.0, 0.25, -0.25, chance.uniform(-1, 1)]),
        )
        for name in names
    )
    findings = [Finding("bands", "low", "score 0.1 is low", "a norm", {"low": 0.0})]
    for number in range(chance.randrange(4)):
        values = {"amount": str(number), "from": "yesterday", "exhausted": False}
        findings.append(Finding(chance.choice("abc"), "hit", f"found {number}", "a norm", values))
    decision = dataclasses.replace(
        tree_case[0],
        kind=DecisionKind.TRANSACTION_SCORE,
        outcome="low",
        score=chance.random(),
        explanation=Explanation(Method.TREE_PATH_DEPENDENT, -1.0, contributions, 0.0, 0.0),
        findings=tuple(findings),
    )
    said = [(c.feature, c.value, c.shap) for c in decision.explanation.ranked()[:3]]
    assert scored_sentence(decision.kind, "low", decision.score, findings, said) == sentence(decision)
