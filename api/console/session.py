"""Who is at the console: the officer's token in a cookie that scripts cannot read, and the tokens in its forms.

Separate from `api.auth`, whose credential no browser sends by itself: a cookie is sent by the browser, so every change
has to show that it comes from a form of ours.
"""

import hmac
import secrets
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.auth import NotAuthenticated, Principal, authenticate_officer
from api.services import Services
from store.connection import tenant_transaction
from store.credentials import fetch_officer

SESSION = "clearance_session"
"""Holds the officer's token. Sent to the console only: /v1 takes no cookie."""
SIGN_IN = "clearance_sign_in"
"""Ties a sign-in form to the browser that it was shown to, before there is a session."""
TENANT = "clearance_tenant"
"""The tenant last signed in to, to fill in the form; no secret."""
PATH = "/console"
FORM_TOKEN = "form_token"  # noqa: S105 (the name of a form's field)

_YEAR = 365 * 24 * 3600


class FormForged(Exception):
    """A form did not come from a page of ours, or its session has ended. Open the page again and repeat."""


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """HttpOnly, SameSite=Strict, and Secure wherever the browser came by https."""
    response.set_cookie(
        name, value, max_age=seconds, path=PATH, httponly=True, samesite="strict", secure=over_https(request)
    )


def start_session(request: Request, response: Response, token: str, seconds: int, tenant: str) -> None:
    set_cookie(request, response, SESSION, token, seconds)
    set_cookie(request, response, TENANT, tenant, _YEAR)
    response.delete_cookie(SIGN_IN, path=PATH)


async def signed_in(request: Request) -> tuple[Principal, str]:
    """The officer of a session with the roles that they have now, and their login. Raises `NotAuthenticated`, also for
    one deactivated a moment ago."""
    services: Services = request.app.state.services
    token = request.cookies.get(SESSION, "")
    if not token:
        raise NotAuthenticated("Sign in.")
    principal = await authenticate_officer(services, request.app.state.identities, token)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        officer = await fetch_officer(connection, principal.person)
    if officer is None or not officer.active:
        raise NotAuthenticated("This officer was deactivated.")
    return principal, officer.login


def end_session(response: Response) -> None:
    response.delete_cookie(SESSION, path=PATH)


def over_https(request: Request) -> bool:
    """Whether the browser speaks TLS, with us or with the proxy before us. A lie only hurts who tells it."""
    return request.url.scheme == "https" or request.headers.get("X-Forwarded-Proto") == "https"


def origin(request: Request) -> str:
    """Where the browser found us: what other services have to be told about."""
    return f"{'https' if over_https(request) else 'http'}://{request.headers.get('Host', request.url.netloc)}"


def form_token(services: Services, request: Request, cookie: str = SESSION) -> str:
    """What a form of this session has to bring back: nothing that another site could read or guess."""
    return _token(services, request.cookies.get(cookie, ""))


def sign_in_form(services: Services, request: Request) -> tuple[str, str]:
    """The value that ties a sign-in form to its browser (the one it has, in another tab), and the form's token."""
    value = request.cookies.get(SIGN_IN) or secrets.token_urlsafe(24)
    return value, _token(services, value)


def check_form(services: Services, request: Request, given: str, cookie: str = SESSION) -> None:
    """Raises `FormForged` unless a form of ours in this session sent the request."""
    held = request.cookies.get(cookie, "")
    if not held or not hmac.compare_digest(_token(services, held), given):
        raise FormForged
    origin = request.headers.get("Origin")
    # Same-origin browsers say so; the host, not the scheme, as TLS may end before us.
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise FormForged


def _token(services: Services, held: str) -> str:
    return hmac.digest(services.idempotency_key, b"console form\n" + held.encode(), "sha256").hex()


def local(target: str) -> str:
    """A place of the console to go to after signing in; anything else becomes the queue."""
    return target if target.startswith("/console/") and "\\" not in target and "//" not in target else PATH
