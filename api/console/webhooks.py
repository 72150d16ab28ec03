"""Where the tenant's own systems are told what happens, as pages: endpoints, deliveries, dead letters to replay."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.page import PageRoute, Submitted, checked, render, see, text, texts
from api.paging import After
from api.permissions import Permission
from api.routes import webhooks
from api.routes.webhooks import EndpointChange, EndpointIn
from store.webhooks import EventType

router = APIRouter(prefix="/console/webhooks", include_in_schema=False, route_class=PageRoute)

ROWS = 50
_MANAGE = needs(Permission.MANAGE_WEBHOOKS)
States = Literal["pending", "delivered", "dead", ""]

_DONE = {
    "off": "Switched off: nothing more is sent there, and what was pending is a dead letter.",
    "on": "Switched on.",
    "tested": "A test is on its way: it appears below as any other delivery.",
    "replayed": "It is delivered once more, under the same webhook-id.",
}


@router.get("", openapi_extra=_MANAGE)
async def endpoints(
    request: Request, principal: CurrentPrincipal, services: CurrentServices, done: str = ""
) -> Response:
    """Endpoints, and how many dead letters wait."""
    found = await webhooks.endpoints(principal, services)
    dead = await webhooks.deliveries(principal, services, state="dead", limit=ROWS, endpoint_id=None, after=None)
    return render(
        request,
        "webhooks.html",
        rows=found.endpoints,
        events=[each.value for each in EventType if each is not EventType.TEST],
        dead=len(dead.deliveries),
        more_dead=dead.next is not None,
        done=_DONE.get(done, ""),
    )


@router.post("", openapi_extra=_MANAGE)
async def add(request: Request, form: Submitted, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    """The answer shows the secret, once."""
    body = checked(
        EndpointIn, url=text(form, "url"), events=texts(form, "events"), description=text(form, "description")
    )
    made = await webhooks.add(body, principal, services)
    return render(request, "webhook_secret.html", url=made.url, secret=made.secret, old_until=None)


@router.post("/{endpoint_id}/active", openapi_extra=_MANAGE)
async def switch(
    endpoint_id: UUID, form: Submitted, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    active = text(form, "active") == "true"
    await webhooks.change(endpoint_id, EndpointChange(active=active), principal, services)
    return see(f"/console/webhooks?done={'on' if active else 'off'}")


@router.post("/{endpoint_id}/secret", openapi_extra=_MANAGE)
async def rotate(
    endpoint_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """Shown once; the old one goes on signing for a day."""
    made = await webhooks.rotate(endpoint_id, principal, services)
    return render(request, "webhook_secret.html", url="", secret=made.secret, old_until=made.old_until)


@router.post("/{endpoint_id}/test", openapi_extra=_MANAGE)
async def test(endpoint_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    await webhooks.test(endpoint_id, principal, services)
    return see("/console/webhooks/deliveries?done=tested")


@router.get("/deliveries", openapi_extra=_MANAGE)
async def deliveries(
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    state: Annotated[States, Query()] = "",
    after: After = None,
    done: str = "",
) -> Response:
    """Newest first."""
    found = await webhooks.deliveries(
        principal, services, state=state or None, limit=ROWS, endpoint_id=None, after=after
    )
    names = {each.endpoint_id: each.url for each in (await webhooks.endpoints(principal, services)).endpoints}
    return render(
        request,
        "deliveries.html",
        rows=found.deliveries,
        following=found.next,
        state=state,
        urls=names,
        done=_DONE.get(done, ""),
    )


@router.get("/deliveries/{delivery_id}", openapi_extra=_MANAGE)
async def delivery(
    delivery_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """One delivery with its attempts."""
    found = await webhooks.delivery(delivery_id, principal, services)
    names = {each.endpoint_id: each.url for each in (await webhooks.endpoints(principal, services)).endpoints}
    return render(request, "delivery.html", row=found, url=names.get(found.endpoint_id, ""))


@router.post("/deliveries/{delivery_id}/replay", openapi_extra=_MANAGE)
async def replay(delivery_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    await webhooks.replay(delivery_id, principal, services)
    return see("/console/webhooks/deliveries?done=replayed")
