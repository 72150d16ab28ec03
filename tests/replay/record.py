"""Records the histories that are missing from `histories/`: `python -m tests.replay.record`.

One that is there is never recorded again: it is a run that some deployment may still have open. When a workflow's
commands change, use `workflow.patched` and add a history under a new name.
"""

import asyncio
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.replay.look_back_runs import LOOK_BACK_RUNS, LOOK_BACK_WORKFLOWS
from tests.replay.screening_runs import SCREENING_RUNS, SCREENING_WORKFLOWS
from tests.workflows.conftest import CONVERTER, QUEUE, reader
from tests.workflows.fakes import NOTE_ID, REASON, TENANT, Desk, Script
from tests.workflows.test_filing import until
from tests.workflows.test_investigation import case_of
from tests.workflows.test_rescreening import Screens
from workflows import messages as m
from workflows.assertions import AssertionClaims, Purpose, mint
from workflows.case import CaseWorkflow
from workflows.contest import ContestWorkflow
from workflows.evidence import EvidenceWorkflow
from workflows.filing import FilingWorkflow
from workflows.filing_duties import FilingDutiesWorkflow
from workflows.investigation import InvestigationWorkflow
from workflows.onboarding import OnboardingWorkflow
from workflows.reopening import NO_RUN, ReopeningWorkflow
from workflows.visibility import SEARCH_ATTRIBUTES
from workflows.webhook import WebhookWorkflow

HISTORIES = Path(__file__).parent / "histories"
WORKFLOWS = [
    OnboardingWorkflow,
    ContestWorkflow,
    InvestigationWorkflow,
    CaseWorkflow,
    FilingWorkflow,
    FilingDutiesWorkflow,
    ReopeningWorkflow,
    EvidenceWorkflow,
    WebhookWorkflow,
    *SCREENING_WORKFLOWS,
    *LOOK_BACK_WORKFLOWS,
]
MAKER, APPROVER = UUID(int=101), UUID(int=102)
Run = Callable[[WorkflowEnvironment, Desk], Awaitable[None]]


@asynccontextmanager
async def worker(client: Client, script: Script) -> AsyncIterator[None]:
    steps = script.activities()
    async with (
        Worker(client, task_queue=QUEUE, workflows=WORKFLOWS, activities=steps, identity="recorder"),
        reader(client, script),
    ):
        yield


async def keep(name: str, handle: WorkflowHandle) -> None:  # type: ignore[type-arg]
    history = await handle.fetch_history()
    (HISTORIES / f"{name}.json").write_text(history.to_json() + "\n")


async def two_officers(desk: Desk, case: WorkflowHandle, disposition: m.Disposition) -> None:  # type: ignore[type-arg]
    await desk.act(case, m.CaseAction.CLAIM, MAKER, "analyst")
    await desk.act(case, m.CaseAction.NOTE, MAKER, "analyst")
    await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", disposition)
    await desk.act(case, m.CaseAction.RETURN, APPROVER, "approver")
    await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", disposition)
    await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")


async def onboarding(environment: WorkflowEnvironment, desk: Desk) -> None:
    for name, script in (
        ("onboarding_approved", Script()),
        ("onboarding_unreadable", Script(readable=False)),
    ):
        async with worker(environment.client, script):
            handle = await environment.client.start_workflow(
                OnboardingWorkflow.run,
                m.OnboardingInput(TENANT, uuid4(), desk.public_key),
                id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
                task_queue=QUEUE,
            )
            await handle.result()
            await keep(name, handle)


async def referred(environment: WorkflowEnvironment, desk: Desk) -> None:
    script = Script(outcome="refer", reasons=("risk_high",))
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(environment.client, script)
        await two_officers(desk, case, m.Disposition.REJECT)
        await handle.result()
        await keep("onboarding_referred", handle)
        await keep("case_returned_then_approved", case)


async def investigation(environment: WorkflowEnvironment, desk: Desk) -> None:
    script = Script(due_in=timedelta(days=2))
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            InvestigationWorkflow.run,
            m.InvestigationInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.INVESTIGATION, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(environment.client, script)
        await environment.sleep(timedelta(days=3))
        await two_officers(desk, case, m.Disposition.TRUE_POSITIVE)
        await handle.result()
        await keep("investigation", handle)
        await keep("case_escalated", case)


async def contest(environment: WorkflowEnvironment, desk: Desk) -> None:
    script = Script(four_eyes=(m.Disposition.APPROVE,))
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            ContestWorkflow.run,
            m.ContestInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.CONTEST, uuid4()),
            task_queue=QUEUE,
        )
        await two_officers(desk, await case_of(environment.client, script), m.Disposition.APPROVE)
        await handle.result()
        await keep("contest", handle)


async def filing(environment: WorkflowEnvironment, desk: Desk) -> None:
    script, filing_id = Script(problems=[("SCHEMA_NOT_INSTALLED",)], due_in=timedelta(days=30)), uuid4()
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            FilingWorkflow.run,
            m.FilingInput(TENANT, filing_id, desk.public_key),
            id=m.workflow_id(m.Kind.FILING, filing_id),
            task_queue=QUEUE,
        )
        await environment.sleep(timedelta(days=31))
        await desk.act_on_filing(handle, m.FilingAction.RETURN, APPROVER)
        while (await handle.query("state", result_type=m.FilingState)).status != "draft":
            await asyncio.sleep(0.05)
        await desk.act_on_filing(handle, m.FilingAction.APPROVE, APPROVER)
        await handle.result()
        await keep("filing_blocked_returned_overdue", handle)


