"""`clearance models`: training, approval and comparison."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="Models: train, list, approve and revoke them.")


_ApproverKey = Annotated[Path, typer.Option(help="The approver's private Ed25519 key: PEM or 32 raw bytes.")]


@group.command("list")
def list_models() -> None:
    """Name, version, digest, role, who approved it and the card's figures; exits 1 where one would not load."""
    from clearance.models import print_models

    raise typer.Exit(print_models(read_settings(), console))


@group.command("approve")
def approve_models(
    folders: Annotated[list[Path], typer.Argument(help="Model folders, each with its card.json.")],
    key: _ApproverKey,
    role: Annotated[str, typer.Option(help="champion (decides) or challenger (runs beside it).")] = "champion",
) -> None:
    """Sign models as one of the two people whose approval each needs before it loads."""
    from clearance.models import approve_folders

    raise typer.Exit(approve_folders(read_settings(), folders, key, role, console, errors))


@group.command("revoke")
def revoke_model(
    model: Annotated[str, typer.Argument(help="A model folder, or the SHA-256 of one that is gone.")],
    key: _ApproverKey,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Forbid a model for good: one trusted person is enough. Running services keep it until they restart."""
    from clearance.models import revoke

    raise typer.Exit(revoke(read_settings(), model, key, reason, console, errors))


@group.command("compare")
def compare_models(
    champion: Annotated[str, typer.Argument(help="Folder name of the model that decides, e.g. transactions.")],
    challenger: Annotated[str, typer.Argument(help="Folder name of the one approved as its challenger.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Decisions of this day (UTC) and later.")
    ] = None,
) -> None:
    """Score what the champion decided by a challenger too: where it would have decided otherwise, and how often."""
    from clearance.challenger import NothingToCompare, print_comparison
    from clearance.challenger import compare_models as compare
    from explain.registry import ModelNotLoaded

    start = since.replace(tzinfo=UTC) if since else None
    try:
        result = asyncio.run(compare(read_settings(), champion, challenger, since=start))
    except (ModelNotLoaded, NothingToCompare, ValueError) as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    print_comparison(result, console)


@group.command("labels")
def write_labels(
    output: Annotated[Path, typer.Option(help="Where the labels go, one JSON object a line.")],
    tenant: Annotated[UUID | None, typer.Option(help="One tenant's id; all tenants without it.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Cases closed on this day (UTC) and later.")
    ] = None,
) -> None:
    """Write what officers decided beside the features that the models saw: what the next model is trained on.

    No id of a person, account, transaction or case is in it. Exits 1 where there is nothing to write.
    """
    from clearance.labels import write_labels as write

    after = since.replace(tzinfo=UTC) if since else None
    raise typer.Exit(write(read_settings(), output, console, tenant, after))


@group.command("train")
def train_model(
    which: Annotated[str, typer.Argument(help="aml, customer-risk or screening.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; the deployment's own by default.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="What `clearance models labels` wrote: officers' dispositions, for aml.")
    ] = None,
    label_weight: Annotated[float, typer.Option(help="How many generated rows each of them counts for.")] = 10.0,
) -> None:
    """Train a reference model on generated data, and on officers' dispositions where they are given.

    The result loads once two people approved it. Its card says how many labels it learned from and how it ranks the
    newest, which it did not.
    """
    from clearance.models import train

    raise typer.Exit(train(read_settings(), which, out, console, errors, labels, label_weight))
