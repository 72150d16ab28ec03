"""Signing in to the console through the tenant's own issuer: there, back, and out again.

Apart from `api.console.sign_in`, which takes passwords, because here the browser leaves us: what it brings back is
believed only where this browser was sent, once, and not long ago.
"""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.auth import TOKEN_LIFETIME, CurrentIdentities, CurrentServices, Identities, Principal, mint_token
from api.console.page import OPEN, PageRoute, render, see
from api.console.session import local, over_https, start_session
from api.identity import TokenRefused
from api.oidc import ATTEMPT_LIFETIME, Attempt, CodeRefused, ProviderUnfit, farewell
from api.services import Services
from store.audit import record_read, record_refusal
from store.connection import tenant_transaction
from store.issuers import Issuer, fetch_issuer, list_issuers

router = APIRouter(prefix="/console/sign-in", include_in_schema=False, route_class=PageRoute)

ATTEMPT = "clearance_attempt"
"""What the browser carries to the issuer and back, sealed. `Lax`, as it comes back from another site."""
_PATH = "/console/sign-in"
_SIGN_IN = "sign in"


class SignInFailed(Exception):
    """Somebody came back from their issuer and is not signed in. `code` says why, `detail` what is known of it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


WORDS = {
    "NOT_BEGUN_HERE": (
        "This sign-in was not begun in this browser",
        "Or it took longer than ten minutes, or was finished already. Nobody is signed in by it. Begin again at {url}: "
        "under another name of this service the browser does not show what it was given.",
    ),
    "ISSUER_ENDED": (
        "This organisation does not sign in so",
        "Its administrator has to accept the issuer, with sign-in. Begin again at {url}.",
    ),
    "ISSUER_UNFIT": (
        "Your organisation's sign-in does not answer as it should",
        "Try again in a minute. If it stays, give your operator this: {detail}.",
    ),
    "REFUSED_THERE": (
        "Your organisation's sign-in said no",
        "Its word for it is {detail}. Try again, or ask those who run it to let you use Clearance.",
    ),
    "CODE_REFUSED": (
        "Your organisation's sign-in did not confirm you",
        "Its word for it is {detail}. With invalid_grant, too much time went by or the page was loaded twice: begin "
        "again. With invalid_client or unauthorized_client, your operator has to set this service's client secret "
        "there and here.",
    ),
    "TOKEN_REFUSED": (
        "What your organisation's sign-in said of you does not hold",
        "Nobody is signed in: {detail}. Begin again; if it stays, give your administrator this sentence.",
    ),
    "NO_ROLE": (
        "You have no role here",
        "Your organisation knows you, but none of your roles there stands for one here. Ask your administrator to give "
        "you one, or to add it to the table of the issuer.",
    ),
    "NOT_ACTIVE": ("You were deactivated here", "Ask an administrator of your organisation."),
}
"""What a person is told: what happened, and what to do."""


def host(issuer: Issuer) -> str:
    """What an issuer is called on pages."""
    return urlsplit(issuer.issuer).netloc or issuer.issuer


async def offered(services: Services, tenant: str) -> list[Issuer]:
    """The issuers through which a tenant's officers sign in; none for what is no tenant's id."""
    try:
        tenant_id = UUID(tenant)
    except ValueError:
        return []
    async with tenant_transaction(services.pool, tenant_id) as connection:
        return [issuer for issuer in await list_issuers(connection) if issuer.sign_in]


@router.get("/with/{issuer_id}", openapi_extra=OPEN)
async def leave(
    request: Request,
    services: CurrentServices,
    identities: CurrentIdentities,
    issuer_id: UUID,
    tenant: UUID,
    next_page: Annotated[str, Query(alias="next", max_length=300)] = "",
) -> Response:
    """To the issuer. A link, because a form may lead to our own pages only."""
    try:
        issuer = await _issuer(services, tenant, issuer_id)
        provider = await identities.providers.provider(issuer.issuer)
    except ProviderUnfit as unfit:
        return _failed(request, services, SignInFailed("ISSUER_UNFIT", str(unfit)))
    except SignInFailed as failure:
        return _failed(request, services, failure)
    attempt = Attempt.begun(issuer, local(next_page), services.clock())
    address = attempt.address(provider, issuer.audience, services.sign_in_address)
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(
        ATTEMPT,
        attempt.sealed(services.idempotency_key),
        max_age=int(ATTEMPT_LIFETIME.total_seconds()),
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=over_https(request),
    )
    return response


@router.get("/callback", openapi_extra=OPEN)
async def come_back(
    request: Request,
    services: CurrentServices,
    identities: CurrentIdentities,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=100)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """From the issuer. The attempt ends here, however it ends. Audited."""
    attempt = Attempt.opened(services.idempotency_key, request.cookies.get(ATTEMPT, ""), state, services.clock())
    try:
        if attempt is None:
            raise SignInFailed("NOT_BEGUN_HERE")
        response = await _finish(request, services, identities, attempt, code, error, iss)
    except SignInFailed as failure:
        if attempt is not None:
            async with tenant_transaction(services.pool, attempt.tenant_id) as connection:
                about = f"issuer:{attempt.issuer_id}"
                await record_refusal(connection, "unknown", _SIGN_IN, about, failure.code)
        response = _failed(request, services, failure)
    response.delete_cookie(ATTEMPT, path=_PATH)
    return response


async def _finish(
    request: Request,
    services: Services,
    identities: Identities,
    attempt: Attempt,
    code: str,
    error: str,
    stated: str | None,
) -> Response:
    """The session. Raises `SignInFailed`."""
    issuer = await _issuer(services, attempt.tenant_id, attempt.issuer_id)
    try:
        provider = await identities.providers.provider(issuer.issuer)
        if stated != issuer.issuer and (stated is not None or provider.names_itself):
            raise SignInFailed("TOKEN_REFUSED", "another issuer answered than was asked")  # RFC 9207
        if error or not code:
            raise SignInFailed("REFUSED_THERE", error or "no code")
        token = await identities.providers.exchange(
            provider,
            issuer.audience,
            services.client_secrets.get(issuer.issuer_id),
            code,
            attempt.verifier,
            services.sign_in_address,
        )
        tenant_id, officer_id, _ = await identities.external.signed_in(issuer, token, attempt.nonce)
    except ProviderUnfit as unfit:
        raise SignInFailed("ISSUER_UNFIT", str(unfit)) from unfit
    except CodeRefused as refused:
        raise SignInFailed("CODE_REFUSED", refused.code) from refused
    except TokenRefused as refused:
        raise SignInFailed("TOKEN_REFUSED", str(refused)) from refused
    state = await identities.officers.state(tenant_id, officer_id)
    if state is None or not state.active:
        raise SignInFailed("NOT_ACTIVE")
    if not state.roles:
        raise SignInFailed("NO_ROLE")
    async with tenant_transaction(services.pool, tenant_id) as connection:
        await record_read(connection, f"officer:{officer_id}", _SIGN_IN, f"issuer:{issuer.issuer_id}")
    session = mint_token(
        services.token_key,
        officer_id=officer_id,
        tenant_id=tenant_id,
        roles=state.roles,
        now=services.clock(),
        issuer_id=issuer.issuer_id,
    )
    response = see(attempt.target)
    start_session(request, response, session, int(TOKEN_LIFETIME.total_seconds()), str(tenant_id))
    return response


async def _issuer(services: Services, tenant_id: UUID, issuer_id: UUID) -> Issuer:
    async with tenant_transaction(services.pool, tenant_id) as connection:
        issuer = await fetch_issuer(connection, issuer_id)
    if issuer is None or not issuer.sign_in:
        raise SignInFailed("ISSUER_ENDED")
    return issuer


def _failed(request: Request, services: Services, failure: SignInFailed) -> Response:
    title, advice = WORDS[failure.code]
    said = advice.format(detail=failure.detail or "not said", url=f"{services.public_url.rstrip('/')}{_PATH}")
    status = 503 if failure.code == "ISSUER_UNFIT" else 403
    return render(request, "sign_in_failed.html", status, code=failure.code, title=title, advice=said, again=_PATH)


async def parting(request: Request, services: Services, identities: Identities, principal: Principal) -> str:
    """Where an officer who signed in through an issuer signs out there too; empty where there is no such place."""
    if principal.issuer_id is None:
        return ""
    try:
        issuer = await _issuer(services, principal.tenant_id, principal.issuer_id)
        provider = await identities.providers.provider(issuer.issuer)
    except (SignInFailed, ProviderUnfit):
        return ""
    return farewell(provider, issuer.audience, f"{services.public_url.rstrip('/')}{_PATH}")
