"""The documents by which a customer was identified, as a report names them: from what was read at onboarding.

Separate from `filing_case` because it needs the vault, where readings are kept sealed.
"""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from activities.readings import KeptReading
from aml.reports.case import DocumentRef
from aml.reports.party import Identifier, IdentifierKind, Sex
from jurisdictions.countries import alpha2
from kyc.document import DocumentReading, DocumentType
from store import readings
from store.applications import fetch_documents
from store.connection import Connection
from vault.objects import Vault, VaultObjectMissing

log = logging.getLogger(__name__)

_FORM: TypeAdapter[KeptReading] = TypeAdapter(KeptReading)
_KINDS = {
    DocumentType.TD3: (IdentifierKind.PASSPORT, "Passport"),
    DocumentType.TD1: (IdentifierKind.IDENTITY_CARD, "Identity card"),
    DocumentType.TD2: (IdentifierKind.IDENTITY_CARD, "Identity card"),
    DocumentType.DRIVING_LICENCE: (IdentifierKind.DRIVING_LICENCE, "Driving licence"),
}
_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE}


@dataclass(frozen=True, slots=True)
class Identification:
    """What documents say that the applicant did not have to."""

    identifiers: tuple[Identifier, ...] = ()
    documents: tuple[DocumentRef, ...] = ()
    sex: Sex | None = None


async def identification(
    conn: Connection, vault: Vault, tenant_id: UUID, data_key: bytes, application_id: UUID
) -> Identification:
    """Of the application's documents that were read; one whose reading is not kept any more is left out."""
    identifiers, documents, sexes = [], [], []
    for document in await fetch_documents(conn, application_id):
        link = None if document.kind != "document" else await readings.newest_reading(conn, document.document_id)
        if link is None:
            continue
        try:
            kept = _FORM.validate_json(await asyncio.to_thread(vault.get, tenant_id, data_key, link.sha256))
        except VaultObjectMissing:
            log.warning("the reading of document %s is not in the vault", document.document_id)
            continue
        kind = _KINDS.get(kept.reading.type)
        if kind is None or "number" not in kept.reading.fields:
            continue
        identifiers.append(_identifier(kept.reading, kind[0]))
        documents.append(DocumentRef(str(document.document_id), kind[1]))
        sexes.append(_SEXES.get(kept.reading.value("sex") or ""))
    told = {sex for sex in sexes if sex is not None}
    return Identification(tuple(identifiers), tuple(documents), told.pop() if len(told) == 1 else None)


def _identifier(reading: DocumentReading, kind: IdentifierKind) -> Identifier:
    issuer = reading.value("issuer") or reading.value("nationality")
    return Identifier(
        kind=kind,
        number=reading.fields["number"].value,
        issuer_country=None if issuer is None else alpha2(issuer),
        issued_on=reading.date_of("issue_date"),
        expires_on=reading.date_of("expiry_date"),
    )
