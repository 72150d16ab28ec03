"""The nearest change of what can be changed that would have altered an outcome, verified by scoring again.

Separate from attribution: a Shapley value shares out the output that was, this asks what other facts would have led to.
Of a tree model, single changes are searched completely (a feature matters only by the interval between thresholds that
it lies in); combinations are searched over the single changes that help.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explain.background import Background
from explain.bands import BANDS, band
from explain.changeable import CHANGEABLE, Changeable
from explain.reasons import REASONS
from explain.record import Decision, Method, RuleTable, Value
from explain.replay import additive_of, rules_of, trees_of
from explain.trees import number
from explain.words import say

_ROWS = 100_000
"""Combinations scored at most for one number of features; the search would take seconds beyond."""

_Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Change:
    """One feature's other value. `follows` marks a feature that changes because another one does."""

    feature: str
    before: Value
    after: Value
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Other facts, the outcome and score that they would have had, and that in words."""

    changes: tuple[Change, ...]
    outcome: str
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class NoCounterfactual:
    """No permitted change would have altered the outcome; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Search:
    """`outcomes` scores rows, `ends` has the values at which a feature's effect may turn, `rank` orders outcomes."""

    values: _Row
    allowed: Mapping[str, Changeable]
    outcomes: Callable[[Sequence[_Row]], list[tuple[str, float]]]
    ends: Mapping[str, Sequence[float]]
    rank: Callable[[str], int]
    population: Background | None


def counterfactual(
    decision: Decision,
    model_bytes: bytes,
    *,
    changeable: Mapping[str, Changeable] = CHANGEABLE,
    population: Background | None = None,
    most: int = 3,
) -> Counterfactual | NoCounterfactual:
    """Search for the fewest, then smallest, changes that make the outcome milder (or, from the mildest, any other).

    `population` makes sizes comparable between features: the share of people between two values. `model_bytes` are
    those of the decision's model. At most `most` features change.
    """
    values = {c.feature: c.value for c in decision.explanation.contributions}
    allowed = {name: changeable[name] for name in values if name in changeable}
    if not allowed:
        return NoCounterfactual("it rests on nothing that anyone could change")
    if decision.explanation.method is Method.EXACT_RULES:
        table = rules_of(model_bytes).table
        search = _Search(values, allowed, _table_outcomes(table), {}, table.outcomes.index, population)
    else:
        cuts = next((finding.values for finding in decision.findings if finding.rule == BANDS), None)
        if cuts is None:
            return NoCounterfactual("it only scores: there is no outcome that a change could alter")
        limits = {name: float(cut) for name, cut in cuts.items() if cut is not None}
        ranked = sorted(limits, key=lambda name: (limits[name], name))
        scores, ends = _scorer(decision.explanation.method, model_bytes)

        def outcomes(rows: Sequence[_Row]) -> list[tuple[str, float]]:
            return [(band(score, limits), score) for score in scores(rows)]

        search = _Search(values, allowed, outcomes, ends, ranked.index, population)
    return _find(search, decision.outcome, most)


def _table_outcomes(table: RuleTable) -> Callable[[Sequence[_Row]], list[tuple[str, float]]]:
    return lambda rows: [(table.outcome(row), table.severity(row)) for row in rows]


def _scorer(
    method: Method, model_bytes: bytes
) -> tuple[Callable[[Sequence[_Row]], list[float]], Mapping[str, Sequence[float]]]:
    if method is Method.ADDITIVE_EXACT:
        model = additive_of(model_bytes)

        def additive(rows: Sequence[_Row]) -> list[float]:
            parts = ([model.contribution(f, row[f]) for f in model.features] for row in rows)
            return [model.score(math.fsum((model.intercept, *part))) for part in parts]

        return additive, {feature: [x for x, _ in model.shapes[feature]] for feature in model.features}
    trees = trees_of(model_bytes)

    def boosted(rows: Sequence[_Row]) -> list[float]:
        matrix = np.array([[number(row[name]) for name in trees.feature_names] for row in rows], dtype=np.float64)
        return [trees.score(margin) for margin in trees.explain(matrix).margin.tolist()]

    tables = trees.tables
    starts = tables.edge_start.tolist()
    edges = {name: tables.edges[starts[i] : starts[i + 1]].tolist() for i, name in enumerate(trees.feature_names)}
    return boosted, edges


def _find(search: _Search, outcome: str, most: int) -> Counterfactual | NoCounterfactual:
    def alters(other: str) -> bool:
        return search.rank(other) < search.rank(outcome) if search.rank(outcome) > 0 else other != outcome

    singles = {
        name: [(value, _distance(search, name, value)) for value in _candidates(name, search)]
        for name in search.allowed
    }
    helpful = {name: _helpful(search, name, options, outcome) for name, options in singles.items()}
    for count in range(1, most + 1):
        options = singles if count == 1 else helpful
        combined = list(itertools.islice(_combinations(options, count), _ROWS))
        if not combined:
            continue
        reached = search.outcomes([_changed(search, chosen) for chosen in combined])
        found = [
            (sum(far for _, _, far in chosen), index)
            for index, (chosen, (other, _)) in enumerate(zip(combined, reached, strict=True))
            if alters(other)
        ]
        if found:
            return _verified(search, combined[min(found)[1]], outcome)
    return NoCounterfactual(f"no permitted change of up to {most} features would have altered it")


