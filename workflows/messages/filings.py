"""The life of a filing, in its own namespace: reports one after another, each drafted, approved, sent and answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from workflows.messages.scope import Scope


class FilingAction(StrEnum):
    """What filing officers do with a filing."""

    APPROVE = "approve"
    RETURN = "return"
    """Have the draft made anew from the case."""
    ACKNOWLEDGE = "acknowledge"
    """Hand in the authority's answer where the gateway does not fetch it."""
    CORRECT = "correct"
    """Ask for a report that corrects the one that was sent."""
    CONTINUE = "continue"
    """The activity went on: ask for a report that continues the last one."""
    CEASE = "cease"
    """The activity did not go on: the filing ends."""


class FilingForm(StrEnum):
    """What duty a filing fulfils. Only a suspicion is reviewed for going on."""

    SUSPICION = "suspicion"
    THRESHOLD = "threshold"
    """Cash of a person and day over the reporting threshold."""
    BLOCKING = "blocking"
    """Property that was frozen for sanctions."""
    REJECTION = "rejection"
    """Business that was refused for sanctions, where there is no property to freeze."""


class ReportKind(StrEnum):
    INITIAL = "initial"
    CONTINUING = "continuing"
    CORRECTING = "correcting"


@dataclass(frozen=True)
class FilingSubmitted:
    filing_id: UUID
    sha256: str
    reference: str
    submitted_at: datetime | None = None
    review_at: datetime | None = None
    """When to ask whether the activity goes on; `None` where the regime or the form asks for no continuing report."""
    continuing_due_at: datetime | None = None
    """By when a continuing report is owed, if it does."""


@dataclass(frozen=True)
class ReportRequest:
    """Which report of a filing is to be made: the first, or one that corrects or continues another."""

    number: int = 1
    kind: ReportKind = ReportKind.INITIAL
    prior_document: str | None = None
    """The authority's number of the report before."""
    asked_by: UUID | None = None
    """The officer who asked for it, and so may not approve it; `None` for the first."""
    reason_sha256: str = ""
    due_at: datetime | None = None
    """Where the clock does not start with the detection."""


@dataclass(frozen=True)
class FilingInput:
    """`revision` and what follows are carried over when a run continues as a new one."""

    tenant_id: UUID
    filing_id: UUID
    officer_public_key: str
    revision: int = 0
    report: ReportRequest = ReportRequest()
    submitted: FilingSubmitted | None = None
    """The last report that was not a correction: what a continuing report is counted from."""


@dataclass(frozen=True)
class DraftFiling:
    """Ask for a draft; a returned filing is drafted anew under its next revision."""

    tenant_id: UUID
    filing_id: UUID
    revision: int
    report: ReportRequest = ReportRequest()


@dataclass(frozen=True)
class FilingRef:
    scope: Scope
    filing_id: UUID
    revision: int = 0
    report: int = 1


@dataclass(frozen=True)
class FilingDrafted:
    filing_id: UUID
    maker: UUID | None
    """The officer whose disposition or request the report follows: never its approver. None where a rule asked for it,
    such as the one on cash."""
    valid: bool
    problems: tuple[str, ...]
    """Codes such as `SCHEMA_NOT_INSTALLED`; the texts are in the store."""
    due_at: datetime
    scope: Scope
    since: datetime | None = None
    """When the clock started."""
    form: FilingForm = FilingForm.SUSPICION
    submitted: FilingSubmitted | None = None
    """Where a run before a reset handed this report over already."""


@dataclass(frozen=True)
class FilingCommand:
    """The argument of a filing's Updates."""

    action: FilingAction
    officer_id: UUID
    revision: int
    assertion: str
    reason_sha256: str = ""
    """Of the officer's sealed words; for an acknowledgement, of the sealed answer."""


@dataclass(frozen=True)
class FilingState:
    """The answer to an Update and to the `state` query."""

    filing_id: UUID
    revision: int
    status: str
    """`drafting`, `draft`, `blocked` (cannot be submitted), `approved`, `submitted`, `acknowledged`, `faulted` (taken,
    with errors to correct), `rejected` (not taken), `review` (does the activity go on?) or `closed`."""
    problems: tuple[str, ...] = ()
    overdue: bool = False
    run_id: str = ""
    report: int = 1


@dataclass(frozen=True)
class FilingEvent:
    """What happened to a filing, to be recorded under (filing, revision)."""

    scope: Scope
    filing_id: UUID
    revision: int
    action: str
    """`drafted`, `reminded`, `overdue`, `submitted`, `resumed`, `unanswered`, `acknowledged`, `faulted`, `rejected`,
    `review`, `closed`, or what an officer did."""
    status: str
    officer_id: UUID | None = None
    reason_sha256: str = ""
    at: datetime | None = None
    report: int = 1


@dataclass(frozen=True)
class AnswerRef:
    """Where an authority's answer is: at the gateway, or with the officer's words of this digest."""

    scope: Scope
    filing_id: UUID
    report: int
    sha256: str = ""


@dataclass(frozen=True)
class FilingAnswer:
    """What the authority said to a report."""

    accepted: bool
    document_number: str | None
    """Its number of the report, such as FinCEN's BSA identifier."""
    problems: tuple[str, ...] = ()
    """Codes of what it complained about; the texts, which quote the report, stay in the store."""
    correction_due_at: datetime | None = None


@dataclass(frozen=True)
class ActivityReview:
    """What happened since the last report."""

    alerts: int
    """New alerts of the same parties."""


@dataclass(frozen=True)
class DutiesFound:
    """How many filings the search for unreported cash and blockings started."""

    threshold: int
    blocking: int
