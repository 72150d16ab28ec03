"""Portraits compared: the same identity matches, a stranger does not, and nothing is made up where there is no face."""

from datetime import date

import cv2
import numpy as np
import pytest

from kyc.checks import code_of, face
from kyc.document import DocumentType
from kyc.faces import NoLivenessProvider, judge, match_faces
from kyc.specimens import SCAN, Defect, draw_document, draw_selfie, invent_document
from kyc.specimens.portrait import STRANGERS

AS_OF = date(2026, 11, 22)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_holder_matches_and_a_stranger_does_not(seed: int) -> None:
    spec = invent_document(seed, AS_OF, type=DocumentType.TD3, capture=SCAN)
    document = draw_document(spec, seed).image_bytes

    holder = match_faces(document, draw_selfie(spec.identity, seed))
    stranger = match_faces(document, draw_selfie(STRANGERS[spec.identity], seed))

    assert holder.result == "match", holder
    assert stranger.result in ("no_match", "unsure"), stranger
    assert stranger.distance is not None
    assert holder.distance is not None
    assert stranger.distance > holder.distance + 0.2
    assert [code_of(finding) for finding in face(holder)] == ["LIVENESS_NOT_CHECKED"]


def test_a_swapped_portrait_is_found_with_the_selfie() -> None:
    spec = invent_document(9, AS_OF, type=DocumentType.TD3, capture=SCAN, defect=Defect.SWAPPED_PORTRAIT)

    match = match_faces(draw_document(spec, 9).image_bytes, draw_selfie(spec.identity, 9))

    assert next(code_of(f) for f in face(match)) in ("FACE_MISMATCH", "FACE_UNSURE")


def test_no_face_is_not_checked_and_says_so() -> None:
    blank = cv2.imencode(".png", np.full((300, 300, 3), 200, np.uint8))[1].tobytes()

    match = match_faces(blank, draw_selfie(0, 1))

    assert (match.result, match.distance, match.reason) == ("not_checked", None, "NO_FACE_ON_DOCUMENT")
    assert [f.rule for f in face(match)] == ["FACE_NOT_CHECKED", "LIVENESS_NOT_CHECKED"]
    assert match_faces(b"", b"").reason == "NOT_AN_IMAGE"


@pytest.mark.parametrize(
    ("distance", "result"), [(0.0, "match"), (0.5, "match"), (0.51, "unsure"), (0.6, "unsure"), (0.61, "no_match")]
)
def test_thresholds(distance: float, result: str) -> None:
    assert judge(distance) == result


def test_liveness_without_a_provider_is_not_checked() -> None:
    assert NoLivenessProvider().check(b"").result == "not_checked"
