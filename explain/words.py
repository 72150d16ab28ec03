"""What saying a feature takes: the type of a line in the tables of words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from explain.record import Value


@dataclass(frozen=True, slots=True)
class Words:
    """How a feature is said, and the norm it serves.

    `subject` names it where its value is not known; `levels` says single values; `text` says all others and contains
    `{value}`. `log` marks a feature that is log(1 + x) of what people think of; `percent` a share.
    """

    subject: str
    text: str
    citation: str
    levels: Mapping[float, str] = field(default_factory=dict)
    decimals: int = 2
    percent: bool = False
    log: bool = False

    def value(self, value: Value) -> str:
        """The value alone, as people write it."""
        if self.log and value is not None and not isinstance(value, str):
            value = math.expm1(value)
        return say(value, self.decimals, self.percent)

    def sentence(self, value: Value) -> str:
        """The feature with its value."""
        if value is None:
            return f"{self.subject} is not known"
        if not isinstance(value, str) and value in self.levels:
            return self.levels[value]
        return self.text.format(value=self.value(value))


def say(value: Value, decimals: int = 2, percent: bool = False) -> str:
    """A value as people write it. Shares are said without sign: some features are minus a share."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ")
    if percent:
        return f"{abs(value) * 100:.0f} %"
    said = f"{value:,.{decimals}f}"
    return said.rstrip("0").rstrip(".") if "." in said else said
