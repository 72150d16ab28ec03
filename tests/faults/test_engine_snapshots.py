"""A snapshot only saves time: an engine that takes one up is that which assessed everything again, bit for bit, and one
that does not fit is not taken up."""

import logging
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from aml.snapshots import Contents
from clearance.engine import StreamingEngine
from clearance.keyring import KeyName, Keyring, create_missing_keys
from clearance.settings import Settings
from clearance.snapshots import SnapshotFolder
from clearance.tenancy import add_tenant
from store.connection import Pool, tenant_transaction
from store.subjects import fetch_wrapped_key
from store.transactions import iterate_for_rebuild
from tests.conftest import Database
from tests.faults.test_engine_killed import PROBES, reference, run_until_killed, running_engine
from tests.faults.test_engine_side_by_side import Overlap, submit_batches
from tests.faults.world import SIZE, SNAPSHOT_ROWS, assert_identical, batches, world
from vault.keys import FileKeyProvider

FROM_SNAPSHOT = re.compile(r"from a snapshot up to (\d+) and (\d+) transactions")
FROM_ALL = re.compile(r"from all (\d+) transactions")


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, admin_database_url=database.url, database_url=database.url)
    create_missing_keys(settings.secrets_folder)
    return settings


@pytest.fixture
def folder(settings: Settings) -> SnapshotFolder:
    return SnapshotFolder(settings.engine_folder)


async def assert_like_never_killed(settings: Settings, engine: StreamingEngine, pool: Pool, tenant_id: UUID) -> int:
    """The number of stored transactions, from all of which the engine's state must be."""
    async with tenant_transaction(pool, tenant_id) as connection:
        rows = [row async for row in iterate_for_rebuild(connection, tenant_id)]
    ours, theirs = engine._partitions[tenant_id], reference(rows, settings)
    assert ours._alerted.kept() == theirs._alerted.kept()
    assert ours._roles.kept() == theirs._roles.kept()
    probes = world()[-PROBES:]
    assert_identical(ours.assess(probes, [True] * PROBES), theirs.assess(probes, [True] * PROBES))
    return len(rows)


async def stream(settings: Settings, folder: SnapshotFolder, tenant_id: UUID, numbers: range) -> bytes:
    """Take these batches, stop in order, and give the tenant's key."""
    async with running_engine(settings, snapshots=folder) as (engine, pool):
        for number in numbers:
            await engine.submit(tenant_id, batches()[number])
        async with tenant_transaction(pool, tenant_id) as connection:
            wrapped = await fetch_wrapped_key(connection, tenant_id)
    return FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER)).unwrap(tenant_id, wrapped)


@pytest.mark.parametrize(("boundary", "visit"), [("after_commit", 4), ("before_commit", 6), ("after_snapshot", 2)])
async def test_killed_after_a_snapshot_and_further_commits_it_goes_on_bit_identically(
    settings: Settings, folder: SnapshotFolder, caplog: pytest.LogCaptureFixture, boundary: str, visit: int
) -> None:
    tenant = await add_tenant(settings, "Killed", "US")
    status, answered = run_until_killed(settings, tenant.tenant_id, boundary, visit, settings.engine_folder)
    assert status == 9
    with caplog.at_level(logging.INFO, "clearance.engine"):
        async with running_engine(settings, snapshots=folder) as (engine, pool):
            assert engine._partitions[tenant.tenant_id]._alerted.kept()["accounts"], "this shows nothing of alerts"
            stored = await assert_like_never_killed(settings, engine, pool, tenant.tenant_id)
            engine._partitions.clear()  # the probes are in it, and not stored
    assert len(answered) <= stored
    found = FROM_SNAPSHOT.search(caplog.text)
    assert found, caplog.text
    kept, again = int(found[1]) + 1, int(found[2])
    assert (kept % SNAPSHOT_ROWS, kept + again) == (0, stored)
    assert kept > 0
    if boundary != "after_snapshot":
        assert again > 0


