"""What a foreign payment counted as is stored with it: rebuilt, looked back on or verified, no table is asked again."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from aml.counter_value import Rates, with_counter_value
from aml.money import Money
from aml.transaction import Transaction
from clearance.keyring import create_missing_keys
from clearance.partition import NO_RATE
from clearance.rates import RatesFolder, RatesUnreadable
from clearance.settings import Settings
from clearance.snapshots import SnapshotFolder
from clearance.tenancy import add_tenant
from clearance.verification import verify_decisions
from store.connection import Pool, tenant_transaction
from store.transactions import TransactionRow, iterate_for_rebuild, transaction_of
from tests.conftest import Database
from tests.faults.test_engine_killed import PROBES, counted, reference, running_engine
from tests.faults.world import SIZE, assert_identical, world

EURO = Decimal("1.08")


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, admin_database_url=database.url, database_url=database.url)
    create_missing_keys(settings.secrets_folder)
    return settings


def abroad(payments: Sequence[Transaction]) -> list[Transaction]:
    """The world in euro: every third payment says what it was booked as, at a rate of its own."""
    return [
        replace(
            t,
            money=Money(t.money.amount, "EUR"),
            counter_value=Money(
                (t.money.amount * Decimal("1.11")).quantize(Decimal("0.01")), "USD"
            ) if place % 3 == 0 else None,
        )
        for place, t in enumerate(payments)
    ]  # fmt: skip


async def stored(pool: Pool, tenant_id: object) -> list[TransactionRow]:
    async with tenant_transaction(pool, tenant_id) as connection:  # type: ignore[arg-type]
        return [row async for row in iterate_for_rebuild(connection, tenant_id)]  # type: ignore[arg-type]


@pytest.mark.parametrize("snapshots", [False, True], ids=["transactions", "snapshot"])
async def test_a_rebuilt_engine_counts_as_it_did_whatever_the_rates_are_by_then(
    settings: Settings, snapshots: bool
) -> None:
    tenant = await add_tenant(settings, "Foreign", "US")
    settings.rates_folder.mkdir()
    table = settings.rates_folder / f"{tenant.tenant_id}.json"
    table.write_text(json.dumps({"as_of": "2026-11-20", "EUR": str(EURO)}))
    folder = SnapshotFolder(settings.engine_folder) if snapshots else None
    sent = abroad(world()[: 3 * SIZE])
    async with running_engine(settings, snapshots=folder, rates=RatesFolder(settings.rates_folder)) as (engine, _):
        for start in range(0, len(sent), SIZE):
            answers = await engine.submit(tenant.tenant_id, sent[start : start + SIZE])
            assert not any(NO_RATE in answer.flags for answer in answers)
        again = await engine.submit(tenant.tenant_id, [replace(sent[0], counter_value=None)])
    assert [answer.status for answer in again] == ["duplicate"]

    table.write_text(json.dumps({"as_of": "2031-01-01", "EUR": "9"}))
    async with running_engine(settings, snapshots=folder, rates=RatesFolder(settings.rates_folder)) as (engine, pool):
        rows = await stored(pool, tenant.tenant_id)
        probes = world()[-PROBES:]
        rebuilt = engine._partitions[tenant.tenant_id].assess(probes, [True] * PROBES)
    rates = Rates("the rates of 2026-11-20", {"EUR": EURO})
    assert [(t.counter_value, t.rates_of) for t in map(transaction_of, rows)] == [
        (t.counter_value, t.rates_of) for t in (with_counter_value(each, "USD", rates) for each in sent)
    ]
    assert {row.details["rates_of"] for row in rows if row.details and "rates_of" in row.details} == {rates.name}
    assert_identical(rebuilt, reference(rows, settings).assess(probes, [True] * PROBES))


async def test_without_rates_only_what_says_its_booking_counts(settings: Settings) -> None:
    tenant = await add_tenant(settings, "No rates", "US")
    sent = abroad(world()[:SIZE])
    async with running_engine(settings, rates=RatesFolder(settings.rates_folder)) as (engine, pool):
        answers = await engine.submit(tenant.tenant_id, sent)
        rows = await stored(pool, tenant.tenant_id)
    assert [NO_RATE in answer.flags for answer in answers] == [t.counter_value is None for t in sent]
    assert [row.details is not None and "counter_value" in row.details for row in rows] == [
        t.counter_value is not None for t in sent
    ]
    assert await verify_decisions(settings, Console(quiet=True)) == 0
    for rule, booked in (("valued_as", True), ("without_rate", False)):
        about = "about LIKE 'transaction:%'"
        told = counted(settings, f"SELECT count(*) FROM decision WHERE {about} AND record::text LIKE '%{rule}%'")
        assert told == sum((t.counter_value is not None) is booked for t in sent)


async def test_an_engine_does_not_start_on_rates_that_are_none(settings: Settings) -> None:
    tenant = await add_tenant(settings, "Broken rates", "US")
    settings.rates_folder.mkdir()
    (settings.rates_folder / f"{tenant.tenant_id}.json").write_text('{"as_of": "2026-11-20", "EUR": "0"}')
    with pytest.raises(RatesUnreadable, match="rate of EUR is 0, which is not above zero"):
        async with running_engine(settings, rates=RatesFolder(settings.rates_folder)):
            pass
