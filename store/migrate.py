"""Brings a database to the schema of this release: roles, then the SQL files of `migrations`, each exactly once.

Separate because it alone runs as the administrator; everything else runs under a role of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from store.connection import Connection

OWNER = "clearance_owner"
ROLES = (
    OWNER,
    "clearance_api",
    "clearance_worker",
    "clearance_dispatcher",
    "clearance_engine",
    "clearance_sequencer",
    "clearance_retention",
    "clearance_filing",
    "clearance_screening",
)
MIGRATIONS = Path(__file__).with_name("migrations")

_LOCK = 0x636C656172  # "clear": one migration at a time in a database


class MigrationAltered(Exception):
    """A migration that was applied has other content now. Restore the file and write a new one instead."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sha256: str


async def migrate(admin_url: str, passwords: Mapping[str, str] | None = None, folder: Path = MIGRATIONS) -> list[str]:
    """Create roles, apply what is new in `folder` (files `NNNN_name.sql`) and return the names applied.

    Running it again changes nothing; concurrent runs wait for each other. `passwords` by role name are set where
    given (embedded mode trusts its socket). Raises `MigrationAltered`. All of it is one transaction.
    """
    files = {file.name: file.read_bytes() for file in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))}  # noqa: ASYNC240
    async with await AsyncConnection.connect(admin_url) as conn:
        await conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        await _create_roles(conn, passwords or {})
        applied = {migration.version: migration for migration in await _applied(conn)}
        new: list[str] = []
        for name, content in files.items():
            version, digest = int(name[:4]), sha256(content).hexdigest()
            if version in applied:
                if applied[version].sha256 != digest:
                    raise MigrationAltered(f"{name} was applied with other content")
                continue
            await conn.execute(content)
            await conn.execute(
                "INSERT INTO schema_migration (version, name, sha256) VALUES (%s, %s, %s)", (version, name, digest)
            )
            new.append(name)
        await conn.execute("RESET ROLE")
        return new


async def _create_roles(conn: Connection, passwords: Mapping[str, str]) -> None:
    for role in ROLES:
        name = sql.Identifier(role)
        await conn.execute(
            sql.SQL(
                "DO $$ BEGIN CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS; "
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ).format(name)
        )
        if role in passwords:
            await conn.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(passwords[role])))
    await conn.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
    row = await (await conn.execute("SELECT current_database()")).fetchone()
    assert row is not None
    await conn.execute(
        sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(row[0]), sql.Identifier(OWNER))
    )
    await conn.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {} WITH GRANT OPTION").format(sql.Identifier(OWNER)))
    await conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))


async def _applied(conn: Connection) -> list[Migration]:
    await conn.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (version integer PRIMARY KEY, name text NOT NULL, "
        "sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    cursor = conn.cursor(row_factory=class_row(Migration))
    await cursor.execute("SELECT version, name, sha256 FROM schema_migration ORDER BY version")
    return await cursor.fetchall()
