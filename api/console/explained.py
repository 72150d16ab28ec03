"""A decision as pages show it: its contributions as bars beside the numbers, the same facts as the plot in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.auth import Principal
from api.routes import decisions
from api.schemas.decisions import ContributionOut, DecisionOut, DecisionRow
from api.services import Services

MOST_BARS = 12
_HALF = 60.0
"""Half a bar's picture, in its own units."""

ORDER = (
    "onboarding_outcome",
    "onboarding_risk",
    "screening",
    "document_acceptance",
    "alert",
    "transaction_score",
    "filing_trigger",
)
"""What an officer reads first."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One contribution: to the right where it raises the output, to the left where it lowers it."""

    feature: str
    value: Any
    shap: float
    x: float
    width: float
    raises: bool


@dataclass(frozen=True, slots=True)
class Explained:
    decision: DecisionOut
    bars: tuple[Bar, ...]
    rest: int
    """Contributions that are not among the bars."""
    rest_shap: float


async def explained(decision_id: UUID, principal: Principal, services: Services) -> Explained:
    """Read as the API reads it, audited. Raises `DecisionUnknown`."""
    return present(await decisions.show(decision_id, principal, services))


def present(decision: DecisionOut, most: int = MOST_BARS) -> Explained:
    weighing = [each for each in decision.contributions if each.shap != 0.0]
    shown, rest = weighing[:most], weighing[most:]
    largest = max((abs(each.shap) for each in shown), default=1.0)
    return Explained(decision, tuple(_bar(each, largest) for each in shown), len(rest), sum(each.shap for each in rest))


def _bar(contribution: ContributionOut, largest: float) -> Bar:
    width = max(1.0, round(_HALF * abs(contribution.shap) / largest, 1))
    raises = contribution.shap > 0
    return Bar(contribution.feature, contribution.value, contribution.shap, 0.0 if raises else -width, width, raises)


def to_open(rows: Iterable[DecisionRow], abouts: frozenset[str], most: int) -> list[DecisionRow]:
    """The decisions to show in full: of each matter and kind the newest, each document's too, in `ORDER`."""
    newest: dict[tuple[str, str, object], DecisionRow] = {}
    for row in rows:
        if row.about in abouts:
            apart = row.decision_id if row.kind == "document_acceptance" else None
            newest[row.about, row.kind, apart] = row
    ranked = sorted(newest.values(), key=lambda row: ORDER.index(row.kind) if row.kind in ORDER else len(ORDER))
    return ranked[:most]
