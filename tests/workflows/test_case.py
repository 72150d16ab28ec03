"""A case with its officers: assertions, four eyes, the deadline, and what is recorded of it all."""

from asyncio import gather
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import REASON, TENANT, Desk, Script
from workflows import messages as m
from workflows.case import CaseWorkflow

MAKER, APPROVER = uuid4(), uuid4()
TRUE, FALSE = m.Disposition.TRUE_POSITIVE, m.Disposition.FALSE_POSITIVE


@asynccontextmanager
async def opened(
    working: Working, environment: WorkflowEnvironment, desk: Desk, script: Script, **changes: Any
) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    async with working(script) as client:
        now = await environment.get_current_time()
        case = m.CaseInput(
            scope=script.scope(),
            case_id=script.case_id,
            kind="alert",
            due_at=now + timedelta(days=20),
            four_eyes=(TRUE,),
            officer_public_key=desk.public_key,
        )
        yield await start(client, replace(case, **changes))


async def start(client: Client, case: m.CaseInput) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow(CaseWorkflow.run, case, id=m.case_workflow_id(case.case_id), task_queue=QUEUE)


def code(failure: pytest.ExceptionInfo[WorkflowUpdateFailedError]) -> str | None:
    assert isinstance(failure.value.cause, ApplicationError)
    return failure.value.cause.type


async def test_two_officers_close_a_confirmed_alert(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        claimed = await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        await desk.act(case, m.CaseAction.NOTE, MAKER, "analyst")
        decided = await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", TRUE)
        closed = await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")
        result = await case.result()
    assert (claimed.status, claimed.revision) == ("claimed", 1)
    assert (decided.status, decided.maker) == ("awaiting_approval", MAKER)
    assert closed.status == "closed"
    assert result == m.CaseResult(script.case_id, TRUE, MAKER, APPROVER)
    events = script.messages("record_case_event")
    assert [(e.action, e.revision, e.status) for e in events] == [
        ("claim", 1, "claimed"),
        ("note", 2, "claimed"),
        ("decide", 3, "awaiting_approval"),
        ("approve", 4, "closed"),
    ]
    assert all(e.scope.tenant_id == TENANT and e.at is not None for e in events)
    assert events[1].reason_id == UUID(int=7)


async def test_the_maker_cannot_approve_and_the_case_lives_on(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        await desk.act(case, m.CaseAction.CLAIM, MAKER, "approver")
        await desk.act(case, m.CaseAction.DECIDE, MAKER, "approver", TRUE)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.APPROVE, MAKER, "approver")
        assert code(refusal) == "MAKER_IS_APPROVER"
        assert (await case.query("state", result_type=m.CaseState)).status == "awaiting_approval"
        await desk.act(case, m.CaseAction.RETURN, APPROVER, "approver")
        await desk.act(case, m.CaseAction.DECIDE, MAKER, "approver", FALSE)
        result = await case.result()
    assert result == m.CaseResult(script.case_id, FALSE, MAKER, None)
    assert "approve" not in [e.action for e in script.messages("record_case_event")]


@pytest.mark.parametrize(
    ("signed", "refused_as"),
    [
        ({"run_id": str(uuid4())}, "RUN_ID_DIFFERS"),
        ({"revision": 7}, "REVISION_DIFFERS"),
        ({"action": m.CaseAction.NOTE}, "ACTION_DIFFERS"),
        ({"officer_id": APPROVER}, "OFFICER_ID_DIFFERS"),
        ({"target_id": uuid4()}, "TARGET_ID_DIFFERS"),
        ({"reason_sha256": "00" * 32}, "REASON_SHA256_DIFFERS"),
    ],
)
async def test_an_assertion_for_something_else_is_refused(
    working: Working, environment: WorkflowEnvironment, desk: Desk, signed: dict[str, Any], refused_as: str
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst", signed=signed)
        assert code(refusal) == refused_as
        assert script.asked == []


async def test_another_key_an_old_assertion_and_a_replayed_one_are_refused(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await Desk(desk.clock).act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        assert code(refusal) == "SIGNATURE"

        state = await case.query("state", result_type=m.CaseState)
        now = await environment.get_current_time()
        old = desk.command(state, m.CaseAction.CLAIM, MAKER, "analyst", now - timedelta(minutes=6))
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await case.execute_update("claim", old)
        assert code(refusal) == "EXPIRED"

        fresh = desk.command(state, m.CaseAction.CLAIM, MAKER, "analyst", now)
        await case.execute_update("claim", fresh)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await case.execute_update("claim", fresh)
        assert code(refusal) == "REVISION_DIFFERS"


async def test_an_excluded_officer_is_refused(working: Working, environment: WorkflowEnvironment, desk: Desk) -> None:
    async with opened(working, environment, desk, Script(), excluded_officers=(MAKER,)) as case:
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        assert code(refusal) == "OFFICER_EXCLUDED"
        await desk.act(case, m.CaseAction.CLAIM, APPROVER, "analyst")


async def test_of_two_officers_at_once_one_gets_the_case(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        results = await gather(
            desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst"),
            desk.act(case, m.CaseAction.CLAIM, APPROVER, "analyst"),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == ["CaseState", "WorkflowUpdateFailedError"]
        assert len(script.messages("record_case_event")) == 1


async def test_the_deadline_escalates_once_and_the_case_stays_open(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        await environment.sleep(timedelta(days=19))
        assert not (await case.query("state", result_type=m.CaseState)).escalated
        await environment.sleep(timedelta(days=5))
        state = await case.query("state", result_type=m.CaseState)
        assert (state.escalated, state.status, state.revision) == (True, "open", 1)
        await environment.sleep(timedelta(days=400))
        assert [e.action for e in script.messages("record_case_event")] == ["escalated"]


async def test_at_the_deadline_a_claimed_case_goes_to_the_approvers(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        await environment.sleep(timedelta(days=24))
        state = await case.query("state", result_type=m.CaseState)
        assert (state.escalated, state.status, state.claimed_by, state.revision) == (True, "open", None, 2)
        for action, refused_as in ((m.CaseAction.CLAIM, "ESCALATED"), (m.CaseAction.DECIDE, "STATUS_DIFFERS")):
            with pytest.raises(WorkflowUpdateFailedError) as refusal:
                await desk.act(case, action, MAKER, "analyst", m.Disposition.INCONCLUSIVE)
            assert code(refusal) == refused_as
        assert (await desk.act(case, m.CaseAction.CLAIM, APPROVER, "approver")).claimed_by == APPROVER
        given = await desk.act(case, m.CaseAction.ASSIGN, APPROVER, "approver", detail=m.CaseDetail(assignee=MAKER))
        assert given.claimed_by == MAKER  # by somebody who may: then an analyst may have it again
    [_, escalated, _, _] = script.messages("record_case_event")
    assert (escalated.action, escalated.status, escalated.claimed_by) == ("escalated", "open", None)


async def test_a_revision_that_the_store_moved_on_is_taken_over(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script(recorded_before_reset=9)
    async with opened(working, environment, desk, script) as case:
        claimed = await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        assert claimed.revision == 9
        noted = await desk.act(case, m.CaseAction.NOTE, MAKER, "analyst")
        assert noted.revision == 10
    assert REASON not in repr(script.asked)
