"""Administrators make officers, change their roles, deactivate them; and say which issuers vouch for them."""

import asyncio
import secrets
from typing import Annotated, Literal
from uuid import UUID, uuid4

import psycopg
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentIdentities, CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, needs
from api.permissions import Permission, Role
from api.schemas.fields import Text
from api.schemas.problems import problem_responses
from api.services import Services
from store.audit import record_read
from store.connection import tenant_transaction
from store.credentials import Officer, change_officer, create_officer, fetch_officer, hash_password, list_officers
from store.issuers import Issuer, create_issuer, end_issuer, fetch_issuer, list_issuers

router = APIRouter(prefix="/v1", tags=["officers"], route_class=GuardedRoute)

_MANAGE = needs(Permission.MANAGE_OFFICERS)


class LoginTaken(Exception):
    """The tenant has an officer of this login, active or not."""


class OwnAccount(Exception):
    """An administrator changes nothing about their own rights: another one does."""


class IssuerTaken(Exception):
    """Some tenant accepts this issuer's tokens for this audience already."""


class OfficerIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: Annotated[Text, Field(description="Better no name of a person.", examples=["analyst-7"])]
    roles: Annotated[list[Role], Field(min_length=1)]


class OfficerChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    roles: Annotated[list[Role], Field(min_length=1)] | None = None
    active: bool | None = Field(default=None, description="`false` ends every session at once.")
    new_password: bool = Field(default=False, description="Make a new one, shown once.")


class OfficerOut(BaseModel):
    officer_id: UUID
    login: str
    roles: list[str]
    active: bool
    password: str | None = Field(default=None, description="Shown once, when it is made.")


class OfficerList(BaseModel):
    officers: list[OfficerOut]


class IssuerIn(BaseModel):
    """An issuer of OpenID Connect whose tokens are accepted for this tenant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "issuer": "https://login.example.com/realms/bank",
                    "audience": "clearance",
                    "jwks_url": "https://login.example.com/realms/bank/protocol/openid-connect/certs",
                    "role_claim": "realm_access.roles",
                    "roles": {"aml-analyst": "analyst", "aml-lead": "approver"},
                }
            ]
        },
    )

    issuer: Annotated[str, Field(min_length=1, max_length=500, description="The `iss` of its tokens, to the letter.")]
    audience: Annotated[str, Field(min_length=1, max_length=500, description="The `aud` that stands for this tenant.")]
    jwks_url: Annotated[
        str | None,
        Field(
            max_length=1000, pattern=r"^https?://", description="Where its keys are; as it says itself where left out."
        ),
    ] = None
    algorithms: Annotated[list[Literal["RS256", "ES256", "EdDSA"]], Field(min_length=1)] = ["RS256", "ES256", "EdDSA"]
    role_claim: Annotated[str, Field(min_length=1, max_length=200)] = "roles"
    roles: Annotated[dict[str, Role], Field(min_length=1, max_length=100, description="Their word for a role: ours.")]
    sign_in: bool = Field(
        default=False,
        description="Officers sign in to the console through it. `audience` is then the client id that we have there.",
    )


class IssuerOut(IssuerIn):
    issuer_id: UUID
    redirect_uri: str | None = Field(
        default=None, description="What to register with the issuer, to the letter, where officers sign in through it."
    )


class IssuerList(BaseModel):
    issuers: list[IssuerOut]


@router.get("/officers", openapi_extra=_MANAGE, responses=problem_responses([]), summary="All officers")
async def list_all(principal: CurrentPrincipal, services: CurrentServices) -> OfficerList:
    """Those who left included. Audited."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        officers = await list_officers(connection)
        await record_read(connection, principal.actor, "list", "officers")
    return OfficerList(officers=[_officer(officer) for officer in officers])


@router.post(
    "/officers",
    status_code=201,
    openapi_extra=_MANAGE,
    responses=problem_responses([409, 422]),
    summary="Add an officer",
)
async def add(body: OfficerIn, principal: CurrentPrincipal, services: CurrentServices) -> OfficerOut:
    """The answer has a password, once. Officers whom an issuer vouches for are added by their first token."""
    officer_id, password = uuid4(), secrets.token_urlsafe(16)
    hashed = await asyncio.to_thread(hash_password, password)
    try:
        async with tenant_transaction(services.pool, principal.tenant_id) as connection:
            await create_officer(
                connection, officer_id, principal.tenant_id, body.login, hashed, sorted(set(body.roles))
            )
            await record_read(
                connection, principal.actor, "add", f"officer:{officer_id}", ",".join(sorted(set(body.roles)))
            )
    except psycopg.errors.UniqueViolation as error:
        raise LoginTaken from error
    return OfficerOut(
        officer_id=officer_id, login=body.login, roles=sorted(set(body.roles)), active=True, password=password
    )


