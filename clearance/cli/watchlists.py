"""`clearance watchlists`: the lists in force and where they come from."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="Watchlists: fetch, load and compare them, see which are in use.")


@group.command("load")
def load_watchlists(
    folder: Annotated[Path, typer.Argument(help="Folder of list files as the authorities publish them.")],
    accept_smaller: Annotated[
        bool, typer.Option(help="Take a version with far fewer records than the one in force: you have checked it.")
    ] = False,
) -> None:
    """Put the lists of a folder into force, as checked with their sources now; what looks cut off is refused."""
    from activities.watchlist_fetching import SourceRefused
    from aml.screening import ListUnreadable
    from aml.screening.batch import load_watchlists as read_lists
    from clearance.lists import load_lists

    try:
        lists = read_lists(folder)
    except ListUnreadable as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    where = f"folder {folder.resolve()}"
    try:
        loaded = asyncio.run(load_lists(read_settings(), lists, where, accept_smaller=accept_smaller))
    except SourceRefused as error:
        errors.print(f"nothing loaded: {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    for each, new in loaded:
        state = "now in force" if new else "was in force already; checked"
        console.print(f"{each.name} {each.version}: {len(each.entities):,} entities, {state}")


@group.command("update")
def update_watchlists(
    names: Annotated[list[str] | None, typer.Argument(help="Sources; all that are fetched daily without any.")] = None,
    accept_smaller: Annotated[
        bool, typer.Option(help="Take a version with far fewer records than the one in force: you have checked it.")
    ] = False,
) -> None:
    """Fetch lists from their sources and put into force what is new; what looks damaged is refused."""
    from clearance.lists import update

    raise typer.Exit(update(read_settings(), names or [], accept_smaller, console, errors))


@group.command("diff")
def diff_watchlists(
    old: Annotated[str, typer.Argument(help="A folder of list files, or LIST@VERSION as stored.")],
    new: Annotated[str, typer.Argument(help="The same, later.")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON object with every id.")] = False,
) -> None:
    """What was added, amended and removed between two versions, by the digest of each record."""
    from clearance.lists import show_diff

    raise typer.Exit(show_diff(read_settings(), old, new, json_, console, errors))


@group.command("list")
def list_watchlists() -> None:
    """Which versions are in force, when each was last checked with its source, and what its last update came to."""
    from clearance.lists import lists_in_force

    for version, fetch in asyncio.run(lists_in_force(read_settings())):
        checked = version.checked_at.isoformat(timespec="minutes") if version.checked_at else "never"
        console.print(f"{version.list_name} {version.version}: {version.entity_count:,} entities, checked {checked}")
        if fetch is not None and fetch.outcome in ("refused", "failed"):
            at = fetch.fetched_at.isoformat(timespec="minutes")
            errors.print(f"  last update {fetch.outcome} {at}: {fetch.detail}", highlight=False, soft_wrap=True)
