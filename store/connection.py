"""Connections, and the two kinds of transaction: for one tenant, or for a service whose policies let it see all.

Separate because row-level security stands or falls with the tenant being set in every transaction.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[Any]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]
Row = TypeVar("Row")


def role_conninfo(url: str, role: str, password: str | None = None) -> str:
    """`url` with the role as its user (and its password, where one is given) and sessions in UTC."""
    return make_conninfo(url, user=role, password=password, options="-c timezone=UTC", application_name=role)


async def open_pool(
    url: str,
    role: str,
    *,
    password: str | None = None,
    min_size: int = 1,
    max_size: int = 4,
    wait_seconds: float = 10.0,
) -> Pool:
    """An open pool of connections under `role`; the caller closes it. Waits for the first connections.

    Raises `psycopg_pool.PoolTimeout` where the database cannot be reached within `wait_seconds`.
    """
    pool: Pool = AsyncConnectionPool(
        role_conninfo(url, role, password),
        min_size=min_size,
        max_size=max_size,
        timeout=wait_seconds,
        kwargs={"autocommit": True},
        name=role,
        open=False,
    )
    await pool.open(wait=True, timeout=wait_seconds)
    return pool


_BEGIN = sql.SQL("BEGIN; SELECT set_config('clearance.tenant', {}, true)")


async def set_tenant(conn: Connection, tenant_id: UUID) -> None:
    """The tenant of what follows in the present transaction."""
    await conn.execute("SELECT set_config('clearance.tenant', %s, true)", (str(tenant_id),))


@asynccontextmanager
async def tenant_transaction(pool: Pool, tenant_id: UUID) -> AsyncIterator[Connection]:
    """A transaction that sees and writes one tenant's rows only; commits on leaving, rolls back on an exception."""
    async with pool.connection() as conn:
        # Both in one message: every transaction starts so. The pool's block ends it.
        await conn.execute(_BEGIN.format(sql.Literal(str(tenant_id))), prepare=False)
        yield conn


@asynccontextmanager
async def service_transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction without a tenant: sees only what the role's own policies show (outbox, tenants, pending leaves)."""
    async with pool.connection() as conn, conn.transaction():
        yield conn


def frozen_row(cls: type[Row]) -> Callable[[Any], Callable[[Sequence[Any]], Row]]:
    """psycopg's `class_row` for frozen dataclasses: columns by name, arrays as tuples."""

    def factory(cursor: Any) -> Callable[[Sequence[Any]], Row]:
        names = [column.name for column in cursor.description or ()]

        def build(values: Sequence[Any]) -> Row:
            return cls(
                **{
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in zip(names, values, strict=True)
                }
            )

        return build

    return factory
