"""Fan-out: many counterparties in a burst on one side of an account."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import FRESH, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="fan_out",
    family="graph",
    definition=(
        "One account pays at least fan_out_minimum accounts that are new to it within a window, and they are at least "
        "fan_fresh_share of all that did. Card, cash and direct debit payments do not count."
    ),
    parameters=("fan_out_minimum", "fan_fresh_share", "memory"),
    source="FATF, Professional money laundering (2018), distribution accounts; AMLSim; Altman et al. (2023)",
    sar_subtype="807",
    text="account {account} paid {amount} {currency} to {total} accounts new to it within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & FRESH:
        return
    account = edge.debtor
    share = settings.numbers[0].fan_fresh_share
    best, most = -1, 0.0
    for w in range(len(settings.lengths)):
        window = state.windows[account, OUT, w]
        minimum = settings.fan_out_minimum[w]
        if minimum > 0 and window.fresh >= minimum and window.fresh >= share * window.distinct:
            excess = window.fresh / minimum
            if excess > most:
                best, most = w, excess
    if best >= 0:
        window = state.windows[account, OUT, best]
        end = state.accounts[account].touched
        start = end - settings.lengths[best]
        hit = report(out, row, code, account, 1.0 - 0.5**most, window.fresh, 0.0, window.sum, start, end)
        add_window(state, out, hit, account, OUT, start, FRESH)
