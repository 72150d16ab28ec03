"""A filing's life in its own namespace: report after report, each drafted, approved, submitted and answered.

Separate from investigations on purpose: nothing outside this namespace shows whether a filing exists. Every report is a
run of its own (continue-as-new), so that a filing that is continued for years keeps a short history.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.assertions import Purpose
    from workflows.authority import refusals_as_answers, role_by
    from workflows.filing_rules import SHARES, check, reminders
    from workflows.review import ActionRefused
    from workflows.steps import FilingSteps
    from workflows.visibility import show_state, show_tenant

WHOLE_LIFE = "life-of-a-filing"
"""The patch since which a filing goes on after its submission; runs that were under way before end there."""

ASK_AGAIN = (timedelta(minutes=5), timedelta(minutes=25), timedelta(hours=1), timedelta(hours=6))
"""How long to wait before asking the gateway for the authority's answer, the last one over and over."""
UNANSWERED_AFTER = timedelta(days=14)
"""House rule: FinCEN answers within five business days; officers are told when an authority has not after two weeks."""
CORRECTABLE = timedelta(days=365)
"""House rule: how long a report that needs no review stays open for a correction."""


@workflow.defn
class FilingWorkflow:
    """Draft, wait for approval (a return drafts anew), submit, wait for the answer; correct, continue, or end."""

    @workflow.init
    def __init__(self, filing: m.FilingInput) -> None:
        self._filing = filing
        self._revision = filing.revision
        self._status = "drafting"
        self._overdue = False
        self._draft: m.FilingDrafted | None = None
        self._wish: m.FilingCommand | None = None
        self._handed_in = ""
        self._clock = 0
        self._keepers: list[asyncio.Task[None]] = []
        self._recording = asyncio.Lock()

    @workflow.run
    async def run(self, filing: m.FilingInput) -> m.FilingSubmitted:
        show_tenant(filing.tenant_id)
        if not workflow.patched(WHOLE_LIFE):
            return await self._run_until_submitted()
        submitted = await self._file_report()
        answer = await self._answer()
        correcting = filing.report.kind is m.ReportKind.CORRECTING
        base = filing.submitted if correcting or not answer.accepted else submitted
        following = await self._next_report(base or submitted, answer)
        await self._settle()
        if following is not None:
            workflow.continue_as_new(replace(filing, revision=self._revision, report=following, submitted=base))
        return submitted

    # --- The officers' actions -----------------------------------------------------------------------------------

    @workflow.update
    async def approve(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "approved")

    @approve.validator
    def _may_approve(self, command: m.FilingCommand) -> None:
        self._check(m.FilingAction.APPROVE, command)

    @workflow.update(name="return")
    async def return_to_draft(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "drafting")

    @return_to_draft.validator
    def _may_return(self, command: m.FilingCommand) -> None:
        self._check(m.FilingAction.RETURN, command)

    @workflow.update
    async def acknowledge(self, command: m.FilingCommand) -> m.FilingState:
        accepted = await self._accept(command, "submitted")
        self._handed_in = command.reason_sha256
        return accepted

    @acknowledge.validator
    def _may_acknowledge(self, command: m.FilingCommand) -> None:
        self._check(m.FilingAction.ACKNOWLEDGE, command)

    @workflow.update
    async def correct(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "drafting")

    @correct.validator
    def _may_correct(self, command: m.FilingCommand) -> None:
        self._check(m.FilingAction.CORRECT, command)

    @workflow.update(name="continue")
    async def continue_activity(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "drafting")

    @continue_activity.validator
    def _may_continue(self, command: m.FilingCommand) -> None:
        self._check(m.FilingAction.CONTINUE, command)

    @workflow.update
    async def cease(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "closed")

    @cease.validator
    def _may_cease(self, command: m.FilingCommand) -> None:
        self._check(m.FilingAction.CEASE, command)

    @workflow.query
    def state(self) -> m.FilingState:
        return m.FilingState(
            filing_id=self._filing.filing_id,
            revision=self._revision,
            status=self._status,
            problems=self._draft.problems if self._draft else (),
            overdue=self._overdue,
            run_id=workflow.info().run_id,
            report=self._filing.report.number,
        )

    def _check(self, action: m.FilingAction, command: m.FilingCommand) -> None:
        """Authority first, then the rules of the filing."""
        purpose = Purpose(
            target_id=self._filing.filing_id,
            run_id=workflow.info().run_id,
            revision=self._revision,
            action=action,
            officer_id=command.officer_id,
            reason_sha256=command.reason_sha256,
        )
        with refusals_as_answers():
            if command.action is not action:
                raise ActionRefused("ACTION_DIFFERS", f"the command says {command.action.value}")
            role = role_by(command.assertion, self._filing.officer_public_key, purpose)
            if self._draft is None:
                raise ActionRefused("STATUS_DIFFERS", f"{action.value} is not possible before the first draft")
            check(command, role, self._status, self._draft.maker, self._draft.problems)

    async def _accept(self, command: m.FilingCommand, status: str) -> m.FilingState:
        self._wish = command
        self._move_to(status)
        return await self._record(command.action.value, command)

    # --- One report ----------------------------------------------------------------------------------------------

    async def _file_report(self) -> m.FilingSubmitted:
        draft = await self._make_draft()
        if draft.submitted is not None:  # by a run before a reset: what was sent is not sent again
            self._move_to("submitted")
            await self._record("resumed")
            return draft.submitted
        self._start_clock(draft.since or workflow.now(), draft.due_at)
        while not await self._approved():
            await self._make_draft()
        submitted = await self._submit()
        self._stop_clock()
        return submitted

    async def _make_draft(self) -> m.FilingDrafted:
        show_state("drafting", "Building the report from the case.")
        draft = await workflow.execute_activity_method(
            FilingSteps.draft_filing,
            m.DraftFiling(self._filing.tenant_id, self._filing.filing_id, self._revision, self._filing.report),
            summary="Draft the report",
            **policies.DRAFTING,
        )
        self._draft = draft
        self._move_to("draft" if draft.valid else "blocked")
        await self._record("drafted")
        return draft

    async def _approved(self) -> bool:
        await workflow.wait_condition(lambda: self._status in ("approved", "drafting"))
        return self._status == "approved"

    async def _submit(self) -> m.FilingSubmitted:
        submitted = await workflow.execute_activity_method(
            FilingSteps.submit_filing,
            m.FilingRef(self._scope(), self._filing.filing_id, self._revision, self._filing.report.number),
            summary="Hand the report to the gateway",
            **policies.SUBMITTING,
        )
        self._move_to("submitted")
        await self._record("submitted")
        return submitted

    async def _answer(self) -> m.FilingAnswer:
        """The authority's answer, from the gateway or from an officer, however long it takes."""
        asked, told_at = 0, workflow.now() + UNANSWERED_AFTER
        answer: m.FilingAnswer | None = None
        while answer is None:
            answer = await self._read_answer()
            if answer is None:
                if workflow.now() >= told_at:
                    told_at = workflow.now() + UNANSWERED_AFTER
                    await self._note("unanswered")
                await self._wait(lambda: bool(self._handed_in), ASK_AGAIN[min(asked, len(ASK_AGAIN) - 1)])
                asked += 1
                await self._start_afresh_where_long()
        self._move_to("rejected" if not answer.accepted else "faulted" if answer.problems else "acknowledged")
        await self._record(self._status)
        return answer

    async def _read_answer(self) -> m.FilingAnswer | None:
        handed_in, self._handed_in = self._handed_in, ""
        return await workflow.execute_activity_method(
            FilingSteps.read_answer,
            m.AnswerRef(self._scope(), self._filing.filing_id, self._filing.report.number, handed_in),
            summary="Ask for the authority's answer",
            **policies.ANSWERING,
        )

    async def _start_afresh_where_long(self) -> None:
        """The same report in a run of its own: the draft then says that it was handed over."""
        if workflow.info().is_continue_as_new_suggested() and not self._handed_in:
            await self._settle()
            workflow.continue_as_new(replace(self._filing, revision=self._revision))

    # --- What follows a report -----------------------------------------------------------------------------------

    async def _next_report(self, base: m.FilingSubmitted, answer: m.FilingAnswer) -> m.ReportRequest | None:
        """The report to make next; None where the filing ends."""
        self._wish = None
        if not answer.accepted:
            self._start_clock(workflow.now(), self._due_at())
            await workflow.wait_condition(lambda: self._wish is not None)
            return replace(self._filing.report, number=self._filing.report.number + 1)
        if answer.correction_due_at is not None and answer.problems:
            self._start_clock(workflow.now(), answer.correction_due_at)
        if base.review_at is None:
            if not await self._wait(lambda: self._wish is not None, CORRECTABLE):
                self._move_to("closed")
                await self._record("closed")
                return None
        elif not await self._wait(lambda: self._wish is not None, base.review_at - workflow.now()):
            await self._review(base)
            await workflow.wait_condition(lambda: self._wish is not None)
        return self._wished(base, answer)

    async def _review(self, base: m.FilingSubmitted) -> None:
        """Time to ask whether the activity goes on: the officers see what happened since and say."""
        await workflow.execute_activity_method(
            FilingSteps.review_activity,
            m.FilingRef(self._scope(), self._filing.filing_id, self._revision, self._filing.report.number),
            summary="Look for activity since the report",
            **policies.DRAFTING,
        )
        if base.submitted_at is not None and base.continuing_due_at is not None:
            self._start_clock(base.submitted_at, base.continuing_due_at)
        if self._wish is None:
            self._move_to("review")
            await self._record("review")

    def _wished(self, base: m.FilingSubmitted, answer: m.FilingAnswer) -> m.ReportRequest | None:
        wish = self._wish
        if wish is None or wish.action is m.FilingAction.CEASE:
            return None
        correcting = wish.action is m.FilingAction.CORRECT
        return m.ReportRequest(
            number=self._filing.report.number + 1,
            kind=m.ReportKind.CORRECTING if correcting else m.ReportKind.CONTINUING,
            prior_document=answer.document_number or self._filing.report.prior_document,
            asked_by=wish.officer_id,
            reason_sha256=wish.reason_sha256,
            due_at=answer.correction_due_at if correcting else base.continuing_due_at,
        )

    # --- The clock -----------------------------------------------------------------------------------------------

    def _start_clock(self, since: datetime, due_at: datetime) -> None:
        """Remind of a deadline and say when it has passed; a clock that was running stops."""
        self._clock += 1
        self._overdue = False
        self._keepers.append(asyncio.create_task(self._keep_clock(self._clock, since, due_at)))

    def _stop_clock(self) -> None:
        self._clock += 1

    async def _keep_clock(self, number: int, since: datetime, due_at: datetime) -> None:
        def stopped() -> bool:
            return self._clock != number

        for instant in reminders(since, due_at, workflow.now()):
            if await self._wait(stopped, instant - workflow.now()):
                return
            await self._note("reminded")
        if not await self._wait(stopped, due_at - workflow.now()):
            self._overdue = True
            await self._note("overdue")

    async def _wait(self, condition: Callable[[], bool], at_most: timedelta) -> bool:
        """Whether the condition came true in time."""
        if condition():
            return True
        if at_most <= timedelta():
            return False
        try:
            await workflow.wait_condition(condition, timeout=at_most, timeout_summary="Clock of the filing")
        except TimeoutError:
            return False
        return True

    def _due_at(self) -> datetime:
        if self._draft is None:
            raise AssertionError("a report has a deadline once it is drafted")
        return self._draft.due_at

    # --- Recording -----------------------------------------------------------------------------------------------

    def _move_to(self, status: str) -> None:
        self._revision += 1
        self._status = status

    async def _note(self, action: str) -> None:
        """Record what changes nothing but the officers' knowledge."""
        self._move_to(self._status)
        await self._record(action)

    async def _record(self, action: str, command: m.FilingCommand | None = None) -> m.FilingState:
        accepted = self.state()
        event = m.FilingEvent(
            scope=self._scope(),
            filing_id=self._filing.filing_id,
            revision=self._revision,
            action=action,
            status=self._status,
            officer_id=command.officer_id if command else None,
            reason_sha256=command.reason_sha256 if command else "",
            at=workflow.now(),
            report=self._filing.report.number,
        )
        show_state(self._status, f"{self._status.capitalize()}{', overdue' if self._overdue else ''}.")
        async with self._recording:
            recorded: int | None = await workflow.execute_activity_method(
                FilingSteps.record_filing_event, event, summary=f"Record: {action}", **policies.RECORDING
            )
        # A run before a reset may have taken the revision: the record keeps both and answers the next one. Runs from
        # before it answered at all gave None.
        revision = accepted.revision if recorded is None else recorded
        self._revision = max(self._revision, revision)
        return replace(accepted, revision=revision)

    def _scope(self) -> m.Scope:
        if self._draft is None:
            raise AssertionError("a filing has a scope once it is drafted")
        return self._draft.scope

    async def _settle(self) -> None:
        """Let what is being recorded be recorded: nothing is lost between two runs."""
        self._stop_clock()
        await asyncio.gather(*self._keepers)
        await workflow.wait_condition(workflow.all_handlers_finished)

    # --- Runs from before there was a life after the submission ---------------------------------------------------

    async def _run_until_submitted(self) -> m.FilingSubmitted:
        draft = await self._make_draft()
        watch = asyncio.create_task(self._watch_deadline(workflow.now(), draft.due_at))
        while not await self._approved():
            await self._make_draft()
        submitted = await self._submit()
        watch.cancel()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return submitted

    async def _watch_deadline(self, since: datetime, due_at: datetime) -> None:
        for share in SHARES:
            await self._sleep_until(since + (due_at - since) * share)
            await self._note("reminded")
        await self._sleep_until(due_at)
        self._overdue = True
        await self._note("overdue")

    async def _sleep_until(self, instant: datetime) -> None:
        await workflow.sleep(max(instant - workflow.now(), timedelta()), summary="Clock of the filing")
