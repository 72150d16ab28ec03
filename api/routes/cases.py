"""Cases: the officers' queue, one case with all that belongs to it, and the actions that go to its workflow."""

import json
from hashlib import sha256
from typing import Annotated, Any, cast
from uuid import UUID, uuid4

from fastapi import APIRouter, Query

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, Principal, needs
from api.officers import ActionRefused, Intent, WorkflowEnded, act_on_case, look
from api.permissions import Permission
from api.routes.decisions import decision_row
from api.schemas.cases import (
    ActionIn,
    ApproveIn,
    CaseEventOut,
    CaseList,
    CaseOut,
    CaseRow,
    CaseStateOut,
    ContestOut,
    DecideIn,
    DocumentOut,
    NoteIn,
    ReturnIn,
    Status,
)
from api.schemas.decisions import DecisionRow
from api.schemas.problems import problem_responses
from api.services import Services
from api.subject_keys import subject_key
from store.alerts import fetch_alert
from store.applications import fetch_application, fetch_documents
from store.audit import record_read, record_refusal
from store.cases import Case, add_reason, fetch_case, fetch_events, list_cases, list_reasons
from store.connection import Connection, tenant_transaction
from store.contests import list_contests
from store.decisions import list_decisions
from store.subjects import SubjectErased
from vault import contexts
from vault.envelope import open_sealed, seal
from workflows.messages import CaseAction, CaseState, Disposition

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=GuardedRoute)

_ACTION_PROBLEMS = problem_responses([404, 409, 410, 422])


@router.get("", openapi_extra=needs(Permission.READ_CASES), responses=problem_responses([422]), summary="The queue")
async def queue(
    principal: CurrentPrincipal,
    services: CurrentServices,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CaseList:
    """By deadline, the most urgent first: those of one status, or all that are not closed."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        cases = await list_cases(connection, status, limit)
        await record_read(connection, principal.actor, "list", "cases")
    return CaseList(cases=[CaseRow(**_row(case)) for case in cases])


@router.get(
    "/{case_id}",
    openapi_extra=needs(Permission.READ_CASES),
    responses=problem_responses([404, 422]),
    summary="One case with all that belongs to it",
)
async def show(case_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> CaseOut:
    """Applicant, documents, decisions, contests and history in one answer. Audited.

    Looks the same whether or not a filing follows.
    """
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        case = await fetch_case(connection, case_id)
        await record_read(connection, principal.actor, "read", f"case:{case_id}")
        try:
            data_key = await subject_key(connection, services, principal.tenant_id, case.subject_id)
        except SubjectErased:
            data_key = None
        decisions = await _decisions(connection, case)
        history = await _history(connection, case, data_key)
        of_application = await _of_application(connection, case, data_key)
    return CaseOut(
        **_row(case),
        matters=list(case.matters),
        accounts=list(case.accounts),
        regime=case.regime,
        regime_version=case.regime_version,
        excluded_officers=list(case.excluded_officers),
        maker=case.maker,
        disposition=Disposition(case.disposition) if case.disposition else None,
        closed_at=case.closed_at,
        decisions=decisions,
        history=history,
        **of_application,
    )


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


# --- What a case shows -----------------------------------------------------------------------------------------------


def _row(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "kind": case.kind,
        "about": case.about,
        "status": case.status,
        "revision": case.revision,
        "reasons": list(case.reasons),
        "due_at": case.due_at,
        "escalated": case.escalated,
        "four_eyes": case.four_eyes,
        "claimed_by": case.claimed_by,
        "opened_at": case.opened_at,
    }


async def _decisions(connection: Connection, case: Case) -> list[DecisionRow]:
    """The decisions on every matter; an alert's matter is its transaction too."""
    abouts = list(case.matters)
    for matter in case.matters:
        kind, _, matter_id = matter.partition(":")
        alert = await fetch_alert(connection, UUID(matter_id)) if kind == "alert" else None
        if alert is not None:
            abouts += [f"transaction:{transaction}" for transaction in (alert.transaction_id, *alert.transactions)]
    found = [decision for about in dict.fromkeys(abouts) for decision in await list_decisions(connection, about)]
    return [decision_row(decision) for decision in found]


async def _history(connection: Connection, case: Case, data_key: bytes | None) -> list[CaseEventOut]:
    words: dict[UUID, str] = {}
    if data_key:
        for reason in await list_reasons(connection, case.case_id):
            context = contexts.reason(reason.reason_id)
            words[reason.reason_id] = open_sealed(data_key, reason.sealed_text, context).decode()
    return [
        CaseEventOut(
            revision=event.revision,
            action=event.action,
            status=event.status,
            officer_id=event.officer_id,
            disposition=event.disposition,
            reason=words.get(event.reason_id) if event.reason_id else None,
            at=event.at,
        )
        for event in await fetch_events(connection, case.case_id)
    ]


async def _of_application(connection: Connection, case: Case, data_key: bytes | None) -> dict[str, Any]:
    """Applicant, documents and contests of an application's case; nothing for an alert's."""
    kind, _, matter_id = case.about.partition(":")
    application = await fetch_application(connection, UUID(matter_id)) if kind == "application" else None
    if application is None:
        return {"applicant": None, "documents": [], "contests": []}
    application_id = application.application_id
    applicant = None
    if data_key:
        applicant = json.loads(open_sealed(data_key, application.sealed_applicant, contexts.applicant(application_id)))
    return {
        "applicant": applicant,
        "documents": [
            DocumentOut(
                document_id=document.document_id,
                kind=cast(Any, document.kind),
                media_type=document.media_type,
                pages=len(document.pages),
            )
            for document in await fetch_documents(connection, application_id)
        ],
        "contests": [
            ContestOut(
                contest_id=contest.contest_id,
                outcome=contest.outcome,
                reason=open_sealed(data_key, contest.sealed_reason, contexts.contest(contest.contest_id)).decode()
                if data_key
                else None,
                submitted_at=contest.submitted_at,
            )
            for contest in await list_contests(connection, application_id)
        ],
    }
