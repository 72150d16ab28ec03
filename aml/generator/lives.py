"""Ordinary life: who there is, and what they pay each other in a month. Decoys that look like laundering are in it.

Decoys: payrolls (fan-out), landlords and shops (fan-in), a marketplace that pays out what it takes in (pass-through),
shops that bank their takings in cash (structuring), families and friends that pay each other back (cycles).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from aml.generator.payments import Draft, hour
from aml.transaction import Channel

MONTH = 30.4


@dataclass(frozen=True, slots=True)
class Person:
    account: str
    savings: str
    employer: str
    landlord: str
    salary: float
    payday: int
    friends: tuple[str, ...]
    shops: tuple[str, ...]
    spending: float
    """Card payments a day."""
    country: str = "DE"


@dataclass(frozen=True, slots=True)
class Customs:
    """How often things are done in a society, as multiples of what the code below has."""

    shopping: float = 1.0
    friends: float = 1.0
    cash: float = 1.0
    trade: float = 1.0
    oddities: float = 1.0
    """What looks like a typology and is none."""
    wages: bool = True
    """Whether salaries, rents and bills are paid through these accounts at all."""
    strangers: float = 0.0
    """Payments a day to people whom one does not know: flea markets, rides, small jobs."""
    circles: float = 0.0
    """How much there is of what only some societies know: savings circles, rent agents, forwarded wages, notaries."""


ORDINARY = Customs()


@dataclass(frozen=True, slots=True)
class Society:
    people: tuple[Person, ...]
    employers: tuple[str, ...]
    shops: tuple[str, ...]
    landlords: tuple[str, ...]
    suppliers: tuple[str, ...]
    marketplaces: tuple[str, ...]
    branches: tuple[str, ...]


def settle(dice: random.Random, people: int, prefix: str) -> Society:
    """Draw a society of that many people and the firms that they need."""

    def firms(kind: str, count: int) -> tuple[str, ...]:
        return tuple(f"{prefix}{kind}{i}" for i in range(count))

    employers = firms("employer", max(people // 25, 2))
    shops = firms("shop", max(people // 20, 5))
    landlords = firms("landlord", max(people // 30, 2))
    names = [f"{prefix}person{i}" for i in range(people)]
    residents = []
    for i, name in enumerate(names):
        near = [names[(i + step) % people] for step in (-3, -2, -1, 1, 2, 3)]
        friends = tuple(dict.fromkeys(dice.sample(near, 3) + dice.sample(names, 2)))
        residents.append(
            Person(
                name,
                f"{prefix}savings{i}",
                dice.choice(employers),
                dice.choice(landlords),
                dice.lognormvariate(7.8, 0.45),
                dice.choice((1, 15, 25, 27, 28)),
                tuple(friend for friend in friends if friend != name),
                tuple(dice.sample(shops, min(5, len(shops)))),
                dice.lognormvariate(-0.7, 0.5),
            )
        )
    return Society(
        tuple(residents),
        employers,
        shops,
        landlords,
        firms("supplier", max(people // 40, 3)),
        firms("market", max(people // 500, 1)),
        firms("branch", max(people // 200, 3)),
    )


def live(society: Society, dice: random.Random, days: int, customs: Customs = ORDINARY) -> Iterator[Draft]:
    for person in society.people:
        yield from _person(person, society, dice, days, customs)
    for shop in society.shops:
        yield from _shop(shop, society, dice, days)
    for market in society.marketplaces:
        yield from _marketplace(market, society, dice, days)
    for employer in society.employers:
        yield from _trade(employer, society, dice, days, customs)


def _occasions(dice: random.Random, rate: float, days: int) -> Iterator[int]:
    """Days on which something of that daily rate happens."""
    if rate <= 0.0:
        return
    moment = dice.expovariate(rate)
    while moment < days:
        yield int(moment)
        moment += dice.expovariate(rate)


def _person(person: Person, society: Society, dice: random.Random, days: int, customs: Customs) -> Iterator[Draft]:
    me, odd = person.account, customs.oddities
    for month in range(int(days / MONTH) + 1 if customs.wages else 0):
        start = month * MONTH
        payday = start + person.payday + dice.choice((0, 0, 0, 1))
        rent = 0.3 * person.salary
        monthly = [
            Draft(payday + dice.uniform(2, 8) / 24, person.employer, me, round(person.salary, 2)),
            Draft(start + 1 + dice.randrange(3) + hour(dice), me, person.landlord, round(rent, -1)),
            Draft(start + 5 + hour(dice), me, society.suppliers[0], dice.uniform(40, 160), Channel.DIRECT_DEBIT),
            Draft(payday + 1 + hour(dice), me, person.savings, round(dice.uniform(0.02, 0.2) * person.salary, -1) + 10),
        ]
        yield from (draft for draft in monthly if draft.day < days)
    for day in _occasions(dice, person.spending * 1.5 * customs.shopping, days):
        season = 1.3 if day % 365 > 330 else 1.0
        amount = dice.lognormvariate(3.2, 0.9) * season
        yield Draft(day + hour(dice, 7, 23), me, dice.choice(person.shops), amount, Channel.CARD)
    for day in _occasions(dice, 0.06 * customs.friends, days):
        friend = dice.choice(person.friends)
        amount = dice.choice((10, 15, 20, 25, 40, 50, 100)) if dice.random() < 0.6 else dice.uniform(5, 200)
        yield Draft(day + hour(dice), me, friend, amount, Channel.INSTANT)
        if dice.random() < 0.3:  # paid back, often to the cent: a benign round trip
            yield Draft(day + dice.uniform(0.5, 6), friend, me, amount, Channel.INSTANT)
    for day in _occasions(dice, 0.05 * customs.cash, days):
        branch = dice.choice(society.branches)
        amount = dice.choice((50, 100, 100, 200, 300, 500))
        yield Draft(day + hour(dice), me, branch, amount, Channel.CASH_WITHDRAWAL, branch=branch)
    for day in _occasions(dice, 0.001 * odd, days):  # a car, a kitchen, a deposit: out of pattern and innocent
        yield Draft(day + hour(dice), me, dice.choice(society.suppliers), dice.lognormvariate(8.8, 0.6))
    for day in _occasions(dice, 0.0006 * odd, days):  # an inheritance or a sold car, some for the family
        amount = dice.lognormvariate(9.2, 0.7)
        yield Draft(day + hour(dice), dice.choice(society.suppliers), me, amount)
        for friend in person.friends[: dice.randrange(3)]:
            yield Draft(day + dice.uniform(1, 9), me, friend, round(amount * dice.uniform(0.1, 0.3), -2) + 100)
    yield from _occasions_of_life(person, society, dice, days, customs)
    if dice.random() < 0.04:
        home = dice.choice(("PL", "TR", "RO", "IT", "PH", "IN"))
        for day in _occasions(dice, 1 / 30, days):
            yield Draft(
                day + hour(dice), me, f"{me}-family", dice.uniform(100, 600), Channel.WIRE, countries=("DE", home)
            )


def _occasions_of_life(
    person: Person, society: Society, dice: random.Random, days: int, customs: Customs
) -> Iterator[Draft]:
    """What is rare in one life and common among many: each looks like a typology and is none."""
    me, odd = person.account, customs.oddities
    strangers = [other.account for other in society.people]
    for day in _occasions(dice, 0.0012 * odd, days):  # a collection for a gift: all pay one, who pays a shop
        each = dice.choice((10, 20, 25, 50, 150, 300, 600))
        payers = dice.sample(strangers, dice.randrange(6, 18))
        for payer in payers:
            if payer != me:
                yield Draft(day + dice.uniform(0, 4), payer, me, each, Channel.INSTANT)
        paid = each * len(payers) * dice.uniform(0.9, 1.0)
        yield Draft(day + dice.uniform(4, 7), me, dice.choice(society.suppliers), paid, Channel.WIRE)
    for day in _occasions(dice, 0.0012 * odd, days):  # a tradesman with several helpers, a wedding: one pays many
        for helper in dice.sample(strangers, dice.randrange(5, 14)):
            if helper != me:
                yield Draft(day + dice.uniform(0, 3), me, helper, dice.lognormvariate(6.2, 0.8), Channel.TRANSFER)
    for day in _occasions(dice, 0.002 * odd, days):  # a flat or car changes hands, with a loan behind it
        amount = dice.lognormvariate(8.8, 0.6)
        lender = dice.choice((*society.suppliers, *person.friends))
        yield Draft(day, lender, me, amount, Channel.TRANSFER)
        paid = day + dice.uniform(0.1, 3)
        yield Draft(
            paid, me, dice.choice((*society.suppliers, dice.choice(strangers))), amount * dice.uniform(0.9, 1.0)
        )
    for day in _occasions(dice, 0.002 * odd, days):  # a loan among friends that comes back whole
        friend = dice.choice(person.friends)
        amount = round(dice.lognormvariate(7.2, 0.7), -2) + 100
        yield Draft(day + hour(dice), me, friend, amount, Channel.INSTANT)
        yield Draft(day + dice.uniform(2, 28), friend, me, amount, Channel.INSTANT)
    for day in _occasions(dice, 0.0008 * odd, days):  # savings kept at home are banked, a used car is paid in cash
        branch = dice.choice(society.branches)
        amount = round(dice.lognormvariate(8.3, 0.6), -1) + 10
        yield Draft(day + hour(dice, 9, 18), branch, me, amount, Channel.CASH_DEPOSIT, branch=branch)
        if dice.random() < 0.5:
            onward = dice.choice(society.suppliers)
            yield Draft(day + dice.uniform(0.1, 3), me, onward, amount * dice.uniform(0.7, 1.0), Channel.WIRE)


def _shop(shop: str, society: Society, dice: random.Random, days: int) -> Iterator[Draft]:
    """Pays suppliers weekly; one in five is a cash business that banks its takings, sometimes near the threshold."""
    for day in range(dice.randrange(7), days, 7):
        for supplier in dice.sample(society.suppliers, 2):
            yield Draft(day + hour(dice), shop, supplier, dice.lognormvariate(6.5, 0.6))
    if dice.random() < 0.2:
        takings = dice.lognormvariate(7.6, 0.7)
        for day in range(dice.randrange(3), days, dice.choice((1, 2, 3))):
            branch = dice.choice(society.branches)
            amount = takings * dice.lognormvariate(0, 0.3)
            yield Draft(
                day + hour(dice, 17, 21), branch, shop, round(amount, -1) + 5, Channel.CASH_DEPOSIT, branch=branch
            )


def _marketplace(market: str, society: Society, dice: random.Random, days: int) -> Iterator[Draft]:
    """Takes in buyers' payments and pays the sellers nearly all of it within days."""
    sellers = [person.account for person in dice.sample(society.people, min(40, len(society.people)))]
    for day in range(days):
        for _ in range(dice.randrange(5, 25)):
            amount = dice.lognormvariate(3.5, 0.8)
            yield Draft(day + hour(dice), dice.choice(society.people).account, market, amount, Channel.CARD)
            paid = day + dice.uniform(1, 4)
            if paid < days:
                yield Draft(paid, market, dice.choice(sellers), amount * 0.93)


def _trade(firm: str, society: Society, dice: random.Random, days: int, customs: Customs) -> Iterator[Draft]:
    """Firms buy from and sell to each other: enough rings of trade that a cycle alone proves nothing."""
    for day in _occasions(dice, 0.5 * customs.trade, days):
        other = dice.choice((*society.suppliers, *society.employers))
        if other != firm:
            first, second = (firm, other) if dice.random() < 0.5 else (other, firm)
            yield Draft(day + hour(dice), first, second, dice.lognormvariate(8.0, 0.9))
