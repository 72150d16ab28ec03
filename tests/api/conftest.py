"""The API over a fresh database, with Temporal and the engine as small fakes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app, create_engine_app
from store.connection import open_pool
from tests.api.fakes import FakeEngine, FakeTemporal
from tests.api.house import House, make_services, make_tenant
from vault.keys import FileKeyProvider


@pytest.fixture
async def house(database: Any, tmp_path: Path) -> AsyncIterator[House]:
    temporal, filing_temporal, engine = FakeTemporal(), FakeTemporal(), FakeEngine()
    pool = await open_pool(database.url, "clearance_api")
    filing_pool = await open_pool(database.url, "clearance_filing")
    services = make_services(pool, filing_pool, tmp_path, temporal, filing_temporal)
    assert isinstance(services.keys, FileKeyProvider)
    made = House(
        url=database.url,
        services=services,
        temporal=temporal,
        filing_temporal=filing_temporal,
        engine=engine,
        app=create_app(services),
        engine_app=create_engine_app(services, engine),
        vault_folder=tmp_path / "vault",
        keys=services.keys,
        own=await make_tenant(database.url, services.keys, "Own", "EU"),
        other=await make_tenant(database.url, services.keys, "Other", "US"),
    )
    try:
        yield made
    finally:
        for client in made.clients:
            await client.aclose()
        await pool.close()
        await filing_pool.close()
