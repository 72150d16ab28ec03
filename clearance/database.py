"""Pools for services: each under its own role, with the password that the deployment gave it."""

from clearance.settings import Settings
from store.connection import Pool, open_pool


async def service_pool(settings: Settings, role: str, max_size: int = 4) -> Pool:
    """An open pool under a role; the caller closes it. Filing and screening have passwords of their own where set."""
    own = {
        "clearance_filing": settings.filing_database_password,
        "clearance_screening": settings.screening_database_password,
    }
    password = own.get(role, settings.database_password)
    return await open_pool(settings.database_url, role, password=password, max_size=max_size)
