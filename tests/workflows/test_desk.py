"""What the desk adds to a case: assigning, snoozing, evidence, questions to the applicant, opening it again."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import NOTE_ID, REASON, TENANT, Desk, Script
from tests.workflows.test_case import code, opened
from tests.workflows.test_investigation import case_of
from workflows import messages as m
from workflows.assertions import AssertionClaims, Purpose, mint
from workflows.evidence import EvidenceWorkflow
from workflows.reopening import NO_RUN, ReopeningWorkflow

ANALYST, APPROVER, OTHER = uuid4(), uuid4(), uuid4()
TRUE, FALSE = m.Disposition.TRUE_POSITIVE, m.Disposition.FALSE_POSITIVE
REQUEST = UUID(int=77)


def actions(script: Script) -> list[str]:
    return [event.action for event in script.messages("record_case_event")]


async def test_an_approver_gives_the_case_to_somebody_who_then_has_it(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        given = m.CaseDetail(assignee=ANALYST)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.ASSIGN, OTHER, "analyst", detail=given)
        assert code(refusal) == "ROLE_MISSING"
        after = await desk.act(case, m.CaseAction.ASSIGN, APPROVER, "approver", detail=given)
        assert (after.status, after.claimed_by) == ("claimed", ANALYST)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.DECIDE, OTHER, "analyst", FALSE)
        assert code(refusal) == "CLAIMED_BY_OTHER"
        await desk.act(case, m.CaseAction.DECIDE, ANALYST, "analyst", FALSE)
        await case.result()
    [assigned, decided] = script.messages("record_case_event")
    assert (assigned.officer_id, assigned.claimed_by) == (APPROVER, ANALYST)
    assert decided.detail.code == m.FalsePositiveReason.EXPECTED_ACTIVITY


async def test_details_are_part_of_what_is_signed(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    async with opened(working, environment, desk, Script()) as case:
        state = await case.query("state", result_type=m.CaseState)
        command = desk.command(
            state, m.CaseAction.ASSIGN, APPROVER, "approver", await desk.clock(), detail=m.CaseDetail(assignee=ANALYST)
        )
        forged = replace(command, detail=m.CaseDetail(assignee=OTHER))
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await case.execute_update("assign", forged)
        assert code(refusal) == "DETAIL_SHA256_DIFFERS"


async def test_a_snoozed_case_wakes_by_itself_and_the_deadline_still_holds(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        now = await environment.get_current_time()
        for until, refused_as in (
            (now - timedelta(hours=1), "SNOOZE_PAST"),
            (now + timedelta(days=21), "SNOOZE_TOO_LONG"),
        ):
            with pytest.raises(WorkflowUpdateFailedError) as refusal:
                await desk.act(case, m.CaseAction.SNOOZE, ANALYST, "analyst", detail=m.CaseDetail(until=until))
            assert code(refusal) == refused_as
        until = now + timedelta(days=5)
        asleep = await desk.act(case, m.CaseAction.SNOOZE, ANALYST, "analyst", detail=m.CaseDetail(until=until))
        assert asleep.snoozed_until == until
        noted = await desk.act(case, m.CaseAction.NOTE, ANALYST, "analyst")
        assert noted.snoozed_until == until
        await environment.sleep(timedelta(days=6))
        awake = await case.query("state", result_type=m.CaseState)
        assert (awake.snoozed_until, awake.escalated) == (None, False)
        await environment.sleep(timedelta(days=20))
        assert (await case.query("state", result_type=m.CaseState)).escalated
    assert actions(script) == ["snooze", "note", "woken", "escalated"]


async def test_an_action_wakes_a_snoozed_case(working: Working, environment: WorkflowEnvironment, desk: Desk) -> None:
    script = Script()
    async with opened(working, environment, desk, script) as case:
        until = await environment.get_current_time() + timedelta(days=5)
        await desk.act(case, m.CaseAction.SNOOZE, ANALYST, "analyst", detail=m.CaseDetail(until=until))
        claimed = await desk.act(case, m.CaseAction.CLAIM, ANALYST, "analyst")
        assert claimed.snoozed_until is None
        await environment.sleep(timedelta(days=6))
    assert actions(script) == ["snooze", "claim"]


@asynccontextmanager
async def asking(working: Working, environment: WorkflowEnvironment, desk: Desk, script: Script, days: int = 4) -> Any:
    """A claimed application's case whose applicant is asked to answer within days."""
    async with opened(working, environment, desk, script, kind="application") as case:
        await desk.act(case, m.CaseAction.CLAIM, ANALYST, "analyst")
        until = await environment.get_current_time() + timedelta(days=days)
        detail = m.CaseDetail(item_id=REQUEST, until=until)
        asked = await desk.act(case, m.CaseAction.REQUEST, ANALYST, "analyst", detail=detail)
        assert (asked.request_id, asked.request_due_at) == (REQUEST, until)
        yield case, detail


