"""Look-backs on a real database: what the live path could not see becomes an alert, once, whatever is lost between."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection
from temporalio.testing import ActivityEnvironment

from activities import look_back as module
from activities.look_back import LookBackActivities
from activities.recording import DecisionRecorder
from aml.money import Money
from aml.snapshots import Contents
from aml.transaction import Channel, Transaction
from clearance.engine import StreamingEngine
from clearance.keyring import KeyName, Keyring, create_missing_keys
from clearance.settings import Settings
from clearance.tenancy import add_tenant
from explain.attribution import TreeModel
from explain.registry import load
from explain.replay import replay
from store import alerts, decisions, subjects
from store.connection import Pool, open_pool, role_conninfo, tenant_transaction
from tests.conftest import Database
from vault import contexts
from vault.envelope import open_sealed
from vault.keys import FileKeyProvider
from workflows import messages as m

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = START + timedelta(days=30)


def pay(
    number: str, days: float, debtor: str, creditor: str, amount: str, channel: Channel = Channel.CARD
) -> Transaction:
    booked = START + timedelta(days=days)
    return Transaction(number, booked, debtor, creditor, Money(Decimal(amount), "USD"), channel)


def ring(late: bool) -> list[Transaction]:
    """A round trip among shopping; the first of its payments arrives five days late, or in its place."""
    shopping = [pay(f"s{i}", i / 8, f"a{i % 12}", f"shop{i % 5}", f"{20 + i % 7}.50") for i in range(160)]
    first, *rest = (
        pay(f"ring{i}", 10 + i, f"r{i}", f"r{(i + 1) % 4}", str(5200 - 10 * i), Channel.TRANSFER) for i in range(4)
    )
    before = [t for t in shopping if t.booked_at < rest[0].booked_at]
    after = [t for t in shopping if t.booked_at >= rest[0].booked_at]
    return sorted([*before, first, *rest, *after], key=lambda t: t.booked_at + late * (t is first) * timedelta(days=5))


class States(dict[UUID, Contents]):
    """Kept in memory, as the service keeps them in sealed files."""

    def write(self, tenant_id: UUID, data_key: bytes, contents: Contents) -> int:
        self[tenant_id] = Contents(
            {name: array.copy() for name, array in contents.arrays.items()},
            {name: list(texts) for name, texts in contents.texts.items()},
            json.loads(json.dumps(contents.facts)),
        )
        return 1

    def read(self, tenant_id: UUID, data_key: bytes) -> Contents | None:
        return self.get(tenant_id)

    def remove(self, tenant_id: UUID) -> None:
        self.pop(tenant_id, None)


@pytest.fixture
def settings(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(module, "CHUNK", 16)
    settings = Settings(home=tmp_path, admin_database_url=database.url, database_url=database.url)
    create_missing_keys(settings.secrets_folder)
    return settings


def key_provider(settings: Settings) -> FileKeyProvider:
    return FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))


async def live(settings: Settings, tenant_id: UUID, payments: list[Transaction]) -> None:
    """The stream takes them, in groups, in the order given."""
    pool = await open_pool(settings.database_url, "clearance_engine")
    conninfo = role_conninfo(settings.database_url, "clearance_engine")
    try:
        async with await AsyncConnection.connect(conninfo, autocommit=True) as lock:
            engine = StreamingEngine(pool, lock, key_provider(settings), load(settings.models / "transactions"))
            await engine.start()
            for start in range(0, len(payments), 32):
                await engine.submit(tenant_id, payments[start : start + 32])
            await engine.stop()
    finally:
        await pool.close()


def activities(settings: Settings, pool: Pool, states: States, slice_size: int = 48) -> LookBackActivities:
    model = load(settings.models / "transactions")
    recorder = DecisionRecorder(pool, "test")
    trees = TreeModel.from_text(model.content)
    return LookBackActivities(
        pool, key_provider(settings), recorder, model, trees, states, lambda: NOW, slice_size=slice_size
    )


async def looked_back(
    make: Callable[[], LookBackActivities], tenant_id: UUID, between: Callable[[], object] = lambda: None
) -> m.LookBackTally:
    """What the workflow does; `make` gives the activities of each slice, `between` happens before each."""
    tally, after = m.LookBackTally(), None
    plan = await ActivityEnvironment().run(make().plan_look_back, m.LookBackInput(tenant_id, 60))
    for number in range(100):
        between()
        done = await ActivityEnvironment().run(make().look_back_slice, m.LookBackSlice(plan, after, number))
        tally, after = tally.plus(done.tally), done.last
        if after is None:
            assert tally.transactions == plan.transactions
            return tally
    raise AssertionError("it has no end")


async def raised(pool: Pool, tenant_id: UUID) -> list[alerts.Alert]:
    async with tenant_transaction(pool, tenant_id) as conn:
        return await alerts.list_alerts(conn)


async def test_a_round_trip_whose_first_payment_came_late_becomes_an_alert_once(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Late", "US")
    await live(settings, tenant.tenant_id, ring(late=True))
    async with await open_pool(settings.database_url, "clearance_worker") as pool:
        assert not [alert for alert in await raised(pool, tenant.tenant_id) if "cycle" in alert.typologies]
        states = States()
        steps = activities(settings, pool, states)
        tally = await looked_back(lambda: steps, tenant.tenant_id)
        assert tally.raised >= 1
        assert not states
        (alert,) = [alert for alert in await raised(pool, tenant.tenant_id) if "cycle" in alert.typologies]
        assert {"ring0", "ring1", "ring2", "ring3"} <= set(alert.transactions)
        assert {"r0", "r1", "r2", "r3"} & set(alert.accounts)
        async with tenant_transaction(pool, tenant.tenant_id) as conn:
            row = await decisions.fetch_decision(conn, alert.decision_id)
            model = await decisions.fetch_model(conn, row.model.sha256)
            wrapped = await subjects.fetch_wrapped_key(conn, row.subject_id)
            key = key_provider(settings).unwrap(tenant.tenant_id, wrapped)
            decision = row.reopen(open_sealed(key, row.sealed_evidence, contexts.decision_evidence(row.decision_id)))
            started = await (
                await conn.execute("SELECT payload FROM outbox WHERE payload->>'alert_id' = %s", (str(alert.alert_id),))
            ).fetchall()
        assert replay(decision, model.content).identical
        assert decision.outcome == "alert"
        assert decision.about == f"alert:{alert.alert_id}"
        assert len(started) == 1
        count = len(await raised(pool, tenant.tenant_id))
        again = await looked_back(lambda: steps, tenant.tenant_id)
        assert (again.raised, again.found) == (0, tally.found)
        assert len(await raised(pool, tenant.tenant_id)) == count


@pytest.mark.parametrize("lost", ["process", "process and file", "nothing"])
async def test_what_is_lost_between_slices_changes_nothing(settings: Settings, lost: str) -> None:
    tenant = await add_tenant(settings, "Lost", "US")
    await live(settings, tenant.tenant_id, ring(late=True))
    async with await open_pool(settings.database_url, "clearance_worker") as pool:
        states = States()
        steps = activities(settings, pool, states)
        make = (lambda: steps) if lost == "nothing" else (lambda: activities(settings, pool, states))
        between = states.clear if lost == "process and file" else (lambda: None)
        tally = await looked_back(make, tenant.tenant_id, between)
        names = sorted((alert.typologies, alert.transactions) for alert in await raised(pool, tenant.tenant_id))
    assert tally.raised >= 1
    assert sum("cycle" in typologies for typologies, _ in names) == 1


async def test_what_the_live_path_alerted_on_is_not_raised_again(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Timely", "US")
    await live(settings, tenant.tenant_id, ring(late=False))
    async with await open_pool(settings.database_url, "clearance_worker") as pool:
        before = await raised(pool, tenant.tenant_id)
        assert any("cycle" in alert.typologies for alert in before)
        steps = activities(settings, pool, States())
        tally = await looked_back(lambda: steps, tenant.tenant_id)
        assert tally.found >= 1
        after: list[Any] = await raised(pool, tenant.tenant_id)
    assert sum("cycle" in alert.typologies for alert in after) == 1
