"""Screening against what changed in a list: finds every customer whom a full run over the new version could find.

Two things of the whole list enter an answer, and a delta has neither: how rare a word is (`pin` keeps a basis until the
next full run, so that what did not change scores as it did), and which names come first among many candidates (here
every changed name that shares a key is compared, however many). What is found is confirmed on the whole index.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.fuzz import ratio

from aml.screening.index import ALIKE, ScreeningIndex, as_scanned
from aml.screening.keys import keys
from aml.screening.matcher import CANDIDATES, POSSIBLE, compare
from aml.screening.query import Query
from aml.screening.records import Record, by_script, name_tokens, normal_number, record_of
from aml.screening.scorer import Scorer
from aml.screening.watchlist import Entity

DISPLACED = 0.02
"""Probability from which an entity that is gone may have kept another from being looked at: who was this near to it is
screened in full."""


def pin(index: ScreeningIndex, basis: ScreeningIndex) -> None:
    """Let `basis` say how rare a word is to `index`, from now on."""
    index.rarity = basis.rarity
    index.weights = basis.weights


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two states of the lists: entities as they are now (added, amended) and as they were
    (amended, removed)."""

    now: tuple[Entity, ...]
    before: tuple[Entity, ...]

    @property
    def size(self) -> int:
        return len(self.now) + len(self.before)


class DeltaIndex(ScreeningIndex):
    """The changed entities as an index for `compare`, in memory: every name that shares a key is a candidate."""

    def __init__(self, entities: Sequence[Entity], whole: ScreeningIndex) -> None:
        """`whole` is the index in force: it says how rare words are, and whether it has candidates of its own."""
        self._whole = whole
        self._all = [record_of(entity, 0) for entity in entities]
        self.version = whole.version
        self.lists = whole.lists
        self.entity_count = len(self._all)
        self.name_count = sum(len(record.names) for record in self._all)
        self.rarity = whole.rarity
        self.weights = whole.weights
        self._filed = [(number, place) for number, record in enumerate(self._all) for place in range(len(record.names))]
        self._joined = [as_scanned(self._all[number].names[place].tokens) for number, place in self._filed]
        self._postings: dict[str, list[int]] = {}
        self._holders: dict[str, list[int]] = {}
        for name, (number, place) in enumerate(self._filed):
            for key in keys(self._all[number].names[place].tokens):
                self._postings.setdefault(key, []).append(name)
        for number, record in enumerate(self._all):
            for _, value in record.identifiers:
                self._holders.setdefault(value, []).append(number)

    def candidates(self, tokens: tuple[str, ...], kind: str, limit: int) -> list[tuple[int, int]]:
        """Every changed name that shares a key, in order; `limit` limits nothing here."""
        found = {name for key in keys(tokens) for name in self._postings.get(key, ())}
        return [self._filed[name] for name in sorted(found) if self._fits(self._filed[name][0], kind)]

    def scan(self, tokens: tuple[str, ...], kind: str, limit: int) -> list[tuple[int, int]]:
        """Every changed name that is alike at all, where the whole index would scan too: it has no candidates."""
        alike = process.extract(as_scanned(tokens), self._joined, scorer=ratio, score_cutoff=ALIKE, limit=None)
        found = [self._filed[name] for _, _, name in alike if self._fits(self._filed[name][0], kind)]
        return found if found and not self._whole.candidates(tokens, kind, CANDIDATES) else []

    def holders(self, number: str) -> Sequence[int]:
        return self._holders.get(number, ())

    def record(self, number: int) -> Record:  # type: ignore[override]  # there a cache, here a list
        return self._all[number]

    def keyed(self) -> Iterable[tuple[str, Collection[int]]]:
        """Each key with the entities that have a name filed under it."""
        return ((key, {self._filed[name][0] for name in names}) for key, names in self._postings.items())

    def identified(self) -> Iterable[tuple[str, Collection[int]]]:
        return self._holders.items()

    def _fits(self, number: int, kind: str) -> bool:
        return self._all[number].kind == kind or "any" in (kind, self._all[number].kind)


class Delta:
    """Who is touched by changes: found from the customers' side or from the entities', with the same answer."""

    def __init__(self, changes: Changes, whole: ScreeningIndex, scorer: Scorer, threshold: float = POSSIBLE) -> None:
        self._now, self._before = DeltaIndex(changes.now, whole), DeltaIndex(changes.before, whole)
        self._scorer = scorer
        self._floors = (_log_odds(threshold), _log_odds(min(threshold, DISPLACED)))

    @property
    def names(self) -> int:
        return self._now.name_count + self._before.name_count

    def touches(self, query: Query) -> bool:
        """Whether a full run over the new versions may answer otherwise for this query than the last one did."""
        return any(
            entry.rule != "additive" or entry.log_odds >= floor
            for index, floor in zip((self._now, self._before), self._floors, strict=True)
            for entry in compare(query, index=index, scorer=self._scorer, candidates=self.names, floor=floor)
        )

    def reverse(self, queries: Iterable[Query]) -> list[int]:
        """The places of the queries that are touched, each looked up among the changed entities."""
        return [place for place, query in enumerate(queries) if self.touches(query)]

    def forward(self, queries: Sequence[Query]) -> list[int]:
        """The same, each changed entity looked up among the queries: cheaper where few entities changed."""
        keyed: dict[str, set[int]] = {}
        numbered: dict[str, set[int]] = {}
        unkeyed: set[int] = set()
        for place, query in enumerate(queries):
            for _, number in query.identifiers:
                numbered.setdefault(normal_number(number), set()).add(place)
            for tokens in _asked(query):
                for key in keys(tokens):
                    keyed.setdefault(key, set()).add(place)
        near: set[int] = set()
        for index in (self._now, self._before):
            near |= _met(index.keyed(), keyed) | _met(index.identified(), numbered)
        for place, query in enumerate(queries):
            if place not in near and any(self._scans(tokens, query.kind) for tokens in _asked(query)):
                unkeyed.add(place)
        return [place for place in sorted(near | unkeyed) if self.touches(queries[place])]

    def _scans(self, tokens: tuple[str, ...], kind: str) -> bool:
        return bool(self._now.scan(tokens, kind, 0) or self._before.scan(tokens, kind, 0))


def cheaper(changed_names: int, queries: int) -> str:
    """`forward` or `reverse`: see `benchmarks/screening_delta.py`. The forward way pays for every changed name in every
    slice of queries, the reverse way for every query."""
    return "forward" if changed_names <= queries else "reverse"


def _met(filed: Iterable[tuple[str, Collection[int]]], asked: Mapping[str, set[int]]) -> set[int]:
    return {place for key, _ in filed for place in asked.get(key, ())}


def _asked(query: Query) -> list[tuple[str, ...]]:
    parts = (name_tokens(part, query.kind) for name in query.names for part in by_script(name))
    return [tokens for tokens in parts if tokens]


def _log_odds(probability: float) -> float:
    return math.log(probability / (1.0 - probability)) - 1e-9
