"""Gather-scatter: one account collects from many new counterparties and pays out to many new ones."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import FRESH, IN, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="gather_scatter",
    family="graph",
    definition=(
        "Within a window an account is paid by and pays at least half of fan_in_minimum and fan_out_minimum accounts "
        "new to it, and sends on at least half of what it received."
    ),
    parameters=("fan_in_minimum", "fan_out_minimum"),
    source="Altman et al., Realistic synthetic financial transactions (2023), gather-scatter",
    sar_subtype="807",
    text=("{account} gathered from and scattered to {total} new accounts, {amount} {currency}, within {window}"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & FRESH:
        return
    for side in range(2):
        account = edge.debtor if side == 0 else edge.creditor
        for w in range(len(settings.lengths)):
            received, sent = state.windows[account, IN, w], state.windows[account, OUT, w]
            fewest_in = (settings.fan_in_minimum[w] + 1) // 2
            fewest_out = (settings.fan_out_minimum[w] + 1) // 2
            if fewest_in > 1 and fewest_out > 1 and received.fresh >= fewest_in and sent.fresh >= fewest_out:
                if 2 * sent.sum < received.sum or 2 * received.sum < sent.sum:
                    continue
                end = state.accounts[account].touched
                start = end - settings.lengths[w]
                excess = min(received.fresh / fewest_in, sent.fresh / fewest_out)
                total = received.fresh + sent.fresh
                hit = report(out, row, code, account, 1.0 - 0.5 ** (excess + 0.5), total, 0.0, sent.sum, start, end)
                add_window(state, out, hit, account, IN, start, FRESH)
                add_window(state, out, hit, account, OUT, start, FRESH)
                break
