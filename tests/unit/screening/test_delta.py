"""A delta finds whom a full run finds: over generated versions with additions, amendments and removals, both ways
round, and over the real lists where they are."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from aml.screening import Entity, Query, ScreeningIndex, WatchList, diff, parse_ofac, parse_un, person, screen
from aml.screening.delta import Changes, Delta, DeltaIndex, cheaper, pin
from aml.screening.invented_names import invent_person
from aml.screening.scorer import reference_scorer

Hits = set[tuple[int, str, str, float]]


def amended(lists: Sequence[WatchList], seed: int, share: float = 0.04) -> list[WatchList]:
    """The next version of lists: some entities gone, some with another name or birth date, some new."""
    rng = random.Random(seed)
    following = []
    for each in lists:
        entities: list[Entity] = []
        for entity in each.entities:
            fate = rng.random()
            if fate < share / 2:
                continue
            if fate < share:
                other = invent_person(rng)
                properties = {**entity["properties"], "alias": [f"{other.given} {other.surname}"]}
                if rng.random() < 0.5:
                    properties["birthDate"] = [f"19{rng.randint(40, 99)}-0{rng.randint(1, 9)}-11"]
                entities.append({**entity, "properties": properties})
                continue
            entities.append(entity)
        for number in range(int(len(each.entities) * share / 2)):
            who = invent_person(rng)
            name = f"{who.given} {who.surname}"
            properties = {"name": [name], "birthDate": [f"19{rng.randint(40, 99)}-03-1{rng.randint(0, 9)}"]}
            entities.append(
                Entity(id=f"new-{seed}-{number}", schema="Person", caption=name, datasets=[], properties=properties)
            )
        following.append(replace(each, entities=tuple(entities), sha256=f"{seed:064x}", version=f"v{seed}"))
    return following


def changes_of(old: Sequence[WatchList], new: Sequence[WatchList]) -> Changes:
    now: list[Entity] = []
    before: list[Entity] = []
    for was, becomes in zip(old, new, strict=True):
        delta = diff(was, becomes)
        now += [entity for entity in becomes.entities if entity["id"] in {*delta.added, *delta.amended}]
        before += [entity for entity in was.entities if entity["id"] in {*delta.removed, *delta.amended}]
    return Changes(tuple(now), tuple(before))


def customers(lists: Sequence[WatchList], seed: int, count: int) -> list[Query]:
    """Half of them strangers, half of them near to someone listed, now and then with a misspelling or half a name."""
    rng = random.Random(seed)
    listed = [entity for each in lists for entity in each.entities if entity["schema"] == "Person"]
    found = []
    for number in range(count):
        if number % 2:
            who = invent_person(rng)
            found.append(person(f"{who.given} {who.surname}", birth_date=f"19{rng.randint(40, 99)}-05-05"))
            continue
        entity = rng.choice(listed)
        name = rng.choice([*entity["properties"]["name"], *entity["properties"].get("alias", ())])
        if rng.random() < 0.5 and len(name) > 6:
            place = rng.randrange(1, len(name) - 1)
            name = name[:place] + name[place + 1 :]
        born = rng.choice(entity["properties"].get("birthDate", ["1970"])) if rng.random() < 0.6 else None
        numbers = tuple(("passportNumber", value) for value in entity["properties"].get("passportNumber", ())[:1])
        found.append(person(name, birth_date=born, identifiers=numbers if rng.random() < 0.3 else ()))
    return found


def full_run(queries: Sequence[Query], index: ScreeningIndex) -> Hits:
    return {
        (place, hit.entity_id, hit.list_name, hit.score)
        for place, query in enumerate(queries)
        for hit in screen(query, index=index, limit=200).hits
    }


def assert_equal_to_a_full_run(old: Sequence[WatchList], new: Sequence[WatchList], folder: Path, count: int) -> int:
    """Old answers, replaced where the delta says so, are the answers of a full run; how many customers it spared."""
    basis = ScreeningIndex.build(old, folder / "old")
    whole = ScreeningIndex.build(new, folder / "new")
    pin(whole, basis)
    queries = customers([*old, *new], 5, count)
    before, after = full_run(queries, basis), full_run(queries, whole)
    delta = Delta(changes_of(old, new), whole, reference_scorer())
    touched = delta.reverse(queries)
    assert touched == delta.forward(queries)
    kept = {hit for hit in before if hit[0] not in touched}
    renewed = {hit for hit in after if hit[0] in touched}
    assert kept | renewed == after
    assert before != after
    return count - len(touched)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_delta_and_a_full_run_over_generated_versions_give_the_same(
    seed: int, lists: list[WatchList], tmp_path: Path
) -> None:
    spared = assert_equal_to_a_full_run(lists, amended(lists, seed), tmp_path, 160)
    assert spared > 60


@pytest.mark.real_data
def test_a_delta_and_a_full_run_over_the_real_lists_give_the_same(real_data: Path, tmp_path: Path) -> None:
    lists = [parse_ofac(real_data / "watchlists"), parse_un(real_data / "watchlists" / "un_consolidated.xml")]
    spared = assert_equal_to_a_full_run(lists, amended(lists, 9, share=0.004), tmp_path, 120)
    assert spared > 40


def test_without_a_basis_the_score_of_what_did_not_change_changes(lists: list[WatchList], tmp_path: Path) -> None:
    """Why there is `pin`: so that this test's other half can hold."""
    new = amended(lists, 4, share=0.5)
    basis, whole = ScreeningIndex.build(lists, tmp_path / "old"), ScreeningIndex.build(new, tmp_path / "new")
    changed = {entity["id"] for side in ("now", "before") for entity in getattr(changes_of(lists, new), side)}
    queries = customers(lists, 6, 60)

    def unchanged(hits: Hits) -> dict[tuple[int, str], float]:
        return {(place, entity): score for place, entity, _, score in hits if entity not in changed}

    before, drifted = unchanged(full_run(queries, basis)), unchanged(full_run(queries, whole))
    assert before
    assert any(drifted.get(key) != score for key, score in before.items())
    pin(whole, basis)
    assert {key: score for key, score in unchanged(full_run(queries, whole)).items() if key in before} == before


def test_a_name_that_shares_no_key_is_scanned_for_as_a_full_run_would(
    lists: list[WatchList], index: ScreeningIndex
) -> None:
    entity = Entity(id="odd", schema="Person", caption="Xq", datasets=[], properties={"name": ["Qqxw Zzvk"]})
    delta = DeltaIndex([entity], index)
    assert delta.candidates(("qqxw", "zzvk"), "person", 1) == [(0, 0)]
    assert delta.scan(("wxqq", "kvzz"), "person", 0) in ([], [(0, 0)])
    assert delta.scan(("aaaaaaa", "bbbbbb"), "person", 0) == []


def test_the_cheaper_way_is_from_the_smaller_side() -> None:
    assert cheaper(10, 500) == "forward"
    assert cheaper(5000, 500) == "reverse"
