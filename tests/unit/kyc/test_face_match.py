"""The comparison's table says what the thresholds say, and adds up."""

import pytest

from explain.rules import explain_rules
from kyc.face_match import face_match_facts, face_match_table
from kyc.faces import MATCH_DISTANCE, UNSURE_DISTANCE, FaceMatch, judge


@pytest.mark.parametrize("distance", [0.0, 0.31, MATCH_DISTANCE, 0.51, UNSURE_DISTANCE, 0.61, 1.2])
def test_the_table_judges_as_the_thresholds_do(distance: float) -> None:
    facts = face_match_facts(FaceMatch(judge(distance), distance))
    assert face_match_table().outcome(facts) == judge(distance)
    assert explain_rules(face_match_table(), facts).additivity_error < 1e-12


def test_what_was_not_compared_clears_nobody() -> None:
    facts = face_match_facts(FaceMatch("not_checked", None, "no portrait"))
    assert face_match_table().outcome(facts) == "unsure"
    moved = {one.feature: one.shap for one in explain_rules(face_match_table(), facts).contributions}
    assert moved["face_compared"] > 0.5
