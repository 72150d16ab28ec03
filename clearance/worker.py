"""Wires the two workers: that of the procedures, and that of the filings with its own namespace, role and keys."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.cases import CaseActivities
from activities.decisions import DecisionActivities
from activities.desk import DeskActivities
from activities.filing import FilingActivities, register_triggers
from activities.filing_case import CaseReader
from activities.filing_rewriter import NarrativeRewriter
from activities.identity import IdentityActivities
from activities.look_back import LookBackActivities
from activities.monitoring import MonitoringActivities
from activities.recording import DecisionRecorder
from activities.rescreening import RescreeningActivities
from activities.screening import ScreeningActivities
from activities.screening_desk import ScreeningDesk
from activities.watchlist_index import WatchlistHolder
from activities.webhooks import WebhookActivities
from aml.customer_risk import RatingThresholds
from clearance.database import service_pool
from clearance.filers import FilerFolder
from clearance.filing_inbox import inbox_key, inbox_public_key
from clearance.gateways import GatewayFolder
from clearance.keyring import KeyName, Keyring
from clearance.liveness import load_provider
from clearance.memory import keep_memory
from clearance.outbound import Outbound, posting
from clearance.queues import FILING_QUEUE, QUEUE
from clearance.schedules import keep_look_backs
from clearance.services import Ready
from clearance.settings import Settings
from clearance.snapshots import SnapshotFolder
from clearance.temporal import connect, connect_filing
from clearance.trust import (
    CUSTOMER_RISK,
    DOCUMENT_FIELDS,
    DOCUMENTS,
    SCREENING,
    TRANSACTIONS,
    ApprovedModels,
    approved_models,
)
from clearance.version import CODE_VERSION
from explain.attribution import TreeModel
from kyc.document import PortraitProof
from kyc.faces import Liveness, NoLivenessProvider, match_faces
from kyc.layout_tagger import LayoutTagger
from kyc.reader import Reader
from store.connection import Pool
from vault.keys import FileKeyProvider, KeyProvider
from vault.objects import Vault, open_vault
from workflows.case import CaseWorkflow
from workflows.contest import ContestWorkflow
from workflows.evidence import EvidenceWorkflow
from workflows.filing import FilingWorkflow
from workflows.filing_duties import FilingDutiesWorkflow
from workflows.investigation import InvestigationWorkflow
from workflows.look_back import LookBackWorkflow, NightlyLookBackWorkflow
from workflows.onboarding import OnboardingWorkflow
from workflows.policies import reading_queue
from workflows.reopening import ReopeningWorkflow
from workflows.rescreening import HitReviewWorkflow, RescreeningWorkflow, ScreeningCheckWorkflow
from workflows.webhook import WebhookWorkflow

WORKFLOWS = (
    OnboardingWorkflow,
    ContestWorkflow,
    InvestigationWorkflow,
    CaseWorkflow,
    ReopeningWorkflow,
    EvidenceWorkflow,
    WebhookWorkflow,
    RescreeningWorkflow,
    HitReviewWorkflow,
    ScreeningCheckWorkflow,
    LookBackWorkflow,
    NightlyLookBackWorkflow,
)
FILING_WORKFLOWS = (FilingWorkflow, FilingDutiesWorkflow)

CONNECTIONS = 8
FILING_CONNECTIONS = 3
READERS = 2
"""Documents read at once by a worker: each takes about a core and 300 MB."""
PORTRAITS = 1
"""Portraits compared while documents are read."""
SHUTDOWN = timedelta(seconds=20)
CONNECT_SECONDS = 60.0
DUTIES_EVERY = timedelta(hours=1)
"""How often cash is added up and freezes are looked for: a day of cash has two weeks, a freeze ten business days."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the procedures' activities are made of."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    filing_public_key: bytes
    models: ApprovedModels
    watchlist_folder: Path
    look_back_folder: Path
    """Where the state of look-backs is kept between slices; may be lost."""
    code_version: str = CODE_VERSION
    outbound: Outbound = field(default_factory=Outbound)
    public_url: str = "http://127.0.0.1:8080"
    liveness: Liveness = field(default_factory=NoLivenessProvider)
    liveness_required: bool = False
    portrait_proof: PortraitProof = "none"


