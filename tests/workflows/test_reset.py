"""A reset on the real server: it applies accepted Updates again, and the new run refuses what was meant for the old."""

import asyncio
import sysconfig
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.workflows.conftest import CONVERTER, QUEUE, reader
from tests.workflows.fakes import TENANT, Desk, Script
from tests.workflows.test_investigation import case_of
from workflows import messages as m
from workflows.case import CaseWorkflow
from workflows.onboarding import OnboardingWorkflow
from workflows.visibility import SEARCH_ATTRIBUTES

MAKER, APPROVER = uuid4(), uuid4()


async def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Client]:
    """The server that users get, not the one that skips time: only it knows resets."""
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(
        data_converter=CONVERTER,
        dev_server_existing_path=str(binary),
        dev_server_database_filename=str(tmp_path / "temporal.sqlite"),
        dev_server_extra_args=["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"],
        search_attributes=SEARCH_ATTRIBUTES,
    ) as environment:
        yield environment.client


async def reset(client: Client, handle: WorkflowHandle[Any, Any]) -> str:
    """Back to the first workflow task; the new run's id."""
    events = [event async for event in handle.fetch_history_events()]
    first = next(e for e in events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="test",
            workflow_task_finish_event_id=first.event_id,
            request_id=str(uuid4()),
        )
    )
    return answer.run_id


async def test_after_a_reset_an_old_approval_is_refused_and_officers_decide_anew(server: Client) -> None:
    desk = Desk(now)
    script = Script(outcome="refer", reasons=("RISK_HIGH",), four_eyes=(m.Disposition.APPROVE, m.Disposition.REJECT))
    workflows = [OnboardingWorkflow, CaseWorkflow]
    async with (
        Worker(server, task_queue=QUEUE, workflows=workflows, activities=script.activities()),
        reader(server, script),
    ):
        async with asyncio.timeout(60):
            onboarding = await server.start_workflow(
                OnboardingWorkflow.run,
                m.OnboardingInput(TENANT, uuid4(), desk.public_key),
                id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
                task_queue=QUEUE,
            )
            case = await case_of(server, script)
            await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
            await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", m.Disposition.APPROVE)
            before = await case.query("state", result_type=m.CaseState)
            old = desk.command(before, m.CaseAction.APPROVE, APPROVER, "approver", await now())

            new_run = await reset(server, case)
            after = await case.query("state", result_type=m.CaseState)
            assert after.run_id == new_run != before.run_id
            # The server applied claim and decision again; both were refused: nothing that was signed counts.
            assert (after.status, after.revision, after.maker) == ("open", 0, None)

            for revision in (before.revision, after.revision):
                with pytest.raises(WorkflowUpdateFailedError) as refusal:
                    await case.execute_update(
                        "approve",
                        m.CaseCommand(
                            old.action, old.officer_id, revision, old.assertion, None, old.reason_id, old.reason_sha256
                        ),
                    )
                assert isinstance(refusal.value.cause, ApplicationError)
                assert refusal.value.cause.type == "RUN_ID_DIFFERS"

            await desk.act(case, m.CaseAction.CLAIM, APPROVER, "analyst")
            await desk.act(case, m.CaseAction.DECIDE, APPROVER, "analyst", m.Disposition.REJECT)
            await desk.act(case, m.CaseAction.APPROVE, MAKER, "approver")
            result = await onboarding.result()
    assert result.outcome == "rejected"
    await asyncio.sleep(0.3)  # the client winds down


async def test_an_onboarding_that_is_reset_finds_its_case_again(server: Client) -> None:
    desk = Desk(now)
    script = Script(outcome="refer", reasons=("RISK_HIGH",), four_eyes=())
    workflows = [OnboardingWorkflow, CaseWorkflow]
    async with (
        Worker(server, task_queue=QUEUE, workflows=workflows, activities=script.activities()),
        reader(server, script),
        asyncio.timeout(60),
    ):
        onboarding = await server.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(server, script)
        await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        await reset(server, onboarding)
        await asyncio.sleep(1)  # the new run meets the case that the old one opened
        await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", m.Disposition.APPROVE)
        assert (await result_of(server, onboarding)).outcome == "approved"
        # And once more when the case is closed: its officers are not asked again.
        await reset(server, onboarding)
        assert (await result_of(server, onboarding)).outcome == "approved"
    assert [event.action for event in script.messages("record_case_event")] == ["claim", "decide"]
    await asyncio.sleep(0.3)


async def result_of(client: Client, handle: WorkflowHandle[Any, Any]) -> m.OnboardingResult:
    """Of the run that is current: a reset makes another."""
    return await client.get_workflow_handle(handle.id, result_type=m.OnboardingResult).result()
