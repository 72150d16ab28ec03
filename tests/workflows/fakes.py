"""Steps written by hand that answer what a test says and remember what they were asked, and officers who sign."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.client import WorkflowHandle

from workflows import messages as m
from workflows.assertions import AssertionClaims, Purpose, detail_digest, mint
from workflows.steps import (
    CaseSteps,
    CaseStillOpen,
    DecisionSteps,
    FilingSteps,
    IdentitySteps,
    MonitoringSteps,
    ScreeningSteps,
)
from workflows.steps_desk import DeskSteps, WebhookSteps

TENANT = UUID("6b0f3c52-9be6-4a0a-8d43-0d2f5b1f6a01")
NOTE_ID = UUID(int=7)
REASON = "c0ffee" + "0" * 58
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Script(
    IdentitySteps, ScreeningSteps, DecisionSteps, CaseSteps, MonitoringSteps, FilingSteps, DeskSteps, WebhookSteps
):
    """What every step answers. `asked` lists (step, message) in the order of execution."""

    outcome: str = "approve"
    reasons: tuple[str, ...] = ("LOW_RISK",)
    readable: bool = True
    documents: int = 2
    four_eyes: tuple[m.Disposition, ...] = (m.Disposition.REJECT, m.Disposition.TRUE_POSITIVE)
    joined: bool = False
    excluded: tuple[UUID, ...] = ()
    due_in: timedelta = timedelta(days=2)
    as_of: datetime = NOON
    problems: list[tuple[str, ...]] = field(default_factory=list)
    maker: UUID = field(default_factory=uuid4)
    case_id: UUID = field(default_factory=uuid4)
    recorded_before_reset: int = 0
    reopened: m.CaseReopened | None = None
    answers: list[m.WebhookAnswer] = field(default_factory=list)
    review_in: timedelta | None = None
    continuing_in: timedelta = timedelta(days=120)
    answers: list[m.FilingAnswer | None] = field(default_factory=list)
    """What the authority says, question after question; nothing once they are used up."""
    submissions: dict[int, m.FilingSubmitted] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def activities(self) -> list[Callable[..., Any]]:
        names = {name for steps in type(self).__mro__ for name, value in vars(steps).items() if _is_step(value)}
        return [getattr(self, name) for name in sorted(names)]

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]

    def messages(self, step: str) -> list[Any]:
        return [message for name, message in self.asked if name == step]

    def scope(self) -> m.Scope:
        return m.Scope(TENANT, "EU", "2026.1", self.as_of)

    @activity.defn
    async def admit_application(self, application: m.OnboardingInput) -> m.Admission:
        self.asked.append(("admit_application", application))
        return m.Admission(self.scope(), tuple(UUID(int=n) for n in range(1, self.documents + 1)), has_selfie=False)

    @activity.defn
    async def read_document(self, document: m.DocumentRef) -> m.DocumentSummary:
        self.asked.append(("read_document", document))
        codes = () if self.readable else ("DOCUMENT_UNREADABLE",)
        return m.DocumentSummary(document.document_id, self.readable, self.readable, codes, uuid4())

    @activity.defn
    async def check_application(self, application: m.ApplicationRead) -> m.CheckSummary:
        self.asked.append(("check_application", application))
        return m.CheckSummary(())

    @activity.defn
    async def screen_applicant(self, application: m.ApplicationRead) -> m.ScreeningSummary:
        self.asked.append(("screen_applicant", application))
        return m.ScreeningSummary(uuid4(), 0, "none", stale=False)

    @activity.defn
    async def rate_risk(self, facts: m.RiskInput) -> m.RiskSummary:
        self.asked.append(("rate_risk", facts))
        return m.RiskSummary(uuid4(), "low")

    @activity.defn
    async def decide_outcome(self, facts: m.OutcomeInput) -> m.Outcome:
        self.asked.append(("decide_outcome", facts))
        return m.Outcome(uuid4(), self.outcome, self.reasons)

    @activity.defn
    async def conclude_application(self, conclusion: m.Conclusion) -> None:
        self.asked.append(("conclude_application", conclusion))

    @activity.defn
    async def review_rating(self, review: m.RatingReview) -> None:
        self.asked.append(("review_rating", review))

    @activity.defn
    async def admit_contest(self, contest: m.ContestInput) -> m.OpenCase:
        self.asked.append(("admit_contest", contest))
        about = f"application:{contest.application_id}"
        return m.OpenCase(self.scope(), "contest", about, ("CONTESTED",), self.excluded)

    @activity.defn
    async def admit_alert(self, alert: m.InvestigationInput) -> m.OpenCase:
        self.asked.append(("admit_alert", alert))
        return m.OpenCase(self.scope(), "alert", f"alert:{alert.alert_id}", ("STRUCTURING",))

    @activity.defn
    async def open_case(self, request: m.OpenCase) -> m.CaseOpened:
        self.asked.append(("open_case", request))
        due_at = activity.info().scheduled_time + self.due_in
        return m.CaseOpened(self.case_id, self.joined, due_at, self.four_eyes, request.excluded_officers)

    @activity.defn
    async def record_case_event(self, event: m.CaseEvent) -> int:
        self.asked.append(("record_case_event", event))
        return max(event.revision, self.recorded_before_reset)

    @activity.defn
    async def await_case(self, case: m.CaseRef) -> m.CaseResult:
        """As the real one, from what was recorded."""
        events: list[m.CaseEvent] = self.messages("record_case_event")
        if not events or events[-1].status != "closed":
            raise CaseStillOpen(f"case {case.case_id}")
        decided = [event for event in events if event.action == "decide"][-1]
        assert decided.disposition is not None
        assert decided.officer_id is not None
        return m.CaseResult(case.case_id, decided.disposition, decided.officer_id, None)

    @activity.defn
    async def admit_reopening(self, request: m.ReopeningInput) -> m.CaseReopened:
        self.asked.append(("admit_reopening", request))
        assert self.reopened is not None
        return self.reopened

    @activity.defn
    async def decode_evidence(self, evidence: m.EvidenceRef) -> m.EvidenceDecoded:
        self.asked.append(("decode_evidence", evidence))
        return m.EvidenceDecoded(evidence.evidence_id, 1)

    @activity.defn
    async def deliver_webhook(self, attempt: m.WebhookAttempt) -> m.WebhookAnswer:
        self.asked.append(("deliver_webhook", attempt))
        return self.answers.pop(0) if self.answers else m.WebhookAnswer("failed", 500)

    @activity.defn
    async def bury_webhook(self, attempt: m.WebhookAttempt) -> None:
        self.asked.append(("bury_webhook", attempt))

    @activity.defn
    async def write_case_outcome(self, closed: m.CaseClosed) -> None:
        self.asked.append(("write_case_outcome", closed))

    @activity.defn
    async def draft_filing(self, filing: m.DraftFiling) -> m.FilingDrafted:
        self.asked.append(("draft_filing", filing))
        problems = self.problems.pop(0) if self.problems else ()
        now = activity.info().scheduled_time
        return m.FilingDrafted(
            filing.filing_id,
            filing.report.asked_by or self.maker,
            not problems,
            problems,
            filing.report.due_at or now + self.due_in,
            self.scope(),
            since=now,
            submitted=self.submissions.get(filing.report.number),
        )

    @activity.defn
    async def record_filing_event(self, event: m.FilingEvent) -> int:
        """As the real one: a revision that is taken by another event is not overwritten."""
        self.asked.append(("record_filing_event", event))
        taken = {
            known.revision
            for known in self.messages("record_filing_event")[:-1]
            if (known.action, known.officer_id, known.at) != (event.action, event.officer_id, event.at)
        }
        return max(taken) + 1 if event.revision in taken else event.revision

    @activity.defn
    async def submit_filing(self, filing: m.FilingRef) -> m.FilingSubmitted:
        self.asked.append(("submit_filing", filing))
        now = activity.info().scheduled_time
        review = now + self.review_in if self.review_in else None
        due = now + self.continuing_in if self.review_in else None
        self.submissions[filing.report] = m.FilingSubmitted(filing.filing_id, "ab" * 32, "filing.xml", now, review, due)
        return self.submissions[filing.report]

    @activity.defn
    async def read_answer(self, answer: m.AnswerRef) -> m.FilingAnswer | None:
        self.asked.append(("read_answer", answer))
        if answer.sha256:
            return m.FilingAnswer(True, f"{answer.report:014d}")
        return self.answers.pop(0) if self.answers else None

    @activity.defn
    async def review_activity(self, filing: m.FilingRef) -> m.ActivityReview:
        self.asked.append(("review_activity", filing))
        return m.ActivityReview(2)

    @activity.defn
    async def find_duties(self) -> m.DutiesFound:
        self.asked.append(("find_duties", None))
        return m.DutiesFound(1, 0)


def _is_step(value: Any) -> bool:
    return hasattr(value, "__temporal_activity_definition")


@dataclass(frozen=True)
class Desk:
    """The officers' side: mints what the API would mint, with a key of its own, at the server's time."""

    clock: Callable[[], Awaitable[datetime]]
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    async def act(
        self,
        case: WorkflowHandle[Any, Any],
        action: m.CaseAction,
        officer: UUID,
        role: str,
        disposition: m.Disposition | None = None,
        signed: Mapping[str, Any] = MappingProxyType({}),
        reason_id: UUID | None = NOTE_ID,
        detail: m.CaseDetail | None = None,
    ) -> m.CaseState:
        """Look at the case, then act on it; `signed` alters what is signed."""
        state = await case.query("state", result_type=m.CaseState)
        if disposition is m.Disposition.FALSE_POSITIVE and detail is None:
            detail = m.CaseDetail(code=m.FalsePositiveReason.EXPECTED_ACTIVITY)
        command = self.command(state, action, officer, role, await self.clock(), disposition, signed, detail)
        command = replace(command, reason_id=reason_id)
        return await case.execute_update(action.value, command, result_type=m.CaseState)

    def command(
        self,
        state: m.CaseState,
        action: m.CaseAction,
        officer: UUID,
        role: str,
        now: datetime,
        disposition: m.Disposition | None = None,
        signed: Mapping[str, Any] = MappingProxyType({}),
        detail: m.CaseDetail | None = None,
    ) -> m.CaseCommand:
        purpose = Purpose(
            state.case_id, state.run_id, state.revision, action, officer, disposition, REASON, detail_digest(detail)
        )
        assertion = mint(AssertionClaims(replace(purpose, **signed), role, now), self.key)
        return m.CaseCommand(action, officer, state.revision, assertion, disposition, NOTE_ID, REASON, detail)

    async def act_on_filing(
        self, filing: WorkflowHandle[Any, Any], action: m.FilingAction, officer: UUID, role: str = "filing_officer"
    ) -> m.FilingState:
        command = await self.filing_command(filing, action, officer, role)
        return await filing.execute_update(action.value, command, result_type=m.FilingState)

    async def filing_command(
        self, filing: WorkflowHandle[Any, Any], action: m.FilingAction, officer: UUID, role: str = "filing_officer"
    ) -> m.FilingCommand:
        state = await filing.query("state", result_type=m.FilingState)
        purpose = Purpose(state.filing_id, state.run_id, state.revision, action, officer, None, REASON)
        assertion = mint(AssertionClaims(purpose, role, await self.clock()), self.key)
        return m.FilingCommand(action, officer, state.revision, assertion, REASON)
