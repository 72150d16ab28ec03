"""What leaves the ledger for a verifier: the whole of a tenant's line, the proof of one decision, receipts.

Separate from `ledger` because it only reads; `ledger_verifier` checks what is written here and shares no code with it.
"""

import json
from collections.abc import AsyncIterator
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from store import checkpoints, ledger, merkle
from store.connection import Connection
from store.decisions import DecisionUnknown

_CHECKPOINTS: LiteralString = (
    "SELECT body, signature, key_id, size FROM {checkpoint} WHERE tenant_id = %s ORDER BY number"
)

_LEAVES: LiteralString = (
    "SELECT p.position, l.entry, l.salt, p.chain_hash, d.records, d.explanations, d.evidence "
    "FROM {leaf} l LEFT JOIN {position} p ON p.leaf_id = l.leaf_id CROSS JOIN LATERAL "
    "(SELECT array_agg(record ORDER BY leaf_row) AS records, "
    "array_agg(explanation ORDER BY leaf_row) AS explanations, "
    "CASE WHEN %(with_evidence)s THEN array_agg(encode(sealed_evidence, 'hex') ORDER BY leaf_row) END AS evidence "
    "FROM {decision} WHERE leaf_id = l.leaf_id) d "
    "WHERE l.tenant_id = %(tenant_id)s ORDER BY p.position NULLS LAST, l.created_at, l.leaf_id"
)

_DECISION: LiteralString = (
    "SELECT d.record, d.explanation, d.sealed_evidence, d.leaf_row, d.leaf_id, l.entry, l.salt, "
    "ARRAY(SELECT o.record FROM {decision} o WHERE o.leaf_id = d.leaf_id ORDER BY o.leaf_row) "
    "FROM {decision} d JOIN {leaf} l USING (leaf_id) WHERE d.decision_id = %s"
)

_ALTERED: LiteralString = (
    "SELECT 'decision ' || d.decision_id || ': its columns differ from its record' FROM {decision} d "
    "CROSS JOIN LATERAL (SELECT d.record::jsonb AS r) t WHERE (r ->> 'decision_id', r ->> 'tenant_id', "
    "r ->> 'subject_id', r ->> 'kind', r ->> 'about', r ->> 'outcome', (r ->> 'score')::float8, "
    "r -> 'model' ->> 'sha256', (r ->> 'as_of')::timestamptz, r ->> 'evidence_sha256', "
    "r ->> 'explanation_sha256') IS DISTINCT FROM (d.decision_id::text, d.tenant_id::text, d.subject_id::text, "
    "d.kind, d.about, d.outcome, d.score, d.model_sha256, d.as_of, encode(sha256(d.sealed_evidence), 'hex'), "
    "encode(sha256(convert_to(d.explanation, 'UTF8')), 'hex')) "
    "UNION ALL SELECT 'leaf ' || l.leaf_id || ': its columns differ from its entry' FROM {leaf} l "
    "CROSS JOIN LATERAL (SELECT l.entry::jsonb AS e) t LEFT JOIN {position} p ON p.leaf_id = l.leaf_id "
    "WHERE (e ->> 'leaf_id', e ->> 'tenant_id', e ->> 'commitment', (e ->> 'size')::int, l.leaf_hash, "
    "coalesce(p.leaf_hash, l.leaf_hash)) IS DISTINCT FROM (l.leaf_id::text, l.tenant_id::text, "
    "encode(l.commitment, 'hex'), l.size, sha256('\\x00'::bytea || convert_to(l.entry, 'UTF8')), l.leaf_hash) "
    "UNION ALL SELECT 'decision ' || d.decision_id || ': it has no leaf' FROM {decision} d "
    "WHERE NOT EXISTS (SELECT FROM {leaf} l WHERE l.leaf_id = d.leaf_id) "
    "UNION ALL SELECT 'position ' || p.position || ': it has no leaf' FROM {position} p "
    "WHERE NOT EXISTS (SELECT FROM {leaf} l WHERE l.leaf_id = p.leaf_id) "
    "UNION ALL SELECT 'leaf ' || l.leaf_id || ': it neither has a position nor waits for one' FROM {leaf} l "
    "WHERE NOT EXISTS (SELECT FROM {position} p WHERE p.leaf_id = l.leaf_id) "
    "AND NOT EXISTS (SELECT FROM {pending} w WHERE w.leaf_id = l.leaf_id) ORDER BY 1"
)


