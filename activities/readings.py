"""Readings of documents between the steps: sealed in the vault, named by their digest, never in a payload."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from explain.record import canonical_json
from kyc.document import DocumentReading
from kyc.evidence import Crop
from vault.objects import Vault
from workflows.messages import DocumentSummary


@dataclass(frozen=True, slots=True)
class KeptCrop:
    """A piece of the page that the reading rests on (`kyc.evidence.Crop`), by its name in the vault."""

    kind: str
    field: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptReading:
    """What one document said, which page of it was read, and the pieces of the page that show it."""

    document_id: UUID
    page_sha256: str
    reading: DocumentReading
    crops: tuple[KeptCrop, ...] = ()


_FORM: TypeAdapter[KeptReading] = TypeAdapter(KeptReading)


async def keep_reading(vault: Vault, tenant_id: UUID, data_key: bytes, kept: KeptReading) -> str:
    """The digest under which the reading is kept. Again changes nothing."""
    return await asyncio.to_thread(vault.put, tenant_id, data_key, canonical_json(kept))


async def keep_crops(vault: Vault, tenant_id: UUID, data_key: bytes, crops: Sequence[Crop]) -> tuple[KeptCrop, ...]:
    """The pieces' names in the vault, in their order. Again changes nothing."""

    def keep_all() -> tuple[KeptCrop, ...]:
        return tuple(KeptCrop(c.kind, c.field, vault.put(tenant_id, data_key, c.content)) for c in crops)

    return await asyncio.to_thread(keep_all)


async def open_readings(
    vault: Vault, tenant_id: UUID, data_key: bytes, documents: tuple[DocumentSummary, ...]
) -> tuple[KeptReading, ...]:
    """The readings of documents in their order; unreadable ones have none."""

    def open_all() -> tuple[KeptReading, ...]:
        contents: list[Any] = [
            vault.get(tenant_id, data_key, document.reading_sha256) for document in documents if document.reading_sha256
        ]
        return tuple(_FORM.validate_json(content) for content in contents)

    return await asyncio.to_thread(open_all)
