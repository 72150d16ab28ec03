"""The streaming engine service: owns tenants, takes their transactions, commits in groups, answers after the commit.

One process owns a tenant, proved by a Postgres advisory lock. Transactions, decisions, explanations, alerts, outbox
rows and ledger leaves commit together; nobody is answered before. A failed commit drops the state, which is rebuilt.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
from prometheus_client import Counter, Histogram
from psycopg_pool import PoolTimeout

import jurisdictions
from aml.money import Money
from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from api.services import EngineRebuilding
from clearance.group import Group
from clearance.partition import UNKNOWN_ACCOUNT, Partition
from explain.attribution import TreeModel
from explain.registry import Artifact
from jurisdictions.monitoring import monitoring_parameters
from store import alerts, customers, decisions, subjects, transactions
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.tenants import Tenant, fetch_tenant, list_tenants
from vault.keys import KeyProvider

log = logging.getLogger(__name__)

GROUP_SECONDS = 0.005
GROUP_ROWS = 512
LOCK_SPACE = 0x636C72
"""The first half of the advisory locks' key: other locks in the database use another."""

ingested = Counter("clearance_transactions_total", "Transactions taken by the engine.", ["outcome"])
commit_seconds = Histogram("clearance_engine_commit_seconds", "From the first transaction of a group to its commit.")

Boundary = Callable[[str], None]
"""Called when the engine passes `before_push`, `after_push`, `before_commit`, `after_commit`, `before_answer`."""


class PartitionTaken(Exception):
    """Another engine owns a tenant of this partition. Stop it, or give this one other tenants."""


@dataclass(slots=True)
class _Request:
    tenant_id: UUID
    transactions: Sequence[Transaction]
    answer: "asyncio.Future[list[TransactionAnswer]]"


