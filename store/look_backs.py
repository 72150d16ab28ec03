"""What a look-back reads of a tenant: its payments in the order of booking, and the alerts that named them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row
from store.transactions import TransactionRow


@dataclass(frozen=True, slots=True)
class History:
    """How much there is to go through."""

    transactions: int
    last_seq: int
    """Of all that is stored, 0 where nothing is."""


async def measure(conn: Connection, since: datetime) -> History:
    """The tenant's payments booked at or after an instant."""
    cursor = await conn.execute(
        "SELECT count(*) FILTER (WHERE booked_at >= %s), coalesce(max(ingest_seq), 0) FROM transaction "
        "WHERE tenant_id = current_tenant()",
        (since,),
    )
    row = await cursor.fetchone()
    assert row is not None
    return History(row[0], row[1])


async def booked_after(
    conn: Connection, first: datetime, last_seq: int, after: tuple[datetime, int] | None, limit: int
) -> list[TransactionRow]:
    """The tenant's next payments by (booked_at, ingest_seq): booked at or after `first`, stored no later than
    `last_seq`, and beyond the place `after`."""
    cursor = conn.cursor(row_factory=frozen_row(TransactionRow))
    await cursor.execute(
        "SELECT tenant_id, transaction_id, ingest_seq, subject_id, booked_at, debtor_account, creditor_account, "
        "amount, currency, digest, decision_id, channel, debtor_country, creditor_country, flags, details, "
        "sealed_details FROM transaction WHERE tenant_id = current_tenant() AND ingest_seq <= %(last_seq)s "
        "AND (booked_at, ingest_seq) > (%(booked_at)s, %(ingest_seq)s) "
        "ORDER BY booked_at, ingest_seq LIMIT %(limit)s",
        {
            "last_seq": last_seq,
            "booked_at": first if after is None else after[0],
            "ingest_seq": -1 if after is None else after[1],
            "limit": limit,
        },
    )
    return await cursor.fetchall()


async def alerted(conn: Connection, transactions: Collection[str]) -> dict[str, set[str]]:
    """Which typologies the tenant's alerts found on each of these transactions; those that no alert named are absent,
    those that a score alone raised have none."""
    cursor = await conn.execute(
        "SELECT named, typologies FROM alert CROSS JOIN LATERAL unnest(transactions) AS named "
        "WHERE tenant_id = current_tenant() AND transactions && %(ids)s AND named = ANY(%(ids)s)",
        {"ids": list(transactions)},
    )
    found: dict[str, set[str]] = {}
    for named, typologies in await cursor.fetchall():
        found.setdefault(named, set()).update(typologies)
    return found


async def is_raised(conn: Connection, alert_id: UUID) -> bool:
    """Whether this alert is there already."""
    cursor = await conn.execute("SELECT 1 FROM alert WHERE tenant_id = current_tenant() AND alert_id = %s", (alert_id,))
    return await cursor.fetchone() is not None
