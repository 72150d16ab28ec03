"""What a submission says, taken out of its multipart body and checked: applicant, documents, selfie.

Separate from the route because everything here happens before anything is stored. The body is held in memory and never
spooled to a file: uploads are personal data, and what is at rest is encrypted.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.image_header import ImageHeader, ImageRefused, inspect_image
from api.schemas.applications import PersonIn
from api.schemas.problems import FieldProblem
from explain.record import canonical_json

MAX_REQUEST_BYTES = 64 * 1024 * 1024
MAX_DOCUMENTS = 10
_MAX_APPLICANT_BYTES = 64 * 1024
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_OLDEST_YEARS = 130


class RequestMalformed(Exception):
    """The request cannot be taken apart; `code` says where it breaks, `detail` what to send instead."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class ApplicantRefused(Exception):
    """The applicant's data is not usable; `problems` names the fields."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(f"{len(problems)} fields")
        self.problems = problems


class OrganisationNotHandled(Exception):
    """The applicant is an organisation, which is not handled yet."""


class DocumentRefused(Exception):
    """One of the uploads was refused; `part` names it as `documents[0]` or `selfie`."""

    def __init__(self, part: str, cause: ImageRefused) -> None:
        super().__init__(part)
        self.part, self.code, self.detail, self.advice = part, cause.code, cause.detail, cause.advice


@dataclass(frozen=True, slots=True)
class Upload:
    kind: str
    """`document` or `selfie`."""
    position: int
    content: bytes
    sha256: str
    header: ImageHeader


@dataclass(frozen=True, slots=True)
class ReceivedApplication:
    """A submission whose every part was checked as far as headers tell."""

    applicant: PersonIn
    uploads: tuple[Upload, ...]
    idempotency_mac: bytes
    request_digest: bytes

    @property
    def applicant_json(self) -> bytes:
        """Canonical, as it is sealed and digested."""
        return canonical_json(self.applicant.model_dump(mode="json"))


async def read_submission(request: Request, key: bytes, today: date) -> ReceivedApplication:
    """Take a submission apart. `key` is the HMAC key of Idempotency-Keys and digests.

    Raises `RequestMalformed`, `ApplicantRefused`, `OrganisationNotHandled` or `DocumentRefused`.
    """
    idempotency_key = _idempotency_key(request)
    applicant_json, documents, selfies = await _parts(request)
    applicant = read_applicant(applicant_json, today)
    uploads = [_upload("document", position, content) for position, content in enumerate(documents)]
    uploads += [_upload("selfie", position, content) for position, content in enumerate(selfies)]
    files = [[upload.kind, upload.sha256] for upload in uploads]
    # Without what was not stated: a field that this API learns later leaves the digest of older requests as it was.
    content = canonical_json({"applicant": applicant.model_dump(mode="json", exclude_none=True), "files": files})
    return ReceivedApplication(
        applicant=applicant,
        uploads=tuple(uploads),
        idempotency_mac=hmac.digest(key, b"idempotency-key\n" + idempotency_key.encode(), "sha256"),
        request_digest=hmac.digest(key, b"request\n" + content, "sha256"),
    )


def read_applicant(text: str, today: date) -> PersonIn:
    """The applicant from JSON. Raises `ApplicantRefused` or `OrganisationNotHandled`."""
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestMalformed("APPLICANT_NOT_JSON", "The part `applicant` is not a JSON object.") from error
    if isinstance(raw, dict) and raw.get("kind") == "organisation":
        raise OrganisationNotHandled
    try:
        applicant = PersonIn.model_validate(raw)
    except ValidationError as error:
        raise ApplicantRefused(field_problems(error)) from error
    if applicant.birth_date > today:
        raise ApplicantRefused([FieldProblem(pointer="/birth_date", detail="lies in the future: check the year")])
    if applicant.birth_date.year < today.year - _OLDEST_YEARS:
        raise ApplicantRefused([FieldProblem(pointer="/birth_date", detail="is too long ago: check the year")])
    return applicant


def field_problems(error: Any) -> list[FieldProblem]:
    """Where and why, from pydantic's errors, as JSON pointers (RFC 6901); never the value: it may be personal."""
    return [
        FieldProblem(
            pointer="".join(f"/{_token(part)}" for part in item["loc"]),
            detail=item["msg"].removeprefix("Value error, "),
        )
        for item in error.errors()
    ]


def _token(part: str | int) -> str:
    """One step of a pointer. A field's name is the sender's: what is no text in it cannot be sent back."""
    name = str(part)[:100].encode(errors="replace").decode()
    return name.replace("~", "~0").replace("/", "~1")


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise RequestMalformed(
            "IDEMPOTENCY_KEY_MISSING",
            "Send an `Idempotency-Key` header of 1 to 255 visible ASCII characters, such as a UUID that you store with "
            "the application: with it the request can be repeated safely.",
        )
    return key


class _InMemoryParser(MultiPartParser):
    spool_max_size = MAX_REQUEST_BYTES + 1


async def _parts(request: Request) -> tuple[str, list[bytes], list[bytes]]:
    """The `applicant`, the `documents` and at most one `selfie`."""
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise RequestMalformed(
            "NOT_MULTIPART", "Send multipart/form-data with the parts `applicant` (JSON) and `documents` (files)."
        )
    parser = _InMemoryParser(
        request.headers,
        request.stream(),
        max_files=MAX_DOCUMENTS + 2,
        max_fields=2,
        max_part_size=_MAX_APPLICANT_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise RequestMalformed("MULTIPART_BROKEN", f"The multipart body cannot be read: {error.message}") from error
    applicants: list[str] = []
    files: dict[str, list[bytes]] = {"documents": [], "selfie": []}
    for name, part in form.multi_items():
        if name == "applicant":
            applicants.append(part if isinstance(part, str) else await _text(part))
        elif name in files and isinstance(part, UploadFile):
            files[name].append(await part.read())
        else:
            raise RequestMalformed(
                "PART_UNKNOWN",
                "Only `applicant` (JSON), `documents` (files, with a file name) and `selfie` (a file) are taken.",
            )
    await form.close()
    if len(applicants) != 1:
        raise RequestMalformed("APPLICANT_MISSING", "Send exactly one part `applicant` with the applicant as JSON.")
    if not 1 <= len(files["documents"]) <= MAX_DOCUMENTS:
        raise RequestMalformed("DOCUMENTS_MISSING", f"Send one to {MAX_DOCUMENTS} files as parts called `documents`.")
    if len(files["selfie"]) > 1:
        raise RequestMalformed("SELFIE_REPEATED", "Send at most one `selfie`.")
    return applicants[0], files["documents"], files["selfie"]


async def _text(part: UploadFile) -> str:
    content = await part.read()
    if len(content) > _MAX_APPLICANT_BYTES:
        raise RequestMalformed("APPLICANT_TOO_LARGE", f"`applicant` has more than {_MAX_APPLICANT_BYTES} bytes.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RequestMalformed("APPLICANT_NOT_JSON", "The part `applicant` is not UTF-8.") from error


def _upload(kind: str, position: int, content: bytes) -> Upload:
    try:
        header = inspect_image(content)
    except ImageRefused as refusal:
        raise DocumentRefused("selfie" if kind == "selfie" else f"documents[{position}]", refusal) from refusal
    if kind == "selfie" and header.media_type == "application/pdf":
        no_picture = ImageRefused("SELFIE_NOT_AN_IMAGE", "The selfie is a PDF.", "Send the selfie as JPEG or PNG.")
        raise DocumentRefused("selfie", no_picture)
    return Upload(kind, position, content, hashlib.sha256(content).hexdigest(), header)
