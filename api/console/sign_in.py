"""Signing in and out of the console: with the built-in issuer's login and password, through the API's own function."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.auth import CurrentServices, NotAuthenticated
from api.console.page import OPEN, PageRoute, Submitted, render, see, text
from api.console.session import SIGN_IN, TENANT, end_session, local, set_cookie, sign_in_form, start_session
from api.routes import tokens
from api.routes.tokens import TooManyAttempts
from api.schemas.tokens import LoginIn
from api.services import Services

router = APIRouter(prefix="/console", include_in_schema=False, route_class=PageRoute)

_FORM_SECONDS = 3600


@router.get("/sign-in", openapi_extra=OPEN)
async def show_form(
    request: Request,
    services: CurrentServices,
    tenant: Annotated[UUID | None, Query()] = None,
    next_page: Annotated[str, Query(alias="next", max_length=300)] = "",
) -> Response:
    """The form. `tenant` fills in the tenant's id, so that a deployment can hand out one link to its officers."""
    return _form(request, services, str(tenant or request.cookies.get(TENANT, "")), "", next_page)


@router.post("/sign-in", openapi_extra=OPEN)
async def sign_in(request: Request, services: CurrentServices, form: Submitted) -> Response:
    """A session for right credentials; the form again, with what is wrong, for others."""
    tenant, login, target = text(form, "tenant"), text(form, "login"), text(form, "next")
    try:
        body = LoginIn.model_validate({"tenant_id": tenant, "login": login, "password": str(form.get("password", ""))})
        token = await tokens.sign_in(body, services)
    except ValidationError as error:
        fields = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        wrong = "The tenant's id is not complete: copy it from your invitation." if "tenant_id" in fields else _WRONG
        return _form(request, services, tenant, login, target, wrong, 422)
    except NotAuthenticated:
        return _form(request, services, tenant, login, target, _WRONG, 401)
    except TooManyAttempts:
        wrong = "Too many failed attempts. Wait a quarter of an hour, or ask an administrator for a new password."
        return _form(request, services, tenant, login, target, wrong, 429)
    response = see(local(target))
    start_session(request, response, token.access_token, token.expires_in, str(body.tenant_id))
    return response


_WRONG = "Tenant, login or password is wrong. Check all three: the answer does not tell which."


@router.post("/sign-out")
async def sign_out() -> Response:
    """The browser forgets the token."""
    response = see("/console/sign-in")
    end_session(response)
    return response


def _form(
    request: Request,
    services: Services,
    tenant: str,
    login: str,
    target: str,
    wrong: str = "",
    status: int = 200,
) -> Response:
    value, token = sign_in_form(services, request)
    response = render(
        request,
        "sign_in.html",
        status,
        tenant=tenant,
        typed_login=login,
        target=target,
        wrong=wrong,
        sign_in_token=token,
    )
    set_cookie(request, response, SIGN_IN, value, _FORM_SECONDS)
    return response
