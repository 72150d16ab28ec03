"""The onboarding policy: each rule fires on its fact, and only a regime lets one reject or block."""

import dataclasses

import pytest

from explain.record import RuleTable
from explain.rules import explain_rules
from kyc.policy import (
    BACKGROUND,
    CODE_FACTS,
    JUDGED_BEFORE,
    PolicyParameters,
    PolicyRefused,
    onboarding_facts,
    onboarding_table,
)
from kyc.quality import ADVICE

US = PolicyParameters("us", "2026-01", 18, "capacity to contract")
TABLE = onboarding_table(US)

CLEAN = {
    "document_codes": (), "check_codes": (), "documents_accepted": 1, "documents_unreadable": 0,
    "screening_strength": "none", "screening_stale": False, "risk_rating": "low", "age": 30, "face": "match",
    "high_risk_country": False, "politically_exposed": False,
}  # fmt: skip

CASES = [
    ({}, None, "approve"),
    ({"face": "not_checked", "high_risk_country": None, "politically_exposed": None}, None, "approve"),
    ({"risk_rating": "medium"}, None, "approve"),
    ({"screening_confirmed": True, "screening_strength": "strong"}, "sanctions_confirmed", "block"),
    ({"screening_strength": "exact"}, "sanctions_exact", "refer"),
    ({"screening_strength": "strong"}, "sanctions_strong", "refer"),
    ({"screening_strength": "possible"}, "sanctions_possible", "refer"),
    ({"screening_stale": True}, "watchlist_stale", "refer"),
    ({"documents_accepted": 0}, "no_accepted_document", "refer"),
    ({"documents_unreadable": 1}, "document_unreadable", "refer"),
    ({"document_codes": ("BLUR", "GLARE", "FACE_NOT_CHECKED")}, None, "approve"),
    ({"check_codes": ("PRINTED_BY_A_NEWER_CHECK(surname)",)}, "unknown_finding", "refer"),
    ({"document_codes": ("UNSUPPORTED_DOCUMENT",)}, "document_not_accepted_type", "refer"),
    ({"document_codes": ("EXPIRED",)}, "document_expired", "refer"),
    ({"document_codes": ("CHECK_DIGIT_FAILED(number)",)}, "check_digit_failed", "refer"),
    ({"check_codes": ("MRZ_VIZ_MISMATCH(surname)",)}, "zones_disagree", "refer"),
    ({"check_codes": ("BARCODE_MISMATCH",)}, "zones_disagree", "refer"),
    ({"check_codes": ("APPLICATION_MISMATCH(birth_date)",)}, "application_mismatch", "refer"),
    ({"document_codes": ("READERS_DISAGREE",)}, "readers_disagree", "refer"),
    ({"check_codes": ("DOCUMENTS_DISAGREE(surname)",)}, "documents_disagree", "refer"),
    ({"check_codes": ("IMPOSSIBLE_DATE(issue_date)",)}, "impossible_date", "refer"),
    ({"check_codes": ("FACE_UNSURE",), "face": "match"}, "face_unsure", "refer"),
    ({"check_codes": ("PORTRAIT_GHOST_MISMATCH",)}, "portraits_disagree", "refer"),
    ({"check_codes": ("FACE_MISMATCH(0.71)",), "face": "not_checked"}, "face_differs", "refer"),
    ({"face": "no_match"}, "face_differs", "refer"),
    ({"face": "unsure"}, "face_unsure", "refer"),
    ({"age": None}, "age_unknown", "refer"),
    ({"age": 17}, "under_age", "refer"),
    ({"age": 18}, None, "approve"),
    ({"risk_rating": None}, "risk_unknown", "refer"),
    ({"risk_rating": "high"}, "risk_high", "refer"),
    ({"high_risk_country": True}, "high_risk_country", "refer"),
    ({"politically_exposed": True}, "politically_exposed", "refer"),
]


@pytest.mark.parametrize(("changes", "rule", "outcome"), CASES)
def test_each_rule_fires_on_its_fact(changes: dict, rule: str | None, outcome: str) -> None:
    facts = onboarding_facts(**{**CLEAN, **changes})
    fired = {fired.name for fired in TABLE.fired(facts)}
    assert TABLE.outcome(facts) == outcome
    assert rule in fired if rule else not fired


