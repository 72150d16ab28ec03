"""A filing's life: drafted, kept back with problems, approved by a second officer, sent once, answered, continued."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import TENANT, Desk, Script
from workflows import messages as m
from workflows.filing import FilingWorkflow
from workflows.filing_duties import FilingDutiesWorkflow

MLRO, SECOND = uuid4(), uuid4()
BSA_ID = "31000000000017"
TAKEN = m.FilingAnswer(True, BSA_ID)


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
        current = client.get_workflow_handle(handle.id, result_type=m.FilingSubmitted)
        await until(current, "draft", "blocked")
        yield current


async def until(handle: WorkflowHandle[Any, Any], *statuses: str, report: int = 1) -> m.FilingState:
    """Where the filing stands once it is there: its current run, whichever that is by then."""
    for _ in range(400):
        state: m.FilingState = await handle.query("state", result_type=m.FilingState)
        if state.status in statuses and state.report == report:
            return state
    raise AssertionError(f"{state.status}, report {state.report}")


def code(failure: pytest.ExceptionInfo[WorkflowUpdateFailedError]) -> str | None:
    assert isinstance(failure.value.cause, ApplicationError)
    return failure.value.cause.type


def actions(script: Script) -> list[str]:
    return [event.action for event in script.messages("record_filing_event")]


async def test_a_valid_draft_is_approved_submitted_and_answered(
    working: Working, desk: Desk, environment: WorkflowEnvironment
) -> None:
    script = Script(answers=[TAKEN])
    async with filing(working, desk, script) as handle:
        approved = await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "acknowledged")
        await environment.sleep(timedelta(days=366))  # until then it may be corrected
        result = await handle.result()
    assert approved.status == "approved"
    assert result.reference == "filing.xml"
    assert script.names().count("submit_filing") == 1
    assert [(e.action, e.status) for e in script.messages("record_filing_event")] == [
        ("drafted", "draft"),
        ("approve", "approved"),
        ("submitted", "submitted"),
        ("acknowledged", "acknowledged"),
        ("closed", "closed"),
    ]
    revisions = [e.revision for e in script.messages("record_filing_event")]
    assert revisions == sorted(set(revisions))


async def test_without_the_schema_it_is_blocked_until_it_is_drafted_anew(working: Working, desk: Desk) -> None:
    script = Script(problems=[("SCHEMA_NOT_INSTALLED",)], answers=[TAKEN])
    async with filing(working, desk, script) as handle:
        state = await handle.query("state", result_type=m.FilingState)
        assert (state.status, state.problems) == ("blocked", ("SCHEMA_NOT_INSTALLED",))
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        assert code(refusal) == "SCHEMA_NOT_INSTALLED"
        await desk.act_on_filing(handle, m.FilingAction.RETURN, MLRO)
        await until(handle, "draft")
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "acknowledged")
    drafts = script.messages("draft_filing")
    assert [draft.revision for draft in drafts] == [0, 2]
    assert script.names().count("submit_filing") == 1


async def test_whoever_asked_for_the_filing_and_other_roles_are_refused(working: Working, desk: Desk) -> None:
    script = Script(maker=MLRO)
    async with filing(working, desk, script) as handle:
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        assert code(refusal) == "MAKER_IS_APPROVER"
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.FilingAction.APPROVE, uuid4(), role="approver")
        assert code(refusal) == "ROLE_MISSING"
        assert "submit_filing" not in script.names()


@pytest.mark.parametrize(
    "action",
    [m.FilingAction.ACKNOWLEDGE, m.FilingAction.CORRECT, m.FilingAction.CONTINUE, m.FilingAction.CEASE],
)
async def test_what_belongs_after_the_submission_is_refused_before_it(
    working: Working, desk: Desk, action: m.FilingAction
) -> None:
    async with filing(working, desk, Script()) as handle:
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, action, MLRO)
        assert code(refusal) == "STATUS_DIFFERS"


async def test_the_clock_reminds_at_half_three_quarters_and_on_the_last_days_and_then_says_overdue(
    working: Working, desk: Desk, environment: WorkflowEnvironment
) -> None:
    script = Script(due_in=timedelta(days=30), answers=[TAKEN])
    async with filing(working, desk, script) as handle:
        began = script.messages("record_filing_event")[0].at
        await environment.sleep(timedelta(days=31))
        state = await handle.query("state", result_type=m.FilingState)
        assert (state.status, state.overdue) == ("draft", True)
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "acknowledged")
    told = [(e.action, round((e.at - began) / timedelta(days=1), 1)) for e in script.messages("record_filing_event")]
    assert told[1:6] == [
        ("reminded", 15.0),
        ("reminded", 22.5),
        ("reminded", 28.0),
        ("reminded", 29.0),
        ("overdue", 30.0),
    ]


async def test_the_gateway_is_asked_until_the_authority_answers_and_officers_are_told_when_it_does_not(
    working: Working, desk: Desk, environment: WorkflowEnvironment
) -> None:
    script = Script()
    async with filing(working, desk, script) as handle:
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "submitted")
        await environment.sleep(timedelta(days=15))
        assert actions(script).count("unanswered") == 1
        asked = len(script.messages("read_answer"))
        assert 50 < asked < 80  # every six hours
        script.answers.append(TAKEN)
        await environment.sleep(timedelta(hours=7))
        await until(handle, "acknowledged")


async def test_an_officer_hands_in_what_no_gateway_fetches(working: Working, desk: Desk) -> None:
    script = Script()
    async with filing(working, desk, script) as handle:
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "submitted")
        await desk.act_on_filing(handle, m.FilingAction.ACKNOWLEDGE, MLRO)
        await until(handle, "acknowledged")
    assert [bool(answer.sha256) for answer in script.messages("read_answer")][-1]


async def test_what_the_authority_did_not_take_is_drafted_and_sent_as_the_next_report(
    working: Working, desk: Desk
) -> None:
    script = Script(answers=[m.FilingAnswer(False, None, ("E123",)), TAKEN])
    async with filing(working, desk, script) as handle:
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "rejected")
        await desk.act_on_filing(handle, m.FilingAction.RETURN, SECOND)
        await until(handle, "draft", report=2)
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "acknowledged", report=2)
    assert [(s.report) for s in script.messages("submit_filing")] == [1, 2]
    second = script.messages("draft_filing")[-1].report
    assert (second.number, second.kind, second.prior_document) == (2, m.ReportKind.INITIAL, None)
    revisions = [e.revision for e in script.messages("record_filing_event")]
    assert revisions == sorted(set(revisions))  # one line over both runs


async def test_a_correction_names_the_report_before_and_its_asker_does_not_approve_it(
    working: Working, desk: Desk, environment: WorkflowEnvironment
) -> None:
    due = await environment.get_current_time() + timedelta(days=30)
    script = Script(answers=[m.FilingAnswer(True, BSA_ID, ("W7",), due), m.FilingAnswer(True, "31000000000018")])
    async with filing(working, desk, script) as handle:
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "faulted")
        await environment.sleep(timedelta(days=16))
        assert actions(script)[-1] == "reminded"
        await desk.act_on_filing(handle, m.FilingAction.CORRECT, SECOND)
        await until(handle, "draft", report=2)
        with pytest.raises(WorkflowUpdateFailedError) as refusal:
            await desk.act_on_filing(handle, m.FilingAction.APPROVE, SECOND)
        assert code(refusal) == "MAKER_IS_APPROVER"
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, MLRO)
        await until(handle, "acknowledged", report=2)
    request = script.messages("draft_filing")[-1].report
    assert (request.kind, request.prior_document, request.asked_by) == (m.ReportKind.CORRECTING, BSA_ID, SECOND)
    assert request.due_at == due


async def act_on_what_is_there(
    desk: Desk, handle: WorkflowHandle[Any, Any], action: m.FilingAction, officer: UUID
) -> None:
    """As officers do: where a reminder came in between, look again and act on that."""
    while True:
        try:
            await desk.act_on_filing(handle, action, officer)
        except WorkflowUpdateFailedError as refused:
            if not isinstance(refused.cause, ApplicationError) or refused.cause.type != "REVISION_DIFFERS":
                raise
        else:
            return


async def test_five_years_of_continuing_activity_lose_nothing(
    working: Working, desk: Desk, environment: WorkflowEnvironment
) -> None:
    """Every 90 days a review, every 120 a report; a run a report, one line of revisions over all of them."""
    reports = 15
    script = Script(
        review_in=timedelta(days=90),
        continuing_in=timedelta(days=120),
        answers=[m.FilingAnswer(True, f"{n:014d}") for n in range(1, reports + 1)],
    )
    async with filing(working, desk, script) as handle:
        began = await environment.get_current_time()
        for number in range(1, reports + 1):
            await until(handle, "draft", report=number)
            await act_on_what_is_there(desk, handle, m.FilingAction.APPROVE, MLRO)
            await until(handle, "acknowledged", report=number)
            await environment.sleep(timedelta(days=121 if number % 5 == 0 else 118))
            state = await until(handle, "review", report=number)
            assert state.overdue == (number % 5 == 0)
            if number < reports:
                await act_on_what_is_there(desk, handle, m.FilingAction.CONTINUE, SECOND)
        await act_on_what_is_there(desk, handle, m.FilingAction.CEASE, SECOND)
        await handle.result()
        assert await environment.get_current_time() - began > timedelta(days=4.8 * 365)
    sent = script.messages("submit_filing")
    assert [each.report for each in sent] == list(range(1, reports + 1))
    asked = [each.report for each in script.messages("draft_filing")]
    assert [(r.number, r.kind, r.prior_document) for r in asked[1:]] == [
        (n, m.ReportKind.CONTINUING, f"{n - 1:014d}") for n in range(2, reports + 1)
    ]
    assert all(request.due_at is not None for request in asked[1:])
    events = script.messages("record_filing_event")
    assert [e.revision for e in events] == list(range(1, len(events) + 1))
    assert actions(script).count("review") == reports
    # Three reviews were late, and of the two reports that followed such a review so was the draft.
    assert actions(script).count("overdue") == 5
    assert actions(script).count("reminded") >= reports


async def test_the_search_for_duties_runs_to_its_end(working: Working) -> None:
    async with working(Script()) as client:
        found = await client.execute_workflow(FilingDutiesWorkflow.run, id="duties", task_queue=QUEUE)
    assert found == m.DutiesFound(1, 0)
