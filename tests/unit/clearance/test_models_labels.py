"""`clearance models train --labels`: what is refused before anything is generated, and what reaches the training."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from aml import scoring
from aml.features import FEATURES
from aml.labels import Labels, added, read_labels
from clearance.models import train
from clearance.settings import Settings


def label(**changes: Any) -> str:
    told = {
        "format": "clearance-labels/1",
        "kind": "transaction",
        "label": 1,
        "decided_on": "2026-03-02",
        "score": 0.8,
        "features": dict.fromkeys(FEATURES, 1.0),
    }
    return json.dumps(told | changes) + "\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Labels | None]:
    """Stands in for minutes of training; says what it was given."""
    given: list[Labels | None] = []

    def make_model(folder: Path, say: Any, labels: Labels | None = None) -> dict[str, Any]:
        given.append(labels)
        raise InterruptedError

    monkeypatch.setattr("aml.training.make_model", make_model)
    return given


@pytest.mark.parametrize(
    ("which", "content", "said", "code"),
    [
        ("aml", None, "No such file", 1),
        ("aml", "", "no transaction to train on", 1),
        ("aml", label(kind="onboarding"), "1 lines label something else", 1),
        ("aml", label(features={"gone": 1.0}), "1 lack features", 1),
        ("aml", "{\n", "line 1 is not JSON", 1),
        ("screening", label(), "not screening", 2),
    ],
)
def test_what_cannot_be_learned_from_is_refused_before_anything_is_generated(
    tmp_path: Path, asked: list[Labels | None], which: str, content: str | None, said: str, code: int
) -> None:
    file, errors = tmp_path / "labels.jsonl", StringIO()
    if content is not None:
        file.write_text(content)
    answer = train(Settings(), which, tmp_path / "out", Console(file=StringIO()), Console(file=errors), file)
    assert (answer, asked) == (code, [])
    assert said in errors.getvalue()


def test_dispositions_reach_the_training_with_their_weight(tmp_path: Path, asked: list[Labels | None]) -> None:
    file, said = tmp_path / "labels.jsonl", StringIO()
    file.write_text(label() + label(label=0))
    with pytest.raises(InterruptedError):
        train(Settings(), "aml", tmp_path / "out", Console(file=said), Console(), file, 7.5)
    [labels] = asked
    assert labels is not None
    assert (labels.features.shape, labels.confirmed.tolist(), labels.weight) == ((2, len(FEATURES)), [True, False], 7.5)
    assert "2 dispositions, 1 of them confirmed" in said.getvalue()


def test_without_labels_it_is_as_it_was(tmp_path: Path, asked: list[Labels | None]) -> None:
    with pytest.raises(InterruptedError):
        train(Settings(), "aml", tmp_path / "out", Console(file=StringIO()), Console())
    assert asked == [None]


def test_what_officers_said_changes_what_is_learned() -> None:
    some = np.random.default_rng(1)
    features, laundering = some.random((400, len(FEATURES))), some.random(400) < 0.1
    labels = read_labels([label(), label(label=0)] * 60, FEATURES, 5.0)
    rows, marks, weights = added(features, laundering, labels)
    alone = scoring.train(features, laundering, 3)
    assert scoring.train(rows, marks, 3, weights) != alone
    assert scoring.train(features, laundering, 3) == alone
