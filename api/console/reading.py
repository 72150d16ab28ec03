"""What the machine saw on a document, as officers look at it: fields with their boxes, and the two zones side by side.

It reads the sealed reading leniently (only what is shown, all of it optional), so that one kept years ago still opens.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from api.auth import NotFound, Principal
from api.services import Services
from api.subject_keys import subject_key
from kyc.names import same_name, same_number
from store.applications import fetch_document
from store.audit import record_read
from store.connection import tenant_transaction
from store.readings import newest_reading

_COMPARED = ("surname", "given_names", "number", "birth_date", "expiry_date", "sex")
"""The fields that stand in both zones."""


class BoxSeen(BaseModel):
    left: float
    top: float
    right: float
    bottom: float


class FieldSeen(BaseModel):
    value: str
    source: str = ""
    confidence: float = 0.0
    box: BoxSeen | None = None


class MrzSeen(BaseModel):
    lines: tuple[str, ...] = ()
    raw_lines: tuple[str, ...] = ()
    checks: Mapping[str, bool] = {}
    box: BoxSeen | None = None
    readers_agree: bool = False


class SignSeen(BaseModel):
    """A sign of tampering, with its place where it has one."""

    code: str
    box: BoxSeen | None = None


class ReadingSeen(BaseModel):
    """The part of `kyc.document.DocumentReading` that pages show."""

    type: str = "UNKNOWN"
    country: str = ""
    mrz: MrzSeen | None = None
    fields: Mapping[str, FieldSeen] = {}
    visual: Mapping[str, FieldSeen] = {}
    codes: tuple[str, ...] = ()
    portrait: BoxSeen | None = None
    ghost: BoxSeen | None = None
    tamper: tuple[SignSeen, ...] = ()
    rotation: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One field in both zones. `verdict` is `same`, `written differently`, `differs`, or empty with one zone only."""

    name: str
    number: int
    machine: FieldSeen | None
    visual: FieldSeen | None
    verdict: str
    failed_check: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A document's reading with the page that it is of, turned upright by `transform` within `width` x `height`."""

    document_id: UUID
    page: int
    reading: ReadingSeen
    lines: tuple[Line, ...]
    transform: str
    page_width: int
    page_height: int


async def open_reading(document_id: UUID, principal: Principal, services: Services) -> Read | None:
    """None where the document was not read, or could not be. Audited as a read of the document. Raises `NotFound` and
    `SubjectErased`."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        document = await fetch_document(connection, document_id)
        if document is None:
            raise NotFound
        link = await newest_reading(connection, document_id)
        if link is None:
            return None
        await record_read(connection, principal.actor, "read reading", f"document:{document_id}")
        data_key = await subject_key(connection, services, principal.tenant_id, document.subject_id)
    content = await asyncio.to_thread(services.vault.get, principal.tenant_id, data_key, link.sha256)
    kept: dict[str, Any] = json.loads(content)
    reading = ReadingSeen.model_validate(kept["reading"])
    page = document.pages.index(kept["page_sha256"]) if kept.get("page_sha256") in document.pages else 0
    return Read(document_id, page, reading, lines(reading), *_upright(reading))


def lines(reading: ReadingSeen) -> tuple[Line, ...]:
    """Every field that was read, both zones' values side by side, in the order of the reading."""
    names = dict.fromkeys((*_COMPARED, *reading.fields, *reading.visual))
    failed = set() if reading.mrz is None else {name for name, holds in reading.mrz.checks.items() if not holds}
    found: list[Line] = []
    for name in names:
        merged = reading.fields.get(name)
        machine = merged if merged is not None and merged.source in ("mrz", "barcode") else None
        visual = reading.visual.get(name) or (merged if machine is None else None)
        if machine is None and visual is None:
            continue
        found.append(Line(name, len(found) + 1, machine, visual, _verdict(name, machine, visual), name in failed))
    return tuple(found)


def _verdict(name: str, machine: FieldSeen | None, visual: FieldSeen | None) -> str:
    if machine is None or visual is None:
        return ""
    if machine.value == visual.value:
        return "same"
    if name in ("surname", "given_names"):
        alike = same_name(machine.value, visual.value)
    else:
        alike = name in ("number", "personal_number") and same_number(machine.value, visual.value)
    return "written differently" if alike else "differs"


def _upright(reading: ReadingSeen) -> tuple[str, int, int]:
    """Boxes are on the page turned clockwise by `rotation`: how to turn the picture to lie under them, and its size."""
    width, height = reading.width, reading.height
    match reading.rotation % 360:
        case 90:
            return f"translate({width} 0) rotate(90)", height, width
        case 180:
            return f"translate({width} {height}) rotate(180)", width, height
        case 270:
            return f"translate(0 {height}) rotate(270)", height, width
        case _:
            return "", width, height
