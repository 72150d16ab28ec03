"""The hourly search for duties that no case asks for: cash over the threshold and freezes without a report."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.steps import FilingSteps
    from workflows.visibility import show_state


@workflow.defn
class FilingDutiesWorkflow:
    """One search. What it finds goes through the filing outbox, so that a day or a freeze starts one filing, once."""

    @workflow.run
    async def run(self) -> m.DutiesFound:
        show_state("searching", "Looking for cash over the threshold and for freezes without a report.")
        found = await workflow.execute_activity_method(
            FilingSteps.find_duties, summary="Find duties", **policies.SEARCHING_DUTIES
        )
        show_state("concluded", f"{found.threshold} on cash, {found.blocking} on freezes.")
        return found
