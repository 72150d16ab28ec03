"""Filings over the wire: for filing officers only."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.fields import LongText

Status = (
    "drafting, draft, blocked (cannot be submitted), approved, submitted, acknowledged, faulted (taken, with errors to "
    "correct), rejected (not taken), review (does the activity go on?) or closed."
)


class FilingRow(BaseModel):
    filing_id: UUID
    case_id: UUID | None = Field(description="The case it follows; none where cash or a freeze asked for it.")
    form: str = Field(description="suspicion, threshold (cash), blocking or rejection.")
    kind: str = Field(description="Of its present report: initial, continuing or correcting.")
    report: int = Field(description="The number of its present report, from 1.")
    status: str = Field(description=Status)
    revision: int
    regime: str
    format: str
    valid: bool
    problems: list[str] = Field(description="What keeps the report from being submitted.")
    due_at: datetime
    overdue: bool
    created_at: datetime


class FilingList(BaseModel):
    filings: list[FilingRow]


class FilingEventOut(BaseModel):
    revision: int
    action: str
    status: str
    report: int
    officer_id: UUID | None
    at: datetime


class FilingReasonOut(BaseModel):
    officer_id: UUID
    action: str
    revision: int
    text: str
    written_at: datetime


class ReportOut(BaseModel):
    """A report that was submitted, and the authority's answer."""

    report: int
    kind: str
    sha256: str
    reference: str = Field(description="The gateway's.")
    submitted_at: datetime
    accepted: bool | None = Field(description="Whether the authority took it; null while it has not answered.")
    document_number: str | None = Field(description="The authority's number of it.")
    findings: list["FindingOut"] = Field(description="What the authority complained about.")


class FindingOut(BaseModel):
    rule: str
    effect: str = Field(description="blocks or warns.")
    text: str
    citation: str


class FilingOut(FilingRow):
    regime_version: str
    maker: UUID | None = Field(description="Who asked for it: not who may approve it.")
    report_sha256: str
    reference: str | None = Field(description="The gateway's, once submitted.")
    submitted_at: datetime | None
    document_number: str | None = Field(description="The authority's, of the last report that it took.")
    new_alerts: int | None = Field(description="In a review: alerts of the same parties since the last report.")
    reports: list[ReportOut]
    history: list[FilingEventOut]
    reasons: list[FilingReasonOut]


class FilingCheck(BaseModel):
    """How ready the report is, and exactly what is missing."""

    score: int = Field(ge=0, le=100)
    may_be_submitted: bool
    missing: list[str]
    warnings: list[str]
    findings: list[FindingOut]


class FilingActionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    reason: LongText | None = None


class FilingReturnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    reason: LongText


class FilingAnswerIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    answer: str = Field(
        min_length=2,
        max_length=1_000_000,
        description="The acknowledgement file as text, or, for authorities that send none, what their portal said: "
        '{"accepted": true, "number": "…", "errors": [{"code": "…", "text": "…"}]}.',
    )


class FilingStateOut(BaseModel):
    filing_id: UUID
    revision: int
    status: str
    problems: list[str]
