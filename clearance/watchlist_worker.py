"""The worker that reaches the lists' sources, and the schedules of list updates and of the nightly check.

A service of its own because it alone needs a way out to the world, and no key to anybody's data.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.watchlist_fetching import http_client
from activities.watchlist_sources import read_sources
from activities.watchlists import WatchlistActivities, WatchlistUpdater
from clearance.database import service_pool
from clearance.keyring import Keyring
from clearance.queues import LISTS_QUEUE, QUEUE
from clearance.schedules import keep_schedule
from clearance.services import Ready
from clearance.settings import Settings
from clearance.temporal import connect
from workflows import messages as m
from workflows.rescreening import ScreeningCheckWorkflow
from workflows.watchlists import WatchlistUpdateWorkflow

UPDATES, CHECKS = "watchlist-updates", "screening-checks"
"""The ids of the two schedules."""
CONNECT_SECONDS = 60.0


@asynccontextmanager
async def serve_watchlist_worker(settings: Settings) -> AsyncIterator[Ready]:
    """The worker of list updates as a service; it also keeps the schedules as the settings say."""
    keys = Keyring(settings.secrets_folder)
    async with await service_pool(settings, "clearance_worker", 2) as pool, http_client() as http:
        activities = WatchlistActivities(WatchlistUpdater(pool, http), read_sources(settings.watchlist_sources))
        client = await _connected(settings, keys)
        await keep_schedules(client, settings)
        worker = Worker(
            client,
            task_queue=LISTS_QUEUE,
            workflows=[WatchlistUpdateWorkflow],
            activities=[activities.update_watchlists],
            max_concurrent_activities=1,
            graceful_shutdown_timeout=timedelta(seconds=20),
        )

        async def ready() -> bool:
            try:
                return worker.is_running and await client.service_client.check_health(timeout=timedelta(seconds=2))
            except RPCError:
                return False

        async with worker:
            yield ready


async def _connected(settings: Settings, keys: Keyring) -> Client:
    """Without Temporal there is nothing to do: wait a while for it, then give up loudly."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while True:
            try:
                return await connect(settings, keys)
            except (RuntimeError, RPCError):
                await asyncio.sleep(0.5)


async def keep_schedules(client: Client, settings: Settings) -> None:
    """Make the schedules what the settings say: there, changed, or gone where the setting is empty."""
    await keep_schedule(
        client, UPDATES, settings.watchlist_schedule, WatchlistUpdateWorkflow.run, m.WatchlistUpdateInput(), LISTS_QUEUE
    )
    night = m.ScreeningCheckInput(sample=settings.screening_check_sample)
    await keep_schedule(client, CHECKS, settings.screening_check_schedule, ScreeningCheckWorkflow.run, night, QUEUE)
