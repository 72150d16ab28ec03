"""The procedure of an alert: into a case, to an officer, its outcome written. It looks the same whatever follows."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.case import review_case
    from workflows.steps import CaseSteps, DecisionSteps, MonitoringSteps
    from workflows.visibility import show_case, show_state, show_tenant


@workflow.defn
class InvestigationWorkflow:
    """Admit the alert, open or join a case; whoever opened it waits for its officers and writes the outcome.

    Steps, states, details and result do not depend on the disposition, so that nobody can read from them whether a
    filing follows.
    """

    @workflow.run
    async def run(self, alert: m.InvestigationInput) -> m.InvestigationResult:
        show_tenant(alert.tenant_id)
        request = await self._admit(alert)
        opened = await self._open_or_join_case(request)
        if not opened.joined:
            result = await review_case(request.scope, request.kind, opened, alert.officer_public_key)
            await self._write_outcome(m.CaseClosed(request.scope, result))
            if workflow.patched("rating-review"):
                await self._review_rating(m.RatingReview(request.scope, opened.case_id))
        show_state("concluded", "The alert is dealt with in its case.")
        return m.InvestigationResult(opened.case_id, opened.joined)

    async def _admit(self, alert: m.InvestigationInput) -> m.OpenCase:
        show_state("received", "Admitting the alert.")
        return await workflow.execute_activity_method(
            MonitoringSteps.admit_alert, alert, summary="Admit the alert", **policies.ADMITTING
        )

    async def _open_or_join_case(self, request: m.OpenCase) -> m.CaseOpened:
        opened = await workflow.execute_activity_method(
            CaseSteps.open_case, request, summary="Open or join a case", **policies.RECORDING
        )
        show_case(opened.case_id)
        show_state("in_review", "In an open case of the same parties." if opened.joined else "In a case of its own.")
        return opened

    async def _write_outcome(self, closed: m.CaseClosed) -> None:
        await workflow.execute_activity_method(
            CaseSteps.write_case_outcome, closed, summary="Write the outcome", **policies.RECORDING
        )

    async def _review_rating(self, review: m.RatingReview) -> None:
        await workflow.execute_activity_method(
            DecisionSteps.review_rating, review, summary="Review the customer's rating", **policies.DECIDING
        )
