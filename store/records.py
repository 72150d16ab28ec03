"""The canonical text of a decision: what is stored, hashed into the ledger, and read back.

Separate from the SQL because a stranger's verifier hashes the same bytes. Identifying values (feature values, findings,
the sentence) are not in it; they travel as evidence, sealed by the caller, of which the record holds the digest. Where
decisions come in batches, numbers are packed (`store.numbers`): SHAP values are `packed` instead of `shap`, feature
values `packed` instead of `values`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

import orjson

from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    Finding,
    InputRef,
    Method,
    ModelRef,
    Value,
)
from store import numbers

VERSION = 1


@dataclass(frozen=True, slots=True)
class RuleFired:
    """What the record keeps of a finding in clear: no values and no text."""

    rule: str
    effect: str
    citation: str


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as the database holds it: complete but for its evidence, which only the subject's key opens."""

    decision_id: UUID
    tenant_id: UUID
    subject_id: UUID
    kind: DecisionKind
    about: str
    outcome: str
    score: float
    model: ModelRef
    method: Method
    features: tuple[str, ...]
    base_value: float
    shap: tuple[float, ...]
    output: float
    additivity_error: float
    rules: tuple[RuleFired, ...]
    regime: str
    regime_version: str
    policy_version: str
    inputs: tuple[InputRef, ...]
    code_version: str
    as_of: datetime
    sealed_evidence: bytes
    leaf_id: UUID
    key: str | None
    created_at: datetime

    def reopen(self, evidence: bytes) -> Decision:
        """The whole decision again, from the opened evidence. Raises `ValueError` where it does not fit."""
        opened = read_evidence(evidence, len(self.features))
        return Decision(
            decision_id=self.decision_id,
            kind=self.kind,
            tenant_id=self.tenant_id,
            subject_id=self.subject_id,
            about=self.about,
            outcome=self.outcome,
            score=self.score,
            model=self.model,
            explanation=Explanation(
                method=self.method,
                base_value=self.base_value,
                contributions=tuple(
                    Contribution(feature, value, shap)
                    for feature, value, shap in zip(self.features, opened.values, self.shap, strict=True)
                ),
                output=self.output,
                additivity_error=self.additivity_error,
            ),
            findings=opened.findings,
            regime=self.regime,
            regime_version=self.regime_version,
            policy_version=self.policy_version,
            inputs=self.inputs,
            code_version=self.code_version,
            as_of=self.as_of,
            sentence=opened.sentence,
        )


def evidence_bytes(decision: Decision) -> bytes:
    """What the caller seals under the subject's key: values in the order of the contributions, findings, sentence."""
    values = [contribution.value for contribution in decision.explanation.contributions]
    return evidence_text(values, decision.findings, decision.sentence).encode()


def evidence_text(values: Sequence[Value], findings: Sequence[Finding], sentence: str) -> str:
    """As `evidence_bytes`, for whoever has no whole decision at hand."""
    return f'{{"findings":{findings_text(findings)},"sentence":{_quote(sentence)},"values":{_array(values)}}}'


def packed_evidence(packed: str, findings: str, sentence: str) -> str:
    """As `evidence_text`, of `numbers.pack`ed values (NaN: not known) and a `findings_text`."""
    # Keys in the order of the alphabet, written out: a transaction's evidence is on the engine's hot path.
    return f'{{"findings":{findings},"packed":"{packed}","sentence":{_quote(sentence)}}}'


