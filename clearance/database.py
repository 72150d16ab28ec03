"""Pools for services: each under its own role, with the password that the deployment gave it."""

from clearance.settings import Settings
from store.connection import Pool, open_pool


async def service_pool(settings: Settings, role: str, max_size: int = 4) -> Pool:
    """An open pool under a role; the caller closes it. The filing role has a password of its own where one is set."""
    password = settings.filing_database_password if role == "clearance_filing" else settings.database_password
    return await open_pool(settings.database_url, role, password=password, max_size=max_size)
