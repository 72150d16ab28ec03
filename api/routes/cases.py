"""Cases: the officers' queue, one case with all that belongs to it, and the actions that go to its workflow."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, Principal, needs
from api.case_actions import act, reopen
from api.case_view import case_out, queue_row, read_case
from api.errors import problem_of
from api.paging import QueueAfter, queue_cursor, queue_place
from api.permissions import Permission
from api.schemas.cases import (
    ActionIn,
    ApproveIn,
    AssignIn,
    BulkCase,
    BulkIn,
    BulkOut,
    BulkResult,
    CaseList,
    CaseOut,
    CaseStateOut,
    DecideIn,
    Kind,
    NoteIn,
    ReopenAccepted,
    ReopenIn,
    ReturnIn,
    SnoozeIn,
    Status,
)
from api.schemas.fields import Instant
from api.schemas.problems import problem_responses
from api.services import Services
from store.audit import record_read
from store.connection import tenant_transaction
from store.queue import Order, QueueFilter, fetch_queue
from workflows.messages import CaseAction, CaseDetail

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=GuardedRoute)

_ACTION_PROBLEMS = problem_responses([404, 409, 410, 422])
_AT_ONCE = 8
_BULK_PERMISSIONS = {
    "approve": Permission.APPROVE_CASES,
    "return": Permission.APPROVE_CASES,
    "assign": Permission.ASSIGN_CASES,
}


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


@router.post(
    "/{case_id}/claim",
    openapi_extra=needs(Permission.WORK_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Take a case",
)
async def claim(
    case_id: UUID, principal: CurrentPrincipal, services: CurrentServices, body: ActionIn | None = None
) -> CaseStateOut:
    """Only whoever claimed a case decides it."""
    return await act(
        services, principal, case_id, Permission.WORK_CASES, CaseAction.CLAIM, body.revision if body else None
    )


@router.post(
    "/{case_id}/release",
    openapi_extra=needs(Permission.WORK_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Give a case back",
)
async def release(
    case_id: UUID, principal: CurrentPrincipal, services: CurrentServices, body: ActionIn | None = None
) -> CaseStateOut:
    """It returns to the queue."""
    return await act(
        services, principal, case_id, Permission.WORK_CASES, CaseAction.RELEASE, body.revision if body else None
    )


@router.post(
    "/{case_id}/notes", openapi_extra=needs(Permission.WORK_CASES), responses=_ACTION_PROBLEMS, summary="Write a note"
)
async def note(case_id: UUID, body: NoteIn, principal: CurrentPrincipal, services: CurrentServices) -> CaseStateOut:
    """The words are sealed under the person's key; the workflow learns only their digest."""
    return await act(
        services, principal, case_id, Permission.WORK_CASES, CaseAction.NOTE, body.revision, reason=body.text
    )


