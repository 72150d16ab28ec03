"""High-risk jurisdiction: money from or to a country on the regime's list."""

from aml.evidence import Output, add_window, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.rings import newest
from aml.search import DAY, MOST_SCANNED
from aml.state import HIGH_RISK, IN, OUT, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="high_risk_jurisdiction",
    family="geography",
    definition=(
        "A payment of at least a tenth of large_minimum from or to a country on the regime's dated list of high-risk "
        "jurisdictions."
    ),
    parameters=("high_risk_countries", "large_minimum"),
    source=(
        "FATF, High-risk jurisdictions subject to a call for action; Directive (EU) 2015/849, Art. 18a; 31 CFR "
        "1010.651 ff."
    ),
    sar_subtype="805",
    text=(
        "{amount} {currency} from or to a high-risk country on account {account}, {total} such payments within {window}"
    ),
    needs=("debtor_country", "creditor_country"),
    lists=("high_risk_countries",),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & HIGH_RISK or edge.amount < settings.numbers[0].large_minimum // 10:
        return
    for side in range(2):
        account = edge.debtor if side == 0 else edge.creditor
        direction = OUT if side == 0 else IN
        end = state.accounts[account].touched
        start = end - 30 * DAY
        count, total = 0, 0
        ring, mask, at = newest(state, account, direction)
        for _ in range(MOST_SCANNED):
            entry = state.entries[ring + (at & mask)]
            if entry.time <= start:
                break
            if entry.flags & HIGH_RISK:
                count += 1
                total += entry.amount
            at -= 1
        score = 1.0 - 0.5 ** (0.3 + total / (4.0 * settings.numbers[0].large_minimum))
        hit = report(out, row, code, account, score, count, 0.0, total, start, end)
        add_window(state, out, hit, account, direction, start, HIGH_RISK)
