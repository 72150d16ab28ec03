"""The life of a filing, in its own namespace."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflows.messages.cases import CaseAction
from workflows.messages.scope import Scope


@dataclass(frozen=True)
class FilingInput:
    tenant_id: UUID
    filing_id: UUID
    officer_public_key: str


@dataclass(frozen=True)
class DraftFiling:
    """Ask for a draft; a returned filing is drafted anew under its next revision."""

    tenant_id: UUID
    filing_id: UUID
    revision: int


@dataclass(frozen=True)
class FilingRef:
    scope: Scope
    filing_id: UUID
    revision: int = 0


@dataclass(frozen=True)
class FilingDrafted:
    filing_id: UUID
    maker: UUID
    """The officer whose disposition asked for the filing: never its approver."""
    valid: bool
    problems: tuple[str, ...]
    """Codes such as `SCHEMA_NOT_INSTALLED`; the texts are in the store."""
    due_at: datetime
    scope: Scope


@dataclass(frozen=True)
class FilingCommand:
    """The argument of a filing's Update (`approve` or `return`)."""

    action: CaseAction
    officer_id: UUID
    revision: int
    assertion: str
    reason_sha256: str = ""


@dataclass(frozen=True)
class FilingState:
    """The answer to an Update and to the `state` query."""

    filing_id: UUID
    revision: int
    status: str
    """`drafting`, `draft`, `blocked` (cannot be submitted), `approved` or `submitted`."""
    problems: tuple[str, ...] = ()
    overdue: bool = False
    run_id: str = ""


@dataclass(frozen=True)
class FilingEvent:
    """What happened to a filing, to be recorded under (filing, revision)."""

    scope: Scope
    filing_id: UUID
    revision: int
    action: str
    """`drafted`, `approve`, `return`, `reminded`, `overdue` or `submitted`."""
    status: str
    officer_id: UUID | None = None
    reason_sha256: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class FilingSubmitted:
    filing_id: UUID
    sha256: str
    reference: str
