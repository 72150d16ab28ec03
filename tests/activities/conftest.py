"""A tenant on a real Postgres with a real vault, an application with specimen documents, and the activities wired."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.cases import CaseActivities
from activities.decisions import DecisionActivities
from activities.identity import IdentityActivities
from activities.monitoring import MonitoringActivities
from activities.recording import DecisionRecorder
from activities.screening import ScreeningActivities
from activities.screening_desk import ScreeningDesk
from activities.watchlist_index import WatchlistHolder
from aml.customer_risk import RatingThresholds
from explain import registry
from explain.attribution import TreeModel
from explain.record import canonical_json
from kyc.document import DocumentReading, DocumentType
from kyc.faces import match_faces
from kyc.reader import read_document
from kyc.specimens.documents import DocumentSpec, draw_document, invent_document
from store.applications import NewApplication, NewDocument, submit_application
from store.connection import Pool, open_pool, role_conninfo, set_tenant, tenant_transaction
from store.outbox import NewOutbox
from store.tenants import create_tenant
from vault import contexts
from vault.envelope import new_data_key, new_key_pair, seal
from vault.keys import FileKeyProvider
from vault.objects import FilesystemVault
from workflows import messages as m

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SEED = 11


@cache
def read_once(page: bytes, as_of: date) -> DocumentReading:
    """The real reader, whose seconds a page are spent once a run."""
    return read_document(page, as_of)


@dataclass
class Office:
    """One tenant under a regime, with everything that the activities are made of."""

    url: str
    tenant_id: UUID
    regime: str
    pool: Pool
    vault: FilesystemVault
    keys: FileKeyProvider
    filing_private: bytes
    filing_public: bytes
    recorder: DecisionRecorder
    identity: IdentityActivities
    screening: ScreeningActivities
    decisions: DecisionActivities
    cases: CaseActivities
    monitoring: MonitoringActivities
    now: list[datetime] = field(default_factory=lambda: [NOW])

    async def run(self, step: Callable[..., Awaitable[Any]], message: Any, workflow_id: str = "onboarding-1") -> Any:
        """Run a step as an activity of a workflow."""
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, workflow_id=workflow_id)
        return await environment.run(step, message)

    def transaction(self) -> Any:
        return tenant_transaction(self.pool, self.tenant_id)

    async def submit(
        self, files: Sequence[bytes], stated: dict[str, Any], selfie: bytes | None = None
    ) -> tuple[UUID, UUID]:
        """An application as the API would submit it: its id and its subject's."""
        application_id, subject_id, key = uuid4(), uuid4(), new_data_key()
        kinds = [("document", content) for content in files] + ([("selfie", selfie)] if selfie else [])
        documents = [
            NewDocument(uuid4(), kind, n, self.vault.put(self.tenant_id, key, content), "image/png", len(content))
            for n, (kind, content) in enumerate(kinds)
        ]
        application = NewApplication(
            application_id=application_id,
            tenant_id=self.tenant_id,
            subject_id=subject_id,
            applicant_kind="person",
            sealed_applicant=seal(key, canonical_json(stated), contexts.applicant(application_id)),
            idempotency_mac=os.urandom(32),
            request_digest=sha256(b"request").digest(),
            regime=self.regime,
            wrapped_key=self.keys.wrap(self.tenant_id, key),
        )
        outbox_id = uuid4()
        outbox = NewOutbox(
            outbox_id,
            self.tenant_id,
            m.Kind.ONBOARDING.value,
            m.workflow_id(m.Kind.ONBOARDING, outbox_id),
            {"application_id": str(application_id)},
        )
        # The worker's role may not submit: that is the API's.
        async with await open_pool(self.url, "clearance_api") as pool, tenant_transaction(pool, self.tenant_id) as conn:
            await submit_application(conn, application, documents, outbox)
        return application_id, subject_id


def stated_by(spec: DocumentSpec, **changes: Any) -> dict[str, Any]:
    """What an honest applicant with this document states."""
    return {
        "kind": "person",
        "surname": spec.surname,
        "given_names": spec.given_names,
        "birth_date": spec.birth_date.isoformat(),
        "nationality": "SE",
        "country_of_residence": "SE",
        "document_number": spec.number,
        "channel": "online",
        "product": "current_account",
        "occupation": "employed",
        "expected_monthly_volume": {"amount": "2500.00", "currency": "EUR"},
        "monthly_income": {"amount": "3200.00", "currency": "EUR"},
        **changes,
    }


@pytest.fixture(scope="session")
def passport() -> tuple[DocumentSpec, bytes]:
    spec = replace(
        invent_document(SEED, NOW.date(), type=DocumentType.TD3),
        birth_date=date(1988, 4, 17),
        nationality="SWE",
        issuer="SWE",
    )
    return spec, draw_document(spec, SEED).image_bytes


@pytest.fixture(scope="session")
def readers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
async def office(database: Any, tmp_path: Path, readers: ThreadPoolExecutor) -> AsyncIterator[Office]:
    tenant_id = uuid4()
    owner = role_conninfo(database.url, "clearance_owner")
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as conn, conn.transaction():
        await set_tenant(conn, tenant_id)
        await create_tenant(conn, tenant_id, "Test House", "EU")
    async with await open_pool(database.url, "clearance_worker") as pool:
        now = [NOW]

        def clock() -> datetime:
            return now[0]

        vault, keys = FilesystemVault(tmp_path / "vault"), FileKeyProvider(tmp_path / "master")
        private, public = new_key_pair()
        recorder = DecisionRecorder(pool, "test")
        model = registry.load(ROOT / "models" / "customer_risk")
        yield Office(
            url=database.url,
            tenant_id=tenant_id,
            regime="EU",
            pool=pool,
            vault=vault,
            keys=keys,
            filing_private=private,
            filing_public=public,
            recorder=recorder,
            identity=IdentityActivities(pool, vault, keys, recorder, read_once, match_faces, readers, clock),
            screening=ScreeningActivities(
                pool,
                vault,
                keys,
                ScreeningDesk(
                    recorder,
                    WatchlistHolder(pool, tmp_path / "index", clock),
                    registry.load(ROOT / "models" / "screening"),
                ),
            ),
            decisions=DecisionActivities(
                pool, vault, keys, recorder, model, TreeModel.from_text(model.content), RatingThresholds()
            ),
            cases=CaseActivities(pool, public, clock),
            monitoring=MonitoringActivities(pool, clock),
            now=now,
        )
