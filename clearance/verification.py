"""Stored decisions computed again, in a process of its own and before their stored results are read."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clearance.database import service_pool
from clearance.keyring import KeyName, Keyring
from clearance.settings import Settings
from explain.replay import Recomputed, compare, recompute
from store import decisions, subjects, verification
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.records import read_evidence
from store.tenants import Tenant, list_tenants
from vault import contexts
from vault.envelope import SealBroken, open_sealed
from vault.keys import FileKeyProvider

CHUNK = 1000


@dataclass(slots=True)
class Verdict:
    """How many decisions came out identical, which differ and how, and which can no longer be opened."""

    identical: int = 0
    erased: int = 0
    different: dict[UUID, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.identical + self.erased + len(self.different)


async def verify_decisions(
    settings: Settings,
    console: Console,
    *,
    decision_id: UUID | None = None,
    since: datetime | None = None,
    filings: bool = False,
) -> int:
    """Recompute and compare; the exit code: 0 all identical, 1 a difference, 2 nothing to verify. `filings` takes the
    decisions to file instead, under the role that alone sees them."""
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
    pool = await service_pool(settings, "clearance_filing" if filings else "clearance_worker")
    verdict = Verdict()
    try:
        async with service_transaction(pool) as connection:
            tenants = await list_tenants(connection)
        progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        with progress:
            task = progress.add_task("verifying", total=None)
            for tenant in tenants:
                verifier = _Verifier(pool, keys, tenant, verdict, "filing" if filings else "public")
                async for done in verifier.run(decision_id, since):
                    progress.update(task, advance=done)
            progress.update(task, total=verdict.total)
    finally:
        await pool.close()
    return _report(verdict, console)


def _report(verdict: Verdict, console: Console) -> int:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(verdict.kinds.items()))
    for decision_id, difference in list(verdict.different.items())[:50]:
        console.print(f"[red]different[/red] {decision_id}: {difference}")
    console.print(
        f"{verdict.total} decisions: {verdict.identical} identical, {len(verdict.different)} different, "
        f"{verdict.erased} erased ({kinds})"
    )
    if verdict.total == 0:
        console.print("there was nothing to verify")
        return 2
    return 1 if verdict.different else 0


class EvidenceReader:
    """Opens the sealed evidence of a tenant's decisions, each subject's key unwrapped once."""

    def __init__(self, keys: FileKeyProvider, tenant_id: UUID) -> None:
        self._keys, self._tenant_id = keys, tenant_id
        self._data_keys: dict[UUID, bytes | None] = {}

    async def read(self, connection: Connection, inputs: verification.DecisionInputs) -> bytes | None:
        """None once the subject was erased. Raises `vault.envelope.SealBroken`."""
        if inputs.subject_id not in self._data_keys:
            try:
                wrapped = await subjects.fetch_wrapped_key(connection, inputs.subject_id)
                self._data_keys[inputs.subject_id] = self._keys.unwrap(self._tenant_id, wrapped)
            except subjects.SubjectErased:
                self._data_keys[inputs.subject_id] = None
        data_key = self._data_keys[inputs.subject_id]
        if data_key is None:
            return None
        return open_sealed(data_key, inputs.sealed_evidence, contexts.decision_evidence(inputs.decision_id))


class _Verifier:
    """One tenant's decisions, chunk by chunk: open the inputs, compute, then read and compare the results."""

    def __init__(self, pool: Pool, keys: FileKeyProvider, tenant: Tenant, verdict: Verdict, schema: str) -> None:
        self._pool, self._tenant, self._verdict, self._schema = pool, tenant, verdict, schema
        self._reader = EvidenceReader(keys, tenant.tenant_id)
        self._models: dict[str, bytes] = {}

    async def run(self, decision_id: UUID | None, since: datetime | None) -> AsyncIterator[int]:
        async with (
            tenant_transaction(self._pool, self._tenant.tenant_id) as reading,
            tenant_transaction(self._pool, self._tenant.tenant_id) as looking_up,
        ):
            chunk: list[verification.DecisionInputs] = []
            async for inputs in verification.iterate_inputs(
                reading, since=since, decision_id=decision_id, schema=self._schema
            ):
                chunk.append(inputs)
                if len(chunk) == CHUNK:
                    await self._verify(looking_up, chunk)
                    yield len(chunk)
                    chunk.clear()
            await self._verify(looking_up, chunk)
            yield len(chunk)

    async def _verify(self, connection: Connection, chunk: list[verification.DecisionInputs]) -> None:
        recomputed: dict[UUID, tuple[Recomputed, bytes]] = {}
        for inputs in chunk:
            evidence = await self._evidence(connection, inputs)
            if evidence is not None:
                recomputed[inputs.decision_id] = (await self._recompute(connection, inputs, evidence), evidence)
        stored = await verification.fetch_stored(connection, list(recomputed), schema=self._schema)
        for decision_id, (again, evidence) in recomputed.items():
            decision = stored[decision_id].reopen(evidence)
            self._verdict.kinds[decision.kind.value] += 1
            difference = compare(decision, again)
            if difference.identical:
                self._verdict.identical += 1
            else:
                self._verdict.different[decision_id] = "; ".join(
                    f"{each.what}: stored {each.stored}, recomputed {each.recomputed}"
                    for each in difference.differences[:5]
                )

    async def _recompute(
        self, connection: Connection, inputs: verification.DecisionInputs, evidence: bytes
    ) -> Recomputed:
        opened = read_evidence(evidence, len(inputs.features))
        if inputs.model_sha256 not in self._models:
            model = await decisions.fetch_model(connection, inputs.model_sha256)
            self._models[inputs.model_sha256] = model.content
        return recompute(
            inputs.method,
            dict(zip(inputs.features, opened.values, strict=True)),
            self._models[inputs.model_sha256],
            opened.findings,
        )

    async def _evidence(self, connection: Connection, inputs: verification.DecisionInputs) -> bytes | None:
        try:
            evidence = await self._reader.read(connection, inputs)
        except SealBroken:
            self._verdict.different[inputs.decision_id] = "the sealed evidence does not open: it was altered"
            return None
        self._verdict.erased += evidence is None
        return evidence
