"""One case from opening to disposition: officers act by validated Updates, the deadline is a durable timer.

The child of whatever referred it. An Update is refused unless the API's assertion names this run, this revision and
this very action; so what was approved before a reset does not count after it.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.assertions import Purpose
    from workflows.authority import refusals_as_answers, role_by
    from workflows.review import ActionRefused, Review
    from workflows.steps import CaseSteps
    from workflows.visibility import show_case, show_state, show_tenant


@workflow.defn
class CaseWorkflow:
    """Wait for officers to claim, discuss, decide and, with four eyes, approve; escalate when the time is up."""

    @workflow.init
    def __init__(self, case: m.CaseInput) -> None:
        self._case = case
        self._review = Review(case.kind, frozenset(case.four_eyes), frozenset(case.excluded_officers))
        self._recording = asyncio.Lock()

    @workflow.run
    async def run(self, case: m.CaseInput) -> m.CaseResult:
        show_tenant(case.scope.tenant_id)
        show_case(case.case_id)
        self._show()
        await self._wait_for_officers()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._result()

    # --- Officers' actions ---------------------------------------------------------------------------------------

    @workflow.update
    async def claim(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @claim.validator
    def _may_claim(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.CLAIM, command)

    @workflow.update
    async def release(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @release.validator
    def _may_release(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.RELEASE, command)

    @workflow.update
    async def note(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @note.validator
    def _may_note(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.NOTE, command)

    @workflow.update
    async def decide(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @decide.validator
    def _may_decide(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.DECIDE, command)

    @workflow.update
    async def approve(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @approve.validator
    def _may_approve(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.APPROVE, command)

    @workflow.update(name="return")
    async def return_to_maker(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @return_to_maker.validator
    def _may_return(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.RETURN, command)

    @workflow.query
    def state(self) -> m.CaseState:
        return m.CaseState(
            case_id=self._case.case_id,
            revision=self._review.revision,
            status=self._review.status,
            claimed_by=self._review.claimed_by,
            maker=self._review.maker,
            disposition=self._review.disposition,
            escalated=self._review.escalated,
            run_id=workflow.info().run_id,
        )

    def _check(self, action: m.CaseAction, command: m.CaseCommand) -> None:
        """Authority first, then the rules of the case."""
        purpose = Purpose(
            target_id=self._case.case_id,
            run_id=workflow.info().run_id,
            revision=self._review.revision,
            action=action,
            officer_id=command.officer_id,
            disposition=command.disposition,
            reason_sha256=command.reason_sha256,
        )
        with refusals_as_answers():
            if command.action is not action:
                raise ActionRefused("ACTION_DIFFERS", f"the command says {command.action.value}")
            role = role_by(command.assertion, self._case.officer_public_key, purpose)
            self._review.check(command, role)

    async def _accept(self, command: m.CaseCommand) -> m.CaseState:
        self._review = self._review.after(command)
        return await self._record(command.action.value, command)

    # --- Waiting -------------------------------------------------------------------------------------------------

    async def _wait_for_officers(self) -> None:
        time_left = self._case.due_at - workflow.now()
        try:
            await workflow.wait_condition(
                self._closed, timeout=max(time_left, timedelta()), timeout_summary="Deadline of the case"
            )
        except TimeoutError:
            await self._escalate()
            await workflow.wait_condition(self._closed)

    async def _escalate(self) -> None:
        self._review = self._review.after_deadline()
        await self._record("escalated")

    def _closed(self) -> bool:
        return self._review.status == "closed"

    # --- Recording -----------------------------------------------------------------------------------------------

    async def _record(self, action: str, command: m.CaseCommand | None = None) -> m.CaseState:
        accepted = self.state()
        event = m.CaseEvent(
            scope=self._case.scope,
            case_id=self._case.case_id,
            revision=accepted.revision,
            action=action,
            status=accepted.status,
            officer_id=command.officer_id if command else None,
            claimed_by=accepted.claimed_by,
            disposition=accepted.disposition,
            reason_id=command.reason_id if command else None,
            at=workflow.now(),
        )
        self._show()
        async with self._recording:
            recorded = await workflow.execute_activity_method(
                CaseSteps.record_case_event, event, summary=f"Record: {action}", **policies.RECORDING
            )
        self._review = replace(self._review, revision=max(self._review.revision, recorded))
        return replace(accepted, revision=recorded)

    def _show(self) -> None:
        late = ", past its deadline" if self._review.escalated else f", due {self._case.due_at:%Y-%m-%d %H:%M} UTC"
        show_state(self._review.status, f"{self._review.status.replace('_', ' ').capitalize()}{late}.")

    def _result(self) -> m.CaseResult:
        if self._review.disposition is None or self._review.maker is None:
            raise AssertionError("a case closes by a disposition only")
        return m.CaseResult(self._case.case_id, self._review.disposition, self._review.maker, self._review.approver)


async def review_case(scope: m.Scope, kind: str, opened: m.CaseOpened, officer_public_key: str) -> m.CaseResult:
    """Hand an opened case to its own workflow and wait for the officers.

    The case outlives a parent that is terminated or reset: officers' work is not lost with it. A parent that was reset
    finds the case at work or closed, and takes its result from the record.
    """
    try:
        return await workflow.execute_child_workflow(
            CaseWorkflow.run,
            m.CaseInput(
                scope=scope,
                case_id=opened.case_id,
                kind=kind,
                due_at=opened.due_at,
                four_eyes=opened.four_eyes,
                officer_public_key=officer_public_key,
                excluded_officers=opened.excluded_officers,
            ),
            id=m.case_workflow_id(opened.case_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"Case of kind {kind}",
        )
    except WorkflowAlreadyStartedError:
        return await workflow.execute_activity_method(
            CaseSteps.await_case,
            m.CaseRef(scope, opened.case_id),
            summary="Wait for the case that is under way",
            **policies.AWAITING_CASE,
        )
