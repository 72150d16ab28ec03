"""Two engines and two histories on a Ray of this machine: killed, they go on, and nothing of it shows."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from aml.files import FileUnreadable
from aml.generator import generate
from aml.generator.payments import write_csv
from aml.transaction import Transaction
from api.services import EngineRebuilding, EngineSilent
from clearance.cluster import Chain, connect, monitor_tenants, run_chain, run_chains
from clearance.engine_ownership import LOCK_SPACE
from clearance.http import serve_engine
from clearance.keyring import create_missing_keys
from clearance.ray_engines import CALLS_AT_ONCE, EngineCluster, shares
from clearance.settings import Settings
from clearance.tenancy import NewTenant, add_tenant
from clearance.trust import approve_shipped, approved_models
from store.connection import open_pool, tenant_transaction
from store.transactions import iterate_for_rebuild
from tests.conftest import Database
from tests.faults.test_engine_killed import counted
from tests.faults.world import SIZE, batches, world

pytest.importorskip("ray", reason="Ray is not installed: pip install 'clearance[cluster]'")


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (as `connect` has it)
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


def settings_of(database: Database, home: Path, **others: Any) -> Settings:
    settings = Settings(home=home, admin_database_url=database.url, database_url=database.url, **others)
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
    async with asyncio.timeout(300):
        await cluster.start()
        sent = batches()[:5]
        for batch in sent[:2]:
            await asyncio.gather(*(cluster.submit(tenant_id, batch) for tenant_id in (killed, spared)))
        held = "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
        assert counted(settings, f"{held}{LOCK_SPACE}") == 2
        under_way = asyncio.create_task(cluster.submit(killed, sent[2]))
        os.kill(await cluster._actors[0].process.remote(), signal.SIGKILL)
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


def test_a_tenant_always_falls_to_the_same_of_as_many_engines() -> None:
    tenants = [UUID(int=number) for number in range(50)]
    parts = shares(4)
    assert [sum(tenant in part for part in parts) for tenant in tenants] == [1] * 50
    assert all(any(tenant in part for tenant in tenants) for part in parts)
    few = shares(4, tenants[:2])
    assert [sum(tenant in part for part in few) for tenant in tenants] == [1, 1] + [0] * 48
    assert all(
        (tenant in part) == (tenant in some) for tenant in tenants[:2] for part, some in zip(parts, few, strict=True)
    )


async def test_a_tenant_of_no_engine_is_refused(ray: Any, tmp_path: Path) -> None:
    with pytest.raises(EngineRebuilding, match="no engine of this cluster owns the tenant"):
        await EngineCluster(ray, Settings(home=tmp_path), []).submit(UUID(int=1), [])


async def test_http_does_not_notice_that_engines_are_actors_and_that_one_is_killed(
    ray: Any, database: Database, tmp_path: Path
) -> None:
    """Tenants of two engines are sent the same over HTTP; one's engine is killed twice: before an answer, and idle."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = settings_of(database, tmp_path, engine_port=port, ray_address="local", ray_engines=2)
    approve_shipped(approved_models(settings), settings.secrets_folder)
    at_home: dict[int, NewTenant] = {}
    while len(at_home) < 2:
        tenant = await add_tenant(settings, "Somebody", "US")
        at_home.setdefault(next(p for p, part in enumerate(shares(2)) if tenant.tenant_id in part), tenant)
    killed, spared = at_home[0], at_home[1]
    sent = batches()[:5]
    told: dict[UUID, list[list[dict[str, Any]]]] = {killed.tenant_id: [], spared.tenant_id: []}
    async with asyncio.timeout(400), serve_engine(settings) as ready, httpx.AsyncClient(timeout=60) as client:

        async def post(tenant: NewTenant, batch: list[Transaction]) -> None:
            """As a client does: what is answered 503 is sent again when it is told to."""
            headers = {"Authorization": f"Bearer {tenant.api_key}"}
            while True:
                answer = await client.post(
                    f"http://127.0.0.1:{port}/v1/transactions", json=[sent_as(t) for t in batch], headers=headers
                )
                if answer.status_code != 503:
                    break
                assert answer.json()["code"] in ("ENGINE_REBUILDING", "ENGINE_SILENT")
                await asyncio.sleep(int(answer.headers["Retry-After"]) / 10)
            assert answer.status_code in (200, 207), answer.text
            told[tenant.tenant_id].append(answer.json()["results"])

        async def ready_over_http() -> int:
            return (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code

        assert await ready()
        assert await ready_over_http() == 200
        [engine, _] = ready.__self__._actors  # type: ignore[attr-defined]
        for batch in sent[:2]:
            await asyncio.gather(post(killed, batch), post(spared, batch))
        held = "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
        assert counted(settings, f"{held}{LOCK_SPACE}") == 2
        process = await engine.process.remote()
        under_way = asyncio.create_task(post(killed, sent[2]))
        await asyncio.sleep(0.02)
        os.kill(process, signal.SIGKILL)
        assert await asyncio.gather(ready(), ready_over_http()) == [False, 503]  # at once: it is back in seconds
        await post(spared, sent[2])  # while the other is away
        await under_way
        while not await ready():
            await asyncio.sleep(0.1)
        os.kill(await engine.process.remote(), signal.SIGKILL)
        for batch in sent[3:]:
            await asyncio.gather(post(killed, batch), post(spared, batch))
        late = await add_tenant(settings, "Came later", "US")
        told[late.tenant_id] = []
        await post(late, sent[0])

    def said(tenant: NewTenant) -> list[tuple[Any, ...]]:
        return [
            (each["transaction_id"], each["score"], each["typologies"], each["flags"], bool(each["alert_id"]))
            for answer in told[tenant.tenant_id]
            for each in answer
        ]

    assert said(killed) == said(spared)
    assert said(late) == said(spared)[:SIZE]
    assert {each["status"] for answer in told[spared.tenant_id] for each in answer} == {"accepted"}
    pool = await open_pool(settings.database_url, "clearance_engine")
    for tenant, batches_sent in ((killed, 5), (spared, 5), (late, 1)):
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant.tenant_id)]
        assert [row.transaction_id for row in rows] == [t.transaction_id for t in world()[: batches_sent * SIZE]]
        assert [row.ingest_seq for row in rows] == list(range(len(rows)))
        scored = f"FROM decision WHERE tenant_id = '{tenant.tenant_id}' AND about LIKE 'transaction:%'"
        assert counted(settings, f"SELECT count(*) {scored}") == len(rows)
        assert counted(settings, f"SELECT count(DISTINCT about) {scored}") == len(rows)
        answered = {each["decision_id"] for answer in told[tenant.tenant_id] for each in answer}
        assert answered == {str(row.decision_id) for row in rows}
    await pool.close()


