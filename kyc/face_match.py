"""What a comparison of two portraits comes to: a small table over its distance and the selfie's liveness, explained and
replayed like any other decision. Separate from `faces`, which measures.
"""

from collections.abc import Mapping

from explain.record import Condition, Operator, Rule, RuleTable, Value
from kyc.faces import MATCH_DISTANCE, UNSURE_DISTANCE, FaceMatch

OUTCOMES = ("match", "unsure", "no_match")
VERSION = "2"
_CITATION = "Clearance face policy 2; FATF R.10(a); AMLR 2024/1624 Art. 22(6)"


def face_match_facts(match: FaceMatch) -> Mapping[str, Value]:
    """Was it compared, how far apart are they (dlib's descriptor: 0 the same picture, above 0.6 two people), and what a
    provider says of the selfie's liveness: `live`, `not_live`, or `not_checked` where none was asked or answered."""
    return {
        "face_compared": match.result != "not_checked",
        "face_distance": match.distance,
        "liveness": match.liveness.result,
    }


def face_match_table(*, liveness_required: bool = False) -> RuleTable:
    """A selfie that could not be compared clears nobody, nor does one that shows no living person: a person looks; with
    `liveness_required` also where nobody checked that."""
    compared, distance, liveness = "face_compared", "face_distance", "liveness"

    def rule(name: str, condition: Condition, outcome: str, text: str) -> Rule:
        return Rule(name, (condition,), outcome, text, _CITATION)

    rules = [
        rule(
            "face_not_compared",
            Condition(compared, Operator.IS, False),
            "unsure",
            "the selfie and the document's portrait could not be compared",
        ),
        rule(
            "face_apart",
            Condition(distance, Operator.ABOVE, MATCH_DISTANCE),
            "unsure",
            f"the faces are further apart than {MATCH_DISTANCE:.2f}, within which two pictures show one person",
        ),
        rule(
            "face_far_apart",
            Condition(distance, Operator.ABOVE, UNSURE_DISTANCE),
            "no_match",
            f"the faces are further apart than {UNSURE_DISTANCE:.2f}, beyond which they are two people",
        ),
        rule(
            "liveness_failed",
            Condition(liveness, Operator.IS, "not_live"),
            "unsure",
            "the selfie was not taken of a living person, as the liveness provider has it",
        ),
    ]
    if liveness_required:
        rules.append(
            rule(
                "liveness_not_checked",
                Condition(liveness, Operator.IS, "not_checked"),
                "unsure",
                "nobody checked whether the selfie was taken of a living person",
            )
        )

    def usual(apart: float | None, said: str = "not_checked") -> Mapping[str, Value]:
        return {compared: apart is not None, distance: apart, liveness: said}

    background = (
        *(usual(apart) for apart in (0.25, 0.30, 0.35, 0.38, 0.40, 0.42, 0.45, 0.53, 0.75)),
        usual(0.36, "live"),
        usual(None),
    )
    version = f"{VERSION}-liveness" if liveness_required else VERSION
    return RuleTable("face_match", version, OUTCOMES, "match", tuple(rules), background)
