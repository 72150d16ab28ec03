"""Services and the embedded stack: run, provision, up, demo, and new tenants."""

import asyncio
from typing import Annotated

import typer

from clearance.cli.terminal import console, errors, read_settings
from clearance.services import SERVICES, run_services

commands = typer.Typer()


@commands.command()
def run(names: Annotated[list[str], typer.Argument(help=f"Any of: {', '.join(SERVICES)}")]) -> None:
    """Run several services in one process until Ctrl-C."""
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        errors.print(f"no such service: {', '.join(unknown)}; there are {', '.join(SERVICES)}")
        raise typer.Exit(2)
    asyncio.run(run_services(names, read_settings()))


def _service_command(name: str) -> None:
    def command() -> None:
        asyncio.run(run_services([name], read_settings()))

    commands.command(name, help=f"Run the {name} service until Ctrl-C.")(command)


for service in SERVICES:
    _service_command(service)


@commands.command()
def health(url: Annotated[str, typer.Argument(help="The service's /health/ready URL.")]) -> None:
    """Exit 0 when a service is ready: the container health check."""
    import httpx

    try:
        answer = httpx.get(url, timeout=5.0)
    except httpx.TransportError as error:
        errors.print(f"{url}: {error}")
        raise typer.Exit(1) from error
    if answer.status_code != 200:
        errors.print(f"{url}: {answer.status_code} {answer.text}")
        raise typer.Exit(1)


@commands.command()
def provision() -> None:
    """Make schema, roles, keys, namespaces, search attributes, models and the first tenants; safe to repeat."""
    from clearance.provision import provision as provision_all

    asyncio.run(provision_all(read_settings(), console.print))


@commands.command()
def up() -> None:
    """Start the embedded stack on its usual ports and leave it running until Ctrl-C."""
    from clearance.demo import up as bring_up

    bring_up(console)


@commands.command()
def demo() -> None:
    """Run the main job once on a fresh embedded stack and print what happened."""
    from clearance.demo import demo as run_demo

    raise typer.Exit(run_demo(console))


@commands.command("add-tenant")
def add_tenant(name: str, regime: Annotated[str, typer.Option(help="US or EU.")]) -> None:
    """Make a tenant with an API key and its first officers; the secrets are shown once."""
    from clearance.tenancy import add_tenant as make_tenant

    tenant = asyncio.run(make_tenant(read_settings(), name, regime))
    console.print(f"tenant  {tenant.tenant_id} ({tenant.regime})")
    console.print(f"API key {tenant.api_key}")
    for login, password in tenant.passwords.items():
        console.print(f"officer {login}: {password}")
