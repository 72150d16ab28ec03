"""Where the reading of a document is kept: the vault's name for it, so that officers can see what the machine saw."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class ReadingLink:
    document_id: UUID
    subject_id: UUID
    sha256: str
    """The vault's name of the sealed reading (`activities.readings.KeptReading` as canonical JSON)."""
    read_at: datetime


async def link_reading(conn: Connection, document_id: UUID, sha256: str) -> None:
    """Tie a kept reading to its document; again changes nothing."""
    await conn.execute(
        "INSERT INTO document_reading (tenant_id, document_id, sha256) "
        "SELECT tenant_id, document_id, %(sha256)s FROM document WHERE document_id = %(document_id)s "
        "ON CONFLICT (document_id, sha256) DO NOTHING",
        {"document_id": document_id, "sha256": sha256},
    )


async def newest_reading(conn: Connection, document_id: UUID) -> ReadingLink | None:
    """The newest reading of a document; None before it was read, and where it could not be read."""
    cursor = conn.cursor(row_factory=frozen_row(ReadingLink))
    await cursor.execute(
        "SELECT r.document_id, d.subject_id, r.sha256, r.read_at FROM document_reading r "
        "JOIN document d ON d.document_id = r.document_id WHERE r.document_id = %s "
        "ORDER BY r.read_at DESC LIMIT 1",
        (document_id,),
    )
    return await cursor.fetchone()
