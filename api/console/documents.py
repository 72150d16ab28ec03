"""Document pages as images inside the console's pages: the API's answer, for whoever holds the session."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.page import PageRoute
from api.permissions import Permission
from api.routes import documents

router = APIRouter(prefix="/console/documents", include_in_schema=False, route_class=PageRoute)


@router.get("/{document_id}/pages/{page}", openapi_extra=needs(Permission.READ_CASES))
async def page(
    document_id: UUID,
    page: Annotated[int, Path(ge=0, le=100)],
    principal: CurrentPrincipal,
    services: CurrentServices,
) -> Response:
    """One normalised page. Audited as the API audits it."""
    return await documents.show_page(document_id, page, principal, services)
