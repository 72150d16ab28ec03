"""How anyone is screened and how the answer is kept, whoever asked: onboarding, a request, or a new list version.

One decision a hit, with the hit's own contributions as its SHAP values; where there is no hit, one that says what was
nearest. Query and answer are sealed under the subject's key beside them.
"""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from activities.recording import DecisionRecorder, regime_of
from activities.watchlist_index import InForce, WatchlistHolder
from aml.screening import Hit, Query, ScreeningResult, record_hash, screen
from aml.screening.batch import answer
from aml.screening.matcher import POSSIBLE, STRONG
from aml.screening.scorer import Scorer
from explain.additive import AdditiveModel, explain_additive
from explain.bands import band_finding
from explain.record import Decision, DecisionKind, Finding, InputRef, Value, canonical_json
from explain.registry import Artifact
from store import screenings, watchlists
from store.connection import Connection
from store.decisions import append_decision, evidence_bytes
from vault import contexts
from vault.envelope import open_sealed, seal
from workflows import messages as m

EVERY_SCORE = 0.0
"""Threshold under which the nearest listed entity is still returned, so that a clear result is explained too."""
EVERY_HIT = 120
"""As many as there are candidates: no hit is left out of what is stored."""
_STRENGTHS = ("none", "possible", "strong", "exact")


