"""The evaluation documents: the same each time, with a true truth, forged as they say, and apart from training."""

from datetime import date

import cv2
import numpy as np
import pytest

from kyc.evaluation import words
from kyc.evaluation.documents import Forgery, draw
from kyc.evaluation.pages import FONTS
from kyc.labels import LANGUAGES
from kyc.mrz import parse
from kyc.training import layout_captions

AS_OF = date(2026, 11, 22)


def test_the_same_seed_draws_the_same_document() -> None:
    first, second = draw(3, AS_OF), draw(3, AS_OF)

    assert first.image == second.image
    assert first.truth == second.truth
    assert draw(4, AS_OF).image != first.image


@pytest.mark.parametrize("seed", range(6))
def test_the_truth_is_what_the_zone_says(seed: int) -> None:
    truth = draw(seed, AS_OF).truth
    parsed = parse(truth["lines"], AS_OF)

    assert all(parsed.checks.values())
    assert {
        name: parsed.fields[name] for name in ("number", "birth_date", "expiry_date", "sex", "nationality", "issuer")
    } == {
        name: truth["fields"][name] for name in ("number", "birth_date", "expiry_date", "sex", "nationality", "issuer")
    }
    assert parsed.fields["expiry_date"] > AS_OF.isoformat()


@pytest.mark.parametrize("forgery", list(Forgery))
def test_a_forgery_is_what_it_is_called(forgery: Forgery) -> None:
    seed = 40 + list(Forgery).index(forgery)
    drawn = draw(seed, AS_OF, forgery=forgery)
    truth = drawn.truth
    checks = parse(truth["lines"], AS_OF).checks

    assert truth["forgery"] == forgery.value
    assert cv2.imdecode(np.frombuffer(drawn.image, np.uint8), cv2.IMREAD_COLOR) is not None
    assert all(checks.values()) == (forgery is not Forgery.RETYPED_DIGIT)
    altered = {
        name for name, value in truth["visual"].items() if str(parse(truth["lines"], AS_OF).fields.get(name)) != value
    }
    if forgery is Forgery.RETYPED_ZONE:
        assert altered & {"number", "birth_date", "expiry_date", "surname"}
    if forgery.value.startswith("altered_"):
        name = forgery.value.removeprefix("altered_")
        genuine = draw(seed, AS_OF).truth
        assert truth["lines"] == genuine["lines"]
        assert {each for each in truth["printed"] if truth["printed"][each] != genuine["printed"][each]} == {name}


def test_training_never_saw_the_words_or_the_type() -> None:
    for pool, other in ((words.GIVEN, layout_captions.GIVEN), (words.SURNAMES, layout_captions.SURNAMES),
                        (words.PLACES, layout_captions.PLACES)):  # fmt: skip
        assert not set(pool) & set(other)
    assert set(words.LANGUAGES) & set(LANGUAGES) == {"en"}
    assert not [name for name in FONTS if name.startswith("DejaVu")]
