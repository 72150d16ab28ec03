"""Rescreening, review and nightly check as workflows, with scripted steps and time that is skipped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.workflows.conftest import QUEUE, reader
from tests.workflows.fakes import TENANT, Desk, Script
from workflows import messages as m
from workflows.case import CaseWorkflow
from workflows.onboarding import OnboardingWorkflow
from workflows.rescreening import (
    MISMATCH,
    SLICES_A_RUN,
    HitReviewWorkflow,
    RescreeningWorkflow,
    ScreeningCheckWorkflow,
)
from workflows.steps_rescreening import RescreeningSteps, WatchlistSteps
from workflows.watchlists import WatchlistUpdateWorkflow

OFFICER, APPROVER = UUID(int=201), UUID(int=202)


@dataclass
class Screens(Script, RescreeningSteps, WatchlistSteps):
    """Steps that answer by script: `slices` slices of customers, samples that differ or not, lists that come or not."""

    slices: int = 3
    missed: int = 0
    failures: int = 0
    outcome_of_lists: str = "new"
    hits: int = 0
    cleared: list[m.CaseClosed] = field(default_factory=list)

    @activity.defn
    async def screen_applicant(self, application: m.ApplicationRead) -> m.ScreeningSummary:
        self.asked.append(("screen_applicant", application))
        return m.ScreeningSummary(uuid4(), self.hits, "possible" if self.hits else "none", stale=False)

    @activity.defn
    async def plan_rescreening(self, tenant: m.RescreeningInput) -> m.RescreeningPlan:
        self.asked.append(("plan_rescreening", tenant))
        return m.RescreeningPlan(m.Scope(tenant.tenant_id, "EU", "2026.1", self.as_of), 10 * self.slices, "ab" * 32)

    @activity.defn
    async def rescreen_slice(self, some: m.Slice) -> m.SliceDone:
        self.asked.append(("rescreen_slice", some))
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("the database went away")
        if some.number >= self.slices:
            return m.SliceDone(m.Tally(), None)
        return m.SliceDone(m.Tally(screened=10, touched=2, new_hits=1), UUID(int=some.number + 1))

    @activity.defn
    async def admit_hits(self, review: m.HitReviewInput) -> m.OpenCase:
        self.asked.append(("admit_hits", review))
        return m.OpenCase(self.scope(), "screening", f"screening:{review.screening_id}", ("watchlist_hit_strong",))

    @activity.defn
    async def remember_cleared(self, closed: m.CaseClosed) -> int:
        self.cleared.append(closed)
        return 1

    @activity.defn
    async def tenants_to_check(self) -> m.TenantsToCheck:
        return m.TenantsToCheck((TENANT, UUID(int=9)))

    @activity.defn
    async def check_sample(self, sample: m.Sample) -> m.SampleChecked:
        self.asked.append(("check_sample", sample))
        return m.SampleChecked(sample.tenant_id, sample.size, self.missed, 0)

    @activity.defn
    async def update_watchlists(self, wanted: m.WatchlistUpdateInput) -> m.WatchlistUpdated:
        self.asked.append(("update_watchlists", wanted))
        return m.WatchlistUpdated((m.SourceUpdate("un_sc_sanctions", self.outcome_of_lists, "said"),))


Working = Callable[[Screens], AbstractAsyncContextManager[Client]]
WORKFLOWS = [
    RescreeningWorkflow,
    HitReviewWorkflow,
    ScreeningCheckWorkflow,
    WatchlistUpdateWorkflow,
    CaseWorkflow,
    OnboardingWorkflow,
]


@pytest.fixture
def screening(environment: WorkflowEnvironment) -> Working:
    @asynccontextmanager
    async def worker(script: Screens) -> AsyncIterator[Client]:
        async with Worker(environment.client, task_queue=QUEUE, workflows=WORKFLOWS, activities=script.activities()):
            async with asyncio.timeout(60):
                yield environment.client

    return worker


async def rescreen(client: Client) -> m.Tally:
    workflow_id = m.workflow_id(m.Kind.RESCREENING, uuid4())
    tally: m.Tally = await client.execute_workflow(
        RescreeningWorkflow.run, m.RescreeningInput(TENANT), id=workflow_id, task_queue=QUEUE
    )
    return tally


async def test_slices_are_screened_until_there_is_none_left(screening: Working) -> None:
    script = Screens(slices=3)
    async with screening(script) as client:
        assert await rescreen(client) == m.Tally(screened=30, touched=6, new_hits=3)
    afters = [some.after for some in script.messages("rescreen_slice")]
    assert afters == [None, UUID(int=1), UUID(int=2), UUID(int=3)]


async def test_a_long_run_continues_as_new_where_it_was(screening: Working) -> None:
    script = Screens(slices=SLICES_A_RUN + 5)
    async with screening(script) as client:
        tally = await rescreen(client)
    assert tally.screened == 10 * (SLICES_A_RUN + 5)
    assert [some.number for some in script.messages("rescreen_slice")] == list(range(SLICES_A_RUN + 6))
    assert len(script.messages("plan_rescreening")) == 2


async def test_a_slice_is_tried_until_the_database_is_back(screening: Working) -> None:
    script = Screens(slices=1, failures=4)
    async with screening(script) as client:
        assert (await rescreen(client)).screened == 10


async def review(client: Client, desk: Desk) -> Any:
    screening_id = uuid4()
    return await client.start_workflow(
        HitReviewWorkflow.run,
        m.HitReviewInput(TENANT, screening_id, desk.public_key),
        id=m.workflow_id(m.Kind.HIT_REVIEW, uuid4()),
        task_queue=QUEUE,
    )


@pytest.mark.parametrize("joined", [False, True])
async def test_hits_are_reviewed_and_what_is_cleared_is_remembered_by_whoever_opened_the_case(
    screening: Working, desk: Desk, joined: bool
) -> None:
    script = Screens(joined=joined, due_in=timedelta(days=3), four_eyes=())
    async with screening(script) as client:
        handle = await review(client, desk)
        if not joined:
            await decide(client, script, desk)
        result = await handle.result()
    assert (result.case_id, result.joined) == (script.case_id, joined)
    assert [closed.result.disposition for closed in script.cleared] == ([] if joined else [m.Disposition.INCONCLUSIVE])


async def decide(
    client: Client, script: Screens, desk: Desk, disposition: m.Disposition = m.Disposition.INCONCLUSIVE
) -> None:
    case = client.get_workflow_handle(m.case_workflow_id(script.case_id))
    while True:
        try:
            await case.query("state", result_type=m.CaseState)
            break
        except Exception:  # noqa: BLE001  # not started yet
            await asyncio.sleep(0.05)
    await desk.act(case, m.CaseAction.CLAIM, OFFICER, "analyst")
    await desk.act(case, m.CaseAction.DECIDE, OFFICER, "analyst", disposition)


@pytest.mark.parametrize(
    ("hits", "disposition", "remembered"),
    [(2, m.Disposition.APPROVE, 1), (0, m.Disposition.APPROVE, 0), (2, m.Disposition.REJECT, 0)],
)
async def test_an_approval_in_spite_of_hits_is_remembered(
    screening: Working, desk: Desk, hits: int, disposition: m.Disposition, remembered: int
) -> None:
    script = Screens(outcome="refer", reasons=("sanctions_possible",), hits=hits, four_eyes=())
    async with screening(script) as client, reader(client, script):
        handle = await client.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
        )
        await decide(client, script, desk, disposition)
        await handle.result()
    assert len(script.cleared) == remembered


async def check(client: Client) -> m.ScreeningChecked:
    checked: m.ScreeningChecked = await client.execute_workflow(
        ScreeningCheckWorkflow.run, m.ScreeningCheckInput(sample=7), id=f"check-{uuid4()}", task_queue=QUEUE
    )
    return checked


async def test_every_night_those_behind_are_screened_and_samples_agree(screening: Working) -> None:
    script = Screens(slices=1)
    async with screening(script) as client:
        checked = await check(client)
    assert [(sample.tenant_id, sample.checked) for sample in checked.samples] == [(TENANT, 7), (UUID(int=9), 7)]
    assert [plan.tenant_id for plan in script.messages("plan_rescreening")] == [TENANT, UUID(int=9)]
    assert len({sample.salt for sample in script.messages("check_sample")}) == 1


async def test_a_mismatch_fails_the_night_for_all_to_see_after_every_tenant_was_checked(screening: Working) -> None:
    script = Screens(slices=0, missed=2)
    async with screening(script) as client:
        with pytest.raises(WorkflowFailureError) as failed:
            await check(client)
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == MISMATCH
    assert "4 hits missed" in str(cause)
    assert len(script.messages("check_sample")) == 2


@pytest.mark.parametrize("outcome", ["new", "unchanged", "refused", "failed"])
async def test_a_list_that_is_not_confirmed_fails_the_run(screening: Working, outcome: str) -> None:
    script = Screens(outcome_of_lists=outcome)
    async with screening(script) as client:
        handle = await client.start_workflow(
            WatchlistUpdateWorkflow.run, m.WatchlistUpdateInput(), id=f"lists-{uuid4()}", task_queue=QUEUE
        )
        if outcome in ("new", "unchanged"):
            assert (await handle.result()).updates[0].outcome == outcome
        else:
            with pytest.raises(WorkflowFailureError):
                await handle.result()
            assert (await handle.describe()).status is WorkflowExecutionStatus.FAILED
