"""Look-backs as steps: a tenant's stored payments again, with what is known by now; what no alert named becomes one.

A slice leaves the run's state in the process and in a sealed file. Whoever runs the next one takes up either, and where
both are gone, goes through what was before once more without raising anything: the state is the same bit for bit.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from prometheus_client import Counter
from temporalio import activity

import jurisdictions
from activities.recording import DecisionRecorder, data_key, regime_of
from aml.counter_value import conversion
from aml.engine import Hit
from aml.look_back import LookBack, look_back_parameters
from aml.parameters import MonitoringParameters
from aml.scoring import AlertParameters, alert_facts, alert_table, evidence_of, hit_finding, typologies_of
from aml.snapshots import Contents, SnapshotUnusable
from explain.attribution import TreeModel, explain_rules, rule_findings
from explain.bands import band, band_finding
from explain.record import DecisionKind, InputRef, RuleTable, canonical_json
from explain.registry import Artifact
from jurisdictions.monitoring import monitoring_parameters
from store import alerts, customers, look_backs, outbox, tenants
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.transactions import TransactionRow, transaction_of
from vault import contexts
from vault.envelope import seal
from vault.keys import KeyProvider
from workflows import messages as m
from workflows.steps import RecordUnknown, SubjectKeyDestroyed
from workflows.steps_look_back import LookBackSteps

log = logging.getLogger(__name__)

SLICE = 50_000
"""Payments a slice: about ten seconds, and a file of some ten megabytes after it."""
CHUNK = 1_000
"""Payments pushed at once, and a heartbeat."""

gone_through = Counter("clearance_look_back_transactions_total", "Payments that look-backs went through.")
raised = Counter("clearance_look_back_alerts_total", "Alerts that look-backs raised.")


class States(Protocol):
    """Where the state of a tenant's run is kept between slices. What is lost is made again."""

    def write(self, tenant_id: UUID, data_key: bytes, contents: Contents) -> int: ...

    def read(self, tenant_id: UUID, data_key: bytes) -> Contents | None: ...

    def remove(self, tenant_id: UUID) -> None: ...


