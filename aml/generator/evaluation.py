"""A second world for evaluation only, with other mechanisms than the one the model learned from.

Accounts here have no employers or shops of their own: payments arise from a network that grows by preferential
attachment, with amounts of heavy tails and daily rhythms drawn per account. Laundering is a budget that a controller
moves from dirty to clean accounts in rounds, choosing after each round how to go on, through accounts opened for it
and bought ones.
"""

import heapq
import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from aml.generator.payments import EPOCH, Draft, Payment, booked
from aml.transaction import Channel

_CHANNELS = (Channel.TRANSFER, Channel.TRANSFER, Channel.INSTANT, Channel.CARD, Channel.DIRECT_DEBIT, Channel.WIRE)


def evaluation_world(
    seed: int,
    accounts: int = 800,
    days: int = 60,
    controllers: int = 12,
    currency: str = "EUR",
    threshold: Decimal = Decimal(10_000),
    start: datetime = EPOCH,
) -> list[Payment]:
    """Payments over days, the controllers' ones labelled with what they did in that round."""
    dice = random.Random(seed)
    names = [f"e{i}" for i in range(accounts)]
    drafts = list(_everyday(names, dice, days))
    tills = [f"atm{i}" for i in range(max(accounts // 100, 4))]
    drafts.extend(_cash(names, tills, dice, days))
    for number in range(controllers):
        begin = dice.uniform(0.3, 0.85) * days
        moves = _controller(names, tills, dice, begin, float(threshold), number + 1)
        drafts.extend(draft for draft in moves if draft.day < days)
    return booked(drafts, currency, start, "e")


def _everyday(names: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    """Each account has a pace, a typical size and a waking hour; whom it pays grows with whom it and others paid."""
    popular = list(names)
    for name in names:
        pace = dice.paretovariate(1.6) * 0.15
        size = dice.gauss(3.8, 0.9)
        wakes = dice.uniform(6, 11)
        contacts: list[str] = []
        moment = dice.expovariate(pace)
        while moment < days:
            if not contacts or dice.random() < 1.0 / (1.0 + len(contacts)):
                partner = dice.choice(popular)
                popular.append(partner)
                if partner != name:
                    contacts.append(partner)
            if contacts:
                partner = dice.choice(contacts)
                amount = min(
                    dice.lognormvariate(size, 0.8) * (dice.paretovariate(1.8) if dice.random() < 0.1 else 1), 4e4
                )
                if dice.random() < 0.15:
                    amount = round(amount, -1) + 10
                day = int(moment) + (wakes + dice.betavariate(2, 2) * 13) / 24
                debtor, creditor = (name, partner) if dice.random() < 0.8 else (partner, name)
                yield Draft(day, debtor, creditor, amount, dice.choice(_CHANNELS))
            moment += dice.expovariate(pace)


def _cash(names: list[str], tills: list[str], dice: random.Random, days: int) -> Iterator[Draft]:
    for name in dice.sample(names, len(names) // 3):
        for _ in range(dice.randrange(1, 1 + days // 6)):
            till = dice.choice(tills)
            day = dice.uniform(0, days)
            if dice.random() < 0.25:
                yield Draft(day, till, name, dice.lognormvariate(6.5, 1.1), Channel.CASH_DEPOSIT, branch=till)
            else:
                yield Draft(day, name, till, dice.choice((20, 50, 100, 200, 400)), Channel.CASH_WITHDRAWAL, branch=till)


def _controller(
    names: list[str], tills: list[str], dice: random.Random, start: float, threshold: float, number: int
) -> Iterator[Draft]:
    """Moves dirty balances, the largest first, until most are in the clean accounts or the rounds are over."""
    members = [*dice.sample(names, dice.randrange(6, 16)), *(f"x{number}-{i}" for i in range(dice.randrange(3, 9)))]
    clean = set(dice.sample(members, 2))
    balances: list[tuple[float, str]] = []
    day = start
    for member in dice.sample(members, dice.randrange(1, 4)):  # the money comes in, as cash or from outside
        total = 0.0
        cash = dice.random() < 0.5
        for _ in range(dice.randrange(3, 7) if cash else 1):
            amount = threshold * dice.betavariate(8, 2) if cash else dice.lognormvariate(9.4, 0.5)
            till = dice.choice(tills)
            if cash:
                yield Draft(
                    day + dice.uniform(0, 3), till, member, round(amount), Channel.CASH_DEPOSIT, "placement", number
                )
            else:
                yield Draft(day, f"abroad{number}", member, amount, Channel.WIRE, "placement", number)
            total += amount
        heapq.heappush(balances, (-total, member))
    day += 3
    for _ in range(dice.randrange(2, 6)):
        if not balances:
            return
        negative, holder = heapq.heappop(balances)
        total = -negative * dice.uniform(0.93, 0.99)
        others = [member for member in members if member != holder]
        day += dice.expovariate(1.0)
        if dice.random() < 0.4:  # spread
            receivers = dice.sample(others, dice.randrange(2, min(9, len(others))))
            cuts = sorted(dice.random() for _ in receivers[1:])
            parts = [b - a for a, b in zip((0.0, *cuts), (*cuts, 1.0), strict=True)]
            for receiver, part in zip(receivers, parts, strict=True):
                sent = day + dice.uniform(0, 1.5)
                yield Draft(sent, holder, receiver, total * part, dice.choice(_CHANNELS[:3]), "spread", number)
                heapq.heappush(balances, (-total * part, receiver))
            day += 1.5
        elif dice.random() < 0.6:  # move on through a chain
            current = holder
            for receiver in dice.sample(others, dice.randrange(1, min(5, len(others)))):
                day += dice.uniform(0.02, 1.0)
                yield Draft(day, current, receiver, total, dice.choice(_CHANNELS[:3]), "chain", number)
                current, total = receiver, total * dice.uniform(0.95, 1.0)
            heapq.heappush(balances, (-total, current))
        else:  # gather into a clean account
            target = dice.choice(sorted(clean - {holder}))
            heapq.heappush(balances, (-total, holder))
            for balance, member in list(balances):
                if member != target:
                    sent = day + dice.uniform(0, 1.0)
                    yield Draft(sent, member, target, -balance * 0.97, dice.choice(_CHANNELS[:3]), "gather", number)
            balances = []
            day += 1.0
