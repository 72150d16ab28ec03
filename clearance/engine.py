"""The streaming engine service: owns tenants, takes their transactions, commits in groups, answers after the commit.

One process owns a tenant, proved by a Postgres advisory lock. Transactions, decisions, explanations, alerts, outbox
rows and ledger leaves commit together; nobody is answered before. A failed commit drops the state, which is rebuilt:
from the tenant's last snapshot where one fits, and the transactions stored since.
"""

import asyncio
import gc
import logging
import time
from collections import Counter as Tally
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
from prometheus_client import Counter, Histogram
from psycopg_pool import PoolTimeout

import jurisdictions
from aml.counter_value import with_counter_value
from aml.money import Money
from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from api.services import EngineRebuilding
from clearance.engine_ownership import Ownership, PartitionTaken
from clearance.engine_sealers import Sealers
from clearance.engine_snapshots import SNAPSHOT_ROWS, SnapshotKeeper
from clearance.group import Group
from clearance.partition import FROZEN_ACCOUNT, UNKNOWN_ACCOUNT, Partition, Place
from clearance.rates import RatesFolder
from clearance.snapshots import SnapshotFolder
from explain.attribution import TreeModel
from explain.registry import Artifact
from jurisdictions.monitoring import monitoring_parameters
from store import alerts, customers, decisions, transactions
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.tenants import Tenant, fetch_tenant, list_tenants
from vault.keys import KeyProvider

log = logging.getLogger(__name__)

GROUP_SECONDS = 0.005
GROUP_ROWS = 512
SLICE = 256
"""Transactions explained at once: the model's tables come into the processor's cache once for all of them."""
TURNS = 3
"""Of the event loop after each stretch of a group: to wake, to send the next piece, to wait again."""
_COLLECTING = (50_000, 20, 100)
"""New objects after which Python looks for cycles, and how often it then looks further back."""

ingested = Counter("clearance_transactions_total", "Transactions taken by the engine.", ["outcome"])
commit_seconds = Histogram("clearance_engine_commit_seconds", "From the first transaction of a group to its commit.")

_NOT_COMMITTED = "a group of tenant %s was not committed; its state is dropped"

Boundary = Callable[[str], None]
"""Called when the engine passes `before_push`, `after_push`, `before_commit`, `after_commit`, `before_answer`,
`after_snapshot`."""


@dataclass(slots=True)
class _Request:
    tenant_id: UUID
    transactions: Sequence[Transaction]
    answer: "asyncio.Future[list[TransactionAnswer]]"


@dataclass(slots=True)
class _Prepared:
    """A group that was assessed and is not written yet."""

    tenant_id: UUID
    requests: list[_Request]
    partition: Partition
    group: Group
    started: float
    writing: "asyncio.Task[None] | None" = None

    @property
    def ids(self) -> set[str]:
        return _ids(self.requests)


def _ids(requests: Sequence[_Request]) -> set[str]:
    return {transaction.transaction_id for request in requests for transaction in request.transactions}


def _by_tenant(requests: Sequence[_Request]) -> dict[UUID, list[_Request]]:
    """In the order in which the tenants came first."""
    found: dict[UUID, list[_Request]] = {}
    for request in requests:
        found.setdefault(request.tenant_id, []).append(request)
    return found