@dataclass(slots=True)
class Run:
    """The state of one tenant's run and where it stands."""

    plan: m.LookBackPlan
    state: LookBack
    after: m.LookBackPlace | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payment that the alert table alerts on, not yet compared with what was alerted on before."""

    row: TransactionRow
    hits: tuple[Hit, ...]
    accounts: tuple[str, ...]
    flags: frozenset[str]
    values: tuple[float, ...]
    """The features."""
    score: float


@dataclass(slots=True)
class LookBackActivities(LookBackSteps):
    """`runs` are those that this process is in the middle of, one a tenant."""

    pool: Pool
    keys: KeyProvider
    recorder: DecisionRecorder
    model: Artifact
    trees: TreeModel
    states: States
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    slice_size: int = SLICE
    alerting: AlertParameters = field(default_factory=AlertParameters)
    runs: dict[UUID, Run] = field(default_factory=dict)

    @activity.defn
    async def tenants_to_look_back(self) -> m.TenantsToCheck:
        async with service_transaction(self.pool) as conn:
            return m.TenantsToCheck(tuple(tenant.tenant_id for tenant in await tenants.list_tenants(conn)))

    @activity.defn
    async def plan_look_back(self, tenant: m.LookBackInput) -> m.LookBackPlan:
        now = self.clock()
        since = now - timedelta(days=tenant.days)
        async with tenant_transaction(self.pool, tenant.tenant_id) as conn:
            known = await tenants.fetch_tenant(conn, tenant.tenant_id)
            if known is None:
                raise RecordUnknown(f"tenant {tenant.tenant_id}")
            regime = jurisdictions.regime(known.regime, now.date())
            scope = m.Scope(tenant.tenant_id, regime.code, regime.version, now)
            first = since - _parameters(scope).memory
            history = await look_backs.measure(conn, first)
        return m.LookBackPlan(scope, first, since, history.last_seq, history.transactions)

    @activity.defn
    async def look_back_slice(self, some: m.LookBackSlice) -> m.LookBackSliceDone:
        plan, tenant_id = some.plan, some.plan.scope.tenant_id
        table = alert_table(self.alerting)
        await self.recorder.register(self.model.ref, self.model.format, self.model.content, dict(self.model.card))
        await self.recorder.register_table(table)
        run = await self._run(plan, some.after)
        tally = m.LookBackTally()
        while tally.transactions < self.slice_size:
            rows = await self._rows(plan, run.after)
            if not rows:
                self.runs.pop(tenant_id, None)
                await asyncio.to_thread(self.states.remove, tenant_id)
                return m.LookBackSliceDone(tally, None)
            tally = tally.plus(await self._chunk(run, rows, table))
            activity.heartbeat(tally.transactions)
        await self._keep(run)
        assert run.after is not None
        return m.LookBackSliceDone(tally, run.after)

    # --- State --------------------------------------------------------------------------------------------------------

    async def _run(self, plan: m.LookBackPlan, after: m.LookBackPlace | None) -> Run:
        """The run at this place: as it is in the process, as it was kept, or made again."""
        tenant_id = plan.scope.tenant_id
        run = self.runs.pop(tenant_id, None)  # whatever fails now, no half-done state is gone on with
        if run is not None and (run.plan, run.after) == (plan, after):
            return run
        parameters = _parameters(plan.scope)
        if after is None:
            return Run(plan, LookBack(parameters))
        kept = await self._kept(plan, after, parameters)
        if kept is not None:
            return Run(plan, kept, after)
        log.warning("look-back of tenant %s: its state is lost and made again", tenant_id)
        run = Run(plan, LookBack(parameters))
        while run.after != after:
            rows = await self._rows(plan, run.after)
            rows = [row for row in rows if (row.booked_at, row.ingest_seq) <= (after.booked_at, after.ingest_seq)]
            if not rows:
                break
            await self._chunk(run, rows, alert_table(self.alerting), raising=False)
            activity.heartbeat(0)
        return run

    async def _kept(
        self, plan: m.LookBackPlan, after: m.LookBackPlace, parameters: MonitoringParameters
    ) -> LookBack | None:
        tenant_id = plan.scope.tenant_id
        try:
            async with tenant_transaction(self.pool, tenant_id) as conn:
                key = await data_key(conn, self.keys, tenant_id, tenant_id)
            contents = await asyncio.to_thread(self.states.read, tenant_id, key)
            if contents is None or contents.facts["at"] != self._at(plan, after):
                return None
            return await asyncio.to_thread(LookBack.of, contents, parameters)
        except (SnapshotUnusable, SubjectKeyDestroyed, RecordUnknown) as error:
            log.warning("look-back of tenant %s: what was kept cannot be used: %s", tenant_id, type(error).__name__)
            return None

    async def _keep(self, run: Run) -> None:
        tenant_id = run.plan.scope.tenant_id
        assert run.after is not None
        contents = run.state.contents({"at": self._at(run.plan, run.after)})
        try:
            async with tenant_transaction(self.pool, tenant_id) as conn:
                key = await data_key(conn, self.keys, tenant_id, tenant_id)
            await asyncio.to_thread(self.states.write, tenant_id, key, contents)
        except (OSError, SubjectKeyDestroyed) as error:
            log.warning("look-back of tenant %s: its state was not kept: %s", tenant_id, type(error).__name__)
        self.runs[tenant_id] = run

    def _at(self, plan: m.LookBackPlan, after: m.LookBackPlace) -> str:
        """Which run this is, under which model, and where it stands."""
        stated = f"{plan} {self.model.ref.sha256} {after.booked_at.isoformat()} {after.ingest_seq}"
        return hashlib.sha256(stated.encode()).hexdigest()

    # --- Payments -----------------------------------------------------------------------------------------------------

    async def _rows(self, plan: m.LookBackPlan, after: m.LookBackPlace | None) -> list[TransactionRow]:
        place = None if after is None else (after.booked_at, after.ingest_seq)
        async with tenant_transaction(self.pool, plan.scope.tenant_id) as conn:
            return await look_backs.booked_after(conn, plan.first, plan.last_seq, place, CHUNK)

    async def _chunk(
        self, run: Run, rows: Sequence[TransactionRow], table: RuleTable, raising: bool = True
    ) -> m.LookBackTally:
        tenant_id = run.plan.scope.tenant_id
        names = {name for row in rows for name in (row.debtor_account, row.creditor_account)}
        async with tenant_transaction(self.pool, tenant_id) as conn:
            holders = await customers.account_holders(conn, names)
        frozen = {name for name, holder in holders.items() if holder.frozen}
        candidates = await asyncio.to_thread(self._gone_through, run, rows, frozen, table)
        found = [each for each in candidates if each.row.booked_at >= run.plan.since]
        new = 0
        if raising and found:
            new = await self._raise(run.plan.scope, found, table)
        run.after = m.LookBackPlace(rows[-1].booked_at, rows[-1].ingest_seq)
        gone_through.inc(len(rows))
        raised.inc(new)
        return m.LookBackTally(len(rows), len(found), new)

    def _gone_through(
        self, run: Run, rows: Sequence[TransactionRow], frozen: set[str], table: RuleTable
    ) -> list[Candidate]:
        transactions = [transaction_of(row) for row in rows]
        sanctioned = [t.debtor_account in frozen or t.creditor_account in frozen for t in transactions]
        pushed = run.state.push(transactions, sanctioned)
        margins = self.trees.explain(pushed.features).margin.tolist()
        candidates = []
        for place, (row, transaction, hits) in enumerate(zip(rows, transactions, pushed.hits, strict=True)):
            score = self.trees.probability(margins[place])
            news = run.state.judge(transaction, hits, score, row.flags, table)
            if news is not None:
                concerned = run.state.roles.concerned(transaction, news)
                values = tuple(pushed.features[place].tolist())
                candidates.append(Candidate(row, news, concerned, frozenset(row.flags), values, score))
        return candidates

    # --- Alerts -------------------------------------------------------------------------------------------------------

    async def _raise(self, scope: m.Scope, found: Sequence[Candidate], table: RuleTable) -> int:
        """Alerts for what no alert has named yet; how many."""
        named = {name for each in found for name in _named(each)}
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            before = await look_backs.alerted(conn, named)
        count = 0
        for each in found:
            fresh = tuple(hit for hit in each.hits if not _is_known(hit, before))
            # A payment that an alert named was looked at: its score alone is no news.
            score = 0.0 if each.row.transaction_id in before else each.score
            facts = alert_facts(score, fresh, each.flags)
            if table.outcome(facts) == table.default:
                continue
            found_by = sorted(hit.typology for hit in fresh)
            alert_id = uuid5(scope.tenant_id, f"look-back {each.row.transaction_id} {found_by}")
            async with tenant_transaction(self.pool, scope.tenant_id) as conn:
                count += await self._alert(conn, scope, alert_id, each, fresh, score, table)
            for name in (*(t for hit in fresh for t in hit.transactions), each.row.transaction_id):
                before.setdefault(name, set()).update(hit.typology for hit in fresh)
        return count

    async def _alert(
        self,
        conn: Connection,
        scope: m.Scope,
        alert_id: UUID,
        each: Candidate,
        hits: tuple[Hit, ...],
        score: float,
        table: RuleTable,
    ) -> int:
        """One alert with its two decisions and its investigation, in the caller's transaction; 0 where it is there."""
        if await look_backs.is_raised(conn, alert_id):
            return 0
        row = each.row
        subject_id, key = await self._owner(conn, scope.tenant_id, row.subject_id)
        inputs = (InputRef("transactions", hashlib.sha256(bytes(row.digest)).hexdigest()),)
        cuts = self.alerting.cuts
        counted = conversion(transaction_of(row), regime_of(scope).currency)
        findings = (*(hit_finding(hit) for hit in hits), *counted)
        scored = self.recorder.decision(
            scope,
            DecisionKind.TRANSACTION_SCORE,
            subject_id,
            f"transaction:{row.transaction_id}",
            outcome=band(each.score, cuts),
            score=each.score,
            model=self.model.ref,
            explanation=self.trees.explanation(each.values),
            findings=(band_finding(each.score, cuts, self.alerting.citation), *findings),
            inputs=inputs,
            policy_version=table.version,
        )
        await self.recorder.append(conn, scored, key, f"score/{alert_id}")
        facts = alert_facts(score, hits, each.flags)
        why = explain_rules(table, facts)
        decided = self.recorder.decision(
            scope,
            DecisionKind.ALERT,
            subject_id,
            f"alert:{alert_id}",
            outcome=table.outcome(facts),
            score=why.output,
            model=table.ref(),
            explanation=why,
            findings=(*rule_findings(table, facts), *findings),
            inputs=inputs,
            policy_version=table.version,
        )
        recorded = await self.recorder.append(conn, decided, key, f"alert/{alert_id}")
        shown = canonical_json({"transaction_id": row.transaction_id, "hits": [asdict(hit) for hit in hits]})
        alert = alerts.NewAlert(
            alert_id=alert_id,
            tenant_id=scope.tenant_id,
            subject_id=subject_id,
            decision_id=recorded.decision_id,
            transaction_id=row.transaction_id,
            typologies=typologies_of(hits),
            score=each.score,
            accounts=each.accounts,
            transactions=evidence_of(hits) or (row.transaction_id,),
            sealed_evidence=seal(key, shown, contexts.alert(alert_id)),
        )
        outbox_id = uuid5(alert_id, "investigation")
        start = outbox.NewOutbox(
            outbox_id,
            scope.tenant_id,
            m.Kind.INVESTIGATION.value,
            m.workflow_id(m.Kind.INVESTIGATION, outbox_id),
            {"alert_id": str(alert_id)},
        )
        await alerts.append_alerts(conn, [alert], [start])
        return 1

    async def _owner(self, conn: Connection, tenant_id: UUID, subject_id: UUID) -> tuple[UUID, bytes]:
        """Whose data the alert is: the payment's subject, or the tenant itself where that one was erased."""
        try:
            return subject_id, await data_key(conn, self.keys, tenant_id, subject_id)
        except SubjectKeyDestroyed:
            return tenant_id, await data_key(conn, self.keys, tenant_id, tenant_id)


def _named(each: Candidate) -> Iterator[str]:
    yield each.row.transaction_id
    for hit in each.hits:
        yield from hit.transactions


def _is_known(hit: Hit, before: Mapping[str, set[str]]) -> bool:
    """Whether an alert found the same typology on one of the hit's payments."""
    return any(hit.typology in before.get(name, ()) for name in hit.transactions)


def _parameters(scope: m.Scope) -> MonitoringParameters:
    return look_back_parameters(monitoring_parameters(regime_of(scope)))
