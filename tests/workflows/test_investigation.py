"""Alerts become or join cases, and an investigation's history tells nothing of how it ended."""

from asyncio import sleep
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import TENANT, Desk, Script
from workflows import messages as m
from workflows.contest import ContestWorkflow
from workflows.investigation import InvestigationWorkflow

MAKER, APPROVER = uuid4(), uuid4()
OWN = ("ClearanceCaseId", "TemporalChangeVersion")
"""Search attributes that are a case's own, or its code's."""


async def case_of(client: Client, script: Script) -> WorkflowHandle[Any, Any]:
    handle = client.get_workflow_handle(m.case_workflow_id(script.case_id))
    for _ in range(200):
        try:
            await handle.query("state", result_type=m.CaseState)
        except RPCError:
            await sleep(0.05)
        else:
            return handle
    raise TimeoutError("the case did not open")


async def investigate(
    working: Working, desk: Desk, disposition: m.Disposition
) -> tuple[Script, m.InvestigationResult, list[Any], Any]:
    script = Script(four_eyes=tuple(m.Disposition))
    async with working(script) as client:
        handle = await client.start_workflow(
            InvestigationWorkflow.run,
            m.InvestigationInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.INVESTIGATION, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(client, script)
        await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", disposition)
        await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")
        result = await handle.result()
        events = [event async for event in handle.fetch_history_events()]
        described = await handle.describe()
    return script, result, events, described


async def test_an_investigation_looks_the_same_whether_or_not_a_filing_follows(working: Working, desk: Desk) -> None:
    confirmed = await investigate(working, desk, m.Disposition.TRUE_POSITIVE)
    dismissed = await investigate(working, desk, m.Disposition.FALSE_POSITIVE)

    assert confirmed[0].names() == dismissed[0].names()
    assert confirmed[1].joined == dismissed[1].joined
    kinds = [[EventType.Name(event.event_type) for event in run[2]] for run in (confirmed, dismissed)]
    assert kinds[0] == kinds[1]
    states = [
        {pair.key.name: pair.value for pair in run[3].typed_search_attributes if pair.key.name not in OWN}
        for run in (confirmed, dismissed)
    ]
    assert states[0] == states[1] == {"ClearanceTenant": str(TENANT), "ClearanceState": "concluded"}


async def test_an_alert_that_joins_a_case_leaves_the_outcome_to_it(working: Working, desk: Desk) -> None:
    script = Script(joined=True)
    async with working(script) as client:
        result = await client.execute_workflow(
            InvestigationWorkflow.run,
            m.InvestigationInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.INVESTIGATION, uuid4()),
            task_queue=QUEUE,
        )
    assert result == m.InvestigationResult(script.case_id, joined=True)
    assert script.names() == ["admit_alert", "open_case"]


@pytest.mark.parametrize(
    ("disposition", "outcome"), [(m.Disposition.APPROVE, "approved"), (m.Disposition.REJECT, "rejected")]
)
async def test_a_contest_is_decided_by_someone_new(
    working: Working, desk: Desk, disposition: m.Disposition, outcome: str
) -> None:
    script = Script(four_eyes=(), excluded=(MAKER,))
    application_id = uuid4()
    async with working(script) as client:
        handle = await client.start_workflow(
            ContestWorkflow.run,
            m.ContestInput(TENANT, application_id, desk.public_key),
            id=m.workflow_id(m.Kind.CONTEST, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(client, script)
        with pytest.raises(WorkflowUpdateFailedError):
            await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
        await desk.act(case, m.CaseAction.CLAIM, APPROVER, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, APPROVER, "analyst", disposition)
        result = await handle.result()
    assert result.outcome == outcome
    conclusion = script.messages("conclude_application")[0]
    assert (conclusion.application_id, conclusion.outcome, conclusion.case_id) == (
        application_id,
        outcome,
        script.case_id,
    )
