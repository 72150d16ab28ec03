"""Tenants: whose rows they are and which regime holds for them."""

from dataclasses import dataclass
from uuid import UUID

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: UUID
    name: str
    regime: str


async def create_tenant(conn: Connection, tenant_id: UUID, name: str, regime: str) -> None:
    """Run by clearance_owner in a transaction of this very tenant. The second run changes nothing."""
    await conn.execute(
        "INSERT INTO tenant (tenant_id, name, regime) VALUES (%(tenant_id)s, %(name)s, %(regime)s) "
        "ON CONFLICT (tenant_id) DO NOTHING",
        {"tenant_id": tenant_id, "name": name, "regime": regime},
    )


async def fetch_tenant(conn: Connection, tenant_id: UUID) -> Tenant | None:
    cursor = conn.cursor(row_factory=frozen_row(Tenant))
    await cursor.execute("SELECT tenant_id, name, regime FROM tenant WHERE tenant_id = %s", (tenant_id,))
    return await cursor.fetchone()


async def list_tenants(conn: Connection) -> list[Tenant]:
    """All tenants for a service role without a tenant set; for the API at most its own."""
    cursor = conn.cursor(row_factory=frozen_row(Tenant))
    await cursor.execute("SELECT tenant_id, name, regime FROM tenant ORDER BY name, tenant_id")
    return await cursor.fetchall()
