"""How the scorer is fitted: invented lists, names damaged in the ways that queries are, and a monotone additive model.

Run `python -m aml.screening.training` to write `models/screening/scorer.json` anew; the same seed gives the same bytes.
Kept apart from matching because nothing here runs in production. Imports scipy, which only this module needs.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from aml.screening.damage import damaged
from aml.screening.evidence import FEATURES
from aml.screening.formats.ofac import parse_ofac
from aml.screening.index import ScreeningIndex
from aml.screening.invented_names import CULTURES
from aml.screening.matcher import compare
from aml.screening.own_script import in_own_script
from aml.screening.query import Query, query_of
from aml.screening.scorer import ARTIFACT, Scorer
from aml.screening.specimens import write_ofac
from aml.screening.watchlist import Entity, WatchList
from explain.record import canonical_json

Matrix = NDArray[np.float64]
VERSION = "3"
SEED = 20_261
KNOTS: dict[str, tuple[float, ...]] = {
    "name_agreement": (0, 8, 13, 19, 28, 45, 90),
    "name_close": (-1, -0.6, -0.3, -0.1, 0),
    "name_fair": (-1, -0.6, -0.3, -0.1, 0),
    "name_faint": (-1, -0.5, -0.25, -0.1, 0),
    "name_contradiction": (-1, -0.5, -0.25, -0.1, 0),
    "name_beyond_list": (-1, -0.6, -0.35, -0.15, 0),
    "name_beyond_query": (-1, -0.6, -0.35, -0.15, 0),
    "name_misspelt": (-1, -0.6, -0.4, -0.25, -0.12, -0.04, 0),
    "name_weak": (-1, 0),
    "birth_date": (-1, -0.5, -0.2, 0, 0.3, 0.7, 1),
    "country": (-1, -0.5, 0, 0.6, 1),
    "gender": (-1, 0, 1),
    "identifier": (-1, 0, 0.8, 1),
}
"""Where a shape may bend. Every shape rises: more evidence never lowers the score."""
RIDGE = 0.02
OWN_SCRIPT = 0.2
"""Share of the queries about persons whose name is written in their own script."""


# --- Examples --------------------------------------------------------------------------------------------------------


def query_about(entity: Entity, rng: random.Random, stranger: Entity | None = None) -> Query:
    """A query that means this entity, with some of its facts, sometimes wrong; the facts of `stranger` where given:
    somebody else of a similar name."""
    held = entity["properties"]
    facts = (stranger or entity)["properties"]
    names = [*held["name"], *held.get("alias", ())]
    name = rng.choice(names)
    native = _natively(name, entity, rng) if rng.random() < OWN_SCRIPT else None
    properties: dict[str, list[str]] = {"name": [native or damaged(name, rng)]}
    if rng.random() < 0.6:
        properties["birthDate"] = [_told_date(date, rng) for date in facts.get("birthDate", ())[:1]]
    if rng.random() < 0.6:
        properties["nationality"] = list(facts.get("nationality", facts.get("country", ()))[:1])
        if rng.random() < 0.08:
            properties["nationality"] = [rng.choice(("ir", "ru", "mx", "sy", "gb"))]
    if rng.random() < 0.5:
        properties["gender"] = list(facts.get("gender", ()))
        if rng.random() < 0.02:
            properties["gender"] = [rng.choice(("male", "female"))]
    if stranger is None and rng.random() < 0.1:
        kind = rng.choice(("idNumber", "registrationNumber", "passportNumber", "imoNumber"))
        properties[kind] = list(facts.get(kind, ())[:1])
    return query_of({"schema": entity["schema"], "properties": properties})


_CULTURE_OF = {country: culture for culture, made in CULTURES.items() for country in made.countries}


def _natively(name: str, entity: Entity, rng: random.Random) -> str | None:
    """A listed name in a script of its bearer's country, given name first except in Chinese."""
    if entity["schema"] != "Person":
        return None
    countries = entity["properties"].get("nationality") or entity["properties"].get("country") or [""]
    culture = _CULTURE_OF.get(countries[0], "")
    words = name.split()
    if culture == "chinese" and words[-1].isupper() and not words[0].isupper():
        words = words[-1:] + words[:-1]
    return in_own_script(" ".join(words), culture, rng)


def sibling_of(entity: Entity, other: Entity) -> Entity:
    """An organisation on no list that shares with a listed one its own word, or its line of business."""
    words, others = entity["properties"]["name"][0].split(), other["properties"]["name"][0].split()
    name = " ".join([words[0], *others[1:]] if len(words) % 2 else [others[0], *words[1:]])
    facts = other["properties"] | {"name": [name], "alias": []}
    return Entity(
        id=f"sibling-{entity['id']}", schema=entity["schema"], caption=name, datasets=["none"], properties=facts
    )


