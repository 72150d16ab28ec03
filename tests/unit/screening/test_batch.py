"""Screening a file of lines: every line answered, broken ones in place."""

import itertools
import json

from aml.screening import ScreeningIndex, WatchList
from aml.screening.batch import screen_lines, yente_match
from aml.screening.matcher import screen
from aml.screening.query import query_of


def test_lines_are_answered_in_order_and_broken_ones_named(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = lists[1].entities[0]
    lines = [
        json.dumps(
            {"id": "1", "schema": "Person", "name": listed["caption"], "dob": listed["properties"]["birthDate"][0]}
        ),
        "{broken",
        "",
        json.dumps({"id": "3", "schema": "Person", "properties": {"name": [listed["caption"]]}}),
        json.dumps({"id": "4", "name": "12345"}),
    ]
    ticks = itertools.count()
    answers = list(screen_lines(lines, index=index, clock=lambda: float(next(ticks)), threshold=0.3))
    assert [a["id"] for a in answers] == ["1", None, "3", "4"]
    assert answers[0]["hits"][0]["entity_id"] == listed["id"]
    assert answers[0]["ms"] == 1000.0
    assert answers[1]["error"].startswith("line 2:")
    assert "needs a name" in answers[3]["error"]
    assert json.loads(json.dumps(answers)) == answers


def test_identifiers_of_the_short_form_reach_the_hard_rules(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = next(e for e in lists[1].entities if e["properties"].get("passportNumber"))
    number = listed["properties"]["passportNumber"][0]
    for identifiers in ([number], {"passportNumber": number}, [{"type": "passportNumber", "value": number}]):
        query = query_of({"id": "x", "schema": "Person", "name": "Nobody Atall", "identifiers": identifiers})
        assert screen(query, index=index).hits[0].rule == "exact_passport"


def test_yente_clients_get_their_shape(lists: list[WatchList], index: ScreeningIndex) -> None:
    listed = lists[1].entities[0]
    body = yente_match(
        screen(query_of({"schema": listed["schema"], "name": listed["caption"]}), index=index, threshold=0.3)
    )
    assert body["results"][0]["id"] == listed["id"]
    assert set(body["results"][0]) == {"id", "caption", "schema", "datasets", "score", "match", "features"}
