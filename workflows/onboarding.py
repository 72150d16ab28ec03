"""The onboarding procedure: from an admitted application to an outcome, with a person where the policy refers."""

import asyncio
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.case import review_case
    from workflows.steps import CaseSteps, DecisionSteps, IdentitySteps, ScreeningSteps
    from workflows.steps_rescreening import RescreeningSteps
    from workflows.visibility import show_case, show_rating, show_state, show_tenant

OUTCOMES = {"approve": "approved", "reject": "rejected", "block": "blocked"}
"""What a decision, by the policy or by an officer, makes of the application."""


@workflow.defn
class OnboardingWorkflow:
    """Admit, read, check, screen, rate, decide; refer to an officer what the policy refers; conclude."""

    @workflow.run
    async def run(self, application: m.OnboardingInput) -> m.OnboardingResult:
        show_tenant(application.tenant_id)
        admission = await self._admit(application)
        this = m.ApplicationRef(admission.scope, application.application_id)
        try:
            return await self._procedure(application, admission, this)
        except ActivityError as failure:
            # Whoever applied is answered in any case: what the machine cannot do, a person does.
            if is_cancelled_exception(failure) or not workflow.patched("failed-step-to-case"):
                raise
            reasons = ("STEP_FAILED", f"STEP_FAILED_{failure.activity_type.upper()}")
            return await self._refer(this, m.Outcome(None, "refer", reasons), application.officer_public_key)

    async def _procedure(
        self, application: m.OnboardingInput, admission: m.Admission, this: m.ApplicationRef
    ) -> m.OnboardingResult:
        documents = await self._read_documents(this, admission.document_ids)
        if not all(document.readable for document in documents):
            return await self._conclude_unreadable(this, documents)

        checks = await self._check(this, documents)
        screening = await self._screen(this, documents)
        risk = await self._rate(this, documents, checks, screening)
        decision = await self._decide(this, documents, checks, screening, risk)
        if decision.outcome in OUTCOMES:
            return await self._conclude(this, OUTCOMES[decision.outcome], decision)
        return await self._refer(this, decision, application.officer_public_key, screening.hits)

    async def _admit(self, application: m.OnboardingInput) -> m.Admission:
        show_state("received", "Admitting the application.")
        return await workflow.execute_activity_method(
            IdentitySteps.admit_application, application, summary="Admit the application", **policies.ADMITTING
        )

    async def _read_documents(
        self, this: m.ApplicationRef, document_ids: tuple[UUID, ...]
    ) -> tuple[m.DocumentSummary, ...]:
        show_state("reading", f"Reading {len(document_ids)} document(s).")
        readings = [
            workflow.execute_activity_method(
                IdentitySteps.read_document,
                m.DocumentRef(this.scope, this.application_id, document_id),
                summary=f"Read document {number} of {len(document_ids)}",
                task_queue=policies.reading_queue(workflow.info().task_queue),
                **policies.READING,
            )
            for number, document_id in enumerate(document_ids, start=1)
        ]
        return tuple(await asyncio.gather(*readings))

    async def _check(self, this: m.ApplicationRef, documents: tuple[m.DocumentSummary, ...]) -> m.CheckSummary:
        show_state("checking", "Comparing the documents with each other and with the application.")
        return await workflow.execute_activity_method(
            IdentitySteps.check_application,
            m.ApplicationRead(this.scope, this.application_id, documents),
            summary="Check documents and application",
            **policies.CHECKING,
        )

    async def _screen(self, this: m.ApplicationRef, documents: tuple[m.DocumentSummary, ...]) -> m.ScreeningSummary:
        show_state("screening", "Matching the applicant against the watchlists.")
        return await workflow.execute_activity_method(
            ScreeningSteps.screen_applicant,
            m.ApplicationRead(this.scope, this.application_id, documents),
            summary="Screen the applicant",
            **policies.SCREENING,
        )

    async def _rate(
        self,
        this: m.ApplicationRef,
        documents: tuple[m.DocumentSummary, ...],
        checks: m.CheckSummary,
        screening: m.ScreeningSummary,
    ) -> m.RiskSummary:
        show_state("rating", "Rating the onboarding risk.")
        risk = await workflow.execute_activity_method(
            DecisionSteps.rate_risk,
            m.RiskInput(this.scope, this.application_id, documents, checks, screening),
            summary="Rate the risk",
            **policies.RATING,
        )
        show_rating(risk.rating)
        return risk

    async def _decide(
        self,
        this: m.ApplicationRef,
        documents: tuple[m.DocumentSummary, ...],
        checks: m.CheckSummary,
        screening: m.ScreeningSummary,
        risk: m.RiskSummary,
    ) -> m.Outcome:
        show_state("deciding", "Applying the onboarding policy.")
        return await workflow.execute_activity_method(
            DecisionSteps.decide_outcome,
            m.OutcomeInput(this.scope, this.application_id, documents, checks, screening, risk),
            summary="Decide by the policy",
            **policies.DECIDING,
        )

    async def _refer(
        self, this: m.ApplicationRef, decision: m.Outcome, public_key: str, hits: int = 0
    ) -> m.OnboardingResult:
        opened = await workflow.execute_activity_method(
            CaseSteps.open_case,
            m.OpenCase(this.scope, "application", f"application:{this.application_id}", decision.reasons),
            summary="Open a case",
            **policies.RECORDING,
        )
        show_case(opened.case_id)
        show_state("in_review", f"With an officer since {workflow.now():%Y-%m-%d %H:%M} UTC: {_list(decision.reasons)}")
        review = await review_case(this.scope, "application", opened, public_key)
        in_spite_of_hits = hits > 0 and review.disposition is m.Disposition.APPROVE
        if in_spite_of_hits and workflow.patched("remember-cleared-hits"):
            await workflow.execute_activity_method(
                RescreeningSteps.remember_cleared,
                m.CaseClosed(this.scope, review),
                summary="Remember what was cleared",
                **policies.RECORDING,
            )
        return await self._conclude(this, OUTCOMES[review.disposition.value], decision, opened.case_id)

    async def _conclude(
        self, this: m.ApplicationRef, outcome: str, decision: m.Outcome, case_id: UUID | None = None
    ) -> m.OnboardingResult:
        await self._write_conclusion(m.Conclusion(this.scope, this.application_id, outcome, decision.reasons, case_id))
        show_state(outcome, f"{outcome.capitalize()}: {_list(decision.reasons)}")
        return m.OnboardingResult(this.application_id, outcome, decision.decision_id, case_id)

    async def _conclude_unreadable(
        self, this: m.ApplicationRef, documents: tuple[m.DocumentSummary, ...]
    ) -> m.OnboardingResult:
        codes = tuple(sorted({code for document in documents if not document.readable for code in document.codes}))
        await self._write_conclusion(m.Conclusion(this.scope, this.application_id, "unreadable", codes))
        show_state("unreadable", "A document could not be opened; the applicant is told what to send instead.")
        return m.OnboardingResult(this.application_id, "unreadable", None)

    async def _write_conclusion(self, conclusion: m.Conclusion) -> None:
        await workflow.execute_activity_method(
            DecisionSteps.conclude_application, conclusion, summary="Conclude", **policies.RECORDING
        )


def _list(reasons: tuple[str, ...]) -> str:
    return ", ".join(reasons) if reasons else "no rule fired"
