"""Duties that no case asks for, found in what is stored: cash over the threshold, and persons whose property is frozen.

Found and read under the filing role alone: the investigations and their worker learn nothing of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import jurisdictions
from activities.applicants import fetch_known
from activities.filing_case import CaseReader, person, reference
from activities.filing_matters import CashDuty, FreezeDuty, day_bounds
from activities.recording import data_key
from aml.reports.blocking import BlockedProperty, BlockingCase, BlockingKind
from aml.reports.ctr import CashDay, CtrCase, CtrPerson, Role, cash_days
from aml.reports.party import Account, Filer, Subject
from aml.reports.supplement import Supplement, stated
from aml.transaction import Channel
from store import customers, freezes, transactions
from store.connection import Connection
from store.filing_activity import cash_between
from store.tenants import Tenant
from vault import contexts
from vault.envelope import open_sealed
from workflows.steps import RecordUnknown

LOOK_BACK = timedelta(days=20)
"""How far back cash is added up again: longer than the 15 days to file, so that days missed in an outage are found."""


@dataclass(frozen=True, slots=True)
class DutyReader:
    """Opens what a report on cash or on a freeze says."""

    cases: CaseReader

    # --- Finding -----------------------------------------------------------------------------------------------------

    async def cash_duties(self, conn: Connection, tenant: Tenant, filer: Filer, now: datetime) -> list[CashDuty]:
        """The customers and business days, over by `now`, whose cash exceeded the threshold."""
        today = now.astimezone(ZoneInfo(filer.time_zone)).date()
        regime = jurisdictions.regime(tenant.regime, today)
        if regime.filing.threshold_report is None:
            return []
        since, until = day_bounds(today - LOOK_BACK, filer.time_zone)[0], day_bounds(today, filer.time_zone)[0]
        found = await self._cash_days(
            conn, since, until, regime.reporting_threshold.value.value, filer.time_zone, accounts=None
        )
        return [CashDuty(tenant.tenant_id, UUID(day.party_id), day.day, regime.code, filer.time_zone) for day in found]

    async def freeze_duties(self, conn: Connection, tenant: Tenant, now: datetime) -> list[FreezeDuty]:
        """Every freeze of the tenant's: none is too old to be reported."""
        found = await freezes.list_freezes_since(conn, datetime.min.replace(tzinfo=UTC))
        return [
            FreezeDuty(tenant.tenant_id, each.freeze_id, each.frozen_at, tenant.regime)
            for each in found
            if each.frozen_at <= now
        ]

    # --- Reading -----------------------------------------------------------------------------------------------------

    async def read_cash(
        self, conn: Connection, duty: CashDuty, filer: Filer, filed_on: date, added: Supplement
    ) -> CtrCase:
        """Raises `RecordUnknown` and `SubjectKeyDestroyed`."""
        threshold = jurisdictions.regime(duty.regime, duty.day).reporting_threshold.value.value
        customer = await customers.fetch_customer(conn, duty.customer_id)
        if customer is None:
            raise RecordUnknown(f"customer {duty.customer_id}")
        held = tuple(a.account_ref for a in await customers.list_accounts(conn, duty.customer_id))
        begin, end = day_bounds(duty.day, duty.time_zone)
        days = await self._cash_days(conn, begin, end, threshold, duty.time_zone, held)
        cash = next((day for day in days if day.day == duty.day), CashDay(str(duty.customer_id), duty.day, ()))
        used = {a for t in cash.transactions for a in (t.debtor_account, t.creditor_account)}
        subject = stated(await self.cases.customer(conn, customer, used), added)
        return CtrCase(
            reference=reference(duty.filing_id),
            filer=filer,
            persons=_persons(subject, added),
            cash=cash,
            filed_on=filed_on,
            threshold=threshold,
        )

    async def read_freeze(
        self, conn: Connection, duty: FreezeDuty, filer: Filer, filed_on: date, added: Supplement
    ) -> BlockingCase:
        """Raises `RecordUnknown` and `SubjectKeyDestroyed`."""
        freeze = await freezes.fetch_freeze(conn, duty.freeze_id)
        if freeze is None:
            raise RecordUnknown(f"freeze {duty.freeze_id}")
        held = await customers.customers_of_subject(conn, freeze.subject_id)
        accounts = await self._accounts(conn, held)
        target = stated(await self._target(conn, freeze, held, accounts), added)
        values = {value.reference: value for value in added.values}
        return BlockingCase(
            reference=reference(duty.filing_id),
            kind=BlockingKind.BLOCKING if accounts else BlockingKind.REJECTION,
            filer=filer,
            target=target,
            acted_on=duty.frozen_at.date(),
            filed_on=filed_on,
            legal_authority=added.legal_authority,
            grounds=freeze.reasons,
            properties=tuple(
                BlockedProperty(
                    reference=ref,
                    description="Account held with the filer",
                    location=filer.institution.name,
                    value=values[ref].value if ref in values else None,
                    currency=values[ref].currency if ref in values else None,
                    estimated=ref in values and values[ref].estimated,
                )
                for ref in accounts
            ),
        )

    async def holds_property(self, conn: Connection, subject_id: UUID) -> bool:
        """Whether a person has accounts with us."""
        return bool(await self._accounts(conn, await customers.customers_of_subject(conn, subject_id)))

    async def subject_of(self, conn: Connection, duty: CashDuty | FreezeDuty) -> UUID:
        """Whose data the duty is about. Raises `RecordUnknown`."""
        if isinstance(duty, FreezeDuty):
            freeze = await freezes.fetch_freeze(conn, duty.freeze_id)
            if freeze is None:
                raise RecordUnknown(f"freeze {duty.freeze_id}")
            return freeze.subject_id
        customer = await customers.fetch_customer(conn, duty.customer_id)
        if customer is None:
            raise RecordUnknown(f"customer {duty.customer_id}")
        return customer.subject_id

    async def _cash_days(
        self,
        conn: Connection,
        since: datetime,
        until: datetime,
        threshold: Decimal,
        time_zone: str,
        accounts: tuple[str, ...] | None,
    ) -> tuple[CashDay, ...]:
        rows = await cash_between(conn, since, until, accounts)
        cash = [transactions.transaction_of(row) for row in rows]
        refs = {t.creditor_account if t.channel is Channel.CASH_DEPOSIT else t.debtor_account for t in cash}
        owners = {ref: str(owner) for ref, owner in (await customers.known_accounts(conn, refs)).items()}
        return cash_days(cash, owners, threshold, ZoneInfo(time_zone))

    async def _accounts(self, conn: Connection, held: list[customers.Customer]) -> tuple[str, ...]:
        found: list[str] = []
        for customer in held:
            found += [account.account_ref for account in await customers.list_accounts(conn, customer.customer_id)]
        return tuple(found)

    async def _target(
        self, conn: Connection, freeze: freezes.Freeze, held: list[customers.Customer], accounts: tuple[str, ...]
    ) -> Subject:
        if held:
            return await self.cases.customer(conn, held[0], accounts)
        if freeze.application_id is None:
            return Subject(reference(freeze.freeze_id))
        row = await fetch_known(conn, freeze.application_id)
        key = await data_key(conn, self.cases.keys, row.tenant_id, row.subject_id)
        said: Mapping[str, object] = json.loads(
            open_sealed(key, row.sealed_applicant, contexts.applicant(row.application_id))
        )
        return person(row.application_id, said, tuple(Account(ref) for ref in accounts))


def _persons(subject: Subject, added: Supplement) -> tuple[CtrPerson, ...]:
    """Who the cash was for, and who brought or took it, where an officer said so."""
    if added.conductor_is_holder:
        return (CtrPerson(subject, Role.FOR_SELF),)
    if added.conductor is not None:
        return (CtrPerson(added.conductor, Role.FOR_ANOTHER), CtrPerson(subject, Role.ON_BEHALF_OF))
    return (CtrPerson(subject, Role.ON_BEHALF_OF),)
