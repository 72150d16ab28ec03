"""How the reference model of transactions is made, from seeds to model card: `python -m aml.training`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aml.features import FEATURES
from aml.generator import generate
from aml.generator.evaluation import evaluation_world
from aml.generator.varied import varied_world
from aml.labels import Labels, added, told
from aml.parameters import MonitoringParameters
from aml.quality import Observed, measured, with_hindsight
from aml.scoring import LIGHTGBM, MODEL_FOLDER, TREES, observe, predict, rises, train, write_model

VERSION = "4"
WORLDS = range(1000, 1064)
UNSEEN_WORLDS = range(9000, 9012)
UNSEEN = 900
EVALUATION = (7001, 7002, 7003)
PEOPLE = 600
DAYS = 90
_SETTLED = 21
"""Days after which figures are told apart from those of a world's first days, when every counterparty is new."""
_TRAINED = 0.75
"""The share of a world's days that trains; later ones test."""
_QUANTILES = 41
_LATENESS = timedelta(days=1)


def make_model(
    folder: Path = MODEL_FOLDER, say: Callable[[str], object] = lambda _: None, labels: Labels | None = None
) -> dict[str, Any]:
    """Generate, train, evaluate and write model.txt and card.json. The same code and labels give the same bytes.

    `labels` are officers' dispositions to learn from too; the newest of them measure instead.
    """
    parameters = MonitoringParameters("EUR", Decimal(10_000), lateness=_LATENESS)
    early, late = [], []
    for seed, world in _varied(WORLDS):
        end = _TRAINED * float(world.day[-1])
        early.append(since(world, 0.0, end))
        late.append(since(world, end))
        say(f"world {seed}: {len(world.laundering)} transactions")
    learned = joined(early)
    if labels is None:
        model = train(learned.features, learned.laundering)
    else:
        known, newest = labels.parted()
        features, laundering, weights = added(learned.features, learned.laundering, known)
        model = train(features, laundering, weights=weights)
    say(f"trained on {len(learned.laundering)} transactions, {int(learned.laundering.sum())} of them laundering")
    ordinary = since(observe(generate(UNSEEN, PEOPLE, DAYS), parameters), _SETTLED)
    whole = [world for _, world in _varied(UNSEEN_WORLDS)]
    unseen, first = (joined([since(world, *days) for world in whole]) for days in ((_SETTLED,), (0.0, _SETTLED)))
    other = joined([since(observe(evaluation_world(seed), parameters), _SETTLED) for seed in EVALUATION])
    card: dict[str, Any] = {
        "name": "transactions",
        "version": VERSION,
        "format": "LightGBM native text",
        "purpose": "The probability that a transaction is part of laundering, from features that look backward only.",
        "data": (
            "Generated: every account, payment and scheme was invented by aml/generator from the seeds below. No real "
            "transaction was seen. It may raise an alert and never suppresses what a typology found. Before relying on "
            "its scores, measure it on your own labelled history and retrain."
        ),
        "worlds": {"first_seed": WORLDS.start, "count": len(WORLDS), "made_by": "aml.generator.varied"},
        "rows": len(learned.laundering),
        "laundering_rows": int(learned.laundering.sum()),
        "parameters": {**LIGHTGBM, "trees": TREES},
        "only_raise_the_score": [name for name in FEATURES if rises(name)],
        "later_days_of_the_same_worlds": evaluate(model, joined(late)),
        "unseen_worlds": evaluate(model, unseen),
        "unseen_worlds_first_days": evaluate(model, first),
        "unseen_ordinary_world": evaluate(model, ordinary),
        "evaluation_worlds_of_other_mechanisms": evaluate(model, other),
        "figures": (
            "Causal: each transaction is scored with what had arrived before it, at batch size one. Only those under "
            "with_hindsight know more: a transaction has the highest score of those whose findings name it as evidence."
        ),
        "protected_attributes": "none among the features",
        "population": population(ordinary),
    }
    if labels is not None:
        scores = predict(model, newest.features) if len(newest.confirmed) else newest.scores
        card["labels"] = told(known, newest, scores)
    write_model(folder, model, card)
    return card


def _varied(seeds: Sequence[int]) -> Iterator[tuple[int, Observed]]:
    for seed in seeds:
        world = varied_world(seed)
        parameters = MonitoringParameters(
            world.currency,
            world.reporting_threshold,
            lateness=_LATENESS,
            high_risk_countries=world.high_risk_countries,
        )
        yield seed, observe(world.payments, parameters)


def since(world: Observed, first: float, end: float = np.inf) -> Observed:
    """The rows of a world's days from `first` to before `end`."""
    kept = np.flatnonzero((world.day >= first) & (world.day < end))
    place = np.full(len(world.day), -1)
    place[kept] = np.arange(len(kept))
    proved = place[world.proved]
    together = len(kept) > 0 and kept[-1] - kept[0] == len(kept) - 1
    return Observed(
        world.features[kept[0] : kept[-1] + 1] if together else world.features[kept],  # a view of it, where it can be
        world.laundering[kept],
        world.day[kept],
        tuple(world.kinds[row] for row in kept),
        world.hit[kept],
        world.ruled[kept],
        proved[(proved >= 0).all(1)],
    )


def joined(worlds: Sequence[Observed]) -> Observed:
    """The rows of all worlds, one after the other."""
    starts = np.cumsum([0, *(len(world.laundering) for world in worlds)])
    return Observed(
        np.concatenate([world.features for world in worlds]),
        np.concatenate([world.laundering for world in worlds]),
        np.concatenate([world.day for world in worlds]),
        tuple(kind for world in worlds for kind in world.kinds),
        np.concatenate([world.hit for world in worlds]),
        np.concatenate([world.ruled for world in worlds]),
        np.concatenate([world.proved + start for start, world in zip(starts, worlds, strict=False)]),
    )


def evaluate(model: bytes, rows: Observed) -> dict[str, Any]:
    """Quality on these rows: overall, by kind, beside the rules alone, and with hindsight."""
    scores: NDArray[np.float64] = predict(model, rows.features)
    return measured(scores, rows, with_hindsight(scores, rows.proved))


def population(rows: Observed) -> dict[str, list[float]]:
    """Quantiles of every feature over ordinary traffic, at equal steps: what explanations compare a value with."""
    ordinary = rows.features[~rows.laundering]
    steps = np.quantile(ordinary, np.linspace(0.0, 1.0, _QUANTILES), axis=0, method="nearest")
    return {name: [float(f"{value:.6g}") for value in steps[:, column]] for column, name in enumerate(FEATURES)}


if __name__ == "__main__":
    make_model(say=lambda line: sys.stdout.write(line + "\n"))
