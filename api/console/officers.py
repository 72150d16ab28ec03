"""Who an officer's id belongs to: logins of the tenant's own officers, for its own officers only."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from api.auth import Principal
from api.services import Services
from store.connection import tenant_transaction
from store.credentials import Officer, fetch_logins
from store.search import list_case_officers


async def logins(ids: Iterable[UUID | None], principal: Principal, services: Services) -> Mapping[UUID, str]:
    """The login of each id that is an officer's here."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        return await fetch_logins(connection, wanted)


async def colleagues(principal: Principal, services: Services) -> list[Officer]:
    """Whom a case may be given to."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        return await list_case_officers(connection)
