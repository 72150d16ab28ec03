"""A workflow that was changed without `workflow.patched`: it must fail replay, which proves that the gate works."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from workflows import messages as m
    from workflows.onboarding import OnboardingWorkflow


@workflow.defn(name="OnboardingWorkflow")
class HastilyChangedOnboarding(OnboardingWorkflow):
    """Somebody lets a minute pass before screening."""

    @workflow.run
    async def run(self, application: m.OnboardingInput) -> m.OnboardingResult:
        return await super().run(application)

    async def _screen(self, this: m.ApplicationRef, documents: tuple[m.DocumentSummary, ...]) -> m.ScreeningSummary:
        await workflow.sleep(timedelta(minutes=1))
        return await super()._screen(this, documents)
