"""Signed checkpoints of a ledger: size, root and chain head at an instant, kept in the database and outside of it.

Separate from `ledger` because here a key speaks. A key is replaced by its own last word: a checkpoint that names the
next key. Whoever has the first public key follows from one to the next, and believes no other.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import sql

from store.connection import Connection, frozen_row
from store.ledger import Signer, head, lock, root_at

_DOMAIN = b"clearance/checkpoint/v1\n"


class CheckpointConflict(Exception):
    """The exported checkpoints and the ledger disagree: someone rewound or rewrote the ledger. Stop and investigate."""


class KeyNotEntitled(Exception):
    """Another key signs this ledger: it signed the newest checkpoint, or was named in it as the next one. After
    `clearance audit rotate-key` give every service the new key; where that broke off, run it again."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of size, root and chain head at an instant."""

    tenant_id: UUID
    number: int
    size: int
    body: str
    signature: bytes
    key_id: str
    created_at: datetime

    @property
    def root(self) -> bytes:
        return bytes.fromhex(json.loads(self.body)["root"])

    @property
    def next_key(self) -> str | None:
        """The public key, in hex digits, that signs from here on; None where it stays the same."""
        named: str | None = json.loads(self.body).get("next_key")
        return named


async def make_checkpoint(
    conn: Connection, tenant_id: UUID, signer: Signer, at: datetime | None = None, *, schema: str = "public"
) -> Checkpoint:
    """Sign size, root and chain head as they are; the newest checkpoint again where nothing was appended since.

    Raises `KeyNotEntitled`.
    """
    return await _sign(conn, tenant_id, signer, at, schema, None)


async def hand_over(
    conn: Connection, tenant_id: UUID, signer: Signer, next_key: str, *, schema: str = "public"
) -> Checkpoint:
    """The signer's last checkpoint, which says that `next_key` (a public key, 64 hex digits) signs from here on. Where
    it said so already, that checkpoint again. Raises `KeyNotEntitled`."""
    return await _sign(conn, tenant_id, signer, None, schema, next_key)


async def _sign(
    conn: Connection, tenant_id: UUID, signer: Signer, at: datetime | None, schema: str, next_key: str | None
) -> Checkpoint:
    await lock(conn, tenant_id, schema)
    size, chain = await head(conn, tenant_id, schema)
    newest = await latest_checkpoint(conn, tenant_id, schema=schema)
    if newest is not None:
        if next_key is not None and newest.next_key == next_key:
            return newest
        entitled = newest.key_id if newest.next_key is None else newest.next_key[:16]
        if signer.key_id != entitled:
            raise KeyNotEntitled(f"the ledger of tenant {tenant_id} is signed by key {entitled}, not {signer.key_id}")
        if newest.size == size and next_key is None:
            return newest
    number = 0 if newest is None else newest.number + 1
    created_at = (at or datetime.now(UTC)).astimezone(UTC)
    stated: dict[str, Any] = {
        "at": created_at.isoformat(),
        "chain": chain.hex(),
        "ledger": schema,
        "number": number,
        "root": (await root_at(conn, tenant_id, size, schema=schema)).hex(),
        "size": size,
        "tenant_id": str(tenant_id),
        "v": 1,
    }
    if next_key is not None:
        stated["next_key"] = next_key
    body = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    made = Checkpoint(tenant_id, number, size, body, signer.sign(_DOMAIN + body.encode()), signer.key_id, created_at)
    await conn.execute(
        sql.SQL(
            "INSERT INTO {} (tenant_id, number, size, body, signature, key_id, created_at) VALUES (%(tenant_id)s, "
            "%(number)s, %(size)s, %(body)s, %(signature)s, %(key_id)s, %(created_at)s)"
        ).format(sql.Identifier(schema, "ledger_checkpoint")),
        {
            "tenant_id": made.tenant_id,
            "number": made.number,
            "size": made.size,
            "body": made.body,
            "signature": made.signature,
            "key_id": made.key_id,
            "created_at": made.created_at,
        },
    )
    return made


async def latest_checkpoint(conn: Connection, tenant_id: UUID, *, schema: str = "public") -> Checkpoint | None:
    cursor = conn.cursor(row_factory=frozen_row(Checkpoint))
    await cursor.execute(
        sql.SQL(
            "SELECT tenant_id, number, size, body, signature, key_id, created_at FROM {} "
            "WHERE tenant_id = %s ORDER BY number DESC LIMIT 1"
        ).format(sql.Identifier(schema, "ledger_checkpoint")),
        (tenant_id,),
    )
    return await cursor.fetchone()


async def handovers(conn: Connection, tenant_id: UUID, *, schema: str = "public") -> list[Checkpoint]:
    """The checkpoints by which a key named the next one, in their order."""
    cursor = conn.cursor(row_factory=frozen_row(Checkpoint))
    await cursor.execute(
        sql.SQL(
            "SELECT tenant_id, number, size, body, signature, key_id, created_at FROM {} "
            # As the index states it.
            "WHERE tenant_id = %s AND body LIKE '%%\"next_key\":%%' ORDER BY number"
        ).format(sql.Identifier(schema, "ledger_checkpoint")),
        (tenant_id,),
    )
    return await cursor.fetchall()


def export_checkpoint(made: Checkpoint, folder: Path) -> Path:
    """Append the checkpoint as a line to the tenant's file in `folder`, outside the database, and fsync it.

    A checkpoint that is there already is not written again. Raises `CheckpointConflict` where the file holds another
    checkpoint of that number or a later one of smaller size (or equal, unless it hands over): the ledger was rewound.
    """
    ledger = json.loads(made.body)["ledger"]
    path = folder / f"{made.tenant_id}.{ledger}.checkpoints.jsonl"
    line = checkpoint_line(made)
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists():
        lines = path.read_text().splitlines()
        if lines:
            newest = json.loads(json.loads(lines[-1])["body"])
            if lines[-1] == line:
                return path
            least = newest["size"] + (made.next_key is None)
            if newest["number"] >= made.number or made.size < least:
                raise CheckpointConflict(f"{path} already holds checkpoint {newest['number']} of size {newest['size']}")
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def checkpoint_line(made: Checkpoint) -> str:
    return json.dumps(
        {"body": made.body, "key_id": made.key_id, "signature": made.signature.hex()},
        sort_keys=True,
        separators=(",", ":"),
    )
