"""The queue: filters narrow, orders sort, and pages follow each other without a gap or a repetition."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from store import cases, queue
from store.case_file import fetch_case_file
from store.queue import Order, Place, QueueFilter, fetch_queue

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OFFICER = uuid4()


async def opened(world: Any, number: int, **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "case_id": uuid4(),
        "tenant_id": world.tenant_id,
        "kind": "alert",
        "about": f"alert:{uuid4()}",
        "subject_id": world.subject_id,
        "workflow_id": "w",
        "reasons": ("structuring",),
        "regime": "US",
        "regime_version": "1",
        "due_at": NOW + timedelta(days=number),
        "four_eyes": False,
        "accounts": (f"A{number}",),
        "risk": 10 * (number % 3),
    }
    case = cases.NewCase(**(values | changes))
    async with world.as_role("clearance_worker", world.tenant_id) as conn:
        await cases.open_case(conn, case, f"{case.case_id}/open")
    return case.case_id


async def pages(world: Any, order: Order, wanted: QueueFilter | None = None, limit: int = 2) -> list[queue.QueueRow]:
    found: list[queue.QueueRow] = []
    after = None
    async with world.as_role("clearance_api", world.tenant_id) as conn:
        while page := await fetch_queue(conn, wanted or QueueFilter(), order=order, after=after, limit=limit):
            found += page
            last = page[-1]
            after = Place(last.case_id, last.opened_at if order is Order.NEWEST else last.due_at, last.risk)
    return found


async def test_every_order_goes_through_all_pages_once(world: Any) -> None:
    ids = {await opened(world, number) for number in (5, 1, 4, 1, 3, 2, 1)}
    by_deadline = await pages(world, Order.DEADLINE)
    assert {row.case_id for row in by_deadline} == ids
    assert len(by_deadline) == len(ids)
    assert [row.due_at for row in by_deadline] == sorted(row.due_at for row in by_deadline)
    by_risk = await pages(world, Order.RISK)
    keys = [(-row.risk, row.due_at, row.case_id) for row in by_risk]
    assert keys == sorted(keys)
    assert len(keys) == len(ids)
    newest = await pages(world, Order.NEWEST)
    assert [row.opened_at for row in newest] == sorted((row.opened_at for row in newest), reverse=True)
    assert len(newest) == len(ids)


async def test_each_filter_narrows(world: Any) -> None:
    risky = await opened(world, 2)
    other = await opened(world, 3, kind="application", reasons=("RISK_HIGH",))
    async with world.as_role("clearance_worker", world.tenant_id) as conn:
        await cases.record_event(
            conn,
            cases.CaseEventRow(world.tenant_id, other, 1, "claim", "claimed", NOW, OFFICER, OFFICER),
        )

    async def found(**parts: Any) -> set[UUID]:
        return {row.case_id for row in await pages(world, Order.DEADLINE, QueueFilter(**parts), 50)}

    assert await found(kinds=("alert",)) == {risky}
    assert await found(statuses=("claimed",)) == {other}
    assert await found(statuses=("claimed", "open")) == {risky, other}
    assert await found(assignee=OFFICER) == {other}
    assert await found(unassigned=True) == {risky}
    assert await found(reason="structuring") == {risky}
    assert await found(least_risk=20) == {risky}
    assert await found(due_before=NOW + timedelta(days=3)) == {risky}
    assert await found(due_after=NOW + timedelta(days=3)) == {other}
    assert await found(escalated=True) == set()


async def test_a_snoozed_case_is_hidden_until_it_wakes(world: Any) -> None:
    case_id = await opened(world, 2)
    async with world.as_role("clearance_worker", world.tenant_id) as conn:
        until = datetime.now(UTC) + timedelta(days=1)
        snooze = cases.CaseEventRow(world.tenant_id, case_id, 1, "snooze", "open", NOW, snoozed_until=until)
        await cases.record_event(conn, snooze)
    assert await pages(world, Order.DEADLINE) == []
    [row] = await pages(world, Order.DEADLINE, QueueFilter(with_snoozed=True))
    assert row.snoozed_until == until
    async with world.as_role("clearance_worker", world.tenant_id) as conn:
        await cases.record_event(conn, cases.CaseEventRow(world.tenant_id, case_id, 2, "woken", "open", NOW))
    assert len(await pages(world, Order.DEADLINE)) == 1


async def test_a_case_file_joins_earlier_cases_of_the_same_accounts_and_person(world: Any) -> None:
    first = await opened(world, 1, accounts=("SHARED", "X"))
    await opened(world, 2, accounts=("OTHER",), subject_id=world.subject_id)
    third = await opened(world, 3, accounts=("SHARED",))
    async with world.as_role("clearance_api", world.tenant_id) as conn:
        file = await fetch_case_file(conn, third)
    assert first in {case.case_id for case in file.earlier_cases}
    assert third not in {case.case_id for case in file.earlier_cases}
    assert len(file.earlier_cases) == 2


async def test_another_tenants_queue_is_empty(world: Any) -> None:
    await opened(world, 1)
    async with world.as_role("clearance_api", world.other_tenant_id) as conn:
        assert await fetch_queue(conn) == []
