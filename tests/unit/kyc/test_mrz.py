"""The grammar of machine readable zones, on ICAO's own examples and on every zone that can be composed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyc.document import DocumentType
from kyc.mrz import (
    ALPHABET,
    LAYOUTS,
    MRVA,
    MRVB,
    TD1,
    TD2,
    TD3,
    NotAnMrz,
    birth_year,
    check_digit,
    compose,
    expiry_year,
    name_element,
    parse,
    split_names,
)

AS_OF = date(2026, 11, 22)
PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
CARD = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
TWO_LINES = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
VISA_A = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<")
VISA_B = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<")


@pytest.mark.parametrize(("data", "digit"), [("520727", 3), ("AB2134<<<", 5), ("HA672242<658022549601086<<<<<<<", 8)])
def test_worked_check_digits_of_9303_part_3(data: str, digit: int) -> None:
    assert check_digit(data) == digit


@pytest.mark.parametrize(
    ("lines", "kind"),
    [(PASSPORT, "TD3"), (CARD, "TD1"), (TWO_LINES, "TD2"), (VISA_A, "MRVA"), (VISA_B, "MRVB")],
)
def test_icao_examples_are_valid(lines: tuple[str, ...], kind: str) -> None:
    parsed = parse(lines, AS_OF)

    assert parsed.layout.type == kind
    assert parsed.valid, (parsed.checks, parsed.form_errors)
    assert (parsed.fields["surname"], parsed.fields["given_names"]) == ("ERIKSSON", "ANNA MARIA")


def test_passport_example_gives_its_fields() -> None:
    fields = parse(PASSPORT, AS_OF).fields

    assert fields["number"] == "L898902C3"
    assert fields["birth_date"] == "1974-08-12"
    assert fields["expiry_date"] == "2012-04-15"
    assert (fields["sex"], fields["nationality"], fields["issuer"]) == ("F", "UTO", "UTO")
    assert fields["personal_number"] == "ZE184226B"


def test_long_document_number_continues_in_the_optional_data() -> None:
    """9303-5, example of a document number of twelve characters."""
    parsed = parse(
        ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"), AS_OF
    )

    assert parsed.fields["number"] == "D23145890734"
    assert parsed.checks["number"]


def test_belgian_card_with_long_number_holds_its_check_digit() -> None:
    lines = compose(
        TD1,
        {
            "document_code": "ID", "issuer": "BEL", "number": "000000387756", "birth_date": "850101", "sex": "F",
            "expiry_date": "300101", "nationality": "BEL", "name": "SPECIMEN<<SPECIMEN",
        },
    )  # fmt: skip

    assert lines[0].startswith("IDBEL000000387<7562<")
    assert parse(lines, AS_OF).valid


@pytest.mark.parametrize("layout", [TD1, TD2, TD3])
def test_a_changed_digit_fails_its_check_digit_and_the_composite(layout: object) -> None:
    lines = {"TD1": CARD, "TD2": TWO_LINES, "TD3": PASSPORT}[layout.type]  # type: ignore[attr-defined]
    at, first, _ = layout.spans["birth_date"]  # type: ignore[attr-defined]
    broken = [*lines]
    broken[at] = broken[at][:first] + "8" + broken[at][first + 1 :]

    checks = parse(broken, AS_OF).checks

    assert not checks["birth_date"]
    assert not checks["composite"]
    assert checks["number"]
    assert checks["expiry_date"]


def test_an_empty_personal_number_may_have_a_filler_as_check_digit() -> None:
    with_digit = compose(TD3, _elements("P", "ERIKSSON<<ANNA"))
    filler = with_digit[1][:42] + "<" + with_digit[1][43:]

    assert parse(with_digit, AS_OF).checks["personal_number"]
    assert parse((with_digit[0], filler), AS_OF).checks["personal_number"]


@pytest.mark.parametrize("lines", [("P<UTO",), ("A" * 44, "B" * 43), ("A" * 20, "B" * 20), ("A" * 30, "B" * 30)])
def test_other_shapes_are_no_zone(lines: tuple[str, ...]) -> None:
    with pytest.raises(NotAnMrz):
        parse(lines, AS_OF)


def test_impossible_dates_and_foreign_letters_are_form_errors() -> None:
    lines = compose(TD3, {**_elements("P", "ERIKSSON<<ANNA"), "birth_date": "740231"})
    parsed = parse((lines[0].replace("ERIKSSON", "ERIKSSÑN"), lines[1]), AS_OF)

    assert set(parsed.form_errors) == {"birth_date", "alphabet"}
    assert not parsed.valid
    assert all(parsed.checks.values())


def test_unknown_day_and_month_of_birth_are_allowed() -> None:
    lines = compose(TD3, {**_elements("P", "ERIKSSON<<ANNA"), "birth_date": "74<<<<"})

    assert parse(lines, AS_OF).fields["birth_date"] == "1974"
    assert parse(lines, AS_OF).valid


def test_centuries_follow_the_day_of_reading() -> None:
    assert birth_year(26, AS_OF) == 2026
    assert birth_year(27, AS_OF) == 1927
    assert expiry_year(31, AS_OF) == 2031
    assert expiry_year(94, AS_OF) == 1994


@pytest.mark.parametrize(
    ("element", "names"),
    [
        ("ERIKSSON<<ANNA<MARIA<<<<", ("ERIKSSON", "ANNA MARIA")),
        ("VAN<DER<MUELLEN<<<<<<<<", ("VAN DER MUELLEN", "")),
        ("ARKFREITHAU<<<<<", ("ARKFREITHAU", "")),
    ],
)
def test_names_divide_at_two_fillers(element: str, names: tuple[str, str]) -> None:
    assert split_names(element) == names


def test_a_long_name_is_cut_but_keeps_a_given_letter() -> None:
    element = name_element("NILAVADHANANANDA SUPPAKITCHAROENWONGSA", "CHAYAPA DEJTHAMRONG", 39)

    assert len(element) == 39
    assert element.endswith("<<C")


def _elements(code: str, name: str) -> dict[str, str]:
    return {
        "document_code": code, "issuer": "UTO", "number": "L898902C3", "nationality": "UTO", "birth_date": "740812",
        "sex": "F", "expiry_date": "300415", "name": name,
    }  # fmt: skip


letters = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=8)
days = st.dates(date(1930, 1, 1), date(2020, 12, 31))


@given(
    layout=st.sampled_from([TD1, TD2, TD3, MRVA, MRVB]),
    number=st.text(alphabet=ALPHABET[:36], min_size=1, max_size=9),
    born=days,
    surname=letters,
    given_name=letters,
)
def test_what_is_composed_parses_back_and_is_valid(
    layout: object, number: str, born: date, surname: str, given_name: str
) -> None:
    code = "V" if layout in (MRVA, MRVB) else "P" if layout is TD3 else "I"
    lines = compose(
        layout,  # type: ignore[arg-type]
        {
            **_elements(code, f"{surname}<<{given_name}"),
            "number": number,
            "birth_date": born.strftime("%y%m%d"),
        },
    )

    parsed = parse(lines, AS_OF)

    assert parsed.valid, (lines, parsed.checks, parsed.form_errors)
    assert parsed.fields["number"] == number
    assert parsed.fields["birth_date"][2:] == born.isoformat()[2:]
    assert (parsed.fields["surname"], parsed.fields["given_names"]) == (surname, given_name)


@given(data=st.text(alphabet=ALPHABET, min_size=1, max_size=39), place=st.data())
def test_every_single_digit_error_is_caught(data: str, place: st.DataObject) -> None:
    """Weights 7, 3 and 1 are units modulo 10, so no single digit can change without its check digit."""
    digits = [i for i, c in enumerate(data) if c.isdigit()]
    if not digits:
        return
    at = place.draw(st.sampled_from(digits))
    other = place.draw(st.sampled_from([d for d in "0123456789" if d != data[at]]))

    assert check_digit(data[:at] + other + data[at + 1 :]) != check_digit(data)


def test_every_layout_keeps_its_elements_within_its_lines() -> None:
    for layout in LAYOUTS:
        assert layout.type in DocumentType
        for line, first, last in layout.spans.values():
            assert 0 <= line < layout.lines
            assert 0 <= first < last <= layout.length


@pytest.mark.parametrize(
    ("first", "errors"),
    [
        ("T<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", {"document_code"}),
        ("8P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<", {"document_code", "issuer"}),
        ("TUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<R", {"document_code", "issuer", "name"}),
        ("PUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<<", {"issuer"}),
        ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<R", {"name"}),
        ("P<UTOERIKSS0N<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", {"name"}),
    ],
)
def test_a_first_line_without_check_digits_is_held_to_its_form(first: str, errors: set[str]) -> None:
    parsed = parse((first, PASSPORT[1]), AS_OF)

    assert all(parsed.checks.values())
    assert set(parsed.form_errors) == errors
    assert not parsed.valid
