"""Dormant then active: an account that was still for three months and then moves much."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import DAY
from aml.state import CASH, DEPOSIT, IN, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="dormant_then_active",
    family="behaviour",
    definition=("Within a week after 90 days without any payment, an account receives or pays at least large_minimum."),
    parameters=("large_minimum",),
    source=("FFIEC BSA/AML Manual, appendix F, activity inconsistent; FATF, Professional money laundering (2018)"),
    sar_subtype="812",
    text="{account} was still for {value:.0f} days and then moved {amount} {currency} within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    week = min(2, len(settings.lengths) - 1)
    for side in range(2):
        account = edge.debtor if side == 0 else edge.creditor
        if edge.flags & CASH and (side == 1) != (edge.flags & DEPOSIT != 0):
            continue
        record = state.accounts[account]
        if record.touched - record.woke > 7 * DAY:
            continue
        moved = max(state.windows[account, OUT, week].sum, state.windows[account, IN, week].sum)
        if moved >= settings.numbers[0].large_minimum:
            score = 1.0 - 0.5 ** (0.7 + moved / (4.0 * settings.numbers[0].large_minimum))
            hit = report(out, row, code, account, score, 1, record.still / DAY, moved, record.woke - 1, record.touched)
            add_window(state, out, hit, account, OUT, record.woke - 1, 0)
            add_window(state, out, hit, account, IN, record.woke - 1, 0)
            return
