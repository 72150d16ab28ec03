"""The onboarding procedure, step by step, with scripted steps on the time-skipping server."""

from uuid import UUID, uuid4

import pytest

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import TENANT, Desk, Script
from workflows import messages as m
from workflows.onboarding import OnboardingWorkflow

APPLICATION = UUID("11111111-2222-4333-8444-555555555555")


def start(desk: Desk) -> tuple[m.OnboardingInput, str]:
    return m.OnboardingInput(TENANT, APPLICATION, desk.public_key), m.workflow_id(m.Kind.ONBOARDING, uuid4())


@pytest.mark.parametrize(
    ("decided", "outcome"), [("approve", "approved"), ("reject", "rejected"), ("block", "blocked")]
)
async def test_what_the_policy_decides_is_concluded_without_a_person(
    working: Working, desk: Desk, decided: str, outcome: str
) -> None:
    script = Script(outcome=decided, reasons=("RULE",))
    async with working(script) as client:
        application, workflow_id = start(desk)
        result = await client.execute_workflow(OnboardingWorkflow.run, application, id=workflow_id, task_queue=QUEUE)
    assert result.outcome == outcome
    assert result.decision_id is not None
    assert script.names() == [
        "admit_application",
        "read_document",
        "read_document",
        "check_application",
        "screen_applicant",
        "rate_risk",
        "decide_outcome",
        "conclude_application",
    ]
    assert script.messages("conclude_application") == [m.Conclusion(script.scope(), APPLICATION, outcome, ("RULE",))]


async def test_an_unreadable_document_ends_with_advice_and_no_decision(working: Working, desk: Desk) -> None:
    script = Script(readable=False)
    async with working(script) as client:
        application, workflow_id = start(desk)
        result = await client.execute_workflow(OnboardingWorkflow.run, application, id=workflow_id, task_queue=QUEUE)
    assert result == m.OnboardingResult(APPLICATION, "unreadable", None)
    assert "screen_applicant" not in script.names()
    assert script.messages("conclude_application")[0].reasons == ("DOCUMENT_UNREADABLE",)


async def test_a_referred_application_is_decided_by_two_officers(working: Working, desk: Desk) -> None:
    script = Script(outcome="refer", reasons=("RISK_HIGH",))
    maker, approver = uuid4(), uuid4()
    async with working(script) as client:
        application, workflow_id = start(desk)
        handle = await client.start_workflow(OnboardingWorkflow.run, application, id=workflow_id, task_queue=QUEUE)
        case = await opened_case(client, script)
        await desk.act(case, m.CaseAction.CLAIM, maker, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, maker, "analyst", m.Disposition.REJECT)
        closed = await desk.act(case, m.CaseAction.APPROVE, approver, "approver")
        result = await handle.result()
    assert closed.status == "closed"
    assert result.outcome == "rejected"
    assert result.case_id == script.case_id
    assert [(event.action, event.revision) for event in script.messages("record_case_event")] == [
        ("claim", 1),
        ("decide", 2),
        ("approve", 3),
    ]
    assert script.messages("conclude_application")[0].case_id == script.case_id


async def test_the_web_ui_tells_the_story(working: Working, desk: Desk) -> None:
    script = Script()
    async with working(script) as client:
        application, workflow_id = start(desk)
        handle = await client.start_workflow(
            OnboardingWorkflow.run, application, id=workflow_id, task_queue=QUEUE, static_summary="Onboarding"
        )
        await handle.result()
        described = await handle.describe()
        details = await handle.query("__temporal_workflow_metadata")
    attributes = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert attributes["ClearanceTenant"] == str(TENANT)
    assert attributes["ClearanceState"] == "approved"
    assert attributes["ClearanceRiskRating"] == "low"
    assert details.current_details == "Approved: LOW_RISK"


async def opened_case(client, script):  # type: ignore[no-untyped-def]
    """The case's handle, once its workflow answers."""
    from asyncio import sleep

    from temporalio.service import RPCError

    handle = client.get_workflow_handle(m.case_workflow_id(script.case_id))
    for _ in range(100):
        try:
            await handle.query("state", result_type=m.CaseState)
        except RPCError:
            await sleep(0.05)
        else:
            return handle
    raise TimeoutError("the case did not open")
