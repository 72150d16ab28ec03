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
    case_id: UUID | None
    maker: UUID | None
    regime: str
    regime_version: str
    format: str
    sealed_report: bytes
    report_sha256: str
    valid: bool
    problems: tuple[str, ...]
    """Codes such as `SCHEMA_NOT_INSTALLED`; nothing personal."""
    due_at: datetime
    status: str = "draft"
    """`draft`, or `blocked` where it cannot be submitted."""
    form: str = "suspicion"
    kind: str = "initial"
    report: int = 1
    since: datetime | None = None
    sealed_findings: bytes | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """`report` and what belongs to it is the latest of the filing's reports."""

    filing_id: UUID
    tenant_id: UUID
    case_id: UUID | None
    maker: UUID | None
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
    form: str
    kind: str
    report: int
    since: datetime | None
    overdue: bool
    sealed_findings: bytes | None
    new_alerts: int | None
    reference: str | None
    """The gateway's, once submitted."""
    submitted_at: datetime | None
    document_number: str | None
    """The authority's, of the last report that it took."""


@dataclass(frozen=True, slots=True)
class FilingEvent:
    revision: int
    action: str
    status: str
    report: int
    officer_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FilingSubmission:
    filing_id: UUID
    revision: int
    report: int
    kind: str
    sha256: str
    reference: str
    submitted_at: datetime
    sealed_report: bytes | None
    """None for those from before the reports were kept: theirs is the filing's."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The authority's answer to a report."""

    report: int
    accepted: bool
    document_number: str | None
    problems: tuple[str, ...]
    sealed_answer: bytes
    sealed_findings: bytes
    received_at: datetime


async def enqueue_filing(conn: Connection, filing_id: UUID, tenant_id: UUID, sealed_payload: bytes) -> None:
    """The worker's only door: put in a sealed row. Says nothing of whether it was there."""
    await conn.execute("SELECT filing.enqueue(%s, %s, %s)", (filing_id, tenant_id, sealed_payload))


async def enqueue_duty(conn: Connection, filing_id: UUID, tenant_id: UUID, sealed_payload: bytes) -> bool:
    """The filing side's own rows: whether it is new. A duty that was found before changes nothing."""
    cursor = await conn.execute(
        "INSERT INTO filing.outbox (filing_id, tenant_id, sealed_payload) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (filing_id, tenant_id, sealed_payload),
    )
    return cursor.rowcount == 1


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
    """Keep the first draft of a filing; whether it is new. A second run for the same filing keeps the first."""
    cursor = await conn.execute(
        "INSERT INTO filing.filing (filing_id, tenant_id, case_id, maker, regime, regime_version, format, "
        "sealed_report, report_sha256, valid, problems, due_at, status, form, kind, report, since, sealed_findings) "
        "VALUES (%(filing_id)s, %(tenant_id)s, %(case_id)s, %(maker)s, %(regime)s, %(regime_version)s, %(format)s, "
        "%(sealed_report)s, %(report_sha256)s, %(valid)s, %(problems)s, %(due_at)s, %(status)s, %(form)s, %(kind)s, "
        "%(report)s, %(since)s, %(sealed_findings)s) ON CONFLICT (filing_id) DO NOTHING",
        _columns(filing),
    )
    return cursor.rowcount == 1


async def replace_draft(conn: Connection, filing: NewFiling) -> None:
    """Put a draft in the place of the last one, of the same report or of the one before. What was submitted stays:
    a report is never replaced by a draft of its own number or an earlier one."""
    await conn.execute(
        "UPDATE filing.filing f SET sealed_report = %(sealed_report)s, report_sha256 = %(report_sha256)s, "
        "valid = %(valid)s, problems = %(problems)s, status = %(status)s, kind = %(kind)s, report = %(report)s, "
        "maker = %(maker)s, due_at = %(due_at)s, since = %(since)s, sealed_findings = %(sealed_findings)s, "
        "overdue = overdue AND report = %(report)s "
        "WHERE filing_id = %(filing_id)s AND NOT EXISTS (SELECT FROM filing.submission s "
        "WHERE s.filing_id = f.filing_id AND s.report >= %(report)s)",
        _columns(filing),
    )


def _columns(filing: NewFiling) -> dict[str, object]:
    return {
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
        "form": filing.form,
        "kind": filing.kind,
        "report": filing.report,
        "since": filing.since,
        "sealed_findings": filing.sealed_findings,
    }


@dataclass(frozen=True, slots=True)
class NewFilingEvent:
    """What happened, in the workflow's time: the same event written again is known by its action, officer and time."""

    tenant_id: UUID
    filing_id: UUID
    revision: int
    action: str
    status: str
    at: datetime
    officer_id: UUID | None = None
    report: int = 1


async def record_event(conn: Connection, event: NewFilingEvent) -> bool:
    """Write an event under (filing, revision) and the filing's state; whether it was new. An older revision never
    overwrites the state of a newer one."""
    values = {
        "tenant_id": event.tenant_id,
        "filing_id": event.filing_id,
        "revision": event.revision,
        "action": event.action,
        "status": event.status,
        "at": event.at,
        "officer_id": event.officer_id,
        "report": event.report,
    }
    cursor = await conn.execute(
        "INSERT INTO filing.filing_event (tenant_id, filing_id, revision, action, status, officer_id, at, report) "
        "VALUES (%(tenant_id)s, %(filing_id)s, %(revision)s, %(action)s, %(status)s, %(officer_id)s, %(at)s, "
        "%(report)s) ON CONFLICT (filing_id, revision) DO NOTHING",
        values,
    )
    if cursor.rowcount == 0:
        return False
    await conn.execute(
        "UPDATE filing.filing SET status = %(status)s, revision = %(revision)s, "
        "overdue = CASE %(action)s WHEN 'overdue' THEN true WHEN 'submitted' THEN false ELSE overdue END "
        "WHERE filing_id = %(filing_id)s AND revision <= %(revision)s",
        values,
    )
    return True


