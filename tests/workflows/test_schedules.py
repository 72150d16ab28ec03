"""The schedules of list updates and nightly checks on a real Temporal server: made, changed, run, removed."""

import asyncio
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from clearance.queues import LISTS_QUEUE
from clearance.settings import Settings
from clearance.watchlist_worker import CHECKS, UPDATES, keep_schedules
from tests.workflows.conftest import CONVERTER
from tests.workflows.test_rescreening import Screens
from workflows.visibility import SEARCH_ATTRIBUTES
from workflows.watchlists import WatchlistUpdateWorkflow


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Client]:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(
        data_converter=CONVERTER,
        dev_server_existing_path=str(binary),
        dev_server_database_filename=str(tmp_path / "temporal.sqlite"),
        search_attributes=SEARCH_ATTRIBUTES,
    ) as environment:
        yield environment.client


async def crons(client: Client, schedule_id: str) -> int:
    described = await client.get_schedule_handle(schedule_id).describe()
    return len(described.schedule.spec.calendars) + len(described.schedule.spec.cron_expressions)


async def test_schedules_follow_the_settings_and_run(server: Client) -> None:
    settings = Settings(watchlist_schedule="15 */6 * * *", screening_check_sample=5)
    await keep_schedules(server, settings)
    await keep_schedules(server, settings)  # a second service changes nothing
    assert await crons(server, UPDATES) == 1
    assert await crons(server, CHECKS) == 1
    script = Screens()
    worker = Worker(
        server, task_queue=LISTS_QUEUE, workflows=[WatchlistUpdateWorkflow], activities=[script.update_watchlists]
    )
    async with worker, asyncio.timeout(60):
        await server.get_schedule_handle(UPDATES).trigger()
        while not script.messages("update_watchlists"):
            await asyncio.sleep(0.1)
    await keep_schedules(server, Settings(watchlist_schedule="", screening_check_schedule="0 3 * * *"))
    with pytest.raises(RPCError, match="not found"):
        await server.get_schedule_handle(UPDATES).describe()
    assert await crons(server, CHECKS) == 1
    await keep_schedules(server, Settings(screening_check_schedule=""))
