"""Erasure when retention has run out: the subject's data key is destroyed, and with it all that was sealed under it.

The ledger stays verifiable, since it commits to ciphertext; replay answers `erased`. Runs under a role of its own, the
only one that can destroy a key.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import jurisdictions
from clearance.database import service_pool
from clearance.settings import Settings
from jurisdictions import years_after
from store import subjects
from store.audit import record_read
from store.connection import Pool, service_transaction, tenant_transaction
from store.customers import fetch_customer
from store.tenants import list_tenants

ACTOR = "service:retention"


class CustomerUnknown(LookupError):
    """No tenant has a customer of this id."""


@dataclass(slots=True)
class Erasures:
    """What a run did: subjects erased by tenant, and how many were due but are under a legal hold."""

    erased: Counter[UUID] = field(default_factory=Counter)
    held: int = 0


async def run_retention(settings: Settings, as_of: date) -> Erasures:
    """Destroy the key of every subject that is retained until a day before `as_of`, each with its audit row.

    A run that is broken off leaves whole subjects to the next one.
    """
    done = Erasures()
    async with await service_pool(settings, "clearance_retention", max_size=1) as pool:
        while due := await _due(pool, as_of):
            for subject in due:
                try:
                    await _erase(pool, subject, as_of)
                except subjects.SubjectHeld:
                    continue  # a hold came meanwhile: it is counted below, and not due any more
                done.erased[subject.tenant_id] += 1
        async with service_transaction(pool) as connection:
            done.held = await subjects.count_held(connection, as_of)
    return done


async def start_retention(settings: Settings, customer_id: UUID, ended: date) -> date:
    """The business relationship with a customer ended: keep their data for as long as their regime says, from then.

    Answers until when. Raises `CustomerUnknown`, and `SubjectErased` for one whose data is gone.
    """
    async with await service_pool(settings, "clearance_worker", max_size=1) as pool:
        async with service_transaction(pool) as connection:
            tenants = await list_tenants(connection)
        for tenant in tenants:
            async with tenant_transaction(pool, tenant.tenant_id) as connection:
                customer = await fetch_customer(connection, customer_id)
                if customer is None:
                    continue
                await subjects.fetch_wrapped_key(connection, customer.subject_id)
                until = years_after(ended, jurisdictions.regime(tenant.regime, ended).retention_years.value)
                await subjects.set_retention(connection, customer.subject_id, until)
                kept = (await subjects.fetch_subject(connection, customer.subject_id)).retain_until
                assert kept is not None
                why = f"ended {ended}, retained until {kept}"
                await record_read(connection, ACTOR, "start retention", f"customer:{customer_id}", why)
                return kept
    raise CustomerUnknown(str(customer_id))


async def _due(pool: Pool, as_of: date) -> list[subjects.Subject]:
    async with service_transaction(pool) as connection:
        return await subjects.due_for_erasure(connection, as_of)


async def _erase(pool: Pool, subject: subjects.Subject, as_of: date) -> None:
    async with tenant_transaction(pool, subject.tenant_id) as connection:
        await subjects.destroy_key(connection, subject.subject_id, as_of)
        why = f"retained until {subject.retain_until}"
        await record_read(connection, ACTOR, "erase", f"subject:{subject.subject_id}", why)
