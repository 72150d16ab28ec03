"""While a group is written the next one is assessed: nothing of that shows in order, state, repeats or failures."""

import asyncio
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from api.schemas.transactions import TransactionAnswer
from api.services import EngineRebuilding
from clearance.engine import StreamingEngine, _Prepared
from clearance.keyring import create_missing_keys
from clearance.settings import Settings
from clearance.tenancy import add_tenant
from store.connection import tenant_transaction
from store.decisions import fetch_decisions
from store.transactions import iterate_for_rebuild
from tests.conftest import Database
from tests.faults.test_engine_killed import PROBES, counted, reference, running_engine
from tests.faults.world import SIZE, assert_identical, batches, world


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, admin_database_url=database.url, database_url=database.url)
    create_missing_keys(settings.secrets_folder)
    return settings


class Overlap:
    """A boundary that makes each batch a group of its own and begins to write one only when the next is assessed, or
    nothing can come before it is written. Counts the groups that were assessed so, and fails a commit when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, groups: int, fail_at: int = 0) -> None:
        self.overlaps = self.commits = self._assessed = 0
        self._groups, self._fail_at = groups, fail_at
        self._patience = 10.0
        self._write = StreamingEngine._write
        monkeypatch.setattr("clearance.engine.GROUP_ROWS", SIZE)
        monkeypatch.setattr(StreamingEngine, "_write", lambda engine, prepared: self._held(engine, prepared))

    async def _held(self, engine: StreamingEngine, prepared: _Prepared) -> None:
        before, tenant_id = self._assessed, prepared.tenant_id

        def may_come() -> bool:
            upon = engine._partitions.get(tenant_id) is prepared.partition
            return upon and before < self._groups and not engine._keeper.due(tenant_id)

        while self._assessed == before and may_come() and self._patience > 0:
            self._patience -= 0.002
            await asyncio.sleep(0.002)
        self.overlaps += self._assessed > before
        await self._write(engine, prepared)

    def __call__(self, boundary: str) -> None:
        if boundary == "before_push":
            self._assessed += 1
        if boundary == "before_commit":
            self.commits += 1
            if self.commits == self._fail_at:
                raise RuntimeError("the commit fails")


async def submit_singly(engine: StreamingEngine, tenant_id: UUID, count: int) -> list[TransactionAnswer | Exception]:
    """The first `count` transactions, each a request of its own, all sent at once in their order."""
    sent = [asyncio.create_task(engine.submit(tenant_id, [each])) for each in world()[:count]]
    done = await asyncio.gather(*sent, return_exceptions=True)
    assert all(isinstance(each, list | EngineRebuilding) for each in done), done
    return [each[0] if isinstance(each, list) else each for each in done]  # type: ignore[misc]


async def submit_batches(
    engine: StreamingEngine, tenant_id: UUID, numbers: range
) -> list[list[TransactionAnswer] | BaseException]:
    """Requests of one batch each, all sent at once in their order."""
    sent = [asyncio.create_task(engine.submit(tenant_id, batches()[number])) for number in numbers]
    return await asyncio.gather(*sent, return_exceptions=True)


async def test_groups_overlap_and_the_state_is_that_of_one_after_the_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, seen = await add_tenant(settings, "Overlapping", "US"), Overlap(monkeypatch, 6)
    async with running_engine(settings, seen) as (engine, pool):
        answers = await submit_batches(engine, tenant.tenant_id, range(6))
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant.tenant_id)]
        probes = world()[-PROBES:]
        live = engine._partitions[tenant.tenant_id].assess(probes, [True] * PROBES)
    assert (seen.commits, seen.overlaps) == (6, 5)
    assert [row.transaction_id for row in rows] == [t.transaction_id for t in world()[: 6 * SIZE]]
    assert [row.ingest_seq for row in rows] == list(range(6 * SIZE))
    for batch, answered in zip(batches(), answers, strict=False):
        assert isinstance(answered, list)
        assert [each.transaction_id for each in answered] == [each.transaction_id for each in batch]
        assert {each.status for each in answered} == {"accepted"}
    assert_identical(live, reference(rows, settings).assess(probes, [True] * PROBES))


@pytest.mark.parametrize("fail_at", [1, 2])
async def test_a_failed_commit_takes_with_it_what_was_assessed_upon_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, fail_at: int
) -> None:
    tenant, seen = await add_tenant(settings, "Failing", "US"), Overlap(monkeypatch, 6, fail_at)
    async with running_engine(settings, seen) as (engine, pool):
        answers = await submit_batches(engine, tenant.tenant_id, range(6))
        refused = [number for number, answered in enumerate(answers) if isinstance(answered, EngineRebuilding)]
        assert refused == [fail_at - 1, fail_at]
        # What was refused is sent again, as clients do; what was answered is there.
        for number in refused:
            again = await engine.submit(tenant.tenant_id, batches()[number])
            assert {each.status for each in again} == {"accepted"}
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant.tenant_id)]
        probes = world()[-PROBES:]
        live = engine._partitions[tenant.tenant_id].assess(probes, [True] * PROBES)
    assert sorted(row.transaction_id for row in rows) == sorted(t.transaction_id for t in world()[: 6 * SIZE])
    assert [row.ingest_seq for row in rows] == list(range(6 * SIZE))
    assert counted(settings, "SELECT count(*) FROM decision WHERE kind = 'transaction_score'") == 6 * SIZE
    assert_identical(live, reference(rows, settings).assess(probes, [True] * PROBES))


async def test_one_that_is_sent_twice_at_once_counts_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearance.engine.GROUP_ROWS", SIZE)
    tenant = await add_tenant(settings, "Twice", "US")
    async with running_engine(settings) as (engine, _):
        both = await asyncio.gather(*(submit_batches(engine, tenant.tenant_id, range(3)) for _ in range(2)))
    for once, twice in zip(*both, strict=True):
        assert isinstance(once, list)
        assert isinstance(twice, list)
        for first, second in zip(once, twice, strict=True):
            assert sorted((first.status, second.status)) == ["accepted", "duplicate"]
            assert (first.decision_id, first.score, first.alert_id) == (
                second.decision_id,
                second.score,
                second.alert_id,
            )
    assert counted(settings, "SELECT count(*) FROM transaction") == 3 * SIZE


async def test_whoever_waits_when_it_stops_is_told(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Stopping", "US")
    async with running_engine(settings) as (engine, _):
        waiting = asyncio.create_task(submit_singly(engine, tenant.tenant_id, 3 * SIZE))
        await asyncio.sleep(0.05)
        await engine.stop()
        async with asyncio.timeout(10):
            answers = await waiting
    taken = [each.transaction_id for each in answers if isinstance(each, TransactionAnswer)]
    assert counted(settings, "SELECT count(*) FROM transaction") == len(taken)


def open_account(settings: Settings, account: str) -> None:
    """A customer of the one tenant, with this account."""
    with psycopg.connect(settings.admin_database_url) as admin:
        for statement in (
            "INSERT INTO subject (subject_id, tenant_id, wrapped_key) SELECT gen_random_uuid(), tenant_id, wrapped_key "
            "FROM subject WHERE subject_id = tenant_id",
            "INSERT INTO application (application_id, tenant_id, subject_id, applicant_kind, sealed_applicant, "
            "idempotency_mac, request_digest, regime) SELECT gen_random_uuid(), tenant_id, subject_id, 'person', 'x', "
            "sha256('a'), sha256('b'), 'US' FROM subject WHERE subject_id <> tenant_id",
            "INSERT INTO customer (customer_id, tenant_id, subject_id, application_id, rating) "
            "SELECT gen_random_uuid(), tenant_id, subject_id, application_id, 'low' FROM application",
        ):
            admin.execute(statement)
        admin.execute(
            "INSERT INTO account (tenant_id, account_ref, customer_id) SELECT tenant_id, %s, customer_id FROM customer",
            (account,),
        )


async def test_a_payment_of_a_frozen_customer_says_so(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Freezing", "US")
    batch = batches()[0]
    account = batch[0].debtor_account
    open_account(settings, account)
    with psycopg.connect(settings.admin_database_url) as admin:
        admin.execute("SELECT set_config('clearance.tenant', tenant_id::text, true) FROM tenant")
        admin.execute("UPDATE application SET outcome = 'blocked', state = 'concluded'")
    async with running_engine(settings) as (engine, _):
        answers = await engine.submit(tenant.tenant_id, batch)
        again = await engine.submit(tenant.tenant_id, batch[:1])
    touched = [account in (each.debtor_account, each.creditor_account) for each in batch]
    assert any(touched)
    assert not all(touched)
    assert ["FROZEN_ACCOUNT" in each.flags for each in answers] == touched
    assert "FROZEN_ACCOUNT" in again[0].flags  # what was said is kept


@pytest.mark.parametrize("erased", [False, True])
async def test_a_payment_is_sealed_for_its_customer_or_for_the_tenant_once_they_were_erased(
    settings: Settings, erased: bool
) -> None:
    tenant = await add_tenant(settings, "Sealing", "US")
    batch = batches()[0]
    account = batch[0].debtor_account
    open_account(settings, account)
    with psycopg.connect(settings.admin_database_url) as admin:
        query = "SELECT subject_id FROM subject WHERE subject_id <> tenant_id"
        ((customer,),) = admin.execute(query).fetchall()
        if erased:
            admin.execute("UPDATE subject SET wrapped_key = NULL, erased_at = now() WHERE subject_id <> tenant_id")
    async with running_engine(settings) as (engine, pool):
        answers = await engine.submit(tenant.tenant_id, batch)
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            rows = [row async for row in iterate_for_rebuild(connection, tenant.tenant_id)]
            stored = await fetch_decisions(connection, [row.decision_id for row in rows])
    assert {answer.status for answer in answers} == {"accepted"}
    theirs = tenant.tenant_id if erased else customer
    for row in rows:
        touched = account in (row.debtor_account, row.creditor_account)
        assert row.subject_id == (theirs if touched else tenant.tenant_id)
        assert ("UNKNOWN_ACCOUNT" in row.flags) != touched
    assert {(one.decision_id, one.subject_id) for one in stored} == {(row.decision_id, row.subject_id) for row in rows}
