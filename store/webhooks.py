"""Webhooks: endpoints and their sealed secrets, events in the bytes that are signed, and each delivery's fate.

An event is written in the transaction of what it tells, with a delivery and an outbox row for every endpoint that
listens; so none is lost, and none is told of what was rolled back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4, uuid5

from explain.record import canonical_json
from store import outbox
from store.connection import Connection, frozen_row

OUTBOX_KIND = "webhook"


class EventType(StrEnum):
    """What is told. Nothing here depends on whether anybody is suspected of anything."""

    CONCLUDED = "application.concluded"
    REQUESTED = "application.information_requested"
    REMINDED = "application.information_reminder"
    RECEIVED = "application.information_received"
    ESCALATED = "case.escalated"
    """For the house's own pagers: goes to endpoints that name it only, and is the same for every kind of case."""
    TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Endpoint:
    endpoint_id: UUID
    tenant_id: UUID
    url: str
    events: tuple[str, ...]
    """Which it listens to; all where empty."""
    description: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Secret:
    secret_id: UUID
    sealed_secret: bytes
    created_at: datetime
    expires_at: datetime | None
    """None for the one in force."""


@dataclass(frozen=True, slots=True)
class Delivery:
    delivery_id: UUID
    tenant_id: UUID
    event_id: UUID
    endpoint_id: UUID
    replay_of: UUID | None
    state: str
    """`pending`, `delivered` or `dead`."""
    created_at: datetime
    ended_at: datetime | None
    type: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Event:
    event_id: UUID
    type: str
    body: str
    """JSON: what is signed, but for the upload's address, which is added when it is sent."""
    request_id: UUID | None


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    at: datetime
    status: int | None
    """The endpoint's HTTP status; None where it did not answer."""
    error: str
    """A code: why there is no status, or what was wrong about it."""
    milliseconds: int


# --- Endpoints and secrets -------------------------------------------------------------------------------------------


async def create_endpoint(
    conn: Connection,
    endpoint_id: UUID,
    tenant_id: UUID,
    url: str,
    events: Sequence[str],
    description: str,
    created_by: str,
) -> None:
    await conn.execute(
        "INSERT INTO webhook_endpoint (endpoint_id, tenant_id, url, events, description, created_by) VALUES "
        "(%(endpoint_id)s, %(tenant_id)s, %(url)s, %(events)s, %(description)s, %(created_by)s)",
        {
            "endpoint_id": endpoint_id,
            "tenant_id": tenant_id,
            "url": url,
            "events": list(events),
            "description": description,
            "created_by": created_by,
        },
    )


async def change_endpoint(
    conn: Connection,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    active: bool | None = None,
) -> bool:
    """Change what is given; whether there is such an endpoint."""
    cursor = await conn.execute(
        "UPDATE webhook_endpoint SET url = coalesce(%(url)s, url), events = coalesce(%(events)s::text[], events), "
        "description = coalesce(%(description)s, description), active = coalesce(%(active)s::boolean, active) "
        "WHERE endpoint_id = %(endpoint_id)s",
        {
            "endpoint_id": endpoint_id,
            "url": url,
            "events": None if events is None else list(events),
            "description": description,
            "active": active,
        },
    )
    return cursor.rowcount == 1


async def deactivate_endpoint(conn: Connection, endpoint_id: UUID) -> None:
    """For the worker, once an endpoint says that it is gone."""
    await conn.execute("UPDATE webhook_endpoint SET active = false WHERE endpoint_id = %s", (endpoint_id,))


async def fetch_endpoint(conn: Connection, endpoint_id: UUID) -> Endpoint | None:
    cursor = conn.cursor(row_factory=frozen_row(Endpoint))
    await cursor.execute(
        "SELECT endpoint_id, tenant_id, url, events, description, active, created_at FROM webhook_endpoint "
        "WHERE endpoint_id = %s",
        (endpoint_id,),
    )
    return await cursor.fetchone()


async def list_endpoints(conn: Connection) -> list[Endpoint]:
    cursor = conn.cursor(row_factory=frozen_row(Endpoint))
    await cursor.execute(
        "SELECT endpoint_id, tenant_id, url, events, description, active, created_at FROM webhook_endpoint "
        "WHERE tenant_id = current_tenant() ORDER BY created_at, endpoint_id"
    )
    return await cursor.fetchall()


