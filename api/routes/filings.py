"""Filings as filing officers read them, and what they add; to everyone else they do not exist."""

import asyncio
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Response
from pydantic import TypeAdapter

from aml.reports.readiness import readiness
from aml.reports.supplement import NOTHING, Supplement
from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, needs
from api.permissions import Permission
from api.schemas.filings import (
    FilingCheck,
    FilingEventOut,
    FilingList,
    FilingOut,
    FilingReasonOut,
    FilingRow,
    FindingOut,
    ReportOut,
)
from api.schemas.problems import problem_responses
from api.services import FilingServices
from explain.record import Finding, canonical_json
from store.audit import record_read
from store.connection import tenant_transaction
from store.filing_reasons import FilingReason, list_filing_reasons
from store.filing_supplements import add_supplement, fetch_supplement
from store.filings import (
    Acknowledgement,
    Filing,
    FilingSubmission,
    fetch_filing,
    fetch_filing_events,
    fetch_submission,
    list_acknowledgements,
    list_filings,
    list_submissions,
)
from vault import contexts
from vault.envelope import open_sealed
from vault.standalone import open_standalone, seal_standalone

router = APIRouter(prefix="/v1/filings", tags=["filings"], route_class=GuardedRoute)


_SUPPLEMENT = TypeAdapter(Supplement)
_FINDINGS = TypeAdapter(tuple[Finding, ...])


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
    status: Annotated[
        str | None, Query(pattern="^(draft|blocked|approved|submitted|acknowledged|faulted|rejected|review|closed)$")
    ] = None,
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
        submissions = await list_submissions(connection, filing_id)
        answers = {each.report: each for each in await list_acknowledgements(connection, filing_id)}
    return FilingOut(
        **_row(filing),
        regime_version=filing.regime_version,
        maker=filing.maker,
        report_sha256=filing.report_sha256,
        reference=filing.reference,
        submitted_at=filing.submitted_at,
        document_number=filing.document_number,
        new_alerts=filing.new_alerts,
        reports=[await _report(filings, principal.tenant_id, each, answers.get(each.report)) for each in submissions],
        history=[
            FilingEventOut(
                revision=event.revision,
                action=event.action,
                status=event.status,
                report=event.report,
                officer_id=event.officer_id,
                at=event.at,
            )
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
    content = await _open(filings, principal.tenant_id, filing_id, filing.sealed_report)
    if not content:
        raise NotDrafted
    return _content(content, filing.format, filing.report_sha256)


@router.get(
    "/{filing_id}/reports/{number}",
    openapi_extra=needs(Permission.FILE),
    response_class=Response,
    responses={
        200: {"content": {"application/xml": {}}, "description": "The report as it was submitted."},
        **problem_responses([404, 422]),
    },
    summary="A report that was submitted",
)
async def submitted_report(
    filing_id: UUID, number: int, principal: CurrentPrincipal, filings: CurrentFilings
) -> Response:
    """The bytes that the authority got. Audited."""
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        filing = await fetch_filing(connection, filing_id)
        sent = await fetch_submission(connection, filing_id, number)
        if sent is None:
            raise NotFound
        await record_read(connection, principal.actor, f"read report {number}", f"filing:{filing_id}")
    content = await _open(filings, principal.tenant_id, filing_id, sent.sealed_report or filing.sealed_report)
    return _content(content, filing.format, sent.sha256)


@router.get(
    "/{filing_id}/check",
    openapi_extra=needs(Permission.FILE),
    responses=problem_responses([404, 422]),
    summary="How ready the report is",
)
async def check(filing_id: UUID, principal: CurrentPrincipal, filings: CurrentFilings) -> FilingCheck:
    """A score and exactly what is missing, as it was when the report was drafted. Audited."""
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        filing = await fetch_filing(connection, filing_id)
        await record_read(connection, principal.actor, "check", f"filing:{filing_id}")
    found = await _findings(filings, principal.tenant_id, filing_id, filing.sealed_findings)
    ready = readiness(found)
    return FilingCheck(
        score=ready.score,
        may_be_submitted=ready.may_be_submitted,
        missing=list(ready.missing),
        warnings=list(ready.warnings),
        findings=_shown(found),
    )


@router.get(
    "/{filing_id}/supplement",
    openapi_extra=needs(Permission.FILE),
    responses=problem_responses([404, 422]),
    summary="What officers added",
)
async def supplement(filing_id: UUID, principal: CurrentPrincipal, filings: CurrentFilings) -> Supplement:
    """What officers stated that the case does not know. Audited."""
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        await fetch_filing(connection, filing_id)
        await record_read(connection, principal.actor, "read supplement", f"filing:{filing_id}")
        sealed = await fetch_supplement(connection, filing_id)
    if sealed is None:
        return NOTHING
    context = contexts.filing_part(filing_id, "supplement")
    content = await asyncio.to_thread(open_standalone, filings.keys, principal.tenant_id, sealed, context)
    return _SUPPLEMENT.validate_json(content)


@router.put(
    "/{filing_id}/supplement",
    openapi_extra=needs(Permission.FILE),
    responses=problem_responses([404, 422]),
    summary="Add what the case does not know",
)
async def add(filing_id: UUID, body: Supplement, principal: CurrentPrincipal, filings: CurrentFilings) -> Supplement:
    """Replaces what was added before, and counts from the next draft on: return the filing to have it made. What is
    stated here is the officer's word; everything else in a report comes from the case."""
    sealed = await asyncio.to_thread(
        seal_standalone,
        filings.keys,
        principal.tenant_id,
        canonical_json(body),
        contexts.filing_part(filing_id, "supplement"),
    )
    async with tenant_transaction(filings.pool, principal.tenant_id) as connection:
        await fetch_filing(connection, filing_id)
        await record_read(connection, principal.actor, "add supplement", f"filing:{filing_id}")
        await add_supplement(connection, uuid4(), principal.tenant_id, filing_id, principal.person, sealed)
    return body


async def _opened(filings: FilingServices, tenant_id: UUID, reason: FilingReason) -> FilingReasonOut:
    data_key = await asyncio.to_thread(filings.keys.unwrap, tenant_id, reason.wrapped_key)
    return FilingReasonOut(
        officer_id=reason.officer_id,
        action=reason.action,
        revision=reason.revision,
        text=open_sealed(data_key, reason.sealed_text, contexts.reason(reason.reason_id)).decode(),
        written_at=reason.written_at,
    )


async def _open(filings: FilingServices, tenant_id: UUID, filing_id: UUID, sealed: bytes) -> bytes:
    return await asyncio.to_thread(open_standalone, filings.keys, tenant_id, sealed, contexts.filing(filing_id))


def _content(content: bytes, format_name: str, sha256_of_it: str) -> Response:
    media_type = "application/json" if format_name == "blocking_report" else "application/xml"
    return Response(content, media_type=media_type, headers={"X-Report-SHA256": sha256_of_it})


async def _report(
    filings: FilingServices, tenant_id: UUID, sent: FilingSubmission, answer: Acknowledgement | None
) -> ReportOut:
    sealed = None if answer is None else answer.sealed_findings
    return ReportOut(
        report=sent.report,
        kind=sent.kind,
        sha256=sent.sha256,
        reference=sent.reference,
        submitted_at=sent.submitted_at,
        accepted=None if answer is None else answer.accepted,
        document_number=None if answer is None else answer.document_number,
        findings=_shown(await _findings(filings, tenant_id, sent.filing_id, sealed)),
    )


async def _findings(
    filings: FilingServices, tenant_id: UUID, filing_id: UUID, sealed: bytes | None
) -> tuple[Finding, ...]:
    if sealed is None:
        return ()
    context = contexts.filing_part(filing_id, "findings")
    return _FINDINGS.validate_json(await asyncio.to_thread(open_standalone, filings.keys, tenant_id, sealed, context))


def _shown(found: tuple[Finding, ...]) -> list[FindingOut]:
    return [FindingOut(rule=one.rule, effect=one.effect, text=one.text, citation=one.citation) for one in found]


def _row(filing: Filing) -> dict[str, Any]:
    return {
        "filing_id": filing.filing_id,
        "case_id": filing.case_id,
        "form": filing.form,
        "kind": filing.kind,
        "report": filing.report,
        "overdue": filing.overdue,
        "status": filing.status,
        "revision": filing.revision,
        "regime": filing.regime,
        "format": filing.format,
        "valid": filing.valid,
        "problems": list(filing.problems),
        "due_at": filing.due_at,
        "created_at": filing.created_at,
    }
