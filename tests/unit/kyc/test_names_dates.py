"""Writings of names and dates, by 9303-3 and by what documents print."""

from datetime import date

import pytest

from kyc.dates import find_dates
from kyc.field_values import month_first
from kyc.names import same_name, transliterate

AS_OF = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("printed", "zone"),
    [
        ("Müller", "MUELLER"), ("Ødegård", "OEDEGAARD"), ("Þórður", "THORDUR"), ("Weiß", "WEISS"),
        ("Щербаков", "SHCHERBAKOV"), ("D'Arc", "DARC"), ("Smith-Jones", "SMITH JONES"), ("Łukasz", "LUKASZ"),
        ("ГРИГОР’ЄВ", "GRIGORIEV"), ("Ελένη", "ELENI"), ("محمد", "MXHMD"),
    ],
)  # fmt: skip
def test_transliteration_of_9303_part_3(printed: str, zone: str) -> None:
    assert transliterate(printed) == zone


def test_one_name_in_several_accepted_writings() -> None:
    assert same_name("Müller", "MULLER")
    assert same_name("Müller", "MUELLER")
    assert same_name("Kowalska Kwiatkowska", "KOWALSKA-KWIATKOWSKA")
    assert not same_name("Müller", "MILLER")
    assert same_name("Гончар", "HONCHAR")
    assert same_name("Гончар", "GONCHAR")
    assert same_name("Петришин", "PETRYSHYN")
    assert same_name("Јовановић", "JOVANOVIC")
    assert same_name("Шехић", "SEHIC")


def test_a_name_cut_by_its_zone_is_the_same_name() -> None:
    assert same_name("SUPPAKITCHAROENWONGSA NILAVADHANANANDA", "SUPPAKITCHAROENWONGSA NILAVA")
    assert not same_name("ANNA", "ANNABELLE")


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("12 AUG/AOÛT 1974", [date(1974, 8, 12)]), ("17.10.03-09.05.2013", [date(2003, 10, 17), date(2013, 5, 9)]),
        ("03/25/1990", [date(1990, 3, 25)]), ("1990-05-04", [date(1990, 5, 4)]), ("March 4, 1999", [date(1999, 3, 4)]),
        ("12 März 2001", [date(2001, 3, 12)]), ("31.02.2001", []), ("PA0940409", []),
        ("12 СІЧ/JAN 1990", [date(1990, 1, 12)]), ("5 октября 2011", [date(2011, 10, 5)]),
        ("17 0CT/0CT 2022", [date(2022, 10, 17)]), ("04 AU6 2019", [date(2019, 8, 4)]),
        ("12 NI0J1/JUL 1990", [date(1990, 7, 12)]), ("12 JUL/NI0J1 1990", [date(1990, 7, 12)]), ("12 100 2019", []),
        ("1990. 01. 12.", [date(1990, 1, 12)]), ("2031年03月09日", [date(2031, 3, 9)]),
        ("1990 JAN 12", [date(1990, 1, 12)]), ("07.ΑΥΓ.2019", [date(2019, 8, 7)]),
    ],
)  # fmt: skip
def test_dates_as_printed(text: str, dates: list[date]) -> None:
    assert list(find_dates(text, AS_OF)) == dates


def test_numeric_dates_of_a_page_that_writes_the_month_first() -> None:
    assert list(find_dates("03/04/1990", AS_OF)) == [date(1990, 4, 3)]
    assert list(find_dates("03/04/1990", AS_OF, month_first=True)) == [date(1990, 3, 4)]
    assert month_first(["DOB 03/04/1990", "EXP 03/25/2030"])
    assert not month_first(["03/04/1990", "25/03/2030"])
