"""Transactions in the order in which the engine took them: kept once, never changed, read back to rebuild it."""

import struct
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from aml.money import Money
from aml.transaction import Channel, Transaction
from store import copying
from store.connection import Connection, frozen_row

_BLOCK = 512
"""Rows sent at once: some hundred kilobytes."""


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction as it is kept. `(tenant_id, transaction_id)` and `(tenant_id, ingest_seq)` are unique."""

    tenant_id: UUID
    transaction_id: str
    ingest_seq: int
    subject_id: UUID
    """Whose key seals what is kept about it: the customer on the known side."""
    booked_at: datetime
    debtor_account: str
    creditor_account: str
    amount: Decimal
    currency: str
    digest: bytes
    """SHA-256 of the canonical request, 32 bytes: tells a repetition from another transaction of the same id."""
    decision_id: UUID
    channel: str | None = None
    debtor_country: str | None = None
    creditor_country: str | None = None
    flags: tuple[str, ...] = ()
    """Such as UNKNOWN_ACCOUNT."""
    details: Mapping[str, Any] | None = None
    """What else the engine needs to rebuild; nothing that identifies a person."""
    sealed_details: bytes | None = None


DETAILS = (
    "debtor_party",
    "creditor_party",
    "debtor_bank",
    "creditor_bank",
    "branch",
    "debtor_segment",
    "creditor_segment",
    "rates_of",
)
"""The optional texts of a transaction that are kept in `details`, beside its counter value."""


def transaction_of(row: TransactionRow) -> Transaction:
    """The transaction as the engine took it, but for its purpose, which is sealed and nothing is computed from."""
    details: Mapping[str, Any] = row.details or {}
    return Transaction(
        transaction_id=row.transaction_id,
        booked_at=row.booked_at,
        debtor_account=row.debtor_account,
        creditor_account=row.creditor_account,
        money=Money(row.amount, row.currency),
        channel=Channel(row.channel or Channel.TRANSFER),
        debtor_country=row.debtor_country,
        creditor_country=row.creditor_country,
        counter_value=counter_value(row),
        **{name: details.get(name) for name in DETAILS},
    )


def counter_value(row: TransactionRow) -> Money | None:
    """The payment's amount as it was booked in another currency, where that is known."""
    kept = (row.details or {}).get("counter_value")
    return None if kept is None else Money(Decimal(kept[0]), kept[1])


async def next_ingest_seq(conn: Connection, tenant_id: UUID, count: int = 1) -> int:
    """Reserve `count` numbers and return the first. They are the transaction's: rolled back, they are given again.
    Others who ask for the same tenant wait until the transaction ends."""
    cursor = await conn.execute(
        "INSERT INTO ingest_sequence (tenant_id, next_seq) VALUES (%(tenant_id)s, %(count)s) "
        "ON CONFLICT (tenant_id) DO UPDATE SET next_seq = ingest_sequence.next_seq + %(count)s RETURNING next_seq",
        {"tenant_id": tenant_id, "count": count},
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0]) - count


_FIELDS = struct.pack(">h", 16)
_NONE = (None,) * len(DETAILS)


def copied(
    t: Transaction,
    place: int,
    subject_id: UUID,
    decision_id: UUID,
    digest: bytes,
    flags: tuple[str, ...],
    sealed_details: bytes | None,
) -> bytes:
    """A transaction as a row for `append_copied`, made before its number is known: `place` is what it comes after the
    first of its group, the rest as in `TransactionRow`."""
    kept = (
        t.debtor_party,
        t.creditor_party,
        t.debtor_bank,
        t.creditor_bank,
        t.branch,
        t.debtor_segment,
        t.creditor_segment,
        t.rates_of,
    )
    details: dict[str, Any] | None = None
    if kept != _NONE:
        details = {name: value for name, value in zip(DETAILS, kept, strict=True) if value is not None}
    if t.counter_value is not None:
        details = (details or {}) | {"counter_value": [str(t.counter_value.amount), t.counter_value.currency]}
    return _row(
        t.transaction_id,
        place,
        subject_id,
        t.booked_at,
        t.debtor_account,
        t.creditor_account,
        str(t.money.amount),
        t.money.currency,
        digest,
        decision_id,
        t.channel,
        t.debtor_country,
        t.creditor_country,
        flags,
        details,
        sealed_details,
    )


