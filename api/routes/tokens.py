"""Officers sign in with login and password and get a token for an hour."""

import asyncio
from functools import cache

from fastapi import APIRouter

from api.auth import TOKEN_LIFETIME, CurrentServices, NotAuthenticated, mint_token
from api.limits import LimitedRoute
from api.permissions import Role
from api.schemas.problems import problem_responses
from api.schemas.tokens import LoginIn, TokenOut
from store.audit import record_read, record_refusal
from store.connection import tenant_transaction
from store.credentials import find_officer, hash_password, verify_password
from store.tenants import fetch_tenant

router = APIRouter(prefix="/v1", tags=["tokens"], route_class=LimitedRoute)

_HASHING = asyncio.Semaphore(2)
"""A password costs 128 MB to check: so many at once, the rest wait."""


@router.post("/tokens", responses=problem_responses([422]), summary="Sign in as an officer")
async def sign_in(body: LoginIn, services: CurrentServices) -> TokenOut:
    """The token is a JWT (EdDSA), good for an hour. Every attempt on a known tenant is audited.

    An unknown tenant, an unknown login and a wrong password answer the same, after the same time.
    """
    async with tenant_transaction(services.pool, body.tenant_id) as connection:
        tenant = await fetch_tenant(connection, body.tenant_id)
        officer = await find_officer(connection, body.tenant_id, body.login)
    async with _HASHING:
        stored = officer.password_hash if officer else await asyncio.to_thread(_nobody)
        right = await asyncio.to_thread(verify_password, body.password.get_secret_value(), stored)
    if officer is None or not right:
        if tenant is not None:
            actor = f"officer:{officer.officer_id}" if officer else "unknown"
            async with tenant_transaction(services.pool, body.tenant_id) as connection:
                await record_refusal(connection, actor, "sign in", "token", "wrong login or password")
        raise NotAuthenticated("Login or password is wrong.")
    actor = f"officer:{officer.officer_id}"
    async with tenant_transaction(services.pool, body.tenant_id) as connection:
        await record_read(connection, actor, "sign in", "token")
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


@cache
def _nobody() -> str:
    """What the password of an unknown login is compared with, so that the answer takes as long as for a known one."""
    return hash_password("nobody")
