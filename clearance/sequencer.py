"""The sequencer: gives each tenant's ledger leaves their places within a second and signs a checkpoint every minute.

The filings' ledger is another line of the same kind: another schema, role, key and folder, run by a filing service.
"""

import asyncio
import fcntl
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import Counter, Gauge

from clearance.database import service_pool
from clearance.keyring import KeyName, Keyring, public_hex, read_signer
from clearance.services import Ready
from clearance.settings import Settings
from clearance.timestamps import Authority, TimestampRefused, read_roots, stamp_newest
from store import checkpoints, decisions, ledger
from store.connection import Pool, service_transaction, tenant_transaction
from store.tenants import list_tenants

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25
CHECKPOINT_SECONDS = 60.0
DAY_CHECK_SECONDS = 3600.0
STAMP_SECONDS = 3600.0
DAYS_AHEAD = 14
"""Partitions of decisions that are made before their day."""
ALARM_SECONDS = 10.0
"""A leaf that waits longer for its place is an alarm: the promise is one second."""

PUBLIC = "public"
FILING = "filing"
"""The schemas that hold a ledger."""

oldest_pending = Gauge(
    "clearance_ledger_oldest_pending_seconds", "How long the oldest leaf has waited for its place.", ["ledger"]
)


stamps_missed = Counter(
    "clearance_ledger_timestamps_missed_total",
    "Checkpoints that the time stamping authority did not stamp.",
    ["ledger"],
)


unsigned = Counter(
    "clearance_ledger_key_refused_total", "Checkpoints that were not made: another key signs the ledger.", ["ledger"]
)


class LedgerSigner:
    """Signs receipts and checkpoints with the deployment's ledger key; its id is the start of the public key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = public_hex(key)
        self.key_id = self.public_key[:16]

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger to be sequenced: the pool of its role, the file of its key, the folder of its checkpoints."""

    pool: Pool
    key: Path
    folder: Path
    schema: str = PUBLIC
    authority: Authority | None = None

    def signer(self) -> LedgerSigner:
        """Of the key as it is now: another may have followed it. Raises `clearance.keyring.KeyMissing`."""
        return LedgerSigner(read_signer(self.key))


async def sequence_all(pool: Pool, schema: str = PUBLIC) -> int:
    """Give every waiting leaf its place; answers how many there were."""
    async with service_transaction(pool) as connection:
        tenants = await ledger.tenants_with_pending(connection, schema=schema)
    done = 0
    for tenant_id in tenants:
        async with tenant_transaction(pool, tenant_id) as connection:
            done += await ledger.sequence(connection, tenant_id, schema=schema)
    async with service_transaction(pool) as connection:
        waited = await ledger.oldest_pending_seconds(connection, schema=schema)
    oldest_pending.labels(schema).set(waited)
    if waited > ALARM_SECONDS:
        log.error("the oldest leaf of the %s ledger has waited %.0f s for its place", schema, waited)
    return done


async def checkpoint_tenant(line: Line, tenant_id: UUID) -> tuple[checkpoints.Checkpoint, Path]:
    """Sign and export one tenant's ledger as it stands; raises `store.checkpoints.CheckpointConflict` and
    `KeyNotEntitled`.

    One process at a time does so for a folder: two that each sign and then write would write in the wrong order.
    """
    async with signing_alone(line):
        async with tenant_transaction(line.pool, tenant_id) as connection:
            made = await checkpoints.make_checkpoint(connection, tenant_id, line.signer(), schema=line.schema)
        return made, await asyncio.to_thread(checkpoints.export_checkpoint, made, line.folder)


