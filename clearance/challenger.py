"""A challenger beside the champion on what the champion decided: the stored features scored by both.

Separate from `models`, which says what may load; here nothing is decided and nothing is stored.
"""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from rich.console import Console
from rich.table import Table

from clearance.database import service_pool
from clearance.keyring import KeyName, Keyring
from clearance.settings import Settings
from clearance.trust import approved_models
from clearance.verification import EvidenceReader
from explain.approval import Role
from explain.bands import BANDS
from explain.challenger import Comparison, compare
from explain.record import Finding
from explain.registry import load_approved
from explain.trees import TreeModel, number
from store import verification
from store.connection import service_transaction, tenant_transaction
from store.records import read_evidence
from store.tenants import list_tenants
from vault.keys import FileKeyProvider


class NothingToCompare(LookupError):
    """The champion decided nothing in that time whose evidence can still be opened."""


async def compare_models(
    settings: Settings, champion: str, challenger: str, *, since: datetime | None = None, limit: int = 100_000
) -> Comparison:
    """Score the decisions of the model in folder `champion` by the one in folder `challenger` too: of each tenant
    the first `limit` since then. Both must be approved for their role (`explain.registry.ModelNotLoaded`).

    Raises `NothingToCompare`, and `ValueError` where the challenger needs features that were not recorded.
    """
    approved = approved_models(settings)
    ours = approved.champion(champion)
    theirs = load_approved(approved.place(challenger), approved.trust(), Role.CHALLENGER, approved.signed(challenger))
    model = TreeModel.from_text(ours.content)
    rows, cuts = await _decided(settings, ours.ref.sha256, model.feature_names, since, limit)
    if not rows:
        raise NothingToCompare(f"{ours.ref.name} {ours.ref.version} decided nothing that can be compared")
    return compare(model, TreeModel.from_text(theirs.content), np.array(rows, dtype=np.float64), cuts)


async def _decided(
    settings: Settings, sha256: str, features: tuple[str, ...], since: datetime | None, limit: int
) -> tuple[list[list[float]], Mapping[str, float]]:
    """Feature rows in the model's order (unknown values NaN), and the cuts that the last decision was banded by."""
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
    rows: list[list[float]] = []
    cuts: Mapping[str, float] = {}
    async with await service_pool(settings, "clearance_worker") as pool:
        async with service_transaction(pool) as connection:
            tenants = await list_tenants(connection)
        for tenant in tenants:
            reader, mine = EvidenceReader(keys, tenant.tenant_id), 0
            async with (
                tenant_transaction(pool, tenant.tenant_id) as reading,
                tenant_transaction(pool, tenant.tenant_id) as looking_up,
            ):
                async for inputs in verification.iterate_inputs(reading, since=since, model_sha256=sha256):
                    if mine >= limit:
                        break
                    evidence = await reader.read(looking_up, inputs)
                    if evidence is None:
                        continue
                    opened = read_evidence(evidence, len(inputs.features))
                    values = dict(zip(inputs.features, opened.values, strict=True))
                    rows.append([number(values[name]) for name in features])
                    cuts = next((_cuts(each) for each in opened.findings if each.rule == BANDS), cuts)
                    mine += 1
    return rows, cuts


def _cuts(finding: Finding) -> Mapping[str, float]:
    return {name: number(cut) for name, cut in finding.values.items()}


def print_comparison(result: Comparison, console: Console) -> None:
    """Who would have decided otherwise, band by band."""
    table = Table("champion", "challenger", "decisions", box=None, pad_edge=False)
    for (ours, theirs), count in sorted(result.bands.items(), key=lambda each: -each[1]):
        table.add_row(ours, theirs, f"{count:,}", style="" if ours == theirs else "yellow")
    console.print(table)
    console.print(
        f"{result.rows:,} decisions: the same band for {result.agreement:.2%}; scores differ by "
        f"{result.mean_difference:+.4f} on average, {result.largest_difference:.4f} at most; "
        f"rank correlation {result.rank_correlation:.3f}",
        highlight=False,
        soft_wrap=True,
    )
