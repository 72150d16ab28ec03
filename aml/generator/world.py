"""A whole world from one seed: a society's life and the schemes among it, in the order of time."""

import random
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from aml.generator.laundering import SCHEMES
from aml.generator.lives import live, settle
from aml.generator.payments import EPOCH, Draft, Payment, booked


def generate(
    seed: int,
    people: int = 500,
    days: int = 60,
    schemes_per_thousand: float = 3.0,
    currency: str = "EUR",
    threshold: Decimal = Decimal(10_000),
    start: datetime = EPOCH,
    prefix: str = "",
) -> list[Payment]:
    """Payments of a society over days, with schemes of every kind at a rate per thousand people and thirty days."""
    dice = random.Random(seed)
    society = settle(dice, people, prefix)
    drafts = list(live(society, dice, days))
    accounts = [person.account for person in society.people]
    count = max(round(people / 1000 * days / 30 * schemes_per_thousand), 1) * len(SCHEMES)
    kinds = list(SCHEMES)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        chosen = dice.sample(accounts, min(25, len(accounts)))
        begin = dice.uniform(0.03 * days, 0.95 * days)
        for draft in SCHEMES[kind](chosen, society.branches, dice, begin, float(threshold)):
            if draft.day < days:
                drafts.append(_labelled(draft, kind, number + 1))
    return booked(drafts, currency, start, f"{prefix}t")


def _labelled(draft: Draft, kind: str, scheme: int) -> Draft:
    return replace(draft, kind=kind, scheme=scheme)
