"""Watchlist files of a folder: recognised by the names the authorities give them, parsed, and put into force."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from aml.screening import ListUnreadable, WatchList, parse_csl, parse_ofac, parse_un, parse_us_consolidated
from clearance.database import service_pool
from clearance.settings import Settings
from store import watchlists
from store.connection import service_transaction


def read_lists(folder: Path) -> list[WatchList]:
    """Every list that is in the folder. Raises `ListUnreadable` for a broken file and for a folder without any."""
    parsers: tuple[tuple[tuple[str, ...], Callable[[Path], WatchList], bool], ...] = (
        (("ofac_sdn.csv", "sdn.csv"), parse_ofac, True),
        (("us_cons_prim.csv", "cons_prim.csv"), parse_us_consolidated, True),
        (("un_consolidated.xml", "consolidated.xml"), parse_un, False),
        (("us_csl.csv", "consolidated.csv"), parse_csl, False),
    )
    found = []
    for names, parse, whole_folder in parsers:
        file = next((folder / name for name in names if (folder / name).exists()), None)
        if file is not None:
            found.append(parse(folder if whole_folder else file))
    if not found:
        known = ", ".join(name for names, _, _ in parsers for name in names)
        raise ListUnreadable(f"{folder} holds no list that is known by its file name ({known})")
    return found


async def load_lists(settings: Settings, lists: list[WatchList]) -> list[tuple[WatchList, bool]]:
    """Put lists into force, each in one transaction, checked with their source now; says which versions are new."""
    pool = await service_pool(settings, "clearance_worker")
    try:
        loaded = []
        for each in lists:
            async with service_transaction(pool) as connection:
                published = date.fromisoformat(each.published[:10]) if each.published else None
                version = watchlists.ListVersion(each.name, each.version, published, each.sha256)
                new = await watchlists.store_version(connection, version, each.entities)
                await watchlists.record_check(connection, each.name, datetime.now(UTC), each.sha256)
            loaded.append((each, new))
        return loaded
    finally:
        await pool.close()
