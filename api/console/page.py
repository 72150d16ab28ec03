"""One page of the console: who may see it, how it is rendered, and what is shown instead when something is missing."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from api.auth import NotAuthenticated, NotFound, NotPermitted, Principal
from api.console import words
from api.console.assets import asset_url
from api.console.session import FORM_TOKEN, PATH, SESSION, SIGN_IN, FormForged, check_form, form_token, signed_in
from api.errors import PROBLEMS, problem_of
from api.files import parse_multipart
from api.limits import LimitedRoute
from api.permissions import HIDDEN, Permission
from api.services import Services
from store.audit import record_refusal
from store.connection import tenant_transaction

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_ADVICE = {
    "TEMPORAL_DOWN": "Reading goes on meanwhile. What you typed was not sent: keep it, and try again in a minute.",
    "NOT_CONFIRMED": "Open the case again and look at its history before you repeat anything.",
    "ERASED": "What remains are the numbers of its decisions and their proofs in the ledger: look them up under Audit.",
    "EXPLAINER_DOWN": "Reload the page in a moment. The table beside each picture holds the same numbers.",
    "NOT_FOUND": "Go back to the queue, or look the id up under Audit. Links of another tenant do not open here.",
    "DATABASE_BUSY": "Nothing was lost. Reload the page in a few seconds; if it stays, tell your operator.",
    "DATABASE_DOWN": "Reload the page in a few seconds; if it stays, tell your operator.",
    "MAKER_IS_APPROVER": "A second officer with the role approver has to look at this case.",
    "REVISION_DIFFERS": "Someone acted since you opened the page. Go back, reload it, and look at what changed.",
    "FORM_EXPIRED": "Open the page again and repeat what you did.",
    "CLOSED": "The case was closed meanwhile. Its history says by whom.",
}
"""What a person can do, where the problem's own words are written for programs."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        label=words.label,
        instant=words.instant,
        day=words.day,
        left=words.left,
        urgency=words.urgency,
        short=words.short,
        number=words.number,
        signed=words.signed,
        money=words.money,
        span=words.span,
    )
    environment.globals["asset"] = asset_url
    environment.globals["permission"] = Permission
    return environment


def template(name: str) -> Template:
    """One of the console's templates, with its filters."""
    return _environment().get_template(name)


