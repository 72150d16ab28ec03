"""How the reference model of transactions is made, from seeds to model card: `python -m aml.training`."""

import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from aml.generator import generate
from aml.generator.evaluation import evaluation_world
from aml.parameters import MonitoringParameters
from aml.scoring import (
    LIGHTGBM,
    MODEL_FOLDER,
    TREES,
    Training,
    average_precision,
    observe,
    predict,
    recall_at_rate,
    train,
    write_model,
)

VERSION = "2"
SEEDS = (101, 102, 103, 104)
UNSEEN = 900
EVALUATION = (7001, 7002, 7003)
PEOPLE = 600
DAYS = 90
_SETTLED = 21
"""Days a world runs before its rows are learned from: until then every counterparty is new."""
_SPLIT = 70
"""Rows before this day train, later ones test."""


def make_model(folder: Path = MODEL_FOLDER, say: Callable[[str], object] = lambda _: None) -> dict[str, Any]:
    """Generate, train, evaluate and write model.txt and card.json. The same code gives the same bytes."""
    parameters = MonitoringParameters("EUR", Decimal(10_000), lateness=timedelta(days=1))
    worlds = []
    for seed in SEEDS:
        worlds.append(observe(generate(seed, PEOPLE, DAYS), parameters))
        say(f"world {seed}: {len(worlds[-1].laundering)} transactions")
    early = [(world.day >= _SETTLED) & (world.day < _SPLIT) for world in worlds]
    features = np.concatenate([world.features[rows] for world, rows in zip(worlds, early, strict=True)])
    laundering = np.concatenate([world.laundering[rows] for world, rows in zip(worlds, early, strict=True)])
    model = train(features, laundering)
    say(f"trained on {len(laundering)} transactions, {int(laundering.sum())} of them laundering")
    late = [evaluate(model, world, _SPLIT) for world in worlds]
    other = _joined([observe(evaluation_world(seed), parameters) for seed in EVALUATION])
    unseen = evaluate(model, observe(generate(UNSEEN, PEOPLE, DAYS), parameters), _SETTLED)
    card = {
        "name": "transactions",
        "version": VERSION,
        "format": "LightGBM native text",
        "purpose": "The probability that a transaction is part of laundering, from features that look backward only.",
        "data": (
            "Generated: every account, payment and scheme was invented by aml/generator from the seeds below. No real "
            "transaction was seen. It may raise an alert and never suppresses what a typology found. Before relying on "
            "its scores, measure it on your own labelled history and retrain."
        ),
        "seeds": list(SEEDS),
        "people": PEOPLE,
        "days": DAYS,
        "rows": len(laundering),
        "laundering_rows": int(laundering.sum()),
        "parameters": {**LIGHTGBM, "trees": TREES},
        "later_days_of_the_same_worlds": late,
        "unseen_world": unseen,
        "evaluation_worlds_of_other_mechanisms": evaluate(model, other, _SETTLED),
        "figures": "All are causal: each transaction is scored with what had arrived before it, at batch size one.",
        "protected_attributes": "none among the features",
    }
    write_model(folder, model, card)
    return card


def _joined(worlds: list[Training]) -> Training:
    return Training(
        np.concatenate([world.features for world in worlds]),
        np.concatenate([world.laundering for world in worlds]),
        np.concatenate([world.day for world in worlds]),
        tuple(kind for world in worlds for kind in world.kinds),
        np.concatenate([world.hit for world in worlds]),
    )


def evaluate(model: bytes, world: Training, since: float) -> dict[str, Any]:
    """Quality on a world's rows from a day on: overall, by kind, and what the typologies alone reach."""
    rows = world.day >= since
    laundering, scores = world.laundering[rows], predict(model, world.features[rows])
    kinds = np.array(world.kinds)[rows]
    threshold = np.sort(scores)[-max(round(0.01 * len(scores)), 1)]
    rules = world.hit[rows]
    return {
        "transactions": len(scores),
        "laundering": int(laundering.sum()),
        "average_precision": round(average_precision(scores, laundering), 4),
        "recall_at_0.5%": round(recall_at_rate(scores, laundering, 0.005), 4),
        "recall_at_1%": round(recall_at_rate(scores, laundering, 0.01), 4),
        "recall_at_1%_by_kind": {
            kind: round(float((scores[kinds == kind] >= threshold).mean()), 4) for kind in sorted(set(kinds) - {""})
        },
        "mean_score": round(float(scores.mean()), 6),
        "base_rate": round(float(laundering.mean()), 6),
        "typologies_alone": {
            "alert_rate": round(float(rules.mean()), 4),
            "recall": round(float(rules[laundering].mean()), 4),
            "precision": round(float(laundering[rules].mean()), 4),
        },
    }


if __name__ == "__main__":
    make_model(say=lambda line: sys.stdout.write(line + "\n"))
