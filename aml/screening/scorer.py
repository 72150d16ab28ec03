"""The scorer: an additive model read from its native JSON, whose contributions add up to the log-odds of a match.

Kept apart from the evidence so that a stored hit can be recomputed from the artifact's bytes and the feature values
alone; `explain.additive` reads the same format.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from explain.record import ModelRef, sha256_hex

ARTIFACT = Path(__file__).resolve().parents[2] / "models" / "screening" / "scorer.json"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Piecewise linear shapes, flat beyond their end knots; a feature that is not known contributes `missing`."""

    ref: ModelRef
    features: tuple[str, ...]
    intercept: float
    knots: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]
    background: Mapping[str, float]
    missing: Mapping[str, float]
    base: float
    """Intercept and background: the log-odds of an average pair."""
    at_zero: tuple[float, ...]
    """What each feature adds where its value is zero, as most are."""
    content: bytes
    """The artifact as it was read."""

    @classmethod
    def from_bytes(cls, content: bytes) -> "Scorer":
        raw = json.loads(content)
        features = tuple(raw["features"])
        background = {name: float(raw["background"][name]) for name in features}
        knots = {
            name: (tuple(float(x) for x, _ in raw["shapes"][name]), tuple(float(y) for _, y in raw["shapes"][name]))
            for name in features
        }
        return cls(
            ref=ModelRef(raw["name"], raw["version"], sha256_hex(content)),
            features=features,
            intercept=float(raw["intercept"]),
            knots=knots,
            background=background,
            missing={name: float(raw.get("missing", {}).get(name, 0.0)) for name in features},
            at_zero=tuple(_interpolated(*knots[name], 0.0) for name in features),
            content=content,
            base=math.fsum((float(raw["intercept"]), *background.values())),
        )

    def part(self, feature: str, value: float | None) -> float:
        """What one feature adds to the log-odds."""
        if value is None:
            return self.missing[feature]
        return _interpolated(*self.knots[feature], value)

    def name_worth(self, values: tuple[float, ...]) -> float:
        """What the name features add, in the order of `features`: to choose the best name quickly."""
        worth = 0.0
        for name, at_zero, value in zip(self.features, self.at_zero, values, strict=False):
            worth += self.part(name, value) if value else at_zero
        return worth

    def headroom(self, features: tuple[str, ...]) -> float:
        """The most that these features can add."""
        return sum(max(0.0, *self.knots[name][1]) for name in features)

    def log_odds(self, values: Mapping[str, float | None]) -> float:
        return math.fsum((self.intercept, *(self.part(name, values[name]) for name in self.features)))


def _interpolated(xs: tuple[float, ...], ys: tuple[float, ...], value: float) -> float:
    place = bisect_left(xs, value)
    if place == len(xs):
        return ys[-1]
    if place == 0 or xs[place] == value:
        return ys[place]
    left_x, left_y = xs[place - 1], ys[place - 1]
    return left_y + (ys[place] - left_y) * ((value - left_x) / (xs[place] - left_x))


def probability(log_odds: float) -> float:
    """Log-odds on the scale people read; above 0.5 distinct inputs up to about 36 stay distinct."""
    if log_odds >= 0.0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    return math.exp(log_odds) / (1.0 + math.exp(log_odds))


@cache
def reference_scorer() -> Scorer:
    """The scorer of this repo, `models/screening/scorer.json`."""
    return Scorer.from_bytes(ARTIFACT.read_bytes())
