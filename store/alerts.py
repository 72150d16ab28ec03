"""Alerts: what the engine found worth an officer's eyes, with the decision and the transactions that prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from store import outbox as outbox_rows
from store.connection import Connection, frozen_row


@dataclass(frozen=True, slots=True)
class NewAlert:
    alert_id: UUID
    tenant_id: UUID
    subject_id: UUID
    decision_id: UUID
    """The decision that raised it."""
    transaction_id: str
    typologies: tuple[str, ...]
    score: float
    accounts: tuple[str, ...]
    transactions: tuple[str, ...]
    sealed_evidence: bytes
    """The hits in full, sealed under the subject's key."""


@dataclass(frozen=True, slots=True)
class Alert:
    alert_id: UUID
    tenant_id: UUID
    subject_id: UUID
    decision_id: UUID
    transaction_id: str
    typologies: tuple[str, ...]
    score: float
    accounts: tuple[str, ...]
    transactions: tuple[str, ...]
    sealed_evidence: bytes
    created_at: datetime
    case_id: UUID | None
    """The case it opened or joined, if any yet."""


async def append_alerts(
    conn: Connection, alerts: Sequence[NewAlert], outbox: Sequence[outbox_rows.NewOutbox] = ()
) -> None:
    """Write alerts and their outbox rows in the transaction of their decisions and transactions."""
    at = datetime.now(UTC)
    await conn.cursor().executemany(
        "INSERT INTO alert (alert_id, tenant_id, subject_id, decision_id, transaction_id, typologies, score, accounts, "
        "transactions, sealed_evidence, created_at) VALUES (%(alert_id)s, %(tenant_id)s, %(subject_id)s, "
        "%(decision_id)s, %(transaction_id)s, %(typologies)s, %(score)s, %(accounts)s, %(transactions)s, "
        "%(sealed_evidence)s, %(created_at)s)",
        [
            {
                "alert_id": alert.alert_id,
                "tenant_id": alert.tenant_id,
                "subject_id": alert.subject_id,
                "decision_id": alert.decision_id,
                "transaction_id": alert.transaction_id,
                "typologies": list(alert.typologies),
                "score": alert.score,
                "accounts": list(alert.accounts),
                "transactions": list(alert.transactions),
                "sealed_evidence": alert.sealed_evidence,
                "created_at": at,
            }
            for alert in alerts
        ],
    )
    await outbox_rows.add(conn, *outbox)


async def fetch_alert(conn: Connection, alert_id: UUID) -> Alert | None:
    cursor = conn.cursor(row_factory=frozen_row(Alert))
    await cursor.execute(
        "SELECT a.alert_id, a.tenant_id, a.subject_id, a.decision_id, a.transaction_id, a.typologies, a.score, "
        "a.accounts, a.transactions, a.sealed_evidence, a.created_at, (SELECT m.case_id FROM case_matter m "
        "WHERE m.tenant_id = a.tenant_id AND m.about = 'alert:' || a.alert_id ORDER BY m.joined_at LIMIT 1) AS case_id "
        "FROM alert a WHERE a.alert_id = %s",
        (alert_id,),
    )
    return await cursor.fetchone()


async def find_raised(conn: Connection, transaction_id: str) -> tuple[UUID, tuple[str, ...]] | None:
    """The id and typologies of the alert that a transaction raised, if any. For the engine, which sees no cases."""
    cursor = await conn.execute(
        "SELECT alert_id, typologies FROM alert WHERE tenant_id = current_tenant() AND transaction_id = %s",
        (transaction_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], tuple(row[1]))


async def list_alerts(
    conn: Connection, *, limit: int = 50, before: datetime | None = None, before_id: UUID | None = None
) -> list[Alert]:
    """The tenant's alerts, newest first. `before` pages on `created_at`, with `before_id` where alerts share an
    instant, as those of one batch do."""
    cursor = conn.cursor(row_factory=frozen_row(Alert))
    await cursor.execute(
        "SELECT a.alert_id, a.tenant_id, a.subject_id, a.decision_id, a.transaction_id, a.typologies, a.score, "
        "a.accounts, a.transactions, a.sealed_evidence, a.created_at, (SELECT m.case_id FROM case_matter m "
        "WHERE m.tenant_id = a.tenant_id AND m.about = 'alert:' || a.alert_id ORDER BY m.joined_at LIMIT 1) AS case_id "
        "FROM alert a WHERE a.tenant_id = current_tenant() "
        "AND (%(before)s::timestamptz IS NULL OR a.created_at < %(before)s "
        "OR a.created_at = %(before)s AND a.alert_id > %(before_id)s::uuid) "
        "ORDER BY a.created_at DESC, a.alert_id LIMIT %(limit)s",
        {"before": before, "before_id": before_id, "limit": limit},
    )
    return await cursor.fetchall()
