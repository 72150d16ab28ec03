"""Every step that a workflow may call, declared once as typed abstract methods; `activities` implements them.

Workflows call `workflow.execute_activity_method(OnboardingSteps.read_document, …)` and so never import an activity.
A test compares names and signatures on both sides. The errors that no retry can change are declared here as well,
because the policies list them and the activities raise them.
"""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows import messages as m


class RecordUnknown(Exception):
    """A row that the step was asked about does not exist for this tenant. The message names its kind and id."""


class SubjectKeyDestroyed(Exception):
    """The subject was erased while work on it was under way. There is nothing left to work on."""


class StepMisused(Exception):
    """The step was asked for something that its contract excludes, such as an outcome it does not know."""


class CaseStillOpen(Exception):
    """Officers have not decided yet. Not final: the step is tried again until they have."""


FINAL_ERRORS: tuple[type[Exception], ...] = (RecordUnknown, SubjectKeyDestroyed, StepMisused)
"""What is never retried."""


class IdentitySteps(ABC):
    """Reading the applicant's documents."""

    @abstractmethod
    @activity.defn
    async def admit_application(self, application: m.OnboardingInput) -> m.Admission:
        """Fix the scope (regime version, as-of) and list the documents; mark the application as being processed."""

    @abstractmethod
    @activity.defn
    async def read_document(self, document: m.DocumentRef) -> m.DocumentSummary:
        """Decode in a child process, read, decide acceptance, store evidence and decision."""

    @abstractmethod
    @activity.defn
    async def check_application(self, application: m.ApplicationRead) -> m.CheckSummary:
        """Compare documents with each other, with the application and with the selfie."""


class ScreeningSteps(ABC):
    """Matching against watchlists."""

    @abstractmethod
    @activity.defn
    async def screen_applicant(self, application: m.ApplicationRead) -> m.ScreeningSummary:
        """Match the applicant against the tenant's watchlists and store the decision."""


class DecisionSteps(ABC):
    """Rating, deciding and concluding."""

    @abstractmethod
    @activity.defn
    async def rate_risk(self, facts: m.RiskInput) -> m.RiskSummary:
        """Score the onboarding risk and store the decision with its SHAP values."""

    @abstractmethod
    @activity.defn
    async def decide_outcome(self, facts: m.OutcomeInput) -> m.Outcome:
        """Apply the policy table and store the decision."""

    @abstractmethod
    @activity.defn
    async def conclude_application(self, conclusion: m.Conclusion) -> None:
        """Write state, outcome and applicant-safe reasons; an approved applicant becomes a customer."""

    @abstractmethod
    @activity.defn
    async def review_rating(self, review: m.RatingReview) -> None:
        """Decide what a closed case means for the rating of the customer it was about, and store the decision."""


class CaseSteps(ABC):
    """Cases and what becomes of them."""

    @abstractmethod
    @activity.defn
    async def admit_contest(self, contest: m.ContestInput) -> m.OpenCase:
        """Fix the scope of a contest and name the officers who took part in the contested outcome."""

    @abstractmethod
    @activity.defn
    async def open_case(self, request: m.OpenCase) -> m.CaseOpened:
        """Open a case, or join the open one that shares parties."""

    @abstractmethod
    @activity.defn
    async def record_case_event(self, event: m.CaseEvent) -> int:
        """Write one accepted action and the case's new state, keyed on (case, revision).

        Answers the revision it was recorded under: a later one when a run before a reset had taken it already.
        """

    @abstractmethod
    @activity.defn
    async def await_case(self, case: m.CaseRef) -> m.CaseResult:
        """How a case ended, from the record. Raises `CaseStillOpen`, to be asked again."""

    @abstractmethod
    @activity.defn
    async def write_case_outcome(self, closed: m.CaseClosed) -> None:
        """Record the disposition; for a confirmed suspicion write the sealed row of the filing outbox."""


class MonitoringSteps(ABC):
    """Alerts."""

    @abstractmethod
    @activity.defn
    async def admit_alert(self, alert: m.InvestigationInput) -> m.OpenCase:
        """Fix the scope of an alert and say what case it asks for."""


class FilingSteps(ABC):
    """Run by the filing worker only, in the filing namespace, under the filing role."""

    @abstractmethod
    @activity.defn
    async def draft_filing(self, filing: m.DraftFiling) -> m.FilingDrafted:
        """Build the report from the case, validate it and store it sealed."""

    @abstractmethod
    @activity.defn
    async def record_filing_event(self, event: m.FilingEvent) -> int:
        """Write what happened and the filing's new state, keyed on (filing, revision).

        Answers the revision it was recorded under: a later one when a run before a reset had taken it already.
        """

    @abstractmethod
    @activity.defn
    async def submit_filing(self, filing: m.FilingRef) -> m.FilingSubmitted:
        """Hand the validated report to the gateway: exactly once per filing and report."""

    @abstractmethod
    @activity.defn
    async def read_answer(self, answer: m.AnswerRef) -> m.FilingAnswer | None:
        """What the authority answered to a report, from the gateway or as an officer handed it in; None so far."""

    @abstractmethod
    @activity.defn
    async def review_activity(self, filing: m.FilingRef) -> m.ActivityReview:
        """Count what the parties did since the last report, and keep it for the officers."""

    @abstractmethod
    @activity.defn
    async def find_duties(self) -> m.DutiesFound:
        """Look in every tenant for cash over the threshold and freezes without a filing, and start one for each."""
