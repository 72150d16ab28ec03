"""`clearance retention`: who is due loses the key, once and with a trace; everyone else keeps it; the ledger holds."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from clearance.cli import app
from clearance.keyring import create_missing_keys
from explain.record import Condition, DecisionKind, Operator, Rule, RuleTable
from explain.rules import explain_rules, rule_findings
from store import subjects
from store.applications import NewApplication, submit_application
from store.customers import create_customer
from store.decisions import append_decision, evidence_bytes, register_model
from store.outbox import NewOutbox
from vault import contexts
from vault.envelope import new_data_key, seal
from vault.keys import FileKeyProvider

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
TABLE = RuleTable(
    "alerts",
    "1",
    ("none", "alert"),
    "none",
    (Rule("SCORE", (Condition("score", Operator.AT_LEAST, 0.9),), "alert", "the score is high", "house rule"),),
    ({"score": 0.1}, {"score": 0.2}),
)
Run = Callable[..., Any]


@pytest.fixture
def run(lone_world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    create_missing_keys(tmp_path / "secrets")
    monkeypatch.setenv("CLEARANCE_HOME", str(tmp_path))
    monkeypatch.setenv("CLEARANCE_DATABASE_URL", lone_world.url)

    async def run(*arguments: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(map(str, arguments)))

    return run


@pytest.fixture
def keys(run: Run, tmp_path: Path) -> FileKeyProvider:
    return FileKeyProvider(tmp_path / "secrets" / "master")


async def person(
    world: Any, keys: FileKeyProvider, until: date | None, *, tenant_id: UUID | None = None, held: bool = False
) -> UUID:
    """A subject with one decision that can be recomputed while the key is there."""
    tenant_id, subject_id, key = tenant_id or world.tenant_id, uuid4(), new_data_key()
    facts = {"score": 0.97}
    async with world.as_role("clearance_worker", tenant_id) as conn:
        await subjects.create_subject(conn, tenant_id, subject_id, keys.wrap(tenant_id, key), until)
        if held and until is not None:
            await subjects.set_retention(conn, subject_id, until, legal_hold=True)
        await register_model(conn, TABLE.ref(), "rule_table_json", TABLE.to_bytes(), {"name": "alerts"})
        decision = world.decision(
            tenant_id=tenant_id, subject_id=subject_id, kind=DecisionKind.ALERT, outcome="alert", score=1.0,
            model=TABLE.ref(), explanation=explain_rules(TABLE, facts), findings=rule_findings(TABLE, facts),
        )  # fmt: skip
        sealed = seal(key, evidence_bytes(decision), contexts.decision_evidence(decision.decision_id))
        await append_decision(conn, decision, key=f"t/{decision.decision_id}", sealed_evidence=sealed)
    return subject_id


async def erased(world: Any, subject_id: UUID, tenant_id: UUID | None = None) -> bool:
    async with world.as_role("clearance_worker", tenant_id or world.tenant_id) as conn:
        return (await subjects.fetch_subject(conn, subject_id)).erased


async def test_who_is_due_is_erased_and_replay_says_so(lone_world: Any, run: Run, keys: FileKeyProvider) -> None:
    other = lone_world.other_tenant_id
    due = await person(lone_world, keys, YESTERDAY)
    theirs = await person(lone_world, keys, date(2020, 1, 1), tenant_id=other)
    today = await person(lone_world, keys, TODAY)
    later = await person(lone_world, keys, TODAY + timedelta(days=400))
    open_end = await person(lone_world, keys, None)
    held = await person(lone_world, keys, date(2020, 1, 1), held=True)
    before = await run("decisions", "verify", "--all")
    assert "6 decisions: 6 identical, 0 different, 0 erased" in before.output

    done = await run("retention", "run")
    assert done.exit_code == 0, done.output
    assert f"tenant {lone_world.tenant_id}: 1 subjects erased" in done.output
    assert f"tenant {other}: 1 subjects erased" in done.output
    assert f"as of {TODAY}: 2 subjects erased, 1 kept under a legal hold" in done.output
    assert await erased(lone_world, due)
    assert await erased(lone_world, theirs, other)
    for kept in (today, later, open_end, held):
        assert not await erased(lone_world, kept)

    after = await run("decisions", "verify", "--all")
    assert after.exit_code == 0
    assert "6 decisions: 4 identical, 0 different, 2 erased" in after.output
    again = await run("retention", "run")
    assert "0 subjects erased, 1 kept under a legal hold" in again.output
    with lone_world.superuser() as conn:
        rows = conn.execute("SELECT tenant_id, actor, about, reason FROM audit WHERE action = 'erase'").fetchall()
    assert set(rows) == {
        (lone_world.tenant_id, "service:retention", f"subject:{due}", f"retained until {YESTERDAY}"),
        (other, "service:retention", f"subject:{theirs}", "retained until 2020-01-01"),
    }


async def test_the_ledger_verifies_after_an_erasure(
    lone_world: Any, run: Run, keys: FileKeyProvider, tmp_path: Path
) -> None:
    await person(lone_world, keys, YESTERDAY)
    key = (await run("audit", "checkpoint")).output.split()[2]
    await run("retention", "run")
    file = tmp_path / "export.jsonl"
    assert (await run("audit", "export", lone_world.tenant_id, "--output", file, "--with-evidence")).exit_code == 0
    verified = await run("audit", "verify", file, "--public-key", key, "--checkpoints", tmp_path / "checkpoints")
    assert verified.exit_code == 0, verified.output


async def test_an_earlier_day_erases_less_and_a_day_to_come_is_refused(
    lone_world: Any, run: Run, keys: FileKeyProvider
) -> None:
    subject_id = await person(lone_world, keys, YESTERDAY)
    refused = await run("retention", "run", "--as-of", TODAY + timedelta(days=1))
    assert refused.exit_code == 2
    assert "in the future" in refused.output
    assert "0 subjects erased" in (await run("retention", "run", "--as-of", YESTERDAY)).output
    assert not await erased(lone_world, subject_id)
    assert "1 subjects erased" in (await run("retention", "run", "--as-of", TODAY)).output


async def test_more_than_a_batch_is_erased_in_one_run(lone_world: Any, run: Run) -> None:
    async with lone_world.as_role("clearance_worker") as conn:
        for _ in range(230):
            await subjects.create_subject(conn, lone_world.tenant_id, uuid4(), b"wrapped", YESTERDAY)
    assert "230 subjects erased" in (await run("retention", "run")).output


async def test_a_customers_years_begin_when_the_relationship_ends(
    lone_world: Any, run: Run, keys: FileKeyProvider
) -> None:
    tenant_id = lone_world.tenant_id
    subject_id, application_id, customer_id = uuid4(), uuid4(), uuid4()
    wrapped = keys.wrap(tenant_id, new_data_key())
    async with lone_world.as_role("clearance_api") as conn:
        await submit_application(
            conn,
            NewApplication(
                application_id, tenant_id, subject_id, "person", b"x", bytes(32), bytes(32), "US", wrapped_key=wrapped
            ),
            (),
            NewOutbox(uuid4(), tenant_id, "onboarding", f"onboarding/{uuid4()}", {}),
        )
    async with lone_world.as_role("clearance_worker") as conn:
        await create_customer(conn, tenant_id, customer_id, subject_id, application_id, "low", b"sealed")
    ended = date(2026, 2, 28)
    done = await run("retention", "start", customer_id, "--ended", ended)
    assert done.exit_code == 0, done.output
    assert f"customer {customer_id}: kept until 2031-02-28" in done.output
    async with lone_world.as_role("clearance_worker") as conn:
        assert (await subjects.fetch_subject(conn, subject_id)).retain_until == date(2031, 2, 28)
    assert "0 subjects erased" in (await run("retention", "run")).output
    unknown = await run("retention", "start", uuid4())
    assert unknown.exit_code == 1
    assert "no tenant has a customer" in unknown.output
    early = await run("retention", "start", customer_id, "--ended", TODAY + timedelta(days=1))
    assert early.exit_code == 2
