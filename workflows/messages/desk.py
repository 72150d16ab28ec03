"""What goes on around a case: evidence, the applicant's answers, and closed cases that are opened again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflows.messages.cases import CaseResult, Disposition
from workflows.messages.scope import Scope


@dataclass(frozen=True)
class ReopeningInput:
    """An officer's wish to open a closed case again, with the API's assertion that they may ask."""

    tenant_id: UUID
    reopening_id: UUID
    case_id: UUID
    revision: int
    """The revision at which the case is closed; at another one nothing is opened."""
    officer_id: UUID
    reason_id: UUID
    reason_sha256: str
    assertion: str
    asked_at: datetime
    officer_public_key: str


@dataclass(frozen=True)
class CaseReopened:
    """The case once it is open again, or waits for the second officer who has to agree."""

    scope: Scope
    kind: str
    about: str
    reasons: tuple[str, ...]
    revision: int
    due_at: datetime
    four_eyes: tuple[Disposition, ...]
    excluded_officers: tuple[UUID, ...]
    before: CaseResult
    needs_approval: bool
    application_id: UUID | None = None


@dataclass(frozen=True)
class ReopeningResult:
    case_id: UUID
    disposition: Disposition


@dataclass(frozen=True)
class EvidenceInput:
    """Files that came in; `request_id` where they are an applicant's answer."""

    tenant_id: UUID
    case_id: UUID
    evidence_ids: tuple[UUID, ...]
    request_id: UUID | None = None


@dataclass(frozen=True)
class EvidenceRef:
    tenant_id: UUID
    case_id: UUID
    evidence_id: UUID


@dataclass(frozen=True)
class EvidenceDecoded:
    evidence_id: UUID
    pages: int
    problem: str = ""


@dataclass(frozen=True)
class EvidenceResult:
    case_id: UUID
    decoded: tuple[EvidenceDecoded, ...]
    told: bool
    """Whether the case learned of the answer; it does not once it is closed, and shows the files all the same."""


@dataclass(frozen=True)
class RequestAnswered:
    """The signal to a case that its applicant sent something. What was sent is in the store."""

    request_id: UUID
