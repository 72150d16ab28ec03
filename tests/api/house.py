"""Two tenants with keys and officers in a real database, and the API in front of them."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from api.auth import mint_token
from api.permissions import Role
from api.services import FilingServices, Services
from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    Finding,
    InputRef,
    Method,
    ModelRef,
    additivity_error,
    canonical_json,
    sha256_hex,
)
from store.alerts import NewAlert, append_alerts
from store.applications import set_application_state
from store.cases import NewCase, open_case
from store.connection import Connection, Pool, role_conninfo, set_tenant
from store.credentials import create_api_key, create_officer, hash_api_key, hash_password, new_api_key
from store.customers import create_customer
from store.decisions import append_decision, evidence_bytes, register_model
from store.filings import NewFiling, save_draft
from store.subjects import create_subject, fetch_wrapped_key
from store.tenants import create_tenant
from tests.api.fakes import FakeCase, FakeEngine, FakeFiling, FakeTemporal
from tests.api.images import png
from vault import contexts
from vault.envelope import new_data_key, seal
from vault.keys import Ed25519Signer, FileKeyProvider, KeyProvider
from vault.objects import FilesystemVault
from vault.standalone import seal_standalone
from workflows.messages import Disposition, Kind, case_workflow_id, workflow_id
from workflows.review import Review

ALL_SCOPES = (
    "applications:write",
    "applications:read",
    "accounts:write",
    "transactions:write",
    "alerts:read",
    "decisions:read",
    "cases:read",
    "metrics:read",
    "screenings:write",
    "screenings:read",
)
PASSWORD = "correct horse battery"
APPLICANT: dict[str, Any] = {
    "kind": "person",
    "surname": "Beispiel",
    "given_names": "Jana Maria",
    "birth_date": "1990-05-17",
    "nationality": "DEU",
    "country_of_residence": "DE",
    "occupation": "employed",
    "expected_monthly_volume": {"amount": "2500.00", "currency": "EUR"},
}
REPORT = b"<EFilingBatchXML/>"
MODEL_BYTES = b"tree\nversion=v4\n"
MODEL = ModelRef("onboarding_risk", "1", sha256_hex(MODEL_BYTES))


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: UUID
    subject_id: UUID
    """The tenant's own, as provisioning makes it."""
    api_key: str
    officers: dict[str, UUID]


