"""`clearance audit`: what an operator and a stranger do with the ledger, by the commands themselves."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from clearance.cli import app
from clearance.keyring import Keyring, create_missing_keys
from clearance.sequencer import LedgerSigner
from explain.record import Decision, DecisionKind
from store import ledger
from store.decisions import append_decision

Run = Callable[..., Any]


@pytest.fixture
def run(lone_world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in a thread, where it may have an event loop of its own."""
    create_missing_keys(tmp_path / "home" / "secrets")
    monkeypatch.setenv("CLEARANCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLEARANCE_DATABASE_URL", lone_world.url)

    async def run(*arguments: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["audit", *map(str, arguments)])

    return run


async def append(world: Any, count: int, schema: str = "public") -> list[tuple[Decision, ledger.Leaf]]:
    appended = []
    role = "clearance_filing" if schema == "filing" else "clearance_worker"
    async with world.as_role(role) as conn:
        for _ in range(count):
            kind = DecisionKind.FILING_TRIGGER if schema == "filing" else DecisionKind.ONBOARDING_RISK
            decision = world.decision(kind=kind)
            key = f"w/{decision.decision_id}"
            leaf = await append_decision(conn, decision, key=key, sealed_evidence=b"sealed", schema=schema)
            appended.append((decision, leaf))
    return appended


def public_key(checkpointed: Result) -> str:
    found = re.search(r"public key ([0-9a-f]{64})\b", checkpointed.output)
    assert found, checkpointed.output
    return found[1]


async def test_a_checkpointed_export_verifies(lone_world: Any, run: Run, tmp_path: Path) -> None:
    await append(lone_world, 3)
    checkpointed = await run("checkpoint")
    assert checkpointed.exit_code == 0
    assert f"tenant {lone_world.tenant_id}: checkpoint 0 of 3 leaves" in checkpointed.output
    assert f"tenant {lone_world.other_tenant_id}: checkpoint 0 of 0 leaves" in checkpointed.output
    exported = await run("export", lone_world.tenant_id, "--output", tmp_path / "export.jsonl")
    assert exported.exit_code == 0
    assert (tmp_path / "export.jsonl").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.glob("*export*")] == ["export.jsonl"]
    verified = await run(
        "verify", tmp_path / "export.jsonl",
        "--public-key", public_key(checkpointed),
        "--checkpoints", tmp_path / "home" / "checkpoints",
    )  # fmt: skip
    assert verified.exit_code == 0, verified.output
    assert "3 records in 3 leaves, 3 of them below a checkpoint, 0 waiting; 2 checkpoints" in verified.output
    assert "everything holds" in verified.output


def _edit(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"records": [line["records"][0].replace('"outcome":"high"', '"outcome":"low"')]}


@pytest.mark.parametrize(
    ("tamper", "finding"),
    [
        (lambda lines: [_edit(line) if line["type"] == "leaf" else line for line in lines], "committed to"),
        (lambda lines: [line for line in lines if line.get("position") != 1], "position 2 stands where 1"),
        (lambda lines: [line for line in lines if line["type"] != "end"], "not whole"),
        (lambda lines: [line for line in lines if line["type"] != "checkpoint"], "missing in the export"),
        (lambda lines: [{**line, "position": None} for line in lines], "position None"),
        (lambda lines: [{"type": line["type"]} for line in lines], "not the head of an export"),
        (lambda lines: [lines[0], *({"type": line["type"]} for line in lines[1:])], "not a well-formed export"),
    ],
    ids=["edited", "leaf removed", "cut off", "checkpoint removed", "no positions", "no head", "no content"],
)
async def test_a_tampered_export_exits_1_and_says_what(
    lone_world: Any, run: Run, tmp_path: Path, tamper: Callable[[list[dict[str, Any]]], Any], finding: str
) -> None:
    await append(lone_world, 3)
    key = public_key(await run("checkpoint", "--tenant", lone_world.tenant_id))
    file = tmp_path / "export.jsonl"
    await run("export", lone_world.tenant_id, "--output", file, "--with-evidence")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(line) + "\n" for line in tamper(lines)))
    verified = await run("verify", file, "--public-key", key, "--checkpoints", tmp_path / "home" / "checkpoints")
    assert verified.exit_code == 1
    assert finding in verified.output, verified.output
    assert "everything holds" not in verified.output


async def test_a_ledger_cut_back_with_its_checkpoints_is_caught_by_those_outside(
    lone_world: Any, run: Run, tmp_path: Path
) -> None:
    await append(lone_world, 1)
    key = public_key(await run("checkpoint"))
    early = tmp_path / "early.jsonl"
    await run("export", lone_world.tenant_id, "--output", early)
    await append(lone_world, 1)
    await run("checkpoint")
    folder = tmp_path / "home" / "checkpoints"
    alone = await run("verify", early, "--public-key", key)
    assert alone.exit_code == 0
    assert "without --checkpoints" in alone.output
    assert (await run("verify", early, "--public-key", key, "--checkpoints", folder)).exit_code == 1
    nowhere = await run("verify", early, "--public-key", key, "--checkpoints", tmp_path)
    assert nowhere.exit_code == 1
    assert "no checkpoints of this ledger" in nowhere.output