def sent_as(t: Transaction) -> dict[str, Any]:
    """A transaction as JSON has it."""
    optional = {
        name: value
        for name in ("debtor_country", "creditor_country", "purpose", "debtor_bank", "creditor_bank", "branch")
        if (value := getattr(t, name)) is not None
    }
    return {
        "transaction_id": t.transaction_id,
        "booked_at": t.booked_at.isoformat(),
        "debtor_account": t.debtor_account,
        "creditor_account": t.creditor_account,
        "money": {"amount": str(t.money.amount), "currency": t.money.currency},
        "channel": t.channel.value,
        **optional,
    }


async def test_what_is_too_much_for_an_engine_is_told_to_come_again(ray: Any, tmp_path: Path) -> None:
    cluster = EngineCluster(ray, Settings(home=tmp_path), shares(1), patience=0.05)
    tenant = UUID(int=1)
    with pytest.raises(EngineSilent):  # it cannot start: there is no database
        await cluster.submit(tenant, [])
    cluster._under_way[0] = CALLS_AT_ONCE
    with pytest.raises(EngineRebuilding, match="too many requests wait"):
        await cluster.submit(tenant, [])
    ray.kill(cluster._actors[0])


def test_sources_are_named_when_they_cannot_be_run(ray: Any, tmp_path: Path) -> None:
    settings, output = Settings(home=tmp_path), tmp_path / "alerts"
    twice = [tmp_path / "a" / "t.csv", tmp_path / "b" / "t.csv"]
    with pytest.raises(ValueError, match="two of the sources have the same name"):
        list(monitor_tenants(settings, twice, output, "", "US", 7.0))
    with pytest.raises(FileUnreadable, match=r"t\.csv") as refused:
        list(monitor_tenants(settings, twice[:1], output, "", "US", 7.0))
    assert "Traceback" not in str(refused.value)
