"""The people whose data is kept, each with a wrapped data key whose destruction erases what is sealed under it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from store.connection import Connection, frozen_row


class SubjectUnknown(LookupError):
    """No such subject in this tenant."""


class SubjectErased(LookupError):
    """The subject's key was destroyed: what was sealed under it cannot be read again. Replay answers ERASED."""


class SubjectHeld(Exception):
    """The subject may not be erased yet: a legal hold, or a retention period that still runs."""


@dataclass(frozen=True, slots=True)
class Subject:
    subject_id: UUID
    tenant_id: UUID
    retain_until: date | None
    legal_hold: bool
    erased: bool


async def create_subject(
    conn: Connection, tenant_id: UUID, subject_id: UUID, wrapped_key: bytes, retain_until: date | None = None
) -> bool:
    """Whether it is new. An existing subject keeps its key: use `fetch_wrapped_key` where this answers False."""
    cursor = await conn.execute(
        "INSERT INTO subject (subject_id, tenant_id, wrapped_key, retain_until) "
        "VALUES (%(subject_id)s, %(tenant_id)s, %(wrapped_key)s, %(retain_until)s) ON CONFLICT (subject_id) DO NOTHING",
        {"subject_id": subject_id, "tenant_id": tenant_id, "wrapped_key": wrapped_key, "retain_until": retain_until},
    )
    return cursor.rowcount == 1


async def fetch_wrapped_key(conn: Connection, subject_id: UUID) -> bytes:
    """The subject's data key as `KeyProvider.wrap` gave it. Raises `SubjectUnknown` or `SubjectErased`."""
    cursor = await conn.execute("SELECT wrapped_key FROM subject WHERE subject_id = %s", (subject_id,))
    row = await cursor.fetchone()
    if row is None:
        raise SubjectUnknown(str(subject_id))
    if row[0] is None:
        raise SubjectErased(str(subject_id))
    return bytes(row[0])


async def fetch_wrapped_keys(conn: Connection, subject_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """As `fetch_wrapped_key`, of those of `subject_ids` that the tenant has and that were not erased."""
    cursor = await conn.execute(
        "SELECT subject_id, wrapped_key FROM subject WHERE subject_id = ANY(%s) AND wrapped_key IS NOT NULL",
        (list(subject_ids),),
    )
    return {row[0]: bytes(row[1]) for row in await cursor.fetchall()}


async def fetch_subject(conn: Connection, subject_id: UUID) -> Subject:
    cursor = conn.cursor(row_factory=frozen_row(Subject))
    await cursor.execute(
        "SELECT subject_id, tenant_id, retain_until, legal_hold, erased_at IS NOT NULL AS erased "
        "FROM subject WHERE subject_id = %s",
        (subject_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise SubjectUnknown(str(subject_id))
    return row


async def set_retention(
    conn: Connection, subject_id: UUID, retain_until: date, *, legal_hold: bool | None = None
) -> None:
    """When the subject may be erased at the earliest. Only ever extends: the later date stands. A legal hold is set or
    lifted only where it is said; a date alone never lifts one."""
    cursor = await conn.execute(
        "UPDATE subject SET retain_until = greatest(retain_until, %(retain_until)s), "
        "legal_hold = coalesce(%(legal_hold)s::boolean, legal_hold) "
        "WHERE subject_id = %(subject_id)s",
        {"subject_id": subject_id, "retain_until": retain_until, "legal_hold": legal_hold},
    )
    if cursor.rowcount == 0:
        raise SubjectUnknown(str(subject_id))


async def retain_as_customer(conn: Connection, subject_id: UUID) -> None:
    """Retention has no end while someone is a customer: it runs from the end of the relationship."""
    cursor = await conn.execute("UPDATE subject SET retain_until = NULL WHERE subject_id = %s", (subject_id,))
    if cursor.rowcount == 0:
        raise SubjectUnknown(str(subject_id))


async def count_held(conn: Connection, as_of: date) -> int:
    """Subjects of all tenants (role clearance_retention) whose retention has run out and whom a legal hold keeps."""
    cursor = await conn.execute(
        "SELECT count(*) FROM subject WHERE erased_at IS NULL AND legal_hold AND retain_until < %s", (as_of,)
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def due_for_erasure(conn: Connection, as_of: date, limit: int = 100) -> list[Subject]:
    """Subjects of all tenants (role clearance_retention) whose retention has run out, oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(Subject))
    await cursor.execute(
        "SELECT subject_id, tenant_id, retain_until, legal_hold, false AS erased FROM subject "
        "WHERE erased_at IS NULL AND NOT legal_hold AND retain_until < %s ORDER BY retain_until LIMIT %s",
        (as_of, limit),
    )
    return await cursor.fetchall()


async def destroy_key(conn: Connection, subject_id: UUID, as_of: date | None = None) -> None:
    """Forget the data key (role clearance_retention). Raises `SubjectHeld` under a legal hold, and while the retention
    period runs where `as_of` is given. The second run changes nothing."""
    cursor = await conn.execute(
        "SELECT legal_hold, retain_until, erased_at FROM subject WHERE subject_id = %s FOR UPDATE", (subject_id,)
    )
    row = await cursor.fetchone()
    if row is None:
        raise SubjectUnknown(str(subject_id))
    legal_hold, retain_until, erased_at = row
    if erased_at is not None:
        return
    if legal_hold or (as_of is not None and retain_until is not None and retain_until >= as_of):
        raise SubjectHeld(f"{subject_id}: legal hold {legal_hold}, retained until {retain_until}")
    await conn.execute("UPDATE subject SET wrapped_key = NULL, erased_at = now() WHERE subject_id = %s", (subject_id,))
