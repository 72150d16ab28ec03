"""What a regime tells the reports: thresholds and days, in the reports' own terms."""

from aml.reports.ctr_rules import CtrTerms
from jurisdictions.regime import Regime


class NoThresholdReport(LookupError):
    """The regime knows no report of cash over a threshold by this kind of firm."""


def ctr_terms(regime: Regime) -> CtrTerms:
    """The terms of the currency transaction report. Raises `NoThresholdReport`."""
    clock = regime.filing.threshold_report
    if clock is None:
        raise NoThresholdReport(regime.version)
    return CtrTerms(
        threshold=int(regime.reporting_threshold.value.value),
        threshold_citation=regime.reporting_threshold.citation,
        days_to_file=clock.value.days,
        days_citation=clock.citation,
    )
