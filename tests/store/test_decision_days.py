"""Decisions lie in a partition a day, found by their id alone, and those of before partitions are where they were."""

import shutil
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest

from clearance.sequencer import DAYS_AHEAD
from store.decisions import append_decision, create_days, fetch_decision, fetch_decision_of_key, new_decision_id
from store.migrate import MIGRATIONS, migrate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_id_is_of_version_7_and_begins_with_its_millisecond() -> None:
    made = new_decision_id(NOON)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(NOON.timestamp() * 1000)
    later = new_decision_id(NOON + timedelta(milliseconds=1))
    assert made < later
    assert len({new_decision_id(NOON) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("zone", [timedelta(0), timedelta(hours=-5)])
def test_an_id_is_of_its_utc_day(database: Any, zone: timedelta) -> None:
    last = datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC).astimezone(timezone(zone))
    with psycopg.connect(database.url) as conn:
        row = conn.execute(
            "SELECT first_decision_id(%s), first_decision_id(%s)", (date(2026, 3, 1), date(2026, 3, 2))
        ).fetchone()
    assert row is not None
    assert row[0] <= new_decision_id(last) < row[1]
    assert row[1] <= new_decision_id(last + timedelta(microseconds=1)) < row[1].__class__(int=row[1].int + (1 << 90))


def partition_of(world: Any, decision_id: UUID) -> str:
    with world.superuser() as conn:
        (row,) = conn.execute(
            "SELECT tableoid::regclass::text FROM decision WHERE decision_id = %s", (decision_id,)
        ).fetchall()
        return str(row[0])


async def test_a_decision_goes_to_its_day_and_is_looked_up_there_only(world: Any) -> None:
    today = datetime.now(UTC)
    decision = world.decision(decision_id=new_decision_id(today))
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, decision, key=f"w/{uuid4()}", sealed_evidence=b"x")
    assert partition_of(world, decision.decision_id) == f"decision_{today:%Y%m%d}"
    async with world.as_role("clearance_api") as conn:
        assert (await fetch_decision(conn, decision.decision_id)).decision_id == decision.decision_id
        plan = await (
            await conn.execute("EXPLAIN SELECT record FROM decision WHERE decision_id = %s", (decision.decision_id,))
        ).fetchall()
    scanned = {line[0].split(" on ")[1].split()[0] for line in plan if " on decision" in line[0]}
    assert scanned == {f"decision_{today:%Y%m%d}"}


async def test_a_step_decides_once_also_when_it_runs_again_on_another_day(world: Any) -> None:
    key, today = f"w/{uuid4()}", datetime.now(UTC)
    first = world.decision(decision_id=new_decision_id(today))
    again = world.decision(decision_id=new_decision_id(today + timedelta(days=1)))
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, first, key=key, sealed_evidence=b"x")
    async with world.as_role("clearance_worker") as conn:
        leaf = await append_decision(conn, again, key=key, sealed_evidence=b"y")
    assert leaf.decision_id == first.decision_id
    async with world.as_role("clearance_api") as conn:
        kept = await fetch_decision_of_key(conn, world.tenant_id, key)
    assert kept is not None
    assert kept.decision_id == first.decision_id


async def test_no_statement_gives_a_key_to_two_decisions(world: Any) -> None:
    """What the unique index on the unpartitioned table promised."""
    key, today = f"w/{uuid4()}", datetime.now(UTC)
    decision = world.decision(decision_id=new_decision_id(today))
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, decision, key=key, sealed_evidence=b"x")
    twice = (
        "INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, "
        "score, model_sha256, as_of, record, explanation, sealed_evidence, created_at) SELECT %s, tenant_id, leaf_id, "
        "1, key, subject_id, kind, about, outcome, score, model_sha256, as_of, record, explanation, sealed_evidence, "
        "created_at FROM decision WHERE decision_id = %s"
    )
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="decision_keyed"):
        async with world.as_role("clearance_worker") as conn:
            await conn.execute(twice, (new_decision_id(today), decision.decision_id))


