"""Decisions in an officer's words. How a feature is said, and which norm it serves, is the table in `reasons.py`.

Numbers come from the stored explanation; nothing is computed anew, so the words cannot disagree with the record.
"""

from dataclasses import dataclass

from explain.reasons import REASONS, UNKNOWN_FEATURE
from explain.record import Contribution, Decision, DecisionKind, Finding, Method, Value

_OPENINGS = {
    DecisionKind.DOCUMENT_ACCEPTANCE: "Document",
    DecisionKind.FACE_MATCH: "Face comparison",
    DecisionKind.SCREENING: "Screening",
    DecisionKind.ONBOARDING_RISK: "Onboarding risk",
    DecisionKind.ONBOARDING_OUTCOME: "Application",
    DecisionKind.TRANSACTION_SCORE: "Transaction score",
    DecisionKind.ALERT: "Alert",
    DecisionKind.RATING_CHANGE: "Risk rating",
    DecisionKind.FILING_TRIGGER: "Filing",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: what, in words with its value; the effect on the output; the authority behind it."""

    name: str
    text: str
    effect: float
    """Signed share of the output, in the decision's margin; 0 for a rule that only states a fact."""
    citation: str


def reasons(decision: Decision, n: int = 3) -> tuple[Reason, ...]:
    """The n strongest reasons: rules that fired first, each with the effect of its facts, then features by effect."""
    table = decision.explanation.method is Method.EXACT_RULES
    effects = {c.feature: c.shap for c in decision.explanation.contributions}
    rules = [_from_finding(finding, effects) for finding in decision.findings if finding.rule != "bands"]
    rules.sort(key=lambda reason: (-abs(reason.effect), reason.name))
    said = {fact for finding in decision.findings for fact in finding.values} if table else set()
    features = [_from_contribution(c) for c in decision.explanation.ranked() if c.shap != 0.0 and c.feature not in said]
    return tuple((*rules, *features)[:n])


def sentence(decision: Decision, n: int = 3) -> str:
    """What an officer reads first: outcome, score and the strongest reasons."""
    opening = f"{_OPENINGS[decision.kind]}: {decision.outcome}"
    if decision.explanation.method is not Method.EXACT_RULES:
        opening += f" (score {decision.score:.2f})"
    strongest = reasons(decision, n)
    if not strongest:
        return f"{opening}; nothing sets it apart from the reference cases."
    parts = [reason.text + _direction(reason, decision.explanation.method) for reason in strongest]
    return f"{opening}, because {'; '.join(parts)}."


def _direction(reason: Reason, method: Method) -> str:
    if method is Method.EXACT_RULES or reason.effect == 0.0:
        return ""
    return " (raises it)" if reason.effect > 0.0 else " (lowers it)"


def _from_finding(finding: Finding, effects: dict[str, float]) -> Reason:
    effect = sum(effects.get(fact, 0.0) for fact in finding.values)
    return Reason(finding.rule, finding.text, effect, finding.citation)


def _from_contribution(contribution: Contribution) -> Reason:
    known = REASONS.get(contribution.feature)
    if known is None:
        text = UNKNOWN_FEATURE.format(name=contribution.feature.replace("_", " "), value=say(contribution.value))
        return Reason(contribution.feature, text, contribution.shap, "")
    value = contribution.value
    if value is None:
        text = f"{known.subject} is not known"
    elif not isinstance(value, str) and value in known.levels:
        text = known.levels[value]
    else:
        text = known.text.format(value=say(value, known.decimals, known.percent))
    return Reason(contribution.feature, text, contribution.shap, known.citation)


def say(value: Value, decimals: int = 2, percent: bool = False) -> str:
    """A value as people write it."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ")
    if percent:
        return f"{value * 100:.0f} %"
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:,.0f}"
