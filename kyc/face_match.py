"""What a comparison of two portraits comes to: a small table over its distance, explained and replayed like any other
decision. Separate from `faces`, which measures.
"""

from collections.abc import Mapping

from explain.record import Condition, Operator, Rule, RuleTable, Value
from kyc.faces import MATCH_DISTANCE, UNSURE_DISTANCE, FaceMatch

OUTCOMES = ("match", "unsure", "no_match")
VERSION = "1"
_CITATION = "Clearance face policy 1; FATF R.10(a); AMLR 2024/1624 Art. 22(6)"


def face_match_facts(match: FaceMatch) -> Mapping[str, Value]:
    """Was it compared, and how far apart are they: dlib's descriptor, 0 the same picture, above 0.6 two people."""
    return {"face_compared": match.result != "not_checked", "face_distance": match.distance}


def face_match_table() -> RuleTable:
    """A selfie that could not be compared clears nobody: a person looks."""
    compared, distance = "face_compared", "face_distance"
    rules = (
        Rule(
            "face_not_compared",
            (Condition(compared, Operator.IS, False),),
            "unsure",
            "the selfie and the document's portrait could not be compared",
            _CITATION,
        ),
        Rule(
            "face_apart",
            (Condition(distance, Operator.ABOVE, MATCH_DISTANCE),),
            "unsure",
            f"the faces are further apart than {MATCH_DISTANCE:.2f}, within which two pictures show one person",
            _CITATION,
        ),
        Rule(
            "face_far_apart",
            (Condition(distance, Operator.ABOVE, UNSURE_DISTANCE),),
            "no_match",
            f"the faces are further apart than {UNSURE_DISTANCE:.2f}, beyond which they are two people",
            _CITATION,
        ),
    )
    background: tuple[Mapping[str, Value], ...] = (
        *({compared: True, distance: apart} for apart in (0.25, 0.30, 0.35, 0.38, 0.40, 0.42, 0.45, 0.53, 0.75)),
        {compared: False, distance: None},
    )
    return RuleTable("face_match", VERSION, OUTCOMES, "match", rules, background)
