"""A decision computed again from what is stored: feature values and model bytes, nothing else.

Separate from whatever made the decision, so that it holds after policy and code have moved on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from explain.attribution import AdditiveModel, TreeModel, explain_additive, explain_rules, rule_findings
from explain.bands import BANDS, band
from explain.record import Decision, Explanation, Finding, Method, RuleTable, Value, sha256_hex


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that came out differently: what, as stored, as recomputed."""

    what: str
    stored: Value
    recomputed: Value


@dataclass(frozen=True, slots=True)
class Replay:
    """`checked` names what was recomputed; `identical` means every one of them is equal bit for bit."""

    identical: bool
    differences: tuple[Difference, ...]
    checked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A decision computed again. `explanation` is None where the model's bytes no longer read: `problem` says why."""

    model_sha256: str
    explanation: Explanation | None = None
    score: float | None = None
    outcome: str | None = None
    fired: tuple[Finding, ...] | None = None
    rules: frozenset[str] = frozenset()
    """The names of the table's rules: the findings that it answers for."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Rules:
    table: RuleTable
    names: frozenset[str]


def replay(decision: Decision, model_bytes: bytes) -> Replay:
    """Recompute a decision from its feature values and the model's bytes, and compare."""
    values = {c.feature: c.value for c in decision.explanation.contributions}
    return compare(decision, recompute(decision.explanation.method, values, model_bytes, decision.findings))


def recompute(
    method: Method, values: Mapping[str, Value], model_bytes: bytes, findings: tuple[Finding, ...]
) -> Recomputed:
    """Score, outcome, explanation and fired rules from inputs alone: whoever calls need not have seen the result.

    The outcome of a scored decision is recomputed where `findings` state the bands (see `explain.bands`). Bytes that no
    longer read are a result (`problem`), not an error.
    """
    digest = sha256_hex(model_bytes)
    try:
        match method:
            case Method.TREE_PATH_DEPENDENT:
                trees = trees_of(model_bytes)
                explanation = trees.explanation([values[name] for name in trees.feature_names])
                score = trees.score(explanation.output)
                return Recomputed(digest, explanation, score, _banded(findings, score))
            case Method.ADDITIVE_EXACT:
                additive = additive_of(model_bytes)
                explanation = explain_additive(additive, values)
                score = additive.score(explanation.output)
                return Recomputed(digest, explanation, score, _banded(findings, score))
            case Method.EXACT_RULES:
                rules = rules_of(model_bytes)
                table = rules.table
                explanation = explain_rules(table, values)
                fired = rule_findings(table, values)
                return Recomputed(
                    digest, explanation, table.severity(values), table.outcome(values), fired, rules.names
                )
    except (ValueError, KeyError) as error:
        return Recomputed(digest, problem=f"{type(error).__name__}: {error}")


def compare(decision: Decision, again: Recomputed) -> Replay:
    """What is equal, bit for bit, and what is not. `checked` says whether the outcome was among it."""
    if again.model_sha256 != decision.model.sha256:
        difference = Difference("model.sha256", decision.model.sha256, again.model_sha256)
        return Replay(False, (difference,), ("model.sha256",))
    if again.explanation is None:
        return Replay(False, (Difference("explanation", "readable", again.problem),), ())
    pairs: list[tuple[str, Value, Value]] = [
        ("score", decision.score, again.score),
        ("output", decision.explanation.output, again.explanation.output),
        ("base_value", decision.explanation.base_value, again.explanation.base_value),
        ("additivity_error", decision.explanation.additivity_error, again.explanation.additivity_error),
        ("features", _names(decision.explanation), _names(again.explanation)),
    ]
    stored = {c.feature: c.shap for c in decision.explanation.contributions}
    pairs += [(f"shap.{c.feature}", stored.get(c.feature), c.shap) for c in again.explanation.contributions]
    if again.outcome is not None:
        pairs.append(("outcome", decision.outcome, again.outcome))
    if again.fired is not None:
        kept = [finding for finding in decision.findings if finding.rule in again.rules]
        pairs.append(("findings", _texts(kept), _texts(again.fired)))
    differences = tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])
    checked = ["model.sha256", "score", "output", "base_value", "additivity_error", "features", "shap"]
    checked += ["outcome"] if again.outcome is not None else []
    checked += ["findings"] if again.fired is not None else []
    return Replay(not differences, differences, tuple(checked))


def _banded(findings: tuple[Finding, ...], score: float) -> str | None:
    for finding in findings:
        if finding.rule == BANDS:
            return band(score, {name: float(cut) for name, cut in finding.values.items() if cut is not None})
    return None


def _names(explanation: Explanation) -> str:
    return " ".join(c.feature for c in explanation.contributions)


def _texts(findings: list[Finding] | tuple[Finding, ...]) -> str:
    return "; ".join(f"{f.rule} -> {f.effect} [{f.citation}] {sorted(f.values.items())}" for f in findings)


@lru_cache(maxsize=32)
def trees_of(model_bytes: bytes) -> TreeModel:
    """The tree model of these bytes, tabulated once."""
    return TreeModel.from_text(model_bytes)


@lru_cache(maxsize=32)
def additive_of(model_bytes: bytes) -> AdditiveModel:
    return AdditiveModel.from_bytes(model_bytes)


@lru_cache(maxsize=32)
def rules_of(model_bytes: bytes) -> _Rules:
    table = RuleTable.from_bytes(model_bytes)
    return _Rules(table, frozenset(rule.name for rule in table.rules))
