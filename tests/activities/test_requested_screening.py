"""Screening on request, under its own database role: kept once, refused where it cannot be answered, replayable."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from activities.requested_screening import RequestedScreening, RequestRefused
from activities.rescreening import RescreeningActivities
from activities.screening_desk import ScreeningDesk
from activities.watchlist_index import WatchlistHolder
from explain.replay import replay
from store import cases, decisions, screenings, subjects
from store.connection import open_pool
from tests.activities.conftest import Office
from tests.activities.test_rescreening import customer, load, person, reviews, run, version
from vault import contexts
from vault.envelope import open_sealed
from workflows import messages as m


@pytest.fixture
async def requested(office: Office, tmp_path: Any) -> AsyncIterator[RequestedScreening]:
    async with await open_pool(office.url, "clearance_screening") as pool:
        desk = office.screening.desk
        recorder = type(desk.recorder)(pool, "test")
        holder = WatchlistHolder(pool, tmp_path / "screener", lambda: office.now[0])
        yield RequestedScreening(pool, office.keys, ScreeningDesk(recorder, holder, desk.model), lambda: office.now[0])


def order(office: Office, name: str = "Ingrid Holmqvist", **changes: Any) -> dict[str, Any]:
    return {
        "tenant_id": str(office.tenant_id),
        "screening_id": str(uuid4()),
        "query": {"schema": "Person", "properties": {"name": [name], "birthDate": ["1970-01-02"]}},
        "lists": None,
        "threshold": 0.5,
        "limit": 50,
        "customer_id": None,
        "idempotency_mac": uuid4().hex * 2,
        "request_digest": "ab" * 32,
        **changes,
    }


async def test_a_request_is_kept_with_a_decision_a_hit_that_adds_up_and_replays(
    office: Office, requested: RequestedScreening
) -> None:
    near = [person("e1", "Ingrid Holmqvist"), person("e2", "Ingrid Holmkvist", "1970")]
    await load(office, version(near, 1), version([person("far", "Nobody Atall")], 2, "eu_fsf"))
    asked = order(office)
    told = await requested.screen(asked)
    assert (told["outcome"], told["stale"]) == ("exact", False)
    assert [each["name"] for each in told["lists"]] == ["eu_fsf", "un_sc_sanctions"]
    assert [hit["entity_id"] for hit in told["hits"]] == ["e1", "e2"]
    async with office.transaction() as conn:
        stored = await screenings.fetch_screening(conn, UUID(asked["screening_id"]))
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, stored.subject_id))
        for hit in told["hits"]:
            row = await decisions.fetch_decision(conn, UUID(hit["decision_id"]))
            shares = {part["feature"]: part["delta"] for part in hit["contributions"]}
            assert row.base_value == shares.pop("base")
            assert dict(zip(row.features, row.shap, strict=True)) == shares
            assert row.output == pytest.approx(hit["log_odds"], abs=1e-12)
            evidence = open_sealed(key, row.sealed_evidence, contexts.decision_evidence(row.decision_id))
            model = await decisions.fetch_model(conn, row.model.sha256)
            result = replay(row.reopen(evidence), model.content)
            assert result.identical
            assert "outcome" in result.checked
    sealed = stored.sealed_query + stored.sealed_answer
    assert b"Ingrid" not in sealed


async def test_where_nothing_is_near_the_answer_is_explained_too(office: Office, requested: RequestedScreening) -> None:
    await load(office, version([person("far", "Nobody Atall", "1901-01-01")], 1))
    told = await requested.screen(order(office, "Xiomara Quintanilla"))
    assert (told["outcome"], told["hits"], len(told["decision_ids"])) == ("none", [], 1)
    assert told["stale"]  # eu_fsf is required and missing


async def test_the_same_request_twice_at_once_is_one_screening(office: Office, requested: RequestedScreening) -> None:
    await load(office, version([person("e1", "Ingrid Holmqvist")], 1))
    same = {"idempotency_mac": "cd" * 32}
    first, second = await asyncio.gather(
        requested.screen(order(office, **same)), requested.screen(order(office, **same))
    )
    assert first == second
    with psycopg.connect(office.url) as conn:
        assert conn.execute("SELECT count(*) FROM screening").fetchone() == (1,)
    with pytest.raises(RequestRefused) as refusal:
        await requested.screen(order(office, **same, request_digest="ef" * 32))
    assert refusal.value.code == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lists": ["eu_fsf", "nowhere"]}, "LIST_UNKNOWN"),
        ({"customer_id": str(uuid4())}, "CUSTOMER_UNKNOWN"),
        ({"query": {"schema": "Person", "properties": {"name": ["123"]}}}, "QUERY_UNUSABLE"),
    ],
)
async def test_what_cannot_be_answered_is_refused_and_leaves_nothing(
    office: Office, requested: RequestedScreening, changes: dict[str, Any], code: str
) -> None:
    await load(office, version([person("e1", "Ingrid Holmqvist")], 1))
    with pytest.raises(RequestRefused) as refusal:
        await requested.screen(order(office, **changes))
    assert refusal.value.code == code
    with psycopg.connect(office.url) as conn:
        assert conn.execute("SELECT count(*) FROM screening").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM subject").fetchone() == (0,)


async def test_what_officers_cleared_for_a_customer_is_left_out_and_a_request_clears_nothing(
    office: Office, requested: RequestedScreening
) -> None:
    rescreening = RescreeningActivities(office.pool, office.keys, office.screening.desk, lambda: office.now[0])
    await load(office, version([person("far", "Nobody Atall", "1901-01-01")], 1))
    subject_id = await customer(office, "Ingrid Holmqvist")
    await load(office, version([person("e1", "Ingrid Holmqvist")], 2))
    requested.desk.watchlists._looked_at = None
    with psycopg.connect(office.url) as conn:
        row = conn.execute("SELECT customer_id FROM customer").fetchone()
    assert row is not None
    told = await requested.screen(order(office, customer_id=str(row[0])))
    assert [hit["entity_id"] for hit in told["hits"]] == ["e1"]
    assert (await run(office, rescreening)).new_hits == 1  # the request asked no officer
    (screening_id,) = reviews(office)
    async with office.transaction() as conn_:
        stored = await screenings.fetch_screening(conn_, screening_id)
        (hit,) = await screenings.hits_of(conn_, screening_id)
    opened = await office.run(
        rescreening.admit_hits, m.HitReviewInput(office.tenant_id, screening_id, ""), "hit-review-1"
    )
    case = await office.run(office.cases.open_case, opened, "hit-review-1")
    async with office.transaction() as conn_:
        cleared = screenings.ClearedHit(
            subject_id=stored.subject_id,
            list_name=hit.list_name,
            entity_id=hit.entity_id,
            record_hash=hit.record_hash,
            case_id=case.case_id,
            officer_id=uuid4(),
            reason_id=None,
            cleared_at=office.now[0],
            expires_at=office.now[0] + timedelta(days=1),
        )
        await screenings.clear_hits(conn_, office.tenant_id, [cleared])
        officer, ended = cleared.officer_id, ("decide", "closed", office.now[0])
        closing = cases.CaseEventRow(office.tenant_id, case.case_id, 1, *ended, officer, officer, "false_positive")
        await cases.record_event(conn_, closing)
    assert stored.subject_id == subject_id
    again = await requested.screen(order(office, customer_id=str(row[0])))
    assert (again["outcome"], again["hits"]) == ("none", [])


def matching(**changes: Any) -> dict[str, Any]:
    return {
        "dataset": "default",
        "queries": {"q1": {"schema": "Person", "properties": {"name": ["Ingrid Holmqvist"]}}},
        "limit": 5,
        "threshold": 0.7,
        "cutoff": 0.5,
        "include_dataset": [],
        "exclude_dataset": [],
        "exclude_schema": [],
        "exclude_entity_ids": [],
        "topics": [],
        **changes,
    }


async def test_matching_answers_as_yente_does_and_stores_nothing(office: Office, requested: RequestedScreening) -> None:
    un = version([person("e1", "Ingrid Holmqvist"), person("e2", "Ingrid Holmkvist")], 1)
    await load(office, un, version([person("e3", "Ingrid Holmqvist")], 2, "eu_fsf"))
    told = (await requested.match(matching()))["responses"]["q1"]
    assert {result["id"] for result in told["results"]} == {"e1", "e2", "e3"}
    assert told["total"] == {"value": 3, "relation": "eq"}
    best = told["results"][0]
    assert best["match"] is True
    assert best["properties"]["name"] == ["Ingrid Holmqvist"]
    assert best["datasets"] in (["eu_fsf"], ["un_sc_sanctions"])
    assert sum(best["features"].values()) == pytest.approx(sum(e["score"] for e in best["explanations"].values()))

    async def found(**changes: Any) -> set[str]:
        answer = await requested.match(matching(**changes))
        return {result["id"] for result in answer["responses"]["q1"]["results"]}

    assert await found(dataset="eu_fsf") == {"e3"}
    assert await found(exclude_dataset=["eu_fsf"]) == {"e1", "e2"}
    assert await found(include_dataset=["eu_fsf"]) == {"e3"}
    assert await found(exclude_entity_ids=["e1", "e2"]) == {"e3"}
    assert await found(exclude_schema=["Person"]) == set()
    assert await found(topics=["sanction"]) == set()
    assert len(await found(limit=1)) == 1
    with pytest.raises(RequestRefused) as refusal:
        await requested.match(matching(dataset="nowhere"))
    assert refusal.value.code == "DATASET_UNKNOWN"
    with psycopg.connect(office.url) as conn:
        assert conn.execute("SELECT count(*) FROM decision").fetchone() == (0,)


async def test_the_role_may_screen_and_nothing_else(office: Office, requested: RequestedScreening) -> None:
    for statement in (
        "SELECT * FROM application",
        "SELECT * FROM case_file",
        "UPDATE subject SET wrapped_key = NULL",
        "INSERT INTO watchlist_version (list_name, sha256, version, entity_count) VALUES ('x', '', '1', 0)",
        "INSERT INTO cleared_hit SELECT * FROM cleared_hit",
        "SELECT * FROM api_key",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with requested.pool.connection() as conn:
                await conn.execute(statement)