async def test_an_applicant_is_reminded_once_and_then_it_goes_on_without_an_answer(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    async with asking(working, environment, desk, script) as (case, detail):
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.REQUEST, ANALYST, "analyst", detail=detail)
        assert code(refusal) == "REQUEST_OPEN"
        await environment.sleep(timedelta(days=3))
        assert actions(script) == ["claim", "request", "reminded"]
        await environment.sleep(timedelta(days=2))
        state = await case.query("state", result_type=m.CaseState)
        assert (state.request_id, state.status) == (None, "claimed")
    assert actions(script) == ["claim", "request", "reminded", "unanswered"]
    assert [event.detail.item_id for event in script.messages("record_case_event")[1:]] == [REQUEST] * 3


async def test_the_answer_reaches_the_case_and_its_files_are_decoded(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    files = (uuid4(), uuid4())
    async with asking(working, environment, desk, script) as (case, _):
        evidence = m.EvidenceInput(TENANT, script.case_id, files, REQUEST)
        result = await environment.client.execute_workflow(
            EvidenceWorkflow.run, evidence, id=f"evidence-{uuid4()}", task_queue=QUEUE
        )
        assert result.told
        assert [each.evidence_id for each in script.messages("decode_evidence")] == list(files)
        state = await case.query("state", result_type=m.CaseState)
        assert state.request_id is None
    done = actions(script)
    assert done[:3] == ["claim", "request", "answered"]
    assert {"reminded", "unanswered"}.isdisjoint(done)


async def test_an_answer_to_a_closed_case_is_decoded_all_the_same(working: Working, desk: Desk) -> None:
    script = Script()
    async with working(script) as client:
        result = await client.execute_workflow(
            EvidenceWorkflow.run,
            m.EvidenceInput(TENANT, uuid4(), (uuid4(),), REQUEST),
            id=f"evidence-{uuid4()}",
            task_queue=QUEUE,
        )
    assert (result.told, len(result.decoded)) == (False, 1)


async def test_nobody_is_asked_about_an_alert(working: Working, environment: WorkflowEnvironment, desk: Desk) -> None:
    async with opened(working, environment, desk, Script()) as case:
        await desk.act(case, m.CaseAction.CLAIM, ANALYST, "analyst")
        until = await environment.get_current_time() + timedelta(days=4)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(
                case, m.CaseAction.REQUEST, ANALYST, "analyst", detail=m.CaseDetail(item_id=REQUEST, until=until)
            )
        assert code(refusal) == "REQUEST_UNFIT"


# --- Opening a closed case again -------------------------------------------------------------------------------------


def reopened(script: Script, kind: str, before: m.Disposition, due: Any, needs_approval: bool) -> m.CaseReopened:
    application_id = uuid4() if kind == "application" else None
    return m.CaseReopened(
        scope=script.scope(),
        kind=kind,
        about=f"application:{application_id}" if application_id else f"alert:{uuid4()}",
        reasons=("RISK_HIGH",),
        revision=5,
        due_at=due,
        four_eyes=(TRUE,),
        excluded_officers=(),
        before=m.CaseResult(script.case_id, before, ANALYST, OTHER if needs_approval else None),
        needs_approval=needs_approval,
        application_id=application_id,
    )


async def ask_to_reopen(desk: Desk, script: Script, **changes: Any) -> m.ReopeningInput:
    now = await desk.clock()
    purpose = Purpose(script.case_id, NO_RUN, 4, m.CaseAction.REOPEN, APPROVER, None, REASON)
    signed = mint(AssertionClaims(replace(purpose, **changes), "approver", now), desk.key)
    return m.ReopeningInput(TENANT, uuid4(), script.case_id, 4, APPROVER, NOTE_ID, REASON, signed, now, desk.public_key)


async def test_a_confirmed_alert_is_opened_again_only_if_a_second_officer_agrees(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    due = await environment.get_current_time() + timedelta(days=20)
    script.reopened = reopened(script, "alert", TRUE, due, needs_approval=True)
    async with working(script) as client:
        handle = await client.start_workflow(
            ReopeningWorkflow.run, await ask_to_reopen(desk, script), id=f"reopening-{uuid4()}", task_queue=QUEUE
        )
        case = await case_of(client, script)
        state = await case.query("state", result_type=m.CaseState)
        assert (state.status, state.revision) == ("reopening", 5)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")
        assert code(refusal) == "MAKER_IS_APPROVER"
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act(case, m.CaseAction.CLAIM, OTHER, "analyst")
        assert code(refusal) == "STATUS_DIFFERS"
        agreed = await desk.act(case, m.CaseAction.APPROVE, OTHER, "approver")
        assert agreed.status == "open"
        await desk.act(case, m.CaseAction.CLAIM, OTHER, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, OTHER, "analyst", FALSE)
        result = await handle.result()
    assert result.disposition is FALSE
    [outcome] = script.messages("write_case_outcome")
    assert (outcome.before, outcome.result.disposition) == (TRUE, FALSE)
    assert outcome.reopening_id is not None


async def test_a_reopening_that_is_returned_ends_as_before(
    working: Working, environment: WorkflowEnvironment, desk: Desk
) -> None:
    script = Script()
    due = await environment.get_current_time() + timedelta(days=20)
    script.reopened = reopened(script, "application", m.Disposition.REJECT, due, needs_approval=True)
    async with working(script) as client:
        handle = await client.start_workflow(
            ReopeningWorkflow.run, await ask_to_reopen(desk, script), id=f"reopening-{uuid4()}", task_queue=QUEUE
        )
        case = await case_of(client, script)
        closed = await desk.act(case, m.CaseAction.RETURN, OTHER, "approver")
        assert (closed.status, closed.disposition, closed.maker) == ("closed", m.Disposition.REJECT, ANALYST)
        result = await handle.result()
    assert result.disposition is m.Disposition.REJECT
    [event] = script.messages("record_case_event")
    assert (event.maker, event.disposition) == (ANALYST, m.Disposition.REJECT)
    [conclusion] = script.messages("conclude_application")
    assert conclusion.outcome == "rejected"


@pytest.mark.parametrize(
    ("changes", "refused_as"),
    [
        ({"revision": 3}, "REVISION_DIFFERS"),
        ({"officer_id": OTHER}, "OFFICER_ID_DIFFERS"),
        ({"action": m.CaseAction.CLAIM}, "ACTION_DIFFERS"),
        ({"run_id": "another"}, "RUN_ID_DIFFERS"),
    ],
)
async def test_a_reopening_that_nobody_signed_opens_nothing(
    working: Working, desk: Desk, changes: dict[str, Any], refused_as: str
) -> None:
    script = Script()
    async with working(script) as client:
        with pytest.raises(WorkflowFailureError) as failure:
            await client.execute_workflow(
                ReopeningWorkflow.run,
                await ask_to_reopen(desk, script, **changes),
                id=f"reopening-{uuid4()}",
                task_queue=QUEUE,
            )
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == refused_as
    assert script.asked == []
