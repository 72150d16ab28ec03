"""Work that was acknowledged and waits for its workflow: written with the submission, taken by the dispatcher."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from store.connection import Connection, frozen_row

# A row that failed waits 1, 2, 4 … seconds, at most this long.
_LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NewOutbox:
    outbox_id: UUID
    tenant_id: UUID
    kind: str
    workflow_id: str
    payload: Mapping[str, Any]
    """Ids as strings, nothing personal."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    outbox_id: UUID
    tenant_id: UUID
    kind: str
    workflow_id: str
    payload: Mapping[str, Any]
    attempts: int


async def add(conn: Connection, *rows: NewOutbox) -> None:
    """Write rows; the same outbox_id or workflow_id again changes nothing."""
    await conn.cursor().executemany(
        "INSERT INTO outbox (outbox_id, tenant_id, kind, workflow_id, payload) "
        "VALUES (%(outbox_id)s, %(tenant_id)s, %(kind)s, %(workflow_id)s, %(payload)s) ON CONFLICT DO NOTHING",
        [
            {
                "outbox_id": row.outbox_id,
                "tenant_id": row.tenant_id,
                "kind": row.kind,
                "workflow_id": row.workflow_id,
                "payload": Jsonb(dict(row.payload)),
            }
            for row in rows
        ],
    )


async def claim_batch(conn: Connection, limit: int) -> list[OutboxRow]:
    """Up to `limit` due rows of all tenants (role clearance_dispatcher), oldest first, locked until the transaction
    ends: two dispatchers never hold the same row."""
    cursor = conn.cursor(row_factory=frozen_row(OutboxRow))
    await cursor.execute(
        "SELECT outbox_id, tenant_id, kind, workflow_id, payload, attempts FROM outbox "
        "WHERE dispatched_at IS NULL AND due_at <= clock_timestamp() "
        "ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED",
        (limit,),
    )
    return await cursor.fetchall()


async def mark_dispatched(conn: Connection, outbox_id: UUID) -> None:
    await conn.execute(
        "UPDATE outbox SET dispatched_at = clock_timestamp(), attempts = attempts + 1, error = NULL "
        "WHERE outbox_id = %s AND dispatched_at IS NULL",
        (outbox_id,),
    )


async def mark_failed(conn: Connection, outbox_id: UUID, error: str) -> None:
    """Count the attempt and put the row off, longer each time, never for good."""
    await conn.execute(
        "UPDATE outbox SET attempts = attempts + 1, error = %(error)s, due_at = clock_timestamp() + "
        "least(%(longest)s, interval '1 second' * power(2, least(attempts, 20))) WHERE outbox_id = %(outbox_id)s",
        {"outbox_id": outbox_id, "error": error, "longest": _LONGEST_WAIT},
    )


async def waiting(conn: Connection) -> tuple[int, float]:
    """How many rows wait and for how many seconds the oldest has: the dispatcher's health."""
    cursor = await conn.execute(
        "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 "
        "FROM outbox WHERE dispatched_at IS NULL"
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]
