"""Structuring: one reportable amount split into several that stay below the reporting threshold."""

import numpy as np

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import BELOW, CASH, DEPOSIT, IN, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="structuring",
    family="amount",
    definition=(
        "At least structuring_minimum reportable payments of one account in one direction within a window, each from "
        "below_floor of the reporting threshold up to just below it, that together reach the threshold."
    ),
    parameters=("reporting_threshold", "reported_channels", "below_floor", "structuring_minimum"),
    source="31 U.S.C. 5324; 31 CFR 1010.100(xx), 1010.314; FATF, Money laundering through money remittance (2010)",
    sar_subtype="114",
    text="{total} payments below the reporting threshold, together {amount} {currency}, on {account} within {window}",
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & BELOW:
        return
    if edge.flags & DEPOSIT or not edge.flags & CASH:
        _detect_side(state, settings, out, row, edge.creditor, IN, code)
    if not edge.flags & DEPOSIT:
        _detect_side(state, settings, out, row, edge.debtor, OUT, code)


@kernel
def _detect_side(
    state: State, settings: Settings, out: Output, row: int, account: int, direction: int, code: int
) -> None:
    numbers = settings.numbers[0]
    for w in range(len(settings.lengths)):
        window = state.windows[account, direction, w]
        if window.below_count >= numbers.structuring_minimum and window.below_sum >= numbers.threshold:
            end = state.accounts[account].touched
            start = end - settings.lengths[w]
            splits = window.below_sum / np.float64(numbers.threshold)
            score = 1.0 - 0.5 ** (splits * window.below_count / numbers.structuring_minimum)
            hit = report(out, row, code, account, score, window.below_count, splits, window.below_sum, start, end)
            add_window(state, out, hit, account, direction, start, BELOW)
            return
