"""The dispatcher on real Postgres and a Temporal server: once each, nothing lost, whatever is down."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.outcomes import OutcomeRow, seal_outcome
from clearance.dispatcher import Dispatcher, FilingOutbox, MainOutbox, TemporalDown, patient_client
from store.connection import open_pool, role_conninfo, set_tenant
from store.filings import enqueue_filing
from store.outbox import NewOutbox, add
from store.tenants import create_tenant
from tests.workflows.conftest import CONVERTER
from tests.workflows.fakes import Desk
from vault.envelope import new_key_pair
from workflows import messages as m

TENANT = uuid4()


class Counting:
    """A client that counts starts, and can lose its server."""

    def __init__(self, client: Client) -> None:
        self.client, self.starts, self.down = client, 0, False

    async def start_workflow(self, *args: Any, **options: Any) -> Any:
        self.starts += 1
        return await self.client.start_workflow(*args, **options)


@pytest.fixture
async def url(database: Any) -> str:
    owner = role_conninfo(database.url, "clearance_owner")
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as conn, conn.transaction():
        await set_tenant(conn, TENANT)
        await create_tenant(conn, TENANT, "Test House", "EU")
    return database.url


async def submit(url: str, kind: str, payload: dict[str, str]) -> NewOutbox:
    outbox_id = uuid4()
    row = NewOutbox(outbox_id, TENANT, kind, f"{kind}-{outbox_id}", payload)
    async with (
        await psycopg.AsyncConnection.connect(role_conninfo(url, "clearance_api"), autocommit=True) as conn,
        conn.transaction(),
    ):
        await set_tenant(conn, TENANT)
        await add(conn, row)
    return row


async def rows(url: str, table: str = "outbox") -> list[tuple[bool, int, str | None]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        cursor = await conn.execute(
            f"SELECT dispatched_at IS NOT NULL, attempts, error FROM {table} ORDER BY created_at"
        )
        return await cursor.fetchall()


async def test_acknowledged_work_is_started_once_under_its_own_id(
    url: str, environment: WorkflowEnvironment, desk: Desk
) -> None:
    submitted = [
        await submit(url, "onboarding", {"application_id": str(uuid4())}),
        await submit(url, "contest", {"application_id": str(uuid4()), "contest_id": str(uuid4())}),
        await submit(url, "investigation", {"alert_id": str(uuid4())}),
    ]
    client = Counting(environment.client)
    async with await open_pool(url, "clearance_dispatcher") as pool:
        dispatcher = Dispatcher(pool, MainOutbox(desk.public_key), lambda: _give(client))
        assert await dispatcher.dispatch_batch() == 3
        assert await dispatcher.dispatch_batch() == 0
    assert client.starts == 3
    assert [row[0] for row in await rows(url)] == [True, True, True]
    kinds = []
    for row in submitted:
        described = await environment.client.get_workflow_handle(row.workflow_id).describe()
        kinds.append(described.workflow_type)
    assert kinds == ["OnboardingWorkflow", "ContestWorkflow", "InvestigationWorkflow"]


async def test_a_workflow_that_runs_already_counts_as_started(
    url: str, environment: WorkflowEnvironment, desk: Desk
) -> None:
    await submit(url, "onboarding", {"application_id": str(uuid4())})
    client = Counting(environment.client)
    async with await open_pool(url, "clearance_dispatcher") as pool:
        dispatcher = Dispatcher(pool, MainOutbox(desk.public_key), lambda: _give(client))
        await dispatcher.dispatch_batch()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            # As if the dispatcher had died between the start and the commit.
            await conn.execute("UPDATE outbox SET dispatched_at = NULL")
        assert await dispatcher.dispatch_batch() == 1
    assert client.starts == 2
    assert (await rows(url))[0][0] is True


async def test_two_dispatchers_never_start_the_same_row(url: str, environment: WorkflowEnvironment, desk: Desk) -> None:
    for _ in range(20):
        await submit(url, "onboarding", {"application_id": str(uuid4())})
    client = Counting(environment.client)
    async with (
        await open_pool(url, "clearance_dispatcher") as first,
        await open_pool(url, "clearance_dispatcher") as other,
    ):
        source = MainOutbox(desk.public_key)
        moved = await asyncio.gather(
            *(Dispatcher(pool, source, lambda: _give(client)).dispatch_batch() for pool in (first, other))
        )
    assert sum(moved) == 20
    assert client.starts == 20


async def test_a_row_that_cannot_start_is_put_off_and_the_rest_goes_on(
    url: str, environment: WorkflowEnvironment, desk: Desk
) -> None:
    await submit(url, "onboarding", {"application": "no id"})
    await submit(url, "unheard-of", {})
    await submit(url, "onboarding", {"application_id": str(uuid4())})
    async with await open_pool(url, "clearance_dispatcher") as pool:
        await Dispatcher(pool, MainOutbox(desk.public_key), lambda: _give(environment.client)).dispatch_batch()
    lacking, unknown, fine = await rows(url)
    assert (lacking[0], lacking[1]) == (False, 1)
    assert "lacks an id" in str(lacking[2])
    assert unknown[0] is False
    assert fine == (True, 1, None)


async def test_with_temporal_down_rows_wait_untouched_and_go_out_when_it_is_back(
    url: str, environment: WorkflowEnvironment, desk: Desk
) -> None:
    await submit(url, "onboarding", {"application_id": str(uuid4())})
    up = asyncio.Event()

    async def connecting() -> Client:
        if up.is_set():
            return environment.client
        return await Client.connect("127.0.0.1:1", data_converter=CONVERTER)

    async with await open_pool(url, "clearance_dispatcher") as pool:
        dispatcher = Dispatcher(pool, MainOutbox(desk.public_key), patient_client(connecting))
        with pytest.raises(TemporalDown):
            await dispatcher.dispatch_batch()
        assert await rows(url) == [(False, 0, None)]
        running = asyncio.create_task(dispatcher.run())
        await asyncio.sleep(0.5)
        assert not await dispatcher.ready()
        up.set()
        async with asyncio.timeout(20):
            while not (await rows(url))[0][0]:
                await asyncio.sleep(0.05)
        assert await dispatcher.ready()
        running.cancel()


async def test_a_server_lost_in_between_leaves_the_row_for_later(
    url: str, environment: WorkflowEnvironment, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearance.dispatcher.START_RPC", timedelta(seconds=1))
    await submit(url, "onboarding", {"application_id": str(uuid4())})
    await environment.shutdown()
    async with await open_pool(url, "clearance_dispatcher") as pool:
        with pytest.raises(TemporalDown):
            await Dispatcher(pool, MainOutbox(desk.public_key), lambda: _give(environment.client)).dispatch_batch()
    assert await rows(url) == [(False, 0, None)]


@pytest.mark.parametrize("disposition", [m.Disposition.TRUE_POSITIVE, m.Disposition.FALSE_POSITIVE])
async def test_only_a_confirmed_outcome_starts_a_filing(
    url: str, environment: WorkflowEnvironment, desk: Desk, disposition: m.Disposition
) -> None:
    private, public = new_key_pair()
    filing_id = uuid4()
    await enqueue(url, public, filing_id, disposition)
    client = Counting(environment.client)
    async with await open_pool(url, "clearance_filing") as pool:
        dispatcher = Dispatcher(pool, FilingOutbox(desk.public_key, private), lambda: _give(client))
        assert await dispatcher.dispatch_batch() == 1
    assert client.starts == (1 if disposition is m.Disposition.TRUE_POSITIVE else 0)
    assert await rows(url, "filing.outbox") == [(True, 1, None)]


async def test_an_outcome_sealed_to_another_key_is_put_off(
    url: str, environment: WorkflowEnvironment, desk: Desk
) -> None:
    private, _ = new_key_pair()
    _, other = new_key_pair()
    await enqueue(url, other, uuid4(), m.Disposition.TRUE_POSITIVE)
    async with await open_pool(url, "clearance_filing") as pool:
        source = FilingOutbox(desk.public_key, private)
        await Dispatcher(pool, source, lambda: _give(environment.client)).dispatch_batch()
    ((done, attempts, error),) = await rows(url, "filing.outbox")
    assert (done, attempts) == (False, 1)
    assert "does not open" in str(error)


async def enqueue(url: str, public: bytes, filing_id: UUID, disposition: m.Disposition) -> None:
    outcome = OutcomeRow(TENANT, uuid4(), disposition, uuid4(), uuid4(), "US", "2026.1", datetime.now(UTC))
    async with (
        await psycopg.AsyncConnection.connect(role_conninfo(url, "clearance_worker"), autocommit=True) as conn,
        conn.transaction(),
    ):
        await set_tenant(conn, TENANT)
        await enqueue_filing(conn, filing_id, TENANT, seal_outcome(public, outcome, filing_id))


async def _give(client: Any) -> Any:
    return client
