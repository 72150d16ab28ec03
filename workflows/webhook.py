"""The procedure of one delivery to a tenant's endpoint: attempts further and further apart, then a dead letter."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.steps_desk import WebhookSteps
    from workflows.visibility import show_state, show_tenant

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Between attempts: some three days in all, as the Standard Webhooks recommend ("over a period of a few days")."""

_JITTER = 0.2
"""So much of a pause is left to chance: endpoints that come back are not met by all deliveries at once."""


@workflow.defn
class WebhookWorkflow:
    """Deliver; where it fails, wait and try again; where no attempt is left, or none may be made, bury it."""

    @workflow.run
    async def run(self, webhook: m.WebhookInput) -> m.WebhookResult:
        show_tenant(webhook.tenant_id)
        number = 0
        for pause in (*PAUSES, None):
            number += 1
            attempt = m.WebhookAttempt(webhook.tenant_id, webhook.delivery_id, number)
            show_state("delivering", f"Attempt {number}.")
            answer = await workflow.execute_activity_method(
                WebhookSteps.deliver_webhook, attempt, summary=f"Attempt {number}", **policies.DELIVERING
            )
            if answer.outcome == "delivered":
                show_state("delivered", f"Delivered at attempt {number}.")
                return m.WebhookResult(webhook.delivery_id, True, number)
            if answer.outcome == "refused" or pause is None:
                break
            show_state("waiting", f"Attempt {number} failed; the next follows.")
            await workflow.sleep(pause * (1 - _JITTER * workflow.random().random()), summary="Before the next attempt")
        await workflow.execute_activity_method(
            WebhookSteps.bury_webhook,
            m.WebhookAttempt(webhook.tenant_id, webhook.delivery_id, number),
            summary="A dead letter",
            **policies.DELIVERING,
        )
        show_state("dead", f"Given up after {number} attempts.")
        return m.WebhookResult(webhook.delivery_id, False, number)
