"""Files on a case, and what an applicant is asked to send: officers' side of both."""

import asyncio
import re
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, Principal, needs
from api.case_actions import act
from api.files import MAX_REQUEST_BYTES, ReceivedFile, read_files
from api.image_header import media_type
from api.officers import ActionRefused, WorkflowEnded
from api.permissions import Permission
from api.schemas.cases import EvidenceAttached, RequestIn, RequestMade
from api.schemas.problems import problem_responses
from api.services import Services
from api.subject_keys import subject_key
from api.submission import RequestMalformed
from store.audit import record_read
from store.cases import Case, fetch_case
from store.connection import Connection, tenant_transaction
from store.evidence import NewEvidence, add_evidence, fetch_evidence
from store.outbox import NewOutbox, add
from store.requests import NewRequest, add_request, hash_upload_token, new_upload_token
from vault import contexts
from vault.envelope import seal
from workflows.messages import CaseAction, CaseDetail, Kind, workflow_id

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["cases"], route_class=GuardedRoute)

_FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "string",
                            "format": "binary",
                            "description": "One JPEG, PNG, WebP, TIFF, GIF or PDF, up to 10 MB and 50 megapixels.",
                        },
                        "revision": {"type": "integer", "description": "The revision you looked at."},
                    },
                }
            }
        },
    }
}


@router.post(
    "/evidence",
    status_code=201,
    openapi_extra=needs(Permission.WORK_CASES, _FILE_BODY, max_bytes=MAX_REQUEST_BYTES),
    responses=problem_responses([400, 404, 409, 410, 413, 422]),
    summary="Attach a file to a case",
)
async def attach(
    case_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices
) -> EvidenceAttached:
    """Checked like a document, kept in the vault by its hash, encrypted under the person's key; its pages are there
    once it is decoded. The case's history names the file's digest."""
    [file], fields = await read_files(request, most=1)
    return await attach_file(case_id, file, _revision(fields), principal, services)


async def attach_file(
    case_id: UUID, file: ReceivedFile, revision: int | None, principal: Principal, services: Services
) -> EvidenceAttached:
    """Keep a file that was received and tell the case."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        case = await fetch_case(connection, case_id)
        if case.status == "closed":
            raise WorkflowEnded
        data_key = await subject_key(connection, services, principal.tenant_id, case.subject_id)
    evidence_id = uuid4()
    await keep_files(services, principal.tenant_id, data_key, [file])
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        await add_evidence(connection, new_evidence(case, data_key, evidence_id, file, officer_id=principal.person))
        await add_decoding(connection, case, [evidence_id])
    state = await act(
        services,
        principal,
        case_id,
        CaseAction.ATTACH,
        revision,
        detail=CaseDetail(item_id=evidence_id, item_sha256=file.sha256),
    )
    return EvidenceAttached(evidence_id=evidence_id, sha256=file.sha256, state=state)


@router.get(
    "/evidence/{evidence_id}/pages/{page}",
    openapi_extra=needs(Permission.READ_CASES),
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}, "image/jpeg": {}}, "description": "The normalised page."},
        **problem_responses([404, 410, 422]),
    },
    summary="One page of a file on a case",
)
async def show_page(
    case_id: UUID,
    evidence_id: UUID,
    page: Annotated[int, Path(ge=0, le=100)],
    principal: CurrentPrincipal,
    services: CurrentServices,
) -> Response:
    """What the decoder made of the upload, as an image. Audited."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        evidence = await fetch_evidence(connection, evidence_id)
        if evidence is None or evidence.case_id != case_id or evidence.attached_at is None:
            raise NotFound
        if page >= len(evidence.pages):
            raise NotFound
        await record_read(connection, principal.actor, "read", f"evidence:{evidence_id}")
        data_key = await subject_key(connection, services, principal.tenant_id, evidence.subject_id)
    content = await asyncio.to_thread(services.vault.get, principal.tenant_id, data_key, evidence.pages[page])
    return Response(
        content,
        media_type=media_type(content),
        headers={"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline"},
    )


