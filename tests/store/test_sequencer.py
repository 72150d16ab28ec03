"""The sequencer as a service runs it: within a second, for both ledgers, and loud when a ledger was rewound."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from clearance.keyring import create_missing_keys
from clearance.sequencer import FILING, PUBLIC, checkpoint_all, open_line, sequence_all, sequencing
from clearance.settings import Settings
from explain.record import DecisionKind
from store import checkpoints, ledger
from store.decisions import append_decision

ROLES = {PUBLIC: "clearance_worker", FILING: "clearance_filing"}


@pytest.fixture
def settings(lone_world: Any, tmp_path: Path) -> Settings:
    create_missing_keys(tmp_path / "secrets")
    return Settings(home=tmp_path, database_url=lone_world.url)


async def append(world: Any, schema: str) -> ledger.Leaf:
    async with world.as_role(ROLES[schema]) as conn:
        decision = world.decision(kind=DecisionKind.FILING_TRIGGER)
        key = f"w/{decision.decision_id}"
        return await append_decision(conn, decision, key=key, sealed_evidence=b"x", schema=schema)


async def position(world: Any, leaf: ledger.Leaf, schema: str) -> int | None:
    async with world.as_role("clearance_filing" if schema == FILING else "clearance_sequencer") as conn:
        return await ledger.position_of(conn, leaf.leaf_id, schema=schema)


def kept(folder: Path, world: Any, schema: str) -> list[dict[str, Any]]:
    path = folder / f"{world.tenant_id}.{schema}.checkpoints.jsonl"
    return [json.loads(json.loads(line)["body"]) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("schema", [PUBLIC, FILING])
async def test_a_leaf_has_its_place_within_a_second_and_its_checkpoint_outside(
    lone_world: Any, settings: Settings, schema: str
) -> None:
    folder = settings.filing_checkpoint_folder if schema == FILING else settings.checkpoint_folder
    async with open_line(settings, schema) as line, sequencing(line) as ready:
        leaf = await append(lone_world, schema)
        async with asyncio.timeout(3.0):
            while await position(lone_world, leaf, schema) is None:
                await asyncio.sleep(0.02)
        async with asyncio.timeout(5.0):
            while not kept(folder, lone_world, schema):
                await asyncio.sleep(0.05)
        assert await ready()
        late = await append(lone_world, schema)
    assert await position(lone_world, late, schema) == 1
    assert [body["size"] for body in kept(folder, lone_world, schema)] == [1, 2]
    assert {body["ledger"] for body in kept(folder, lone_world, schema)} == {schema}
    assert REGISTRY.get_sample_value("clearance_ledger_oldest_pending_seconds", {"ledger": schema}) == 0.0


@pytest.mark.parametrize(("schema", "foreign"), [(PUBLIC, "filing-ledger"), (FILING, "ledger")])
async def test_neither_side_needs_the_others_key(settings: Settings, schema: str, foreign: str) -> None:
    (settings.secrets_folder / foreign).unlink()
    async with open_line(settings, schema) as line:
        assert await sequence_all(line.pool, schema) == 0


async def test_the_two_ledgers_are_sequenced_apart(lone_world: Any, settings: Settings) -> None:
    main, apart = await append(lone_world, PUBLIC), await append(lone_world, FILING)
    async with open_line(settings) as line:
        assert await sequence_all(line.pool) == 1
    assert (await position(lone_world, main, PUBLIC), await position(lone_world, apart, FILING)) == (0, None)
    async with open_line(settings, FILING) as line:
        assert await sequence_all(line.pool, FILING) == 1
    assert await position(lone_world, apart, FILING) == 0


async def test_two_who_checkpoint_at_once_write_each_checkpoint_once_and_in_order(
    lone_world: Any, settings: Settings
) -> None:
    async with open_line(settings) as first, open_line(settings) as second:
        for _ in range(6):
            await append(lone_world, PUBLIC)
            await sequence_all(first.pool)
            await asyncio.gather(checkpoint_all(first), checkpoint_all(second))
    assert [body["number"] for body in kept(settings.checkpoint_folder, lone_world, PUBLIC)] == list(range(6))


async def test_a_rewound_ledger_stops_the_sequencer(lone_world: Any, settings: Settings) -> None:
    await append(lone_world, PUBLIC)
    async with open_line(settings) as line:
        await sequence_all(line.pool)
        await checkpoint_all(line)
        with lone_world.superuser() as conn:
            conn.execute("SET session_replication_role = replica")
            for table in ("ledger_checkpoint", "ledger_node", "ledger_position"):
                conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
                conn.execute(f"DELETE FROM {table}")
        stopped = False
        with suppress(checkpoints.CheckpointConflict):
            async with sequencing(line) as ready, asyncio.timeout(5.0):
                while await ready():
                    await asyncio.sleep(0.05)
                stopped = True
        assert stopped
        with pytest.raises(checkpoints.CheckpointConflict):
            await checkpoint_all(line)
