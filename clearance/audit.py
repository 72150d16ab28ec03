"""The ledgers on demand, from the command line: checkpoint them, prove a decision, export a line, verify an export.

Separate from `sequencer`, which does the first of these by itself every minute; the verification is the stranger's own
`store.ledger_verifier`.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import IsolationLevel
from rich.console import Console

from clearance.database import service_pool
from clearance.keyring import create_key, read_signer
from clearance.sequencer import (
    FILING,
    PUBLIC,
    LedgerSigner,
    checkpoint_tenant,
    open_line,
    sequence_all,
    signing_alone,
)
from clearance.settings import Settings
from clearance.timestamps import read_roots, verify_stamps
from store import ledger_verifier
from store.checkpoints import CheckpointConflict, KeyNotEntitled, export_checkpoint, hand_over
from store.connection import Connection, Pool, service_transaction, set_tenant, tenant_transaction
from store.decisions import DecisionUnknown
from store.ledger_export import NotYetProvable, altered_columns, export_lines, prove_decision
from store.tenants import list_tenants

_HEX_KEY = re.compile("[0-9a-fA-F]{64}")


class TenantUnknown(LookupError):
    """No tenant has this id: `clearance add-tenant` prints it when it makes one."""


class KeyUnreadable(ValueError):
    """Not a public key: give the 64 hex digits that `clearance audit checkpoint` prints, or a file that holds them."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds, and what the tables say otherwise than the text that was hashed: nothing, in good order."""

    lines: int
    altered: list[str]


# --- Checkpoint -------------------------------------------------------------------------------------------------------


