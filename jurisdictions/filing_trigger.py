"""When an investigated suspicion is to be reported: the regime's duty as a rule table over how the case ended.

Apart from the regimes because it is a rule, not a number: what it compares with and cites comes from them.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from aml.money import Money
from explain.record import Condition, Operator, Rule, RuleTable, Value
from jurisdictions.regime import HOUSE_RULE, Regime

OUTCOMES = ("none", "voluntary", "required")
FACTS = ("disposition", "amount_reached", "structuring", "typologies", "regime")
CONFIRMED = "true_positive"
STRUCTURING = "structuring"

_VOLUNTARY = {"US": "31 CFR 1020.320(a)(1): a bank may also file where reporting is not required"}
_EVASION = {"US": "31 CFR 1020.320(a)(2)(ii): designed to evade any requirements of this chapter"}


def filing_trigger_table(regime: Regime) -> RuleTable:
    """The table of a regime: `required`, `voluntary` or `none`. An amount that is not known counts as reached."""
    threshold = regime.suspicion_threshold
    confirmed = Condition("disposition", Operator.IS, CONFIRMED)
    reached = Condition("amount_reached", Operator.IS, True)
    rules = [
        Rule(
            "SUSPICION_REPORTABLE",
            (confirmed, reached),
            "required",
            f"the suspicion was confirmed and the amount reaches {threshold.value}",
            threshold.citation,
        ),
        Rule(
            "AMOUNT_UNKNOWN",
            (confirmed, Condition("amount_reached", Operator.IS, None)),
            "required",
            "the suspicion was confirmed and the amount is not known, which counts as reached",
            f"{HOUSE_RULE}: what may be owed is filed",
        ),
    ]
    if regime.code in _EVASION:
        evading = (confirmed, Condition(STRUCTURING, Operator.IS, True), reached)
        text = "the payments were split so as to stay below a reporting threshold"
        rules.append(Rule("EVASION_REPORTABLE", evading, "required", text, _EVASION[regime.code]))
    if threshold.value.value > 0:
        rules.append(
            Rule(
                "BELOW_THRESHOLD",
                (confirmed, Condition("amount_reached", Operator.IS, False)),
                "voluntary",
                f"the suspicion was confirmed and the amount stays below {threshold.value}",
                _VOLUNTARY.get(regime.code, f"{HOUSE_RULE}: a confirmed suspicion is reported"),
            )
        )
    return RuleTable("filing_trigger", regime.version, OUTCOMES, "none", tuple(rules), _background(regime))


def filing_facts(
    regime: Regime, disposition: str, typologies: Iterable[str], amounts: Iterable[Money]
) -> dict[str, Value]:
    """The facts of a case that ended: its disposition, what its alerts found, the money of its transactions."""
    found = sorted(set(typologies))
    return _facts(regime, disposition, ",".join(found), STRUCTURING in found, amount_reached(regime, amounts))


def amount_reached(regime: Regime, amounts: Iterable[Money]) -> bool | None:
    """Whether the amounts together reach the suspicion threshold; None where no amount, or a currency without a rate,
    leaves it open."""
    threshold = regime.suspicion_threshold.value
    told = list(amounts)
    known = [money.amount for money in told if money.currency == threshold.currency]
    if known and sum(known, Decimal(0)) >= threshold.value:
        return True
    return False if told and len(known) == len(told) else None


def _facts(
    regime: Regime, disposition: str, typologies: str, structuring: bool, reached: bool | None
) -> dict[str, Value]:
    return dict(zip(FACTS, (disposition, reached, structuring, typologies, regime.code), strict=True))


def _background(regime: Regime) -> tuple[Mapping[str, Value], ...]:
    """How alert cases end, as the house assumes it: mostly dismissed, over and under the threshold alike."""
    return (
        *(_facts(regime, "false_positive", "fan_in", False, reached) for reached in (True, True, False)),
        _facts(regime, "false_positive", STRUCTURING, True, False),
        _facts(regime, "inconclusive", "pass_through", False, True),
        _facts(regime, CONFIRMED, STRUCTURING, True, True),
    )
