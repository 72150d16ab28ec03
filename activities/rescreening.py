"""Customers screened again: who is behind, by what changed or in full, and what follows from a hit that is new.

A customer carries the digest of all that their last screening depended on. Whoever carries another one than what is in
force is behind, whenever and why they fell behind: a list that changed, an application that officers took days over.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from prometheus_client import Counter
from temporalio import activity

import jurisdictions
from activities.applicants import Applicant
from activities.recording import regime_of, step_key
from activities.screening_desk import Asked, Found, ScreeningDesk, open_query
from activities.watchlist_index import BASIS, SCORER, InForce
from aml.screening import Query, QueryUnusable
from aml.screening.delta import Changes, Delta, cheaper
from aml.screening.scorer import Scorer
from store import cases, outbox, screenings, tenants, watchlists
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.screenings import ToScreen, Versions
from vault import contexts
from vault.envelope import open_sealed
from vault.keys import KeyProvider
from workflows import messages as m
from workflows.steps import RecordUnknown
from workflows.steps_rescreening import RescreeningSteps

log = logging.getLogger(__name__)

SLICE = 200
"""Customers a slice: seconds where a delta tells, a minute where each is screened in full."""
DELTAS_KEPT = 4
FULL_SHARE = 0.05
"""Share of the entities from which a full screening is as cheap as a delta: see `benchmarks/screening_delta.py`."""
Triple = tuple[str, str, str]
"""List, entity and record hash of a hit."""

screened = Counter("clearance_rescreened_customers_total", "Customers screened again.", ["way"])
mismatches = Counter(
    "clearance_screening_mismatches_total", "Differences of a nightly full screening from the record.", ["kind"]
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with the query made of them."""

    row: ToScreen
    query: Query
    data_key: bytes


