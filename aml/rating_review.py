"""What an officer's finding does to a customer's risk rating: a small cited table. Ratings rise by it and never fall.

Separate from `customer_risk`, which rates an applicant before anything is known.
"""

from collections.abc import Mapping

from explain.record import Condition, Operator, Rule, RuleTable, Value

RATINGS = ("low", "medium", "high")
VERSION = "1"
_REVIEW = "FATF INR.10 para. 23; AMLR 2024/1624 Art. 26(2)-(3); 31 CFR 1020.210(a)(2)(v)(B)"


def rating_facts(rating: str, disposition: str, *, inconclusive_before: int) -> Mapping[str, Value]:
    """`rating` as it stands, `disposition` of the case that closed, and how many earlier cases ended inconclusive."""
    if rating not in RATINGS:
        raise ValueError(f"a rating is one of {', '.join(RATINGS)}, not {rating}")
    return {"rating": rating, "disposition": disposition, "inconclusive_before": inconclusive_before}


def rating_table() -> RuleTable:
    def when(fact: str, operator: Operator, operand: Value) -> Condition:
        return Condition(fact, operator, operand)

    is_ = Operator.IS
    rules = (
        Rule(
            "rated_medium", (when("rating", is_, "medium"),), "medium", "the customer is rated medium already", _REVIEW
        ),
        Rule("rated_high", (when("rating", is_, "high"),), "high", "the customer is rated high already", _REVIEW),
        Rule(
            "suspicion_confirmed",
            (when("disposition", is_, "true_positive"),),
            "high",
            "an officer confirmed a suspicion about the customer",
            _REVIEW,
        ),
        Rule(
            "inconclusive_again",
            (when("disposition", is_, "inconclusive"), when("inconclusive_before", Operator.AT_LEAST, 1)),
            "medium",
            "another investigation of the customer ended inconclusive before",
            _REVIEW,
        ),
    )
    calm = [
        rating_facts(rating, "false_positive", inconclusive_before=0) for rating in ("low",) * 6 + ("medium", "high")
    ]
    background = (
        *calm,
        rating_facts("low", "inconclusive", inconclusive_before=0),
        rating_facts("low", "true_positive", inconclusive_before=0),
    )
    return RuleTable("rating_review", VERSION, RATINGS, "low", rules, background)