async def filing_life(environment: WorkflowEnvironment, desk: Desk) -> None:
    """Sent, answered with faults, corrected, reviewed, continued, refused, sent again, ended: a history a report."""
    filing_id = uuid4()
    script = Script(
        due_in=timedelta(days=30),
        review_in=timedelta(days=90),
        answers=[
            None,
            m.FilingAnswer(True, f"{1:014d}", ("W7",), await environment.get_current_time() + timedelta(days=40)),
            m.FilingAnswer(True, f"{2:014d}"),
            m.FilingAnswer(False, None, ("E1",)),
            m.FilingAnswer(True, f"{4:014d}"),
        ],
    )
    async with worker(environment.client, script):
        started = await environment.client.start_workflow(
            FilingWorkflow.run,
            m.FilingInput(TENANT, filing_id, desk.public_key),
            id=m.workflow_id(m.Kind.FILING, filing_id),
            task_queue=QUEUE,
        )
        handle = environment.client.get_workflow_handle(started.id)
        runs = [started.first_execution_run_id]
        for number, (answered, then) in enumerate(
            (
                ("faulted", m.FilingAction.CORRECT),
                ("acknowledged", m.FilingAction.CONTINUE),
                ("rejected", m.FilingAction.RETURN),
                ("acknowledged", m.FilingAction.CEASE),
            ),
            start=1,
        ):
            await until(handle, "draft", report=number)
            await environment.sleep(timedelta(days=16))
            await desk.act_on_filing(handle, m.FilingAction.APPROVE, APPROVER)
            await until(handle, "submitted", answered, report=number)
            await environment.sleep(timedelta(hours=1))
            await until(handle, answered, report=number)
            if then in (m.FilingAction.CONTINUE, m.FilingAction.CEASE):
                await environment.sleep(timedelta(days=95))
                await until(handle, "review", report=number)
            runs.append((await handle.query("state", result_type=m.FilingState)).run_id)
            await desk.act_on_filing(handle, then, MAKER)
        await until(handle, "closed", report=4)
        for name, run_id in zip(("faulted", "corrected", "continued_refused", "ceased"), runs[1:], strict=True):
            await keep(f"filing_{name}", environment.client.get_workflow_handle(handle.id, run_id=run_id))


async def duties(environment: WorkflowEnvironment, desk: Desk) -> None:
    async with worker(environment.client, Script()):
        handle = await environment.client.start_workflow(FilingDutiesWorkflow.run, id="duties", task_queue=QUEUE)
        await handle.result()
        await keep("filing_duties", handle)


async def desk_life(environment: WorkflowEnvironment, desk: Desk) -> None:
    """Assigned, snoozed, an applicant who is asked, reminded and answers, and the end of it all."""
    script, request_id = Script(outcome="refer", reasons=("risk_high",), due_in=timedelta(days=30)), UUID(int=201)
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(environment.client, script)
        now = await environment.get_current_time()
        asleep, asked = m.CaseDetail(until=now + timedelta(days=2)), now + timedelta(days=9)
        await desk.act(case, m.CaseAction.SNOOZE, MAKER, "analyst", detail=asleep)
        await environment.sleep(timedelta(days=3))
        await desk.act(case, m.CaseAction.ASSIGN, APPROVER, "approver", detail=m.CaseDetail(assignee=MAKER))
        attached = m.CaseDetail(item_id=UUID(int=202), item_sha256="ab" * 32)
        await desk.act(case, m.CaseAction.ATTACH, MAKER, "analyst", detail=attached)
        detail = m.CaseDetail(item_id=request_id, until=asked)
        await desk.act(case, m.CaseAction.REQUEST, MAKER, "analyst", detail=detail)
        await environment.sleep(timedelta(days=4))
        evidence = await environment.client.start_workflow(
            EvidenceWorkflow.run,
            m.EvidenceInput(TENANT, script.case_id, (UUID(int=203),), request_id),
            id=m.workflow_id(m.Kind.EVIDENCE, uuid4()),
            task_queue=QUEUE,
        )
        await evidence.result()
        await keep("evidence_answer", evidence)
        await desk.act(case, m.CaseAction.DECIDE, MAKER, "analyst", m.Disposition.REJECT)
        await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")
        await handle.result()
        await keep("case_desk_life", case)


