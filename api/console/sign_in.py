"""Signing in and out of the console: with the built-in issuer's login and password, through the API's own function; the
tenant's own issuers are offered beside it (`api.console.issuers`)."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.auth import CurrentIdentities, CurrentPrincipal, CurrentServices, NotAuthenticated
from api.console import issuers
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
    if tenant is None and request.headers.get("Sec-Fetch-Site") == "cross-site":
        # Back from an issuer's sign-out: the strict cookie that knows the tenant comes with the next request.
        return render(request, "again.html", here=request.url.path)
    return await _form(request, services, str(tenant or request.cookies.get(TENANT, "")), "", next_page)


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
        return await _form(request, services, tenant, login, target, wrong, 422)
    except NotAuthenticated:
        return await _form(request, services, tenant, login, target, _WRONG, 401)
    except TooManyAttempts:
        wrong = "Too many failed attempts. Wait a quarter of an hour, or ask an administrator for a new password."
        return await _form(request, services, tenant, login, target, wrong, 429)
    response = see(local(target))
    start_session(request, response, token.access_token, token.expires_in, str(body.tenant_id))
    return response


_WRONG = "Tenant, login or password is wrong. Check all three: the answer does not tell which."


@router.post("/sign-out")
async def sign_out(
    request: Request, services: CurrentServices, identities: CurrentIdentities, principal: CurrentPrincipal
) -> Response:
    """The browser forgets the token; and goes on to the issuer, where the officer came from one that can end it."""
    there = await issuers.parting(request, services, identities, principal)
    request.state.principal = None
    response = render(request, "signed_out.html", there=there) if there else see("/console/sign-in")
    end_session(response)
    return response


async def _form(
    request: Request,
    services: Services,
    tenant: str,
    login: str,
    target: str,
    wrong: str = "",
    status: int = 200,
) -> Response:
    value, token = sign_in_form(services, request)
    asked = f"&next={quote(target)}" if target else ""
    ways = [
        (issuers.host(each), f"/console/sign-in/with/{each.issuer_id}?tenant={each.tenant_id}{asked}")
        for each in await issuers.offered(services, tenant)
    ]
    response = render(
        request,
        "sign_in.html",
        status,
        tenant=tenant,
        typed_login=login,
        target=target,
        wrong=wrong,
        sign_in_token=token,
        ways=ways,
    )
    set_cookie(request, response, SIGN_IN, value, _FORM_SECONDS)
    return response
