"""An acknowledged submission is written once and whole, however often and however concurrently it is sent."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from store import subjects
from store.applications import (
    IdempotencyConflict,
    NewApplication,
    NewDocument,
    Submission,
    fetch_application,
    fetch_document,
    fetch_documents,
    find_submission,
    link_normalised,
    list_applications,
    set_application_state,
    submit_application,
)
from store.outbox import NewOutbox, add, claim_batch, mark_dispatched, mark_failed, waiting


def submission(world: Any, mac: bytes = b"m" * 32, digest: bytes = b"d" * 32) -> tuple[Any, Any, Any]:
    application = NewApplication(
        application_id=uuid4(),
        tenant_id=world.tenant_id,
        subject_id=uuid4(),
        applicant_kind="person",
        sealed_applicant=b"sealed",
        idempotency_mac=mac,
        request_digest=digest,
        regime="US",
        wrapped_key=b"wrapped",
    )
    documents = [
        NewDocument(uuid4(), "document", 0, "ab" * 32, "image/png", 10, b"sealed name"),
        NewDocument(uuid4(), "selfie", 0, "cd" * 32, "image/jpeg", 20),
    ]
    return application, documents, new_outbox(world, application_id=str(application.application_id))


def new_outbox(world: Any, **payload: str) -> NewOutbox:
    return NewOutbox(uuid4(), world.tenant_id, "onboarding", f"onboarding-{uuid4()}", payload)


async def submit(world: Any, *parts: Any) -> Submission:
    async with world.as_role("clearance_api") as conn:
        return await submit_application(conn, *parts)


def counts(world: Any) -> tuple[int, ...]:
    with world.superuser() as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM application WHERE tenant_id = %(tenant_id)s), "
            "(SELECT count(*) FROM document WHERE tenant_id = %(tenant_id)s), "
            "(SELECT count(*) FROM outbox WHERE tenant_id = %(tenant_id)s), "
            "(SELECT count(*) FROM subject WHERE tenant_id = %(tenant_id)s)",
            {"tenant_id": world.tenant_id},
        ).fetchone()
    assert row is not None
    return tuple(row)


async def test_a_submission_is_written_whole(world: Any) -> None:
    application, documents, outbox = submission(world)
    assert await submit(world, application, documents, outbox) == Submission(application.application_id, True)
    async with world.as_role("clearance_worker") as conn:
        stored = await fetch_application(conn, application.application_id)
        assert stored is not None
        assert (stored.state, stored.outcome, stored.reasons) == ("received", None, ())
        assert stored.sealed_applicant == b"sealed"
        found = await fetch_documents(conn, application.application_id)
        assert [(d.document_id, d.kind, d.sealed_file_name, d.pages) for d in found] == [
            (documents[0].document_id, "document", b"sealed name", ()),
            (documents[1].document_id, "selfie", None, ()),
        ]
        assert await fetch_document(conn, documents[1].document_id) == found[1]
        assert await subjects.fetch_wrapped_key(conn, application.subject_id) == b"wrapped"


async def test_the_same_submission_again_is_the_first(world: Any) -> None:
    application, documents, outbox = submission(world)
    await submit(world, application, documents, outbox)
    before = counts(world)
    again = await submit(world, *submission(world))
    assert again == Submission(application.application_id, False)
    assert counts(world) == before
    async with world.as_role("clearance_api") as conn:
        assert await find_submission(conn, world.tenant_id, b"m" * 32, b"d" * 32) == again
        assert await find_submission(conn, world.tenant_id, b"n" * 32, b"d" * 32) is None
        with pytest.raises(IdempotencyConflict):
            await find_submission(conn, world.tenant_id, b"m" * 32, b"e" * 32)


async def test_another_request_under_the_same_key_is_refused(world: Any) -> None:
    await submit(world, *submission(world))
    before = counts(world)
    with pytest.raises(IdempotencyConflict):
        await submit(world, *submission(world, digest=b"e" * 32))
    assert counts(world) == before


async def test_concurrent_submissions_of_a_key_become_one_row(world: Any) -> None:
    answers = await asyncio.gather(*(submit(world, *submission(world)) for _ in range(6)))
    assert len({answer.application_id for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1
    assert counts(world)[:3] == (1, 2, 1)


async def test_tenants_share_no_idempotency_keys(world: Any) -> None:
    application, documents, outbox = submission(world)
    await submit(world, application, documents, outbox)
    other = replace(
        application, application_id=uuid4(), tenant_id=world.other_tenant_id, subject_id=world.other_subject_id
    )
    async with world.as_role("clearance_api", world.other_tenant_id) as conn:
        answer = await submit_application(
            conn,
            replace(other, wrapped_key=None),
            [],
            NewOutbox(uuid4(), world.other_tenant_id, "onboarding", f"onboarding-{uuid4()}", {}),
        )
    assert answer == Submission(other.application_id, True)


async def test_a_submission_that_fails_leaves_nothing(world: Any) -> None:
    application, documents, outbox = submission(world)
    before = counts(world)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await submit(world, application, [documents[0], documents[0]], outbox)
    assert counts(world) == before


async def test_an_application_without_its_subject_is_refused(world: Any) -> None:
    application, _, outbox = submission(world)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await submit(world, replace(application, wrapped_key=None), [], outbox)


async def test_state_outcome_and_reasons(world: Any) -> None:
    application, documents, outbox = submission(world)
    await submit(world, application, documents, outbox)
    async with world.as_role("clearance_worker") as conn:
        await set_application_state(conn, application.application_id, "processing")
        await set_application_state(conn, application.application_id, "concluded", "approved", ["All is well."])
        stored = await fetch_application(conn, application.application_id)
        assert stored is not None
        assert (stored.state, stored.outcome, stored.reasons) == ("concluded", "approved", ("All is well.",))
        assert stored.updated_at > stored.submitted_at
        assert await list_applications(conn, state="concluded") == [stored]
        assert await list_applications(conn, state="received") == []
        assert await list_applications(conn, before=stored.submitted_at) == []
        with pytest.raises(LookupError):
            await set_application_state(conn, uuid4(), "processing")
    for state, outcome in (("concluded", None), ("processing", "approved"), ("lost", None)):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with world.as_role("clearance_worker") as conn:
                await set_application_state(conn, application.application_id, state, outcome)


async def test_pages_are_linked_once(world: Any) -> None:
    application, documents, outbox = submission(world)
    await submit(world, application, documents, outbox)
    async with world.as_role("clearance_worker") as conn:
        for page, sha256 in ((1, "22" * 32), (0, "11" * 32), (0, "33" * 32)):
            await link_normalised(conn, documents[0].document_id, page, sha256)
        stored = await fetch_document(conn, documents[0].document_id)
    assert stored is not None
    assert stored.pages == ("11" * 32, "22" * 32)


async def test_claims_never_overlap(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_api") as conn:
        for _ in range(20):
            await add(conn, new_outbox(lone_world))
    claimed: list[Any] = []
    together = asyncio.Barrier(4)

    async def dispatch() -> None:
        async with lone_world.as_role("clearance_dispatcher", None) as conn:
            rows = await claim_batch(conn, 5)
            claimed.extend(rows)
            await together.wait()
            for row in rows:
                await mark_dispatched(conn, row.outbox_id)

    await asyncio.gather(*(dispatch() for _ in range(4)))
    assert len({row.outbox_id for row in claimed}) == len(claimed) == 20
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        assert await claim_batch(conn, 5) == []
        assert await waiting(conn) == (0, 0.0)


async def test_a_dispatcher_that_dies_gives_its_rows_back(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_api") as conn:
        await add(conn, new_outbox(lone_world, a="1"))
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        (row,) = await claim_batch(conn, 5)
        await mark_dispatched(conn, row.outbox_id)
        raise psycopg.Rollback
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        assert await claim_batch(conn, 5) == [row]
    assert (row.tenant_id, row.kind, row.payload, row.attempts) == (lone_world.tenant_id, "onboarding", {"a": "1"}, 0)


async def test_a_row_that_failed_waits_and_comes_back(lone_world: Any) -> None:
    async with lone_world.as_role("clearance_api") as conn:
        await add(conn, new_outbox(lone_world))
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        (row,) = await claim_batch(conn, 5)
        await mark_failed(conn, row.outbox_id, "Temporal is down")
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        assert await claim_batch(conn, 5) == []
        assert (await waiting(conn))[0] == 1
    with lone_world.superuser() as admin:
        admin.execute("UPDATE outbox SET due_at = clock_timestamp()")
    async with lone_world.as_role("clearance_dispatcher", None) as conn:
        assert [again.attempts for again in await claim_batch(conn, 5)] == [1]


async def test_an_outbox_row_is_added_once(world: Any) -> None:
    row = new_outbox(world)
    async with world.as_role("clearance_api") as conn:
        await add(conn, row)
        await add(conn, row)
        await add(conn, replace(row, outbox_id=uuid4()))
    assert counts(world)[2] == 1


async def test_the_dispatcher_writes_no_payload(world: Any) -> None:
    async with world.as_role("clearance_api") as conn:
        await add(conn, new_outbox(world))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with world.as_role("clearance_dispatcher", None) as conn:
            await conn.execute("UPDATE outbox SET payload = '{}'")
