"""Duties that no case asks for: cash by person and business day, and freezes; found once, and nothing is invented."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from lxml import etree
from temporalio.testing import ActivityEnvironment

from activities.filing import FilingActivities, open_report
from activities.filing_case import CaseReader
from activities.filing_matters import CashDuty, FreezeDuty, open_matter
from activities.gateways import FolderGateway
from activities.recording import DecisionRecorder
from aml.reports.blocking import as_csv, as_lines
from aml.reports.specimens import specimen_filer
from aml.reports.supplement import PropertyValue, Supplement
from explain.record import canonical_json
from store import applications, filings
from store.connection import Pool, open_pool, tenant_transaction
from store.decisions import fetch_decision
from store.filing_supplements import add_supplement
from tests.activities.conftest import NOW, Office
from tests.activities.scenes import cash, customer
from tests.activities.test_filing import STATED
from vault import contexts
from vault.keys import FileKeyProvider
from vault.standalone import open_standalone, seal_standalone
from workflows import messages as m

SCHEMAS = Path(os.environ.get("CLEARANCE_SCHEMAS", Path(__file__).resolve().parents[3] / "shared" / "schemas"))
NEW_YORK = "America/New_York"
DAY = date(2026, 2, 26)  # a Thursday; NOW is the Monday after
NOON = datetime(2026, 2, 26, 17, tzinfo=UTC)  # noon in New York


@dataclass
class Desk:
    office: Office
    pool: Pool
    activities: FilingActivities
    outbox: Path

    async def find(self) -> m.DutiesFound:
        found: m.DutiesFound = await ActivityEnvironment().run(self.activities.find_duties)
        return found

    async def matters(self) -> dict[UUID, CashDuty | FreezeDuty]:
        async with tenant_transaction(self.pool, self.office.tenant_id) as conn:
            cursor = await conn.execute("SELECT filing_id, sealed_payload FROM filing.outbox")
            rows = await cursor.fetchall()
        assert len({len(sealed) for _, sealed in rows}) <= 1  # of one size, as outcomes are
        opened = {row[0]: open_matter(self.activities.inbox_key, bytes(row[1]), row[0]) for row in rows}
        return opened  # type: ignore[return-value]

    async def draft(self, filing_id: UUID, revision: int = 0) -> m.FilingDrafted:
        message = m.DraftFiling(self.office.tenant_id, filing_id, revision)
        drafted: m.FilingDrafted = await self.office.run(self.activities.draft_filing, message, f"filing-{filing_id}")
        return drafted

    async def report(self, filing_id: UUID) -> bytes:
        async with tenant_transaction(self.pool, self.office.tenant_id) as conn:
            row = await filings.fetch_filing(conn, filing_id)
        return open_report(self.activities.keys, self.office.tenant_id, filing_id, row.sealed_report)

    async def add(self, filing_id: UUID, supplement: Supplement) -> None:
        context = contexts.filing_part(filing_id, "supplement")
        sealed = seal_standalone(self.activities.keys, self.office.tenant_id, canonical_json(supplement), context)
        async with tenant_transaction(self.pool, self.office.tenant_id) as conn:
            await add_supplement(conn, uuid4(), self.office.tenant_id, filing_id, uuid4(), sealed)


@pytest.fixture
async def desk(office: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    office.regime = "US"
    with psycopg.connect(office.url, autocommit=True) as conn:
        conn.execute("UPDATE tenant SET regime = 'US' WHERE tenant_id = %s", (office.tenant_id,))
    async with await open_pool(office.url, "clearance_filing") as pool:
        activities = FilingActivities(
            pool=pool,
            inbox_key=office.filing_private,
            keys=FileKeyProvider(tmp_path / "filing-master"),
            reader=CaseReader(office.keys),
            recorder=DecisionRecorder(pool, "test"),
            filers={office.tenant_id: replace(specimen_filer(), time_zone=NEW_YORK)},
            schemas=SCHEMAS,
            gateway=lambda _: FolderGateway(tmp_path / "outbox"),
            clock=lambda: office.now[0],
        )
        yield Desk(office, pool, activities, tmp_path / "outbox")


async def test_cash_is_added_up_by_person_and_business_day_and_found_once(desk: Desk) -> None:
    subject = await customer(desk.office, STATED, ("A1", "A2"))
    other = await customer(desk.office, STATED, ("B1",))
    evening = datetime(2026, 2, 27, 3, tzinfo=UTC)  # still the 26th in New York
    await cash(
        desk.office,
        subject,
        (
            ("A1", "cash_deposit", "6000", NOON),
            ("A2", "cash_deposit", "4000.01", evening),  # another account of the same person: over 10,000 together
            ("A1", "cash_withdrawal", "9000", NOON),  # never set off or added to what came in
            ("A1", "cash_deposit", "9999", NOON + timedelta(days=1)),  # the day after, alone
        ),
    )
    await cash(desk.office, other, (("B1", "cash_deposit", "10000", NOON),))  # not more than the threshold
    assert await desk.find() == m.DutiesFound(1, 0)
    assert await desk.find() == m.DutiesFound(0, 0)
    (duty,) = (await desk.matters()).values()
    assert isinstance(duty, CashDuty)
    assert (duty.day, duty.regime, duty.asks_for_filing) == (DAY, "US", True)


async def test_a_day_that_is_not_over_waits(desk: Desk) -> None:
    subject = await customer(desk.office, STATED, ("A1",))
    await cash(desk.office, subject, (("A1", "cash_deposit", "20000", NOW - timedelta(hours=2)),))
    assert await desk.find() == m.DutiesFound(0, 0)
    desk.office.now[0] = NOW + timedelta(days=1)
    assert await desk.find() == m.DutiesFound(1, 0)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_the_report_on_cash_is_valid_with_its_own_clock_and_its_reason_chained(desk: Desk) -> None:
    subject = await customer(desk.office, STATED, ("A1", "A2"))
    await cash(desk.office, subject, (("A1", "cash_deposit", "6000", NOON), ("A2", "cash_deposit", "4000.01", NOON)))
    await desk.find()
    (filing_id,) = await desk.matters()
    drafted = await desk.draft(filing_id)
    assert (drafted.problems, drafted.form, drafted.maker) == ((), m.FilingForm.THRESHOLD, None)
    assert drafted.due_at == datetime(2026, 3, 14, tzinfo=UTC)  # the end of 13 March: 15 days after
    assert drafted.since == datetime(2026, 2, 27, 5, tzinfo=UTC)  # midnight in New York
    root = etree.fromstring(await desk.report(filing_id))
    assert root.findtext(".//{*}TotalCashInReceiveAmountText") == "10001"
    assert root.findtext(".//{*}TransactionDateText") == "20260226"
    assert sorted(node.text for node in root.iterfind(".//{*}AccountNumberText")) == ["A1", "A2"]
    async with tenant_transaction(desk.pool, desk.office.tenant_id) as conn:
        ((decision_id,),) = await (await conn.execute("SELECT decision_id FROM filing.decision")).fetchall()
        stored = await fetch_decision(conn, decision_id, schema="filing")
    assert (stored.outcome, stored.model.name) == ("required", "cash_trigger")


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_who_brought_a_large_sum_is_asked_for_and_not_invented(desk: Desk) -> None:
    subject = await customer(desk.office, STATED, ("A1",))
    await cash(desk.office, subject, (("A1", "cash_deposit", "15000", NOON),))
    await desk.find()
    (filing_id,) = await desk.matters()
    assert (await desk.draft(filing_id)).problems == ("CONDUCTOR_MISSING",)
    await desk.add(filing_id, Supplement(conductor_is_holder=True))
    assert (await desk.draft(filing_id, 2)).problems == ()
    assert b">50<" in await desk.report(filing_id)


# --- Freezes ----------------------------------------------------------------------------------------------------------


async def block(desk: Desk, application_id: UUID) -> None:
    async with desk.office.transaction() as conn:
        await applications.set_application_state(conn, application_id, "concluded", "blocked", ["sanctions_confirmed"])


async def test_a_blocked_applicant_makes_a_rejection_report_with_ten_business_days(desk: Desk) -> None:
    application_id, _ = await desk.office.submit([], STATED)
    await block(desk, application_id)
    desk.office.now[0] = datetime.now(UTC) + timedelta(minutes=1)  # the database's clock froze the applicant
    assert await desk.find() == m.DutiesFound(0, 1)
    assert await desk.find() == m.DutiesFound(0, 0)
    ((filing_id, duty),) = (await desk.matters()).items()
    assert isinstance(duty, FreezeDuty)
    drafted = await desk.draft(filing_id)
    assert (drafted.form, drafted.maker) == (m.FilingForm.REJECTION, None)
    assert drafted.problems == ("LEGAL_AUTHORITY_NEEDED",)  # the programme is for an officer to state
    days = [duty.frozen_at.date() + timedelta(days=n) for n in range(1, 40)]
    working = [day for day in days if day.weekday() < 5]
    assert drafted.due_at.date() - timedelta(days=1) >= working[9]  # later where a federal holiday falls in
    await desk.add(filing_id, Supplement(legal_authority="SDGT, 31 CFR part 594"))
    assert (await desk.draft(filing_id, 2)).problems == ()
    form = json.loads(await desk.report(filing_id))
    assert (form["kind"], form["target"]["name"]) == ("rejection", "Grete Beispielsdottir")
    assert form["grounds"] == ["sanctions_confirmed"]


async def test_a_frozen_customers_accounts_are_reported_with_values_that_an_officer_states(desk: Desk) -> None:
    subject = await customer(desk.office, STATED, ("A1", "A2"))
    with psycopg.connect(desk.office.url) as conn:
        ((application_id,),) = conn.execute(
            "SELECT application_id FROM application WHERE subject_id = %s", (subject,)
        ).fetchall()
    await block(desk, application_id)
    desk.office.now[0] = datetime.now(UTC) + timedelta(minutes=1)
    await desk.find()
    (filing_id,) = await desk.matters()
    drafted = await desk.draft(filing_id)
    assert drafted.form is m.FilingForm.BLOCKING
    assert drafted.problems == ("LEGAL_AUTHORITY_NEEDED", "VALUE_NEEDED")
    values = tuple(PropertyValue(ref, Decimal(amount), "USD") for ref, amount in (("A1", "120.50"), ("A2", "0.00")))
    await desk.add(filing_id, Supplement(legal_authority="IRAN, 31 CFR part 560", values=values))
    assert (await desk.draft(filing_id, 2)).problems == ()
    content = await desk.report(filing_id)
    assert as_csv(content).count("IRAN, 31 CFR part 560") == 2
    assert "Property A1: Account held with the filer, Clearwater Specimen Bank" in as_lines(content)


async def test_findings_are_kept_sealed_for_the_officers(desk: Desk) -> None:
    application_id, _ = await desk.office.submit([], STATED)
    await block(desk, application_id)
    desk.office.now[0] = datetime.now(UTC) + timedelta(minutes=1)
    await desk.find()
    (filing_id,) = await desk.matters()
    await desk.draft(filing_id)
    async with tenant_transaction(desk.pool, desk.office.tenant_id) as conn:
        row = await filings.fetch_filing(conn, filing_id)
    assert row.sealed_findings is not None
    assert b"LEGAL_AUTHORITY" not in row.sealed_findings
    context = contexts.filing_part(filing_id, "findings")
    opened = json.loads(open_standalone(desk.activities.keys, row.tenant_id, row.sealed_findings, context))
    assert opened[0]["rule"] == "LEGAL_AUTHORITY_NEEDED"
    assert "31 CFR 501.603" in opened[0]["citation"]
