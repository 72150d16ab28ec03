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

from explain.record import Decision, DecisionKind, InputRef, Method, ModelRef, additivity_error
from store import ledger, records
from store.connection import Connection, frozen_row
from store.records import StoredDecision, evidence_bytes

__all__ = [
    "BatchHeader",
    "BatchRow",
    "DecisionUnknown",
    "ModelUnknown",
    "StoredDecision",
    "StoredModel",
    "append_decision",
    "append_decision_batch",
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
    "register_features",
    "register_model",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DecisionUnknown(LookupError):
    """No such decision in this tenant."""


class ModelUnknown(LookupError):
    """No model of that digest is registered."""


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the decisions of a batch have in common."""

    tenant_id: UUID
    kind: DecisionKind
    model: ModelRef
    method: Method
    base_value: float
    features: tuple[str, ...]
    regime: str
    regime_version: str
    policy_version: str
    inputs: tuple[InputRef, ...]
    code_version: str
    as_of: datetime


@dataclass(slots=True)
class BatchRow:
    """One decision of a batch. Not frozen: it is made for every transaction, and freezing triples that cost."""

    decision_id: UUID
    subject_id: UUID
    about: str
    outcome: str
    score: float
    shap: Sequence[float]
    """In the order of the header's features."""
    output: float
    sealed_evidence: bytes
    rules: Sequence[tuple[str, str, str]] = ()
    """(rule, effect, citation) of each finding."""
    additivity_error: float | None = None
    """As measured by the caller; computed here where None."""


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
    milliseconds = (at.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    value = milliseconds << 80 | int.from_bytes(os.urandom(10))
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


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


async def append_decision_batch(conn: Connection, header: BatchHeader, rows: Sequence[BatchRow]) -> ledger.Leaf:
    """Append a batch of decisions with one leaf over them all, in their order; nothing where the caller rolls back.

    Exactly-once is the caller's, by the transactions written in the same transaction. Raises ValueError when empty.
    """
    if not rows:
        raise ValueError("a batch without decisions has no leaf")
    at = datetime.now(UTC)
    features_sha256 = await register_features(conn, header.features)
    template = records.RecordTemplate(
        header.kind,
        header.tenant_id,
        header.model,
        header.regime,
        header.regime_version,
        header.policy_version,
        header.inputs,
        header.code_version,
        header.as_of,
    )
    explanations: list[str] = []
    texts: list[str] = []
    for row in rows:
        error = row.additivity_error
        if error is None:
            error = additivity_error(header.base_value, tuple(row.shap), row.output)
        explanation = records.explanation_text(
            header.method, header.base_value, features_sha256, row.shap, row.output, error
        )
        explanations.append(explanation)
        texts.append(
            template.text(
                row.decision_id,
                row.subject_id,
                row.about,
                row.outcome,
                row.score,
                row.rules,
                explanation,
                row.sealed_evidence,
            )
        )
    leaf = ledger.make_leaf(header.tenant_id, rows[0].decision_id, texts, at)
    await ledger.insert_leaf(conn, leaf)
    # Postgres refuses COPY into a table under row-level security, hence the way over a temporary table.
    await conn.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS decision_batch (decision_id uuid, leaf_row integer, subject_id uuid, "
        "about text, outcome text, score float8, record text, explanation text, sealed_evidence bytea) "
        "ON COMMIT DELETE ROWS"
    )
    await conn.execute("DELETE FROM decision_batch")
    async with conn.cursor().copy("COPY pg_temp.decision_batch FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["uuid", "int4", "uuid", "text", "text", "float8", "text", "text", "bytea"])
        for number, (row, text, explanation) in enumerate(zip(rows, texts, explanations, strict=True)):
            await copy.write_row(
                (
                    row.decision_id,
                    number,
                    row.subject_id,
                    row.about,
                    row.outcome,
                    float(row.score),
                    text,
                    explanation,
                    row.sealed_evidence,
                )
            )
    await conn.execute(
        "INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, "
        "score, model_sha256, as_of, record, explanation, sealed_evidence, created_at) "
        "SELECT decision_id, %(tenant_id)s, %(leaf_id)s, leaf_row, NULL, subject_id, %(kind)s, about, outcome, score, "
        "%(model_sha256)s, %(as_of)s, record, explanation, sealed_evidence, %(created_at)s "
        "FROM pg_temp.decision_batch ORDER BY leaf_row",
        {
            "tenant_id": header.tenant_id,
            "leaf_id": leaf.leaf_id,
            "kind": header.kind.value,
            "model_sha256": header.model.sha256,
            "as_of": header.as_of,
            "created_at": at,
        },
    )
    return leaf


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


async def list_decisions(conn: Connection, about: str, limit: int = 100) -> list[StoredDecision]:
    """What was decided on a matter (`application:…`, `transaction:…`), oldest first."""
    where = "d.tenant_id = current_tenant() AND d.about = %(about)s"
    return [decision async for decision in _read(conn, where, {"about": about}, limit=limit)]


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
