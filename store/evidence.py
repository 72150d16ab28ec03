"""Files on a case: what officers and applicants added to it. The bytes are in the vault, under the hash kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class NewEvidence:
    evidence_id: UUID
    tenant_id: UUID
    case_id: UUID
    subject_id: UUID
    sha256: str
    """Of the original bytes, hex: the vault's name for them."""
    media_type: str
    size: int
    officer_id: UUID | None = None
    """Who uploaded it; or the request that it answers."""
    request_id: UUID | None = None
    sealed_file_name: bytes | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    evidence_id: UUID
    case_id: UUID
    subject_id: UUID
    sha256: str
    media_type: str
    size: int
    officer_id: UUID | None
    request_id: UUID | None
    sealed_file_name: bytes | None
    uploaded_at: datetime
    attached_at: datetime | None
    """When the case accepted it; None while it has not, and then it is on no list."""
    problem: str | None
    """Why no page could be made of it."""
    pages: tuple[str, ...]
    """SHA-256 of the normalised image of each page, in order; empty before decoding."""


_COLUMNS = (
    "evidence_id, case_id, subject_id, sha256, media_type, size, officer_id, request_id, sealed_file_name, "
    "uploaded_at, attached_at, problem, "
    "ARRAY(SELECT p.sha256 FROM evidence_page p WHERE p.evidence_id = e.evidence_id ORDER BY p.page) AS pages"
)


async def add_evidence(conn: Connection, evidence: NewEvidence, attached_at: datetime | None = None) -> None:
    """Write an upload. An officer's is on the case once its workflow has accepted it, an applicant's at once."""
    await conn.execute(
        "INSERT INTO case_evidence (evidence_id, tenant_id, case_id, subject_id, officer_id, request_id, sha256, "
        "media_type, size, sealed_file_name, attached_at) VALUES (%(evidence_id)s, %(tenant_id)s, %(case_id)s, "
        "%(subject_id)s, %(officer_id)s, %(request_id)s, %(sha256)s, %(media_type)s, %(size)s, %(sealed_file_name)s, "
        "%(attached_at)s)",
        {
            "evidence_id": evidence.evidence_id,
            "tenant_id": evidence.tenant_id,
            "case_id": evidence.case_id,
            "subject_id": evidence.subject_id,
            "officer_id": evidence.officer_id,
            "request_id": evidence.request_id,
            "sha256": evidence.sha256,
            "media_type": evidence.media_type,
            "size": evidence.size,
            "sealed_file_name": evidence.sealed_file_name,
            "attached_at": attached_at,
        },
    )


async def attach_evidence(conn: Connection, evidence_ids: Sequence[UUID], at: datetime) -> None:
    """The case took them on; again changes nothing."""
    await conn.execute(
        "UPDATE case_evidence SET attached_at = %(at)s WHERE evidence_id = ANY(%(ids)s) AND attached_at IS NULL",
        {"ids": list(evidence_ids), "at": at},
    )


async def fetch_evidence(conn: Connection, evidence_id: UUID) -> Evidence | None:
    cursor = conn.cursor(row_factory=frozen_row(Evidence))
    await cursor.execute(f"SELECT {_COLUMNS} FROM case_evidence e WHERE evidence_id = %s", (evidence_id,))  # noqa: S608
    return await cursor.fetchone()


async def list_evidence(conn: Connection, case_id: UUID) -> list[Evidence]:
    """What is attached to a case, oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(Evidence))
    await cursor.execute(
        f"SELECT {_COLUMNS} FROM case_evidence e WHERE tenant_id = current_tenant() AND case_id = %s "  # noqa: S608
        "AND attached_at IS NOT NULL ORDER BY uploaded_at, evidence_id",
        (case_id,),
    )
    return await cursor.fetchall()


async def link_evidence_page(conn: Connection, tenant_id: UUID, evidence_id: UUID, page: int, sha256: str) -> None:
    """Tie the normalised image of a page to its original; the first link stands."""
    await conn.execute(
        "INSERT INTO evidence_page (tenant_id, evidence_id, page, sha256) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (evidence_id, page) DO NOTHING",
        (tenant_id, evidence_id, page, sha256),
    )


async def note_problem(conn: Connection, evidence_id: UUID, problem: str) -> None:
    """Why the file could not be decoded; the original stays in the vault."""
    await conn.execute("UPDATE case_evidence SET problem = %s WHERE evidence_id = %s", (problem, evidence_id))
