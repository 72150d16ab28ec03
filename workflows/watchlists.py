"""Lists brought up to date on a schedule, by the worker that reaches their sources."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.steps_rescreening import WatchlistSteps


@workflow.defn
class WatchlistUpdateWorkflow:
    """Fetch, judge, put into force; a list that was refused or failed fails the run, when the others are done."""

    @workflow.run
    async def run(self, wanted: m.WatchlistUpdateInput) -> m.WatchlistUpdated:
        updated = await workflow.execute_activity_method(
            WatchlistSteps.update_watchlists, wanted, summary="Fetch lists from their sources", **policies.FETCHING
        )
        workflow.set_current_details("; ".join(f"{each.source} {each.outcome}" for each in updated.updates))
        bad = [each for each in updated.updates if each.outcome not in ("new", "unchanged")]
        if bad:
            said = "; ".join(f"{each.source} {each.outcome}: {each.detail}" for each in bad)
            raise ApplicationError(said, updated, type="WATCHLISTS_NOT_UPDATED", non_retryable=True)
        return updated
