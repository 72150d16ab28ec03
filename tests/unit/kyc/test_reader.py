"""The whole reading on generated documents: what is drawn is read, what is forged is said."""

from dataclasses import replace
from datetime import date

import pytest

from explain.record import RuleTable
from kyc.acceptance import acceptance_facts, acceptance_table
from kyc.checks import code_of, cross_check, supported_fields
from kyc.document import ApplicantFacts, DocumentReading, DocumentType, to_json
from kyc.geometry import NotAnImage
from kyc.reader import read_document
from kyc.specimens import SCAN, Capture, Defect, DocumentSpec, Specimen, draw_document, invent_document

AS_OF = date(2026, 11, 22)
SMALL_SCAN = replace(SCAN, longest=1000)


def drawn(seed: int, **changes: object) -> tuple[DocumentSpec, Specimen]:
    spec = invent_document(seed, AS_OF, type=DocumentType.TD3, capture=SMALL_SCAN)
    spec = replace(spec, **changes)  # type: ignore[arg-type]
    return spec, draw_document(spec, seed)


def outcome(reading: DocumentReading) -> str:
    return acceptance_table().outcome(acceptance_facts(reading, cross_check([reading], None, AS_OF)))


@pytest.mark.parametrize(
    "kind", [DocumentType.TD1, DocumentType.TD2, DocumentType.TD3, DocumentType.MRVA, DocumentType.MRVB]
)
def test_every_format_is_read_exactly(kind: DocumentType) -> None:
    spec = invent_document(11, AS_OF, type=kind, capture=SMALL_SCAN)
    specimen = draw_document(spec, 11)

    reading = read_document(specimen.image_bytes, AS_OF)

    assert reading.mrz is not None
    assert list(reading.mrz.lines) == specimen.truth["lines"]
    assert reading.mrz.valid
    assert reading.type is kind
    for name in ("surname", "given_names", "number", "birth_date", "expiry_date", "sex", "nationality"):
        assert reading.value(name) == specimen.truth["fields"][name]


def test_a_clean_passport_is_accepted_without_a_person() -> None:
    _, specimen = drawn(21)

    reading = read_document(specimen.image_bytes, AS_OF)

    assert outcome(reading) == "accept"
    assert len(supported_fields(reading)) >= 3
    assert reading.faces >= 1


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_picture_is_read_upright(turns: int) -> None:
    _, specimen = drawn(22, quarter_turns=turns)

    reading = read_document(specimen.image_bytes, AS_OF)

    assert reading.mrz is not None
    assert list(reading.mrz.lines) == specimen.truth["lines"]
    assert (reading.rotation + 90 * turns) % 360 == 0
    assert "ROTATED" in reading.codes


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_a_retyped_digit_is_reported_and_never_repaired(seed: int) -> None:
    _, specimen = drawn(seed, defect=Defect.CHECK_DIGIT)

    reading = read_document(specimen.image_bytes, AS_OF)

    assert reading.mrz is not None
    assert list(reading.mrz.lines) == specimen.truth["lines"]
    assert reading.mrz.checks == specimen.truth["checks"]
    assert "CHECK_DIGIT_FAILED(composite)" in reading.codes
    assert outcome(reading) == "refer"


@pytest.mark.parametrize(
    ("defect", "code"),
    [
        (Defect.ALTERED_NAME, "MRZ_VIZ_MISMATCH(surname)"),
        (Defect.ALTERED_BIRTH_DATE, "MRZ_VIZ_MISMATCH(birth_date)"),
        (Defect.ALTERED_NUMBER, "MRZ_VIZ_MISMATCH(number)"),
    ],
)
def test_an_altered_visual_zone_is_found(defect: Defect, code: str) -> None:
    _, specimen = drawn(41, defect=defect)

    reading = read_document(specimen.image_bytes, AS_OF)
    codes = [code_of(finding) for finding in cross_check([reading], None, AS_OF)]

    assert code in codes
    assert outcome(reading) == "refer"


def test_an_expired_passport_is_referred_not_rejected() -> None:
    spec = invent_document(51, AS_OF, type=DocumentType.TD3, expired=True, capture=SMALL_SCAN)
    reading = read_document(draw_document(spec, 51).image_bytes, AS_OF)

    findings = cross_check([reading], None, AS_OF)

    assert [code_of(f) for f in findings if f.rule == "EXPIRED"] == ["EXPIRED"]
    assert outcome(reading) == "refer"


def test_the_application_is_compared_field_by_field() -> None:
    spec, specimen = drawn(61)
    reading = read_document(specimen.image_bytes, AS_OF)
    true = ApplicantFacts(spec.surname, spec.given_names, spec.birth_date, spec.nationality, spec.number)
    other = replace(true, surname="Somebody Else", birth_date=date(1990, 1, 1))

    assert not [f for f in cross_check([reading], true, AS_OF) if f.rule == "APPLICATION_MISMATCH"]
    assert {code_of(f) for f in cross_check([reading], other, AS_OF) if f.rule == "APPLICATION_MISMATCH"} == {
        "APPLICATION_MISMATCH(surname)",
        "APPLICATION_MISMATCH(birth_date)",
    }


def test_a_blurred_photo_is_reported_with_value_threshold_and_advice() -> None:
    _, specimen = drawn(71, capture=Capture(longest=1000, blur=5.0))

    reading = read_document(specimen.image_bytes, AS_OF)
    blur = next(c for c in reading.captures if c.code == "BLUR")

    assert blur.value < blur.threshold
    assert "sharp" in blur.advice


def test_a_picture_of_nothing_is_no_document() -> None:
    import cv2
    import numpy as np

    grey = np.full((400, 600, 3), 127, np.uint8)
    reading = read_document(cv2.imencode(".png", grey)[1].tobytes(), AS_OF)

    assert {"NO_DOCUMENT", "NO_MRZ", "NO_FACE"} <= set(reading.codes)
    assert reading.mrz is None
    assert outcome(reading) == "refer"


def test_bytes_that_are_no_image_are_refused() -> None:
    with pytest.raises(NotAnImage):
        read_document(b"GIF89a", AS_OF)


def test_the_json_contract_names_every_part() -> None:
    _, specimen = drawn(21)

    printed = to_json(read_document(specimen.image_bytes, AS_OF), accepted=True, seconds=1.5)

    assert {"type", "mrz", "fields", "codes", "accepted", "seconds"} <= set(printed)
    assert {"lines", "raw_lines", "valid", "checks"} <= set(printed["mrz"])
    surname = printed["fields"]["surname"]
    assert set(surname) == {"value", "source", "confidence", "box"}
    left, top, right, bottom = surname["box"]
    assert 0 <= left < right <= 1100
    assert 0 <= top < bottom


def test_the_acceptance_table_survives_its_native_format() -> None:
    table = acceptance_table()

    assert RuleTable.from_bytes(table.to_bytes()) == table
    for facts in table.background:
        assert table.outcome(facts) in table.outcomes
    assert table.outcome(table.background[0]) == "accept"
    assert {table.outcome(facts) for facts in table.background} == {"accept", "refer"}