@dataclass(frozen=True, slots=True)
class Asked:
    """A screening that is to be kept: of whom, why, under which key, and what it came to."""

    scope: m.Scope
    cause: str
    """`application`, `request` or `rescreening`."""
    about: str
    subject_id: UUID
    query: Query
    found: "Found"
    key: str
    """`workflow_id/step`, or what names the request."""
    customer_id: UUID | None = None
    screening_id: UUID | None = None
    idempotency_mac: bytes | None = None
    request_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer with what it was found in: the reportable hits, strongest first, and the nearest entity."""

    in_force: InForce
    hits: tuple[Hit, ...]
    nearest: Hit | None
    lists: tuple[str, ...]
    """The lists that were asked."""
    threshold: float

    @property
    def strength(self) -> str:
        return self.hits[0].strength if self.hits else "none"


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored screening: on a second run, the first run's."""

    screening_id: UUID
    decision_ids: tuple[UUID, ...]
    strength: str
    hits: int
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ScreeningDesk:
    """Screens with the model that it is given against the lists in force."""

    recorder: DecisionRecorder
    watchlists: WatchlistHolder
    model: Artifact

    async def find(
        self,
        query: Query,
        in_force: InForce,
        *,
        exclude: Collection[str] = (),
        lists: Collection[str] | None = None,
        threshold: float = POSSIBLE,
        limit: int = EVERY_HIT,
    ) -> Found:
        """Screen; hits are those by a hard rule or with at least `threshold`, without the entities in `exclude`."""
        asked = tuple(name for name, _ in in_force.lists if lists is None or name in lists)
        if in_force.index is None:
            return Found(in_force, (), None, asked, threshold)
        scorer = Scorer.from_bytes(self.model.content)
        result: ScreeningResult = await asyncio.to_thread(
            screen,
            query,
            index=in_force.index,
            lists=lists,
            threshold=EVERY_SCORE,
            limit=EVERY_HIT,
            exclude=exclude,
            scorer=scorer,
        )
        hits = [hit for hit in result.hits if hit.rule != "additive" or hit.score >= threshold]
        hits.sort(key=lambda hit: -_STRENGTHS.index(hit.strength))  # stable: by score within a strength
        return Found(in_force, tuple(hits[:limit]), result.hits[0] if result.hits else None, asked, threshold)

    async def register(self) -> None:
        """Keep the model for replay, before the first decision that refers to it."""
        await self.recorder.register(self.model.ref, self.model.format, self.model.content, dict(self.model.card))

    async def keep(self, conn: Connection, asked: Asked, data_key: bytes) -> Kept:
        """Store query, answer, hits and a decision each, in the caller's transaction; the second run finds the first's.
        The model must be registered."""
        earlier = await screenings.find_screening_of_key(conn, asked.scope.tenant_id, asked.key)
        if earlier is not None:
            return await reopen(conn, earlier, data_key)
        found, screening_id = asked.found, asked.screening_id or uuid4()
        about = asked.about or f"screening:{screening_id}"
        decisions = [
            await self._append(conn, replace(decision, about=about), asked.key, number, data_key)
            for number, decision in enumerate(self._decisions(asked, about))
        ]
        state = await screenings.keep_state(conn, found.in_force.members(self.model.ref.sha256))
        hashes = await self.hashes(conn, found)
        said = self._answer(screening_id, asked, decisions, hashes)
        new = screenings.NewScreening(
            screening_id=screening_id,
            tenant_id=asked.scope.tenant_id,
            key=asked.key,
            cause=asked.cause,
            about=about,
            subject_id=asked.subject_id,
            state=state,
            strength=found.strength,
            decision_ids=decisions,
            sealed_query=seal(data_key, canonical_json(asked.query), contexts.screening(screening_id)),
            sealed_answer=seal(data_key, canonical_json(said), contexts.screening_answer(screening_id)),
            screened_at=asked.scope.as_of,
            customer_id=asked.customer_id,
            idempotency_mac=asked.idempotency_mac,
            request_digest=asked.request_digest,
        )
        hits = [
            screenings.HitRow(
                hit.list_name,
                hit.entity_id,
                hashes[hit.list_name, hit.entity_id],
                decision_id,
                hit.score,
                hit.strength,
            )
            for hit, decision_id in zip(found.hits, decisions, strict=False)
        ]
        await screenings.store_screening(conn, new, hits)
        return Kept(screening_id, tuple(decisions), found.strength, len(found.hits), said)

    def _decisions(self, asked: Asked, about: str) -> list[Decision]:
        """One a hit; the first carries the findings of all, so that the whole answer is read in one place."""
        found = asked.found
        if not found.hits:
            return [self._decision(asked, about, found.nearest, ())]
        findings = tuple(_finding(hit) for hit in found.hits)
        return [
            self._decision(asked, about, hit, findings if number == 0 else (findings[number],))
            for number, hit in enumerate(found.hits)
        ]

    def _decision(self, asked: Asked, about: str, hit: Hit | None, findings: tuple[Finding, ...]) -> Decision:
        model, found = AdditiveModel.from_bytes(self.model.content), asked.found
        explanation = explain_additive(model, _values(model, hit))
        score = model.score(explanation.output)
        cuts = _cuts(hit, found)
        bands = band_finding(score, cuts, f"aml/screening, {model.name} {model.version}")
        versions = {version.list_name: version for version in found.in_force.versions}
        inputs = [InputRef(f"watchlist:{name}:{versions[name].version}", versions[name].sha256) for name in found.lists]
        return self.recorder.decision(
            asked.scope,
            DecisionKind.SCREENING,
            asked.subject_id,
            about,
            outcome=bands.effect,
            score=score,
            model=self.model.ref,
            explanation=explanation,
            findings=(*findings, bands),
            inputs=(*inputs, InputRef("screening-basis", found.in_force.basis_sha256)),
            policy_version=f"screening-{model.version}",
        )

    async def _append(self, conn: Connection, decision: Decision, key: str, number: int, data_key: bytes) -> UUID:
        sealed = seal(data_key, evidence_bytes(decision), contexts.decision_evidence(decision.decision_id))
        step = key if number == 0 else f"{key}/hit-{number + 1}"
        return (await append_decision(conn, decision, key=step, sealed_evidence=sealed)).decision_id

    async def hashes(self, conn: Connection, found: Found) -> dict[tuple[str, str], str]:
        """The record hash of each hit, by list and entity."""
        hashes: dict[tuple[str, str], str] = {}
        for name, sha256 in found.in_force.lists:
            wanted = [hit.entity_id for hit in found.hits if hit.list_name == name]
            for entity_id, digest in (await watchlists.hashes_of(conn, name, sha256, wanted, record_hash)).items():
                hashes[name, entity_id] = digest
        return hashes

    def _answer(
        self, screening_id: UUID, asked: Asked, decisions: Sequence[UUID], hashes: Mapping[tuple[str, str], str]
    ) -> dict[str, Any]:
        found = asked.found
        versions = {version.list_name: version for version in found.in_force.versions}
        return {
            "screening_id": str(screening_id),
            "customer_id": None if asked.customer_id is None else str(asked.customer_id),
            "outcome": found.strength,
            "stale": is_stale(asked.scope, found.in_force.versions),
            "as_of": asked.scope.as_of.isoformat(),
            "threshold": found.threshold,
            "index_version": None if found.in_force.index is None else found.in_force.index.version,
            "basis_sha256": found.in_force.basis_sha256,
            "lists": [_told(versions[name]) for name in found.lists],
            "scorer": {
                "name": self.model.ref.name,
                "version": self.model.ref.version,
                "sha256": self.model.ref.sha256,
            },
            "decision_ids": [str(decision_id) for decision_id in decisions],
            "hits": [
                {
                    **answer(hit),
                    "record_hash": hashes[hit.list_name, hit.entity_id],
                    "decision_id": str(decision_id),
                }
                for hit, decision_id in zip(found.hits, decisions, strict=False)
            ],
        }


