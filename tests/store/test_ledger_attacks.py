"""What an attacker can do to the ledger, as application role, owner, or superuser with triggers off, and how it ends.

`ATTACKS` is the table that docs/ledger.md prints. Each attack runs in a transaction of its own on the same ledger,
under the role it names; then the tenant's ledger is exported and verified as a stranger would.
"""

import ast
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from explain.record import DecisionKind, InputRef, Method
from store import checkpoints, ledger, ledger_verifier, merkle, numbers
from store.batches import BatchHeader, BatchRow, append_decision_batch
from store.connection import Connection, role_conninfo, set_tenant
from store.decisions import append_decision
from store.ledger_export import NotYetProvable, altered_columns, export_lines, prove_decision
from store.ledger_verifier import Report, verify_export, verify_proof
from vault.keys import Ed25519Signer

VERIFIER = Path(ledger_verifier.__file__)
SIGNER = Ed25519Signer(bytes(range(32)))
STRANGER = Ed25519Signer(bytes(reversed(range(32))))


class End(StrEnum):
    """How an attack ends."""

    BLOCKED = "blocked"
    DETECTED = "detected"
    PROVEN = "provable with the receipt, not without"
    UNDETECTED = "not detected"


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger with two checkpoints, kept outside too; the last of its leaves are not covered, one has no position."""

    url: str
    tenant_id: UUID
    outside: tuple[dict[str, Any], ...]
    receipts: tuple[dict[str, Any], ...]
    leaves: tuple[ledger.Leaf, ...]
    """By position: singles 0 to 2, a batch of 4 at 3, singles 4 and 5 (covered); 6 and 7 (not covered); 8 (waiting)."""


@dataclass(slots=True)
class Scene:
    """What an attack gets: the connection, the ledger, and what the verifier will be shown."""

    conn: Connection
    ledger: Ledger
    outside: list[dict[str, Any]]

    def leaf(self, position: int) -> UUID:
        return self.ledger.leaves[position].leaf_id

    async def run(self, statement: str, *values: Any) -> None:
        await self.conn.execute(statement.encode(), values or None)


def batch(world: Any, count: int) -> tuple[BatchHeader, list[BatchRow]]:
    decision = world.decision()
    header = BatchHeader(
        tenant_id=world.tenant_id,
        kind=DecisionKind.TRANSACTION_SCORE,
        model=decision.model,
        method=Method.TREE_PATH_DEPENDENT,
        base_value=0.0,
        features=("amount",),
        regime="US",
        regime_version="1",
        policy_version="1",
        inputs=(InputRef("batch", "cd" * 32),),
        code_version="0.1.0",
        as_of=decision.as_of,
    )
    rows = [
        BatchRow(
            uuid4(),
            world.subject_id,
            f"transaction:{n}",
            "none",
            n / 7,
            numbers.pack([n / 7]),
            n / 7,
            0.0,
            b"sealed %d" % n,
        )
        for n in range(count)
    ]
    return header, rows


@pytest.fixture(scope="module")
async def attacked(module_world: Any) -> Ledger:
    world = module_world
    leaves: list[ledger.Leaf] = []
    outside: list[dict[str, Any]] = []

    async def single(count: int) -> None:
        for _ in range(count):
            async with world.as_role("clearance_worker") as conn:
                decision = world.decision()
                leaves.append(
                    await append_decision(conn, decision, key=str(decision.decision_id), sealed_evidence=b"sealed")
                )

    async def sequence(sign: bool) -> None:
        async with world.as_role("clearance_sequencer") as conn:
            await ledger.sequence(conn, world.tenant_id)
            if sign:
                made = await checkpoints.make_checkpoint(conn, world.tenant_id, SIGNER)
                outside.append(json.loads(checkpoints.checkpoint_line(made)))

    await single(3)
    async with world.as_role("clearance_engine") as conn:
        leaves.append(await append_decision_batch(conn, *batch(world, 4)))
    await sequence(sign=True)
    await single(2)
    await sequence(sign=True)
    await single(2)
    await sequence(sign=False)
    await single(1)
    receipts = [ledger.receipt(leaf, SIGNER) for leaf in leaves]
    return Ledger(
        world.url,
        world.tenant_id,
        tuple(outside),
        tuple({"body": r.body, "signature": r.signature.hex(), "key_id": r.key_id} for r in receipts),
        tuple(leaves),
    )


# --- The attacks -----------------------------------------------------------------------------------------------------

Attack = Callable[[Scene], Awaitable[None]]


def statement(text: str, *positions: int) -> Attack:
    """A statement whose %s are the ids of the leaves at these positions."""

    async def attack(scene: Scene) -> None:
        await scene.run(text, *(scene.leaf(position) for position in positions))

    return attack


def then(*attacks: Attack) -> Attack:
    async def attack(scene: Scene) -> None:
        for one in attacks:
            await one(scene)

    return attack


EDIT = (
    'UPDATE decision SET outcome = \'low\', record = replace(record, \'"outcome":"high"\', \'"outcome":"low"\') '
    "WHERE leaf_id = %s"
)


async def remove(scene: Scene, position: int) -> None:
    for table in ("leaf_pending", "ledger_position", "decision", "leaf"):
        await scene.run(f"DELETE FROM {table} WHERE leaf_id = %s", scene.leaf(position))


def removal(*positions: int) -> Attack:
    async def attack(scene: Scene) -> None:
        for position in positions:
            await remove(scene, position)

    return attack


async def rehash(scene: Scene) -> None:
    """Make everything fit again: commitments, entries, hashes, chain, tree. What it takes to hide an edit."""
    await scene.run("SET CONSTRAINTS ALL DEFERRED")
    await scene.run("DELETE FROM ledger_node")
    cursor = await scene.conn.execute(
        "SELECT l.leaf_id, l.salt, l.entry, p.position, ARRAY(SELECT record FROM decision d "
        "WHERE d.leaf_id = l.leaf_id ORDER BY leaf_row) FROM leaf l LEFT JOIN ledger_position p USING (leaf_id) "
        "ORDER BY p.position NULLS LAST"
    )
    chain, frontier, size = ledger.GENESIS, dict[int, bytes](), 0
    for leaf_id, salt, entry_text, position, records in await cursor.fetchall():
        committed = ledger.commit_records(salt, records)
        entry = json.dumps(
            json.loads(entry_text) | {"commitment": committed.hex(), "size": len(records)},
            sort_keys=True,
            separators=(",", ":"),
        )
        node = merkle.hash_leaf(entry.encode())
        await scene.run(
            "UPDATE leaf SET entry = %s, leaf_hash = %s, commitment = %s, size = %s WHERE leaf_id = %s",
            entry,
            node,
            committed,
            len(records),
            leaf_id,
        )
        if position is None:
            continue
        chain = sha256(chain + node).digest()
        await scene.run(
            "UPDATE ledger_position SET position = %s, leaf_hash = %s, chain_hash = %s WHERE leaf_id = %s",
            size,
            node,
            chain,
            leaf_id,
        )
        level = 0
        while level in frontier:
            node = merkle.hash_children(frontier.pop(level), node)
            level += 1
            await scene.run(
                "INSERT INTO ledger_node VALUES (%s, %s, %s, %s)", scene.ledger.tenant_id, level, size >> level, node
            )
        frontier[level] = node
        size += 1


def sign_again(signer: Ed25519Signer, *, outside: bool) -> Attack:
    """Replace every checkpoint by one over the ledger as it is now; `outside` the kept copies too."""

    async def attack(scene: Scene) -> None:
        tenant_id = scene.ledger.tenant_id
        await scene.run("DELETE FROM ledger_checkpoint")
        made = await checkpoints.make_checkpoint(scene.conn, tenant_id, signer)
        if outside:
            scene.outside[:] = [json.loads(checkpoints.checkpoint_line(made))]

    return attack


@dataclass(frozen=True, slots=True)
class Pretender:
    """Signs with the stranger's key and says that it was ours."""

    key_id: str = SIGNER.key_id

    def sign(self, data: bytes) -> bytes:
        return STRANGER.sign(data)


