"""What verification reads, in two steps: first what a decision was computed from, only then what was stored of it.

Separate from `decisions` so that whoever recomputes has not seen the result.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from explain.record import Method
from store.connection import Connection
from store.decisions import fetch_decisions
from store.records import StoredDecision


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """All that is needed to compute a decision again, and nothing of its result."""

    decision_id: UUID
    subject_id: UUID
    method: Method
    features: tuple[str, ...]
    model_sha256: str
    sealed_evidence: bytes


async def iterate_inputs(
    conn: Connection,
    *,
    since: datetime | None = None,
    decision_id: UUID | None = None,
    model_sha256: str | None = None,
    fetch: int = 1000,
    schema: str = "public",
) -> AsyncIterator[DecisionInputs]:
    """The inputs of the tenant's decisions in the order of their writing, streamed; `filing` for those to file."""
    names: dict[str, tuple[str, ...]] = {}
    async with conn.cursor(name="decision_inputs") as cursor:
        cursor.itersize = fetch
        await cursor.execute(
            sql.SQL(
                "SELECT d.decision_id, d.subject_id, d.explanation::json ->> 'method', f.names, d.model_sha256, "
                "d.sealed_evidence FROM {} d "
                "JOIN feature_list f ON f.sha256 = d.explanation::json ->> 'features_sha256' "
                "WHERE (%(since)s::timestamptz IS NULL OR d.created_at >= %(since)s) "
                "AND (%(decision_id)s::uuid IS NULL OR d.decision_id = %(decision_id)s) "
                "AND (%(model_sha256)s::text IS NULL OR d.model_sha256 = %(model_sha256)s) "
                "ORDER BY d.created_at, d.decision_id"
            ).format(sql.Identifier(schema, "decision")),
            {"since": since, "decision_id": decision_id, "model_sha256": model_sha256},
        )
        async for row in cursor:
            if row[3] not in names:
                names[row[3]] = tuple(json.loads(row[3]))
            yield DecisionInputs(row[0], row[1], Method(row[2]), names[row[3]], row[4], bytes(row[5]))


async def fetch_stored(
    conn: Connection, decision_ids: Sequence[UUID], *, schema: str = "public"
) -> dict[UUID, StoredDecision]:
    """What was stored of these decisions."""
    return {decision.decision_id: decision for decision in await fetch_decisions(conn, decision_ids, schema=schema)}
