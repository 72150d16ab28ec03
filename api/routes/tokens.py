"""Officers sign in with login and password and get a token for an hour."""

import asyncio
import hmac
from datetime import timedelta
from functools import cache
from typing import Any

from fastapi import APIRouter

from api.auth import TOKEN_LIFETIME, CurrentServices, NotAuthenticated, key_set, mint_token
from api.limits import LimitedRoute
from api.permissions import Role
from api.schemas.problems import problem_responses
from api.schemas.tokens import LoginIn, TokenOut
from api.services import Services
from store.audit import count_refusals_since_success, record_read, record_refusal
from store.connection import tenant_transaction
from store.credentials import find_officer, hash_password, verify_password
from store.tenants import fetch_tenant

router = APIRouter(prefix="/v1", tags=["tokens"], route_class=LimitedRoute)

_SIGN_IN = "sign in"

_HASHING = asyncio.Semaphore(2)
"""A password costs 128 MB to check: so many at once, the rest wait."""


_MOST_FAILURES = 10
_FAILURES_COUNT_FOR = timedelta(minutes=15)
"""NIST SP 800-63B, 5.2.2 asks for a limit of at most 100 failures in a row; a person needs fewer."""


class TooManyAttempts(Exception):
    """A login failed too often in a row, known or not. Wait, or get a new password."""


@router.post("/tokens", responses=problem_responses([422, 429]), summary="Sign in as an officer")
async def sign_in(body: LoginIn, services: CurrentServices) -> TokenOut:
    """The token is a JWT (EdDSA), good for an hour. Every attempt on a known tenant is audited.

    An unknown tenant, an unknown login and a wrong password answer the same, after the same time. Ten failures in a row
    close a login for a quarter of an hour.
    """
    about = _about(services, body)
    async with tenant_transaction(services.pool, body.tenant_id) as connection:
        tenant = await fetch_tenant(connection, body.tenant_id)
        officer = await find_officer(connection, body.tenant_id, body.login)
        since = services.clock() - _FAILURES_COUNT_FOR
        if await count_refusals_since_success(connection, _SIGN_IN, about, since) >= _MOST_FAILURES:
            raise TooManyAttempts
    async with _HASHING:
        stored = officer.password_hash if officer else await asyncio.to_thread(_nobody)
        right = await asyncio.to_thread(verify_password, body.password.get_secret_value(), stored)
    if officer is None or not right:
        if tenant is not None:
            actor = f"officer:{officer.officer_id}" if officer else "unknown"
            async with tenant_transaction(services.pool, body.tenant_id) as connection:
                await record_refusal(connection, actor, _SIGN_IN, about, "wrong login or password")
        raise NotAuthenticated("Login or password is wrong.")
    async with tenant_transaction(services.pool, body.tenant_id) as connection:
        await record_read(connection, f"officer:{officer.officer_id}", _SIGN_IN, about)
    roles = frozenset(Role(role) for role in officer.roles if role in set(Role))
    token = mint_token(
        services.token_key,
        officer_id=officer.officer_id,
        tenant_id=officer.tenant_id,
        roles=roles,
        now=services.clock(),
    )
    return TokenOut(
        access_token=token,
        expires_in=int(TOKEN_LIFETIME.total_seconds()),
        officer_id=officer.officer_id,
        roles=sorted(roles),
    )


@router.get("/tokens/keys", summary="The built-in issuer's public keys")
async def keys(services: CurrentServices) -> dict[str, Any]:
    """A JWKS (RFC 7517), by which others can check the tokens that are made here."""
    return key_set(services.token_key.public_key())


def _about(services: Services, body: LoginIn) -> str:
    """The login in the audit log: a keyed digest, because what is typed there may be a name, or a password."""
    typed = b"login\n" + body.tenant_id.bytes + body.login.encode()
    return f"login:{hmac.digest(services.idempotency_key, typed, 'sha256').hex()[:16]}"


@cache
def _nobody() -> str:
    """What the password of an unknown login is compared with, so that the answer takes as long as for a known one."""
    return hash_password("nobody")
