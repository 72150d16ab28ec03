"""One case with all that belongs to it, gathered in one transaction: what officers judge by, whoever shows it.

Apart from `store.cases`, which keeps the case itself: this reads across applications, alerts, decisions and evidence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from store.alerts import Alert, fetch_alert
from store.applications import Application, Document, fetch_application, fetch_documents
from store.cases import Case, CaseEventRow, Reason, fetch_case, fetch_events, list_reasons
from store.connection import Connection
from store.contests import Contest, list_contests
from store.decisions import fetch_decisions
from store.evidence import Evidence, list_evidence
from store.queue import QueueRow, fetch_cases_of_parties
from store.records import StoredDecision
from store.requests import ApplicantRequest, list_requests

MOST_DECISIONS = 500
MOST_ALERTS = 50


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything on a case, sealed parts still sealed under `case.subject_id` (alerts: under their own subject)."""

    case: Case
    application: Application | None
    """Of an application or contest; otherwise the one that the subject became a customer by, if any."""
    documents: tuple[Document, ...]
    contests: tuple[Contest, ...]
    alerts: tuple[Alert, ...]
    """The case's own, by matter."""
    related_alerts: tuple[Alert, ...]
    """Others on the same subject or the same accounts, newest first."""
    earlier_cases: tuple[QueueRow, ...]
    """Others, open or closed, on the same subject or the same accounts, newest first."""
    decisions: tuple[StoredDecision, ...]
    """Every automated decision on the matters, screening with its hits included, oldest first."""
    evidence: tuple[Evidence, ...]
    requests: tuple[ApplicantRequest, ...]
    events: tuple[CaseEventRow, ...]
    reasons: tuple[Reason, ...]


async def fetch_case_file(conn: Connection, case_id: UUID) -> CaseFile:
    """Raises `store.cases.CaseUnknown`. About a dozen queries, each by an index."""
    case = await fetch_case(conn, case_id)
    application = await _application(conn, case)
    own = [alert for alert in [await fetch_alert(conn, number) for number in _ids(case, "alert")] if alert is not None]
    # The tenant's own subject stands for everybody unknown, who have nothing in common.
    subject_id = None if case.subject_id == case.tenant_id else case.subject_id
    accounts = list(dict.fromkeys([*case.accounts, *(account for alert in own for account in alert.accounts)]))
    earlier = await fetch_cases_of_parties(conn, case_id, subject_id, accounts)
    return CaseFile(
        case=case,
        application=application,
        documents=tuple(await fetch_documents(conn, application.application_id)) if application else (),
        contests=tuple(await list_contests(conn, application.application_id)) if application else (),
        alerts=tuple(own),
        related_alerts=tuple(await _related(conn, subject_id, earlier, [alert.alert_id for alert in own])),
        earlier_cases=tuple(earlier),
        decisions=tuple(await _decisions(conn, case, application, own)),
        evidence=tuple(await list_evidence(conn, case_id)),
        requests=tuple(await list_requests(conn, case_id)),
        events=tuple(await fetch_events(conn, case_id)),
        reasons=tuple(await list_reasons(conn, case_id)),
    )


def _ids(case: Case, kind: str) -> list[UUID]:
    return [UUID(number) for name, _, number in (matter.partition(":") for matter in case.matters) if name == kind]


async def _application(conn: Connection, case: Case) -> Application | None:
    for application_id in _ids(case, "application"):
        return await fetch_application(conn, application_id)
    if case.subject_id == case.tenant_id:
        return None
    cursor = await conn.execute(
        "SELECT application_id FROM application WHERE tenant_id = current_tenant() AND subject_id = %s "
        "ORDER BY submitted_at DESC LIMIT 1",
        (case.subject_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else await fetch_application(conn, row[0])


async def _related(
    conn: Connection, subject_id: UUID | None, earlier: Iterable[QueueRow], own: Iterable[UUID]
) -> list[Alert]:
    """Alerts on the subject, and those in the other cases of the same parties."""
    cursor = await conn.execute(
        "SELECT alert_id FROM alert WHERE tenant_id = current_tenant() AND subject_id = %(subject_id)s::uuid "
        "UNION SELECT substr(about, 7)::uuid FROM case_matter WHERE case_id = ANY(%(cases)s) "
        "AND about LIKE 'alert:%%'",
        {"subject_id": subject_id, "cases": [case.case_id for case in earlier]},
    )
    others = {row[0] for row in await cursor.fetchall()} - set(own)
    found = [alert for alert in [await fetch_alert(conn, number) for number in others] if alert is not None]
    return sorted(found, key=lambda alert: (alert.created_at, alert.alert_id), reverse=True)[:MOST_ALERTS]


async def _decisions(
    conn: Connection, case: Case, application: Application | None, alerts: list[Alert]
) -> list[StoredDecision]:
    """An alert's matter is its transactions too, and a customer's case shows how they were onboarded."""
    abouts = list(case.matters)
    if application is not None:
        abouts.append(f"application:{application.application_id}")
    for alert in alerts:
        abouts += [f"transaction:{transaction}" for transaction in (alert.transaction_id, *alert.transactions)]
    cursor = await conn.execute(
        "SELECT decision_id FROM decision WHERE tenant_id = current_tenant() AND about = ANY(%(abouts)s) "
        "ORDER BY created_at, decision_id LIMIT %(most)s",
        {"abouts": list(dict.fromkeys(abouts)), "most": MOST_DECISIONS},
    )
    ids = [row[0] for row in await cursor.fetchall()]
    return await fetch_decisions(conn, ids) if ids else []
