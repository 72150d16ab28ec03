"""What a regime is: every legal number with its citation and the dates on which it holds, and the clocks made of them.

Kept apart from the regimes themselves, so that a regime's file is a plain list of law.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from jurisdictions.countries import alpha2

T = TypeVar("T")

HOUSE_RULE = "house rule"
"""How the citation of a number starts that no law fixes: this service chose it, and a tenant's counsel may differ."""


@dataclass(frozen=True, slots=True)
class Cited(Generic[T]):
    """A value with its authority. `effective_to` is the last day on which it holds; `None` while no end is known."""

    value: T
    citation: str
    effective_from: date
    effective_to: date | None = None

    @property
    def is_law(self) -> bool:
        """Whether an authority fixed the value, not this house."""
        return not self.citation.startswith(HOUSE_RULE)

    def holds(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money: major units and an ISO 4217 currency."""

    value: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.currency} {self.value:,}"


class Unit(StrEnum):
    CALENDAR_DAYS = "calendar days"
    BUSINESS_DAYS = "business days"


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time as laws count it: whole days after the day of the event, or working days of the regime."""

    days: int
    unit: Unit = Unit.CALENDAR_DAYS

    def after(self, start: date, is_holiday: Callable[[date], bool]) -> date:
        """The last day of the term. The day of the event itself is not counted."""
        if self.unit is Unit.CALENDAR_DAYS:
            return start + timedelta(days=self.days)
        day, left = start, self.days
        while left:
            day += timedelta(days=1)
            if day.weekday() < 5 and not is_holiday(day):
                left -= 1
        return day


@dataclass(frozen=True, slots=True)
class FilingClocks:
    """By when a report must be filed, counted from detection (or from the previous report, or the blocking)."""

    suspicion: Cited[Term]
    suspicion_without_suspect: Cited[Term]
    continuing: Cited[Term]
    continuing_review: Cited[Term]
    """After the previous report: when to ask whether the activity goes on, so that there is time to report it."""
    correction: Cited[Term]
    """After the authority complained about a report that it took."""
    threshold_report: Cited[Term] | None
    """For cash over the reporting threshold; `None` where the regime knows no such report of this kind of firm."""
    blocking: Cited[Term]


@dataclass(frozen=True, slots=True)
class FourEyes:
    """Which dispositions of which kind of case two different officers must agree on."""

    dispositions: tuple[tuple[str, frozenset[str]], ...]

    def applies(self, case_kind: str) -> bool:
        """Whether a case of this kind may need a second officer at all."""
        return any(kind == case_kind and chosen for kind, chosen in self.dispositions)

    def requires(self, case_kind: str, disposition: str) -> bool:
        return any(kind == case_kind and disposition in chosen for kind, chosen in self.dispositions)


@dataclass(frozen=True, slots=True)
class Regime:
    """One version of a jurisdiction's rules, as this service applies them to a tenant."""

    code: str
    version: str
    name: str
    effective_from: date
    effective_to: date | None
    currency: str

    # Onboarding
    documents: Cited[tuple[str, ...]]
    """Document types accepted as proof of identity, as `kyc.document.DocumentType` names them. A visa is none."""
    unexpired_document: Cited[bool]
    minimum_age: Cited[int]
    beneficial_ownership_percent: Cited[Decimal]
    rejects: Cited[frozenset[str]]
    """Rules of the policy table that may reject without an officer; every other adverse finding refers."""
    policy_citations: tuple[tuple[str, str], ...]
    """The regime's own authority for rules of the policy table, by rule."""

    # Screening
    required_lists: Cited[tuple[str, ...]]
    """Watchlists by the names that `aml.screening` gives them."""
    watchlist_max_age: Cited[timedelta]
    """Since the last successful check with the list's source."""
    cleared_hit_lifetime: Cited[timedelta]
    """How long an officer's word that a hit is another person holds, unless the listed record changes before."""
    high_risk_countries: Cited[frozenset[str]]
    """Alpha-2 codes for which the law asks for enhanced due diligence."""
    monitored_countries: Cited[frozenset[str]]
    """Alpha-2 codes that raise the risk and require nothing by themselves."""

    # Monitoring
    reporting_threshold: Cited[Amount]
    """For cash: what a report or due diligence is owed for, and what structuring stays below."""
    reported_from_threshold: Cited[bool]
    """Whether the threshold itself is reported ("or more"), or only what exceeds it ("more than")."""
    aggregation: Cited[timedelta]
    """Within which transactions of one person count as one."""
    suspicion_threshold: Cited[Amount]
    occasional_transaction: Cited[Amount]
    transfer_information: Cited[Amount]
    """From which a transfer must carry full originator and beneficiary information."""

    # Cases and filings
    four_eyes: Cited[FourEyes]
    case_deadlines: Cited[tuple[tuple[str, Term], ...]]
    filing: FilingClocks
    report_format: Cited[str]
    """`fincen_sar` or `goaml`: the module of `aml.reports` that builds it."""

    # Records
    retention_years: Cited[int]
    sanctions_retention_years: Cited[int]

    is_holiday: Callable[[date], bool]

    def is_high_risk(self, country: str) -> bool:
        """Whether a country (alpha-2 or alpha-3) asks for enhanced due diligence."""
        return alpha2(country) in self.high_risk_countries.value

    def is_monitored(self, country: str) -> bool:
        return alpha2(country) in self.monitored_countries.value

    def case_due(self, case_kind: str, opened: date) -> date:
        """The last day for a decision on a case. Raises `KeyError` for a kind that the regime does not know."""
        return dict(self.case_deadlines.value)[case_kind].after(opened, self.is_holiday)

    def suspicion_due(self, detected: date, *, has_suspect: bool) -> date:
        term = self.filing.suspicion if has_suspect else self.filing.suspicion_without_suspect
        return term.value.after(detected, self.is_holiday)

    def continuing_due(self, previous_filing: date) -> date:
        return self.filing.continuing.value.after(previous_filing, self.is_holiday)

    def review_due(self, previous_filing: date) -> date:
        return self.filing.continuing_review.value.after(previous_filing, self.is_holiday)

    def correction_due(self, complained: date) -> date:
        return self.filing.correction.value.after(complained, self.is_holiday)

    def blocking_due(self, blocked: date) -> date:
        return self.filing.blocking.value.after(blocked, self.is_holiday)


def years_after(day: date, years: int) -> date:
    """The same day some years on; 29 February becomes 1 March, so that nothing is kept a day short."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
