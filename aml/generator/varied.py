"""Worlds that differ in everything that a model should not lean on: what the reference model learns from.

One world is one institution with a currency, a scale of amounts, customs, a way to book and an eye of its own, and its
launderers have margins, delays, helpers and habits of their own. What all worlds share is what laundering is.
"""

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import exp, log

from aml.generator.habits import habits
from aml.generator.laundering import SCHEMES
from aml.generator.lives import Customs, Society, live, settle
from aml.generator.more_laundering import MORE_SCHEMES, RISKY, history_of, stages
from aml.generator.payments import EPOCH, Draft, Payment, booked, hour
from aml.transaction import Channel

_WAYS = (Channel.TRANSFER, Channel.INSTANT, Channel.WIRE)
_MIDDLE = 3.6
"""The logarithm of the amount around which a world's amounts are spread or drawn together."""


@dataclass(frozen=True, slots=True)
class World:
    """Payments in the order of time, and what the engine is told of the institution."""

    payments: list[Payment]
    reporting_threshold: Decimal
    currency: str
    high_risk_countries: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Books:
    """How one institution's payments are written down, and which of them it sees."""

    scale: float
    spread: float
    means: float
    """How far apart people's means are: the width, in logarithms, of how much larger one's payments are."""
    tails: float
    """The share of ordinary payments that are many times the usual, for reasons of their own."""
    step: float
    """Times are multiples of it, in days; 0 for seconds."""
    shift: float
    """Hours by which its day is shifted."""
    channels: str
    """`kept`, `one` (all transfers but cash) or `drawn`."""
    other_ways: float
    """The share of ordinary transfers that go another way than most do."""
    countries: bool
    parties: bool
    segments: bool
    seen: float
    """The share of accounts that are its own: payments among others it does not see."""


def varied_world(seed: int) -> World:
    """A world of some thousand to fifty thousand payments, all drawn from the seed."""
    dice = random.Random(seed)
    people, days = round(exp(dice.uniform(log(60), log(450)))), dice.randrange(45, 130)
    threshold = float(dice.choice((1_000, 3_000, 10_000, 10_000, 15_000, 50_000)))
    customs, books = _customs(dice), _books(dice)
    society = settle(dice, people, "")
    drafts = [*live(society, dice, days, customs), *habits(society, dice, days, customs)]
    drafts.extend(_laundering(society, dice, days, threshold / books.scale))
    written = _written(drafts, books, society, dice, days)
    currency = dice.choice(("EUR", "USD", "GBP"))
    payments = booked(written, currency, EPOCH, f"v{seed}-")
    return World(payments, Decimal(threshold), currency, frozenset(RISKY))


def _customs(dice: random.Random) -> Customs:
    def times(width: float) -> float:
        return dice.lognormvariate(0, width)

    return Customs(
        shopping=times(0.9) if dice.random() < 0.85 else 0.0,
        friends=times(1.0),
        cash=times(1.0) if dice.random() < 0.8 else 0.0,
        trade=times(0.8),
        oddities=times(0.7),
        wages=dice.random() < 0.8,
        strangers=dice.lognormvariate(-2.5, 1.2) if dice.random() < 0.7 else 0.0,
        circles=dice.uniform(0.5, 6.0) if dice.random() < 0.7 else 0.0,
    )


def _books(dice: random.Random) -> _Books:
    return _Books(
        scale=exp(dice.uniform(-2.0, 3.0)),
        spread=dice.uniform(0.35, 1.3),
        means=dice.uniform(0.0, 1.0),
        tails=dice.choice((0.0, dice.uniform(0.0, 0.06))),
        step=dice.choice((0.0, 0.0, 0.0, 1 / 1440, 1 / 24, 1.0)),
        shift=dice.choice((0.0, 0.0, dice.uniform(-12, 12))),
        channels=dice.choice(("kept", "kept", "one", "drawn")),
        other_ways=dice.choice((0.05, dice.uniform(0.05, 0.6))),
        countries=dice.random() < 0.7,
        parties=dice.random() < 0.5,
        segments=dice.random() < 0.5,
        seen=dice.choice((1.0, 1.0, dice.uniform(0.4, 0.9))),
    )


