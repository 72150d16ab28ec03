"""Filing officers' words about a draft, sealed, in the filing schema (role clearance_filing)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class NewFilingReason:
    reason_id: UUID
    tenant_id: UUID
    filing_id: UUID
    officer_id: UUID
    action: str
    """`approve` or `return`."""
    revision: int
    """The revision that it is about."""
    wrapped_key: bytes
    sealed_text: bytes
    sha256: str
    """Of the sealed text, hex."""


@dataclass(frozen=True, slots=True)
class FilingReason:
    reason_id: UUID
    officer_id: UUID
    action: str
    revision: int
    wrapped_key: bytes
    sealed_text: bytes
    sha256: str
    written_at: datetime


async def add_filing_reason(conn: Connection, reason: NewFilingReason) -> None:
    await conn.execute(
        "INSERT INTO filing.reason (reason_id, tenant_id, filing_id, officer_id, action, revision, wrapped_key, "
        "sealed_text, sha256) VALUES (%(reason_id)s, %(tenant_id)s, %(filing_id)s, %(officer_id)s, %(action)s, "
        "%(revision)s, %(wrapped_key)s, %(sealed_text)s, %(sha256)s)",
        {
            "reason_id": reason.reason_id,
            "tenant_id": reason.tenant_id,
            "filing_id": reason.filing_id,
            "officer_id": reason.officer_id,
            "action": reason.action,
            "revision": reason.revision,
            "wrapped_key": reason.wrapped_key,
            "sealed_text": reason.sealed_text,
            "sha256": reason.sha256,
        },
    )


async def list_filing_reasons(conn: Connection, filing_id: UUID) -> list[FilingReason]:
    """What was said about a filing, oldest first, refused attempts included."""
    cursor = conn.cursor(row_factory=frozen_row(FilingReason))
    await cursor.execute(
        "SELECT reason_id, officer_id, action, revision, wrapped_key, sealed_text, sha256, written_at "
        "FROM filing.reason WHERE tenant_id = current_tenant() AND filing_id = %s ORDER BY written_at, reason_id",
        (filing_id,),
    )
    return await cursor.fetchall()
