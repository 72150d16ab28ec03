"""Fan-in: many counterparties in a burst on one side of an account."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import FRESH, IN, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="fan_in",
    family="graph",
    definition=(
        "At least fan_in_minimum accounts that are new to it pay one account within a window, and they are at least "
        "fan_fresh_share of all that did. Card, cash and direct debit payments do not count."
    ),
    parameters=("fan_in_minimum", "fan_fresh_share", "memory"),
    source="FATF, Professional money laundering (2018), collection accounts; AMLSim; Altman et al. (2023)",
    sar_subtype="807",
    text="{total} new accounts paid {amount} {currency} into account {account} within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & FRESH:
        return
    account = edge.creditor
    share = settings.numbers[0].fan_fresh_share
    best, most = -1, 0.0
    for w in range(len(settings.lengths)):
        window = state.windows[account, IN, w]
        minimum = settings.fan_in_minimum[w]
        if minimum > 0 and window.fresh >= minimum and window.fresh >= share * window.distinct:
            excess = window.fresh / minimum
            if excess > most:
                best, most = w, excess
    if best >= 0:
        window = state.windows[account, IN, best]
        end = state.accounts[account].touched
        start = end - settings.lengths[best]
        hit = report(out, row, code, account, 1.0 - 0.5**most, window.fresh, 0.0, window.sum, start, end)
        add_window(state, out, hit, account, IN, start, FRESH)
