"""The worker that reaches the lists' sources, and the schedules of list updates and of the nightly check.

A service of its own because it alone needs a way out to the world, and no key to anybody's data.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from activities.watchlist_fetching import http_client
from activities.watchlist_sources import read_sources
from activities.watchlists import WatchlistActivities, WatchlistUpdater
from clearance.database import service_pool
from clearance.keyring import Keyring
from clearance.queues import LISTS_QUEUE, QUEUE
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
    await _keep(
        client, UPDATES, settings.watchlist_schedule, WatchlistUpdateWorkflow.run, m.WatchlistUpdateInput(), LISTS_QUEUE
    )
    night = m.ScreeningCheckInput(sample=settings.screening_check_sample)
    await _keep(client, CHECKS, settings.screening_check_schedule, ScreeningCheckWorkflow.run, night, QUEUE)


async def _keep(
    client: Client, schedule_id: str, cron: str, workflow: Callable[..., Any], message: Any, queue: str
) -> None:
    handle = client.get_schedule_handle(schedule_id)
    if not cron:
        try:
            await handle.delete()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(workflow, message, id=schedule_id, task_queue=queue),
        spec=ScheduleSpec(cron_expressions=[cron], jitter=timedelta(minutes=1)),
        # One at a time; a night that was missed for hours is made up for.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)),
    )

    def changed(_: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(wanted)

    try:
        await client.create_schedule(schedule_id, wanted)
    except ScheduleAlreadyRunningError:
        await handle.update(changed)
