"""The only part that starts workflows: takes acknowledged work from the outbox and hands it to Temporal, once each.

A row is locked while its workflow is started and marked in the same transaction, so a dispatcher that dies loses
nothing: the next one starts it again, is told that it runs already, and takes that for done.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import psycopg
from prometheus_client import Counter
from psycopg_pool import PoolTimeout
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.filing_matters import FilingMatter, open_matter
from clearance.database import service_pool
from clearance.filing_inbox import inbox_key
from clearance.keyring import Keyring, public_hex
from clearance.queues import FILING_QUEUE, QUEUE
from clearance.sequencer import FILING, open_line, sequencing
from clearance.services import Ready
from clearance.settings import Settings
from clearance.temporal import connect, connect_filing
from store import filings, outbox
from store.connection import Connection, Pool, service_transaction
from workflows import messages as m
from workflows.contest import ContestWorkflow
from workflows.evidence import EvidenceWorkflow
from workflows.filing import FilingWorkflow
from workflows.investigation import InvestigationWorkflow
from workflows.onboarding import OnboardingWorkflow
from workflows.policies import START_RPC
from workflows.reopening import ReopeningWorkflow
from workflows.rescreening import HitReviewWorkflow, RescreeningWorkflow
from workflows.webhook import WebhookWorkflow

log = logging.getLogger(__name__)

BATCH = 50
AT_ONCE = 10
CONNECTIONS = 2
IDLE_SECONDS = 0.1
LONGEST_BACK_OFF = timedelta(seconds=15)

dispatched = Counter("clearance_dispatched_total", "Outbox rows handed to Temporal.", ["result"])

_DOWN = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


class TemporalDown(Exception):
    """Temporal does not take work now. The rows wait, untouched."""


class RowRefused(Exception):
    """This row cannot be started as it is; the others can. It is put off and shows in the outbox with its error."""


@dataclass(frozen=True, slots=True)
class Start:
    """A workflow to start: which, with what, under which id, and what the Web UI says of it."""

    workflow: Callable[..., Any]
    message: Any
    workflow_id: str
    summary: str


Row = TypeVar("Row")


class Source(Protocol[Row]):
    """An outbox: where rows come from, what they start, and how they are marked."""

    queue: str

    async def claim(self, conn: Connection) -> Sequence[Row]: ...

    def start(self, row: Row) -> Start | None:
        """None where a row starts nothing. Raises `RowRefused`."""
        ...

    async def done(self, conn: Connection, row: Row) -> None: ...

    async def failed(self, conn: Connection, row: Row, error: str) -> None: ...


class MainOutbox:
    """Onboardings, contests and investigations."""

    queue = QUEUE

    def __init__(self, officer_public_key: str) -> None:
        self._officer_public_key = officer_public_key

    async def claim(self, conn: Connection) -> Sequence[outbox.OutboxRow]:
        return await outbox.claim_batch(conn, BATCH)

    def start(self, row: outbox.OutboxRow) -> Start:
        key = self._officer_public_key
        try:
            match row.kind:
                case m.Kind.ONBOARDING:
                    onboarding = m.OnboardingInput(row.tenant_id, UUID(row.payload["application_id"]), key)
                    return Start(OnboardingWorkflow.run, onboarding, row.workflow_id, "Onboarding of an applicant")
                case m.Kind.CONTEST:
                    contest = m.ContestInput(row.tenant_id, UUID(row.payload["application_id"]), key)
                    return Start(ContestWorkflow.run, contest, row.workflow_id, "Contest of an outcome")
                case m.Kind.INVESTIGATION:
                    alert = m.InvestigationInput(row.tenant_id, UUID(row.payload["alert_id"]), key)
                    return Start(InvestigationWorkflow.run, alert, row.workflow_id, "Investigation of an alert")
                case m.Kind.REOPENING:
                    return Start(ReopeningWorkflow.run, _reopening(row, key), row.workflow_id, "A case opened again")
                case m.Kind.EVIDENCE:
                    return Start(EvidenceWorkflow.run, _evidence(row), row.workflow_id, "Files on a case")
                case m.Kind.WEBHOOK:
                    webhook = m.WebhookInput(row.tenant_id, UUID(row.payload["delivery_id"]))
                    return Start(WebhookWorkflow.run, webhook, row.workflow_id, "Delivery of a webhook")
                case m.Kind.RESCREENING:
                    return Start(
                        RescreeningWorkflow.run, m.RescreeningInput(row.tenant_id), row.workflow_id, "New list versions"
                    )
                case m.Kind.HIT_REVIEW:
                    hits = m.HitReviewInput(row.tenant_id, UUID(row.payload["screening_id"]), key)
                    return Start(HitReviewWorkflow.run, hits, row.workflow_id, "Review of new hits")
        except (KeyError, ValueError) as error:
            raise RowRefused(f"the payload of this {row.kind} row lacks an id") from error
        raise RowRefused(f"no workflow is known for rows of kind {row.kind!r}")

    async def done(self, conn: Connection, row: outbox.OutboxRow) -> None:
        await outbox.mark_dispatched(conn, row.outbox_id)

    async def failed(self, conn: Connection, row: outbox.OutboxRow, error: str) -> None:
        await outbox.mark_failed(conn, row.outbox_id, error)


def _reopening(row: outbox.OutboxRow, key: str) -> m.ReopeningInput:
    payload = row.payload
    return m.ReopeningInput(
        tenant_id=row.tenant_id,
        reopening_id=UUID(payload["reopening_id"]),
        case_id=UUID(payload["case_id"]),
        revision=int(payload["revision"]),
        officer_id=UUID(payload["officer_id"]),
        reason_id=UUID(payload["reason_id"]),
        reason_sha256=payload["reason_sha256"],
        assertion=payload["assertion"],
        asked_at=datetime.fromisoformat(payload["asked_at"]),
        officer_public_key=key,
    )


def _evidence(row: outbox.OutboxRow) -> m.EvidenceInput:
    request_id = row.payload.get("request_id")
    return m.EvidenceInput(
        tenant_id=row.tenant_id,
        case_id=UUID(row.payload["case_id"]),
        evidence_ids=tuple(UUID(number) for number in row.payload["evidence_ids"]),
        request_id=UUID(request_id) if request_id else None,
    )


class FilingOutbox:
    """What is sealed to the filing side: outcomes of alert cases, of which the confirmed ones start a filing, and the
    duties that it found itself."""

    queue = FILING_QUEUE

    def __init__(self, officer_public_key: str, inbox_key: bytes) -> None:
        self._officer_public_key, self._inbox_key = officer_public_key, inbox_key

    async def claim(self, conn: Connection) -> Sequence[filings.FilingOutboxRow]:
        return await filings.claim_filing_batch(conn, BATCH)

    def start(self, row: filings.FilingOutboxRow) -> Start | None:
        try:
            matter: FilingMatter = open_matter(self._inbox_key, row.sealed_payload, row.filing_id)
        except (ValueError, KeyError) as error:
            raise RowRefused("the sealed outcome does not open") from error
        if not matter.asks_for_filing:
            return None
        return Start(
            FilingWorkflow.run,
            m.FilingInput(row.tenant_id, row.filing_id, self._officer_public_key),
            m.workflow_id(m.Kind.FILING, row.filing_id),
            "Filing",
        )

    async def done(self, conn: Connection, row: filings.FilingOutboxRow) -> None:
        await filings.mark_filing_dispatched(conn, row.filing_id)

    async def failed(self, conn: Connection, row: filings.FilingOutboxRow, error: str) -> None:
        await filings.mark_filing_failed(conn, row.filing_id, error)


class Dispatcher(Generic[Row]):
    """Moves rows from one outbox to one namespace until it is stopped; outlives a missing Temporal or Postgres."""

    def __init__(self, pool: Pool, source: Source[Row], temporal: Callable[[], Awaitable[Client]]) -> None:
        """`temporal` gives a client or raises `TemporalDown`."""
        self._pool, self._source, self._temporal = pool, source, temporal
        self._last_success: datetime | None = None

    async def run(self) -> None:
        back_off = IDLE_SECONDS
        while True:
            try:
                moved = await self.dispatch_batch()
            except (TemporalDown, psycopg.OperationalError, PoolTimeout) as error:
                back_off = min(back_off * 2, LONGEST_BACK_OFF.total_seconds())
                log.warning("cannot dispatch (%s); trying again in %.1f s", type(error).__name__, back_off)
                await asyncio.sleep(back_off)
            else:
                back_off = IDLE_SECONDS
                self._last_success = datetime.now(UTC)
                if moved == 0:
                    await asyncio.sleep(IDLE_SECONDS)

    async def ready(self) -> bool:
        """Whether a round went through in the last half minute."""
        return self._last_success is not None and datetime.now(UTC) - self._last_success < timedelta(seconds=30)

    async def dispatch_batch(self) -> int:
        """Start what is due, a batch at most; how many rows were dealt with. Raises `TemporalDown` when rows had to be
        left as they were."""
        client = await self._temporal()
        async with service_transaction(self._pool) as conn:
            rows = await self._source.claim(conn)
            gate = asyncio.Semaphore(AT_ONCE)
            results = await asyncio.gather(*(self._start(client, row, gate) for row in rows))
            for row, refusal in zip(rows, results, strict=True):
                if refusal is None:
                    await self._source.done(conn, row)
                elif isinstance(refusal, RowRefused):
                    await self._source.failed(conn, row, str(refusal))
                dispatched.labels("started" if refusal is None else type(refusal).__name__).inc()
        down = [refusal for refusal in results if isinstance(refusal, TemporalDown)]
        if down:
            raise down[0]
        return len(rows)

    async def _start(self, client: Client, row: Row, gate: asyncio.Semaphore) -> RowRefused | TemporalDown | None:
        try:
            start = self._source.start(row)
            if start is None:
                return None
            async with gate:
                await client.start_workflow(
                    start.workflow,
                    start.message,
                    id=start.workflow_id,
                    task_queue=self._source.queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=start.summary,
                    rpc_timeout=START_RPC,
                )
        except WorkflowAlreadyStartedError:
            return None
        except RowRefused as refusal:
            return refusal
        except RPCError as error:
            if error.status in _DOWN:
                return TemporalDown(error.status.name)
            return RowRefused(f"Temporal refused the start: {error.status.name}")
        return None


def patient_client(connect_now: Callable[[], Awaitable[Client]]) -> Callable[[], Awaitable[Client]]:
    """A getter that connects when first asked and keeps the client; raises `TemporalDown` while there is no server."""
    held: list[Client] = []

    async def client() -> Client:
        if not held:
            try:
                held.append(await connect_now())
            except (RuntimeError, RPCError) as error:  # the bridge raises RuntimeError where nobody listens
                raise TemporalDown("no connection") from error
        return held[0]

    return client


@asynccontextmanager
async def serve_dispatcher(settings: Settings) -> AsyncIterator[Ready]:
    """The dispatcher of the main namespace."""
    keys = Keyring(settings.secrets_folder)
    async with await service_pool(settings, "clearance_dispatcher", max_size=2) as pool:
        source = MainOutbox(public_hex(keys.assertion))
        async with _running(Dispatcher(pool, source, patient_client(lambda: connect(settings, keys)))) as ready:
            yield ready


@asynccontextmanager
async def serve_filing_dispatcher(settings: Settings) -> AsyncIterator[Ready]:
    """The dispatcher of the filing namespace, under its own role, key and client, and the filings' sequencer."""
    keys = Keyring(settings.secrets_folder)
    async with (
        open_line(settings, FILING) as line,
        sequencing(line) as sequenced,
        await service_pool(settings, "clearance_filing", max_size=2) as pool,
    ):
        source = FilingOutbox(public_hex(keys.assertion), inbox_key(keys))
        dispatcher = Dispatcher(pool, source, patient_client(lambda: connect_filing(settings, keys)))
        async with _running(dispatcher) as dispatching:

            async def ready() -> bool:
                return await dispatching() and await sequenced()

            yield ready


@asynccontextmanager
async def _running(dispatcher: Dispatcher[Any]) -> AsyncIterator[Ready]:
    task = asyncio.create_task(dispatcher.run())

    async def ready() -> bool:
        return not task.done() and await dispatcher.ready()

    try:
        yield ready
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
