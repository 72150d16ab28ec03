"""Layered fan-out: an account that pays accounts which each pay several others."""

from aml.evidence import Output, add_evidence, add_window, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import FRESH, IN, NONE, OUT, State
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
    state: State, settings: Settings, out: Output, row: int, code: int, funding: int, start: int, end: int, least: int
) -> bool:
    """Report the source of `funding` when two or more of those it paid spread the money. Returns whether it did."""
    edges = state.edges
    source = edges[funding].debtor
    spreaders = scratch(MOST_SCANNED)
    entries = scratch(MOST_SCANNED)
    count, total = 0, 0
    current = newest_before(state, state.accounts[source].tail[OUT], end, OUT)
    for _ in range(MOST_SCANNED):
        if current == NONE or edges[current].time <= start:
            break
        paid = edges[current].creditor
        known = not edges[current].flags & FRESH
        for i in range(count):
            known = known or spreaders[i] == paid
        if not known and _spreads(state, settings, paid, end, least):
            spreaders[count] = paid
            entries[count] = current
            total += edges[current].amount
            count += 1
        current = edges[current].out_prev
    if count < 2:
        return False
    hit = report(out, row, code, source, 1.0 - 0.5 ** (count * 0.75), count, 0.0, total, start, end)
    for i in range(count):
        add_evidence(out, hit, entries[i])
    for i in range(count):
        add_window(state, out, hit, spreaders[i], OUT, start, FRESH)
    return True


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges = state.edges
    edge = edges[slot]
    least = (settings.fan_out_minimum[min(2, len(settings.lengths) - 1)] + 1) // 2
    if not edge.flags & FRESH or not _spreads(state, settings, edge.debtor, edge.time, least):
        return
    start = edge.time - 7 * DAY
    funding = newest_before(state, state.accounts[edge.debtor].tail[IN], edge.time, IN)
    for _ in range(4):
        if funding == NONE or edges[funding].time <= start:
            return
        if edges[funding].flags & FRESH and _report(state, settings, out, row, code, funding, start, edge.time, least):
            return
        funding = edges[funding].in_prev
