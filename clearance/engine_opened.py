"""An engine with all that it stands on, as settings have it: the same for the service that runs one and for Ray's."""

from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from psycopg import AsyncConnection

from clearance.engine import StreamingEngine
from clearance.keyring import KeyName, Keyring
from clearance.rates import RatesFolder
from clearance.settings import Settings
from clearance.snapshots import SnapshotFolder
from clearance.trust import TRANSACTIONS, approved_models
from explain.registry import load
from store.connection import Pool, role_conninfo
from vault.keys import FileKeyProvider


@asynccontextmanager
async def opened_engine(
    settings: Settings,
    pool: Pool,
    tenants: Container[UUID],
    rates: RatesFolder | None = None,
    model: Path | None = None,
) -> AsyncIterator[StreamingEngine]:
    """The engine of those tenants, yet to be started; stopped in order at the end. `model` is the folder of one, in
    place of the approved one, and `rates` what the settings' folder has unless given."""
    conninfo = role_conninfo(settings.database_url, "clearance_engine", settings.database_password)
    async with await AsyncConnection.connect(conninfo, autocommit=True) as lock:
        engine = StreamingEngine(
            pool,
            lock,
            FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER)),
            load(model) if model else approved_models(settings).champion(TRANSACTIONS),
            tenants,
            snapshots=SnapshotFolder(settings.engine_folder),
            rates=rates or RatesFolder(settings.rates_folder),
        )
        try:
            yield engine
        finally:
            await engine.stop()
