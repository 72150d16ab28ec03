"""A closer look at print: what was in doubt confirms, what was altered does not, Latin beside other letters is read."""

from dataclasses import replace
from typing import cast

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from kyc.acceptance import AcceptanceParameters, acceptance_facts, acceptance_table
from kyc.confirmation import stands_in
from kyc.document import Box, GhostCheck, TextLine
from kyc.faces import FaceMatch
from kyc.geometry import Image
from kyc.print_signs import GAP, OTHER, SIGNS, SignTable, cost, fold
from kyc.second_look import LIMIT_TOGETHER, SecondLook, _View, word_places, writings
from kyc.specimens.layouts import font
from kyc.text import RapidReader
from tests.unit.kyc.test_confirmation import reading

READER = RapidReader()


def print_line(text: str, *, size: int = 22, blur: float = 0.0) -> tuple[Image, TextLine]:
    """A picture of one line, and the line as the reader of print sees it."""
    picture = Pillow.new("RGB", (900, 60), (228, 226, 214))
    ImageDraw.Draw(picture).text((20, 14), text, font=font("DejaVuSans", size), fill=(30, 30, 50))
    image = cast(Image, cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR))
    if blur:
        image = cast(Image, cv2.GaussianBlur(image, (0, 0), blur))
    (quad,) = READER.find(image)[:1]
    return image, READER.read_quad(image, quad) or TextLine("", 0.5, quad)


def scores(*steps: dict[str, float]) -> np.ndarray:
    """Steps of a recogniser: what each sign's probability is, the rest going to the gap."""
    rows = np.full((len(steps), OTHER + 1), 1e-9, np.float32)
    for row, step in zip(rows, steps, strict=True):
        for sign, share in step.items():
            row[SIGNS.index(sign)] = share
        row[GAP] += 1 - sum(step.values())
    return np.log(rows)


def test_what_was_read_costs_nothing_and_what_was_in_doubt_little() -> None:
    read = scores({"7": 1.0}, {}, {"1": 0.7, "4": 0.3}, {}, {"4": 1.0})

    assert cost(read, ["714"]) == pytest.approx(0.0, abs=1e-4)
    assert cost(read, ["744"]) == pytest.approx(np.log(0.7 / 0.3), abs=1e-3)
    assert cost(read, ["794"]) > 15
    assert cost(read, ["794", "71"]) == pytest.approx(0.0, abs=1e-4), "the best of several writings, anywhere"


def test_a_doubled_sign_needs_a_gap_and_a_value_its_bounds() -> None:
    once = scores({"7": 1.0}, {"7": 1.0})
    begins, ends = np.array([False, True]), np.array([True, True])

    assert cost(once, ["7"]) == pytest.approx(0.0, abs=1e-4)
    assert cost(once, ["77"]) > 15
    assert cost(once, ["7"], begins, ends) == pytest.approx(0.0, abs=1e-4)
    assert cost(once, ["7"], np.zeros(2, bool), ends) > 1e8


def test_no_two_digits_are_alike() -> None:
    table = SignTable(("blank", *"0123456789", "O", "Ä", "龍", "/"))
    each = np.eye(15, dtype=np.float32)
    kinds = table.folded(each).argmax(1)

    assert len(set(kinds[1:11])) == 10
    assert kinds[11] == kinds[1], "O is a zero to readers"
    assert kinds[12] == SIGNS.index("A")
    assert kinds[13] == OTHER
    assert kinds[0] == kinds[14] == GAP
    assert table.digits(each)[1:11].all()
    assert not table.digits(each)[11], "a letter beside a date is no digit of it"


@pytest.mark.parametrize(
    ("text", "value"), [("МЕНДЕЛ / WILLEKE", "WILLEKE"), ("ГАРСИА ЛОРКА / Garcia Lorca", "GARCIA LORCA")]
)
def test_latin_print_beside_other_letters_is_read_word_by_word(text: str, value: str) -> None:
    image, line = print_line(text)

    assert SecondLook(READER).repeated(image, [line], {"surname": value}) == ("surname",)
    for other in ("WALLEKI", "GARCIA LORNA"):
        assert SecondLook(READER).repeated(image, [line], {"surname": other}) == ()


