"""How the officers' desk is doing: what rules were right, why not, how long it takes, and who does the work."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, needs
from api.permissions import Permission
from api.schemas.fields import Instant
from api.schemas.problems import problem_responses
from store import labels
from store.audit import record_read
from store.connection import tenant_transaction

router = APIRouter(prefix="/v1/metrics", tags=["metrics"], route_class=GuardedRoute)

_USUAL = timedelta(days=90)


class RuleOut(BaseModel):
    kind: str
    rule: str = Field(description="A typology, or a rule of the policy.")
    right: int = Field(description="Cases closed as true_positive, reject or block.")
    wrong: int = Field(description="Cases closed as false_positive or approve.")
    inconclusive: int
    precision: float | None = Field(description="right / (right + wrong); `null` where none is decided.")


class TimeOut(BaseModel):
    kind: str
    closed: int
    late: int = Field(description="After their deadline.")
    median_seconds: float
    p95_seconds: float


class WorkloadOut(BaseModel):
    officer_id: UUID
    decided: int
    approved: int
    returned: int
    actions: int
    holds: int = Field(description="Cases that are theirs right now.")


class ReviewMetrics(BaseModel):
    since: datetime
    until: datetime
    rules: list[RuleOut]
    false_positive_reasons: dict[str, int]
    time_to_decision: list[TimeOut]
    officers: list[WorkloadOut]


@router.get(
    "/review",
    openapi_extra=needs(Permission.READ_METRICS),
    responses=problem_responses([422]),
    summary="What dispositions teach",
)
async def review(
    principal: CurrentPrincipal,
    services: CurrentServices,
    since: Annotated[Instant | None, Query(description="90 days ago by default.")] = None,
    until: Annotated[Instant | None, Query(description="Now by default.")] = None,
) -> ReviewMetrics:
    """Of the cases closed in the period. Numbers only: no case and no person, officers by their pseudonym. Audited."""
    end = until or services.clock()
    start = since or end - _USUAL
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        rules = await labels.rule_precision(connection, start, end)
        reasons = await labels.false_positive_reasons(connection, start, end)
        times = await labels.time_to_decision(connection, start, end)
        officers = await labels.workload(connection, start, end)
        await record_read(connection, principal.actor, "read", "metrics:review")
    return ReviewMetrics(
        since=start,
        until=end,
        rules=[RuleOut.model_validate(each, from_attributes=True) for each in rules],
        false_positive_reasons=reasons,
        time_to_decision=[TimeOut.model_validate(each, from_attributes=True) for each in times],
        officers=[WorkloadOut.model_validate(each, from_attributes=True) for each in officers],
    )
