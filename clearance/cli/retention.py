"""`clearance retention`: when personal data ends."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="Personal data whose retention has run out.")


@group.command("start")
def retention_start(
    customer_id: Annotated[UUID, typer.Argument(help="The customer's id.")],
    ended: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When the relationship ended; today without it.")
    ] = None,
) -> None:
    """A business relationship ended: the customer's data is kept for the regime's years from then, and then due."""
    import jurisdictions
    from clearance.retention import CustomerUnknown, start_retention
    from store.subjects import SubjectErased

    today = datetime.now(UTC).date()
    day = ended.date() if ended else today
    if day > today:
        errors.print(f"{day} is in the future: say so once the relationship has ended")
        raise typer.Exit(2)
    try:
        until = asyncio.run(start_retention(read_settings(), customer_id, day))
    except CustomerUnknown as error:
        errors.print(f"no tenant has a customer {customer_id}")
        raise typer.Exit(1) from error
    except SubjectErased as error:
        errors.print(f"the data of customer {customer_id} was erased already")
        raise typer.Exit(1) from error
    except jurisdictions.RegimeUnknown as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    console.print(f"customer {customer_id}: kept until {until}", highlight=False)


@group.command("run")
def retention_run(
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What had run out by this day; today without it.")
    ] = None,
) -> None:
    """Destroy the keys of everyone whose retention has run out: what was sealed under them cannot be read again."""
    from clearance.retention import run_retention

    today = datetime.now(UTC).date()
    day = as_of.date() if as_of else today
    if day > today:
        errors.print(f"{day} is in the future: what still has to be kept is not erased early")
        raise typer.Exit(2)
    done = asyncio.run(run_retention(read_settings(), day))
    for tenant_id, count in sorted(done.erased.items()):
        console.print(f"tenant {tenant_id}: {count} subjects erased", highlight=False, soft_wrap=True)
    console.print(
        f"as of {day}: {done.erased.total()} subjects erased, {done.held} kept under a legal hold", highlight=False
    )
