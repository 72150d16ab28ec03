"""Temporal schedules as the settings say: there, changed, or gone where the setting is empty."""

from collections.abc import Callable
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

from clearance.queues import QUEUE
from clearance.settings import Settings
from workflows import messages as m
from workflows.look_back import NightlyLookBackWorkflow

LOOK_BACKS = "look-backs"


async def keep_look_backs(client: Client, settings: Settings) -> None:
    """The nightly look-back over every tenant's history."""
    night = m.NightlyLookBackInput(settings.look_back_days)
    await keep_schedule(client, LOOK_BACKS, settings.look_back_schedule, NightlyLookBackWorkflow.run, night, QUEUE)


async def keep_schedule(
    client: Client, schedule_id: str, cron: str, workflow: Callable[..., Any], message: Any, queue: str
) -> None:
    """Have a workflow started by cron, one run at a time; without a cron the schedule is removed."""
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
