"""The procedure of a closed case that is opened again: the same case under a new run, decided and concluded anew."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.assertions import Purpose
    from workflows.authority import refusals_as_answers, role_by_at
    from workflows.case import review
    from workflows.onboarding import OUTCOMES
    from workflows.review import ROLES, ActionRefused
    from workflows.steps import CaseSteps, DecisionSteps
    from workflows.steps_desk import DeskSteps
    from workflows.steps_rescreening import RescreeningSteps
    from workflows.visibility import show_case, show_state, show_tenant

NO_RUN = "closed"
"""What an assertion to open a case again names as its run: a closed case has none. Its revision ties it down."""


@workflow.defn
class ReopeningWorkflow:
    """Check who asks, open the case in the record, let a second officer agree where its end took two, conclude anew."""

    @workflow.run
    async def run(self, request: m.ReopeningInput) -> m.ReopeningResult:
        show_tenant(request.tenant_id)
        show_case(request.case_id)
        self._check(request)
        reopened = await self._reopen(request)
        result = await review(self._case(request, reopened))
        await self._conclude(request, reopened, result)
        show_state("concluded", "The case is dealt with again.")
        return m.ReopeningResult(request.case_id, result.disposition)

    def _check(self, request: m.ReopeningInput) -> None:
        """The same assertion as for any action. It is good for a moment: the one it was asked for in."""
        purpose = Purpose(
            target_id=request.case_id,
            run_id=NO_RUN,
            revision=request.revision,
            action=m.CaseAction.REOPEN,
            officer_id=request.officer_id,
            reason_sha256=request.reason_sha256,
        )
        with refusals_as_answers():
            role = role_by_at(request.assertion, request.officer_public_key, purpose, request.asked_at)
            if role not in ROLES[m.CaseAction.REOPEN]:
                raise ActionRefused("ROLE_MISSING", f"reopen needs another role than {role}")

    async def _reopen(self, request: m.ReopeningInput) -> m.CaseReopened:
        show_state("received", "Opening a closed case again.")
        reopened = await workflow.execute_activity_method(
            DeskSteps.admit_reopening, request, summary="Open the case again", **policies.RECORDING
        )
        show_state("in_review", "With officers again.")
        return reopened

    def _case(self, request: m.ReopeningInput, reopened: m.CaseReopened) -> m.CaseInput:
        return m.CaseInput(
            scope=reopened.scope,
            case_id=request.case_id,
            kind=reopened.kind,
            due_at=reopened.due_at,
            four_eyes=reopened.four_eyes,
            officer_public_key=request.officer_public_key,
            excluded_officers=reopened.excluded_officers,
            revision=reopened.revision,
            reopened_by=request.officer_id if reopened.needs_approval else None,
            before=reopened.before,
        )

    async def _conclude(self, request: m.ReopeningInput, reopened: m.CaseReopened, result: m.CaseResult) -> None:
        if reopened.kind == "alert":
            closed = m.CaseClosed(reopened.scope, result, request.reopening_id, reopened.before.disposition)
            await workflow.execute_activity_method(
                CaseSteps.write_case_outcome, closed, summary="Write the outcome", **policies.RECORDING
            )
        elif reopened.kind == "screening":
            await workflow.execute_activity_method(
                RescreeningSteps.remember_cleared,
                m.CaseClosed(reopened.scope, result, request.reopening_id, reopened.before.disposition),
                summary="Remember what was cleared",
                **policies.RECORDING,
            )
        elif reopened.application_id is not None:
            outcome = OUTCOMES[result.disposition.value]
            await workflow.execute_activity_method(
                DecisionSteps.conclude_application,
                m.Conclusion(reopened.scope, reopened.application_id, outcome, reopened.reasons, request.case_id),
                summary="Conclude",
                **policies.RECORDING,
            )
