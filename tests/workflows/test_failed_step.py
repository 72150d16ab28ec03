"""A step that fails for good leaves nobody waiting for ever: an officer takes the application over."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import TENANT, Desk, Script
from tests.workflows.test_investigation import case_of
from workflows import messages as m
from workflows.onboarding import OnboardingWorkflow
from workflows.steps import StepMisused

OFFICER = uuid4()


@dataclass
class Broken(Script):
    """Rating is asked for what it cannot do; with `hopeless`, no case can be opened either."""

    hopeless: bool = False

    @activity.defn
    async def rate_risk(self, facts: m.RiskInput) -> m.RiskSummary:
        raise StepMisused("no rating for this")

    @activity.defn
    async def open_case(self, request: m.OpenCase) -> m.CaseOpened:
        if self.hopeless:
            raise StepMisused("no case for this")
        return await super().open_case(request)


async def test_an_officer_decides_what_a_step_could_not(working: Working, desk: Desk) -> None:
    script = Broken(four_eyes=())
    async with working(script) as client:
        handle = await client.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(client, script)
        await desk.act(case, m.CaseAction.CLAIM, OFFICER, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, OFFICER, "analyst", m.Disposition.APPROVE)
        result = await handle.result()
    assert (result.outcome, result.decision_id, result.case_id) == ("approved", None, script.case_id)
    [opened] = script.messages("open_case")
    assert opened.reasons == ("STEP_FAILED", "STEP_FAILED_RATE_RISK")
    [conclusion] = script.messages("conclude_application")
    assert conclusion.outcome == "approved"


async def test_where_not_even_a_case_can_be_opened_the_run_fails_visibly(working: Working, desk: Desk) -> None:
    script = Broken(hopeless=True)
    async with working(script) as client:
        with pytest.raises(WorkflowFailureError):
            await client.execute_workflow(
                OnboardingWorkflow.run,
                m.OnboardingInput(TENANT, uuid4(), desk.public_key),
                id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
                task_queue=QUEUE,
            )
