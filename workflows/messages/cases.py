"""What officers do with a case, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from workflows.messages.scope import Scope


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


ASSERTION_LIFETIME = timedelta(minutes=5)
