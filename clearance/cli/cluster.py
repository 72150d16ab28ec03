"""`clearance cluster`: several tenants' histories on Ray."""

from pathlib import Path
from typing import Annotated

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="What is too much for one machine, on a Ray cluster.")


@group.command("monitor")
def cluster_monitor(
    sources: Annotated[list[Path], typer.Argument(help="One file or folder of transactions a tenant.")],
    output: Annotated[Path, typer.Option(help="Folder for `<name>.jsonl` a tenant, and checkpoints meanwhile.")],
    address: Annotated[str, typer.Option(help="Of the Ray cluster; this machine alone without it.")] = "",
    regime: Annotated[str, typer.Option(help="US or EU.")] = "US",
    slice_days: Annotated[float, typer.Option(min=0.01, help="Days of transactions between two checkpoints.")] = 7.0,
) -> None:
    """Match the histories of several tenants, one beside the other; paths are those of the cluster's shared storage."""
    from clearance.cluster import RayMissing, monitor_tenants

    try:
        for ran in monitor_tenants(read_settings(), sources, output, address, regime, slice_days):
            console.print(
                f"{ran.source}: {ran.transactions:,} transactions, {ran.alerts:,} alerts, {ran.broken} broken"
            )
    except (RayMissing, ValueError, OSError) as error:
        errors.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