async def add_secret(
    conn: Connection,
    secret_id: UUID,
    tenant_id: UUID,
    endpoint_id: UUID,
    sealed_secret: bytes,
    old_until: datetime | None = None,
) -> None:
    """Put a secret in force; earlier ones sign along until `old_until`."""
    if old_until is not None:
        await conn.execute(
            "UPDATE webhook_secret SET expires_at = %s WHERE tenant_id = %s AND endpoint_id = %s "
            "AND expires_at IS NULL",
            (old_until, tenant_id, endpoint_id),
        )
    await conn.execute(
        "INSERT INTO webhook_secret (secret_id, tenant_id, endpoint_id, sealed_secret) VALUES (%s, %s, %s, %s)",
        (secret_id, tenant_id, endpoint_id, sealed_secret),
    )


async def fetch_secrets(conn: Connection, endpoint_id: UUID, now: datetime) -> list[Secret]:
    """Those that sign, the newest first."""
    cursor = conn.cursor(row_factory=frozen_row(Secret))
    await cursor.execute(
        "SELECT secret_id, sealed_secret, created_at, expires_at FROM webhook_secret "
        "WHERE tenant_id = current_tenant() AND endpoint_id = %s AND (expires_at IS NULL OR expires_at > %s) "
        "ORDER BY created_at DESC, secret_id",
        (endpoint_id, now),
    )
    return await cursor.fetchall()


# --- Events and deliveries -------------------------------------------------------------------------------------------


async def announce(
    conn: Connection,
    tenant_id: UUID,
    type_: EventType,
    application_id: UUID,
    request_id: UUID | None = None,
    *,
    outcome: str | None = None,
    key: str | None = None,
) -> UUID:
    """Write an event with a delivery for every endpoint that listens; the second run with its key changes nothing.

    `outcome` is as the applicant may know it. The key is the request, where there is one.
    """
    event_id = uuid5(tenant_id, f"{type_.value}/{key or request_id}")
    data: dict[str, Any] = {"application_id": str(application_id)}
    if outcome is not None:
        data |= {"state": "concluded", "outcome": outcome}
    if request_id is not None:
        data["request_id"] = str(request_id)
    if await _add_event(conn, tenant_id, event_id, type_, data, request_id):
        for endpoint in await list_endpoints(conn):
            if endpoint.active and (not endpoint.events or type_.value in endpoint.events):
                await add_delivery(conn, tenant_id, event_id, endpoint.endpoint_id)
    return event_id


async def announce_escalation(
    conn: Connection, tenant_id: UUID, case_id: UUID, revision: int, due_at: datetime
) -> None:
    """Tell endpoints that asked for it by name that a case's time is up; the second run changes nothing."""
    event_id = uuid5(tenant_id, f"{EventType.ESCALATED.value}/{case_id}/{revision}")
    data = {"case_id": str(case_id), "due_at": due_at.isoformat()}
    if await _add_event(conn, tenant_id, event_id, EventType.ESCALATED, data, None):
        for endpoint in await list_endpoints(conn):
            if endpoint.active and EventType.ESCALATED.value in endpoint.events:
                await add_delivery(conn, tenant_id, event_id, endpoint.endpoint_id)


async def announce_test(conn: Connection, tenant_id: UUID, endpoint_id: UUID) -> UUID:
    """A delivery to one endpoint, that tells nothing; its id."""
    event_id = uuid4()
    await _add_event(conn, tenant_id, event_id, EventType.TEST, {"endpoint_id": str(endpoint_id)}, None)
    return await add_delivery(conn, tenant_id, event_id, endpoint_id)


async def _add_event(
    conn: Connection, tenant_id: UUID, event_id: UUID, type_: EventType, data: dict[str, Any], request_id: UUID | None
) -> bool:
    at = datetime.now(UTC).replace(microsecond=0)
    body = canonical_json({"type": type_.value, "timestamp": at.isoformat(), "data": data}).decode()
    cursor = await conn.execute(
        "INSERT INTO webhook_event (event_id, tenant_id, type, body, request_id, occurred_at) VALUES "
        "(%(event_id)s, %(tenant_id)s, %(type)s, %(body)s, %(request_id)s, %(at)s) ON CONFLICT DO NOTHING",
        {
            "event_id": event_id,
            "tenant_id": tenant_id,
            "type": type_.value,
            "body": body,
            "request_id": request_id,
            "at": at,
        },
    )
    return cursor.rowcount == 1


