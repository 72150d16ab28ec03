"""Filings in their own schema, under the role clearance_filing alone; the worker may only put a sealed row in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from store.connection import Connection, frozen_row

_LONGEST_WAIT = timedelta(minutes=5)


class FilingUnknown(LookupError):
    """No such filing in this tenant."""


@dataclass(frozen=True, slots=True)
class FilingOutboxRow:
    filing_id: UUID
    tenant_id: UUID
    sealed_payload: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class NewFiling:
    filing_id: UUID
    tenant_id: UUID
    case_id: UUID
    maker: UUID
    regime: str
    regime_version: str
    format: str
    sealed_report: bytes
    report_sha256: str
    valid: bool
    problems: tuple[str, ...]
    """Codes with texts, such as `SCHEMA_NOT_INSTALLED: …`; nothing personal."""
    due_at: datetime
    status: str = "draft"
    """`draft`, or `blocked` where it cannot be submitted."""


@dataclass(frozen=True, slots=True)
class Filing:
    filing_id: UUID
    tenant_id: UUID
    case_id: UUID
    maker: UUID
    regime: str
    regime_version: str
    format: str
    sealed_report: bytes
    report_sha256: str
    valid: bool
    problems: tuple[str, ...]
    due_at: datetime
    status: str
    revision: int
    created_at: datetime
    reference: str | None
    """The gateway's, once submitted."""
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class FilingEvent:
    revision: int
    status: str
    officer_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FilingSubmission:
    filing_id: UUID
    revision: int
    sha256: str
    reference: str
    submitted_at: datetime


async def enqueue_filing(conn: Connection, filing_id: UUID, tenant_id: UUID, sealed_payload: bytes) -> None:
    """The worker's only door: put in a sealed row. Says nothing of whether it was there."""
    await conn.execute("SELECT filing.enqueue(%s, %s, %s)", (filing_id, tenant_id, sealed_payload))


async def claim_filing_batch(conn: Connection, limit: int) -> list[FilingOutboxRow]:
    """Due rows of all tenants (role clearance_filing, no tenant set), locked until the transaction ends."""
    cursor = conn.cursor(row_factory=frozen_row(FilingOutboxRow))
    await cursor.execute(
        "SELECT filing_id, tenant_id, sealed_payload, attempts FROM filing.outbox "
        "WHERE dispatched_at IS NULL AND due_at <= clock_timestamp() ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED",
        (limit,),
    )
    return await cursor.fetchall()


async def fetch_filing_payload(conn: Connection, filing_id: UUID) -> bytes:
    """The sealed row that started a filing. Raises `FilingUnknown`."""
    cursor = await conn.execute("SELECT sealed_payload FROM filing.outbox WHERE filing_id = %s", (filing_id,))
    row = await cursor.fetchone()
    if row is None:
        raise FilingUnknown(str(filing_id))
    return bytes(row[0])


async def mark_filing_dispatched(conn: Connection, filing_id: UUID) -> None:
    await conn.execute(
        "UPDATE filing.outbox SET dispatched_at = clock_timestamp(), attempts = attempts + 1, error = NULL "
        "WHERE filing_id = %s AND dispatched_at IS NULL",
        (filing_id,),
    )


async def mark_filing_failed(conn: Connection, filing_id: UUID, error: str) -> None:
    """Count the attempt and put the row off, longer each time, never for good."""
    await conn.execute(
        "UPDATE filing.outbox SET attempts = attempts + 1, error = %(error)s, due_at = clock_timestamp() + "
        "least(%(longest)s, interval '1 second' * power(2, least(attempts, 20))) WHERE filing_id = %(filing_id)s",
        {"filing_id": filing_id, "error": error, "longest": _LONGEST_WAIT},
    )


async def save_draft(conn: Connection, filing: NewFiling) -> bool:
    """Keep a draft; whether it is new. A second run for the same filing keeps the first."""
    cursor = await conn.execute(
        "INSERT INTO filing.filing (filing_id, tenant_id, case_id, maker, regime, regime_version, format, "
        "sealed_report, report_sha256, valid, problems, due_at, status) VALUES (%(filing_id)s, %(tenant_id)s, "
        "%(case_id)s, %(maker)s, %(regime)s, %(regime_version)s, %(format)s, %(sealed_report)s, %(report_sha256)s, "
        "%(valid)s, %(problems)s, %(due_at)s, %(status)s) ON CONFLICT (filing_id) DO NOTHING",
        {
            "filing_id": filing.filing_id,
            "tenant_id": filing.tenant_id,
            "case_id": filing.case_id,
            "maker": filing.maker,
            "regime": filing.regime,
            "regime_version": filing.regime_version,
            "format": filing.format,
            "sealed_report": filing.sealed_report,
            "report_sha256": filing.report_sha256,
            "valid": filing.valid,
            "problems": list(filing.problems),
            "due_at": filing.due_at,
            "status": filing.status,
        },
    )
    return cursor.rowcount == 1