async def test_the_sequencer_makes_the_coming_days_once_and_nobody_else_may(world: Any) -> None:
    first = datetime.now(UTC).date() + timedelta(days=100)
    async with world.as_role("clearance_sequencer") as conn:
        assert await create_days(conn, first, 3) == 3
        assert await create_days(conn, first, 4) == 1
    for role in ("clearance_worker", "clearance_engine", "clearance_api"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with world.as_role(role) as conn:
                await create_days(conn, first, 1)


async def test_a_day_that_the_default_partition_has_rows_of_stays_there(world: Any) -> None:
    far = datetime.now(UTC) + timedelta(days=300)
    decision = world.decision(decision_id=new_decision_id(far))
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, decision, key=f"w/{uuid4()}", sealed_evidence=b"x")
    assert partition_of(world, decision.decision_id) == "decision_undated"
    async with world.as_role("clearance_sequencer") as conn:
        assert await create_days(conn, far.date(), 2) == 1
    assert partition_of(world, decision.decision_id) == "decision_undated"


async def test_a_new_database_has_the_days_ahead(world: Any) -> None:
    async with world.as_role("clearance_sequencer") as conn:
        assert await create_days(conn, datetime.now(UTC).date(), DAYS_AHEAD) == 0


OLDER = """
INSERT INTO tenant (tenant_id, name, regime) VALUES ('{tenant}', 'Old', 'US');
INSERT INTO subject (subject_id, tenant_id, wrapped_key) VALUES ('{subject}', '{tenant}', 'x');
INSERT INTO model (sha256, name, version, format, content, card)
    VALUES (encode(sha256('m'), 'hex'), 'm', '1', 'f', 'm', '{{}}');
INSERT INTO leaf (leaf_id, tenant_id, decision_id, size, salt, commitment, entry, leaf_hash, created_at)
    VALUES ('{leaf}', '{tenant}', '{decision}', 1, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'),
    '{{}}', sha256('\\x00'::bytea || convert_to('{{}}', 'UTF8')), now());
INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, score,
    model_sha256, as_of, record, explanation, sealed_evidence, created_at)
    VALUES ('{decision}', '{tenant}', '{leaf}', 0, 'w/step', '{subject}', 'screening', 'x', 'none', 0,
    encode(sha256('m'), 'hex'), now(), '{{}}', '{{}}', 'x', now());
"""


async def test_decisions_of_an_older_release_keep_key_and_leaf(postgres: Any, tmp_path: Path) -> None:
    """A database of before partitions, with a decision in it, is brought up to date."""
    name = f"older_{uuid4().hex}"
    url = urlsplit(postgres.admin_url)._replace(path=f"/{name}").geturl()
    for file in MIGRATIONS.glob("000[1-8]_*.sql"):
        shutil.copy(file, tmp_path)
    ids = {each: uuid4() for each in ("tenant", "subject", "leaf", "decision")}
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            await migrate(url, folder=tmp_path)
            with psycopg.connect(url) as conn:
                conn.execute(OLDER.format(**ids))
            assert "0050_decisions_by_day.sql" in await migrate(url)
            with psycopg.connect(url) as conn:
                rows = conn.execute(
                    "SELECT d.tableoid::regclass::text, k.decision_id, l.leaf_id FROM decision d "
                    "JOIN decision_key k USING (tenant_id, key) JOIN leaf l ON l.decision_id = d.decision_id"
                ).fetchall()
                assert rows == [("decision_undated", ids["decision"], ids["leaf"])]
                protected = conn.execute(
                    "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname LIKE 'decision%' "
                    "AND relkind IN ('r', 'p')"
                ).fetchone()
                assert protected == (True,)
                conn.execute("INSERT INTO decision_key VALUES (%s, 'k', %s)", (ids["tenant"], uuid4()))
                with pytest.raises(psycopg.errors.ForeignKeyViolation):
                    conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
