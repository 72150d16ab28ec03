"""Watchlist versions with their entities, the same for every tenant; and when each source was last checked.

A list is stale by the time of the last successful check with its source, kept apart from its publication date.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class ListVersion:
    list_name: str
    version: str
    published: date | None
    sha256: str
    entity_count: int = 0
    loaded_at: datetime | None = None
    checked_at: datetime | None = None
    """When the source last confirmed that this is its newest version."""


async def store_version(conn: Connection, version: ListVersion, entities: Iterable[Mapping[str, Any]]) -> bool:
    """Store a version with its entities (FollowTheMoney JSON with an `id` each); whether it was new."""
    rows = [(str(entity["id"]), json.dumps(entity, ensure_ascii=False, sort_keys=True)) for entity in entities]
    cursor = await conn.execute(
        "INSERT INTO watchlist_version (list_name, sha256, version, published, entity_count) "
        "VALUES (%(list_name)s, %(sha256)s, %(version)s, %(published)s, %(entity_count)s) ON CONFLICT DO NOTHING",
        {
            "list_name": version.list_name,
            "sha256": version.sha256,
            "version": version.version,
            "published": version.published,
            "entity_count": len(rows),
        },
    )
    if cursor.rowcount == 0:
        return False
    async with conn.cursor().copy("COPY watchlist_entity (list_name, sha256, entity_id, entity) FROM STDIN") as copy:
        for entity_id, entity in rows:
            await copy.write_row((version.list_name, version.sha256, entity_id, entity))
    return True


async def record_check(conn: Connection, list_name: str, checked_at: datetime, sha256: str | None = None) -> None:
    """The source confirmed `sha256` (by default the newest loaded version) as current at `checked_at`."""
    cursor = await conn.execute(
        "INSERT INTO watchlist_check (list_name, sha256, checked_at) "
        "SELECT list_name, sha256, %(checked_at)s FROM watchlist_version "
        "WHERE list_name = %(list_name)s AND (%(sha256)s::text IS NULL OR sha256 = %(sha256)s) "
        "ORDER BY loaded_at DESC LIMIT 1 ON CONFLICT DO NOTHING RETURNING list_name",
        {"list_name": list_name, "sha256": sha256, "checked_at": checked_at},
    )
    if cursor.rowcount == 0 and not await _checked(conn, list_name, checked_at):
        raise LookupError(f"no such version of watchlist {list_name}")


async def _checked(conn: Connection, list_name: str, checked_at: datetime) -> bool:
    cursor = await conn.execute(
        "SELECT 1 FROM watchlist_check WHERE list_name = %s AND checked_at = %s", (list_name, checked_at)
    )
    return await cursor.fetchone() is not None


async def latest_versions(conn: Connection) -> list[ListVersion]:
    """The version of each list in force: the one its source confirmed last, else the one loaded last."""
    cursor = conn.cursor(row_factory=frozen_row(ListVersion))
    await cursor.execute(
        "SELECT DISTINCT ON (v.list_name) v.list_name, v.version, v.published, v.sha256, v.entity_count, v.loaded_at, "
        "c.checked_at FROM watchlist_version v LEFT JOIN LATERAL (SELECT max(checked_at) AS checked_at "
        "FROM watchlist_check c WHERE c.list_name = v.list_name AND c.sha256 = v.sha256) c ON true "
        "ORDER BY v.list_name, greatest(c.checked_at, v.loaded_at) DESC"
    )
    return await cursor.fetchall()


async def iterate_entities(conn: Connection, list_name: str, sha256: str) -> AsyncIterator[dict[str, Any]]:
    """The entities of a version in the order of their ids, streamed."""
    async with conn.cursor(name="watchlist_entities") as cursor:
        cursor.itersize = 2000
        await cursor.execute(
            "SELECT entity FROM watchlist_entity WHERE list_name = %s AND sha256 = %s ORDER BY entity_id",
            (list_name, sha256),
        )
        async for row in cursor:
            yield row[0]
