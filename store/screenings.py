"""Stored screenings and their hits, what officers cleared, and up to which list versions each customer is screened."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from explain.record import canonical_json, sha256_hex
from store.applications import IdempotencyConflict
from store.connection import Connection, frozen_row

Versions = tuple[tuple[str, str], ...]
"""List and SHA-256 of each version in force, in order."""


class ScreeningUnknown(LookupError):
    """No such screening in this tenant."""


@dataclass(frozen=True, slots=True)
class HitRow:
    list_name: str
    entity_id: str
    record_hash: str
    decision_id: UUID
    score: float
    strength: str


@dataclass(frozen=True, slots=True)
class NewScreening:
    screening_id: UUID
    tenant_id: UUID
    key: str
    """`workflow_id/step`, or what names the request: a second run with it changes nothing."""
    cause: str
    """`application`, `request` or `rescreening`."""
    about: str
    subject_id: UUID
    state: str
    strength: str
    decision_ids: Sequence[UUID]
    sealed_query: bytes
    sealed_answer: bytes
    screened_at: datetime
    customer_id: UUID | None = None
    idempotency_mac: bytes | None = None
    request_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Screening:
    screening_id: UUID
    cause: str
    about: str
    subject_id: UUID
    customer_id: UUID | None
    state: str
    strength: str
    decision_ids: tuple[UUID, ...]
    sealed_query: bytes
    sealed_answer: bytes
    screened_at: datetime
    request_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class ClearedHit:
    subject_id: UUID
    list_name: str
    entity_id: str
    record_hash: str
    case_id: UUID
    officer_id: UUID
    reason_id: UUID | None
    cleared_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ToScreen:
    """A customer with what is asked about them; `sealed_query` under `contexts.screening(query_id)`, None where the
    application was never screened: then the sealed profile says who they are."""

    customer_id: UUID
    subject_id: UUID
    query_id: UUID | None
    sealed_query: bytes | None
    sealed_profile: bytes | None
    wrapped_key: bytes | None
    state: str | None
    """Up to which versions the customer is screened."""


# --- States -----------------------------------------------------------------------------------------------------------


def state_of(versions: Iterable[tuple[str, str]]) -> str:
    """The digest that names a set of list versions."""
    return sha256_hex(canonical_json(sorted(versions)))


async def keep_state(conn: Connection, versions: Iterable[tuple[str, str]]) -> str:
    """Write down what a state's digest stands for; the digest."""
    members = sorted(versions)
    state = state_of(members)
    await conn.execute(
        "INSERT INTO watchlist_state (state, versions) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (state, Jsonb([list(version) for version in members])),
    )
    return state


async def fetch_state(conn: Connection, state: str) -> Versions:
    """Raises `LookupError` for a digest that was never kept."""
    cursor = await conn.execute("SELECT versions FROM watchlist_state WHERE state = %s", (state,))
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"no state {state}")
    return tuple((name, digest) for name, digest in row[0])


# --- Screenings -------------------------------------------------------------------------------------------------------

_SELECT = (
    "SELECT screening_id, cause, about, subject_id, customer_id, state, strength, decision_ids, sealed_query, "
    "sealed_answer, screened_at, request_digest FROM screening "
)


async def store_screening(conn: Connection, new: NewScreening, hits: Collection[HitRow]) -> bool:
    """Keep a screening with its hits; whether it was new. Its decisions go in the same transaction."""
    cursor = await conn.execute(
        "INSERT INTO screening (screening_id, tenant_id, key, cause, about, subject_id, customer_id, state, strength, "
        "decision_ids, sealed_query, sealed_answer, idempotency_mac, request_digest, screened_at) VALUES "
        "(%(screening_id)s, %(tenant_id)s, %(key)s, %(cause)s, %(about)s, %(subject_id)s, %(customer_id)s, %(state)s, "
        "%(strength)s, %(decision_ids)s, %(sealed_query)s, %(sealed_answer)s, %(idempotency_mac)s, "
        "%(request_digest)s, %(screened_at)s) ON CONFLICT DO NOTHING",
        {
            "screening_id": new.screening_id,
            "tenant_id": new.tenant_id,
            "key": new.key,
            "cause": new.cause,
            "about": new.about,
            "subject_id": new.subject_id,
            "customer_id": new.customer_id,
            "state": new.state,
            "strength": new.strength,
            "decision_ids": list(new.decision_ids),
            "sealed_query": new.sealed_query,
            "sealed_answer": new.sealed_answer,
            "idempotency_mac": new.idempotency_mac,
            "request_digest": new.request_digest,
            "screened_at": new.screened_at,
        },
    )
    if cursor.rowcount == 0:
        return False
    async with conn.cursor() as many:
        await many.executemany(
            "INSERT INTO screening_hit (tenant_id, screening_id, subject_id, list_name, entity_id, record_hash, "
            "decision_id, score, strength) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    new.tenant_id,
                    new.screening_id,
                    new.subject_id,
                    hit.list_name,
                    hit.entity_id,
                    hit.record_hash,
                    hit.decision_id,
                    hit.score,
                    hit.strength,
                )
                for hit in hits
            ],
        )
    return True


