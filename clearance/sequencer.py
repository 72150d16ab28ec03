"""The sequencer: gives each tenant's ledger leaves their places within a second and signs a checkpoint every minute."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import Gauge

from clearance.database import service_pool
from clearance.keyring import Keyring, public_hex
from clearance.services import Ready
from clearance.settings import Settings
from store import ledger
from store.connection import Pool, service_transaction, tenant_transaction
from store.tenants import list_tenants

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25
CHECKPOINT_SECONDS = 60.0
ALARM_SECONDS = 10.0
"""A leaf that waits longer for its place is an alarm: the promise is one second."""

oldest_pending = Gauge("clearance_ledger_oldest_pending_seconds", "How long the oldest leaf has waited for its place.")


class LedgerSigner:
    """Signs receipts and checkpoints with the deployment's ledger key; its id is the start of the public key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key_id = public_hex(key)[:16]

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


async def sequence_all(pool: Pool) -> int:
    """Give every waiting leaf its place; answers how many there were."""
    async with service_transaction(pool) as connection:
        tenants = await ledger.tenants_with_pending(connection)
    done = 0
    for tenant_id in tenants:
        async with tenant_transaction(pool, tenant_id) as connection:
            done += await ledger.sequence(connection, tenant_id)
    async with service_transaction(pool) as connection:
        waited = await ledger.oldest_pending_seconds(connection)
    oldest_pending.set(waited)
    if waited > ALARM_SECONDS:
        log.error("the oldest ledger leaf has waited %.0f s for its place", waited)
    return done


async def checkpoint_all(pool: Pool, signer: LedgerSigner, folder: Path) -> int:
    """Sign and export a checkpoint for every tenant whose ledger grew; answers how many tenants there are."""
    async with service_transaction(pool) as connection:
        tenants = await list_tenants(connection)
    for tenant in tenants:
        async with tenant_transaction(pool, tenant.tenant_id) as connection:
            made = await ledger.checkpoint(connection, tenant.tenant_id, signer)
        await asyncio.to_thread(ledger.export_checkpoint, made, folder)
    return len(tenants)


@asynccontextmanager
async def serve_sequencer(settings: Settings) -> AsyncIterator[Ready]:
    signer = LedgerSigner(Keyring(settings.secrets_folder).ledger)
    pool = await service_pool(settings, "clearance_sequencer")
    last_turn = time.monotonic()

    async def turn_for_ever() -> None:
        nonlocal last_turn
        next_checkpoint = time.monotonic() + 1.0
        while True:
            try:
                done = await sequence_all(pool)
                if time.monotonic() >= next_checkpoint:
                    await checkpoint_all(pool, signer, settings.checkpoint_folder)
                    next_checkpoint = time.monotonic() + CHECKPOINT_SECONDS
                last_turn = time.monotonic()
            except psycopg.OperationalError:
                log.exception("the database did not answer; trying again")
                done = 0
            if done == 0:
                await asyncio.sleep(PAUSE_SECONDS)

    async def ready() -> bool:
        return not turning.done() and time.monotonic() - last_turn < ALARM_SECONDS

    turning = asyncio.create_task(turn_for_ever())
    try:
        yield ready
    finally:
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)
        await sequence_all(pool)
        await checkpoint_all(pool, signer, settings.checkpoint_folder)
        await pool.close()
