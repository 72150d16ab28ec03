"""Transactions as the kernels take them: names become numbers, amounts minor units of the base, and what can be said of
a payment by itself becomes flags.

Apart from the engine because it alone looks at what a transaction says, and knows which ones were seen.
"""

import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from aml.kernels import Records
from aml.money import DECIMALS, converted
from aml.parameters import MonitoringParameters
from aml.state import (
    ACCEPTED,
    BELOW,
    CASH,
    CROSS_BORDER,
    DEPOSIT,
    DUPLICATE,
    GROUPS,
    HIGH_RISK,
    NEAR,
    ROUND,
    ROW,
    SAME_PARTY,
    SANCTIONED,
    SELF,
    THIRD_PARTY,
    TOO_LATE,
    TRACED,
    UNRATED,
)
from aml.transaction import Channel, Transaction
from aml.typologies import TYPOLOGIES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_CASH = {Channel.CASH_DEPOSIT: CASH | DEPOSIT, Channel.CASH_WITHDRAWAL: CASH}
_UNTRACED = frozenset({*_CASH, Channel.CARD, Channel.DIRECT_DEBIT})
_NEEDED = tuple(dict.fromkeys(name for typology in TYPOLOGIES for name in typology.needs))
_PACKED = struct.Struct("<" + "".join({8: "q", 4: "i", 2: "h", 1: "B"}[ROW[name].itemsize] for name in ROW.names or ()))
"""A row of `ROW` from Python's numbers, five times as fast as numpy converts a tuple."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Rows [n] of `ROW` dtype, valid until the next ones are made, and which of them are duplicates, came too late, or
    have no rate."""

    rows: Records
    duplicates: tuple[int, ...]
    too_late: tuple[int, ...]
    unrated: tuple[int, ...]


