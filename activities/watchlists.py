"""Bringing lists up to date: fetched, judged against what is in force, put into force or refused, and written down.

The command line, the schedule and the tests all go this way; a refused file leaves the version in force as it is.
"""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import httpx
from prometheus_client import Counter, Gauge
from temporalio import activity

from activities.watchlist_fetching import NotModified, Sleep, SourceFailed, SourceRefused, Validators, fetch
from activities.watchlist_sources import Source
from aml.screening import ListUnreadable, WatchList, record_hash
from store import outbox, tenants, watchlists
from store.connection import Connection, Pool, service_transaction, set_tenant
from workflows import messages as m
from workflows.steps import StepMisused
from workflows.steps_rescreening import WatchlistSteps

log = logging.getLogger(__name__)

updates = Counter("clearance_watchlist_updates_total", "Attempts to bring a watchlist up to date.", ["list", "outcome"])
confirmed = Gauge(
    "clearance_watchlist_confirmed_timestamp_seconds", "When a list's source last confirmed our version.", ["list"]
)

JUDGED = frozenset({"name", "alias", "weakAlias", "birthDate", "address", "passportNumber", "idNumber"})
"""Properties whose values are counted against the version in force, beside the records themselves."""
REBASE_SHARE = 0.1
"""Share of all entities that may change before the rarity of words is taken anew and everyone is screened in full."""
ENOUGH_TO_JUDGE = 200
"""Values of a property below which a share says nothing."""


@dataclass(frozen=True, slots=True)
class Update:
    """What became of one source. `outcome` is `new`, `unchanged`, `refused` or `failed`; `detail` says why or what."""

    source: str
    list_name: str
    outcome: str
    detail: str
    version: str = ""

    @property
    def succeeded(self) -> bool:
        return self.outcome in ("new", "unchanged")


async def put_into_force(
    conn: Connection, lists: Sequence[WatchList], checked_at: datetime, source: str = ""
) -> list[bool]:
    """Store lists, checked with their source at that time, and ask for every tenant's customers to be screened again
    where that changes what is in force; says which versions are new. One transaction: the caller's."""
    before = await _in_force(conn)
    new = []
    for each in lists:
        published = date.fromisoformat(each.published[:10]) if each.published and len(each.published) >= 10 else None
        version = watchlists.ListVersion(
            each.name, each.version, published, each.sha256, source=source, counts=each.counts()
        )
        new.append(await watchlists.store_version(conn, version, each.entities, record_hash))
        await watchlists.record_check(conn, each.name, checked_at, each.sha256)
    in_force = await _in_force(conn)
    if in_force != before:
        await _renew_basis(conn, in_force)
        await _ask_for_rescreening(conn)
    return new


async def _in_force(conn: Connection) -> set[tuple[str, str]]:
    return {(version.list_name, version.sha256) for version in await watchlists.latest_versions(conn)}


async def _renew_basis(conn: Connection, in_force: set[tuple[str, str]]) -> None:
    """Let the versions in force say how rare words are where none did, or where too much changed since: then everyone
    is screened in full, once."""
    basis = dict(await watchlists.fetch_basis(conn))
    now = dict(in_force)
    if not basis:
        await watchlists.set_basis(conn, in_force, "the first lists")
        return
    changed = 0
    for name in basis.keys() | now.keys():
        if basis.get(name) != now.get(name):
            changed += await watchlists.count_changes(conn, name, basis.get(name), now.get(name))
    total = sum(version.entity_count for version in await watchlists.latest_versions(conn))
    if changed > total * REBASE_SHARE:
        await watchlists.set_basis(conn, in_force, f"{changed} of {total} entities changed since the last")


async def _ask_for_rescreening(conn: Connection) -> None:
    for tenant in await tenants.list_tenants(conn):
        await set_tenant(conn, tenant.tenant_id)
        outbox_id = uuid4()
        row = outbox.NewOutbox(
            outbox_id, tenant.tenant_id, m.Kind.RESCREENING.value, m.workflow_id(m.Kind.RESCREENING, outbox_id), {}
        )
        await outbox.add(conn, row)


