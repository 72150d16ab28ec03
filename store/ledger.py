"""The append-only ledger: leaves, receipts, and the one sequencer a tenant that positions and chains them.

A leaf commits with its decisions and holds a salted commitment to their records; positions, the chain and the RFC 6962
tree follow within a second; `checkpoints` signs what stands.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol
from uuid import UUID, uuid4

from psycopg import sql

from store import merkle
from store.connection import Connection, frozen_row

GENESIS = bytes(32)
"""What the chain starts from."""

_RECEIPT_DOMAIN = b"clearance/receipt/v1\n"


class Signer(Protocol):
    """Signs with Ed25519; `key_id` is the first 16 hex digits of the public key."""

    @property
    def key_id(self) -> str: ...

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the ledger: a commitment to `size` decision records, of which `decision_id` is the first."""

    leaf_id: UUID
    tenant_id: UUID
    decision_id: UUID
    size: int
    salt: bytes
    commitment: bytes
    entry: str
    leaf_hash: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed promise that the leaf is in the ledger: with it, a removal before the first checkpoint is provable."""

    body: str
    signature: bytes
    key_id: str


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """The path from a leaf to the root of the tree of `size`."""

    position: int
    size: int
    leaf_hash: bytes
    path: tuple[bytes, ...]


def hash_record(salt: bytes, record: str) -> bytes:
    """A decision record's hash in its leaf's tree: RFC 6962's leaf hash over salt and text."""
    return sha256(b"\x00" + salt + record.encode()).digest()


def commit_records(salt: bytes, records: Iterable[str]) -> bytes:
    """The commitment to decision records: the root of the tree over their hashes."""
    return merkle.root([hash_record(salt, record) for record in records])


def make_leaf(tenant_id: UUID, decision_id: UUID, records: Sequence[str], at: datetime) -> Leaf:
    """A new leaf over `records`, in their order. `at` is when they are appended, timezone-aware."""
    salt = new_salt()
    return leaf_over(tenant_id, uuid4(), decision_id, salt, [hash_record(salt, record) for record in records], at)


def new_salt() -> bytes:
    return secrets.token_bytes(32)


