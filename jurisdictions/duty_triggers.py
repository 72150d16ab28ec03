"""When cash and freezes are to be reported: duties that no officer decides, as rule tables with the regime's citations.

Apart from `filing_trigger`, which judges a suspicion that officers confirmed.
"""

from explain.record import Condition, Operator, Rule, RuleTable, Value
from jurisdictions.regime import Regime

CASH_FACTS = ("cash_in_exceeds", "cash_out_exceeds", "regime")
FREEZE_FACTS = ("frozen", "holds_property", "regime")


def cash_trigger_table(regime: Regime) -> RuleTable:
    """Cash in, or cash out, of one person and business day over the threshold; the two are never set off."""
    threshold = regime.reporting_threshold
    rules = tuple(
        Rule(
            f"CASH_{way.upper()}_REPORTABLE",
            (Condition(f"cash_{way}_exceeds", Operator.IS, True),),
            "required",
            f"cash {way} of one person on one business day exceeds {threshold.value}",
            threshold.citation,
        )
        for way in ("in", "out")
    )
    background = tuple(cash_facts(regime, *each) for each in ((False, False),) * 7 + ((True, False), (False, True)))
    return RuleTable("cash_trigger", regime.version, ("none", "required"), "none", rules, background)


def cash_facts(regime: Regime, cash_in: bool, cash_out: bool) -> dict[str, Value]:
    return dict(zip(CASH_FACTS, (cash_in, cash_out, regime.code), strict=True))


def freeze_trigger_table(regime: Regime) -> RuleTable:
    """A person was frozen: `blocking` where we hold property of theirs, `rejection` where there was only business to
    refuse."""
    clock = regime.filing.blocking
    frozen = Condition("frozen", Operator.IS, True)
    rules = (
        Rule(
            "BLOCKED_PROPERTY_REPORTABLE",
            (frozen, Condition("holds_property", Operator.IS, True)),
            "blocking",
            f"property of a sanctioned person was blocked: {clock.value.days} {clock.value.unit.value} to report it",
            clock.citation,
        ),
        Rule(
            "REJECTION_REPORTABLE",
            (frozen, Condition("holds_property", Operator.IS, False)),
            "rejection",
            f"business with a sanctioned person was refused: {clock.value.days} {clock.value.unit.value} to report it",
            clock.citation,
        ),
    )
    background = tuple(
        freeze_facts(regime, *each) for each in ((False, True), (False, False), (True, True), (True, False))
    )
    return RuleTable("freeze_trigger", regime.version, ("none", "rejection", "blocking"), "none", rules, background)


def freeze_facts(regime: Regime, frozen: bool, holds_property: bool) -> dict[str, Value]:
    return dict(zip(FREEZE_FACTS, (frozen, holds_property, regime.code), strict=True))
