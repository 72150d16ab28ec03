"""What officers do about a case: each form becomes the API's own body and goes to the API's own function.

Apart from the case's page because that one reads and these write; what is refused is told on a page of its own.
"""

from datetime import UTC, datetime, time
from datetime import date as date_type
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.page import FormIncomplete, PageRoute, Submitted, checked, render, revision, see, text
from api.files import MAX_REQUEST_BYTES, received_files
from api.permissions import Permission
from api.routes import case_actions, evidence
from api.routes.case_actions import TheCase
from api.schemas.cases import ActionIn, ApproveIn, AssignIn, DecideIn, NoteIn, ReopenIn, RequestIn, ReturnIn, SnoozeIn

router = APIRouter(prefix="/console/cases/{case_id}", include_in_schema=False, route_class=PageRoute)

_WORK = needs(Permission.WORK_CASES)
_APPROVE = needs(Permission.APPROVE_CASES)


def _end_of(form: Submitted, name: str) -> Any:
    """The end of a day that was chosen, in UTC; as it was typed where it is no day, which the API then refuses."""
    try:
        return datetime.combine(date_type.fromisoformat(text(form, name)), time(23, 59, 59), UTC)
    except ValueError:
        return text(form, name)


def _done(case_id: UUID, what: str) -> Response:
    return see(f"/console/cases/{case_id}?done={what}")


@router.post("/claim", openapi_extra=_WORK)
async def claim(case: TheCase, form: Submitted) -> Response:
    await case_actions.claim(case, ActionIn(revision=revision(form)))
    return _done(case.case_id, "claimed")


@router.post("/release", openapi_extra=_WORK)
async def release(case: TheCase, form: Submitted) -> Response:
    await case_actions.release(case, ActionIn(revision=revision(form)))
    return _done(case.case_id, "released")


@router.post("/note", openapi_extra=_WORK)
async def note(case: TheCase, form: Submitted) -> Response:
    body = checked(NoteIn, revision=revision(form), text=text(form, "text"))
    await case_actions.note(case, body)
    return _done(case.case_id, "noted")


@router.post("/decide", openapi_extra=_WORK)
async def decide(case: TheCase, form: Submitted) -> Response:
    disposition = text(form, "disposition")
    why = text(form, "false_positive_reason") if disposition == "false_positive" else ""
    body = checked(
        DecideIn,
        revision=revision(form),
        disposition=disposition,
        reason=text(form, "reason"),
        false_positive_reason=why or None,
    )
    after = await case_actions.decide(case, body)
    return _done(case.case_id, "decided" if after.status == "closed" else "awaiting")


@router.post("/approve", openapi_extra=_APPROVE)
async def approve(case: TheCase, form: Submitted) -> Response:
    body = checked(
        ApproveIn,
        revision=revision(form),
        disposition=text(form, "disposition") or None,
        reason=text(form, "reason") or None,
    )
    after = await case_actions.approve(case, body)
    return _done(case.case_id, "approved" if after.status == "closed" else "open_again")


@router.post("/return", openapi_extra=_APPROVE)
async def return_to_maker(case: TheCase, form: Submitted) -> Response:
    body = checked(ReturnIn, revision=revision(form), reason=text(form, "reason"))
    await case_actions.return_to_maker(case, body)
    return _done(case.case_id, "returned")


@router.post("/assign", openapi_extra=needs(Permission.ASSIGN_CASES))
async def assign(case: TheCase, form: Submitted) -> Response:
    body = checked(
        AssignIn, revision=revision(form), officer_id=text(form, "officer_id"), reason=text(form, "reason") or None
    )
    await case_actions.assign(case, body)
    return _done(case.case_id, "assigned")


@router.post("/snooze", openapi_extra=_WORK)
async def snooze(case: TheCase, form: Submitted) -> Response:
    body = checked(SnoozeIn, revision=revision(form), until=_end_of(form, "until"), reason=text(form, "reason"))
    await case_actions.snooze(case, body)
    return _done(case.case_id, "snoozed")


@router.post("/reopen", openapi_extra=_WORK)
async def reopen(case: TheCase, form: Submitted) -> Response:
    body = checked(ReopenIn, revision=revision(form), reason=text(form, "reason"))
    await case_actions.reopen_case(case, body)
    return _done(case.case_id, "reopened")


@router.post("/request", openapi_extra=_WORK)
async def ask(
    case_id: UUID, request: Request, form: Submitted, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """The answer shows the applicant's link, once: it is a page, not a redirect, because it cannot be had again."""
    body = checked(RequestIn, revision=revision(form), text=text(form, "text"), answer_by=_end_of(form, "answer_by"))
    made = await evidence.ask(case_id, body, principal, services)
    return render(request, "asked.html", made=made, case_id=case_id)


@router.post("/evidence", openapi_extra=needs(Permission.WORK_CASES, max_bytes=MAX_REQUEST_BYTES))
async def attach(case: TheCase, form: Submitted) -> Response:
    if not getattr(form.get("files"), "filename", ""):
        raise FormIncomplete(("File: choose one first",))
    [file], _ = await received_files(form, most=1)
    await evidence.attach_file(case.case_id, file, revision(form), case.principal, case.services)
    return _done(case.case_id, "attached")


@router.get("/evidence/{evidence_id}/pages/{page}", openapi_extra=needs(Permission.READ_CASES))
async def evidence_page(
    case_id: UUID,
    evidence_id: UUID,
    page: Annotated[int, Path(ge=0, le=100)],
    principal: CurrentPrincipal,
    services: CurrentServices,
) -> Response:
    """One page of a file on the case. Audited."""
    return await evidence.show_page(case_id, evidence_id, page, principal, services)
