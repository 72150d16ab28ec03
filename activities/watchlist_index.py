"""The index of the list versions in force, kept in memory and rebuilt when a version changes.

Worker and screener hold one each. How rare a word is comes from a basis that stays while versions change (see
`aml.screening.delta`), so the two are told apart here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aml.screening import Entity, ScreeningIndex, WatchList
from aml.screening.delta import pin
from aml.screening.index import FORMAT
from explain.record import canonical_json, sha256_hex
from store import watchlists
from store.connection import Pool, service_transaction
from store.screenings import Versions

LOOK_AGAIN_SECONDS = 5.0
"""How old the knowledge of the versions in force may get: a new list is used within this time."""
BASIS, SCORER = "@basis", "@scorer"
"""What beside the list versions makes a state: names that no list has."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What is screened against now. `index` is None where no list was ever loaded."""

    index: ScreeningIndex | None
    versions: tuple[watchlists.ListVersion, ...]
    basis: Versions

    @property
    def lists(self) -> Versions:
        return tuple(sorted((version.list_name, version.sha256) for version in self.versions))

    @property
    def basis_sha256(self) -> str:
        return digest_of(self.basis or self.lists)

    def members(self, scorer_sha256: str) -> Versions:
        """All that an answer depends on, as `store.screenings.keep_state` takes it: who was screened with the same
        members is screened."""
        scorer = sha256_hex(f"{scorer_sha256} {FORMAT}".encode())
        return tuple(sorted((*self.lists, (BASIS, self.basis_sha256), (SCORER, scorer))))


def digest_of(versions: Versions) -> str:
    return sha256_hex(canonical_json(sorted(versions)))


@dataclass(slots=True)
class WatchlistHolder:
    """Keeps the index of the list versions in force, rebuilt under `folder` when a version changes.

    A list is as fresh as the last successful check with its source; its publication date says nothing about that.
    """

    pool: Pool
    folder: Path
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _held: InForce = InForce(None, (), ())
    _looked_at: datetime | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> InForce:
        """The index and the versions in it with their last checks, at most `LOOK_AGAIN_SECONDS` old."""
        async with self._looking:
            now = self.clock()
            if self._looked_at is None or (now - self._looked_at).total_seconds() >= LOOK_AGAIN_SECONDS:
                await self._look()
                self._looked_at = now
            return self._held

    async def latest(self) -> InForce:
        """The same, as it is at this very moment."""
        async with self._looking:
            await self._look()
            self._looked_at = self.clock()
            return self._held

    async def _look(self) -> None:
        async with service_transaction(self.pool) as conn:
            versions = tuple(await watchlists.latest_versions(conn))
            basis = await watchlists.fetch_basis(conn)
        held = InForce(self._held.index, versions, basis)
        if (held.lists, held.basis) != (self._held.lists, self._held.basis):
            held = InForce(await self._build(versions, basis), versions, basis)
        self._held = held

    async def _build(self, versions: tuple[watchlists.ListVersion, ...], basis: Versions) -> ScreeningIndex | None:
        if not versions:
            return None
        lists = [await self._read(version) for version in versions]
        index = await asyncio.to_thread(ScreeningIndex.build, lists, self.folder)
        if basis and basis != tuple(sorted((each.name, each.sha256) for each in lists)):
            kept = {(each.name, each.sha256): each for each in lists}
            rest = [
                kept.get(version)
                or await self._read(watchlists.ListVersion(version[0], version[1][:12], None, version[1]))
                for version in basis
            ]
            pin(index, await asyncio.to_thread(ScreeningIndex.build, rest, self.folder / "basis"))
        return index

    async def _read(self, version: watchlists.ListVersion) -> WatchList:
        async with service_transaction(self.pool) as conn:
            rows = watchlists.iterate_entities(conn, version.list_name, version.sha256)
            entities = tuple([_entity(row) async for row in rows])
        published = None if version.published is None else version.published.isoformat()
        return WatchList(version.list_name, version.version, published, version.sha256, entities)


def _bare(list_name: str, sha256: str) -> watchlists.ListVersion:
    return watchlists.ListVersion(list_name, sha256[:12], None, sha256)


def _entity(row: dict[str, object]) -> Entity:
    return row  # type: ignore[return-value]  # stored from an Entity, read back as the same JSON