async def fetch_screening(conn: Connection, screening_id: UUID) -> Screening:
    """Raises `ScreeningUnknown`."""
    cursor = conn.cursor(row_factory=frozen_row(Screening))
    await cursor.execute(_SELECT + "WHERE screening_id = %s", (screening_id,))
    row = await cursor.fetchone()
    if row is None:
        raise ScreeningUnknown(str(screening_id))
    return row


async def find_screening_of_key(conn: Connection, tenant_id: UUID, key: str) -> Screening | None:
    cursor = conn.cursor(row_factory=frozen_row(Screening))
    await cursor.execute(_SELECT + "WHERE tenant_id = %s AND key = %s", (tenant_id, key))
    return await cursor.fetchone()


async def lock_request(conn: Connection, mac: bytes) -> None:
    """Let one transaction at a time screen under an Idempotency-Key."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('request/' || encode(%s, 'hex'), 0))", (mac,))


async def find_request(conn: Connection, tenant_id: UUID, mac: bytes, digest: bytes) -> Screening | None:
    """The screening that was stored under this Idempotency-Key, if any. Raises `IdempotencyConflict` where the request
    was another."""
    cursor = conn.cursor(row_factory=frozen_row(Screening))
    await cursor.execute(_SELECT + "WHERE tenant_id = %s AND idempotency_mac = %s", (tenant_id, mac))
    row = await cursor.fetchone()
    if row is not None and bytes(row.request_digest or b"") != digest:
        raise IdempotencyConflict
    return row


async def screenings_about(conn: Connection, matters: Collection[str]) -> list[Screening]:
    """The screenings that a case is about: of its applications (`application:…`), and those named (`screening:…`)."""
    ids = [UUID(matter.removeprefix("screening:")) for matter in matters if matter.startswith("screening:")]
    cursor = conn.cursor(row_factory=frozen_row(Screening))
    await cursor.execute(
        _SELECT + "WHERE tenant_id = current_tenant() AND (screening_id = ANY(%(ids)s) "
        "OR about = ANY(%(abouts)s) AND cause = 'application') ORDER BY recorded_at",
        {"ids": ids, "abouts": [matter for matter in matters if matter.startswith("application:")]},
    )
    return await cursor.fetchall()


async def hits_of(conn: Connection, screening_id: UUID) -> list[HitRow]:
    cursor = conn.cursor(row_factory=frozen_row(HitRow))
    await cursor.execute(
        "SELECT list_name, entity_id, record_hash, decision_id, score, strength FROM screening_hit "
        "WHERE screening_id = %s ORDER BY score DESC, entity_id",
        (screening_id,),
    )
    return await cursor.fetchall()


async def lock_subject(conn: Connection, subject_id: UUID) -> None:
    """Let one transaction at a time screen a subject again."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('screening/' || %s::text, 0))", (subject_id,))


async def known_hits(conn: Connection, subject_id: UUID, at: datetime) -> set[tuple[str, str, str]]:
    """(list, entity, record hash) of every hit on a subject that officers were asked about, or a policy: not those of
    requests, and not those that were cleared until a day that has passed since."""
    cursor = await conn.execute(
        "SELECT DISTINCT h.list_name, h.entity_id, h.record_hash FROM screening_hit h JOIN screening s "
        "USING (tenant_id, screening_id) WHERE h.tenant_id = current_tenant() AND h.subject_id = %(subject_id)s "
        "AND s.cause <> 'request' AND NOT EXISTS (SELECT FROM cleared_hit c WHERE c.tenant_id = h.tenant_id "
        "AND c.subject_id = h.subject_id AND c.list_name = h.list_name AND c.entity_id = h.entity_id "
        "AND c.record_hash = h.record_hash AND c.expires_at <= %(at)s AND c.expires_at > s.screened_at)",
        {"subject_id": subject_id, "at": at},
    )
    return {(row[0], row[1], row[2]) for row in await cursor.fetchall()}


