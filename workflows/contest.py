"""The procedure of a contested outcome: someone new looks at the application and decides again."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.case import review_case
    from workflows.onboarding import OUTCOMES
    from workflows.steps import CaseSteps, DecisionSteps
    from workflows.visibility import show_case, show_state, show_tenant


@workflow.defn
class ContestWorkflow:
    """Admit the contest, open a case that excludes whoever decided before, conclude as the new officer decides."""

    @workflow.run
    async def run(self, contest: m.ContestInput) -> m.OnboardingResult:
        show_tenant(contest.tenant_id)
        request = await self._admit(contest)
        opened = await self._open_case(request)
        review = await review_case(request.scope, request.kind, opened, contest.officer_public_key)
        outcome = OUTCOMES[review.disposition.value]
        await self._conclude(
            m.Conclusion(request.scope, contest.application_id, outcome, request.reasons, opened.case_id)
        )
        return m.OnboardingResult(contest.application_id, outcome, None, opened.case_id)

    async def _admit(self, contest: m.ContestInput) -> m.OpenCase:
        show_state("received", "Admitting the contest.")
        return await workflow.execute_activity_method(
            CaseSteps.admit_contest, contest, summary="Admit the contest", **policies.ADMITTING
        )

    async def _open_case(self, request: m.OpenCase) -> m.CaseOpened:
        opened = await workflow.execute_activity_method(
            CaseSteps.open_case, request, summary="Open a case for someone new", **policies.RECORDING
        )
        show_case(opened.case_id)
        show_state("in_review", "With an officer who did not take part in the contested outcome.")
        return opened

    async def _conclude(self, conclusion: m.Conclusion) -> None:
        await workflow.execute_activity_method(
            DecisionSteps.conclude_application, conclusion, summary="Conclude", **policies.RECORDING
        )
        show_state(conclusion.outcome, f"{conclusion.outcome.capitalize()} after a contest.")
