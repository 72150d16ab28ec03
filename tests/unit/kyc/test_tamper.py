"""Signs of alteration: found where a forgery was drawn, silent where none was, advisory always."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from kyc.checks import cross_check
from kyc.document import Box, DocumentReading, DocumentType, GhostCheck, TamperSign, TextLine
from kyc.geometry import Image, load, to_png
from kyc.policy import JUDGED_BEFORE
from kyc.reader import read_document
from kyc.specimens import SCAN, Defect, draw_document, invent_document
from kyc.tamper import TEXTS, grain_signs, jpeg_grid, original_signs, portrait_signs, signs

AS_OF = date(2026, 11, 22)


def drawn(seed: int, defect: Defect | None = None) -> Image:
    spec = invent_document(seed, AS_OF, type=DocumentType.TD3, defect=defect, capture=SCAN)
    return load(draw_document(spec, seed).image_bytes)


def test_a_ghost_that_is_no_copy_is_a_sign_and_one_that_was_not_compared_is_none() -> None:
    blank = np.full((60, 80, 3), 230, np.uint8)
    place = Box(1, 2, 30, 40)

    found = signs(blank, (), {}, GhostCheck("different", "", 0.55, 0.7, place))
    assert [(sign.code, sign.value, sign.box) for sign in found] == [("PORTRAIT_GHOST_MISMATCH", 0.55, place)]
    assert found[0].value < found[0].threshold
    assert signs(blank, (), {}, GhostCheck("not_compared", "NO_GHOST_FOUND", 0.5)) == ()
    assert signs(blank, (), {}, GhostCheck("same", "", 0.95, None, place)) == ()


def printed_lines(patched: int | None) -> tuple[Image, list[TextLine]]:
    """Eight lines on paper with grain; behind the `patched` one the paper is smooth."""
    rng = np.random.default_rng(5)
    grain = rng.normal(0, 5, (420, 500, 1))
    image = np.full((420, 500, 3), 215, np.uint8)
    lines = []
    for index in range(8):
        top = 10 + 50 * index
        if index == patched:
            grain[top - 4 : top + 40, 10:400] = 0
        cv2.putText(image, "LEDALVOBERG", (20, top + 30), cv2.FONT_HERSHEY_DUPLEX, 1.0, (30, 30, 30), 2, cv2.LINE_AA)
        quad = ((15.0, top), (300.0, top), (300.0, top + 36.0), (15.0, top + 36.0))
        lines.append(TextLine("LEDALVOBERG", 0.99, quad))
    return np.clip(image + grain, 0, 255).astype(np.uint8), lines


def test_a_patch_without_grain_is_found_and_even_paper_is_not() -> None:
    image, lines = printed_lines(3)
    found = grain_signs(image, lines)
    assert [(sign.code, sign.box) for sign in found] == [("NOISE_ANOMALY", lines[3].box)]
    assert found[0].value > found[0].threshold

    assert grain_signs(*printed_lines(None)) == []


def test_a_portrait_pasted_into_the_finished_picture_lacks_its_grain() -> None:
    rng = np.random.default_rng(9)
    page = np.full((500, 800, 3), 205, np.float32)
    page[60:300, 60:240] = cv2.resize(rng.uniform(60, 200, (6, 5, 3)).astype(np.float32), (180, 240))
    face = Box(100, 120, 200, 230)
    camera = rng.normal(0, 5, (500, 800, 1))
    taken = np.clip(page + camera, 0, 255).astype(np.uint8)
    pasted = taken.copy()
    pasted[60:300, 60:240] = page[60:300, 60:240].astype(np.uint8)

    assert portrait_signs(taken, face) == []
    (sign,) = portrait_signs(pasted, face)
    assert (sign.code, sign.box) == ("PORTRAIT_SUBSTITUTED", face)
    assert sign.value > sign.threshold
    assert portrait_signs(pasted[:40, :40], Box(5, 5, 30, 30)) == []  # too little to measure


def test_the_grid_of_an_earlier_jpeg_is_seen_where_the_file_has_none_of_its_own() -> None:
    image = drawn(6_500_012)
    smooth = cv2.GaussianBlur(image, (0, 0), 1.5)
    blocky = cv2.imdecode(cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    facts = {"format": "PNG", "exif": {}, "pages": [{"scale": 1.0}]}

    assert jpeg_grid(cv2.cvtColor(blocky, cv2.COLOR_BGR2GRAY))[0] == (7, 7)
    assert [s.code for s in original_signs(blocky, facts)] == ["RECOMPRESSED"]
    assert original_signs(smooth, facts) == ()
    # In its own JPEG the grid belongs there; cut out elsewhere and saved again it does not.
    jpeg = {**facts, "format": "JPEG"}
    assert original_signs(blocky, jpeg) == ()
    assert [s.code for s in original_signs(blocky[3:, 5:], jpeg)] == ["RECOMPRESSED"]
    # A picture that the decoder scaled or turned says nothing.
    assert original_signs(blocky, {**facts, "pages": [{"scale": 0.7}]}) == ()
    assert original_signs(blocky, {**facts, "exif": {"orientation": "6"}}) == ()


def test_a_picture_editor_is_named_by_the_file() -> None:
    plain = np.full((64, 64, 3), 200, np.uint8)
    facts = {"format": "JPEG", "exif": {"software": "Adobe Photoshop 25.1"}, "pages": [{"scale": 1.0}]}

    assert [s.code for s in original_signs(plain, facts)] == ["EDITED_BY_SOFTWARE"]
    assert original_signs(plain, {**facts, "exif": {"software": "HDR+ 1.0"}}) == ()


def reading_with(*tamper: TamperSign) -> DocumentReading:
    empty = read_document(to_png(np.full((80, 120, 3), 200, np.uint8)), AS_OF)
    return replace(empty, tamper=tamper)


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_signs_become_advisory_findings_that_the_policy_knows(code: str) -> None:
    findings = cross_check([reading_with(TamperSign(code, 1.2, 0.6, Box(0, 0, 9, 9)))], None, AS_OF)
    sign = next(finding for finding in findings if finding.rule == code)

    assert sign.effect == "advise"
    assert sign.values["threshold"] == 0.6
    assert code in JUDGED_BEFORE or code == "PORTRAIT_GHOST_MISMATCH"
