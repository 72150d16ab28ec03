"""Past one machine: engines and histories on a Ray cluster, with the tenant as the unit, which is never split.

The same engine runs in an actor for a partition of tenants, the same chain of slices in a task for a tenant's history.
Ray starts what died again; it then goes on from snapshot and Postgres, or from its checkpoint. One machine needs none
of this. Every node sees the same settings, key files and folders.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from api.services import EngineRebuilding
from clearance.database import service_pool
from clearance.engine import PartitionTaken, StreamingEngine
from clearance.keyring import KeyName, Keyring
from clearance.rates import RatesFolder
from clearance.settings import Settings
from clearance.snapshots import SnapshotFolder
from clearance.trust import TRANSACTIONS, approved_models
from explain.registry import load
from store.connection import Pool, role_conninfo
from vault.keys import FileKeyProvider

CONNECTIONS = 4
CALLS_AT_ONCE = 1000
OWNED_WITHIN = 30.0
"""Seconds after which Postgres has certainly noticed that the one that died holds its tenants no more."""


class RayMissing(Exception):
    """The extra `cluster` is not installed, or no cluster answers."""


def connect(address: str | None) -> Any:
    """Ray, connected to the cluster at `address`, or to one of this machine alone. Raises `RayMissing`."""
    try:
        import ray
    except ImportError as error:
        raise RayMissing("Ray is not installed: pip install 'clearance[cluster]'") from error
    if not ray.is_initialized():
        local: dict[str, Any] = {} if address else {"include_dashboard": False}
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **local)
        except ConnectionError as error:
            raise RayMissing(f"no Ray cluster answers at {address}: {error}") from error
    return ray


# --- Live traffic -----------------------------------------------------------------------------------------------------


class EngineActor:
    """One engine in a process of its own, for a partition of tenants. Made by Ray, and made again when it died."""

    def __init__(self, settings: Settings, tenants: Sequence[UUID], model: Path | None = None) -> None:
        """`model` is the folder of one, in place of the approved one of the settings. Nothing is connected yet.

        All of this is small: Ray would keep a large argument in its object store, and could not start the actor again
        once that is gone.
        """
        self._settings, self._tenants, self._model = settings, tuple(tenants), model
        self._starting = asyncio.Lock()
        self._engine: StreamingEngine | None = None
        self._opened: tuple[Pool, AsyncConnection[Any]] | None = None

    async def submit(self, tenant_id: UUID, submitted: Sequence[Transaction]) -> list[TransactionAnswer]:
        """As `StreamingEngine.submit`. Called again after a crash it counts nothing twice: repeats are duplicates."""
        return await (await self._started()).submit(tenant_id, submitted)

    async def ready(self) -> bool:
        return await (await self._started()).ready()

    async def process(self) -> int:
        """The id of its process, to find it in the node's own tools."""
        return os.getpid()

    async def stop(self) -> None:
        """Stop in order: answer what waits, and write snapshots."""
        if self._engine is not None:
            await self._engine.stop()
        if self._opened is not None:
            pool, lock = self._opened
            await lock.close()
            await pool.close()
        self._engine = self._opened = None

    async def _started(self) -> StreamingEngine:
        async with self._starting:
            if self._engine is None:
                self._engine = await self._start()
            return self._engine

    async def _start(self) -> StreamingEngine:
        settings = self._settings
        model = load(self._model) if self._model else approved_models(settings).champion(TRANSACTIONS)
        keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
        if self._opened is None:
            conninfo = role_conninfo(settings.database_url, "clearance_engine", settings.database_password)
            lock = await AsyncConnection.connect(conninfo, autocommit=True)
            self._opened = await service_pool(settings, "clearance_engine", CONNECTIONS), lock
        pool, lock = self._opened
        snapshots = SnapshotFolder(settings.engine_folder)
        rates = RatesFolder(settings.rates_folder)
        engine = StreamingEngine(pool, lock, keys, model, self._tenants, snapshots=snapshots, rates=rates)
        deadline = asyncio.get_running_loop().time() + OWNED_WITHIN
        while True:
            try:
                await engine.start()
            except PartitionTaken:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.5)
            else:
                return engine


def partitions(tenants: Iterable[UUID], count: int) -> list[tuple[UUID, ...]]:
    """The tenants in at most `count` parts, none empty: each always falls to the same one of as many."""
    found: dict[int, list[UUID]] = {}
    for tenant_id in sorted(tenants):
        place = int.from_bytes(hashlib.sha256(tenant_id.bytes).digest()[:8], "big") % count
        found.setdefault(place, []).append(tenant_id)
    return [tuple(found[place]) for place in sorted(found)]


