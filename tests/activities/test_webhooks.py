"""Deliveries to a real HTTP server: signed, told apart, never led astray; the same for the blocked and the rejected."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from activities.webhooks import WebhookActivities, message_id
from clearance import outbound
from clearance.outbound import AddressRefused, Outbound, OutboundFailed, is_public, posting
from store import subjects, webhooks
from store.connection import open_pool, tenant_transaction
from store.webhooks import EventType
from tests.activities.conftest import Office
from vault import contexts
from vault.envelope import new_data_key, seal
from workflows import messages as m

SECRETS = ["whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="]


@dataclass
class Receiver:
    """A tenant's endpoint: answers as told, and remembers what came."""

    status: int = 204
    pause: float = 0.0
    location: str = ""
    huge: bool = False
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    import time

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(receiver.pause)
            answer = b"x" * (2 * outbound.MOST_BYTES) if receiver.huge else b""
            try:
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Told:
    office: Office
    activities: WebhookActivities
    endpoint_id: UUID
    receiver: Receiver

    async def deliver(self, delivery_id: UUID, number: int = 1) -> m.WebhookAnswer:
        attempt = m.WebhookAttempt(self.office.tenant_id, delivery_id, number)
        answer = await self.office.run(self.activities.deliver_webhook, attempt)
        assert isinstance(answer, m.WebhookAnswer)
        return answer

    async def announce(self, outcome: str = "rejected") -> UUID:
        """An application's end; the delivery of it."""
        async with self.office.transaction() as conn:
            event_id = await webhooks.announce(
                conn, self.office.tenant_id, EventType.CONCLUDED, uuid4(), outcome=outcome, key=str(uuid4())
            )
            [delivery] = [each for each in await webhooks.list_deliveries(conn) if each.event_id == event_id]
        return delivery.delivery_id


@pytest.fixture
async def told(office: Office) -> Any:
    tenant_id, endpoint_id, secret_id, key = office.tenant_id, uuid4(), uuid4(), new_data_key()
    with receiving(Receiver()) as receiver:
        async with await open_pool(office.url, "clearance_api") as pool, tenant_transaction(pool, tenant_id) as conn:
            await subjects.create_subject(conn, tenant_id, tenant_id, office.keys.wrap(tenant_id, key))
            await webhooks.create_endpoint(conn, endpoint_id, tenant_id, receiver.url, (), "", "officer:x")
            sealed = seal(key, SECRETS[0].encode(), contexts.webhook_secret(secret_id))
            await webhooks.add_secret(conn, secret_id, tenant_id, endpoint_id, sealed)
        post = posting(Outbound(allow_private=True))
        yield Told(
            office, WebhookActivities(office.pool, office.keys, post, "https://desk.test"), endpoint_id, receiver
        )


async def test_a_delivery_is_signed_as_the_standard_says(told: Told) -> None:
    delivery_id = await told.announce()
    assert await told.deliver(delivery_id) == m.WebhookAnswer("delivered", 204)
    [(headers, body)] = told.receiver.got
    verified = Webhook(SECRETS[0]).verify(body, headers)
    assert verified["type"] == "application.concluded"
    assert verified["data"]["outcome"] == "rejected"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[1]).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[0]).verify(body.replace(b"rejected", b"approved"), headers)
    async with told.office.transaction() as conn:
        delivery = await webhooks.fetch_delivery(conn, delivery_id)
        [attempt] = await webhooks.list_attempts(conn, delivery_id)
    assert delivery is not None
    assert (delivery.state, attempt.status, attempt.error) == ("delivered", 204, "")
    assert headers["webhook-id"] == message_id(delivery.event_id)


async def test_during_a_rotation_both_secrets_verify(told: Told) -> None:
    office, secret_id = told.office, uuid4()
    async with (
        await open_pool(office.url, "clearance_api") as pool,
        tenant_transaction(pool, office.tenant_id) as conn,
    ):
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, office.tenant_id))
        sealed = seal(key, SECRETS[1].encode(), contexts.webhook_secret(secret_id))
        until = datetime.now(UTC) + timedelta(hours=1)
        await webhooks.add_secret(conn, secret_id, office.tenant_id, told.endpoint_id, sealed, until)
    await told.deliver(await told.announce())
    [(headers, body)] = told.receiver.got
    for secret in SECRETS:
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(("status", "outcome"), [(500, "failed"), (404, "failed"), (302, "failed"), (410, "refused")])
async def test_what_is_no_success_is_told_apart(told: Told, status: int, outcome: str) -> None:
    told.receiver.status = status
    with receiving(Receiver()) as elsewhere:
        told.receiver.location = elsewhere.url
        delivery_id = await told.announce()
        assert await told.deliver(delivery_id) == m.WebhookAnswer(outcome, status)
        assert elsewhere.got == []  # no redirect is followed
    again = await told.deliver(await told.announce(), 2) if status != 410 else None
    assert again is None or again.outcome == outcome
    async with told.office.transaction() as conn:
        endpoint = await webhooks.fetch_endpoint(conn, told.endpoint_id)
    assert endpoint is not None
    assert endpoint.active is (status != 410)


