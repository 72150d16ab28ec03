"""Peer deviation: an account that moves money as hardly any other of its kind of customer does."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import Record, kernel
from aml.parameters import Settings
from aml.profile import deviation_among, log_of, share_below, share_near, share_of_paces
from aml.search import DAY
from aml.state import CASH, DEPOSIT, IN, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="peer_deviation",
    family="behaviour",
    definition=(
        "Against at least 500 payments of its peer group in the same direction, two or more of: an amount four robust "
        "deviations above the group's median, a week's sum or number of payments that 99.5% of the group's stay below, "
        "an hour or a channel that is below 0.5% of them; and at least pass_through_minimum."
    ),
    parameters=("pass_through_minimum",),
    source=(
        "FATF, Guidance for a risk-based approach: the banking sector (2014), para. 62 f., peer groups; FFIEC BSA/AML "
        "Manual, suspicious activity reporting, monitoring"
    ),
    sar_subtype="812",
    text=(
        "{account} moved {amount} {currency} unlike its peers in {total} ways (the amount {value:.1f} robust "
        "deviations above their median)"
    ),
    needs=("debtor_segment", "creditor_segment"),
)

_FEWEST = 500
_RARE = 0.005


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int, payment: Record) -> None:
    edge = state.edges[slot]
    if edge.amount < settings.numbers[0].pass_through_minimum:
        return
    if payment.debtor_segment > 0 and not edge.flags & DEPOSIT:
        _detect_side(state, out, row, slot, code, edge.debtor, OUT, payment.debtor_segment)
    if payment.creditor_segment > 0 and (edge.flags & DEPOSIT or not edge.flags & CASH):
        _detect_side(state, out, row, slot, code, edge.creditor, IN, payment.creditor_segment)


@kernel
def _detect_side(
    state: State, out: Output, row: int, slot: int, code: int, account: int, direction: int, segment: int
) -> None:
    edge = state.edges[slot]
    peers = state.peers[segment, direction]
    if peers.count < _FEWEST:
        return
    week = state.windows[account, direction, min(2, state.windows.shape[2] - 1)]
    deviation = deviation_among(peers.amounts, edge.log)
    shifts = 1 if deviation >= 4.0 else 0
    shifts += 1 if share_below(peers.turnovers, log_of(week.sum)) > 1.0 - _RARE else 0
    shifts += 1 if share_of_paces(peers, week.count) < _RARE else 0
    hour = (edge.time % DAY) // 3_600_000_000
    shifts += 1 if share_near(peers.hours, hour, peers.count) < _RARE else 0
    shifts += 1 if peers.channels[edge.channel] < _RARE * peers.count else 0
    if shifts >= 2:
        score = min(0.3 + 0.15 * shifts + 0.03 * min(max(deviation, 0.0), 10.0), 0.95)
        end = state.accounts[account].touched
        start = end - 7 * DAY
        hit = report(out, row, code, account, score, shifts, deviation, edge.amount, start, end)
        add_evidence(out, hit, slot)
