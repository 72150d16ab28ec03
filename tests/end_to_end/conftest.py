"""One embedded stack for the end-to-end tests, everything real, with a tenant and invented lists in force."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aml.screening.batch import load_watchlists
from clearance.client import Caller, sign_in
from clearance.demo_data import example_filer, write_watchlists
from clearance.filers import FilerFolder
from clearance.lists import load_lists
from clearance.stack import Ports, Stack, running_stack
from clearance.tenancy import NewTenant, add_tenant


def run(coroutine: Any) -> Any:
    """A coroutine in a loop of its own, beside the one that pytest runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@contextmanager
def removed(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if "CLEARANCE_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class House:
    """The running stack with one tenant and callers for its service and officers."""

    stack: Stack
    tenant: NewTenant
    lists: Path
    service: Caller
    engine: Caller
    analyst: Caller
    approver: Caller
    mlro: Caller

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds, seen as its owner."""
        with psycopg.connect(self.stack.settings.admin_database_url) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    # Not pytest's folder: another run closes that to the user that Postgres runs as.
    home = Path(tempfile.mkdtemp(prefix="clearance-stack-"))
    with removed(home), running_stack(home, Ports.free()) as stack:
        tenant = run(add_tenant(stack.settings, "End to end", "US"))
        FilerFolder(stack.settings.filer_folder).write(tenant.tenant_id, example_filer())
        lists = home / "lists"
        write_watchlists(lists)
        run(load_lists(stack.settings, load_watchlists(lists)))
        officers = {
            login: sign_in(stack.api_url, tenant.tenant_id, login, tenant.passwords[login])
            for login in ("analyst", "approver", "mlro")
        }
        house = House(
            stack,
            tenant,
            lists,
            Caller(stack.api_url, tenant.api_key),
            Caller(stack.engine_url, tenant.api_key),
            **officers,
        )
        yield house
        for caller in (house.service, house.engine, *officers.values()):
            caller.close()
