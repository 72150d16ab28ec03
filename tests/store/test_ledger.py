"""Leaves get positions once, proofs hold against signed checkpoints, and tampering shows."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from explain.record import DecisionKind
from store import checkpoints, ledger, merkle
from store.decisions import DecisionUnknown, append_decision, fetch_decision
from store.ledger_export import altered_columns, export_lines, prove_decision
from store.ledger_verifier import verify_export, verify_proof
from vault.keys import Ed25519Signer, verify_signature

SIGNER = Ed25519Signer(bytes(range(32)))


async def append(world: Any, count: int, tenant_id: UUID | None = None) -> list[ledger.Leaf]:
    tenant_id = tenant_id or world.tenant_id
    subject_id = world.subject_id if tenant_id == world.tenant_id else world.other_subject_id
    leaves = []
    async with world.as_role("clearance_worker", tenant_id) as conn:
        for _ in range(count):
            decision = world.decision(tenant_id=tenant_id, subject_id=subject_id)
            key = f"w/{decision.decision_id}"
            leaves.append(await append_decision(conn, decision, key=key, sealed_evidence=b"x"))
    return leaves


async def sequence(world: Any, tenant_id: UUID | None = None, limit: int = 5000) -> int:
    async with world.as_role("clearance_sequencer", tenant_id or world.tenant_id) as conn:
        return await ledger.sequence(conn, tenant_id or world.tenant_id, limit)


async def test_leaves_are_positioned_chained_and_proven(world: Any) -> None:
    leaves = await append(world, 11)
    assert [await sequence(world, limit=4) for _ in range(4)] == [4, 4, 3, 0]
    async with world.as_role("clearance_sequencer") as conn:
        checkpoint = await checkpoints.make_checkpoint(conn, world.tenant_id, SIGNER)
        assert checkpoint.size == 11
        assert checkpoint.root == merkle.root([leaf.leaf_hash for leaf in leaves])
        chain = ledger.GENESIS
        for leaf in leaves:
            chain = sha256(chain + leaf.leaf_hash).digest()
        assert json.loads(checkpoint.body)["chain"] == chain.hex()
        for position, leaf in enumerate(leaves):
            for size in (position + 1, 11):
                proof = await ledger.prove_inclusion(conn, world.tenant_id, leaf.leaf_id, size)
                assert proof.position == position
                assert merkle.verify_inclusion(
                    leaf.leaf_hash, position, size, proof.path, await ledger.root_at(conn, world.tenant_id, size)
                )
        for old in range(1, 12):
            path = await ledger.prove_consistency(conn, world.tenant_id, old, 11)
            old_root = merkle.root([leaf.leaf_hash for leaf in leaves[:old]])
            assert merkle.verify_consistency(old, 11, old_root, checkpoint.root, path)


async def test_checkpoint_and_receipt_are_signed(world: Any) -> None:
    (leaf,) = await append(world, 1)
    await sequence(world)
    async with world.as_role("clearance_sequencer") as conn:
        checkpoint = await checkpoints.make_checkpoint(conn, world.tenant_id, SIGNER)
        assert await checkpoints.make_checkpoint(conn, world.tenant_id, SIGNER) == checkpoint
    signed = b"clearance/checkpoint/v1\n" + checkpoint.body.encode()
    assert verify_signature(SIGNER.public_key, checkpoint.signature, signed)
    assert not verify_signature(SIGNER.public_key, checkpoint.signature, signed[:-1])
    receipt = ledger.receipt(leaf, SIGNER)
    assert verify_signature(SIGNER.public_key, receipt.signature, b"clearance/receipt/v1\n" + receipt.body.encode())
    assert json.loads(receipt.body)["leaf_hash"] == leaf.leaf_hash.hex()


async def test_concurrent_sequencers_give_each_leaf_one_position(lone_world: Any) -> None:
    leaves = await append(lone_world, 30)
    counts = await asyncio.gather(*(sequence(lone_world, limit=10) for _ in range(5)))
    assert sum(counts) == 30
    with lone_world.superuser() as conn:
        rows = conn.execute("SELECT position, leaf_id FROM ledger_position ORDER BY position").fetchall()
    assert [row[0] for row in rows] == list(range(30))
    assert {row[1] for row in rows} == {leaf.leaf_id for leaf in leaves}


async def test_each_tenant_has_its_own_line(lone_world: Any) -> None:
    await append(lone_world, 2)
    await append(lone_world, 3, lone_world.other_tenant_id)
    async with lone_world.as_role("clearance_sequencer", None) as conn:
        assert set(await ledger.tenants_with_pending(conn)) == {lone_world.tenant_id, lone_world.other_tenant_id}
        assert 0 < await ledger.oldest_pending_seconds(conn) < 60
    assert await sequence(lone_world) == 2
    assert await sequence(lone_world, lone_world.other_tenant_id) == 3
    async with lone_world.as_role("clearance_sequencer", None) as conn:
        assert await ledger.tenants_with_pending(conn) == []
        assert await ledger.oldest_pending_seconds(conn) == 0
    async with lone_world.as_role("clearance_sequencer", lone_world.other_tenant_id) as conn:
        assert (await checkpoints.make_checkpoint(conn, lone_world.other_tenant_id, SIGNER)).size == 3
        assert await checkpoints.latest_checkpoint(conn, lone_world.tenant_id) is None


async def test_a_leaf_without_position_has_no_proof_yet(world: Any) -> None:
    (leaf,) = await append(world, 1)
    async with world.as_role("clearance_api") as conn:
        assert await ledger.position_of(conn, leaf.leaf_id) is None
        with pytest.raises(LookupError):
            await ledger.prove_inclusion(conn, world.tenant_id, leaf.leaf_id)


async def test_checkpoints_leave_the_database_once_and_in_order(world: Any, tmp_path: Path) -> None:
    for size in (1, 2):
        await append(world, 1)
        await sequence(world)
        async with world.as_role("clearance_sequencer") as conn:
            checkpoint = await checkpoints.make_checkpoint(conn, world.tenant_id, SIGNER)
        for _ in range(2):
            path = checkpoints.export_checkpoint(checkpoint, tmp_path / "outside")
        lines = path.read_text().splitlines()
        assert [json.loads(json.loads(line)["body"])["size"] for line in lines] == list(range(1, size + 1))


async def test_a_rewound_ledger_cannot_export_its_checkpoint(lone_world: Any, tmp_path: Path) -> None:
    await append(lone_world, 3)
    await sequence(lone_world)
    async with lone_world.as_role("clearance_sequencer") as conn:
        checkpoints.export_checkpoint(await checkpoints.make_checkpoint(conn, lone_world.tenant_id, SIGNER), tmp_path)
    with lone_world.superuser() as conn:
        for table in ("ledger_checkpoint", "ledger_position", "ledger_node"):
            conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        conn.execute("DELETE FROM ledger_checkpoint")
        conn.execute("DELETE FROM ledger_node")
        conn.execute("DELETE FROM ledger_position WHERE position > 0")
    async with lone_world.as_role("clearance_sequencer") as conn:
        rewound = await checkpoints.make_checkpoint(conn, lone_world.tenant_id, SIGNER)
    with pytest.raises(checkpoints.CheckpointConflict):
        checkpoints.export_checkpoint(rewound, tmp_path)


async def test_a_missing_node_is_noticed(lone_world: Any) -> None:
    leaves = await append(lone_world, 4)
    await sequence(lone_world)
    with lone_world.superuser() as conn:
        conn.execute("ALTER TABLE ledger_node DISABLE TRIGGER append_only")
        conn.execute("DELETE FROM ledger_node WHERE level = 1 AND index = 1")
    async with lone_world.as_role("clearance_api") as conn:
        with pytest.raises(LookupError, match="lacks nodes"):
            await ledger.prove_inclusion(conn, lone_world.tenant_id, leaves[0].leaf_id)


@pytest.mark.parametrize("role", ["clearance_api", "clearance_worker", "clearance_engine", "clearance_dispatcher"])
async def test_only_the_sequencer_positions(world: Any, role: str) -> None:
    await append(world, 1)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role(role) as conn:
            await ledger.sequence(conn, world.tenant_id)


async def test_a_leaf_whose_hash_does_not_fit_is_refused(lone_world: Any) -> None:
    await append(lone_world, 1)
    with lone_world.superuser() as conn:
        conn.execute("ALTER TABLE leaf DISABLE TRIGGER append_only")
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute("UPDATE leaf SET entry = replace(entry, '\"v\":1', '\"v\":2')")


async def test_filings_have_a_ledger_of_their_own(lone_world: Any) -> None:
    world = lone_world
    decision = world.decision(kind=DecisionKind.FILING_TRIGGER)
    for _ in range(2):
        async with world.as_role("clearance_filing") as conn:
            leaf = await append_decision(conn, decision, key="f/1", sealed_evidence=b"x", schema="filing")
    async with world.as_role("clearance_filing", None) as conn:
        assert await ledger.tenants_with_pending(conn, schema="filing") == [world.tenant_id]
    async with world.as_role("clearance_filing") as conn:
        assert await ledger.sequence(conn, world.tenant_id, schema="filing") == 1
        made = await checkpoints.make_checkpoint(conn, world.tenant_id, SIGNER, schema="filing")
        assert (await fetch_decision(conn, decision.decision_id, schema="filing")).leaf_id == leaf.leaf_id
        with pytest.raises(DecisionUnknown):
            await fetch_decision(conn, decision.decision_id)
        proof = await prove_decision(conn, world.tenant_id, decision.decision_id, schema="filing")
        assert verify_proof(proof, SIGNER.public_key).problems == []
        lines = [json.loads(line) async for line in export_lines(conn, world.tenant_id, schema="filing")]
        assert await altered_columns(conn, schema="filing") == []
    outside = [json.loads(checkpoints.checkpoint_line(made))]
    report = verify_export(lines, SIGNER.public_key, outside)
    assert (report.problems, report.records, report.covered) == ([], 1, 1)
    # A checkpoint of filings vouches for no other ledger.
    lines[0]["ledger"] = "public"
    assert not verify_export(lines, SIGNER.public_key, outside).holds
    async with world.as_role("clearance_sequencer", None) as conn:
        assert await ledger.tenants_with_pending(conn) == []
