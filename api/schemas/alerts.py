"""Alerts over the wire."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class AlertRow(BaseModel):
    alert_id: UUID
    decision_id: UUID = Field(description="The decision that raised it, with its explanation.")
    transaction_id: str
    typologies: list[str]
    score: float
    created_at: datetime
    case_id: UUID | None = Field(description="The case that it opened or joined, once there is one.")


class AlertList(BaseModel):
    alerts: list[AlertRow]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; absent on the last.")


class AlertOut(AlertRow):
    accounts: list[str]
    transactions: list[str] = Field(description="The transactions that prove it.")
    evidence: Any = Field(description="The hits in full: typology, amounts, window, sentence. `null` once erased.")
