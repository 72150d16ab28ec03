"""From an alert to the case that answers it."""

from dataclasses import dataclass
from uuid import UUID

from workflows.messages.scope import Scope


@dataclass(frozen=True)
class InvestigationInput:
    tenant_id: UUID
    alert_id: UUID
    officer_public_key: str


@dataclass(frozen=True)
class AlertRef:
    scope: Scope
    alert_id: UUID


@dataclass(frozen=True)
class RatingReview:
    """After a case closed, whatever came of it."""

    scope: Scope
    case_id: UUID


@dataclass(frozen=True)
class InvestigationResult:
    """The same whether or not a filing follows."""

    case_id: UUID
    joined: bool
