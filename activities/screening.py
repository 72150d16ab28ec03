"""Matching the applicant against the watchlists in force: the holder of the index, and the explained decision."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from temporalio import activity

from activities.applicants import Applicant, fetch_known
from activities.readings import open_readings
from activities.recording import DecisionRecorder, data_key, regime_of
from aml.screening import Entity, Hit, ScreeningIndex, ScreeningResult, WatchList, screen
from aml.screening.scorer import Scorer
from explain.additive import AdditiveModel, explain_additive
from explain.record import DecisionKind, Finding, InputRef, Value
from explain.registry import Artifact
from store import watchlists
from store.connection import Pool, service_transaction, tenant_transaction
from vault.keys import KeyProvider
from vault.objects import Vault
from workflows import messages as m
from workflows.steps import ScreeningSteps

LOOK_AGAIN_SECONDS = 5.0
"""How old the knowledge of the versions in force may get: a new list is used within this time."""
EVERY_SCORE = 0.0
"""Threshold under which the nearest listed entity is still returned, so that a clear result is explained too."""


@dataclass(slots=True)
class WatchlistHolder:
    """Keeps the index of the list versions in force, rebuilt under `folder` when a version changes.

    A list is as fresh as the last successful check with its source; its publication date says nothing about that.
    """

    pool: Pool
    folder: Path
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _index: ScreeningIndex | None = None
    _versions: tuple[watchlists.ListVersion, ...] = ()
    _looked_at: datetime | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> tuple[ScreeningIndex | None, tuple[watchlists.ListVersion, ...]]:
        """The index, None where no list was ever loaded, and the versions in it with their last checks."""
        async with self._looking:
            now = self.clock()
            if self._looked_at is None or (now - self._looked_at).total_seconds() >= LOOK_AGAIN_SECONDS:
                await self._look()
                self._looked_at = now
            return self._index, self._versions

    async def _look(self) -> None:
        async with service_transaction(self.pool) as conn:
            versions = tuple(await watchlists.latest_versions(conn))
        if {version.sha256 for version in versions} != {version.sha256 for version in self._versions}:
            self._index = await self._build(versions)
        self._versions = versions

    async def _build(self, versions: tuple[watchlists.ListVersion, ...]) -> ScreeningIndex:
        lists = []
        for version in versions:
            async with service_transaction(self.pool) as conn:
                rows = watchlists.iterate_entities(conn, version.list_name, version.sha256)
                entities = tuple([_entity(row) async for row in rows])
            published = None if version.published is None else version.published.isoformat()
            lists.append(WatchList(version.list_name, version.version, published, version.sha256, entities))
        return await asyncio.to_thread(ScreeningIndex.build, lists, self.folder)


def _entity(row: dict[str, object]) -> Entity:
    return row  # type: ignore[return-value]  # stored from an Entity, read back as the same JSON


@dataclass(frozen=True, slots=True)
class ScreeningActivities(ScreeningSteps):
    """Screens under the stated name and the documents' names, with the model that it is given."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    recorder: DecisionRecorder
    watchlists: WatchlistHolder
    model: Artifact

    @activity.defn
    async def screen_applicant(self, application: m.ApplicationRead) -> m.ScreeningSummary:
        scope = application.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            row = await fetch_known(conn, application.application_id)
            key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
        kept = await open_readings(self.vault, scope.tenant_id, key, application.documents)
        query = Applicant.opened(row, key).to_screen([each.reading for each in kept])
        index, versions = await self.watchlists.current()
        scorer, model = Scorer.from_bytes(self.model.content), AdditiveModel.from_bytes(self.model.content)
        found = (
            None
            if index is None
            else await asyncio.to_thread(screen, query, index=index, threshold=EVERY_SCORE, scorer=scorer)
        )
        hits = _reportable(found)
        nearest = found.hits[0] if found is not None and found.hits else None
        explanation = explain_additive(model, _values(model, nearest))
        strength = max((hit.strength for hit in hits), key=_STRENGTHS.index, default="none")
        decision = self.recorder.decision(
            scope,
            DecisionKind.SCREENING,
            row.subject_id,
            f"application:{application.application_id}",
            outcome=strength,
            score=model.score(explanation.output),
            model=self.model.ref,
            explanation=explanation,
            findings=tuple(_finding(hit) for hit in hits),
            inputs=tuple(InputRef(f"watchlist:{each.list_name}:{each.version}", each.sha256) for each in versions),
            policy_version=f"screening-{model.version}",
        )

        await self.recorder.register(self.model.ref, self.model.format, self.model.content, dict(self.model.card))
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            recorded = await self.recorder.append(conn, decision, key, "screen_applicant")
        return m.ScreeningSummary(
            decision_id=recorded.decision_id,
            hits=len(hits),
            strength=recorded.outcome,
            stale=is_stale(scope, versions),
        )


_STRENGTHS = ("none", "possible", "strong", "exact")
_POSSIBLE = 0.5


def is_stale(scope: m.Scope, versions: tuple[watchlists.ListVersion, ...]) -> bool:
    """Whether a list that the regime requires is missing, or was last confirmed by its source too long ago."""
    regime = regime_of(scope)
    checked = {version.list_name: version.checked_at for version in versions}
    oldest = scope.as_of - regime.watchlist_max_age.value
    return any((at := checked.get(name)) is None or at < oldest for name in regime.required_lists.value)


def _reportable(found: ScreeningResult | None) -> tuple[Hit, ...]:
    """Hits by a hard rule or above even odds; the rest only explains why there is none."""
    if found is None:
        return ()
    return tuple(hit for hit in found.hits if hit.rule != "additive" or hit.score >= _POSSIBLE)


def _values(model: AdditiveModel, nearest: Hit | None) -> dict[str, Value]:
    """What the scorer saw of the nearest entity; where no listed name is near, nothing could be compared."""
    seen = {} if nearest is None else {part.feature: part.value for part in nearest.contributions}
    return {feature: seen.get(feature) for feature in model.features}


def _finding(hit: Hit) -> Finding:
    values: dict[str, Value] = {"entity": hit.entity_id, "score": hit.score, "list": hit.list_name}
    return Finding(hit.rule, hit.strength, hit.text, f"{hit.list_name} {hit.list_version} ({hit.list_sha256})", values)
