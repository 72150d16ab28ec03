"""Every step that a workflow may call, declared once as typed abstract methods; `activities` implements them.

Workflows call `workflow.execute_activity_method(OnboardingSteps.read_document, …)` and so never import an activity.
A test compares names and signatures on both sides.
"""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows import messages as m


class IdentitySteps(ABC):
    """Reading the applicant's documents."""

    @abstractmethod
    @activity.defn
    async def admit_application(self, application: m.ApplicationRef) -> m.Admission:
        """Fix the scope (regime version, as-of) and list the documents; mark the application as being processed."""

    @abstractmethod
    @activity.defn
    async def read_document(self, document: m.DocumentRef) -> m.DocumentSummary:
        """Decode in a child process, read, decide acceptance, store evidence and decision."""

    @abstractmethod
    @activity.defn
    async def check_application(self, application: m.ApplicationRef) -> m.CheckSummary:
        """Compare documents with each other, with the application and with the selfie."""


class ScreeningSteps(ABC):
    @abstractmethod
    @activity.defn
    async def screen_applicant(self, application: m.ApplicationRef) -> m.ScreeningSummary:
        """Match the applicant against the tenant's watchlists and store the decision."""


class DecisionSteps(ABC):
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


class CaseSteps(ABC):
    @abstractmethod
    @activity.defn
    async def open_case(self, request: m.OpenCase) -> m.CaseOpened:
        """Open a case, or join the open one that shares parties."""

    @abstractmethod
    @activity.defn
    async def record_case_event(self, event: m.CaseEvent) -> None:
        """Write one accepted action and the case's new state, keyed on (case, revision)."""

    @abstractmethod
    @activity.defn
    async def write_case_outcome(self, closed: m.CaseClosed) -> None:
        """Record the disposition; for a confirmed suspicion write the sealed row of the filing outbox."""


class MonitoringSteps(ABC):
    @abstractmethod
    @activity.defn
    async def admit_alert(self, alert: m.AlertRef) -> m.OpenCase:
        """Fix the scope of an alert and say what case it asks for."""


class FilingSteps(ABC):
    """Run by the filing worker only, in the filing namespace, under the filing role."""

    @abstractmethod
    @activity.defn
    async def draft_filing(self, filing: m.FilingInput) -> m.FilingDrafted:
        """Build the report from the case, validate it and store it sealed."""

    @abstractmethod
    @activity.defn
    async def record_filing_state(self, state: m.FilingState) -> None:
        """Write the filing's state, keyed on (filing, revision)."""

    @abstractmethod
    @activity.defn
    async def submit_filing(self, filing: m.FilingRef) -> m.FilingSubmitted:
        """Hand the validated report to the gateway: exactly once per filing and revision."""
