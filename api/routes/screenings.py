"""Screenings on request: anyone against the lists in force, kept with a decision a hit, and read again."""

import hmac
import json
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, Principal, needs
from api.permissions import Permission
from api.schemas.problems import problem_responses
from api.schemas.screenings import ScreeningIn, ScreeningOut
from api.services import Screener, ScreenerDown, Services
from api.subject_keys import subject_key
from explain.record import canonical_json
from store.audit import record_read
from store.connection import tenant_transaction
from store.screenings import Screening, ScreeningUnknown, fetch_screening, find_request
from vault import contexts
from vault.envelope import open_sealed

router = APIRouter(prefix="/v1/screenings", tags=["screenings"], route_class=GuardedRoute)

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Visible ASCII, such as a UUID: with it the request can be repeated safely.",
    ),
]


@router.post(
    "",
    status_code=201,
    openapi_extra=needs(Permission.SCREEN),
    responses={
        200: {"model": ScreeningOut, "description": "This request was screened before: the same answer again."},
        **problem_responses([409, 410, 422]),
    },
    summary="Screen a party against the watchlists",
)
async def screen(
    body: ScreeningIn,
    response: Response,
    key: IdempotencyKey,
    principal: CurrentPrincipal,
    services: CurrentServices,
) -> ScreeningOut:
    """Every hit with what speaks for and against it; each one is a decision of the ledger, with these contributions as
    its SHAP values. The query is kept sealed with the answer, so that it can be explained and replayed."""
    mac = hmac.digest(services.idempotency_key, b"screening-key\n" + key.encode(), "sha256")
    asked = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    digest = hmac.digest(services.idempotency_key, b"screening\n" + canonical_json(asked), "sha256")
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        earlier = await find_request(connection, principal.tenant_id, mac, digest)
        await record_read(connection, principal.actor, "screen", f"customer:{body.customer_id or 'none'}")
    if earlier is not None:
        response.status_code = 200
        return await _open(earlier, principal, services)
    told = await screener(services).screen(
        {
            "tenant_id": principal.tenant_id,
            "screening_id": uuid4(),
            "query": body.party.entity(),
            "lists": body.lists,
            "threshold": body.threshold,
            "limit": body.limit,
            "customer_id": body.customer_id,
            "idempotency_mac": mac.hex(),
            "request_digest": digest.hex(),
        }
    )
    return ScreeningOut.model_validate(told)


@router.get(
    "/{screening_id}",
    openapi_extra=needs(Permission.READ_SCREENINGS),
    responses=problem_responses([404, 410, 422]),
    summary="One screening as it was answered",
)
async def show(screening_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> ScreeningOut:
    """Of an application, a request or a new list version. Audited. Gone once the person's data is erased; its decisions
    keep their numbers."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        try:
            stored = await fetch_screening(connection, screening_id)
        except ScreeningUnknown as error:
            raise NotFound from error
        await record_read(connection, principal.actor, "read", f"screening:{screening_id}")
    return await _open(stored, principal, services)


async def _open(stored: Screening, principal: Principal, services: Services) -> ScreeningOut:
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        data_key = await subject_key(connection, services, principal.tenant_id, stored.subject_id)
    plain = open_sealed(data_key, stored.sealed_answer, contexts.screening_answer(stored.screening_id))
    answer: dict[str, Any] = json.loads(plain)
    return ScreeningOut.model_validate(answer)


def screener(services: Services) -> Screener:
    if services.screener is None:
        raise ScreenerDown
    return services.screener
