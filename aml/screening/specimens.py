"""Invented watchlists in the authorities' own formats, so that demo and tests take the same way as the real files.

Everything is drawn from a seed: the same seed writes the same bytes.
"""

import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from aml.screening.countries import country_title
from aml.screening.invented_names import CULTURES, InventedName, invent_organisation, invent_person

_EMPTY = "-0- "
_PROGRAMS = ("SDGT", "SDNTK", "SYRIA", "IRAN", "DPRK", "CYBER2", "RUSSIA-EO14024")
_REGIMES = ("DRC", "DPRK", "Iran", "Al-Qaida", "Taliban", "Somalia", "Libya")
_VARIANTS = (
    ("Muhammad", "Mohamed"),
    ("Ahmad", "Ahmed"),
    ("ei", "ey"),
    ("ou", "u"),
    ("kh", "h"),
    ("ss", "s"),
    ("Yev", "Ev"),
    ("iy", "y"),
    ("Q", "K"),
    ("z", "s"),
    ("w", "v"),
    ("i", "y"),
    ("a", "e"),
)


def write_ofac(folder: Path, seed: int, n: int) -> None:
    """Write sdn.csv, alt.csv, add.csv and sdn_comments.csv of `n` invented entries: persons, organisations, vessels."""
    rng = random.Random(seed)
    primary, alternates, addresses, comments = (io.StringIO() for _ in range(4))
    tables = [csv.writer(handle, lineterminator="\r\n") for handle in (primary, alternates, addresses, comments)]
    for place in range(n):
        number = 90_000 + seed % 1000 * 100_000 + place * 3
        kind = rng.choices(("individual", "", "vessel"), weights=(70, 25, 5))[0]
        remarks: list[str] = []
        flag = _EMPTY
        if kind == "individual":
            who = invent_person(rng)
            name, country = f"{who.surname.upper()}, {' '.join(filter(None, (who.given, who.middle)))}", who.country
            remarks += _person_remarks(who, rng)
            others = [_misspell(who, rng) for _ in range(rng.choice((0, 1, 1, 2)))]
        else:
            name, country = invent_organisation(rng)
            others = []
            if kind == "vessel":
                name = name.split()[0] + f" {rng.choice(('STAR', 'HOPE', 'PEARL', 'BREEZE'))} {rng.randint(1, 9)}"
                remarks.append(f"Vessel Registration Identification IMO {_imo(rng)}")
                flag = country_title(country)
            else:
                remarks.append(f"Registration Number {rng.randint(10**7, 10**9)} ({country_title(country)})")
        text = "; ".join(remarks) + "."
        tables[0].writerow(
            [number, name, kind or _EMPTY, rng.choice(_PROGRAMS), *[_EMPTY] * 5, flag, _EMPTY, text[:1000]]
        )
        if len(text) > 1000:
            tables[3].writerow([number, text[1000:]])
        for place_of_alias, other in enumerate(others):
            tables[1].writerow([number, number * 10 + place_of_alias, "aka", other, _EMPTY])
        tables[2].writerow([number, number * 10, _EMPTY, _EMPTY, country_title(country), _EMPTY])
    folder.mkdir(parents=True, exist_ok=True)
    for file, handle in zip(
        ("sdn", "alt", "add", "sdn_comments"), (primary, alternates, addresses, comments), strict=True
    ):
        (folder / f"{file}.csv").write_bytes(handle.getvalue().encode() + b"\x1a")


def write_un(path: Path, seed: int, n: int) -> None:
    """Write `n` invented individuals and entities in the schema of the UN consolidated list."""
    rng = random.Random(seed)
    individuals: list[str] = []
    entities: list[str] = []
    for place in range(n):
        number = 7_000_000 + seed % 1000 * 10_000 + place
        if rng.random() < 0.75:
            individuals.append(_un_individual(number, rng))
        else:
            name, country = invent_organisation(rng)
            entities.append(
                f"<ENTITY><DATAID>{number}</DATAID><FIRST_NAME>{escape(name)}</FIRST_NAME>"
                f"{_un_common('e', number, rng)}"
                "<ENTITY_ALIAS><QUALITY/><ALIAS_NAME/></ENTITY_ALIAS><ENTITY_ADDRESS>"
                f"<COUNTRY>{escape(country_title(country))}</COUNTRY></ENTITY_ADDRESS></ENTITY>"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<CONSOLIDATED_LIST dateGenerated="2026-01-01T00:00:00.000Z">\n<INDIVIDUALS>\n'
        + "\n".join(individuals)
        + "\n</INDIVIDUALS>\n<ENTITIES>\n"
        + "\n".join(entities)
        + "\n</ENTITIES>\n</CONSOLIDATED_LIST>\n",
        encoding="utf-8",
    )


def write_eu(path: Path, seed: int, n: int) -> None:
    """Write `n` invented persons and entities in the schema of the EU's consolidated financial sanctions list (1.1)."""
    rng = random.Random(seed)
    entries = []
    for place in range(n):
        number = 900_000 + seed % 1000 * 10_000 + place
        entries.append(_eu_person(number, rng) if rng.random() < 0.7 else _eu_enterprise(number, rng))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-01-01T00:00:00.000+01:00">\n'
        + "\n".join(entries)
        + "\n</export>\n",
        encoding="utf-8",
    )


def _eu_entity(number: int, kind: str, rng: random.Random, facts: str) -> str:
    return (
        f'<sanctionEntity euReferenceNumber="EU.{number}.{number % 97:02d}" logicalId="{number}">'
        f'<regulation regulationType="regulation" programme="{rng.choice(("PRK", "SYR", "IRN", "TAQA", "UKR"))}"/>'
        f'<subjectType code="{kind}" classificationCode="{kind[0].upper()}"/>{facts}</sanctionEntity>'
    )