async def reopening(environment: WorkflowEnvironment, desk: Desk) -> None:
    script = Script()
    now = await environment.get_current_time()
    before = m.CaseResult(script.case_id, m.Disposition.TRUE_POSITIVE, MAKER, APPROVER)
    script.reopened = m.CaseReopened(
        script.scope(),
        "alert",
        f"alert:{uuid4()}",
        ("STRUCTURING",),
        5,
        now + timedelta(days=20),
        (m.Disposition.TRUE_POSITIVE,),
        (),
        before,
        needs_approval=True,
    )
    purpose = Purpose(script.case_id, NO_RUN, 4, m.CaseAction.REOPEN, MAKER, None, REASON)
    signed = mint(AssertionClaims(purpose, "analyst", now), desk.key)
    request = m.ReopeningInput(TENANT, uuid4(), script.case_id, 4, MAKER, NOTE_ID, REASON, signed, now, desk.public_key)
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            ReopeningWorkflow.run, request, id=m.workflow_id(m.Kind.REOPENING, uuid4()), task_queue=QUEUE
        )
        case = await case_of(environment.client, script)
        await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")
        await desk.act(case, m.CaseAction.CLAIM, APPROVER, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, APPROVER, "analyst", m.Disposition.FALSE_POSITIVE)
        await handle.result()
        await keep("reopening", handle)
        await keep("case_reopened", case)


async def escalation(environment: WorkflowEnvironment, desk: Desk) -> None:
    """A claimed case whose time is up goes to the approvers; one of them takes it, a second one agrees."""
    script = Script(due_in=timedelta(days=2))
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            InvestigationWorkflow.run,
            m.InvestigationInput(TENANT, uuid4(), desk.public_key),
            id=m.workflow_id(m.Kind.INVESTIGATION, uuid4()),
            task_queue=QUEUE,
        )
        case = await case_of(environment.client, script)
        await desk.act(case, m.CaseAction.CLAIM, UUID(int=103), "analyst")
        await environment.sleep(timedelta(days=3))
        await desk.act(case, m.CaseAction.CLAIM, MAKER, "approver")
        await desk.act(case, m.CaseAction.DECIDE, MAKER, "approver", m.Disposition.TRUE_POSITIVE)
        await desk.act(case, m.CaseAction.APPROVE, APPROVER, "approver")
        await handle.result()
        await keep("case_escalated_to_approvers", case)


async def reopened_hits(environment: WorkflowEnvironment, desk: Desk) -> None:
    """A customer's hits, once cleared, looked at again and cleared again."""
    script = Screens()
    now = await environment.get_current_time()
    before = m.CaseResult(script.case_id, m.Disposition.FALSE_POSITIVE, MAKER, None)
    about, due_at = f"screening:{uuid4()}", now + timedelta(days=20)
    script.reopened = m.CaseReopened(
        script.scope(), "screening", about, ("watchlist_hit_strong",), 3, due_at, (), (), before, needs_approval=False
    )
    purpose = Purpose(script.case_id, NO_RUN, 2, m.CaseAction.REOPEN, MAKER, None, REASON)
    signed = mint(AssertionClaims(purpose, "analyst", now), desk.key)
    request = m.ReopeningInput(TENANT, uuid4(), script.case_id, 2, MAKER, NOTE_ID, REASON, signed, now, desk.public_key)
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            ReopeningWorkflow.run, request, id=m.workflow_id(m.Kind.REOPENING, uuid4()), task_queue=QUEUE
        )
        case = await case_of(environment.client, script)
        await desk.act(case, m.CaseAction.CLAIM, APPROVER, "analyst")
        await desk.act(case, m.CaseAction.DECIDE, APPROVER, "analyst", m.Disposition.FALSE_POSITIVE)
        await handle.result()
        await keep("reopening_screening", handle)


async def webhook(environment: WorkflowEnvironment, desk: Desk) -> None:
    failed, gone = m.WebhookAnswer("failed", 503), m.WebhookAnswer("refused", 410)
    script = Script(answers=[failed, failed, gone])
    async with worker(environment.client, script):
        handle = await environment.client.start_workflow(
            WebhookWorkflow.run,
            m.WebhookInput(TENANT, uuid4()),
            id=m.workflow_id(m.Kind.WEBHOOK, uuid4()),
            task_queue=QUEUE,
        )
        await handle.result()
        await keep("webhook_dead", handle)


RECORDINGS: tuple[tuple[str, Run], ...] = (
    ("onboarding_approved", onboarding),
    ("onboarding_referred", referred),
    ("investigation", investigation),
    ("contest", contest),
    ("filing_blocked_returned_overdue", filing),
    ("filing_faulted", filing_life),
    ("filing_duties", duties),
    ("case_desk_life", desk_life),
    ("reopening", reopening),
    ("case_escalated_to_approvers", escalation),
    ("reopening_screening", reopened_hits),
    ("webhook_dead", webhook),
    *SCREENING_RUNS,
    *LOOK_BACK_RUNS,
)


async def main() -> None:
    HISTORIES.mkdir(exist_ok=True)
    server = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    for name, run in RECORDINGS:
        if (HISTORIES / f"{name}.json").exists():
            continue
        async with await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(server), data_converter=CONVERTER, identity="recorder"
        ) as environment:
            await environment.client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=environment.client.namespace,
                    search_attributes={
                        key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in SEARCH_ATTRIBUTES
                    },
                )
            )
            async with asyncio.timeout(60):
                await run(environment, Desk(environment.get_current_time))
    await asyncio.sleep(0.3)


if __name__ == "__main__":
    asyncio.run(main())
