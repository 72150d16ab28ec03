"""The typology engine of one tenant: transactions in, in the order of their arrival; features and hits out.

It holds all state in memory and is deterministic: the same transactions in the same order give the same features and
hits bit for bit, however they are cut into batches, so a new engine rebuilds by being pushed what is stored.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aml.features import feature_names
from aml.kernels import sources_digest
from aml.money import from_minor
from aml.numbering import EPOCH, Numbering
from aml.parameters import MonitoringParameters
from aml.snapshots import Contents, SnapshotUnusable, pack, unpack
from aml.stream import Stream
from aml.transaction import Transaction
from aml.typologies import TYPOLOGIES

_KIND = "typology engine"
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
        numbers = self._stream.settings.numbers[0]
        self._numbering = Numbering(parameters, int(numbers["horizon"]), int(numbers["threshold"]))
        self._ids: list[str] = []

    def known(self, transaction_id: str) -> bool:
        """Whether a transaction of this id was pushed and is still in memory."""
        return self._numbering.known(transaction_id)

    @property
    def nbytes(self) -> int:
        """Bytes of the columnar state; ids and account names come on top (about 100 B a transaction in window)."""
        return self._stream.state.nbytes

    def not_evaluated(self) -> dict[str, str]:
        """The typologies that were not looked for so far, and why: switched off, without a list, without a field."""
        seen, told = self._numbering.seen, self._numbering.told
        reasons = {}
        for typology, enabled in zip(TYPOLOGIES, self._stream.settings.enabled, strict=True):
            empty = [name for name in typology.lists if name not in told and not getattr(self.parameters, name)]
            missing = [name for name in typology.needs if name not in seen]
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
        numbering = self._numbering
        amounts = [numbering.in_base(transaction) for transaction in transactions]
        if sanctioned is not None:
            numbering.told.add("sanctioned")
        numbered = numbering.number(transactions, amounts, sanctioned)
        hits: list[tuple[Hit, ...]] = [()] * len(transactions)

        def read(start: int, end: int, slots: NDArray[np.int32]) -> None:
            for place, slot in enumerate(slots[start:end].tolist(), start):
                if slot >= len(self._ids):
                    self._ids.extend([""] * (len(self._stream.state.edges) - len(self._ids)))
                if slot >= 0:
                    self._ids[slot] = transactions[place].transaction_id
            if self._stream.used[0]:
                for row, hit in self._read_hits():
                    hits[row] = (*hits[row], hit)

        features = self._stream.push(numbered.rows, len(numbering.names), read)
        return PushResult(features, tuple(hits), numbered.duplicates, numbered.too_late, numbered.unrated)

    def contents(self) -> Contents:
        """All that the engine knows, for `of`. The arrays and lists of names are the engine's own: the next push
        changes them."""
        arrays = {f"state.{name}": array for name, array in self._stream.state._asdict().items()}
        arrays["arrivals"] = self._numbering.arrived()
        texts = {**self._numbering.texts(), "ids": self._ids}
        return Contents(arrays, texts, {"made_by": self._made_by(), "watermark": self._numbering.watermark})

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
        engine._numbering.take_up(contents.texts, contents.arrays["arrivals"], contents.facts["watermark"])
        engine._ids = contents.texts["ids"]
        return engine

    def _made_by(self) -> str:
        """A digest of what the state's meaning depends on besides the transactions."""
        stated = [
            sources_digest(),
            *(f"{f.name}={_stated(getattr(self.parameters, f.name))}" for f in fields(self.parameters)),
        ]
        return hashlib.sha256("\n".join(stated).encode()).hexdigest()

    def _read_hits(self) -> Iterator[tuple[int, Hit]]:
        stream, names, currency = self._stream, self._numbering.names, self.parameters.currency
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
            name = names[account]
            accounts = {name: None}
            for _, _, debtor, creditor, _ in ordered:
                accounts[names[debtor]] = None
                accounts[names[creditor]] = None
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
                    (EPOCH + timedelta(microseconds=start), EPOCH + timedelta(microseconds=end)),
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