async def latest_hits(conn: Connection, subject_id: UUID) -> set[tuple[str, str, str]]:
    """(list, entity, record hash) of the hits of a subject's last stored screening that was not on request."""
    cursor = await conn.execute(
        "SELECT h.list_name, h.entity_id, h.record_hash FROM screening_hit h WHERE h.screening_id = ("
        "SELECT s.screening_id FROM screening s WHERE s.tenant_id = current_tenant() AND s.subject_id = %s "
        "AND s.cause <> 'request' ORDER BY s.recorded_at DESC LIMIT 1)",
        (subject_id,),
    )
    return {(row[0], row[1], row[2]) for row in await cursor.fetchall()}


async def subjects_with_hits_on(conn: Connection, entities: Collection[tuple[str, str]]) -> set[UUID]:
    """Subjects of which a hit on one of these entities (list, id) was ever stored."""
    cursor = await conn.execute(
        "SELECT DISTINCT h.subject_id FROM screening_hit h "
        "JOIN unnest(%s::text[], %s::text[]) AS e (list_name, entity_id) USING (list_name, entity_id) "
        "WHERE h.tenant_id = current_tenant()",
        ([name for name, _ in entities], [entity for _, entity in entities]),
    )
    return {row[0] for row in await cursor.fetchall()}


# --- Cleared ----------------------------------------------------------------------------------------------------------


async def clear_hits(conn: Connection, tenant_id: UUID, cleared: Collection[ClearedHit]) -> int:
    """Remember what an officer cleared; how many were new. Again changes nothing."""
    stored = 0
    for hit in cleared:
        cursor = await conn.execute(
            "INSERT INTO cleared_hit (tenant_id, subject_id, list_name, entity_id, record_hash, case_id, officer_id, "
            "reason_id, cleared_at, expires_at) VALUES (%(tenant_id)s, %(subject_id)s, %(list_name)s, %(entity_id)s, "
            "%(record_hash)s, %(case_id)s, %(officer_id)s, %(reason_id)s, %(cleared_at)s, %(expires_at)s) "
            "ON CONFLICT DO NOTHING",
            {
                "tenant_id": tenant_id,
                "subject_id": hit.subject_id,
                "list_name": hit.list_name,
                "entity_id": hit.entity_id,
                "record_hash": hit.record_hash,
                "case_id": hit.case_id,
                "officer_id": hit.officer_id,
                "reason_id": hit.reason_id,
                "cleared_at": hit.cleared_at,
                "expires_at": hit.expires_at,
            },
        )
        stored += cursor.rowcount
    return stored


_STANDING = (
    "EXISTS (SELECT FROM case_file f WHERE f.tenant_id = c.tenant_id AND f.case_id = c.case_id "
    "AND f.status = 'closed' AND f.disposition IN ('false_positive', 'approve')) "
)
"""A clearance rests on its case: while that is open again, or once it has ended otherwise, it hides nothing."""


async def cleared_for(conn: Connection, subject_id: UUID, at: datetime) -> set[tuple[str, str, str]]:
    """(list, entity, record hash) of what is cleared for a subject at an instant, by cases that still say so."""
    cursor = await conn.execute(
        "SELECT list_name, entity_id, record_hash FROM cleared_hit c WHERE "  # noqa: S608 (constants only)
        f"{_STANDING} AND tenant_id = current_tenant() AND subject_id = %s AND cleared_at <= %s AND expires_at > %s",
        (subject_id, at, at),
    )
    return {(row[0], row[1], row[2]) for row in await cursor.fetchall()}


