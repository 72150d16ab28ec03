"""Additive models, whose contributions are their own Shapley values: the native format and its explanation.

Kept apart from the scorers that produce such models, so that a stored score replays from the model's bytes alone.
"""

import bisect
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from explain.record import (
    Contribution,
    Explanation,
    Method,
    ModelRef,
    Value,
    additivity_error,
    canonical_json,
    sha256_hex,
)

Knots = tuple[tuple[float, float], ...]


class AdditiveModelRefused(ValueError):
    """The bytes are not an additive model; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class AdditiveModel:
    """output = intercept + sum of shape(value): one piecewise linear shape a feature, flat beyond its end knots.

    `background` holds each shape's mean over the reference population: the base value is what an average case has.
    `missing` is what a feature that is not known contributes; 0 where it says nothing.
    `link` is `logistic` where the output is log-odds and the score a probability, else `identity`.
    """

    name: str
    version: str
    features: tuple[str, ...]
    intercept: float
    shapes: Mapping[str, Knots]
    background: Mapping[str, float]
    missing: Mapping[str, float] = field(default_factory=dict)
    link: str = "logistic"

    def __post_init__(self) -> None:
        if self.link not in ("logistic", "identity"):
            raise AdditiveModelRefused(f"{self.name}: unknown link {self.link!r}")
        if len(set(self.features)) != len(self.features):
            raise AdditiveModelRefused(f"{self.name}: a feature is listed twice")
        for feature in self.features:
            if feature not in self.shapes or feature not in self.background:
                raise AdditiveModelRefused(f"{self.name}: feature {feature!r} has no shape or no background mean")
            xs = [x for x, _ in self.shapes[feature]]
            if not xs or any(b <= a for a, b in pairwise(xs)):
                raise AdditiveModelRefused(f"{self.name}: the knots of {feature!r} are not in rising order")
        numbers = [self.intercept, *self.background.values(), *self.missing.values()]
        numbers += [number for knots in self.shapes.values() for knot in knots for number in knot]
        if not all(math.isfinite(number) for number in numbers):
            raise AdditiveModelRefused(f"{self.name}: a number is not finite")

    @classmethod
    def from_bytes(cls, data: bytes) -> "AdditiveModel":
        """Read the native JSON format. Raises `AdditiveModelRefused`."""
        try:
            raw = json.loads(data)
            return cls(
                name=str(raw["name"]),
                version=str(raw["version"]),
                features=tuple(raw["features"]),
                intercept=float(raw["intercept"]),
                shapes={f: tuple((float(x), float(y)) for x, y in knots) for f, knots in raw["shapes"].items()},
                background={f: float(mean) for f, mean in raw["background"].items()},
                missing={f: float(y) for f, y in raw.get("missing", {}).items()},
                link=raw.get("link", "logistic"),
            )
        except AdditiveModelRefused:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AdditiveModelRefused(f"not an additive model: {error!r}") from error

    def to_bytes(self) -> bytes:
        """The native format: canonical JSON."""
        return canonical_json(self)

    def ref(self) -> ModelRef:
        return ModelRef(self.name, self.version, sha256_hex(self.to_bytes()))

    def contribution(self, feature: str, value: Value) -> float:
        """What a feature's value adds to the output. Raises `ValueError` for text or NaN."""
        if value is None:
            return self.missing.get(feature, 0.0)
        if isinstance(value, str) or math.isnan(value):
            raise ValueError(f"feature {feature!r} of {self.name} is a number or None, not {value!r}")
        return interpolate(self.shapes[feature], float(value))

    def score(self, output: float) -> float:
        """The output on the scale people read."""
        if self.link == "identity":
            return output
        if output >= 0.0:
            return 1.0 / (1.0 + math.exp(-output))
        return math.exp(output) / (1.0 + math.exp(output))


def interpolate(knots: Knots, x: float) -> float:
    """The piecewise linear function through the knots, flat beyond the ends; exact at every knot."""
    position = bisect.bisect_left(knots, x, key=lambda knot: knot[0])
    if position == len(knots):
        return knots[-1][1]
    right_x, right_y = knots[position]
    if position == 0 or right_x == x:
        return right_y
    left_x, left_y = knots[position - 1]
    return left_y + (right_y - left_y) * ((x - left_x) / (right_x - left_x))


def explain_additive(model: AdditiveModel, values: Mapping[str, Value]) -> Explanation:
    """Explain an additive score. Every feature of the model must be in `values`; raises `KeyError` otherwise."""
    parts = {feature: model.contribution(feature, values[feature]) for feature in model.features}
    contributions = tuple(
        Contribution(feature, values[feature], parts[feature] - model.background[feature]) for feature in model.features
    )
    base = math.fsum((model.intercept, *(model.background[feature] for feature in model.features)))
    output = math.fsum((model.intercept, *parts.values()))
    error = additivity_error(base, tuple(c.shap for c in contributions), output)
    return Explanation(Method.ADDITIVE_EXACT, base, contributions, output, error)
