"""Customers against new list versions, on a real database: nobody is missed, nobody is asked about twice."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from activities.rescreening import RescreeningActivities
from activities.screening_desk import EVERY_HIT
from activities.watchlists import put_into_force
from aml.screening import Entity, WatchList, parse_ofac, record_hash, screen
from aml.screening.delta import Delta
from aml.screening.invented_names import invent_person
from aml.screening.specimens import write_ofac
from explain.replay import replay
from store import cases, decisions, screenings, subjects
from store.connection import service_transaction
from tests.activities.conftest import NOW, Office
from vault import contexts
from vault.envelope import open_sealed
from workflows import messages as m

PEOPLE = 24
Triples = set[tuple[str, str, str]]


def person(entity_id: str, name: str, born: str = "1970-01-02") -> Entity:
    return Entity(
        id=entity_id, schema="Person", caption=name, datasets=[], properties={"name": [name], "birthDate": [born]}
    )


def version(entities: Sequence[Entity], number: int, name: str = "un_sc_sanctions") -> WatchList:
    return WatchList(name, f"v{number}", None, f"{number:064x}", tuple(entities))


async def load(office: Office, *lists: WatchList) -> None:
    async with service_transaction(office.pool) as conn:
        await put_into_force(conn, lists, office.now[0])
    # What is in force is known for seconds; here everything happens at the same instant.
    office.screening.desk.watchlists._looked_at = None


def stated(name: str, born: str = "1970-01-02") -> dict[str, Any]:
    given, _, surname = name.rpartition(" ")
    return {
        "kind": "person",
        "surname": surname,
        "given_names": given,
        "birth_date": born,
        "nationality": "SE",
        "country_of_residence": "SE",
    }


async def apply(office: Office, name: str, born: str = "1970-01-02") -> UUID:
    """An applicant who is screened and waits for a conclusion."""
    application_id, _ = await office.submit([], stated(name, born))
    await office.run(
        office.screening.screen_applicant,
        m.ApplicationRead(scope_of(office), application_id, ()),
        f"o-{application_id}",
    )
    return application_id


async def approve(office: Office, application_id: UUID) -> None:
    conclusion = m.Conclusion(scope_of(office), application_id, "approved", ())
    await office.run(office.decisions.conclude_application, conclusion, f"o-{application_id}")


async def customer(office: Office, name: str, born: str = "1970-01-02") -> UUID:
    """A customer's subject."""
    application_id = await apply(office, name, born)
    await approve(office, application_id)
    async with office.transaction() as conn:
        row = await (
            await conn.execute("SELECT subject_id FROM customer WHERE application_id = %s", (application_id,))
        ).fetchone()
    assert row is not None
    subject_id: UUID = row[0]
    return subject_id


def scope_of(office: Office) -> m.Scope:
    return m.Scope(office.tenant_id, "EU", "eu-2024.1", office.now[0])


@pytest.fixture
def rescreening(office: Office) -> RescreeningActivities:
    return RescreeningActivities(office.pool, office.keys, office.screening.desk, lambda: office.now[0], slice_size=10)


async def run(office: Office, rescreening: RescreeningActivities) -> m.Tally:
    """What the workflow does."""
    name, tenant = f"rescreening-{uuid4()}", m.RescreeningInput(office.tenant_id)
    plan = await office.run(rescreening.plan_rescreening, tenant, name)
    tally, after = m.Tally(), None
    for number in range(100):
        done = await office.run(rescreening.rescreen_slice, m.Slice(plan.scope, after, number), name)
        tally, after = tally.plus(done.tally), done.last
        if after is None:
            break
    assert tally.screened == plan.behind
    return tally


async def check(office: Office, rescreening: RescreeningActivities) -> m.SampleChecked:
    checked: m.SampleChecked = await office.run(
        rescreening.check_sample, m.Sample(office.tenant_id, 1000, "x"), f"check-{uuid4()}"
    )
    return checked


async def known(office: Office, subject_id: UUID) -> Triples:
    async with office.transaction() as conn:
        return await screenings.known_hits(conn, subject_id, office.now[0])


def reviews(office: Office) -> list[UUID]:
    with psycopg.connect(office.url) as conn:
        rows = conn.execute(
            "SELECT payload ->> 'screening_id' FROM outbox WHERE kind = 'hit-review' ORDER BY created_at"
        )
        return [UUID(row[0]) for row in rows.fetchall()]


def ofac(folder: Path, seed: int, n: int) -> WatchList:
    write_ofac(folder, seed, n)
    return parse_ofac(folder)