def build_workers(
    client: Client, parts: Parts, readers: ThreadPoolExecutor, queue: str = QUEUE
) -> tuple[Worker, Worker]:
    """The worker of the procedures, and that of the documents to read, which takes no more than it can read at once.

    Raises `explain.registry.ModelNotLoaded` unless each of their models is approved; the document readers load theirs
    on first use.
    """
    recorder = DecisionRecorder(parts.pool, parts.code_version)
    risk_model, scorer = parts.models.champion(CUSTOMER_RISK), parts.models.champion(SCREENING)
    for name in DOCUMENTS:
        parts.models.champion(name)
    reader = Reader(tagger=LayoutTagger(parts.models.place(DOCUMENT_FIELDS)))
    compare = partial(match_faces, liveness=parts.liveness)
    identity = IdentityActivities(
        parts.pool, parts.vault, parts.keys, recorder, reader.read, compare, readers,
        liveness_required=parts.liveness_required, portrait_proof=parts.portrait_proof,
    )  # fmt: skip
    screening_desk = ScreeningDesk(recorder, WatchlistHolder(parts.pool, parts.watchlist_folder), scorer)
    screening = ScreeningActivities(parts.pool, parts.vault, parts.keys, screening_desk)
    rescreening = RescreeningActivities(parts.pool, parts.keys, screening_desk)
    decisions = DecisionActivities(
        parts.pool,
        parts.vault,
        parts.keys,
        recorder,
        risk_model,
        TreeModel.from_text(risk_model.content),
        RatingThresholds(),
    )
    payments_model = parts.models.champion(TRANSACTIONS)
    look_back = LookBackActivities(
        parts.pool,
        parts.keys,
        recorder,
        payments_model,
        TreeModel.from_text(payments_model.content),
        SnapshotFolder(parts.look_back_folder),
    )
    cases = CaseActivities(parts.pool, parts.filing_public_key)
    monitoring = MonitoringActivities(parts.pool)
    desk = DeskActivities(parts.pool, parts.vault, parts.keys)
    tell = WebhookActivities(parts.pool, parts.keys, posting(parts.outbound), parts.public_url)
    procedures = Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=[
            identity.admit_application,
            identity.read_document,  # for what was put here before documents had a queue of their own
            identity.check_application,
            screening.screen_applicant,
            rescreening.plan_rescreening,
            rescreening.rescreen_slice,
            rescreening.admit_hits,
            rescreening.remember_cleared,
            rescreening.tenants_to_check,
            rescreening.check_sample,
            decisions.rate_risk,
            decisions.decide_outcome,
            decisions.conclude_application,
            decisions.review_rating,
            cases.admit_contest,
            cases.open_case,
            cases.record_case_event,
            cases.await_case,
            cases.write_case_outcome,
            monitoring.admit_alert,
            look_back.tenants_to_look_back,
            look_back.plan_look_back,
            look_back.look_back_slice,
            desk.admit_reopening,
            desk.decode_evidence,
            tell.deliver_webhook,
            tell.bury_webhook,
        ],
        max_concurrent_activities=2 * CONNECTIONS,
        graceful_shutdown_timeout=SHUTDOWN,
    )
    reading = Worker(
        client,
        task_queue=reading_queue(queue),
        activities=[identity.read_document],
        max_concurrent_activities=READERS,
        graceful_shutdown_timeout=SHUTDOWN,
    )
    return procedures, reading


def build_filing_worker(client: Client, activities: FilingActivities, queue: str = FILING_QUEUE) -> Worker:
    """The worker of the filing namespace."""
    return Worker(
        client,
        task_queue=queue,
        workflows=FILING_WORKFLOWS,
        activities=[
            activities.draft_filing,
            activities.record_filing_event,
            activities.submit_filing,
            activities.read_answer,
            activities.review_activity,
            activities.find_duties,
        ],
        max_concurrent_activities=FILING_CONNECTIONS,
        graceful_shutdown_timeout=SHUTDOWN,
    )


@asynccontextmanager
async def serve_worker(settings: Settings) -> AsyncIterator[Ready]:
    """The worker of the procedures as a service."""
    keep_memory()
    keys = Keyring(settings.secrets_folder)
    async with await service_pool(settings, "clearance_worker", CONNECTIONS) as pool:
        parts = Parts(
            pool=pool,
            vault=open_vault(settings.vault_location),
            keys=FileKeyProvider(keys.path(KeyName.MASTER)),
            filing_public_key=inbox_public_key(keys),
            models=approved_models(settings),
            watchlist_folder=settings.watchlist_folder,
            look_back_folder=settings.look_back_folder,
            outbound=Outbound(allow_private=settings.outbound_private),
            public_url=settings.public_address,
            liveness=load_provider(settings.liveness_provider),
            liveness_required=settings.liveness_required,
            portrait_proof=settings.portrait_proof,
        )
        client = await _connected(lambda: connect(settings, keys))
        await keep_look_backs(client, settings)
        with ThreadPoolExecutor(READERS + PORTRAITS, "reader") as readers:
            async with _running(build_workers(client, parts, readers), client) as ready:
                yield ready


@asynccontextmanager
async def serve_filing_worker(settings: Settings) -> AsyncIterator[Ready]:
    """The filing worker as a service."""
    keys = Keyring(settings.secrets_folder)
    async with await service_pool(settings, "clearance_filing", FILING_CONNECTIONS) as pool:
        recorder = DecisionRecorder(pool, CODE_VERSION)
        await register_triggers(recorder)
        activities = FilingActivities(
            pool=pool,
            inbox_key=inbox_key(keys),
            keys=FileKeyProvider(keys.path(KeyName.FILING_MASTER)),
            reader=CaseReader(FileKeyProvider(keys.path(KeyName.MASTER)), open_vault(settings.vault_location)),
            recorder=recorder,
            filers=FilerFolder(settings.filer_folder),
            schemas=settings.schemas,
            gateway=GatewayFolder(settings.gateway_folder, settings.filing_folder),
            rewriter=NarrativeRewriter(settings.narrative_model) if settings.narrative_model else None,
        )
        client = await _connected(lambda: connect_filing(settings, keys))
        await schedule_duties(client)
        async with _running((build_filing_worker(client, activities),), client) as ready:
            yield ready


async def schedule_duties(client: Client) -> None:
    """Have the filing side look for duties every hour; a schedule that is there is left as it is."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            FilingDutiesWorkflow.run, id="filing-duties", task_queue=FILING_QUEUE, static_summary="Search for duties"
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=DUTIES_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=DUTIES_EVERY),
    )
    try:
        await client.create_schedule("filing-duties", schedule)
    except ScheduleAlreadyRunningError:
        return


async def _connected(connecting: Callable[[], Awaitable[Client]]) -> Client:
    """A worker has nothing to do without Temporal: wait a while for it, then give up loudly."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while True:
            try:
                return await connecting()
            except (RuntimeError, RPCError):
                await asyncio.sleep(0.5)


@asynccontextmanager
async def _running(workers: Sequence[Worker], client: Client) -> AsyncIterator[Ready]:
    async def ready() -> bool:
        if not all(worker.is_running for worker in workers):
            return False
        try:
            return await client.service_client.check_health(timeout=timedelta(seconds=2))
        except RPCError:
            return False

    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        yield ready
