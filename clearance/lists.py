"""Watchlists from the command line: put into force from a folder, brought up to date from their sources, compared."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from activities.watchlist_fetching import http_client
from activities.watchlist_sources import LARGEST_LOSS, Source, SourcesUnusable, read_sources
from activities.watchlists import Update, WatchlistUpdater, judge_successor, put_into_force
from aml.screening import Delta, ListUnreadable, WatchList, diff, record_hash
from aml.screening.batch import load_watchlists
from clearance.database import service_pool
from clearance.settings import Settings
from store import watchlists
from store.connection import service_transaction

ROLE = "clearance_worker"
SHOWN = 20
"""Ids of each kind that `diff` prints; `--json` has them all."""


async def load_lists(
    settings: Settings, lists: list[WatchList], source: str = "", *, accept_smaller: bool = False
) -> list[tuple[WatchList, bool]]:
    """Put lists into force in one transaction, checked with their source now; says which versions are new. Raises
    `SourceRefused`, and none is loaded, where one holds far less than its version in force, as a file cut off does."""
    async with await service_pool(settings, ROLE) as pool, service_transaction(pool) as connection:
        in_force = {version.list_name: version for version in await watchlists.latest_versions(connection)}
        for each in lists:
            if each.name in in_force and not accept_smaller:
                judge_successor(each, in_force[each.name], LARGEST_LOSS, "clearance watchlists load FOLDER")
        new = await put_into_force(connection, lists, datetime.now(UTC), source)
    return list(zip(lists, new, strict=True))


async def lists_in_force(settings: Settings) -> list[tuple[watchlists.ListVersion, watchlists.Fetch | None]]:
    """The version of each list that applicants are screened against, and the last attempt to fetch a newer one."""
    async with await service_pool(settings, ROLE) as pool, service_transaction(pool) as connection:
        versions, fetches = await watchlists.latest_versions(connection), await watchlists.last_fetches(connection)
    return [(version, fetches.get(version.list_name)) for version in versions]


def chosen_sources(settings: Settings, names: Sequence[str]) -> list[Source]:
    """The sources of these names, or all that are fetched daily. Raises `SourcesUnusable`."""
    known = read_sources(settings.watchlist_sources)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SourcesUnusable(f"no such source: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [known[name] for name in names] if names else [source for source in known.values() if source.daily]


def update(settings: Settings, names: Sequence[str], accept_smaller: bool, console: Console, errors: Console) -> int:
    """Fetch lists and put into force what is new; the exit code says whether every one was confirmed."""
    try:
        sources = chosen_sources(settings, names)
    except SourcesUnusable as error:
        errors.print(str(error), highlight=False, soft_wrap=True)
        return 2
    done = asyncio.run(_update(settings, sources, accept_smaller))
    for each in done:
        told = f"{each.source} {each.version}: " if each.version else f"{each.source}: "
        where = console if each.succeeded else errors
        where.print(f"{told}{each.outcome}, {each.detail}", highlight=False, soft_wrap=True)
    return 0 if all(each.succeeded for each in done) else 1


async def _update(settings: Settings, sources: list[Source], accept_smaller: bool) -> list[Update]:
    async with await service_pool(settings, ROLE) as pool, http_client() as client:
        updater = WatchlistUpdater(pool, client)
        return [await updater.update(source, accept_smaller=accept_smaller) for source in sources]


# --- Differences ------------------------------------------------------------------------------------------------------


class VersionUnknown(Exception):
    """What was to be compared is neither a folder of list files nor a stored version; the message says which."""


def show_diff(settings: Settings, old: str, new: str, as_json: bool, console: Console, errors: Console) -> int:
    """Print what was added, amended and removed from one version to the other, a list at a time."""
    try:
        before, after = asyncio.run(_hashes(settings, old)), asyncio.run(_hashes(settings, new))
    except (VersionUnknown, ListUnreadable) as error:
        errors.print(str(error), highlight=False, soft_wrap=True)
        return 2
    deltas = {name: diff(before.get(name, {}), after.get(name, {})) for name in sorted(before.keys() | after.keys())}
    if as_json:
        console.print_json(json.dumps({name: _members(delta) for name, delta in deltas.items()}))
        return 0
    for name, delta in deltas.items():
        counts = ", ".join(f"{len(ids):,} {kind}" for kind, ids in _members(delta).items())
        console.print(f"{name}: {counts}", highlight=False)
        for kind, ids in _members(delta).items():
            for entity_id in ids[:SHOWN]:
                console.print(f"  {kind:<8} {entity_id}", highlight=False)
            if len(ids) > SHOWN:
                console.print(f"  {kind:<8} … and {len(ids) - SHOWN:,} more (--json has all)", highlight=False)
    return 0


def _members(delta: Delta) -> dict[str, tuple[str, ...]]:
    return {"added": delta.added, "amended": delta.amended, "removed": delta.removed}


async def _hashes(settings: Settings, said: str) -> dict[str, dict[str, str]]:
    """Record hashes by list: of a folder's files, or of a stored version said as `list@version`."""
    folder = Path(said)
    if folder.is_dir():  # noqa: ASYNC240
        return {each.name: each.record_hashes() for each in load_watchlists(folder)}
    name, _, wanted = said.partition("@")
    if not wanted:
        raise VersionUnknown(f"{said}: neither a folder of list files nor LIST@VERSION, such as us_ofac_sdn@2026-11-01")
    async with await service_pool(settings, ROLE) as pool, service_transaction(pool) as connection:
        version = await watchlists.find_version(connection, name, wanted)
        if version is None:
            raise VersionUnknown(f"{said}: no such version is stored; VERSION may also be the start of its SHA-256")
        return {name: await watchlists.record_hashes(connection, name, version.sha256, record_hash)}
