"""Behaviour change: a customer suddenly pays in amounts, at hours, by channels, to whom, where or at a pace that were
never theirs."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import Record, kernel
from aml.parameters import Settings
from aml.profile import robust_deviation
from aml.search import DAY
from aml.state import DEPOSIT, FRESH, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="behaviour_change",
    family="behaviour",
    definition=(
        "Against at least 20 payments of its own life, two or more of: an amount four robust deviations above the "
        "median, an hour or a channel that is below 2% of them, a payee new to one who pays new ones less than once in "
        "50, a country none of them went to, a day with five times the usual number; and at least pass_through_minimum."
    ),
    parameters=("pass_through_minimum",),
    source=(
        "FFIEC BSA/AML Manual, suspicious activity reporting, monitoring; SAML-D (Oztas et al., 2023), behavioural "
        "change 1 and 2"
    ),
    sar_subtype="812",
    text=(
        "{account} paid {amount} {currency} unlike its life so far in {total} ways (amount {value:.1f} robust "
        "deviations above the median)"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if edge.flags & DEPOSIT or edge.amount < settings.numbers[0].pass_through_minimum:
        return
    profile = state.profiles[edge.debtor]
    if profile.count < 20:
        return
    deviation = robust_deviation(state, edge.debtor, edge.log)
    shifts = 1 if deviation >= 4.0 else 0
    hour = (edge.time % DAY) // 3_600_000_000
    near = profile.hours[hour] + profile.hours[(hour + 1) % 24] + profile.hours[(hour + 23) % 24]
    shifts += 1 if 50 * near < profile.count else 0
    shifts += 1 if 50 * profile.channels[edge.channel] < profile.count else 0
    shifts += 1 if edge.flags & FRESH and profile.count >= 50 and 50 * profile.strangers < profile.count else 0
    shifts += 1 if edge.creditor_country > 0 and _is_new_country(profile, edge.creditor_country) else 0
    account = state.accounts[edge.debtor]
    if len(settings.lengths) > 1:
        today = state.windows[edge.debtor, OUT, 1].count
        usual = state.windows[edge.debtor, OUT, len(settings.lengths) - 1].count / 30.0
        shifts += 1 if today >= 5 and today >= 5.0 * max(usual, 0.2) else 0
    if shifts >= 2 and (deviation >= 2.0 or shifts >= 3):
        score = min(0.3 + 0.15 * shifts + 0.03 * min(deviation, 10.0), 0.95)
        hit = report(out, row, code, edge.debtor, score, shifts, deviation, edge.amount, account.first_seen, edge.time)
        add_evidence(out, hit, slot)


@kernel
def _is_new_country(profile: Record, country: int) -> bool:
    """Whether none of at least 20 payments of known destination went there, among the six most usual countries."""
    known = 0
    for i in range(len(profile.countries)):
        if profile.countries[i] == country:
            return False
        known += profile.visits[i]
    return known >= 20
