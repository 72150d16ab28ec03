"""The onboarding risk of a customer: which facts it looks at, how they become numbers, and how a probability is rated.

Scoring needs no training code, so training is apart (`customer_risk_training`). No protected attribute is a feature: no
sex, nationality, religion, birth place or age of the person. The model may raise a rating or refer; it never rejects.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """How the customer came, from the least to the most remote."""

    BRANCH = "branch"
    VIDEO = "video"
    ONLINE = "online"
    INTERMEDIARY = "intermediary"


class Product(StrEnum):
    """What the customer asks for, by rising ease of moving value (EBA/GL/2021/02, titles II 9 to 14)."""

    SAVINGS = "savings"
    CURRENT_ACCOUNT = "current_account"
    CARD = "card"
    REMITTANCE = "remittance"
    CRYPTO = "crypto"


class Occupation(StrEnum):
    """Groups of occupations by exposure to cash and to other people's money (FATF R.22; EBA/GL/2021/02, 2.4 to 2.6)."""

    EMPLOYED = "employed"
    RETIRED = "retired"
    STUDENT = "student"
    SELF_EMPLOYED = "self_employed"
    CASH_BUSINESS = "cash_business"
    GATEKEEPER = "gatekeeper"
    UNEMPLOYED = "unemployed"


CHANNEL_RISK: Mapping[Channel, float] = {c: float(i) for i, c in enumerate(Channel)}
PRODUCT_RISK: Mapping[Product, float] = {p: float(i) for i, p in enumerate(Product)}
OCCUPATION_RISK: Mapping[Occupation, float] = {
    Occupation.EMPLOYED: 0.0,
    Occupation.RETIRED: 0.0,
    Occupation.STUDENT: 1.0,
    Occupation.UNEMPLOYED: 1.0,
    Occupation.SELF_EMPLOYED: 2.0,
    Occupation.GATEKEEPER: 3.0,
    Occupation.CASH_BUSINESS: 4.0,
}
COUNTRY_RISK: Mapping[str, float] = {"standard": 0.0, "monitored": 1.0, "high": 2.0}
"""The list on which the country of residence stands, as the regime says."""
SCREENING_RISK: Mapping[str, float] = {"none": 0.0, "possible": 1.0, "strong": 2.0, "exact": 3.0}

FEATURES = (
    "residence_risk",
    "channel_risk",
    "product_risk",
    "occupation_risk",
    "expected_monthly_volume",
    "expected_monthly_transfers",
    "expected_cash_share",
    "expected_foreign_share",
    "volume_to_income",
    "document_age_years",
    "document_months_left",
    "document_findings",
    "check_findings",
    "screening_strength",
    "contact_country_differs",
)
"""The model's features in order: amounts in the regime's currency, shares 0 to 1, NaN where not known."""


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What is known of an applicant when the risk is rated; None is "not stated" or "not known"."""

    residence_risk: str | None
    """`standard`, `monitored` or `high`: the regime's list for the country of residence."""
    channel: Channel | None = None
    product: Product | None = None
    occupation: Occupation | None = None
    expected_monthly_volume: float | None = None
    expected_monthly_transfers: float | None = None
    expected_cash_share: float | None = None
    expected_foreign_share: float | None = None
    monthly_income: float | None = None
    document_age_years: float | None = None
    document_months_left: float | None = None
    document_findings: int = 0
    check_findings: int = 0
    screening_strength: str = "none"
    contact_country_differs: bool | None = None
    """The telephone's country is another than that of residence."""


@dataclass(frozen=True, slots=True)
class RatingThresholds:
    """From which probability on a customer is rated medium and high, with who fixed it."""

    medium: float = 0.1
    high: float = 0.35
    citation: str = "house rule: set on the training data so that few customers are rated high and one in six medium"

    def __post_init__(self) -> None:
        if not 0.0 < self.medium < self.high < 1.0:
            raise ValueError("thresholds must rise between 0 and 1")

    def cuts(self) -> dict[str, float]:
        """The lower end of each rating, for the finding that a stored rating carries."""
        return {"low": 0.0, "medium": self.medium, "high": self.high}


def features(facts: CustomerFacts) -> tuple[float, ...]:
    """The model's input, in the order of `FEATURES`. Raises `ValueError` for words and numbers that cannot be."""
    for name in ("expected_cash_share", "expected_foreign_share"):
        share = getattr(facts, name)
        if share is not None and not 0.0 <= share <= 1.0:
            raise ValueError(f"{name} is a share between 0 and 1, not {share}")
    for name in ("expected_monthly_volume", "expected_monthly_transfers", "monthly_income", "document_age_years"):
        amount = getattr(facts, name)
        if amount is not None and not (math.isfinite(amount) and amount >= 0.0):
            raise ValueError(f"{name} is a number from 0 up, not {amount}")
    volume, income = facts.expected_monthly_volume, facts.monthly_income
    return (
        _coded(COUNTRY_RISK, facts.residence_risk),
        math.nan if facts.channel is None else CHANNEL_RISK[facts.channel],
        math.nan if facts.product is None else PRODUCT_RISK[facts.product],
        math.nan if facts.occupation is None else OCCUPATION_RISK[facts.occupation],
        _known(volume),
        _known(facts.expected_monthly_transfers),
        _known(facts.expected_cash_share),
        _known(facts.expected_foreign_share),
        math.nan if volume is None or not income else volume / income,
        _known(facts.document_age_years),
        _known(facts.document_months_left),
        float(facts.document_findings),
        float(facts.check_findings),
        _coded(SCREENING_RISK, facts.screening_strength),
        math.nan if facts.contact_country_differs is None else float(facts.contact_country_differs),
    )


def rating(probability: float, thresholds: RatingThresholds) -> str:
    """`low`, `medium` or `high`."""
    if probability >= thresholds.high:
        return "high"
    return "medium" if probability >= thresholds.medium else "low"


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _coded(table: Mapping[str, float], word: str | None) -> float:
    if word is None:
        return math.nan
    if word not in table:
        raise ValueError(f"{word!r} is none of {', '.join(table)}")
    return table[word]
