"""The steps around a case and those of webhooks, declared as in `workflows.steps`."""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows import messages as m


class DeskSteps(ABC):
    """Closed cases opened again, and files added to cases."""

    @abstractmethod
    @activity.defn
    async def admit_reopening(self, request: m.ReopeningInput) -> m.CaseReopened:
        """Open the closed case again in the record, under a new deadline; its application is in review again."""

    @abstractmethod
    @activity.defn
    async def decode_evidence(self, evidence: m.EvidenceRef) -> m.EvidenceDecoded:
        """Decode a file in a child process and keep its pages, as documents are."""


class WebhookSteps(ABC):
    """Telling a tenant's own systems."""

    @abstractmethod
    @activity.defn
    async def deliver_webhook(self, attempt: m.WebhookAttempt) -> m.WebhookAnswer:
        """One signed attempt, and its row."""

    @abstractmethod
    @activity.defn
    async def bury_webhook(self, attempt: m.WebhookAttempt) -> None:
        """No attempt is left: the delivery is a dead letter until somebody replays it."""
