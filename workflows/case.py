"""One case from opening to disposition: officers act by validated Updates, the deadline is a durable timer.

The child of whatever referred it. An Update is refused unless the API's assertion names this run, this revision and
this very action; so what was approved before a reset does not count after it.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.assertions import Purpose, detail_digest
    from workflows.authority import refusals_as_answers, role_by
    from workflows.review import ActionRefused, Review
    from workflows.steps import CaseSteps
    from workflows.visibility import show_case, show_state, show_tenant

_ALARMS = {
    "escalated": "Deadline of the case",
    "woken": "Snoozed until then",
    "reminded": "Reminder to the applicant",
    "unanswered": "Term of the request to the applicant",
}
_OF_REQUEST = frozenset({"reminded", "unanswered"})


@workflow.defn
class CaseWorkflow:
    """Wait for officers to claim, discuss, decide and, with four eyes, approve; escalate when the time is up."""

    @workflow.init
    def __init__(self, case: m.CaseInput) -> None:
        self._case = case
        self._review = Review.begun(case)
        self._recording = asyncio.Lock()
        self._by_alarms = True
        """False in a run that began before there were alarms: its only timer is the deadline."""

    @workflow.run
    async def run(self, case: m.CaseInput) -> m.CaseResult:
        show_tenant(case.scope.tenant_id)
        show_case(case.case_id)
        self._show()
        self._by_alarms = workflow.patched("alarms")
        if self._by_alarms:
            await self._wait_with_alarms()
        else:
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

    @workflow.update
    async def assign(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @assign.validator
    def _may_assign(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.ASSIGN, command)

    @workflow.update
    async def attach(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @attach.validator
    def _may_attach(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.ATTACH, command)

    @workflow.update
    async def request(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @request.validator
    def _may_request(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.REQUEST, command)

    @workflow.update
    async def snooze(self, command: m.CaseCommand) -> m.CaseState:
        return await self._accept(command)

    @snooze.validator
    def _may_snooze(self, command: m.CaseCommand) -> None:
        self._check(m.CaseAction.SNOOZE, command)

    @workflow.signal
    async def applicant_answered(self, answer: m.RequestAnswered) -> None:
        """What was sent is in the store already; one for an older request, or after the decision, changes nothing."""
        request = self._review.request
        if request is not None and request.request_id == answer.request_id and not self._closed():
            self._review = self._review.after_alarm("answered")
            await self._record("answered", item_id=answer.request_id)

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
            snoozed_until=self._review.snoozed_until,
            request_id=self._review.request.request_id if self._review.request else None,
            request_due_at=self._review.request.due_at if self._review.request else None,
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
            detail_sha256=detail_digest(command.detail),
        )
        with refusals_as_answers():
            if command.action is not action:
                raise ActionRefused("ACTION_DIFFERS", f"the command says {command.action.value}")
            role = role_by(command.assertion, self._case.officer_public_key, purpose)
            self._review.check(command, role, workflow.now())
            if not self._by_alarms and action in (m.CaseAction.SNOOZE, m.CaseAction.REQUEST):
                raise ActionRefused("CASE_TOO_OLD", "this case began before that was possible: decide it as it is")

    async def _accept(self, command: m.CaseCommand) -> m.CaseState:
        self._review = self._review.after(command, workflow.now())
        return await self._record(command.action.value, command)

    # --- Waiting -------------------------------------------------------------------------------------------------

    async def _wait_with_alarms(self) -> None:
        """Until officers have closed it, with whatever the clock does in between; each change sets the clock anew."""
        while not self._closed():
            alarms = self._review.alarms()
            if not alarms:
                await workflow.wait_condition(lambda: self._closed() or bool(self._review.alarms()))
                continue
            (at, what), *_ = alarms
            try:
                await workflow.wait_condition(
                    partial(self._moved_on, alarms),
                    timeout=max(at - workflow.now(), timedelta()),
                    timeout_summary=_ALARMS[what],
                )
            except TimeoutError:
                if not self._closed() and (at, what) in self._review.alarms():
                    request = self._review.request
                    moves = what == "escalated" and workflow.patched("escalation-moves")
                    self._review = self._review.after_alarm(what, moves=moves)
                    await self._record(what, item_id=request.request_id if request and what in _OF_REQUEST else None)

    def _moved_on(self, alarms: tuple[tuple[datetime, str], ...]) -> bool:
        return self._closed() or self._review.alarms() != alarms

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

    async def _record(
        self, action: str, command: m.CaseCommand | None = None, *, item_id: UUID | None = None
    ) -> m.CaseState:
        accepted = self.state()
        stands_again = action == m.CaseAction.RETURN and accepted.status == "closed"
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
            maker=accepted.maker if stands_again else None,
            detail=command.detail if command else m.CaseDetail(item_id=item_id) if item_id else None,
            snoozed_until=accepted.snoozed_until,
            request_id=accepted.request_id,
            request_due_at=accepted.request_due_at,
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
        if self._review.request is not None:
            late += f", the applicant is asked to answer by {self._review.request.due_at:%Y-%m-%d %H:%M} UTC"
        if self._review.snoozed_until is not None:
            late += f", snoozed until {self._review.snoozed_until:%Y-%m-%d %H:%M} UTC"
        show_state(self._review.status, f"{self._review.status.replace('_', ' ').capitalize()}{late}.")

    def _result(self) -> m.CaseResult:
        if self._review.disposition is None or self._review.maker is None:
            raise AssertionError("a case closes by a disposition only")
        return m.CaseResult(self._case.case_id, self._review.disposition, self._review.maker, self._review.approver)


async def review_case(scope: m.Scope, kind: str, opened: m.CaseOpened, officer_public_key: str) -> m.CaseResult:
    """Hand an opened case to its own workflow and wait for the officers."""
    return await review(
        m.CaseInput(
            scope=scope,
            case_id=opened.case_id,
            kind=kind,
            due_at=opened.due_at,
            four_eyes=opened.four_eyes,
            officer_public_key=officer_public_key,
            excluded_officers=opened.excluded_officers,
        )
    )


async def review(case: m.CaseInput) -> m.CaseResult:
    """Run a case, for the first time or opened again, and wait for the officers.

    The case outlives a parent that is terminated or reset: officers' work is not lost with it. A parent that was reset
    finds the case at work or closed, and takes its result from the record.
    """
    again = case.revision > 0
    try:
        return await workflow.execute_child_workflow(
            CaseWorkflow.run,
            case,
            id=m.case_workflow_id(case.case_id),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"Case of kind {case.kind}" + (", opened again" if again else ""),
        )
    except WorkflowAlreadyStartedError:
        return await workflow.execute_activity_method(
            CaseSteps.await_case,
            m.CaseRef(case.scope, case.case_id),
            summary="Wait for the case that is under way",
            **policies.AWAITING_CASE,
        )
