"""What a counterfactual may change: features and facts that a person can act on, and how far.

A table of permissions. What is missing here is never changed: protected attributes (none is a feature), what cannot
be changed (age, where someone lives, what they do for a living), and what others found out (screening, ratings).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from explain.reasons_typologies import TYPOLOGIES
from explain.record import Value


@dataclass(frozen=True, slots=True)
class Changeable:
    """How a feature may change: to one of `values`, or within `low` to `high` in steps of `10 ** -decimals`.

    `scales` names features that are proportional to this one and follow it.
    """

    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = float("inf")
    decimals: int = 2
    scales: tuple[str, ...] = ()


CUSTOMER_RISK: Mapping[str, Changeable] = {
    "channel_risk": Changeable((0.0, 1.0, 2.0, 3.0)),
    "product_risk": Changeable((0.0, 1.0, 2.0, 3.0, 4.0)),
    "expected_monthly_volume": Changeable(scales=("volume_to_income",)),
    "expected_monthly_transfers": Changeable(decimals=0),
    "expected_cash_share": Changeable(high=1.0),
    "expected_foreign_share": Changeable(high=1.0),
    "document_findings": Changeable(decimals=0),
    "check_findings": Changeable(decimals=0),
    "contact_country_differs": Changeable((0.0, 1.0)),
}

TRANSACTIONS: Mapping[str, Changeable] = {
    "is_cash": Changeable((0.0, 1.0)),
    "is_cross_border": Changeable((0.0, 1.0)),
    **{name: Changeable((0.0,)) for name in TYPOLOGIES},
}
"""Windows and amounts are left alone: they hang together, and only the engine could say how."""

POLICY: Mapping[str, Changeable] = {
    "documents_accepted": Changeable((1,)),
    "documents_unreadable": Changeable((0,)),
    "document_expired": Changeable((False,)),
    "document_not_accepted_type": Changeable((False,)),
    "check_digit_failed": Changeable((False,)),
    "zones_disagree": Changeable((False,)),
    "application_mismatch": Changeable((False,)),
    "documents_disagree": Changeable((False,)),
    "impossible_date": Changeable((False,)),
    "readers_disagree": Changeable((False,)),
    "screening_stale": Changeable((False,)),
    "face": Changeable(("match",)),
}

ACCEPTANCE: Mapping[str, Changeable] = {
    "document_accepted": Changeable((True,)),
    "mrz_read": Changeable((True,)),
    "check_digits_failed": Changeable((0,)),
    "mrz_malformed": Changeable((False,)),
    "second_opinion": Changeable((True,)),
    "unconfirmed_fields": Changeable((0,)),
    "format_problems": Changeable((0,)),
    "anomalies": Changeable((0,)),
    "liveness_failed": Changeable((False,)),
    "reading_confidence": Changeable((0.98,)),
    "zone_mismatches": Changeable((0,)),
    "application_mismatches": Changeable((0,)),
    "expired": Changeable((False,)),
    "impossible_dates": Changeable((0,)),
    "portrait_found": Changeable((True,)),
    "face": Changeable(("match",)),
}

ALERT: Mapping[str, Changeable] = {
    "score": Changeable((0.0,)),
    "graph_hit": Changeable((0.0,)),
    "amount_hit": Changeable((0.0,)),
    "behaviour_hit": Changeable((0.0,)),
    "geography_hit": Changeable((0.0,)),
    "unknown_account": Changeable((False,)),
}

CHANGEABLE: Mapping[str, Changeable] = {**ALERT, **ACCEPTANCE, **POLICY, **TRANSACTIONS, **CUSTOMER_RISK}
"""All of them: names are unique across models, or mean the same."""
