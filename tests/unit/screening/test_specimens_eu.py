"""The invented EU list is read by the parser of the real one, and the demo's lists are what both regimes require."""

from datetime import date
from pathlib import Path

import jurisdictions
from aml.screening.batch import load_watchlists
from aml.screening.formats.eu import parse_eu
from aml.screening.specimens import write_eu
from clearance.demo_data import write_watchlists


def test_an_invented_eu_list_is_read_with_all_its_facts(tmp_path: Path) -> None:
    write_eu(tmp_path / "eu_fsf.xml", 4, 200)
    read = parse_eu(tmp_path / "eu_fsf.xml")
    assert (read.name, read.published, len(read.entities)) == ("eu_fsf", "2026-01-01", 200)
    people = [entity["properties"] for entity in read.entities if entity["schema"] == "Person"]
    assert 100 < len(people) < 180
    for properties in people:
        assert len(properties["birthDate"][0]) == 10
        assert properties["gender"][0] in ("male", "female")
        assert len(properties["nationality"][0]) == 2
        assert properties["passportNumber"]
    assert any("alias" in properties for properties in people)
    assert any("weakAlias" in properties for properties in people)
    assert any("registrationNumber" in entity["properties"] for entity in read.entities)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xml", "b.xml"):
        write_eu(tmp_path / name, 4, 20)
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()


def test_the_demo_writes_every_list_that_a_regime_requires(tmp_path: Path) -> None:
    write_watchlists(tmp_path)
    names = {each.name for each in load_watchlists(tmp_path)}
    for code in ("US", "EU"):
        assert set(jurisdictions.regime(code, date(2026, 11, 22)).required_lists.value) <= names
