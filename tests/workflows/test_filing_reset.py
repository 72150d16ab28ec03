"""A filing that is reset on the real server: old approvals are refused, no event is lost, nothing is sent twice."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from tests.workflows.conftest import QUEUE
from tests.workflows.fakes import TENANT, Desk, Script
from tests.workflows.test_filing import MLRO, SECOND, TAKEN, until
from tests.workflows.test_reset import now, reset, server
from workflows import messages as m
from workflows.filing import FilingWorkflow

__all__ = ["server"]


@dataclass
class Ledger(Script):
    """Steps that keep events as the store does: a revision is written once."""

    written: dict[int, tuple[str, UUID | None]] = field(default_factory=dict)

    @activity.defn
    async def record_filing_event(self, event: m.FilingEvent) -> int:
        revision = event.revision if event.revision not in self.written else max(self.written) + 1
        self.written[revision] = (event.action, event.officer_id)
        return revision


async def test_after_a_reset_an_old_approval_is_refused_and_no_event_is_lost(server: Client) -> None:
    desk, script = Desk(now), Ledger(answers=[TAKEN])
    filing_id = uuid4()
    async with (
        Worker(server, task_queue=QUEUE, workflows=[FilingWorkflow], activities=script.activities()),
        asyncio.timeout(60),
    ):
        await server.start_workflow(
            FilingWorkflow.run,
            m.FilingInput(TENANT, filing_id, desk.public_key),
            id=m.workflow_id(m.Kind.FILING, filing_id),
            task_queue=QUEUE,
        )
        handle = server.get_workflow_handle(m.workflow_id(m.Kind.FILING, filing_id))
        await until(handle, "draft")
        await desk.act_on_filing(handle, m.FilingAction.RETURN, SECOND)
        before = await until(handle, "draft")
        old = await desk.filing_command(handle, m.FilingAction.APPROVE, MLRO)

        await reset(server, handle)
        for _ in range(100):
            after = await handle.query("state", result_type=m.FilingState)
            if after.run_id != before.run_id and after.status == "draft":
                break
            await asyncio.sleep(0.05)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await handle.execute_update("approve", old)
        assert isinstance(refusal.value.cause, ApplicationError)
        assert refusal.value.cause.type == "RUN_ID_DIFFERS"
        assert after.revision > before.revision  # the new run goes on where the record stands

        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "acknowledged")
        await asyncio.sleep(0.5)  # the last event is on its way
        assert [action for action, _ in script.written.values()] == [
            *("drafted", "return", "drafted"),  # the old run
            *("drafted", "approve", "submitted", "acknowledged"),
        ]
        assert script.written[2] == ("return", SECOND)

        # Once more, now that it was sent: the new run finds it sent, and asks for the answer only.
        await reset(server, handle)
        for _ in range(100):
            if (await handle.query("state", result_type=m.FilingState)).run_id != after.run_id:
                break
            await asyncio.sleep(0.05)
        script.answers.append(TAKEN)
        await until(handle, "acknowledged")
        await asyncio.sleep(0.5)
        assert script.names().count("submit_filing") == 1
        assert [action for action, _ in script.written.values()][-3:] == ["drafted", "resumed", "acknowledged"]
    await asyncio.sleep(0.3)
