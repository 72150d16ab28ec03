"""Freezes: whose property is blocked for sanctions. The database writes them itself when a person is blocked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class Freeze:
    freeze_id: UUID
    tenant_id: UUID
    subject_id: UUID
    application_id: UUID | None
    case_id: UUID | None
    """Either the application that was blocked or the case on a customer."""
    reasons: tuple[str, ...]
    frozen_at: datetime
    lifted_at: datetime | None


_COLUMNS = (
    "SELECT freeze_id, tenant_id, subject_id, application_id, case_id, reasons, frozen_at, lifted_at FROM asset_freeze "
)


async def fetch_freeze(conn: Connection, freeze_id: UUID) -> Freeze | None:
    cursor = conn.cursor(row_factory=frozen_row(Freeze))
    await cursor.execute(_COLUMNS + "WHERE freeze_id = %s", (freeze_id,))
    return await cursor.fetchone()


async def list_freezes(conn: Connection, on: datetime) -> list[Freeze]:
    """The tenant's freezes in force at an instant, oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(Freeze))
    await cursor.execute(
        _COLUMNS + "WHERE tenant_id = current_tenant() AND frozen_at <= %(on)s "
        "AND (lifted_at IS NULL OR lifted_at > %(on)s) ORDER BY frozen_at, freeze_id",
        {"on": on},
    )
    return await cursor.fetchall()


async def list_freezes_since(conn: Connection, since: datetime) -> list[Freeze]:
    """The tenant's freezes that began at or after an instant, lifted or not: a report is owed for each."""
    cursor = conn.cursor(row_factory=frozen_row(Freeze))
    await cursor.execute(
        _COLUMNS + "WHERE tenant_id = current_tenant() AND frozen_at >= %s ORDER BY frozen_at, freeze_id", (since,)
    )
    return await cursor.fetchall()
