"""Who owns a tenant: one engine, proved by an advisory lock that lives as long as a connection of its own.

Separate from the engine because a lost connection loses all of it, and it has to be taken again.
"""

from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from store.connection import Connection

LOCK_SPACE = 0x636C72
"""The first half of the advisory locks' key: other locks in the database use another."""


class PartitionTaken(Exception):
    """Another engine owns a tenant of this partition. Stop it, or give this one other tenants."""


class Ownership:
    """Of tenants, by a connection in autocommit that is used for nothing else."""

    def __init__(self, lock: Connection) -> None:
        """Whoever opened `lock` closes it; what takes its place after it was lost, `close` closes."""
        self._lock = self._given = lock
        self._conninfo = make_conninfo(lock.info.dsn, password=lock.info.password or None)

    async def claim(self, tenant_id: UUID) -> None:
        """Raises `PartitionTaken`, and `psycopg.OperationalError` where the connection is lost."""
        cursor = await self._lock.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_SPACE, str(tenant_id)))
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise PartitionTaken(f"another engine owns tenant {tenant_id}: stop it, or set CLEARANCE_TENANTS")

    async def stands(self) -> bool:
        """Whether what was claimed is still ours."""
        try:
            await self._lock.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    async def reconnect(self) -> None:
        """Another connection, which owns nothing yet. Raises `psycopg.OperationalError`."""
        fresh = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        await self.close()
        self._lock = fresh

    async def close(self) -> None:
        if self._lock is not self._given:
            await self._lock.close()
