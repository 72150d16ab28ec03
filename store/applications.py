"""Applications and their documents, from the acknowledged submission to the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store import outbox as outbox_rows
from store import subjects
from store.connection import Connection, frozen_row


class IdempotencyConflict(Exception):
    """The Idempotency-Key was used before with another request. Send a new key, or the first request again."""


@dataclass(frozen=True, slots=True)
class NewApplication:
    application_id: UUID
    tenant_id: UUID
    subject_id: UUID
    applicant_kind: str
    """`person` or `organisation`."""
    sealed_applicant: bytes
    idempotency_mac: bytes
    """HMAC-SHA256 of the Idempotency-Key, 32 bytes."""
    request_digest: bytes
    """SHA-256 over the canonical applicant JSON and the file hashes, 32 bytes."""
    regime: str
    wrapped_key: bytes | None = None
    """The new subject's wrapped data key; None where the subject exists already."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    document_id: UUID
    kind: str
    """`document` or `selfie`."""
    position: int
    sha256: str
    """Of the original bytes, hex: the vault's name for them."""
    media_type: str
    size: int
    """In bytes."""
    sealed_file_name: bytes | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    application_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class Application:
    application_id: UUID
    tenant_id: UUID
    subject_id: UUID
    applicant_kind: str
    sealed_applicant: bytes
    regime: str
    state: str
    """`received`, `processing`, `in_review` or `concluded`."""
    outcome: str | None
    """`approved`, `rejected`, `blocked`, `unreadable`, or None until concluded."""
    reasons: tuple[str, ...]
    submitted_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    document_id: UUID
    application_id: UUID
    subject_id: UUID
    kind: str
    position: int
    sha256: str
    media_type: str
    size: int
    pages: tuple[str, ...]
    """SHA-256 of the normalised image of each page, in order; empty before decoding."""
    sealed_file_name: bytes | None


async def submit_application(
    conn: Connection, application: NewApplication, documents: Sequence[NewDocument], outbox: outbox_rows.NewOutbox
) -> Submission:
    """Write application, subject, documents and outbox row; or find that this submission was made before.

    The same idempotency key with the same digest answers the first application, with another digest raises
    `IdempotencyConflict`. A concurrent submission of the same key waits for the first to commit.
    """
    cursor = await conn.execute(
        "INSERT INTO application (application_id, tenant_id, subject_id, applicant_kind, sealed_applicant, "
        "idempotency_mac, request_digest, regime) VALUES (%(application_id)s, %(tenant_id)s, %(subject_id)s, "
        "%(applicant_kind)s, %(sealed_applicant)s, %(idempotency_mac)s, %(request_digest)s, %(regime)s) "
        "ON CONFLICT (tenant_id, idempotency_mac) DO NOTHING",
        {
            "application_id": application.application_id,
            "tenant_id": application.tenant_id,
            "subject_id": application.subject_id,
            "applicant_kind": application.applicant_kind,
            "sealed_applicant": application.sealed_applicant,
            "idempotency_mac": application.idempotency_mac,
            "request_digest": application.request_digest,
            "regime": application.regime,
        },
    )
    if cursor.rowcount == 0:
        earlier = await find_submission(
            conn, application.tenant_id, application.idempotency_mac, application.request_digest
        )
        assert earlier is not None
        return earlier
    if application.wrapped_key is not None:
        await subjects.create_subject(conn, application.tenant_id, application.subject_id, application.wrapped_key)
    cursor = conn.cursor()
    await cursor.executemany(
        "INSERT INTO document (document_id, tenant_id, application_id, subject_id, kind, position, sha256, media_type, "
        "size, sealed_file_name) VALUES (%(document_id)s, %(tenant_id)s, %(application_id)s, %(subject_id)s, %(kind)s, "
        "%(position)s, %(sha256)s, %(media_type)s, %(size)s, %(sealed_file_name)s)",
        [
            {
                "document_id": document.document_id,
                "tenant_id": application.tenant_id,
                "application_id": application.application_id,
                "subject_id": application.subject_id,
                "kind": document.kind,
                "position": document.position,
                "sha256": document.sha256,
                "media_type": document.media_type,
                "size": document.size,
                "sealed_file_name": document.sealed_file_name,
            }
            for document in documents
        ],
    )
    await outbox_rows.add(conn, outbox)
    return Submission(application.application_id, created=True)


