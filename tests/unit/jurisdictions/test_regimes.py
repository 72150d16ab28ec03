"""The regimes: the numbers that the law fixes, when each version holds, and the clocks counted from them."""

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal

import pytest

import jurisdictions
from jurisdictions import Cited, FilingClocks, Regime, RegimeUnknown, years_after
from jurisdictions.calendars import easter_sunday, target_holiday, us_federal_holiday
from jurisdictions.countries import ALPHA2_BY_ALPHA3, ALPHA3_BY_ALPHA2, alpha2, countries
from kyc.document import DocumentType

DAYS = {"US": date(2026, 11, 22), "EU": date(2026, 11, 22)}
VERSIONS = [
    jurisdictions.regime("US", date(2026, 11, 22)),
    jurisdictions.regime("EU", date(2026, 11, 22)),
    jurisdictions.regime("EU", date(2027, 7, 10)),
]


def cited(owner: Regime | FilingClocks) -> dict[str, Cited[object]]:
    values = {field.name: getattr(owner, field.name) for field in fields(owner)}
    found = {name: value for name, value in values.items() if isinstance(value, Cited)}
    if isinstance(owner, Regime):
        found |= cited(owner.filing)
    return found


@pytest.mark.parametrize("regime", VERSIONS, ids=lambda regime: regime.version)
def test_every_number_is_cited_and_holds_while_its_version_does(regime: Regime) -> None:
    for name, number in cited(regime).items():
        assert number.citation.strip(), name
        assert number.holds(max(regime.effective_from, number.effective_from)), name
        if regime.effective_to is not None:
            assert number.holds(regime.effective_to), name


def test_numbers_of_the_replaced_directive_do_not_reach_the_regulation() -> None:
    for name, number in cited(jurisdictions.regime("EU", date(2027, 7, 10))).items():
        assert number.holds(date(2027, 7, 10)), name


def test_the_numbers_that_the_law_fixes() -> None:
    us, eu = VERSIONS[0], VERSIONS[1]

    assert (us.reporting_threshold.value.value, us.reporting_threshold.value.currency) == (Decimal(10_000), "USD")
    assert us.reporting_threshold.citation.startswith("31 CFR 1010.311")
    assert us.suspicion_threshold.value.value == 5_000
    assert us.retention_years.value == 5
    assert us.sanctions_retention_years.value == 10
    assert eu.occasional_transaction.value.value == 15_000
    assert VERSIONS[2].occasional_transaction.value.value == 10_000
    assert eu.filing.threshold_report is None
    assert not eu.filing.suspicion.is_law
    assert us.filing.suspicion.is_law


def test_the_union_changes_its_rules_on_the_day_the_regulation_applies() -> None:
    assert jurisdictions.regime("EU", date(2027, 7, 9)).version == "eu-2024.1"
    assert jurisdictions.regime("EU", date(2027, 7, 10)).version == "eu-2027.1"


def test_an_unknown_regime_or_a_day_before_the_first_version_is_named() -> None:
    with pytest.raises(RegimeUnknown, match="'UK'"):
        jurisdictions.regime("UK", date(2026, 1, 1))
    with pytest.raises(RegimeUnknown, match="2001-01-01"):
        jurisdictions.regime("US", date(2001, 1, 1))


@pytest.mark.parametrize("regime", VERSIONS, ids=lambda regime: regime.version)
def test_documents_are_types_that_a_reading_can_have(regime: Regime) -> None:
    assert set(regime.documents.value) < {kind.value for kind in DocumentType}
    assert DocumentType.MRVA not in regime.documents.value


def test_a_suspicious_activity_report_is_due_in_30_days_and_60_without_a_suspect() -> None:
    us = VERSIONS[0]
    assert us.suspicion_due(date(2026, 1, 15), has_suspect=True) == date(2026, 2, 14)
    assert us.suspicion_due(date(2026, 1, 15), has_suspect=False) == date(2026, 3, 16)
    assert us.continuing_due(date(2026, 1, 1)) == date(2026, 5, 1)


def test_a_blocking_report_counts_working_days_only() -> None:
    us = VERSIONS[0]
    # Blocked on Friday 20 November 2026; Thanksgiving is the 26th: ten working days end on Monday 7 December.
    assert us.blocking_due(date(2026, 11, 20)) == date(2026, 12, 7)
    # Without a holiday between, ten working days are two weeks.
    assert us.blocking_due(date(2026, 3, 2)) == date(2026, 3, 16)


def test_holidays_are_observed_where_the_law_says() -> None:
    assert us_federal_holiday(date(2026, 7, 3))  # 4 July 2026 is a Saturday
    assert us_federal_holiday(date(2021, 12, 31))  # 1 January 2022 is a Saturday
    assert us_federal_holiday(date(2023, 11, 10))
    assert us_federal_holiday(date(2026, 1, 19))
    assert us_federal_holiday(date(2026, 5, 25))
    assert not us_federal_holiday(date(2020, 6, 19))
    assert sum(us_federal_holiday(date(2026, 1, 1) + timedelta(days=n)) for n in range(365)) == 11
    assert [easter_sunday(year) for year in (2024, 2025, 2026, 2038)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]
    assert target_holiday(date(2026, 4, 3))
    assert target_holiday(date(2026, 4, 6))
    assert not target_holiday(date(2026, 4, 7))


def test_two_officers_confirm_a_suspicion_and_one_clears_it() -> None:
    rule = VERSIONS[0].four_eyes.value
    assert rule.applies("alert")
    assert rule.requires("alert", "true_positive")
    assert not rule.requires("alert", "false_positive")
    assert not rule.requires("application", "approve")
    assert rule.requires("contest", "approve")
    assert not rule.applies("unheard_of")


@pytest.mark.parametrize("regime", VERSIONS, ids=lambda regime: regime.version)
def test_every_kind_of_case_has_a_deadline(regime: Regime) -> None:
    for kind in ("application", "contest", "alert"):
        assert regime.case_due(kind, date(2026, 1, 5)) > date(2026, 1, 5)
    with pytest.raises(KeyError):
        regime.case_due("unheard_of", date(2026, 1, 5))


def test_countries_are_compared_in_one_spelling() -> None:
    us, eu = VERSIONS[0], VERSIONS[1]
    assert us.is_high_risk("IRN")
    assert us.is_high_risk("IR")
    assert not us.is_high_risk("FRA")
    assert not us.is_high_risk("nowhere")
    assert eu.is_monitored("VGB")
    assert alpha2("D<<") == "DE"
    assert alpha2("GBD") == "GB"
    assert alpha2("UTO") is None
    assert len(ALPHA3_BY_ALPHA2) == len(ALPHA2_BY_ALPHA3) == 249
    with pytest.raises(ValueError, match="QQ"):
        countries("DE QQ")


def test_retention_never_ends_a_day_short() -> None:
    assert years_after(date(2024, 2, 29), 5) == date(2029, 3, 1)
    assert years_after(date(2024, 2, 28), 5) == date(2029, 2, 28)
