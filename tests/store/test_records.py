"""The texts that are hashed are canonical JSON, whatever is in them."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    Finding,
    InputRef,
    Method,
    ModelRef,
    canonical_json,
    sha256_hex,
)
from store import numbers, records

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Surrogates are no text: neither JSON in UTF-8 nor Postgres holds them; Postgres has no NUL either.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES = st.none() | st.booleans() | st.integers() | FINITE | TEXT
FINDINGS = st.builds(Finding, TEXT, TEXT, TEXT, TEXT, st.dictionaries(TEXT, VALUES, max_size=3))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    contributions = draw(st.lists(st.builds(Contribution, TEXT, VALUES, FINITE), max_size=4))
    return Decision(
        decision_id=draw(st.uuids()),
        kind=draw(st.sampled_from(DecisionKind)),
        tenant_id=draw(st.uuids()),
        subject_id=draw(st.uuids()),
        about=draw(TEXT),
        outcome=draw(TEXT),
        score=draw(FINITE),
        model=draw(st.builds(ModelRef, TEXT, TEXT, TEXT)),
        explanation=Explanation(
            draw(st.sampled_from(Method)), draw(FINITE), tuple(contributions), draw(FINITE), draw(FINITE)
        ),
        findings=tuple(draw(st.lists(FINDINGS, max_size=2))),
        regime=draw(TEXT),
        regime_version=draw(TEXT),
        policy_version=draw(TEXT),
        inputs=tuple(draw(st.lists(st.builds(InputRef, TEXT, TEXT), max_size=2))),
        code_version=draw(TEXT),
        as_of=draw(st.datetimes(timezones=st.just(UTC))),
        sentence=draw(TEXT),
    )


def texts(decision: Decision, sealed: bytes) -> tuple[str, str, str]:
    """(feature list, explanation, record)."""
    why = decision.explanation
    digest, names = records.feature_list([c.feature for c in why.contributions])
    explanation = records.explanation_text(
        why.method, why.base_value, digest, [c.shap for c in why.contributions], why.output, why.additivity_error
    )
    return names, explanation, records.decision_record(decision, explanation, sealed)


def in_one_notation(text: bytes) -> bytes:
    """The text with the floats of its arrays written as Python writes them: 0.00001 and 1e-5 as 1e-05."""
    parts = re.split(rb'("(?:[^"\\]|\\.)*")', text)
    number = re.compile(rb"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
    parts[::2] = [number.sub(lambda found: _as_python(found.group()), part) for part in parts[::2]]
    return b"".join(parts)


def _as_python(number: bytes) -> bytes:
    return number if number.lstrip(b"-").isdigit() else repr(float(number)).encode()


@given(decisions(), st.binary(min_size=1, max_size=20))
def test_every_text_is_canonical_json(decision: Decision, sealed: bytes) -> None:
    names, explanation, record = texts(decision, sealed)
    evidence = records.evidence_bytes(decision)
    for text in (names.encode(), explanation.encode(), record.encode(), evidence):
        assert canonical_json(json.loads(text)) == in_one_notation(text)
    assert in_one_notation(evidence) == canonical_json(
        {
            "values": [c.value for c in decision.explanation.contributions],
            "findings": decision.findings,
            "sentence": decision.sentence,
        }
    )
    clear = json.loads(record)
    assert clear["explanation_sha256"] == sha256_hex(explanation.encode())
    assert clear["evidence_sha256"] == sha256_hex(sealed)


@given(decisions(), st.binary(min_size=1, max_size=20))
def test_a_decision_survives_its_texts(decision: Decision, sealed: bytes) -> None:
    names, explanation, record = texts(decision, sealed)
    lists = {sha256_hex(names.encode()): tuple(json.loads(names))}
    stored = records.read_record(record, explanation, lists, sealed, uuid4(), "key", decision.as_of)
    assert stored.reopen(records.evidence_bytes(decision)) == decision


def a_decision(**changes: Any) -> Decision:
    made = Decision(
        UUID(int=1),
        DecisionKind.SCREENING,
        UUID(int=2),
        UUID(int=3),
        "application:1",
        "none",
        0.5,
        ModelRef("m", "1", "00" * 32),
        Explanation(Method.ADDITIVE_EXACT, 0.0, (Contribution("a", 1, 0.5),), 0.5, 0.0),
        (),
        "US",
        "1",
        "1",
        (),
        "0",
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    return replace(made, **changes)


def test_the_format_is_pinned() -> None:
    """A change of this text orphans every stored hash: raise `records.VERSION` and keep reading the old one."""
    _, explanation, record = texts(a_decision(), b"sealed")
    assert explanation == (
        '{"additivity_error":0.0,"base_value":0.0,"features_sha256":'
        '"0eb5b8d6f81bc677da8a08567cc4fa9a06a57e9ec8da85ed73a7f62727996002","method":"additive_exact",'
        '"output":0.5,"shap":[0.5]}'
    )
    assert sha256_hex(record.encode()) == "2ea385e4e3edf505d3c15c740febf04c8373aff18639ff027d6f6b61afabaedb"


def test_an_instant_is_written_in_utc() -> None:
    east = datetime(2026, 3, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert texts(a_decision(as_of=east), b"x") == texts(a_decision(), b"x")
    with pytest.raises(TypeError, match="time zone"):
        texts(a_decision(as_of=datetime(2026, 3, 1)), b"x")  # noqa: DTZ001


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", ["score", "base_value", "output", "additivity_error", "shap"])
def test_what_is_no_number_is_refused(place: str, value: float) -> None:
    if place == "score":
        decision = a_decision(score=value)
    elif place == "shap":
        why = replace(a_decision().explanation, contributions=(Contribution("a", 1, value),))
        decision = a_decision(explanation=why)
    else:
        decision = a_decision(explanation=replace(a_decision().explanation, **{place: value}))
    with pytest.raises(ValueError, match="not JSON"):
        texts(decision, b"x")


def test_evidence_of_a_batch_reads_as_any_other() -> None:
    values = [0.0, 1.5, math.nan, -0.0, 1e300]
    finding = Finding("fan_in", "hit", "many “senders”", "FATF R.20", {"score": 0.5})
    text = records.packed_evidence(numbers.pack(values), records.findings_text([finding]), 'said "so"')
    read = records.read_evidence(text.encode(), 5)
    assert read == records.Evidence((0.0, 1.5, None, -0.0, 1e300), (finding,), 'said "so"')
    assert json.loads(text).keys() == {"findings", "packed", "sentence"}
    assert canonical_json(json.loads(text)) == text.encode()
    plain = records.evidence_text([0.0, 1.5, None, -0.0, 1e300], [finding], 'said "so"')
    assert records.read_evidence(plain.encode(), 5) == read
    for features in (4, 6, 60):
        for kept in (text, plain):
            with pytest.raises(ValueError):
                records.read_evidence(kept.encode(), features)


@given(st.lists(FINITE, max_size=20), FINITE, FINITE, FINITE)
def test_packed_explanations_are_canonical_json(shap: list[float], base: float, output: float, error: float) -> None:
    written = records.PackedExplanations(Method.TREE_PATH_DEPENDENT, base, "ab" * 32)
    text = written.text(numbers.pack(shap), output, error)
    read = json.loads(text)
    assert canonical_json(read) == text.encode()
    assert numbers.unpack(read["packed"], len(shap)) == tuple(shap)
    assert (read["base_value"], read["output"], read["additivity_error"]) == (base, output, error)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(3))
def test_a_packed_explanation_has_numbers_only(broken: float, place: int) -> None:
    given = [0.0, 0.0, 0.0]
    given[place] = broken
    base, output, error = given
    with pytest.raises(ValueError, match="JSON"):
        records.PackedExplanations(Method.TREE_PATH_DEPENDENT, base, "ab" * 32).text("", output, error)