def findings_text(findings: Sequence[Finding]) -> str:
    """The findings as a JSON list."""
    return _dumps(
        [
            {"rule": f.rule, "effect": f.effect, "text": f.text, "citation": f.citation, "values": dict(f.values)}
            for f in findings
        ]
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What `evidence_bytes` holds."""

    values: tuple[Value, ...]
    findings: tuple[Finding, ...]
    sentence: str


def read_evidence(evidence: bytes, features: int) -> Evidence:
    """Opened evidence of a decision on so many features. Raises `ValueError` where it does not fit."""
    opened = json.loads(evidence)
    values = opened.get("values")
    if values is None:
        values = [value if value == value else None for value in numbers.unpack(opened["packed"], features)]
    if len(values) != features:
        raise ValueError(f"evidence of {len(values)} values for {features} features")
    return Evidence(tuple(values), tuple(Finding(**finding) for finding in opened["findings"]), opened["sentence"])


def feature_list(names: Sequence[str]) -> tuple[str, str]:
    """(digest, canonical text) of a list of feature names."""
    text = _dumps(list(names))
    return sha256(text.encode()).hexdigest(), text


def explanation_text(
    method: Method,
    base_value: float,
    features_sha256: str,
    shap: Sequence[float],
    output: float,
    additivity_error: float,
) -> str:
    """The explanation's canonical JSON. Raises `ValueError` for NaN and infinities, which JSON does not have."""
    shares = _array([float(share) for share in shap])
    return (
        f'{{"additivity_error":{_number(additivity_error)},{_shared(method, base_value, features_sha256)},'
        f'"output":{_number(output)},"shap":{shares}}}'
    )


class PackedExplanations:
    """Writes the explanations of decisions that share method, base value and features."""

    def __init__(self, method: Method, base_value: float, features_sha256: str) -> None:
        self._shared = _shared(method, base_value, features_sha256)

    def text(self, packed: str, output: float, additivity_error: float) -> str:
        """As `explanation_text`, of `numbers.pack`ed SHAP values, all of them finite."""
        return (
            f'{{"additivity_error":{_number(additivity_error)},{self._shared},'
            f'"output":{_number(output)},"packed":"{packed}"}}'
        )


def _shared(method: Method, base_value: float, features_sha256: str) -> str:
    return f'"base_value":{_number(base_value)},"features_sha256":"{features_sha256}","method":"{method.value}"'


class RecordTemplate:
    """Writes the records of decisions that have these fields in common: their canonical JSON, keys in order."""

    def __init__(
        self,
        kind: DecisionKind,
        tenant_id: UUID,
        model: ModelRef,
        regime: str,
        regime_version: str,
        policy_version: str,
        inputs: Sequence[InputRef],
        code_version: str,
        as_of: datetime,
    ) -> None:
        if as_of.tzinfo is None:
            raise TypeError("an instant without a time zone has no canonical form")
        self._as_of = f'"as_of":{_dumps(as_of.astimezone(UTC).isoformat())},"code_version":{_dumps(code_version)}'
        self._inputs = (
            f'"inputs":{_dumps([[ref.name, ref.sha256] for ref in inputs])},"kind":{_dumps(kind.value)},'
            f'"model":{_dumps({"name": model.name, "version": model.version, "sha256": model.sha256})}'
        )
        self._policy = (
            f'"policy_version":{_dumps(policy_version)},"regime":{_dumps(regime)},'
            f'"regime_version":{_dumps(regime_version)}'
        )
        self._tenant = f'"tenant_id":"{tenant_id}","v":{VERSION}'

    def text(
        self,
        decision_id: UUID,
        subject_id: UUID,
        about: str,
        outcome: str,
        score: float,
        rules: tuple[tuple[str, str, str], ...],
        explanation: str,
        sealed_evidence: bytes,
    ) -> str:
        """The record of one decision. Raises `ValueError` for a score that is no number."""
        return (
            f'{{"about":{_quote(about)},{self._as_of},"decision_id":"{decision_id}",'
            f'"evidence_sha256":"{sha256(sealed_evidence).hexdigest()}",'
            f'"explanation_sha256":"{sha256(explanation.encode()).hexdigest()}",{self._inputs},'
            f'"outcome":{_quote(outcome)},{self._policy},"rules":{_rules(rules)},"score":{_number(score)},'
            f'"subject_id":"{subject_id}",{self._tenant}}}'
        )


def decision_record(decision: Decision, explanation: str, sealed_evidence: bytes) -> str:
    """The record: the decision's clear fields and the digests of its explanation and of its sealed evidence."""
    template = RecordTemplate(
        decision.kind,
        decision.tenant_id,
        decision.model,
        decision.regime,
        decision.regime_version,
        decision.policy_version,
        decision.inputs,
        decision.code_version,
        decision.as_of,
    )
    return template.text(
        decision.decision_id,
        decision.subject_id,
        decision.about,
        decision.outcome,
        decision.score,
        tuple([(finding.rule, finding.effect, finding.citation) for finding in decision.findings]),
        explanation,
        sealed_evidence,
    )


def read_record(
    record: str,
    explanation: str,
    feature_lists: Mapping[str, tuple[str, ...]],
    sealed_evidence: bytes,
    leaf_id: UUID,
    key: str | None,
    created_at: datetime,
) -> StoredDecision:
    """A stored decision from its texts; `feature_lists` holds names by digest."""
    clear, why = json.loads(record), json.loads(explanation)
    features = feature_lists[why["features_sha256"]]
    shap = tuple(why["shap"]) if "shap" in why else numbers.unpack(why["packed"], len(features))
    return StoredDecision(
        decision_id=UUID(clear["decision_id"]),
        tenant_id=UUID(clear["tenant_id"]),
        subject_id=UUID(clear["subject_id"]),
        kind=DecisionKind(clear["kind"]),
        about=clear["about"],
        outcome=clear["outcome"],
        score=clear["score"],
        model=ModelRef(clear["model"]["name"], clear["model"]["version"], clear["model"]["sha256"]),
        method=Method(why["method"]),
        features=features,
        base_value=why["base_value"],
        shap=shap,
        output=why["output"],
        additivity_error=why["additivity_error"],
        rules=tuple(RuleFired(*rule) for rule in clear["rules"]),
        regime=clear["regime"],
        regime_version=clear["regime_version"],
        policy_version=clear["policy_version"],
        inputs=tuple(InputRef(*ref) for ref in clear["inputs"]),
        code_version=clear["code_version"],
        as_of=datetime.fromisoformat(clear["as_of"]),
        sealed_evidence=sealed_evidence,
        leaf_id=leaf_id,
        key=key,
        created_at=created_at,
    )


_strict = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_quote: Callable[[str], str] = encode_basestring


def _dumps(value: Any) -> str:
    """The text of `explain.record.canonical_json` for values that are plain already; floats by shortest round trip."""
    return _strict.encode(value)


@lru_cache(maxsize=1024)
def _rules(rules: tuple[tuple[str, str, str], ...]) -> str:
    """The same few for most transactions."""
    return _dumps(rules)


def _number(value: float) -> str:
    text = repr(float(value))
    if "n" in text:
        raise ValueError("a number of NaN or infinity is not JSON")
    return text


def _array(values: Sequence[Value]) -> str:
    """As `_dumps`, for a list of plain values: a tenth of its time where there are many floats, which have the same
    digits and may have another exponent (`1e-5` for `1e-05`)."""
    try:
        text = orjson.dumps(values).decode()
    except TypeError:  # an integer beyond 64 bits
        return _strict.encode(values)
    # orjson writes `null` for NaN and the infinities, which are no values.
    return text if text.count("null") == sum(value is None for value in values) else _strict.encode(values)
