"""Screening: a query against an index of watchlists, every hit with what speaks for and against it.

The one function to call is `screen`; it fetches candidates, scores their names, then the entities, and says why.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from aml.screening import challenger
from aml.screening.alignment import Alignment, align
from aml.screening.evidence import NAME_FEATURES, birth_date, country, gender, identifier, name_values
from aml.screening.index import ScreeningIndex
from aml.screening.query import Query
from aml.screening.records import ListedName, Record, by_script, name_tokens, normal_number
from aml.screening.scorer import Scorer, probability, reference_scorer
from aml.screening.watchlist import Entity, ListVersion
from explain.record import ModelRef

CANDIDATES = 120
STRONG = 0.95
POSSIBLE = 0.5


@dataclass(frozen=True, slots=True)
class HitContribution:
    """One feature's share of a hit's log-odds: `delta` is relative to the scorer's base, `value` the feature."""

    feature: str
    query_value: str
    list_value: str
    delta: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed entity that the query may mean. `Σ delta` of the contributions (the first, `base`, is what an average
    pair has) is `log_odds`; `score` is that as a probability. `rule` names the hard rule or `additive`."""

    entity_id: str
    list_name: str
    list_version: str
    list_sha256: str
    schema: str
    caption: str
    score: float
    log_odds: float
    contributions: tuple[HitContribution, ...]
    matched_name: str
    rule: str
    strength: str
    text: str


@dataclass(frozen=True, slots=True)
class ScreeningResult:
    """What was asked of which versions, and the hits, best first. `strength` is the strongest hit's: none, possible,
    strong or exact."""

    query: Query
    index_version: str
    lists: tuple[ListVersion, ...]
    scorer: ModelRef
    threshold: float
    hits: tuple[Hit, ...]
    strength: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate entity with its best name, the features' values and what they compared."""

    log_odds: float
    number: int
    record: Record
    name: ListedName
    alignment: Alignment | None
    query_name: str
    values: dict[str, float | None]
    compared: dict[str, tuple[str, str]]
    rule: str


def screen(
    query: Query,
    *,
    index: ScreeningIndex,
    lists: Collection[str] | None = None,
    threshold: float = POSSIBLE,
    limit: int = 10,
    exclude: Collection[str] = (),
    scorer: Scorer | str | None = None,
    candidates: int = CANDIDATES,
) -> ScreeningResult:
    """Match a query against the lists of an index (all, or those named).

    `scorer` is our own reference scorer where left out; `"logic-v2"` has nomenklatura judge the same candidates (raises
    `ScorerUnavailable` where the extra `challenger` is not installed).

    Hits have at least `threshold` probability or a hard rule, at most `limit` of them, none of the entity ids in
    `exclude` (hits cleared before). Equal scores are ordered by entity id, so that the answer never depends on chance.
    """
    if isinstance(scorer, str):
        return _challenge(query, index, lists, threshold, limit, exclude, scorer, candidates)
    model = scorer or reference_scorer()
    floor = math.log(threshold / (1.0 - threshold)) - 1e-9 if 0.0 < threshold < 1.0 else -math.inf
    wanted = _wanted(index, lists)
    scored = compare(
        query, index=index, scorer=model, wanted=wanted, exclude=exclude, candidates=candidates, floor=floor
    )
    kept = [entry for entry in scored if entry.rule != "additive" or probability(entry.log_odds) >= threshold]
    hits = tuple(_hit(entry, index, model) for entry in kept[:limit])
    return _result(query, index, wanted, model.ref, threshold, hits)


def _wanted(index: ScreeningIndex, lists: Collection[str] | None) -> set[int] | None:
    return None if lists is None else {i for i, ref in enumerate(index.lists) if ref.name in lists}


def _result(
    query: Query,
    index: ScreeningIndex,
    wanted: Collection[int] | None,
    scorer: ModelRef,
    threshold: float,
    hits: tuple[Hit, ...],
) -> ScreeningResult:
    order = ("none", "possible", "strong", "exact")
    return ScreeningResult(
        query=query,
        index_version=index.version,
        lists=tuple(ref for i, ref in enumerate(index.lists) if wanted is None or i in wanted),
        scorer=scorer,
        threshold=threshold,
        hits=hits,
        strength=max((hit.strength for hit in hits), key=order.index, default="none"),
    )


