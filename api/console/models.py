"""The models in use, with the cards that say what they were made of and what they are not good for."""

from fastapi import APIRouter, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.page import PageRoute, render
from api.permissions import Permission
from explain.record import DecisionKind
from store.audit import record_read
from store.connection import tenant_transaction
from store.search import last_decisions, list_models

router = APIRouter(prefix="/console/models", include_in_schema=False, route_class=PageRoute)

_KINDS = tuple(kind.value for kind in DecisionKind if kind is not DecisionKind.FILING_TRIGGER)


@router.get("", openapi_extra=needs(Permission.READ_DECISIONS))
async def show(request: Request, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    """Every registered model; those whose last decision here is the newest of its kind are in use."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        models = await list_models(connection)
        last = await last_decisions(connection, _KINDS)
        await record_read(connection, principal.actor, "list", "models")
    decides: dict[str, list[str]] = {}
    for decision in last:
        decides.setdefault(decision.model_sha256, []).append(decision.kind)
    used = [model for model in models if model.sha256 in decides]
    return render(
        request,
        "models.html",
        used=used,
        others=[model for model in models if model.sha256 not in decides],
        decides=decides,
        latest={decision.kind: decision for decision in last},
    )
