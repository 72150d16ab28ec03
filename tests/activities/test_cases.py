"""Cases in the store: joined where parties are shared, every action once, every outcome handed on alike."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from activities.outcomes import OutcomeRow, open_outcome, seal_outcome
from store import applications, cases
from tests.activities.conftest import NOW, Office
from tests.activities.scenes import raise_alert
from vault.envelope import new_key_pair
from workflows import messages as m
from workflows.steps import CaseStillOpen, RecordUnknown

OFFICER, SECOND = uuid4(), uuid4()


async def admitted(office: Office, alert_id: UUID) -> m.OpenCase:
    request: m.OpenCase = await office.run(
        office.monitoring.admit_alert, m.InvestigationInput(office.tenant_id, alert_id, "")
    )
    return request


async def test_an_alert_opens_a_case_under_its_regime(office: Office) -> None:
    alert_id = await raise_alert(office, accounts=("A1", "A2"))
    request = await admitted(office, alert_id)
    assert request.reasons == ("structuring",)
    opened = await office.run(office.cases.open_case, request, "investigation-1")
    assert not opened.joined
    assert opened.due_at > NOW
    assert m.Disposition.TRUE_POSITIVE in opened.four_eyes
    assert m.Disposition.FALSE_POSITIVE not in opened.four_eyes
    async with office.transaction() as conn:
        case = await cases.fetch_case(conn, opened.case_id)
    assert (case.kind, case.status, case.accounts) == ("alert", "open", ("A1", "A2"))
    assert case.workflow_id == m.case_workflow_id(opened.case_id)


async def test_opening_twice_opens_once(office: Office) -> None:
    request = await admitted(office, await raise_alert(office, accounts=("A1",)))
    first = await office.run(office.cases.open_case, request, "investigation-1")
    second = await office.run(office.cases.open_case, request, "investigation-1")
    assert first == second


async def test_alerts_of_the_same_moment_on_the_same_account_share_a_case(office: Office) -> None:
    requests = [await admitted(office, await raise_alert(office, accounts=("A1", f"B{n}"))) for n in range(4)]
    opened = await asyncio.gather(
        *(office.run(office.cases.open_case, request, f"investigation-{n}") for n, request in enumerate(requests))
    )
    assert len({each.case_id for each in opened}) == 1
    assert sorted(each.joined for each in opened) == [False, True, True, True]
    again = await office.run(office.cases.open_case, requests[3], "investigation-3")
    assert again == opened[3]
    async with office.transaction() as conn:
        case = await cases.fetch_case(conn, opened[0].case_id)
    assert len(case.matters) == 4
    assert set(case.accounts) == {"A1", "B0", "B1", "B2", "B3"}


async def test_a_closed_case_is_not_joined(office: Office) -> None:
    request = await admitted(office, await raise_alert(office, accounts=("A1",)))
    first = await office.run(office.cases.open_case, request, "investigation-1")
    await office.run(office.cases.record_case_event, event(office, first.case_id, 1, "decide", "closed"))
    other = await admitted(office, await raise_alert(office, accounts=("A1",)))
    second = await office.run(office.cases.open_case, other, "investigation-2")
    assert (second.joined, second.case_id == first.case_id) == (False, False)


def event(office: Office, case_id: UUID, revision: int, action: str, status: str, **more: Any) -> m.CaseEvent:
    scope = m.Scope(office.tenant_id, "EU", "1", NOW)
    made = m.CaseEvent(scope, case_id, revision, action, status, OFFICER, OFFICER, at=NOW + timedelta(minutes=revision))
    return replace(made, **more)


async def test_an_action_is_recorded_once_and_a_run_after_a_reset_gets_its_own_revisions(office: Office) -> None:
    request = await admitted(office, await raise_alert(office, accounts=("A1",)))
    case_id = (await office.run(office.cases.open_case, request)).case_id
    claim = event(office, case_id, 1, "claim", "claimed")
    assert await office.run(office.cases.record_case_event, claim) == 1
    assert await office.run(office.cases.record_case_event, claim) == 1
    decide = event(office, case_id, 2, "decide", "awaiting_approval", disposition=m.Disposition.TRUE_POSITIVE)
    assert await office.run(office.cases.record_case_event, decide) == 2

    anew = event(
        office, case_id, 1, "claim", "claimed", officer_id=SECOND, claimed_by=SECOND, at=NOW + timedelta(hours=1)
    )
    assert await office.run(office.cases.record_case_event, anew) == 3
    assert await office.run(office.cases.record_case_event, anew) == 3
    async with office.transaction() as conn:
        events = await cases.fetch_events(conn, case_id)
        case = await cases.fetch_case(conn, case_id)
    assert [(e.revision, e.action) for e in events] == [(1, "claim"), (2, "decide"), (3, "claim")]
    assert (case.status, case.claimed_by, case.revision) == ("claimed", SECOND, 3)


async def test_an_escalation_is_told_to_who_asked_for_it_by_name_and_names_nobody(office: Office) -> None:
    request = await admitted(office, await raise_alert(office, accounts=("A1",)))
    case_id = (await office.run(office.cases.open_case, request)).case_id
    with psycopg.connect(office.url) as admin:
        for number, events in enumerate(([], ["case.escalated"], ["application.concluded"])):
            admin.execute(
                "INSERT INTO webhook_endpoint (endpoint_id, tenant_id, url, events, created_by) VALUES "
                "(gen_random_uuid(), %s, %s, %s, 'officer:x')",
                (office.tenant_id, f"https://hooks.test/{number}", events),
            )
    late = event(office, case_id, 1, "escalated", "open", officer_id=None, claimed_by=None)
    for _ in range(2):
        assert await office.run(office.cases.record_case_event, late) == 1
    async with office.transaction() as conn:
        cursor = await conn.execute(
            "SELECT p.url, e.type, e.body FROM webhook_delivery d JOIN webhook_event e USING (event_id) "
            "JOIN webhook_endpoint p USING (endpoint_id)"
        )
        [(url, kind, body)] = await cursor.fetchall()
        case = await cases.fetch_case(conn, case_id)
    assert (url, kind) == ("https://hooks.test/1", "case.escalated")
    assert json.loads(body)["data"] == {"case_id": str(case_id), "due_at": case.due_at.isoformat()}
    assert (case.status, case.claimed_by) == ("open", None)


async def test_a_case_is_awaited_until_it_is_closed_and_then_tells_who_decided(office: Office) -> None:
    request = await admitted(office, await raise_alert(office, accounts=("A1",)))
    case_id = (await office.run(office.cases.open_case, request)).case_id
    reference = m.CaseRef(request.scope, case_id)
    with pytest.raises(CaseStillOpen):
        await office.run(office.cases.await_case, reference)
    confirmed = m.Disposition.TRUE_POSITIVE
    decide = event(office, case_id, 1, "decide", "awaiting_approval", disposition=confirmed)
    approve = event(office, case_id, 2, "approve", "closed", officer_id=SECOND, disposition=confirmed)
    await office.run(office.cases.record_case_event, decide)
    with pytest.raises(CaseStillOpen):
        await office.run(office.cases.await_case, reference)
    await office.run(office.cases.record_case_event, approve)
    assert await office.run(office.cases.await_case, reference) == m.CaseResult(case_id, confirmed, OFFICER, SECOND)


async def test_a_contest_excludes_whoever_took_part(office: Office) -> None:
    application_id, _ = await office.submit([], {})
    scope = m.Scope(office.tenant_id, "EU", "1", NOW)
    request = m.OpenCase(scope, "application", f"application:{application_id}", ("risk_high",))
    opened = await office.run(office.cases.open_case, request)
    async with office.transaction() as conn:
        application = await applications.fetch_application(conn, application_id)
    assert application is not None
    assert application.state == "in_review"
    await office.run(office.cases.record_case_event, event(office, opened.case_id, 1, "claim", "claimed"))
    await office.run(
        office.cases.record_case_event,
        event(office, opened.case_id, 2, "decide", "closed", disposition=m.Disposition.REJECT),
    )
    contest = await office.run(
        office.cases.admit_contest, m.ContestInput(office.tenant_id, application_id, ""), "contest-1"
    )
    assert contest.excluded_officers == (OFFICER,)
    again = await office.run(office.cases.open_case, contest, "contest-1")
    assert again.case_id != opened.case_id
    assert again.excluded_officers == (OFFICER,)


@pytest.mark.parametrize("disposition", [m.Disposition.TRUE_POSITIVE, m.Disposition.INCONCLUSIVE])
async def test_every_outcome_crosses_to_the_filing_side_once_and_alike(
    office: Office, disposition: m.Disposition
) -> None:
    request = await admitted(office, await raise_alert(office, accounts=("A1",)))
    case_id = (await office.run(office.cases.open_case, request)).case_id
    closed = m.CaseClosed(request.scope, m.CaseResult(case_id, disposition, OFFICER, SECOND))
    await office.run(office.cases.write_case_outcome, closed)
    await office.run(office.cases.write_case_outcome, closed)
    async with await psycopg.AsyncConnection.connect(office.url) as conn:
        cursor = await conn.execute("SELECT filing_id, sealed_payload FROM filing.outbox")
        ((filing_id, sealed),) = await cursor.fetchall()
    outcome = open_outcome(office.filing_private, bytes(sealed), filing_id)
    assert (outcome.case_id, outcome.disposition, outcome.maker) == (case_id, disposition, OFFICER)
    assert outcome.asks_for_filing is (disposition is m.Disposition.TRUE_POSITIVE)


def test_sealed_outcomes_have_one_size() -> None:
    private, public = new_key_pair()
    filing_id, sizes = uuid4(), set()
    for disposition in m.Disposition:
        for approver in (None, uuid4()):
            row = OutcomeRow(uuid4(), uuid4(), disposition, uuid4(), approver, "US", "2026.1", datetime.now(UTC))
            sealed = seal_outcome(public, row, filing_id)
            assert open_outcome(private, sealed, filing_id) == row
            sizes.add(len(sealed))
    assert len(sizes) == 1


async def test_an_alert_of_another_tenant_is_unknown(office: Office) -> None:
    with pytest.raises(RecordUnknown):
        await office.run(office.monitoring.admit_alert, m.InvestigationInput(uuid4(), uuid4(), ""))
