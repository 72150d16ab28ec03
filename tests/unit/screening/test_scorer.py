"""The scorer's artifact: what the card says, rising shapes, and a training that repeats itself."""

import json
from itertools import pairwise

from aml.screening.evidence import FEATURES
from aml.screening.scorer import ARTIFACT, Scorer, probability, reference_scorer
from aml.screening.training import train


def test_the_card_names_the_artifact() -> None:
    card = json.loads(ARTIFACT.with_name("card.json").read_text())
    assert card["sha256"] == reference_scorer().ref.sha256
    assert "Invented names only" in card["data"]


def test_more_evidence_never_lowers_the_score() -> None:
    scorer = reference_scorer()
    assert scorer.features == FEATURES
    for feature in FEATURES:
        assert all(left <= right for left, right in pairwise(scorer.knots[feature][1]))


def test_what_is_not_known_says_nothing() -> None:
    scorer = reference_scorer()
    for feature in ("birth_date", "country", "gender", "identifier"):
        assert scorer.part(feature, None) == scorer.part(feature, 0.0) == 0.0


def test_scores_keep_apart_where_they_are_high() -> None:
    assert probability(20.0) < probability(21.0) < 1.0


def test_training_repeats_itself_to_the_byte() -> None:
    first, figures = train(seed=5, n=120, rounds=1)
    second, _ = train(seed=5, n=120, rounds=1)
    assert first.content == second.content
    assert figures["matches"] > 50
    assert isinstance(first, Scorer)
