"""Dispositions read back for training: what counts, what is left out, what is refused."""

import json
from typing import Any

import numpy as np
import pytest

from aml.labels import Labels, LabelsUnfit, added, read_labels, told

NAMES = ("amount", "payments_day")


def line(**changes: Any) -> str:
    label = {
        "format": "clearance-labels/1",
        "kind": "transaction",
        "label": 1,
        "disposition": "true_positive",
        "false_positive_reason": None,
        "typologies": ["structuring"],
        "regime": "EU",
        "decided_on": "2026-03-02",
        "model": "ab" * 32,
        "score": 0.8,
        "features": {"payments_day": 3, "amount": 9500.0},
    }
    return json.dumps(label | changes)


def test_features_come_in_the_tables_order_whatever_the_files() -> None:
    read = read_labels([line(), "", line(label=0, decided_on="2026-02-01", score=0.2)], NAMES, 4.0)
    assert read.features.tolist() == [[9500.0, 3.0], [9500.0, 3.0]]
    assert read.confirmed.tolist() == [False, True]  # by the day they were decided on
    assert read.scores.tolist() == [0.2, 0.8]
    assert read.weight == 4.0


def test_what_is_not_known_is_not_a_number_and_a_retired_feature_is_left_aside() -> None:
    read = read_labels([line(features={"amount": None, "payments_day": 1, "gone": 7})], NAMES)
    assert np.isnan(read.features[0, 0])
    assert read.features.shape == (1, 2)


def test_other_kinds_and_other_features_are_counted_not_guessed() -> None:
    read = read_labels([line(), line(kind="onboarding"), line(features={"amount": 1.0})], NAMES)
    assert (len(read.confirmed), read.other_kinds, read.other_features) == (1, 1, 1)
    with pytest.raises(LabelsUnfit, match="0 lines label something else, 1 lack features"):
        read_labels([line(features={"amount": 1.0})], NAMES)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 is not of the format"),
        (line(format="clearance-labels/2"), "line 2 is not of the format"),
        (line(label=2), "`label` is 0 or 1"),
        (line(label=True), "lacks `label`"),
        (line(score="high"), "lacks `score`"),
        (line(features=[1.0]), "lacks `features`"),
        (line(features={"amount": "much", "payments_day": 1}), "`amount` is no number"),
    ],
)
def test_a_line_that_is_none_is_named(broken: str, said: str) -> None:
    with pytest.raises(LabelsUnfit, match=said):
        read_labels([line(), broken], NAMES)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_is_a_number_above_zero(weight: float) -> None:
    with pytest.raises(LabelsUnfit, match="above 0"):
        read_labels([line()], NAMES, weight)


def many(count: int) -> Labels:
    days = [f"2026-{1 + n // 28:02d}-{1 + n % 28:02d}" for n in range(count)]
    return read_labels([line(decided_on=day, score=n / count) for n, day in enumerate(days)], NAMES)


def test_the_newest_measure_unless_they_are_too_few() -> None:
    early, late = many(100).parted()
    assert (len(early.confirmed), len(late.confirmed)) == (80, 20)
    assert early.scores.max() < late.scores.min()
    early, late = many(40).parted()
    assert (len(early.confirmed), len(late.confirmed)) == (40, 0)


def test_labelled_rows_count_for_more_than_generated_ones() -> None:
    labels = read_labels([line(), line(label=0)], NAMES, 5.0)
    features, laundering, weights = added(np.zeros((3, 2)), np.array([False, False, True]), labels)
    assert features.shape == (5, 2)
    assert laundering.tolist() == [False, False, True, True, False]
    assert weights.tolist() == [1.0, 1.0, 1.0, 5.0, 5.0]


def test_the_card_says_how_many_and_how_the_newest_rank() -> None:
    lines = [line(label=n % 2, decided_on=f"2026-01-{1 + n // 4:02d}", score=0.5) for n in range(100)]
    trained, newest = read_labels(lines, NAMES).parted()
    said = told(trained, newest, newest.confirmed.astype(np.float64))
    assert (said["rows"], said["confirmed"], said["held_out"], said["held_out_confirmed"]) == (80, 40, 20, 10)
    assert said["average_precision_held_out"] == 1.0
    assert said["average_precision_of_the_models_then"] < 0.7
    alone = told(*read_labels(lines[:20], NAMES).parted(), np.empty(0))
    assert (alone["held_out"], alone["average_precision_held_out"]) == (0, None)
