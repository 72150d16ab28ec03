"""Exact Shapley values of a rule table's severity over its facts, against the table's stored background.

The game is interventional: a coalition of facts takes the decision's values, the others take a background row's, and
the payoff is the severity; averaged over the background. A fact matters to a row only where it turns a condition, so
whole subsets can be enumerated. All sums are integers and fractions, rounded once at the end: no machine differs.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import factorial

import numpy as np

from explain.record import (
    Condition,
    Contribution,
    Explanation,
    Finding,
    Method,
    RuleTable,
    Value,
    additivity_error,
)

MOST_PLAYERS = 20
"""More facts than this turning conditions against one background row would need over a million subsets."""

_TABLES = 64
_VECTORS = 4096


class TooManyFacts(ValueError):
    """The table's facts differ from a background row in too many ways for an exact answer; use a closer background."""


@dataclass(slots=True)
class _Compiled:
    """A table's conditions numbered, with the truth of each on each background row and what was computed before."""

    table: RuleTable
    conditions: tuple[Condition, ...]
    rules: tuple[tuple[int, tuple[int, ...]], ...]
    """Severity above zero and the numbers of the conditions, most severe first."""
    facts: tuple[str, ...]
    background: tuple[tuple[bool, ...], ...]
    base: Fraction
    known: OrderedDict[tuple[bool, ...], dict[str, float]] = field(default_factory=OrderedDict)


_compiled: OrderedDict[int, _Compiled] = OrderedDict()


def explain_rules(table: RuleTable, facts: Mapping[str, Value]) -> Explanation:
    """Explain the severity of a table's outcome. Each fact given is a contribution; one that turns nothing has zero.

    Raises `KeyError` for a missing fact, `ValueError` for a table without background, and `TooManyFacts`.
    """
    compiled = _compile(table)
    truth = tuple(condition.holds(facts) for condition in compiled.conditions)
    effects = compiled.known.get(truth)
    if effects is None:
        effects = _shapley(compiled, truth)
        compiled.known[truth] = effects
        if len(compiled.known) > _VECTORS:
            compiled.known.popitem(last=False)
    contributions = tuple(Contribution(fact, value, effects.get(fact, 0.0)) for fact, value in facts.items())
    base, output = float(compiled.base), table.severity(facts)
    error = additivity_error(base, tuple(c.shap for c in contributions), output)
    return Explanation(Method.EXACT_RULES, base, contributions, output, error)


def rule_findings(table: RuleTable, facts: Mapping[str, Value]) -> tuple[Finding, ...]:
    """The rules that fired, as findings that carry the values they looked at. `replay` expects exactly these."""
    return tuple(
        Finding(rule.name, rule.outcome, rule.text, rule.citation, {c.fact: facts[c.fact] for c in rule.when})
        for rule in table.fired(facts)
    )


def _compile(table: RuleTable) -> _Compiled:
    """Compiled tables are kept by identity; keeping the table itself makes sure that the identity stays its own."""
    compiled = _compiled.get(id(table))
    if compiled is not None:
        return compiled
    if not table.background:
        raise ValueError(f"rule table {table.name} has no background to compare with")
    numbers: dict[tuple[str, str, str, Value], int] = {}
    conditions: list[Condition] = []
    rules = []
    for rule in table.rules:
        members = []
        for condition in rule.when:
            key = (condition.fact, condition.operator, type(condition.operand).__name__, condition.operand)
            if key not in numbers:
                numbers[key] = len(conditions)
                conditions.append(condition)
            members.append(numbers[key])
        rules.append((table.outcomes.index(rule.outcome), tuple(members)))
    floor = table.outcomes.index(table.default)
    severities = [int(table.severity(row)) for row in table.background]
    compiled = _Compiled(
        table=table,
        conditions=tuple(conditions),
        rules=tuple(sorted((rule for rule in rules if rule[0] > floor), key=lambda rule: -rule[0])),
        facts=tuple(dict.fromkeys(condition.fact for condition in conditions)),
        background=tuple(tuple(c.holds(row) for c in conditions) for row in table.background),
        base=Fraction(sum(severities), len(severities)),
    )
    _compiled[id(table)] = compiled
    if len(_compiled) > _TABLES:
        _compiled.popitem(last=False)
    return compiled


def _shapley(compiled: _Compiled, truth: tuple[bool, ...]) -> dict[str, float]:
    totals = dict.fromkeys(compiled.facts, Fraction(0))
    for background in compiled.background:
        for fact, effect in _against(compiled, truth, background).items():
            totals[fact] += effect
    return {fact: float(total / len(compiled.background)) for fact, total in totals.items()}


def _against(compiled: _Compiled, truth: tuple[bool, ...], background: tuple[bool, ...]) -> dict[str, Fraction]:
    """Shapley values against one background row. A rule asks some facts for our value, some for theirs."""
    players: dict[str, int] = {}
    live: list[tuple[int, int, int]] = []
    for severity, members in compiled.rules:
        if any(not truth[c] and not background[c] for c in members):
            continue
        ours = theirs = 0
        for c in members:
            if truth[c] != background[c]:
                bit = 1 << players.setdefault(compiled.conditions[c].fact, len(players))
                if truth[c]:
                    ours |= bit
                else:
                    theirs |= bit
        if not ours & theirs:
            live.append((severity, ours, theirs))
    count = len(players)
    if count > MOST_PLAYERS:
        raise TooManyFacts(f"{count} facts turn conditions against one background row of {compiled.table.name}")
    if count == 0:
        return {}
    floor = compiled.table.outcomes.index(compiled.table.default)
    subsets = np.arange(1 << count)
    payoff = np.full(1 << count, floor, dtype=np.int64)
    for severity, ours, theirs in live:
        fires = (subsets & (ours | theirs)) == ours
        np.maximum(payoff, severity, out=payoff, where=fires)
    sizes = np.bitwise_count(subsets).astype(np.int64)
    weights = _weights(count)
    effects = {}
    for fact, index in players.items():
        without = subsets[(subsets >> index & 1) == 0]
        gains = payoff[without | (1 << index)] - payoff[without]
        by_size = np.bincount(sizes[without], weights=gains, minlength=count)
        effects[fact] = sum((w * int(g) for w, g in zip(weights, by_size, strict=True)), start=Fraction(0))
    return effects


@lru_cache(maxsize=MOST_PLAYERS + 1)
def _weights(count: int) -> tuple[Fraction, ...]:
    """Shapley's weight of a coalition by its size."""
    return tuple(Fraction(factorial(k) * factorial(count - 1 - k), factorial(count)) for k in range(count))