class StreamingEngine:
    """Answers `api.services.TransactionEngine`."""

    def __init__(
        self,
        pool: Pool,
        lock: Connection,
        keys: KeyProvider,
        model: Artifact,
        tenants: Container[UUID] = (),
        boundary: Boundary = lambda _: None,
        snapshots: SnapshotFolder | None = None,
        snapshot_rows: int = SNAPSHOT_ROWS,
        rates: RatesFolder | None = None,
    ) -> None:
        """`lock` is a connection of its own that holds the ownership; `tenants` the partition, all when empty. Without
        `snapshots` every start assesses again all that is stored; without `rates` foreign payments that do not say what
        they were booked as count as nothing."""
        self._pool, self._ownership = pool, Ownership(lock)
        self._model, self._trees = model, TreeModel.from_text(model.content)
        self._only = tenants or None
        self._boundary = boundary
        self._partitions: dict[UUID, Partition] = {}
        self._queue: asyncio.Queue[_Request] = asyncio.Queue(maxsize=1024)
        self._sealers = Sealers(keys)
        self._committing: asyncio.Task[None] | None = None
        self._gathered: list[_Request] = []
        self._writing: _Prepared | None = None
        self._keeper = SnapshotKeeper(pool, keys, snapshots, snapshot_rows, lambda: boundary("after_snapshot"))
        self._rates = rates
        self._moving = asyncio.Lock()
        """Held by who assesses a group, or drops what is in memory: nobody rebuilds what is being written."""

    # --- Life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Compile what is not in the cache yet, take ownership of the partition, rebuild. Raises `PartitionTaken` and
        `RatesUnreadable`."""
        await asyncio.to_thread(self._warm_up)
        for tenant in await self._tenants():
            if self._rates is not None:
                regime = jurisdictions.regime(tenant.regime, datetime.now(UTC).date())
                self._rates.check(tenant.tenant_id, regime.currency)
            await self._ownership.claim(tenant.tenant_id)
            self._partitions[tenant.tenant_id] = await self._rebuild(tenant)
        # A group makes tens of thousands of objects that go with it: looking for cycles among them each time that some
        # hundred have come takes a twentieth of the processor.
        gc.freeze()
        gc.set_threshold(*_COLLECTING)
        self._committing = asyncio.create_task(self._commit_for_ever())

    async def stop(self) -> None:
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        await self._written()
        while not self._queue.empty():
            self._gathered.append(self._queue.get_nowait())
        for request in self._gathered:
            if not request.answer.done():
                request.answer.set_exception(EngineRebuilding("the engine is stopping"))
        await self._keeper.keep_all(self._partitions)
        await self._ownership.close()

    async def ready(self) -> bool:
        """Whether it goes on, and owns its tenants. Where it lost them it tries to take them again."""
        if self._committing is None or self._committing.done():
            return False
        if await self._ownership.stands():
            return True
        try:
            async with self._moving:
                await self._hold()
        except (psycopg.OperationalError, PartitionTaken) as error:
            log.warning("the engine does not own its tenants: %s", type(error).__name__)
            return False
        return True

    async def submit(self, tenant_id: UUID, submitted: Sequence[Transaction]) -> list[TransactionAnswer]:
        """One answer a transaction, in order, after the commit. Raises `EngineRebuilding`; nothing is kept then."""
        answer: asyncio.Future[list[TransactionAnswer]] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Request(tenant_id, submitted, answer))
        return await answer

    def _warm_up(self) -> None:
        """The first start compiles the kernels for about a minute; later ones load them. Nobody should wait for it."""
        started = time.perf_counter()
        regime = jurisdictions.regime("US", datetime.now(UTC).date())
        scratch = Partition(regime, monitoring_parameters(regime), self._model, self._trees)
        money = Money(Decimal(100), regime.currency)
        scratch.assess([Transaction("warm-up", datetime.now(UTC), "a", "b", money)], [False])
        log.info("kernels ready after %.1f s", time.perf_counter() - started)

    async def _tenants(self) -> list[Tenant]:
        async with service_transaction(self._pool) as connection:
            known = await list_tenants(connection)
        return [tenant for tenant in known if self._only is None or tenant.tenant_id in self._only]

    async def _hold(self) -> None:
        """Own what is in memory. Once the connection was lost anybody may have written since: all of it is dropped, and
        rebuilt when it is needed. Raises `PartitionTaken` and `psycopg.OperationalError`."""
        if await self._ownership.stands():
            return
        await self._written()
        tenants = list(self._partitions)
        self._partitions.clear()
        await self._ownership.reconnect()
        for tenant_id in tenants:
            await self._ownership.claim(tenant_id)
        log.warning("the connection that owns the tenants was lost: %d are owned again", len(tenants))

    # --- Partitions ---------------------------------------------------------------------------------------------------

    async def _partition(self, tenant_id: UUID) -> Partition:
        """The tenant's state; one that was added after the start is taken over now, a dropped one rebuilt."""
        if tenant_id not in self._partitions:
            async with tenant_transaction(self._pool, tenant_id) as connection:
                tenant = await fetch_tenant(connection, tenant_id)
            if tenant is None or (self._only is not None and tenant_id not in self._only):
                raise EngineRebuilding("this engine does not own the tenant")
            await self._hold()
            await self._ownership.claim(tenant_id)
            self._partitions[tenant_id] = await self._rebuild(tenant)
        return self._partitions[tenant_id]

    async def _rebuild(self, tenant: Tenant) -> Partition:
        """Take up the snapshot where one fits, and assess again what is stored since, in `ingest_seq` order."""
        started = time.perf_counter()
        regime = jurisdictions.regime(tenant.regime, datetime.now(UTC).date())
        partition = Partition(regime, monitoring_parameters(regime), self._model, self._trees)
        count = 0
        async with tenant_transaction(self._pool, tenant.tenant_id) as connection:
            await self._register_models(connection, partition)
            kept = await self._keeper.take_up(connection, tenant.tenant_id, partition)
            group: list[transactions.TransactionRow] = []
            first = 0 if kept is None else kept.ingest_seq + 1
            async for row in transactions.iterate_for_rebuild(connection, tenant.tenant_id, from_seq=first):
                group.append(row)
                if len(group) == GROUP_ROWS:
                    count += _assess_again(partition, group)
            count += _assess_again(partition, group)
        log.info(
            "rebuilt tenant %s from %s %d transactions in %.1f s",
            tenant.tenant_id,
            f"a snapshot up to {kept.ingest_seq} and" if kept else "all",
            count,
            time.perf_counter() - started,
        )
        self._keeper.rebuilt(tenant.tenant_id, count)
        return partition

    async def _register_models(self, connection: Connection, partition: Partition) -> None:
        await decisions.register_model(
            connection, self._model.ref, self._model.format, self._model.content, self._model.card
        )
        await decisions.register_model(
            connection, partition.table_ref, "rule_table_json", partition.table.to_bytes(), {}
        )

    # --- Group commit -------------------------------------------------------------------------------------------------

    async def _commit_for_ever(self) -> None:
        """Two stages side by side: while Postgres writes a group, the next one is assessed."""
        while True:
            for tenant_id, requests in _by_tenant(await self._next_requests()).items():
                async with self._moving:
                    # Whether a transaction is new, its commit tells: who repeats one that is written now waits for it.
                    if self._writing is not None and not self._writing.ids.isdisjoint(_ids(requests)):
                        await self._written()
                    if self._keeper.due(tenant_id):
                        await self._written()  # the state is what is stored then, until the next group is assessed
                        self._keeper.keep(tenant_id, self._partitions.get(tenant_id))
                    prepared = await self._prepare(tenant_id, requests)
                    await self._written()
                    if prepared is not None:
                        self._writing = prepared
                        prepared.writing = asyncio.create_task(self._write(prepared))

    async def _next_requests(self) -> list[_Request]:
        """One at least, and what has come or comes within a few milliseconds."""
        requests = self._gathered = [await self._queue.get()]
        rows = len(requests[0].transactions)
        deadline = time.perf_counter() + GROUP_SECONDS
        while rows < GROUP_ROWS and (left := deadline - time.perf_counter()) > 0:
            try:
                requests.append(await asyncio.wait_for(self._queue.get(), left))
            except TimeoutError:
                break
            rows += len(requests[-1].transactions)
        return requests

    async def _written(self) -> None:
        """Until the group that is being written is committed or refused."""
        if self._writing is not None and self._writing.writing is not None:
            # Shielded: who waits may be cancelled, what is being written goes on to its end.
            await asyncio.shield(self._writing.writing)
        self._writing = None

    async def _prepare(self, tenant_id: UUID, requests: list[_Request]) -> _Prepared | None:
        """Assess what is new; None where that failed and everybody was told."""
        started = time.perf_counter()
        try:
            partition = await self._partition(tenant_id)
            submitted = [transaction for request in requests for transaction in request.transactions]
            async with tenant_transaction(self._pool, tenant_id) as connection:
                known = await transactions.existing_ids(connection, {t.transaction_id for t in submitted})
                new: dict[str, Transaction] = {}
                for transaction in submitted:
                    if transaction.transaction_id not in known:
                        new.setdefault(transaction.transaction_id, transaction)
                group = await self._assess(connection, tenant_id, partition, list(new.values()))
            return _Prepared(tenant_id, requests, partition, group, started)
        except PoolTimeout:
            self._refuse(tenant_id, requests, EngineRebuilding("the database does not answer"))
        except asyncio.CancelledError:
            self._refuse(tenant_id, requests, EngineRebuilding("the engine is stopping"))
            raise
        except Exception as error:
            log.exception(_NOT_COMMITTED, tenant_id)
            self._refuse(tenant_id, requests, _rebuilding(error))
        return None

    async def _write(self, prepared: _Prepared) -> None:
        tenant_id, requests = prepared.tenant_id, prepared.requests
        if self._partitions.get(tenant_id) is not prepared.partition:
            # The group before was not committed, and this one was assessed on top of it.
            self._refuse(tenant_id, requests, EngineRebuilding("the state was dropped"))
            return
        try:
            async with tenant_transaction(self._pool, tenant_id) as connection:
                await prepared.group.write(connection)
                self._boundary("before_commit")
            if prepared.group.place is not None:
                taken = len(prepared.group.answers)
                prepared.partition.committed(taken, prepared.group.place)
                self._keeper.count(tenant_id, taken)
            self._boundary("after_commit")
            answers = await self._answers(prepared)
        except PoolTimeout:
            self._refuse(tenant_id, requests, EngineRebuilding("the database does not answer"))
            return
        except asyncio.CancelledError:
            self._refuse(tenant_id, requests, EngineRebuilding("the engine is stopping"))
            raise
        except Exception as error:
            log.exception(_NOT_COMMITTED, tenant_id)
            self._refuse(tenant_id, requests, _rebuilding(error))
            return
        commit_seconds.observe(time.perf_counter() - prepared.started)
        for outcome, count in Tally(prepared.group.outcomes).items():
            ingested.labels(outcome=outcome).inc(count)
        self._boundary("before_answer")
        given = iter(answers)
        for request in requests:
            answered = [next(given) for _ in request.transactions]
            if not request.answer.done():
                request.answer.set_result(answered)

    def _refuse(self, tenant_id: UUID, requests: list[_Request], error: EngineRebuilding) -> None:
        """Whatever went wrong, memory may be ahead of the database now: drop it, the next request rebuilds it."""
        self._partitions.pop(tenant_id, None)
        for request in requests:
            if not request.answer.done():
                request.answer.set_exception(error)

    async def _answers(self, prepared: _Prepared) -> list[TransactionAnswer]:
        """One a submitted transaction, in order: the first of an id is accepted, the others repeat it."""
        answers = {answer.transaction_id: answer for answer in prepared.group.answers}
        first: set[str] = set()
        result = []
        for request in prepared.requests:
            for transaction in request.transactions:
                accepted = answers.get(transaction.transaction_id)
                if accepted is None or transaction.transaction_id in first:
                    result.append(await self._duplicate(prepared.tenant_id, transaction.transaction_id))
                else:
                    first.add(transaction.transaction_id)
                    result.append(accepted)
        return result

    async def _duplicate(self, tenant_id: UUID, transaction_id: str) -> TransactionAnswer:
        async with tenant_transaction(self._pool, tenant_id) as connection:
            row = await transactions.fetch_transaction(connection, transaction_id)
            if row is None:
                raise EngineRebuilding("the first transaction of this id is not there")
            stored = await decisions.fetch_decision(connection, row.decision_id)
            alert_id, typologies = await alerts.find_raised(connection, transaction_id) or (None, ())
        return TransactionAnswer(
            transaction_id,
            "duplicate",
            decision_id=row.decision_id,
            score=stored.score,
            alert_id=alert_id,
            typologies=typologies,
            flags=row.flags,
        )

    async def _assess(
        self, connection: Connection, tenant_id: UUID, partition: Partition, new: list[Transaction]
    ) -> Group:
        group = Group(tenant_id, partition, datetime.now(UTC), new)
        if not new:
            return group
        accounts = {name for t in new for name in (t.debtor_account, t.creditor_account)}
        holders = await customers.account_holders(connection, accounts)
        counted = self._counted(tenant_id, partition.regime.currency, new)
        parties = [_with_parties(transaction, holders) for transaction in counted]
        owners = await self._sealers.fetch(
            connection, tenant_id, [_subject_of(each, holders, tenant_id) for each in parties]
        )
        unknown = [t.debtor_party is None and t.creditor_party is None for t in parties]
        blocked = {name for name, holder in holders.items() if holder.frozen}
        frozen = [t.debtor_account in blocked or t.creditor_account in blocked for t in parties]
        self._boundary("before_push")
        for start in range(0, len(parties), SLICE):
            end = start + SLICE
            assessed = partition.assess(parties[start:end], unknown[start:end], frozen[start:end])
            for _ in group.add(assessed, owners[start:end]):
                # The group that is being written has small things to do between short waits for Postgres.
                for _ in range(TURNS):
                    await asyncio.sleep(0)
        self._boundary("after_push")
        return group

    def _counted(self, tenant_id: UUID, currency: str, new: list[Transaction]) -> list[Transaction]:
        """With what each counts as in the regime's currency, where only the tenant's rates tell. It is stored with
        them: a rebuilt engine asks for no rates."""
        if self._rates is None or all(transaction.money.currency == currency for transaction in new):
            return new
        rates = self._rates.rates(tenant_id, currency)
        return new if rates is None else [with_counter_value(transaction, currency, rates) for transaction in new]


