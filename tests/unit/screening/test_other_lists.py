"""The other authorities' formats, on small invented files written as they write them."""

import json
from pathlib import Path

import pytest

from aml.screening.batch import load_watchlists
from aml.screening.formats.csl import parse_csl
from aml.screening.formats.eu import parse_eu
from aml.screening.formats.ofac_xml import parse_ofac_xml
from aml.screening.formats.opensanctions import parse_entities_ftm, parse_targets_simple
from aml.screening.formats.table import Mapped, parse_table
from aml.screening.formats.uk import parse_uk
from aml.screening.formats.uk_sanctions import parse_uk_sanctions
from aml.screening.watchlist import ListUnreadable

OFAC_XML = """<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://example.org/sdn"><publshInformation><Publish_Date>02/14/2026</Publish_Date></publshInformation>
<sdnEntry><uid>36</uid><firstName>Testo</firstName><lastName>SPECIMENOV</lastName><sdnType>Individual</sdnType>
<programList><program>SDGT</program></programList>
<idList><id><uid>1</uid><idType>Passport</idType><idNumber>A1234567</idNumber><idCountry>Iran</idCountry></id>
<id><uid>2</uid><idType>Gender</idType><idNumber>Male</idNumber></id></idList>
<akaList><aka><uid>3</uid><type>a.k.a.</type><category>weak</category><lastName>THE SPECIMEN</lastName></aka></akaList>
<nationalityList><nationality><uid>4</uid><country>Iran</country></nationality></nationalityList>
<dateOfBirthList><dateOfBirthItem><uid>5</uid><dateOfBirth>11 Aug 1976</dateOfBirth></dateOfBirthItem></dateOfBirthList>
</sdnEntry></sdnList>"""

EU_XML = """<export xmlns="http://example.org/fsd/export" generationDate="2026-02-03T10:00:00.000+01:00">
<sanctionEntity euReferenceNumber="EU.1.1" logicalId="1" unitedNationId="QDi.999">
<subjectType code="person" classificationCode="P"/><regulation programme="TAQA"/>
<nameAlias firstName="Testo" lastName="Specimenov" wholeName="Testo Specimenov" gender="M" strong="true"/>
<nameAlias wholeName="The Specimen" strong="false"/>
<citizenship countryIso2Code="IQ"/><birthdate birthdate="1976-08-11" circa="true" city="Basra" countryIso2Code="IQ"/>
<identification identificationTypeCode="passport" number="A1234567"/></sanctionEntity></export>"""

UK_HEADER = (
    "Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,Title,Name Non-Latin Script,DOB,Town of Birth,"
    "Country of Birth,Nationality,Passport Number,National Identification Number,Position,Address 1,"
    "Country,Other Information,Group Type,Alias Type,Alias Quality,Regime,Group ID"
)
UK_CSV = (
    f"Last Updated,03/02/2026\n{UK_HEADER}\n"
    "SPECIMENOV,Testo,,,,,Dr,Тесто Спесименов,00/00/1976,Basra,Iraq,(1) Iraq (2) Iran,(1) A1234567 (2) B7654321,,,"
    "1 Road,Iraq,Gender: Male,Individual,Primary name,,Testing,77\n"
    "SPECIMAN,Testo,,,,,,,,,,,,,,,,,Individual,AKA,Low quality,Testing,77\n"
)