async def record_new_alerts(conn: Connection, filing_id: UUID, alerts: int) -> None:
    await conn.execute("UPDATE filing.filing SET new_alerts = %s WHERE filing_id = %s", (alerts, filing_id))


@dataclass(frozen=True, slots=True)
class NewSubmission:
    tenant_id: UUID
    filing_id: UUID
    revision: int
    report: int
    kind: str
    sha256: str
    reference: str
    sealed_report: bytes


async def save_submission(conn: Connection, submission: NewSubmission) -> FilingSubmission:
    """Keep what the gateway took, once a filing and report: the first submission is the answer to every run."""
    await conn.execute(
        "INSERT INTO filing.submission (tenant_id, filing_id, revision, report, kind, sha256, reference, "
        "sealed_report) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (filing_id, report) DO NOTHING",
        (
            submission.tenant_id,
            submission.filing_id,
            submission.revision,
            submission.report,
            submission.kind,
            submission.sha256,
            submission.reference,
            submission.sealed_report,
        ),
    )
    kept = await fetch_submission(conn, submission.filing_id, submission.report)
    assert kept is not None
    return kept


async def fetch_submission(conn: Connection, filing_id: UUID, report: int) -> FilingSubmission | None:
    found = [each for each in await list_submissions(conn, filing_id) if each.report == report]
    return found[0] if found else None


async def list_submissions(conn: Connection, filing_id: UUID) -> list[FilingSubmission]:
    """What was submitted, by report."""
    cursor = conn.cursor(row_factory=frozen_row(FilingSubmission))
    await cursor.execute(
        "SELECT filing_id, revision, report, kind, sha256, reference, submitted_at, sealed_report "
        "FROM filing.submission WHERE filing_id = %s ORDER BY report",
        (filing_id,),
    )
    return await cursor.fetchall()


async def save_acknowledgement(conn: Connection, tenant_id: UUID, filing_id: UUID, answer: Acknowledgement) -> None:
    """Keep an authority's answer, once a filing and report."""
    await conn.execute(
        "INSERT INTO filing.acknowledgement (tenant_id, filing_id, report, accepted, document_number, problems, "
        "sealed_answer, sealed_findings, received_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (filing_id, report) DO NOTHING",
        (
            tenant_id,
            filing_id,
            answer.report,
            answer.accepted,
            answer.document_number,
            list(answer.problems),
            answer.sealed_answer,
            answer.sealed_findings,
            answer.received_at,
        ),
    )


async def list_acknowledgements(conn: Connection, filing_id: UUID) -> list[Acknowledgement]:
    cursor = conn.cursor(row_factory=frozen_row(Acknowledgement))
    await cursor.execute(
        "SELECT report, accepted, document_number, problems, sealed_answer, sealed_findings, received_at "
        "FROM filing.acknowledgement WHERE filing_id = %s ORDER BY report",
        (filing_id,),
    )
    return await cursor.fetchall()


_FILINGS = (
    "SELECT f.filing_id, f.tenant_id, f.case_id, f.maker, f.regime, f.regime_version, f.format, f.sealed_report, "
    "f.report_sha256, f.valid, f.problems, f.due_at, f.status, f.revision, f.created_at, f.form, f.kind, f.report, "
    "f.since, f.overdue, f.sealed_findings, f.new_alerts, s.reference, s.submitted_at, a.document_number "
    "FROM filing.filing f "
    "LEFT JOIN LATERAL (SELECT reference, submitted_at FROM filing.submission "
    "WHERE filing_id = f.filing_id ORDER BY report DESC LIMIT 1) s ON true "
    "LEFT JOIN LATERAL (SELECT document_number FROM filing.acknowledgement WHERE filing_id = f.filing_id "
    "AND document_number IS NOT NULL ORDER BY report DESC LIMIT 1) a ON true "
)


async def fetch_filing(conn: Connection, filing_id: UUID) -> Filing:
    """Raises `FilingUnknown`."""
    cursor = conn.cursor(row_factory=frozen_row(Filing))
    await cursor.execute(
        _FILINGS + "WHERE f.filing_id = %s",
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
        _FILINGS + "WHERE f.tenant_id = current_tenant() AND (%(status)s::text IS NULL OR f.status = %(status)s) "
        "ORDER BY f.due_at, f.filing_id LIMIT %(limit)s",
        {"status": status, "limit": limit},
    )
    return await cursor.fetchall()


async def fetch_filing_events(conn: Connection, filing_id: UUID) -> list[FilingEvent]:
    cursor = conn.cursor(row_factory=frozen_row(FilingEvent))
    await cursor.execute(
        "SELECT revision, action, status, report, officer_id, at FROM filing.filing_event "
        "WHERE filing_id = %s ORDER BY revision",
        (filing_id,),
    )
    return await cursor.fetchall()
