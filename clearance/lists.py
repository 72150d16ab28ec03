"""Watchlists put into force: parsed lists as versions in the database, checked with their source at a time."""

from datetime import UTC, date, datetime

from aml.screening import WatchList
from clearance.database import service_pool
from clearance.settings import Settings
from store import watchlists
from store.connection import service_transaction


async def load_lists(settings: Settings, lists: list[WatchList]) -> list[tuple[WatchList, bool]]:
    """Put lists into force, each in one transaction, checked with their source now; says which versions are new."""
    pool = await service_pool(settings, "clearance_worker")
    try:
        loaded = []
        for each in lists:
            async with service_transaction(pool) as connection:
                published = date.fromisoformat(each.published[:10]) if each.published else None
                version = watchlists.ListVersion(each.name, each.version, published, each.sha256)
                new = await watchlists.store_version(connection, version, each.entities)
                await watchlists.record_check(connection, each.name, datetime.now(UTC), each.sha256)
            loaded.append((each, new))
        return loaded
    finally:
        await pool.close()


async def lists_in_force(settings: Settings) -> list[watchlists.ListVersion]:
    """The version of each list that applicants are screened against."""
    pool = await service_pool(settings, "clearance_worker")
    try:
        async with service_transaction(pool) as connection:
            return await watchlists.latest_versions(connection)
    finally:
        await pool.close()
