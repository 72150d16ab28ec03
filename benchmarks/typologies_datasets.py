"""How good rules and score are on a labelled file of the user's: AMLSim, AMLworld (IBM), SAML-D, or our own columns.

    python -m benchmarks.typologies_datasets FILE|FOLDER [--fit] [--json OUT]

The shipped model and the alert table as they are. `--fit` also trains LightGBM on our features of the file itself, by
time: on its first part, the threshold chosen on the next, measured on the last, beside the shipped model on that same
part. What is published on AMLworld (F1 of 0.65 with IBM's graph features, 0.68 and 0.75) was trained on the file
itself, so that is the figure to compare. A payment is scored with what came before it in the file.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import jurisdictions
from aml.features import FEATURES
from aml.files import BrokenRow, FileUnreadable, Labelled
from aml.parameters import MonitoringParameters
from aml.quality import RATES, Observed, best_threshold, measured, with_hindsight
from aml.scoring import MODEL_FOLDER, TREES, Observation, predict, train
from aml.training import since
from aml.typologies import NAMES
from benchmarks.typologies_kinds import DataSet, data_set
from clearance.rates import read_rates
from explain.registry import load
from jurisdictions.indicative_rates import indicative_rates
from jurisdictions.monitoring import monitoring_parameters

BATCH = 4096
LEAST = 30
"""Laundering payments that a part needs before training on it, or a figure of it, means anything."""
_SPLIT = (0.6, 0.8)
_CAUSAL = (
    "Causal: a payment is scored with what came before it in the file. Only `with_hindsight` knows more: a payment has "
    "the highest score of the later ones whose findings name it."
)
Report = dict[str, Any]


def observed(
    data: DataSet, parameters: MonitoringParameters, observation: Observation, say: Callable[[str], object]
) -> tuple[Observed, Report]:
    """All payments of the file through the engine, and what is to be said of the reading."""
    begun, spent, broken, first = time.process_time(), 0.0, 0, ""
    rows = 0
    for batch in _batches(data.rows()):
        left = [row for row in batch if isinstance(row, Labelled)]
        first = first or next((str(row) for row in batch if isinstance(row, BrokenRow)), "")
        broken += len(batch) - len(left)
        before = time.process_time()
        if left:
            observation.add(left)
        spent += time.process_time() - before
        if rows // 500_000 < (rows := rows + len(batch)) // 500_000:
            say(f"{rows:,} payments")
    if rows == broken:
        raise FileUnreadable(f"{data.path} has no payment that can be read{': ' if first else ''}{first}")
    world = observation.observed()
    if not world.laundering.any() or world.laundering.all():
        raise FileUnreadable(
            f"{data.path} labels {int(world.laundering.sum())} of {len(world.laundering)} payments laundering: "
            f"nothing to tell apart. Check its column {data.layout.label!r}, where 1 or True is laundering"
        )
    days = float(world.day.max() - world.day.min())
    return world, {
        "file": data.path.name,
        "layout": data.layout.name,
        "kinds_from": data.kinds_from or "nothing: the file beside it that names typologies is missing",
        "currency": parameters.currency,
        "days": round(days, 1),
        "broken_rows": broken,
        "first_broken_row": first,
        "duplicates": observation.duplicates,
        "too_late": observation.too_late,
        "without_a_rate": observation.unrated,
        "not_evaluated": observation.engine.not_evaluated(),
        "cpu_seconds": {"reading": round(time.process_time() - begun - spent, 2), "engine": round(spent, 2)},
        "transactions_a_second": {"engine": round(len(world.laundering) / spent)},
    }


def _batches(rows: Iterable[Labelled | BrokenRow]) -> Iterator[list[Labelled | BrokenRow]]:
    batch: list[Labelled | BrokenRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def typologies_found(world: Observed, missing: Mapping[str, str]) -> dict[str, Report]:
    """Of each of our typologies: payments that it was found by, and the laundering among them."""
    found: dict[str, Report] = {}
    for name in NAMES:
        hit = world.features[:, FEATURES.index(f"hit_{name}")] > 0
        if name in missing:
            found[name] = {"not_evaluated": missing[name]}
        else:
            right = int((hit & world.laundering).sum())
            found[name] = {
                "transactions": int(hit.sum()),
                "laundering": right,
                "precision": round(right / max(int(hit.sum()), 1), 4),
                "recall": round(right / int(world.laundering.sum()), 4),
            }
    return found


def figures(world: Observed, scores: NDArray[np.float64], **threshold: float) -> Report:
    return measured(scores, world, with_hindsight(scores, world.proved), **threshold)


def fitted(world: Observed, shipped: bytes, split: tuple[float, float], trees: int) -> Report:
    """Trained on the file's first part, beside the shipped model on its last. Says so where there is too little."""
    cuts = [float(np.quantile(world.day, share)) for share in split]
    early, middle, late = since(world, -1, cuts[0]), since(world, *cuts), since(world, cuts[1])
    counts = {
        name: {"transactions": len(part.laundering), "laundering": int(part.laundering.sum())}
        for name, part in (("trained_on", early), ("threshold_chosen_on", middle), ("measured_on", late))
    }
    least = min(part["laundering"] for part in counts.values())
    report: Report = {"split": list(split), "trees": trees, **counts}
    if least < LEAST:
        report["not_fitted"] = (
            f"a part of the file has {least} laundering payments, and below {LEAST} nothing is learned or shown"
        )
        return report
    model = train(early.features, early.laundering, trees)
    threshold = best_threshold(predict(model, middle.features), middle.laundering)
    report["fitted"] = figures(late, predict(model, late.features), threshold=threshold)
    known = predict(shipped, middle.features)
    moved = best_threshold(known, middle.laundering)
    scores = predict(shipped, late.features)
    report["shipped"] = figures(late, scores)
    report["shipped_at_a_threshold_chosen_on_the_file"] = figures(late, scores, threshold=moved)["f1"]
    return report


