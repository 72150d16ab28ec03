"""Cases over the wire: the queue, one case in full, and what officers send."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.alerts import AlertRow
from api.schemas.decisions import DecisionRow, FindingOut
from api.schemas.fields import Instant, LongText
from workflows.messages import Disposition, FalsePositiveReason

Status = Literal["open", "claimed", "awaiting_approval", "reopening", "closed"]
Kind = Literal["application", "contest", "alert", "screening"]


class CaseRow(BaseModel):
    case_id: UUID
    kind: Kind
    about: str
    status: Status = Field(description="`reopening`: an officer wants it opened again and another one has to approve.")
    revision: int = Field(description="Send it back with an action: it is refused if someone acted in between.")
    risk: int = Field(description="0 to 100: the highest score of what referred it.")
    reasons: list[str] = Field(description="The rules or typologies that referred it.")
    due_at: datetime
    seconds_left: int = Field(description="Until the deadline; negative once it has passed.")
    escalated: bool = Field(description="Its deadline passed while it was open.")
    four_eyes: bool = Field(description="Some dispositions wait for a second officer's approval.")
    claimed_by: UUID | None
    maker: UUID | None = Field(description="Who decided, while a second officer has to approve, and after.")
    disposition: Disposition | None
    snoozed_until: datetime | None = Field(description="Hidden from the queue until then.")
    request_due_at: datetime | None = Field(description="Until then the applicant is asked to answer.")
    opened_at: datetime
    closed_at: datetime | None


class CaseList(BaseModel):
    cases: list[CaseRow]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; absent on the last.")


class CaseEventOut(BaseModel):
    """One accepted action, or what the clock did."""

    revision: int
    action: str
    status: str
    officer_id: UUID | None
    disposition: str | None
    reason: str | None = Field(description="The officer's words.")
    assigned_to: UUID | None = Field(description="Who has the case after it.")
    code: str | None = Field(description="Why a false positive was one.")
    until: datetime | None = Field(description="Until when it is snoozed, or the applicant is asked to answer.")
    item_id: UUID | None = Field(description="The evidence or the request it is about.")
    at: datetime


class DocumentOut(BaseModel):
    document_id: UUID
    kind: Literal["document", "selfie"]
    media_type: str
    pages: int = Field(description="Normalised pages, at /v1/documents/{document_id}/pages/{page} from 0.")


class ContestOut(BaseModel):
    contest_id: UUID
    outcome: str
    reason: str | None = Field(description="The applicant's words; `null` once erased.")
    submitted_at: datetime


class EvidenceOut(BaseModel):
    """A file on the case."""

    evidence_id: UUID
    sha256: str = Field(description="Of the bytes as they were uploaded.")
    media_type: str
    size: int
    file_name: str | None = Field(description="As uploaded; `null` without one, and once erased.")
    officer_id: UUID | None = Field(description="Who uploaded it; `null` for the applicant.")
    request_id: UUID | None = Field(description="The request that the applicant answered with it.")
    pages: int = Field(description="Normalised pages, at /v1/cases/{case_id}/evidence/{evidence_id}/pages/{page}.")
    problem: str | None = Field(description="Why no page could be made of it.")
    uploaded_at: datetime


class RequestOut(BaseModel):
    """What the applicant was asked for."""

    request_id: UUID
    officer_id: UUID
    text: str | None = Field(description="In the officer's words; `null` once erased.")
    state: Literal["open", "answered", "expired", "ended"]
    expires_at: datetime
    created_at: datetime
    answered_at: datetime | None


class HitOut(FindingOut):
    """A watchlist entry that matched, as the screening decision found it."""

    decision_id: UUID = Field(description="Its contributions are at /v1/decisions/{decision_id}.")


class CaseOut(CaseRow):
    matters: list[str] = Field(description="All that it is about, what joined later included.")
    accounts: list[str]
    regime: str
    regime_version: str
    excluded_officers: list[UUID] = Field(description="They took part before and may not act.")
    disposition_code: str | None = Field(description="Why a false positive was one.")
    reopenings: int = Field(description="How often it was opened again.")
    application_id: UUID | None = Field(description="The person's application.")
    decisions: list[DecisionRow] = Field(description="On every matter of the case: read them at /v1/decisions.")
    screening_hits: list[HitOut]
    applicant: dict[str, Any] | None = Field(description="As submitted; `null` for strangers, and once erased.")
    documents: list[DocumentOut]
    contests: list[ContestOut]
    alerts: list[AlertRow] = Field(description="The case's own.")
    related_alerts: list[AlertRow] = Field(description="Others on the same person or accounts, newest first.")
    earlier_cases: list[CaseRow] = Field(description="Others on the same person or accounts, newest first.")
    evidence: list[EvidenceOut]
    requests: list[RequestOut]
    history: list[CaseEventOut]


# --- What officers send ----------------------------------------------------------------------------------------------


class ActionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="The revision you looked at. Left out, the action is taken on whatever is there now."
    )


class NoteIn(ActionIn):
    text: LongText


class DecideIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"revision": 1, "disposition": "approve", "reason": "Saw the original; the date was misread."}]
        },
    )

    revision: int = Field(ge=0, description="The revision you looked at.")
    disposition: Disposition = Field(
        description="Of an application: approve, reject, block; of an alert: true_positive, false_positive, …"
    )
    reason: LongText
    false_positive_reason: FalsePositiveReason | None = Field(
        default=None,
        description="Why it was none: with `false_positive` it has to be said, with `approve` it may be.",
    )


class ApproveIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    disposition: Disposition | None = Field(
        default=None, description="What you approve; refused if it is something else."
    )
    reason: LongText | None = None


class ReturnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    reason: LongText


class CaseStateOut(BaseModel):
    """Where the case stands after an action."""

    case_id: UUID
    revision: int
    status: Status
    claimed_by: UUID | None
    maker: UUID | None
    disposition: Disposition | None
    snoozed_until: datetime | None = None
    request_due_at: datetime | None = None


class AssignIn(ActionIn):
    officer_id: UUID = Field(description="Whose the case becomes.")
    reason: LongText | None = None


class SnoozeIn(ActionIn):
    until: Instant
    reason: LongText


class ReopenIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    reason: LongText


class ReopenAccepted(BaseModel):
    """It is written down, and the case is opened again whatever else is down."""

    case_id: UUID
    reopening_id: UUID


class RequestIn(ActionIn):
    """What the applicant is asked for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": "Please send both sides of your identity card.", "answer_by": "2026-03-14T12:00:00Z"}]
        },
    )

    text: LongText = Field(description="Shown to the applicant as it is: write nothing about suspicions.")
    answer_by: Instant = Field(description="At most 60 days from now. Half way a reminder goes out.")


