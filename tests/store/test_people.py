"""Tenants, credentials, subjects and their erasure, customers and accounts, audit."""

from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from store import audit, credentials, customers, subjects, tenants
from store.applications import NewApplication, submit_application
from store.connection import open_pool, service_transaction, tenant_transaction
from store.outbox import NewOutbox


async def test_tenants(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_owner") as conn:
        await tenants.create_tenant(conn, lone_world.tenant_id, "Renamed", "EU")
    async with lone_world.as_role("clearance_api") as conn:
        own = await tenants.fetch_tenant(conn, lone_world.tenant_id)
        assert own == tenants.Tenant(lone_world.tenant_id, f"Tenant {lone_world.tenant_id}", "US")
        assert await tenants.fetch_tenant(conn, lone_world.other_tenant_id) is None
        assert await tenants.list_tenants(conn) == [own]
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        assert {t.tenant_id for t in await tenants.list_tenants(conn)} == {
            lone_world.tenant_id,
            lone_world.other_tenant_id,
        }


async def test_an_api_key_makes_its_tenant_known(world: Any) -> None:
    key = credentials.new_api_key()
    async with world.as_role("clearance_api") as conn:
        await credentials.create_api_key(conn, world.tenant_id, credentials.hash_api_key(key), ["applications:write"])
        await credentials.create_api_key(conn, world.tenant_id, credentials.hash_api_key(key), ["more"])
    async with world.as_role("clearance_api", None) as conn:
        found = await credentials.find_api_key(conn, credentials.hash_api_key(key))
        assert found is not None
        assert (found.tenant_id, found.scopes) == (world.tenant_id, ("applications:write",))
        assert await credentials.find_api_key(conn, credentials.hash_api_key(key + "x")) is None
        assert await (await conn.execute("SELECT 1 FROM api_key")).fetchall() == []
    async with world.as_role("clearance_api", world.other_tenant_id) as conn:
        await credentials.revoke_api_key(conn, found.api_key_id)
        assert await credentials.find_api_key(conn, credentials.hash_api_key(key)) == found
    async with world.as_role("clearance_api") as conn:
        await credentials.revoke_api_key(conn, found.api_key_id)
        assert await credentials.find_api_key(conn, credentials.hash_api_key(key)) is None


async def test_officers(world: Any) -> None:
    officer_id = uuid4()
    async with world.as_role("clearance_api") as conn:
        for _ in range(2):
            await credentials.create_officer(conn, officer_id, world.tenant_id, "ann", "scrypt$…", ["analyst"])
        found = await credentials.find_officer(conn, world.tenant_id, "ann")
        assert found == credentials.Officer(officer_id, world.tenant_id, "ann", "scrypt$…", ("analyst",), True)
        assert await credentials.fetch_officer(conn, officer_id) == found
        assert await credentials.find_officer(conn, world.tenant_id, "bob") is None
    for login, roles, error in (
        ("ann", ["analyst"], psycopg.errors.UniqueViolation),
        ("bob", ["king"], psycopg.errors.CheckViolation),
    ):
        with pytest.raises(error):
            async with world.as_role("clearance_api") as conn:
                await credentials.create_officer(conn, uuid4(), world.tenant_id, login, "x", roles)


def test_passwords() -> None:
    stored = credentials.hash_password("correct horse", log_n=10)
    assert credentials.verify_password("correct horse", stored)
    assert not credentials.verify_password("correct house", stored)
    assert credentials.hash_password("correct horse", log_n=10) != stored
    assert credentials.hash_password("x").startswith("scrypt$17$8$1$")
    with pytest.raises(ValueError, match="unknown password scheme"):
        credentials.verify_password("x", "md5$1$1$1$00$00")


async def test_an_erased_subject_has_no_key(world: Any) -> None:
    async with world.as_role("clearance_worker") as conn:
        assert await subjects.create_subject(conn, world.tenant_id, world.subject_id, b"other") is False
        assert await subjects.fetch_wrapped_key(conn, world.subject_id) == b"wrapped"
        with pytest.raises(subjects.SubjectUnknown):
            await subjects.fetch_wrapped_key(conn, uuid4())
    async with world.as_role("clearance_retention") as conn:
        for _ in range(2):
            await subjects.destroy_key(conn, world.subject_id)
    async with world.as_role("clearance_worker") as conn:
        with pytest.raises(subjects.SubjectErased):
            await subjects.fetch_wrapped_key(conn, world.subject_id)
        assert (await subjects.fetch_subject(conn, world.subject_id)).erased
        assert await subjects.create_subject(conn, world.tenant_id, world.subject_id, b"revived") is False


async def test_retention_and_legal_hold(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_worker") as conn:
        await subjects.set_retention(conn, lone_world.subject_id, date(2031, 1, 1), legal_hold=True)
        await subjects.set_retention(conn, lone_world.subject_id, date(2030, 1, 1), legal_hold=True)
    async with lone_world.as_role("clearance_retention", None) as conn:
        assert await subjects.due_for_erasure(conn, date(2040, 1, 1)) == []
        with pytest.raises(subjects.SubjectHeld):
            await subjects.destroy_key(conn, lone_world.subject_id)
        await subjects.set_retention(conn, lone_world.subject_id, date(2030, 1, 1), legal_hold=False)
        with pytest.raises(subjects.SubjectHeld):
            await subjects.destroy_key(conn, lone_world.subject_id, as_of=date(2031, 1, 1))
        (due,) = await subjects.due_for_erasure(conn, date(2031, 1, 2))
        assert (due.subject_id, due.retain_until) == (lone_world.subject_id, date(2031, 1, 1))
        await subjects.destroy_key(conn, lone_world.subject_id, as_of=date(2031, 1, 2))
        assert await subjects.due_for_erasure(conn, date(2031, 1, 2)) == []


async def test_a_date_alone_never_lifts_a_hold_and_a_customer_is_kept_without_end(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_worker") as conn:
        await subjects.set_retention(conn, lone_world.subject_id, date(2020, 1, 1), legal_hold=True)
        await subjects.set_retention(conn, lone_world.subject_id, date(2021, 1, 1))
        subject = await subjects.fetch_subject(conn, lone_world.subject_id)
        assert (subject.legal_hold, subject.retain_until) == (True, date(2021, 1, 1))
    async with lone_world.as_role("clearance_retention", None) as conn:
        assert [await subjects.count_held(conn, day) for day in (date(2021, 1, 1), date(2021, 1, 2))] == [0, 1]
    async with lone_world.as_role("clearance_worker") as conn:
        await subjects.retain_as_customer(conn, lone_world.subject_id)
        with pytest.raises(subjects.SubjectUnknown):
            await subjects.retain_as_customer(conn, uuid4())
    async with lone_world.as_role("clearance_retention", None) as conn:
        assert await subjects.count_held(conn, date(2040, 1, 1)) == 0
        assert await subjects.due_for_erasure(conn, date(2040, 1, 1)) == []


@pytest.mark.parametrize("role", ["clearance_api", "clearance_worker", "clearance_engine", "clearance_filing"])
async def test_only_retention_destroys_keys(world: Any, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role(role) as conn:
            await subjects.destroy_key(conn, world.subject_id)


async def application(world: Any) -> Any:
    application_id = uuid4()
    async with world.as_role("clearance_api") as conn:
        await submit_application(
            conn,
            NewApplication(
                application_id, world.tenant_id, world.subject_id, "person", b"x", uuid4().bytes * 2, bytes(32), "US"
            ),
            [],
            NewOutbox(uuid4(), world.tenant_id, "onboarding", f"onboarding-{application_id}", {}),
        )
    return application_id


async def test_an_application_becomes_one_customer(world: Any) -> None:
    application_id, customer_id = await application(world), uuid4()
    async with world.as_role("clearance_worker") as conn:
        for attempt in (customer_id, uuid4()):
            made = await customers.create_customer(
                conn, world.tenant_id, attempt, world.subject_id, application_id, "low", b"profile"
            )
            assert made == customer_id
        assert await customers.raise_rating(conn, customer_id, "high")
        assert not await customers.raise_rating(conn, customer_id, "medium")
        stored = await customers.fetch_customer(conn, customer_id)
        assert stored is not None
        assert (stored.rating, stored.sealed_profile) == ("high", b"profile")
        assert await customers.fetch_customer(conn, uuid4()) is None
        assert not await customers.raise_rating(conn, uuid4(), "high")


async def test_an_account_belongs_to_one_customer(world: Any) -> None:
    ids = [uuid4(), uuid4()]
    async with world.as_role("clearance_worker") as conn:
        for customer_id in ids:
            await customers.create_customer(
                conn, world.tenant_id, customer_id, world.subject_id, await application(world), "low"
            )
        assert await customers.open_account(conn, world.tenant_id, "A1", ids[0]) is True
        assert await customers.open_account(conn, world.tenant_id, "A1", ids[0]) is False
        with pytest.raises(customers.AccountTaken):
            await customers.open_account(conn, world.tenant_id, "A1", ids[1])
        assert await customers.known_accounts(conn, ["A1", "B1"]) == {"A1": ids[0]}
        assert await customers.account_holders(conn, ["A1", "B1"]) == {
            "A1": customers.Holder(ids[0], world.subject_id, frozen=False, rating="low")
        }
        assert [account.account_ref for account in await customers.list_accounts(conn, ids[0])] == ["A1"]
    async with world.as_role("clearance_engine", world.other_tenant_id) as conn:
        assert await customers.known_accounts(conn, ["A1"]) == {}


async def test_audit_says_who_saw_and_who_was_refused(world: Any) -> None:
    async with world.as_role("clearance_api") as conn:
        await audit.record_read(conn, "officer:1", "read", "decision:1")
        await audit.record_refusal(conn, "officer:2", "approve", "case:1", "the maker may not approve")
        rows = await audit.list_audit(conn)
        assert [(row.actor, row.allowed, row.reason) for row in rows] == [
            ("officer:2", False, "the maker may not approve"),
            ("officer:1", True, ""),
        ]
        assert [row.actor for row in await audit.list_audit(conn, "decision:1")] == ["officer:1"]


async def test_audit_without_a_tenant_fails(world: Any) -> None:
    with pytest.raises(psycopg.Error):
        async with world.as_role("clearance_api", None) as conn:
            await audit.record_read(conn, "officer:1", "read", "decision:1")


async def two_subjects(pool: Any, tenant_id: Any) -> None:
    """The second one fails, after the first one and a savepoint that holds."""
    async with tenant_transaction(pool, tenant_id) as conn:
        async with conn.transaction():
            await subjects.create_subject(conn, tenant_id, uuid4(), b"x")
        await conn.execute("INSERT INTO subject DEFAULT VALUES")


async def test_pools_give_transactions_of_a_tenant_or_of_none(world: Any) -> None:
    pool = await open_pool(world.url, "clearance_worker", max_size=2)
    try:
        for _ in range(12):
            async with tenant_transaction(pool, world.tenant_id) as conn:
                assert len(await (await conn.execute("SELECT 1 FROM subject")).fetchall()) == 1
            async with service_transaction(pool) as conn:
                assert await (await conn.execute("SELECT 1 FROM subject")).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await two_subjects(pool, world.tenant_id)
        async with tenant_transaction(pool, world.tenant_id) as conn:
            assert len(await (await conn.execute("SELECT 1 FROM subject")).fetchall()) == 1
            row = await (await conn.execute("SELECT current_user, current_setting('TimeZone')")).fetchone()
            assert row == ("clearance_worker", "UTC")
    finally:
        await pool.close()