@asynccontextmanager
async def signing_alone(line: Line) -> AsyncIterator[None]:
    """No other process signs for this ledger, and its key stays the same, while the block lasts."""
    line.folder.mkdir(parents=True, exist_ok=True)
    with (line.folder / ".lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


async def checkpoint_all(line: Line) -> int:
    """Sign and export a checkpoint for every tenant whose ledger grew; answers how many tenants there are."""
    async with service_transaction(line.pool) as connection:
        tenants = await list_tenants(connection)
    for tenant in tenants:
        try:
            await checkpoint_tenant(line, tenant.tenant_id)
        except checkpoints.KeyNotEntitled as refused:
            unsigned.labels(line.schema).inc()
            log.error("no checkpoint: %s; give this service the key that was named, or finish the rotation", refused)
    return len(tenants)


async def prepare_days(line: Line) -> int:
    """Make the partitions of the coming days' decisions; answers how many were missing. Those to file have none."""
    if line.schema != PUBLIC:
        return 0
    async with service_transaction(line.pool) as connection:
        # Making one waits for whoever writes just then, and holds up whoever comes next: better another try later.
        await connection.execute("SET LOCAL lock_timeout = '2s'")
        return await decisions.create_days(connection, datetime.now(UTC).date(), DAYS_AHEAD)


async def stamp_all(line: Line) -> int:
    """Have the newest checkpoint of every tenant stamped by the authority outside, where there is one; answers how many
    were. One that does not answer is asked again in an hour: it delays nothing."""
    if line.authority is None:
        return 0
    done = 0
    for path in sorted(line.folder.glob(f"*.{line.schema}.checkpoints.jsonl")):
        try:
            done += await stamp_newest(line.authority, path)
        except TimestampRefused as refused:
            stamps_missed.labels(line.schema).inc()
            log.warning("no time stamp for %s: %s", path.name, refused)
    return done


@asynccontextmanager
async def serve_sequencer(settings: Settings) -> AsyncIterator[Ready]:
    """The sequencer of the tenants' ledgers."""
    async with open_line(settings) as line, sequencing(line) as ready:
        yield ready


@asynccontextmanager
async def open_line(settings: Settings, schema: str = PUBLIC) -> AsyncIterator[Line]:
    """A ledger with what its sequencer needs: that of the decisions, or that of the filings."""
    keys = Keyring(settings.secrets_folder)
    # Each side is given its own key only.
    if schema == FILING:
        role, key, folder = "clearance_filing", KeyName.FILING_LEDGER, settings.filing_checkpoint_folder
    else:
        role, key, folder = "clearance_sequencer", KeyName.LEDGER, settings.checkpoint_folder
    read_signer(keys.path(key))
    async with await service_pool(settings, role, max_size=2) as pool:
        yield Line(pool, keys.path(key), folder, schema, time_authority(settings))


def time_authority(settings: Settings) -> Authority | None:
    """Who stamps checkpoints, if anybody. Raises `OSError` or `ValueError` where its certificates cannot be read."""
    if not settings.timestamp_url:
        return None
    if settings.timestamp_roots is None:
        raise ValueError("CLEARANCE_TIMESTAMP_URL needs CLEARANCE_TIMESTAMP_ROOTS: whose stamps are believed")
    return Authority(settings.timestamp_url, read_roots(settings.timestamp_roots))


@asynccontextmanager
async def sequencing(line: Line) -> AsyncIterator[Ready]:
    """Sequence and checkpoint a ledger for as long as the block lasts, and once more at its end."""
    last_turn = time.monotonic()

    async def turn_for_ever() -> None:
        nonlocal last_turn
        next_checkpoint, next_day = time.monotonic() + 1.0, time.monotonic()
        while True:
            try:
                if time.monotonic() >= next_day:
                    await prepare_days(line)
                    next_day = time.monotonic() + DAY_CHECK_SECONDS
                done = await sequence_all(line.pool, line.schema)
                if time.monotonic() >= next_checkpoint:
                    await checkpoint_all(line)
                    next_checkpoint = time.monotonic() + CHECKPOINT_SECONDS
                last_turn = time.monotonic()
            except psycopg.OperationalError:
                log.exception("the database did not answer; trying again")
                done = 0
            except checkpoints.CheckpointConflict:
                log.critical("the %s ledger and its checkpoints disagree: sequencing stops", line.schema, exc_info=True)
                raise
            if done == 0:
                await asyncio.sleep(PAUSE_SECONDS)

    async def ready() -> bool:
        return not turning.done() and time.monotonic() - last_turn < ALARM_SECONDS

    async def stamp_for_ever() -> None:
        while True:
            # The first checkpoint is made a second after the start.
            await asyncio.sleep(2.0)
            await stamp_all(line)
            await asyncio.sleep(STAMP_SECONDS)

    turning, stamping = asyncio.create_task(turn_for_ever()), asyncio.create_task(stamp_for_ever())
    try:
        yield ready
    finally:
        for task in (turning, stamping):
            task.cancel()
        await asyncio.gather(turning, stamping, return_exceptions=True)
        await sequence_all(line.pool, line.schema)
        await checkpoint_all(line)