async def test_a_new_version_finds_whom_a_full_run_finds_and_asks_officers_once(
    office: Office, rescreening: RescreeningActivities, tmp_path: Path
) -> None:
    first = replace(ofac(tmp_path / "lists", 3, 240), sha256=f"{1:064x}")
    people = [
        entity
        for entity in first.entities
        if entity["schema"] == "Person" and len(entity["properties"].get("birthDate", ["?"])[0]) == 10
    ]
    rng = random.Random(8)
    strangers = [invent_person(rng) for _ in range(PEOPLE)]
    await load(office, first)
    subjects_ = []
    for number, entity in enumerate(people[:PEOPLE]):
        if number % 3 == 0:
            name, born = entity["properties"]["name"][0], entity["properties"]["birthDate"][0]
        else:
            name, born = f"{strangers[number].given} {strangers[number].surname}", "1970-01-02"
        subjects_.append(await customer(office, name, born))
    assert (await run(office, rescreening)).screened == 0  # onboarding screened them

    gone, changed = people[0], people[3]
    following = [
        {**entity, "properties": {**entity["properties"], "notes": ["amended"]}} if entity is changed else entity
        for entity in first.entities
        if entity is not gone
    ]
    added = person("new-1", f"{strangers[1].given} {strangers[1].surname}")
    second = replace(first, sha256=f"{2:064x}", version="v2", entities=(*following, added))  # type: ignore[arg-type]
    await load(office, second)
    tally = await run(office, rescreening)
    assert tally.screened == PEOPLE
    assert 2 <= tally.touched < PEOPLE / 2
    assert tally.new_hits >= 2  # the added one, and the amended one is asked again
    assert tally.withdrawn >= 1
    assert (await check(office, rescreening)) == m.SampleChecked(office.tenant_id, PEOPLE, 0, 0)

    in_force = await office.screening.desk.watchlists.latest()
    assert in_force.index is not None
    hashes = {entity["id"]: record_hash(entity) for entity in second.entities}
    async with office.transaction() as conn:
        state = screenings.state_of(in_force.members(office.screening.desk.model.ref.sha256))
        rows = await screenings.sample_customers(conn, state, "", 1000)
    assert {row.subject_id for row in rows} == set(subjects_)
    for each in [rescreening._open(office.tenant_id, row) for row in rows]:
        full = screen(each.query, index=in_force.index, limit=EVERY_HIT).hits
        assert {(hit.list_name, hit.entity_id, hashes[hit.entity_id]) for hit in full} <= await known(
            office, each.row.subject_id
        )

    asked = reviews(office)
    assert len(asked) == len(set(asked)) >= 2
    again = await run(office, rescreening)
    assert (again.screened, reviews(office)) == (0, asked)


async def test_every_hit_has_a_decision_whose_outcome_replays_from_what_is_stored(
    office: Office, rescreening: RescreeningActivities
) -> None:
    await load(office, version([person("far", "Nobody Atall", "1901-01-01")], 1))
    subject_id = await customer(office, "Ingrid Holmqvist")
    listed = [
        person("e1", "Ingrid Holmqvist"),
        person("e2", "Ingrid Holmkvist", "1970"),
        person("e3", "Holmqvist Inga"),
    ]
    await load(office, version([person("far", "Nobody Atall", "1901-01-01"), *listed], 2))
    assert (await run(office, rescreening)).new_hits >= 2
    async with office.transaction() as conn:
        (screening_id,) = reviews(office)
        stored = await screenings.fetch_screening(conn, screening_id)
        hits = await screenings.hits_of(conn, screening_id)
        assert len(stored.decision_ids) == len(hits) >= 2
        assert stored.strength == "exact"
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
        outcomes = set()
        for decision_id, hit in zip(stored.decision_ids, sorted(hits, key=lambda h: -h.score), strict=True):
            row = await decisions.fetch_decision(conn, decision_id)
            evidence = open_sealed(key, row.sealed_evidence, contexts.decision_evidence(decision_id))
            decision = row.reopen(evidence)
            model = await decisions.fetch_model(conn, row.model.sha256)
            result = replay(decision, model.content)
            assert result.identical
            assert "outcome" in result.checked
            assert decision.score in {each.score for each in hits}
            assert hit.decision_id in stored.decision_ids
            outcomes.add(decision.outcome)
    assert outcomes == {hit.strength for hit in hits}