def hand_over(signer: Pretender | Ed25519Signer) -> Attack:
    """Name the stranger's key as the next one, and sign with it from then on."""

    async def attack(scene: Scene) -> None:
        tenant_id = scene.ledger.tenant_id
        await checkpoints.hand_over(scene.conn, tenant_id, signer, STRANGER.public_key.hex())
        await scene.run("DELETE FROM ledger_position WHERE position = 7")
        assert (await checkpoints.make_checkpoint(scene.conn, tenant_id, STRANGER)).key_id == STRANGER.key_id

    return attack


async def insert_into_batch(scene: Scene) -> None:
    await scene.run(
        "INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, "
        "score, model_sha256, as_of, record, explanation, sealed_evidence, created_at) SELECT gen_random_uuid(), "
        "tenant_id, leaf_id, 99, NULL, subject_id, kind, about, outcome, score, model_sha256, as_of, record, "
        "explanation, sealed_evidence, created_at FROM decision WHERE leaf_id = %s LIMIT 1",
        scene.leaf(3),
    )


async def backdate(scene: Scene) -> None:
    """Slip the newest leaf in at position 1, all others one later."""
    await scene.run("UPDATE ledger_position SET position = position + 100 WHERE position >= 1")
    await scene.run("UPDATE ledger_position SET position = 1 WHERE leaf_id = %s", scene.leaf(7))
    await scene.run("UPDATE ledger_position SET position = position - 99 WHERE position >= 100")


