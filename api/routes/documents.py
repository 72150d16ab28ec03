"""Document pages as officers look at them: the normalised image, never the uploaded bytes."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, needs
from api.image_header import media_type
from api.permissions import Permission
from api.schemas.problems import problem_responses
from api.subject_keys import subject_key
from store.applications import fetch_document
from store.audit import record_read
from store.connection import tenant_transaction

router = APIRouter(prefix="/v1/documents", tags=["documents"], route_class=GuardedRoute)


@router.get(
    "/{document_id}/pages/{page}",
    openapi_extra=needs(Permission.READ_CASES),
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}, "image/jpeg": {}}, "description": "The normalised page."},
        **problem_responses([404, 410, 422]),
    },
    summary="One page of a document",
)
async def show_page(
    document_id: UUID,
    page: Annotated[int, Path(ge=0, le=100)],
    principal: CurrentPrincipal,
    services: CurrentServices,
) -> Response:
    """What the decoder made of the upload, as an image. There is none before the document was decoded. Audited."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        document = await fetch_document(connection, document_id)
        if document is None or page >= len(document.pages):
            raise NotFound
        await record_read(connection, principal.actor, "read", f"document:{document_id}")
        data_key = await subject_key(connection, services, principal.tenant_id, document.subject_id)
    content = await asyncio.to_thread(services.vault.get, principal.tenant_id, data_key, document.pages[page])
    return Response(
        content,
        media_type=media_type(content),
        headers={"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline"},
    )