class StreamingEngine:
    """Answers `api.services.TransactionEngine`."""

    def __init__(
        self,
        pool: Pool,
        lock: Connection,
        keys: KeyProvider,
        model: Artifact,
        tenants: Sequence[UUID] = (),
        boundary: Boundary = lambda _: None,
    ) -> None:
        """`lock` is a connection of its own that holds the ownership; `tenants` the partition, all when empty."""
        self._pool, self._lock, self._keys = pool, lock, keys
        self._model, self._trees = model, TreeModel.from_text(model.content)
        self._only = frozenset(tenants)
        self._boundary = boundary
        self._partitions: dict[UUID, Partition] = {}
        self._queue: asyncio.Queue[_Request] = asyncio.Queue(maxsize=1024)
        self._data_keys: dict[UUID, tuple[bytes, float]] = {}
        self._committing: asyncio.Task[None] | None = None

    # --- Life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Compile what is not in the cache yet, take ownership of the partition, rebuild. Raises `PartitionTaken`."""
        await asyncio.to_thread(self._warm_up)
        for tenant in await self._tenants():
            await self._own(tenant)
            self._partitions[tenant.tenant_id] = await self._rebuild(tenant)
        self._committing = asyncio.create_task(self._commit_for_ever())

    async def stop(self) -> None:
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        while not self._queue.empty():
            request = self._queue.get_nowait()
            if not request.answer.done():
                request.answer.set_exception(EngineRebuilding("the engine is stopping"))

    async def ready(self) -> bool:
        if self._committing is None or self._committing.done():
            return False
        try:
            await self._lock.execute("SELECT 1")
        except psycopg.OperationalError:
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
        return [tenant for tenant in known if not self._only or tenant.tenant_id in self._only]

    async def _own(self, tenant: Tenant) -> None:
        cursor = await self._lock.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_SPACE, str(tenant.tenant_id))
        )
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise PartitionTaken(f"another engine owns tenant {tenant.tenant_id}: stop it, or set CLEARANCE_TENANTS")

    # --- Partitions ---------------------------------------------------------------------------------------------------

    async def _partition(self, tenant_id: UUID) -> Partition:
        """The tenant's state; one that was added after the start is taken over now, a dropped one rebuilt."""
        if tenant_id not in self._partitions:
            async with tenant_transaction(self._pool, tenant_id) as connection:
                tenant = await fetch_tenant(connection, tenant_id)
            if tenant is None or (self._only and tenant_id not in self._only):
                raise EngineRebuilding("this engine does not own the tenant")
            await self._own(tenant)
            self._partitions[tenant_id] = await self._rebuild(tenant)
        return self._partitions[tenant_id]

    async def _rebuild(self, tenant: Tenant) -> Partition:
        """Assess again everything that is stored, in `ingest_seq` order."""
        started = time.perf_counter()
        regime = jurisdictions.regime(tenant.regime, datetime.now(UTC).date())
        partition = Partition(regime, monitoring_parameters(regime), self._model, self._trees)
        count = 0
        async with tenant_transaction(self._pool, tenant.tenant_id) as connection:
            await self._register_models(connection, partition)
            group: list[transactions.TransactionRow] = []
            async for row in transactions.iterate_for_rebuild(connection, tenant.tenant_id):
                group.append(row)
                if len(group) == GROUP_ROWS:
                    count += _assess_again(partition, group)
            count += _assess_again(partition, group)
        log.info(
            "rebuilt tenant %s from %d transactions in %.1f s", tenant.tenant_id, count, time.perf_counter() - started
        )
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
        while True:
            requests = [await self._queue.get()]
            with commit_seconds.time():
                rows = len(requests[0].transactions)
                deadline = time.perf_counter() + GROUP_SECONDS
                while rows < GROUP_ROWS and (left := deadline - time.perf_counter()) > 0:
                    try:
                        requests.append(await asyncio.wait_for(self._queue.get(), left))
                    except TimeoutError:
                        break
                    rows += len(requests[-1].transactions)
                for tenant_id in dict.fromkeys(request.tenant_id for request in requests):
                    await self._commit_tenant(tenant_id, [r for r in requests if r.tenant_id == tenant_id])

    async def _commit_tenant(self, tenant_id: UUID, requests: list[_Request]) -> None:
        try:
            answers = await self._take(tenant_id, [t for request in requests for t in request.transactions])
        except asyncio.CancelledError:
            self._refuse(tenant_id, requests, EngineRebuilding("the engine is stopping"))
            raise
        except Exception as error:
            # Whatever went wrong, memory may be ahead of the database now: drop it, the next request rebuilds it.
            log.exception("a group of tenant %s was not committed; its state is dropped", tenant_id)
            failure = (
                error if isinstance(error, EngineRebuilding | PartitionTaken) else EngineRebuilding(str(type(error)))
            )
            self._refuse(tenant_id, requests, failure)
            return
        self._boundary("before_answer")
        given = iter(answers)
        for request in requests:
            answered = [next(given) for _ in request.transactions]
            if not request.answer.done():
                request.answer.set_result(answered)

    def _refuse(self, tenant_id: UUID, requests: list[_Request], error: Exception) -> None:
        self._partitions.pop(tenant_id, None)
        for request in requests:
            if not request.answer.done():
                request.answer.set_exception(
                    error if isinstance(error, EngineRebuilding) else EngineRebuilding(type(error).__name__)
                )

    async def _take(self, tenant_id: UUID, submitted: Sequence[Transaction]) -> list[TransactionAnswer]:
        partition = await self._partition(tenant_id)
        try:
            async with tenant_transaction(self._pool, tenant_id) as connection:
                known = await transactions.existing_ids(connection, {t.transaction_id for t in submitted})
                new: dict[str, Transaction] = {}
                for transaction in submitted:
                    if transaction.transaction_id not in known:
                        new.setdefault(transaction.transaction_id, transaction)
                group = await self._assess(connection, tenant_id, partition, list(new.values()))
                await group.write(connection)
                self._boundary("before_commit")
            self._boundary("after_commit")
        except PoolTimeout as error:
            raise EngineRebuilding("the database does not answer") from error
        for outcome in group.outcomes:
            ingested.labels(outcome=outcome).inc()
        answers = {answer.transaction_id: answer for answer in group.answers}
        first: set[str] = set()
        result = []
        for transaction in submitted:
            accepted = answers.get(transaction.transaction_id)
            if accepted is None or transaction.transaction_id in first:
                result.append(await self._duplicate(tenant_id, transaction.transaction_id))
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
        group = Group(tenant_id, partition, datetime.now(UTC))
        if not new:
            return group
        accounts = {name for t in new for name in (t.debtor_account, t.creditor_account)}
        known = await customers.known_accounts(connection, accounts)
        owners = await customers.account_subjects(connection, accounts)
        parties = [_with_parties(transaction, known) for transaction in new]
        unknown = [t.debtor_account not in known and t.creditor_account not in known for t in parties]
        self._boundary("before_push")
        assessed = partition.assess(parties, unknown)
        self._boundary("after_push")
        first_seq = await transactions.next_ingest_seq(connection, tenant_id, len(parties))
        for number, each in enumerate(assessed):
            owner = owners.get(each.transaction.debtor_account) or owners.get(each.transaction.creditor_account)
            subject_id = owner or tenant_id
            data_key = await self._data_key(connection, tenant_id, subject_id)
            group.add(each, first_seq + number, subject_id, data_key)
        return group

    async def _data_key(self, connection: Connection, tenant_id: UUID, subject_id: UUID) -> bytes:
        """The subject's key, kept for a minute: an erased subject's is forgotten that fast."""
        kept = self._data_keys.get(subject_id)
        if kept is not None and time.monotonic() < kept[1]:
            return kept[0]
        wrapped = await subjects.fetch_wrapped_key(connection, subject_id)
        data_key = self._keys.unwrap(tenant_id, wrapped)
        self._data_keys[subject_id] = (data_key, time.monotonic() + 60.0)
        return data_key


def _with_parties(transaction: Transaction, known: Mapping[str, UUID]) -> Transaction:
    """The transaction with the customers behind its accounts: two accounts of one customer are one party."""
    debtor, creditor = known.get(transaction.debtor_account), known.get(transaction.creditor_account)
    return replace(
        transaction,
        debtor_party=str(debtor) if debtor else None,
        creditor_party=str(creditor) if creditor else None,
    )


def _assess_again(partition: Partition, rows: list[transactions.TransactionRow]) -> int:
    """Move the state on by stored rows; what they led to is stored already."""
    if rows:
        partition.assess(
            [transactions.transaction_of(row) for row in rows], [UNKNOWN_ACCOUNT in row.flags for row in rows]
        )
    count = len(rows)
    rows.clear()
    return count
