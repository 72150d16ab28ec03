"""Generated documents: reproducible, truthful, and drawn as their specification says."""

from datetime import date

import cv2
import numpy as np
import pytest

from kyc.document import DocumentType
from kyc.mrz import parse
from kyc.specimens import Defect, draw_document, invent_document

AS_OF = date(2026, 11, 22)


def test_the_same_seed_draws_the_same_bytes() -> None:
    spec = invent_document(3, AS_OF)

    assert draw_document(spec, 3) == draw_document(spec, 3)
    assert draw_document(spec, 3).image_bytes != draw_document(spec, 4).image_bytes


@pytest.mark.parametrize("seed", range(12))
def test_truth_holds_what_the_zone_says(seed: int) -> None:
    spec = invent_document(seed, AS_OF)
    truth = draw_document(spec, seed).truth
    parsed = parse(truth["lines"], AS_OF)

    assert parsed.valid
    for name in ("surname", "given_names", "number", "birth_date", "expiry_date", "sex", "nationality", "issuer"):
        assert parsed.fields[name] == truth["fields"][name], name


@pytest.mark.parametrize("seed", range(8))
def test_a_retyped_digit_breaks_check_digits_and_only_that(seed: int) -> None:
    spec = invent_document(seed, AS_OF, defect=Defect.CHECK_DIGIT)
    truth = draw_document(spec, seed).truth
    sound = draw_document(invent_document(seed, AS_OF), seed).truth

    assert not truth["checks"]["composite"]
    assert (
        sum(a != b for x, y in zip(truth["lines"], sound["lines"], strict=True) for a, b in zip(x, y, strict=True)) == 1
    )


def test_altered_fields_differ_from_the_zone() -> None:
    for defect, name in ((Defect.ALTERED_NAME, "surname"), (Defect.ALTERED_NUMBER, "number")):
        truth = draw_document(invent_document(5, AS_OF, defect=defect), 5).truth

        assert truth["printed"][name].upper() != truth["fields"][name]


def test_the_zone_stands_where_the_truth_says() -> None:
    """Inside a line's corners there is much more dark print than just above the zone."""
    specimen = draw_document(invent_document(6, AS_OF, type=DocumentType.TD3), 6)
    image = cv2.imdecode(np.frombuffer(specimen.image_bytes, np.uint8), cv2.IMREAD_GRAYSCALE)
    quad = np.array(specimen.truth["mrz_quads"][0], np.int32)
    mask = np.zeros(image.shape, np.uint8)
    cv2.fillConvexPoly(mask, quad, 255)
    inside = image[mask > 0]

    assert np.percentile(inside, 3) < np.median(inside) - 80
