"""When a suspicion is to be filed: by the regime's threshold, its citation, and nothing that was not found."""

from datetime import date
from decimal import Decimal

import pytest

import jurisdictions
from aml.money import Money
from explain.record import RuleTable
from explain.rules import explain_rules, rule_findings
from jurisdictions.filing_trigger import FACTS, filing_facts, filing_trigger_table

US = jurisdictions.regime("US", date(2026, 3, 2))
EU = jurisdictions.regime("EU", date(2026, 3, 2))


def usd(*amounts: str) -> list[Money]:
    return [Money(Decimal(amount), "USD") for amount in amounts]


@pytest.mark.parametrize(
    ("disposition", "amounts", "outcome", "rules"),
    [
        ("true_positive", usd("2500.00", "2500.00"), "required", {"SUSPICION_REPORTABLE"}),
        ("true_positive", usd("2500.00", "2499.99"), "voluntary", {"BELOW_THRESHOLD"}),
        ("true_positive", [], "required", {"AMOUNT_UNKNOWN"}),
        ("true_positive", [*usd("10.00"), Money(Decimal("9000.00"), "EUR")], "required", {"AMOUNT_UNKNOWN"}),
        ("true_positive", [*usd("5000.00"), Money(Decimal("1.00"), "EUR")], "required", {"SUSPICION_REPORTABLE"}),
        ("false_positive", usd("90000.00"), "none", set()),
        ("inconclusive", [], "none", set()),
    ],
)
def test_the_american_duty_begins_at_its_threshold(
    disposition: str, amounts: list[Money], outcome: str, rules: set[str]
) -> None:
    table = filing_trigger_table(US)
    facts = filing_facts(US, disposition, ["fan_in"], amounts)
    assert table.outcome(facts) == outcome
    assert {rule.name for rule in table.fired(facts)} == rules


def test_split_payments_are_reportable_as_evasion_too() -> None:
    facts = filing_facts(US, "true_positive", ["structuring", "structuring", "fan_in"], usd("9500.00"))
    assert facts["typologies"] == "fan_in,structuring"
    cited = {finding.rule: finding.citation for finding in rule_findings(filing_trigger_table(US), facts)}
    assert cited["EVASION_REPORTABLE"].startswith("31 CFR 1020.320(a)(2)(ii)")


def test_in_europe_the_amount_does_not_matter() -> None:
    table = filing_trigger_table(EU)
    facts = filing_facts(EU, "true_positive", [], [Money(Decimal("0.01"), "EUR")])
    assert table.outcome(facts) == "required"
    assert "BELOW_THRESHOLD" not in {rule.name for rule in table.rules}


@pytest.mark.parametrize("regime", jurisdictions.versions(), ids=lambda regime: regime.version)
def test_every_version_has_a_table_that_explains_itself_and_reads_back(regime: jurisdictions.Regime) -> None:
    table = filing_trigger_table(regime)
    assert RuleTable.from_bytes(table.to_bytes()) == table
    facts = filing_facts(regime, "true_positive", ["structuring"], [])
    assert tuple(facts) == FACTS
    explanation = explain_rules(table, facts)
    assert explanation.output == table.severity(facts)
    assert explanation.additivity_error < 1e-12
    assert explanation.ranked()[0].feature == "disposition"
    assert all(rule.citation for rule in table.rules)