# --- Laundering -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one scheme's people go about it."""

    scale: float
    stretch: float
    loss: float
    """What is lost on the way to the last payment, besides what each step of the scheme keeps."""
    rounding: int
    way: Channel | None
    missing: float
    """The share of its payments that run through another bank."""
    bought: float
    """The share of its accounts that were opened or bought for it."""
    masked: bool
    """Whether bought accounts lived a little before."""
    awake: bool
    """Whether payments are made at the hours at which everybody pays."""
    familiar: float
    """The share of its pairs who had paid each other little sums before."""


def _manner(dice: random.Random) -> _Manner:
    return _Manner(
        scale=exp(dice.gauss(-0.4, 0.9)),
        stretch=dice.lognormvariate(0, 0.8),
        loss=dice.uniform(0, 0.15) if dice.random() < 0.5 else 0.0,
        rounding=dice.choice((-2, -1, 0, 2, 2, 2)),
        way=dice.choice((None, None, None, *_WAYS, *_WAYS, Channel.CRYPTO, Channel.CHEQUE)),
        missing=dice.choice((0.0, 0.0, 0.0, dice.uniform(0, 0.4))),
        bought=dice.choice((0.0, 0.0, dice.random(), 1.0)),
        masked=dice.random() < 0.5,
        awake=dice.random() < 0.75,
        familiar=dice.choice((0.0, 0.0, dice.random())),
    )


