"""`clearance decisions`: what was decided, recomputed."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="Stored decisions: verify and show them.")


@group.command("verify")
def verify(
    decision_id: Annotated[UUID | None, typer.Argument(help="One decision's id.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every stored decision.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
            help="Decisions made at or after this instant; UTC unless it says otherwise.",
        ),
    ] = None,
    filings: Annotated[
        bool, typer.Option("--filings", help="The decisions to file instead, which only the filing role sees.")
    ] = False,
) -> None:
    """Recompute stored decisions from their features and models; exits 1 on any difference."""
    from clearance.verification import verify_decisions

    if not (decision_id or all_ or since):
        errors.print("say which: --all, --since INSTANT, or a decision's id")
        raise typer.Exit(2)
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    raise typer.Exit(
        asyncio.run(verify_decisions(read_settings(), console, decision_id=decision_id, since=since, filings=filings))
    )
