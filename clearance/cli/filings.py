"""`clearance filings`: reports and blocked property, for filing officers."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="Filings: check reports, write them out, list blocked property.")


@group.command("check")
def filings_check(
    target: Annotated[
        str, typer.Argument(help="A report's file (FinCEN SAR or CTR, goAML, blocking), or a filing's id.")
    ],
    profile: Annotated[str, typer.Option(help="The FIU whose goAML profile the file should fit.")] = "euro",
) -> None:
    """Check a report against the authority's schema and the rules beyond it: exactly what is missing.

    Exits 1 where it cannot be submitted.
    """
    from clearance.filing_commands import check_report

    raise typer.Exit(check_report(read_settings(), target, profile, console, errors))


@group.command("export")
def filings_export(
    filing_id: Annotated[UUID, typer.Argument(help="The filing's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    kind: Annotated[str, typer.Option("--as", help="data, or for reports on blocked property pdf or csv.")] = "data",
) -> None:
    """Write a filing's present report to a file."""
    from clearance.filing_commands import FORMATS, write_report

    if kind not in FORMATS:
        errors.print(f"there is no {kind}; there are {', '.join(FORMATS)}")
        raise typer.Exit(2)
    raise typer.Exit(write_report(read_settings(), filing_id, kind, output, errors))


@group.command("blocked-property")
def filings_blocked_property(
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV file to write.")],
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; the last 30 June without it.")
    ] = None,
) -> None:
    """List the property that was blocked on a day, for the annual report of 31 CFR 501.603(b)(2)."""
    from clearance.filing_commands import blocked_property

    today = datetime.now(UTC).date()
    last = today.replace(year=today.year - ((today.month, today.day) < (6, 30)), month=6, day=30)
    output.write_text(asyncio.run(blocked_property(read_settings(), on.date() if on else last)), encoding="utf-8")