@dataclass(frozen=True, slots=True)
class WatchlistUpdater:
    """Fetches and judges. `sleep` and `clock` are those of the real world outside tests."""

    pool: Pool
    client: httpx.AsyncClient
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Sleep = field(default=asyncio.sleep)

    async def update(self, source: Source, *, accept_smaller: bool = False) -> Update:
        """Bring one list up to date. Never raises for what a source does; what became of it is recorded."""
        async with service_transaction(self.pool) as conn:
            current = next((v for v in await watchlists.latest_versions(conn) if v.list_name == source.list_name), None)
            known = {} if current is None else await watchlists.validators_of(conn, source.list_name, current.sha256)
        try:
            with tempfile.TemporaryDirectory(prefix="clearance-list-") as name:
                folder = Path(name)
                got = await fetch(self.client, source, folder, known, now=self.clock, sleep=self.sleep)
                if isinstance(got, NotModified):
                    assert current is not None  # a condition is only sent for a version that we have
                    done = await self._confirm(source, current, known)
                else:
                    read = await asyncio.to_thread(source.read, folder)
                    _judge(source, read, current, accept_smaller)
                    done = await self._accept(source, read, got.validators)
        except (SourceRefused, ListUnreadable) as error:
            done = await self._not_taken(source, "refused", str(error))
        except SourceFailed as error:
            done = await self._not_taken(source, "failed", str(error))
        updates.labels(source.list_name, done.outcome).inc()
        if done.succeeded:
            confirmed.labels(source.list_name).set(self.clock().timestamp())
        else:
            log.error("watchlist %s was %s: %s", source.list_name, done.outcome, done.detail)
        return done

    async def _accept(self, source: Source, read: WatchList, validators: dict[str, dict[str, str]]) -> Update:
        now = self.clock()
        async with service_transaction(self.pool) as conn:
            (new,) = await put_into_force(conn, [read], now, source.described)
            outcome = "new" if new else "unchanged"
            count = f"{len(read.entities):,} entities"
            await watchlists.record_fetch(
                conn, watchlists.Fetch(source.list_name, now, outcome, count, read.sha256, validators)
            )
        return Update(source.name, source.list_name, outcome, count, read.version)

    async def _confirm(self, source: Source, current: watchlists.ListVersion, known: Validators) -> Update:
        now = self.clock()
        async with service_transaction(self.pool) as conn:
            await watchlists.record_check(conn, source.list_name, now, current.sha256)
            await watchlists.record_fetch(
                conn, watchlists.Fetch(source.list_name, now, "unchanged", "not modified", current.sha256, known)
            )
        return Update(source.name, source.list_name, "unchanged", "not modified", current.version)

    async def _not_taken(self, source: Source, outcome: str, detail: str) -> Update:
        async with service_transaction(self.pool) as conn:
            await watchlists.record_fetch(conn, watchlists.Fetch(source.list_name, self.clock(), outcome, detail))
        return Update(source.name, source.list_name, outcome, detail)


def _judge(source: Source, read: WatchList, current: watchlists.ListVersion | None, accept_smaller: bool) -> None:
    """Raises `SourceRefused` where what was read is no fit successor of what is in force."""
    if read.name != source.list_name:
        raise SourceRefused(f"{source.name}: the files are those of {read.name}")
    if not read.entities:
        raise SourceRefused(f"{source.name}: the files have no record; the version in force stays")
    if current is not None and not accept_smaller:
        judge_successor(read, current, source.largest_loss, f"clearance watchlists update {source.name}")


def judge_successor(read: WatchList, current: watchlists.ListVersion, largest_loss: float, command: str) -> None:
    """Raises `SourceRefused` where far less was read than the version in force holds; `command` takes it all the same
    with `--accept-smaller`."""
    counts = read.counts()
    told = [("records", len(read.entities), current.entity_count)]
    told += [(f"values of {name}", counts.get(name, 0), before) for name, before in current.counts.items()]
    for what, now, before in told:
        judged = what == "records" or (what.removeprefix("values of ") in JUDGED and before >= ENOUGH_TO_JUDGE)
        if judged and now < before * (1.0 - largest_loss):
            raise SourceRefused(
                f"{read.name}: {now:,} {what} where version {current.version} has {before:,}, more than "
                f"{largest_loss:.0%} fewer: probably cut off. The version in force stays. If the authority did "
                f"delist as many, run `{command} --accept-smaller`"
            )


@dataclass(frozen=True, slots=True)
class WatchlistActivities(WatchlistSteps):
    """Brings lists up to date for the schedule. `sources` are all that this deployment knows, by name."""

    updater: WatchlistUpdater
    sources: Mapping[str, Source]

    @activity.defn
    async def update_watchlists(self, wanted: m.WatchlistUpdateInput) -> m.WatchlistUpdated:
        unknown = [name for name in wanted.sources if name not in self.sources]
        if unknown:
            raise StepMisused(f"no such sources: {', '.join(unknown)}")
        chosen = wanted.sources or tuple(name for name, source in self.sources.items() if source.daily)
        done = [await self.updater.update(self.sources[name]) for name in chosen]
        return m.WatchlistUpdated(tuple(m.SourceUpdate(each.source, each.outcome, each.detail) for each in done))
