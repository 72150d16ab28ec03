"""The parsers: what an authority writes becomes the same entity, and what is damaged is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from aml.screening import ListUnreadable, WatchList, diff, parse_csl, parse_ofac, parse_un, parse_us_consolidated
from aml.screening.countries import country_code
from aml.screening.formats.ofac import read_remarks
from aml.screening.specimens import write_ofac, write_un
from aml.screening.watchlist import EntityDraft, partial_date


def read(remarks: str, schema: str = "Person") -> dict[str, list[str]]:
    draft = EntityDraft("x", schema)
    read_remarks(draft, remarks)
    return draft.properties


def test_remarks_grammar_gives_dates_documents_and_weak_aliases() -> None:
    held = read(
        "DOB 11 Aug 1976; alt. DOB circa 1978; POB Jalisco, Mexico; nationality Mexico; Gender Male; "
        "Passport RL2432659 (Lebanon) issued 22 Jan 2013 expires 22 Jan 2018; alt. Passport S/263963; "
        "a.k.a. 'ABU TESTER'; Linked To: SOME COMPANY."
    )
    assert held["birthDate"] == ["1976-08-11", "1978"]
    assert held["birthCountry"] == ["mx"]
    assert held["gender"] == ["male"]
    assert held["passportNumber"] == ["RL2432659", "S/263963"]
    assert held["weakAlias"] == ["ABU TESTER"]
    assert held["linkedTo"] == ["SOME COMPANY"]


def test_a_span_of_birth_years_becomes_the_years_it_allows() -> None:
    assert read("DOB 1979 to 1982.")["birthDate"] == ["1979", "1980", "1981", "1982"]


def test_vessel_and_wallet_identifiers_are_typed() -> None:
    assert read("Vessel Registration Identification IMO 8133530.", "Vessel")["imoNumber"] == ["8133530"]
    wallet = "1Kuf2Rd8mDyAViwBozGTNYnvWL8uYFrkVo"
    assert read(f"Digital Currency Address - XBT {wallet}.")["cryptoWallet"] == [wallet]


def test_a_clause_nobody_knows_is_kept_as_a_note() -> None:
    assert read("Fond of chess.")["notes"] == ["Fond of chess"]


def test_remarks_go_on_in_the_comments_file(tmp_path: Path) -> None:
    write_ofac(tmp_path, seed=3, n=400)
    spilled = [line for line in (tmp_path / "sdn_comments.csv").read_text().splitlines() if line.strip("\x1a")]
    entities = {entity["id"]: entity for entity in parse_ofac(tmp_path).entities}
    number = spilled[0].split(",")[0]
    assert len(entities[f"ofac-{number}"]["properties"]["linkedTo"]) >= 29


def test_specimens_are_read_back_by_the_real_parsers(lists: list[WatchList]) -> None:
    ofac, un = lists
    assert len(ofac.entities) == 300
    assert len(un.entities) == 120
    person = next(e for e in un.entities if e["schema"] == "Person")
    assert {"birthDate", "nationality", "gender", "passportNumber"} <= person["properties"].keys()


def test_the_same_seed_writes_the_same_list(tmp_path: Path, lists: list[WatchList]) -> None:
    write_ofac(tmp_path, seed=7, n=300)
    assert parse_ofac(tmp_path).sha256 == lists[0].sha256


def test_a_truncated_ofac_row_names_file_and_row(tmp_path: Path) -> None:
    write_ofac(tmp_path, seed=1, n=3)
    path = tmp_path / "sdn.csv"
    last = path.read_bytes().splitlines()[2]
    path.write_bytes(path.read_bytes()[: -len(last) // 2])
    with pytest.raises(ListUnreadable, match=r"sdn\.csv row 3"):
        parse_ofac(tmp_path)


def test_a_cut_un_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "un.xml"
    write_un(path, seed=1, n=5)
    path.write_text(path.read_text()[:-200])
    with pytest.raises(ListUnreadable, match=r"un\.xml line"):
        parse_un(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match=r"cons_prim\.csv"):
        parse_us_consolidated(tmp_path)


def test_an_xml_entity_declaration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "un.xml"
    path.write_text('<!DOCTYPE x [<!ENTITY a "b">]><CONSOLIDATED_LIST>&a;</CONSOLIDATED_LIST>')
    with pytest.raises(ListUnreadable):
        parse_un(path)


def test_diff_finds_additions_amendments_and_removals(lists: list[WatchList]) -> None:
    old = lists[0]
    amended = dict(old.entities[1])
    amended["properties"] = {**old.entities[1]["properties"], "notes": ["amended"]}
    added = {**old.entities[2], "id": "ofac-new"}
    new = replace(old, entities=(amended, added, *old.entities[2:]))  # type: ignore[arg-type]
    delta = diff(old, new)
    assert delta.removed == (old.entities[0]["id"],)
    assert delta.amended == (old.entities[1]["id"],)
    assert delta.added == ("ofac-new",)
    assert diff(old.record_hashes(), new.record_hashes()) == delta


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("11 Aug 1976", "1976-08-11"),
        ("circa 1951", "1951"),
        ("Nov. 1973", "1973-11"),
        ("1963-02-30", "1963-02-30"),
        ("25/12/1960", "1960-12-25"),
        ("unknown", None),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(text: str, iso: str | None) -> None:
    assert partial_date(text) == iso


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Iran (Islamic Republic of)", "ir"),
        ("Korea, North", "kp"),
        ("D", "de"),
        ("LBN", "lb"),
        ("Moscow, Russia", "ru"),
        ("Syrian", "sy"),
        ("Atlantis", None),
    ],
)
def test_countries_as_lists_and_passports_write_them(text: str, code: str | None) -> None:
    assert country_code(text) == code


@pytest.mark.real_data
def test_real_lists_are_read_whole(real_data: Path) -> None:
    folder = real_data / "watchlists"
    assert len(parse_ofac(folder).entities) == 8976
    assert len(parse_us_consolidated(folder).entities) == 442
    assert len(parse_un(folder / "un_consolidated.xml").entities) == 1003
    assert len(parse_csl(folder / "us_csl.csv").entities) == 115
