"""The API over a fresh database, with Temporal and the engine as small fakes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from api.app import create_app, create_engine_app
from store.connection import Pool, open_pool
from tests.api.fakes import FakeEngine, FakeTemporal
from tests.api.house import House, make_services, make_tenant
from vault.keys import FileKeyProvider


@dataclass(frozen=True, slots=True)
class Shared:
    url: str
    pool: Pool
    filing_pool: Pool


@pytest.fixture(scope="session")
async def shared(postgres: Any) -> AsyncIterator[Shared]:
    """One database for all of these tests: each brings tenants of its own, and tenants do not see each other."""
    name = f"test_api_{uuid4().hex}"  # the console's tests have one too
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.template}")
    url = urlsplit(postgres.admin_url)._replace(path=f"/{name}").geturl()
    pool = await open_pool(url, "clearance_api")
    filing_pool = await open_pool(url, "clearance_filing")
    yield Shared(url, pool, filing_pool)
    await pool.close()
    await filing_pool.close()


@pytest.fixture
async def house(shared: Shared, tmp_path: Path) -> AsyncIterator[House]:
    temporal, filing_temporal, engine = FakeTemporal(), FakeTemporal(), FakeEngine()
    services = make_services(shared.pool, shared.filing_pool, tmp_path, temporal, filing_temporal)
    assert isinstance(services.keys, FileKeyProvider)
    made = House(
        url=shared.url,
        services=services,
        temporal=temporal,
        filing_temporal=filing_temporal,
        engine=engine,
        app=create_app(services),
        engine_app=create_engine_app(services, engine),
        vault_folder=tmp_path / "vault",
        keys=services.keys,
        own=await make_tenant(shared.url, services.keys, "Own", "EU"),
        other=await make_tenant(shared.url, services.keys, "Other", "US"),
    )
    yield made
    for client in made.clients:
        await client.aclose()
