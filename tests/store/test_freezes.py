"""A person who is blocked is frozen in the same statement, whoever's code ran it; a release lifts it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from store import applications, cases, customers, freezes, outbox, screenings


async def applicant(world: Any) -> Any:
    application_id = uuid4()
    async with world.as_role("clearance_api") as conn:
        await applications.submit_application(
            conn,
            applications.NewApplication(
                application_id, world.tenant_id, world.subject_id, "person", b"x", uuid4().bytes * 2, bytes(32), "US"
            ),
            [],
            outbox.NewOutbox(uuid4(), world.tenant_id, "onboarding", f"onboarding-{uuid4()}", {}),
        )
    return application_id


async def conclude(world: Any, application_id: Any, outcome: str) -> None:
    async with world.as_role("clearance_worker") as conn:
        await applications.set_application_state(conn, application_id, "concluded", outcome, ["sanctions_confirmed"])


async def in_force(world: Any) -> list[freezes.Freeze]:
    async with world.as_role("clearance_filing") as conn:
        return await freezes.list_freezes(conn, datetime.now(UTC) + timedelta(minutes=1))


async def test_a_blocked_applicant_is_frozen_once_and_released_with_the_outcome(world: Any) -> None:
    application_id = await applicant(world)
    await conclude(world, application_id, "rejected")
    assert await in_force(world) == []
    await conclude(world, application_id, "blocked")
    await conclude(world, application_id, "blocked")
    (freeze,) = await in_force(world)
    assert (freeze.subject_id, freeze.application_id) == (world.subject_id, application_id)
    assert freeze.reasons == ("sanctions_confirmed",)
    await conclude(world, application_id, "approved")
    assert await in_force(world) == []
    async with world.as_role("clearance_filing") as conn:
        (kept,) = await freezes.list_freezes_since(conn, datetime(2020, 1, 1, tzinfo=UTC))
        assert kept.lifted_at is not None  # that it was frozen is still reported


async def test_the_accounts_of_a_frozen_customer_are_frozen(world: Any) -> None:
    application_id, customer_id = await applicant(world), uuid4()
    account = f"acc-{uuid4()}"
    async with world.as_role("clearance_worker") as conn:
        await customers.create_customer(conn, world.tenant_id, customer_id, world.subject_id, application_id, "low")
        await customers.open_account(conn, world.tenant_id, account, customer_id)
    async with world.as_role("clearance_engine") as conn:
        open_holder = (await customers.account_holders(conn, [account, "other"]))[account]
    await conclude(world, application_id, "blocked")
    async with world.as_role("clearance_engine") as conn:
        holders = await customers.account_holders(conn, [account, "other"])
    assert not open_holder.frozen
    assert holders == {account: replace(open_holder, frozen=True)}


async def test_a_case_that_ends_in_a_block_freezes_its_subject(world: Any) -> None:
    case_id = uuid4()
    case = cases.NewCase(
        case_id=case_id,
        tenant_id=world.tenant_id,
        kind="alert",
        about="alert:x",
        subject_id=world.subject_id,
        workflow_id="case-x",
        reasons=("SANCTIONS_CONFIRMED",),
        regime="US",
        regime_version="1",
        due_at=datetime.now(UTC),
        four_eyes=False,
    )
    async with world.as_role("clearance_worker") as conn:
        await cases.open_case(conn, case, key=f"k{case_id}")
        for revision, (status, disposition) in enumerate((("claimed", None), ("closed", "block")), start=1):
            row = cases.CaseEventRow(
                world.tenant_id, case_id, revision, "decide", status, datetime.now(UTC), disposition=disposition
            )
            await cases.record_event(conn, row)
    (freeze,) = await in_force(world)
    assert (freeze.case_id, freeze.application_id) == (case_id, None)


@pytest.mark.parametrize("role", ["clearance_api", "clearance_worker", "clearance_engine", "clearance_filing"])
async def test_nobody_freezes_or_releases_by_hand(world: Any, role: str) -> None:
    await conclude(world, await applicant(world), "blocked")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role(role) as conn:
            await conn.execute("UPDATE asset_freeze SET lifted_at = now()")


@pytest.mark.parametrize(
    ("list_name", "disposition", "frozen"),
    [
        ("us_ofac_sdn", "true_positive", True),
        ("un_sc_sanctions", "true_positive", True),
        ("us_ofac_sdn", "false_positive", False),
        ("us_trade_csl", "true_positive", False),
    ],
)
async def test_a_hit_that_officers_confirmed_freezes_where_its_list_blocks(
    world: Any, list_name: str, disposition: str, frozen: bool
) -> None:
    case_id, screening_id = uuid4(), uuid4()
    async with world.as_role("clearance_worker") as conn:
        state = await screenings.keep_state(conn, [(list_name, "ab" * 32)])
        new = screenings.NewScreening(
            screening_id,
            world.tenant_id,
            f"k{screening_id}",
            "application",
            "application:x",
            world.subject_id,
            state,
            "strong",
            [uuid4()],
            b"x",
            b"x",
            datetime.now(UTC),
        )
        hit = screenings.HitRow(list_name, "e1", "cd" * 32, uuid4(), 0.97, "strong")
        await screenings.store_screening(conn, new, [hit])
        case = cases.NewCase(
            case_id=case_id,
            tenant_id=world.tenant_id,
            kind="screening",
            about=f"screening:{screening_id}",
            subject_id=world.subject_id,
            workflow_id="case-x",
            reasons=("watchlist_hit_strong",),
            regime="US",
            regime_version="1",
            due_at=datetime.now(UTC),
            four_eyes=False,
        )
        await cases.open_case(conn, case, key=f"k{case_id}")
        row = cases.CaseEventRow(
            world.tenant_id, case_id, 1, "decide", "closed", datetime.now(UTC), disposition=disposition
        )
        await cases.record_event(conn, row)
    assert [freeze.case_id for freeze in await in_force(world)] == ([case_id] if frozen else [])