@dataclass
class House:
    """What a test needs to act as anybody."""

    url: str
    services: Services
    temporal: FakeTemporal
    filing_temporal: FakeTemporal
    engine: FakeEngine
    app: FastAPI
    engine_app: FastAPI
    vault_folder: Path
    keys: FileKeyProvider
    own: Tenant
    other: Tenant
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    # --- Who is asking -----------------------------------------------------------------------------------------------

    def anyone(self, app: FastAPI | None = None, **headers: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app or self.app), base_url="http://api", headers=headers
        )
        self.clients.append(client)
        return client

    def service(self, tenant: Tenant | None = None, app: FastAPI | None = None) -> httpx.AsyncClient:
        return self.anyone(app, Authorization=f"Bearer {(tenant or self.own).api_key}")

    def officer(self, login: str, tenant: Tenant | None = None, *roles: Role) -> httpx.AsyncClient:
        return self.anyone(Authorization=f"Bearer {self.token(login, tenant, *roles)}")

    def token(self, login: str, tenant: Tenant | None = None, *roles: Role, now: datetime | None = None) -> str:
        tenant = tenant or self.own
        return mint_token(
            self.services.token_key,
            officer_id=tenant.officers[login],
            tenant_id=tenant.tenant_id,
            roles=frozenset(roles or {Role(login.rstrip("2"))}),
            now=now or datetime.now(UTC),
        )

    # --- What is there ---------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def as_role(self, role: str, tenant: Tenant | None = None) -> AsyncIterator[Connection]:
        conninfo = role_conninfo(self.url, role)
        async with (
            await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection,
            connection.transaction(),
        ):
            await set_tenant(connection, (tenant or self.own).tenant_id)
            yield connection

    def rows(self, query: str, *values: Any) -> list[Any]:
        """All there is of the own tenant: as owner of the tables, in a database that tests share."""
        with psycopg.connect(role_conninfo(self.url, "clearance_owner")) as connection:
            connection.execute("SELECT set_config('clearance.tenant', %s, true)", (str(self.own.tenant_id),))
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def vault_objects(self) -> list[Path]:
        return [path for path in self.vault_folder.rglob("*") if path.is_file()]

    def audited(self, action: str, about: str) -> list[tuple[str, bool, str]]:
        return self.rows("SELECT actor, allowed, reason FROM audit WHERE action = %s AND about = %s", action, about)

    async def submit(
        self,
        *,
        key: str | None = None,
        applicant: Any = None,
        documents: Sequence[bytes] | None = None,
        selfie: bytes | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> httpx.Response:
        parts: list[Any] = [
            ("documents", (f"page{number}.png", content, "image/png"))
            for number, content in enumerate(documents if documents is not None else [png()])
        ]
        if selfie is not None:
            parts.append(("selfie", ("me.jpg", selfie, "image/jpeg")))
        text = applicant if isinstance(applicant, str) else json.dumps(applicant or APPLICANT)
        headers = {"Idempotency-Key": key if key is not None else str(uuid4())}
        return await (client or self.service()).post(
            "/v1/applications", data={"applicant": text}, files=parts, headers=headers
        )

    async def conclude(self, application_id: UUID, outcome: str, reasons: Sequence[str] = ()) -> None:
        async with self.as_role("clearance_worker") as connection:
            await set_application_state(connection, application_id, "concluded", outcome, reasons)

    async def customer(self) -> UUID:
        application_id = UUID((await self.submit()).json()["application_id"])
        await self.conclude(application_id, "approved")
        async with self.as_role("clearance_worker") as connection:
            return await create_customer(
                connection, self.own.tenant_id, uuid4(), self.subject_of(application_id), application_id, "low"
            )

    def subject_of(self, application_id: UUID) -> UUID:
        [(subject_id,)] = self.rows("SELECT subject_id FROM application WHERE application_id = %s", application_id)
        return UUID(str(subject_id))

    async def data_key(self, subject_id: UUID, tenant: Tenant | None = None) -> bytes:
        async with self.as_role("clearance_worker", tenant) as connection:
            wrapped = await fetch_wrapped_key(connection, subject_id)
        return self.keys.unwrap((tenant or self.own).tenant_id, wrapped)

    async def decision(self, about: str, subject_id: UUID, tenant: Tenant | None = None) -> Decision:
        """A stored decision whose contributions add up, with identifying values in its sealed evidence."""
        tenant = tenant or self.own
        shap = (0.1, -0.75, 0.4)
        decision = Decision(
            decision_id=uuid4(),
            kind=DecisionKind.ONBOARDING_RISK,
            tenant_id=tenant.tenant_id,
            subject_id=subject_id,
            about=about,
            outcome="medium",
            score=0.14,
            model=MODEL,
            explanation=Explanation(
                Method.TREE_PATH_DEPENDENT,
                -1.5,
                (
                    Contribution("residence_risk", 1.0, shap[0]),
                    Contribution("occupation_risk", 4.0, shap[1]),
                    Contribution("monthly_income", None, shap[2]),
                ),
                -1.75,
                additivity_error(-1.5, shap, -1.75),
            ),
            findings=(Finding("RATING", "medium", "Rated medium at 0.14.", "FATF R.10", {"probability": 0.14}),),
            regime="EU",
            regime_version="2026-01",
            policy_version="3",
            inputs=(InputRef("document", "ab" * 32),),
            code_version="0.1.0",
            as_of=datetime(2026, 3, 1, 12, tzinfo=UTC),
            sentence="Jana Maria Beispiel is rated medium.",
        )
        data_key = await self.data_key(subject_id, tenant)
        sealed = seal(data_key, evidence_bytes(decision), contexts.decision_evidence(decision.decision_id))
        async with self.as_role("clearance_worker", tenant) as connection:
            await register_model(connection, MODEL, "lightgbm", MODEL_BYTES, {"data": "synthetic"})
            await append_decision(connection, decision, key=f"test/{decision.decision_id}", sealed_evidence=sealed)
        return decision

    async def case(
        self,
        kind: str = "application",
        about: str | None = None,
        subject_id: UUID | None = None,
        *,
        four_eyes: bool = False,
        excluded: Sequence[UUID] = (),
        tenant: Tenant | None = None,
    ) -> FakeCase:
        """An open case with its row and its workflow."""
        tenant = tenant or self.own
        case_id = uuid4()
        if about is None:
            application_id = UUID((await self.submit(client=self.service(tenant))).json()["application_id"])
            about, subject_id = f"application:{application_id}", self.subject_of(application_id)
        row = NewCase(
            case_id=case_id,
            tenant_id=tenant.tenant_id,
            kind=kind,
            about=about,
            subject_id=subject_id or tenant.subject_id,
            workflow_id=case_workflow_id(case_id),
            reasons=("risk_high",),
            regime="EU",
            regime_version="2026-01",
            due_at=datetime.now(UTC) + timedelta(days=2),
            four_eyes=four_eyes,
            excluded_officers=tuple(excluded),
        )
        async with self.as_role("clearance_worker", tenant) as connection:
            await open_case(connection, row, key=f"test/{case_id}")
        by_two = frozenset(Disposition if four_eyes else ())
        case = FakeCase(case_id, self.public_key, Review(kind, by_two, frozenset(excluded), due_at=row.due_at))
        self.temporal.workflows[row.workflow_id] = case
        return case

    async def filing(self, maker: UUID, tenant: Tenant | None = None) -> FakeFiling:
        tenant = tenant or self.own
        case = await self.case("alert", f"alert:{uuid4()}", tenant.subject_id, tenant=tenant)
        filing_id = uuid4()
        async with self.as_role("clearance_filing", tenant) as connection:
            await save_draft(
                connection,
                NewFiling(
                    filing_id=filing_id,
                    tenant_id=tenant.tenant_id,
                    case_id=case.case_id,
                    maker=maker,
                    regime="US",
                    regime_version="2026-01",
                    format="fincen_sar",
                    sealed_report=seal_standalone(
                        self.filing_keys, tenant.tenant_id, REPORT, contexts.filing(filing_id)
                    ),
                    report_sha256=sha256(REPORT).hexdigest(),
                    valid=True,
                    problems=(),
                    due_at=datetime.now(UTC) + timedelta(days=30),
                ),
            )
        filing = FakeFiling(filing_id, self.public_key, maker)
        self.filing_temporal.workflows[workflow_id(Kind.FILING, filing_id)] = filing
        return filing

    async def alert(self, tenant: Tenant | None = None) -> UUID:
        """An alert on the tenant's own subject, with its transaction and decision."""
        tenant = tenant or self.own
        transaction_id = f"t-{uuid4().hex[:8]}"
        decision = await self.decision(f"transaction:{transaction_id}", tenant.subject_id, tenant)
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO transaction (tenant_id, transaction_id, ingest_seq, subject_id, booked_at, "
                "debtor_account, creditor_account, amount, currency, digest, decision_id, received_at) VALUES (%s, %s, "
                "(SELECT count(*) FROM transaction), %s, now(), 'a', 'b', 9500, 'EUR', sha256('x'), %s, now())",
                (tenant.tenant_id, transaction_id, tenant.subject_id, decision.decision_id),
            )
        alert_id = uuid4()
        data_key = await self.data_key(tenant.subject_id, tenant)
        evidence = canonical_json([{"typology": "structuring", "text": "Nine deposits just below 10,000."}])
        alert = NewAlert(
            alert_id=alert_id,
            tenant_id=tenant.tenant_id,
            subject_id=tenant.subject_id,
            decision_id=decision.decision_id,
            transaction_id=transaction_id,
            typologies=("structuring",),
            score=0.9,
            accounts=("a",),
            transactions=(transaction_id,),
            sealed_evidence=seal(data_key, evidence, contexts.alert(alert_id)),
        )
        async with self.as_role("clearance_engine", tenant) as connection:
            await append_alerts(connection, [alert])
        return alert_id

    def erase(self, subject_id: UUID) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "UPDATE subject SET wrapped_key = NULL, erased_at = now() WHERE subject_id = %s", (subject_id,)
            )

    @property
    def filing_keys(self) -> KeyProvider:
        assert self.services.filings is not None
        return self.services.filings.keys

    @property
    def public_key(self) -> str:
        return self.services.assertion_key.public_key().public_bytes_raw().hex()

    def without_filings(self) -> Services:
        return replace(self.services, filings=None)


