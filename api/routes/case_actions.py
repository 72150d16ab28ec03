"""What officers do to cases: every action goes to the case's workflow, one case at a time, in bulk too."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, Principal, needs
from api.case_actions import act, permission_for, reopen
from api.errors import problem_of
from api.permissions import Permission
from api.schemas.cases import (
    ActionIn,
    ApproveIn,
    AssignIn,
    BulkCase,
    BulkIn,
    BulkOut,
    BulkResult,
    CaseStateOut,
    DecideIn,
    NoteIn,
    ReopenAccepted,
    ReopenIn,
    ReturnIn,
    SnoozeIn,
)
from api.schemas.problems import problem_responses
from api.services import Services
from workflows.messages import CaseAction, CaseDetail, Disposition

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=GuardedRoute)

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class OnCase:
    """An officer and the case that they act on."""

    case_id: UUID
    principal: Principal
    services: Services

    async def act(
        self,
        action: CaseAction,
        revision: int | None,
        *,
        disposition: Disposition | None = None,
        reason: str | None = None,
        detail: CaseDetail | None = None,
    ) -> CaseStateOut:
        """The case after the action."""
        return await act(
            self.services,
            self.principal,
            self.case_id,
            action,
            revision,
            disposition=disposition,
            reason=reason,
            detail=detail,
        )


def _on_case(case_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> OnCase:
    return OnCase(case_id, principal, services)


TheCase = Annotated[OnCase, Depends(_on_case)]


def _guarded(action: CaseAction) -> dict[str, Any]:
    """What every action's route says of itself: who may, and which problems it answers."""
    return {
        "openapi_extra": needs(permission_for(action)),
        "responses": problem_responses([404, 409, 410, 422]),
    }


@router.post("/{case_id}/claim", **_guarded(CaseAction.CLAIM), summary="Take a case")
async def claim(case: TheCase, body: ActionIn | None = None) -> CaseStateOut:
    """Only whoever claimed a case decides it. Past its deadline an approver has to take it."""
    return await case.act(CaseAction.CLAIM, body.revision if body else None)


@router.post("/{case_id}/release", **_guarded(CaseAction.RELEASE), summary="Give a case back")
async def release(case: TheCase, body: ActionIn | None = None) -> CaseStateOut:
    """It returns to the queue."""
    return await case.act(CaseAction.RELEASE, body.revision if body else None)


@router.post("/{case_id}/notes", **_guarded(CaseAction.NOTE), summary="Write a note")
async def note(case: TheCase, body: NoteIn) -> CaseStateOut:
    """The words are sealed under the person's key; the workflow learns only their digest."""
    return await case.act(CaseAction.NOTE, body.revision, reason=body.text)


@router.post("/{case_id}/decide", **_guarded(CaseAction.DECIDE), summary="Decide a case")
async def decide(case: TheCase, body: DecideIn) -> CaseStateOut:
    """Closes the case, or leaves it awaiting approval by a second officer where the regime asks for four eyes."""
    detail = CaseDetail(code=body.false_positive_reason) if body.false_positive_reason else None
    return await case.act(
        CaseAction.DECIDE, body.revision, disposition=body.disposition, reason=body.reason, detail=detail
    )


@router.post("/{case_id}/approve", **_guarded(CaseAction.APPROVE), summary="Approve another officer's decision")
async def approve(case: TheCase, body: ApproveIn) -> CaseStateOut:
    """Refused (409) for the officer who made the decision, and if someone acted since you looked."""
    return await case.act(CaseAction.APPROVE, body.revision, disposition=body.disposition, reason=body.reason)


@router.post("/{case_id}/return", **_guarded(CaseAction.RETURN), summary="Send a decision back to its maker")
async def return_to_maker(case: TheCase, body: ReturnIn) -> CaseStateOut:
    """With the reason why it was not approved."""
    return await case.act(CaseAction.RETURN, body.revision, reason=body.reason)


@router.post("/{case_id}/assign", **_guarded(CaseAction.ASSIGN), summary="Give a case to an officer")
async def assign(case: TheCase, body: AssignIn) -> CaseStateOut:
    """Whoever had it has it no longer. The officer has to be active, an analyst or an approver, and not excluded."""
    detail = CaseDetail(assignee=body.officer_id)
    return await case.act(CaseAction.ASSIGN, body.revision, reason=body.reason, detail=detail)


@router.post("/{case_id}/snooze", **_guarded(CaseAction.SNOOZE), summary="Hide a case until a date")
async def snooze(case: TheCase, body: SnoozeIn) -> CaseStateOut:
    """It wakes by itself, before its deadline in any case, and with the next action or the applicant's answer."""
    detail = CaseDetail(until=body.until)
    return await case.act(CaseAction.SNOOZE, body.revision, reason=body.reason, detail=detail)


@router.post("/{case_id}/reopen", status_code=202, **_guarded(CaseAction.REOPEN), summary="Open a closed case again")
async def reopen_case(case: TheCase, body: ReopenIn) -> ReopenAccepted:
    """The same case, under a new deadline. Where its disposition took four eyes, it waits as `reopening` for a second
    officer who approves, or returns it to how it had ended. An applicant's outcome is open again meanwhile."""
    reopening_id = await reopen(case.services, case.principal, case.case_id, body.revision, body.reason)
    return ReopenAccepted(case_id=case.case_id, reopening_id=reopening_id)


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
                state = await _bulk_act(body, item, OnCase(item.case_id, principal, services))
            except Exception as error:  # noqa: BLE001 (what the API knows is that case's own problem; the rest goes on)
                return BulkResult(case_id=item.case_id, problem=problem_of(error))
            return BulkResult(case_id=item.case_id, state=state)

    return BulkOut(results=list(await asyncio.gather(*(one(item) for item in body.cases))))


async def _bulk_act(body: BulkIn, item: BulkCase, case: OnCase) -> CaseStateOut:
    action = CaseAction(body.action)
    case.principal.role_allowing(permission_for(action))
    detail = CaseDetail(assignee=body.officer_id, until=body.until, code=body.false_positive_reason or "")
    return await case.act(
        action,
        item.revision,
        disposition=body.disposition,
        reason=body.reason,
        detail=None if detail == CaseDetail() else detail,
    )
