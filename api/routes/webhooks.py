"""Where a tenant's own systems are told what happens: endpoints, their secrets, deliveries, dead letters, replays."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, Principal, needs
from api.paging import After, Cursor, Limit, cursor
from api.permissions import Permission
from api.schemas.problems import problem_responses
from api.services import Services
from api.subject_keys import subject_key
from store import webhooks
from store.audit import record_read
from store.connection import Connection, tenant_transaction
from store.webhooks import Delivery, Endpoint, EventType
from vault import contexts
from vault.envelope import seal

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=GuardedRoute)

OVERLAP = timedelta(hours=24)
"""So long deliveries are signed by the retired secret too."""
_MANAGE = needs(Permission.MANAGE_WEBHOOKS)
_SECRET_BYTES = 32
"""The Standard Webhooks ask for 24 to 64."""

State = Literal["pending", "delivered", "dead"]


class EndpointIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=1000, pattern=r"^https?://", description="https, and publicly reachable.")]
    events: list[EventType] = Field(default=[], description="Which to send; all of them where none is named.")
    description: Annotated[str, Field(max_length=200)] = ""


class EndpointChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=1000, pattern=r"^https?://")] | None = None
    events: list[EventType] | None = None
    description: Annotated[str, Field(max_length=200)] | None = None
    active: bool | None = Field(default=None, description="`false` sends nothing more; what is pending becomes dead.")


class EndpointOut(BaseModel):
    endpoint_id: UUID
    url: str
    events: list[str]
    description: str
    active: bool
    created_at: datetime
    secret: str | None = Field(default=None, description="`whsec_…`, shown once, when it is made.")


class EndpointList(BaseModel):
    endpoints: list[EndpointOut]


class SecretOut(BaseModel):
    secret: str = Field(description="`whsec_…`, shown once.")
    old_until: datetime = Field(description="Until then deliveries are signed by the old secret too.")


class AttemptOut(BaseModel):
    number: int
    at: datetime
    status: int | None = Field(description="The endpoint's HTTP status; `null` where it did not answer.")
    error: str
    milliseconds: int


class DeliveryRow(BaseModel):
    delivery_id: UUID
    event_id: UUID
    type: str
    endpoint_id: UUID
    state: State = Field(
        description="`dead`: given up after some three days; replay it when the endpoint is well again."
    )
    attempts: int
    replay_of: UUID | None
    created_at: datetime
    ended_at: datetime | None


class DeliveryOut(DeliveryRow):
    tried: list[AttemptOut]


class DeliveryList(BaseModel):
    deliveries: list[DeliveryRow]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; absent on the last.")


class Sent(BaseModel):
    delivery_id: UUID


@router.get("/endpoints", openapi_extra=_MANAGE, responses=problem_responses([]), summary="Endpoints")
async def endpoints(principal: CurrentPrincipal, services: CurrentServices) -> EndpointList:
    """Without their secrets."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await webhooks.list_endpoints(connection)
    return EndpointList(endpoints=[_endpoint(endpoint) for endpoint in found])


@router.post(
    "/endpoints", status_code=201, openapi_extra=_MANAGE, responses=problem_responses([422]), summary="Add an endpoint"
)
async def add(body: EndpointIn, principal: CurrentPrincipal, services: CurrentServices) -> EndpointOut:
    """The answer has its secret, once. What it leads to is checked now and at every delivery; redirects are not
    followed."""
    await _check(services, body.url)
    endpoint_id = uuid4()
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        await webhooks.create_endpoint(
            connection,
            endpoint_id,
            principal.tenant_id,
            body.url,
            [event.value for event in body.events],
            body.description,
            principal.actor,
        )
        secret = await _new_secret(connection, services, principal, endpoint_id)
        await record_read(connection, principal.actor, "add", f"webhook_endpoint:{endpoint_id}")
        endpoint = await webhooks.fetch_endpoint(connection, endpoint_id)
    assert endpoint is not None
    return _endpoint(endpoint, secret)


@router.patch(
    "/endpoints/{endpoint_id}",
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 422]),
    summary="Change an endpoint",
)
async def change(
    endpoint_id: UUID, body: EndpointChange, principal: CurrentPrincipal, services: CurrentServices
) -> EndpointOut:
    """Its secret stays."""
    if body.url is not None:
        await _check(services, body.url)
    events = None if body.events is None else [event.value for event in body.events]
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        known = await webhooks.change_endpoint(
            connection, endpoint_id, url=body.url, events=events, description=body.description, active=body.active
        )
        endpoint = await webhooks.fetch_endpoint(connection, endpoint_id)
        if not known or endpoint is None:
            raise NotFound
        await record_read(connection, principal.actor, "change", f"webhook_endpoint:{endpoint_id}")
    return _endpoint(endpoint)