async def replace_draft(conn: Connection, filing: NewFiling) -> None:
    """Put a new draft in the place of one that was returned. A submitted filing is never replaced."""
    await conn.execute(
        "UPDATE filing.filing SET sealed_report = %(sealed_report)s, report_sha256 = %(report_sha256)s, "
        "valid = %(valid)s, problems = %(problems)s, status = %(status)s "
        "WHERE filing_id = %(filing_id)s AND status <> 'submitted'",
        {
            "filing_id": filing.filing_id,
            "sealed_report": filing.sealed_report,
            "report_sha256": filing.report_sha256,
            "valid": filing.valid,
            "problems": list(filing.problems),
            "status": filing.status,
        },
    )


async def record_state(
    conn: Connection,
    tenant_id: UUID,
    filing_id: UUID,
    revision: int,
    status: str,
    officer_id: UUID | None = None,
) -> bool:
    """Write a filing's state under (filing, revision); whether it was new. An older revision never overwrites."""
    cursor = await conn.execute(
        "INSERT INTO filing.filing_event (tenant_id, filing_id, revision, status, officer_id) "
        "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (filing_id, revision) DO NOTHING",
        (tenant_id, filing_id, revision, status, officer_id),
    )
    if cursor.rowcount == 0:
        return False
    await conn.execute(
        "UPDATE filing.filing SET status = %(status)s, revision = %(revision)s "
        "WHERE filing_id = %(filing_id)s AND revision <= %(revision)s",
        {"filing_id": filing_id, "status": status, "revision": revision},
    )
    return True


async def save_submission(
    conn: Connection, tenant_id: UUID, filing_id: UUID, revision: int, sha256: str, reference: str
) -> FilingSubmission:
    """Keep what the gateway took, once a filing and revision: the first submission is the answer to every run."""
    await conn.execute(
        "INSERT INTO filing.submission (tenant_id, filing_id, revision, sha256, reference) "
        "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (filing_id, revision) DO NOTHING",
        (tenant_id, filing_id, revision, sha256, reference),
    )
    submission = await fetch_submission(conn, filing_id, revision)
    assert submission is not None
    return submission


async def fetch_submission(conn: Connection, filing_id: UUID, revision: int) -> FilingSubmission | None:
    cursor = conn.cursor(row_factory=frozen_row(FilingSubmission))
    await cursor.execute(
        "SELECT filing_id, revision, sha256, reference, submitted_at FROM filing.submission "
        "WHERE filing_id = %s AND revision = %s",
        (filing_id, revision),
    )
    return await cursor.fetchone()


async def fetch_filing(conn: Connection, filing_id: UUID) -> Filing:
    """Raises `FilingUnknown`."""
    cursor = conn.cursor(row_factory=frozen_row(Filing))
    await cursor.execute(
        "SELECT f.filing_id, f.tenant_id, f.case_id, f.maker, f.regime, f.regime_version, f.format, f.sealed_report, "
        "f.report_sha256, f.valid, f.problems, f.due_at, f.status, f.revision, f.created_at, s.reference, "
        "s.submitted_at FROM filing.filing f LEFT JOIN LATERAL (SELECT reference, submitted_at FROM filing.submission "
        "WHERE filing_id = f.filing_id ORDER BY revision DESC LIMIT 1) s ON true WHERE f.filing_id = %s",
        (filing_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise FilingUnknown(str(filing_id))
    return row


async def list_filings(conn: Connection, status: str | None = None, limit: int = 50) -> list[Filing]:
    """The tenant's filings by deadline; of one status, or all."""
    cursor = conn.cursor(row_factory=frozen_row(Filing))
    await cursor.execute(
        "SELECT f.filing_id, f.tenant_id, f.case_id, f.maker, f.regime, f.regime_version, f.format, f.sealed_report, "
        "f.report_sha256, f.valid, f.problems, f.due_at, f.status, f.revision, f.created_at, s.reference, "
        "s.submitted_at FROM filing.filing f LEFT JOIN LATERAL (SELECT reference, submitted_at FROM filing.submission "
        "WHERE filing_id = f.filing_id ORDER BY revision DESC LIMIT 1) s ON true "
        "WHERE f.tenant_id = current_tenant() AND (%(status)s::text IS NULL OR f.status = %(status)s) "
        "ORDER BY f.due_at, f.filing_id LIMIT %(limit)s",
        {"status": status, "limit": limit},
    )
    return await cursor.fetchall()


async def fetch_filing_events(conn: Connection, filing_id: UUID) -> list[FilingEvent]:
    cursor = conn.cursor(row_factory=frozen_row(FilingEvent))
    await cursor.execute(
        "SELECT revision, status, officer_id, at FROM filing.filing_event WHERE filing_id = %s ORDER BY revision",
        (filing_id,),
    )
    return await cursor.fetchall()
