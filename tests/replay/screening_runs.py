"""Runs of the screening workflows to be recorded: see `tests.replay.record`, which has the others."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.replay.keeping import keep
from tests.workflows.conftest import QUEUE, reader
from tests.workflows.fakes import TENANT, Desk
from tests.workflows.test_rescreening import WORKFLOWS, Screens, decide, review
from workflows import messages as m
from workflows.onboarding import OnboardingWorkflow
from workflows.rescreening import (
    SLICES_A_RUN,
    HitReviewWorkflow,
    RescreeningWorkflow,
    ScreeningCheckWorkflow,
)
from workflows.watchlists import WatchlistUpdateWorkflow

SCREENING_WORKFLOWS = [RescreeningWorkflow, HitReviewWorkflow, ScreeningCheckWorkflow, WatchlistUpdateWorkflow]


def _worker(environment: WorkflowEnvironment, script: Screens) -> Worker:
    return Worker(
        environment.client, task_queue=QUEUE, workflows=WORKFLOWS, activities=script.activities(), identity="recorder"
    )


async def rescreening(environment: WorkflowEnvironment, desk: Desk) -> None:
    """A run that continued as new, its second half, a night that agreed and one that did not, and a list update."""
    client = environment.client
    async with _worker(environment, Screens(slices=SLICES_A_RUN + 2)):
        handle = await client.start_workflow(
            RescreeningWorkflow.run,
            m.RescreeningInput(TENANT),
            id=m.workflow_id(m.Kind.RESCREENING, uuid4()),
            task_queue=QUEUE,
        )
        await handle.result()
        await keep("rescreening", client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id))
        await keep("rescreening_continued", client.get_workflow_handle(handle.id))
    for name, missed in (("screening_check", 0), ("screening_check_mismatch", 1)):
        async with _worker(environment, Screens(slices=1, missed=missed)):
            night = await client.start_workflow(
                ScreeningCheckWorkflow.run, m.ScreeningCheckInput(), id=f"check-{uuid4()}", task_queue=QUEUE
            )
            try:
                await night.result()
            except WorkflowFailureError:
                assert missed
            await keep(name, night)
    async with _worker(environment, Screens()):
        lists = await client.start_workflow(
            WatchlistUpdateWorkflow.run, m.WatchlistUpdateInput(), id=f"lists-{uuid4()}", task_queue=QUEUE
        )
        await lists.result()
        await keep("watchlist_update", lists)


async def hit_review(environment: WorkflowEnvironment, desk: Desk) -> None:
    """Hits that were reviewed, and hits that joined an open case."""
    script = Screens(due_in=timedelta(days=3), four_eyes=())
    async with _worker(environment, script):
        handle = await review(environment.client, desk)
        await decide(environment.client, script, desk)
        await handle.result()
        await keep("hit_review", handle)
    async with _worker(environment, Screens(joined=True)):
        handle = await review(environment.client, desk)
        await handle.result()
        await keep("hit_review_joined", handle)


async def approved_in_spite_of_hits(environment: WorkflowEnvironment, desk: Desk) -> None:
    """An applicant with hits, whom an officer approved: what was cleared is remembered."""
    script = Screens(outcome="refer", reasons=("sanctions_possible",), hits=2, four_eyes=())
    async with _worker(environment, script), reader(environment.client, script):
        handle = await environment.client.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
        )
        await decide(environment.client, script, desk, m.Disposition.APPROVE)
        async with asyncio.timeout(30):
            await handle.result()
        assert [closed.result.disposition for closed in script.cleared] == [m.Disposition.APPROVE]
        await keep("onboarding_hits_cleared", handle)


SCREENING_RUNS = (
    ("rescreening", rescreening),
    ("hit_review", hit_review),
    ("onboarding_hits_cleared", approved_in_spite_of_hits),
)
