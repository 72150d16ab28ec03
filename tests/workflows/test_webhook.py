"""A delivery is tried further and further apart, for some days, and then it is a dead letter."""

from datetime import timedelta
from uuid import UUID

from tests.workflows.conftest import QUEUE, Working
from tests.workflows.fakes import TENANT, Script
from workflows import messages as m
from workflows.webhook import PAUSES, WebhookWorkflow

DELIVERY = UUID(int=5)


async def run(working: Working, script: Script) -> tuple[m.WebhookResult, timedelta]:
    """The result, and how long it took on the server's clock."""
    async with working(script) as client:
        handle = await client.start_workflow(
            WebhookWorkflow.run, m.WebhookInput(TENANT, DELIVERY), id=f"webhook-{DELIVERY}", task_queue=QUEUE
        )
        result = await handle.result()
        told = await handle.describe()
    assert told.close_time is not None
    return result, told.close_time - told.start_time


async def delivered(working: Working, script: Script) -> m.WebhookResult:
    return (await run(working, script))[0]


async def test_a_delivery_that_arrives_ends(working: Working) -> None:
    script = Script(answers=[m.WebhookAnswer("delivered", 204)])
    assert await delivered(working, script) == m.WebhookResult(DELIVERY, True, 1)
    assert script.names() == ["deliver_webhook"]


async def test_failures_are_tried_again_until_it_arrives(working: Working) -> None:
    script = Script(
        answers=[m.WebhookAnswer("failed", 500), m.WebhookAnswer("failed"), m.WebhookAnswer("delivered", 200)]
    )
    result, waited = await run(working, script)
    assert result == m.WebhookResult(DELIVERY, True, 3)
    assert timedelta(seconds=0.8 * 65) <= waited <= timedelta(seconds=120)
    assert [attempt.number for attempt in script.messages("deliver_webhook")] == [1, 2, 3]


async def test_after_days_it_is_a_dead_letter(working: Working) -> None:
    script = Script()
    result, waited = await run(working, script)
    assert result == m.WebhookResult(DELIVERY, False, len(PAUSES) + 1)
    assert timedelta(days=2) < waited < timedelta(days=4)
    assert script.names() == ["deliver_webhook"] * (len(PAUSES) + 1) + ["bury_webhook"]


async def test_an_endpoint_that_is_gone_is_not_asked_again(working: Working) -> None:
    script = Script(answers=[m.WebhookAnswer("refused", 410)])
    assert await delivered(working, script) == m.WebhookResult(DELIVERY, False, 1)
    assert script.names() == ["deliver_webhook", "bury_webhook"]