@router.patch(
    "/officers/{officer_id}",
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 409, 422]),
    summary="Change an officer's roles, deactivate them, give them a new password",
)
async def change(
    officer_id: UUID,
    body: OfficerChange,
    principal: CurrentPrincipal,
    services: CurrentServices,
    identities: CurrentIdentities,
) -> OfficerOut:
    """In force at once here, and within two seconds in every other process: a token that is out helps nobody."""
    if officer_id == principal.officer_id and (body.roles is not None or body.active is not None):
        raise OwnAccount
    password = secrets.token_urlsafe(16) if body.new_password else None
    hashed = await asyncio.to_thread(hash_password, password) if password else None
    roles = None if body.roles is None else sorted(set(body.roles))
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        if not await change_officer(connection, officer_id, roles=roles, active=body.active, password_hash=hashed):
            raise NotFound
        said = f"roles={roles} active={body.active} password={'new' if password else 'kept'}"
        await record_read(connection, principal.actor, "change", f"officer:{officer_id}", said)
        officer = await fetch_officer(connection, officer_id)
    identities.officers.forget(officer_id)
    assert officer is not None
    return _officer(officer, password)


def _officer(officer: Officer, password: str | None = None) -> OfficerOut:
    return OfficerOut(
        officer_id=officer.officer_id,
        login=officer.login,
        roles=sorted(officer.roles),
        active=officer.active,
        password=password,
    )


# --- Issuers ---------------------------------------------------------------------------------------------------------


@router.get(
    "/issuers", openapi_extra=_MANAGE, responses=problem_responses([]), summary="Issuers whose tokens are accepted"
)
async def issuers(principal: CurrentPrincipal, services: CurrentServices) -> IssuerList:
    """Beside the built-in one, whose keys are at /v1/tokens/keys."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await list_issuers(connection)
        await record_read(connection, principal.actor, "list", "issuers")
    return IssuerList(issuers=[_issuer(issuer, services) for issuer in found])


@router.post(
    "/issuers",
    status_code=201,
    openapi_extra=_MANAGE,
    responses=problem_responses([409, 422]),
    summary="Accept an issuer",
)
async def accept(
    body: IssuerIn, principal: CurrentPrincipal, services: CurrentServices, identities: CurrentIdentities
) -> IssuerOut:
    """Its people are officers from their first token on, under a pseudonym, with the roles of the table. Who has a
    login here and one there counts as two for four eyes: deactivate the login."""
    jwks_url = body.jwks_url
    if jwks_url is None or body.sign_in:
        provider = await identities.providers.provider(body.issuer)
        jwks_url = jwks_url or provider.jwks_uri
    if services.outward is not None:
        await services.outward.check(jwks_url)
    issuer_id = uuid4()
    try:
        async with tenant_transaction(services.pool, principal.tenant_id) as connection:
            await create_issuer(
                connection,
                issuer_id,
                principal.tenant_id,
                body.issuer,
                body.audience,
                jwks_url,
                body.algorithms,
                body.role_claim,
                {word: role.value for word, role in body.roles.items()},
                body.sign_in,
            )
            made = await fetch_issuer(connection, issuer_id)
            await record_read(connection, principal.actor, "add", f"issuer:{issuer_id}")
    except psycopg.errors.UniqueViolation as error:
        raise IssuerTaken from error
    assert made is not None
    return _issuer(made, services)


@router.delete(
    "/issuers/{issuer_id}",
    status_code=204,
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 422]),
    summary="Accept an issuer no longer",
)
async def refuse(issuer_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> None:
    """Its tokens are refused from the next request on."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        if not await end_issuer(connection, issuer_id):
            raise NotFound
        await record_read(connection, principal.actor, "end", f"issuer:{issuer_id}")


def _issuer(issuer: Issuer, services: Services) -> IssuerOut:
    return IssuerOut.model_validate(
        {
            "issuer_id": issuer.issuer_id,
            "issuer": issuer.issuer,
            "audience": issuer.audience,
            "jwks_url": issuer.jwks_url,
            "algorithms": list(issuer.algorithms),
            "role_claim": issuer.role_claim,
            "roles": dict(issuer.role_map),
            "sign_in": issuer.sign_in,
            "redirect_uri": services.sign_in_address if issuer.sign_in else None,
        }
    )
