"""The applicant's side of a request: see what is asked for, send it once, with nothing but the link's token."""

from datetime import datetime
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from api import upload_page
from api.auth import CurrentServices, NotAuthenticated
from api.files import MAX_FILES, MAX_REQUEST_BYTES, read_files
from api.limits import MAX_BYTES, LimitedRoute
from api.routes.evidence import add_decoding, keep_files, new_evidence
from api.schemas.problems import problem_responses
from api.services import Services
from api.subject_keys import subject_key
from api.submission import RequestMalformed
from store.audit import record_read
from store.cases import fetch_case
from store.connection import service_transaction, tenant_transaction
from store.evidence import add_evidence
from store.requests import RequestUnknown, fetch_open_request, find_request, hash_upload_token, take_answer
from vault import contexts
from vault.envelope import open_sealed

router = APIRouter(tags=["uploads"], route_class=LimitedRoute)

_PROBLEMS = problem_responses([400, 401, 404, 410, 413, 422])


class UploadAsked(BaseModel):
    text: str = Field(description="What you are asked to send.")
    expires_at: datetime
    files: int = Field(description="So many at once, at most; JPEG, PNG, WebP, TIFF, GIF or PDF, each up to 10 MB.")


class UploadTaken(BaseModel):
    received: int


@router.get("/v1/uploads", responses=_PROBLEMS, summary="What is asked for")
async def show(request: Request, services: CurrentServices) -> UploadAsked:
    """With `Authorization: Bearer` and the token behind the `#` of the link. Neither name nor case is told."""
    tenant_id, request_id = await _found(request, services)
    async with tenant_transaction(services.pool, tenant_id) as connection:
        asked = await fetch_open_request(connection, request_id, services.clock())
        data_key = await subject_key(connection, services, tenant_id, asked.subject_id)
        await record_read(connection, f"applicant_request:{request_id}", "read", f"applicant_request:{request_id}")
    text = open_sealed(data_key, asked.sealed_text, contexts.request_text(request_id)).decode()
    return UploadAsked(text=text, expires_at=asked.expires_at, files=MAX_FILES)


@router.post(
    "/v1/uploads",
    status_code=202,
    openapi_extra={
        MAX_BYTES: MAX_REQUEST_BYTES,
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["files"],
                        "properties": {
                            "files": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": MAX_FILES,
                                "items": {"type": "string", "format": "binary"},
                            }
                        },
                    }
                }
            },
        },
    },
    responses=_PROBLEMS,
    summary="Send what is asked for, once",
)
async def send(request: Request, services: CurrentServices) -> UploadTaken:
    """Once this answers, the files are stored and reach the officers, whatever else is down; the link is used up then.
    A file that cannot be taken is refused with the reason, and the link stays good."""
    tenant_id, request_id = await _found(request, services)
    async with tenant_transaction(services.pool, tenant_id) as connection:
        asked = await fetch_open_request(connection, request_id, services.clock())
        case = await fetch_case(connection, asked.case_id)
        data_key = await subject_key(connection, services, tenant_id, asked.subject_id)
    files, fields = await read_files(request)
    if fields:
        raise RequestMalformed("PART_UNKNOWN", "Only files, as parts called `files`, are taken.")
    await keep_files(services, tenant_id, data_key, files)
    async with tenant_transaction(services.pool, tenant_id) as connection:
        now = services.clock()
        await take_answer(connection, request_id, now)
        evidence_ids = [uuid4() for _ in files]
        for evidence_id, file in zip(evidence_ids, files, strict=True):
            row = new_evidence(case, data_key, evidence_id, file, request_id=request_id)
            await add_evidence(connection, row, attached_at=now)
        await add_decoding(connection, case, evidence_ids, request_id)
        await record_read(connection, f"applicant_request:{request_id}", "upload", f"case:{case.case_id}")
    return UploadTaken(received=len(files))


async def _found(request: Request, services: Services) -> tuple[UUID, UUID]:
    """(tenant, request) by the token. A wrong one and a used one answer the same."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("Send `Authorization: Bearer` with the token behind the # of your link.")
    async with service_transaction(services.pool) as connection:
        found = await find_request(connection, hash_upload_token(token))
    if found is None:
        raise RequestUnknown
    return found[1], found[0]


# --- The page --------------------------------------------------------------------------------------------------------


@router.get("/upload", include_in_schema=False)
async def page() -> HTMLResponse:
    """The same for everybody: the token stays behind the #, and only the page's script reads it."""
    return HTMLResponse(upload_page.PAGE, headers=upload_page.HEADERS)


@router.get("/upload.js", include_in_schema=False)
async def script() -> Response:
    return Response(upload_page.SCRIPT, media_type="text/javascript", headers=upload_page.HEADERS)
