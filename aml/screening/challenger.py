"""nomenklatura's logic-v2 on the same query and candidates, so that users of OpenSanctions can compare and migrate.

Kept apart because it needs the optional extra `challenger`, which is imported only when somebody asks for it. Its
scores are its own: not calibrated, not additive over all features, and often exactly 1.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module, metadata
from typing import Any, NamedTuple

from aml.screening.query import Query
from aml.screening.watchlist import Entity
from explain.record import ModelRef, canonical_json, sha256_hex

NAME = "logic-v2"


class ScorerUnavailable(Exception):
    """The scorer asked for is unknown or not installed; the message says what to install."""


class Compared(NamedTuple):
    """`parts` are (feature, query value, list value, weighted score, score); the weighted scores of those that counted
    add up to `score`, which logic-v2 cuts to 0..1."""

    score: float
    parts: tuple[tuple[str, str, str, float, float], ...]
    matched_name: str


class _Algorithm(NamedTuple):
    logic: Any
    model: Any
    config: Any


@cache
def _algorithm() -> _Algorithm:
    try:
        logic = import_module("nomenklatura.matching").get_algorithm(NAME)
        model = import_module("followthemoney").model
    except ImportError as error:
        raise ScorerUnavailable(
            f"scorer {NAME} needs nomenklatura: pip install 'clearance[challenger]' (PyICU in it compiles against ICU; "
            f"on Debian: apt-get install libicu-dev pkg-config g++); {error}"
        ) from error
    if logic is None:
        raise ScorerUnavailable(f"the installed nomenklatura has no {NAME}; install a newer one")
    return _Algorithm(logic, model, logic.default_config())


@cache
def challenger_ref() -> ModelRef:
    """Name, nomenklatura's version, and the digest of the algorithm's settings with it. Raises `ScorerUnavailable`."""
    settings: dict[str, Any] = {"algorithm": NAME, "config": dict(_algorithm().config.config)}
    version = settings["nomenklatura"] = metadata.version("nomenklatura")
    return ModelRef(NAME, version, sha256_hex(canonical_json({**settings, "weights": _weights()})))


def _weights() -> dict[str, float]:
    return {feature.name: float(feature.weight) for feature in _algorithm().logic.features}


def entity_of(query: Query) -> dict[str, Any]:
    """The query as a FollowTheMoney entity. Its id is of its content: logic-v2 remembers names by id."""
    properties: dict[str, list[str]] = {"name": list(query.names)}
    for name, values in (("birthDate", query.birth_dates), ("birthPlace", query.birth_places)):
        if values and query.schema == "Person":
            properties[name] = list(values)
    if query.gender and query.schema == "Person":
        properties["gender"] = [query.gender]
    if query.countries:
        properties["nationality" if query.schema == "Person" else "country"] = list(query.countries)
    for kind, number in query.identifiers:
        properties.setdefault(kind or "idNumber", []).append(number)
    content = {"schema": query.schema, "properties": properties}
    return {"id": f"query-{sha256_hex(canonical_json(content))[:24]}", **content}


def compare_all(query: Query, entities: Sequence[Entity]) -> list[Compared]:
    """Each listed entity against the query, in the order given. Raises `ScorerUnavailable`."""
    asked = _proxy(entity_of(query))
    return [_compare(asked, entity) for entity in entities]


def _proxy(raw: Mapping[str, Any]) -> Any:
    return _algorithm().model.get_proxy({key: raw[key] for key in ("id", "schema", "properties")}, cleaned=False)


def _compare(asked: Any, entity: Entity) -> Compared:
    algorithm = _algorithm()
    result = algorithm.logic.compare(asked, _proxy(entity), algorithm.config)
    weights = _weights()
    told = [(name, part) for name, part in result.explanations.items() if part.score]
    qualifiers = {feature.name for feature in algorithm.logic.features if feature.qualifier}
    counted = max(
        (name for name, _ in told if name not in qualifiers),
        key=lambda name: weights[name] * result.explanations[name].score,
        default=None,
    )
    parts = tuple(
        (
            name,
            part.query or part.detail or "",
            part.candidate or "",
            weights[name] * part.score if name in qualifiers or name == counted else 0.0,
            float(part.score),
        )
        for name, part in told
    )
    names = [part.candidate for name, part in told if "name" in name and part.candidate]
    return Compared(float(result.score), parts, next(iter(names), entity["caption"]))


def as_log_odds(score: float) -> float:
    """The logit of a score, cut where logic-v2 says 0 or 1."""
    cut = min(max(score, 1e-6), 1.0 - 1e-6)
    return math.log(cut / (1.0 - cut))


def known(name: str) -> None:
    """Raises `ScorerUnavailable` for a scorer that there is not."""
    if name != NAME:
        raise ScorerUnavailable(f"there is no scorer {name!r}: leave it out for our own, or ask for {NAME}")
