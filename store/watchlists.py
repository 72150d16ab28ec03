"""Watchlist versions with their entities, the same for every tenant; and when each source was last checked.

A list is stale by the time of the last successful check with its source, kept apart from its publication date.
"""

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from store.connection import Connection, frozen_row

Hasher = Callable[[Mapping[str, Any]], str]
"""What an entity's content hashes to (`aml.screening.record_hash`)."""


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
    source: str = ""
    """Where it was fetched from: URLs, or the folder it was loaded from."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Entities by schema (`schema:Person`) and values by property (`alias`)."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt to bring a list up to date."""

    list_name: str
    fetched_at: datetime
    outcome: str
    """`new`, `unchanged`, `refused` (what came is not fit to be used) or `failed` (nothing came)."""
    detail: str = ""
    sha256: str | None = None
    validators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By URL: `etag` and `last_modified`, as the source sent them."""


async def store_version(
    conn: Connection, version: ListVersion, entities: Iterable[Mapping[str, Any]], hasher: Hasher | None = None
) -> bool:
    """Store a version with its entities (FollowTheMoney JSON with an `id` each) and their hashes; whether it was new.

    Without `hasher` the entities are kept without hashes, and compared with other versions by what they hold.
    """
    rows = [
        (
            str(entity["id"]),
            json.dumps(entity, ensure_ascii=False, sort_keys=True),
            None if hasher is None else hasher(entity),
        )
        for entity in entities
    ]
    cursor = await conn.execute(
        "INSERT INTO watchlist_version (list_name, sha256, version, published, entity_count, source, counts) "
        "VALUES (%(list_name)s, %(sha256)s, %(version)s, %(published)s, %(entity_count)s, %(source)s, %(counts)s) "
        "ON CONFLICT DO NOTHING",
        {
            "list_name": version.list_name,
            "sha256": version.sha256,
            "version": version.version,
            "published": version.published,
            "entity_count": len(rows),
            "source": version.source,
            "counts": Jsonb(dict(version.counts)),
        },
    )
    if cursor.rowcount == 0:
        return False
    columns = "COPY watchlist_entity (list_name, sha256, entity_id, entity, record_hash) FROM STDIN"
    async with conn.cursor().copy(columns) as copy:
        for row in rows:
            await copy.write_row((version.list_name, version.sha256, *row))
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
        "v.source, v.counts, c.checked_at FROM watchlist_version v "
        "LEFT JOIN LATERAL (SELECT max(checked_at) AS checked_at "
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


async def find_version(conn: Connection, list_name: str, version: str) -> ListVersion | None:
    """The stored version of a list by its name for it or the start of its digest; the one loaded last of several."""
    cursor = conn.cursor(row_factory=frozen_row(ListVersion))
    await cursor.execute(
        "SELECT list_name, version, published, sha256, entity_count, loaded_at, source, counts FROM watchlist_version "
        "WHERE list_name = %(list_name)s AND (version = %(version)s OR starts_with(sha256, %(version)s)) "
        "ORDER BY loaded_at DESC LIMIT 1",
        {"list_name": list_name, "version": version},
    )
    return await cursor.fetchone()


async def record_hashes(conn: Connection, list_name: str, sha256: str, hasher: Hasher) -> dict[str, str]:
    """Entity id to record hash of a version; `hasher` is for rows that were stored without."""
    cursor = await conn.execute(
        "SELECT entity_id, record_hash, CASE WHEN record_hash IS NULL THEN entity END FROM watchlist_entity "
        "WHERE list_name = %s AND sha256 = %s",
        (list_name, sha256),
    )
    return {row[0]: row[1] or hasher(row[2]) for row in await cursor.fetchall()}


async def hashes_of(
    conn: Connection, list_name: str, sha256: str, entity_ids: Collection[str], hasher: Hasher
) -> dict[str, str]:
    """As `record_hashes`, of some entities."""
    cursor = await conn.execute(
        "SELECT entity_id, record_hash, CASE WHEN record_hash IS NULL THEN entity END FROM watchlist_entity "
        "WHERE list_name = %s AND sha256 = %s AND entity_id = ANY(%s)",
        (list_name, sha256, list(entity_ids)),
    )
    return {row[0]: row[1] or hasher(row[2]) for row in await cursor.fetchall()}


async def fetch_entities(
    conn: Connection, list_name: str, sha256: str, entity_ids: Collection[str]
) -> list[dict[str, Any]]:
    """Those of a version's entities, in the order of their ids."""
    cursor = await conn.execute(
        "SELECT entity FROM watchlist_entity WHERE list_name = %s AND sha256 = %s AND entity_id = ANY(%s) "
        "ORDER BY entity_id",
        (list_name, sha256, list(entity_ids)),
    )
    return [row[0] for row in await cursor.fetchall()]


