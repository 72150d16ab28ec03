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
from numpy.typing import NDArray

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
"""More facts than this sharing rules, and differing from one background row, would need over a million subsets."""

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


@dataclass(frozen=True, slots=True)
class _Part:
    """Facts that share rules, apart from all others: how many of their subsets of each size let no rule fire, and for
    each fact by how much joining changes that number, by the size of the subset joined."""

    quiet: list[int]
    changes: dict[str, list[int]]


def _against(compiled: _Compiled, truth: tuple[bool, ...], background: tuple[bool, ...]) -> dict[str, Fraction]:
    """Shapley values against one background row.

    The severity is the sum over levels of "some rule of at least this level fires", so each level is a game of its own.
    No rule fires where none fires in any part of facts that share rules: sizes multiply like polynomials, and only the
    subsets of single parts are enumerated.
    """
    live: list[tuple[int, frozenset[str], frozenset[str]]] = []
    for severity, members in compiled.rules:
        if all(truth[c] or background[c] for c in members):
            turned = [c for c in members if truth[c] != background[c]]
            ours = frozenset(compiled.conditions[c].fact for c in turned if truth[c])
            theirs = frozenset(compiled.conditions[c].fact for c in turned if background[c])
            if not ours & theirs:
                live.append((severity, ours, theirs))
    effects: dict[str, Fraction] = {}
    floor = compiled.table.outcomes.index(compiled.table.default)
    for level in range(floor + 1, len(compiled.table.outcomes)):
        rules = [(ours, theirs) for severity, ours, theirs in live if severity >= level]
        if any(not ours and not theirs for ours, theirs in rules):
            continue
        parts = [_part(names, rules, compiled.table.name) for names in _connected(rules)]
        for index, part in enumerate(parts):
            others = [1]
            for other in parts[:index] + parts[index + 1 :]:
                others = _multiply(others, other.quiet)
            for fact, changes in part.changes.items():
                by_size = _multiply(others, changes)
                weights = _weights(len(by_size))
                loss = sum((w * n for w, n in zip(weights, by_size, strict=True)), start=Fraction(0))
                effects[fact] = effects.get(fact, Fraction(0)) - loss
    return effects


def _connected(rules: list[tuple[frozenset[str], frozenset[str]]]) -> list[list[str]]:
    """Facts grouped so that no rule looks at two groups; in order of name."""
    groups: list[set[str]] = []
    for ours, theirs in rules:
        joined = set(ours | theirs)
        for group in [group for group in groups if group & joined]:
            joined |= group
            groups.remove(group)
        groups.append(joined)
    return sorted(sorted(group) for group in groups)


def _part(names: list[str], rules: list[tuple[frozenset[str], frozenset[str]]], table: str) -> _Part:
    count = len(names)
    if count > MOST_PLAYERS:
        raise TooManyFacts(f"{count} facts that share rules differ from one background row of {table}")
    bit = {name: 1 << index for index, name in enumerate(names)}
    subsets = np.arange(1 << count)
    quiet = np.ones(1 << count, dtype=np.int64)
    for ours, theirs in rules:
        if not (ours | theirs) <= bit.keys():
            continue
        wanted = sum(bit[name] for name in ours)
        looked = wanted | sum(bit[name] for name in theirs)
        quiet[(subsets & looked) == wanted] = 0
    sizes = np.bitwise_count(subsets).astype(np.int64)
    changes = {}
    for name in names:
        without = subsets[(subsets & bit[name]) == 0]
        gains = quiet[without | bit[name]] - quiet[without]
        changes[name] = _by_size(sizes[without], gains, count)
    return _Part(_by_size(sizes, quiet, count + 1), changes)


def _by_size(sizes: NDArray[np.int64], numbers: NDArray[np.int64], count: int) -> list[int]:
    """Sums by subset size; floats hold these whole numbers exactly, as they stay below 2^20."""
    return [int(total) for total in np.bincount(sizes, weights=numbers, minlength=count)]


def _multiply(left: list[int], right: list[int]) -> list[int]:
    """The product of two polynomials."""
    product = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    return product


@lru_cache(maxsize=256)
def _weights(count: int) -> tuple[Fraction, ...]:
    """Shapley's weight of a coalition by its size."""
    return tuple(Fraction(factorial(k) * factorial(count - 1 - k), factorial(count)) for k in range(count))