def _row(
    transaction_id: str,
    place: int,
    subject_id: UUID,
    booked_at: datetime,
    debtor_account: str,
    creditor_account: str,
    amount: str,
    currency: str,
    digest: bytes,
    decision_id: UUID,
    channel: str | None,
    debtor_country: str | None,
    creditor_country: str | None,
    flags: tuple[str, ...],
    details: Mapping[str, Any] | None,
    sealed_details: bytes | None,
) -> bytes:
    length = copying.lengths
    name, debtor, creditor = transaction_id.encode(), debtor_account.encode(), creditor_account.encode()
    number = amount.encode()
    return b"".join(
        (
            _FIELDS,
            length[len(name)],
            name,
            _PLACE(8, place, 16, subject_id.bytes),
            copying.instant(booked_at),
            length[len(debtor)],
            debtor,
            length[len(creditor)],
            creditor,
            length[len(number)],
            number,
            _code(currency),
            _DIGEST(len(digest), digest, 16, decision_id.bytes),
            _code(channel),
            _code(debtor_country),
            _code(creditor_country),
            _flags(flags),
            copying.data(orjson.dumps(details)) if details else copying.NULL,
            copying.NULL if sealed_details is None else copying.data(sealed_details),
        )
    )


_PLACE = struct.Struct(">iqi16s").pack
_DIGEST = struct.Struct(">i32si16s").pack
_code = lru_cache(maxsize=1024)(copying.text)
_flags = lru_cache(maxsize=1024)(copying.texts)


async def append_transactions(conn: Connection, rows: Sequence[TransactionRow]) -> None:
    """Write transactions of one tenant, in the transaction of their decisions and after them.

    Raises `psycopg.errors.UniqueViolation` for an id that is there: ask `existing_ids` first; and
    `psycopg.errors.ForeignKeyViolation` where the decision is not there or not about the transaction.
    """
    if not rows:
        return
    made = [
        _row(
            row.transaction_id,
            row.ingest_seq,
            row.subject_id,
            row.booked_at,
            row.debtor_account,
            row.creditor_account,
            str(row.amount),
            row.currency,
            row.digest,
            row.decision_id,
            row.channel,
            row.debtor_country,
            row.creditor_country,
            row.flags,
            row.details,
            row.sealed_details,
        )
        for row in rows
    ]
    await append_copied(conn, rows[0].tenant_id, 0, made)


async def append_copied(conn: Connection, tenant_id: UUID, first: int, rows: Sequence[bytes]) -> None:
    """As `append_transactions`, of `copied` rows; the one at place 0 gets the number `first`."""
    await conn.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS transaction_batch (transaction_id text, place bigint, "
        "subject_id uuid, booked_at timestamptz, debtor_account text, creditor_account text, amount text, "
        "currency text, digest bytea, decision_id uuid, channel text, debtor_country text, creditor_country text, "
        "flags text[], details json, sealed_details bytea) ON COMMIT DELETE ROWS"
    )
    await conn.execute("DELETE FROM pg_temp.transaction_batch")
    blocks = [b"".join(rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK)]
    await copying.copy_rows(conn, "COPY pg_temp.transaction_batch FROM STDIN (FORMAT binary)", blocks)
    await conn.execute(
        "INSERT INTO transaction (tenant_id, transaction_id, ingest_seq, subject_id, booked_at, debtor_account, "
        "creditor_account, amount, currency, digest, decision_id, channel, debtor_country, creditor_country, flags, "
        "details, sealed_details, received_at) "
        "SELECT %(tenant_id)s, transaction_id, %(first)s + place, subject_id, booked_at, debtor_account, "
        "creditor_account, amount::numeric, currency, digest, decision_id, channel, debtor_country, creditor_country, "
        "flags, details, sealed_details, %(received_at)s FROM pg_temp.transaction_batch ORDER BY place",
        {"tenant_id": tenant_id, "first": first, "received_at": datetime.now(UTC)},
    )