def relative_of(entity: Entity, other: Entity) -> Entity:
    """Somebody on no list with the surname of somebody listed and the given name of another."""
    words, others = entity["properties"]["name"][0].split(), other["properties"]["name"][0].split()
    name = " ".join([others[0], *words[1:]]) if len(words) > 1 and len(others) > 1 else others[0]
    facts = other["properties"] | {"name": [name], "alias": []}
    return Entity(
        id=f"relative-{entity['id']}", schema=entity["schema"], caption=name, datasets=["none"], properties=facts
    )


def _told_date(date: str, rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.62 or len(date) < 10:
        return date if chance < 0.9 else f"{int(date[:4]) + rng.choice((-1, 1))}"
    if chance < 0.72:
        return date[:4]
    if chance < 0.78:
        return f"{date[:5]}{date[8:]}-{date[5:7]}" if int(date[8:]) <= 12 else date
    if chance < 0.9:
        at = rng.choice((3, 6, 9))
        return date[:at] + str((int(date[at]) + rng.randint(1, 9)) % 10) + date[at + 1 :]
    return f"{int(date[:4]) + rng.choice((-2, -1, 1, 2))}{date[4:]}"


def examples(
    index: ScreeningIndex, listed: Sequence[Entity], unlisted: Sequence[Entity], scorer: Scorer, rng: random.Random
) -> tuple[Matrix, NDArray[np.bool_], Matrix, NDArray[np.bool_]]:
    """Feature rows (NaN where not known), whether each is a match, its weight, and where it is not known.

    Matches: damaged queries against their own entity. Others: the best other candidates of the same queries, and of
    queries about people who are on no list.
    """
    rows: list[list[float]] = []
    matches: list[bool] = []
    weights: list[float] = []

    def add(values: dict[str, float | None], match: bool, weight: float) -> None:
        rows.append([np.nan if values[name] is None else float(values[name] or 0.0) for name in FEATURES])
        matches.append(match)
        weights.append(weight)

    for entity in listed:
        ranked = compare(query_about(entity, rng), index=index, scorer=scorer)
        own = next((entry for entry in ranked if entry.record.id == entity["id"]), None)
        if own:
            add(own.values, True, 1.0)
        for place, entry in enumerate([entry for entry in ranked if entry.record.id != entity["id"]][:4]):
            add(entry.values, False, 0.5 if place == 0 else 0.15)
    for entity in unlisted:
        for place, entry in enumerate(compare(query_about(entity, rng), index=index, scorer=scorer)[:4]):
            add(entry.values, False, 1.0 if place == 0 else 0.15)
    matrix = np.asarray(rows, dtype=np.float64)
    return matrix, np.asarray(matches), np.asarray(weights), np.isnan(matrix)


# --- Fit -------------------------------------------------------------------------------------------------------------


def _basis(matrix: Matrix, unknown: NDArray[np.bool_]) -> tuple[Matrix, list[tuple[str, float, float]]]:
    """Each segment between knots as a column rising from 0 to 1: non-negative weights make rising shapes. Features
    that may be unknown are anchored at zero, so unknown says nothing."""
    columns: list[NDArray[np.float64]] = []
    segments: list[tuple[str, float, float]] = []
    for place, name in enumerate(FEATURES):
        values = np.where(unknown[:, place], 0.0, matrix[:, place])
        for left, right in zip(KNOTS[name], KNOTS[name][1:], strict=False):
            anchor = -1.0 if right <= 0 else 0.0
            columns.append(np.clip((values - left) / (right - left), 0.0, 1.0) + anchor)
            segments.append((name, left, right))
    return np.stack(columns, axis=1), segments


def _least(name: str, left: float) -> float:
    """The least rise of a segment: an equal number says much, an equal passport, IMO, LEI or wallet outweighs what the
    names say, which examples whose names agree anyway cannot teach."""
    if name == "identifier" and left >= 0.0:
        return 6.0 if left >= 0.8 else 3.0
    return 0.02


def fit(matrix: Matrix, matches: NDArray[np.bool_], weights: Matrix, unknown: NDArray[np.bool_]) -> Scorer:
    """Ridge logistic regression with non-negative slopes by L-BFGS-B: monotone, calibrated on the examples' odds."""
    columns, segments = _basis(matrix, unknown)
    signs = np.where(matches, 1.0, -1.0)
    total = weights.sum()
    # A segment that few examples reach is pulled to the slope of its feature, not to zero: shapes do not go flat early.
    widths = np.asarray([right - left for _, left, right in segments])

    def loss(beta: Matrix) -> tuple[float, Matrix]:
        margin = signs * (columns @ beta[1:] + beta[0])
        slopes = beta[1:] / widths
        gradient_margin = -weights * signs / (1.0 + np.exp(np.clip(margin, -50, 50))) / total
        value = float((weights * np.logaddexp(0.0, -margin)).sum() / total + RIDGE * 1e-3 * (slopes**2 * widths).sum())
        gradient = np.concatenate(([gradient_margin.sum()], columns.T @ gradient_margin + 2e-3 * RIDGE * slopes))
        return value, gradient

    start = np.full(columns.shape[1] + 1, 0.5)
    bounds = [(None, None), *((_least(name, left), 12.0) for name, left, _ in segments)]
    solved = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 3000})
    return _scorer(solved.x, segments, columns, weights)


