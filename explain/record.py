"""What a decision is made of: the types that every layer shares, in standard library only.

Kept apart from the rest of `explain` so that domain, workflows and store can state a decision without importing
anything that computes one.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

Value = str | int | float | bool | None
"""What a fact, a feature or a finding may hold. `None` is "not known", never zero."""


class DecisionKind(StrEnum):
    """What was decided."""

    DOCUMENT_ACCEPTANCE = "document_acceptance"
    FACE_MATCH = "face_match"
    SCREENING = "screening"
    ONBOARDING_RISK = "onboarding_risk"
    ONBOARDING_OUTCOME = "onboarding_outcome"
    TRANSACTION_SCORE = "transaction_score"
    ALERT = "alert"
    RATING_CHANGE = "rating_change"
    FILING_TRIGGER = "filing_trigger"


class Method(StrEnum):
    """How contributions were computed. Each one is exact: contributions plus base value equal the output."""

    TREE_PATH_DEPENDENT = "tree_path_dependent"
    ADDITIVE_EXACT = "additive_exact"
    EXACT_RULES = "exact_rules"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that looked at something: which, what it saw, what follows, and by which authority."""

    rule: str
    effect: str
    text: str
    citation: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One feature's share of the output, in the model's margin (log-odds for classifiers, severity for rule tables)."""

    feature: str
    value: Value
    shap: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the output is what it is.

    `output` is the margin; `base_value + Σ shap` equals it within `additivity_error`, the absolute difference measured
    when the explanation was made.
    """

    method: Method
    base_value: float
    contributions: tuple[Contribution, ...]
    output: float
    additivity_error: float

    def ranked(self) -> tuple[Contribution, ...]:
        """Contributions by the size of their effect, largest first; ties by name."""
        return tuple(sorted(self.contributions, key=lambda c: (-abs(c.shap), c.feature)))


def additivity_error(base_value: float, shap_values: Sequence[float], output: float) -> float:
    """The distance between what the contributions add up to and the output."""
    return abs(math.fsum((base_value, *shap_values)) - output)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model by content: the digest of its native bytes names it, the rest is for people."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class InputRef:
    """An input of a decision by its digest: a document image, a watchlist version, a batch of transactions."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One automated decision with all that is needed to explain and replay it."""

    decision_id: UUID
    kind: DecisionKind
    tenant_id: UUID
    subject_id: UUID
    """Whose data it is about: the unit of encryption and erasure."""
    about: str
    """What was decided on, as `kind:id`, e.g. `application:…`, `transaction:…`."""
    outcome: str
    score: float
    """The output on the scale people read: a probability for classifiers, the severity for rule tables."""
    model: ModelRef
    explanation: Explanation
    findings: tuple[Finding, ...]
    regime: str
    regime_version: str
    policy_version: str
    inputs: tuple[InputRef, ...]
    code_version: str
    as_of: datetime
    sentence: str = ""
    """What an officer reads first."""


# --- Rule tables -----------------------------------------------------------------------------------------------------
# A rule table is the model of a decision made by rules: data, with a digest, so that it replays when the code moved on.


class Operator(StrEnum):
    """How a condition compares a fact with its operand."""

    IS = "is"
    IS_NOT = "is_not"
    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of one fact. A fact that is not known satisfies no ordering, only `is None`/`is_not`."""

    fact: str
    operator: Operator
    operand: Value

    def holds(self, facts: Mapping[str, Value]) -> bool:
        value = facts[self.fact]
        if self.operator is Operator.IS:
            return value == self.operand and type(value) is type(self.operand)
        if self.operator is Operator.IS_NOT:
            return value != self.operand
        if value is None or self.operand is None or isinstance(value, str) or isinstance(self.operand, str):
            return False
        match self.operator:
            case Operator.AT_LEAST:
                return value >= self.operand
            case Operator.ABOVE:
                return value > self.operand
            case Operator.AT_MOST:
                return value <= self.operand
            case Operator.BELOW:
                return value < self.operand


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a rule table: when all conditions hold, it fires with its outcome."""

    name: str
    when: tuple[Condition, ...]
    outcome: str
    text: str
    citation: str


@dataclass(frozen=True, slots=True)
class RuleTable:
    """An ordered, cited table. The outcome is the most severe among the rules that fire, else the default.

    `outcomes` lists the outcomes by rising severity; the severity (its index) is the output that is explained.
    `background` is the stored set of fact vectors that attribution compares with.
    """

    name: str
    version: str
    outcomes: tuple[str, ...]
    default: str
    rules: tuple[Rule, ...]
    background: tuple[Mapping[str, Value], ...]

    def fired(self, facts: Mapping[str, Value]) -> tuple[Rule, ...]:
        """The rules whose conditions all hold, in table order. A missing fact raises `KeyError`."""
        return tuple(rule for rule in self.rules if all(condition.holds(facts) for condition in rule.when))

    def outcome(self, facts: Mapping[str, Value]) -> str:
        reached = [self.default, *(rule.outcome for rule in self.fired(facts))]
        return max(reached, key=self.outcomes.index)

    def severity(self, facts: Mapping[str, Value]) -> float:
        return float(self.outcomes.index(self.outcome(facts)))

    def to_bytes(self) -> bytes:
        """The table's native format: canonical JSON."""
        return canonical_json(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "RuleTable":
        raw = json.loads(data)
        return cls(
            name=raw["name"],
            version=raw["version"],
            outcomes=tuple(raw["outcomes"]),
            default=raw["default"],
            rules=tuple(
                Rule(
                    name=rule["name"],
                    when=tuple(Condition(c["fact"], Operator(c["operator"]), c["operand"]) for c in rule["when"]),
                    outcome=rule["outcome"],
                    text=rule["text"],
                    citation=rule["citation"],
                )
                for rule in raw["rules"]
            ),
            background=tuple(raw["background"]),
        )

    def ref(self) -> ModelRef:
        return ModelRef(self.name, self.version, sha256_hex(self.to_bytes()))


# --- Canonical bytes -------------------------------------------------------------------------------------------------


def canonical_json(value: Any) -> bytes:
    """The one byte string that a value hashes to: sorted keys, no spaces, UTF-8, floats by shortest round trip.

    Raises `ValueError` for NaN and infinities and `TypeError` for types that have no canonical form.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("an instant without a time zone has no canonical form")
        return value.isoformat()
    if isinstance(value, (date, UUID, Decimal)):
        return str(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form")