async def checkpoint(settings: Settings, console: Console, tenant_id: UUID | None, *, filing: bool = False) -> int:
    """Place what waits, then sign and export a checkpoint of one tenant or of all; the exit code.

    1 where the checkpoints outside and the ledger disagree, or another key signs the ledger. Raises `TenantUnknown`.
    """
    conflicts = 0
    async with open_line(settings, FILING if filing else PUBLIC) as line:
        tenants = await _tenants(line.pool, tenant_id)
        while await sequence_all(line.pool, line.schema):
            pass
        console.print(f"public key {line.signer().public_key}", highlight=False, soft_wrap=True)
        for each in tenants:
            try:
                made, path = await checkpoint_tenant(line, each)
            except (CheckpointConflict, KeyNotEntitled) as refused:
                conflicts += 1
                rewritten = "the ledger was rewound or rewritten: " if isinstance(refused, CheckpointConflict) else ""
                console.print(
                    f"tenant {each}: NOT checkpointed, {rewritten}{refused}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
                continue
            console.print(
                f"tenant {each}: checkpoint {made.number} of {made.size} leaves, root {made.root.hex()[:16]}…, {path}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    return 1 if conflicts else 0


# --- Rotate ----------------------------------------------------------------------------------------------------------


async def rotate_key(
    settings: Settings, console: Console, following: Path | None = None, *, filing: bool = False
) -> int:
    """Have every tenant's ledger signed by another key from now on; the exit code.

    The key in use names the next one in its last checkpoint of each ledger, and is then replaced by it and gone. Where
    the secrets cannot be written, `following` is the file of the next key: everything but the replacing is done. Broken
    off at any point, it goes on when it is run again. 1 where a ledger and its checkpoints outside disagree, or a
    ledger is signed by a third key: the key stays then.
    """
    refused = 0
    async with open_line(settings, FILING if filing else PUBLIC) as line:
        while await sequence_all(line.pool, line.schema):
            pass
        fresh = following or line.key.with_name(f"{line.key.name}.next")
        if following is None:
            create_key(fresh)
        named = LedgerSigner(read_signer(fresh))
        async with signing_alone(line):
            signer = line.signer()
            console.print(f"from {signer.public_key}\nto   {named.public_key}", highlight=False, soft_wrap=True)
            for each in await _tenants(line.pool, None):
                try:
                    async with tenant_transaction(line.pool, each) as connection:
                        made = await hand_over(connection, each, signer, named.public_key, schema=line.schema)
                    path = await asyncio.to_thread(export_checkpoint, made, line.folder)
                except (CheckpointConflict, KeyNotEntitled) as why:
                    refused += 1
                    console.print(f"tenant {each}: NOT handed over, {why}", markup=False, soft_wrap=True)
                else:
                    console.print(
                        f"tenant {each}: checkpoint {made.number} hands over, {path}", markup=False, soft_wrap=True
                    )
            if not refused and following is None:
                fresh.replace(line.key)
    if refused:
        said = "the key was not replaced: look into the ledgers above, then run this again"
    elif following is not None:
        said = f"now put {following} in place of {line.key.name} for every service that has it, and restart them"
    else:
        said = "the key was replaced; restart what signs receipts with it (the API)"
    console.print(said, "those who verify keep the first public key: it leads to this one", sep="\n", soft_wrap=True)
    return 1 if refused else 0


# --- Prove and export -------------------------------------------------------------------------------------------------


async def prove(settings: Settings, decision_id: UUID, *, filing: bool = False) -> dict[str, Any]:
    """The proof of a decision of whichever tenant. Raises `DecisionUnknown` and `NotYetProvable`."""
    schema = FILING if filing else PUBLIC
    async with _reading(settings, schema) as pool:
        for tenant_id in await _tenants(pool, None):
            async with tenant_transaction(pool, tenant_id) as connection:
                try:
                    return await prove_decision(connection, tenant_id, decision_id, schema=schema)
                except DecisionUnknown:
                    continue
    raise DecisionUnknown(str(decision_id))


async def export(
    settings: Settings, tenant_id: UUID, output: Path, *, with_evidence: bool = False, filing: bool = False
) -> Exported:
    """Write a tenant's whole ledger to `output`, readable by its owner only, as of one instant. Raises `TenantUnknown`.

    The file appears when it is whole: it is written beside its place and then moved there.
    """
    schema = FILING if filing else PUBLIC
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    lines = 0
    async with _reading(settings, schema) as pool:
        await _tenants(pool, tenant_id)
        try:
            async with _snapshot(pool, tenant_id) as connection:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    async for line in export_lines(connection, tenant_id, with_evidence=with_evidence, schema=schema):
                        file.write(line + "\n")
                        lines += 1
                altered = await altered_columns(connection, schema=schema)
            draft.replace(output)
        finally:
            draft.unlink(missing_ok=True)
    return Exported(lines, altered)


@asynccontextmanager
async def _reading(settings: Settings, schema: str) -> AsyncIterator[Pool]:
    """A pool under the role that reads a ledger in full. No signing key is needed."""
    role = "clearance_filing" if schema == FILING else "clearance_sequencer"
    async with await service_pool(settings, role, max_size=1) as pool:
        yield pool


@asynccontextmanager
async def _snapshot(pool: Pool, tenant_id: UUID) -> AsyncIterator[Connection]:
    """A transaction of a tenant in which the database stands still."""
    async with pool.connection() as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        async with connection.transaction():
            await set_tenant(connection, tenant_id)
            yield connection


async def _tenants(pool: Pool, tenant_id: UUID | None) -> list[UUID]:
    async with service_transaction(pool) as connection:
        known = [tenant.tenant_id for tenant in await list_tenants(connection)]
    if tenant_id is None:
        return known
    if tenant_id not in known:
        raise TenantUnknown(str(tenant_id))
    return [tenant_id]


# --- Verify -----------------------------------------------------------------------------------------------------------


def verify(
    file: Path,
    public_key: str,
    checkpoints: Path | None,
    receipts: Path | None,
    console: Console,
    timestamp_roots: Path | None = None,
) -> ledger_verifier.Report:
    """Verify an export, or a proof, and print what was found; needs neither database nor settings.

    `checkpoints` is the folder (or the file) where checkpoints are kept outside the database; with `timestamp_roots`
    the time stamps beside them are verified too. Raises `KeyUnreadable`, `OSError`, and
    `store.ledger_verifier.Unreadable` for what is not an export or a proof.
    """
    key = _public_key(public_key)
    lines = ledger_verifier.read_lines(file)
    head = next(lines, None)
    if head is not None and head.get("type") == "proof":
        report = ledger_verifier.verify_proof(head, key)
    else:
        report = _verify_export(head, lines, key, checkpoints, receipts, console)
        if timestamp_roots is not None:
            _verify_stamps(report, _checkpoint_file(head, checkpoints), timestamp_roots, console)
    for problem in report.problems:
        console.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
    verdict = "everything holds" if report.holds else f"{len(report.problems)} findings: it does not verify"
    console.print(
        f"{report.records} records in {report.leaves} leaves, {report.covered} of them below a checkpoint, "
        f"{report.pending} waiting; {report.checkpoints} checkpoints, {report.receipts} receipts: {verdict}",
        highlight=False,
        soft_wrap=True,
    )
    return report


def _verify_export(
    head: dict[str, Any] | None,
    lines: Iterator[dict[str, Any]],
    key: bytes,
    checkpoints: Path | None,
    receipts: Path | None,
    console: Console,
) -> ledger_verifier.Report:
    outside: Iterator[dict[str, Any]] = iter(())
    missing = None
    if checkpoints is None:
        console.print(
            "without --checkpoints, a ledger that was cut back together with its own checkpoints looks whole",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    else:
        path = _checkpoint_file(head, checkpoints)
        assert path is not None
        if path.exists():
            outside = ledger_verifier.read_lines(path)
        else:
            missing = f"{path} is missing: no checkpoints of this ledger are kept there"
    kept = ledger_verifier.read_lines(receipts) if receipts else iter(())
    try:
        report = ledger_verifier.verify_export(chain([] if head is None else [head], lines), key, outside, kept)
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise ledger_verifier.Unreadable(f"not a well-formed export: {broken!r}") from broken
    if missing is not None:
        report.found(missing)
    return report


def _checkpoint_file(head: dict[str, Any] | None, checkpoints: Path | None) -> Path | None:
    if head is not None and checkpoints is not None and checkpoints.is_dir():
        return checkpoints / f"{head.get('tenant_id')}.{head.get('ledger')}.checkpoints.jsonl"
    return checkpoints


def _verify_stamps(report: ledger_verifier.Report, path: Path | None, roots: Path, console: Console) -> None:
    if path is None or not path.exists():
        report.found("time stamps are kept beside checkpoints: say where with --checkpoints")
        return
    stamped, problems = verify_stamps(path, read_roots(roots))
    for problem in problems:
        report.found(problem)
    if not stamped and not problems:
        report.found(f"no checkpoint of {path.name} has a time stamp")
    for number, at in stamped[-1:]:
        console.print(f"checkpoint {number} existed by {at:%Y-%m-%d %H:%M:%S} UTC, says the time stamping authority")


def _public_key(text: str) -> bytes:
    path = Path(text)
    if not _HEX_KEY.fullmatch(text) and path.is_file():
        text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise KeyUnreadable(f"{text[:80]!r} is not a public key") from None
    if len(key) != 32:
        raise KeyUnreadable(f"a public key has 64 hex digits, this one {2 * len(key)}")
    return key


# --- Commands ---------------------------------------------------------------------------------------------------------


def run_prove(settings: Settings, decision_id: UUID, output: Path | None, filing: bool, errors: Console) -> str | None:
    """The proof as a line of JSON, or None where there is none (yet) and `errors` says why."""
    try:
        proof = asyncio.run(prove(settings, decision_id, filing=filing))
    except DecisionUnknown:
        errors.print(f"no tenant has a decision {decision_id} in this ledger")
        return None
    except NotYetProvable:
        errors.print(
            f"decision {decision_id} is not below a checkpoint yet: wait a minute, or run `clearance audit checkpoint`"
        )
        return None
    line = json.dumps(proof, sort_keys=True, ensure_ascii=False)
    if output is not None:
        output.write_text(line + "\n", encoding="utf-8")
    return line
