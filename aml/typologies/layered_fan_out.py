"""Layered fan-out: an account that pays accounts which each pay several others."""

from aml.evidence import Output, add_evidence, add_window, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import FRESH, IN, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="layered_fan_out",
    family="graph",
    definition=(
        "Within a week at least two of the accounts that one account paid each paid half of fan_out_minimum or more "
        "accounts new to them."
    ),
    parameters=("fan_out_minimum",),
    source="SAML-D (Oztas et al., 2023), layered fan-out; FATF, Professional money laundering (2018)",
    sar_subtype="807",
    text=("{account} paid {amount} {currency} to {total} accounts that each paid many others within {window}"),
)


@kernel
def _spreads(state: State, settings: Settings, account: int, time: int, least: int) -> bool:
    """Whether it paid new accounts within a week before it last moved, and that was within the last week."""
    if state.accounts[account].touched <= time - 7 * DAY:
        return False
    w = min(2, len(settings.lengths) - 1)
    return bool(state.windows[account, OUT, w].fresh >= least)


@kernel
def _report(
    state: State, settings: Settings, out: Output, row: int, code: int, source: int, start: int, end: int, least: int
) -> bool:
    """Report a source of money when two or more of those it paid spread the money. Returns whether it did."""
    spreaders = scratch(MOST_SCANNED)
    proof = scratch(MOST_SCANNED)
    count, total = 0, 0
    ring, mask, at = newest_before(state, source, OUT, end)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        known = not entry.flags & FRESH
        for i in range(count):
            known = known or spreaders[i] == entry.other
        if not known and _spreads(state, settings, entry.other, end, least):
            spreaders[count] = entry.other
            proof[count] = entry.slot
            total += entry.amount
            count += 1
        at -= 1
    if count < 2:
        return False
    hit = report(out, row, code, source, 1.0 - 0.5 ** (count * 0.75), count, 0.0, total, start, end)
    for i in range(count):
        add_evidence(out, hit, proof[i])
    for i in range(count):
        add_window(state, out, hit, spreaders[i], OUT, start, FRESH)
    return True


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    least = (settings.fan_out_minimum[min(2, len(settings.lengths) - 1)] + 1) // 2
    if not edge.flags & FRESH or not _spreads(state, settings, edge.debtor, edge.time, least):
        return
    start = edge.time - 7 * DAY
    ring, mask, at = newest_before(state, edge.debtor, IN, edge.time)
    for _ in range(4):
        funding = state.entries[ring + (at & mask)]
        if funding.time <= start:
            return
        source = funding.other
        if funding.flags & FRESH and _report(state, settings, out, row, code, source, start, edge.time, least):
            return
        at -= 1
