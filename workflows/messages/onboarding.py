"""From an application to its outcome, and the contest of an outcome."""

from dataclasses import dataclass
from uuid import UUID

from workflows.messages.scope import Scope


@dataclass(frozen=True)
class OnboardingInput:
    tenant_id: UUID
    application_id: UUID
    officer_public_key: str
    """The Ed25519 public key (hex) that officers' assertions are checked with."""


@dataclass(frozen=True)
class OnboardingResult:
    application_id: UUID
    outcome: str
    """`approved`, `rejected`, `blocked`, or `unreadable`."""
    decision_id: UUID | None
    case_id: UUID | None = None


@dataclass(frozen=True)
class ApplicationRef:
    scope: Scope
    application_id: UUID


@dataclass(frozen=True)
class DocumentRef:
    scope: Scope
    application_id: UUID
    document_id: UUID


@dataclass(frozen=True)
class Admission:
    """What the first step finds: the documents to read and the scope that holds for the whole application."""

    scope: Scope
    document_ids: tuple[UUID, ...]
    has_selfie: bool


@dataclass(frozen=True)
class DocumentSummary:
    document_id: UUID
    readable: bool
    accepted: bool
    codes: tuple[str, ...]
    decision_id: UUID | None
    reading_sha256: str = ""
    """The vault object that holds the whole reading and its findings."""


@dataclass(frozen=True)
class ApplicationRead:
    """An application whose documents are read: what checking and screening start from."""

    scope: Scope
    application_id: UUID
    documents: tuple[DocumentSummary, ...]


@dataclass(frozen=True)
class CheckSummary:
    """How documents, application and selfie agree."""

    codes: tuple[str, ...]
    face: str = "not_checked"
    """`match`, `unsure`, `no_match` or `not_checked`."""


@dataclass(frozen=True)
class ScreeningSummary:
    decision_id: UUID
    hits: int
    strength: str
    """`none`, `possible`, `strong` or `exact`: the strongest hit."""
    stale: bool


@dataclass(frozen=True)
class RiskInput:
    scope: Scope
    application_id: UUID
    documents: tuple[DocumentSummary, ...]
    checks: CheckSummary
    screening: ScreeningSummary


@dataclass(frozen=True)
class RiskSummary:
    decision_id: UUID
    rating: str


@dataclass(frozen=True)
class OutcomeInput:
    scope: Scope
    application_id: UUID
    documents: tuple[DocumentSummary, ...]
    checks: CheckSummary
    screening: ScreeningSummary
    risk: RiskSummary


@dataclass(frozen=True)
class Outcome:
    decision_id: UUID | None
    """None where a step failed and nothing was decided."""
    outcome: str
    """`approve`, `refer`, `reject` or `block`."""
    reasons: tuple[str, ...]
    """The rules that fired."""


@dataclass(frozen=True)
class Conclusion:
    """The last step: what the application's state becomes."""

    scope: Scope
    application_id: UUID
    outcome: str
    reasons: tuple[str, ...]
    case_id: UUID | None = None


@dataclass(frozen=True)
class ContestInput:
    tenant_id: UUID
    application_id: UUID
    officer_public_key: str