@router.post(
    "/requests",
    status_code=201,
    openapi_extra=needs(Permission.WORK_CASES),
    responses=problem_responses([404, 409, 410, 422]),
    summary="Ask the applicant for something",
)
async def ask(case_id: UUID, body: RequestIn, principal: CurrentPrincipal, services: CurrentServices) -> RequestMade:
    """The answer has a link for one upload. The tenant's webhooks carry the same link, and a reminder half way.

    Refused on alerts: a question about them could tip somebody off. The token is kept hashed and sealed, in no log and
    in no workflow; only the accepted request's opens anything.
    """
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        case = await fetch_case(connection, case_id)
        if case.status == "closed":
            raise WorkflowEnded
        kind, _, number = case.about.partition(":")
        if kind != "application":
            raise ActionRefused(
                "REQUEST_UNFIT", f"nobody is asked about a case of kind {case.kind}: it could tip them off"
            )
        data_key = await subject_key(connection, services, principal.tenant_id, case.subject_id)
        request_id, token = uuid4(), new_upload_token()
        await add_request(
            connection,
            NewRequest(
                request_id=request_id,
                tenant_id=principal.tenant_id,
                case_id=case_id,
                application_id=UUID(number),
                subject_id=case.subject_id,
                officer_id=principal.person,
                token_hash=hash_upload_token(token),
                sealed_token=seal(data_key, token.encode(), contexts.upload_token(request_id)),
                sealed_text=seal(data_key, body.text.encode(), contexts.request_text(request_id)),
                expires_at=body.answer_by,
            ),
        )
    state = await act(
        services,
        principal,
        case_id,
        CaseAction.REQUEST,
        body.revision,
        reason=body.text,
        detail=CaseDetail(item_id=request_id, until=body.answer_by),
    )
    return RequestMade(
        request_id=request_id,
        upload_url=f"{services.public_url.rstrip('/')}/upload#{token}",
        expires_at=body.answer_by,
        state=state,
    )


def _revision(fields: dict[str, str]) -> int | None:
    stated = fields.pop("revision", None)
    if fields:
        raise RequestMalformed("PART_UNKNOWN", "Only `files` (one file) and `revision` are taken.")
    if stated is not None and not re.fullmatch(r"\d{1,9}", stated):
        raise RequestMalformed("REVISION_MALFORMED", "`revision` is the number that the case showed.")
    return None if stated is None else int(stated)


async def keep_files(services: Services, tenant_id: UUID, data_key: bytes, files: list[ReceivedFile]) -> None:
    """Into the vault before any row names them."""
    await asyncio.gather(*(asyncio.to_thread(services.vault.put, tenant_id, data_key, file.content) for file in files))


def new_evidence(
    case: Case,
    data_key: bytes,
    evidence_id: UUID,
    file: ReceivedFile,
    *,
    officer_id: UUID | None = None,
    request_id: UUID | None = None,
) -> NewEvidence:
    """The row of one file; its name is sealed, because names of files are often names of people."""
    name = seal(data_key, file.name.encode(), contexts.file_name(evidence_id)) if file.name else None
    return NewEvidence(
        evidence_id=evidence_id,
        tenant_id=case.tenant_id,
        case_id=case.case_id,
        subject_id=case.subject_id,
        sha256=file.sha256,
        media_type=file.header.media_type,
        size=len(file.content),
        officer_id=officer_id,
        request_id=request_id,
        sealed_file_name=name,
    )


async def add_decoding(
    connection: Connection, case: Case, evidence_ids: list[UUID], request_id: UUID | None = None
) -> None:
    """The work that follows: pages, and telling the case where an applicant answered."""
    outbox_id = uuid4()
    payload: dict[str, object] = {
        "case_id": str(case.case_id),
        "evidence_ids": [str(evidence_id) for evidence_id in evidence_ids],
    }
    if request_id is not None:
        payload["request_id"] = str(request_id)
    await add(
        connection,
        NewOutbox(outbox_id, case.tenant_id, Kind.EVIDENCE.value, workflow_id(Kind.EVIDENCE, outbox_id), payload),
    )
