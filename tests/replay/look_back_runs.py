"""Runs of the look-back workflows to be recorded: see `tests.replay.record`, which has the others."""

from uuid import uuid4

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.replay.keeping import keep
from tests.workflows.conftest import QUEUE
from tests.workflows.fakes import TENANT, Desk
from tests.workflows.test_look_back import Histories
from workflows import messages as m
from workflows.look_back import SLICES_A_RUN, LookBackWorkflow, NightlyLookBackWorkflow

LOOK_BACK_WORKFLOWS = [LookBackWorkflow, NightlyLookBackWorkflow]


async def look_backs(environment: WorkflowEnvironment, desk: Desk) -> None:
    """A run that continued as new, its second half, and a night."""
    client = environment.client
    for script, name in ((Histories(slices=SLICES_A_RUN + 1), "look_back"), (Histories(slices=1), "look_back_night")):
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=LOOK_BACK_WORKFLOWS,
            activities=script.activities(),
            identity="recorder",
        ):
            if name == "look_back":
                handle = await client.start_workflow(
                    LookBackWorkflow.run,
                    m.LookBackInput(TENANT, 180),
                    id=m.workflow_id(m.Kind.LOOK_BACK, uuid4()),
                    task_queue=QUEUE,
                )
                await handle.result()
                await keep(name, client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id))
                await keep(f"{name}_continued", client.get_workflow_handle(handle.id))
            else:
                night = await client.start_workflow(
                    NightlyLookBackWorkflow.run, m.NightlyLookBackInput(), id=f"night-{uuid4()}", task_queue=QUEUE
                )
                await night.result()
                await keep(name, night)


LOOK_BACK_RUNS = (("look_back_night", look_backs),)
