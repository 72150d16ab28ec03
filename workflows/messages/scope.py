"""Whose work it is and what its workflow is called: what every family of messages shares."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """The kinds of workflow the dispatcher starts, as outbox rows name them."""

    ONBOARDING = "onboarding"
    CONTEST = "contest"
    INVESTIGATION = "investigation"
    FILING = "filing"
    REOPENING = "reopening"
    EVIDENCE = "evidence"
    WEBHOOK = "webhook"
    RESCREENING = "rescreening"
    HIT_REVIEW = "hit-review"
    LOOK_BACK = "look-back"


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
