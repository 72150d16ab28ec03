"""States and numbers that no document has, and what is said of a selfie whose liveness nobody checked."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kyc.acceptance import acceptance_facts
from kyc.checks import cross_check
from kyc.document import DocumentReading, DocumentType, FieldReading, MrzReading
from kyc.faces import FaceMatch, LivenessResult
from kyc.policy import CODE_FACTS, JUDGED_BEFORE
from kyc.specimens.persons import STATES as DRAWN
from kyc.states import STATES

AS_OF = date(2026, 11, 22)
MRZ = MrzReading(DocumentType.TD3, ("A", "B"), ("A", "B"), True, {}, (), 0.99, None, readers_agree=True)


def reading(**fields: str) -> DocumentReading:
    read = {name: FieldReading(value, "mrz", 0.99) for name, value in fields.items()}
    return DocumentReading(
        DocumentType.TD3, "", MRZ, read, {}, {}, (), (), (), None, 1, 0, 100, 100
    )  # fmt: skip


def rules(*readings: DocumentReading, selfie: FaceMatch | None = None) -> list[str]:
    return [finding.rule for finding in cross_check(readings, None, AS_OF, selfie)]


@pytest.mark.parametrize("state", ["D", "UTO", "FRA", "GBR", "XXA", "UNO", "RKS", *DRAWN])
def test_states_that_issue_documents_are_known(state: str) -> None:
    assert "UNKNOWN_STATE" not in rules(reading(issuer=state, nationality=state, number="AB1234567"))


@pytest.mark.parametrize("state", ["XYZ", "DE", "0TO", "FR4"])
def test_a_state_that_is_none_is_said_by_field(state: str) -> None:
    found = [
        f for f in cross_check([reading(issuer="FRA", nationality=state)], None, AS_OF) if f.rule == "UNKNOWN_STATE"
    ]

    assert [f.values["field"] for f in found] == ["nationality"]


def test_a_printed_state_is_not_the_zones_business() -> None:
    printed = replace(reading(), fields={"issuer": FieldReading("Utopia", "caption", 0.9)})

    assert "UNKNOWN_STATE" not in rules(printed)


@pytest.mark.parametrize(("number", "odd"), [("AB1234567", False), ("12345", False), ("AB<123456", True), ("A1", True)])
def test_a_number_with_gaps_or_too_short_is_said(number: str, odd: bool) -> None:
    assert ("NUMBER_FORMAT" in rules(reading(number=number))) is odd


@pytest.mark.parametrize(
    ("issuer", "number", "odd"),
    [
        ("GBR", "533380006", False), ("GBR", "AB1234567", True), ("D", "C01X00T47", False), ("D", "C01X00O47", True),
        ("CAN", "AB123456", False), ("CAN", "P123456AA", False), ("UTO", "L898902C3", False), ("FRA", "12AB3456", True),
    ],
)  # fmt: skip
def test_a_passports_number_of_another_shape_is_a_hint_that_decides_nothing(
    issuer: str, number: str, odd: bool
) -> None:
    passport = reading(issuer=issuer, number=number)
    passport = replace(passport, mrz=replace(MRZ, lines=("P<", "B")))
    found = [each for each in cross_check([passport], None, AS_OF) if each.rule == "NUMBER_UNUSUAL"]

    assert [(each.effect, each.values["field"]) for each in found] == [("advise", "number")] * odd
    assert "NUMBER_UNUSUAL" in JUDGED_BEFORE
    facts = acceptance_facts(passport, found)
    assert facts == acceptance_facts(passport, [])


def test_other_documents_of_the_issuer_have_other_numbers() -> None:
    card = reading(issuer="GBR", number="AB1234567")

    assert "NUMBER_UNUSUAL" not in rules(replace(card, mrz=replace(MRZ, lines=("I<", "B"))))


def test_liveness_that_nobody_checked_is_said_and_decides_nothing() -> None:
    match = FaceMatch("match", 0.3)

    assert rules(selfie=match) == ["LIVENESS_NOT_CHECKED"]
    assert "LIVENESS_NOT_CHECKED" in JUDGED_BEFORE
    assert rules(selfie=replace(match, liveness=LivenessResult("live", "provider"))) == []


def test_a_selfie_that_is_not_alive_is_unknown_to_the_policy_and_so_refers() -> None:
    failed = FaceMatch("match", 0.3, liveness=LivenessResult("not_live", "provider"))

    assert rules(selfie=failed) == ["LIVENESS_FAILED"]
    assert "LIVENESS_FAILED" not in JUDGED_BEFORE | CODE_FACTS.keys()


def test_the_provider_that_is_given_is_the_one_that_is_asked() -> None:
    from kyc.faces import match_faces
    from kyc.geometry import to_png

    class Provider:
        def check(self, selfie: bytes) -> LivenessResult:
            return LivenessResult("live" if selfie == blank else "not_live", "test")

    blank = to_png(np.full((64, 64, 3), 128, np.uint8))

    assert match_faces(blank, blank, Provider()).liveness == LivenessResult("live", "test")
    assert match_faces(blank, blank).liveness.result == "not_checked"


def test_every_state_code_is_three_letters_or_germanys() -> None:
    assert all(code == "D" or (len(code) == 3 and code.isalpha() and code.isupper()) for code in STATES)
    assert len(STATES) > 270