@pytest.mark.parametrize("blur", [0.0, 1.2, 2.0])
@pytest.mark.parametrize(
    ("text", "name", "value", "altered"),
    [
        ("No. C01X30T47", "number", "C01X30T47", "C01X80T47"),
        ("12.08.1964", "birth_date", "1964-08-12", "1967-08-12"),
        ("27 FEB/FEV 2031", "expiry_date", "2031-02-27", "2036-02-27"),
        ("Featherstone", "surname", "FEATHERSTONE", "FEATHERSTOPE"),
    ],
)
def test_altered_print_confirms_nothing_however_blurred(
    text: str, name: str, value: str, altered: str, blur: float
) -> None:
    image, line = print_line(text, blur=blur)
    look = SecondLook(READER)

    assert look.repeated(image, [line], {name: altered}) == ()
    if blur < 2:
        assert look.repeated(image, [line], {name: value}) == (name,)


def test_a_date_is_not_found_within_longer_numbers() -> None:
    image, line = print_line("1120819640 12.08.19641")

    assert SecondLook(READER).repeated(image, [line], {"birth_date": "1964-08-12"}) == ()


def test_writings_of_a_name_and_a_date() -> None:
    assert {fold("MUELLER"), fold("MULLER")} <= set(writings("surname", "MUELLER"))
    assert {"12081964", "19640812", fold("12AUG1964")} <= set(writings("birth_date", "1964-08-12"))
    assert writings("birth_date", "1964") == ()


def test_words_are_cut_where_gaps_are() -> None:
    image, line = print_line("GARCIA  LORCA")
    left, right = (min(x for x, _ in line.quad), max(x for x, _ in line.quad))
    strip = cast(Image, cv2.resize(image[10:46, int(left) : int(right)], None, fx=48 / 36, fy=48 / 36))

    assert len(word_places(strip, 0.15)) >= 2
    assert len(word_places(strip, 5.0)) == 1


def test_a_field_confirmed_by_the_second_look_counts_as_repeated() -> None:
    blurred = reading(tuple("MÜ77ER?" if text == "MÜLLER" else text for text in reading_texts()))
    assert not stands_in(blurred.text_lines, "surname", "MUELLER")

    assert acceptance_facts(blurred, ())["unconfirmed_fields"] == 1
    assert acceptance_facts(replace(blurred, confirmed=("surname",)), ())["unconfirmed_fields"] == 0


def reading_texts() -> tuple[str, ...]:
    return tuple(line.text for line in reading().text_lines)


@pytest.mark.parametrize(
    ("proof", "ghost", "selfie", "outcome"),
    [
        ("none", "not_compared", None, "accept"),
        ("any", "not_compared", None, "refer"),
        ("any", "same", None, "accept"),
        ("any", "not_compared", "match", "accept"),
        ("any", "not_compared", "unsure", "refer"),
        ("ghost", "not_compared", "match", "refer"),
        ("ghost", "same", "match", "accept"),
    ],
)
def test_what_must_show_that_the_portrait_is_the_holders(
    proof: str, ghost: str, selfie: str | None, outcome: str
) -> None:
    parameters = AcceptanceParameters(portrait_proof=proof)  # type: ignore[arg-type]
    seen = replace(reading(), ghost_check=GhostCheck(ghost))  # type: ignore[arg-type]
    match = None if selfie is None else FaceMatch(selfie, 0.3)  # type: ignore[arg-type]

    facts = acceptance_facts(seen, (), parameters, match)

    assert acceptance_table(parameters).outcome(facts) == outcome


def test_print_that_was_not_found_is_searched_for_at_a_larger_size() -> None:
    image, _ = print_line("Surname   OKONKWO", size=18)
    area = Box(0, 0, image.shape[1], image.shape[0])
    look = SecondLook(READER)

    assert look.repeated(image, [], {"surname": "OKONKWO"}) == ()
    assert look.repeated_beyond(image, [], area, {"surname": "OKONKWO"}) == ("surname",)
    assert look.repeated_beyond(image, [], area, {"surname": "OKONKWA"}) == ()
    known = look._further(image, area, [])
    assert look._further(image, area, [line.box for line in known]) == [], "a place that is known is not read again"


def test_a_short_name_is_not_found_by_chance() -> None:
    image, line = print_line("KEN", blur=1.0)

    assert SecondLook(READER).repeated(image, [line], {"surname": "KEN"}) == ("surname",)
    assert SecondLook(READER).repeated(image, [line], {"surname": "OEN"}) == ()


def test_doubt_about_one_value_is_not_left_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    image, line = print_line("Featherstone / 12.08.1964")
    wanted = {"surname": "FEATHERSTONE", "birth_date": "1964-08-12"}
    assert SecondLook(READER).repeated(image, [line], wanted) == ("surname", "birth_date")

    monkeypatch.setattr(_View, "needed", lambda *_, **__: 0.6 * LIMIT_TOGETHER)
    assert SecondLook(READER).repeated(image, [line], wanted) == ("surname",)
