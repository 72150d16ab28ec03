"""What filing officers add to a draft, sealed, in the filing schema (role clearance_filing)."""

from uuid import UUID

from store.connection import Connection


async def add_supplement(
    conn: Connection, supplement_id: UUID, tenant_id: UUID, filing_id: UUID, officer_id: UUID, sealed_content: bytes
) -> None:
    await conn.execute(
        "INSERT INTO filing.supplement (supplement_id, tenant_id, filing_id, officer_id, sealed_content) "
        "VALUES (%s, %s, %s, %s, %s)",
        (supplement_id, tenant_id, filing_id, officer_id, sealed_content),
    )


async def fetch_supplement(conn: Connection, filing_id: UUID) -> bytes | None:
    """The latest, sealed."""
    cursor = await conn.execute(
        "SELECT sealed_content FROM filing.supplement WHERE tenant_id = current_tenant() AND filing_id = %s "
        "ORDER BY written_at DESC, supplement_id LIMIT 1",
        (filing_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])
