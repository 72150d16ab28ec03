"""Who saw what, and who was refused: append-only. A row that cannot be written fails the request that caused it."""

from dataclasses import dataclass
from datetime import datetime

from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class AuditRow:
    audit_id: int
    at: datetime
    actor: str
    action: str
    about: str
    allowed: bool
    reason: str


_INSERT = (
    "INSERT INTO audit (tenant_id, actor, action, about, allowed, reason) "
    "VALUES (current_tenant(), %(actor)s, %(action)s, %(about)s, %(allowed)s, %(reason)s)"
)


async def record_read(conn: Connection, actor: str, action: str, about: str, reason: str = "") -> None:
    """`actor` as `officer:<uuid>` or `api_key:<uuid>`, `action` a verb, `about` as `kind:id`; nothing personal."""
    await conn.execute(_INSERT, {"actor": actor, "action": action, "about": about, "allowed": True, "reason": reason})


async def record_refusal(conn: Connection, actor: str, action: str, about: str, reason: str) -> None:
    """What someone tried and why it was refused."""
    await conn.execute(_INSERT, {"actor": actor, "action": action, "about": about, "allowed": False, "reason": reason})


async def count_refusals_since_success(conn: Connection, action: str, about: str, since: datetime) -> int:
    """How often this was refused in a row, up to now: only what is younger than `since` and than the last success."""
    cursor = await conn.execute(
        "SELECT count(*) FROM audit WHERE tenant_id = current_tenant() AND about = %(about)s AND action = %(action)s "
        "AND NOT allowed AND at > %(since)s AND audit_id > coalesce((SELECT max(audit_id) FROM audit "
        "WHERE tenant_id = current_tenant() AND about = %(about)s AND action = %(action)s AND allowed), 0)",
        {"action": action, "about": about, "since": since},
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def list_audit(conn: Connection, about: str | None = None, limit: int = 100) -> list[AuditRow]:
    """Newest first, of one matter or of the whole tenant."""
    cursor = conn.cursor(row_factory=frozen_row(AuditRow))
    await cursor.execute(
        "SELECT audit_id, at, actor, action, about, allowed, reason FROM audit "
        "WHERE %(about)s::text IS NULL OR about = %(about)s ORDER BY audit_id DESC LIMIT %(limit)s",
        {"about": about, "limit": limit},
    )
    return await cursor.fetchall()