def lines(report: Report) -> Iterator[str]:
    """The report as a person reads it."""
    whole = report["shipped"]
    yield (
        f"{report['file']} ({report['layout']}): {whole['transactions']:,} payments in {report['days']:g} days, "
        f"{whole['laundering']:,} laundering ({whole['base_rate']:.3%}); typologies from {report['kinds_from']}"
    )
    for name, words in (
        ("broken_rows", "rows could not be read, left out"),
        ("duplicates", "payments had an id a second time, left out"),
        ("too_late", "payments came more than a day after newer ones and are in no pattern: sort the file by time"),
        ("without_a_rate", "payments in currencies without a rate count as zero: use --rates"),
    ):
        if report[name]:
            yield f"{report[name]:,} {words}"
    spent, pace = report["cpu_seconds"], report["transactions_a_second"]
    yield (
        f"CPU seconds: reading {spent['reading']}, engine {spent['engine']}, score {spent['score']}: "
        f"{pace['engine']:,}/s through the engine, {pace['with_score']:,}/s with the score"
    )
    yield from _quality("shipped model and rules, whole file", whole)
    yield ""
    yield "our typologies             payments  laundering  precision   recall"
    for name, found in report["found"].items():
        if "not_evaluated" in found:
            yield f"{name:<25}  not evaluated: {found['not_evaluated']}"
        elif found["transactions"]:
            yield (
                f"{name:<25} {found['transactions']:>9,} {found['laundering']:>11,} {found['precision']:>10.4f} "
                f"{found['recall']:>8.4f}"
            )
    silent = [name for name, found in report["found"].items() if found.get("transactions") == 0]
    if silent:
        yield f"evaluated and never found: {', '.join(silent)}"
    if "fit" in report:
        yield from _fit_lines(report["fit"])
    yield ""
    yield report["figures"]


def _fit_lines(fit: Report) -> Iterator[str]:
    parts = ", ".join(
        f"{name.replace('_', ' ')} {fit[name]['transactions']:,} ({fit[name]['laundering']:,} laundering)"
        for name in ("trained_on", "threshold_chosen_on", "measured_on")
    )
    yield ""
    yield f"by time: {parts}"
    if "not_fitted" in fit:
        yield f"not fitted: {fit['not_fitted']}"
        return
    yield from _quality("trained on the file, last part", fit["fitted"])
    yield from _quality("shipped model, last part", fit["shipped"])
    own = fit["shipped_at_a_threshold_chosen_on_the_file"]
    yield f"shipped model at a threshold chosen on the file: F1 {own['at_threshold']:.4f} at {own['threshold']:.4f}"


