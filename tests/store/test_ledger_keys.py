"""A ledger's key names the next one: who has the first public key follows, and believes nobody else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearance.sequencer import LedgerSigner, checkpoint_all, open_line
from clearance.settings import Settings
from store import checkpoints, ledger, ledger_verifier
from store.ledger_export import export_lines, prove_decision
from store.ledger_verifier import verify_export, verify_proof
from tests.store.test_audit_commands import append, public_key, run
from vault.keys import Ed25519Signer

__all__ = ["run"]

FIRST, SECOND, THIRD, STRANGER = (Ed25519Signer(bytes([number]) * 32) for number in range(4))


@pytest.fixture
async def rotated(lone_world: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[ledger.Leaf]]:
    """An export of a ledger that two keys were handed over in, the checkpoints outside, and its leaves."""
    outside, leaves = [], []

    async def grow(signer: Ed25519Signer, following: Ed25519Signer | None) -> None:
        leaves.extend(leaf for _, leaf in await append(lone_world, 2))
        async with lone_world.as_role("clearance_sequencer") as conn:
            await ledger.sequence(conn, lone_world.tenant_id)
            made = [await checkpoints.make_checkpoint(conn, lone_world.tenant_id, signer)]
            if following is not None:
                key = following.public_key.hex()
                made.append(await checkpoints.hand_over(conn, lone_world.tenant_id, signer, key))
        outside.extend(json.loads(checkpoints.checkpoint_line(each)) for each in made)

    await grow(FIRST, SECOND)
    await grow(SECOND, THIRD)
    await grow(THIRD, None)
    async with lone_world.as_role("clearance_sequencer") as conn:
        lines = [json.loads(line) async for line in export_lines(conn, lone_world.tenant_id)]
    return lines, outside, leaves


async def test_the_first_key_leads_to_all_that_follow(rotated: Any) -> None:
    lines, outside, leaves = rotated
    receipts = [
        vars_of(ledger.receipt(leaf, key)) for leaf, key in zip(leaves[::2], (FIRST, SECOND, THIRD), strict=True)
    ]
    report = verify_export(lines, FIRST.public_key, outside, receipts)
    assert report.problems == []
    assert (report.leaves, report.covered, report.checkpoints, report.receipts) == (6, 6, 10, 3)
    for other in (SECOND, THIRD, STRANGER):
        assert not verify_export(lines, other.public_key, outside, receipts).holds
    stranger = vars_of(ledger.receipt(leaves[0], STRANGER))
    assert not verify_export(lines, FIRST.public_key, outside, [stranger]).holds


def vars_of(receipt: ledger.Receipt) -> dict[str, Any]:
    return {"body": receipt.body, "signature": receipt.signature.hex(), "key_id": receipt.key_id}


def without_handovers(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if "next_key" not in json.loads(line.get("body", "{}"))]


def signed_by(signer: Ed25519Signer, statement: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The statement with another body, signed by this key."""
    body = json.dumps(json.loads(statement["body"]) | changes, sort_keys=True, separators=(",", ":"))
    signature = signer.sign(ledger_verifier.CHECKPOINT_DOMAIN + body.encode())
    return statement | {"body": body, "signature": signature.hex(), "key_id": signer.key_id}


