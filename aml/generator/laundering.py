"""Laundering as it is described in the typologies' sources, drawn with realistic amounts, delays and commissions.

Mules and collectors are people of the society, whose ordinary lives go on around what they do here.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from aml.generator.payments import Draft, hour
from aml.transaction import Channel

Scheme = Callable[[Sequence[str], Sequence[str], random.Random, float, float], Iterator[Draft]]
"""(accounts, branches, dice, start day, reporting threshold) -> payments, unlabelled."""

_WAYS = (Channel.TRANSFER, Channel.INSTANT, Channel.WIRE)


def structuring(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Cash banked in amounts below the threshold, over days and branches, then wired on."""
    account = accounts[0]
    total = 0.0
    day = start
    for _ in range(dice.randrange(3, 9)):
        amount = round(threshold * dice.uniform(0.72, 0.995), -1)
        branch = dice.choice(branches)
        yield Draft(day + hour(dice, 9, 18), branch, account, amount, Channel.CASH_DEPOSIT, branch=branch)
        total += amount
        day += dice.choice((0, 0, 1, 1, 2))
    yield Draft(day + 1 + hour(dice), account, accounts[1], total * dice.uniform(0.85, 0.98), Channel.WIRE)


def fan_in(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Mules pay one collector within days; the collector sends it on."""
    collector, onward, *mules = accounts[: dice.randrange(8, 22)]
    span = dice.choice((0.3, 1, 3, 6))
    total = 0.0
    for mule in mules:
        amount = dice.lognormvariate(7.2, 0.5)
        total += amount
        yield Draft(start + dice.uniform(0, span), mule, collector, amount, dice.choice(_WAYS))
    yield Draft(start + span + dice.uniform(0.05, 1), collector, onward, total * dice.uniform(0.9, 0.99), Channel.WIRE)


def fan_out(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """A sum arrives at one account and is spread over mules within days."""
    source, spreader, *mules = accounts[: dice.randrange(8, 22)]
    total = dice.lognormvariate(9.6, 0.5)
    span = dice.choice((0.3, 1, 3, 6))
    yield Draft(start, source, spreader, total, Channel.WIRE)
    shares = [dice.uniform(0.5, 1.5) for _ in mules]
    for mule, share in zip(mules, shares, strict=True):
        amount = 0.96 * total * share / sum(shares)
        yield Draft(start + 0.05 + dice.uniform(0, span), spreader, mule, amount, dice.choice(_WAYS))


def pass_through(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """A sum goes through one to four accounts, each keeping a commission, within hours to two days a stop."""
    chain = accounts[: dice.randrange(3, 7)]
    amount = dice.lognormvariate(8.6, 0.7)
    day = start
    for debtor, creditor in pairwise(chain):
        yield Draft(day, debtor, creditor, amount, dice.choice(_WAYS))
        amount *= dice.uniform(0.92, 0.99)
        day += dice.choice((0.05, 0.2, 0.7, 1.5))


def cycle(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Money goes around two to nine accounts and comes back, a little smaller at every hop."""
    ring = accounts[: dice.randrange(2, 10)]
    amount = dice.lognormvariate(8.4, 0.7)
    day = start
    for debtor, creditor in zip(ring, (*ring[1:], ring[0]), strict=True):
        yield Draft(day, debtor, creditor, amount, dice.choice(_WAYS))
        amount *= dice.uniform(0.95, 1.0)
        day += dice.expovariate(1 / 1.2) + 0.02


SCHEMES: dict[str, Scheme] = {
    "structuring": structuring,
    "fan_in": fan_in,
    "fan_out": fan_out,
    "pass_through": pass_through,
    "cycle": cycle,
}
