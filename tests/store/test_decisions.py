"""Decisions come with explanation and leaf or not at all, exactly once, and read back bit for bit."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import RFC_4122, uuid4

import psycopg
import pytest

from explain.record import DecisionKind, InputRef, Method, ModelRef
from store import ledger, numbers
from store.batches import BatchHeader, BatchRow, append_decision_batch
from store.decisions import (
    DecisionUnknown,
    ModelUnknown,
    append_decision,
    count_decisions,
    evidence_bytes,
    fetch_decision,
    fetch_decision_of_key,
    fetch_model,
    iterate_decisions,
    list_decisions,
    new_decision_ids,
    register_model,
)
from store.transactions import TransactionRow, append_transactions
from store.verification import fetch_stored, iterate_inputs

AWKWARD = [0.1, 1 / 3, 1e-308, 5e-324, -0.0, 1.7976931348623157e308, 2**53 + 1.0, 123456.789e-7, 1e22, -1e-7]


def batch(world: Any, count: int, **changes: Any) -> tuple[BatchHeader, list[BatchRow]]:
    decision = world.decision()
    header = BatchHeader(
        tenant_id=world.tenant_id,
        kind=DecisionKind.TRANSACTION_SCORE,
        model=decision.model,
        method=Method.TREE_PATH_DEPENDENT,
        base_value=-2.0,
        features=("amount", "velocity"),
        regime="EU",
        regime_version="2026-01",
        policy_version="1",
        inputs=(InputRef("batch", "cd" * 32),),
        code_version="0.1.0",
        as_of=decision.as_of,
    )
    rows = [
        BatchRow(
            decision_id=uuid4(),
            subject_id=world.subject_id,
            about=f"transaction:t{number}",
            outcome="none",
            score=number / 7,
            packed=numbers.pack([number / 3, 1e-9 * number]),
            output=-2.0 + number / 3 + 1e-9 * number,
            additivity_error=number / 1e15,
            sealed_evidence=b"sealed %d" % number,
            rules=(("FAN_IN", "alert", "FATF R.20"),) if number % 2 else (),
        )
        for number in range(count)
    ]
    return header, [*rows[:-1], *(_changed(row, changes) for row in rows[-1:])]


def _changed(row: BatchRow, changes: dict[str, Any]) -> BatchRow:
    for name, value in changes.items():
        setattr(row, name, value)
    return row


async def test_a_decision_reads_back_as_it_was_written(world: Any) -> None:
    decision = world.decision()
    evidence = evidence_bytes(decision)
    async with world.as_role("clearance_worker") as conn:
        leaf = await append_decision(conn, decision, key="w/score", sealed_evidence=evidence)
    async with world.as_role("clearance_api") as conn:
        stored = await fetch_decision(conn, decision.decision_id)
        assert await list_decisions(conn, decision.about) == [stored]
        assert await fetch_decision_of_key(conn, world.tenant_id, "w/score") == stored
        assert await fetch_decision_of_key(conn, world.tenant_id, "w/other") is None
    assert stored.leaf_id == leaf.leaf_id
    assert stored.reopen(stored.sealed_evidence) == decision


@pytest.mark.parametrize("value", AWKWARD)
async def test_floats_round_trip_exactly(world: Any, value: float) -> None:
    decision = world.decision(score=value)
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, decision, key="w/score", sealed_evidence=evidence_bytes(decision))
        stored = await fetch_decision(conn, decision.decision_id)
        column = await (await conn.execute("SELECT score FROM decision")).fetchone()
    assert (stored.score.hex(), column[0].hex()) == (value.hex(), value.hex())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_a_score_that_is_no_number_is_refused(world: Any, value: float) -> None:
    async with world.as_role("clearance_worker") as conn:
        with pytest.raises(ValueError, match="JSON"):
            await append_decision(conn, world.decision(score=value), key="w/s", sealed_evidence=b"x")


async def test_the_second_run_returns_the_first_decision(world: Any) -> None:
    first, second = world.decision(), world.decision()
    async with world.as_role("clearance_worker") as conn:
        leaf = await append_decision(conn, first, key="w/score", sealed_evidence=b"x")
    async with world.as_role("clearance_worker") as conn:
        again = await append_decision(conn, second, key="w/score", sealed_evidence=b"y")
        assert await count_decisions(conn) == 1
    assert again == leaf
    assert again.decision_id == first.decision_id


async def test_concurrent_runs_of_a_step_leave_one_decision(lone_world: Any) -> None:
    async def run() -> ledger.Leaf:
        async with lone_world.as_role("clearance_worker") as conn:
            return await append_decision(conn, lone_world.decision(), key="w/score", sealed_evidence=b"x")

    leaves = await asyncio.gather(*(run() for _ in range(5)))
    assert len(set(leaves)) == 1
    with lone_world.superuser() as conn:
        assert conn.execute("SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM leaf)").fetchone() == (1, 1)


async def test_a_key_belongs_to_a_tenant(world: Any) -> None:
    for tenant_id, subject_id in (
        (world.tenant_id, world.subject_id),
        (world.other_tenant_id, world.other_subject_id),
    ):
        decision = world.decision(tenant_id=tenant_id, subject_id=subject_id)
        async with world.as_role("clearance_worker", tenant_id) as conn:
            leaf = await append_decision(conn, decision, key="w/score", sealed_evidence=b"x")
        assert leaf.decision_id == decision.decision_id


INSERT = (
    "INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, score, "
    "model_sha256, as_of, record, explanation, sealed_evidence, created_at) SELECT %(decision_id)s, tenant_id, "
    "%(leaf_id)s, %(leaf_row)s, %(key)s, subject_id, kind, about, outcome, score, model_sha256, as_of, record, "
    "{explanation}, {evidence}, created_at FROM decision LIMIT 1"
)


@pytest.mark.parametrize(
    ("explanation", "evidence", "own_leaf", "error"),
    [
        ("NULL", "sealed_evidence", True, psycopg.errors.NotNullViolation),
        ("explanation", "NULL", True, psycopg.errors.NotNullViolation),
        ("explanation", "''::bytea", True, psycopg.errors.CheckViolation),
        ("explanation", "sealed_evidence", False, psycopg.errors.ForeignKeyViolation),
        ("explanation", "sealed_evidence", None, psycopg.errors.NotNullViolation),
    ],
)
async def test_a_decision_without_explanation_evidence_or_leaf_cannot_commit(
    world: Any, explanation: str, evidence: str, own_leaf: bool | None, error: type[Exception]
) -> None:
    async with world.as_role("clearance_worker") as conn:
        leaf = await append_decision(conn, world.decision(), key="w/1", sealed_evidence=b"x")
    leaf_id = {True: leaf.leaf_id, False: uuid4(), None: None}[own_leaf]
    with pytest.raises(error):
        async with world.as_role("clearance_worker") as conn:
            await conn.execute(
                INSERT.format(explanation=explanation, evidence=evidence),
                {"decision_id": uuid4(), "leaf_id": leaf_id, "leaf_row": 1, "key": "w/2"},
            )


async def test_a_leaf_without_its_decision_cannot_commit(world: Any) -> None:
    decision = world.decision()
    leaf = ledger.make_leaf(world.tenant_id, decision.decision_id, ["{}"], decision.as_of)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with world.as_role("clearance_worker") as conn:
            await ledger.insert_leaf(conn, leaf)


async def test_a_decision_of_another_tenants_subject_is_refused(world: Any) -> None:
    decision = world.decision(subject_id=world.other_subject_id)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with world.as_role("clearance_worker") as conn:
            await append_decision(conn, decision, key="w/1", sealed_evidence=b"x")


async def test_a_decision_for_another_tenant_is_refused(world: Any) -> None:
    decision = world.decision(tenant_id=world.other_tenant_id, subject_id=world.other_subject_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role("clearance_worker") as conn:
            await append_decision(conn, decision, key="w/1", sealed_evidence=b"x")


async def test_a_decision_of_an_unknown_model_is_refused(world: Any) -> None:
    decision = world.decision(model=ModelRef("m", "1", "00" * 32))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with world.as_role("clearance_worker") as conn:
            await append_decision(conn, decision, key="w/1", sealed_evidence=b"x")


async def test_a_batch_has_one_leaf_and_reads_back(world: Any) -> None:
    header, rows = batch(world, 50)
    async with world.as_role("clearance_engine") as conn:
        leaf = await append_decision_batch(conn, header, rows)
        stored = [decision async for decision in iterate_decisions(conn, fetch=7)]
    assert leaf.size == 50
    assert {decision.leaf_id for decision in stored} == {leaf.leaf_id}
    by_id = {decision.decision_id: decision for decision in stored}
    for row in rows:
        decision = by_id[row.decision_id]
        assert (decision.about, decision.outcome, decision.score) == (row.about, row.outcome, row.score)
        assert (decision.shap, decision.output) == (numbers.unpack(row.packed, 2), row.output)
        assert decision.features == header.features
        assert tuple((rule.rule, rule.effect, rule.citation) for rule in decision.rules) == row.rules
        assert decision.sealed_evidence == row.sealed_evidence
        assert decision.additivity_error == row.additivity_error


async def test_a_score_is_found_by_its_transaction(world: Any) -> None:
    header, rows = batch(world, 3)
    async with world.as_role("clearance_engine") as conn:
        await append_decision_batch(conn, header, rows)
        assert await list_decisions(conn, "transaction:t1") == []  # of a transaction that nobody stored
        taken = [
            TransactionRow(
                world.tenant_id,
                row.about.removeprefix("transaction:"),
                number,
                world.subject_id,
                header.as_of,
                "A1",
                "B1",
                Decimal(1),
                "EUR",
                bytes(32),
                row.decision_id,
            )
            for number, row in enumerate(rows)
        ]
        await append_transactions(conn, taken)
        assert [found.decision_id for found in await list_decisions(conn, "transaction:t1")] == [rows[1].decision_id]
        assert await list_decisions(conn, "transaction:t9") == []


async def test_ids_made_together_are_of_their_day_and_rise(world: Any) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    made = new_decision_ids(at, 1000)
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert {one.int >> 80 for one in made} == {int(at.timestamp() * 1000)}
    assert new_decision_ids(at, 0) == []


async def test_batches_follow_each_other_in_one_transaction(world: Any) -> None:
    async with world.as_role("clearance_engine") as conn:
        for _ in range(3):
            await append_decision_batch(conn, *batch(world, 4))
        assert await count_decisions(conn) == 12


async def test_the_commitment_of_a_leaf_is_over_its_stored_records(world: Any) -> None:
    async with world.as_role("clearance_engine") as conn:
        leaf = await append_decision_batch(conn, *batch(world, 9))
        rows = await (await conn.execute("SELECT record FROM decision ORDER BY leaf_row")).fetchall()
    assert ledger.commit_records(leaf.salt, [row[0] for row in rows]) == leaf.commitment
    assert json.loads(leaf.entry)["commitment"] == leaf.commitment.hex()


@pytest.mark.parametrize(
    "changes",
    [{"subject_id": uuid4()}, {"sealed_evidence": b""}, {"score": float("nan")}, {"outcome": None}],
)
async def test_a_batch_with_one_bad_row_leaves_nothing(lone_world: Any, changes: dict[str, Any]) -> None:
    with pytest.raises((psycopg.Error, ValueError, TypeError)):
        async with lone_world.as_role("clearance_engine") as conn:
            await append_decision_batch(conn, *batch(lone_world, 20, **changes))
    with lone_world.superuser() as conn:
        assert conn.execute("SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM leaf)").fetchone() == (0, 0)


async def test_an_empty_batch_is_refused(world: Any) -> None:
    async with world.as_role("clearance_engine") as conn:
        with pytest.raises(ValueError, match="without decisions"):
            await append_decision_batch(conn, batch(world, 1)[0], [])


async def test_only_a_batch_of_transactions_goes_without_a_key(world: Any) -> None:
    header, rows = batch(world, 1)
    header = replace(header, kind=DecisionKind.SCREENING)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with world.as_role("clearance_engine") as conn:
            await append_decision_batch(conn, header, rows)


async def test_decisions_are_iterated_by_kind_and_time(world: Any) -> None:
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, world.decision(), key="w/1", sealed_evidence=b"x")
        screening = world.decision(kind=DecisionKind.SCREENING)
        await append_decision(conn, screening, key="w/2", sealed_evidence=b"x")
        assert [d.decision_id async for d in iterate_decisions(conn, kind=DecisionKind.SCREENING)] == [
            screening.decision_id
        ]
        stored = await fetch_decision(conn, screening.decision_id)
        assert await count_decisions(conn, since=stored.created_at) == 1
        late = stored.created_at + timedelta(seconds=1)
        assert [d async for d in iterate_decisions(conn, since=late)] == []


async def test_another_tenant_sees_no_decision(world: Any) -> None:
    decision = world.decision()
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, decision, key="w/1", sealed_evidence=b"x")
    for tenant_id in (world.other_tenant_id, None):
        async with world.as_role("clearance_api", tenant_id) as conn:
            with pytest.raises(DecisionUnknown):
                await fetch_decision(conn, decision.decision_id)
            assert await count_decisions(conn) == 0


async def test_a_model_is_kept_by_the_digest_of_its_bytes(world: Any) -> None:
    decision = world.decision()
    async with world.as_role("clearance_api") as conn:
        model = await fetch_model(conn, decision.model.sha256)
        assert (model.name, model.format, model.card) == ("onboarding_risk", "lightgbm", {"data": "synthetic"})
        with pytest.raises(ModelUnknown):
            await fetch_model(conn, "00" * 32)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with world.as_role("clearance_worker") as conn:
            await register_model(conn, ModelRef("m", "1", "00" * 32), "json", b"{}", {})


async def test_verification_reads_inputs_before_results(world: Any) -> None:
    decision = world.decision()
    async with world.as_role("clearance_worker") as conn:
        await append_decision(conn, decision, key="w/1", sealed_evidence=b"x")
    async with world.as_role("clearance_api") as conn:
        (inputs,) = [row async for row in iterate_inputs(conn)]
        assert [row async for row in iterate_inputs(conn, decision_id=uuid4())] == []
        stored = await fetch_stored(conn, [decision.decision_id, uuid4()])
        assert stored == {decision.decision_id: await fetch_decision(conn, decision.decision_id)}
    assert (inputs.decision_id, inputs.features, inputs.sealed_evidence) == (
        decision.decision_id,
        ("age", "country", "pep"),
        b"x",
    )
