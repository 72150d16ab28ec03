"""Watchlist screening: lists read into entities, an index over their names, and hits that say why.

`screen` is the one function to call, with a `Query` and a `ScreeningIndex`.
"""

from aml.screening.challenger import ScorerUnavailable
from aml.screening.formats.csl import parse_csl
from aml.screening.formats.ofac import parse_ofac, parse_us_consolidated
from aml.screening.formats.un import parse_un
from aml.screening.index import IndexMissing, ScreeningIndex
from aml.screening.matcher import Hit, HitContribution, ScreeningResult, screen
from aml.screening.query import Query, QueryUnusable, person, query_of
from aml.screening.scorer import Scorer, reference_scorer
from aml.screening.watchlist import Delta, Entity, ListUnreadable, ListVersion, WatchList, diff, record_hash

__all__ = [
    "Delta",
    "Entity",
    "Hit",
    "HitContribution",
    "IndexMissing",
    "ListUnreadable",
    "ListVersion",
    "Query",
    "QueryUnusable",
    "Scorer",
    "ScorerUnavailable",
    "ScreeningIndex",
    "ScreeningResult",
    "WatchList",
    "diff",
    "parse_csl",
    "parse_ofac",
    "parse_un",
    "parse_us_consolidated",
    "person",
    "query_of",
    "record_hash",
    "reference_scorer",
    "screen",
]
