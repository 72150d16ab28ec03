"""The typology engine of one tenant: transactions in, in the order of their arrival; features and hits out.

It holds all state in memory and is deterministic: the same transactions in the same order give the same features and
hits bit for bit, however they are cut into batches, so a new engine rebuilds by being pushed what is stored.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aml.features import feature_names
from aml.kernels import sources_digest
from aml.money import DECIMALS, LARGEST_MINOR, InvalidMoney, from_minor, to_minor
from aml.parameters import MonitoringParameters
from aml.snapshots import Contents, SnapshotUnusable, pack, unpack
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
from aml.stream import Stream
from aml.transaction import Channel, Transaction
from aml.typologies import TYPOLOGIES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHANNELS = {channel: number for number, channel in enumerate(Channel)}
_CASH = frozenset({Channel.CASH_DEPOSIT, Channel.CASH_WITHDRAWAL})
_TRACED = frozenset(Channel) - _CASH - {Channel.CARD, Channel.DIRECT_DEBIT}
_NEEDED = frozenset(name for typology in TYPOLOGIES for name in typology.needs)
_KIND = "typology engine"
_PLACES = {name: place for place, name in enumerate(ROW.names or ())}
_FLAGS, _STATUS = _PLACES["flags"], _PLACES["status"]
_PIECE = 8192
"""Transactions handed to the kernel at once: bounds the memory of a large push."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A typology found by a transaction, with the transactions that prove it (it among them).

    `amount` is in the base currency; `window` is where it was looked for, open at its start. `exhausted` says that the
    search had to stop at its budget, so there may be more. At most 200 transactions are named, the newest.
    """

    typology: str
    score: float
    transactions: tuple[str, ...]
    accounts: tuple[str, ...]
    amounts: tuple[Decimal, ...]
    """Of each transaction named, in the base."""
    amount: Decimal
    currency: str
    window: tuple[datetime, datetime]
    text: str
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class PushResult:
    """One row of features and one tuple of hits for each transaction pushed, in their order.

    A duplicate has NaN features and no hits. One that came too late has features of its accounts as they stand
    without it, and no hits. One in a currency without a rate counts with an amount of zero.
    """

    features: NDArray[np.float64]
    hits: tuple[tuple[Hit, ...], ...]
    duplicates: tuple[int, ...]
    too_late: tuple[int, ...]
    unrated: tuple[int, ...]


class Engine:
    """Per-tenant streaming state. Not safe for concurrent pushes: one owner a partition."""

    def __init__(self, parameters: MonitoringParameters) -> None:
        self.parameters = parameters
        self.features = feature_names(tuple(window_name(length) for length in parameters.windows))
        self._stream = Stream(parameters)
        self._accounts: dict[str, int] = {}
        self._names: list[str] = []
        self._parties: dict[str, int] = {}
        self._branches: dict[str, int] = {}
        self._segments: dict[str, int] = {}
        self._known: set[str] = set()
        self._arrivals: deque[tuple[str, int]] = deque()
        self._ids: list[str] = []
        self._watermark = -(2**62)
        self._horizon = int(self._stream.settings.numbers["horizon"][0])
        self._lateness = parameters.lateness // _MICROSECOND
        threshold = int(self._stream.settings.numbers["threshold"][0])
        self._seen: set[str] = set()
        self._told: set[str] = set()
        self._below = (int(threshold * parameters.below_floor), threshold)
        self._near = threshold - threshold // 20
        self._reported = frozenset(Channel(name) for name in parameters.reported_channels) or frozenset(Channel)
        self._base_unit = 10 ** DECIMALS[parameters.currency]

    def known(self, transaction_id: str) -> bool:
        """Whether a transaction of this id was pushed and is still in memory."""
        return transaction_id in self._known

    @property
    def nbytes(self) -> int:
        """Bytes of the columnar state; ids and account names come on top (about 100 B a transaction in window)."""
        return self._stream.state.nbytes

    def not_evaluated(self) -> dict[str, str]:
        """The typologies that were not looked for so far, and why: switched off, without a list, without a field."""
        reasons = {}
        for typology, enabled in zip(TYPOLOGIES, self._stream.settings.enabled, strict=True):
            empty = [name for name in typology.lists if name not in self._told and not getattr(self.parameters, name)]
            missing = [name for name in typology.needs if name not in self._seen]
            if not enabled:
                reasons[typology.name] = "switched off by the parameter typologies"
            elif empty:
                reasons[typology.name] = f"the list {' and '.join(empty)} is empty"
            elif missing:
                reasons[typology.name] = f"no transaction has {' and '.join(missing)}"
        return reasons

    def push(self, transactions: Sequence[Transaction], sanctioned: Sequence[bool] | None = None) -> PushResult:
        """Ingest in the given order. All or nothing: what could fail is done before the state moves.

        `sanctioned` says of each whether screening confirmed one of its sides, for who knows it at the time: it counts
        with the list in the parameters.
        """
        if len(transactions) > _PIECE:
            return _joined(
                [
                    self.push(transactions[i : i + _PIECE], None if sanctioned is None else sanctioned[i : i + _PIECE])
                    for i in range(0, len(transactions), _PIECE)
                ]
            )
        amounts = [self._in_base(transaction) for transaction in transactions]
        if sanctioned is None:
            sanctioned = [False] * len(transactions)
        else:
            self._told.add("sanctioned")
        rows = [self._row(*each) for each in zip(transactions, amounts, sanctioned, strict=True)]
        hits: list[tuple[Hit, ...]] = [()] * len(rows)

        def read(start: int, end: int, slots: NDArray[np.int32]) -> None:
            kept = slots[start:end].tolist()
            highest = max(kept, default=0)
            if highest >= len(self._ids):
                self._ids.extend([""] * (len(self._stream.state.edges) - len(self._ids)))
            for slot, transaction in zip(kept, transactions[start:end], strict=True):
                if slot >= 0:
                    self._ids[slot] = transaction.transaction_id
            for row, hit in self._read_hits():
                hits[row] = (*hits[row], hit)

        features = self._stream.push(np.array(rows, ROW), len(self._names), read)
        status = [row[_STATUS] for row in rows]
        return PushResult(
            features,
            tuple(hits),
            tuple(i for i, s in enumerate(status) if s == DUPLICATE),
            tuple(i for i, s in enumerate(status) if s == TOO_LATE),
            tuple(i for i, row in enumerate(rows) if row[_FLAGS] & UNRATED),
        )

    def contents(self) -> Contents:
        """All that the engine knows, for `of`. The arrays and lists of names are the engine's own: the next push
        changes them."""
        arrays = {f"state.{name}": array for name, array in self._stream.state._asdict().items()}
        arrays["arrivals"] = np.array([time for _, time in self._arrivals], np.int64)
        texts = {
            "arrivals": [name for name, _ in self._arrivals],
            "ids": self._ids,
            "accounts": self._names,
            "parties": list(self._parties),
            "branches": list(self._branches),
            "segments": list(self._segments),
            "seen": sorted(self._seen),
            "told": sorted(self._told),
        }
        return Contents(arrays, texts, {"made_by": self._made_by(), "watermark": self._watermark})

    def snapshot(self) -> bytes:
        """All that the engine knows, for `restore`. Takes about as many bytes as `nbytes` plus the names."""
        contents = self.contents()
        return pack(_KIND, contents.arrays, contents.texts, contents.facts)

    @classmethod
    def restore(cls, snapshot: bytes, parameters: MonitoringParameters) -> Self:
        """The engine of a snapshot: it goes on bit for bit as the one that was kept would have.

        Raises `SnapshotUnusable` when the bytes are damaged or were made with other parameters or other kernels.
        """
        return cls.of(unpack(snapshot, _KIND), parameters)

    @classmethod
    def of(cls, contents: Contents, parameters: MonitoringParameters) -> Self:
        """As `restore`, of what `contents` gave. Its lists become the engine's own."""
        engine = cls(parameters)
        if contents.facts["made_by"] != engine._made_by():
            raise SnapshotUnusable("the snapshot was made with other parameters or another version of the engine")
        engine._stream.take_up(
            {name.removeprefix("state."): a for name, a in contents.arrays.items() if name.startswith("state.")}
        )
        texts = contents.texts
        engine._names = texts["accounts"]
        engine._accounts = {name: number for number, name in enumerate(engine._names)}
        engine._parties = {name: number for number, name in enumerate(texts["parties"])}
        engine._branches = {name: number for number, name in enumerate(texts["branches"])}
        engine._segments = {name: 1 + number for number, name in enumerate(texts["segments"])}
        engine._arrivals = deque(zip(texts["arrivals"], contents.arrays["arrivals"].tolist(), strict=True))
        engine._known = set(texts["arrivals"])
        engine._ids = texts["ids"]
        engine._seen, engine._told = set(texts["seen"]), set(texts["told"])
        engine._watermark = contents.facts["watermark"]
        return engine

    def _made_by(self) -> str:
        """A digest of what the state's meaning depends on besides the transactions."""
        stated = [
            sources_digest(),
            *(f"{f.name}={_stated(getattr(self.parameters, f.name))}" for f in fields(self.parameters)),
        ]
        return hashlib.sha256("\n".join(stated).encode()).hexdigest()

    def _row(self, transaction: Transaction, amount: int, sanctioned: bool) -> tuple[int, ...]:
        if len(self._seen) < len(_NEEDED):
            self._seen.update(name for name in _NEEDED if getattr(transaction, name) is not None)
        time = (transaction.booked_at - _EPOCH) // _MICROSECOND
        flags = self._flags(transaction, amount) | (SANCTIONED if sanctioned else 0)
        return (
            time,
            max(amount, 0),
            self._account(transaction.debtor_account),
            self._account(transaction.creditor_account),
            _CHANNELS[transaction.channel],
            flags,
            _country(transaction.debtor_country),
            _country(transaction.creditor_country),
            self._party(transaction.debtor_party),
            self._party(transaction.creditor_party),
            self._branch(transaction),
            self._status(transaction.transaction_id, time),
            self._segment(transaction.debtor_segment),
            self._segment(transaction.creditor_segment),
        )

    def _status(self, transaction_id: str, time: int) -> int:
        if transaction_id in self._known:
            return DUPLICATE
        if time > self._watermark:
            self._watermark = time
            while self._arrivals and self._arrivals[0][1] <= time - self._horizon:
                self._known.discard(self._arrivals.popleft()[0])
        elif time < self._watermark - self._lateness:
            return TOO_LATE
        self._known.add(transaction_id)
        self._arrivals.append((transaction_id, time))
        return ACCEPTED

    def _account(self, name: str) -> int:
        number = self._accounts.get(name)
        if number is None:
            number = self._accounts[name] = len(self._names)
            self._names.append(name)
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

    def _branch(self, transaction: Transaction) -> int:
        """Where cash changed hands: the branch, else the till that stands for it; -1 without cash."""
        if transaction.channel not in _CASH:
            return -1
        deposit = transaction.channel is Channel.CASH_DEPOSIT
        till = transaction.debtor_account if deposit else transaction.creditor_account
        return self._branches.setdefault(transaction.branch or till, len(self._branches))

    def _in_base(self, transaction: Transaction) -> int:
        """Minor units of the base: as booked in it, else at the rate of the parameters; -1 without one."""
        money, counter_value = transaction.money, transaction.counter_value
        if money.currency == self.parameters.currency:
            return to_minor(money.amount, money.currency)
        if counter_value is not None:
            if counter_value.currency == self.parameters.currency:
                return counter_value.minor
            if money.currency not in self.parameters.rates:
                money = counter_value
        rate = self.parameters.rates.get(money.currency)
        if rate is None:
            return -1
        converted = int((money.amount * rate * self._base_unit).to_integral_value(ROUND_HALF_EVEN))
        if converted > LARGEST_MINOR:
            raise InvalidMoney(
                f"{money.amount} {money.currency} at the rate {rate} is larger than any payment; check the rate"
            )
        return converted

    def _flags(self, transaction: Transaction, amount: int) -> int:
        flags = 0
        if transaction.channel in self._reported and self._below[0] <= amount < self._below[1]:
            flags |= BELOW
        if transaction.channel in _CASH:
            flags |= CASH | (DEPOSIT if transaction.channel is Channel.CASH_DEPOSIT else 0)
        if transaction.debtor_account == transaction.creditor_account:
            flags |= SELF
        elif transaction.channel in _TRACED:
            flags |= TRACED
        if transaction.debtor_party is not None and transaction.creditor_party is not None:
            same = transaction.debtor_party == transaction.creditor_party
            if same and not flags & (SELF | CASH):
                flags |= SAME_PARTY
            elif not same and flags & DEPOSIT:
                flags |= THIRD_PARTY
        countries = {transaction.debtor_country, transaction.creditor_country}
        if not countries.isdisjoint(self.parameters.high_risk_countries):
            flags |= HIGH_RISK
        if None not in countries and len(countries) == 2:
            flags |= CROSS_BORDER
        if self.parameters.sanctioned and not self.parameters.sanctioned.isdisjoint(
            (
                transaction.debtor_account,
                transaction.creditor_account,
                transaction.debtor_party,
                transaction.creditor_party,
            )
        ):
            flags |= SANCTIONED
        if self._near <= amount < self._below[1]:
            flags |= NEAR
        if amount < 0:
            flags |= UNRATED
        elif amount % (100 * self._base_unit) == 0 and amount > 0:
            flags |= ROUND
        return flags

    def _read_hits(self) -> Iterator[tuple[int, Hit]]:
        stream, currency = self._stream, self.parameters.currency
        for found in stream.found[: stream.used[0]]:
            row, code, account, total, first, count, exhausted, score, value, amount, start, end = found.item()
            slots = stream.evidence[first : first + count]
            proof = stream.state.edges[slots]
            ordered = sorted(
                zip(
                    proof["time"].tolist(),
                    [self._ids[slot] for slot in slots.tolist()],
                    proof["debtor"].tolist(),
                    proof["creditor"].tolist(),
                    proof["amount"].tolist(),
                    strict=True,
                )
            )
            name = self._names[account]
            accounts = {name: None}
            for _, _, debtor, creditor, _ in ordered:
                accounts[self._names[debtor]] = None
                accounts[self._names[creditor]] = None
            typology = TYPOLOGIES[code]
            whole = from_minor(amount, currency)
            length = timedelta(microseconds=end - start)
            text = typology.text.format(
                account=name,
                total=total,
                amount=f"{whole:,}",
                currency=currency,
                window=window_name(length),
                value=value,
            )
            yield (
                row,
                Hit(
                    typology.name,
                    score,
                    tuple(transaction for _, transaction, _, _, _ in ordered),
                    tuple(accounts),
                    tuple(from_minor(minor, currency) for _, _, _, _, minor in ordered),
                    whole,
                    currency,
                    (_EPOCH + timedelta(microseconds=start), _EPOCH + timedelta(microseconds=end)),
                    text + ("; the search stopped at its budget, there may be more" if exhausted else ""),
                    bool(exhausted),
                ),
            )


def _stated(value: object) -> str:
    """A parameter's value in words that do not depend on the order of a set or a mapping."""
    if isinstance(value, frozenset):
        return repr(sorted(value))
    if isinstance(value, Mapping):
        return repr(sorted(value.items()))
    return repr(value)


def window_name(length: timedelta) -> str:
    """`1h`, `7d`, or minutes where neither is whole."""
    minutes = length // timedelta(minutes=1)
    if minutes % 1440 == 0 and minutes:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}min"


def _country(code: str | None) -> int:
    """A number for a country code, 0 for none."""
    return 0 if code is None else 1 + (ord(code[0]) - 65) * 26 + ord(code[1]) - 65


def _joined(parts: list[PushResult]) -> PushResult:
    starts = np.cumsum([0, *(len(part.hits) for part in parts)])

    def shifted(name: str) -> tuple[int, ...]:
        return tuple(int(i + start) for part, start in zip(parts, starts, strict=False) for i in getattr(part, name))

    return PushResult(
        np.concatenate([part.features for part in parts]),
        tuple(hits for part in parts for hits in part.hits),
        shifted("duplicates"),
        shifted("too_late"),
        shifted("unrated"),
    )
