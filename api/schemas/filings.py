"""Filings over the wire: for filing officers only."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.fields import LongText


class FilingRow(BaseModel):
    filing_id: UUID
    case_id: UUID
    status: str = Field(description="drafting, draft, blocked (cannot be submitted), approved or submitted.")
    revision: int
    regime: str
    format: str
    valid: bool
    problems: list[str] = Field(description="What keeps the report from being submitted.")
    due_at: datetime
    created_at: datetime


class FilingList(BaseModel):
    filings: list[FilingRow]


class FilingEventOut(BaseModel):
    revision: int
    status: str
    officer_id: UUID | None
    at: datetime


class FilingReasonOut(BaseModel):
    officer_id: UUID
    action: str
    revision: int
    text: str
    written_at: datetime


class FilingOut(FilingRow):
    regime_version: str
    maker: UUID = Field(description="Who asked for it: not who may approve it.")
    report_sha256: str
    reference: str | None = Field(description="The gateway's, once submitted.")
    submitted_at: datetime | None
    history: list[FilingEventOut]
    reasons: list[FilingReasonOut]


class FilingActionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    reason: LongText | None = None


class FilingReturnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0, description="The revision you looked at.")
    reason: LongText


class FilingStateOut(BaseModel):
    filing_id: UUID
    revision: int
    status: str
    problems: list[str]