async def add_delivery(
    conn: Connection, tenant_id: UUID, event_id: UUID, endpoint_id: UUID, replay_of: UUID | None = None
) -> UUID:
    """One event on its way to one endpoint, with its outbox row; the delivery's id."""
    delivery_id = uuid4()
    await conn.execute(
        "INSERT INTO webhook_delivery (delivery_id, tenant_id, event_id, endpoint_id, replay_of) "
        "VALUES (%s, %s, %s, %s, %s)",
        (delivery_id, tenant_id, event_id, endpoint_id, replay_of),
    )
    row = outbox.NewOutbox(
        delivery_id, tenant_id, OUTBOX_KIND, f"{OUTBOX_KIND}-{delivery_id}", {"delivery_id": str(delivery_id)}
    )
    await outbox.add(conn, row)
    return delivery_id


_DELIVERY = (
    "SELECT d.delivery_id, d.tenant_id, d.event_id, d.endpoint_id, d.replay_of, d.state, d.created_at, d.ended_at, "
    "e.type, (SELECT count(*) FROM webhook_attempt a WHERE a.delivery_id = d.delivery_id)::int AS attempts "
    "FROM webhook_delivery d JOIN webhook_event e ON e.event_id = d.event_id "
)


async def fetch_delivery(conn: Connection, delivery_id: UUID) -> Delivery | None:
    cursor = conn.cursor(row_factory=frozen_row(Delivery))
    await cursor.execute(_DELIVERY + "WHERE d.delivery_id = %s", (delivery_id,))
    return await cursor.fetchone()


async def list_deliveries(
    conn: Connection,
    *,
    endpoint_id: UUID | None = None,
    state: str | None = None,
    limit: int = 50,
    before: datetime | None = None,
    before_id: UUID | None = None,
) -> list[Delivery]:
    """Newest first; `before` (and `before_id` at that instant) page on `created_at`."""
    cursor = conn.cursor(row_factory=frozen_row(Delivery))
    await cursor.execute(
        _DELIVERY + "WHERE d.tenant_id = current_tenant() "
        "AND (%(endpoint_id)s::uuid IS NULL OR d.endpoint_id = %(endpoint_id)s) "
        "AND (%(state)s::text IS NULL OR d.state = %(state)s) "
        "AND (%(before)s::timestamptz IS NULL OR d.created_at < %(before)s "
        "OR d.created_at = %(before)s AND d.delivery_id > %(before_id)s::uuid) "
        "ORDER BY d.created_at DESC, d.delivery_id LIMIT %(limit)s",
        {"endpoint_id": endpoint_id, "state": state, "before": before, "before_id": before_id, "limit": limit},
    )
    return await cursor.fetchall()


async def list_attempts(conn: Connection, delivery_id: UUID) -> list[Attempt]:
    cursor = conn.cursor(row_factory=frozen_row(Attempt))
    await cursor.execute(
        "SELECT number, at, status, error, milliseconds FROM webhook_attempt WHERE delivery_id = %s ORDER BY number",
        (delivery_id,),
    )
    return await cursor.fetchall()


async def fetch_event(conn: Connection, event_id: UUID) -> Event | None:
    cursor = conn.cursor(row_factory=frozen_row(Event))
    await cursor.execute("SELECT event_id, type, body, request_id FROM webhook_event WHERE event_id = %s", (event_id,))
    return await cursor.fetchone()


async def record_attempt(conn: Connection, tenant_id: UUID, delivery_id: UUID, attempt: Attempt) -> None:
    """The first row of a number stands."""
    await conn.execute(
        "INSERT INTO webhook_attempt (tenant_id, delivery_id, number, at, status, error, milliseconds) VALUES "
        "(%(tenant_id)s, %(delivery_id)s, %(number)s, %(at)s, %(status)s, %(error)s, %(milliseconds)s) "
        "ON CONFLICT DO NOTHING",
        {
            "tenant_id": tenant_id,
            "delivery_id": delivery_id,
            "number": attempt.number,
            "at": attempt.at,
            "status": attempt.status,
            "error": attempt.error,
            "milliseconds": attempt.milliseconds,
        },
    )


async def end_delivery(conn: Connection, delivery_id: UUID, state: str, at: datetime) -> None:
    """`delivered` or `dead`; the first end stands."""
    await conn.execute(
        "UPDATE webhook_delivery SET state = %s, ended_at = %s WHERE delivery_id = %s AND state = 'pending'",
        (state, at, delivery_id),
    )
