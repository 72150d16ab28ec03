"""What the filing side reads of the investigations' tables to find its duties (role clearance_filing)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row
from store.transactions import TransactionRow


async def alerts_since(conn: Connection, accounts: Collection[str], subject_id: UUID, since: datetime) -> list[UUID]:
    """Alerts of the same parties after an instant, oldest first. The tenant's own subject stands for strangers, who
    have nothing in common but their accounts."""
    cursor = await conn.execute(
        "SELECT alert_id FROM alert WHERE tenant_id = current_tenant() AND created_at > %(since)s "
        "AND (accounts && %(accounts)s::text[] OR subject_id = %(subject_id)s AND subject_id <> tenant_id) "
        "ORDER BY created_at, alert_id",
        {"since": since, "accounts": list(accounts), "subject_id": subject_id},
    )
    return [row[0] for row in await cursor.fetchall()]


async def cash_between(
    conn: Connection, since: datetime, until: datetime, account_refs: Collection[str] | None = None
) -> list[TransactionRow]:
    """The tenant's cash transactions booked in [since, until) whose account is a customer's; of these accounts only,
    where some are named."""
    cursor = conn.cursor(row_factory=frozen_row(TransactionRow))
    await cursor.execute(
        "SELECT t.tenant_id, t.transaction_id, t.ingest_seq, t.subject_id, t.booked_at, t.debtor_account, "
        "t.creditor_account, t.amount, t.currency, t.digest, t.decision_id, t.channel, t.debtor_country, "
        "t.creditor_country, t.flags, t.details, t.sealed_details FROM transaction t "
        "JOIN account a ON a.tenant_id = t.tenant_id AND a.account_ref = "
        "CASE t.channel WHEN 'cash_deposit' THEN t.creditor_account ELSE t.debtor_account END "
        "WHERE t.tenant_id = current_tenant() AND t.channel IN ('cash_deposit', 'cash_withdrawal') "
        "AND t.booked_at >= %(since)s AND t.booked_at < %(until)s "
        "AND (%(refs)s::text[] IS NULL OR a.account_ref = ANY(%(refs)s)) ORDER BY t.ingest_seq",
        {"since": since, "until": until, "refs": None if account_refs is None else list(account_refs)},
    )
    return await cursor.fetchall()
