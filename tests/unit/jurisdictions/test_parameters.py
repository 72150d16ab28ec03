"""What the regimes tell the policy and the engine, in their terms."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

import jurisdictions
from aml.reports.subtypes import SUBTYPES
from aml.typologies import TYPOLOGIES
from jurisdictions import Regime
from jurisdictions.monitoring import first_reported_amount, monitoring_parameters
from jurisdictions.onboarding import policy_parameters
from kyc.policy import onboarding_facts, onboarding_table

VERSIONS = [
    jurisdictions.regime("US", date(2026, 11, 22)),
    jurisdictions.regime("EU", date(2026, 11, 22)),
    jurisdictions.regime("EU", date(2027, 7, 10)),
]


@pytest.mark.parametrize("regime", VERSIONS, ids=lambda regime: regime.version)
def test_every_regime_makes_a_policy_that_cites_its_own_law(regime: Regime) -> None:
    table = onboarding_table(policy_parameters(regime))
    cited = {rule.name: rule.citation for rule in table.rules}
    assert regime.version in table.version
    assert set(dict(regime.policy_citations)) <= set(cited)
    assert cited["document_expired"] == dict(regime.policy_citations)["document_expired"]
    assert cited["under_age"] == regime.minimum_age.citation


@pytest.mark.parametrize("regime", VERSIONS, ids=lambda regime: regime.version)
def test_no_regime_rejects_a_person_without_an_officer(regime: Regime) -> None:
    table = onboarding_table(policy_parameters(regime))
    facts = onboarding_facts(
        document_codes=("EXPIRED",),
        check_codes=("APPLICATION_MISMATCH(surname)",),
        documents_accepted=0,
        documents_unreadable=1,
        screening_strength="strong",
        screening_stale=True,
        risk_rating="high",
        age=12,
        high_risk_country=True,
    )
    assert table.outcome(facts) == "refer"


def test_what_exceeds_the_threshold_is_reported_where_the_law_says_more_than() -> None:
    us, directive, regulation = VERSIONS
    assert first_reported_amount(us) == Decimal("10000.01")
    assert first_reported_amount(directive) == Decimal(10_000)
    assert first_reported_amount(regulation) == Decimal("10000.01")


@pytest.mark.parametrize("regime", VERSIONS, ids=lambda regime: regime.version)
def test_the_engine_counts_in_the_currency_of_the_regime(regime: Regime) -> None:
    parameters = monitoring_parameters(regime, {"GBP": Decimal("1.3")})
    assert parameters.currency == regime.currency
    assert parameters.rates == {"GBP": Decimal("1.3")}
    assert {"IR", "KP"} <= parameters.high_risk_countries


def test_the_table_of_the_form_knows_every_typology_by_the_subtype_it_names() -> None:
    for typology in TYPOLOGIES:
        assert int(typology.sar_subtype) in {subtype.code for subtype in SUBTYPES[typology.name]}, typology.name


def test_the_package_loads_nothing_that_computes() -> None:
    heavy = ("numba", "numpy", "lxml", "pydantic")
    script = f"import sys, jurisdictions, jurisdictions.onboarding; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
