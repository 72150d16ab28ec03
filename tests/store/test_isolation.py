"""A tenant sees and touches its own rows only, under every role and in every table."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from explain.record import DecisionKind
from store import (
    alerts,
    applications,
    audit,
    cases,
    checkpoints,
    credentials,
    customers,
    evidence,
    filing_supplements,
    filings,
    issuers,
    ledger,
    outbox,
    readings,
    requests,
    screenings,
    transactions,
    webhooks,
)
from store.decisions import append_decision
from store.migrate import ROLES
from vault.keys import Ed25519Signer

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def fill(world: Any, tenant_id: UUID, subject_id: UUID) -> None:
    """A row of the tenant in every table that has tenants."""
    application_id, document_id, customer_id, case_id = uuid4(), uuid4(), uuid4(), uuid4()
    async with world.as_role("clearance_api", tenant_id) as conn:
        await credentials.create_api_key(conn, tenant_id, credentials.hash_api_key(str(tenant_id)), ["submit"])
        await credentials.create_officer(conn, uuid4(), tenant_id, "ann", "scrypt$x", ["analyst"])
        await applications.submit_application(
            conn,
            applications.NewApplication(
                application_id, tenant_id, subject_id, "person", b"sealed", bytes(32), bytes(32), "US"
            ),
            [applications.NewDocument(document_id, "document", 0, "ab" * 32, "image/png", 10)],
            outbox.NewOutbox(uuid4(), tenant_id, "onboarding", f"onboarding-{uuid4()}", {}),
        )
        await audit.record_read(conn, "officer:x", "read", "application:x")
        await conn.execute(
            "INSERT INTO contest (contest_id, tenant_id, application_id, subject_id, outcome, sealed_reason) "
            "VALUES (%s, %s, %s, %s, 'rejected', 'x')",
            (uuid4(), tenant_id, application_id, subject_id),
        )
    async with world.as_role("clearance_worker", tenant_id) as conn:
        await applications.link_normalised(conn, document_id, 0, "cd" * 32)
        await readings.link_reading(conn, document_id, "ef" * 32)
        await customers.create_customer(conn, tenant_id, customer_id, subject_id, application_id, "low")
        await customers.open_account(conn, tenant_id, "A1", customer_id)
        await applications.set_application_state(conn, application_id, "concluded", "blocked", ["sanctions_confirmed"])
    decision = world.decision(tenant_id=tenant_id, subject_id=subject_id, kind=DecisionKind.TRANSACTION_SCORE)
    async with world.as_role("clearance_engine", tenant_id) as conn:
        await append_decision(conn, decision, key="t", sealed_evidence=b"x")
        await transactions.append_transactions(
            conn,
            [
                transactions.TransactionRow(
                    tenant_id=tenant_id,
                    transaction_id="t1",
                    ingest_seq=await transactions.next_ingest_seq(conn, tenant_id),
                    subject_id=subject_id,
                    booked_at=NOW,
                    debtor_account="A1",
                    creditor_account="B1",
                    amount=Decimal("10.00"),
                    currency="USD",
                    digest=bytes(32),
                    decision_id=decision.decision_id,
                )
            ],
        )
        await alerts.append_alerts(
            conn,
            [
                alerts.NewAlert(
                    uuid4(), tenant_id, subject_id, decision.decision_id, "t1", ("fan_in",), 0.5, ("A1",), ("t1",), b"x"
                )
            ],
        )
    async with world.as_role("clearance_sequencer", tenant_id) as conn:
        await ledger.sequence(conn, tenant_id)
        await checkpoints.make_checkpoint(conn, tenant_id, Ed25519Signer(bytes(32)))
    async with world.as_role("clearance_worker", tenant_id) as conn:
        for key in ("u", "v"):
            again = world.decision(tenant_id=tenant_id, subject_id=subject_id)
            await append_decision(conn, again, key=key, sealed_evidence=b"x")
        await cases.open_case(
            conn,
            cases.NewCase(
                case_id, tenant_id, "alert", "alert:x", subject_id, "w", ("r",), "US", "1", NOW, False, ("A1",)
            ),
            "k",
        )
        await cases.record_event(conn, cases.CaseEventRow(tenant_id, case_id, 0, "opened", "open", NOW))
        await filings.enqueue_filing(conn, uuid4(), tenant_id, b"sealed")
        state = await screenings.keep_state(conn, [("un", "ab" * 32)])
        new = screenings.NewScreening(
            uuid4(),
            tenant_id,
            "k",
            "application",
            "application:x",
            subject_id,
            state,
            "none",
            [uuid4()],
            b"x",
            b"x",
            NOW,
        )
        hit = screenings.HitRow("un", "e1", "cd" * 32, uuid4(), 0.9, "strong")
        await screenings.store_screening(conn, new, [hit])
        cleared = screenings.ClearedHit(
            subject_id, "un", "e1", "cd" * 32, case_id, uuid4(), None, NOW, NOW + timedelta(days=1)
        )
        await screenings.clear_hits(conn, tenant_id, [cleared])
        await screenings.screened_up_to(conn, tenant_id, [customer_id], state, NOW)
    async with world.as_role("clearance_sequencer", tenant_id) as conn:
        await ledger.sequence(conn, tenant_id, 1)
    async with world.as_role("clearance_api", tenant_id) as conn:
        await cases.add_reason(conn, uuid4(), b"x", "ab" * 32, tenant_id=tenant_id, case_id=case_id, officer_id=uuid4())
        request_id, evidence_id = uuid4(), uuid4()
        await requests.add_request(
            conn,
            requests.NewRequest(
                request_id, tenant_id, case_id, application_id, subject_id, uuid4(), os.urandom(32), b"x", b"x", NOW
            ),
        )
        await evidence.add_evidence(
            conn,
            evidence.NewEvidence(
                evidence_id, tenant_id, case_id, subject_id, "ab" * 32, "image/png", 10, request_id=request_id
            ),
        )
        await issuers.create_issuer(
            conn, uuid4(), tenant_id, "https://i", str(tenant_id), "https://k", ["ES256"], "r", {}
        )
        endpoint_id = uuid4()
        await webhooks.create_endpoint(conn, endpoint_id, tenant_id, "https://hooks.test", (), "", "officer:x")
        await webhooks.add_secret(conn, uuid4(), tenant_id, endpoint_id, b"x")
        delivery_id = await webhooks.announce_test(conn, tenant_id, endpoint_id)
    async with world.as_role("clearance_worker", tenant_id) as conn:
        await evidence.link_evidence_page(conn, tenant_id, evidence_id, 0, "ab" * 32)
        await webhooks.record_attempt(conn, tenant_id, delivery_id, webhooks.Attempt(1, NOW, 500, "", 3))
    async with world.as_role("clearance_filing", tenant_id) as conn:
        filing_id = uuid4()
        for key in ("x", "y", "z"):
            to_file = world.decision(tenant_id=tenant_id, subject_id=subject_id, kind=DecisionKind.FILING_TRIGGER)
            await append_decision(conn, to_file, key=key, sealed_evidence=b"x", schema="filing")
        await ledger.sequence(conn, tenant_id, 2, schema="filing")
        await checkpoints.make_checkpoint(conn, tenant_id, Ed25519Signer(bytes(32)), schema="filing")
        await filings.save_draft(
            conn,
            filings.NewFiling(filing_id, tenant_id, case_id, uuid4(), "US", "1", "sar", b"x", "ab" * 32, True, (), NOW),
        )
        await filings.record_event(conn, filings.NewFilingEvent(tenant_id, filing_id, 0, "drafted", "draft", NOW))
        await filings.save_submission(
            conn, filings.NewSubmission(tenant_id, filing_id, 0, 1, "initial", "ab" * 32, "ref", b"x")
        )
        answer = filings.Acknowledgement(1, True, "17", (), b"x", b"x", NOW)
        await filings.save_acknowledgement(conn, tenant_id, filing_id, answer)
        await filing_supplements.add_supplement(conn, uuid4(), tenant_id, filing_id, uuid4(), b"x")
        await conn.execute(
            "INSERT INTO filing.reason (reason_id, tenant_id, filing_id, officer_id, action, revision, wrapped_key, "
            "sealed_text, sha256) VALUES (%s, %s, %s, %s, 'approve', 0, 'x', 'x', %s)",
            (uuid4(), tenant_id, filing_id, uuid4(), "ab" * 32),
        )


def tenant_tables(world: Any) -> list[tuple[str, str]]:
    with world.superuser() as conn:
        return conn.execute(
            "SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = 'tenant_id' "
            "AND table_schema IN ('public', 'filing') "
            "AND NOT (SELECT relispartition FROM pg_class "
            "WHERE oid = format('%I.%I', table_schema, table_name)::regclass) "
            "ORDER BY 1, 2"
        ).fetchall()


async def test_another_tenant_sees_and_changes_nothing_in_any_table(lone_world: Any) -> None:
    await fill(lone_world, lone_world.tenant_id, lone_world.subject_id)
    await fill(lone_world, lone_world.other_tenant_id, lone_world.other_subject_id)
    tables = tenant_tables(lone_world)
    stranger = uuid4()
    readable = 0
    for role in ROLES:
        for schema, table in tables:
            everything = f"{schema}.{table}" in SEES_ALL.get(role, ())
            for tenant_id, own in ((lone_world.tenant_id, {lone_world.tenant_id}), (stranger, set())):
                seen = await tenants_seen(lone_world, role, tenant_id, sql.Identifier(schema, table))
                if seen is not None:
                    readable += 1
                    expected = {lone_world.tenant_id, lone_world.other_tenant_id} if everything else own
                    assert seen == expected, (role, schema, table)
    assert readable > 100


SEES_ALL = {
    "clearance_owner": {"public.tenant", "public.api_key", "public.applicant_request", "public.oidc_issuer"},
    "clearance_worker": {"public.tenant"},
    "clearance_dispatcher": {"public.tenant", "public.outbox"},
    "clearance_engine": {"public.tenant"},
    "clearance_sequencer": {"public.tenant", "public.leaf_pending"},
    "clearance_retention": {"public.tenant", "public.subject"},
    "clearance_filing": {"public.tenant", "filing.outbox", "filing.leaf_pending"},
}


async def tenants_seen(world: Any, role: str, tenant_id: UUID, table: sql.Identifier) -> set[UUID] | None:
    """Whose rows the role sees in a table while it works for a tenant; None where it may not read it at all."""
    try:
        async with world.as_role(role, tenant_id) as conn:
            cursor = await conn.execute(sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(table))
            return {row[0] for row in await cursor.fetchall()}
    except psycopg.errors.InsufficientPrivilege:
        return None


async def test_every_tenant_table_was_filled(lone_world: Any) -> None:
    await fill(lone_world, lone_world.tenant_id, lone_world.subject_id)
    with lone_world.superuser() as conn:
        empty = {
            table
            for schema, table in tenant_tables(lone_world)
            if conn.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(schema, table))).fetchone()
            is None
        }
    assert empty == set()


@pytest.mark.parametrize("role", ["clearance_api", "clearance_worker", "clearance_engine", "clearance_owner"])
async def test_a_row_cannot_be_written_for_another_tenant(world: Any, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role(role) as conn:
            await conn.execute(
                "INSERT INTO subject (subject_id, tenant_id, wrapped_key) VALUES (%s, %s, 'x')",
                (uuid4(), world.other_tenant_id),
            )


async def test_a_tenant_set_in_one_transaction_is_gone_in_the_next(world: Any) -> None:
    async with world.as_role("clearance_api") as conn:
        assert len(await (await conn.execute("SELECT 1 FROM subject")).fetchall()) == 1
        await conn.execute("COMMIT")
        assert await (await conn.execute("SELECT 1 FROM subject")).fetchall() == []
        await conn.execute("BEGIN")


async def test_nobody_else_reads_filings(world: Any) -> None:
    tables = [table for schema, table in tenant_tables(world) if schema == "filing"]
    assert len(tables) >= 11
    for role in set(ROLES) - {"clearance_filing", "clearance_owner"}:
        for table in tables:
            assert await tenants_seen(world, role, world.tenant_id, sql.Identifier("filing", table)) is None


async def test_the_worker_learns_nothing_from_enqueuing(world: Any) -> None:
    filing_id = uuid4()
    for payload in (b"first", b"second"):
        async with world.as_role("clearance_worker") as conn:
            await filings.enqueue_filing(conn, filing_id, world.tenant_id, payload)
    async with world.as_role("clearance_filing") as conn:
        assert await filings.fetch_filing_payload(conn, filing_id) == b"first"


async def test_the_worker_cannot_enqueue_for_another_tenant(world: Any) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role("clearance_worker") as conn:
            await filings.enqueue_filing(conn, uuid4(), world.other_tenant_id, b"x")


@pytest.mark.parametrize("role", ["clearance_api", "clearance_dispatcher", "clearance_engine", "clearance_sequencer"])
async def test_only_the_worker_enqueues_filings(world: Any, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role(role) as conn:
            await filings.enqueue_filing(conn, uuid4(), world.tenant_id, b"x")