async def make_tenant(url: str, keys: FileKeyProvider, name: str, regime: str) -> Tenant:
    tenant_id, api_key = uuid4(), new_api_key()
    logins = (
        "submitter",
        "analyst",
        "analyst2",
        "approver",
        "filing_officer",
        "filing_officer2",
        "auditor",
        "administrator",
    )
    officers = {login: uuid4() for login in logins}
    # A cheap hash: what is tested is not scrypt.
    hashed = hash_password(PASSWORD, log_n=4)
    owner = role_conninfo(url, "clearance_owner")
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection, connection.transaction():
        await set_tenant(connection, tenant_id)
        await create_tenant(connection, tenant_id, name, regime)
        await create_subject(connection, tenant_id, tenant_id, keys.wrap(tenant_id, new_data_key()))
        await create_api_key(connection, tenant_id, hash_api_key(api_key), ALL_SCOPES)
        for login, officer_id in officers.items():
            await create_officer(connection, officer_id, tenant_id, login, hashed, [login.rstrip("2")])
    return Tenant(tenant_id, tenant_id, api_key, officers)


def make_services(
    pool: Pool, filing_pool: Pool, folder: Path, temporal: FakeTemporal, filing: FakeTemporal
) -> Services:
    return Services(
        pool=pool,
        vault=FilesystemVault(folder / "vault"),
        keys=FileKeyProvider(folder / "master"),
        token_key=Ed25519PrivateKey.generate(),
        assertion_key=Ed25519PrivateKey.generate(),
        idempotency_key=bytes(range(32)),
        temporal=temporal.client,
        ledger=Ed25519Signer(bytes(range(32))),
        filings=FilingServices(
            pool=filing_pool, keys=FileKeyProvider(folder / "filing-master"), temporal=filing.client
        ),
    )
