"""A confirmed case as a report needs it: parties, evidence and transactions, opened from their seals.

Separate from drafting because this reads the investigations' tables, and drafting writes the filings'.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from activities.filing_documents import identification
from activities.outcomes import OutcomeRow
from activities.recording import data_key
from aml.money import Money
from aml.reports.case import DocumentRef, Evidence, SarCase
from aml.reports.party import (
    Account,
    Address,
    Filer,
    Identifier,
    IdentifierKind,
    Relationship,
    Subject,
)
from store import alerts, cases, customers, transactions
from store.connection import Connection
from store.filing_activity import alerts_since
from vault import contexts
from vault.envelope import open_sealed
from vault.keys import KeyProvider
from vault.objects import Vault
from workflows.steps import RecordUnknown

_REFERENCE = 20
"""Characters of an id that name a case or a party in a report: forms take 25 at most, and 80 bits suffice."""


def reference(random_id: UUID) -> str:
    return random_id.hex[:_REFERENCE]


@dataclass(frozen=True, slots=True)
class Matter:
    """What a case was about, without a person's name: whose data it is, what its alerts found, with which money."""

    subject_id: UUID
    typologies: tuple[str, ...]
    amounts: tuple[Money, ...]
    evidence: tuple[tuple[UUID, bytes], ...]
    """(alert, its sealed evidence)."""


def in_currency(row: transactions.TransactionRow, currency: str) -> Money:
    """A payment's money: in a currency where it is or was booked in it, else as it is."""
    booked = transactions.counter_value(row)
    if row.currency != currency and booked is not None and booked.currency == currency:
        return booked
    return Money(row.amount, row.currency)


