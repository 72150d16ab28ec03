"""The API in front of a real Temporal server and the real case workflow: what the fakes promise is what happens."""

import asyncio
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from api.app import create_app
from api.permissions import Role
from store.credentials import change_officer
from tests.api.fakes import FakeCase
from tests.api.house import House
from tests.workflows.conftest import CONVERTER, QUEUE
from tests.workflows.fakes import Script
from workflows import messages as m
from workflows.case import CaseWorkflow
from workflows.visibility import SEARCH_ATTRIBUTES

REASON = "Confirmed with the issuing authority."


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Client]:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(
        data_converter=CONVERTER,
        dev_server_existing_path=str(binary),
        dev_server_database_filename=str(tmp_path / "temporal.sqlite"),
        dev_server_extra_args=["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"],
        search_attributes=SEARCH_ATTRIBUTES,
    ) as environment:
        yield environment.client


@asynccontextmanager
async def at_work(server: Client) -> AsyncIterator[None]:
    async with (
        Worker(server, task_queue=QUEUE, workflows=[CaseWorkflow], activities=Script().activities()),
        asyncio.timeout(60),
    ):
        yield


def app_of(house: House, server: Client) -> FastAPI:
    async def client() -> Client:
        return server

    return create_app(replace(house.services, temporal=client))


async def start(house: House, server: Client) -> FakeCase:
    """A case with its row and a real workflow, four-eyed."""
    case = await house.case(four_eyes=True)
    started = m.CaseInput(
        scope=m.Scope(house.own.tenant_id, "EU", "2026-01", datetime.now(UTC)),
        case_id=case.case_id,
        kind="application",
        due_at=datetime.now(UTC) + timedelta(days=2),
        four_eyes=tuple(m.Disposition),
        officer_public_key=house.public_key,
    )
    await server.start_workflow(CaseWorkflow.run, started, id=m.case_workflow_id(case.case_id), task_queue=QUEUE)
    return case


async def test_officers_act_on_a_real_case(house: House, server: Client) -> None:
    app = app_of(house, server)
    case = await start(house, server)
    approver = house.anyone(app, Authorization=f"Bearer {house.token('approver')}")
    analyst = house.anyone(app, Authorization=f"Bearer {house.token('analyst')}")

    async def post(client: httpx.AsyncClient, action: str, **body: object) -> httpx.Response:
        return await client.post(f"/v1/cases/{case.case_id}/{action}", json=body)

    async with at_work(server):
        assert (await post(approver, "claim")).json()["status"] == "claimed"
        decided = await post(approver, "decide", revision=1, disposition="reject", reason=REASON)
        assert (decided.status_code, decided.json()["status"]) == (200, "awaiting_approval")

        own = await post(approver, "approve", revision=2)
        assert (own.status_code, own.json()["code"]) == (409, "MAKER_IS_APPROVER")
        forbidden = await post(analyst, "approve", revision=2)
        assert forbidden.status_code == 403

        async with house.as_role("clearance_api") as connection:
            await change_officer(connection, house.own.officers["analyst2"], roles=["approver"])
        second = house.anyone(app, Authorization=f"Bearer {house.token('analyst2', None, Role.APPROVER)}")
        stale = await post(second, "approve", revision=1)
        assert (stale.status_code, stale.json()["code"]) == (409, "REVISION_DIFFERS")
        approved = await post(second, "approve", revision=2)
        assert (approved.status_code, approved.json()["status"]) == (200, "closed")

        closed = await post(second, "notes", text="Too late.")
        assert (closed.status_code, closed.json()["code"]) == (409, "CLOSED")
    assert [row[2] for row in house.audited("approve", f"case:{case.case_id}")] == [
        "MAKER_IS_APPROVER",
        "REVISION_DIFFERS",
    ]


async def test_without_a_worker_the_answer_is_503_within_seconds(house: House, server: Client) -> None:
    case = await start(house, server)
    client = house.anyone(app_of(house, server), Authorization=f"Bearer {house.token('analyst')}")
    async with asyncio.timeout(20):
        answer = await client.post(f"/v1/cases/{case.case_id}/claim")
    assert (answer.status_code, answer.json()["code"]) == (503, "TEMPORAL_DOWN")
    # And the case is there when the worker is.
    async with at_work(server):
        assert (await client.post(f"/v1/cases/{case.case_id}/claim")).status_code == 200


async def test_a_stopped_server_is_503(house: House, tmp_path: Path) -> None:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    environment = await WorkflowEnvironment.start_local(data_converter=CONVERTER, dev_server_existing_path=str(binary))
    client = house.anyone(app_of(house, environment.client), Authorization=f"Bearer {house.token('analyst')}")
    case = await house.case()
    await environment.shutdown()
    async with asyncio.timeout(30):
        answer = await client.post(f"/v1/cases/{case.case_id}/claim")
    assert (answer.status_code, answer.json()["code"]) == (503, "TEMPORAL_DOWN")
    assert (await client.get("/health/ready")).json()["status"] == "degraded"
