"""The keys under which the engine seals transactions, held for a minute."""

import time
from collections.abc import Sequence
from uuid import UUID

from clearance.group import Owner
from store import subjects
from store.connection import Connection
from vault.envelope import Sealer
from vault.keys import KeyProvider

_SECONDS = 60.0
_MOST = 100_000
"""Keys held before those that ran out are thrown away."""


class Sealers:
    """Subjects with their sealers. An erased subject's key is forgotten within a minute."""

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys
        self._kept: dict[UUID, tuple[Owner, float]] = {}
        """With the instant until which the key may be used."""

    async def fetch(self, connection: Connection, tenant_id: UUID, subject_ids: Sequence[UUID]) -> list[Owner]:
        """The owner of each, or the tenant itself where that one was erased. Raises `SubjectErased` and
        `SubjectUnknown` where the tenant's own key is gone."""
        now = time.monotonic()
        wanted = {tenant_id, *subject_ids}
        kept = {subject: self._kept.get(subject) for subject in wanted}
        missing = [subject for subject, owner in kept.items() if owner is None or owner[1] <= now]
        found = await subjects.fetch_wrapped_keys(connection, missing) if missing else {}
        fresh = {subject: Owner(subject, Sealer(self._keys.unwrap(tenant_id, key))) for subject, key in found.items()}
        if len(self._kept) > _MOST:
            self._kept = {subject: owner for subject, owner in self._kept.items() if owner[1] > now}
        for subject in missing:
            self._kept.pop(subject, None)
        self._kept |= {subject: (owner, now + _SECONDS) for subject, owner in fresh.items()}
        if tenant_id not in self._kept:
            await subjects.fetch_wrapped_key(connection, tenant_id)  # says what is wrong with it
        own = self._kept[tenant_id]
        return [self._kept.get(subject, own)[0] for subject in subject_ids]
