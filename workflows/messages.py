"""The messages between workflows and steps: references, codes and digests, never personal data or images.

Assume that an auditor reads every payload. New fields get defaults, so that old histories keep replaying.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """The kinds of workflow the dispatcher starts, as outbox rows name them."""

    ONBOARDING = "onboarding"
    CONTEST = "contest"
    INVESTIGATION = "investigation"
    FILING = "filing"


def workflow_id(kind: Kind, random_id: UUID) -> str:
    """The only place where workflow ids are made: the kind and the random UUID stored with the outbox row."""
    return f"{kind.value}-{random_id}"


def case_workflow_id(case_id: UUID) -> str:
    return f"case-{case_id}"


@dataclass(frozen=True)
class Scope:
    """Whose work this is: what every step needs to know before it touches a row."""

    tenant_id: UUID
    regime: str
    regime_version: str
    as_of: datetime


# --- Onboarding ------------------------------------------------------------------------------------------------------


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
    decision_id: UUID
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


# --- Investigation ---------------------------------------------------------------------------------------------------


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
class InvestigationResult:
    """The same whether or not a filing follows."""

    case_id: UUID
    joined: bool


# --- Cases -----------------------------------------------------------------------------------------------------------


class Disposition(StrEnum):
    """What officers may decide. The first three close an application's case, the rest an alert's."""

    APPROVE = "approve"
    REJECT = "reject"
    BLOCK = "block"
    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"
    INCONCLUSIVE = "inconclusive"


class CaseAction(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    NOTE = "note"
    DECIDE = "decide"
    APPROVE = "approve"
    RETURN = "return"


@dataclass(frozen=True)
class OpenCase:
    """Ask for a case; answers the case that it became, which is an earlier open one where parties are shared."""

    scope: Scope
    kind: str
    """`application`, `contest` or `alert`."""
    about: str
    """`application:<uuid>` or `alert:<uuid>`."""
    reasons: tuple[str, ...]
    excluded_officers: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class CaseOpened:
    case_id: UUID
    joined: bool
    due_at: datetime
    four_eyes: tuple[Disposition, ...]
    """The dispositions that two different officers must agree on."""
    excluded_officers: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class CaseInput:
    scope: Scope
    case_id: UUID
    kind: str
    due_at: datetime
    four_eyes: tuple[Disposition, ...]
    officer_public_key: str
    excluded_officers: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class CaseRef:
    scope: Scope
    case_id: UUID


@dataclass(frozen=True)
class CaseCommand:
    """The argument of every case Update: what an officer wants, and the API's assertion that they may.

    `reason_id` names the sealed note in the store, `reason_sha256` its digest; the words never enter Temporal.
    """

    action: CaseAction
    officer_id: UUID
    revision: int
    assertion: str
    disposition: Disposition | None = None
    reason_id: UUID | None = None
    reason_sha256: str = ""


@dataclass(frozen=True)
class CaseState:
    """The answer to an Update and to the `state` query."""

    case_id: UUID
    revision: int
    status: str
    """`open`, `claimed`, `awaiting_approval` or `closed`."""
    claimed_by: UUID | None = None
    maker: UUID | None = None
    disposition: Disposition | None = None
    escalated: bool = False
    run_id: str = ""
    """The run that answers; an assertion has to name it."""


@dataclass(frozen=True)
class CaseEvent:
    """One accepted action, or what the clock did, to be recorded under (case, revision)."""

    scope: Scope
    case_id: UUID
    revision: int
    action: str
    """A `CaseAction`, or `escalated`."""
    status: str
    officer_id: UUID | None = None
    claimed_by: UUID | None = None
    disposition: Disposition | None = None
    reason_id: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class CaseResult:
    case_id: UUID
    disposition: Disposition
    maker: UUID
    approver: UUID | None


@dataclass(frozen=True)
class CaseClosed:
    """Ask to write what follows from a closed alert case: for a confirmed suspicion, a row in the filing outbox."""

    scope: Scope
    result: CaseResult


# --- Filings (their own namespace) -----------------------------------------------------------------------------------


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


ASSERTION_LIFETIME = timedelta(minutes=5)