def _laundering(society: Society, dice: random.Random, days: int, threshold: float) -> Iterator[Draft]:
    """Schemes of kinds, in manners and among people that are drawn; `threshold` is in the society's own money."""
    everyone = [person.account for person in society.people]
    ring = dice.sample(everyone, min(len(everyone), max(25, len(everyone) // 8)))
    kinds = [*SCHEMES, *MORE_SCHEMES, "stages", "stages", "stages"]
    rate = dice.uniform(2.0, 12.0)
    for number in range(max(round(len(everyone) * days / 3_000 * rate / 1.5), 8)):
        pool = ring if dice.random() < 0.4 else everyone
        accounts = dice.sample(pool, min(25, len(pool)))
        kind, manner = dice.choice(kinds), _manner(dice)
        scheme = stages if kind == "stages" else {**SCHEMES, **MORE_SCHEMES}[kind]
        begin = dice.uniform(0.05, 0.95) * days
        drawn = list(scheme(accounts, society.branches, dice, begin, threshold))
        before = list(history_of(kind, drawn, dice))
        bought = {account: f"{account}-b{number}" for account in accounts if dice.random() < manner.bought}
        renamed = [
            replace(
                draft,
                debtor=bought.get(draft.debtor, draft.debtor),
                creditor=bought.get(draft.creditor, draft.creditor),
            )
            for draft in drawn
        ]
        yield from before
        yield from _acquaintance(renamed, manner.familiar, begin, dice)
        if manner.masked:
            for name in bought.values():
                yield from _masking(name, society, begin, dice)
        yield from _in_manner(renamed, manner, begin, kind, number + 1, dice)


def _masking(name: str, society: Society, begin: float, dice: random.Random) -> Iterator[Draft]:
    """A little ordinary life, so that the account is no longer new."""
    for _ in range(dice.randrange(2, 15)):
        day = begin - dice.uniform(1, 40)
        if dice.random() < 0.3:
            yield Draft(day, dice.choice(society.people).account, name, dice.lognormvariate(4, 1))
        else:
            yield Draft(day, name, dice.choice(society.shops), dice.lognormvariate(3.2, 0.9), Channel.CARD)


def _acquaintance(drafts: Sequence[Draft], share: float, begin: float, dice: random.Random) -> Iterator[Draft]:
    """Little sums between those who will move large ones, so that they are no strangers."""
    for debtor, creditor in dict.fromkeys((draft.debtor, draft.creditor) for draft in drafts if draft.branch is None):
        if dice.random() < share:
            for _ in range(dice.randrange(1, 4)):
                day = begin - dice.uniform(0.5, 40)
                yield Draft(int(day) + hour(dice), debtor, creditor, dice.lognormvariate(3.6, 1.0), dice.choice(_WAYS))


def _in_manner(
    drafts: Sequence[Draft], manner: _Manner, begin: float, kind: str, number: int, dice: random.Random
) -> Iterator[Draft]:
    span = max(max((draft.day for draft in drafts), default=begin) - begin, 0.01)
    for draft in drafts:
        if dice.random() < manner.missing:
            continue
        cash = draft.branch is not None
        scale = 1.0 if cash and kind in {"structuring", "smurfing"} else manner.scale
        amount = draft.amount * scale * (1.0 - manner.loss * (draft.day - begin) / span)
        day = begin + (draft.day - begin) * manner.stretch
        if manner.awake:
            day = int(day) + (7 + 15 * (day % 1.0)) / 24  # a day's course within its waking hours: the order stays
        yield replace(
            draft,
            day=day,
            amount=max(round(amount, manner.rounding), 1.0),
            channel=draft.channel if cash or manner.way is None else manner.way,
            kind=draft.kind or kind,
            scheme=number,
        )


# --- Books ------------------------------------------------------------------------------------------------------------


def _written(
    drafts: Iterable[Draft], books: _Books, society: Society, dice: random.Random, days: int
) -> Iterator[Draft]:
    """The payments that the institution sees, as it books them."""
    people = {person.account: person for person in society.people}
    tills = set(society.branches)
    unseen = {name for name in sorted({*people, *society.employers, *society.shops}) if dice.random() >= books.seen}
    ways = dice.sample(list(Channel), 4)
    means = {name: dice.lognormvariate(0, books.means) for name in people}
    by_wage = sorted(person.salary for person in society.people)
    middle = (by_wage[len(by_wage) // 3], by_wage[2 * len(by_wage) // 3])

    def segment(name: str) -> str | None:
        if name in tills:
            return None
        person = people.get(name.removeprefix("savings"))
        if person is None:
            return "other" if "-" in name else "business"
        return "low" if person.salary < middle[0] else "middle" if person.salary < middle[1] else "high"

    for draft in drafts:
        if not 0 <= draft.day < days or (draft.debtor in unseen and draft.creditor in unseen | tills):
            continue
        cash = draft.branch is not None
        channel = draft.channel
        if not cash and not draft.kind and channel is Channel.TRANSFER and dice.random() < books.other_ways:
            channel = dice.choice((*_WAYS, Channel.CHEQUE, Channel.CRYPTO, Channel.OTHER))
        if not cash and books.channels != "kept":
            channel = Channel.TRANSFER if books.channels == "one" else dice.choice(ways)
            if channel in {Channel.CASH_DEPOSIT, Channel.CASH_WITHDRAWAL}:
                channel = Channel.OTHER
        times = 1.0
        if not draft.kind:
            times = min(dice.paretovariate(1.2), 100.0) if dice.random() < books.tails else 1.0
            times *= means.get(draft.debtor, 1.0)
        day = draft.day + books.shift / 24
        day = max(int(day / books.step) * books.step if books.step else day, 0.0)
        parties = draft.parties
        if parties == (None, None):
            parties = (_owner(draft.debtor, people), _owner(draft.creditor, people))
        yield replace(
            draft,
            day=day,
            amount=_rescaled(draft, books, times),
            channel=channel,
            countries=draft.countries if books.countries else (None, None),
            parties=parties if books.parties else (None, None),
            segments=(segment(draft.debtor), segment(draft.creditor)) if books.segments else (None, None),
        )


def _owner(name: str, people: Collection[str]) -> str | None:
    return name if name in people else None


def _rescaled(draft: Draft, books: _Books, times: float) -> float:
    """The amount, `times` as large, on the institution's scale: round ones stay round, and what is about a threshold
    keeps its place."""
    if draft.kind in {"structuring", "smurfing", "funnel_account", "cuckoo_smurfing"} and draft.branch is not None:
        return max(round(draft.amount * books.scale, -1), 10.0)
    amount = books.scale * exp(_MIDDLE + (log(max(draft.amount * times, 0.01)) - _MIDDLE) * books.spread)
    if draft.amount == round(draft.amount, -1):
        digits = len(str(int(amount))) - 2
        return max(float(round(amount, -max(digits, 0))), 1.0)
    return max(amount, 0.05)
