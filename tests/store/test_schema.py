"""What the schema itself promises: isolation, append-only tables, roles without power."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from store.migrate import MIGRATIONS, ROLES, MigrationAltered, migrate

APPEND_ONLY = {
    "public.alert",
    "public.audit",
    "public.case_event",
    "public.case_matter",
    "public.case_reason",
    "public.cleared_hit",
    "public.contest",
    "public.decision",
    "public.decision_key",
    "public.document_reading",
    "public.feature_list",
    "public.leaf",
    "public.ledger_checkpoint",
    "public.ledger_node",
    "public.ledger_position",
    "public.model",
    "public.screening",
    "public.screening_basis",
    "public.screening_hit",
    "public.transaction",
    "public.webhook_attempt",
    "public.webhook_event",
    "public.watchlist_check",
    "public.watchlist_entity",
    "public.watchlist_fetch",
    "public.watchlist_state",
    "public.watchlist_version",
    "filing.acknowledgement",
    "filing.decision",
    "filing.decision_key",
    "filing.filing_event",
    "filing.leaf",
    "filing.ledger_checkpoint",
    "filing.ledger_node",
    "filing.ledger_position",
    "filing.reason",
    "filing.submission",
    "filing.supplement",
}
# The same for every tenant: published lists, models, feature names, and the list of migrations.
WITHOUT_TENANT = {
    "public.feature_list",
    "public.model",
    "public.schema_migration",
    "public.screening_basis",
    "public.watchlist_check",
    "public.watchlist_entity",
    "public.watchlist_fetch",
    "public.watchlist_state",
    "public.watchlist_version",
}


def tables(conn: psycopg.Connection[Any]) -> dict[str, tuple[bool, bool, bool]]:
    """Of each table: has it a tenant_id, is row-level security on, is it forced."""
    rows = conn.execute(
        "SELECT n.nspname || '.' || c.relname, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid "
        "AND a.attname = 'tenant_id' AND NOT a.attisdropped), c.relrowsecurity, c.relforcerowsecurity "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'filing')"
    ).fetchall()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def append_only(conn: psycopg.Connection[Any]) -> set[str]:
    """Those tables and their partitions."""
    rows = conn.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relispartition AND c.relkind = 'r' AND n.nspname IN ('public', 'filing')"
    ).fetchall()
    assert len(rows) > 10
    return APPEND_ONLY | {row[0] for row in rows}


def unprotected(conn: psycopg.Connection[Any]) -> set[str]:
    return {
        name
        for name, (has_tenant, enabled, forced) in tables(conn).items()
        if name not in WITHOUT_TENANT and not (has_tenant and enabled and forced)
    }


def test_every_tenant_table_forces_row_level_security(database: Any) -> None:
    with psycopg.connect(database.url) as conn:
        assert len(tables(conn)) > 20
        assert unprotected(conn) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE application NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE filing.filing DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE forgotten (tenant_id uuid, name text)",
        "CREATE TABLE forgotten (name text)",
    ],
)
def test_a_table_without_row_level_security_is_noticed(database: Any, statement: str) -> None:
    with psycopg.connect(database.url) as conn:
        conn.execute(statement)
        assert len(unprotected(conn)) == 1


def test_every_tenant_table_is_read_by_tenant_only(database: Any) -> None:
    with psycopg.connect(database.url) as conn:
        rows = conn.execute(
            "SELECT schemaname || '.' || tablename, policyname, roles::text[], qual, with_check FROM pg_policies"
        ).fetchall()
    policies = {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}
    own = "(tenant_id = current_tenant())"
    for table in {name for name, _ in policies}:
        assert policies[table, "tenant"] == (["public"], own, own)
    wider = {key: set(value[0]) for key, value in policies.items() if key[1] != "tenant"}
    assert wider == {
        ("public.tenant", "service"): set(ROLES) - {"clearance_api", "clearance_screening"},
        ("public.api_key", "definer"): {"clearance_owner"},
        ("public.applicant_request", "definer"): {"clearance_owner"},
        ("public.oidc_issuer", "definer"): {"clearance_owner"},
        ("public.subject", "retention"): {"clearance_retention"},
        ("public.outbox", "dispatcher"): {"clearance_dispatcher"},
        ("public.leaf_pending", "sequencer"): {"clearance_sequencer"},
        ("filing.outbox", "dispatcher"): {"clearance_filing"},
        ("filing.leaf_pending", "sequencer"): {"clearance_filing"},
    }


def test_append_only_tables_have_no_grants_and_a_trigger_that_is_always_on(database: Any) -> None:
    with psycopg.connect(database.url) as conn:
        triggers = {
            row[0]: row[1]
            for row in conn.execute(
                "SELECT n.nspname || '.' || c.relname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c "
                "ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgname = 'append_only'"
            )
        }
        grants = conn.execute(
            "SELECT table_schema || '.' || table_name, grantee, privilege_type "
            "FROM information_schema.table_privileges WHERE grantee LIKE 'clearance_%' "
            "AND grantee <> 'clearance_owner' AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')"
        ).fetchall()
        frozen = append_only(conn)
        updates = conn.execute(
            "SELECT DISTINCT table_schema || '.' || table_name FROM information_schema.column_privileges "
            "WHERE grantee LIKE 'clearance_%' AND grantee <> 'clearance_owner' AND privilege_type = 'UPDATE'"
        ).fetchall()
    assert triggers == dict.fromkeys(frozen, "A")
    assert sorted(grants) == [
        ("filing.leaf_pending", "clearance_filing", "DELETE"),
        ("public.leaf_pending", "clearance_sequencer", "DELETE"),
    ]
    assert not {row[0] for row in updates} & frozen


@pytest.mark.parametrize("role", ["clearance_owner", "postgres"])
@pytest.mark.parametrize("command", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_nobody_changes_an_append_only_table(database: Any, role: str, command: str) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        frozen = append_only(conn)
        columns = conn.execute(
            "SELECT DISTINCT ON (table_schema, table_name) table_schema || '.' || table_name, column_name "
            "FROM information_schema.columns WHERE table_schema IN ('public', 'filing') AND is_identity = 'NO' "
            "ORDER BY table_schema, table_name, ordinal_position"
        ).fetchall()
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        if role == "postgres":
            conn.execute("SET session_replication_role = replica")
        refused = set()
        for table, column in columns:
            parts = [sql.Identifier(*table.split(".")), sql.Identifier(column), sql.Identifier(column)]
            try:
                with conn.transaction(force_rollback=True):
                    conn.execute(sql.SQL(command).format(*parts[: command.count("{}")]))
            except psycopg.Error as error:
                if error.sqlstate == "CLR01":
                    refused.add(table)
    # TRUNCATE … CASCADE reaches append-only tables by foreign keys too.
    assert refused >= frozen if "TRUNCATE" in command else refused == frozen


def test_roles_have_no_powers(database: Any) -> None:
    with psycopg.connect(database.url) as conn:
        rows = conn.execute(
            "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication, rolcanlogin "
            "FROM pg_roles WHERE rolname LIKE 'clearance_%'"
        ).fetchall()
        owners = conn.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname IN ('public', 'filing')"
        ).fetchall()
    assert sorted(rows) == sorted((role, False, True) for role in ROLES)
    assert owners == [("clearance_owner",)]


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("clearance_owner",)])
def test_a_role_creates_nothing(database: Any, role: str) -> None:
    with psycopg.connect(database.as_role(role)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("CREATE TABLE own (x int)")


async def test_migrations_run_once_and_concurrently(database: Any) -> None:
    assert await asyncio.gather(migrate(database.url), migrate(database.url)) == [[], []]


async def test_concurrent_first_migrations_wait_for_each_other(postgres: Any) -> None:
    with psycopg.connect(postgres.admin_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE first_run")
    url = psycopg.conninfo.make_conninfo(postgres.admin_url, dbname="first_run")
    first, second = await asyncio.gather(migrate(url), migrate(url))
    assert sorted([len(first), len(second)]) == [0, len(list(MIGRATIONS.glob("*.sql")))]
    with psycopg.connect(postgres.admin_url, autocommit=True) as conn:
        conn.execute("DROP DATABASE first_run")


async def test_an_altered_migration_is_refused(database: Any, tmp_path: Path) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "0001_tenants_and_subjects.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationAltered):
        await migrate(database.url, folder=tmp_path)


async def test_a_failing_migration_leaves_nothing(database: Any, tmp_path: Path) -> None:
    (tmp_path / "9000_half.sql").write_text("CREATE TABLE half (x int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await migrate(database.url, folder=tmp_path)
    with psycopg.connect(database.url) as conn:
        assert conn.execute("SELECT to_regclass('half')").fetchone() == (None,)


async def test_passwords_are_set(database: Any) -> None:
    await migrate(database.url, {"clearance_api": "it's secret"})
    with psycopg.connect(database.url) as conn:
        rows = conn.execute("SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'").fetchall()
    assert rows == [("clearance_api",)]