def _eu_person(number: int, rng: random.Random) -> str:
    who, born = invent_person(rng), _birthday(rng)
    names = [f"{who.given} {who.surname}", *(_spoken(_misspell(who, rng)) for _ in range(rng.choice((0, 1, 2))))]
    gender = "M" if who.gender == "male" else "F"
    facts = "".join(
        f'<nameAlias wholeName={quoteattr(name)} gender="{gender}" strong="{str(place < 2).lower()}"/>'
        for place, name in enumerate(names)
    )
    country = who.country.upper()
    return _eu_entity(
        number,
        "person",
        rng,
        f'{facts}<citizenship countryIso2Code="{country}"/>'
        f'<birthdate circa="false" calendarType="GREGORIAN" birthdate="{born.isoformat()}" year="{born.year}" '
        f'countryIso2Code="{country}"/>'
        f'<identification identificationTypeCode="passport" number="{_passport(rng)}" countryIso2Code="{country}"/>',
    )


def _eu_enterprise(number: int, rng: random.Random) -> str:
    name, country = invent_organisation(rng)
    return _eu_entity(
        number,
        "enterprise",
        rng,
        f'<nameAlias wholeName={quoteattr(name)} strong="true"/>'
        f'<address city="" countryIso2Code="{country.upper()}"/>'
        f'<identification identificationTypeCode="regnumber" number="{rng.randint(10**7, 10**9)}"/>',
    )


def _un_common(letter: str, number: int, rng: random.Random) -> str:
    regime = rng.choice(_REGIMES)
    return (
        f"<UN_LIST_TYPE>{regime}</UN_LIST_TYPE><REFERENCE_NUMBER>{regime[:2].upper()}{letter}.{number % 10_000:03d}"
        "</REFERENCE_NUMBER><LISTED_ON>2020-01-01</LISTED_ON><COMMENTS1>Invented for tests.</COMMENTS1>"
    )


def _un_individual(number: int, rng: random.Random) -> str:
    who = invent_person(rng)
    tags = ("FIRST", "SECOND", "THIRD", "FOURTH")
    parts = "".join(
        f"<{tag}_NAME>{escape(part)}</{tag}_NAME>" for tag, part in zip(tags, who.spoken.split(), strict=False)
    )
    born = _birthday(rng)
    aliases = "".join(
        f"<INDIVIDUAL_ALIAS><QUALITY>{rng.choice(('Good', 'Low'))}</QUALITY><ALIAS_NAME>{escape(_spoken(alias))}"
        "</ALIAS_NAME></INDIVIDUAL_ALIAS>"
        for alias in (_misspell(who, rng) for _ in range(rng.choice((0, 1, 2))))
    )
    return (
        f"<INDIVIDUAL><DATAID>{number}</DATAID>{parts}{_un_common('i', number, rng)}"
        f"<GENDER>{who.gender.title()}</GENDER>"
        f"<NATIONALITY><VALUE>{escape(country_title(who.country))}</VALUE></NATIONALITY>{aliases}"
        f"<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>{born.isoformat()}</DATE>"
        "</INDIVIDUAL_DATE_OF_BIRTH><INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT>"
        f"<NUMBER>{_passport(rng)}</NUMBER></INDIVIDUAL_DOCUMENT></INDIVIDUAL>"
    )


def _person_remarks(who: InventedName, rng: random.Random) -> list[str]:
    born, country = _birthday(rng), country_title(who.country)
    remarks = [rng.choice((f"DOB {born:%d %b %Y}", f"DOB {born:%d %b %Y}", f"DOB circa {born:%Y}", f"DOB {born:%Y}"))]
    if rng.random() < 0.2:
        remarks.append(f"alt. DOB {born.year + 1}")
    if rng.random() < 0.6:
        remarks.append(f"POB {country}")
    remarks += [f"nationality {country}", f"Gender {who.gender.title()}"]
    if rng.random() < 0.5:
        remarks.append(f"Passport {_passport(rng)} ({country}) expires {born:%d %b} 2031")
    if rng.random() < 0.2:
        remarks.append(f"a.k.a. 'ABU {rng.choice(CULTURES[who.culture].male).upper()}'")
    if rng.random() < 0.02:
        remarks += [f"Linked To: {invent_organisation(rng)[0]}" for _ in range(30)]
    return remarks


def _spoken(listed: str) -> str:
    surname, _, given = listed.partition(", ")
    return f"{given} {surname}".strip()


def _misspell(who: InventedName, rng: random.Random) -> str:
    """Another romanisation, in the order of the lists."""
    given, surname = who.given, who.surname
    for written, other in rng.sample(_VARIANTS, 5):
        given, surname = given.replace(written, other, 1), surname.replace(written, other, 1)
    return f"{surname.upper()}, {given}"


def _birthday(rng: random.Random) -> date:
    return date(1940, 1, 1) + timedelta(days=rng.randrange(22_000))


def _passport(rng: random.Random) -> str:
    return rng.choice("ABCDEGKNPRS") + str(rng.randint(10**6, 10**8))


def _imo(rng: random.Random) -> str:
    """Seven digits with IMO's check digit (resolution A.1117(30)): the weighted sum's last digit."""
    digits = [rng.randint(1, 9), *(rng.randint(0, 9) for _ in range(5))]
    return "".join(map(str, digits)) + str(sum(d * w for d, w in zip(digits, range(7, 1, -1), strict=True)) % 10)