def _rebuilding(error: Exception) -> EngineRebuilding:
    return error if isinstance(error, EngineRebuilding) else EngineRebuilding(type(error).__name__)


def _subject_of(transaction: Transaction, holders: Mapping[str, customers.Holder], tenant_id: UUID) -> UUID:
    """Whose a transaction is: the customer's on its known side, else the tenant's."""
    holder = holders.get(transaction.debtor_account) or holders.get(transaction.creditor_account)
    return tenant_id if holder is None else holder.subject_id


def _with_parties(transaction: Transaction, holders: Mapping[str, customers.Holder]) -> Transaction:
    """The transaction with the customers behind its accounts: two accounts of one customer are one party, and those
    of one risk rating are peers."""
    debtor, creditor = holders.get(transaction.debtor_account), holders.get(transaction.creditor_account)
    if debtor is None and creditor is None and transaction.debtor_party is None and transaction.creditor_party is None:
        return transaction
    return transaction.between(
        str(debtor.customer_id) if debtor else None,
        str(creditor.customer_id) if creditor else None,
        f"rating:{debtor.rating}" if debtor else None,
        f"rating:{creditor.rating}" if creditor else None,
    )


def _assess_again(partition: Partition, rows: list[transactions.TransactionRow]) -> int:
    """Move the state on by stored rows; what they led to is stored already."""
    if rows:
        partition.assess(
            [transactions.transaction_of(row) for row in rows],
            [UNKNOWN_ACCOUNT in row.flags for row in rows],
            [FROZEN_ACCOUNT in row.flags for row in rows],
        )
        partition.committed(len(rows), Place(rows[-1].ingest_seq, rows[-1].decision_id))
    count = len(rows)
    rows.clear()
    return count
