"""What a sealed value is bound to: the context that `envelope.seal` and `open_sealed` must agree on.

Kept in one place because the one who seals (API, activities, engine) is rarely the one who opens. A value that is moved
to another row, or to another column's kind, no longer opens.
"""

from uuid import UUID


def applicant(application_id: UUID) -> bytes:
    """The canonical applicant JSON of an application."""
    return b"applicant:%b" % application_id.bytes


def file_name(document_id: UUID) -> bytes:
    """The name under which a document was uploaded."""
    return b"file_name:%b" % document_id.bytes


def decision_evidence(decision_id: UUID) -> bytes:
    """The identifying values, findings and sentence of a decision."""
    return b"decision_evidence:%b" % decision_id.bytes


def reason(reason_id: UUID) -> bytes:
    """An officer's words on a case."""
    return b"reason:%b" % reason_id.bytes


def customer(customer_id: UUID) -> bytes:
    """What is kept of a customer."""
    return b"customer:%b" % customer_id.bytes


def filing(filing_id: UUID) -> bytes:
    """A report, draft or submitted, and the request that asked for it."""
    return b"filing:%b" % filing_id.bytes


def contest(contest_id: UUID) -> bytes:
    """What an applicant says against an outcome."""
    return b"contest:%b" % contest_id.bytes


def alert(alert_id: UUID) -> bytes:
    """The hits of an alert in full."""
    return b"alert:%b" % alert_id.bytes


def transaction(tenant_id: UUID, transaction_id: str) -> bytes:
    """What a payer wrote to a transaction."""
    return b"transaction:%b:%b" % (tenant_id.bytes, transaction_id.encode())


def request_text(request_id: UUID) -> bytes:
    """What an applicant is asked for, in an officer's words."""
    return b"request_text:%b" % request_id.bytes


def upload_token(request_id: UUID) -> bytes:
    """The token of the upload that answers a request."""
    return b"upload_token:%b" % request_id.bytes


def webhook_secret(secret_id: UUID) -> bytes:
    """What an endpoint's deliveries are signed with."""
    return b"webhook_secret:%b" % secret_id.bytes


def filing_part(filing_id: UUID, part: str) -> bytes:
    """What belongs to a filing beside its report: `findings`, `answer`, `supplement`."""
    return b"filing_part:%b:%b" % (filing_id.bytes, part.encode())


def screening(screening_id: UUID) -> bytes:
    """Who was asked about in a screening."""
    return b"screening:%b" % screening_id.bytes


def screening_answer(screening_id: UUID) -> bytes:
    """What a screening answered."""
    return b"screening_answer:%b" % screening_id.bytes


def engine_snapshot(tenant_id: UUID, written: bytes, piece: int, pieces: int) -> bytes:
    """A piece of a tenant's engine state; `written` is that snapshot's own random name."""
    return b"engine_snapshot:%b:%b:%d/%d" % (tenant_id.bytes, written, piece, pieces)