async def cleared_now(conn: Connection, subject_id: UUID, at: datetime, versions: Versions) -> set[str]:
    """The entities that are cleared for a subject at an instant as their records stand in these versions: on every list
    that has them, so that what one list cleared never hides another's."""
    cursor = await conn.execute(
        "WITH cleared AS (SELECT list_name, entity_id, record_hash FROM cleared_hit c "  # noqa: S608 (constants only)
        f"WHERE {_STANDING} AND tenant_id = current_tenant() AND subject_id = %(subject_id)s "
        "AND cleared_at <= %(at)s AND expires_at > %(at)s) "
        "SELECT e.entity_id FROM watchlist_entity e "
        "JOIN unnest(%(lists)s::text[], %(digests)s::text[]) AS v (list_name, sha256) USING (list_name, sha256) "
        "LEFT JOIN cleared c ON c.list_name = e.list_name AND c.entity_id = e.entity_id "
        "AND c.record_hash = e.record_hash WHERE e.entity_id IN (SELECT entity_id FROM cleared) "
        "GROUP BY e.entity_id HAVING bool_and(c.entity_id IS NOT NULL)",
        {
            "subject_id": subject_id,
            "at": at,
            "lists": [name for name, _ in versions],
            "digests": [digest for _, digest in versions],
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def subjects_to_ask_again(conn: Connection, at: datetime) -> set[UUID]:
    """Subjects of which a clearance has run out by an instant."""
    cursor = await conn.execute(
        "SELECT DISTINCT subject_id FROM cleared_hit WHERE tenant_id = current_tenant() AND expires_at <= %s", (at,)
    )
    return {row[0] for row in await cursor.fetchall()}


# --- Customers --------------------------------------------------------------------------------------------------------

_TO_SCREEN = (
    "SELECT c.customer_id, c.subject_id, s.screening_id AS query_id, s.sealed_query, c.sealed_profile, u.wrapped_key, "
    "coalesce(t.state, s.state) AS state FROM customer c JOIN subject u USING (tenant_id, subject_id) "
    "LEFT JOIN screened_through t USING (tenant_id, customer_id) LEFT JOIN LATERAL ("
    "SELECT screening_id, sealed_query, state, screened_at FROM screening WHERE tenant_id = c.tenant_id "
    "AND subject_id = c.subject_id AND cause = 'application' "
    "ORDER BY recorded_at DESC LIMIT 1) s ON true "
)


_BEHIND = (
    "(coalesce(t.state, s.state, '') <> %(state)s OR EXISTS (SELECT FROM cleared_hit e WHERE e.tenant_id = c.tenant_id "
    "AND e.subject_id = c.subject_id AND e.expires_at <= %(at)s "
    "AND e.expires_at > coalesce(t.screened_at, s.screened_at))) "
)
_COUNT = "SELECT count(*) FROM ("
"""Who has to be looked at: other versions are in force, or a clearance has run out since they were screened."""


async def customers_behind(
    conn: Connection, state: str, at: datetime, after: UUID | None, limit: int
) -> list[ToScreen]:
    """Customers who are not screened up to a state, in the order of their ids; those whose data was erased never."""
    cursor = conn.cursor(row_factory=frozen_row(ToScreen))
    await cursor.execute(
        _TO_SCREEN + "WHERE c.tenant_id = current_tenant() AND u.wrapped_key IS NOT NULL "
        "AND (%(after)s::uuid IS NULL OR c.customer_id > %(after)s) "
        "AND " + _BEHIND + " ORDER BY c.customer_id LIMIT %(limit)s",
        {"after": after, "state": state, "at": at, "limit": limit},
    )
    return await cursor.fetchall()


async def sample_customers(conn: Connection, state: str, salt: str, limit: int) -> list[ToScreen]:
    """Customers who are screened up to a state, drawn by the digest of their id and `salt`: another draw each night."""
    cursor = conn.cursor(row_factory=frozen_row(ToScreen))
    await cursor.execute(
        _TO_SCREEN + "WHERE c.tenant_id = current_tenant() AND u.wrapped_key IS NOT NULL "
        "AND coalesce(t.state, s.state, '') = %(state)s ORDER BY md5(c.customer_id::text || %(salt)s) LIMIT %(limit)s",
        {"state": state, "salt": salt, "limit": limit},
    )
    return await cursor.fetchall()


async def count_behind(conn: Connection, state: str, at: datetime) -> int:
    """How many customers `customers_behind` would give in all."""
    cursor = await conn.execute(
        _COUNT + _TO_SCREEN + "WHERE c.tenant_id = current_tenant() AND u.wrapped_key IS NOT NULL "
        "AND " + _BEHIND + ") AS behind",
        {"state": state, "at": at},
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def screened_up_to(
    conn: Connection, tenant_id: UUID, customer_ids: Collection[UUID], state: str, at: datetime
) -> None:
    """These customers are screened up to a state now."""
    await conn.execute(
        "INSERT INTO screened_through (tenant_id, customer_id, state, screened_at) "
        "SELECT %(tenant_id)s, customer_id, %(state)s, %(at)s FROM unnest(%(customers)s::uuid[]) AS customer_id "
        "ON CONFLICT (tenant_id, customer_id) DO UPDATE SET state = excluded.state, screened_at = excluded.screened_at",
        {"tenant_id": tenant_id, "customers": list(customer_ids), "state": state, "at": at},
    )