async def test_a_slow_or_endless_or_absent_endpoint_fails_in_time(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "ANSWER_SECONDS", 0.5)
    told.receiver.pause = 1.5
    delivery_id = await told.announce()
    async with asyncio.timeout(10):
        assert await told.deliver(delivery_id) == m.WebhookAnswer("failed", None)
    told.receiver.pause, told.receiver.huge, told.receiver.status = 0.0, True, 200
    assert await told.deliver(delivery_id, 2) == m.WebhookAnswer("failed", None)
    async with told.office.transaction() as conn:
        attempts = await webhooks.list_attempts(conn, delivery_id)
    assert [attempt.error for attempt in attempts] == ["TIMED_OUT", "ANSWER_TOO_LARGE"]


async def test_a_private_address_gets_nothing_unless_it_is_allowed(told: Told) -> None:
    strict = WebhookActivities(told.office.pool, told.office.keys, posting(Outbound()), "https://desk.test")
    delivery_id = await told.announce()
    attempt = m.WebhookAttempt(told.office.tenant_id, delivery_id, 1)
    assert (await told.office.run(strict.deliver_webhook, attempt)).outcome == "failed"
    assert told.receiver.got == []
    async with told.office.transaction() as conn:
        [made] = await webhooks.list_attempts(conn, delivery_id)
    assert made.error == "ADDRESS_NOT_ALLOWED"


async def test_a_blocked_applicant_is_told_like_a_rejected_one(told: Told) -> None:
    """The event, its size and the number of deliveries do not depend on whether anybody is suspected."""
    bodies = []
    for outcome in ("rejected", "blocked"):
        application_id, _ = await told.office.submit([], {})
        scope = m.Scope(told.office.tenant_id, "EU", "1", datetime(2026, 3, 2, tzinfo=UTC))
        conclusion = m.Conclusion(scope, application_id, outcome, ("SANCTIONED",) if outcome == "blocked" else ("X",))
        for _ in range(2):  # the second run of the step tells nothing again
            await told.office.run(told.office.decisions.conclude_application, conclusion, f"onboarding-{outcome}")
        async with told.office.transaction() as conn:
            newest = (await webhooks.list_deliveries(conn))[0]
        await told.deliver(newest.delivery_id)
        _, body = told.receiver.got[-1]
        assert b"SANCTIONED" not in body
        anonymous = json.loads(body.replace(str(application_id).encode(), b"*" * 36))
        anonymous["timestamp"] = "*"
        bodies.append((len(body), anonymous))
    assert bodies[0] == bodies[1]
    async with told.office.transaction() as conn:
        assert len(await webhooks.list_deliveries(conn)) == 2


# --- Where nothing is sent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1", "198.18.0.1",
    ],
)  # fmt: skip
def test_an_address_of_ours_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111"])
def test_an_address_of_the_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://169.254.169.254/",
        "https://user:secret@example.com/", "ftp://example.com/", "https:///x", "https://2130706433/",
        "https://0x7f.1/", "https://example.com:99999/",
    ],
)  # fmt: skip
async def test_nothing_is_sent_where_it_may_not(url: str) -> None:
    with pytest.raises((AddressRefused, OutboundFailed)):
        await Outbound().post(url, {}, b"")


async def test_a_name_that_changes_its_mind_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is connected to is the address that was checked, not what the name leads to a moment later."""
    loop, asked = asyncio.get_running_loop(), []

    async def rebinding(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        address = "192.0.2.1" if len(asked) == 1 else "127.0.0.1"
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    monkeypatch.setattr(outbound, "is_public", lambda address: address != "127.0.0.1")
    monkeypatch.setattr(outbound, "CONNECT_SECONDS", 0.3)
    with receiving(Receiver()) as receiver:
        port = receiver.url.split(":")[2].partition("/")[0]
        with pytest.raises(OutboundFailed):
            await Outbound().post(f"https://rebinding.test:{port}/", {}, b"")
        assert receiver.got == []
    assert asked == ["rebinding.test"]
