"""What `clearance models labels` writes: officers' dispositions beside the features that the models saw, and no person.

One JSON object a line: `format`, `kind` (`transaction` or `onboarding`), `label` (1 where the suspicion was right),
`disposition`, `false_positive_reason`, `typologies`, `regime`, `decided_on` (a day), `model` (digest), `score`, and
`features` by name as the stored decision has them. No id of a person, account, transaction or case is in it.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from rich.console import Console

from clearance.database import service_pool
from clearance.keyring import KeyName, Keyring
from clearance.settings import Settings
from explain.record import DecisionKind
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.labels import RIGHT, LabelledCase, decisions_to_label, iterate_labelled
from store.records import StoredDecision, read_evidence
from store.subjects import SubjectErased, fetch_wrapped_key
from store.tenants import list_tenants
from vault import contexts
from vault.envelope import open_sealed
from vault.keys import FileKeyProvider, KeyProvider

FORMAT = "clearance-labels/1"


@dataclass
class Written:
    rows: int = 0
    right: int = 0
    erased: int = 0


def write_labels(
    settings: Settings, output: Path, console: Console, tenant: UUID | None = None, since: datetime | None = None
) -> int:
    """Write the labelled set, readable by its owner only; the exit code."""
    # Features of transactions are amounts and counts, and still somebody's: nobody else reads the file.
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        written = asyncio.run(_write(settings, file, tenant, since))
    console.print(
        f"{written.rows:,} labels, {written.right:,} of them confirmed: {output}"
        + (f"; {written.erased:,} left out, whose data was erased" if written.erased else ""),
        soft_wrap=True,
    )
    return 0 if written.rows else 1


async def _write(settings: Settings, file: TextIO, tenant: UUID | None, since: datetime | None) -> Written:
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
    written = Written()
    async with await service_pool(settings, "clearance_worker", 2) as pool:
        async with service_transaction(pool) as conn:
            tenants = [each.tenant_id for each in await list_tenants(conn)]
        for tenant_id in [tenant] if tenant else tenants:
            await _of_tenant(pool, keys, tenant_id, since, file, written)
    return written


async def _of_tenant(
    pool: Pool, keys: KeyProvider, tenant_id: UUID, since: datetime | None, file: TextIO, written: Written
) -> None:
    async with tenant_transaction(pool, tenant_id) as conn, tenant_transaction(pool, tenant_id) as reading:
        async for case in iterate_labelled(conn, since):
            for stored, typologies in await decisions_to_label(reading, case):
                row = await _row(reading, keys, tenant_id, case, stored, typologies)
                if row is None:
                    written.erased += 1
                    continue
                file.write(json.dumps(row, sort_keys=True) + "\n")
                written.rows += 1
                written.right += row["label"]


async def _row(
    conn: Connection,
    keys: KeyProvider,
    tenant_id: UUID,
    case: LabelledCase,
    stored: StoredDecision,
    typologies: tuple[str, ...],
) -> dict[str, Any] | None:
    """None once the person's data is erased."""
    try:
        wrapped = await fetch_wrapped_key(conn, stored.subject_id)
    except SubjectErased:
        return None
    key = await asyncio.to_thread(keys.unwrap, tenant_id, wrapped)
    evidence = open_sealed(key, stored.sealed_evidence, contexts.decision_evidence(stored.decision_id))
    return {
        "format": FORMAT,
        "kind": "transaction" if stored.kind is DecisionKind.TRANSACTION_SCORE else "onboarding",
        "label": int(case.disposition in RIGHT),
        "disposition": case.disposition,
        "false_positive_reason": case.disposition_code,
        "typologies": list(typologies),
        "regime": case.regime,
        "decided_on": case.closed_at.date().isoformat(),
        "model": stored.model.sha256,
        "score": stored.score,
        "features": dict(zip(stored.features, read_evidence(evidence, len(stored.features)).values, strict=True)),
    }
