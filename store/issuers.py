"""Issuers of people's tokens that a tenant accepts beside the built-in one, and where their keys are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class Issuer:
    issuer_id: UUID
    tenant_id: UUID
    issuer: str
    """The `iss` of its tokens."""
    audience: str
    """The `aud` that is meant for this tenant here."""
    jwks_url: str
    algorithms: tuple[str, ...]
    role_claim: str
    """Where roles are, dots for nesting: `realm_access.roles`."""
    role_map: Mapping[str, Any]
    """Their word for a role: ours."""
    sign_in: bool = False
    """Whether officers sign in to the console through it; the audience is then its client id."""


_COLUMNS = "issuer_id, tenant_id, issuer, audience, jwks_url, algorithms, role_claim, role_map"


async def create_issuer(
    conn: Connection,
    issuer_id: UUID,
    tenant_id: UUID,
    issuer: str,
    audience: str,
    jwks_url: str,
    algorithms: Sequence[str],
    role_claim: str,
    role_map: Mapping[str, str],
    sign_in: bool = False,
) -> None:
    """Raises `psycopg.errors.UniqueViolation` where issuer and audience are somebody's already."""
    await conn.execute(
        "INSERT INTO oidc_issuer "
        "(issuer_id, tenant_id, issuer, audience, jwks_url, algorithms, role_claim, role_map, sign_in) "
        "VALUES (%(issuer_id)s, %(tenant_id)s, %(issuer)s, %(audience)s, %(jwks_url)s, %(algorithms)s, %(role_claim)s, "
        "%(role_map)s, %(sign_in)s)",
        {
            "issuer_id": issuer_id,
            "tenant_id": tenant_id,
            "issuer": issuer,
            "audience": audience,
            "jwks_url": jwks_url,
            "algorithms": list(algorithms),
            "role_claim": role_claim,
            "role_map": Jsonb(dict(role_map)),
            "sign_in": sign_in,
        },
    )


async def find_issuers(conn: Connection, issuer: str) -> list[Issuer]:
    """Of all tenants: it is how the tenant becomes known."""
    cursor = conn.cursor(row_factory=frozen_row(Issuer))
    await cursor.execute(f"SELECT {_COLUMNS} FROM find_oidc_issuers(%s)", (issuer,))  # noqa: S608
    return await cursor.fetchall()


async def list_issuers(conn: Connection) -> list[Issuer]:
    cursor = conn.cursor(row_factory=frozen_row(Issuer))
    await cursor.execute(
        f"SELECT {_COLUMNS}, sign_in FROM oidc_issuer WHERE tenant_id = current_tenant() AND active "  # noqa: S608
        "ORDER BY created_at, issuer_id"
    )
    return await cursor.fetchall()


async def fetch_issuer(conn: Connection, issuer_id: UUID) -> Issuer | None:
    """One of this tenant's, unless it was ended."""
    cursor = conn.cursor(row_factory=frozen_row(Issuer))
    await cursor.execute(
        f"SELECT {_COLUMNS}, sign_in FROM oidc_issuer "  # noqa: S608
        "WHERE tenant_id = current_tenant() AND issuer_id = %s AND active",
        (issuer_id,),
    )
    return await cursor.fetchone()


async def end_issuer(conn: Connection, issuer_id: UUID) -> bool:
    """Its tokens are refused from now on; whether there was one."""
    cursor = await conn.execute("UPDATE oidc_issuer SET active = false WHERE issuer_id = %s AND active", (issuer_id,))
    return cursor.rowcount == 1