async def reopen(conn: Connection, stored: screenings.Screening, data_key: bytes) -> Kept:
    """A stored screening with its answer opened."""
    plain = open_sealed(data_key, stored.sealed_answer, contexts.screening_answer(stored.screening_id))
    hits = await screenings.hits_of(conn, stored.screening_id)
    return Kept(stored.screening_id, stored.decision_ids, stored.strength, len(hits), json.loads(plain))


def open_query(data_key: bytes, screening_id: UUID, sealed_query: bytes) -> Query:
    """Who was asked about, from the seal."""
    raw = json.loads(open_sealed(data_key, sealed_query, contexts.screening(screening_id)))
    listed = {name: tuple(raw[name]) for name in ("names", "birth_dates", "countries", "birth_places")}
    identifiers = tuple((kind, number) for kind, number in raw["identifiers"])
    return Query(raw["schema"], **listed, identifiers=identifiers, gender=raw["gender"], query_id=raw["query_id"])


def is_stale(scope: m.Scope, versions: Sequence[watchlists.ListVersion]) -> bool:
    """Whether a list that the regime requires is missing, or was last confirmed by its source too long ago."""
    regime = regime_of(scope)
    checked = {version.list_name: version.checked_at for version in versions}
    oldest = scope.as_of - regime.watchlist_max_age.value
    return any((at := checked.get(name)) is None or at < oldest for name in regime.required_lists.value)


def _told(version: watchlists.ListVersion) -> dict[str, Any]:
    return {
        "name": version.list_name,
        "version": version.version,
        "sha256": version.sha256,
        "published": None if version.published is None else version.published.isoformat(),
        "checked_at": None if version.checked_at is None else version.checked_at.isoformat(),
    }


def _values(model: AdditiveModel, nearest: Hit | None) -> dict[str, Value]:
    """What the scorer saw of an entity; where no listed name is near, nothing could be compared."""
    seen = {} if nearest is None else {part.feature: part.value for part in nearest.contributions}
    return {feature: seen.get(feature) for feature in model.features}


def _cuts(hit: Hit | None, found: Found) -> dict[str, float]:
    """The bands that turn a score into a strength. A hard rule, and a name and birth date without any difference, are
    exact whatever the score; where nothing was compared, nothing was found."""
    if hit is None:
        return {"none": 0.0}
    if hit.strength == "exact" and hit in found.hits:
        return {"exact": 0.0}
    return {"none": 0.0, "possible": found.threshold, "strong": max(found.threshold, STRONG)}


def _finding(hit: Hit) -> Finding:
    values: dict[str, Value] = {"entity": hit.entity_id, "score": hit.score, "list": hit.list_name}
    return Finding(hit.rule, hit.strength, hit.text, f"{hit.list_name} {hit.list_version} ({hit.list_sha256})", values)
