"""New tenants with what they need to begin: a regime, an API key, officers. Run by the owner of the schema."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

import jurisdictions
from clearance.keyring import KeyName, Keyring
from clearance.settings import Settings
from store.connection import set_tenant
from store.credentials import create_api_key, create_officer, hash_api_key, hash_password, new_api_key
from store.subjects import create_subject
from store.tenants import create_tenant
from vault.envelope import new_data_key
from vault.keys import FileKeyProvider

SERVICE_SCOPES = (
    "applications:write",
    "applications:read",
    "accounts:write",
    "transactions:write",
    "alerts:read",
    "decisions:read",
    "metrics:read",
    "screenings:write",
    "screenings:read",
)
FIRST_OFFICERS = {
    "analyst": ("analyst",),
    "approver": ("approver",),
    "mlro": ("filing_officer",),
    "deputy-mlro": ("filing_officer",),
    "auditor": ("auditor",),
    "administrator": ("administrator",),
}
"""The logins a new tenant starts with, and their roles."""


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What is shown once, when a tenant is made: only hashes are kept."""

    tenant_id: UUID
    name: str
    regime: str
    api_key: str
    passwords: dict[str, str]


async def add_tenant(settings: Settings, name: str, regime: str) -> NewTenant:
    """Make a tenant under a regime with an API key and its first officers, in one transaction.

    Raises `LookupError` for a regime that is not there.
    """
    jurisdictions.regime(regime, datetime.now(UTC).date())
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
    new = NewTenant(
        tenant_id=uuid4(),
        name=name,
        regime=regime,
        api_key=new_api_key(),
        passwords={login: secrets.token_urlsafe(12) for login in FIRST_OFFICERS},
    )
    async with await _owner_connection(settings) as connection, connection.transaction():
        await set_tenant(connection, new.tenant_id)
        await create_tenant(connection, new.tenant_id, name, regime)
        # The tenant's own subject holds what belongs to no known customer, such as transactions on unknown accounts.
        wrapped = keys.wrap(new.tenant_id, new_data_key())
        await create_subject(connection, new.tenant_id, new.tenant_id, wrapped)
        await create_api_key(connection, new.tenant_id, hash_api_key(new.api_key), SERVICE_SCOPES)
        for login, roles in FIRST_OFFICERS.items():
            hashed = hash_password(new.passwords[login])
            await create_officer(connection, uuid4(), new.tenant_id, login, hashed, roles)
    return new


async def _owner_connection(settings: Settings) -> AsyncConnection[Any]:
    connection = await AsyncConnection.connect(settings.admin_database_url)
    await connection.execute("SET ROLE clearance_owner")
    await connection.commit()
    return connection
