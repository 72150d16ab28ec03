"""Cases over the wire: the queue, one case in full, and what officers send."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.decisions import DecisionRow
from api.schemas.fields import LongText
from workflows.messages import Disposition

Status = Literal["open", "claimed", "awaiting_approval", "closed"]


class CaseRow(BaseModel):
    case_id: UUID
    kind: Literal["application", "contest", "alert"]
    about: str
    status: Status
    revision: int = Field(description="Send it back with an action: it is refused if someone acted in between.")
    reasons: list[str] = Field(description="The rules or typologies that referred it.")
    due_at: datetime
    escalated: bool = Field(description="Its deadline passed while it was open.")
    four_eyes: bool = Field(description="Some dispositions wait for a second officer's approval.")
    claimed_by: UUID | None
    opened_at: datetime


class CaseList(BaseModel):
    cases: list[CaseRow]


class CaseEventOut(BaseModel):
    """One accepted action, or what the clock did."""

    revision: int
    action: str
    status: str
    officer_id: UUID | None
    disposition: str | None
    reason: str | None = Field(description="The officer's words.")
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


class CaseOut(CaseRow):
    matters: list[str] = Field(description="All that it is about, what joined later included.")
    accounts: list[str]
    regime: str
    regime_version: str
    excluded_officers: list[UUID] = Field(description="They took part before and may not act.")
    maker: UUID | None
    disposition: Disposition | None
    closed_at: datetime | None
    decisions: list[DecisionRow] = Field(description="On every matter of the case: read them at /v1/decisions.")
    applicant: dict[str, Any] | None = Field(description="As submitted; `null` for alerts, and once erased.")
    documents: list[DocumentOut]
    contests: list[ContestOut]
    history: list[CaseEventOut]


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
