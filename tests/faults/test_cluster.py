"""Two engines and two histories on a Ray of this machine: killed, they go on, and nothing of it shows."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from aml.files import FileUnreadable
from aml.generator import generate
from aml.generator.payments import write_csv
from api.services import EngineRebuilding
from clearance.cluster import Chain, EngineCluster, connect, monitor_tenants, partitions, run_chain, run_chains
from clearance.engine import LOCK_SPACE
from clearance.keyring import create_missing_keys
from clearance.settings import Settings
from clearance.tenancy import add_tenant
from store.connection import open_pool, tenant_transaction
from store.transactions import iterate_for_rebuild
from tests.conftest import Database
from tests.faults.test_engine_killed import counted
from tests.faults.world import SIZE, batches, world

pytest.importorskip("ray", reason="Ray is not installed: pip install 'clearance[cluster]'")


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    before = signal.getsignal(signal.SIGTERM)
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
        object_store_memory=80 * 1024 * 1024,
    )  # fmt: skip
    yield connect(None)
    ray.shutdown()
    signal.signal(signal.SIGTERM, before)


def processes(task: str) -> list[int]:
    """Of the workers of this Ray that run this task."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if (process / "cmdline").read_text().startswith(f"ray::{task}"):
                found.append(int(process.name))
        except (OSError, ValueError):
            continue
    return found


def settings_of(database: Database, home: Path) -> Settings:
    settings = Settings(home=home, admin_database_url=database.url, database_url=database.url)
    create_missing_keys(settings.secrets_folder)
    return settings


async def test_an_engine_that_is_killed_is_started_again_and_counts_nothing_twice(
    ray: Any, database: Database, tmp_path: Path
) -> None:
    """Two tenants are sent the same; one's engine is killed on the way: they must not differ in anything."""
    settings = settings_of(database, tmp_path)
    killed = (await add_tenant(settings, "Killed", "US")).tenant_id
    spared = (await add_tenant(settings, "Spared", "US")).tenant_id
    cluster = EngineCluster(ray, settings, [(killed,), (spared,)], settings.models / "transactions")
    async with asyncio.timeout(120):
        await cluster.start()
        sent = batches()[:5]
        for batch in sent[:2]:
            await asyncio.gather(*(cluster.submit(tenant_id, batch) for tenant_id in (killed, spared)))
        held = "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
        assert counted(settings, f"{held}{LOCK_SPACE}") == 2
        under_way = asyncio.create_task(cluster.submit(killed, sent[2]))
        os.kill(await cluster._of[killed].process.remote(), signal.SIGKILL)
        await asyncio.gather(under_way, cluster.submit(spared, sent[2]))
        again = await cluster.submit(killed, sent[2])
        later = [await asyncio.gather(*(cluster.submit(t, batch) for t in (killed, spared))) for batch in sent[3:]]
        await cluster.stop()
    assert {answer.status for answer in again} == {"duplicate"}
    for ours, theirs in later:
        assert [(a.transaction_id, a.score, a.typologies, a.flags, bool(a.alert_id)) for a in ours] == [
            (a.transaction_id, a.score, a.typologies, a.flags, bool(a.alert_id)) for a in theirs
        ]
    pool = await open_pool(settings.database_url, "clearance_engine")
    for tenant_id in (killed, spared):
        async with tenant_transaction(pool, tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant_id)]
        assert [row.transaction_id for row in rows] == [t.transaction_id for t in world()[: 5 * SIZE]]
    await pool.close()


def test_a_history_that_is_killed_goes_on_and_writes_the_same_alerts(ray: Any, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    chains = []
    for seed in (1, 2):
        source = tmp_path / f"{seed}.csv"
        payments = generate(seed, people=200, days=40, currency="USD", threshold=Decimal(10_000))
        write_csv(source, payments)
        chains.append(Chain(source, tmp_path / f"{seed}.jsonl", tmp_path / f"{seed}.checkpoint", "US", slice_days=1))
    alone = Chain(chains[0].source, tmp_path / "alone.jsonl", tmp_path / "alone.checkpoint", "US")
    expected = run_chain(settings, alone)

    results = run_chains(ray, settings, chains)
    with ThreadPoolExecutor(1) as waiting:
        found = waiting.submit(list, results)
        deadline = time.monotonic() + 60
        while not chains[0].checkpoint.exists():
            assert time.monotonic() < deadline, "no checkpoint was written"
            time.sleep(0.005)
        workers = processes("run_chain")
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        assert workers, "nothing was killed: this test shows nothing"
        ran = {each.source: each for each in found.result(timeout=120)}

    assert ran.keys() == {chain.source for chain in chains}
    first = ran[chains[0].source]
    assert (first.transactions, first.alerts, first.hits) == (expected.transactions, expected.alerts, expected.hits)
    assert expected.alerts > 0
    assert chains[0].output.read_bytes() == alone.output.read_bytes()
    assert not any(chain.checkpoint.exists() for chain in chains)


def test_a_tenant_always_falls_to_the_same_of_as_many_partitions() -> None:
    tenants = [UUID(int=number) for number in range(50)]
    parts = partitions(tenants, 4)
    assert parts == partitions(reversed(tenants), 4)
    assert sorted(tenant for part in parts for tenant in part) == tenants
    assert len(parts) == 4
    fewer = partitions(tenants[:-1], 4)
    assert [part for part in parts if tenants[-1] not in part] == [p for p in fewer if p in parts]
    assert partitions(tenants[:1], 4) == [(tenants[0],)]


async def test_a_tenant_of_no_engine_is_refused(ray: Any, tmp_path: Path) -> None:
    with pytest.raises(EngineRebuilding, match="no engine of this cluster owns the tenant"):
        await EngineCluster(ray, Settings(home=tmp_path), []).submit(UUID(int=1), [])


def test_sources_are_named_when_they_cannot_be_run(ray: Any, tmp_path: Path) -> None:
    settings, output = Settings(home=tmp_path), tmp_path / "alerts"
    twice = [tmp_path / "a" / "t.csv", tmp_path / "b" / "t.csv"]
    with pytest.raises(ValueError, match="two of the sources have the same name"):
        list(monitor_tenants(settings, twice, output, "", "US", 7.0))
    with pytest.raises(FileUnreadable, match=r"t\.csv") as refused:
        list(monitor_tenants(settings, twice[:1], output, "", "US", 7.0))
    assert "Traceback" not in str(refused.value)
