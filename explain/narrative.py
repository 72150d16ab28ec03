"""Decisions in an officer's words. How a feature is said, and which norm it serves, is the table in `reasons.py`.

Numbers come from the stored explanation; nothing is computed anew, so the words cannot disagree with the record.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from explain.background import Background
from explain.bands import BANDS
from explain.reasons import REASONS, UNKNOWN_FEATURE
from explain.record import Contribution, Decision, DecisionKind, Finding, Method, Value
from explain.words import Words, say

SAID = 3
"""Reasons in a sentence."""

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
    usual: str = ""
    """The range of nine tenths of the population, where it is known."""
    comparison: str = ""
    """`higher than 97 % of customers`, where it is known."""


def reasons(
    decision: Decision, n: int = 3, population: Background | None = None, past: Background | None = None
) -> tuple[Reason, ...]:
    """The n strongest reasons: rules that fired first, each with the effect of its facts, then features by effect.

    `population` and `past` (the customer's own) add how usual a value is; they change neither order nor effect.
    """
    table = decision.explanation.method is Method.EXACT_RULES
    effects = {c.feature: c.shap for c in decision.explanation.contributions}
    rules = [_from_finding(finding, effects) for finding in decision.findings if finding.rule != BANDS]
    rules.sort(key=lambda reason: (-abs(reason.effect), reason.name))
    said = {fact for finding in decision.findings for fact in finding.values} if table else set()
    strongest = (c for c in decision.explanation.ranked() if c.shap != 0.0 and c.feature not in said)
    features = [_from_contribution(c, population, past) for c in itertools.islice(strongest, max(n - len(rules), 0))]
    return tuple((*rules, *features)[:n])


def sentence(
    decision: Decision, n: int = SAID, population: Background | None = None, past: Background | None = None
) -> str:
    """What an officer reads first: outcome, score and the strongest reasons."""
    opening = f"{_OPENINGS[decision.kind]}: {decision.outcome}"
    if decision.explanation.method is not Method.EXACT_RULES:
        opening += f" (score {decision.score:.2f})"
    strongest = reasons(decision, n, population, past)
    return _sentence(opening, [reason.text + _aside(reason, decision.explanation.method) for reason in strongest])


def scored_sentence(
    kind: DecisionKind,
    outcome: str,
    score: float,
    findings: Sequence[Finding],
    strongest: Iterable[tuple[str, float | None, float]],
    n: int = SAID,
) -> str:
    """The `sentence` of a scored decision from its `strongest` contributions (feature, value, effect), n at least, in
    the order of `Explanation.ranked`.

    For the engine, which has no `Decision` at hand and says one for every transaction. No finding's values may be
    named as one of the features is.
    """
    parts = [finding.text for finding in sorted(findings, key=_rule) if finding.rule != BANDS][:n] if findings else []
    for feature, value, effect in strongest:
        if len(parts) == n or effect == 0.0:
            break
        parts.append(_said(feature, value) + (" (raises it)" if effect > 0.0 else " (lowers it)"))
    return _sentence(f"{_OPENINGS[kind]}: {outcome} (score {score:.2f})", parts)


def _rule(finding: Finding) -> str:
    return finding.rule


def _sentence(opening: str, parts: Sequence[str]) -> str:
    if not parts:
        return f"{opening}; nothing sets it apart from the reference cases."
    return f"{opening}, because {'; '.join(map(_clause, parts))}."


_BEGINNINGS = ("A ", "An ", "The ", "No ", "This ", "It ", "There ")


def _clause(text: str) -> str:
    """A rule's own sentence as part of another: names, codes and account numbers stay as they are."""
    return (text[0].lower() + text[1:] if text.startswith(_BEGINNINGS) else text).removesuffix(".")


@lru_cache(maxsize=16_384)
def _said(feature: str, value: float | None) -> str:
    """As `_in_words`; a payment's numbers are mostly the same few."""
    return _in_words(feature, value)


def _in_words(feature: str, value: Value) -> str:
    known = REASONS.get(feature)
    if known is None:
        return UNKNOWN_FEATURE.format(name=feature.replace("_", " "), value=say(value))
    return known.sentence(value)


def _aside(reason: Reason, method: Method) -> str:
    notes = [reason.comparison] if reason.comparison else []
    if method is not Method.EXACT_RULES and reason.effect != 0.0:
        notes.append("raises it" if reason.effect > 0.0 else "lowers it")
    return f" ({'; '.join(notes)})" if notes else ""


def _from_finding(finding: Finding, effects: dict[str, float]) -> Reason:
    effect = sum(effects.get(fact, 0.0) for fact in finding.values)
    return Reason(finding.rule, finding.text, effect, finding.citation)


def _from_contribution(contribution: Contribution, population: Background | None, past: Background | None) -> Reason:
    feature, value = contribution.feature, contribution.value
    known = REASONS.get(feature)
    text = _in_words(feature, value)
    named = known is not None and value in known.levels
    comparisons = [b.comparison(feature, value) for b in (population, past) if b is not None and not named]
    usual = None if population is None else population.usual(feature)
    return Reason(
        name=feature,
        text=text,
        effect=contribution.shap,
        citation="" if known is None else known.citation,
        usual="" if usual is None else _range(known, usual),
        comparison=", ".join(filter(None, comparisons)),
    )


def _range(words: Words | None, usual: tuple[float, float]) -> str:
    low, high = (say(end) if words is None else words.value(end) for end in usual)
    return low if low == high else f"{low} to {high}"
