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


def _split(total: float, parts: int, dice: random.Random) -> list[float]:
    shares = [dice.uniform(0.5, 1.5) for _ in range(parts)]
    return [total * share / sum(shares) for share in shares]


def scatter_gather(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """One source pays several mules, who all pay one destination, each keeping a little."""

    source, target, *mules = accounts[: dice.randrange(5, 12)]
    span = dice.choice((0.5, 2, 4))
    for mule, amount in zip(mules, _split(dice.lognormvariate(9.3, 0.5), len(mules), dice), strict=True):
        day = start + dice.uniform(0, span)
        yield Draft(day, source, mule, amount, dice.choice(_WAYS))
        later = day + dice.uniform(0.05, 2)
        yield Draft(later, mule, target, amount * dice.uniform(0.92, 0.99), dice.choice(_WAYS))


def gather_scatter(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Mules pay one collector, who pays others out of it."""

    middle, *others = accounts[: dice.randrange(9, 20)]
    half = len(others) // 2
    amounts = [dice.lognormvariate(7.0, 0.5) for _ in range(half)]
    for mule, amount in zip(others[:half], amounts, strict=True):
        yield Draft(start + dice.uniform(0, 2), mule, middle, amount, dice.choice(_WAYS))
    receivers = others[half:]
    for receiver, amount in zip(receivers, _split(0.95 * sum(amounts), len(receivers), dice), strict=True):
        yield Draft(start + 2 + dice.uniform(0, 2), middle, receiver, amount, dice.choice(_WAYS))


def bipartite(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Each of several accounts pays each of several others."""

    left, right = dice.randrange(3, 6), dice.randrange(2, 5)
    for debtor in accounts[:left]:
        for creditor in accounts[left : left + right]:
            amount = dice.lognormvariate(6.8, 0.5)
            yield Draft(start + dice.uniform(0, 5), debtor, creditor, amount, dice.choice(_WAYS))


def stack(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Three layers of accounts, each paying all of the next."""

    layers = [accounts[i * 3 : i * 3 + dice.randrange(2, 4)] for i in range(3)]
    for number, (debtors, creditors) in enumerate(pairwise(layers)):
        for debtor in debtors:
            for creditor in creditors:
                day = start + number * 2 + dice.uniform(0, 1.8)
                yield Draft(day, debtor, creditor, dice.lognormvariate(7.2, 0.4), dice.choice(_WAYS))


def random_walk(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Money wanders through six to nine accounts, hardly smaller at each."""

    chain = accounts[: dice.randrange(6, 10)]
    amount = dice.lognormvariate(8.3, 0.5)
    day = start
    for debtor, creditor in pairwise(chain):
        yield Draft(day, debtor, creditor, amount, dice.choice(_WAYS))
        amount *= dice.uniform(0.9, 1.0)
        day += dice.uniform(0.05, 2)


def layered_fan_in(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Mules pay collectors, collectors pay one account."""

    target, *collectors = accounts[: dice.randrange(3, 5)]
    rest = iter(accounts[5:])
    for collector in collectors:
        total = 0.0
        for _ in range(dice.randrange(4, 7)):
            amount = dice.lognormvariate(6.8, 0.4)
            total += amount
            yield Draft(start + dice.uniform(0, 2), next(rest), collector, amount, dice.choice(_WAYS))
        yield Draft(start + 2 + dice.uniform(0.1, 2), collector, target, total * 0.96, Channel.WIRE)


def layered_fan_out(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """One account pays spreaders, who pay mules."""

    source, *spreaders = accounts[: dice.randrange(3, 5)]
    rest = iter(accounts[5:])
    for spreader in spreaders:
        total = dice.lognormvariate(8.6, 0.4)
        day = start + dice.uniform(0, 1)
        yield Draft(day, source, spreader, total, Channel.WIRE)
        for amount in _split(0.95 * total, dice.randrange(4, 7), dice):
            yield Draft(day + dice.uniform(0.1, 3), spreader, next(rest), amount, dice.choice(_WAYS))


def funnel_account(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Cash goes in at far branches and comes out at another."""

    account = accounts[0]
    *inside, outside = dice.sample(list(branches), 3)
    total = 0.0
    for _ in range(dice.randrange(3, 7)):
        amount = round(threshold * dice.uniform(0.2, 0.9), -1)
        total += amount
        branch = dice.choice(inside)
        day = start + dice.uniform(0, 6)
        yield Draft(day, branch, account, amount, Channel.CASH_DEPOSIT, branch=branch)
    for part in _split(0.9 * total, dice.randrange(1, 4), dice):
        day = start + 6 + dice.uniform(0.1, 2)
        yield Draft(day, account, outside, round(part, -1), Channel.CASH_WITHDRAWAL, branch=outside)


def deposit_and_send(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Cash is banked and wired away within two days."""

    account, onward = accounts[:2]
    amount = round(threshold * dice.uniform(0.2, 0.95), -1)
    branch = dice.choice(branches)
    yield Draft(start, branch, account, amount, Channel.CASH_DEPOSIT, branch=branch)
    yield Draft(start + dice.uniform(0.05, 1.8), account, onward, amount * dice.uniform(0.85, 0.99), Channel.WIRE)


def mirrored_transfers(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """A mule passes on payment after payment, less a fixed commission."""

    mule, *others = accounts[: 2 * dice.randrange(2, 5) + 1]
    commission = dice.uniform(0.92, 0.98)
    day = start
    for payer, payee in zip(others[::2], others[1::2], strict=True):
        amount = dice.lognormvariate(7.2, 0.5)
        yield Draft(day, payer, mule, amount, dice.choice(_WAYS))
        yield Draft(day + dice.uniform(0.02, 1.5), mule, payee, amount * commission, dice.choice(_WAYS))
        day += dice.uniform(0.3, 2)


def behaviour_change(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """A quiet account is taken over: large sums, at night, to strangers."""

    account, *strangers = accounts[: dice.randrange(4, 9)]
    day = float(int(start))
    for stranger in strangers:
        amount = dice.lognormvariate(7.9, 0.5)
        channel = dice.choice((Channel.WIRE, Channel.CRYPTO, Channel.INSTANT))
        yield Draft(day + dice.uniform(0.04, 0.2), account, stranger, amount, channel)
        day += dice.choice((0, 0, 1, 2))


SCHEMES: dict[str, Scheme] = {
    "structuring": structuring,
    "fan_in": fan_in,
    "fan_out": fan_out,
    "pass_through": pass_through,
    "cycle": cycle,
    "scatter_gather": scatter_gather,
    "gather_scatter": gather_scatter,
    "bipartite": bipartite,
    "stack": stack,
    "random_walk": random_walk,
    "layered_fan_in": layered_fan_in,
    "layered_fan_out": layered_fan_out,
    "funnel_account": funnel_account,
    "deposit_and_send": deposit_and_send,
    "mirrored_transfers": mirrored_transfers,
    "behaviour_change": behaviour_change,
}