async def swap_positions(scene: Scene) -> None:
    for position, leaf in ((100, 1), (1, 2), (2, 1)):
        await scene.run("UPDATE ledger_position SET position = %s WHERE leaf_id = %s", position, scene.leaf(leaf))


async def swap(scene: Scene, column: str) -> None:
    await scene.run(
        f"UPDATE decision d SET {column} = o.{column} FROM decision o WHERE d.leaf_id = %s AND o.leaf_id = %s "
        "AND d.leaf_row = 2 AND o.leaf_row = 1",
        scene.leaf(3),
        scene.leaf(3),
    )


async def forge_position(scene: Scene) -> None:
    await scene.run(
        "INSERT INTO ledger_position (tenant_id, position, leaf_id, leaf_hash, chain_hash) VALUES (%s, 8, %s, %s, %s)",
        scene.ledger.tenant_id,
        scene.leaf(8),
        bytes(32),
        bytes(32),
    )


async def reuse_record(scene: Scene) -> None:
    """Append a decision a second time, under a leaf of its own, all hashes right."""
    row = await (
        await scene.conn.execute("SELECT record, explanation FROM decision WHERE leaf_id = %s", (scene.leaf(0),))
    ).fetchone()
    assert row is not None
    decision_id = uuid4()
    leaf = ledger.make_leaf(scene.ledger.tenant_id, decision_id, [row[0]], datetime.now(UTC))
    await ledger.insert_leaf(scene.conn, leaf)
    await scene.run(
        "INSERT INTO decision_key (tenant_id, key, decision_id) VALUES (%s, 'again', %s)",
        scene.ledger.tenant_id,
        decision_id,
    )
    await scene.run(
        "INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, "
        "score, model_sha256, as_of, record, explanation, sealed_evidence, created_at) SELECT %s, tenant_id, %s, 0, "
        "'again', subject_id, kind, about, outcome, score, model_sha256, as_of, record, explanation, sealed_evidence, "
        "created_at FROM decision WHERE leaf_id = %s",
        decision_id,
        leaf.leaf_id,
        scene.leaf(0),
    )


