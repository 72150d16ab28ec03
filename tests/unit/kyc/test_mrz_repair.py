"""Corrections: what they mend, and above all what they must leave wrong."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from kyc.mrz import check_digit, parse
from kyc.mrz_repair import fit_length, repair

AS_OF = date(2026, 11, 22)
TRUE = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


def test_letters_among_digits_are_replaced_and_recorded() -> None:
    raw = (TRUE[0].replace("O", "0", 1), TRUE[1].replace("7408122", "74O8I22"))

    fixed = repair(raw, 44, AS_OF)

    assert fixed.lines == TRUE
    assert {(r.before, r.after, r.rule) for r in fixed.repairs} == {
        ("0", "O", "IMPOSSIBLE_AT_POSITION"),
        ("O", "0", "IMPOSSIBLE_AT_POSITION"),
        ("I", "1", "IMPOSSIBLE_AT_POSITION"),
    }


def test_a_look_alike_in_the_number_is_exchanged_when_another_reader_saw_it_and_all_check_digits_then_hold() -> None:
    raw = (TRUE[0], TRUE[1].replace("L898902C3", "L8989O2C3"))

    fixed = repair(raw, 44, AS_OF, witness=TRUE)

    assert fixed.lines == TRUE
    assert [r.rule for r in fixed.repairs] == ["LOOK_ALIKE_BY_CHECK_DIGIT"]
    assert repair(raw, 44, AS_OF).lines == raw


def test_missing_fillers_are_added_where_fillers_run() -> None:
    assert fit_length("P<UTOERIKSSON<<ANNA<<<<<", 30) == "P<UTOERIKSSON<<ANNA<<<<<<<<<<<"
    assert fit_length("P<UTOERIKSSON<<ANNA<<<<<<<<<<<<<<<", 30) == "P<UTOERIKSSON<<ANNA<<<<<<<<<<<"
    assert fit_length("AB12", 4) == "AB12"


def test_a_state_printed_in_digits_stays_as_printed() -> None:
    raw = ("IDROUSAVA<<SUPERMAN<<<<<<<<<<<<<<<<<", "HD198025<51328505095M130509012049941")

    assert repair(raw, 36, AS_OF).lines == raw


@settings(max_examples=200)
@given(place=st.sampled_from([0, 1, 2, 3, 4, 5, 6, 8, 13, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 26]), data=st.data())
def test_no_wrong_digit_is_ever_repaired(place: int, data: st.DataObject) -> None:
    """A digit re-typed as another digit must keep failing its check digit, whatever the grammar could make of it."""
    old = TRUE[1][place]
    if not old.isdigit():
        return
    new = data.draw(st.sampled_from([d for d in "0123456789" if d != old]))
    forged = TRUE[1][:place] + new + TRUE[1][place + 1 :]

    fixed = repair((TRUE[0], forged), 44, AS_OF)

    assert fixed.lines[1] == forged
    assert not parse(fixed.lines, AS_OF).valid


def test_a_wrong_check_digit_is_never_computed_to_fit() -> None:
    wrong = str((check_digit("L898902C3") + 1) % 10)
    forged = TRUE[1][:9] + wrong + TRUE[1][10:]

    fixed = repair((TRUE[0], forged), 44, AS_OF)

    assert fixed.lines[1][9] == wrong
    assert not parse(fixed.lines, AS_OF).checks["number"]


def test_a_witness_cannot_turn_a_forged_digit_into_a_valid_number() -> None:
    """The forged digit stays; the witness read the true document otherwise alike."""
    forged = TRUE[1].replace("L898902C3", "L398902C3")

    fixed = repair((TRUE[0], forged), 44, AS_OF, witness=(TRUE[0], forged.replace("0", "O")))

    assert not parse(fixed.lines, AS_OF).valid
