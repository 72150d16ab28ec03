"""Pass-through: money comes in and almost all of it leaves within days, so the account only hides where it went."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.state import DEPOSIT, IN, OUT, SELF, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="pass_through",
    family="amount",
    definition=(
        "Within a week or less, an account sends on at least pass_through_share of what it received, at most "
        "a twentieth more than it received, and at least pass_through_minimum."
    ),
    parameters=("pass_through_share", "pass_through_minimum"),
    source="FATF, Professional money laundering (2018), mule networks; FFIEC BSA/AML Manual, appendix F, transfers",
    sar_subtype="805",
    text="account {account} sent on {value:.0%} of what it received, {amount} {currency}, within {window}",
)
_WEEK = 7 * 86_400 * 1_000_000


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    numbers = settings.numbers[0]
    account = state.edges[slot].debtor
    if state.edges[slot].flags & (DEPOSIT | SELF):
        return
    for w in range(len(settings.lengths)):
        if settings.lengths[w] > _WEEK:
            return
        received = state.windows[account, IN, w].sum
        sent = state.windows[account, OUT, w].sum
        if (
            received > 0
            and sent >= numbers.pass_through_minimum
            and sent >= numbers.pass_through_share * received
            and sent <= 1.05 * received
        ):
            end = state.accounts[account].touched
            start = end - settings.lengths[w]
            share = sent / received
            score = 0.9 - 0.2 * w if w < 3 else 0.3
            hit = report(out, row, code, account, score, 0, share, sent, start, end)
            add_window(state, out, hit, account, IN, start, 0)
            add_window(state, out, hit, account, OUT, start, 0)
            return
