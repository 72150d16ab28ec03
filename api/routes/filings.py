"""Filings: read, approved or returned by filing officers; to everyone else they do not exist."""

import asyncio
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, Principal, needs
from api.officers import ActionRefused, Intent, WorkflowEnded, act_on_filing, look
from api.permissions import Permission
from api.schemas.filings import (
    FilingActionIn,
    FilingEventOut,
    FilingList,
    FilingOut,
    FilingReasonOut,
    FilingReturnIn,
    FilingRow,
    FilingStateOut,
)
from api.schemas.problems import problem_responses
from api.services import FilingServices, Services
from store.audit import record_read, record_refusal
from store.connection import tenant_transaction
from store.filing_reasons import FilingReason, NewFilingReason, add_filing_reason, list_filing_reasons
from store.filings import Filing, fetch_filing, fetch_filing_events, list_filings
from vault import contexts
from vault.envelope import new_data_key, open_sealed, seal
from vault.standalone import open_standalone
from workflows.messages import CaseAction, FilingState, Kind, workflow_id

router = APIRouter(prefix="/v1/filings", tags=["filings"], route_class=GuardedRoute)


class NotDrafted(Exception):
    """The filing has no report yet: its problems say why."""


def _filing_services(services: CurrentServices) -> FilingServices:
    if services.filings is None:
        raise NotFound
    return services.filings


CurrentFilings = Annotated[FilingServices, Depends(_filing_services)]