async def existing_ids(conn: Connection, ids: Collection[str]) -> dict[str, bytes]:
    """The digest of each of these transaction ids that the tenant has already; the others are absent."""
    cursor = await conn.execute(
        "SELECT transaction_id, digest FROM transaction "
        "WHERE tenant_id = current_tenant() AND transaction_id = ANY(%s)",
        (list(ids),),
    )
    return {row[0]: bytes(row[1]) for row in await cursor.fetchall()}


async def fetch_transaction(conn: Connection, transaction_id: str) -> TransactionRow | None:
    cursor = conn.cursor(row_factory=frozen_row(TransactionRow))
    await cursor.execute(
        "SELECT tenant_id, transaction_id, ingest_seq, subject_id, booked_at, debtor_account, creditor_account, "
        "amount, currency, digest, decision_id, channel, debtor_country, creditor_country, flags, details, "
        "sealed_details FROM transaction WHERE tenant_id = current_tenant() AND transaction_id = %s",
        (transaction_id,),
    )
    return await cursor.fetchone()


async def fetch_transactions(conn: Connection, ids: Collection[str]) -> list[TransactionRow]:
    """Those of `ids` that exist, by ingest_seq."""
    cursor = conn.cursor(row_factory=frozen_row(TransactionRow))
    await cursor.execute(
        "SELECT tenant_id, transaction_id, ingest_seq, subject_id, booked_at, debtor_account, creditor_account, "
        "amount, currency, digest, decision_id, channel, debtor_country, creditor_country, flags, details, "
        "sealed_details FROM transaction WHERE tenant_id = current_tenant() AND transaction_id = ANY(%s) "
        "ORDER BY ingest_seq",
        (list(ids),),
    )
    return await cursor.fetchall()


async def decision_at(conn: Connection, ingest_seq: int) -> UUID | None:
    """The score decision of the tenant's transaction with this number, if there is one."""
    cursor = await conn.execute(
        "SELECT decision_id FROM transaction WHERE tenant_id = current_tenant() AND ingest_seq = %s", (ingest_seq,)
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def decisions_before(conn: Connection, transaction_id: str, limit: int = 200) -> list[UUID]:
    """The score decisions of what the same person's account paid before this transaction, latest first."""
    cursor = await conn.execute(
        "SELECT p.decision_id FROM transaction t JOIN transaction p ON p.tenant_id = t.tenant_id "
        "AND p.debtor_account = t.debtor_account AND p.subject_id = t.subject_id AND p.booked_at < t.booked_at "
        "WHERE t.tenant_id = current_tenant() AND t.transaction_id = %s ORDER BY p.booked_at DESC, p.ingest_seq DESC "
        "LIMIT %s",
        (transaction_id, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


async def iterate_for_rebuild(
    conn: Connection, tenant_id: UUID, *, from_seq: int = 0, fetch: int = 5000
) -> AsyncIterator[TransactionRow]:
    """The tenant's transactions in ingest_seq order from `from_seq`, streamed over a server-side cursor."""
    async with conn.cursor(name="rebuild", row_factory=frozen_row(TransactionRow)) as cursor:
        cursor.itersize = fetch
        await cursor.execute(
            "SELECT tenant_id, transaction_id, ingest_seq, subject_id, booked_at, debtor_account, creditor_account, "
            "amount, currency, digest, decision_id, channel, debtor_country, creditor_country, flags, details, "
            "sealed_details FROM transaction WHERE tenant_id = %s AND ingest_seq >= %s ORDER BY ingest_seq",
            (tenant_id, from_seq),
        )
        async for row in cursor:
            yield row
