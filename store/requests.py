"""What officers ask applicants for: an upload that a single-use, expiring token opens.

The token itself is kept twice: hashed, to find the request by it, and sealed under the applicant's data key, for the
tenant's own systems, which hand the link on. It is in no log, no workflow and no address that a server sees.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


class RequestUnknown(LookupError):
    """No such request is open: the token is wrong, was used, has expired, or is no longer needed."""


@dataclass(frozen=True, slots=True)
class NewRequest:
    request_id: UUID
    tenant_id: UUID
    case_id: UUID
    application_id: UUID
    subject_id: UUID
    officer_id: UUID
    token_hash: bytes
    sealed_token: bytes
    sealed_text: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApplicantRequest:
    request_id: UUID
    tenant_id: UUID
    case_id: UUID
    application_id: UUID
    subject_id: UUID
    officer_id: UUID
    sealed_token: bytes
    sealed_text: bytes
    """What is asked for, in the officer's words."""
    expires_at: datetime
    created_at: datetime
    opened_at: datetime | None
    """When the case accepted it; before, its token opens nothing."""
    answered_at: datetime | None
    ended_at: datetime | None
    """When it ended, answered or not."""


_COLUMNS = (
    "request_id, tenant_id, case_id, application_id, subject_id, officer_id, sealed_token, sealed_text, expires_at, "
    "created_at, opened_at, answered_at, ended_at"
)


def new_upload_token() -> str:
    """256 random bits; store `hash_upload_token` of it."""
    return "up_" + secrets.token_urlsafe(32)


def hash_upload_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def add_request(conn: Connection, request: NewRequest) -> None:
    """Write a request; its token opens nothing before `open_request`."""
    await conn.execute(
        "INSERT INTO applicant_request (request_id, tenant_id, case_id, application_id, subject_id, officer_id, "
        "token_hash, sealed_token, sealed_text, expires_at) VALUES (%(request_id)s, %(tenant_id)s, %(case_id)s, "
        "%(application_id)s, %(subject_id)s, %(officer_id)s, %(token_hash)s, %(sealed_token)s, %(sealed_text)s, "
        "%(expires_at)s)",
        {
            "request_id": request.request_id,
            "tenant_id": request.tenant_id,
            "case_id": request.case_id,
            "application_id": request.application_id,
            "subject_id": request.subject_id,
            "officer_id": request.officer_id,
            "token_hash": request.token_hash,
            "sealed_token": request.sealed_token,
            "sealed_text": request.sealed_text,
            "expires_at": request.expires_at,
        },
    )


async def open_request(conn: Connection, request_id: UUID, at: datetime) -> None:
    """The case accepted it: from now on its token opens the upload."""
    await conn.execute(
        "UPDATE applicant_request SET opened_at = %s WHERE request_id = %s AND opened_at IS NULL", (at, request_id)
    )


async def end_requests(conn: Connection, case_id: UUID, at: datetime) -> None:
    """Whatever the case asked for is answered, expired or no longer needed."""
    await conn.execute(
        "UPDATE applicant_request SET ended_at = %s WHERE tenant_id = current_tenant() AND case_id = %s "
        "AND opened_at IS NOT NULL AND ended_at IS NULL",
        (at, case_id),
    )


async def find_request(conn: Connection, token_hash: bytes) -> tuple[UUID, UUID] | None:
    """(request, tenant) of a token. Works without a tenant set: it is how the tenant becomes known."""
    row = await (
        await conn.execute("SELECT request_id, tenant_id FROM find_applicant_request(%s)", (token_hash,))
    ).fetchone()
    return None if row is None else (row[0], row[1])


async def fetch_request(conn: Connection, request_id: UUID) -> ApplicantRequest | None:
    cursor = conn.cursor(row_factory=frozen_row(ApplicantRequest))
    await cursor.execute(
        f"SELECT {_COLUMNS} FROM applicant_request WHERE request_id = %s",  # noqa: S608
        (request_id,),
    )
    return await cursor.fetchone()


async def fetch_open_request(conn: Connection, request_id: UUID, now: datetime) -> ApplicantRequest:
    """The request, if its token still opens the upload. Raises `RequestUnknown`."""
    request = await fetch_request(conn, request_id)
    if request is None or request.opened_at is None or request.answered_at or request.ended_at:
        raise RequestUnknown
    if request.expires_at <= now:
        raise RequestUnknown
    return request


async def take_answer(conn: Connection, request_id: UUID, now: datetime) -> None:
    """Use the token up, for one upload only. Raises `RequestUnknown` for the second of two at once."""
    cursor = await conn.execute(
        "UPDATE applicant_request SET answered_at = %(now)s WHERE request_id = %(request_id)s "
        "AND opened_at IS NOT NULL AND answered_at IS NULL AND ended_at IS NULL AND expires_at > %(now)s",
        {"now": now, "request_id": request_id},
    )
    if cursor.rowcount == 0:
        raise RequestUnknown


async def list_requests(conn: Connection, case_id: UUID) -> list[ApplicantRequest]:
    """What a case asked for, refused attempts left out, oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(ApplicantRequest))
    await cursor.execute(
        f"SELECT {_COLUMNS} FROM applicant_request WHERE tenant_id = current_tenant() "  # noqa: S608
        "AND case_id = %s AND opened_at IS NOT NULL ORDER BY created_at, request_id",
        (case_id,),
    )
    return await cursor.fetchall()