@router.post(
    "/{case_id}/decide",
    openapi_extra=needs(Permission.WORK_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Decide a case",
)
async def decide(case_id: UUID, body: DecideIn, principal: CurrentPrincipal, services: CurrentServices) -> CaseStateOut:
    """Closes the case, or leaves it awaiting approval by a second officer where the regime asks for four eyes."""
    return await act(
        services,
        principal,
        case_id,
        Permission.WORK_CASES,
        CaseAction.DECIDE,
        body.revision,
        disposition=body.disposition,
        reason=body.reason,
        detail=CaseDetail(code=body.false_positive_reason) if body.false_positive_reason else None,
    )


@router.post(
    "/{case_id}/approve",
    openapi_extra=needs(Permission.APPROVE_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Approve another officer's decision",
)
async def approve(
    case_id: UUID, body: ApproveIn, principal: CurrentPrincipal, services: CurrentServices
) -> CaseStateOut:
    """Refused (409) for the officer who made the decision, and if someone acted since you looked."""
    return await act(
        services,
        principal,
        case_id,
        Permission.APPROVE_CASES,
        CaseAction.APPROVE,
        body.revision,
        disposition=body.disposition,
        reason=body.reason,
    )


@router.post(
    "/{case_id}/return",
    openapi_extra=needs(Permission.APPROVE_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Send a decision back to its maker",
)
async def return_to_maker(
    case_id: UUID, body: ReturnIn, principal: CurrentPrincipal, services: CurrentServices
) -> CaseStateOut:
    """With the reason why it was not approved."""
    return await act(
        services,
        principal,
        case_id,
        Permission.APPROVE_CASES,
        CaseAction.RETURN,
        body.revision,
        reason=body.reason,
    )


@router.post(
    "/{case_id}/assign",
    openapi_extra=needs(Permission.ASSIGN_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Give a case to an officer",
)
async def assign(case_id: UUID, body: AssignIn, principal: CurrentPrincipal, services: CurrentServices) -> CaseStateOut:
    """Whoever had it has it no longer. The officer has to be active, an analyst or an approver, and not excluded."""
    detail = CaseDetail(assignee=body.officer_id)
    return await act(
        services,
        principal,
        case_id,
        Permission.ASSIGN_CASES,
        CaseAction.ASSIGN,
        body.revision,
        reason=body.reason,
        detail=detail,
    )


@router.post(
    "/{case_id}/snooze",
    openapi_extra=needs(Permission.WORK_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Hide a case until a date",
)
async def snooze(case_id: UUID, body: SnoozeIn, principal: CurrentPrincipal, services: CurrentServices) -> CaseStateOut:
    """It wakes by itself, before its deadline in any case, and with the next action or the applicant's answer."""
    detail = CaseDetail(until=body.until)
    return await act(
        services,
        principal,
        case_id,
        Permission.WORK_CASES,
        CaseAction.SNOOZE,
        body.revision,
        reason=body.reason,
        detail=detail,
    )


@router.post(
    "/{case_id}/reopen",
    status_code=202,
    openapi_extra=needs(Permission.WORK_CASES),
    responses=_ACTION_PROBLEMS,
    summary="Open a closed case again",
)
async def reopen_case(
    case_id: UUID, body: ReopenIn, principal: CurrentPrincipal, services: CurrentServices
) -> ReopenAccepted:
    """The same case, under a new deadline. Where its disposition took four eyes, it waits as `reopening` for a second
    officer who approves, or returns it to how it had ended. An applicant's outcome is open again meanwhile."""
    reopening_id = await reopen(services, principal, case_id, body.revision, body.reason)
    return ReopenAccepted(case_id=case_id, reopening_id=reopening_id)


@router.post(
    "/bulk",
    openapi_extra=needs(Permission.WORK_CASES),
    responses=problem_responses([422]),
    summary="The same action on many cases",
)
async def bulk(body: BulkIn, principal: CurrentPrincipal, services: CurrentServices) -> BulkOut:
    """At most a hundred. Each case has its own Update, its own revision, its own refusal and its own audit row: what an
    officer may not do to one case, they may not do to many. The answer has one result a case, in order."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(item: BulkCase) -> BulkResult:
        async with gate:
            try:
                state = await _bulk_act(body, item, principal, services)
            except Exception as error:  # noqa: BLE001 (what the API knows is that case's own problem; the rest goes on)
                return BulkResult(case_id=item.case_id, problem=problem_of(error))
            return BulkResult(case_id=item.case_id, state=state)

    return BulkOut(results=list(await asyncio.gather(*(one(item) for item in body.cases))))


async def _bulk_act(body: BulkIn, item: BulkCase, principal: Principal, services: Services) -> CaseStateOut:
    permission = _BULK_PERMISSIONS.get(body.action, Permission.WORK_CASES)
    principal.role_allowing(permission)
    detail = CaseDetail(assignee=body.officer_id, until=body.until, code=body.false_positive_reason or "")
    return await act(
        services,
        principal,
        item.case_id,
        permission,
        CaseAction(body.action),
        item.revision,
        disposition=body.disposition,
        reason=body.reason,
        detail=None if detail == CaseDetail() else detail,
    )