async def cut_outside(scene: Scene) -> None:
    del scene.outside[-1]


async def reorder_outside(scene: Scene) -> None:
    scene.outside.reverse()


async def nothing(scene: Scene) -> None:
    """No attack: the table must be able to say that nothing happened."""


API, WORKER, ENGINE, SEQUENCER = "clearance_api", "clearance_worker", "clearance_engine", "clearance_sequencer"
OWNER, SUPERUSER = "clearance_owner", "superuser, triggers off"

ATTACKS: tuple[tuple[str, str, Attack, End], ...] = (
    # Application roles: no rights, or what they may do shows.
    ("edit a record", WORKER, statement(EDIT, 0), End.BLOCKED),
    (
        "edit an explanation",
        WORKER,
        statement("UPDATE decision SET explanation = '{}' WHERE leaf_id = %s", 0),
        End.BLOCKED,
    ),
    ("delete a decision", WORKER, statement("DELETE FROM decision WHERE leaf_id = %s", 0), End.BLOCKED),
    ("delete a leaf", ENGINE, statement("DELETE FROM leaf WHERE leaf_id = %s", 0), End.BLOCKED),
    ("empty the decisions", ENGINE, statement("TRUNCATE decision CASCADE"), End.BLOCKED),
    ("append a decision", API, insert_into_batch, End.BLOCKED),
    ("insert into a committed batch", ENGINE, insert_into_batch, End.DETECTED),
    ("append a decision twice", WORKER, reuse_record, End.DETECTED),
    ("take a leaf from the sequencer's queue", WORKER, statement("DELETE FROM leaf_pending"), End.BLOCKED),
    ("forge a position", WORKER, forge_position, End.BLOCKED),
    ("forge a position", SEQUENCER, forge_position, End.DETECTED),
    ("drop a waiting leaf from the queue", SEQUENCER, statement("DELETE FROM leaf_pending"), End.DETECTED),
    ("move a leaf", SEQUENCER, swap_positions, End.BLOCKED),
    ("rewind the head", SEQUENCER, statement("DELETE FROM ledger_position WHERE position > 3"), End.BLOCKED),
    ("edit a checkpoint", SEQUENCER, statement("UPDATE ledger_checkpoint SET size = 3"), End.BLOCKED),
    ("turn row-level security off", WORKER, statement("ALTER TABLE decision DISABLE ROW LEVEL SECURITY"), End.BLOCKED),
    ("turn the triggers off", WORKER, statement("SET LOCAL session_replication_role = replica"), End.BLOCKED),
    # The owner of the tables: triggers refuse, unless switched off.
    ("edit a record", OWNER, statement(EDIT, 0), End.BLOCKED),
    ("empty the ledger", OWNER, statement("TRUNCATE leaf CASCADE"), End.BLOCKED),
    (
        "edit a record, triggers off",
        OWNER,
        then(statement("ALTER TABLE decision DISABLE TRIGGER append_only"), statement(EDIT, 0)),
        End.DETECTED,
    ),
    # Superuser with every trigger and foreign key off.
    ("edit a record", SUPERUSER, statement(EDIT, 0), End.DETECTED),
    ("edit a record of a batch", SUPERUSER, statement(EDIT.replace("high", "none"), 3), End.DETECTED),
    ("edit the columns only", SUPERUSER, statement("UPDATE decision SET outcome = 'low'"), End.DETECTED),
    (
        "edit a score's column by one bit",
        SUPERUSER,
        statement("UPDATE decision SET score = 0.3 WHERE leaf_id = %s", 0),
        End.DETECTED,
    ),
    (
        "edit an explanation",
        SUPERUSER,
        statement("UPDATE decision SET explanation = replace(explanation, '0.1', '0.2') WHERE leaf_id = %s", 0),
        End.DETECTED,
    ),
    ("swap explanations", SUPERUSER, lambda scene: swap(scene, "explanation"), End.DETECTED),
    ("swap sealed evidence", SUPERUSER, lambda scene: swap(scene, "sealed_evidence"), End.DETECTED),
    ("swap records", SUPERUSER, lambda scene: swap(scene, "record"), End.DETECTED),
    (
        "replace evidence",
        SUPERUSER,
        statement("UPDATE decision SET sealed_evidence = 'x' WHERE leaf_id = %s", 1),
        End.DETECTED,
    ),
    (
        "rename a feature",
        SUPERUSER,
        statement("UPDATE feature_list SET names = replace(names, 'country', 'town')"),
        End.BLOCKED,
    ),
    (
        "rename a feature, checks dropped",
        SUPERUSER,
        then(
            statement("ALTER TABLE feature_list DROP CONSTRAINT feature_list_check"),
            statement("UPDATE feature_list SET names = replace(names, 'country', 'town')"),
        ),
        End.DETECTED,
    ),
    ("change a model's bytes", SUPERUSER, statement("UPDATE model SET content = 'x'"), End.BLOCKED),
    ("change a salt", SUPERUSER, statement("UPDATE leaf SET salt = sha256('x') WHERE leaf_id = %s", 2), End.DETECTED),
    (
        "backdate a leaf's entry",
        SUPERUSER,
        then(
            statement(
                'UPDATE leaf SET entry = replace(entry, \'"at":"2\', \'"at":"1\'), leaf_hash = sha256('
                "'\\x00'::bytea || convert_to(replace(entry, '\"at\":\"2', '\"at\":\"1'), 'UTF8')) "
                "WHERE leaf_id = %s",
                2,
            ),
            rehash,
        ),
        End.DETECTED,
    ),
    (
        "delete a decision of a batch",
        SUPERUSER,
        statement("DELETE FROM decision WHERE leaf_id = %s AND leaf_row = 2", 3),
        End.DETECTED,
    ),
    (
        "delete a decision of a batch, all hashed anew",
        SUPERUSER,
        then(statement("DELETE FROM decision WHERE leaf_id = %s AND leaf_row = 2", 3), rehash),
        End.DETECTED,
    ),
    ("delete a leaf with its decision", SUPERUSER, removal(1), End.DETECTED),
    ("delete a leaf, all hashed anew", SUPERUSER, then(removal(1), rehash), End.DETECTED),
    ("insert into a batch, all hashed anew", SUPERUSER, then(insert_into_batch, rehash), End.DETECTED),
    ("reorder two leaves", SUPERUSER, swap_positions, End.DETECTED),
    ("reorder two leaves, all hashed anew", SUPERUSER, then(swap_positions, rehash), End.DETECTED),
    ("slip a leaf in earlier, all hashed anew", SUPERUSER, then(backdate, rehash), End.DETECTED),
    (
        "change a link of the chain",
        SUPERUSER,
        statement("UPDATE ledger_position SET chain_hash = sha256('x') WHERE leaf_id = %s", 6),
        End.DETECTED,
    ),
    ("truncate the tail", SUPERUSER, removal(4, 5, 6, 7, 8), End.DETECTED),
    (
        "truncate the tail with its checkpoint",
        SUPERUSER,
        then(removal(4, 5, 6, 7, 8), statement("DELETE FROM ledger_checkpoint WHERE number = 1")),
        End.DETECTED,
    ),
    (
        "remove the whole ledger",
        SUPERUSER,
        then(removal(*range(9)), statement("DELETE FROM ledger_checkpoint")),
        End.DETECTED,
    ),
    ("edit and hash everything anew", SUPERUSER, then(statement(EDIT, 0), rehash), End.DETECTED),
    (
        "edit, hash anew, delete the checkpoints",
        SUPERUSER,
        then(statement(EDIT, 0), rehash, statement("DELETE FROM ledger_checkpoint")),
        End.DETECTED,
    ),
    (
        "edit, hash anew, sign with another key",
        SUPERUSER,
        then(statement(EDIT, 0), rehash, sign_again(STRANGER, outside=True)),
        End.DETECTED,
    ),
    (
        "edit, hash anew, sign with the stolen key",
        SUPERUSER,
        then(statement(EDIT, 0), rehash, sign_again(SIGNER, outside=False)),
        End.DETECTED,
    ),
    ("hand the key over without the key", SUPERUSER, hand_over(Pretender()), End.DETECTED),
    (
        "edit, hash anew, hand the stolen key over",
        SUPERUSER,
        then(statement(EDIT, 0), rehash, statement("DELETE FROM ledger_checkpoint"), hand_over(SIGNER)),
        End.DETECTED,
    ),
    (
        "the same, and replace the checkpoints outside",
        SUPERUSER,
        then(statement(EDIT, 0), rehash, sign_again(SIGNER, outside=True)),
        End.PROVEN,
    ),
    (
        "edit a checkpoint's body",
        SUPERUSER,
        statement("UPDATE ledger_checkpoint SET body = replace(body, '\"size\":4', '\"size\":3')"),
        End.DETECTED,
    ),
    ("delete a checkpoint", SUPERUSER, statement("DELETE FROM ledger_checkpoint WHERE number = 0"), End.DETECTED),
    ("lose the newest checkpoint outside", "the place outside", cut_outside, End.UNDETECTED),
    ("reorder the checkpoints outside", "the place outside", reorder_outside, End.DETECTED),
    # The window: appended, not yet below a checkpoint.
    ("edit a record in the window", SUPERUSER, statement(EDIT, 7), End.DETECTED),
    ("edit in the window, all hashed anew", SUPERUSER, then(statement(EDIT, 7), rehash), End.PROVEN),
    ("delete inside the window", SUPERUSER, removal(6), End.DETECTED),
    ("delete inside the window, all hashed anew", SUPERUSER, then(removal(6), rehash), End.PROVEN),
    ("delete the newest positions", SUPERUSER, removal(7), End.PROVEN),
    ("delete a waiting leaf", SUPERUSER, removal(8), End.PROVEN),
    (
        "reorder inside the window, all hashed anew",
        SUPERUSER,
        then(
            statement("UPDATE ledger_position SET position = 100 WHERE leaf_id = %s", 6),
            rehash,
        ),
        End.UNDETECTED,
    ),
    ("nothing at all, as a control", SUPERUSER, nothing, End.UNDETECTED),
)


