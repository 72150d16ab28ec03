"""Screening: who is found, who is not, and that every hit's contributions add up."""

import math
from pathlib import Path

import pytest

from aml.screening import Entity, ScreeningIndex, WatchList, parse_ofac, person, query_of, reference_scorer, screen
from aml.screening.scorer import ARTIFACT
from explain.additive import AdditiveModel, explain_additive


def persons(watchlist: WatchList) -> list[Entity]:
    return [entity for entity in watchlist.entities if entity["schema"] == "Person"]


def test_the_listed_person_is_found_with_the_lists_digest(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = persons(lists[1])[0]
    result = screen(
        person(listed["caption"], birth_date=listed["properties"]["birthDate"][0]), index=index, threshold=0.5
    )
    assert result.hits[0].entity_id == listed["id"]
    assert (result.hits[0].list_name, result.hits[0].list_sha256) == ("un_sc_sanctions", lists[1].sha256)
    assert result.strength == "exact"


def test_nobody_is_found_for_a_name_on_no_list(index: ScreeningIndex) -> None:
    result = screen(person("Theodora Papanikolopoulou", birth_date="1999-09-09", countries=["GR"]), index=index)
    assert result.hits == ()
    assert result.strength == "none"


def test_contributions_add_up_to_the_log_odds(lists: list[WatchList], index: ScreeningIndex) -> None:
    for listed in persons(lists[0])[:40]:
        query = person(listed["caption"], birth_date="1970-05-05", countries=["IR"], gender="M")
        for hit in screen(query, index=index, threshold=0.0, limit=5).hits:
            assert math.isclose(math.fsum(c.delta for c in hit.contributions), hit.log_odds, abs_tol=1e-9)


def test_the_stored_explanation_replays_from_the_artifact(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = persons(lists[0])[3]
    hit = screen(person(listed["caption"], gender="F"), index=index, threshold=0.0).hits[0]
    model = AdditiveModel.from_bytes(ARTIFACT.read_bytes())
    explanation = explain_additive(model, {c.feature: c.value for c in hit.contributions[1:]})
    assert explanation.output == hit.log_odds
    assert explanation.base_value == hit.contributions[0].delta
    assert {c.feature: c.shap for c in explanation.contributions} == {c.feature: c.delta for c in hit.contributions[1:]}
    assert model.ref() == reference_scorer().ref


def test_a_different_birth_date_and_sex_lower_the_score(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = persons(lists[1])[1]
    other_sex = "F" if listed["properties"]["gender"] == ["male"] else "M"

    def score(**facts: str) -> float:
        hits = screen(person(listed["caption"], **facts), index=index, threshold=0.0).hits  # type: ignore[arg-type]
        return next(hit.log_odds for hit in hits if hit.entity_id == listed["id"])

    plain = score()
    assert score(birth_date=listed["properties"]["birthDate"][0]) > plain
    assert score(birth_date="1899-01-31") < plain
    assert score(gender=other_sex) < plain


def test_an_exact_passport_is_a_hit_whatever_the_name(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = next(e for e in persons(lists[1]) if e["properties"].get("passportNumber"))
    number = listed["properties"]["passportNumber"][0]
    query = person("Completely Different", identifiers=[("passportNumber", number.lower())])
    hit = screen(query, index=index, threshold=0.99).hits[0]
    assert (hit.entity_id, hit.rule, hit.strength) == (listed["id"], "exact_passport", "exact")


def test_excluded_entities_and_other_lists_do_not_come_back(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = persons(lists[1])[2]
    query = person(listed["caption"])
    assert screen(query, index=index, threshold=0.3).hits[0].entity_id == listed["id"]
    cleared = screen(query, index=index, threshold=0.3, exclude=[listed["id"]])
    assert listed["id"] not in [hit.entity_id for hit in cleared.hits]
    elsewhere = screen(query, index=index, threshold=0.3, lists=["us_ofac_sdn"])
    assert {hit.list_name for hit in elsewhere.hits} <= {"us_ofac_sdn"}
    assert [ref.name for ref in elsewhere.lists] == ["us_ofac_sdn"]


def test_an_organisation_is_not_a_person(lists: list[WatchList], index: ScreeningIndex) -> None:
    company = next(e for e in lists[0].entities if e["schema"] == "Organization")
    assert screen(query_of({"schema": "Company", "name": company["caption"]}), index=index).hits
    assert screen(person(company["caption"]), index=index, threshold=0.0).hits == () or all(
        hit.schema == "Person" for hit in screen(person(company["caption"]), index=index, threshold=0.0).hits
    )


def test_the_same_query_gives_the_same_answer(lists: list[WatchList], index: ScreeningIndex) -> None:
    query = person(persons(lists[0])[5]["caption"], countries=["SY"])
    assert screen(query, index=index, threshold=0.0) == screen(query, index=index, threshold=0.0)


def test_an_index_is_built_once_and_swapped_whole(lists: list[WatchList], tmp_path: Path) -> None:
    first = ScreeningIndex.build(lists[:1], tmp_path)
    assert ScreeningIndex.build(lists[:1], tmp_path).version == first.version
    second = ScreeningIndex.build(lists, tmp_path)
    assert second.version != first.version
    assert ScreeningIndex.open(tmp_path).version == second.version
    assert screen(person(persons(lists[0])[0]["caption"]), index=first, threshold=0.3).hits
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")]


@pytest.mark.real_data
def test_names_on_the_real_list_are_found(real_data: Path, tmp_path: Path) -> None:
    watchlist = parse_ofac(real_data / "watchlists")
    real_index = ScreeningIndex.build([watchlist], tmp_path)
    sample = persons(watchlist)[::50]
    found = sum(
        any(hit.entity_id == e["id"] for hit in screen(person(e["caption"]), index=real_index, threshold=0.0).hits)
        for e in sample
    )
    assert found >= 0.98 * len(sample)


def test_leaving_out_what_cannot_reach_the_threshold_changes_no_hit(
    lists: list[WatchList], index: ScreeningIndex
) -> None:
    for listed in persons(lists[0])[40:80]:
        query = person(listed["caption"], birth_date="1961-02-03", countries=["SY"], gender="M")
        everything = screen(query, index=index, threshold=0.0, limit=100).hits
        assert screen(query, index=index, threshold=0.4, limit=100).hits == tuple(
            h for h in everything if h.score >= 0.4
        )


def test_a_hard_rule_comes_before_a_better_name(lists: list[WatchList], index: ScreeningIndex) -> None:
    one, other = [e for e in persons(lists[1]) if e["properties"].get("passportNumber")][:2]
    query = person(other["caption"], identifiers=[("passportNumber", one["properties"]["passportNumber"][0])])
    hits = screen(query, index=index, threshold=0.01).hits
    assert (hits[0].entity_id, hits[0].rule) == (one["id"], "exact_passport")
    assert other["id"] in [hit.entity_id for hit in hits[1:]]
