"""Filings for filing officers: what is to be sent by when, what keeps it, and the second pair of eyes. For everybody
else these pages do not exist."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.officers import logins
from api.console.page import PageRoute, Submitted, checked, render, see, text
from api.permissions import Permission
from api.routes import filings
from api.routes.filings import CurrentFilings
from api.schemas.filings import FilingActionIn, FilingReturnIn
from workflows.messages import Kind, workflow_id

router = APIRouter(prefix="/console/filings", include_in_schema=False, route_class=PageRoute)

_FILE = needs(Permission.FILE)
MOST = 200

_ADVICE = {
    "FILER_NOT_CONFIGURED": "Your operator puts your institution's details into the filers' folder.",
    "SCHEMA_NOT_INSTALLED": "Your operator puts the authority's XSD files into the schemas' folder.",
}
"""What to do about a problem, where its own words are a code."""

STATUSES = ("", "drafting", "draft", "blocked", "approved", "submitted")


@router.get("", openapi_extra=_FILE)
async def show_all(
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentFilings,
    status: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """By deadline."""
    chosen = status if status in STATUSES else ""
    found = await filings.list_all(principal, services, chosen or None, MOST)
    return render(request, "filings.html", rows=found.filings, chosen=chosen, statuses=STATUSES)


@router.get("/{filing_id}", openapi_extra=_FILE)
async def show(
    filing_id: UUID,
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    filing_services: CurrentFilings,
    done: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One filing: its clock, its findings, its history."""
    filing = await filings.show(filing_id, principal, filing_services)
    officers: list[Any] = [filing.maker, *(event.officer_id for event in filing.history)]
    return render(
        request,
        "filing.html",
        filing=filing,
        done=done,
        officers=await logins([*officers, *(reason.officer_id for reason in filing.reasons)], principal, services),
        workflow=workflow_id(Kind.FILING, filing_id),
        console=services.console,
        advice=_ADVICE,
    )


@router.get("/{filing_id}/report", openapi_extra=_FILE)
async def report(filing_id: UUID, principal: CurrentPrincipal, filing_services: CurrentFilings) -> Response:
    """The report as a file, not as a page: what is in it is never run by the browser."""
    response = await filings.report(filing_id, principal, filing_services)
    response.headers["Content-Disposition"] = f'attachment; filename="report-{filing_id}.xml"'
    return response


def _revision(form: Submitted) -> int | None:
    given = text(form, "revision")
    return int(given) if given.isdigit() and len(given) < 10 else None


@router.post("/{filing_id}/approve", openapi_extra=_FILE)
async def approve(
    filing_id: UUID,
    form: Submitted,
    principal: CurrentPrincipal,
    services: CurrentServices,
    filing_services: CurrentFilings,
) -> Response:
    body = checked(FilingActionIn, revision=_revision(form), reason=text(form, "reason") or None)
    await filings.approve(filing_id, body, principal, services, filing_services)
    return see(f"/console/filings/{filing_id}?done=approved")


@router.post("/{filing_id}/return", openapi_extra=_FILE)
async def return_to_draft(
    filing_id: UUID,
    form: Submitted,
    principal: CurrentPrincipal,
    services: CurrentServices,
    filing_services: CurrentFilings,
) -> Response:
    body = checked(FilingReturnIn, revision=_revision(form), reason=text(form, "reason"))
    await filings.return_to_draft(filing_id, body, principal, services, filing_services)
    return see(f"/console/filings/{filing_id}?done=returned")
