"""Who is asking: API keys of services and tokens of officers, and the route class that lets nobody else through.

Both travel as `Authorization: Bearer …`. A JWT has two dots (RFC 7515), a key has none.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from fastapi import Depends, Request, Response

from api.identity import ExternalTokens, KeySets, Officers, TokenRefused
from api.limits import MAX_BYTES, LimitedRoute
from api.oidc import Providers
from api.permissions import HIDDEN, ROLE_PERMISSIONS, SCOPE_PERMISSIONS, Permission, Role, role_for
from api.services import Services
from store.audit import record_refusal
from store.connection import service_transaction, tenant_transaction
from store.credentials import find_api_key, hash_api_key

TOKEN_LIFETIME = timedelta(hours=1)
_ISSUER, _AUDIENCE, _ALGORITHM = "clearance", "clearance-api", "EdDSA"
_PERMISSION = "x-permission"


class NotAuthenticated(Exception):
    """No credential, or not a good one (any more). Send `Authorization: Bearer` with an API key or a token."""


class NotPermitted(Exception):
    """The credential is good, but not for this. `permission` names what is needed: a scope, or a role with it."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission.value)
        self.permission = permission


class NotFound(Exception):
    """There is no such thing here; for another tenant's id, and for what must not be known to exist, too."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, on behalf of which tenant."""

    tenant_id: UUID
    actor: str
    """Pseudonymous, for the audit log: `officer:<uuid>` or `api_key:<uuid>`."""
    permissions: frozenset[Permission]
    officer_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    issuer_id: UUID | None = None
    """The tenant's own issuer that this officer signed in to the console through."""

    def role_allowing(self, permission: Permission) -> Role:
        """The role that an officer acts in. Raises `NotPermitted`."""
        role = role_for(permission, self.roles)
        if role is None:
            raise NotPermitted(permission)
        return role

    @property
    def person(self) -> UUID:
        """The officer's id. Raises `NotPermitted` for a service, which never reaches a route that asks."""
        if self.officer_id is None:
            raise NotPermitted(Permission.WORK_CASES)
        return self.officer_id


# --- Tokens ----------------------------------------------------------------------------------------------------------


def mint_token(
    key: Ed25519PrivateKey,
    *,
    officer_id: UUID,
    tenant_id: UUID,
    roles: frozenset[Role],
    now: datetime,
    issuer_id: UUID | None = None,
) -> str:
    """An officer's JWT, good for `TOKEN_LIFETIME`. It carries ids and roles, no name; and the tenant's own issuer whom
    it rests on, if any."""
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(officer_id),
        "tenant": str(tenant_id),
        "roles": sorted(roles),
        "iat": now,
        "exp": now + TOKEN_LIFETIME,
        "jti": secrets.token_hex(8),
    } | ({"via": str(issuer_id)} if issuer_id else {})
    return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": key_id(key.public_key())})


def read_token(token: str, key: Ed25519PublicKey) -> Principal:
    """The officer that a token was issued to. Raises `NotAuthenticated`."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            options={"require": ["exp", "iat", "sub", "tenant", "roles"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise NotAuthenticated("The token has expired: sign in again at /v1/tokens.") from error
    except jwt.InvalidTokenError as error:
        raise NotAuthenticated("The token is not one of ours: sign in at /v1/tokens.") from error
    roles = frozenset(Role(role) for role in claims["roles"] if role in set(Role))
    principal = _officer(UUID(claims["tenant"]), UUID(claims["sub"]), roles)
    return replace(principal, issuer_id=UUID(claims["via"])) if "via" in claims else principal


def key_set(key: Ed25519PublicKey) -> dict[str, Any]:
    """The built-in issuer's own keys (RFC 7517, RFC 8037)."""
    x = urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key_id(key), "use": "sig", "alg": _ALGORITHM}]}


def key_id(key: Ed25519PublicKey) -> str:
    """Names a key by itself, so that a new one has another name."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


@dataclass
class Identities:
    """Who is who for one application: what it remembers of officers and of issuers' keys."""

    officers: Officers
    external: ExternalTokens
    providers: Providers

    @classmethod
    def of(cls, services: Services) -> "Identities":
        officers = Officers(services.pool)
        external = ExternalTokens(services.pool, KeySets(services.outward), officers)
        return cls(officers, external, Providers(services.outward))


