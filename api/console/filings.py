"""Filings for filing officers: what is to be sent by when, what keeps it, and the second pair of eyes. For everybody
else these pages do not exist."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.officers import logins
from api.console.page import PageRoute, Submitted, checked, render, revision, see, text
from api.permissions import Permission
from api.routes import filing_actions, filings
from api.routes.filing_actions import TheFiling
from api.routes.filings import CurrentFilings
from api.schemas.filings import FilingActionIn, FilingAnswerIn, FilingReturnIn
from workflows.messages import Kind, workflow_id

router = APIRouter(prefix="/console/filings", include_in_schema=False, route_class=PageRoute)

_FILE = needs(Permission.FILE)
MOST = 200

_ADVICE = {
    "FILER_NOT_CONFIGURED": "Your operator puts your institution's details into the filers' folder.",
    "SCHEMA_NOT_INSTALLED": "Your operator puts the authority's XSD files into the schemas' folder.",
}
"""What to do about a problem, where its own words are a code."""

_DONE = {
    "approved": "Approved: the report goes to the gateway. Reload in a moment to see that it went out.",
    "returned": "Returned: it is drafted anew from the case.",
    "acknowledged": "The authority's answer is kept.",
    "corrected": "A correcting report is being drafted. Somebody else approves it.",
    "continued": "A continuing report is being drafted. Somebody else approves it.",
    "ceased": "The filing is closed.",
}
"""What was done, told on the page that the form leads to."""

STATUSES = ("", "draft", "blocked", "approved", "submitted", "acknowledged", "faulted", "rejected", "review", "closed")


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
        check=await filings.check(filing_id, principal, filing_services),
        done_words=_DONE,
    )


@router.get("/{filing_id}/report", openapi_extra=_FILE)
async def report(filing_id: UUID, principal: CurrentPrincipal, filing_services: CurrentFilings) -> Response:
    """The report as a file, not as a page: what is in it is never run by the browser."""
    response = await filings.report(filing_id, principal, filing_services)
    response.headers["Content-Disposition"] = f'attachment; filename="report-{filing_id}.xml"'
    return response


@router.get("/{filing_id}/reports/{number}", openapi_extra=_FILE)
async def submitted_report(
    filing_id: UUID, number: int, principal: CurrentPrincipal, filing_services: CurrentFilings
) -> Response:
    """One that was submitted, as a file too."""
    response = await filings.submitted_report(filing_id, number, principal, filing_services)
    response.headers["Content-Disposition"] = f'attachment; filename="report-{filing_id}-{number}.xml"'
    return response


@router.post("/{filing_id}/{action}", openapi_extra=_FILE)
async def act(
    action: Literal["approve", "return", "acknowledge", "correct", "continue", "cease"],
    form: Submitted,
    filing: TheFiling,
) -> Response:
    """What a filing officer does: each to its own function of the API."""
    sent: dict[str, Any] = {"revision": revision(form)}
    reason = {"reason": text(form, "reason") or None}
    match action:
        case "approve":
            await filing_actions.approve(filing, checked(FilingActionIn, **sent, **reason))
        case "continue":
            await filing_actions.continue_activity(filing, checked(FilingActionIn, **sent, **reason))
        case "return":
            await filing_actions.return_to_draft(filing, checked(FilingReturnIn, **sent, **reason))
        case "correct":
            await filing_actions.correct(filing, checked(FilingReturnIn, **sent, **reason))
        case "cease":
            await filing_actions.cease(filing, checked(FilingReturnIn, **sent, **reason))
        case "acknowledge":
            await filing_actions.acknowledge(filing, checked(FilingAnswerIn, **sent, answer=text(form, "answer")))
    return see(f"/console/filings/{filing.filing_id}?done={_PAST[action]}")


_PAST = {
    "approve": "approved",
    "return": "returned",
    "acknowledge": "acknowledged",
    "correct": "corrected",
    "continue": "continued",
    "cease": "ceased",
}