def _challenge(
    query: Query,
    index: ScreeningIndex,
    lists: Collection[str] | None,
    threshold: float,
    limit: int,
    exclude: Collection[str],
    scorer: str,
    candidates: int,
) -> ScreeningResult:
    """The same candidates, judged by the challenger; its contributions add up to its score."""
    challenger.known(scorer)
    ref = challenger.challenger_ref()
    wanted = _wanted(index, lists)
    numbers = [
        number
        for number in _candidates(query, _asked(query), index, candidates)
        if _admitted(index.record(number), query, wanted, exclude)
    ]
    entities = [index.entity(number) for number in numbers]
    judged = zip(numbers, entities, challenger.compare_all(query, entities), strict=True)
    kept = sorted(
        (entry for entry in judged if entry[2].score >= threshold), key=lambda entry: (-entry[2].score, entry[1]["id"])
    )
    hits = tuple(_challenger_hit(query, index, number, entity, compared) for number, entity, compared in kept[:limit])
    return _result(query, index, wanted, ref, threshold, hits)


def _challenger_hit(
    query: Query, index: ScreeningIndex, number: int, entity: Entity, compared: challenger.Compared
) -> Hit:
    ref = index.lists[index.record(number).list_index]
    return Hit(
        entity_id=entity["id"],
        list_name=ref.name,
        list_version=ref.version,
        list_sha256=ref.sha256,
        schema=entity["schema"],
        caption=entity["caption"],
        score=compared.score,
        log_odds=challenger.as_log_odds(compared.score),
        contributions=tuple(
            HitContribution(feature, ours, theirs, delta, value)
            for feature, ours, theirs, delta, value in compared.parts
        ),
        matched_name=compared.matched_name,
        rule=challenger.NAME,
        strength="strong" if compared.score >= STRONG else "possible",
        text=f"“{', '.join(query.names)}” against “{compared.matched_name}” on {ref.name} ({ref.version}), "
        f"by nomenklatura {challenger.NAME}.",
    )


def compare(
    query: Query,
    *,
    index: ScreeningIndex,
    scorer: Scorer,
    wanted: Collection[int] | None = None,
    exclude: Collection[str] = (),
    candidates: int = CANDIDATES,
    floor: float = -math.inf,
) -> list[Scored]:
    """Every candidate with its evidence and log-odds, hard rules first, then by score: what `screen`
    shows of, and training learns from.

    Candidates that cannot reach the log-odds `floor`, whatever their other facts say, are left out early.
    """
    name_floor = floor - scorer.intercept - scorer.headroom(_facts_of(query)) if not query.identifiers else -math.inf
    asked = _asked(query)
    scored = [
        entry
        for number, places in _candidates(query, asked, index, candidates).items()
        if _admitted(record := index.record(number), query, wanted, exclude)
        and (entry := _score(query, asked, number, record, places, index, scorer, name_floor))
    ]
    scored.sort(key=lambda entry: (entry.rule == "additive", -entry.log_odds, entry.record.id))
    return scored


def _asked(query: Query) -> list[tuple[str, tuple[str, ...]]]:
    """The names asked for, a script apart, with their tokens."""
    return [
        (part, found) for name in query.names for part in by_script(name) if (found := name_tokens(part, query.kind))
    ]


def _facts_of(query: Query) -> tuple[str, ...]:
    told = {"birth_date": query.birth_dates, "country": query.countries, "gender": query.gender}
    return tuple(feature for feature, value in told.items() if value)


def _candidates(
    query: Query, asked: list[tuple[str, tuple[str, ...]]], index: ScreeningIndex, limit: int
) -> dict[int, set[int]]:
    """Entity numbers with the names that were found; by identifier with none, which means all its names."""
    found: dict[int, set[int]] = {}
    for _, number in query.identifiers:
        for holder in index.holders(normal_number(number)):
            found.setdefault(holder, set())
    for _, tokens in asked:
        for entity, name in index.candidates(tokens, query.kind, limit) or index.scan(tokens, query.kind, limit):
            found.setdefault(entity, set()).add(name)
    return found


def _admitted(record: Record, query: Query, wanted: Collection[int] | None, exclude: Collection[str]) -> bool:
    if record.id in exclude or (wanted is not None and record.list_index not in wanted):
        return False
    return record.kind == query.kind or "any" in (record.kind, query.kind)