async def find_submission(
    conn: Connection, tenant_id: UUID, idempotency_mac: bytes, request_digest: bytes
) -> Submission | None:
    """The earlier submission of this key, before anything is sealed or stored; raises `IdempotencyConflict`."""
    cursor = await conn.execute(
        "SELECT application_id, request_digest FROM application WHERE tenant_id = %s AND idempotency_mac = %s",
        (tenant_id, idempotency_mac),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    if bytes(row[1]) != request_digest:
        raise IdempotencyConflict("this Idempotency-Key belongs to another request")
    return Submission(row[0], created=False)


async def fetch_application(conn: Connection, application_id: UUID) -> Application | None:
    cursor = conn.cursor(row_factory=frozen_row(Application))
    await cursor.execute(
        "SELECT application_id, tenant_id, subject_id, applicant_kind, sealed_applicant, regime, state, outcome, "
        "reasons, submitted_at, updated_at FROM application WHERE application_id = %s",
        (application_id,),
    )
    return await cursor.fetchone()


async def list_applications(
    conn: Connection,
    *,
    state: str | None = None,
    limit: int = 50,
    before: datetime | None = None,
    before_id: UUID | None = None,
) -> list[Application]:
    """The tenant's applications, newest first; `before` (and `before_id` at that instant) page on `submitted_at`."""
    cursor = conn.cursor(row_factory=frozen_row(Application))
    await cursor.execute(
        "SELECT application_id, tenant_id, subject_id, applicant_kind, sealed_applicant, regime, state, outcome, "
        "reasons, submitted_at, updated_at FROM application "
        "WHERE (%(state)s::text IS NULL OR state = %(state)s) "
        "AND (%(before)s::timestamptz IS NULL OR submitted_at < %(before)s "
        "OR submitted_at = %(before)s AND application_id > %(before_id)s::uuid) "
        "ORDER BY submitted_at DESC, application_id LIMIT %(limit)s",
        {"state": state, "before": before, "before_id": before_id, "limit": limit},
    )
    return await cursor.fetchall()


async def fetch_documents(conn: Connection, application_id: UUID) -> list[Document]:
    """An application's documents in the order of submission, selfie last, with their normalised pages."""
    cursor = conn.cursor(row_factory=frozen_row(Document))
    await cursor.execute(
        "SELECT document_id, application_id, subject_id, kind, position, sha256, media_type, size, sealed_file_name, "
        "ARRAY(SELECT p.sha256 FROM document_page p WHERE p.document_id = d.document_id ORDER BY p.page) AS pages "
        "FROM document d WHERE application_id = %s ORDER BY kind, position",
        (application_id,),
    )
    return await cursor.fetchall()


async def fetch_document(conn: Connection, document_id: UUID) -> Document | None:
    cursor = conn.cursor(row_factory=frozen_row(Document))
    await cursor.execute(
        "SELECT document_id, application_id, subject_id, kind, position, sha256, media_type, size, sealed_file_name, "
        "ARRAY(SELECT p.sha256 FROM document_page p WHERE p.document_id = d.document_id ORDER BY p.page) AS pages "
        "FROM document d WHERE document_id = %s",
        (document_id,),
    )
    return await cursor.fetchone()


async def link_normalised(conn: Connection, document_id: UUID, page: int, sha256: str) -> None:
    """Tie the normalised image of a page to its original; the first link stands."""
    await conn.execute(
        "INSERT INTO document_page (tenant_id, document_id, page, sha256) "
        "SELECT tenant_id, document_id, %(page)s, %(sha256)s FROM document WHERE document_id = %(document_id)s "
        "ON CONFLICT (document_id, page) DO NOTHING",
        {"document_id": document_id, "page": page, "sha256": sha256},
    )


async def set_application_state(
    conn: Connection, application_id: UUID, state: str, outcome: str | None = None, reasons: Sequence[str] = ()
) -> None:
    """Write state, outcome (only with `concluded`) and applicant-safe reasons; raises LookupError if unknown."""
    cursor = await conn.execute(
        "UPDATE application SET state = %(state)s, outcome = %(outcome)s, reasons = %(reasons)s, "
        "updated_at = clock_timestamp() WHERE application_id = %(application_id)s",
        {"application_id": application_id, "state": state, "outcome": outcome, "reasons": list(reasons)},
    )
    if cursor.rowcount == 0:
        raise LookupError(f"no application {application_id}")
