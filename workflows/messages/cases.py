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
    ASSIGN = "assign"
    ATTACH = "attach"
    REQUEST = "request"
    SNOOZE = "snooze"
    REOPEN = "reopen"
    """Of a closed case, which has no run: it is asked for by a reopening's own workflow."""


class FalsePositiveReason(StrEnum):
    """Why what looked suspicious was not: what thresholds and the next model learn from."""

    EXPECTED_ACTIVITY = "expected_activity"
    """In line with the customer's business, income or stated purpose."""
    KNOWN_COUNTERPARTY = "known_counterparty"
    """Own accounts, family, employer, an established trading partner."""
    DIFFERENT_PERSON = "different_person"
    """A name or a number that belongs to somebody else."""
    ONE_TIME_EVENT = "one_time_event"
    """A house, an inheritance, a wedding: explained and evidenced."""
    RULE_TOO_WIDE = "rule_too_wide"
    """The rule or threshold should not have fired on this."""
    DATA_ERROR = "data_error"
    """Wrong, late or duplicated input."""
    OTHER = "other"


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
class CaseResult:
    case_id: UUID
    disposition: Disposition
    maker: UUID
    approver: UUID | None


@dataclass(frozen=True)
class CaseInput:
    scope: Scope
    case_id: UUID
    kind: str
    due_at: datetime
    four_eyes: tuple[Disposition, ...]
    officer_public_key: str
    excluded_officers: tuple[UUID, ...] = ()
    revision: int = 0
    """Where the record stands: above 0 for a case that was opened again."""
    reopened_by: UUID | None = None
    """Who asked for it to be opened again, where a second officer has to approve that."""
    before: CaseResult | None = None
    """How it had ended, which holds again where its opening is not approved."""


@dataclass(frozen=True)
class CaseRef:
    scope: Scope
    case_id: UUID


@dataclass(frozen=True)
class CaseDetail:
    """What an action says beside who, what and why; the assertion names its digest."""

    assignee: UUID | None = None
    """Whose the case becomes."""
    until: datetime | None = None
    """Until when it is snoozed, or the applicant is asked to answer."""
    item_id: UUID | None = None
    """The evidence that is attached, or the request that is made."""
    item_sha256: str = ""
    """Of the evidence's bytes."""
    code: str = ""
    """A `FalsePositiveReason`."""


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
    detail: CaseDetail | None = None


@dataclass(frozen=True)
class CaseState:
    """The answer to an Update and to the `state` query."""

    case_id: UUID
    revision: int
    status: str
    """`open`, `claimed`, `awaiting_approval`, `reopening` or `closed`."""
    claimed_by: UUID | None = None
    maker: UUID | None = None
    disposition: Disposition | None = None
    escalated: bool = False
    run_id: str = ""
    """The run that answers; an assertion has to name it."""
    snoozed_until: datetime | None = None
    request_id: UUID | None = None
    """What the applicant is asked for."""
    request_due_at: datetime | None = None


@dataclass(frozen=True)
class CaseEvent:
    """One accepted action, or what the clock did, to be recorded under (case, revision)."""

    scope: Scope
    case_id: UUID
    revision: int
    action: str
    """A `CaseAction`, or what the clock or the applicant did: `escalated`, `woken`, `reminded`, `unanswered`,
    `answered`."""
    status: str
    officer_id: UUID | None = None
    claimed_by: UUID | None = None
    disposition: Disposition | None = None
    reason_id: UUID | None = None
    at: datetime | None = None
    maker: UUID | None = None
    """Whose disposition stands again, where a re-opening was not approved."""
    detail: CaseDetail | None = None
    snoozed_until: datetime | None = None
    request_id: UUID | None = None
    request_due_at: datetime | None = None


@dataclass(frozen=True)
class CaseClosed:
    """Ask to write what follows from a closed alert case: for a confirmed suspicion, a row in the filing outbox."""

    scope: Scope
    result: CaseResult
    reopening_id: UUID | None = None
    """The re-opening that it follows; a changed disposition is then an outcome of its own."""
    before: Disposition | None = None


ASSERTION_LIFETIME = timedelta(minutes=5)
