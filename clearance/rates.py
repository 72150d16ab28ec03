"""A tenant's own exchange rates for live payments that state no counter value: one dated file a tenant.

Read again when it was replaced. What was used is stored with each payment, so a new file changes only what comes after.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from aml.counter_value import Rates, parse_rates

log = logging.getLogger(__name__)

_ADVICE = "write units of the regime's currency for one of another, like "


class RatesUnreadable(ValueError):
    """A file of rates that is none. The message says what is wrong and how one is written."""


def read_rates(path: Path) -> dict[str, Decimal]:
    """Units of the regime's currency for one of another, from JSON like {"EUR": "1.08"}; `as_of` may say of when they
    are. Raises `RatesUnreadable`."""
    return _read(path, '{"EUR": "1.08", "JPY": "0.0067"}')[1]


def read_dated_rates(path: Path, currency: str) -> Rates:
    """The rates of a tenant whose payments are monitored in `currency`. Raises `RatesUnreadable`."""
    advice = '{"as_of": "2026-11-20", "EUR": "1.08", "JPY": "0.0067"}'
    stated, units = _read(path, advice)
    try:
        day = date.fromisoformat(stated)
    except (TypeError, ValueError):
        raise RatesUnreadable(f"{path}: as_of is {stated!r}, no date; {_ADVICE}{advice}") from None
    if currency in units:
        raise RatesUnreadable(f"{path} has a rate for {currency}, the regime's own currency; {_ADVICE}{advice}")
    return Rates(f"the rates of {day.isoformat()}", units)


def _read(path: Path, advice: str) -> tuple[Any, dict[str, Decimal]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_float=str, parse_int=str)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RatesUnreadable(f"{path} holds no rates in JSON ({error}); {_ADVICE}{advice}") from None
    stated = content.pop("as_of", None) if isinstance(content, dict) else None
    try:
        return stated, parse_rates(content)
    except ValueError as error:
        raise RatesUnreadable(f"{path}: {error}; {_ADVICE}{advice}") from None


@dataclass(slots=True)
class RatesFolder:
    """`<tenant id>.json` a tenant; a tenant without one has no rates."""

    folder: Path
    _known: dict[UUID, tuple[tuple[int, int], Rates | None]] = field(default_factory=dict)

    def check(self, tenant_id: UUID, currency: str) -> None:
        """Raises `RatesUnreadable` where there is a file and it cannot be read."""
        if (path := self._path(tenant_id)).exists():
            read_dated_rates(path, currency)

    def rates(self, tenant_id: UUID, currency: str) -> Rates | None:
        """Those of the file as it stands. One that cannot be read is logged once, and what was before it stays in
        force: nobody's payments wait for it."""
        path = self._path(tenant_id)
        try:
            status = path.stat()
        except FileNotFoundError:
            self._known.pop(tenant_id, None)
            return None
        version = (status.st_mtime_ns, status.st_ino)
        before = self._known.get(tenant_id)
        if before is not None and before[0] == version:
            return before[1]
        try:
            found: Rates | None = read_dated_rates(path, currency)
        except RatesUnreadable as error:
            log.error("rates of tenant %s are not taken: %s", tenant_id, error)
            found = None if before is None else before[1]
        self._known[tenant_id] = version, found
        return found

    def units(self, tenant_id: UUID, currency: str) -> Mapping[str, Decimal]:
        """As `rates`, empty where there are none."""
        found = self.rates(tenant_id, currency)
        return {} if found is None else found.units

    def _path(self, tenant_id: UUID) -> Path:
        return self.folder / f"{tenant_id}.json"
