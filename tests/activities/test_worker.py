"""The whole procedure with nothing scripted: outbox, dispatcher, worker, real steps, officers, and the record of it."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from clearance.dispatcher import Dispatcher, MainOutbox
from clearance.trust import ApprovedModels, approve_shipped
from clearance.worker import Parts, build_workers
from kyc.specimens.documents import DocumentSpec
from store import applications, cases, decisions
from store.applications import Application
from store.connection import open_pool
from tests.activities.conftest import ROOT, Office, stated_by
from tests.activities.test_onboarding_steps import load_required_lists
from tests.workflows.conftest import environment as environment
from tests.workflows.fakes import Desk
from workflows import messages as m

Passport = tuple[DocumentSpec, bytes]


@asynccontextmanager
async def running(
    office: Office, client: Client, desk: Desk, readers: ThreadPoolExecutor, folder: Path
) -> AsyncIterator[None]:
    """A worker and a dispatcher as the services run them."""

    async def connected() -> Client:
        return client

    models = ApprovedModels(ROOT / "models", folder / "model-trust")
    approve_shipped(models, folder / "approvers")
    parts = Parts(office.pool, office.vault, office.keys, office.filing_public, models, folder / "worker-index", folder)
    async with (
        await open_pool(office.url, "clearance_dispatcher") as pool,
        asyncio.timeout(120),
        AsyncExitStack() as stack,
    ):
        for worker in build_workers(client, parts, readers, queue="clearance"):
            await stack.enter_async_context(worker)
        dispatching = asyncio.create_task(Dispatcher(pool, MainOutbox(desk.public_key), connected).run())
        try:
            yield
        finally:
            dispatching.cancel()


async def until(office: Office, application_id: Any, state: str) -> Application:
    while True:
        async with office.transaction() as conn:
            application = await applications.fetch_application(conn, application_id)
        assert application is not None
        if application.state == state:
            return application
        await asyncio.sleep(0.1)


async def test_an_application_without_lists_is_referred_and_decided_by_officers(
    office: Office, environment: WorkflowEnvironment, passport: Passport, readers: ThreadPoolExecutor, tmp_path: Path
) -> None:
    spec, image = passport
    desk, client = Desk(_now), environment.client
    application_id, _ = await office.submit([image], stated_by(spec), selfie=image)
    maker, approver = uuid4(), uuid4()
    async with running(office, client, desk, readers, tmp_path):
        referred = await until(office, application_id, "in_review")
        assert referred.outcome is None
        async with office.transaction() as conn:
            (case,) = await cases.list_cases(conn)
        assert "watchlist_stale" in case.reasons
        handle = client.get_workflow_handle(case.workflow_id)
        await _answers(handle)
        await desk.act(handle, m.CaseAction.CLAIM, maker, "analyst", reason_id=None)
        await desk.act(handle, m.CaseAction.DECIDE, maker, "analyst", m.Disposition.REJECT, reason_id=None)
        await desk.act(handle, m.CaseAction.APPROVE, approver, "approver", reason_id=None)
        concluded = await until(office, application_id, "concluded")
    assert concluded.outcome == "rejected"
    async with office.transaction() as conn:
        case = await cases.fetch_case(conn, case.case_id)
        events = await cases.fetch_events(conn, case.case_id)
        made = await decisions.list_decisions(conn, f"application:{application_id}")
    assert (case.status, case.disposition, case.maker) == ("closed", "reject", maker)
    assert [event.action for event in events] == ["claim", "decide", "approve"]
    assert {each.kind.value for each in made} >= {"face_match", "screening", "onboarding_risk", "onboarding_outcome"}
    assert len(made) == 5


async def test_an_honest_application_is_approved_without_a_person(
    office: Office, environment: WorkflowEnvironment, passport: Passport, readers: ThreadPoolExecutor, tmp_path: Path
) -> None:
    spec, image = passport
    office.now[0] = datetime.now(UTC)  # the worker goes by the real clock
    await load_required_lists(office, checked_at=datetime.now(UTC))
    application_id, _ = await office.submit([image], stated_by(spec))
    async with running(office, environment.client, Desk(_now), readers, tmp_path):
        concluded = await until(office, application_id, "concluded")
    assert (concluded.outcome, concluded.reasons) == ("approved", ())


async def _answers(handle: Any) -> None:
    from temporalio.service import RPCError

    while True:
        try:
            await handle.query("state", result_type=m.CaseState)
            return
        except RPCError:
            await asyncio.sleep(0.05)


async def _now() -> datetime:
    return datetime.now(UTC)
