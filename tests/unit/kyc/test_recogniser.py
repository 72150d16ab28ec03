"""The trained line recogniser: the model is the one on its card, and reads lines that it was not trained on."""

import hashlib
import json

from kyc.mrz import ALPHABET
from kyc.mrz_decoding import best_path
from kyc.recogniser import MODEL, LineRecogniser
from kyc.training.mrz_evaluation import FIRST_SEED
from kyc.training.mrz_lines import draw_sample


def test_the_model_is_the_one_on_its_card() -> None:
    card = json.loads((MODEL.parent / "card.json").read_text(encoding="utf-8"))

    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() == card["sha256"]
    assert MODEL.stat().st_size == card["bytes"] < 5_000_000


def test_most_damaged_lines_are_read_exactly() -> None:
    """Seeds beyond those of training and of the model card's evaluation; the card has the figures on a thousand."""
    recogniser = LineRecogniser()
    samples = [draw_sample(FIRST_SEED + 10_000 + index) for index in range(60)]

    exact = sum(
        "".join(s.sign for s in best_path(recogniser.score_strip(x.strip), [ALPHABET] * len(x.text))) == x.text
        for x in samples
    )

    assert exact >= 40


def test_the_same_seed_draws_the_same_line() -> None:
    first, again, other = draw_sample(5), draw_sample(5), draw_sample(6)

    assert first.text == again.text
    assert (first.strip == again.strip).all()
    assert other.text != first.text
