"""Ordinary habits that only some societies have, each a likeness of a typology: what a model must learn to leave alone.

Apart from the lives that every society has, because how much there is of them is drawn for each.
"""

import random
from collections.abc import Iterator
from itertools import pairwise

from aml.generator.lives import Customs, Society
from aml.generator.payments import Draft, hour
from aml.transaction import Channel

_MONTH = 30


def habits(society: Society, dice: random.Random, days: int, customs: Customs) -> Iterator[Draft]:
    """All of them, as often as the customs say."""
    people = [person.account for person in society.people]
    for person in society.people:
        yield from _strangers(person.account, people, dice, days, customs.strangers)
    if customs.circles <= 0.0:
        return
    share = customs.circles / 100
    for _ in range(round(len(people) * share)):
        yield from _savings_circle(dice.sample(people, min(dice.randrange(4, 13), len(people))), dice, days)
    for _ in range(round(len(people) * share / 4)):
        yield from _rent_agent(dice.choice(people), people, dice, days)
    for person in dice.sample(society.people, round(len(people) * min(3 * share, 0.4))):
        yield from _forwarded_wage(person.account, person.employer, person.salary, people, dice, days)
    for number in range(round(len(people) * share / 4)):
        yield from _notary(f"{society.suppliers[0]}-notary{number}", people, dice, days)
    for _ in range(round(len(people) * share / 2)):
        yield from _cash_trader(dice.choice(people), society, dice, days)
    for _ in range(round(len(people) * share / 2)):
        yield from _new_account(society, people, dice, days)
    for _ in range(round(len(people) * share / 4)):
        yield from _chain_of_sales(dice.sample(people, min(dice.randrange(3, 7), len(people))), dice, days)


def _strangers(me: str, people: list[str], dice: random.Random, days: int, rate: float) -> Iterator[Draft]:
    rate *= dice.lognormvariate(0, 0.8)
    moment = dice.expovariate(rate) if rate > 0 else days
    while moment < days:
        other = dice.choice(people)
        if other != me:
            large = dice.random() < 0.08  # a used car, a deposit, a craftsman
            amount = round(dice.lognormvariate(7.0, 1.1), -1) + 10 if large else dice.lognormvariate(3.6, 1.1)
            way = dice.choice((Channel.TRANSFER, Channel.INSTANT, Channel.WIRE))
            yield Draft(int(moment) + hour(dice, 7, 23), me, other, amount, way)
        moment += dice.expovariate(rate)


def _savings_circle(members: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    """Each round all pay one of them, who is another one each time: rings and fans of equal, round amounts."""
    each = dice.choice((50, 100, 200, 250, 500, 1000))
    every = dice.choice((7, 14, _MONTH))
    for turn, day in enumerate(range(dice.randrange(every), days, every)):
        for member in members:
            if member != members[turn % len(members)]:
                yield Draft(day + dice.uniform(0, 2), member, members[turn % len(members)], each, Channel.TRANSFER)


def _rent_agent(agent: str, people: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    """Gathers rents and passes them on less a fee."""
    tenants = dice.sample(people, min(dice.randrange(5, 25), len(people)))
    owners = dice.sample(people, min(dice.randrange(1, 6), len(people)))
    rents = [round(dice.lognormvariate(6.4, 0.3), -1) for _ in tenants]
    for month in range(0, days, _MONTH):
        for tenant, rent in zip(tenants, rents, strict=True):
            if tenant != agent:
                yield Draft(month + 1 + dice.uniform(0, 4), tenant, agent, rent)
        for owner in owners:
            if owner != agent:
                yield Draft(month + 6 + dice.uniform(0, 2), agent, owner, 0.93 * sum(rents) / len(owners))


def _forwarded_wage(
    me: str, employer: str, salary: float, people: list[str], dice: random.Random, days: int
) -> Iterator[Draft]:
    """Nearly all of a wage goes to the household's account, or to one's own at another bank, within a day."""
    other = dice.choice((f"{me}-household", f"{me}-other-bank"))
    share = dice.uniform(0.7, 1.0)
    for month in range(dice.randrange(_MONTH), days, _MONTH):
        yield Draft(month + hour(dice, 2, 8), employer, me, salary)
        yield Draft(month + hour(dice, 9, 22), me, other, round(share * salary, dice.choice((0, -1, -2))) + 1)
        if dice.random() < 0.5:
            yield Draft(month + dice.uniform(1, 5), other, dice.choice(people), salary * dice.uniform(0.1, 0.4))


def _notary(notary: str, people: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    """Holds the price of houses for a few days: large sums through one account, in and wholly out again."""
    moment = dice.uniform(0, 20)
    while moment < days:
        buyer, seller = dice.sample(people, 2)
        amount = round(dice.lognormvariate(11.0, 0.6), -3) + 1000
        for part in range(parts := dice.randrange(1, 4)):
            yield Draft(moment + part * dice.uniform(0, 1), buyer, notary, amount / parts, Channel.WIRE)
        yield Draft(moment + dice.uniform(2, 8), notary, seller, amount * dice.uniform(0.97, 1.0), Channel.WIRE)
        moment += dice.expovariate(1 / 9)


def _cash_trader(me: str, society: Society, dice: random.Random, days: int) -> Iterator[Draft]:
    """Banks a market stall's takings and pays the wholesaler with them the next day."""
    takings = dice.lognormvariate(6.8, 0.8)
    branch, wholesaler = dice.choice(society.branches), dice.choice(society.suppliers)
    for day in range(dice.randrange(7), days, dice.choice((2, 3, 7))):
        amount = round(takings * dice.lognormvariate(0, 0.4), -1) + 10
        yield Draft(day + hour(dice, 9, 18), branch, me, amount, Channel.CASH_DEPOSIT, branch=branch)
        yield Draft(day + 1 + hour(dice), me, wholesaler, amount * dice.uniform(0.6, 1.0), Channel.TRANSFER)


def _new_account(society: Society, people: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    """Somebody comes anew: savings come over from the old bank, furniture and a deposit go out, then life goes on."""
    begin = dice.uniform(0, days)
    me = f"{dice.choice(people)}-new{int(begin * 1000)}"
    amount = dice.lognormvariate(8.6, 1.0)
    yield Draft(begin, f"{me}-old-bank", me, amount, Channel.TRANSFER)
    for _ in range(dice.randrange(1, 6)):
        other = dice.choice((*society.suppliers, *people))
        yield Draft(begin + dice.uniform(0.5, 10), me, other, amount * dice.uniform(0.05, 0.3), Channel.TRANSFER)
    moment = begin + 1
    while moment < days:
        yield Draft(int(moment) + hour(dice, 7, 23), me, dice.choice(society.shops), dice.lognormvariate(3.2, 0.9))
        moment += dice.expovariate(0.7)


def _chain_of_sales(people: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    """Who sells a car buys another one, and so does its seller: like sums from one to the next within weeks."""
    amount = round(dice.lognormvariate(8.8, 0.6), -2) + 100
    day = dice.uniform(0, days)
    for buyer, seller in pairwise(people):
        yield Draft(day, buyer, seller, round(amount, -1))
        amount *= dice.uniform(0.7, 1.3)
        day += dice.uniform(0.5, 10)
