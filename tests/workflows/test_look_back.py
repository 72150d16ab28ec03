"""Look-backs as workflows, with scripted steps and time that is skipped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.workflows.conftest import QUEUE
from tests.workflows.fakes import NOON, TENANT, Script
from workflows import messages as m
from workflows.look_back import SLICES_A_RUN, LookBackWorkflow, NightlyLookBackWorkflow
from workflows.steps_look_back import LookBackSteps

WORKFLOWS = [LookBackWorkflow, NightlyLookBackWorkflow]


@dataclass
class Histories(Script, LookBackSteps):
    """Histories of so many slices, one new alert a slice; a slice may fail before it succeeds."""

    slices: int = 3
    failures: int = 0

    @activity.defn
    async def tenants_to_look_back(self) -> m.TenantsToCheck:
        return m.TenantsToCheck((TENANT, UUID(int=9)))

    @activity.defn
    async def plan_look_back(self, tenant: m.LookBackInput) -> m.LookBackPlan:
        self.asked.append(("plan_look_back", tenant))
        scope = m.Scope(tenant.tenant_id, "EU", "2026.1", self.as_of)
        since = NOON - timedelta(days=tenant.days)
        return m.LookBackPlan(scope, since - timedelta(days=45), since, 100 * self.slices, 100 * self.slices)

    @activity.defn
    async def look_back_slice(self, some: m.LookBackSlice) -> m.LookBackSliceDone:
        self.asked.append(("look_back_slice", some))
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("the database went away")
        if some.number >= self.slices:
            return m.LookBackSliceDone(m.LookBackTally(), None)
        place = m.LookBackPlace(some.plan.first + timedelta(days=some.number), 100 * (some.number + 1))
        return m.LookBackSliceDone(m.LookBackTally(transactions=100, found=2, raised=1), place)


Working = Callable[[Histories], AbstractAsyncContextManager[Client]]


@pytest.fixture
def looking_back(environment: WorkflowEnvironment) -> Working:
    @asynccontextmanager
    async def worker(script: Histories) -> AsyncIterator[Client]:
        async with Worker(environment.client, task_queue=QUEUE, workflows=WORKFLOWS, activities=script.activities()):
            async with asyncio.timeout(60):
                yield environment.client

    return worker


async def look_back(client: Client) -> m.LookBackTally:
    workflow_id = m.workflow_id(m.Kind.LOOK_BACK, uuid4())
    tally: m.LookBackTally = await client.execute_workflow(
        LookBackWorkflow.run, m.LookBackInput(TENANT, 180), id=workflow_id, task_queue=QUEUE
    )
    return tally


async def test_each_slice_goes_on_where_the_one_before_ended(looking_back: Working) -> None:
    script = Histories(slices=3)
    async with looking_back(script) as client:
        assert await look_back(client) == m.LookBackTally(transactions=300, found=6, raised=3)
    asked = script.messages("look_back_slice")
    assert [some.after and some.after.ingest_seq for some in asked] == [None, 100, 200, 300]
    assert len({some.plan for some in asked}) == 1


async def test_a_slice_is_tried_until_the_database_is_back(looking_back: Working) -> None:
    script = Histories(slices=1, failures=4)
    async with looking_back(script) as client:
        assert (await look_back(client)).transactions == 100


async def test_a_long_history_continues_as_new_with_the_plan_it_began_with(looking_back: Working) -> None:
    script = Histories(slices=SLICES_A_RUN + 3)
    async with looking_back(script) as client:
        tally = await look_back(client)
    assert tally.raised == SLICES_A_RUN + 3
    assert [some.number for some in script.messages("look_back_slice")] == list(range(SLICES_A_RUN + 4))
    assert len(script.messages("plan_look_back")) == 1


async def test_a_night_goes_through_every_tenants_history(looking_back: Working) -> None:
    script = Histories(slices=1)
    async with looking_back(script) as client:
        done: m.LookedBack = await client.execute_workflow(
            NightlyLookBackWorkflow.run, m.NightlyLookBackInput(90), id=f"night-{uuid4()}", task_queue=QUEUE
        )
    assert done == m.LookedBack(2, m.LookBackTally(transactions=200, found=4, raised=2))
    assert [(asked.tenant_id, asked.days) for asked in script.messages("plan_look_back")] == [
        (TENANT, 90),
        (UUID(int=9), 90),
    ]
