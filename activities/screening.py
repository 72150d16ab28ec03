"""Matching the applicant against the watchlists in force, as a step of onboarding."""

from dataclasses import dataclass

from temporalio import activity

from activities.applicants import Applicant, fetch_known
from activities.readings import open_readings
from activities.recording import data_key, step_key
from activities.screening_desk import Asked, ScreeningDesk
from store import screenings
from store.connection import Pool, tenant_transaction
from vault.keys import KeyProvider
from vault.objects import Vault
from workflows import messages as m
from workflows.steps import ScreeningSteps


@dataclass(frozen=True, slots=True)
class ScreeningActivities(ScreeningSteps):
    """Screens under the stated name and the documents' names."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    desk: ScreeningDesk

    @activity.defn
    async def screen_applicant(self, application: m.ApplicationRead) -> m.ScreeningSummary:
        scope = application.scope
        in_force = await self.desk.watchlists.current()
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            row = await fetch_known(conn, application.application_id)
            key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
            cleared = await screenings.cleared_now(conn, row.subject_id, scope.as_of, in_force.lists)
        kept = await open_readings(self.vault, scope.tenant_id, key, application.documents)
        query = Applicant.opened(row, key).to_screen([each.reading for each in kept])
        found = await self.desk.find(query, in_force, exclude=cleared)

        await self.desk.register()
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            about = f"application:{application.application_id}"
            asked = Asked(scope, "application", about, row.subject_id, query, found, step_key("screen_applicant"))
            stored = await self.desk.keep(conn, asked, key)
        return m.ScreeningSummary(
            decision_id=stored.decision_ids[0],
            hits=stored.hits,
            strength=stored.strength,
            stale=bool(stored.answer["stale"]),
        )
