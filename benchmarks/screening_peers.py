"""Whom screening is compared with: our scorer, rapidfuzz's token_sort and nomenklatura's logic-v2, one thread each.

A contender answers every query of a suite with the score of the entity that is meant, or for strangers of the best one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

from rapidfuzz import fuzz, process

from aml.screening import ScorerUnavailable, ScreeningIndex, query_of, screen
from aml.screening.challenger import challenger_ref, compare_all
from aml.screening.index import ENOUGH
from aml.screening.matcher import CANDIDATES
from aml.screening.records import name_tokens
from benchmarks.screening_suites import Suite, queries

NOTHING = -99.0
LOGIC_CANDIDATES = 25
"""logic-v2 judges this many entities a query: the nearest by our index, and always the one that is meant, so that its
recall is not ours."""
Contender = Callable[[Suite, ScreeningIndex], tuple[list[float], float]]
"""Gives a score for each query (found ones first) and the processor milliseconds a query."""


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    settings: str
    contend: Contender


def ours(suite: Suite, index: ScreeningIndex) -> tuple[list[float], float]:
    scores: list[float] = []
    start = time.process_time()
    for told, meant in queries(suite):
        hits = screen(query_of(told), index=index, threshold=0.0, limit=1000).hits
        scores.append(next((hit.log_odds for hit in hits if meant in (None, hit.entity_id)), NOTHING))
    return scores, 1000 * (time.process_time() - start) / len(scores)


def token_sort(suite: Suite, index: ScreeningIndex) -> tuple[list[float], float]:
    """Names only: the best score among the names of the entity; strangers, of all names."""
    names: list[str] = []
    owners: list[str] = []
    for entry in suite.lists:
        for entity in entry.entities:
            for kind in ("name", "alias", "weakAlias"):
                for name in entity["properties"].get(kind, ()):
                    names.append(" ".join(sorted(name.upper().split())))
                    owners.append(entity["id"])
    scores: list[float] = []
    start = time.process_time()
    for told, meant in queries(suite):
        asked = query_of(told).names
        best = NOTHING
        for name in asked[:3]:
            found = process.extract(" ".join(sorted(name.upper().split())), names, scorer=fuzz.ratio, limit=100)
            own = [score for _, score, at in found if meant in (None, owners[at])]
            best = max([best, *own[:1]])
        scores.append(best)
    return scores, 1000 * (time.process_time() - start) / len(scores)


def logic_v2(suite: Suite, index: ScreeningIndex) -> tuple[list[float], float]:
    by_id = {entity["id"]: entity for entry in suite.lists for entity in entry.entities}
    scores: list[float] = []
    spent = 0.0
    for told, meant in queries(suite):
        asked = query_of(told)
        numbers: dict[int, None] = {}
        for name in asked.names[:3]:
            for number, _ in index.candidates(name_tokens(name, asked.kind), asked.kind, CANDIDATES):
                numbers.setdefault(number)
        entities = [index.entity(number) for number in list(numbers)[:LOGIC_CANDIDATES]]
        if meant is not None:
            entities = [by_id[meant]]
        start = time.process_time()
        judged = compare_all(asked, entities)
        spent += time.process_time() - start
        scores.append(max((entry.score for entry in judged), default=NOTHING))
    return scores, 1000 * spent / len(scores)


def peers(wanted: Sequence[str]) -> tuple[list[Peer], list[str]]:
    """The contenders, and a line for each that is not installed."""
    found = [
        Peer("clearance", f"reference scorer, {CANDIDATES} candidates, asked again below {ENOUGH} of a kind", ours)
    ]
    missing: list[str] = []
    if "token_sort" in wanted:
        found.append(
            Peer(f"rapidfuzz {metadata.version('rapidfuzz')} token_sort", "upper case, every name", token_sort)
        )
    if "logic-v2" in wanted:
        try:
            version = challenger_ref().version
            told = f"defaults; strangers against {LOGIC_CANDIDATES} candidates, others against the entity meant"
            found.append(Peer(f"nomenklatura {version} logic-v2", told, logic_v2))
        except ScorerUnavailable as error:
            missing.append(f"nomenklatura logic-v2: not compared ({error})")
    return found, missing
