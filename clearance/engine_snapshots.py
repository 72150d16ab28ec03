"""When a tenant's state is written beside its transactions, and how a starting engine takes it up again."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from uuid import UUID

from prometheus_client import Counter

from aml.snapshots import Contents, SnapshotUnusable
from clearance.partition import Partition, Place
from clearance.snapshots import SnapshotFolder
from store import subjects, transactions
from store.connection import Connection, Pool, tenant_transaction
from vault.keys import KeyProvider

log = logging.getLogger(__name__)

SNAPSHOT_ROWS = 20_000
"""Transactions after which a snapshot is written, at least: a second or two of rebuilding."""
SNAPSHOT_BYTES_A_ROW = 2_000
"""A large state is written more rarely, so that no more than this is written for each transaction taken."""
LEAST_AT_STOP = 1_000
"""New transactions for which a clean stop writes one: fewer are assessed again as fast."""

snapshots = Counter("clearance_engine_snapshots_total", "Engine states written, read and refused.", ["outcome"])


class SnapshotKeeper:
    """Writes one state at a time, while the engine goes on. Without a folder it keeps nothing."""

    def __init__(
        self,
        pool: Pool,
        keys: KeyProvider,
        folder: SnapshotFolder | None,
        rows: int,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        """A snapshot is due after `rows` transactions; `written` is called after each try."""
        self._pool, self._keys, self._folder, self._rows, self._written = pool, keys, folder, rows, written
        self._since: dict[UUID, int] = {}
        self._sizes: dict[UUID, int] = {}
        self._keeping: asyncio.Task[None] | None = None

    def count(self, tenant_id: UUID, taken: int) -> None:
        """That so many transactions were taken."""
        self._since[tenant_id] = self._since.get(tenant_id, 0) + taken

    def rebuilt(self, tenant_id: UUID, assessed: int) -> None:
        """That the state was made anew, from its snapshot and so many transactions."""
        self._since[tenant_id] = assessed

    def due(self, tenant_id: UUID) -> bool:
        if self._folder is None or (self._keeping is not None and not self._keeping.done()):
            return False
        rows = max(self._rows, self._sizes.get(tenant_id, 0) // SNAPSHOT_BYTES_A_ROW)
        return self._since.get(tenant_id, 0) >= rows

    def keep(self, tenant_id: UUID, partition: Partition | None) -> None:
        """Copy the tenant's state if it is what is stored, and write the copy while the engine goes on."""
        if self._folder is None or partition is None or partition.place is None or partition.uncommitted:
            return
        self._since[tenant_id] = 0
        self._keeping = asyncio.create_task(self._write(self._folder, tenant_id, partition.copied()))

    async def keep_all(self, partitions: Mapping[UUID, Partition]) -> None:
        """Before a stop: of each tenant that took enough since its last snapshot."""
        for tenant_id, partition in partitions.items():
            await self.kept()
            if self._since.get(tenant_id, 0) >= min(LEAST_AT_STOP, self._rows):
                self.keep(tenant_id, partition)
        await self.kept()

    async def take_up(self, connection: Connection, tenant_id: UUID, partition: Partition) -> Place | None:
        """Bring a new partition to where the tenant's snapshot was; None, and nothing changed, where none fits."""
        if self._folder is None:
            return None
        try:
            data_key = await self._data_key(connection, tenant_id)
            contents = await asyncio.to_thread(self._folder.read, tenant_id, data_key)
            if contents is None:
                return None
            place = Place(contents.facts["ingest_seq"], UUID(contents.facts["decision_id"]))
            if await transactions.decision_at(connection, place.ingest_seq) != place.decision_id:
                raise SnapshotUnusable("the snapshot was made from transactions that the database does not hold")
            await asyncio.to_thread(partition.take_up, contents)
        except SnapshotUnusable as refused:
            log.warning("tenant %s is rebuilt from all its transactions: %s", tenant_id, refused)
            snapshots.labels(outcome="refused").inc()
            return None
        except (subjects.SubjectErased, subjects.SubjectUnknown):
            log.warning("tenant %s is rebuilt from all its transactions: its own key is gone", tenant_id)
            await asyncio.to_thread(self._folder.remove, tenant_id)
            return None
        snapshots.labels(outcome="taken_up").inc()
        return place

    async def _write(self, folder: SnapshotFolder, tenant_id: UUID, contents: Contents) -> None:
        """What goes wrong costs time at the next start, and nothing else."""
        started = time.perf_counter()
        try:
            async with tenant_transaction(self._pool, tenant_id) as connection:
                data_key = await self._data_key(connection, tenant_id)
            self._sizes[tenant_id] = size = await asyncio.to_thread(folder.write, tenant_id, data_key, contents)
        except subjects.SubjectErased:
            await asyncio.to_thread(folder.remove, tenant_id)
            log.warning("no snapshot of tenant %s: its own key is gone", tenant_id)
        except Exception:
            log.exception("no snapshot of tenant %s was written", tenant_id)
            snapshots.labels(outcome="failed").inc()
        else:
            snapshots.labels(outcome="written").inc()
            took = time.perf_counter() - started
            log.info("snapshot of tenant %s: %d bytes in %.1f s", tenant_id, size, took)
        self._written()

    async def kept(self) -> None:
        """Until the snapshot that is being written is there."""
        if self._keeping is not None:
            await asyncio.shield(self._keeping)

    async def _data_key(self, connection: Connection, tenant_id: UUID) -> bytes:
        """The tenant's own."""
        return self._keys.unwrap(tenant_id, await subjects.fetch_wrapped_key(connection, tenant_id))