UK_XML = """<?xml version="1.0" encoding="utf-8"?>
<Designations><DateGenerated>03/02/2026</DateGenerated>
<Designation><UniqueID>TST0001</UniqueID><UNReferenceNumber>TSi.001</UNReferenceNumber>
<Names><Name><Name1>Testo</Name1><Name6>SPECIMENOV</Name6><NameType>Primary Name</NameType></Name>
<Name><Name1>Testo</Name1><Name6>SPECIMENOFF</Name6><NameType>Primary Name Variation</NameType></Name>
<Name><Name6>THE SPECIMEN</Name6><NameType>Alias</NameType><AliasStrength>Low</AliasStrength></Name></Names>
<NonLatinNames><NonLatinName><NameNonLatinScript>Тесто Спесименов</NameNonLatinScript></NonLatinName></NonLatinNames>
<RegimeName>The Testing Regulations</RegimeName><IndividualEntityShip>Individual</IndividualEntityShip>
<Addresses><Address><AddressLine1>1 Road</AddressLine1><AddressCountry>Iraq</AddressCountry></Address></Addresses>
<IndividualDetails><Individual><DOBs><DOB>dd/mm/1976</DOB><DOB>11/08/1977</DOB></DOBs>
<Nationalities><Nationality>Iran</Nationality></Nationalities><Genders><Gender>Male</Gender></Genders>
<BirthDetails><Location><TownOfBirth>Basra</TownOfBirth><CountryOfBirth>Iraq</CountryOfBirth></Location></BirthDetails>
<PassportDetails><Passport><PassportNumber>A1234567</PassportNumber></Passport></PassportDetails>
</Individual></IndividualDetails></Designation>
<Designation><UniqueID>TST0002</UniqueID><Names><Name><Name6>MV SPECIMEN</Name6><NameType>Primary name</NameType></Name>
</Names><IndividualEntityShip>Ship</IndividualEntityShip><ShipDetails><Ship><IMONumbers><IMONumber>9074729</IMONumber>
</IMONumbers></Ship></ShipDetails></Designation></Designations>"""


def held(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_uk_sanctions_list(tmp_path: Path) -> None:
    read = parse_uk_sanctions(held(tmp_path / "UK-Sanctions-List.xml", UK_XML))
    person, ship = read.entities
    assert (read.name, read.published, person["id"], person["schema"]) == (
        "gb_fcdo_sanctions", "2026-02-03", "gb-fcdo-tst0001", "Person",
    )  # fmt: skip
    assert person["properties"] == {
        "name": ["Testo SPECIMENOV"],
        "alias": ["Testo SPECIMENOFF", "Тесто Спесименов"],
        "weakAlias": ["THE SPECIMEN"],
        "sourceId": ["TSi.001"],
        "program": ["The Testing Regulations"],
        "address": ["1 Road, Iraq"],
        "country": ["iq"],
        "birthDate": ["1976", "1977-08-11"],
        "nationality": ["ir"],
        "gender": ["male"],
        "birthPlace": ["Basra"],
        "birthCountry": ["iq"],
        "passportNumber": ["A1234567"],
    }
    assert (ship["schema"], ship["properties"]["imoNumber"]) == ("Vessel", ["9074729"])
    assert [entry.name for entry in load_watchlists(tmp_path)] == ["gb_fcdo_sanctions"]


def test_a_damaged_uk_sanctions_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "UK-Sanctions-List.xml"
    with pytest.raises(ListUnreadable, match="cut off"):
        parse_uk_sanctions(held(path, UK_XML[:900]))
    with pytest.raises(ListUnreadable, match="line 15: a designation without UniqueID"):
        parse_uk_sanctions(held(path, UK_XML.replace("<UniqueID>TST0002</UniqueID>", "")))
    with pytest.raises(ListUnreadable, match="not the UK Sanctions List"):
        parse_uk_sanctions(held(path, "<html/>"))


def test_ofac_xml_has_the_ids_and_properties_of_the_csv(tmp_path: Path) -> None:
    watchlist = parse_ofac_xml(held(tmp_path / "sdn.xml", OFAC_XML))
    (entity,) = watchlist.entities
    assert (entity["id"], entity["schema"], watchlist.version) == ("ofac-36", "Person", "2026-02-14")
    properties = entity["properties"]
    assert properties["name"] == ["Testo SPECIMENOV"]
    assert properties["weakAlias"] == ["THE SPECIMEN"]
    assert properties["passportNumber"] == ["A1234567"]
    assert (properties["gender"], properties["nationality"], properties["birthDate"]) == (
        ["male"],
        ["ir"],
        ["1976-08-11"],
    )


def test_eu_list_marks_weak_names_and_approximate_dates(tmp_path: Path) -> None:
    (entity,) = parse_eu(held(tmp_path / "eu.xml", EU_XML)).entities
    properties = entity["properties"]
    assert entity["id"] == "eu-fsf-EU.1.1"
    assert (properties["name"], properties["weakAlias"]) == (["Testo Specimenov"], ["The Specimen"])
    assert (properties["birthDate"], properties["nationality"]) == (["1976"], ["iq"])
    assert properties["passportNumber"] == ["A1234567"]


def test_uk_rows_of_a_group_are_one_entity(tmp_path: Path) -> None:
    watchlist = parse_uk(held(tmp_path / "ConList.csv", UK_CSV))
    (entity,) = watchlist.entities
    properties = entity["properties"]
    assert watchlist.published == "2026-02-03"
    assert properties["name"] == ["Testo SPECIMENOV"]
    assert properties["weakAlias"] == ["Testo SPECIMAN"]
    assert properties["alias"] == ["Тесто Спесименов"]
    assert properties["passportNumber"] == ["A1234567", "B7654321"]
    assert (properties["nationality"], properties["birthDate"]) == (["iq", "ir"], ["1976"])


def test_opensanctions_exports_are_read(tmp_path: Path) -> None:
    entity = {"id": "NK-1", "schema": "Person", "properties": {"name": ["Testo Specimenov"], "birthDate": ["1976"]}}
    address = {"id": "addr-1", "schema": "Address", "properties": {"full": ["1 Road"]}}
    lines = f"{json.dumps(entity)}\n{json.dumps(address)}\n"
    assert [e["id"] for e in parse_entities_ftm(held(tmp_path / "e.json", lines)).entities] == ["NK-1"]
    table = "id,schema,name,aliases,birth_date,countries\nNK-1,Person,Testo Specimenov,T S;Testo,1976,ir;iq\n"
    (target,) = parse_targets_simple(held(tmp_path / "t.csv", table)).entities
    assert target["properties"]["alias"] == ["T S", "Testo"]
    assert target["properties"]["nationality"] == ["ir", "iq"]


def test_a_cut_entity_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match="line 2"):
        parse_entities_ftm(held(tmp_path / "e.json", '{"id":"a","schema":"Address","properties":{}}\n{"id":"b","sch'))


