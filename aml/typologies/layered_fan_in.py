"""Layered fan-in: an account that collects from accounts which themselves collect."""

from aml.evidence import Output, add_evidence, add_window, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import FRESH, IN, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="layered_fan_in",
    family="graph",
    definition=(
        "Within a week at least two of the accounts that pay one account are themselves paid by group_minimum or more "
        "accounts new to them."
    ),
    parameters=("fan_in_minimum",),
    source="SAML-D (Oztas et al., 2023), layered fan-in; FATF, Professional money laundering (2018)",
    sar_subtype="807",
    text=(
        "{total} accounts that had themselves collected from many paid {amount} {currency} into {account} within "
        "{window}"
    ),
)


@kernel
def _collects(state: State, settings: Settings, account: int, time: int, least: int) -> bool:
    """Whether new accounts paid it within a week before it last moved, and that was within the last week."""
    if state.accounts[account].touched <= time - 7 * DAY:
        return False
    w = min(2, len(settings.lengths) - 1)
    return bool(state.windows[account, IN, w].fresh >= least)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    least = (settings.fan_in_minimum[min(2, len(settings.lengths) - 1)] + 1) // 2
    if not edge.flags & FRESH or not _collects(state, settings, edge.debtor, edge.time, least):
        return
    start = edge.time - 7 * DAY
    collectors = scratch(MOST_SCANNED)
    proof = scratch(MOST_SCANNED)
    count, total = 0, 0
    ring, mask, at = newest_before(state, edge.creditor, IN, edge.time)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        known = not entry.flags & TRACED
        for i in range(count):
            known = known or collectors[i] == entry.other
        if not known and _collects(state, settings, entry.other, edge.time, least):
            collectors[count] = entry.other
            proof[count] = entry.slot
            total += entry.amount
            count += 1
        at -= 1
    if count < 2:
        return
    hit = report(out, row, code, edge.creditor, 1.0 - 0.5 ** (count * 0.75), count, 0.0, total, start, edge.time)
    for i in range(count):
        add_evidence(out, hit, proof[i])
    for i in range(count):
        add_window(state, out, hit, collectors[i], IN, start, FRESH)
