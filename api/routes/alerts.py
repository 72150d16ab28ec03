"""Alerts: what monitoring found worth an officer's eyes."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, needs
from api.paging import After, Cursor, Limit, cursor
from api.permissions import Permission
from api.schemas.alerts import AlertList, AlertOut, AlertRow
from api.schemas.problems import problem_responses
from api.subject_keys import subject_key
from store.alerts import Alert, fetch_alert, list_alerts
from store.audit import record_read
from store.connection import tenant_transaction
from store.subjects import SubjectErased
from vault import contexts
from vault.envelope import open_sealed

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=GuardedRoute)


@router.get("", openapi_extra=needs(Permission.READ_ALERTS), responses=problem_responses([422]), summary="List alerts")
async def list_all(
    principal: CurrentPrincipal,
    services: CurrentServices,
    limit: Limit = 50,
    after: After = None,
) -> AlertList:
    """Newest first."""
    start = cursor(after)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        alerts = await list_alerts(
            connection,
            limit=limit + 1,
            before=start.instant if start else None,
            before_id=start.row_id if start else None,
        )
        await record_read(connection, principal.actor, "list", "alerts")
    page = alerts[:limit]
    return AlertList(
        alerts=[AlertRow(**_row(alert)) for alert in page],
        next=Cursor(page[-1].created_at, page[-1].alert_id).encode() if len(alerts) > limit else None,
    )


@router.get(
    "/{alert_id}",
    openapi_extra=needs(Permission.READ_ALERTS),
    responses=problem_responses([404, 422]),
    summary="One alert with its evidence",
)
async def show(alert_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> AlertOut:
    """The typologies, and the transactions and accounts that prove them. Audited."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        alert = await fetch_alert(connection, alert_id)
        if alert is None:
            raise NotFound
        await record_read(connection, principal.actor, "read", f"alert:{alert_id}")
        try:
            data_key = await subject_key(connection, services, principal.tenant_id, alert.subject_id)
            evidence = json.loads(open_sealed(data_key, alert.sealed_evidence, contexts.alert(alert_id)))
        except SubjectErased:
            evidence = None
    return AlertOut(
        **_row(alert), accounts=list(alert.accounts), transactions=list(alert.transactions), evidence=evidence
    )


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "decision_id": alert.decision_id,
        "transaction_id": alert.transaction_id,
        "typologies": list(alert.typologies),
        "score": alert.score,
        "created_at": alert.created_at,
        "case_id": alert.case_id,
    }
