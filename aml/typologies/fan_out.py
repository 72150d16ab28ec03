"""Fan-out: many counterparties in a burst on one side of an account."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import CASH, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="fan_out",
    family="graph",
    definition=(
        "One account pays at least fan_out_minimum different creditors within a window, "
        "a burst against its own longest window."
    ),
    parameters=("fan_out_minimum", "fan_burst_share"),
    source="FATF, Professional money laundering (2018), distribution accounts; AMLSim; Altman et al. (2023)",
    sar_subtype="807",
    text="account {account} paid {amount} {currency} to {total} different accounts within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & CASH:
        return  # a till is paid by everyone
    account = edge.debtor
    longest = state.windows[account, OUT, len(settings.lengths) - 1].distinct
    for w in range(len(settings.lengths)):
        window = state.windows[account, OUT, w]
        minimum = settings.fan_out_minimum[w]
        if (
            minimum > 0
            and window.distinct >= minimum
            and window.distinct >= settings.numbers[0].fan_burst_share * longest
        ):
            end = state.accounts[account].touched
            start = end - settings.lengths[w]
            score = 1.0 - 0.5 ** (window.distinct / minimum)
            hit = report(out, row, code, account, score, window.distinct, 0.0, window.sum, start, end)
            add_window(state, out, hit, account, OUT, start, 0)
            return