@router.get("", openapi_extra=needs(Permission.FILE), responses=problem_responses([404, 422]), summary="List filings")
async def list_all(
    principal: CurrentPrincipal,
    filings: CurrentFilings,
    status: Annotated[str | None, Query(pattern="^(drafting|draft|blocked|approved|submitted)$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> FilingList:
    """By deadline, the most urgent first."""
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        found = await list_filings(connection, status, limit)
        await record_read(connection, principal.actor, "list", "filings")
    return FilingList(filings=[FilingRow(**_row(filing)) for filing in found])


@router.get(
    "/{filing_id}", openapi_extra=needs(Permission.FILE), responses=problem_responses([404, 422]), summary="One filing"
)
async def show(filing_id: UUID, principal: CurrentPrincipal, filings: CurrentFilings) -> FilingOut:
    """Its state, what keeps it from being submitted, and who did what. Audited."""
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        filing = await fetch_filing(connection, filing_id)
        await record_read(connection, principal.actor, "read", f"filing:{filing_id}")
        events = await fetch_filing_events(connection, filing_id)
        reasons = await list_filing_reasons(connection, filing_id)
    return FilingOut(
        **_row(filing),
        regime_version=filing.regime_version,
        maker=filing.maker,
        report_sha256=filing.report_sha256,
        reference=filing.reference,
        submitted_at=filing.submitted_at,
        history=[
            FilingEventOut(revision=event.revision, status=event.status, officer_id=event.officer_id, at=event.at)
            for event in events
        ],
        reasons=[await _opened(filings, principal.tenant_id, reason) for reason in reasons],
    )


@router.get(
    "/{filing_id}/report",
    openapi_extra=needs(Permission.FILE),
    response_class=Response,
    responses={
        200: {"content": {"application/xml": {}}, "description": "The report as it is, or would be, submitted."},
        **problem_responses([404, 409, 422]),
    },
    summary="The report itself",
)
async def report(filing_id: UUID, principal: CurrentPrincipal, filings: CurrentFilings) -> Response:
    """What an officer reads before approving it. Audited. 409 while there is none, because the filer is not known."""
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        filing = await fetch_filing(connection, filing_id)
        await record_read(connection, principal.actor, "read report", f"filing:{filing_id}")
    content = await asyncio.to_thread(
        open_standalone, filings.keys, principal.tenant_id, filing.sealed_report, contexts.filing(filing_id)
    )
    if not content:
        raise NotDrafted
    return Response(content, media_type="application/xml", headers={"X-Report-SHA256": filing.report_sha256})


@router.post(
    "/{filing_id}/approve",
    openapi_extra=needs(Permission.FILE),
    responses=problem_responses([404, 409, 422]),
    summary="Approve a draft for submission",
)
async def approve(
    filing_id: UUID,
    body: FilingActionIn,
    principal: CurrentPrincipal,
    services: CurrentServices,
    filings: CurrentFilings,
) -> FilingStateOut:
    """Refused (409) for whoever asked for the filing, and while the draft has problems."""
    return await _act(services, filings, principal, filing_id, CaseAction.APPROVE, body.revision, body.reason)


@router.post(
    "/{filing_id}/return",
    openapi_extra=needs(Permission.FILE),
    responses=problem_responses([404, 409, 422]),
    summary="Return a draft",
)
async def return_to_draft(
    filing_id: UUID,
    body: FilingReturnIn,
    principal: CurrentPrincipal,
    services: CurrentServices,
    filings: CurrentFilings,
) -> FilingStateOut:
    """It is drafted anew from the case."""
    return await _act(services, filings, principal, filing_id, CaseAction.RETURN, body.revision, body.reason)


async def _act(
    services: Services,
    filings: FilingServices,
    principal: Principal,
    filing_id: UUID,
    action: CaseAction,
    revision: int,
    reason: str | None,
) -> FilingStateOut:
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        filing = await fetch_filing(connection, filing_id)
    if filing.status == "submitted":
        raise WorkflowEnded
    handle, present = await look(filings.temporal, workflow_id(Kind.FILING, filing_id), FilingState)
    reason_id, digest = await _keep_reason(filings, principal, filing, action, reason) if reason else (None, "")
    intent = Intent(filing_id, action, Permission.FILE, revision, None, reason_id, digest)
    try:
        after = await act_on_filing(handle, present, services, principal, intent)
    except ActionRefused as refusal:
        async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
            await record_refusal(connection, principal.actor, action.value, f"filing:{filing_id}", refusal.code)
        raise
    return FilingStateOut(
        filing_id=filing_id, revision=after.revision, status=after.status, problems=list(after.problems)
    )


async def _keep_reason(
    filings: FilingServices, principal: Principal, filing: Filing, action: CaseAction, reason: str
) -> tuple[UUID, str]:
    """Seal an officer's words under a key of their own, wrapped by the filing key; their id and digest."""
    reason_id, data_key = uuid4(), new_data_key()
    sealed = seal(data_key, reason.encode(), contexts.reason(reason_id))
    kept = NewFilingReason(
        reason_id=reason_id,
        tenant_id=principal.tenant_id,
        filing_id=filing.filing_id,
        officer_id=principal.person,
        action=action.value,
        revision=filing.revision,
        wrapped_key=await asyncio.to_thread(filings.keys.wrap, principal.tenant_id, data_key),
        sealed_text=sealed,
        sha256=sha256(sealed).hexdigest(),
    )
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        await add_filing_reason(connection, kept)
    return reason_id, kept.sha256


async def _opened(filings: FilingServices, tenant_id: UUID, reason: FilingReason) -> FilingReasonOut:
    data_key = await asyncio.to_thread(filings.keys.unwrap, tenant_id, reason.wrapped_key)
    return FilingReasonOut(
        officer_id=reason.officer_id,
        action=reason.action,
        revision=reason.revision,
        text=open_sealed(data_key, reason.sealed_text, contexts.reason(reason.reason_id)).decode(),
        written_at=reason.written_at,
    )


def _row(filing: Filing) -> dict[str, Any]:
    return {
        "filing_id": filing.filing_id,
        "case_id": filing.case_id,
        "status": filing.status,
        "revision": filing.revision,
        "regime": filing.regime,
        "format": filing.format,
        "valid": filing.valid,
        "problems": list(filing.problems),
        "due_at": filing.due_at,
        "created_at": filing.created_at,
    }