def _in(schema: str, query: LiteralString) -> sql.Composed:
    """The query on the tables of a ledger: the tenant's own (`public`), or that of its filings."""
    tables = {
        "decision": "decision",
        "leaf": "leaf",
        "pending": "leaf_pending",
        "position": "ledger_position",
        "checkpoint": "ledger_checkpoint",
    }
    return sql.SQL(query).format(**{name: sql.Identifier(schema, table) for name, table in tables.items()})


class NotYetProvable(Exception):
    """The decision's leaf is not below a checkpoint yet: wait for the sequencer's next one, within a minute."""


async def export_lines(
    conn: Connection, tenant_id: UUID, *, with_evidence: bool = False, fetch: int = 200, schema: str = "public"
) -> AsyncIterator[str]:
    """The tenant's ledger as lines of JSON, without line ends: head, feature lists, checkpoints, leaves by position,
    waiting leaves, end. Sealed evidence (ciphertext) is left out unless asked for.

    Run it in a REPEATABLE READ transaction, so that what is appended meanwhile does not show in part.
    """
    checkpoints = await (await conn.execute(_in(schema, _CHECKPOINTS), (tenant_id,))).fetchall()
    yield _line(
        type="export", v=1, tenant_id=str(tenant_id), ledger=schema, checkpoint_sizes=[row[3] for row in checkpoints]
    )
    lists = await (await conn.execute("SELECT sha256, names FROM feature_list ORDER BY sha256")).fetchall()
    for sha256, names in lists:
        yield _line(type="features", sha256=sha256, names=names)
    for body, signature, key_id, _ in checkpoints:
        yield _line(type="checkpoint", body=body, signature=signature.hex(), key_id=key_id)
    counts = {"leaf": 0, "pending": 0}
    async with conn.cursor(name="ledger_export") as cursor:
        cursor.itersize = fetch
        await cursor.execute(_in(schema, _LEAVES), {"tenant_id": tenant_id, "with_evidence": with_evidence})
        async for position, entry, salt, chain, records, explanations, evidence in cursor:
            leaf: dict[str, Any] = {
                "entry": entry,
                "salt": salt.hex(),
                "records": records or [],
                "explanations": explanations or [],
            }
            if evidence is not None:
                leaf["evidence"] = evidence
            if position is None:
                counts["pending"] += 1
                yield _line(type="pending", **leaf)
            else:
                counts["leaf"] += 1
                yield _line(type="leaf", position=position, chain=chain.hex(), **leaf)
    yield _line(type="end", leaves=counts["leaf"], pending=counts["pending"])


async def prove_decision(
    conn: Connection, tenant_id: UUID, decision_id: UUID, *, schema: str = "public"
) -> dict[str, Any]:
    """The proof of one decision against the newest checkpoint, to be written as JSON. It shows this record and, of the
    others in its batch, salted digests only. Raises `DecisionUnknown` and `NotYetProvable`."""
    row = await (await conn.execute(_in(schema, _DECISION), (decision_id,))).fetchone()
    if row is None:
        raise DecisionUnknown(str(decision_id))
    record, explanation, evidence, leaf_row, leaf_id, entry, salt, records = row
    newest = await checkpoints.latest_checkpoint(conn, tenant_id, schema=schema)
    position = await ledger.position_of(conn, leaf_id, schema=schema)
    if newest is None or position is None or position >= newest.size:
        raise NotYetProvable(str(decision_id))
    proof = await ledger.prove_inclusion(conn, tenant_id, leaf_id, newest.size, schema=schema)
    hashes = [ledger.hash_record(salt, other) for other in records]
    # The newest checkpoint is signed by the key that the last one before it named.
    handed_over = [each for each in await checkpoints.handovers(conn, tenant_id, schema=schema) if each != newest]
    return {
        "type": "proof",
        "v": 1,
        "decision_id": str(decision_id),
        "record": record,
        "explanation": explanation,
        "evidence": evidence.hex(),
        "salt": salt.hex(),
        "row": leaf_row,
        "row_path": [node.hex() for node in merkle.inclusion_proof(hashes, leaf_row)],
        "entry": entry,
        "position": position,
        "path": [node.hex() for node in proof.path],
        "checkpoint": json.loads(checkpoints.checkpoint_line(newest)),
        **(
            {"handovers": [json.loads(checkpoints.checkpoint_line(each)) for each in handed_over]}
            if handed_over
            else {}
        ),
    }


async def altered_columns(conn: Connection, *, schema: str = "public") -> list[str]:
    """What the columns for finding rows say otherwise than the hashed text: the check that an export cannot make, as it
    carries the text only. A line a finding; empty where all agree."""
    cursor = await conn.execute(_in(schema, _ALTERED))
    return [row[0] for row in await cursor.fetchall()]


def _line(**values: Any) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
