"""What a regime tells transaction monitoring: the threshold that structuring stays below, in the engine's terms.

Apart from the rest of the package because the engine's parameters load its compiled kernels, which API and workflows
must not.
"""

from collections.abc import Mapping
from decimal import Decimal

from aml.money import DECIMALS
from aml.parameters import MonitoringParameters
from jurisdictions.regime import Regime


def monitoring_parameters(
    regime: Regime, rates: Mapping[str, Decimal] | None = None, sanctioned: frozenset[str] = frozenset()
) -> MonitoringParameters:
    """The engine's parameters under a regime.

    `rates` are units of the regime's currency for one of another, `sanctioned` the accounts and parties that screening
    confirmed.
    """
    return MonitoringParameters(
        currency=regime.currency,
        reporting_threshold=first_reported_amount(regime),
        reported_channels=frozenset({"cash_deposit", "cash_withdrawal"}),
        rates=dict(rates or {}),
        high_risk_countries=regime.high_risk_countries.value,
        sanctioned=sanctioned,
    )


def first_reported_amount(regime: Regime) -> Decimal:
    """The smallest amount that is reported: the threshold itself, or a cent more where only "more than" is."""
    threshold = regime.reporting_threshold.value
    if regime.reported_from_threshold.value:
        return threshold.value
    return threshold.value + Decimal(1).scaleb(-DECIMALS[threshold.currency])
