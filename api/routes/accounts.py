"""Accounts: tied to an approved customer, so that monitoring knows whose they are."""

from fastapi import APIRouter, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, needs
from api.permissions import Permission
from api.schemas.accounts import AccountIn, AccountOut
from api.schemas.problems import problem_responses
from store.connection import tenant_transaction
from store.customers import fetch_customer, open_account

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=GuardedRoute)


class CustomerUnknown(Exception):
    """No such customer: only an approved application becomes one."""


@router.post(
    "/accounts",
    status_code=201,
    openapi_extra=needs(Permission.OPEN_ACCOUNTS),
    responses={200: {"model": AccountOut, "description": "It was tied to this customer before."},
               **problem_responses([409, 422])},
    summary="Tie an account to a customer",
)  # fmt: skip
async def open_one(
    body: AccountIn, response: Response, principal: CurrentPrincipal, services: CurrentServices
) -> AccountOut:
    """`customer_id` is that of an approved application. Repeating it is harmless."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        if await fetch_customer(connection, body.customer_id) is None:
            raise CustomerUnknown
        if not await open_account(connection, principal.tenant_id, body.account, body.customer_id):
            response.status_code = 200
    return AccountOut(account=body.account, customer_id=body.customer_id)