@dataclass(frozen=True, slots=True)
class CaseReader:
    """Reads under the filing role. `keys` are the subjects' keys, not the filing side's; without a `vault` reports name
    the documents as customers stated them."""

    keys: KeyProvider
    vault: Vault | None = None

    async def read(
        self, conn: Connection, outcome: OutcomeRow, filer: Filer, filed_on: date, since: datetime | None = None
    ) -> SarCase:
        """Everything that a report on this case says; with `since`, on what its parties did after that instant.

        Raises `RecordUnknown` and `SubjectKeyDestroyed`.
        """
        case = await self._case(conn, outcome.case_id)
        found = await self._alerts(conn, case) if since is None else await self._later_alerts(conn, case, since)
        rows = await transactions.fetch_transactions(conn, {name for alert in found for name in alert.transactions})
        accounts = tuple(dict.fromkeys((*case.accounts, *(ref for alert in found for ref in alert.accounts))))
        return SarCase(
            case_id=reference(case.case_id),
            filer=filer,
            subjects=await self.subjects(conn, outcome.tenant_id, accounts),
            evidence=await self._evidence(conn, outcome.tenant_id, found),
            transactions=tuple(transactions.transaction_of(row) for row in rows),
            detected_on=outcome.detected_at.date(),
            filed_on=filed_on,
            conclusion=await self._conclusion(conn, case),
            documents=await self.documents(conn, outcome.tenant_id, accounts),
        )

    async def alerts_since(self, conn: Connection, outcome: OutcomeRow, since: datetime) -> int:
        """How often the parties raised an alert after an instant. Raises `RecordUnknown`."""
        return len(await self._later_alerts(conn, await self._case(conn, outcome.case_id), since))

    async def matter(self, conn: Connection, outcome: OutcomeRow, currency: str) -> Matter:
        """What whether to file is decided on, in a currency where the payments say it. Raises `RecordUnknown`."""
        case = await self._case(conn, outcome.case_id)
        found = await self._alerts(conn, case)
        rows = await transactions.fetch_transactions(conn, {name for alert in found for name in alert.transactions})
        return Matter(
            case.subject_id,
            tuple(name for alert in found for name in alert.typologies),
            tuple(in_currency(row, currency) for row in rows),
            tuple((alert.alert_id, alert.sealed_evidence) for alert in found),
        )

    async def _case(self, conn: Connection, case_id: UUID) -> cases.Case:
        try:
            return await cases.fetch_case(conn, case_id)
        except cases.CaseUnknown as error:
            raise RecordUnknown(f"case {case_id}") from error

    async def _alerts(self, conn: Connection, case: cases.Case) -> list[alerts.Alert]:
        found = []
        for matter in case.matters:
            kind, _, number = matter.partition(":")
            if kind == "alert" and (alert := await alerts.fetch_alert(conn, UUID(number))) is not None:
                found.append(alert)
        return found

    async def _later_alerts(self, conn: Connection, case: cases.Case, since: datetime) -> list[alerts.Alert]:
        ids = await alerts_since(conn, case.accounts, case.subject_id, since)
        found = [await alerts.fetch_alert(conn, alert_id) for alert_id in ids]
        return [alert for alert in found if alert is not None]

    async def _evidence(self, conn: Connection, tenant_id: UUID, found: Iterable[alerts.Alert]) -> tuple[Evidence, ...]:
        evidence = []
        for alert in found:
            key = await data_key(conn, self.keys, tenant_id, alert.subject_id)
            opened = json.loads(open_sealed(key, alert.sealed_evidence, contexts.alert(alert.alert_id)))
            evidence += [Evidence(hit["typology"], hit["text"], tuple(hit["transactions"])) for hit in opened["hits"]]
        return tuple(dict.fromkeys(evidence))

    async def subjects(self, conn: Connection, tenant_id: UUID, accounts: tuple[str, ...]) -> tuple[Subject, ...]:
        """Our customers behind the case's accounts; accounts of nobody we know make one unknown subject."""
        owners = await customers.known_accounts(conn, accounts)
        subjects = []
        for customer_id in dict.fromkeys(owners.values()):
            customer = await customers.fetch_customer(conn, customer_id)
            if customer is None:
                raise RecordUnknown(f"customer {customer_id}")
            held = {ref for ref in accounts if owners.get(ref) == customer_id}
            subjects.append(await self.customer(conn, customer, held))
        strangers = tuple(Account(ref) for ref in accounts if ref not in owners)
        if strangers or not subjects:
            subjects.append(Subject("unknown", is_unknown=True, accounts=strangers, relationship=Relationship.NONE))
        return tuple(subjects)

    async def customer(self, conn: Connection, customer: customers.Customer, held: Collection[str]) -> Subject:
        """What we know of a customer, with those of their accounts that the report is about."""
        key = await data_key(conn, self.keys, customer.tenant_id, customer.subject_id)
        stated: Mapping[str, Any] = {}
        if customer.sealed_profile is not None:
            stated = json.loads(open_sealed(key, customer.sealed_profile, contexts.customer(customer.customer_id)))
        accounts = await customers.list_accounts(conn, customer.customer_id)
        own = tuple(Account(a.account_ref, opened_on=a.opened_at.date()) for a in accounts if a.account_ref in held)
        subject = person(customer.customer_id, stated, own)
        if self.vault is None:
            return subject
        seen = await identification(conn, self.vault, customer.tenant_id, key, customer.application_id)
        return replace(subject, identifiers=seen.identifiers or subject.identifiers, sex=subject.sex or seen.sex)

    async def documents(self, conn: Connection, tenant_id: UUID, accounts: tuple[str, ...]) -> tuple[DocumentRef, ...]:
        """The documents kept with the customers behind the accounts."""
        if self.vault is None:
            return ()
        found: list[DocumentRef] = []
        owners = await customers.known_accounts(conn, accounts)
        for customer_id in dict.fromkeys(owners.values()):
            customer = await customers.fetch_customer(conn, customer_id)
            if customer is not None:
                key = await data_key(conn, self.keys, tenant_id, customer.subject_id)
                seen = await identification(conn, self.vault, tenant_id, key, customer.application_id)
                found += seen.documents
        return tuple(found)

    async def _conclusion(self, conn: Connection, case: cases.Case) -> str | None:
        """The deciding officer's words, if they can be opened."""
        decided = [event for event in await cases.fetch_events(conn, case.case_id) if event.action == "decide"]
        reason_id = decided[-1].reason_id if decided else None
        reason = None if reason_id is None else await cases.fetch_reason(conn, reason_id)
        if reason is None:
            return None
        key = await data_key(conn, self.keys, case.tenant_id, case.subject_id)
        return open_sealed(key, reason.sealed_text, contexts.reason(reason.reason_id)).decode()


def person(customer_id: UUID, stated: Mapping[str, Any], accounts: tuple[Account, ...]) -> Subject:
    address: Mapping[str, Any] | None = stated.get("address")
    number = stated.get("document_number")
    born = stated.get("birth_date")
    return Subject(
        party_id=reference(customer_id),
        surname=stated.get("surname"),
        given_name=stated.get("given_names"),
        birth_date=None if born is None else date.fromisoformat(born),
        nationality=stated.get("nationality"),
        addresses=()
        if address is None
        else (
            Address(
                street=address.get("street"),
                city=address.get("city"),
                postal_code=address.get("postal_code"),
                country=address.get("country"),
            ),
        ),
        identifiers=()
        if number is None
        else (Identifier(IdentifierKind.OTHER, number, stated.get("nationality"), description="Identity document"),),
        occupation=stated.get("occupation"),
        accounts=accounts,
        residence=stated.get("country_of_residence"),
        birth_place=stated.get("place_of_birth"),
    )
