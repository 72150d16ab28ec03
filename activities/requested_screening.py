"""Screening on request: counterparties, employees, customers between two list versions. Stored, or only matched.

What is asked comes as checked JSON from the API; what a list or customer is, is judged here, where the lists are.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jurisdictions
from activities.recording import data_key
from activities.screening_desk import Asked, ScreeningDesk, reopen
from activities.watchlist_index import InForce
from aml.screening import Hit, Query, QueryUnusable, query_of
from jurisdictions import years_after
from store import customers, screenings, subjects, tenants, watchlists
from store.applications import IdempotencyConflict
from store.connection import Connection, Pool, tenant_transaction
from vault.envelope import new_data_key
from vault.keys import KeyProvider
from workflows import messages as m
from workflows.steps import SubjectKeyDestroyed

EVERYTHING = frozenset({"default", "all", "sanctions", "clearance"})
"""Names of datasets under which every list is meant."""


class RequestRefused(Exception):
    """What was asked cannot be answered; `code` and `detail` are for the problem that the API answers."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class RequestedScreening:
    """Screens for the API under its own role."""

    pool: Pool
    keys: KeyProvider
    desk: ScreeningDesk
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def screen(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Screen and store; the stored answer. Raises `RequestRefused`."""
        tenant_id, screening_id = UUID(order["tenant_id"]), UUID(order["screening_id"])
        customer_id = UUID(order["customer_id"]) if order["customer_id"] else None
        mac, digest = bytes.fromhex(order["idempotency_mac"]), bytes.fromhex(order["request_digest"])
        query = _query(order["query"])
        in_force = await self.desk.watchlists.current()
        lists = _lists(in_force, order["lists"])
        now = self.clock()
        await self.desk.register()
        async with tenant_transaction(self.pool, tenant_id) as conn:
            tenant = await tenants.fetch_tenant(conn, tenant_id)
            assert tenant is not None
            regime = jurisdictions.regime(tenant.regime, now.date())
            subject_id = await self._subject(conn, tenant_id, customer_id, regime, now)
            exclude: Collection[str] = ()
            if customer_id is not None:
                exclude = await screenings.cleared_now(conn, subject_id, now, in_force.lists)
        found = await self.desk.find(
            query, in_force, exclude=exclude, lists=lists, threshold=order["threshold"], limit=order["limit"]
        )
        async with tenant_transaction(self.pool, tenant_id) as conn:
            await screenings.lock_request(conn, mac)  # the same request twice at once is one screening
            try:
                earlier = await screenings.find_request(conn, tenant_id, mac, digest)
                if earlier is not None:
                    key = await data_key(conn, self.keys, tenant_id, earlier.subject_id)
                    return dict((await reopen(conn, earlier, key)).answer)
                key = await data_key(conn, self.keys, tenant_id, subject_id)
            except SubjectKeyDestroyed as error:
                raise RequestRefused("ERASED", "The customer's data was erased.") from error
            except IdempotencyConflict as error:
                raise RequestRefused(
                    "IDEMPOTENCY_KEY_REUSED", "Another request was screened under this Idempotency-Key: use another."
                ) from error
            asked = Asked(
                scope=m.Scope(tenant_id, regime.code, regime.version, now),
                cause="request",
                about=f"screening:{screening_id}",
                subject_id=subject_id,
                query=query,
                found=found,
                key=f"screening-{mac.hex()}",
                customer_id=customer_id,
                screening_id=screening_id,
                idempotency_mac=mac,
                request_digest=digest,
            )
            return dict((await self.desk.keep(conn, asked, key)).answer)

    async def _subject(
        self, conn: Connection, tenant_id: UUID, customer_id: UUID | None, regime: jurisdictions.Regime, now: datetime
    ) -> UUID:
        """Whose key seals the screening: the customer's, or a new one's, kept as long as the regime keeps records."""
        if customer_id is not None:
            customer = await customers.fetch_customer(conn, customer_id)
            if customer is None:
                raise RequestRefused("CUSTOMER_UNKNOWN", "There is no customer with this `customer_id`.")
            return customer.subject_id
        subject_id = uuid4()
        until = years_after(now.date(), max(regime.retention_years.value, regime.sanctions_retention_years.value))
        await subjects.create_subject(conn, tenant_id, subject_id, self.keys.wrap(tenant_id, new_data_key()), until)
        return subject_id

    async def match(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Answers by query name, in the shape of yente's results. Nothing is stored. Raises `RequestRefused`."""
        in_force = await self.desk.watchlists.current()
        lists = self._datasets(in_force, order)
        responses = {}
        for name, asked in order["queries"].items():
            query = _query(asked)
            found = await self.desk.find(
                query, in_force, exclude=order["exclude_entity_ids"], lists=lists, threshold=order["cutoff"]
            )
            entities = await self._entities(in_force, found.hits)
            results = [
                _result(hit, entities[hit.list_name, hit.entity_id], order["threshold"])
                for hit in found.hits
                if hit.schema not in order["exclude_schema"]
                and _on(entities[hit.list_name, hit.entity_id], order["topics"])
            ]
            results.sort(key=lambda result: (-result["score"], result["id"]))
            responses[name] = {
                "status": 200,
                "results": results[: order["limit"]],
                "total": {"value": len(results), "relation": "eq"},
                "query": asked,
            }
        return {"responses": responses, "limit": order["limit"]}

    def _datasets(self, in_force: InForce, order: Mapping[str, Any]) -> set[str]:
        known = {name for name, _ in in_force.lists}
        if order["dataset"] not in EVERYTHING | known:
            raise RequestRefused("DATASET_UNKNOWN", f"There is no dataset of this name; there are {_named(known)}.")
        chosen = known if order["dataset"] in EVERYTHING else {order["dataset"]}
        if order["include_dataset"]:
            chosen &= set(order["include_dataset"])
        return chosen - set(order["exclude_dataset"])

    async def _entities(self, in_force: InForce, hits: Collection[Hit]) -> dict[tuple[str, str], Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        async with self.pool.connection() as conn:
            for name, sha256 in in_force.lists:
                wanted = [hit.entity_id for hit in hits if hit.list_name == name]
                if wanted:
                    for entity in await watchlists.fetch_entities(conn, name, sha256, wanted):
                        found[name, entity["id"]] = entity
        return found


def _query(raw: Mapping[str, Any]) -> Query:
    try:
        return query_of(raw)
    except QueryUnusable as error:
        raise RequestRefused("QUERY_UNUSABLE", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def _lists(in_force: InForce, wanted: list[str] | None) -> list[str] | None:
    known = {name for name, _ in in_force.lists}
    if wanted is not None and (unknown := set(wanted) - known):
        raise RequestRefused("LIST_UNKNOWN", f"{len(unknown)} of `lists` are not in force; these are: {_named(known)}.")
    return wanted


def _named(lists: Collection[str]) -> str:
    return ", ".join(sorted(lists)) or "none"


def _on(entity: Mapping[str, Any], topics: Collection[str]) -> bool:
    return not topics or not set(topics).isdisjoint(entity["properties"].get("topics", ()))


def _result(hit: Hit, entity: Mapping[str, Any], threshold: float) -> dict[str, Any]:
    told = {part.feature: part for part in hit.contributions}
    return {
        "id": hit.entity_id,
        "caption": hit.caption,
        "schema": hit.schema,
        "properties": entity["properties"],
        "datasets": [hit.list_name],
        "referents": [],
        "target": True,
        "first_seen": None,
        "last_seen": None,
        "last_change": None,
        "score": hit.score,
        "match": hit.rule != "additive" or hit.score >= threshold,
        "features": {name: part.delta for name, part in told.items()},
        "explanations": {
            name: {
                "score": part.delta,
                "detail": hit.rule if name == "identifier" and hit.rule != "additive" else None,
                "query": part.query_value or None,
                "candidate": part.list_value or None,
            }
            for name, part in told.items()
        },
    }
