"""Live traffic past one machine: one engine an actor of Ray, each with its share of the tenants.

Ray starts an actor that died again; it takes up snapshots and Postgres and is sent again what it had not answered. Who
routes to them is the service itself: HTTP in front does not notice.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Collection, Container, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from api.services import EngineRebuilding, EngineSilent
from clearance.database import service_pool
from clearance.engine import StreamingEngine
from clearance.engine_opened import opened_engine
from clearance.engine_ownership import PartitionTaken
from clearance.settings import Settings

log = logging.getLogger(__name__)

CONNECTIONS = 4
CALLS_AT_ONCE = 1000
"""Requests under way to one engine; what comes beyond is told to come again."""
OWNED_WITHIN = 30.0
"""Seconds after which Postgres has certainly noticed that the one that died holds its tenants no more."""
PATIENCE = 45.0
"""Seconds that a request waits for an engine that is started again, before it is told to come again."""
READY_WITHIN = 1.5
"""Seconds in which an engine that is up says so."""


@dataclass(frozen=True, slots=True)
class Share:
    """The tenants of one of `count` engines, also those who are yet to come: each always falls to the same place."""

    place: int
    count: int
    among: frozenset[UUID] = frozenset()
    """Nobody else's; anybody's where it is empty."""

    def __contains__(self, tenant_id: object) -> bool:
        if not isinstance(tenant_id, UUID) or (self.among and tenant_id not in self.among):
            return False
        return int.from_bytes(hashlib.sha256(tenant_id.bytes).digest()[:8], "big") % self.count == self.place


def shares(count: int, among: Collection[UUID] = ()) -> tuple[Share, ...]:
    """All tenants, or those of `among`, in `count` parts."""
    return tuple(Share(place, count, frozenset(among)) for place in range(count))


class EngineActor:
    """One engine in a process of its own, for a share of the tenants. Made by Ray, and made again when it died."""

    def __init__(self, settings: Settings, tenants: Container[UUID], model: Path | None = None) -> None:
        """`model` is the folder of one, in place of the approved one of the settings. Nothing is connected yet.

        All of this is small: Ray would keep a large argument in its object store, and could not start the actor again
        once that is gone.
        """
        self._settings, self._tenants, self._model = settings, tenants, model
        self._starting = asyncio.Lock()
        self._engine: StreamingEngine | None = None
        self._opened = AsyncExitStack()

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
        self._engine = None
        await self._opened.aclose()

    async def _started(self) -> StreamingEngine:
        async with self._starting:
            if self._engine is None:
                try:
                    self._engine = await self._start()
                except BaseException:
                    await self._opened.aclose()
                    raise
            return self._engine

    async def _start(self) -> StreamingEngine:
        pool = await service_pool(self._settings, "clearance_engine", CONNECTIONS)
        self._opened.push_async_callback(pool.close)
        opened = opened_engine(self._settings, pool, self._tenants, model=self._model)
        engine = await self._opened.enter_async_context(opened)
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


class EngineCluster:
    """Answers `api.services.TransactionEngine` with an actor a share of the tenants, wherever in the cluster it is."""

    def __init__(
        self,
        ray: Any,
        settings: Settings,
        parts: Sequence[Container[UUID]],
        model: Path | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`ray` is what `cluster.connect` gave; `model` as of `EngineActor`; `patience` in seconds."""
        self._ray, self._parts, self._patience = ray, parts, patience
        remote = ray.remote(max_restarts=-1, max_task_retries=-1, max_concurrency=CALLS_AT_ONCE, num_cpus=1)
        actor = remote(EngineActor)
        self._actors = [actor.remote(settings, part, model) for part in parts]
        self._under_way = [0] * len(parts)

    async def start(self) -> None:
        """Until every engine owns its tenants and has their state. Raises what kept one of them from it."""
        there = self._ray.cluster_resources().get("CPU", 0)
        if there < len(self._actors):
            log.warning("%d engines wait for as many processors, the cluster has %d", len(self._actors), there)
        try:
            await asyncio.gather(*(_answer(actor.ready.remote()) for actor in self._actors))
        except self._ray.exceptions.RayTaskError as failed:
            raise failed.cause from None

    async def submit(self, tenant_id: UUID, submitted: Sequence[Transaction]) -> list[TransactionAnswer]:
        """While an actor is started again this waits for it. Raises `EngineRebuilding` and `EngineSilent`."""
        place = self._place(tenant_id)
        if place is None:
            raise EngineRebuilding("no engine of this cluster owns the tenant")
        if self._under_way[place] >= CALLS_AT_ONCE:
            raise EngineRebuilding("too many requests wait for the tenant's engine")
        self._under_way[place] += 1
        call = asyncio.ensure_future(_answer(self._actors[place].submit.remote(tenant_id, list(submitted))))
        call.add_done_callback(lambda done: self._done(place, done))
        try:
            answers: list[TransactionAnswer] = await asyncio.wait_for(asyncio.shield(call), self._patience)
        except TimeoutError:
            log.warning("the engine of tenant %s has not answered for %.0f s", tenant_id, self._patience)
            raise EngineSilent("the tenant's engine does not answer") from None
        except self._ray.exceptions.RayTaskError as failed:
            if not isinstance(failed.cause, EngineRebuilding):
                log.exception("the engine of tenant %s failed", tenant_id)
            raise EngineRebuilding(str(failed.cause)) from None
        except self._ray.exceptions.RayError:
            log.exception("the engine of tenant %s is lost", tenant_id)
            raise EngineSilent("the tenant's engine is lost") from None
        return answers

    async def ready(self) -> bool:
        """Whether every engine is up and has its tenants."""
        asked = (asyncio.wait_for(_answer(actor.ready.remote()), READY_WITHIN) for actor in self._actors)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return all(answer is True for answer in answers)

    async def stop(self) -> None:
        """Stop all engines in order."""
        stopped = asyncio.gather(*(_answer(actor.stop.remote()) for actor in self._actors), return_exceptions=True)
        await asyncio.wait([asyncio.ensure_future(stopped)], timeout=OWNED_WITHIN)
        for actor in self._actors:
            self._ray.kill(actor)

    def _place(self, tenant_id: UUID) -> int | None:
        return next((place for place, part in enumerate(self._parts) if tenant_id in part), None)

    def _done(self, place: int, call: "asyncio.Future[Any]") -> None:
        self._under_way[place] -= 1
        if not call.cancelled():
            call.exception()  # whoever asked may have gone: nobody is to be told that nobody looked


async def _answer(call: Any) -> Any:
    """What a call of an actor gives, as a coroutine."""
    return await call
