"""Contested outcomes: the applicant's words, and the one step from a concluded application back into review."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store import outbox as outbox_rows
from store.connection import Connection, frozen_row


class NotContestable(Exception):
    """The application is not concluded, was approved, or is being contested already."""


@dataclass(frozen=True, slots=True)
class NewContest:
    contest_id: UUID
    tenant_id: UUID
    application_id: UUID
    subject_id: UUID
    sealed_reason: bytes


@dataclass(frozen=True, slots=True)
class Contest:
    contest_id: UUID
    application_id: UUID
    outcome: str
    """The contested one."""
    sealed_reason: bytes
    submitted_at: datetime


async def open_contest(conn: Connection, contest: NewContest, outbox: outbox_rows.NewOutbox) -> None:
    """Write the contest and its outbox row and put the application back into review. Raises `NotContestable`."""
    cursor = await conn.execute(
        "SELECT outcome FROM application WHERE application_id = %s AND state = 'concluded' FOR UPDATE",
        (contest.application_id,),
    )
    row = await cursor.fetchone()
    if row is None or row[0] == "approved":
        raise NotContestable(str(contest.application_id))
    await conn.execute(
        "INSERT INTO contest (contest_id, tenant_id, application_id, subject_id, outcome, sealed_reason) VALUES "
        "(%(contest_id)s, %(tenant_id)s, %(application_id)s, %(subject_id)s, %(outcome)s, %(sealed_reason)s)",
        {
            "contest_id": contest.contest_id,
            "tenant_id": contest.tenant_id,
            "application_id": contest.application_id,
            "subject_id": contest.subject_id,
            "outcome": row[0],
            "sealed_reason": contest.sealed_reason,
        },
    )
    await conn.execute(
        "UPDATE application SET state = 'in_review', outcome = NULL, updated_at = clock_timestamp() "
        "WHERE application_id = %s",
        (contest.application_id,),
    )
    await outbox_rows.add(conn, outbox)


async def list_contests(conn: Connection, application_id: UUID) -> list[Contest]:
    """An application's contests, oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(Contest))
    await cursor.execute(
        "SELECT contest_id, application_id, outcome, sealed_reason, submitted_at FROM contest "
        "WHERE tenant_id = current_tenant() AND application_id = %s ORDER BY submitted_at",
        (application_id,),
    )
    return await cursor.fetchall()
