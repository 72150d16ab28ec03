"""A filing's life: drafted, kept back while it has problems, approved by a second filing officer, submitted once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import TENANT, Desk, Script
from workflows import messages as m
from workflows.filing import FilingWorkflow

MLRO = uuid4()


@asynccontextmanager
async def filing(working: Working, desk: Desk, script: Script) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    filing_id = uuid4()
    async with working(script) as client:
        handle = await client.start_workflow(
            FilingWorkflow.run,
            m.FilingInput(TENANT, filing_id, desk.public_key),
            id=m.workflow_id(m.Kind.FILING, filing_id),
            task_queue=QUEUE,
        )
        for _ in range(200):
            if (await handle.query("state", result_type=m.FilingState)).status in ("draft", "blocked"):
                break
        yield handle


def code(failure: pytest.ExceptionInfo[WorkflowUpdateFailedError]) -> str | None:
    assert isinstance(failure.value.cause, ApplicationError)
    return failure.value.cause.type


async def test_a_valid_draft_is_approved_by_a_filing_officer_and_submitted(working: Working, desk: Desk) -> None:
    script = Script()
    async with filing(working, desk, script) as handle:
        approved = await desk.act_on_filing(handle, m.CaseAction.APPROVE, MLRO)
        result = await handle.result()
    assert approved.status == "approved"
    assert result.reference == "filing.xml"
    assert script.names().count("submit_filing") == 1
    assert [(e.action, e.status) for e in script.messages("record_filing_event")] == [
        ("drafted", "draft"),
        ("approve", "approved"),
        ("submitted", "submitted"),
    ]
    revisions = [e.revision for e in script.messages("record_filing_event")]
    assert revisions == sorted(set(revisions))


async def test_without_the_schema_it_is_blocked_until_it_is_drafted_anew(working: Working, desk: Desk) -> None:
    script = Script(problems=[("SCHEMA_NOT_INSTALLED",)])
    async with filing(working, desk, script) as handle:
        state = await handle.query("state", result_type=m.FilingState)
        assert (state.status, state.problems) == ("blocked", ("SCHEMA_NOT_INSTALLED",))
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.CaseAction.APPROVE, MLRO)
        assert code(refusal) == "SCHEMA_NOT_INSTALLED"
        await desk.act_on_filing(handle, m.CaseAction.RETURN, MLRO)
        for _ in range(200):
            if (await handle.query("state", result_type=m.FilingState)).status == "draft":
                break
        await desk.act_on_filing(handle, m.CaseAction.APPROVE, MLRO)
        await handle.result()
    drafts = script.messages("draft_filing")
    assert [draft.revision for draft in drafts] == [0, 2]
    assert script.names().count("submit_filing") == 1


async def test_whoever_asked_for_the_filing_and_other_roles_are_refused(working: Working, desk: Desk) -> None:
    script = Script(maker=MLRO)
    async with filing(working, desk, script) as handle:
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.CaseAction.APPROVE, MLRO)
        assert code(refusal) == "MAKER_IS_APPROVER"
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.CaseAction.APPROVE, uuid4(), role="approver")
        assert code(refusal) == "ROLE_MISSING"
        assert "submit_filing" not in script.names()


async def test_the_clock_reminds_twice_and_then_says_overdue(
    working: Working, desk: Desk, environment: WorkflowEnvironment
) -> None:
    script = Script(due_in=timedelta(days=30))
    async with filing(working, desk, script) as handle:
        await environment.sleep(timedelta(days=31))
        state = await handle.query("state", result_type=m.FilingState)
        assert (state.status, state.overdue) == ("draft", True)
        await desk.act_on_filing(handle, m.CaseAction.APPROVE, MLRO)
        await handle.result()
    actions = [e.action for e in script.messages("record_filing_event")]
    assert actions == ["drafted", "reminded", "reminded", "overdue", "approve", "submitted"]