def render(request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, with what every page needs: the officer, the instant, the token of its forms."""
    services: Services = request.app.state.services
    principal: Principal | None = getattr(request.state, "principal", None)
    content = (
        _environment()
        .get_template(name)
        .render(
            principal=principal,
            login=getattr(request.state, "login", ""),
            may=(lambda permission: principal is not None and permission in principal.permissions),
            now=services.clock(),
            path=request.url.path,
            token=Markup('<input type="hidden" name="{}" value="{}">').format(
                FORM_TOKEN, form_token(services, request)
            ),
            has_filings=services.filings is not None,
            **context,
        )
    )
    return HTMLResponse(content, status_code=status)


class FormIncomplete(Exception):
    """A form lacks something. `problems` says what, field by field. Nothing was changed."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


_TOLD: tuple[type[Exception], ...] = (FormForged, FormIncomplete, RequestValidationError, HTTPException, *PROBLEMS)
"""Errors that get a page of their own."""


class _Guard(APIRoute):
    """Asks for the session and the permission, checks every form's token, and tells errors as pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        named = (self.openapi_extra or {}).get("x-permission")
        permission = Permission(named) if named else None
        is_open = bool((self.openapi_extra or {}).get("x-open"))

        async def guarded(request: Request) -> Response:
            try:
                if not is_open:
                    request.state.principal = await _officer(request, f"{request.method} {self.path}", permission)
                if request.method == "POST":
                    form = request.state.form = await _fields(request)
                    given = str(form.get(FORM_TOKEN, ""))
                    check_form(request.app.state.services, request, given, SIGN_IN if is_open else SESSION)
                response = await handle(request)
            except NotAuthenticated:
                response = _to_sign_in(request)
            except AtHomeElsewhere as home:
                response = see(home.page)
            except _TOLD as error:
                response = _error(request, error)
            finally:
                if isinstance(sent := getattr(request.state, "form", None), FormData):
                    await sent.close()
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded


class PageRoute(LimitedRoute, _Guard):
    """A console route. One without a permission, and not said to be open, is for every signed-in officer."""


OPEN: dict[str, Any] = {"x-open": True}
"""`openapi_extra` of the pages that are there before signing in."""


async def _fields(request: Request) -> FormData:
    """A form's fields. Files stay in memory: nothing of a person is spooled to a disk."""
    if request.headers.get("Content-Type", "").startswith("multipart/"):
        return await parse_multipart(request, most=1)
    return await request.form()


HOMES: Mapping[Permission, str] = {
    Permission.READ_CASES: PATH,
    Permission.MANAGE_OFFICERS: f"{PATH}/officers",
    Permission.READ_METRICS: f"{PATH}/review",
}
"""Where an officer's day begins: the first page that they may see."""


class AtHomeElsewhere(Exception):
    """The console's front is the queue; this officer's is another page."""

    def __init__(self, page: str) -> None:
        super().__init__(page)
        self.page = page


async def _officer(request: Request, action: str, permission: Permission | None) -> Principal:
    services: Services = request.app.state.services
    principal, request.state.login = await signed_in(request)
    if request.url.path == PATH and permission not in principal.permissions:
        for may, home in HOMES.items():
            if may in principal.permissions:
                raise AtHomeElsewhere(home)
    if permission is not None and permission not in principal.permissions:
        async with tenant_transaction(services.pool, principal.tenant_id) as connection:
            await record_refusal(connection, principal.actor, action, f"permission:{permission.value}", "not permitted")
        raise NotFound if permission in HIDDEN else NotPermitted(permission)
    return principal


def _to_sign_in(request: Request) -> Response:
    """To the form; but a link from elsewhere brings no strict cookie, so the browser is first asked to come again."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return render(request, "again.html", here=here)
    if request.headers.get("X-Partial"):
        return Response(status_code=401, headers={"X-Sign-In": "/console/sign-in"})
    target = f"?next={quote(here)}" if request.method == "GET" and request.url.path != "/console" else ""
    return RedirectResponse(f"/console/sign-in{target}", status_code=303)


def _error(request: Request, error: Exception) -> Response:
    """The page of an error that the API knows too. Others go on to `api.telemetry`, which tells nothing."""
    problem: Mapping[str, Any]
    if isinstance(error, FormForged):
        problem = {
            "status": 403,
            "code": "FORM_EXPIRED",
            "title": "This form is no longer good",
            "detail": "It was not sent from a page of this session, or the session has ended. Nothing was changed.",
        }
    elif isinstance(error, FormIncomplete):
        problem = {
            "status": 422,
            "code": "FORM_INCOMPLETE",
            "title": "Something is missing",
            "detail": f"{error}. Nothing was changed.",
        }
    elif isinstance(error, RequestValidationError):
        problem = problem_of(NotFound())
    elif isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        problem = {"status": int(status), "code": status.name, "title": status.phrase, "detail": status.description}
    else:
        problem = problem_of(error)
    if problem["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request %s: %s", request.state.request_id, problem["code"])
    return render(
        request,
        "problem.html",
        problem["status"],
        problem=problem,
        advice=_ADVICE.get(problem["code"], problem.get("advice", "")),
        back=_back(request),
    )


def _back(request: Request) -> str:
    """Where to go from an error: the page that the form was on, or the queue."""
    parts = request.url.path.split("/")
    return "/".join(parts[:4]) if request.method == "POST" and len(parts) > 4 else "/console"


def _form(request: Request) -> FormData:
    form: FormData = request.state.form
    return form


Submitted = Annotated[FormData, Depends(_form)]
"""The fields of a form whose token was right."""


def text(form: FormData, name: str) -> str:
    """A field's text, stripped; empty where it is not there or is a file."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def texts(form: FormData, name: str) -> list[str]:
    """All values of a field that may be there several times, such as boxes that were ticked."""
    return [value.strip() for value in form.getlist(name) if isinstance(value, str)]


def revision(form: FormData) -> int | None:
    """The revision that the officer looked at; None where the field was tampered with, which the API then refuses."""
    given = text(form, "revision")
    return int(given) if given.isdigit() and len(given) < 10 else None


def day(given: str, otherwise: date) -> date:
    """The day of a filter's field; another one where it holds none."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return otherwise


def midnight(on: date) -> datetime:
    """When a day begins, in UTC as on every page."""
    return datetime.combine(on, time(), UTC)


Body = TypeVar("Body", bound=BaseModel)


def checked(model: type[Body], **fields: Any) -> Body:
    """The API's own body made of a form's fields. Raises `FormIncomplete`."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        problems = [
            f"{words.label(each['loc'][0] if each['loc'] else 'form')}: {each['msg']}" for each in error.errors()
        ]
        raise FormIncomplete(tuple(problems)) from error


def see(target: str) -> RedirectResponse:
    """After a change: look at the result with a request of its own, so that reloading repeats nothing."""
    return RedirectResponse(target, status_code=303)