class Numbering:
    """The numbers given so far, and the ids in memory. `horizon` is in microseconds, `threshold` in minor units."""

    def __init__(self, parameters: MonitoringParameters, horizon: int, threshold: int) -> None:
        self.parameters = parameters
        self.names: list[str] = []
        """The accounts' names by their numbers."""
        self.seen: set[str] = set()
        """The optional fields that some transaction had."""
        self.told: set[str] = set()
        """The lists whose matches came with the transactions."""
        self.watermark = -(2**62)
        self._unseen = _NEEDED
        self._accounts: dict[str, int] = {}
        self._parties: dict[str, int] = {}
        self._branches: dict[str, int] = {}
        self._segments: dict[str, int] = {}
        self._known: set[str] = set()
        self._arrivals: deque[tuple[str, int]] = deque()
        self._horizon = horizon
        self._lateness = parameters.lateness // MICROSECOND
        self._below = (int(threshold * parameters.below_floor), threshold)
        self._near = threshold - threshold // 20
        reported = frozenset(Channel(name) for name in parameters.reported_channels) or frozenset(Channel)
        self._channels = {
            channel: (
                number,
                _CASH.get(channel, 0 if channel in _UNTRACED else TRACED),
                channel in reported,
            )
            for number, channel in enumerate(Channel)
        }
        self._decimals = DECIMALS[parameters.currency]
        self._hundred = 100 * 10**self._decimals
        self._one = np.zeros(1, ROW)

    def known(self, transaction_id: str) -> bool:
        """Whether a transaction of this id was numbered and is still in memory."""
        return transaction_id in self._known

    def in_base(self, transaction: Transaction) -> int:
        """Minor units of the base: as booked in it, else at the rate of the parameters; -1 without one."""
        money, counter_value = transaction.money, transaction.counter_value
        if money.currency == self.parameters.currency:
            return int(money.amount.scaleb(self._decimals))  # whole: money was checked when it was made
        if counter_value is not None:
            if counter_value.currency == self.parameters.currency:
                return counter_value.minor
            if money.currency not in self.parameters.rates:
                money = counter_value
        rate = self.parameters.rates.get(money.currency)
        return -1 if rate is None else converted(money, rate, self.parameters.currency)

    def number(
        self, transactions: Sequence[Transaction], amounts: Sequence[int], sanctioned: Sequence[bool] | None
    ) -> Numbered:
        """Rows of transactions, given their amounts in the base. From now on they are known."""
        rows = self._one if len(transactions) == 1 else np.empty(len(transactions), ROW)
        content = rows.view(np.uint8).data
        told = [False] * len(transactions) if sanctioned is None else sanctioned
        duplicates, late, unrated = [], [], []
        for place, (transaction, amount, hit) in enumerate(zip(transactions, amounts, told, strict=True)):
            status = self._pack(content, place * _PACKED.size, transaction, amount, SANCTIONED if hit else 0)
            if status == DUPLICATE:
                duplicates.append(place)
            elif status == TOO_LATE:
                late.append(place)
            if amount < 0:
                unrated.append(place)
        return Numbered(rows, tuple(duplicates), tuple(late), tuple(unrated))

    def texts(self) -> dict[str, list[str]]:
        """For `take_up`, with `arrived`."""
        return {
            "arrivals": [name for name, _ in self._arrivals],
            "accounts": self.names,
            "parties": list(self._parties),
            "branches": list(self._branches),
            "segments": list(self._segments),
            "seen": sorted(self.seen),
            "told": sorted(self.told),
        }

    def arrived(self) -> NDArray[np.int64]:
        """When those in memory were booked, in the order of their arrival."""
        return np.array([time for _, time in self._arrivals], np.int64)

    def take_up(self, texts: Mapping[str, list[str]], arrived: NDArray[np.int64], watermark: int) -> None:
        """Go on with what `texts` and `arrived` gave. The list of accounts becomes this object's own."""
        self.names = texts["accounts"]
        self._accounts = {name: number for number, name in enumerate(self.names)}
        self._parties = {name: number for number, name in enumerate(texts["parties"])}
        self._branches = {name: number for number, name in enumerate(texts["branches"])}
        self._segments = {name: 1 + number for number, name in enumerate(texts["segments"])}
        self._arrivals = deque(zip(texts["arrivals"], arrived.tolist(), strict=True))
        self._known = set(texts["arrivals"])
        self.seen, self.told = set(texts["seen"]), set(texts["told"])
        self._unseen = tuple(name for name in _NEEDED if name not in self.seen)
        self.watermark = watermark

    def _pack(self, content: memoryview, offset: int, transaction: Transaction, amount: int, flags: int) -> int:
        """Write a transaction's row. Returns its status."""
        if self._unseen:
            self._look_for_fields(transaction)
        time = (transaction.booked_at - EPOCH) // MICROSECOND
        channel, kind, reported = self._channels[transaction.channel]
        flags |= self._flags(transaction, amount, kind, reported)
        debtor = self._account(transaction.debtor_account)
        creditor = self._account(transaction.creditor_account)
        debtor_party, creditor_party = self._party(transaction.debtor_party), self._party(transaction.creditor_party)
        branch = self._branch(transaction, kind) if kind & CASH else -1
        status = self._status(transaction.transaction_id, time)
        _PACKED.pack_into(
            content,
            offset,
            time,
            max(amount, 0),
            debtor,
            creditor,
            channel,
            flags,
            _country(transaction.debtor_country),
            _country(transaction.creditor_country),
            debtor_party,
            creditor_party,
            branch,
            status,
            self._segment(transaction.debtor_segment),
            self._segment(transaction.creditor_segment),
        )
        return status

    def _look_for_fields(self, transaction: Transaction) -> None:
        found = [name for name in self._unseen if getattr(transaction, name) is not None]
        if found:
            self.seen.update(found)
            self._unseen = tuple(name for name in _NEEDED if name not in self.seen)

    def _status(self, transaction_id: str, time: int) -> int:
        if transaction_id in self._known:
            return DUPLICATE
        if time > self.watermark:
            self.watermark = time
            while self._arrivals and self._arrivals[0][1] <= time - self._horizon:
                self._known.discard(self._arrivals.popleft()[0])
        elif time < self.watermark - self._lateness:
            return TOO_LATE
        self._known.add(transaction_id)
        self._arrivals.append((transaction_id, time))
        return ACCEPTED

    def _account(self, name: str) -> int:
        number = self._accounts.get(name)
        if number is None:
            number = self._accounts[name] = len(self.names)
            self.names.append(name)
        return number

    def _party(self, name: str | None) -> int:
        return -1 if name is None else self._parties.setdefault(name, len(self._parties))

    def _segment(self, name: str | None) -> int:
        """The number of a peer group, 0 for none and for what comes when all numbers are given."""
        if name is None:
            return 0
        number = self._segments.get(name, 0)
        if number == 0 and len(self._segments) < GROUPS - 1:
            number = self._segments[name] = len(self._segments) + 1
        return number

    def _branch(self, transaction: Transaction, kind: int) -> int:
        """Where cash changed hands: the branch, else the till that stands for it."""
        till = transaction.debtor_account if kind & DEPOSIT else transaction.creditor_account
        return self._branches.setdefault(transaction.branch or till, len(self._branches))

    def _flags(self, transaction: Transaction, amount: int, kind: int, reported: bool) -> int:
        flags = kind
        if transaction.debtor_account == transaction.creditor_account:
            flags = (flags & ~TRACED) | SELF
        debtor_party, creditor_party = transaction.debtor_party, transaction.creditor_party
        if debtor_party is not None and creditor_party is not None:
            if debtor_party != creditor_party:
                flags |= THIRD_PARTY if flags & DEPOSIT else 0
            elif not flags & (SELF | CASH):
                flags |= SAME_PARTY
        debtor_country, creditor_country = transaction.debtor_country, transaction.creditor_country
        risky = self.parameters.high_risk_countries
        if debtor_country in risky or creditor_country in risky:
            flags |= HIGH_RISK
        if debtor_country != creditor_country and debtor_country is not None and creditor_country is not None:
            flags |= CROSS_BORDER
        if self.parameters.sanctioned and not self.parameters.sanctioned.isdisjoint(
            (transaction.debtor_account, transaction.creditor_account, debtor_party, creditor_party)
        ):
            flags |= SANCTIONED
        if amount < 0:
            return flags | UNRATED
        if amount < self._below[1]:
            flags |= BELOW if reported and amount >= self._below[0] else 0
            flags |= NEAR if amount >= self._near else 0
        if amount % self._hundred == 0 and amount > 0:
            flags |= ROUND
        return flags


def _country(code: str | None) -> int:
    """A number for a country code, 0 for none."""
    return 0 if code is None else 1 + (ord(code[0]) - 65) * 26 + ord(code[1]) - 65
