"""One signed attempt at a tenant's endpoint, by the Standard Webhooks, and what is recorded of it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from standardwebhooks import Webhook
from temporalio import activity

from activities.recording import data_key
from explain.record import canonical_json
from store import requests, webhooks
from store.connection import Connection, Pool, tenant_transaction
from store.webhooks import Attempt, Delivery, Event, EventType
from vault import contexts
from vault.envelope import open_sealed
from vault.keys import KeyProvider
from workflows import messages as m
from workflows.steps import RecordUnknown, SubjectKeyDestroyed
from workflows.steps_desk import WebhookSteps

_GONE = 410


class NoAnswer(Exception):
    """The endpoint was not reached, or may not be. `code` says why; never what it said."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Post(Protocol):
    """An HTTP client that goes only where it may."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status. Raises `NoAnswer`."""


@dataclass(frozen=True, slots=True)
class WebhookActivities(WebhookSteps):
    """`public_url` is where applicants reach the upload page."""

    pool: Pool
    keys: KeyProvider
    post: Post
    public_url: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def deliver_webhook(self, attempt: m.WebhookAttempt) -> m.WebhookAnswer:
        async with tenant_transaction(self.pool, attempt.tenant_id) as conn:
            delivery = await webhooks.fetch_delivery(conn, attempt.delivery_id)
            if delivery is None:
                raise RecordUnknown(f"delivery {attempt.delivery_id}")
            endpoint = await webhooks.fetch_endpoint(conn, delivery.endpoint_id)
            event = await webhooks.fetch_event(conn, delivery.event_id)
            if endpoint is None or event is None:
                raise RecordUnknown(f"delivery {attempt.delivery_id}")
            if not endpoint.active:
                return m.WebhookAnswer("refused")
            now = self.clock()
            body = await self._body(conn, delivery, event)
            signatures = await self._signatures(conn, delivery, now, body)
        started = time.monotonic()
        status, error = None, ""
        try:
            status = await self.post(endpoint.url, _headers(event.event_id, now, signatures), body)
        except NoAnswer as silence:
            error = silence.code
        taken = round((time.monotonic() - started) * 1000)
        delivered = status is not None and 200 <= status < 300
        if status is not None and 300 <= status < 400:
            error = "REDIRECTED"
        async with tenant_transaction(self.pool, attempt.tenant_id) as conn:
            made = Attempt(attempt.number, now, status, error, taken)
            await webhooks.record_attempt(conn, attempt.tenant_id, delivery.delivery_id, made)
            if delivered:
                await webhooks.end_delivery(conn, delivery.delivery_id, "delivered", self.clock())
            if status == _GONE:
                await webhooks.deactivate_endpoint(conn, endpoint.endpoint_id)
        outcome = "delivered" if delivered else "refused" if status == _GONE else "failed"
        return m.WebhookAnswer(outcome, status)

    @activity.defn
    async def bury_webhook(self, attempt: m.WebhookAttempt) -> None:
        async with tenant_transaction(self.pool, attempt.tenant_id) as conn:
            await webhooks.end_delivery(conn, attempt.delivery_id, "dead", self.clock())

    async def _body(self, conn: Connection, delivery: Delivery, event: Event) -> bytes:
        """What is sent: the event, with the upload's address where an applicant is asked for something.

        The token is in the address's fragment, which no server on the way sees, and nowhere but in this answer.
        """
        if event.request_id is None or event.type not in (EventType.REQUESTED, EventType.REMINDED):
            return event.body.encode()
        request = await requests.fetch_request(conn, event.request_id)
        if request is None:
            raise RecordUnknown(f"request {event.request_id}")
        try:
            key = await data_key(conn, self.keys, delivery.tenant_id, request.subject_id)
        except SubjectKeyDestroyed:
            return event.body.encode()
        token = open_sealed(key, request.sealed_token, contexts.upload_token(request.request_id)).decode()
        whole = json.loads(event.body)
        whole["data"] |= {
            "upload_url": f"{self.public_url.rstrip('/')}/upload#{token}",
            "expires_at": request.expires_at.isoformat(),
        }
        return canonical_json(whole)

    async def _signatures(self, conn: Connection, delivery: Delivery, now: datetime, body: bytes) -> str:
        """By every secret that is in force, so that a receiver that knows one of them is content."""
        key = await data_key(conn, self.keys, delivery.tenant_id, delivery.tenant_id)
        secrets = await webhooks.fetch_secrets(conn, delivery.endpoint_id, now)
        signed = []
        for secret in secrets:
            opened = open_sealed(key, secret.sealed_secret, contexts.webhook_secret(secret.secret_id)).decode()
            signed.append(Webhook(opened).sign(message_id(delivery.event_id), now, body.decode()))
        return " ".join(signed)


def message_id(event_id: UUID) -> str:
    """The same for every attempt and replay of an event: receivers tell repetitions by it."""
    return f"msg_{event_id.hex}"


def _headers(event_id: UUID, now: datetime, signatures: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "user-agent": "Clearance-Webhooks/1",
        "webhook-id": message_id(event_id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures,
    }
