"""A filing's life in its own namespace: draft, approval by a filing officer who is not the maker, submission.

Separate from investigations on purpose: nothing outside this namespace shows whether a filing exists.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.assertions import Purpose
    from workflows.authority import refusals_as_answers, role_by
    from workflows.review import ActionRefused
    from workflows.steps import FilingSteps
    from workflows.visibility import show_state, show_tenant

FILING_ROLE = "filing_officer"

REMINDERS = (0.5, 0.75)
"""Shares of the time until the deadline after which the filing officers are reminded."""


@workflow.defn
class FilingWorkflow:
    """Draft, wait for approval (a return drafts anew), submit. A draft with problems cannot be approved."""

    @workflow.init
    def __init__(self, filing: m.FilingInput) -> None:
        self._filing = filing
        self._revision = 0
        self._status = "drafting"
        self._overdue = False
        self._draft: m.FilingDrafted | None = None
        self._recording = asyncio.Lock()

    @workflow.run
    async def run(self, filing: m.FilingInput) -> m.FilingSubmitted:
        show_tenant(filing.tenant_id)
        draft = await self._make_draft()
        watch = asyncio.create_task(self._watch_deadline(workflow.now(), draft.due_at))
        while not await self._approved():
            await self._make_draft()
        submitted = await self._submit()
        watch.cancel()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return submitted

    # --- The officer's actions -----------------------------------------------------------------------------------

    @workflow.update
    async def approve(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "approved")

    @approve.validator
    def _may_approve(self, command: m.FilingCommand) -> None:
        self._check(m.CaseAction.APPROVE, command, statuses=("draft",))

    @workflow.update(name="return")
    async def return_to_draft(self, command: m.FilingCommand) -> m.FilingState:
        return await self._accept(command, "drafting")

    @return_to_draft.validator
    def _may_return(self, command: m.FilingCommand) -> None:
        self._check(m.CaseAction.RETURN, command, statuses=("draft", "blocked"))

    @workflow.query
    def state(self) -> m.FilingState:
        return m.FilingState(
            filing_id=self._filing.filing_id,
            revision=self._revision,
            status=self._status,
            problems=self._draft.problems if self._draft else (),
            overdue=self._overdue,
            run_id=workflow.info().run_id,
        )

    def _check(self, action: m.CaseAction, command: m.FilingCommand, statuses: tuple[str, ...]) -> None:
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
            self._check_rules(action, command, role, statuses)

    def _check_rules(
        self, action: m.CaseAction, command: m.FilingCommand, role: str, statuses: tuple[str, ...]
    ) -> None:
        if role != FILING_ROLE:
            raise ActionRefused("ROLE_MISSING", "only a filing officer acts on a filing")
        if self._status == "blocked" and action is m.CaseAction.APPROVE and self._draft is not None:
            raise ActionRefused(self._draft.problems[0], "the draft has problems: solve them, then return it")
        if self._status not in statuses or self._draft is None:
            raise ActionRefused("STATUS_DIFFERS", f"{action.value} is not possible while {self._status}")
        if action is m.CaseAction.APPROVE and command.officer_id == self._draft.maker:
            raise ActionRefused(
                "MAKER_IS_APPROVER", "who asked for the filing cannot approve it: a second officer has to"
            )

    async def _accept(self, command: m.FilingCommand, status: str) -> m.FilingState:
        self._move_to(status)
        accepted = self.state()
        await self._record(command.action.value, command)
        return accepted

    # --- Steps ---------------------------------------------------------------------------------------------------

    async def _make_draft(self) -> m.FilingDrafted:
        show_state("drafting", "Building the report from the case.")
        draft = await workflow.execute_activity_method(
            FilingSteps.draft_filing,
            m.DraftFiling(self._filing.tenant_id, self._filing.filing_id, self._revision),
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
            m.FilingRef(self._scope(), self._filing.filing_id, self._revision),
            summary="Hand the report to the gateway",
            **policies.SUBMITTING,
        )
        self._move_to("submitted")
        await self._record("submitted")
        return submitted

    async def _watch_deadline(self, since: datetime, due_at: datetime) -> None:
        for share in REMINDERS:
            await self._sleep_until(since + (due_at - since) * share)
            self._move_to(self._status)
            await self._record("reminded")
        await self._sleep_until(due_at)
        self._overdue = True
        self._move_to(self._status)
        await self._record("overdue")

    async def _sleep_until(self, instant: datetime) -> None:
        await workflow.sleep(max(instant - workflow.now(), timedelta()), summary="Clock of the filing")

    # --- Recording -----------------------------------------------------------------------------------------------

    def _move_to(self, status: str) -> None:
        self._revision += 1
        self._status = status

    async def _record(self, action: str, command: m.FilingCommand | None = None) -> None:
        event = m.FilingEvent(
            scope=self._scope(),
            filing_id=self._filing.filing_id,
            revision=self._revision,
            action=action,
            status=self._status,
            officer_id=command.officer_id if command else None,
            reason_sha256=command.reason_sha256 if command else "",
            at=workflow.now(),
        )
        show_state(self._status, f"{self._status.capitalize()}{', overdue' if self._overdue else ''}.")
        async with self._recording:
            await workflow.execute_activity_method(
                FilingSteps.record_filing_event, event, summary=f"Record: {action}", **policies.RECORDING
            )

    def _scope(self) -> m.Scope:
        if self._draft is None:
            raise AssertionError("a filing has a scope once it is drafted")
        return self._draft.scope
