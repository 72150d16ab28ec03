"""Which patterns were alerted on already: one that lasts is raised once within its window, not with every payment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from aml.engine import Hit

_MOST = 100_000
"""Patterns remembered before the old ones are dropped."""


class AlertedPatterns:
    """Remembers patterns by typology and the account at their centre. Depends on the order of transactions alone."""

    def __init__(self, longest: timedelta) -> None:
        """`longest` is the longest window: what was alerted on before it is news again."""
        self._longest = longest
        self._at: dict[tuple[str, str], datetime] = {}

    def news(self, hits: Iterable[Hit], at: datetime) -> tuple[Hit, ...]:
        """The hits that were not alerted on within their own window. `at` is when the transaction was booked."""
        return tuple(hit for hit in hits if self._is_news(hit, at))

    def remember(self, hits: Iterable[Hit], at: datetime) -> None:
        for hit in hits:
            self._at[hit.typology, hit.accounts[0]] = at
        if len(self._at) > _MOST:
            self._at = {pattern: before for pattern, before in self._at.items() if before > at - self._longest}

    def kept(self) -> dict[str, list[str]]:
        """What is remembered, as texts for a snapshot."""
        return {
            "typologies": [typology for typology, _ in self._at],
            "accounts": [account for _, account in self._at],
            "instants": [at.isoformat() for at in self._at.values()],
        }

    def take_up(self, kept: Mapping[str, Sequence[str]]) -> None:
        """Remember what another one had `kept`, and nothing else."""
        patterns = zip(kept["typologies"], kept["accounts"], strict=True)
        self._at = dict(zip(patterns, map(datetime.fromisoformat, kept["instants"]), strict=True))

    def _is_news(self, hit: Hit, at: datetime) -> bool:
        before = self._at.get((hit.typology, hit.accounts[0]))
        return before is None or before <= hit.window[0] or at < before
