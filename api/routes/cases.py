"""Cases: the officers' queue, one case with all that belongs to it, and the actions that go to its workflow."""

from hashlib import sha256
from typing import Annotated, Literal, cast
from uuid import UUID, uuid4

from fastapi import APIRouter, Query

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, Principal, needs
from api.case_view import case_out, queue_row, read_case
from api.officers import ActionRefused, Intent, WorkflowEnded, act_on_case, look
from api.paging import QueueAfter, queue_cursor, queue_place
from api.permissions import Permission
from api.schemas.cases import (
    ActionIn,
    ApproveIn,
    CaseList,
    CaseOut,
    CaseStateOut,
    DecideIn,
    Kind,
    NoteIn,
    ReturnIn,
    Status,
)
from api.schemas.fields import Instant
from api.schemas.problems import problem_responses
from api.services import Services
from api.subject_keys import subject_key
from store.audit import record_read, record_refusal
from store.cases import Case, add_reason, fetch_case
from store.connection import tenant_transaction
from store.queue import Order, QueueFilter, fetch_queue
from vault import contexts
from vault.envelope import seal
from workflows.messages import CaseAction, CaseState, Disposition

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=GuardedRoute)

_ACTION_PROBLEMS = problem_responses([404, 409, 410, 422])


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
    return await _act(
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
    return await _act(
        services, principal, case_id, Permission.WORK_CASES, CaseAction.RELEASE, body.revision if body else None
    )


@router.post(
    "/{case_id}/notes", openapi_extra=needs(Permission.WORK_CASES), responses=_ACTION_PROBLEMS, summary="Write a note"
)
async def note(case_id: UUID, body: NoteIn, principal: CurrentPrincipal, services: CurrentServices) -> CaseStateOut:
    """The words are sealed under the person's key; the workflow learns only their digest."""
    return await _act(
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
    return await _act(
        services,
        principal,
        case_id,
        Permission.WORK_CASES,
        CaseAction.DECIDE,
        body.revision,
        disposition=body.disposition,
        reason=body.reason,
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
    return await _act(
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
    return await _act(
        services,
        principal,
        case_id,
        Permission.APPROVE_CASES,
        CaseAction.RETURN,
        body.revision,
        reason=body.reason,
    )


async def _act(
    services: Services,
    principal: Principal,
    case_id: UUID,
    permission: Permission,
    action: CaseAction,
    revision: int | None,
    *,
    disposition: Disposition | None = None,
    reason: str | None = None,
) -> CaseStateOut:
    """Look at the workflow, keep the words, send the Update; audit a refusal."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        case = await fetch_case(connection, case_id)
    if case.status == "closed":
        raise WorkflowEnded
    handle, present = await look(services.temporal, case.workflow_id, CaseState)
    reason_id, reason_sha256 = None, ""
    if reason is not None:
        reason_id, reason_sha256 = await _keep_reason(services, principal, case, reason)
    intent = Intent(case_id, action, permission, revision, disposition, reason_id, reason_sha256)
    try:
        after = await act_on_case(handle, present, services, principal, intent)
    except ActionRefused as refusal:
        async with tenant_transaction(services.pool, principal.tenant_id) as connection:
            await record_refusal(connection, principal.actor, action.value, f"case:{case_id}", refusal.code)
        raise
    return CaseStateOut(
        case_id=case_id,
        revision=after.revision,
        status=cast(Status, after.status),
        claimed_by=after.claimed_by,
        maker=after.maker,
        disposition=after.disposition,
    )


async def _keep_reason(services: Services, principal: Principal, case: Case, reason: str) -> tuple[UUID, str]:
    """Seal an officer's words; their id and the digest of the sealed bytes, from which nothing can be guessed."""
    reason_id = uuid4()
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        data_key = await subject_key(connection, services, principal.tenant_id, case.subject_id)
        sealed = seal(data_key, reason.encode(), contexts.reason(reason_id))
        digest = sha256(sealed).hexdigest()
        await add_reason(
            connection,
            reason_id,
            sealed,
            digest,
            tenant_id=principal.tenant_id,
            case_id=case.case_id,
            officer_id=principal.person,
        )
    return reason_id, digest