class EngineCluster:
    """Answers `api.services.TransactionEngine` with an actor a partition, wherever in the cluster Ray puts it."""

    def __init__(
        self, ray: Any, settings: Settings, parts: Sequence[Sequence[UUID]], model: Path | None = None
    ) -> None:
        """`ray` is what `connect` gave; `model` as of `EngineActor`."""
        self._ray = ray
        remote = ray.remote(max_restarts=-1, max_task_retries=-1, max_concurrency=CALLS_AT_ONCE, num_cpus=1)
        actor = remote(EngineActor)
        self._actors = [actor.remote(settings, tuple(part), model) for part in parts]
        self._of = {tenant_id: self._actors[place] for place, part in enumerate(parts) for tenant_id in part}

    async def start(self) -> None:
        """Until every engine owns its tenants and has their state."""
        await asyncio.gather(*(actor.ready.remote() for actor in self._actors))

    async def submit(self, tenant_id: UUID, submitted: Sequence[Transaction]) -> list[TransactionAnswer]:
        """While an actor is started again this waits for it. Raises `EngineRebuilding`."""
        actor = self._of.get(tenant_id)
        if actor is None:
            raise EngineRebuilding("no engine of this cluster owns the tenant")
        answers: list[TransactionAnswer] = await actor.submit.remote(tenant_id, list(submitted))
        return answers

    async def ready(self) -> bool:
        return all(await asyncio.gather(*(actor.ready.remote() for actor in self._actors)))

    async def stop(self) -> None:
        """Stop all engines in order."""
        await asyncio.gather(*(actor.stop.remote() for actor in self._actors))
        for actor in self._actors:
            self._ray.kill(actor)


# --- History ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """The history of one tenant: files in, alerts out, a checkpoint after each slice; all on storage of the cluster."""

    source: Path
    output: Path
    checkpoint: Path
    regime: str
    slice_days: float = 7.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a chain found, a resumed one from its beginning."""

    source: Path
    transactions: int
    alerts: int
    broken: int
    hits: Mapping[str, int]


def run_chain(settings: Settings, chain: Chain) -> Ran:
    """Run a tenant's history to its end; from its checkpoint on, where there is one. As `clearance monitor` does."""
    import jurisdictions
    from aml.history import Run, run_history
    from aml.monitor import Monitoring
    from aml.scoring import AlertParameters, alert_table
    from explain.attribution import TreeModel
    from jurisdictions.indicative_rates import indicative_rates
    from jurisdictions.monitoring import monitoring_parameters

    trees = TreeModel.from_text(load(settings.models / "transactions").content)
    regime = jurisdictions.regime(chain.regime, datetime.now(UTC).date())
    parameters = monitoring_parameters(regime, indicative_rates(regime.currency))
    monitoring = Monitoring(parameters, trees.explain, alert_table(AlertParameters()))
    run_history(Run(chain.source, chain.output, chain.checkpoint, timedelta(days=chain.slice_days)), monitoring)
    summary = monitoring.summary
    return Ran(chain.source, summary.transactions, summary.alerts, summary.broken_count, dict(summary.hits))


def run_chains(ray: Any, settings: Settings, chains: Sequence[Chain]) -> Iterable[Ran]:
    """One task a tenant, as many at once as the cluster has processors; results as they come.

    A task whose worker died is tried again and goes on from its checkpoint. What the files are to blame for (see
    `aml.history.run_history`) is raised when it is its turn.
    """
    task = ray.remote(max_retries=-1, num_cpus=1)(run_chain)
    waiting = [task.remote(settings, chain) for chain in chains]
    while waiting:
        done, waiting = ray.wait(waiting, num_returns=1)
        try:
            ran: Ran = ray.get(done[0])
        except ray.exceptions.RayTaskError as failed:
            raise failed.cause from None  # without the worker's stack, which says nothing about the file
        yield ran


def monitor_tenants(
    settings: Settings, sources: Sequence[Path], output: Path, address: str, regime: str, slice_days: float
) -> Iterable[Ran]:
    """What `clearance cluster monitor` does: alerts of `source` go to `<output>/<its name>.jsonl`.

    Raises `RayMissing`, and `ValueError` for two sources of one name and for what a source's own run refuses.
    """
    names = [source.stem for source in sources]
    if len(set(names)) < len(names):
        raise ValueError(f"two of the sources have the same name: {', '.join(sorted(names))}; rename one")
    output.mkdir(parents=True, exist_ok=True)
    chains = [
        Chain(
            source.resolve(),
            (output / f"{name}.jsonl").resolve(),
            (output / f"{name}.checkpoint").resolve(),
            regime,
            slice_days,
        )
        for source, name in zip(sources, names, strict=True)
    ]
    yield from run_chains(connect(address or None), settings, chains)