async def test_a_customer_whose_application_took_longer_than_a_list_is_caught_up(
    office: Office, rescreening: RescreeningActivities
) -> None:
    await load(office, version([person("far", "Nobody Atall", "1901-01-01")], 1))
    waiting = await apply(office, "Ingrid Holmqvist")
    await load(office, version([person("far", "Nobody Atall", "1901-01-01"), person("e1", "Ingrid Holmqvist")], 2))
    assert (await run(office, rescreening)).screened == 0  # not a customer yet
    await approve(office, waiting)
    tally = await run(office, rescreening)
    assert (tally.screened, tally.new_hits) == (1, 1)


async def test_a_missed_hit_fails_the_check_and_goes_to_officers_at_once(
    office: Office, rescreening: RescreeningActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = [person(f"n{number}", f"Nobody{chr(97 + number)} Atall", "1901-01-01") for number in range(20)]
    await load(office, version(nobody, 1))
    await customer(office, "Ingrid Holmqvist")
    await load(office, version([*nobody, person("e1", "Ingrid Holmqvist")], 2))
    with monkeypatch.context() as broken:
        broken.setattr(Delta, "touches", lambda self, query: False)
        assert (await run(office, rescreening)).new_hits == 0
    assert reviews(office) == []
    checked = await check(office, rescreening)
    assert (checked.checked, checked.missed, checked.surplus) == (1, 1, 0)
    assert len(reviews(office)) == 1
    assert (await check(office, rescreening)).missed == 0


async def test_a_cleared_hit_is_asked_again_when_it_is_amended_or_has_expired_and_not_before(
    office: Office, rescreening: RescreeningActivities
) -> None:
    nobody = [person(f"n{number}", f"Nobody{chr(97 + number)} Atall", "1901-01-01") for number in range(20)]
    await load(office, version(nobody, 1))
    await customer(office, "Ingrid Holmqvist")
    await load(office, version([*nobody, person("e1", "Ingrid Holmqvist")], 2))
    await run(office, rescreening)
    (screening_id,) = reviews(office)
    await clear(office, rescreening, screening_id)

    more = person("n99", "Nobodyz Atall", "1901-01-01")
    await load(office, version([*nobody, person("e1", "Ingrid Holmqvist"), more], 3))
    assert (await run(office, rescreening)).new_hits == 0  # another entity changed
    assert (await check(office, rescreening)).missed == 0

    changed = person("e1", "Ingrid Holmqvist", "1970-01-03")
    await load(office, version([*nobody, changed, more], 4))
    assert (await run(office, rescreening)).new_hits == 1
    await clear(office, rescreening, reviews(office)[-1])
    assert (await run(office, rescreening)).screened == 0

    office.now[0] = NOW + timedelta(days=366)
    tally = await run(office, rescreening)
    assert (tally.screened, tally.new_hits, len(reviews(office))) == (1, 1, 3)
    assert (await run(office, rescreening)).screened == 0


async def clear(office: Office, rescreening: RescreeningActivities, screening_id: UUID) -> None:
    """An officer says that it is another person."""
    officer, name = uuid4(), f"hit-review-{screening_id}"
    review = m.HitReviewInput(office.tenant_id, screening_id, "")
    request = await office.run(rescreening.admit_hits, review, name)
    assert (request.kind, request.about) == ("screening", f"screening:{screening_id}")
    opened = await office.run(office.cases.open_case, request, name)
    async with office.transaction() as conn:
        for revision, (action, status) in enumerate((("claim", "claimed"), ("decide", "closed")), start=1):
            chosen = "false_positive" if action == "decide" else None
            await cases.record_event(
                conn,
                cases.CaseEventRow(
                    office.tenant_id, opened.case_id, revision, action, status, office.now[0], officer, officer, chosen
                ),
            )
    result = m.CaseResult(opened.case_id, m.Disposition.FALSE_POSITIVE, officer, None)
    closed = m.CaseClosed(request.scope, result)
    assert await office.run(rescreening.remember_cleared, closed, name) == 1
    assert await office.run(rescreening.remember_cleared, closed, name) == 0  # a second run changes nothing


async def test_a_clearance_rests_on_its_case_and_ends_while_that_is_open_again(
    office: Office, rescreening: RescreeningActivities
) -> None:
    await load(office, version([person("n1", "Nobody Atall", "1901-01-01")], 1))
    subject = await customer(office, "Ingrid Holmqvist")
    await load(office, version([person("n1", "Nobody Atall", "1901-01-01"), person("e1", "Ingrid Holmqvist")], 2))
    await run(office, rescreening)
    (screening_id,) = reviews(office)
    await clear(office, rescreening, screening_id)
    async with office.transaction() as conn:
        [case] = await cases.cases_about(conn, f"screening:{screening_id}")
        assert case.subject_id == subject
        assert len(await screenings.cleared_for(conn, case.subject_id, office.now[0])) == 1
    officer = uuid4()

    async def recorded(revision: int, action: str, status: str, disposition: str | None = None) -> int:
        async with office.transaction() as conn:
            row = cases.CaseEventRow(
                office.tenant_id, case.case_id, revision, action, status, office.now[0], officer, officer, disposition
            )
            await cases.record_event(conn, row)
            return len(await screenings.cleared_for(conn, case.subject_id, office.now[0]))

    assert await recorded(3, "reopen", "open") == 0
    assert await recorded(4, "decide", "closed", "true_positive") == 0
    assert await recorded(5, "reopen", "open") == 0
    assert await recorded(6, "decide", "closed", "false_positive") == 1


async def test_hits_of_the_same_customer_join_the_open_case(office: Office, rescreening: RescreeningActivities) -> None:
    await load(office, version([person("far", "Nobody Atall", "1901-01-01")], 1))
    await customer(office, "Ingrid Holmqvist")
    opened = []
    for number in (2, 3):
        entities = [person(f"e{each}", "Ingrid Holmqvist") for each in range(number)]
        await load(office, version(entities, number))
        await run(office, rescreening)
        review = m.HitReviewInput(office.tenant_id, reviews(office)[-1], "")
        request = await office.run(rescreening.admit_hits, review, f"r-{number}")
        opened.append(await office.run(office.cases.open_case, request, f"r-{number}"))
    assert [each.joined for each in opened] == [False, True]
    assert opened[0].case_id == opened[1].case_id
    assert opened[0].four_eyes == (m.Disposition.TRUE_POSITIVE,)


async def test_too_many_changes_take_the_rarity_of_words_anew_and_screen_everyone_in_full(
    office: Office, rescreening: RescreeningActivities
) -> None:
    nobody = [person(f"n{number}", f"Nobody{chr(97 + number)} Atall", "1901-01-01") for number in range(20)]
    await load(office, version(nobody, 1))
    for name in ("Ingrid Holmqvist", "Sven Ek"):
        await customer(office, name)
    before = (await office.screening.desk.watchlists.latest()).basis
    await load(office, version([*nobody, person("e1", "Lars Ulrik")], 2))
    assert (await office.screening.desk.watchlists.latest()).basis == before
    assert (await run(office, rescreening)).touched == 0
    await load(office, version([*nobody, *(person(f"e{each}", f"Lars Ulrik{each}x") for each in range(9))], 3))
    assert (await office.screening.desk.watchlists.latest()).basis != before
    assert (await run(office, rescreening)).touched == 2


async def test_an_erased_customer_is_left_alone(office: Office, rescreening: RescreeningActivities) -> None:
    await load(office, version([person("far", "Nobody Atall", "1901-01-01")], 1))
    subject_id = await customer(office, "Ingrid Holmqvist")
    with psycopg.connect(office.url, autocommit=True) as conn:
        conn.execute("UPDATE subject SET wrapped_key = NULL, erased_at = now() WHERE subject_id = %s", (subject_id,))
    await load(office, version([person("e1", "Ingrid Holmqvist")], 2))
    assert (await run(office, rescreening)).screened == 0


async def test_an_officers_approval_in_spite_of_hits_is_remembered(
    office: Office, rescreening: RescreeningActivities
) -> None:
    await load(office, version([person("e1", "Ingrid Holmqvist")], 1))
    application_id = await apply(office, "Ingrid Holmqvist")
    opening = m.OpenCase(scope_of(office), "application", f"application:{application_id}", ("sanctions_exact",))
    opened = await office.run(office.cases.open_case, opening, f"o-{application_id}")
    closed = m.CaseClosed(scope_of(office), m.CaseResult(opened.case_id, m.Disposition.APPROVE, uuid4(), uuid4()))
    assert await office.run(rescreening.remember_cleared, closed, f"o-{application_id}") == 1
    rejected = m.CaseClosed(scope_of(office), m.CaseResult(opened.case_id, m.Disposition.REJECT, uuid4(), None))
    assert await office.run(rescreening.remember_cleared, rejected, f"o-{application_id}") == 0
    await approve(office, application_id)
    await load(office, version([person("e1", "Ingrid Holmqvist"), person("e9", "Some Other")], 2))
    assert (await run(office, rescreening)).new_hits == 0