def _score(
    query: Query,
    asked: list[tuple[str, tuple[str, ...]]],
    number: int,
    record: Record,
    places: set[int],
    index: ScreeningIndex,
    model: Scorer,
    name_floor: float,
) -> Scored | None:
    is_person = "person" in (query.kind, record.kind)
    names = [record.names[place] for place in sorted(places)] if places else list(record.names)
    best: tuple[float, ListedName, Alignment, str, tuple[float, ...]] | None = None
    for text, tokens in asked:
        weights = index.weights(tokens, is_person)
        for name in names:
            alignment = align(tokens, weights, name.tokens, index.weights(name.tokens, is_person))
            grades = name_values(alignment, name.weak)
            worth = model.name_worth(grades)
            if best is None or worth > best[0]:
                best = (worth, name, alignment, text, grades)
    if best is not None and best[0] < name_floor:
        return None
    number_grade, ours, theirs, rule = identifier(query, record)
    values: dict[str, float | None]
    if best is None:
        if number_grade is None or not record.names:
            return None
        best = (0.0, record.names[0], align((), (), (), ()), "", ())
        values = dict.fromkeys(NAME_FEATURES)
    else:
        values = dict(zip(NAME_FEATURES, best[4], strict=True))
    born, born_ours, born_theirs = birth_date(query.birth_dates, record.birth_dates)
    from_where, where_ours, where_theirs = country(query.countries, record)
    sex, sex_ours, sex_theirs = gender(query.gender, record.gender)
    values |= {"birth_date": born, "country": from_where, "gender": sex, "identifier": number_grade}
    compared = {
        "birth_date": (born_ours, born_theirs),
        "country": (where_ours, where_theirs),
        "gender": (sex_ours, sex_theirs),
        "identifier": (ours, theirs),
    }
    return Scored(
        model.log_odds(values), number, record, best[1], best[2], best[3], values, compared, rule or "additive"
    )


def _hit(entry: Scored, index: ScreeningIndex, model: Scorer) -> Hit:
    ref = index.lists[entry.record.list_index]
    entity = index.entity(entry.number)
    contributions = [HitContribution("base", "", "", model.base)]
    for feature in model.features:
        value = entry.values[feature]
        ours, theirs = entry.compared.get(feature) or _names_compared(feature, entry)
        contributions.append(
            HitContribution(feature, ours, theirs, model.part(feature, value) - model.background[feature], value)
        )
    score = probability(entry.log_odds)
    return Hit(
        entity_id=entry.record.id,
        list_name=ref.name,
        list_version=ref.version,
        list_sha256=ref.sha256,
        schema=entity["schema"],
        caption=entity["caption"],
        score=score,
        log_odds=entry.log_odds,
        contributions=tuple(contributions),
        matched_name=entry.name.text,
        rule=entry.rule,
        strength=_strength(entry, score),
        text=_text(entry, ref),
    )


def _names_compared(feature: str, entry: Scored) -> tuple[str, str]:
    if entry.alignment is None:
        return "", ""
    paired = entry.alignment.pairs
    if feature in ("name_agreement", "name_close", "name_fair", "name_faint"):
        return " ".join(left for left, _, _ in paired), " ".join(right for _, right, _ in paired)
    return entry.query_name, entry.name.text


def _strength(entry: Scored, score: float) -> str:
    """Exact: a hard rule, or a name without any difference and the same birth date. A model alone is never exact."""
    if entry.rule != "additive":
        return "exact"
    same_name = all(entry.values[name] == full for name, full in _WITHOUT_DIFFERENCE)
    if same_name and entry.values["birth_date"] == 1.0 and len(entry.name.tokens) > 1:
        return "exact"
    return "strong" if score >= STRONG else "possible"


_WITHOUT_DIFFERENCE = (
    ("name_close", 0.0),
    ("name_fair", 0.0),
    ("name_faint", 0.0),
    ("name_contradiction", 0.0),
    ("name_beyond_list", 0.0),
    ("name_beyond_query", 0.0),
)


@lru_cache(maxsize=64)
def _rule_words(rule: str) -> str:
    return rule.removeprefix("exact_").replace("_", " ")


def _text(entry: Scored, ref: ListVersion) -> str:
    """One sentence for the officer: what agreed, what did not."""
    parts = [f"“{entry.query_name}” against “{entry.name.text}” on {ref.name} ({ref.version})"]
    if entry.rule != "additive":
        parts.append(f"the same {_rule_words(entry.rule)}: {entry.compared['identifier'][1]}")
    for feature, word in (("birth_date", "birth date"), ("country", "country"), ("gender", "sex")):
        value = entry.values[feature]
        if value is not None:
            ours, theirs = entry.compared[feature]
            parts.append(f"{word} {'agrees' if value > 0 else 'differs'} ({ours} / {theirs})")
    return "; ".join(parts) + "."
