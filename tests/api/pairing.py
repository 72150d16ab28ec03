"""The same requests about the same investigation, asked while no filing follows it and again when one does.

For the paired test and for the benchmark of times: what anyone but a filing officer can see must be the same.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from api.permissions import Role
from store import filings
from store.cases import NewCase, open_case
from tests.api.house import REPORT, House
from vault import contexts
from vault.standalone import seal_standalone
from workflows.messages import Kind, case_workflow_id, workflow_id

CALLERS = ("anonymous", "service", "submitter", "analyst", "approver", "auditor", "administrator")
_OWN_HEADERS = ("x-request-id", "date")
"""Of each request by itself: random, whatever there is."""
_ASKING: ContextVar[bool] = ContextVar("asking", default=False)
_OF_NOW = re.compile(rb'"(?:request_id|instance)":"[^"]*"|"seconds_left":-?\d+')
"""What an answer says of its own moment: the request's id, and how long there is left."""
_NUMBER = re.compile(r"\d[\d.e+-]*")


@dataclass(frozen=True)
class Seen:
    """All that a caller sees of an answer, and what it took the database."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    statements: int


@dataclass
class Investigation:
    """A closed case on an alert of a customer, and the filing that may follow it."""

    house: House
    application_id: UUID
    subject_id: UUID
    alert_id: UUID
    case_id: UUID
    decision_id: UUID
    filing_id: UUID = field(default_factory=uuid4)

    async def file(self) -> None:
        """A filing's whole way: drafted, approved, submitted, answered."""
        tenant_id, now = self.house.own.tenant_id, datetime.now(UTC)
        sealed = seal_standalone(self.house.filing_keys, tenant_id, REPORT, contexts.filing(self.filing_id))
        digest = sha256(REPORT).hexdigest()
        draft = filings.NewFiling(
            filing_id=self.filing_id,
            tenant_id=tenant_id,
            case_id=self.case_id,
            maker=self.house.own.officers["analyst"],
            regime="US",
            regime_version="2026-01",
            format="fincen_sar",
            sealed_report=sealed,
            report_sha256=digest,
            valid=True,
            problems=(),
            due_at=now + timedelta(days=30),
        )
        async with self.house.as_role("clearance_filing") as conn:
            await filings.save_draft(conn, draft)
            for revision, action in enumerate(("drafted", "approve", "submitted", "acknowledged"), start=1):
                status = {"drafted": "draft", "approve": "approved"}.get(action, action)
                event = filings.NewFilingEvent(tenant_id, self.filing_id, revision, action, status, now)
                await filings.record_event(conn, event)
            await filings.save_submission(
                conn, filings.NewSubmission(tenant_id, self.filing_id, 3, 1, "initial", digest, "ref", sealed)
            )
            findings = seal_standalone(
                self.house.filing_keys, tenant_id, b"[]", contexts.filing_part(self.filing_id, "findings")
            )
            answer = filings.Acknowledgement(1, True, "31000000000017", (), sealed, findings, now)
            await filings.save_acknowledgement(conn, tenant_id, self.filing_id, answer)
        self.house.filing_temporal.workflows[workflow_id(Kind.FILING, self.filing_id)] = object()

    def questions(self, count: int, seed: int = 1) -> list[tuple[str, str]]:
        """(caller, URL), in an order that the seed fixes: what each may and may not ask."""
        urls = (
            f"/v1/applications/{self.application_id}",
            "/v1/applications",
            "/v1/cases",
            f"/v1/cases/{self.case_id}",
            "/v1/alerts",
            f"/v1/alerts/{self.alert_id}",
            f"/v1/decisions?about=application:{self.application_id}",
            f"/v1/decisions/{self.decision_id}",
            "/v1/filings",
            f"/v1/filings/{self.filing_id}",
            f"/v1/filings/{self.filing_id}/report",
            f"/v1/filings/{self.filing_id}/check",
            f"/v1/filings/{self.case_id}",
            "/health/ready",
            "/metrics",
        )
        chance = random.Random(seed)
        return [(chance.choice(CALLERS), chance.choice(urls)) for _ in range(count)]