class RequestMade(BaseModel):
    request_id: UUID
    upload_url: str = Field(
        description="For the applicant, shown here once: it opens one upload until it expires. The token is in the "
        "fragment, which browsers do not send; the webhook carries the same link."
    )
    expires_at: datetime
    state: "CaseStateOut"


class EvidenceAttached(BaseModel):
    evidence_id: UUID
    sha256: str
    state: "CaseStateOut"


class BulkCase(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case_id: UUID
    revision: int = Field(ge=0, description="The revision you looked at.")


class BulkIn(BaseModel):
    """One action on many cases."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["claim", "release", "assign", "snooze", "note", "decide", "approve", "return"]
    cases: Annotated[list[BulkCase], Field(min_length=1, max_length=100)]
    disposition: Disposition | None = None
    reason: LongText | None = None
    false_positive_reason: FalsePositiveReason | None = None
    officer_id: UUID | None = Field(default=None, description="Whose the cases become, with `assign`.")
    until: Instant | None = Field(default=None, description="Until when, with `snooze`.")


class BulkResult(BaseModel):
    """What became of one case: its state, or the problem."""

    case_id: UUID
    state: "CaseStateOut | None" = None
    problem: dict[str, Any] | None = None


class BulkOut(BaseModel):
    results: list[BulkResult] = Field(description="In the order of the request.")
