"""Transactions, alerts, cases, watchlists and filings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from explain.record import DecisionKind
from store import alerts, cases, filings, transactions, watchlists
from store.decisions import append_decision
from store.outbox import NewOutbox
from store.transactions import TransactionRow

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def rows(world: Any, conn: Any, ids: Sequence[str]) -> list[TransactionRow]:
    decision = world.decision(kind=DecisionKind.TRANSACTION_SCORE)
    await append_decision(conn, decision, key=f"t/{decision.decision_id}", sealed_evidence=b"x")
    first = await transactions.next_ingest_seq(conn, world.tenant_id, len(ids))
    return [
        TransactionRow(
            tenant_id=world.tenant_id,
            transaction_id=transaction_id,
            ingest_seq=first + number,
            subject_id=world.subject_id,
            booked_at=NOW + timedelta(microseconds=number),
            debtor_account="A1",
            creditor_account="B1",
            amount=Decimal("12345678901234.10"),
            currency="USD",
            digest=bytes(32),
            decision_id=decision.decision_id,
            channel="wire",
            debtor_country="US",
            flags=("UNKNOWN_ACCOUNT",),
            details={"branch": "7"},
            sealed_details=b"sealed",
        )
        for number, transaction_id in enumerate(ids)
    ]


async def test_transactions_are_read_back_in_ingest_order(world: Any) -> None:
    async with world.as_role("clearance_engine") as conn:
        first = await rows(world, conn, ["t3", "t1", "t2"])
        await transactions.append_transactions(conn, first)
        second = await rows(world, conn, ["t0"])
        await transactions.append_transactions(conn, second)
        await transactions.append_transactions(conn, [])
        read = [row async for row in transactions.iterate_for_rebuild(conn, world.tenant_id, fetch=2)]
        assert read == [*first, *second]
        assert str(read[0].amount) == "12345678901234.10"
        assert [row.ingest_seq for row in read] == [0, 1, 2, 3]
        later = [row async for row in transactions.iterate_for_rebuild(conn, world.tenant_id, from_seq=3)]
        assert later == second
        assert await transactions.fetch_transaction(conn, "t1") == first[1]
        assert await transactions.fetch_transaction(conn, "t9") is None
        assert await transactions.fetch_transactions(conn, ["t2", "t3", "t9"]) == [first[0], first[2]]
        assert await transactions.existing_ids(conn, ["t1", "t9"]) == {"t1": bytes(32)}


async def test_a_transaction_id_is_taken_once_and_a_failed_batch_leaves_nothing(world: Any) -> None:
    async with world.as_role("clearance_engine") as conn:
        await transactions.append_transactions(conn, await rows(world, conn, ["t1"]))
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with world.as_role("clearance_engine") as conn:
            await transactions.append_transactions(conn, await rows(world, conn, ["t2", "t1"]))
    async with world.as_role("clearance_engine") as conn:
        assert await transactions.existing_ids(conn, ["t1", "t2"]) == {"t1": bytes(32)}
        assert await transactions.next_ingest_seq(conn, world.tenant_id) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount": Decimal("-1")}, psycopg.errors.CheckViolation),
        ({"currency": "usd"}, psycopg.errors.CheckViolation),
        ({"decision_id": uuid4()}, psycopg.errors.ForeignKeyViolation),
        ({"subject_id": uuid4()}, psycopg.errors.ForeignKeyViolation),
    ],
)
async def test_a_transaction_that_breaks_a_promise_is_refused(
    world: Any, changes: dict[str, Any], error: type[Exception]
) -> None:
    async with world.as_role("clearance_engine") as conn:
        (row,) = await rows(world, conn, ["t1"])
    with pytest.raises(error):
        async with world.as_role("clearance_engine") as conn:
            await transactions.append_transactions(conn, [replace(row, **changes)])


async def test_one_transaction_of_many_without_its_decision_takes_all_with_it(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_engine") as conn:
        made = await rows(lone_world, conn, [f"t{number}" for number in range(10)])
    made[8] = replace(made[8], decision_id=uuid4())
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="t8 has no decision"):
        async with lone_world.as_role("clearance_engine") as conn:
            await transactions.append_transactions(conn, made)
    async with lone_world.as_role("clearance_engine") as conn:
        assert await transactions.fetch_transactions(conn, [f"t{number}" for number in range(10)]) == []


async def test_a_transaction_does_not_point_to_another_tenants_decision(world: Any) -> None:
    async with world.as_role("clearance_engine") as conn:
        (row,) = await rows(world, conn, ["t1"])
    other = replace(row, tenant_id=world.other_tenant_id, subject_id=world.other_subject_id)
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="has no decision"):
        async with world.as_role("clearance_engine", world.other_tenant_id) as conn:
            await transactions.append_transactions(conn, [other])


@pytest.mark.parametrize("amount", ["0.01", "12345678901234567890.123456789", "1E+3", "1.50"])
async def test_amounts_are_kept_as_they_were_sent(world: Any, amount: str) -> None:
    async with world.as_role("clearance_engine") as conn:
        (row,) = await rows(world, conn, ["t1"])
        row = replace(row, amount=Decimal(amount), details={"branch": 'a "b"\u2028ü'}, flags=("A", 'b,"{}\\'))
        await transactions.append_transactions(conn, [row])
        kept = await transactions.fetch_transaction(conn, "t1")
    assert kept == row


async def test_an_alert_comes_with_its_outbox_row_and_knows_its_case(lone_world: Any) -> None:
    alert_id, case_id = uuid4(), uuid4()
    async with lone_world.as_role("clearance_engine") as conn:
        (row,) = await rows(lone_world, conn, ["t1"])
        await transactions.append_transactions(conn, [row])
        alert = alerts.NewAlert(
            alert_id,
            lone_world.tenant_id,
            lone_world.subject_id,
            row.decision_id,
            "t1",
            ("fan_in", "cycle"),
            0.1 + 0.2,
            ("A1", "B1"),
            ("t1",),
            b"hits",
        )
        outbox = NewOutbox(uuid4(), lone_world.tenant_id, "investigation", f"investigation-{alert_id}", {})
        await alerts.append_alerts(conn, [alert], [outbox])
    async with lone_world.as_role("clearance_worker") as conn:
        stored = await alerts.fetch_alert(conn, alert_id)
        assert stored is not None
        assert (stored.typologies, stored.score, stored.case_id) == (("fan_in", "cycle"), 0.1 + 0.2, None)
        await cases.open_case(conn, new_case(lone_world, case_id, about=f"alert:{alert_id}"), "w/open")
        (listed,) = await alerts.list_alerts(conn)
        assert listed.case_id == case_id
        assert await alerts.list_alerts(conn, before=stored.created_at) == []
        assert await alerts.fetch_alert(conn, uuid4()) is None
    with lone_world.superuser() as admin:
        assert admin.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


def new_case(lone_world: Any, case_id: Any = None, **changes: Any) -> cases.NewCase:
    made = cases.NewCase(
        case_id=case_id or uuid4(),
        tenant_id=lone_world.tenant_id,
        kind="alert",
        about=f"alert:{uuid4()}",
        subject_id=lone_world.subject_id,
        workflow_id=f"case-{case_id}",
        reasons=("FAN_IN",),
        regime="US",
        regime_version="1",
        due_at=NOW,
        four_eyes=True,
        accounts=("A1",),
    )
    return replace(made, **changes)


def event(lone_world: Any, case_id: Any, revision: int, action: str, status: str, **more: Any) -> cases.CaseEventRow:
    return cases.CaseEventRow(lone_world.tenant_id, case_id, revision, action, status, NOW, **more)


async def test_a_case_is_opened_once(world: Any) -> None:
    case = new_case(world)
    async with world.as_role("clearance_worker") as conn:
        assert await cases.open_case(conn, case, "w/open") == case.case_id
        assert await cases.open_case(conn, new_case(world), "w/open") == case.case_id
        stored = await cases.fetch_case(conn, case.case_id)
        assert (stored.status, stored.revision, stored.matters) == ("open", 0, (case.about,))
        with pytest.raises(cases.CaseUnknown):
            await cases.fetch_case(conn, uuid4())


async def test_cases_that_share_parties_are_found_while_open(world: Any) -> None:
    case = new_case(world)
    async with world.as_role("clearance_worker") as conn:
        await cases.open_case(conn, case, "w/open")
        stored = await cases.fetch_case(conn, case.case_id)
        assert await cases.find_open_case_sharing(conn, accounts=["Z9", "A1"]) == stored
        assert await cases.find_open_case_sharing(conn, subject_id=world.subject_id, kind="alert") == stored
        assert await cases.find_open_case_sharing(conn, subject_id=world.subject_id, kind="application") is None
        assert await cases.find_open_case_sharing(conn, accounts=["Z9"]) is None
        for _ in range(2):
            await cases.join_case(conn, world.tenant_id, case.case_id, "alert:2", ["B1", "A1"], ["FAN_IN", "CYCLE"])
        joined = await cases.fetch_case(conn, case.case_id)
        assert joined.accounts == ("A1", "B1")
        assert joined.reasons == ("FAN_IN", "CYCLE")
        assert set(joined.matters) == {case.about, "alert:2"}
        assert await cases.cases_about(conn, "alert:2") == [joined]
        await cases.record_event(conn, event(world, case.case_id, 1, "closed", "closed"))
        assert await cases.find_open_case_sharing(conn, accounts=["A1"]) is None
        with pytest.raises(cases.CaseUnknown):
            await cases.join_case(conn, world.tenant_id, uuid4(), "alert:3")


async def test_events_carry_the_case_through_four_eyes(world: Any) -> None:
    case, maker, approver, reason_id = new_case(world), uuid4(), uuid4(), uuid4()
    async with world.as_role("clearance_worker") as conn:
        await cases.open_case(conn, case, "w/open")
    async with world.as_role("clearance_api") as conn:
        for _ in range(2):
            await cases.add_reason(
                conn, reason_id, b"sealed", "ab" * 32, tenant_id=world.tenant_id, case_id=case.case_id, officer_id=maker
            )
        reason = await cases.fetch_reason(conn, reason_id)
        assert reason is not None
        assert (reason.sealed_text, reason.officer_id) == (b"sealed", maker)
        assert await cases.list_reasons(conn, case.case_id) == [reason]
    steps = [
        event(world, case.case_id, 1, "claim", "claimed", officer_id=maker, claimed_by=maker),
        event(
            world,
            case.case_id,
            2,
            "decide",
            "awaiting_approval",
            officer_id=maker,
            claimed_by=maker,
            disposition="true_positive",
            reason_id=reason_id,
        ),
        event(world, case.case_id, 3, "return", "claimed", officer_id=approver, claimed_by=maker),
        event(world, case.case_id, 4, "escalated", "claimed", claimed_by=maker),
        event(world, case.case_id, 5, "decide", "awaiting_approval", officer_id=maker, disposition="false_positive"),
        event(world, case.case_id, 6, "approve", "closed", officer_id=approver),
    ]
    states = []
    async with world.as_role("clearance_worker") as conn:
        for step in steps:
            assert await cases.record_event(conn, step) is True
            assert await cases.record_event(conn, step) is False
            stored = await cases.fetch_case(conn, case.case_id)
            states.append((stored.status, stored.maker, stored.disposition))
        assert states == [
            ("claimed", None, None),
            ("awaiting_approval", maker, "true_positive"),
            ("claimed", None, None),
            ("claimed", None, None),
            ("awaiting_approval", maker, "false_positive"),
            ("closed", maker, "false_positive"),
        ]
        assert stored.escalated
        assert stored.closed_at == NOW
        assert await cases.fetch_events(conn, case.case_id) == steps
        assert await cases.list_cases(conn) == []
        assert await cases.list_cases(conn, "closed") == [stored]


async def test_an_older_event_never_overwrites_a_newer_state(world: Any) -> None:
    case = new_case(world)
    async with world.as_role("clearance_worker") as conn:
        await cases.open_case(conn, case, "w/open")
        await cases.record_event(conn, event(world, case.case_id, 2, "release", "open"))
        await cases.record_event(conn, event(world, case.case_id, 1, "claim", "claimed", claimed_by=uuid4()))
        stored = await cases.fetch_case(conn, case.case_id)
    assert (stored.revision, stored.status, stored.claimed_by) == (2, "open", None)


async def test_cases_are_listed_by_deadline(world: Any) -> None:
    async with world.as_role("clearance_worker") as conn:
        for days in (3, 1, 2):
            await cases.open_case(conn, new_case(world, due_at=NOW + timedelta(days=days)), f"w/{days}")
        assert [case.due_at.day for case in await cases.list_cases(conn)] == [2, 3, 4]
        assert len(await cases.list_cases(conn, "open", limit=2)) == 2
    async with world.as_role("clearance_api", world.other_tenant_id) as conn:
        assert await cases.list_cases(conn) == []


def version(sha256: str, published: date | None = None) -> watchlists.ListVersion:
    return watchlists.ListVersion("SDN", sha256[:6], published, sha256)


async def test_a_watchlist_version_is_stored_once(lone_world: Any) -> None:
    entities = [{"id": f"e{number}", "caption": "Инна\tX\\", "n": number} for number in range(5)]
    async with lone_world.as_role("clearance_worker") as conn:
        assert await watchlists.store_version(conn, version("aa" * 32), entities) is True
        assert await watchlists.store_version(conn, version("aa" * 32), entities) is False
        assert [entity async for entity in watchlists.iterate_entities(conn, "SDN", "aa" * 32)] == entities


async def test_the_version_in_force_is_the_one_confirmed_last(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_worker") as conn:
        await watchlists.store_version(conn, version("aa" * 32, date(2021, 1, 1)), [])
        (latest,) = await watchlists.latest_versions(conn)
        assert (latest.sha256, latest.published, latest.checked_at) == ("aa" * 32, date(2021, 1, 1), None)
        await watchlists.store_version(conn, version("bb" * 32), [{"id": "1"}])
        (latest,) = await watchlists.latest_versions(conn)
        assert (latest.sha256, latest.entity_count) == ("bb" * 32, 1)
        checked = datetime.now(UTC) + timedelta(hours=1)
        for _ in range(2):
            await watchlists.record_check(conn, "SDN", checked, "aa" * 32)
        (latest,) = await watchlists.latest_versions(conn)
        assert (latest.sha256, latest.checked_at) == ("aa" * 32, checked)
        await watchlists.record_check(conn, "SDN", checked + timedelta(hours=1))
        (latest,) = await watchlists.latest_versions(conn)
        assert (latest.sha256, latest.checked_at) == ("bb" * 32, checked + timedelta(hours=1))
        with pytest.raises(LookupError):
            await watchlists.record_check(conn, "NONE", checked)


async def test_a_filing_from_sealed_row_to_submission(lone_world: Any) -> None:
    filing_id, case = uuid4(), new_case(lone_world)
    async with lone_world.as_role("clearance_worker") as conn:
        await cases.open_case(conn, case, "w/open")
        await filings.enqueue_filing(conn, filing_id, lone_world.tenant_id, b"sealed request")
    async with lone_world.as_role("clearance_filing", None) as conn:
        (row,) = await filings.claim_filing_batch(conn, 10)
        assert (row.filing_id, row.tenant_id, row.sealed_payload) == (
            filing_id,
            lone_world.tenant_id,
            b"sealed request",
        )
        await filings.mark_filing_failed(conn, filing_id, "no worker")
        assert await filings.claim_filing_batch(conn, 10) == []
        await filings.mark_filing_dispatched(conn, filing_id)
    draft = filings.NewFiling(
        filing_id,
        lone_world.tenant_id,
        case.case_id,
        uuid4(),
        "US",
        "1",
        "fincen_sar",
        b"report",
        "ab" * 32,
        False,
        ("SCHEMA_NOT_INSTALLED",),
        NOW,
        "blocked",
    )
    async with lone_world.as_role("clearance_filing") as conn:
        assert await filings.fetch_filing_payload(conn, filing_id) == b"sealed request"
        assert await filings.save_draft(conn, draft) is True
        assert await filings.save_draft(conn, replace(draft, sealed_report=b"other")) is False
        officer = uuid4()
        event = filings.NewFilingEvent(
            lone_world.tenant_id, filing_id, 1, "approve", "approved", NOW, officer_id=officer
        )
        assert await filings.record_event(conn, event) is True
        assert await filings.record_event(conn, replace(event, status="draft")) is False
        sent = filings.NewSubmission(lone_world.tenant_id, filing_id, 1, 1, "initial", "cd" * 32, "REF-1", b"report")
        first = await filings.save_submission(conn, sent)
        again = replace(sent, revision=7, sha256="ee" * 32, reference="REF-2")
        assert await filings.save_submission(conn, again) == first
        await filings.replace_draft(conn, replace(draft, sealed_report=b"too late"))
        await filings.record_event(
            conn, replace(event, revision=2, action="submitted", status="submitted", officer_id=None)
        )
        stored = await filings.fetch_filing(conn, filing_id)
        assert (stored.status, stored.revision, stored.reference, stored.sealed_report) == (
            "submitted",
            2,
            "REF-1",
            b"report",
        )
        assert await filings.list_filings(conn, "submitted") == [stored]
        assert await filings.list_filings(conn, "draft") == []
        events = await filings.fetch_filing_events(conn, filing_id)
        assert [(e.revision, e.status, e.officer_id) for e in events] == [
            (1, "approved", officer),
            (2, "submitted", None),
        ]
        with pytest.raises(filings.FilingUnknown):
            await filings.fetch_filing(conn, uuid4())
