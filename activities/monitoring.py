"""Alerts on their way into a case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

import jurisdictions
from store.alerts import fetch_alert
from store.connection import Pool, tenant_transaction
from store.tenants import fetch_tenant
from workflows import messages as m
from workflows.steps import MonitoringSteps, RecordUnknown


@dataclass(frozen=True, slots=True)
class MonitoringActivities(MonitoringSteps):
    """Fixes the scope of an alert."""

    pool: Pool
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def admit_alert(self, alert: m.InvestigationInput) -> m.OpenCase:
        as_of = self.clock()
        async with tenant_transaction(self.pool, alert.tenant_id) as conn:
            row = await fetch_alert(conn, alert.alert_id)
            tenant = await fetch_tenant(conn, alert.tenant_id)
        if row is None or tenant is None:
            raise RecordUnknown(f"alert {alert.alert_id}")
        regime = jurisdictions.regime(tenant.regime, as_of.date())
        scope = m.Scope(alert.tenant_id, regime.code, regime.version, as_of)
        return m.OpenCase(scope, "alert", f"alert:{alert.alert_id}", row.typologies or ("SCORE",))