async def test_a_clean_stop_leaves_nothing_to_assess_again(
    settings: Settings, folder: SnapshotFolder, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = await add_tenant(settings, "Stopped", "US")
    await stream(settings, folder, tenant.tenant_id, range(2))
    path = folder.path(tenant.tenant_id)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(path.parent.glob("*.new"))
    accounts = {name for t in world() for name in (t.debtor_account, t.creditor_account)}
    assert not any(account.encode() in path.read_bytes() for account in accounts), "an account stands there unsealed"
    with caplog.at_level(logging.INFO, "clearance.engine"):
        async with running_engine(settings, snapshots=folder) as (engine, _):
            answers = await engine.submit(tenant.tenant_id, batches()[1])
    assert f"from a snapshot up to {2 * SIZE - 1} and 0 transactions" in caplog.text
    assert {answer.status for answer in answers} == {"duplicate"}


@pytest.mark.parametrize("fail_at", [2, 5])
async def test_nothing_that_was_not_committed_is_ever_in_a_snapshot(
    settings: Settings,
    folder: SnapshotFolder,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fail_at: int,
) -> None:
    """Groups are assessed while others are written, and one of these fails."""
    tenant, seen = await add_tenant(settings, "Failing", "US"), Overlap(monkeypatch, 6, fail_at)
    async with running_engine(settings, seen, folder) as (engine, _):
        await submit_batches(engine, tenant.tenant_id, range(6))
    assert seen.overlaps > 0
    with caplog.at_level(logging.INFO, "clearance.engine"):
        async with running_engine(settings, snapshots=folder) as (engine, pool):
            await assert_like_never_killed(settings, engine, pool, tenant.tenant_id)
            engine._partitions.clear()
    assert FROM_SNAPSHOT.search(caplog.text), caplog.text


def _damaged(folder: SnapshotFolder, tenant_id: UUID, _: bytes) -> None:
    content = bytearray(folder.path(tenant_id).read_bytes())
    content[len(content) // 2] ^= 1
    folder.path(tenant_id).write_bytes(content)


def _cut(folder: SnapshotFolder, tenant_id: UUID, _: bytes) -> None:
    folder.path(tenant_id).write_bytes(folder.path(tenant_id).read_bytes()[:-1])


def _under_another_key(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> None:
    folder.write(tenant_id, bytes(32), read(folder, tenant_id, data_key))


def _of_another_tenant(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> None:
    other = uuid4()
    folder.write(other, data_key, read(folder, tenant_id, data_key))
    folder.path(other).replace(folder.path(tenant_id))


def _by_another_model(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> None:
    contents = read(folder, tenant_id, data_key)
    made_by = {**contents.facts["made_by"], "model": "0" * 64}
    folder.write(tenant_id, data_key, replace(contents, facts={**contents.facts, "made_by": made_by}))


def _with_other_parameters(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> None:
    contents = read(folder, tenant_id, data_key)
    engine = {**contents.facts["engine"], "made_by": "0" * 64}
    folder.write(tenant_id, data_key, replace(contents, facts={**contents.facts, "engine": engine}))


def _of_another_database(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> None:
    contents = read(folder, tenant_id, data_key)
    folder.write(tenant_id, data_key, replace(contents, facts={**contents.facts, "decision_id": str(uuid4())}))


def _ahead_of_the_database(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> None:
    contents = read(folder, tenant_id, data_key)
    folder.write(tenant_id, data_key, replace(contents, facts={**contents.facts, "ingest_seq": 10_000}))


def read(folder: SnapshotFolder, tenant_id: UUID, data_key: bytes) -> Contents:
    contents = folder.read(tenant_id, data_key)
    assert contents is not None
    return contents


SPOILT = (
    (_damaged, "damaged, or sealed under another key"),
    (_cut, "damaged, or sealed under another key"),
    (_under_another_key, "damaged, or sealed under another key"),
    (_of_another_tenant, "damaged, or sealed under another key"),
    (_by_another_model, "made under another model"),
    (_with_other_parameters, "made with other parameters"),
    (_of_another_database, "the database does not hold"),
    (_ahead_of_the_database, "the database does not hold"),
)


async def test_what_does_not_fit_is_refused_and_everything_is_assessed_again(
    settings: Settings, folder: SnapshotFolder, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = await add_tenant(settings, "Refused", "US")
    data_key = await stream(settings, folder, tenant.tenant_id, range(4))
    good = folder.path(tenant.tenant_id).read_bytes()
    for spoil, said in SPOILT:
        folder.path(tenant.tenant_id).write_bytes(good)
        spoil(folder, tenant.tenant_id, data_key)
        caplog.clear()
        with caplog.at_level(logging.INFO, "clearance.engine"):
            async with running_engine(settings, snapshots=folder) as (engine, pool):
                await assert_like_never_killed(settings, engine, pool, tenant.tenant_id)
                engine._partitions.clear()
        assert said in caplog.text, spoil.__name__
        found = FROM_ALL.search(caplog.text)
        assert found, spoil.__name__
        assert int(found[1]) == 4 * SIZE


async def test_the_snapshot_of_an_erased_key_is_removed(
    settings: Settings, folder: SnapshotFolder, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = await add_tenant(settings, "Erased", "US")
    await stream(settings, folder, tenant.tenant_id, range(4))
    assert folder.path(tenant.tenant_id).exists()
    with psycopg.connect(settings.admin_database_url, autocommit=True) as admin:
        admin.execute(
            "UPDATE subject SET wrapped_key = NULL, erased_at = now() WHERE subject_id = %s", (tenant.tenant_id,)
        )
    with caplog.at_level(logging.INFO, "clearance.engine"):
        async with running_engine(settings, snapshots=folder) as (engine, pool):
            await assert_like_never_killed(settings, engine, pool, tenant.tenant_id)
            engine._partitions.clear()
    assert "its own key is gone" in caplog.text
    assert not folder.path(tenant.tenant_id).exists()


async def test_a_folder_that_cannot_be_written_stops_nobody(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = await add_tenant(settings, "Unwritable", "US")
    (tmp_path / "file").write_text("in the way")
    await stream(settings, SnapshotFolder(tmp_path / "file" / "engine"), tenant.tenant_id, range(6))
    assert f"no snapshot of tenant {tenant.tenant_id} was written" in caplog.text
