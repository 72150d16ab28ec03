"""Screening a file: lines of JSON in, lines of JSON out, a broken line answered in place.

Pure functions over lines; opening files and measuring time is for whoever calls.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aml.screening.formats.csl import parse_csl
from aml.screening.formats.eu import parse_eu
from aml.screening.formats.ofac import parse_ofac, parse_us_consolidated
from aml.screening.formats.ofac_xml import parse_ofac_xml
from aml.screening.formats.opensanctions import parse_entities_ftm, parse_targets_simple
from aml.screening.formats.uk import parse_uk
from aml.screening.formats.uk_sanctions import parse_uk_sanctions
from aml.screening.formats.un import parse_un
from aml.screening.index import ScreeningIndex
from aml.screening.matcher import Hit, ScreeningResult, screen
from aml.screening.query import QueryUnusable, query_of
from aml.screening.watchlist import ListUnreadable, WatchList

_FILES: tuple[tuple[tuple[str, ...], Callable[[Path], WatchList]], ...] = (
    (("un_consolidated.xml", "un.xml", "consolidatedLegacyByPRN.xml"), parse_un),
    (("us_csl.csv", "consolidated.csv"), parse_csl),
    (("sdn.xml",), parse_ofac_xml),
    (("eu_fsf.xml", "xmlFullSanctionsList_1_1.xml"), parse_eu),
    (("UK-Sanctions-List.xml", "UK_Sanctions_List.xml"), parse_uk_sanctions),
    (("ConList.csv", "uk_ofsi.csv"), parse_uk),
    (("entities.ftm.json",), parse_entities_ftm),
    (("targets.simple.csv",), parse_targets_simple),
)
"""File names under which the authorities publish, and the parser of each."""


def load_watchlists(folder: Path) -> list[WatchList]:
    """Every list found in a folder by the names of its files. Raises `ListUnreadable` where there is none."""
    found: list[WatchList] = []
    if any((folder / name).is_file() for name in ("ofac_sdn.csv", "sdn.csv")):
        found.append(parse_ofac(folder))
    if any((folder / name).is_file() for name in ("us_cons_prim.csv", "cons_prim.csv")):
        found.append(parse_us_consolidated(folder))
    for names, parser in _FILES:
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path:
            found.append(parser(path))
    if not found:
        raise ListUnreadable(f"{folder}: no watchlist in it; see `clearance watchlists list` for the file names")
    return found


def answer(hit: Hit) -> dict[str, Any]:
    """A hit as JSON, in the words of the API."""
    return {
        "entity_id": hit.entity_id,
        "list": {"name": hit.list_name, "version": hit.list_version, "sha256": hit.list_sha256},
        "schema": hit.schema,
        "caption": hit.caption,
        "score": hit.score,
        "log_odds": hit.log_odds,
        "strength": hit.strength,
        "contributions": [asdict(contribution) for contribution in hit.contributions],
        "matched_name": hit.matched_name,
        "rule": hit.rule,
        "text": hit.text,
    }


def screen_lines(
    lines: Iterable[str],
    *,
    index: ScreeningIndex,
    clock: Callable[[], float],
    threshold: float = 0.5,
    limit: int = 10,
    lists: Collection[str] | None = None,
    scorer: str | None = None,
) -> Iterator[dict[str, Any]]:
    """One answer for each non-blank line: `{"id", "hits", "ms"}`, or `{"id", "line", "error"}` for a broken one.

    `clock` gives seconds, e.g. `time.perf_counter`; `scorer` is as for `screen` (raises `ScorerUnavailable`).
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        identity: object = None
        try:
            raw = json.loads(line)
            if not isinstance(raw, dict):
                raise QueryUnusable("a line is a JSON object")
            identity = raw.get("id")
            start = clock()
            result = screen(query_of(raw), index=index, lists=lists, threshold=threshold, limit=limit, scorer=scorer)
        except json.JSONDecodeError as error:
            told = f"line {number}: not JSON ({error.msg} at column {error.colno}); a line is one JSON object"
            yield {"id": None, "line": number, "error": told}
            continue
        except ValueError as error:
            yield {"id": identity, "line": number, "error": f"line {number}: {error}"}
            continue
        yield {
            "id": identity,
            "hits": [answer(hit) for hit in result.hits],
            "ms": round(1000 * (clock() - start), 3),
            "strength": result.strength,
            "index_version": result.index_version,
        }


def yente_match(result: ScreeningResult) -> dict[str, Any]:
    """One query's answer as yente's `POST /match/{dataset}` gives it: `results` with `score`, `match`, `features`."""
    return {
        "status": 200,
        "results": [
            {
                "id": hit.entity_id,
                "caption": hit.caption,
                "schema": hit.schema,
                "datasets": [hit.list_name],
                "score": round(hit.score, 6),
                "match": hit.strength in ("strong", "exact"),
                "features": {part.feature: part.delta for part in hit.contributions},
            }
            for hit in result.hits
        ],
        "total": {"value": len(result.hits), "relation": "eq"},
    }