def _quality(title: str, part: Report) -> Iterator[str]:
    rates = [f"{100 * rate:g}%" for rate in RATES]
    yield ""
    yield f"{title}: F1 {part['f1']['at_threshold']:.4f} at {part['f1']['threshold']:.4f}, at best " + (
        f"{part['f1']['best']:.4f} at {part['f1']['best_threshold']:.4f}"
    )
    heads = [f"recall {rate}" for rate in rates] + [f"precision {rate}" for rate in rates]
    yield (
        f"{'typology of the file':<25} {'payments':>8} {'av. prec.':>9} "
        + " ".join(f"{head:>14}" for head in heads)
        + f" {'rules: alerts':>13} {'recall':>7} {'lift':>6}"
    )
    everything = {**part, "transactions": part["laundering"]}
    for kind, row in {"all laundering": everything, **part["by_kind"]}.items():
        values = [row[f"{name}_at_{rate}"] for name in ("recall", "precision") for rate in rates]
        rules = row["rules_alone"]
        lift = "none" if rules["lift"] is None else f"{rules['lift']:.2f}"
        yield (
            f"{kind:<25} {row['transactions']:>8,} {row['average_precision']:>9.4f} "
            + " ".join(f"{value:>14.4f}" for value in values)
            + f" {rules['alert_rate']:>13.4f} {rules['recall']:>7.4f} {lift:>6}"
        )
    hindsight = part["with_hindsight"]
    yield (
        f"with hindsight: average precision {hindsight['average_precision']:.4f}, recall at 1% "
        f"{hindsight['recall_at_1%']:.4f}, at 5% {hindsight['recall_at_5%']:.4f}"
    )
    yield f"calibration error {part['calibration']['expected_calibration_error']:.5f}; by tenths of the score:"
    for tenth in part["calibration"]["bins"]:
        yield (
            f"  said {tenth['mean_score']:.4f}, were {tenth['laundering']:.4f} of {tenth['transactions']:,} payments"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="CSV or Parquet, or the folder that has it")
    parser.add_argument("--kinds", type=Path, help="AMLSim's alert_transactions.csv or AMLworld's Patterns.txt")
    parser.add_argument("--regime", default="US", help="US or EU: thresholds, lists and the currency counted in")
    parser.add_argument("--rates", type=Path, help="JSON of currencies to units of the regime's; indicative without")
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER, help="another model's folder")
    parser.add_argument("--fit", action="store_true", help="train on the file's first part, too")
    parser.add_argument("--split", type=float, nargs=2, default=_SPLIT, metavar="SHARE", help="where its parts end")
    parser.add_argument("--trees", type=int, default=TREES, help="of the model that is trained on the file")
    parser.add_argument("--json", type=Path, help="where the figures go as JSON")
    asked = parser.parse_args(arguments)
    if not 0 < asked.split[0] < asked.split[1] < 1:
        parser.error("--split: two shares of the file, the smaller first, like 0.6 0.8")
    try:
        report = run(asked, lambda text: print(text, file=sys.stderr))
    except (FileUnreadable, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines(report)))
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def run(asked: argparse.Namespace, say: Callable[[str], object] = lambda _: None) -> Report:
    """What `main` was asked for. Raises `FileUnreadable` and `ValueError`, with what to do."""
    data = data_set(asked.path, asked.kinds)
    regime = jurisdictions.regime(asked.regime, datetime.now(UTC).date())
    rates = indicative_rates(regime.currency) if asked.rates is None else read_rates(asked.rates)
    parameters = monitoring_parameters(regime, rates)
    artifact = load(asked.model)
    with tempfile.TemporaryFile() as spool:
        observation = Observation(parameters, spool=spool)
        world, report = observed(data, parameters, observation, say)
        predict(artifact.content, world.features[:1])  # its library loaded before the clock starts
        begun = time.process_time()
        scores = predict(artifact.content, world.features)
        spent = report["cpu_seconds"]
        spent["score"] = round(time.process_time() - begun, 2)
        report["transactions_a_second"]["with_score"] = round(len(scores) / (spent["engine"] + spent["score"]))
        report["model"] = {"version": artifact.ref.version, "sha256": artifact.ref.sha256}
        report["figures"] = _CAUSAL
        report["shipped"] = figures(world, scores)
        report["found"] = typologies_found(world, report["not_evaluated"])
        if asked.fit:
            report["fit"] = fitted(world, artifact.content, tuple(asked.split), asked.trees)
    return report


if __name__ == "__main__":
    sys.exit(main())
