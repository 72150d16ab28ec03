"""An engine in a process of its own that dies at a chosen boundary: `python engine_process.py JSON`.

Prints the id of every transaction that was answered, one a line, as soon as it is answered.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from psycopg import AsyncConnection

from clearance.engine import StreamingEngine
from clearance.snapshots import SnapshotFolder
from explain.registry import load
from store.connection import open_pool, role_conninfo
from tests.faults.world import SNAPSHOT_ROWS, batches
from vault.keys import FileKeyProvider


async def run(url: str, keys: str, models: str, tenant: str, boundary: str, visit: int, snapshots: str) -> None:
    from uuid import UUID

    visits = 0

    def passed(name: str) -> None:
        nonlocal visits
        visits += name == boundary
        if name == boundary and visits == visit:
            os._exit(9)

    pool = await open_pool(url, "clearance_engine")
    lock = await AsyncConnection.connect(role_conninfo(url, "clearance_engine"), autocommit=True)
    engine = StreamingEngine(
        pool,
        lock,
        FileKeyProvider(Path(keys)),
        load(Path(models) / "transactions"),
        (),
        passed,
        SnapshotFolder(Path(snapshots)) if snapshots else None,
        SNAPSHOT_ROWS,
    )
    await engine.start()
    for batch in batches():
        for answer in await engine.submit(UUID(tenant), batch):
            os.write(1, f"{answer.transaction_id}\n".encode())
        await engine._keeper.kept()
    await engine.stop()
    await lock.close()
    await pool.close()


if __name__ == "__main__":
    asyncio.run(run(**json.loads(sys.argv[1])))
