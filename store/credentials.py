"""What services and officers prove themselves with: hashes only, never a key or a password."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from store.connection import Connection, frozen_row

# scrypt parameters of OWASP's password storage cheat sheet: N=2^17, r=8, p=1 (128 MiB).
_SCRYPT_LOG_N, _SCRYPT_R, _SCRYPT_P = 17, 8, 1


NO_PASSWORD = "scrypt$17$8$1$" + "00" * 16 + "$" + "00" * 32
"""Of an officer whom an issuer of the tenant vouches for: no password has this hash."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    api_key_id: UUID
    tenant_id: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Officer:
    officer_id: UUID
    tenant_id: UUID
    login: str
    password_hash: str
    roles: tuple[str, ...]
    active: bool


def new_api_key() -> str:
    """A key of 256 random bits; show it once, store `hash_api_key` of it."""
    return "ck_" + secrets.token_urlsafe(32)


def hash_api_key(key: str) -> bytes:
    """SHA-256: enough for a key of full entropy, and fast on every request."""
    return hashlib.sha256(key.encode()).digest()


def hash_password(password: str, *, log_n: int = _SCRYPT_LOG_N) -> str:
    """`scrypt$log2 N$r$p$salt$hash`, hex. Takes about 0.3 s and 128 MiB: call it in a thread."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, log_n, _SCRYPT_R, _SCRYPT_P)
    return f"scrypt${log_n}${_SCRYPT_R}${_SCRYPT_P}${salt.hex()}${digest.hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Whether `password` is the one hashed in `stored`; in constant time for a given `stored`."""
    scheme, log_n, r, p, salt, digest = stored.split("$")
    if scheme != "scrypt":
        raise ValueError(f"unknown password scheme {scheme!r}")
    return hmac.compare_digest(
        _scrypt(password, bytes.fromhex(salt), int(log_n), int(r), int(p)), bytes.fromhex(digest)
    )


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << log_n, r=r, p=p, maxmem=256 * r * (1 << log_n), dklen=32)


async def create_api_key(conn: Connection, tenant_id: UUID, key_hash: bytes, scopes: Sequence[str]) -> None:
    """Store the hash of a key with its scopes; again with the same hash changes nothing."""
    await conn.execute(
        "INSERT INTO api_key (tenant_id, key_hash, scopes) VALUES (%(tenant_id)s, %(key_hash)s, %(scopes)s) "
        "ON CONFLICT (key_hash) DO NOTHING",
        {"tenant_id": tenant_id, "key_hash": key_hash, "scopes": list(scopes)},
    )


async def find_api_key(conn: Connection, key_hash: bytes) -> ApiKey | None:
    """The key that hashes so, unless revoked. Works without a tenant set: it is how the tenant becomes known."""
    cursor = conn.cursor(row_factory=frozen_row(ApiKey))
    await cursor.execute("SELECT api_key_id, tenant_id, scopes FROM find_api_key(%s)", (key_hash,))
    return await cursor.fetchone()


async def revoke_api_key(conn: Connection, api_key_id: UUID) -> None:
    await conn.execute(
        "UPDATE api_key SET revoked_at = now() WHERE api_key_id = %s AND revoked_at IS NULL", (api_key_id,)
    )


async def create_officer(
    conn: Connection, officer_id: UUID, tenant_id: UUID, login: str, password_hash: str, roles: Sequence[str]
) -> None:
    """Store an officer; the second run with the same id changes nothing, a login taken by another one raises
    `psycopg.errors.UniqueViolation`."""
    await conn.execute(
        "INSERT INTO officer (officer_id, tenant_id, login, password_hash, roles) "
        "VALUES (%(officer_id)s, %(tenant_id)s, %(login)s, %(password_hash)s, %(roles)s) "
        "ON CONFLICT (officer_id) DO NOTHING",
        {
            "officer_id": officer_id,
            "tenant_id": tenant_id,
            "login": login,
            "password_hash": password_hash,
            "roles": list(roles),
        },
    )


async def find_officer(conn: Connection, tenant_id: UUID, login: str) -> Officer | None:
    """The active officer of that login."""
    cursor = conn.cursor(row_factory=frozen_row(Officer))
    await cursor.execute(
        "SELECT officer_id, tenant_id, login, password_hash, roles, active FROM officer "
        "WHERE tenant_id = %s AND login = %s AND active",
        (tenant_id, login),
    )
    return await cursor.fetchone()


async def fetch_officer(conn: Connection, officer_id: UUID) -> Officer | None:
    cursor = conn.cursor(row_factory=frozen_row(Officer))
    await cursor.execute(
        "SELECT officer_id, tenant_id, login, password_hash, roles, active FROM officer WHERE officer_id = %s",
        (officer_id,),
    )
    return await cursor.fetchone()


async def fetch_logins(conn: Connection, officer_ids: Collection[UUID]) -> dict[UUID, str]:
    """The login of each that is an officer's of this tenant."""
    cursor = await conn.execute(
        "SELECT officer_id, login FROM officer WHERE tenant_id = current_tenant() AND officer_id = ANY(%s)",
        (list(officer_ids),),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def list_officers(conn: Connection) -> list[Officer]:
    """All of the tenant, those who left included."""
    cursor = conn.cursor(row_factory=frozen_row(Officer))
    await cursor.execute(
        "SELECT officer_id, tenant_id, login, password_hash, roles, active FROM officer "
        "WHERE tenant_id = current_tenant() ORDER BY login"
    )
    return await cursor.fetchall()


async def change_officer(
    conn: Connection,
    officer_id: UUID,
    *,
    roles: Sequence[str] | None = None,
    active: bool | None = None,
    password_hash: str | None = None,
) -> bool:
    """Change what is given; whether there is such an officer in this tenant."""
    cursor = await conn.execute(
        "UPDATE officer SET roles = coalesce(%(roles)s::text[], roles), "
        "active = coalesce(%(active)s::boolean, active), "
        "password_hash = coalesce(%(password_hash)s, password_hash) "
        "WHERE tenant_id = current_tenant() AND officer_id = %(officer_id)s",
        {
            "officer_id": officer_id,
            "roles": None if roles is None else list(roles),
            "active": active,
            "password_hash": password_hash,
        },
    )
    return cursor.rowcount == 1