_Chosen = tuple[tuple[str, Value, float], ...]


def _combinations(options: Mapping[str, list[tuple[Value, float]]], count: int) -> Iterator[_Chosen]:
    for names in itertools.combinations(options, count):
        for picked in itertools.product(*(options[name] for name in names)):
            yield tuple((name, value, far) for name, (value, far) in zip(names, picked, strict=True))


def _candidates(name: str, search: _Search) -> Iterator[Value]:
    """Every value worth trying: the listed ones, or the nearest to the present one in each interval between turns."""
    rule, now = search.allowed[name], search.values[name]
    if rule.values:
        yield from (value for value in rule.values if value != now or type(value) is not type(now))
        return
    if isinstance(now, str):
        return
    turns = set(search.ends.get(name, ()))
    for other in rule.scales:
        follower = search.values.get(other)
        if _is_number(now) and _is_number(follower) and follower:
            turns |= {end * float(now) / float(follower) for end in search.ends.get(other, ())}  # type: ignore[arg-type]
    ends = sorted(end for end in turns if rule.low <= end <= rule.high)
    present = -math.inf if now is None else float(now)
    for low, high in itertools.pairwise((rule.low, *ends, rule.high)):
        value = _plain(low, high, rule, lowest=present < low or now is None)
        if value is not None and value != present:
            yield value


def _plain(low: float, high: float, rule: Changeable, *, lowest: bool) -> float | None:
    """The roundest number in (low, high] with the rule's decimals, nearest to the end that a change comes from.

    The interval at the very beginning includes its lower end.
    """
    for digits in range(-6, rule.decimals + 1):
        scale = 10.0**digits
        if lowest:
            value = math.floor(low * scale + 1.0) / scale if low > rule.low else math.ceil(low * scale) / scale
        elif math.isinf(high):
            return None
        else:
            value = math.floor(high * scale) / scale
        if (
            (low < value or low == value == rule.low)
            and value <= high
            and abs(value - (low if lowest else high)) <= max(abs(low if lowest else high) * 0.02, 10.0**-rule.decimals)
        ):
            return value
    return None


def _helpful(search: _Search, name: str, options: list[tuple[Value, float]], outcome: str) -> list[tuple[Value, float]]:
    """Of one feature's changes, nearest first, those that move the score further the right way than all nearer ones."""
    if not options:
        return []
    ordered = sorted(options, key=lambda option: option[1])
    [(_, present)] = search.outcomes([search.values])
    sign = -1.0 if search.rank(outcome) > 0 else 1.0
    best, kept = present * sign, []
    rows = [_changed(search, ((name, value, far),)) for value, far in ordered]
    for option, (_, score) in zip(ordered, search.outcomes(rows), strict=True):
        if search.ends and score * sign <= best:
            continue
        best = max(best, score * sign)
        kept.append(option)
    return kept


def _changed(search: _Search, chosen: _Chosen) -> _Row:
    row = dict(search.values)
    for name, value, _ in chosen:
        before = search.values[name]
        row[name] = value
        for other in search.allowed[name].scales:
            follower = row.get(other)
            if _is_number(before) and _is_number(value) and _is_number(follower) and before:
                row[other] = float(follower) * float(value) / float(before)  # type: ignore[arg-type]
    return row


def _is_number(value: Value) -> bool:
    return value is not None and not isinstance(value, str)


def _distance(search: _Search, name: str, value: Value) -> float:
    """How far a value is from the present one: by share of the population, else by share of the model's own range."""
    now = search.values[name]
    if now is None or value is None or isinstance(now, str) or isinstance(value, str):
        return 1.0
    known = search.population is not None and name in search.population.quantiles
    if known and search.population is not None:
        share = abs(search.population.share_below(name, value) - search.population.share_below(name, now))
        return share + 1e-6 * abs(value - now) / (1.0 + abs(now))
    ends = search.ends.get(name, ())
    span = max(ends) - min(ends) if len(ends) > 1 else 1.0
    return abs(value - now) / (span or 1.0)


def _verified(search: _Search, chosen: _Chosen, outcome: str) -> Counterfactual:
    """Score the found row alone, as replay would, and state what differs. Raises `ArithmeticError` if it fails."""
    row = _changed(search, chosen)
    [(other, score)] = search.outcomes([row])
    if other == outcome:
        raise ArithmeticError("a counterfactual did not hold when it was scored again")
    own = {name for name, _, _ in chosen}
    changes = tuple(
        Change(name, before, row[name], name not in own)
        for name, before in search.values.items()
        if row[name] != before or type(row[name]) is not type(before)
    )
    said = " and ".join(_say(change) for change in changes if not change.follows)
    return Counterfactual(changes, other, score, f"It would have been {other} instead of {outcome}, had {said}.")


def _say(change: Change) -> str:
    words = REASONS.get(change.feature)
    if words is None:
        subject = change.feature.replace("_", " ")
        return f"{subject} been {say(change.after)} instead of {say(change.before)}"
    if isinstance(change.after, int | float) and change.after in words.levels:
        return f"it been so that {words.levels[change.after]}"
    return f"{words.subject} been {words.value(change.after)} instead of {words.value(change.before)}"
