"""What is usual: a feature's distribution in the population a model was made on, or in a customer's own past.

Kept apart from attribution: it changes no number of a decision, it says what a number is worth.
"""

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explain.record import Value

_LEAST = 5
"""Fewer values than this are no distribution to compare with."""


@dataclass(frozen=True, slots=True)
class Background:
    """Quantiles by feature, at equal steps of probability from the smallest value to the largest.

    `whose` completes "higher than 97 % of ...": `customers`, `this customer's own past payments`.
    """

    whose: str
    quantiles: Mapping[str, tuple[float, ...]]

    @classmethod
    def from_card(cls, card: Mapping[str, Any], whose: str = "customers") -> "Background":
        """The quantiles that a model card stores under `population`; a card without them knows no feature."""
        return cls(whose, {name: tuple(map(float, values)) for name, values in card.get("population", {}).items()})

    @classmethod
    def from_values(cls, values: Mapping[str, Sequence[float | None]], whose: str) -> "Background":
        """From observed values; unknown ones are left out, and a feature with fewer than five stays unknown."""
        known = {
            name: tuple(sorted(value for value in observed if value is not None and not math.isnan(value)))
            for name, observed in values.items()
        }
        return cls(whose, {name: ordered for name, ordered in known.items() if len(ordered) >= _LEAST})

    def share_below(self, feature: str, value: float) -> float:
        """The share of the population whose value is lower, 0 to 1, in steps of the stored quantiles."""
        quantiles = self.quantiles[feature]
        return bisect.bisect_left(quantiles, value) / len(quantiles)

    def share_above(self, feature: str, value: float) -> float:
        quantiles = self.quantiles[feature]
        return 1.0 - bisect.bisect_right(quantiles, value) / len(quantiles)

    def usual(self, feature: str) -> tuple[float, float] | None:
        """The range of the middle nine tenths; None for a feature it does not know."""
        quantiles = self.quantiles.get(feature)
        if quantiles is None:
            return None
        last = len(quantiles) - 1
        return quantiles[round(0.05 * last)], quantiles[round(0.95 * last)]

    def comparison(self, feature: str, value: Value) -> str:
        """`higher than 97 % of customers`, `lower than …`, `as with most customers`; empty where nothing is known."""
        if feature not in self.quantiles or value is None or isinstance(value, str):
            return ""
        below, above = self.share_below(feature, value), self.share_above(feature, value)
        if below >= 0.75 and below >= above:
            return f"higher than {_percent(below)} of {self.whose}"
        if above >= 0.75:
            return f"lower than {_percent(above)} of {self.whose}"
        return f"as with most {self.whose}" if below + above <= 0.5 else f"within the usual range of {self.whose}"


def _percent(share: float) -> str:
    """Rounded down, and never all: quantiles cannot tell that nobody is beyond."""
    return f"{min(math.floor(share * 100), 99)} %"
