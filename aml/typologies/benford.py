"""Benford deviation: leading digits that invented amounts have and grown ones have not."""

import numpy as np

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import CASH, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="benford",
    family="amount",
    definition=(
        "The leading digits of an account's own payments over its life (at least 150) differ from Benford's law by a "
        "chi-squared of 40 or more."
    ),
    parameters=(),
    source=("Nigrini, Benford's Law (2012), ch. 5; Badal-Valero et al., Forensic Science International 282 (2018)"),
    sar_subtype="812",
    text=(
        "the leading digits of {total} payments of {account} are not those of grown amounts (chi-squared {value:.0f})"
    ),
)
# Chi-squared with 8 degrees of freedom passes 26 once in 1,000 grown accounts, 40 once in 300,000.


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & CASH:
        return
    profile = state.profiles[edge.debtor]
    seen = 0
    for digit in range(9):
        seen += profile.digits[digit]
    if seen < 150:
        return
    squared = 0.0
    for digit in range(9):
        expected = seen * np.log10(1.0 + 1.0 / (digit + 1))
        squared += (profile.digits[digit] - expected) ** 2 / expected
    if squared >= 40.0:
        end = state.accounts[edge.debtor].touched
        start = end - settings.lengths[len(settings.lengths) - 1]
        total = state.windows[edge.debtor, OUT, len(settings.lengths) - 1].sum
        score = min(0.2 + squared / seen, 0.6)
        hit = report(out, row, code, edge.debtor, score, seen, squared, total, start, end)
        add_evidence(out, hit, slot)
