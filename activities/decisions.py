"""Rating the risk, deciding by the policy table, and writing down what the application becomes."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from temporalio import activity

import jurisdictions
from activities.applicants import Applicant, age_on, fetch_known
from activities.readings import open_readings
from activities.recording import DecisionRecorder, data_key, regime_of, step_key
from aml.customer_risk import RatingThresholds, features
from aml.rating_review import rating_facts, rating_table
from explain.attribution import TreeModel
from explain.bands import band, band_finding
from explain.record import DecisionKind, InputRef, RuleTable, sha256_hex
from explain.registry import Artifact
from jurisdictions import years_after
from jurisdictions.onboarding import policy_parameters
from kyc.policy import onboarding_facts, onboarding_table
from store import applications, cases, customers, decisions, subjects, webhooks
from store.connection import Connection, Pool, tenant_transaction
from vault import contexts
from vault.envelope import open_sealed, seal
from vault.keys import KeyProvider
from vault.objects import Vault
from workflows import messages as m
from workflows.steps import DecisionSteps, StepMisused

_OUTCOMES = ("approved", "rejected", "blocked", "unreadable")
_NOTHING_READ = frozenset({"MRZ_UNREADABLE", "NO_DOCUMENT"})
_UNRATED = "high"
"""How a customer counts whom an officer approved although no rating was made, as after an unreadable document."""


@dataclass(frozen=True, slots=True)
class DecisionActivities(DecisionSteps):
    """`risk_model` is the verified artifact; its trees are tabulated once, when the worker starts."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    recorder: DecisionRecorder
    risk_model: Artifact
    trees: TreeModel
    thresholds: RatingThresholds

    @activity.defn
    async def rate_risk(self, facts: m.RiskInput) -> m.RiskSummary:
        scope = facts.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            row = await fetch_known(conn, facts.application_id)
            key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
        kept = await open_readings(self.vault, scope.tenant_id, key, facts.documents)
        customer = Applicant.opened(row, key).to_rate(
            [each.reading for each in kept],
            regime_of(scope),
            scope.as_of.date(),
            document_findings=len({code for document in facts.documents for code in document.codes}),
            check_findings=len(facts.checks.codes),
            screening_strength=facts.screening.strength,
        )
        explanation = await asyncio.to_thread(self.trees.explanation, features(customer))
        score = self.trees.score(explanation.output)
        cuts = self.thresholds.cuts()
        decision = self.recorder.decision(
            scope,
            DecisionKind.ONBOARDING_RISK,
            row.subject_id,
            f"application:{facts.application_id}",
            outcome=band(score, cuts),
            score=score,
            model=self.risk_model.ref,
            explanation=explanation,
            findings=(band_finding(score, cuts, self.thresholds.citation),),
            inputs=_inputs(facts.documents),
            policy_version=f"rating-{self.risk_model.ref.version}",
        )

        artifact = self.risk_model
        await self.recorder.register(artifact.ref, artifact.format, artifact.content, dict(artifact.card))
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            recorded = await self.recorder.append(conn, decision, key, "rate_risk")
        return m.RiskSummary(recorded.decision_id, recorded.outcome)

    @activity.defn
    async def decide_outcome(self, facts: m.OutcomeInput) -> m.Outcome:
        scope = facts.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            row = await fetch_known(conn, facts.application_id)
            key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
        kept = await open_readings(self.vault, scope.tenant_id, key, facts.documents)
        readings = [each.reading for each in kept]
        accepted = {document.document_id for document in facts.documents if document.accepted}
        regime = regime_of(scope)
        table = onboarding_table(policy_parameters(regime))
        known = onboarding_facts(
            document_codes=_codes(facts.documents),
            check_codes=facts.checks.codes,
            documents_accepted=len(accepted),
            documents_unreadable=sum(not _NOTHING_READ.isdisjoint(document.codes) for document in facts.documents),
            screening_strength=facts.screening.strength,
            screening_stale=facts.screening.stale,
            risk_rating=facts.risk.rating,
            age=age_on([each.reading for each in kept if each.document_id in accepted], scope.as_of.date()),
            face=facts.checks.face,
            high_risk_country=Applicant.opened(row, key).touches_high_risk(readings, regime),
        )
        decision = self.recorder.by_table(
            scope,
            DecisionKind.ONBOARDING_OUTCOME,
            row.subject_id,
            f"application:{facts.application_id}",
            table,
            known,
            _inputs(facts.documents),
        )

        await self.recorder.register_table(table)
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            recorded = await self.recorder.append(conn, decision, key, "decide_outcome")
        return m.Outcome(recorded.decision_id, recorded.outcome, tuple(finding.rule for finding in decision.findings))

    @activity.defn
    async def review_rating(self, review: m.RatingReview) -> None:
        async with tenant_transaction(self.pool, review.scope.tenant_id) as conn:
            case = await cases.fetch_case(conn, review.case_id)
            alerted = await cases.alerted_subjects(conn, review.case_id)
        if case.disposition is None:
            return
        table = rating_table()
        await self.recorder.register_table(table)
        for subject_id in dict.fromkeys((case.subject_id, *alerted)):
            step = "review_rating" if subject_id == case.subject_id else f"review_rating/{subject_id}"
            await self._review_customer(review, table, subject_id, case.disposition, step)

    async def _review_customer(
        self, review: m.RatingReview, table: RuleTable, subject_id: UUID, disposition: str, step: str
    ) -> None:
        """What the case's outcome means for one of those whom it is about."""
        scope = review.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            customer = next(reversed(await customers.customers_of_subject(conn, subject_id)), None)
            if customer is None:
                return  # an account that nobody of ours holds
            key = await data_key(conn, self.keys, scope.tenant_id, subject_id)
            inconclusive = await cases.count_closed(
                conn, subject_id, m.Disposition.INCONCLUSIVE.value, other_than=review.case_id
            )
        decision = self.recorder.by_table(
            scope,
            DecisionKind.RATING_CHANGE,
            subject_id,
            f"customer:{customer.customer_id}",
            table,
            dict(rating_facts(customer.rating, disposition, inconclusive_before=inconclusive)),
            (InputRef("case", sha256_hex(str(review.case_id).encode())),),
        )
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            recorded = await self.recorder.append(conn, decision, key, step)
            await customers.raise_rating(conn, customer.customer_id, recorded.outcome)

    @activity.defn
    async def conclude_application(self, conclusion: m.Conclusion) -> None:
        if conclusion.outcome not in _OUTCOMES:
            raise StepMisused(f"no application ends as {conclusion.outcome!r}")
        scope = conclusion.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            row = await fetch_known(conn, conclusion.application_id)
            if conclusion.outcome == "approved":
                key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
                await self._create_customer(conn, scope, row, key)
            await applications.set_application_state(
                conn, conclusion.application_id, "concluded", conclusion.outcome, conclusion.reasons
            )
            # The same event at the same moment for whoever was rejected and whoever was blocked.
            await webhooks.announce(
                conn,
                scope.tenant_id,
                webhooks.EventType.CONCLUDED,
                conclusion.application_id,
                outcome="rejected" if conclusion.outcome == "blocked" else conclusion.outcome,
                key=step_key("conclude_application"),
            )
            if conclusion.outcome == "approved":
                await subjects.retain_as_customer(conn, row.subject_id)
            else:
                until = _retain_until(regime_of(scope), conclusion.outcome, scope.as_of.date())
                await subjects.set_retention(conn, row.subject_id, until)

    async def _create_customer(
        self, conn: Connection, scope: m.Scope, application: applications.Application, key: bytes
    ) -> None:
        """Once an application: a second run finds the first run's customer."""
        stated = open_sealed(key, application.sealed_applicant, contexts.applicant(application.application_id))
        made = await decisions.list_decisions(conn, f"application:{application.application_id}")
        ratings = [decision.outcome for decision in made if decision.kind is DecisionKind.ONBOARDING_RISK]
        customer_id = uuid4()
        await customers.create_customer(
            conn,
            scope.tenant_id,
            customer_id,
            application.subject_id,
            application.application_id,
            ratings[-1] if ratings else _UNRATED,
            seal(key, stated, contexts.customer(customer_id)),
        )


def _retain_until(regime: jurisdictions.Regime, outcome: str, concluded: date) -> date:
    """A block is kept as long as the regime keeps records on sanctions, if that is longer."""
    years = regime.retention_years.value
    if outcome == "blocked":
        years = max(years, regime.sanctions_retention_years.value)
    return years_after(concluded, years)


def _codes(documents: Iterable[m.DocumentSummary]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for document in documents for code in document.codes))


def _inputs(documents: Iterable[m.DocumentSummary]) -> tuple[InputRef, ...]:
    return tuple(InputRef(f"reading:{each.document_id}", each.reading_sha256) for each in documents)
