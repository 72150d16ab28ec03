"""An engine that is killed at any boundary loses nothing it answered, and rebuilds bit-identically."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection

import jurisdictions
from api.services import EngineRebuilding
from clearance.engine import Boundary, StreamingEngine
from clearance.engine_ownership import LOCK_SPACE, Ownership, PartitionTaken
from clearance.keyring import KeyName, Keyring, create_missing_keys
from clearance.partition import UNKNOWN_ACCOUNT, Partition
from clearance.rates import RatesFolder
from clearance.settings import REPOSITORY, Settings
from clearance.snapshots import SnapshotFolder
from clearance.tenancy import add_tenant
from explain.attribution import TreeModel
from explain.registry import load
from jurisdictions.monitoring import monitoring_parameters
from store.connection import Pool, open_pool, role_conninfo, tenant_transaction
from store.transactions import iterate_for_rebuild, transaction_of
from tests.conftest import Database
from tests.faults.world import SIZE, SNAPSHOT_ROWS, assert_identical, batches, world
from vault.keys import FileKeyProvider

BOUNDARIES = ("before_push", "after_push", "before_commit", "after_commit", "before_answer")
PROBES = 2 * SIZE
"""The last transactions of the world are never stored: they are pushed into both engines to compare their states."""


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, admin_database_url=database.url, database_url=database.url)
    create_missing_keys(settings.secrets_folder)
    return settings


def run_until_killed(
    settings: Settings, tenant: UUID, boundary: str, visit: int, snapshots: Path | None = None
) -> tuple[int, list[str]]:
    arguments = {
        "url": settings.database_url,
        "keys": str(Keyring(settings.secrets_folder).path(KeyName.MASTER)),
        "models": str(settings.models),
        "tenant": str(tenant),
        "boundary": boundary,
        "visit": visit,
        "snapshots": str(snapshots or ""),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.engine_process", json.dumps(arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode in (0, 9), done.stderr
    return done.returncode, done.stdout.split()


@asynccontextmanager
async def running_engine(
    settings: Settings,
    boundary: Boundary = lambda _: None,
    snapshots: SnapshotFolder | None = None,
    rates: RatesFolder | None = None,
) -> AsyncIterator[tuple[StreamingEngine, Pool]]:
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
    conninfo = role_conninfo(settings.database_url, "clearance_engine")
    pool = await open_pool(settings.database_url, "clearance_engine")
    try:
        async with await AsyncConnection.connect(conninfo, autocommit=True) as lock:
            model = load(settings.models / "transactions")
            engine = StreamingEngine(pool, lock, keys, model, (), boundary, snapshots, SNAPSHOT_ROWS, rates)
            await engine.start()
            try:
                yield engine, pool
            finally:
                await engine.stop()
    finally:
        await pool.close()


def counted(settings: Settings, query: str) -> int:
    with psycopg.connect(settings.admin_database_url) as admin:
        row = admin.execute(query).fetchone()
    assert row is not None
    return row[0]


def reference(rows: list, settings: Settings) -> Partition:
    """A partition that was never killed: fed once, in one batch, with what is stored."""
    artifact = load(settings.models / "transactions")
    regime = jurisdictions.regime("US", rows[0].booked_at.date())
    partition = Partition(regime, monitoring_parameters(regime), artifact, TreeModel.from_text(artifact.content))
    partition.assess([transaction_of(row) for row in rows], [UNKNOWN_ACCOUNT in row.flags for row in rows])
    return partition


@pytest.mark.parametrize("boundary", BOUNDARIES)
async def test_a_killed_engine_keeps_what_it_answered_and_rebuilds_bit_identically(
    settings: Settings, boundary: str
) -> None:
    tenant = await add_tenant(settings, "Killed", "US")
    status, answered = run_until_killed(settings, tenant.tenant_id, boundary, visit=4)
    assert status == 9
    assert len(answered) == 3 * SIZE

    async with running_engine(settings) as (engine, pool):
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant.tenant_id)]
        probes = world()[-PROBES:]
        rebuilt = engine._partitions[tenant.tenant_id].assess(probes, [True] * PROBES)

    stored = [row.transaction_id for row in rows]
    committed = 4 if boundary in ("after_commit", "before_answer") else 3
    assert stored == [t.transaction_id for t in world()[: committed * SIZE]]
    assert set(answered) <= set(stored)
    assert [row.ingest_seq for row in rows] == list(range(len(rows)))
    alerts = counted(settings, "SELECT count(*) FROM alert")
    assert counted(settings, "SELECT count(*) FROM decision") == len(rows) + alerts
    assert counted(settings, "SELECT count(*) FROM outbox") == alerts

    assert_identical(rebuilt, reference(rows, settings).assess(probes, [True] * PROBES))


async def test_what_was_not_answered_can_be_sent_again_and_counts_once(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Again", "US")
    run_until_killed(settings, tenant.tenant_id, "before_answer", visit=2)
    async with running_engine(settings) as (engine, _):
        first = await engine.submit(tenant.tenant_id, batches()[0])
        again = await engine.submit(tenant.tenant_id, batches()[1])
        fresh = await engine.submit(tenant.tenant_id, batches()[2])
    assert [answer.status for answer in again] == ["duplicate"] * SIZE
    assert all(answer.decision_id for answer in again)
    raised = {answer.alert_id for answer in (*first, *again)} - {None}
    assert len(raised) == counted(
        settings,
        "SELECT count(*) FROM alert WHERE transaction_id IN "
        f"(SELECT transaction_id FROM transaction WHERE ingest_seq < {2 * SIZE})",
    )
    assert raised
    assert [answer.status for answer in fresh] == ["accepted"] * SIZE


async def test_a_second_owner_refuses_to_start(settings: Settings) -> None:
    await add_tenant(settings, "Owned", "US")
    async with running_engine(settings):
        with pytest.raises(PartitionTaken, match="another engine owns tenant"):
            async with running_engine(settings):
                pass
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
        assert counted(settings, f"{held}{LOCK_SPACE}") == 1


async def test_a_failed_commit_answers_503_keeps_nothing_and_recovers(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Failing", "US")
    async with running_engine(settings) as (engine, _):
        await engine.submit(tenant.tenant_id, batches()[0])
        with psycopg.connect(settings.admin_database_url, autocommit=True) as admin:
            admin.execute("ALTER TABLE leaf RENAME TO leaf_away")
            with pytest.raises(EngineRebuilding):
                await engine.submit(tenant.tenant_id, batches()[1])
            admin.execute("ALTER TABLE leaf_away RENAME TO leaf")
        assert counted(settings, "SELECT count(*) FROM transaction") == SIZE
        answers = await engine.submit(tenant.tenant_id, batches()[1])
    assert [answer.status for answer in answers] == ["accepted"] * SIZE
    assert counted(settings, "SELECT count(*) FROM transaction") == 2 * SIZE


@pytest.mark.parametrize("lost", ["all connections", "the owning one"])
async def test_an_engine_whose_connections_were_cut_owns_its_tenants_again_and_goes_on(
    settings: Settings, lost: str
) -> None:
    """As a database that was started anew does; what it answers afterwards is what it would have answered."""
    tenant = await add_tenant(settings, "Cut off", "US")
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'clearance_engine'"
    if lost == "the owning one":
        cut += " AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
    async with running_engine(settings) as (engine, pool):
        await engine.submit(tenant.tenant_id, batches()[0])
        assert await engine.ready()
        assert counted(settings, cut) >= 1
        assert await engine.ready(), "it takes them again"
        assert engine._partitions == {}, "anybody may have written meanwhile"
        for _ in range(6):  # the pool may still hand out some that were cut
            try:
                answers = await engine.submit(tenant.tenant_id, batches()[1])
                break
            except EngineRebuilding:
                assert lost == "all connections"
        assert {answer.status for answer in answers} == {"accepted"}
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
        assert counted(settings, f"{held}{LOCK_SPACE}") == 1
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant.tenant_id)]
        probes = world()[-PROBES:]
        ours = engine._partitions[tenant.tenant_id].assess(probes, [True] * PROBES)
    assert [row.transaction_id for row in rows] == [t.transaction_id for t in world()[: 2 * SIZE]]
    assert_identical(ours, reference(rows, settings).assess(probes, [True] * PROBES))


async def test_an_engine_that_another_took_the_tenants_of_says_so(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Taken over", "US")
    async with running_engine(settings) as (engine, _):
        await engine.submit(tenant.tenant_id, batches()[0])
        conninfo = role_conninfo(settings.database_url, "clearance_engine")
        with psycopg.connect(settings.admin_database_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        async with await AsyncConnection.connect(conninfo, autocommit=True) as other:
            await Ownership(other).claim(tenant.tenant_id)
            assert not await engine.ready()
            with pytest.raises(EngineRebuilding, match="PartitionTaken"):
                await engine.submit(tenant.tenant_id, batches()[1])
            assert counted(settings, "SELECT count(*) FROM transaction") == SIZE
        answers = await engine.submit(tenant.tenant_id, batches()[1])
    assert {answer.status for answer in answers} == {"accepted"}
