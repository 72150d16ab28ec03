"""The ghost portrait: a copy of the portrait is known as one, a stranger's is not; what was not compared says why."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kyc.document import Box, DocumentType
from kyc.faces import FaceReader
from kyc.geometry import Image, load
from kyc.ghost import SAME, check_ghost, likeness
from kyc.reader import read_document
from kyc.specimens import POOR, SCAN, Capture, Defect, draw_document, invent_document
from kyc.specimens.portrait import draw_ghost, draw_portrait

AS_OF = date(2026, 11, 22)
READER = FaceReader()


def drawn(seed: int, capture: Capture = SCAN, defect: Defect | None = None) -> Image:
    spec = invent_document(seed, AS_OF, type=DocumentType.TD3, defect=defect, capture=capture)
    return load(draw_document(spec, seed).image_bytes)


@pytest.mark.parametrize("capture", [SCAN, replace(POOR, perspective=0.03)])
@pytest.mark.parametrize("seed", [6_500_009, 6_500_011])
def test_a_copy_of_the_portrait_is_the_same_and_a_strangers_never_is(seed: int, capture: Capture) -> None:
    for defect in (None, Defect.SWAPPED_PORTRAIT):
        image = drawn(seed, capture, defect)
        faces = READER.find(image)
        assert faces
        check = check_ghost(image, faces, READER)
        if defect is None:
            assert check.result == "same"
            assert check.likeness is not None
            assert check.likeness >= SAME
            assert check.box is not None
            assert check.box.right - check.box.left < 0.6 * (faces[0].box.right - faces[0].box.left)
        else:
            assert check.result != "same"
            assert check.result == "different" or check.reason in ("NO_GHOST_FOUND", "GHOST_UNCLEAR")


def test_a_strangers_ghost_that_is_seen_clearly_is_a_mismatch() -> None:
    results = {}
    for seed in range(73_200_000, 73_200_006, 3):
        image = drawn(seed, SCAN, Defect.SWAPPED_PORTRAIT)
        results[seed] = check_ghost(image, READER.find(image), READER).result

    assert "different" in results.values()
    assert "same" not in results.values()


def test_what_looks_like_a_face_where_print_stands_contradicts_nothing() -> None:
    image = drawn(73_200_000, SCAN, Defect.SWAPPED_PORTRAIT)
    faces = READER.find(image)
    seen = check_ghost(image, faces, READER)
    assert (seen.result, seen.box is None) == ("different", False)
    assert seen.box is not None
    line = Box(seen.box.left - 50, seen.box.top + 4, seen.box.right + 200, seen.box.bottom - 4)
    above = Box(line.left, seen.box.top - 60, line.right, seen.box.top)

    assert check_ghost(image, faces, READER, printed=[line]).reason == "GHOST_UNCLEAR"
    assert check_ghost(image, faces, READER, printed=[above]).result == "different"


@pytest.mark.parametrize("identity", [0, 4, 12])
def test_two_pictures_of_one_person_are_no_copies(identity: int) -> None:
    """What is compared is the photograph and not the person: another photograph lies worse over the portrait."""
    portrait, high = draw_portrait(identity, 5, 231, 300), 110
    wide = round(high * 0.77)
    page = np.full((400, 600, 3), 230, np.uint8)
    page[40:340, 30:261] = portrait
    page[200 : 200 + high, 400 : 400 + wide] = draw_portrait(identity, 5, wide, high)
    other = page.copy()
    other[200 : 200 + high, 400 : 400 + wide] = draw_portrait({0: 19, 4: 6, 12: 30}[identity], 6, wide, high)
    face = Box(75, 90, 215, 240)
    place = Box(
        *(
            round(v)
            for v in (400 + 45 * wide / 231, 200 + 50 * high / 300, 400 + 185 * wide / 231, 200 + 200 * high / 300)
        )
    )

    same, different = (likeness(picture[:, :, 1], face, place) for picture in (page, other))

    assert same > 0.95
    assert different < SAME


def test_nothing_is_compared_without_a_portrait_and_the_reading_says_so() -> None:
    blank = np.full((500, 700, 3), 230, np.uint8)
    check = check_ghost(blank, (), READER)

    assert (check.result, check.reason) == ("not_compared", "NO_PORTRAIT")


def test_a_page_whose_ghost_is_painted_over_is_not_compared() -> None:
    image = drawn(6_500_009)
    faces = READER.find(image)
    found = check_ghost(image, faces, READER).box
    assert found is not None
    wide, high = found.right - found.left, found.bottom - found.top
    image[found.top - high : found.bottom + high, found.left - wide : found.right + wide] = 225

    check = check_ghost(image, faces, READER)

    assert (check.result, check.reason) == ("not_compared", "NO_GHOST_FOUND")
    assert check.likeness is not None
    assert check.likeness < SAME


def test_the_reading_carries_the_comparison() -> None:
    spec = invent_document(6_500_009, AS_OF, type=DocumentType.TD3, capture=SCAN)
    reading = read_document(draw_document(spec, 6_500_009).image_bytes, AS_OF)

    assert reading.ghost_check.result == "same"
    assert reading.ghost == reading.ghost_check.box
    assert "PORTRAIT_GHOST_MISMATCH" not in [sign.code for sign in reading.tamper]


def test_a_ghost_is_a_small_copy_of_the_portrait_of_its_seed() -> None:
    ghost = draw_ghost(4, 9, 400)
    assert 0.2 * 400 <= ghost.shape[0] <= 0.42 * 400