@asynccontextmanager
async def scene_of(attacked: Ledger) -> AsyncIterator[Scene]:
    conninfo = role_conninfo(attacked.url, "postgres")
    async with (
        await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn,
        conn.transaction(force_rollback=True),
    ):
        await set_tenant(conn, attacked.tenant_id)
        yield Scene(conn, attacked, [*attacked.outside])


REFUSALS = {
    "42501": "no privilege, or another tenant's row",
    "CLR01": "append-only trigger",
    "23505": "unique key",
    "23514": "check",
}


async def perform(scene: Scene, role: str, attack: Attack) -> bool:
    """Whether the attack went through, as far as its commit."""
    try:
        async with scene.conn.transaction():
            if role.startswith("clearance_"):
                await scene.run(f"SET LOCAL ROLE {role}")
            elif role == SUPERUSER:
                cursor = await scene.conn.execute(
                    "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'"
                )
                for (table,) in await cursor.fetchall():
                    await scene.run(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
                await scene.run("SET LOCAL session_replication_role = replica")
            await attack(scene)
            await scene.run("SET CONSTRAINTS ALL IMMEDIATE")
            await scene.run("RESET ROLE")
    except psycopg.Error as error:
        if error.sqlstate not in REFUSALS:
            raise
        return False
    return True


async def examine(scene: Scene, *, receipts: bool) -> Report:
    """What a stranger finds in the export, and what the database says of its own columns."""
    lines = [json.loads(line) async for line in export_lines(scene.conn, scene.ledger.tenant_id, with_evidence=True)]
    report = verify_export(lines, SIGNER.public_key, scene.outside, scene.ledger.receipts if receipts else ())
    for altered in await altered_columns(scene.conn):
        report.found(altered)
    return report


@pytest.mark.parametrize(("name", "role", "attack", "end"), ATTACKS, ids=[f"{a[1]}: {a[0]}" for a in ATTACKS])
async def test_attack(attacked: Ledger, name: str, role: str, attack: Attack, end: End) -> None:
    async with scene_of(attacked) as scene:
        if not await perform(scene, role, attack):
            assert end is End.BLOCKED
            return
        without, together = await examine(scene, receipts=False), await examine(scene, receipts=True)
    found = (not without.holds, not together.holds)
    expected = {End.DETECTED: (True, True), End.PROVEN: (False, True), End.UNDETECTED: (False, False)}[end]
    assert found == expected, [*without.problems, *together.problems]


def test_the_table_is_wide_enough() -> None:
    assert len({(name, role) for name, role, _, _ in ATTACKS}) == len(ATTACKS) >= 30
    assert {role for _, role, _, _ in ATTACKS} >= {API, WORKER, ENGINE, SEQUENCER, OWNER, SUPERUSER}


def test_the_docs_print_this_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "ledger.md"
    table = [f"| {name} | {role.removeprefix('clearance_')} | {end.value} |" for name, role, _, end in ATTACKS]
    assert [line for line in page.read_text().splitlines() if line.startswith("| ")][-len(table) :] == table


async def test_the_untouched_ledger_holds(attacked: Ledger) -> None:
    async with scene_of(attacked) as scene:
        report = await examine(scene, receipts=True)
    assert report.problems == []
    assert (report.leaves, report.pending, report.records, report.covered) == (8, 1, 12, 6)
    assert (report.checkpoints, report.receipts) == (4, 9)


async def test_erasing_a_subject_leaves_the_ledger_verifiable(attacked: Ledger) -> None:
    async with scene_of(attacked) as scene:
        await scene.run("UPDATE subject SET wrapped_key = NULL, erased_at = now()")
        assert (await examine(scene, receipts=True)).holds


async def proof_of(attacked: Ledger, position: int) -> dict[str, Any]:
    async with scene_of(attacked) as scene:
        return await prove_decision(scene.conn, attacked.tenant_id, attacked.leaves[position].decision_id)


@pytest.mark.parametrize("position", range(6))
async def test_every_covered_decision_is_proven(attacked: Ledger, position: int) -> None:
    proof = json.loads(json.dumps(await proof_of(attacked, position)))
    assert verify_proof(proof, SIGNER.public_key).problems == []
    assert not verify_proof(proof, STRANGER.public_key).holds


@pytest.mark.parametrize("position", [6, 7, 8])
async def test_a_decision_in_the_window_is_not_provable_yet(attacked: Ledger, position: int) -> None:
    with pytest.raises(NotYetProvable):
        await proof_of(attacked, position)


async def test_a_proof_changed_in_any_byte_fails(attacked: Ledger) -> None:
    text = json.dumps(await proof_of(attacked, 3), sort_keys=True)
    accepted = []
    for index, character in enumerate(text):
        mutated = text[:index] + chr(ord(character) ^ 1) + text[index + 1 :]
        try:
            proof = json.loads(mutated)
        except ValueError:
            continue
        if verify_proof(proof, SIGNER.public_key).holds:
            accepted.append(mutated)
    assert accepted == []


@pytest.mark.parametrize(
    "part", ["record", "explanation", "evidence", "salt", "row", "row_path", "entry", "position", "path"]
)
async def test_a_proof_with_a_part_of_another_fails(attacked: Ledger, part: str) -> None:
    proof, other = await proof_of(attacked, 3), await proof_of(attacked, 1)
    proof["row_path"] = proof["row_path"] or [bytes(32).hex()]
    swapped = proof | {part: other[part] if other[part] != proof[part] else "00"}
    assert not verify_proof(swapped, SIGNER.public_key).holds


@pytest.mark.parametrize("part", ["type", "v", "record", "row_path", "path", "checkpoint"])
async def test_a_proof_that_lacks_a_part_fails(attacked: Ledger, part: str) -> None:
    proof = await proof_of(attacked, 0)
    del proof[part]
    assert not verify_proof(proof, SIGNER.public_key).holds


async def test_an_altered_tree_node_gives_no_valid_proof(attacked: Ledger) -> None:
    async with scene_of(attacked) as scene:
        await perform(scene, SUPERUSER, statement("UPDATE ledger_node SET hash = sha256('x')"))
        proof = await prove_decision(scene.conn, attacked.tenant_id, attacked.leaves[0].decision_id)
    assert not verify_proof(proof, SIGNER.public_key).holds


def test_receipts_of_others_prove_nothing(attacked: Ledger) -> None:
    forged = ledger.receipt(replace(attacked.leaves[0], leaf_hash=bytes(32)), STRANGER)
    head = {"type": "export", "v": 1, "tenant_id": str(attacked.tenant_id), "ledger": "public", "checkpoint_sizes": []}
    end = {"type": "end", "leaves": 0, "pending": 0}
    receipt = {"body": forged.body, "signature": forged.signature.hex(), "key_id": forged.key_id}
    report = verify_export([head, end], SIGNER.public_key, (), [receipt])
    assert report.problems == ["a receipt's signature is not by this key, nor by one that it named"]
    assert datetime.now(UTC) - attacked.leaves[0].created_at < timedelta(hours=1)


async def test_a_stranger_runs_the_verifier_from_a_file(attacked: Ledger, tmp_path: Path) -> None:
    async with scene_of(attacked) as scene:
        lines = [line async for line in export_lines(scene.conn, attacked.tenant_id)]
    (tmp_path / "ledger_verifier.py").write_text(VERIFIER.read_text())
    (tmp_path / "export.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "cut.jsonl").write_text("\n".join(line for line in lines if '"position":4' not in line) + "\n")
    (tmp_path / "broken.jsonl").write_text("not JSON\n")
    for name, statements in (("outside", attacked.outside), ("receipts", attacked.receipts)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(statement) + "\n" for statement in statements))
    (tmp_path / "proof.json").write_text(json.dumps(await proof_of(attacked, 3)))

    def verify(*arguments: str, key: bytes = SIGNER.public_key) -> tuple[int, str]:
        command = [sys.executable, "-I", "ledger_verifier.py", *arguments, "--key", key.hex()]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    kept = ("--checkpoints", "outside.jsonl", "--receipts", "receipts.jsonl")
    code, said = verify("export", "export.jsonl", *kept)
    assert said == (
        "12 records in 8 leaves, 6 of them below a checkpoint, 1 waiting; 4 checkpoints, 9 receipts: everything holds\n"
    )
    assert code == 0
    code, said = verify("export", "cut.jsonl", *kept)
    assert code == 1
    assert "its receipt is signed, its leaf is gone" in said
    assert verify("proof", "proof.json")[0] == 0
    assert verify("proof", "proof.json", key=STRANGER.public_key)[0] == 1
    code, said = verify("export", "broken.jsonl")
    assert (code, said) == (2, "unreadable: broken.jsonl, line 1: not JSON\n")
    assert verify("export", "absent.jsonl")[0] == 2


def test_the_verifier_is_one_file_on_its_own() -> None:
    source = VERIFIER.read_text()
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name.split(".")[0] for name in imported} - sys.stdlib_module_names == {"cryptography"}
    assert len(source.splitlines()) < 500