async def test_a_rewound_ledger_is_not_checkpointed_over(lone_world: Any, run: Run, tmp_path: Path) -> None:
    await append(lone_world, 2)
    await run("checkpoint")
    with lone_world.superuser() as conn:
        conn.execute("SET session_replication_role = replica")
        for table in ("ledger_checkpoint", "ledger_node", "ledger_position"):
            conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
            conn.execute(f"DELETE FROM {table}")
    await append(lone_world, 1)
    done = await run("checkpoint", "--tenant", lone_world.tenant_id)
    assert done.exit_code == 1
    assert "rewound or rewritten" in done.output
    assert len((tmp_path / "home" / "checkpoints").glob("*.jsonl").__next__().read_text().splitlines()) == 1


async def test_an_altered_column_shows_when_the_ledger_is_exported(lone_world: Any, run: Run, tmp_path: Path) -> None:
    await append(lone_world, 2)
    with lone_world.superuser() as conn:
        conn.execute("ALTER TABLE decision DISABLE TRIGGER append_only")
        conn.execute("UPDATE decision SET outcome = 'low'")
    done = await run("export", lone_world.tenant_id, "--output", tmp_path / "export.jsonl")
    assert done.exit_code == 1
    assert done.output.count("its columns differ from its record") == 2


async def test_a_decision_is_proven_once_it_is_below_a_checkpoint(
    lone_world: Any, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision, leaf = (await append(lone_world, 4))[2]
    early = await run("prove", decision.decision_id)
    assert early.exit_code == 1
    assert "not below a checkpoint yet" in early.output
    key = public_key(await run("checkpoint"))
    proven = await run("prove", decision.decision_id)
    assert proven.exit_code == 0
    assert json.loads(proven.stdout)["decision_id"] == str(decision.decision_id)
    file = tmp_path / "proof.json"
    assert (await run("prove", decision.decision_id, "--output", file)).exit_code == 0
    assert json.loads(file.read_text()) == json.loads(proven.stdout)
    monkeypatch.chdir(tmp_path)
    for name in ("key", "k" * 64):  # a name may have as many signs as a key
        Path(name).write_text(key + "\n")
        assert (await run("verify", file, "--public-key", name)).exit_code == 0
    file.write_text(file.read_text().replace(leaf.salt.hex(), "00" * 32))
    assert (await run("verify", file, "--public-key", key)).exit_code == 1


async def test_a_receipt_proves_a_removal(lone_world: Any, run: Run, tmp_path: Path) -> None:
    (_, leaf), *_ = await append(lone_world, 1)
    key = public_key(await run("checkpoint"))
    signer = LedgerSigner(Keyring(tmp_path / "home" / "secrets").ledger)
    kept = ledger.receipt(leaf, signer)
    file, receipts = tmp_path / "other.jsonl", tmp_path / "receipts.jsonl"
    receipts.write_text(
        json.dumps({"body": kept.body, "signature": kept.signature.hex(), "key_id": kept.key_id}) + "\n"
    )
    await run("export", lone_world.tenant_id, "--output", file)
    whole = await run("verify", file, "--public-key", key, "--receipts", receipts)
    assert whole.exit_code == 0
    assert "1 receipts" in whole.output
    without = [line for line in file.read_text().splitlines() if json.loads(line)["type"] not in ("leaf", "checkpoint")]
    head = json.loads(without[0]) | {"checkpoint_sizes": []}
    file.write_text("\n".join([json.dumps(head), *without[1:-1], '{"type":"end","leaves":0,"pending":0}']))
    assert (await run("verify", file, "--public-key", key)).exit_code == 0
    removed = await run("verify", file, "--public-key", key, "--receipts", receipts)
    assert removed.exit_code == 1
    assert "was removed" in removed.output


async def test_the_ledger_of_filings_has_its_own_key_and_place(lone_world: Any, run: Run, tmp_path: Path) -> None:
    await append(lone_world, 1)
    decision, _ = (await append(lone_world, 2, "filing"))[0]
    main = await run("checkpoint")
    apart = await run("checkpoint", "--filing")
    assert "checkpoint 0 of 2 leaves" in apart.output
    assert public_key(main) != public_key(apart)
    assert not list((tmp_path / "home" / "checkpoints").glob("*.filing.*"))
    file, folder = tmp_path / "filings.jsonl", tmp_path / "home" / "filing-checkpoints"
    await run("export", lone_world.tenant_id, "--output", file, "--filing")
    right = await run("verify", file, "--public-key", public_key(apart), "--checkpoints", folder)
    assert right.exit_code == 0, right.output
    assert "2 records" in right.output
    assert (await run("verify", file, "--public-key", public_key(main), "--checkpoints", folder)).exit_code == 1
    assert (await run("prove", decision.decision_id)).exit_code == 1
    assert (await run("prove", decision.decision_id, "--filing")).exit_code == 0


async def test_what_is_not_there_is_said(lone_world: Any, run: Run, tmp_path: Path) -> None:
    nobody = uuid4()
    for command in (["checkpoint", "--tenant", nobody], ["export", nobody, "--output", tmp_path / "x"]):
        done = await run(*command)
        assert done.exit_code == 1
        assert f"there is no tenant {nobody}" in done.output
    assert not (tmp_path / "x").exists()
    assert f"no tenant has a decision {nobody}" in (await run("prove", nobody)).output
    missing = await run("verify", tmp_path / "absent", "--public-key", "00" * 32)
    assert missing.exit_code == 1
    assert "No such file" in missing.output
    (tmp_path / "x").write_text("not json")
    assert "not JSON" in (await run("verify", tmp_path / "x", "--public-key", "00" * 32)).output
    assert "is not a public key" in (await run("verify", tmp_path / "x", "--public-key", "zz")).output
    assert "has 64 hex digits" in (await run("verify", tmp_path / "x", "--public-key", "00")).output