def test_any_table_with_a_mapping(tmp_path: Path) -> None:
    path = held(tmp_path / "own.csv", "Ref|Full name|Born|Land\n7|Testo Specimenov|11/08/1976|Iraq\n")
    mapping = Mapped("Ref", {"Full name": "name", "Born": "birthDate", "Land": "nationality"}, delimiter="|")
    (entity,) = parse_table(path, "own", mapping).entities
    assert entity["properties"] == {"name": ["Testo Specimenov"], "birthDate": ["1976-08-11"], "nationality": ["iq"]}
    with pytest.raises(ListUnreadable, match="no column Surname"):
        parse_table(path, "own", Mapped("Ref", {"Surname": "name"}, delimiter="|"))


def test_csl_identifiers_and_names_in_order(tmp_path: Path) -> None:
    text = (
        "source,entity_number,type,programs,name,addresses,alt_names,dates_of_birth,nationalities,ids\n"
        'SDN,12,Individual,SDGT,"SPECIMENOV, Testo","1 Road, Basra, IQ","SPECIMAN, T.",1976-08-11,IQ,'
        '"IR, A1234567, Passport; Male, Gender"\n'
    )
    (entity,) = parse_csl(held(tmp_path / "us_csl.csv", text)).entities
    assert entity["properties"]["name"] == ["Testo SPECIMENOV"]
    assert entity["properties"]["passportNumber"] == ["A1234567"]
    assert entity["properties"]["gender"] == ["male"]


def test_a_folder_gives_every_list_in_it(tmp_path: Path) -> None:
    held(tmp_path / "sdn.xml", OFAC_XML)
    held(tmp_path / "ConList.csv", UK_CSV)
    assert [entry.name for entry in load_watchlists(tmp_path)] == ["us_ofac_sdn", "gb_hmt_sanctions"]
    with pytest.raises(ListUnreadable, match="no watchlist"):
        load_watchlists(tmp_path / "nothing")


@pytest.mark.parametrize("parser", [parse_eu, parse_ofac_xml])
def test_another_xml_is_refused(tmp_path: Path, parser: object) -> None:
    with pytest.raises(ListUnreadable, match="expected"):
        parser(held(tmp_path / "x.xml", "<rss/>"))  # type: ignore[operator]
