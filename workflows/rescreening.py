"""Customers screened again when lists change, their new hits reviewed by officers, and both checked every night."""

from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.case import review_case
    from workflows.steps import CaseSteps
    from workflows.steps_rescreening import RescreeningSteps
    from workflows.visibility import show_case, show_state, show_tenant

SLICES_A_RUN = 50
"""After so many a run continues as new: its history stays short however many customers there are."""
MISMATCH = "SCREENING_MISMATCH"
"""What a nightly check fails with."""


@workflow.defn
class RescreeningWorkflow:
    """Find who is not screened up to the lists in force, and screen them slice by slice."""

    @workflow.run
    async def run(self, tenant: m.RescreeningInput) -> m.Tally:
        show_tenant(tenant.tenant_id)
        plan = await workflow.execute_activity_method(
            RescreeningSteps.plan_rescreening, tenant, summary="Count who is behind", **policies.PLANNING_RESCREENING
        )
        show_state("rescreening", f"{plan.behind:,} customers to look at.")
        for _ in range(SLICES_A_RUN):
            done = await workflow.execute_activity_method(
                RescreeningSteps.rescreen_slice,
                m.Slice(plan.scope, tenant.after, tenant.slices),
                summary=f"Slice {tenant.slices + 1}",
                **policies.RESCREENING,
            )
            tally = tenant.tally.plus(done.tally)
            tenant = replace(tenant, after=done.last, tally=tally, slices=tenant.slices + 1)
            show_state("rescreening", _said(tally))
            if done.last is None:
                show_state("concluded", _said(tally))
                return tally
            if workflow.info().is_continue_as_new_suggested():
                break
        workflow.continue_as_new(tenant)


@workflow.defn
class HitReviewWorkflow:
    """New hits on a customer go into a case, whose officers say whether it is the listed person."""

    @workflow.run
    async def run(self, review: m.HitReviewInput) -> m.InvestigationResult:
        show_tenant(review.tenant_id)
        request = await workflow.execute_activity_method(
            RescreeningSteps.admit_hits, review, summary="Admit the hits", **policies.ADMITTING
        )
        opened = await workflow.execute_activity_method(
            CaseSteps.open_case, request, summary="Open or join a case", **policies.RECORDING
        )
        show_case(opened.case_id)
        show_state("in_review", "In an open case of the same customer." if opened.joined else "In a case of its own.")
        if not opened.joined:
            result = await review_case(request.scope, request.kind, opened, review.officer_public_key)
            await workflow.execute_activity_method(
                RescreeningSteps.remember_cleared,
                m.CaseClosed(request.scope, result),
                summary="Remember what was cleared",
                **policies.RECORDING,
            )
        show_state("concluded", "The hits are dealt with in their case.")
        return m.InvestigationResult(opened.case_id, opened.joined)


@workflow.defn
class ScreeningCheckWorkflow:
    """Every night: whoever is behind is screened, then a sample in full; a difference fails the run for all to see."""

    @workflow.run
    async def run(self, night: m.ScreeningCheckInput) -> m.ScreeningChecked:
        salt = night.salt or workflow.info().run_id
        found = await workflow.execute_activity_method(
            RescreeningSteps.tenants_to_check, summary="List the tenants", **policies.ADMITTING
        )
        samples = []
        for tenant_id in found.tenant_ids:
            await workflow.execute_child_workflow(
                RescreeningWorkflow.run,
                m.RescreeningInput(tenant_id),
                id=m.workflow_id(m.Kind.RESCREENING, workflow.uuid4()),
                static_summary="Customers who are behind",
            )
            samples.append(
                await workflow.execute_activity_method(
                    RescreeningSteps.check_sample,
                    m.Sample(tenant_id, night.sample, salt),
                    summary="Screen a sample in full",
                    **policies.RESCREENING,
                )
            )
        checked = m.ScreeningChecked(tuple(samples))
        wrong = [sample for sample in samples if sample.missed or sample.surplus]
        if wrong:
            missed, surplus = sum(sample.missed for sample in wrong), sum(sample.surplus for sample in wrong)
            raise ApplicationError(
                f"{missed} hits missed and {surplus} too many among {sum(s.checked for s in samples)} customers of "
                f"{len(wrong)} tenants",
                checked,
                type=MISMATCH,
                non_retryable=True,
            )
        return checked


def _said(tally: m.Tally) -> str:
    return (
        f"{tally.screened:,} customers screened, {tally.touched:,} of them one by one; {tally.new_hits:,} new hits, "
        f"{tally.withdrawn:,} withdrawn, {tally.unscreenable:,} could not be screened."
    )