@dataclass(slots=True)
class RescreeningActivities(RescreeningSteps):
    """`deltas` are those that this process has made lately, by the states they lead from and to."""

    pool: Pool
    keys: KeyProvider
    desk: ScreeningDesk
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    slice_size: int = SLICE
    deltas: dict[tuple[str, str], Delta | None] = field(default_factory=dict)

    # --- A run -------------------------------------------------------------------------------------------------------

    @activity.defn
    async def plan_rescreening(self, tenant: m.RescreeningInput) -> m.RescreeningPlan:
        scope = await self._scope(tenant.tenant_id)
        state = screenings.state_of(self._members(await self.desk.watchlists.latest()))
        async with tenant_transaction(self.pool, tenant.tenant_id) as conn:
            behind = await screenings.count_behind(conn, state, scope.as_of)
        return m.RescreeningPlan(scope, behind, state)

    @activity.defn
    async def rescreen_slice(self, some: m.Slice) -> m.SliceDone:
        tenant_id, now = some.scope.tenant_id, self.clock()
        in_force = await self.desk.watchlists.latest()
        members = self._members(in_force)
        state = screenings.state_of(members)
        async with tenant_transaction(self.pool, tenant_id) as conn:
            rows = await screenings.customers_behind(conn, state, now, some.after, self.slice_size)
        if not rows:
            return m.SliceDone(m.Tally(), None)
        people, unscreenable = await self._people(tenant_id, rows)
        async with service_transaction(self.pool) as conn:
            await screenings.keep_state(conn, members)
        touched = await self._touched(tenant_id, people, in_force, state, now)
        tally = m.Tally(screened=len(people), touched=len(touched), unscreenable=unscreenable)
        await self.desk.register()
        for number, person in enumerate(touched):
            activity.heartbeat(number)
            new, withdrawn = await self._screen(some.scope, person, in_force, now)
            tally = tally.plus(m.Tally(new_hits=new, withdrawn=withdrawn))
        async with tenant_transaction(self.pool, tenant_id) as conn:
            customers = [person.row.customer_id for person in people]
            await screenings.screened_up_to(conn, tenant_id, customers, state, now)
        screened.labels("one by one").inc(len(touched))
        screened.labels("by delta").inc(len(people) - len(touched))
        return m.SliceDone(tally, rows[-1].customer_id)

    async def _touched(
        self, tenant_id: UUID, people: Sequence[Person], in_force: InForce, state: str, now: datetime
    ) -> list[Person]:
        """Whoever has to be screened in full: by a delta where one tells, everyone where none does."""
        found: list[Person] = []
        for origin in sorted({person.row.state or "" for person in people}):
            group = [person for person in people if (person.row.state or "") == origin]
            delta, changed = await self._delta(origin, state, in_force)
            if delta is None:
                found += group
                continue
            queries = [person.query for person in group]
            way = delta.forward if cheaper(delta.names, len(queries)) == "forward" else delta.reverse
            activity.heartbeat(len(found))
            touched = set(await asyncio.to_thread(way, queries))
            async with tenant_transaction(self.pool, tenant_id) as conn:
                # Hits on what changed or is gone, and clearances that have run out: they are asked again by name.
                subjects = await screenings.subjects_with_hits_on(conn, changed)
                subjects |= await screenings.subjects_to_ask_again(conn, now)
            found += [
                person for place, person in enumerate(group) if place in touched or person.row.subject_id in subjects
            ]
        return found

    async def _delta(self, origin: str, state: str, in_force: InForce) -> tuple[Delta | None, list[tuple[str, str]]]:
        """What leads from a customer's state to the one in force; None where only a full screening tells."""
        if not origin or in_force.index is None:
            return None, []
        async with service_transaction(self.pool) as conn:
            before, after = dict(await screenings.fetch_state(conn, origin)), dict(self._members(in_force))
            if any(before.get(name) != after.get(name) for name in (BASIS, SCORER)):
                return None, []
            changes: list[watchlists.Change] = []
            for name in sorted((before.keys() | after.keys()) - {BASIS, SCORER}):
                if before.get(name) != after.get(name):
                    changes += await watchlists.changes_between(conn, name, before.get(name), after.get(name))
        if len(changes) > in_force.index.entity_count * FULL_SHARE:
            return None, []
        changed = [(change.list_name, change.entity_id) for change in changes]
        key = (origin, state)
        if key not in self.deltas:
            now = tuple(change.after for change in changes if change.after is not None)
            gone = tuple(change.before for change in changes if change.before is not None)
            scorer = Scorer.from_bytes(self.desk.model.content)
            whole = in_force.index
            made = await asyncio.to_thread(lambda: Delta(Changes(now, gone), whole, scorer))  # type: ignore[arg-type]
            while len(self.deltas) >= DELTAS_KEPT:
                self.deltas.pop(next(iter(self.deltas)))
            self.deltas[key] = made
        return self.deltas[key], changed

    # --- A customer --------------------------------------------------------------------------------------------------

    async def _screen(self, scope: m.Scope, person: Person, in_force: InForce, now: datetime) -> tuple[int, int]:
        """Screen one customer in full and keep what differs from the record; hits that are new, and withdrawn."""
        row = person.row
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            await screenings.lock_subject(conn, row.subject_id)  # two runs at once would ask officers twice
            found = await self._found(conn, person, in_force, now)
            triples = await self._triples(conn, found)
            known = await screenings.known_hits(conn, row.subject_id, now)
            before = await screenings.latest_hits(conn, row.subject_id)
            cleared = await screenings.cleared_for(conn, row.subject_id, now)
            new, withdrawn = triples - known, before - triples - cleared
            if new or withdrawn:
                key = step_key(f"rescreen/{row.customer_id}/{screenings.state_of(self._members(in_force))[:16]}")
                asked = Asked(
                    scope=scope,
                    cause="rescreening",
                    about=f"customer:{row.customer_id}",
                    subject_id=row.subject_id,
                    query=person.query,
                    found=found,
                    key=key,
                    customer_id=row.customer_id,
                )
                kept = await self.desk.keep(conn, asked, person.data_key)
                if new:
                    await self._ask_officers(conn, scope.tenant_id, kept.screening_id)
        return len(new), len(withdrawn)

    async def _found(self, conn: Connection, person: Person, in_force: InForce, now: datetime) -> Found:
        exclude = await screenings.cleared_now(conn, person.row.subject_id, now, in_force.lists)
        return await self.desk.find(person.query, in_force, exclude=exclude)

    async def _triples(self, conn: Connection, found: Found) -> set[Triple]:
        hashes = await self.desk.hashes(conn, found)
        return {(hit.list_name, hit.entity_id, hashes[hit.list_name, hit.entity_id]) for hit in found.hits}

    async def _ask_officers(self, conn: Connection, tenant_id: UUID, screening_id: UUID) -> None:
        outbox_id = uuid5(screening_id, "review")  # named after the screening: a second run asks nobody twice
        workflow_id = m.workflow_id(m.Kind.HIT_REVIEW, outbox_id)
        payload = {"screening_id": str(screening_id)}
        await outbox.add(conn, outbox.NewOutbox(outbox_id, tenant_id, m.Kind.HIT_REVIEW.value, workflow_id, payload))

    async def _people(self, tenant_id: UUID, rows: Sequence[ToScreen]) -> tuple[list[Person], int]:
        people: list[Person] = []
        for number, row in enumerate(rows):
            if number % 20 == 0:
                activity.heartbeat(number)
            try:
                people.append(await asyncio.to_thread(self._open, tenant_id, row))
            except (QueryUnusable, LookupError) as error:
                log.error("customer %s cannot be screened: %s", row.customer_id, type(error).__name__)
        return people, len(rows) - len(people)

    def _open(self, tenant_id: UUID, row: ToScreen) -> Person:
        if row.wrapped_key is None:
            raise LookupError("erased")
        data_key = self.keys.unwrap(tenant_id, bytes(row.wrapped_key))
        if row.query_id is not None and row.sealed_query is not None:
            return Person(row, open_query(data_key, row.query_id, bytes(row.sealed_query)), data_key)
        if row.sealed_profile is None:
            raise LookupError("neither query nor profile")
        stated = json.loads(open_sealed(data_key, bytes(row.sealed_profile), contexts.customer(row.customer_id)))
        return Person(row, Applicant(stated).to_screen(()), data_key)

    def _members(self, in_force: InForce) -> Versions:
        return in_force.members(self.desk.model.ref.sha256)

    async def _scope(self, tenant_id: UUID) -> m.Scope:
        now = self.clock()
        async with tenant_transaction(self.pool, tenant_id) as conn:
            tenant = await tenants.fetch_tenant(conn, tenant_id)
        if tenant is None:
            raise RecordUnknown(f"tenant {tenant_id}")
        regime = jurisdictions.regime(tenant.regime, now.date())
        return m.Scope(tenant_id, regime.code, regime.version, now)

    # --- Reviews -----------------------------------------------------------------------------------------------------

    @activity.defn
    async def admit_hits(self, review: m.HitReviewInput) -> m.OpenCase:
        scope = await self._scope(review.tenant_id)
        async with tenant_transaction(self.pool, review.tenant_id) as conn:
            try:
                stored = await screenings.fetch_screening(conn, review.screening_id)
            except screenings.ScreeningUnknown as error:
                raise RecordUnknown(f"screening {review.screening_id}") from error
        reasons = (f"watchlist_hit_{stored.strength}",)
        return m.OpenCase(scope, "screening", f"screening:{review.screening_id}", reasons)

    @activity.defn
    async def remember_cleared(self, closed: m.CaseClosed) -> int:
        scope, result = closed.scope, closed.result
        if result.disposition not in (m.Disposition.FALSE_POSITIVE, m.Disposition.APPROVE):
            return 0
        lifetime: timedelta = regime_of(scope).cleared_hit_lifetime.value
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            try:
                case = await cases.fetch_case(conn, result.case_id)
            except cases.CaseUnknown as error:
                raise RecordUnknown(f"case {result.case_id}") from error
            decided = [event for event in await cases.fetch_events(conn, case.case_id) if event.action == "decide"]
            at = case.closed_at or self.clock()
            cleared = [
                screenings.ClearedHit(
                    subject_id=stored.subject_id,
                    list_name=hit.list_name,
                    entity_id=hit.entity_id,
                    record_hash=hit.record_hash,
                    case_id=case.case_id,
                    officer_id=result.maker,
                    reason_id=decided[-1].reason_id if decided else None,
                    cleared_at=at,
                    expires_at=at + lifetime,
                )
                for stored in await screenings.screenings_about(conn, case.matters)
                for hit in await screenings.hits_of(conn, stored.screening_id)
            ]
            return await screenings.clear_hits(conn, scope.tenant_id, cleared)

    # --- Nights ------------------------------------------------------------------------------------------------------

    @activity.defn
    async def tenants_to_check(self) -> m.TenantsToCheck:
        async with service_transaction(self.pool) as conn:
            return m.TenantsToCheck(tuple(tenant.tenant_id for tenant in await tenants.list_tenants(conn)))

    @activity.defn
    async def check_sample(self, sample: m.Sample) -> m.SampleChecked:
        now, tenant_id = self.clock(), sample.tenant_id
        scope = await self._scope(tenant_id)
        in_force = await self.desk.watchlists.latest()
        state = screenings.state_of(self._members(in_force))
        async with tenant_transaction(self.pool, tenant_id) as conn:
            rows = await screenings.sample_customers(conn, state, sample.salt, sample.size)
        people, _ = await self._people(tenant_id, rows)
        await self.desk.register()
        missed = surplus = 0
        for number, person in enumerate(people):
            activity.heartbeat(number)
            async with tenant_transaction(self.pool, tenant_id) as conn:
                triples = await self._triples(conn, await self._found(conn, person, in_force, now))
                known = await screenings.known_hits(conn, person.row.subject_id, now)
                latest = await screenings.latest_hits(conn, person.row.subject_id)
                cleared = await screenings.cleared_for(conn, person.row.subject_id, now)
            lost, extra = triples - known, latest - triples - cleared
            if lost or extra:
                log.error(
                    "screening mismatch: customer %s, %d hits missed, %d too many",
                    person.row.customer_id,
                    len(lost),
                    len(extra),
                )
                await self._screen(scope, person, in_force, now)  # what was missed goes to officers at once
            missed, surplus = missed + len(lost), surplus + len(extra)
        mismatches.labels("missed").inc(missed)
        mismatches.labels("surplus").inc(surplus)
        return m.SampleChecked(tenant_id, len(people), missed, surplus)
