"""One delivery to one endpoint of a tenant: ids only; what is sent is read from the store at each attempt."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class WebhookInput:
    tenant_id: UUID
    delivery_id: UUID


@dataclass(frozen=True)
class WebhookAttempt:
    tenant_id: UUID
    delivery_id: UUID
    number: int
    """From 1. The same attempt may run twice, when its answer is lost."""


@dataclass(frozen=True)
class WebhookAnswer:
    outcome: str
    """`delivered`, `failed` (try again later) or `refused` (never again: gone, disabled, or an address not allowed)."""
    status: int | None = None
    """The endpoint's HTTP status, if it answered."""


@dataclass(frozen=True)
class WebhookResult:
    delivery_id: UUID
    delivered: bool
    attempts: int