async def investigation(house: House) -> Investigation:
    customer_of = UUID((await house.submit()).json()["application_id"])
    await house.conclude(customer_of, "approved")
    subject_id, alert_id, case_id = house.subject_of(customer_of), await house.alert(), uuid4()
    decision = await house.decision(f"application:{customer_of}", subject_id)
    now = datetime.now(UTC)
    case = NewCase(
        case_id=case_id,
        tenant_id=house.own.tenant_id,
        kind="alert",
        about=f"alert:{alert_id}",
        subject_id=subject_id,
        workflow_id=case_workflow_id(case_id),
        reasons=("STRUCTURING",),
        regime="US",
        regime_version="2026-01",
        due_at=now + timedelta(days=2),
        four_eyes=True,
    )
    async with house.as_role("clearance_worker") as conn:
        await open_case(conn, case, key=f"test/{case_id}")
    with psycopg.connect(house.url) as conn_now:
        conn_now.execute(
            "UPDATE case_file SET status = 'closed', disposition = 'true_positive', closed_at = now(), maker = %s "
            "WHERE case_id = %s",
            (house.own.officers["analyst"], case_id),
        )
    return Investigation(house, customer_of, subject_id, alert_id, case_id, decision.decision_id)


async def ask(
    house: House, questions: list[tuple[str, str]], wrap: Callable[[Any], Any] = lambda app: app
) -> tuple[list[Seen], list[float]]:
    """What each caller sees, and how long each answer took in seconds."""
    clients = {caller: _client(house, caller, wrap) for caller in CALLERS}
    seen, seconds = [], []
    for caller, url in questions:
        with statements() as counted:
            began = time.perf_counter()
            answer = await clients[caller].get(url)
            seconds.append(time.perf_counter() - began)
        headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k not in _OWN_HEADERS))
        content = answer.content
        if url == "/metrics":  # which measures there are, not how often was asked
            content = b"\n".join(sorted({_NUMBER.sub("", line).encode() for line in answer.text.splitlines()}))
            headers = tuple((k, v) for k, v in headers if k != "content-length")
        seen.append(Seen(answer.status_code, headers, _timeless(content), counted[0]))
    return seen, seconds


def differences(
    questions: list[tuple[str, str]], without: list[Seen], with_filing: list[Seen]
) -> list[tuple[str, str, Seen, Seen]]:
    return [
        (caller, url, one, other)
        for (caller, url), one, other in zip(questions, without, with_filing, strict=True)
        if one != other
    ]


@contextmanager
def statements() -> Iterator[list[int]]:
    """Counts the statements that go to the database from here meanwhile, not what the pool does of its own accord."""
    counted, original = [0], psycopg.AsyncCursor.execute
    asking = _ASKING.set(True)

    async def execute(self: Any, *arguments: Any, **options: Any) -> Any:
        counted[0] += _ASKING.get()
        return await original(self, *arguments, **options)

    psycopg.AsyncCursor.execute = execute  # type: ignore[method-assign]
    try:
        yield counted
    finally:
        psycopg.AsyncCursor.execute = original  # type: ignore[method-assign]
        _ASKING.reset(asking)


def _client(house: House, caller: str, wrap: Callable[[Any], Any]) -> httpx.AsyncClient:
    headers = {}
    if caller == "service":
        headers["Authorization"] = f"Bearer {house.own.api_key}"
    elif caller not in ("anonymous", "submitter"):
        headers["Authorization"] = f"Bearer {house.token(caller)}"
    elif caller == "submitter":
        headers["Authorization"] = f"Bearer {house.token('analyst', None, Role.SUBMITTER)}"
    client = httpx.AsyncClient(transport=httpx.ASGITransport(wrap(house.app)), base_url="http://api", headers=headers)
    house.clients.append(client)
    return client


def _timeless(content: bytes) -> bytes:
    return _OF_NOW.sub(b"", content)
