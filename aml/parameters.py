"""What monitoring is told by the regime and the tenant: thresholds, windows, rates. No number of law is here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Records
from aml.money import DECIMALS, InvalidMoney, to_minor

_MICROSECOND = timedelta(microseconds=1)
WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))


class InvalidParameters(ValueError):
    """Monitoring parameters that contradict each other. The message says which."""


@dataclass(frozen=True, slots=True)
class MonitoringParameters:
    """One tenant's settings. Tuples of minimums go with `windows`, shortest first; 0 leaves that window out.

    `reporting_threshold` and its kind come from the regime; the minimums are technical defaults, tuned on our own
    generated data (models/transactions/card.json).
    """

    currency: str
    """The base: all amounts are counted in it."""
    reporting_threshold: Decimal
    """The amount from which a single transaction is reported, in the base."""
    reported_channels: frozenset[str] = frozenset({"cash_deposit", "cash_withdrawal"})
    """Which channels the threshold is about; an empty set means all."""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Units of the base for one unit of another currency. Without one its amounts are not evaluated."""
    windows: tuple[timedelta, ...] = WINDOWS
    memory: timedelta = timedelta(days=45)
    """How long a payment is kept at least: a counterparty paid monthly is no new one."""
    lateness: timedelta = timedelta(days=1)
    """How long after a newer transaction an older one may still arrive and count."""
    typologies: frozenset[str] | None = None
    """Names of the typologies to evaluate; None means all."""
    scored: bool = True
    """Whether a model scores what is found: without it the features that only a model reads stay zero."""

    high_risk_countries: frozenset[str] = frozenset()
    """ISO 3166 codes, from the regime's dated list."""
    sanctioned: frozenset[str] = frozenset()
    """Accounts and parties that screening confirmed, for files; live traffic says it with each transaction."""

    below_floor: Decimal = Decimal("0.7")
    """Just below the threshold means from this share of it."""
    structuring_minimum: int = 3
    fan_in_minimum: tuple[int, ...] = (5, 6, 8, 15)
    fan_out_minimum: tuple[int, ...] = (5, 6, 8, 15)
    fan_fresh_share: Decimal = Decimal("0.6")
    """A fan is new when this share of the window's counterparties had not been seen in memory before."""
    pass_through_share: Decimal = Decimal("0.9")
    pass_through_minimum: Decimal = Decimal("1000")
    """Below this sum in the base, in and out again is everyday life."""
    group_minimum: int = 3
    """Accounts in the middle of a scatter-gather, or on a side of a bipartite group, before it is one."""
    chain_hops: int = 5
    """Payments in a row before passing money on is layering."""
    large_minimum: Decimal = Decimal("3000")
    """From this sum in the base an unusual payment matters."""
    cycle_window: timedelta = timedelta(days=30)
    cycle_hops: int = 10
    cycle_keep: Decimal = Decimal("0.7")
    """What each hop passes on at least of the one before; 0 ignores amounts."""
    search_budget: int = 400
    """Edges looked at per search and transaction."""

    def __post_init__(self) -> None:
        to_minor(self.reporting_threshold, self.currency)
        for currency in self.rates:
            if currency not in DECIMALS:
                raise InvalidMoney(f"{currency!r} in the rates is not a currency code of ISO 4217")
        if list(self.windows) != sorted(set(self.windows)) or not self.windows or self.windows[0] <= timedelta(0):
            raise InvalidParameters("windows: give distinct lengths above zero, shortest first")
        if self.memory < max(self.windows[-1], self.cycle_window):
            raise InvalidParameters("memory: is shorter than the longest window or cycle_window")
        for name in ("fan_in_minimum", "fan_out_minimum"):
            if len(getattr(self, name)) != len(self.windows):
                raise InvalidParameters(f"{name}: give one number a window ({len(self.windows)})")
        if not 3 <= self.chain_hops <= MOST_HOPS or self.group_minimum < 2:
            raise InvalidParameters(f"chain_hops: from 3 to {MOST_HOPS}; group_minimum: at least 2")
        if not 2 <= self.cycle_hops <= MOST_HOPS:
            raise InvalidParameters(f"cycle_hops: from 2 to {MOST_HOPS}")
        if self.lateness < timedelta(0) or self.search_budget < 1:
            raise InvalidParameters("lateness and search_budget: not below zero and at least 1")


MOST_HOPS = 10

NUMBERS = np.dtype(
    [
        ("threshold", "i8"),
        ("structuring_minimum", "i8"),
        ("fan_fresh_share", "f8"),
        ("pass_through_share", "f8"),
        ("pass_through_minimum", "i8"),
        ("group_minimum", "i8"),
        ("chain_hops", "i8"),
        ("large_minimum", "i8"),
        ("cycle_window", "i8"),
        ("cycle_hops", "i8"),
        ("cycle_keep", "f8"),
        ("search_budget", "i8"),
        ("horizon", "i8"),
        ("scored", "i8"),
    ]
)


class Settings(NamedTuple):
    """The parameters as the kernels take them: times in microseconds, amounts in minor units of the base."""

    lengths: NDArray[np.int64]
    enabled: NDArray[np.bool_]
    fan_in_minimum: NDArray[np.int64]
    fan_out_minimum: NDArray[np.int64]
    numbers: Records


def settings(parameters: MonitoringParameters, names: tuple[str, ...]) -> Settings:
    """The parameters for the kernels; `names` are the typologies in the order of the table."""
    numbers = np.zeros(1, NUMBERS)
    numbers["threshold"] = to_minor(parameters.reporting_threshold, parameters.currency)
    numbers["structuring_minimum"] = parameters.structuring_minimum
    numbers["fan_fresh_share"] = float(parameters.fan_fresh_share)
    numbers["pass_through_share"] = float(parameters.pass_through_share)
    numbers["pass_through_minimum"] = to_minor(parameters.pass_through_minimum, parameters.currency)
    numbers["group_minimum"] = parameters.group_minimum
    numbers["chain_hops"] = parameters.chain_hops
    numbers["large_minimum"] = to_minor(parameters.large_minimum, parameters.currency)
    numbers["cycle_window"] = parameters.cycle_window // _MICROSECOND
    numbers["cycle_hops"] = parameters.cycle_hops
    numbers["cycle_keep"] = float(parameters.cycle_keep)
    numbers["search_budget"] = parameters.search_budget
    numbers["horizon"] = (parameters.memory + parameters.lateness) // _MICROSECOND
    numbers["scored"] = parameters.scored
    chosen = parameters.typologies
    if chosen is not None and not chosen <= set(names):
        raise InvalidParameters(f"typologies: {', '.join(sorted(chosen - set(names)))} are none of {', '.join(names)}")
    return Settings(
        np.array([length // _MICROSECOND for length in parameters.windows], np.int64),
        np.array([chosen is None or name in chosen for name in names]),
        np.array(parameters.fan_in_minimum, np.int64),
        np.array(parameters.fan_out_minimum, np.int64),
        numbers,
    )
