"""Pages and zones are found from afar, whichever way they lie; where there is none, none is claimed."""

import math
from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from kyc import zone_looks
from kyc.document import DocumentType
from kyc.geometry import framed, load, turn, turn_point, turn_point_back
from kyc.locator import PageLocator, Place
from kyc.recogniser import LineRecogniser
from kyc.specimens import PHONE, Specimen, draw_document, invent_document
from kyc.training.page_composites import compose
from kyc.training.page_evaluation import SIDE, contours, overlap
from kyc.zone_lines import ink_lines
from kyc.zone_looks import look_closely

AS_OF = date(2026, 11, 22)
LOCATOR = PageLocator()


def photographed(seed: int) -> Specimen:
    return draw_document(invent_document(seed, AS_OF, type=DocumentType.TD3, capture=replace(PHONE, margin=0.2)), seed)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 37, 205])
def test_the_zone_is_found_and_read_from_its_beginning_whichever_way_it_lies(degrees: int) -> None:
    specimen = photographed(301)
    image = load(specimen.image_bytes)
    side = 2 * max(image.shape)
    middle = (image.shape[1] / 2, image.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
    matrix[:, 2] += np.array([side / 2, side / 2]) - middle
    turned = np.asarray(cv2.warpAffine(image, matrix, (side, side), borderValue=(90, 110, 120)), np.uint8)
    quads = np.array(specimen.truth["mrz_quads"])
    true = degrees + math.degrees(math.atan2(*(quads[0][1] - quads[0][0])[::-1]))
    centre = matrix[:, :2] @ quads.reshape(-1, 2).mean(0) + matrix[:, 2]

    look = look_closely(turned, LOCATOR.find(turned).zones, LineRecogniser())[0]

    assert abs((look.place.direction - true + 180) % 360 - 180) < 8
    assert look.length == 44
    assert len(look.lines.quads) == 2
    assert np.linalg.norm(np.mean(look.place.corners, axis=0) - centre) < 0.15 * np.linalg.norm(
        quads[0][1] - quads[0][0]
    )


def test_the_page_is_outlined_where_contours_fail() -> None:
    ours, plain = [], []
    for seed in range(910_000_000, 910_000_040):
        drawn = compose(seed, side=SIDE, first_page=1_000_000)
        if not drawn.pages:
            continue
        seen = LOCATOR.find(drawn.image).page
        outline = contours(drawn.image)
        ours.append(0.0 if seen is None else overlap(np.array(seen.corners, np.float32), drawn.pages[0], SIDE))
        plain.append(0.0 if outline is None else overlap(outline, drawn.pages[0], SIDE))

    assert np.mean(ours) > 0.8
    assert np.mean(ours) > np.mean(plain) + 0.2


def test_a_picture_of_nothing_holds_no_page_and_no_zone() -> None:
    seen = LOCATOR.find(np.full((300, 400, 3), 127, np.uint8))

    assert not look_closely(np.full((300, 400, 3), 127, np.uint8), seen.zones, LineRecogniser())
    assert seen.page is None or seen.page.score < 0.8


def test_a_page_of_prose_has_no_zone() -> None:
    sheet = np.full((900, 700, 3), 240, np.uint8)
    for row in range(40, 880, 26):
        cv2.putText(
            sheet, "and then the quick brown fox went home again", (30, row), 0, 0.7, (30, 30, 30), 1, cv2.LINE_AA
        )

    assert not look_closely(sheet, LOCATOR.find(sheet).zones, LineRecogniser())


def test_lines_of_ink_stand_where_the_truth_has_them() -> None:
    specimen = photographed(302)
    quads = np.array(specimen.truth["mrz_quads"], np.float32)
    zone = [quads[0][0], quads[0][1], quads[1][2], quads[1][3]]

    lines = ink_lines(load(specimen.image_bytes), [(float(x), float(y)) for x, y in zone])[0]

    for found, true in zip(np.array(lines.quads), quads, strict=True):
        height = np.linalg.norm(true[3] - true[0])
        assert np.linalg.norm(found.mean(0) - true.mean(0)) < 0.6 * height


def test_lines_that_lack_their_beginning_are_drawn_out_to_where_a_zone_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    specimen = photographed(302)
    image = load(specimen.image_bytes)
    (top_left, top_right, _, _), (_, _, bottom_right, bottom_left) = np.array(specimen.truth["mrz_quads"], np.float32)
    whole = np.array([top_left, top_right, bottom_right, bottom_left])
    cut = 12 / 44
    part = whole + cut * np.array([top_right - top_left, [0, 0], [0, 0], bottom_right - bottom_left], np.float32)
    place = Place(tuple((float(x), float(y)) for x, y in part), 0.9)
    monkeypatch.setattr(zone_looks, "STRETCH", 0.0)  # what lies beside the page hides more of the zone from the locator

    look = look_closely(image, [place], LineRecogniser())[0]

    assert look.lawful
    assert look.length == 44
    for found, true in zip(np.array(look.lines.quads), np.array(specimen.truth["mrz_quads"]), strict=True):
        assert np.linalg.norm(found - true, axis=1).max() < 0.05 * np.linalg.norm(true[1] - true[0])
    monkeypatch.setattr(zone_looks, "MOST_MISSING", 0)
    assert not any(each.lawful for each in look_closely(image, [place], LineRecogniser()))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turning_a_point_and_back_is_nothing(degrees: int) -> None:
    x, y = turn_point(30.0, 70.0, degrees, 200, 100)
    width, height = (200, 100)

    assert turn_point_back(x, y, degrees, width, height) == (30.0, 70.0)
    image = np.zeros((100, 200, 3), np.uint8)
    image[70, 30] = 255
    row, column = np.argwhere(turn(image, degrees)[:, :, 0])[0]
    assert abs(column + 0.5 - x) <= 1
    assert abs(row + 0.5 - y) <= 1


def test_a_frame_brings_its_pixels_back_to_the_picture() -> None:
    image = np.zeros((400, 600, 3), np.uint8)
    cv2.circle(image, (420, 150), 6, (255, 255, 255), -1)

    frame = framed(image, ((300, 50), (550, 50), (550, 300), (300, 300)), 30.0, 200)
    row, column = np.argwhere(frame.image[:, :, 0] > 128).mean(0)
    back = frame.returned(((column, row), (column, row), (column, row), (column, row)))

    assert math.dist(back[0], (420, 150)) < 3
