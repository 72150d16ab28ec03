"""Nightly look-backs: every tenant's history again, with all that is known by now, slice by slice."""

from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.steps_look_back import LookBackSteps
    from workflows.visibility import show_state, show_tenant

SLICES_A_RUN = 50
"""After so many a run continues as new: its history stays short however long the tenant's is."""


@workflow.defn
class LookBackWorkflow:
    """One tenant's history. A slice that failed is run again; where its state is lost, it is made again first."""

    @workflow.run
    async def run(self, tenant: m.LookBackInput) -> m.LookBackTally:
        show_tenant(tenant.tenant_id)
        plan = tenant.plan
        if plan is None:
            plan = await workflow.execute_activity_method(
                LookBackSteps.plan_look_back, tenant, summary="Fix what to go through", **policies.PLANNING_LOOK_BACK
            )
        show_state("looking_back", _said(tenant.tally, plan))
        for _ in range(SLICES_A_RUN):
            done = await workflow.execute_activity_method(
                LookBackSteps.look_back_slice,
                m.LookBackSlice(plan, tenant.after, tenant.slices),
                summary=f"Slice {tenant.slices + 1}",
                **policies.LOOKING_BACK,
            )
            tally = tenant.tally.plus(done.tally)
            tenant = replace(tenant, plan=plan, after=done.last, tally=tally, slices=tenant.slices + 1)
            show_state("looking_back", _said(tally, plan))
            if done.last is None:
                show_state("concluded", _said(tally, plan))
                return tally
            if workflow.info().is_continue_as_new_suggested():
                break
        workflow.continue_as_new(tenant)


@workflow.defn
class NightlyLookBackWorkflow:
    """All tenants, one after the other: by night there is time, and one history in memory at once."""

    @workflow.run
    async def run(self, night: m.NightlyLookBackInput) -> m.LookedBack:
        found = await workflow.execute_activity_method(
            LookBackSteps.tenants_to_look_back, summary="List the tenants", **policies.ADMITTING
        )
        tally = m.LookBackTally()
        for tenant_id in found.tenant_ids:
            tally = tally.plus(
                await workflow.execute_child_workflow(
                    LookBackWorkflow.run,
                    m.LookBackInput(tenant_id, night.days),
                    id=m.workflow_id(m.Kind.LOOK_BACK, workflow.uuid4()),
                    static_summary="A tenant's history",
                )
            )
        show_state("concluded", f"{tally.raised:,} new alerts from {tally.transactions:,} payments.")
        return m.LookedBack(len(found.tenant_ids), tally)


def _said(tally: m.LookBackTally, plan: m.LookBackPlan) -> str:
    return (
        f"{tally.transactions:,} of {plan.transactions:,} payments gone through; {tally.found:,} patterns found, "
        f"{tally.raised:,} of them new."
    )
