"""Fan-in: many counterparties in a burst on one side of an account."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import CASH, IN, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="fan_in",
    family="graph",
    definition=(
        "At least fan_in_minimum different debtors pay one account within a window, "
        "a burst against its own longest window."
    ),
    parameters=("fan_in_minimum", "fan_burst_share"),
    source="FATF, Professional money laundering (2018), collection accounts; AMLSim; Altman et al. (2023)",
    sar_subtype="807",
    text="{total} different accounts paid {amount} {currency} into account {account} within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & CASH:
        return  # a till is paid by everyone
    account = edge.creditor
    longest = state.windows[account, IN, len(settings.lengths) - 1].distinct
    for w in range(len(settings.lengths)):
        window = state.windows[account, IN, w]
        minimum = settings.fan_in_minimum[w]
        if (
            minimum > 0
            and window.distinct >= minimum
            and window.distinct >= settings.numbers[0].fan_burst_share * longest
        ):
            end = state.accounts[account].touched
            start = end - settings.lengths[w]
            score = 1.0 - 0.5 ** (window.distinct / minimum)
            hit = report(out, row, code, account, score, window.distinct, 0.0, window.sum, start, end)
            add_window(state, out, hit, account, IN, start, 0)
            return
