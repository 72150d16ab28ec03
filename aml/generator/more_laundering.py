"""More schemes, of typologies that need time, places or parties, and one that goes through all stages of laundering.

Apart from `laundering` because only the varied worlds have the fields that some of them need.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aml.generator.laundering import Scheme
from aml.generator.payments import Draft, hour
from aml.transaction import Channel

_WAYS = (Channel.TRANSFER, Channel.INSTANT, Channel.WIRE)
RISKY = ("IR", "KP", "MM")
"""The high-risk countries of generated worlds."""


def smurfing(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Helpers bank cash into one account at several places on the same days."""
    account = accounts[0]
    for _ in range(dice.randrange(4, 12)):
        branch = dice.choice(branches)
        amount = round(threshold * dice.uniform(0.1, 0.98), -1) + 10
        day = int(start + dice.uniform(0, 5)) + hour(dice, 9, 18)
        yield Draft(day, branch, account, amount, Channel.CASH_DEPOSIT, branch=branch)


def cuckoo_smurfing(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Strangers bank cash for somebody who waits for a transfer from abroad."""
    for number in range(dice.randrange(2, 6)):
        branch = dice.choice(branches)
        amount = round(threshold * dice.uniform(0.15, 0.95), -1) + 10
        yield Draft(
            start + dice.uniform(0, 2.5),
            branch,
            accounts[0],
            amount,
            Channel.CASH_DEPOSIT,
            branch=branch,
            parties=(accounts[1 + number], accounts[0]),
        )


def third_party_cash(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """One helper after the other banks cash into an account, which pays it on."""
    total = 0.0
    for number in range(dice.randrange(3, 8)):
        branch = dice.choice(branches)
        amount = round(threshold * dice.uniform(0.05, 0.7), -1) + 10
        total += amount
        day = start + dice.uniform(0, 20)
        parties = (accounts[1 + number % 3], accounts[0])
        yield Draft(day, branch, accounts[0], amount, Channel.CASH_DEPOSIT, branch=branch, parties=parties)
    yield Draft(start + 20.5 + dice.uniform(0, 2), accounts[0], accounts[9], 0.95 * total, Channel.WIRE)


def rapid_movement(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """What a mule receives is gone within the hour, several times over."""
    mule, *others = accounts[: dice.randrange(3, 8)]
    for number, payer in enumerate(others):
        amount = dice.lognormvariate(7.4, 0.6)
        day = start + number * dice.uniform(0.1, 2)
        yield Draft(day, payer, mule, amount, dice.choice(_WAYS))
        onward = others[(number + 1) % len(others)]
        yield Draft(day + dice.uniform(0.002, 0.04), mule, onward, amount * dice.uniform(0.88, 1.0), dice.choice(_WAYS))


def round_amounts(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Invented invoices: large sums without odd digits, again and again between the same few."""
    for _ in range(dice.randrange(6, 12)):
        debtor, creditor = dice.sample(list(accounts[:4]), 2)
        amount = dice.choice((1000, 1500, 2000, 2500, 3000, 5000))
        yield Draft(start + dice.uniform(0, 20), debtor, creditor, amount, dice.choice(_WAYS))


def over_invoicing(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """A supplier who was always paid alike is suddenly paid a multiple, and most of it goes on."""
    amount = dice.lognormvariate(8.4, 0.5) * dice.uniform(3, 8)
    yield Draft(start, accounts[0], accounts[1], amount, Channel.WIRE)
    later = start + dice.uniform(0.3, 4)
    yield Draft(later, accounts[1], accounts[2], amount * dice.uniform(0.6, 0.9), Channel.WIRE)


def dormant_then_active(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """An account that was bought and left alone wakes up for a few large payments."""
    sleeper = f"{accounts[0]}-sleeper"
    amount = dice.lognormvariate(8.8, 0.5)
    yield Draft(start, accounts[1], sleeper, amount, dice.choice(_WAYS))
    for number in range(parts := dice.randrange(1, 4)):
        part = 0.95 * amount / parts
        yield Draft(start + dice.uniform(0.1, 3), sleeper, accounts[2 + number], part, dice.choice(_WAYS))


def high_risk_jurisdiction(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Sums to a front in a high-risk country, split over days."""
    country = dice.choice(RISKY)
    front = f"{accounts[1]}-front"
    for _ in range(dice.randrange(2, 6)):
        amount = dice.lognormvariate(7.6, 0.6)
        day = start + dice.uniform(0, 12)
        yield Draft(day, accounts[0], front, amount, Channel.WIRE, countries=("DE", country))


def nested_correspondent(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """One account sends money abroad for many others, whose names stand in the orders."""
    country = dice.choice(("AE", "HK", "TR", "PA", "CY"))
    for number in range(dice.randrange(4, 12)):
        amount = dice.lognormvariate(7.5, 0.7)
        day = start + dice.uniform(0, 6)
        parties = (accounts[1 + number], None)
        abroad = f"{accounts[0]}-abroad{number % 3}"
        yield Draft(day, accounts[0], abroad, amount, Channel.WIRE, countries=("DE", country), parties=parties)


def stages(
    accounts: Sequence[str], branches: Sequence[str], dice: random.Random, start: float, threshold: float
) -> Iterator[Draft]:
    """Placement, layering, integration: money comes in, is spread thinly over layers of accounts, and buys something.

    Between two layers each account pays a drawn share of what it has to each of a drawn few of the next. Every payment
    is labelled with the shape of its part: wide, narrow, even, a single thread.
    """
    rest = list(accounts)
    layers = [[rest.pop() for _ in range(min(dice.choice((1, 1, 2, 3, 4)), len(rest)))] for _ in range(5)]
    layers = [layer for layer in layers[: dice.randrange(2, 6)] if layer]
    held: dict[str, float] = {}
    for account in layers[0]:
        held[account] = 0.0
        if dice.random() < 0.5:
            for _ in range(dice.randrange(2, 7)):
                amount = round(threshold * dice.uniform(0.3, 0.99), -1) + 10
                branch = dice.choice(branches)
                day = start + dice.uniform(0, 4)
                yield Draft(day, branch, account, amount, Channel.CASH_DEPOSIT, "structuring", branch=branch)
                held[account] += amount
        else:
            held[account] = dice.lognormvariate(9.0, 0.8)
            buyer = f"{accounts[0]}-buyer"
            yield Draft(start + dice.uniform(0, 4), buyer, account, held[account], Channel.WIRE, "stack")
    day = start + 4
    for layer in layers[1:]:
        received = dict.fromkeys(layer, 0.0)
        kind = _shape(len(held), len(layer))
        for account, amount in held.items():
            chosen = dice.sample(layer, dice.randrange(1, len(layer) + 1))
            for share, creditor in zip(_shares(len(chosen), dice), chosen, strict=True):
                part = share * amount * dice.uniform(0.9, 1.0)
                received[creditor] += part
                yield Draft(day + dice.uniform(0, 2), account, creditor, part, dice.choice(_WAYS), kind)
        held = {account: amount for account, amount in received.items() if amount > 0.0}
        day += dice.uniform(2, 4)
    for account, amount in held.items():
        seller = f"{accounts[0]}-dealer{dice.randrange(3)}"
        yield Draft(day + dice.uniform(0, 4), account, seller, amount * dice.uniform(0.8, 1.0), Channel.WIRE, "stack")


def _shape(before: int, after: int) -> str:
    if before == after:
        return "random_walk" if before == 1 else "stack"
    return "layered_fan_out" if before < after else "layered_fan_in"


def _shares(count: int, dice: random.Random) -> list[float]:
    drawn = [dice.gammavariate(1.2, 1.0) + 0.02 for _ in range(count)]
    return [share / sum(drawn) for share in drawn]


MORE_SCHEMES: dict[str, Scheme] = {
    "smurfing": smurfing,
    "cuckoo_smurfing": cuckoo_smurfing,
    "third_party_cash": third_party_cash,
    "rapid_movement": rapid_movement,
    "round_amounts": round_amounts,
    "over_invoicing": over_invoicing,
    "dormant_then_active": dormant_then_active,
    "high_risk_jurisdiction": high_risk_jurisdiction,
    "nested_correspondent": nested_correspondent,
}


def history_of(kind: str, drafts: Sequence[Draft], dice: random.Random) -> Iterator[Draft]:
    """What must have been before, for a scheme to be what it is: a supplier's usual invoices, a sleeper's opening."""
    if kind == "over_invoicing":
        usual = drafts[0].amount / dice.uniform(3, 8)
        for weeks in range(1, dice.randrange(5, 9)):
            before = drafts[0].day - weeks * 7 + dice.uniform(-1, 1)
            yield replace(drafts[0], day=before, amount=usual * dice.uniform(0.8, 1.1), kind="")
    elif kind == "dormant_then_active":
        opening = drafts[0].day - dice.uniform(92, 130)
        yield replace(drafts[0], day=opening, amount=dice.uniform(10, 200), kind="")
