"""Cases as they are read: the officers' queue, and one case with all that belongs to it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, needs
from api.case_view import case_out, queue_row, read_case
from api.paging import QueueAfter, queue_cursor, queue_place
from api.permissions import Permission
from api.schemas.cases import CaseList, CaseOut, Kind, Status
from api.schemas.fields import Instant
from api.schemas.problems import problem_responses
from store.audit import record_read
from store.connection import tenant_transaction
from store.queue import Order, QueueFilter, fetch_queue

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=GuardedRoute)


@router.get("", openapi_extra=needs(Permission.READ_CASES), responses=problem_responses([422]), summary="The queue")
async def queue(
    principal: CurrentPrincipal,
    services: CurrentServices,
    status: Annotated[
        list[Status] | None, Query(description="Any of these; without it, all that are not closed.")
    ] = None,
    kind: Annotated[list[Kind] | None, Query(description="Any of these.")] = None,
    assignee: Annotated[
        Literal["me", "nobody"] | UUID | None, Query(description="Whose it is: an officer's id, `me` or `nobody`.")
    ] = None,
    reason: Annotated[str | None, Query(max_length=100, description="A rule or typology that referred it.")] = None,
    min_risk: Annotated[int, Query(ge=0, le=100)] = 0,
    due_before: Instant | None = None,
    due_after: Instant | None = None,
    escalated: bool | None = None,
    snoozed: Annotated[bool, Query(description="Show snoozed cases too.")] = False,
    sort: Annotated[Order, Query(description="What comes first.")] = Order.DEADLINE,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: QueueAfter = None,
) -> CaseList:
    """By deadline, by risk, or the newest first, a page at a time. Nothing personal is in the list."""
    wanted = QueueFilter(
        statuses=tuple(status or ()),
        kinds=tuple(kind or ()),
        assignee=principal.person if assignee == "me" else assignee if isinstance(assignee, UUID) else None,
        unassigned=assignee == "nobody",
        reason=reason,
        least_risk=min_risk,
        due_before=due_before,
        due_after=due_after,
        escalated=escalated,
        with_snoozed=snoozed,
    )
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await fetch_queue(connection, wanted, order=sort, after=queue_place(after), limit=limit + 1)
        await record_read(connection, principal.actor, "list", "cases")
    now, page = services.clock(), found[:limit]
    return CaseList(
        cases=[queue_row(case, now) for case in page],
        next=queue_cursor(page[-1], sort) if len(found) > limit else None,
    )


@router.get(
    "/{case_id}",
    openapi_extra=needs(Permission.READ_CASES),
    responses=problem_responses([404, 422]),
    summary="One case with all that belongs to it",
)
async def show(case_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> CaseOut:
    """Applicant, documents, alerts and cases of the same parties, screening hits, decisions, evidence, requests and
    history in one answer. Audited.

    Looks the same whether or not a filing follows.
    """
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        file, data_key = await read_case(connection, services, principal, case_id)
    return case_out(file, data_key, services.clock())