def _scorer(beta: Matrix, segments: list[tuple[str, float, float]], columns: Matrix, weights: Matrix) -> Scorer:
    shapes: dict[str, list[list[float]]] = {}
    for name in FEATURES:
        own = [(left, right, step) for (n, left, right), step in zip(segments, beta[1:], strict=True) if n == name]
        height = -sum(step for _, right, step in own if right <= 0)
        knots = [[own[0][0], round(float(height), 6)]]
        for _, right, step in own:
            height += step
            knots.append([right, round(float(height), 6)])
        shapes[name] = [[float(x), y + 0.0] for x, y in knots]
    parts = columns * beta[1:]
    background = {
        name: round(float(np.average(parts[:, [n == name for n, _, _ in segments]].sum(axis=1), weights=weights)), 6)
        for name in FEATURES
    }
    return Scorer.from_bytes(
        canonical_json(
            {
                "name": "screening-additive",
                "version": VERSION,
                "features": list(FEATURES),
                "intercept": round(float(beta[0]), 6),
                "shapes": shapes,
                "background": background,
                "missing": dict.fromkeys(FEATURES, 0.0),
                "link": "logistic",
            }
        )
    )


def invented_lists(folder: Path, seed: int, n: int) -> WatchList:
    """An invented OFAC list, through the real parser."""
    write_ofac(folder, seed=seed, n=n)
    return parse_ofac(folder)


def first_guess() -> Scorer:
    """Where fitting starts: it only has to choose plausible names and candidates for the first examples."""
    heights = {
        "name_agreement": 5.0,
        "name_close": 1.0,
        "name_fair": 3.0,
        "name_faint": 5.0,
        "name_contradiction": 8.0,
        "name_beyond_list": 4.0,
        "name_beyond_query": 4.0,
        "name_misspelt": 2.0,
        "birth_date": 5.0,
        "identifier": 4.0,
    }
    return Scorer.from_bytes(
        canonical_json(
            {
                "name": "screening-additive",
                "version": "0",
                "features": list(FEATURES),
                "intercept": -1.0,
                "shapes": {
                    name: [[x, heights.get(name, 1.0) * x / max(map(abs, knots))] for x in (knots[0], 0.0, *knots[-1:])]
                    if knots[0] < 0.0 < knots[-1]
                    else [[x, heights.get(name, 1.0) * x / max(map(abs, knots))] for x in (knots[0], knots[-1])]
                    for name, knots in KNOTS.items()
                },
                "background": dict.fromkeys(FEATURES, 0.0),
            }
        )
    )


def train(seed: int = SEED, n: int = 9000, rounds: int = 2) -> tuple[Scorer, dict[str, float]]:
    """Fit the scorer on `n` invented entities, a quarter of them on no list; the answer's figures are the card's."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        whole = invented_lists(Path(place) / "list", seed, n)
        listed = [entity for i, entity in enumerate(whole.entities) if i % 4]
        unlisted = [entity for i, entity in enumerate(whole.entities) if not i % 4]
        partial = WatchList(whole.name, "training", None, whole.sha256, tuple(listed))
        index = ScreeningIndex.build([partial], Path(place) / "index")
        scorer = first_guess()
        figures: dict[str, float] = {}
        for _ in range(rounds):
            asked = rng.sample(listed, min(len(listed), 3600))
            persons = [entity for entity in listed if entity["schema"] == "Person"]
            firms = [entity for entity in listed if entity["schema"] == "Organization"]
            related = [relative_of(*rng.sample(persons, 2)) for _ in range(len(unlisted) // 6)]
            related += [sibling_of(*rng.sample(firms, 2)) for _ in range(len(unlisted) // 10)]
            data = examples(index, asked, [*unlisted, *related], scorer, rng)
            scorer = fit(*data)
            figures = {"examples": float(len(data[0])), "matches": float(data[1].sum())}
    return scorer, figures


def make_model(path: Path = ARTIFACT) -> dict[str, Any]:
    """Train and write the artifact with its card beside it; returns the card. The same code gives the same bytes."""
    scorer, figures = train()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(scorer.content)
    card = {
        "name": scorer.ref.name,
        "version": scorer.ref.version,
        "format": "additive_json",
        "file": path.name,
        "sha256": scorer.ref.sha256,
        "protected_attributes": "gender, birth date and country are compared to tell listed people from others",
        "seed": SEED,
        "data": "Invented names only, damaged by aml.screening.damage.DAMAGES; no real person, no published list.",
        "use": "Ranks and grades possible hits. It never clears one: that is an officer's decision.",
        **figures,
    }
    path.with_name("card.json").write_text(json.dumps(card, indent=2) + "\n")
    return card


def main() -> None:
    """Write the artifact and its card."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=ARTIFACT)
    make_model(arguments.parse_args().out)


if __name__ == "__main__":
    main()