def leaf_over(
    tenant_id: UUID, leaf_id: UUID, decision_id: UUID, salt: bytes, hashes: Sequence[bytes], at: datetime
) -> Leaf:
    """As `make_leaf`, for whoever has taken the records' hashes (`hash_record`) under `salt` already."""
    commitment = merkle.root(hashes)
    entry = json.dumps(
        {
            "at": at.astimezone(UTC).isoformat(),
            "commitment": commitment.hex(),
            "leaf_id": str(leaf_id),
            "size": len(hashes),
            "tenant_id": str(tenant_id),
            "v": 1,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return Leaf(
        leaf_id,
        tenant_id,
        decision_id,
        len(hashes),
        salt,
        commitment,
        entry,
        merkle.hash_leaf(entry.encode()),
        at,
    )


async def insert_leaf(conn: Connection, leaf: Leaf, *, schema: str = "public") -> None:
    """Write a leaf; only together with its decisions does the transaction commit."""
    await conn.execute(
        sql.SQL(
            "INSERT INTO {} (leaf_id, tenant_id, decision_id, size, salt, commitment, entry, leaf_hash, created_at) "
            "VALUES (%(leaf_id)s, %(tenant_id)s, %(decision_id)s, %(size)s, %(salt)s, %(commitment)s, %(entry)s, "
            "%(leaf_hash)s, %(created_at)s)"
        ).format(sql.Identifier(schema, "leaf")),
        {
            "leaf_id": leaf.leaf_id,
            "tenant_id": leaf.tenant_id,
            "decision_id": leaf.decision_id,
            "size": leaf.size,
            "salt": leaf.salt,
            "commitment": leaf.commitment,
            "entry": leaf.entry,
            "leaf_hash": leaf.leaf_hash,
            "created_at": leaf.created_at,
        },
    )


async def fetch_leaf(conn: Connection, leaf_id: UUID, *, schema: str = "public") -> Leaf | None:
    cursor = conn.cursor(row_factory=frozen_row(Leaf))
    await cursor.execute(
        sql.SQL(
            "SELECT leaf_id, tenant_id, decision_id, size, salt, commitment, entry, leaf_hash, created_at "
            "FROM {} WHERE leaf_id = %s"
        ).format(sql.Identifier(schema, "leaf")),
        (leaf_id,),
    )
    return await cursor.fetchone()


def receipt(leaf: Leaf, signer: Signer) -> Receipt:
    """The caller's signed receipt for a leaf; hand it out only after the commit."""
    body = json.dumps(
        {
            "decision_id": str(leaf.decision_id),
            "entry": leaf.entry,
            "leaf_hash": leaf.leaf_hash.hex(),
            "leaf_id": str(leaf.leaf_id),
            "tenant_id": str(leaf.tenant_id),
            "v": 1,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return Receipt(body, signer.sign(_RECEIPT_DOMAIN + body.encode()), signer.key_id)


async def tenants_with_pending(conn: Connection, *, schema: str = "public") -> list[UUID]:
    """The tenants whose leaves wait for a position (role clearance_sequencer, no tenant set)."""
    cursor = await conn.execute(
        sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(sql.Identifier(schema, "leaf_pending"))
    )
    return [row[0] for row in await cursor.fetchall()]


async def oldest_pending_seconds(conn: Connection, *, schema: str = "public") -> float:
    """For how long the oldest leaf has waited; 0 where none does. More than a few seconds is an alarm."""
    cursor = await conn.execute(
        sql.SQL("SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM {}").format(
            sql.Identifier(schema, "leaf_pending")
        )
    )
    row = await cursor.fetchone()
    assert row is not None
    return float(row[0])


async def sequence(conn: Connection, tenant_id: UUID, limit: int = 5000, *, schema: str = "public") -> int:
    """Give up to `limit` waiting leaves their position, chain hash and place in the tree; how many there were.

    Run in a transaction of the tenant under clearance_sequencer; concurrent runs for a tenant wait for each other.
    """
    await lock(conn, tenant_id, schema)
    cursor = await conn.execute(
        sql.SQL(
            "DELETE FROM {pending} WHERE leaf_id IN (SELECT leaf_id FROM {pending} WHERE tenant_id = %(tenant_id)s "
            "ORDER BY created_at, leaf_id LIMIT %(limit)s) RETURNING leaf_id, created_at"
        ).format(pending=sql.Identifier(schema, "leaf_pending")),
        {"tenant_id": tenant_id, "limit": limit},
    )
    waiting = sorted(await cursor.fetchall(), key=lambda row: (row[1], row[0]))
    if not waiting:
        return 0
    cursor = await conn.execute(
        sql.SQL("SELECT leaf_id, leaf_hash FROM {} WHERE leaf_id = ANY(%s)").format(sql.Identifier(schema, "leaf")),
        ([row[0] for row in waiting],),
    )
    hashes = {row[0]: bytes(row[1]) for row in await cursor.fetchall()}
    size, chain = await head(conn, tenant_id, schema)
    frontier = dict(
        zip(
            (level for level, _ in merkle.peak_positions(size)),
            await _nodes(conn, tenant_id, merkle.peak_positions(size), schema),
            strict=True,
        )
    )
    positions: list[tuple[UUID, int, UUID, bytes, bytes]] = []
    nodes: list[tuple[UUID, int, int, bytes]] = []
    for leaf_id, _ in waiting:
        node = hashes[leaf_id]
        chain = sha256(chain + node).digest()
        positions.append((tenant_id, size, leaf_id, node, chain))
        level = 0
        while level in frontier:
            node = merkle.hash_children(frontier.pop(level), node)
            level += 1
            nodes.append((tenant_id, level, size >> level, node))
        frontier[level] = node
        size += 1
    await conn.execute(
        sql.SQL(
            "INSERT INTO {} (tenant_id, position, leaf_id, leaf_hash, chain_hash) "
            "SELECT %s, * FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[], %s::bytea[])"
        ).format(sql.Identifier(schema, "ledger_position")),
        (tenant_id, *(list(column) for column in list(zip(*positions, strict=True))[1:])),
    )
    if nodes:
        await conn.execute(
            sql.SQL(
                "INSERT INTO {} (tenant_id, level, index, hash) "
                "SELECT %s, * FROM unnest(%s::int[], %s::bigint[], %s::bytea[])"
            ).format(sql.Identifier(schema, "ledger_node")),
            (tenant_id, *(list(column) for column in list(zip(*nodes, strict=True))[1:])),
        )
    return len(positions)


async def position_of(conn: Connection, leaf_id: UUID, *, schema: str = "public") -> int | None:
    """The leaf's position, or None while it waits for the sequencer."""
    cursor = await conn.execute(
        sql.SQL("SELECT position FROM {} WHERE leaf_id = %s").format(sql.Identifier(schema, "ledger_position")),
        (leaf_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def root_at(conn: Connection, tenant_id: UUID, size: int, *, schema: str = "public") -> bytes:
    """The root over the first `size` leaves, from the stored nodes."""
    return merkle.fold_peaks(await _nodes(conn, tenant_id, merkle.peak_positions(size), schema))


async def prove_inclusion(
    conn: Connection, tenant_id: UUID, leaf_id: UUID, size: int | None = None, *, schema: str = "public"
) -> InclusionProof:
    """The proof that the leaf is in the tree of `size` (default: as of now). Raises LookupError for a leaf without
    a position and ValueError for one beyond `size`."""
    position = await position_of(conn, leaf_id, schema=schema)
    if position is None:
        raise LookupError(f"leaf {leaf_id} has no position yet")
    if size is None:
        size, _ = await head(conn, tenant_id, schema)
    path = await _fold_all(conn, tenant_id, merkle.inclusion_path(position, size), schema)
    (leaf_hash,) = await _nodes(conn, tenant_id, [(0, position)], schema)
    return InclusionProof(position, size, leaf_hash, path)


async def prove_consistency(
    conn: Connection, tenant_id: UUID, old: int, new: int, *, schema: str = "public"
) -> tuple[bytes, ...]:
    """The proof that the tree of `new` leaves only appends to that of `old`."""
    return await _fold_all(conn, tenant_id, merkle.consistency_path(old, new), schema)


async def _fold_all(
    conn: Connection, tenant_id: UUID, path: Sequence[Sequence[tuple[int, int]]], schema: str
) -> tuple[bytes, ...]:
    wanted = [place for places in path for place in places]
    found = dict(zip(wanted, await _nodes(conn, tenant_id, wanted, schema), strict=True))
    return tuple(merkle.fold_peaks([found[place] for place in places]) for places in path)


async def lock(conn: Connection, tenant_id: UUID, schema: str) -> None:
    """Hold the tenant's line until the transaction ends: nobody else sequences or checkpoints it meanwhile."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"ledger/{schema}/{tenant_id}",))


async def head(conn: Connection, tenant_id: UUID, schema: str) -> tuple[int, bytes]:
    """How many leaves have a position, and the chain's hash behind the last of them."""
    cursor = await conn.execute(
        sql.SQL("SELECT position, chain_hash FROM {} WHERE tenant_id = %s ORDER BY position DESC LIMIT 1").format(
            sql.Identifier(schema, "ledger_position")
        ),
        (tenant_id,),
    )
    row = await cursor.fetchone()
    return (0, GENESIS) if row is None else (row[0] + 1, bytes(row[1]))


async def _nodes(conn: Connection, tenant_id: UUID, places: Sequence[tuple[int, int]], schema: str) -> list[bytes]:
    """The hashes at (level, index), level 0 being the leaves. Raises LookupError where one is missing."""
    found: dict[tuple[int, int], bytes] = {}
    leaves = [index for level, index in places if level == 0]
    inner = [place for place in places if place[0] > 0]
    if leaves:
        cursor = await conn.execute(
            sql.SQL("SELECT position, leaf_hash FROM {} WHERE tenant_id = %s AND position = ANY(%s)").format(
                sql.Identifier(schema, "ledger_position")
            ),
            (tenant_id, leaves),
        )
        found |= {(0, row[0]): bytes(row[1]) for row in await cursor.fetchall()}
    if inner:
        cursor = await conn.execute(
            sql.SQL(
                "SELECT n.level, n.index, n.hash FROM {} n "
                "JOIN unnest(%s::int[], %s::bigint[]) AS w(level, index) USING (level, index) WHERE n.tenant_id = %s"
            ).format(sql.Identifier(schema, "ledger_node")),
            ([level for level, _ in inner], [index for _, index in inner], tenant_id),
        )
        found |= {(row[0], row[1]): bytes(row[2]) for row in await cursor.fetchall()}
    missing = [place for place in places if place not in found]
    if missing:
        raise LookupError(f"the ledger lacks nodes {missing[:3]}")
    return [found[place] for place in places]