# --- Fetching ---------------------------------------------------------------------------------------------------------


async def record_fetch(conn: Connection, fetch: Fetch) -> None:
    """Keep what became of an attempt to fetch a list."""
    await conn.execute(
        "INSERT INTO watchlist_fetch (list_name, fetched_at, outcome, detail, sha256, validators) VALUES "
        "(%(list_name)s, %(fetched_at)s, %(outcome)s, %(detail)s, %(sha256)s, %(validators)s)",
        {
            "list_name": fetch.list_name,
            "fetched_at": fetch.fetched_at,
            "outcome": fetch.outcome,
            "detail": fetch.detail,
            "sha256": fetch.sha256,
            "validators": Jsonb({url: dict(known) for url, known in fetch.validators.items()}),
        },
    )


async def last_fetches(conn: Connection) -> dict[str, Fetch]:
    """The last attempt of each list."""
    cursor = conn.cursor(row_factory=frozen_row(Fetch))
    await cursor.execute(
        "SELECT DISTINCT ON (list_name) list_name, fetched_at, outcome, detail, sha256, validators "
        "FROM watchlist_fetch ORDER BY list_name, fetched_at DESC, fetch_id"
    )
    return {fetch.list_name: fetch for fetch in await cursor.fetchall()}


async def validators_of(conn: Connection, list_name: str, sha256: str) -> Mapping[str, Mapping[str, str]]:
    """What the source sent with this version, by URL; nothing where it was not fetched."""
    cursor = await conn.execute(
        "SELECT validators FROM watchlist_fetch WHERE list_name = %s AND sha256 = %s AND validators <> '{}' "
        "ORDER BY fetched_at DESC LIMIT 1",
        (list_name, sha256),
    )
    row = await cursor.fetchone()
    known: Mapping[str, Mapping[str, str]] = {} if row is None else row[0]
    return known


# --- The basis of rarity ----------------------------------------------------------------------------------------------


async def set_basis(conn: Connection, versions: Iterable[tuple[str, str]], reason: str) -> None:
    """From now on these versions (list, digest) tell how rare a word is."""
    await conn.execute(
        "INSERT INTO screening_basis (versions, reason) VALUES (%s, %s)",
        (Jsonb([list(version) for version in sorted(versions)]), reason),
    )


async def fetch_basis(conn: Connection) -> tuple[tuple[str, str], ...]:
    """The versions (list, digest) that tell how rare a word is; none before the first."""
    cursor = await conn.execute("SELECT versions FROM screening_basis ORDER BY basis_id DESC LIMIT 1")
    row = await cursor.fetchone()
    return () if row is None else tuple((name, digest) for name, digest in row[0])


# --- Changes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """An entity that differs between two versions of its list: None before where added, None after where removed."""

    list_name: str
    entity_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


_CHANGES = (
    "FROM (SELECT entity_id, entity, record_hash FROM watchlist_entity WHERE list_name = %(list_name)s "
    "AND sha256 = %(old)s) o FULL JOIN (SELECT entity_id, entity, record_hash FROM watchlist_entity "
    "WHERE list_name = %(list_name)s AND sha256 = %(new)s) n USING (entity_id) WHERE o.entity_id IS NULL "
    "OR n.entity_id IS NULL OR coalesce(o.record_hash, md5(o.entity::text)) "
    "<> coalesce(n.record_hash, md5(n.entity::text))"
)
_SELECT_CHANGES = (
    "SELECT %(list_name)s::text AS list_name, coalesce(o.entity_id, n.entity_id) AS entity_id, o.entity AS before, "
    "n.entity AS after "
)
_COUNT_CHANGES = "SELECT count(*) "


async def count_changes(conn: Connection, list_name: str, old_sha256: str | None, new_sha256: str | None) -> int:
    """How many `changes_between` would give."""
    cursor = await conn.execute(
        _COUNT_CHANGES + _CHANGES, {"list_name": list_name, "old": old_sha256, "new": new_sha256}
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def changes_between(
    conn: Connection, list_name: str, old_sha256: str | None, new_sha256: str | None
) -> list[Change]:
    """What differs by record hash, in the order of ids; everything where one side is None (a list that came or went).

    Rows from before hashes were kept count as changed against rows with one: too much rather than too little.
    """
    cursor = conn.cursor(row_factory=frozen_row(Change))
    await cursor.execute(
        _SELECT_CHANGES + _CHANGES + " ORDER BY 2", {"list_name": list_name, "old": old_sha256, "new": new_sha256}
    )
    return await cursor.fetchall()