@router.post(
    "/endpoints/{endpoint_id}/secret",
    status_code=201,
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 422]),
    summary="Change an endpoint's secret",
)
async def rotate(endpoint_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> SecretOut:
    """For a day, deliveries carry a signature by each, so that the receiver can change over when it suits."""
    until = services.clock() + OVERLAP
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        if await webhooks.fetch_endpoint(connection, endpoint_id) is None:
            raise NotFound
        secret = await _new_secret(connection, services, principal, endpoint_id, old_until=until)
        await record_read(connection, principal.actor, "rotate secret", f"webhook_endpoint:{endpoint_id}")
    return SecretOut(secret=secret, old_until=until)


@router.post(
    "/endpoints/{endpoint_id}/test",
    status_code=202,
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 422]),
    summary="Send a test",
)
async def test(endpoint_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> Sent:
    """An event `webhook.test`, delivered like any other."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        if await webhooks.fetch_endpoint(connection, endpoint_id) is None:
            raise NotFound
        return Sent(delivery_id=await webhooks.announce_test(connection, principal.tenant_id, endpoint_id))


@router.get("/deliveries", openapi_extra=_MANAGE, responses=problem_responses([422]), summary="Deliveries")
async def deliveries(
    principal: CurrentPrincipal,
    services: CurrentServices,
    endpoint_id: UUID | None = None,
    state: State | None = None,
    limit: Limit = 50,
    after: After = None,
) -> DeliveryList:
    """Newest first; `state=dead` are the dead letters."""
    start = cursor(after)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await webhooks.list_deliveries(
            connection,
            endpoint_id=endpoint_id,
            state=state,
            limit=limit + 1,
            before=start.instant if start else None,
            before_id=start.row_id if start else None,
        )
    page = found[:limit]
    return DeliveryList(
        deliveries=[_delivery(delivery) for delivery in page],
        next=Cursor(page[-1].created_at, page[-1].delivery_id).encode() if len(found) > limit else None,
    )


@router.get(
    "/deliveries/{delivery_id}",
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 422]),
    summary="One delivery with its attempts",
)
async def delivery(delivery_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> DeliveryOut:
    """What the endpoint answered each time; never its words."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await webhooks.fetch_delivery(connection, delivery_id)
        if found is None:
            raise NotFound
        tried = await webhooks.list_attempts(connection, delivery_id)
    attempts = [AttemptOut.model_validate(attempt, from_attributes=True) for attempt in tried]
    return DeliveryOut(**_delivery(found).model_dump(), tried=attempts)


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    openapi_extra=_MANAGE,
    responses=problem_responses([404, 422]),
    summary="Deliver once more",
)
async def replay(delivery_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> Sent:
    """The same event to the same endpoint under the same `webhook-id`, by which the receiver knows a repetition."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await webhooks.fetch_delivery(connection, delivery_id)
        if found is None:
            raise NotFound
        again = await webhooks.add_delivery(
            connection, principal.tenant_id, found.event_id, found.endpoint_id, replay_of=delivery_id
        )
        await record_read(connection, principal.actor, "replay", f"webhook_delivery:{delivery_id}")
    return Sent(delivery_id=again)


async def _check(services: Services, url: str) -> None:
    if services.outward is not None:
        await services.outward.check(url)


async def _new_secret(
    connection: Connection,
    services: Services,
    principal: Principal,
    endpoint_id: UUID,
    old_until: datetime | None = None,
) -> str:
    """Sealed under the tenant's own key; in clear only in the answer."""
    secret_id = uuid4()
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    key = await subject_key(connection, services, principal.tenant_id, principal.tenant_id)
    sealed = seal(key, secret.encode(), contexts.webhook_secret(secret_id))
    await webhooks.add_secret(connection, secret_id, principal.tenant_id, endpoint_id, sealed, old_until)
    return secret


def _endpoint(endpoint: Endpoint, secret: str | None = None) -> EndpointOut:
    return EndpointOut(
        endpoint_id=endpoint.endpoint_id,
        url=endpoint.url,
        events=list(endpoint.events),
        description=endpoint.description,
        active=endpoint.active,
        created_at=endpoint.created_at,
        secret=secret,
    )


def _delivery(delivery: Delivery) -> DeliveryRow:
    return DeliveryRow.model_validate(delivery, from_attributes=True)
