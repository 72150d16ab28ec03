"""What happened before a step: customers with accounts, transactions, and the alerts they raised."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from explain.record import (
    Condition,
    Decision,
    DecisionKind,
    InputRef,
    Operator,
    Rule,
    RuleTable,
    canonical_json,
)
from explain.rules import explain_rules, rule_findings
from store import alerts, customers, decisions, subjects, transactions
from store.connection import Connection, open_pool, tenant_transaction
from store.records import evidence_bytes
from tests.activities.conftest import NOW, Office
from vault import contexts
from vault.envelope import new_data_key, seal

TABLE = RuleTable(
    "alerts",
    "1",
    ("none", "alert"),
    "none",
    (Rule("SCORE", (Condition("score", Operator.AT_LEAST, 0.9),), "alert", "the score is high", "house rule"),),
    ({"score": 0.1}, {"score": 0.2}),
)


async def customer(office: Office, stated: dict[str, Any], accounts: tuple[str, ...]) -> UUID:
    """An approved customer who holds these accounts; their subject's id."""
    application_id, subject_id = await office.submit([], stated)
    async with office.transaction() as conn:
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
        customer_id = uuid4()
        profile = seal(key, canonical_json(stated), contexts.customer(customer_id))
        await customers.create_customer(conn, office.tenant_id, customer_id, subject_id, application_id, "low", profile)
        for ref in accounts:
            await customers.open_account(conn, office.tenant_id, ref, customer_id)
    return subject_id


async def decided(
    conn: Connection, office: Office, subject_id: UUID, key: bytes, kind: DecisionKind, about: str, score: float
) -> UUID:
    """A decision that `TABLE` made of this score, stored with its explanation; its id."""
    facts = {"score": score}
    await decisions.register_model(conn, TABLE.ref(), "rule_table_json", TABLE.to_bytes(), {"name": "alerts"})
    decision = Decision(
        decision_id=uuid4(),
        kind=kind,
        tenant_id=office.tenant_id,
        subject_id=subject_id,
        about=f"{about}:{uuid4()}",
        outcome=TABLE.outcome(facts),
        score=TABLE.severity(facts),
        model=TABLE.ref(),
        explanation=explain_rules(TABLE, facts),
        findings=rule_findings(TABLE, facts),
        regime=office.regime,
        regime_version="1",
        policy_version="1",
        inputs=(InputRef("batch", "00" * 32),),
        code_version="test",
        as_of=NOW,
    )
    sealed = seal(key, evidence_bytes(decision), contexts.decision_evidence(decision.decision_id))
    await decisions.append_decision(conn, decision, key=f"t/{decision.decision_id}", sealed_evidence=sealed)
    return decision.decision_id


async def raise_alert(office: Office, accounts: tuple[str, ...], subject_id: UUID | None = None) -> UUID:
    """An alert of structuring over three cash deposits, as the engine writes it."""
    async with (
        await open_pool(office.url, "clearance_engine") as pool,
        tenant_transaction(pool, office.tenant_id) as conn,
    ):
        if subject_id is None:
            subject_id, key = uuid4(), new_data_key()
            await subjects.create_subject(conn, office.tenant_id, subject_id, office.keys.wrap(office.tenant_id, key))
        else:
            key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
        decision_id = await decided(conn, office, subject_id, key, DecisionKind.ALERT, "transaction", 0.97)
        ids = tuple(f"T-{uuid4().hex[:8]}" for _ in range(3))
        first = await transactions.next_ingest_seq(conn, office.tenant_id, len(ids))
        await transactions.append_transactions(
            conn,
            [
                transactions.TransactionRow(
                    tenant_id=office.tenant_id,
                    transaction_id=transaction_id,
                    ingest_seq=first + number,
                    subject_id=subject_id,
                    booked_at=NOW - timedelta(days=3 - number),
                    debtor_account="CASH-DESK",
                    creditor_account=accounts[0],
                    amount=Decimal("9500.00"),
                    currency="USD" if office.regime == "US" else "EUR",
                    digest=bytes(32),
                    decision_id=decision_id,
                    channel="cash_deposit",
                )
                for number, transaction_id in enumerate(ids)
            ],
        )
        alert_id = uuid4()
        hits = [
            {
                "typology": "structuring",
                "text": "Three cash deposits just below the reporting threshold within three days.",
                "transactions": list(ids),
                "accounts": list(accounts),
            }
        ]
        await alerts.append_alerts(
            conn,
            [
                alerts.NewAlert(
                    alert_id=alert_id,
                    tenant_id=office.tenant_id,
                    subject_id=subject_id,
                    decision_id=decision_id,
                    transaction_id=ids[-1],
                    typologies=("structuring",),
                    score=0.97,
                    accounts=accounts,
                    transactions=ids,
                    sealed_evidence=seal(
                        key, canonical_json({"transaction_id": ids[-1], "hits": hits}), contexts.alert(alert_id)
                    ),
                )
            ],
        )
    return alert_id


async def cash(
    office: Office, subject_id: UUID, rows: tuple[tuple[str, str, str, datetime], ...], currency: str = "USD"
) -> None:
    """Cash over the counter: (account, `cash_deposit` or `cash_withdrawal`, amount, when)."""
    async with (
        await open_pool(office.url, "clearance_engine") as pool,
        tenant_transaction(pool, office.tenant_id) as conn,
    ):
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
        decision_id = await decided(conn, office, subject_id, key, DecisionKind.TRANSACTION_SCORE, "batch", 0.1)
        first = await transactions.next_ingest_seq(conn, office.tenant_id, len(rows))
        await transactions.append_transactions(
            conn,
            [
                transactions.TransactionRow(
                    tenant_id=office.tenant_id,
                    transaction_id=f"C-{uuid4().hex[:8]}",
                    ingest_seq=first + number,
                    subject_id=subject_id,
                    booked_at=when,
                    debtor_account=account if channel == "cash_withdrawal" else "CASH-DESK",
                    creditor_account=account if channel == "cash_deposit" else "CASH-DESK",
                    amount=Decimal(amount),
                    currency=currency,
                    digest=bytes(32),
                    decision_id=decision_id,
                    channel=channel,
                )
                for number, (account, channel, amount, when) in enumerate(rows)
            ],
        )