def replaced(number: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[list[Any]], list[Any]]:
    def change_all(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [change(line) if json.loads(line.get("body", "{}")).get("number") == number else line for line in lines]

    return change_all


@pytest.mark.parametrize(
    "attack",
    [
        without_handovers,
        replaced(1, lambda line: signed_by(STRANGER, line)),
        replaced(1, lambda line: signed_by(STRANGER, line, next_key=STRANGER.public_key.hex())),
        replaced(1, lambda line: signed_by(STRANGER, line) | {"key_id": FIRST.key_id}),
        replaced(3, lambda line: signed_by(FIRST, line)),
        replaced(4, lambda line: signed_by(FIRST, line)),
        replaced(4, lambda line: signed_by(SECOND, line)),
        replaced(4, lambda line: signed_by(STRANGER, line)),
        replaced(3, lambda line: signed_by(SECOND, line, next_key=STRANGER.public_key.hex())),
        replaced(3, lambda line: signed_by(SECOND, line, root="00" * 32)),
    ],
    ids=[
        "no handover",
        "by a stranger",
        "to a stranger, by a stranger",
        "by a stranger in our name",
        "the second by the first key again",
        "by the first key after two handovers",
        "by a retired key",
        "by a key that nobody named",
        "to a stranger, by a stolen key",
        "another root at the same size",
    ],
)
@pytest.mark.parametrize("where", ["export", "outside", "both"])
async def test_a_key_that_was_not_named_is_not_believed(rotated: Any, attack: Any, where: str) -> None:
    lines, outside, _ = rotated
    report = verify_export(
        attack(lines) if where != "outside" else lines,
        FIRST.public_key,
        attack(outside) if where != "export" else outside,
    )
    assert not report.holds


async def test_a_fork_of_keys_shows_beside_the_checkpoints_outside(rotated: Any) -> None:
    """Whoever stole the second key names another third one, and signs on with it: valid by itself."""
    lines, outside, _ = rotated
    forked = replaced(3, lambda line: signed_by(SECOND, line, next_key=STRANGER.public_key.hex()))(lines)
    forked = replaced(4, lambda line: signed_by(STRANGER, line))(forked)
    assert verify_export(forked, FIRST.public_key).holds
    report = verify_export(forked, FIRST.public_key, outside)
    assert report.problems == ["the key was handed over otherwise in the export than in the checkpoints kept outside"]


async def test_a_proof_leads_from_the_first_key_too(lone_world: Any, rotated: Any) -> None:
    leaf = rotated[2][0]
    async with lone_world.as_role("clearance_sequencer") as conn:
        proof = await prove_decision(conn, lone_world.tenant_id, leaf.decision_id)
    assert verify_proof(proof, FIRST.public_key).problems == []
    assert len(proof["handovers"]) == 2
    for key in (SECOND, STRANGER):
        assert not verify_proof(proof, key.public_key).holds
    bare = {name: part for name, part in proof.items() if name != "handovers"}
    assert not verify_proof(bare, FIRST.public_key).holds
    assert verify_proof(bare, THIRD.public_key).holds
    assert not verify_proof(proof | {"handovers": proof["handovers"][:1]}, FIRST.public_key).holds
    assert not verify_proof(proof | {"handovers": proof["handovers"][::-1]}, FIRST.public_key).holds
    retired = proof | {"checkpoint": signed_by(SECOND, proof["checkpoint"])}
    assert not verify_proof(retired, FIRST.public_key).holds
    usurped = [proof["handovers"][0], signed_by(STRANGER, proof["handovers"][1], next_key=STRANGER.public_key.hex())]
    forged = proof | {"handovers": usurped, "checkpoint": signed_by(STRANGER, proof["checkpoint"])}
    assert not verify_proof(forged, FIRST.public_key).holds


async def test_only_the_key_in_use_signs(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_sequencer") as conn:
        tenant_id = lone_world.tenant_id
        await checkpoints.make_checkpoint(conn, tenant_id, FIRST)
        for signer in (SECOND, STRANGER):
            with pytest.raises(checkpoints.KeyNotEntitled, match=FIRST.key_id):
                await checkpoints.make_checkpoint(conn, tenant_id, signer)
            with pytest.raises(checkpoints.KeyNotEntitled):
                await checkpoints.hand_over(conn, tenant_id, signer, THIRD.public_key.hex())
        made = await checkpoints.hand_over(conn, tenant_id, FIRST, SECOND.public_key.hex())
        assert await checkpoints.hand_over(conn, tenant_id, FIRST, SECOND.public_key.hex()) == made
        with pytest.raises(checkpoints.KeyNotEntitled, match=SECOND.key_id):
            await checkpoints.make_checkpoint(conn, tenant_id, FIRST)
        with pytest.raises(checkpoints.KeyNotEntitled):
            await checkpoints.hand_over(conn, tenant_id, FIRST, THIRD.public_key.hex())
        assert await checkpoints.make_checkpoint(conn, tenant_id, SECOND) == made
        assert (await checkpoints.handovers(conn, tenant_id)) == [made]


# --- By the command --------------------------------------------------------------------------------------------------


async def verified(run: Any, world: Any, key: str, tmp_path: Path) -> Any:
    exported = await run("export", world.tenant_id, "--output", tmp_path / "export.jsonl")
    assert exported.exit_code == 0, exported.output
    folder = tmp_path / "home" / "checkpoints"
    return await run("verify", tmp_path / "export.jsonl", "--public-key", key, "--checkpoints", folder)


async def test_the_command_replaces_the_key_and_the_first_one_still_verifies(
    lone_world: Any, run: Any, tmp_path: Path
) -> None:
    secrets = tmp_path / "home" / "secrets"
    await append(lone_world, 2)
    first = public_key(await run("checkpoint"))
    before = (secrets / "ledger").read_bytes()
    for _ in range(2):
        rotated = await run("rotate-key")
        assert rotated.exit_code == 0, rotated.output
        await append(lone_world, 1)
    second = public_key(await run("checkpoint"))
    assert second != first
    assert (secrets / "ledger").read_bytes() != before
    assert (secrets / "ledger").stat().st_mode & 0o077 == 0
    assert not (secrets / "ledger.next").exists()
    held = await verified(run, lone_world, first, tmp_path)
    assert held.exit_code == 0, held.output
    assert "everything holds" in held.output
    assert (await verified(run, lone_world, second, tmp_path)).exit_code == 1


async def test_a_rotation_that_broke_off_is_finished(lone_world: Any, run: Any, tmp_path: Path) -> None:
    secrets = tmp_path / "home" / "secrets"
    await append(lone_world, 1)
    first = public_key(await run("checkpoint"))
    (secrets / "ledger.next").write_bytes(bytes(range(32)))
    named, signer = Ed25519Signer(bytes(range(32))), Ed25519Signer((secrets / "ledger").read_bytes())
    async with lone_world.as_role("clearance_sequencer") as conn:
        await checkpoints.hand_over(conn, lone_world.tenant_id, signer, named.public_key.hex())
    await append(lone_world, 1)
    stuck = await run("checkpoint", "--tenant", lone_world.tenant_id)
    assert stuck.exit_code == 1
    assert "NOT checkpointed" in stuck.output
    assert (await run("rotate-key")).exit_code == 0
    assert (secrets / "ledger").read_bytes() == bytes(range(32))
    assert public_key(await run("checkpoint")) == named.public_key.hex()
    held = await verified(run, lone_world, first, tmp_path)
    assert held.exit_code == 0, held.output


async def test_a_running_service_takes_the_next_key_and_refuses_one_that_nobody_named(
    lone_world: Any, run: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = tmp_path / "home" / "secrets"
    async with open_line(Settings()) as line:
        await checkpoint_all(line)
        assert (await run("rotate-key")).exit_code == 0
        await append(lone_world, 1)
        assert (await run("checkpoint")).exit_code == 0
        await checkpoint_all(line)
        assert line.signer().key_id == LedgerSigner(line_key(secrets)).key_id
        assert not caplog.records
        (secrets / "ledger").write_bytes(bytes(32))
        await checkpoint_all(line)
    assert "no checkpoint" in caplog.text


def line_key(secrets: Path) -> Any:
    from clearance.keyring import read_signer

    return read_signer(secrets / "ledger")


async def test_secrets_that_cannot_be_written_get_their_key_by_hand(lone_world: Any, run: Any, tmp_path: Path) -> None:
    secrets, following = tmp_path / "home" / "secrets", tmp_path / "next"
    await append(lone_world, 1)
    first = public_key(await run("checkpoint"))
    kept = (secrets / "ledger").read_bytes()
    assert (await run("rotate-key", "--next", following)).exit_code == 1  # there is no such file
    following.write_bytes(b"short")
    assert (await run("rotate-key", "--next", following)).exit_code == 1
    following.write_bytes(bytes(range(32)))
    told = await run("rotate-key", "--next", following)
    assert told.exit_code == 0, told.output
    assert (secrets / "ledger").read_bytes() == kept
    assert "in place of ledger" in told.output
    (secrets / "ledger").write_bytes(bytes(range(32)))
    await append(lone_world, 1)
    assert (await run("checkpoint")).exit_code == 0
    assert (await verified(run, lone_world, first, tmp_path)).exit_code == 0


async def test_the_filings_ledger_has_a_key_of_its_own(lone_world: Any, run: Any, tmp_path: Path) -> None:
    secrets = tmp_path / "home" / "secrets"
    ours = (secrets / "ledger").read_bytes()
    await append(lone_world, 1, "filing")
    assert (await run("checkpoint", "--filing")).exit_code == 0
    theirs = (secrets / "filing-ledger").read_bytes()
    assert (await run("rotate-key", "--filing")).exit_code == 0
    assert ((secrets / "ledger").read_bytes() == ours, (secrets / "filing-ledger").read_bytes() == theirs) == (
        True,
        False,
    )
    assert (await run("checkpoint", "--filing")).exit_code == 0
