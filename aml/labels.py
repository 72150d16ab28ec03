"""What officers made of earlier alerts, read back for training: the lines that `clearance models labels` writes.

Apart from training because it judges a file from outside: a line that is not what it should be is named and refused,
one that speaks of another model's features is left out and counted.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aml.quality import average_precision

FORMAT = "clearance-labels/1"
WEIGHT = 10.0
"""How many generated rows one disposition counts for, unless told otherwise: dispositions are few, and real."""
HELD_OUT = 0.2
"""The share, newest first, that measures and does not train."""
LEAST_HELD_OUT = 10
"""Of fewer held-out rows nothing is said: it would say nothing."""


class LabelsUnfit(ValueError):
    """The file is not one of labels, or has none to train on. The message names line and cure."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled transactions in the order of their dispositions' days: features [n, F], confirmed or not [n], the scores
    [n] that the models of the day had given them, and what was left out."""

    features: NDArray[np.float64]
    confirmed: NDArray[np.bool_]
    scores: NDArray[np.float64]
    weight: float
    other_kinds: int
    """Lines that label no transaction."""
    other_features: int
    """Lines whose model saw other features than the present one."""

    def parted(self) -> tuple["Labels", "Labels"]:
        """Those to train on, and the newest to measure with: none of these where they would be too few."""
        late = round(HELD_OUT * len(self.confirmed))
        cut = len(self.confirmed) - (late if late >= LEAST_HELD_OUT else 0)
        return self._rows(slice(0, cut)), self._rows(slice(cut, None))

    def _rows(self, rows: slice) -> "Labels":
        return Labels(
            self.features[rows],
            self.confirmed[rows],
            self.scores[rows],
            self.weight,
            self.other_kinds,
            self.other_features,
        )


def read_labels(lines: Iterable[str], names: Sequence[str], weight: float = WEIGHT) -> Labels:
    """The labelled transactions with the features of that table, in its order. Raises `LabelsUnfit`."""
    if not weight > 0 or not np.isfinite(weight):
        raise LabelsUnfit(f"the weight of a label has to be a number above 0, not {weight}")
    rows: list[tuple[str, list[float], bool, float]] = []
    other_kinds = other_features = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        label = _label(line, number)
        if label["kind"] != "transaction":
            other_kinds += 1
        elif not label["features"].keys() >= set(names):
            other_features += 1
        else:
            values = [_value(label["features"][name], name, number) for name in names]
            rows.append((label["decided_on"], values, label["label"] == 1, float(label["score"])))
    if not rows:
        raise LabelsUnfit(
            f"no transaction to train on: {other_kinds} lines label something else, {other_features} lack features of "
            "the present model. Write them anew with `clearance models labels` once cases of that model are closed"
        )
    rows.sort(key=lambda row: row[0])
    return Labels(
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows], np.float64),
        weight,
        other_kinds,
        other_features,
    )


def _label(line: str, number: int) -> Mapping[str, Any]:
    try:
        label = json.loads(line)
    except ValueError as error:
        raise LabelsUnfit(f"line {number} is not JSON: write the file anew with `clearance models labels`") from error
    if not isinstance(label, dict) or label.get("format") != FORMAT:
        raise LabelsUnfit(f"line {number} is not of the format {FORMAT}: write the file with `clearance models labels`")
    kinds = {"kind": str, "label": int, "decided_on": str, "score": int | float, "features": dict}
    for name, kind in kinds.items():
        if not isinstance(label.get(name), kind) or isinstance(label[name], bool):
            raise LabelsUnfit(f"line {number} lacks `{name}`, or it is of another kind than it should be")
    if label["label"] not in (0, 1):
        raise LabelsUnfit(f"line {number}: `label` is 0 or 1, not {label['label']}")
    return label


def _value(value: Any, name: str, number: int) -> float:
    """A feature's number; not known is NaN, as the engine has it."""
    if value is None:
        return float("nan")
    if isinstance(value, bool | int | float):
        return float(value)
    raise LabelsUnfit(f"line {number}: the feature `{name}` is no number")


def added(
    features: NDArray[np.floating[Any]], laundering: NDArray[np.bool_], labels: Labels
) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_], NDArray[np.float64]]:
    """Generated rows with the labelled ones behind them: features, laundering or not, and how much each row counts."""
    return (
        np.concatenate([features, labels.features]),
        np.concatenate([laundering, labels.confirmed]),
        np.concatenate([np.ones(len(laundering)), np.full(len(labels.confirmed), labels.weight)]),
    )


def told(trained: Labels, newest: Labels, scores: NDArray[np.float64]) -> dict[str, Any]:
    """What the model's card says of labels: how many, how much they count, and how the newest are ranked, which it was
    not trained on, by this model (`scores` [n]) and by those that had decided them."""
    both = bool(newest.confirmed.any() and not newest.confirmed.all())
    return {
        "rows": len(trained.confirmed),
        "confirmed": int(trained.confirmed.sum()),
        "weight_of_each": trained.weight,
        "left_out_of_another_kind": trained.other_kinds,
        "left_out_with_other_features": trained.other_features,
        "held_out": len(newest.confirmed),
        "held_out_confirmed": int(newest.confirmed.sum()),
        "average_precision_held_out": round(average_precision(scores, newest.confirmed), 4) if both else None,
        "average_precision_of_the_models_then": (
            round(average_precision(newest.scores, newest.confirmed), 4) if both else None
        ),
        "note": (
            "Dispositions of officers, of alerts only: what no alert was raised on is in no label. The share of "
            "confirmed ones is that of alerts, not of payments: scores are higher than probabilities of laundering."
        ),
    }
