"""Decisions with their explanations: appended with their ledger leaf in one transaction, in no other way."""

import json
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from explain.record import Decision, DecisionKind, ModelRef
from store import ledger, records
from store.connection import Connection, frozen_row
from store.records import StoredDecision, evidence_bytes

__all__ = [
    "DecisionUnknown",
    "ModelUnknown",
    "StoredDecision",
    "StoredModel",
    "append_decision",
    "count_decisions",
    "create_days",
    "evidence_bytes",
    "fetch_decision",
    "fetch_decision_of_key",
    "fetch_decisions",
    "fetch_model",
    "iterate_decisions",
    "list_decisions",
    "new_decision_id",
    "new_decision_ids",
    "register_features",
    "register_model",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RANDOM = (1 << 80) - 1 & ~(0xF << 76) & ~(0x3 << 62)
"""The bits of an id behind its millisecond that are not its version and variant."""


class DecisionUnknown(LookupError):
    """No such decision in this tenant."""


class ModelUnknown(LookupError):
    """No model of that digest is registered."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    sha256: str
    name: str
    version: str
    format: str
    content: bytes
    card: Mapping[str, Any]


def new_decision_id(at: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562): the millisecond of `at` in front, so that the id names the day's partition."""
    return new_decision_ids(at, 1)[0]


def new_decision_ids(at: datetime, count: int) -> list[UUID]:
    """As `new_decision_id`, in rising order: what is written in the order of an index costs it least."""
    milliseconds = (at.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    front, random = milliseconds << 80 | 0x7 << 76 | 0x2 << 62, os.urandom(10 * count)
    tails = sorted([int.from_bytes(random[place : place + 10]) & _RANDOM for place in range(0, 10 * count, 10)])
    return [UUID(int=front | tail) for tail in tails]


async def create_days(conn: Connection, first: date, days: int) -> int:
    """Make the partitions of `days` days from `first` on, where they are not there yet; how many were made. Role
    clearance_sequencer. What is decided on a day without one is kept in the default partition."""
    cursor = await conn.execute("SELECT create_decision_days(%s, %s)", (first, days))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def register_model(conn: Connection, ref: ModelRef, format: str, content: bytes, card: Mapping[str, Any]) -> None:
    """Keep a model's native bytes under their digest for replay; again changes nothing. The database checks the digest
    (`psycopg.errors.CheckViolation`)."""
    await conn.execute(
        "INSERT INTO model (sha256, name, version, format, content, card) "
        "VALUES (%(sha256)s, %(name)s, %(version)s, %(format)s, %(content)s, %(card)s) ON CONFLICT DO NOTHING",
        {
            "sha256": ref.sha256,
            "name": ref.name,
            "version": ref.version,
            "format": format,
            "content": content,
            "card": Jsonb(dict(card)),
        },
    )


async def fetch_model(conn: Connection, sha256: str) -> StoredModel:
    """Raises `ModelUnknown`."""
    cursor = conn.cursor(row_factory=frozen_row(StoredModel))
    await cursor.execute("SELECT sha256, name, version, format, content, card FROM model WHERE sha256 = %s", (sha256,))
    row = await cursor.fetchone()
    if row is None:
        raise ModelUnknown(sha256)
    return row


_APPEND = sql.SQL(
    "WITH known AS (INSERT INTO feature_list (sha256, names) VALUES (%(features_sha256)s, %(features)s) "
    "ON CONFLICT DO NOTHING), first AS (INSERT INTO {decision_key} (tenant_id, key, decision_id) "
    "VALUES (%(tenant_id)s, %(key)s, %(decision_id)s) ON CONFLICT DO NOTHING RETURNING decision_id), "
    "appended AS (INSERT INTO {decision} (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, "
    "outcome, score, model_sha256, as_of, record, explanation, sealed_evidence, created_at) "
    "SELECT decision_id, %(tenant_id)s, %(leaf_id)s, 0, %(key)s, %(subject_id)s, %(kind)s, %(about)s, %(outcome)s, "
    "%(score)s, %(model_sha256)s, %(as_of)s, %(record)s, %(explanation)s, %(sealed_evidence)s, %(created_at)s "
    "FROM first RETURNING decision_id) "
    "INSERT INTO {leaf} (leaf_id, tenant_id, decision_id, size, salt, commitment, entry, leaf_hash, created_at) "
    "SELECT %(leaf_id)s, %(tenant_id)s, decision_id, 1, %(salt)s, %(commitment)s, %(entry)s, %(leaf_hash)s, "
    "%(created_at)s FROM appended"
)


async def append_decision(
    conn: Connection, decision: Decision, *, key: str, sealed_evidence: bytes, schema: str = "public"
) -> ledger.Leaf:
    """Append decision, explanation and leaf; the caller's commit makes them one. `schema` is `filing` for decisions to
    file, which only clearance_filing sees.

    `key` is `workflow_id/step`: a second run with it changes nothing and returns the first run's leaf, whose
    `decision_id` is the first decision's. `sealed_evidence` is `evidence_bytes(decision)` under the subject's key.
    The model must be registered and the subject exist (`psycopg.errors.ForeignKeyViolation`).
    """
    at = datetime.now(UTC)
    why = decision.explanation
    features_sha256, features = records.feature_list([contribution.feature for contribution in why.contributions])
    explanation = records.explanation_text(
        why.method,
        why.base_value,
        features_sha256,
        [contribution.shap for contribution in why.contributions],
        why.output,
        why.additivity_error,
    )
    record = records.decision_record(decision, explanation, sealed_evidence)
    leaf = ledger.make_leaf(decision.tenant_id, decision.decision_id, [record], at)
    cursor = await conn.execute(
        _APPEND.format(
            **{name: sql.Identifier(schema, name) for name in ("decision", "decision_key", "leaf")},
        ),
        {
            "features_sha256": features_sha256,
            "features": features,
            "decision_id": decision.decision_id,
            "tenant_id": decision.tenant_id,
            "leaf_id": leaf.leaf_id,
            "key": key,
            "subject_id": decision.subject_id,
            "kind": decision.kind.value,
            "about": decision.about,
            "outcome": decision.outcome,
            "score": float(decision.score),
            "model_sha256": decision.model.sha256,
            "as_of": decision.as_of,
            "record": record,
            "explanation": explanation,
            "sealed_evidence": sealed_evidence,
            "salt": leaf.salt,
            "commitment": leaf.commitment,
            "entry": leaf.entry,
            "leaf_hash": leaf.leaf_hash,
            "created_at": at,
        },
    )
    return leaf if cursor.rowcount == 1 else await _leaf_of_key(conn, decision.tenant_id, key, schema)


async def fetch_decision(conn: Connection, decision_id: UUID, *, schema: str = "public") -> StoredDecision:
    """Raises `DecisionUnknown`."""
    where = "d.decision_id = %(decision_id)s"
    async for decision in _read(conn, where, {"decision_id": decision_id}, limit=1, schema=schema):
        return decision
    raise DecisionUnknown(str(decision_id))


async def fetch_decision_of_key(conn: Connection, tenant_id: UUID, key: str) -> StoredDecision | None:
    """The decision appended under `workflow_id/step`, if any."""
    where = "d.decision_id = (SELECT decision_id FROM decision_key WHERE tenant_id = %(tenant_id)s AND key = %(key)s)"
    async for decision in _read(conn, where, {"tenant_id": tenant_id, "key": key}, limit=1):
        return decision
    return None


_TRANSACTION = "transaction:"
_OF_TRANSACTION: LiteralString = (
    "d.tenant_id = current_tenant() AND d.about = %(about)s AND d.decision_id = (SELECT t.decision_id "
    "FROM transaction t WHERE t.tenant_id = current_tenant() AND t.transaction_id = %(transaction_id)s)"
)
_OF_MATTER: LiteralString = "d.tenant_id = current_tenant() AND d.kind <> 'transaction_score' AND d.about = %(about)s"


async def list_decisions(conn: Connection, about: str, limit: int = 100) -> list[StoredDecision]:
    """What was decided on a matter (`application:…`, `transaction:…`), oldest first."""
    values = {"about": about, "transaction_id": about.removeprefix(_TRANSACTION)}
    # A score is found by its transaction, which names it; no index knows what it is about.
    found = _read(conn, _OF_TRANSACTION if about.startswith(_TRANSACTION) else _OF_MATTER, values, limit=limit)
    return [decision async for decision in found]


async def iterate_decisions(
    conn: Connection, *, since: datetime | None = None, kind: DecisionKind | None = None, fetch: int = 1000
) -> AsyncIterator[StoredDecision]:
    """All decisions of the tenant in the order of their writing, over a server-side cursor of `fetch` rows."""
    names = {row[0]: tuple(json.loads(row[1])) for row in await _feature_lists(conn)}
    async with conn.cursor(name="decisions") as cursor:
        cursor.itersize = fetch
        await cursor.execute(
            "SELECT record, explanation, sealed_evidence, leaf_id, key, created_at FROM decision "
            "WHERE (%(since)s::timestamptz IS NULL OR created_at >= %(since)s) "
            "AND (%(kind)s::text IS NULL OR kind = %(kind)s) ORDER BY created_at, decision_id",
            {"since": since, "kind": None if kind is None else kind.value},
        )
        async for row in cursor:
            yield records.read_record(row[0], row[1], names, bytes(row[2]), row[3], row[4], row[5])


async def fetch_decisions(
    conn: Connection, decision_ids: Collection[UUID], *, schema: str = "public"
) -> list[StoredDecision]:
    """Those of `decision_ids` that the tenant has, oldest first."""
    where = "d.decision_id = ANY(%(ids)s)"
    ids = list(decision_ids)
    return [decision async for decision in _read(conn, where, {"ids": ids}, limit=len(ids), schema=schema)]


async def count_decisions(conn: Connection, *, since: datetime | None = None) -> int:
    cursor = await conn.execute(
        "SELECT count(*) FROM decision WHERE %(since)s::timestamptz IS NULL OR created_at >= %(since)s",
        {"since": since},
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _read(
    conn: Connection, where: LiteralString, values: Mapping[str, Any], limit: int, schema: str = "public"
) -> AsyncIterator[StoredDecision]:
    cursor = await conn.execute(
        sql.SQL(
            "SELECT d.record, d.explanation, d.sealed_evidence, d.leaf_id, d.key, d.created_at, f.sha256, f.names "
            "FROM {} d JOIN feature_list f ON f.sha256 = d.explanation::json ->> 'features_sha256' WHERE {} "
            "ORDER BY d.created_at, d.decision_id LIMIT %(limit)s"
        ).format(sql.Identifier(schema, "decision"), sql.SQL(where)),
        {**values, "limit": limit},
    )
    for row in await cursor.fetchall():
        names = {row[6]: tuple(json.loads(row[7]))}
        yield records.read_record(row[0], row[1], names, bytes(row[2]), row[3], row[4], row[5])


async def _feature_lists(conn: Connection) -> list[Any]:
    return await (await conn.execute("SELECT sha256, names FROM feature_list")).fetchall()


async def register_features(conn: Connection, names: Sequence[str]) -> str:
    """Keep a list of feature names under its digest, which is returned; again changes nothing."""
    digest, text = records.feature_list(names)
    await conn.execute(
        "INSERT INTO feature_list (sha256, names) VALUES (%s, %s) ON CONFLICT DO NOTHING", (digest, text)
    )
    return digest


async def _leaf_of_key(conn: Connection, tenant_id: UUID, key: str, schema: str) -> ledger.Leaf:
    cursor = await conn.execute(
        sql.SQL(
            "SELECT leaf_id FROM {} WHERE decision_id = (SELECT decision_id FROM {} WHERE tenant_id = %s AND key = %s)"
        ).format(sql.Identifier(schema, "decision"), sql.Identifier(schema, "decision_key")),
        (tenant_id, key),
    )
    row = await cursor.fetchone()
    assert row is not None
    leaf = await ledger.fetch_leaf(conn, row[0], schema=schema)
    assert leaf is not None
    return leaf
