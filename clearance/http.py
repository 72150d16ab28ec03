"""The two services that answer HTTP: the API, and the engine with its transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.service import RPCError

from api.app import create_app, create_engine_app
from api.services import ConsoleServices, FilingServices, Services, TemporalDown, TemporalGetter, TransactionEngine
from clearance.client_secrets import ClientSecrets
from clearance.database import service_pool
from clearance.explainer import ChildExplainer
from clearance.keyring import KeyName, Keyring
from clearance.outbound import Outbound, Outwards
from clearance.screener import ChildScreener
from clearance.sequencer import LedgerSigner
from clearance.services import Ready, serving
from clearance.settings import Settings
from clearance.temporal import connect, connect_filing, payload_keys
from clearance.verifier import ChildVerifier
from store.connection import Pool
from vault.keys import FileKeyProvider
from vault.objects import open_vault
from workflows.codec import EncryptionCodec

if TYPE_CHECKING:
    from clearance.rates import RatesFolder

API_CONNECTIONS = 10
ENGINE_CONNECTIONS = 4


def lazy_client(connecting: Callable[[], Awaitable[Client]]) -> TemporalGetter:
    """Connects on first use and keeps the client; while Temporal does not answer, every use tries again."""
    client: Client | None = None
    lock = asyncio.Lock()

    async def get() -> Client:
        nonlocal client
        async with lock:
            if client is None:
                try:
                    client = await asyncio.wait_for(connecting(), 5.0)
                except (RuntimeError, RPCError, TimeoutError) as error:
                    raise TemporalDown from error
            return client

    return get


def _services(
    settings: Settings,
    keys: Keyring,
    pool: Pool,
    filings: FilingServices | None,
    explainer: ChildExplainer | None = None,
    ledger: LedgerSigner | None = None,
    console: ConsoleServices | None = None,
    screener: ChildScreener | None = None,
) -> Services:
    return Services(
        pool=pool,
        vault=open_vault(settings.vault_location),
        keys=FileKeyProvider(keys.path(KeyName.MASTER)),
        token_key=keys.token,
        assertion_key=keys.assertion,
        idempotency_key=keys.secret(KeyName.IDEMPOTENCY),
        temporal=lazy_client(lambda: connect(settings, keys)),
        filings=filings,
        explainer=explainer,
        ledger=ledger,
        screener=screener,
        public_url=settings.public_address,
        client_secrets=ClientSecrets(settings.issuers),
        outward=Outwards(Outbound(allow_private=settings.outbound_private)),
        console=console,
    )


def console_services(settings: Settings, keys: Keyring) -> ConsoleServices:
    """What the officers' pages show of Temporal, and what computes decisions again for them."""
    return ConsoleServices(
        web_ui_url=settings.web_ui_url.rstrip("/"),
        namespace=settings.temporal_namespace,
        filing_namespace=settings.filing_namespace,
        codec=EncryptionCodec(payload_keys(keys.secret(KeyName.PAYLOAD))),
        filing_codec=EncryptionCodec(payload_keys(keys.secret(KeyName.FILING_PAYLOAD))),
        verifier=ChildVerifier(),
    )


@asynccontextmanager
async def serve_api(settings: Settings) -> AsyncIterator[Ready]:
    keys = Keyring(settings.secrets_folder)
    pool = await service_pool(settings, "clearance_api", API_CONNECTIONS)
    filing_pool = await service_pool(settings, "clearance_filing")
    explainer, screener = ChildExplainer(), ChildScreener(settings)
    try:
        filings = FilingServices(
            pool=filing_pool,
            keys=FileKeyProvider(keys.path(KeyName.FILING_MASTER)),
            temporal=lazy_client(lambda: connect_filing(settings, keys)),
        )
        ledger = LedgerSigner(keys.ledger) if keys.path(KeyName.LEDGER).exists() else None
        console = console_services(settings, keys)
        app = create_app(_services(settings, keys, pool, filings, explainer, ledger, console, screener))
        screener.warm()
        async with serving(app, settings.api_host, settings.api_port):

            async def ready() -> bool:
                return True

            yield ready
    finally:
        await screener.close()
        await explainer.close()
        await filing_pool.close()
        await pool.close()


@asynccontextmanager
async def serve_engine(settings: Settings) -> AsyncIterator[Ready]:
    from clearance.rates import RatesFolder

    keys = Keyring(settings.secrets_folder)
    pool = await service_pool(settings, "clearance_engine", ENGINE_CONNECTIONS)
    rates = RatesFolder(settings.rates_folder)
    try:
        services = _services(settings, keys, pool, None)
        running = _engines_on_ray(settings) if settings.ray_address else _engine_here(settings, pool, rates)
        async with running as engine:
            app = create_engine_app(services, engine, rates.units)
            async with serving(app, settings.engine_host, settings.engine_port):
                yield engine.ready
    finally:
        await pool.close()


@asynccontextmanager
async def _engine_here(settings: Settings, pool: Pool, rates: "RatesFolder") -> AsyncIterator[TransactionEngine]:
    """The engine in this process."""
    from clearance.engine_opened import opened_engine

    async with opened_engine(settings, pool, settings.tenants, rates) as engine:
        await engine.start()
        yield engine


@asynccontextmanager
async def _engines_on_ray(settings: Settings) -> AsyncIterator[TransactionEngine]:
    """An engine in each of as many actors as are asked for; this process only routes to them."""
    from clearance.cluster import connect as connect_ray
    from clearance.ray_engines import EngineCluster, shares

    cluster = EngineCluster(connect_ray(settings.ray_address), settings, shares(settings.ray_engines, settings.tenants))
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
