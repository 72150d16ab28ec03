"""A tenant with a subject in a fresh database, and a transaction under any role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    Finding,
    InputRef,
    Method,
    ModelRef,
    sha256_hex,
)
from store.connection import Connection, role_conninfo, set_tenant
from store.decisions import register_model
from store.subjects import create_subject
from store.tenants import create_tenant

MODEL_BYTES = b"tree\nversion=v4\n"
MODEL = ModelRef("onboarding_risk", "1", sha256_hex(MODEL_BYTES))
AS_OF = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """Two tenants, each with a subject; `as_role` opens a transaction under a role for a tenant (None: no tenant)."""

    url: str
    tenant_id: UUID
    subject_id: UUID
    other_tenant_id: UUID
    other_subject_id: UUID

    @asynccontextmanager
    async def as_role(self, role: str, tenant_id: UUID | str | None = "own") -> AsyncIterator[Connection]:
        conninfo = role_conninfo(self.url, role)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn, conn.transaction():
            if tenant_id is not None:
                await set_tenant(conn, self.tenant_id if isinstance(tenant_id, str) else tenant_id)
            yield conn

    def superuser(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)

    def decision(self, *, tenant_id: UUID | None = None, subject_id: UUID | None = None, **changes: Any) -> Decision:
        values: dict[str, Any] = {
            "decision_id": uuid4(),
            "kind": DecisionKind.ONBOARDING_RISK,
            "tenant_id": tenant_id or self.tenant_id,
            "subject_id": subject_id or self.subject_id,
            "about": f"application:{uuid4()}",
            "outcome": "high",
            "score": 0.1 + 0.2,
            "model": MODEL,
            "explanation": Explanation(
                Method.TREE_PATH_DEPENDENT,
                -1.5,
                (Contribution("age", 41, 0.1), Contribution("country", "XX", 1e-17), Contribution("pep", None, -0.3)),
                -1.7,
                2.220446049250313e-16,
            ),
            "findings": (Finding("AGE", "refer", "Is 41.", "31 CFR 1020.220", {"age": 41}),),
            "regime": "US",
            "regime_version": "2026-01",
            "policy_version": "3",
            "inputs": (InputRef("document", "ab" * 32),),
            "code_version": "0.1.0",
            "as_of": AS_OF,
            "sentence": "Referred because of age.",
        }
        return Decision(**(values | changes))


@pytest.fixture
async def world(shared_database: Any) -> World:
    """Two new tenants in a database that other tests use too."""
    return await _found(shared_database.url)


@pytest.fixture
async def lone_world(database: Any) -> World:
    """Two tenants alone in their database: for tests that count everything, attack, or act for all tenants."""
    return await _found(database.url)


@pytest.fixture(scope="module")
async def module_world(module_database: Any) -> World:
    """Two tenants in a database of the module's own."""
    return await _found(module_database.url)


async def _found(url: str) -> World:
    made = World(url, uuid4(), uuid4(), uuid4(), uuid4())
    for tenant_id, subject_id in (
        (made.tenant_id, made.subject_id),
        (made.other_tenant_id, made.other_subject_id),
    ):
        async with made.as_role("clearance_owner", tenant_id) as conn:
            await create_tenant(conn, tenant_id, f"Tenant {tenant_id}", "US")
        async with made.as_role("clearance_worker", tenant_id) as conn:
            await create_subject(conn, tenant_id, subject_id, b"wrapped")
            await register_model(conn, MODEL, "lightgbm", MODEL_BYTES, {"data": "synthetic"})
    return made