async def authenticate_officer(services: Services, identities: Identities, token: str) -> Principal:
    """The officer that a token speaks for, with the roles that they have now. Raises `NotAuthenticated`."""
    issuer_id: UUID | None = None
    if stated_issuer(token) == _ISSUER:
        principal = read_token(token, services.token_key.public_key())
        tenant_id, officer_id, roles = principal.tenant_id, principal.person, principal.roles
        issuer_id = principal.issuer_id
        if issuer_id is not None and not await identities.external.vouches(tenant_id, issuer_id):
            raise NotAuthenticated("The issuer that you signed in through is not accepted any more.")
    else:
        try:
            tenant_id, officer_id, roles = await identities.external.read(token)
        except TokenRefused as refusal:
            raise NotAuthenticated(f"The token is not accepted: {refusal}.") from refusal
    state = await identities.officers.state(tenant_id, officer_id)
    if state is None or not state.active:
        raise NotAuthenticated("This officer is not active: ask an administrator.")
    return replace(_officer(tenant_id, officer_id, roles & state.roles), issuer_id=issuer_id)


def stated_issuer(token: str) -> str | None:
    """Whose a token says it is, which decides how it is checked and nothing else."""
    try:
        stated = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError:
        return _ISSUER
    return stated if isinstance(stated, str) else _ISSUER


def _officer(tenant_id: UUID, officer_id: UUID, roles: frozenset[Role]) -> Principal:
    return Principal(
        tenant_id=tenant_id,
        actor=f"officer:{officer_id}",
        permissions=frozenset[Permission]().union(*(ROLE_PERMISSIONS[role] for role in roles)),
        officer_id=officer_id,
        roles=roles,
    )


async def authenticate(request: Request) -> Principal:
    """The principal behind a request's credential. Raises `NotAuthenticated`."""
    services: Services = request.app.state.services
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "apikey") or not credential:  # yente's clients say ApiKey
        raise NotAuthenticated("Send `Authorization: Bearer` with an API key or an officer's token.")
    if "." in credential:
        return await authenticate_officer(services, request.app.state.identities, credential)
    async with service_transaction(services.pool) as connection:
        key = await find_api_key(connection, hash_api_key(credential))
    if key is None:
        raise NotAuthenticated("The API key is not known, or was revoked.")
    return Principal(
        tenant_id=key.tenant_id,
        actor=f"api_key:{key.api_key_id}",
        permissions=frozenset(SCOPE_PERMISSIONS[scope] for scope in key.scopes if scope in SCOPE_PERMISSIONS),
    )


# --- Routes ----------------------------------------------------------------------------------------------------------


def needs(
    permission: Permission, extra: Mapping[str, Any] | None = None, *, max_bytes: int | None = None
) -> dict[str, Any]:
    """`openapi_extra` of a guarded route: the permission (and a body's limit), where the route class and the API's
    readers both find it."""
    limit = {} if max_bytes is None else {MAX_BYTES: max_bytes}
    return {_PERMISSION: permission.value, "security": [{"bearer": []}], **limit, **(extra or {})}


class GuardedRoute(LimitedRoute):
    """A route that checks the credential before it reads the body. One without a permission cannot be declared."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        permission = Permission((self.openapi_extra or {})[_PERMISSION])

        async def guarded(request: Request) -> Response:
            principal = await authenticate(request)
            if permission not in principal.permissions:
                await _audit_refusal(request, principal, f"{request.method} {self.path}", permission)
                raise NotFound if permission in HIDDEN else NotPermitted(permission)
            request.state.principal = principal
            return await handle(request)

        return guarded


async def _audit_refusal(request: Request, principal: Principal, action: str, permission: Permission) -> None:
    services: Services = request.app.state.services
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        await record_refusal(connection, principal.actor, action, f"permission:{permission.value}", "not permitted")


def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _identities(request: Request) -> Identities:
    identities: Identities = request.app.state.identities
    return identities


CurrentPrincipal = Annotated[Principal, Depends(_principal)]
CurrentServices = Annotated[Services, Depends(_services)]
CurrentIdentities = Annotated[Identities, Depends(_identities)]