def test_every_rule_is_tested() -> None:
    assert {rule for _, rule, _ in CASES if rule} == {rule.name for rule in TABLE.rules}


def test_nothing_rejects_or_blocks_unless_the_regime_says_so() -> None:
    assert {rule.name for rule in TABLE.rules if rule.outcome in ("reject", "block")} == {"sanctions_confirmed"}


def test_a_regime_may_let_a_rule_reject_with_its_citation() -> None:
    table = onboarding_table(
        dataclasses.replace(US, rejects=frozenset({"under_age"}), rejects_citation="Example Act s. 1")
    )
    facts = onboarding_facts(**{**CLEAN, "age": 16})
    assert table.outcome(facts) == "reject"
    assert table.fired(facts)[0].citation.endswith("Example Act s. 1")


def test_a_regime_may_let_an_exact_identifier_block() -> None:
    table = onboarding_table(
        dataclasses.replace(US, blocks=frozenset({"sanctions_exact"}), blocks_citation="31 CFR 501.603")
    )
    assert table.outcome(onboarding_facts(**{**CLEAN, "screening_strength": "exact"})) == "block"
    assert table.outcome(onboarding_facts(**{**CLEAN, "screening_strength": "strong"})) == "refer"


@pytest.mark.parametrize(
    "wrong",
    [
        {"rejects": frozenset({"risk_high"})},
        {"rejects": frozenset({"sanctions_possible"})},
        {"rejects": frozenset({"no_such_rule"})},
        {"blocks": frozenset({"sanctions_possible"})},
        {"citations": {"no_such_rule": "x"}},
    ],
)
def test_a_score_or_a_resemblance_never_rejects_or_blocks_by_itself(wrong: dict) -> None:
    with pytest.raises(PolicyRefused):
        onboarding_table(dataclasses.replace(US, **wrong))


def test_a_regimes_citation_replaces_the_general_one() -> None:
    table = onboarding_table(dataclasses.replace(US, citations={"risk_high": "31 CFR 1020.210(a)(2)(v)"}))
    assert next(rule for rule in table.rules if rule.name == "risk_high").citation == "31 CFR 1020.210(a)(2)(v)"


def test_every_rule_has_words_and_a_citation() -> None:
    assert all(rule.text and rule.citation for rule in TABLE.rules)


def test_every_complaint_about_a_capture_is_known() -> None:
    assert set(ADVICE) <= CODE_FACTS.keys() | JUDGED_BEFORE


def test_no_code_is_judged_twice() -> None:
    assert not CODE_FACTS.keys() & JUDGED_BEFORE


def test_every_code_leads_to_a_rule() -> None:
    used = {condition.fact for rule in TABLE.rules for condition in rule.when}
    assert set(CODE_FACTS.values()) <= used


def test_the_table_and_its_background_survive_their_bytes() -> None:
    assert RuleTable.from_bytes(TABLE.to_bytes()).to_bytes() == TABLE.to_bytes()
    assert all(set(row) == set(onboarding_facts(**CLEAN)) for row in BACKGROUND)


def test_unknown_words_are_errors() -> None:
    for wrong in ({"screening_strength": "weak"}, {"risk_rating": "severe"}, {"face": "maybe"}):
        with pytest.raises(ValueError, match="none of"):
            onboarding_facts(**{**CLEAN, **wrong})


@pytest.mark.parametrize(("changes", "rule", "outcome"), CASES)
def test_every_outcome_is_explained_exactly(changes: dict, rule: str | None, outcome: str) -> None:
    facts = onboarding_facts(**{**CLEAN, **changes})
    explanation = explain_rules(TABLE, facts)
    assert explanation.additivity_error < 1e-14
    if rule and len(changes) == 1:
        strongest = explanation.ranked()[0]
        named = {c.fact for fired in TABLE.rules if fired.name == rule for c in fired.when}
        assert strongest.feature in named
        assert strongest.shap > 0.5
