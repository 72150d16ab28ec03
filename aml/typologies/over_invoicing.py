"""Over-invoicing: one payment far above the range that the same two parties always had."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.parameters import Settings
from aml.search import MOST_SCANNED
from aml.state import NONE, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="over_invoicing",
    family="amount",
    definition=(
        "A payment of at least 2.5 times the largest of three or more earlier ones between the same accounts in "
        "memory, of at least large_minimum."
    ),
    parameters=("large_minimum", "memory"),
    source=(
        "FATF, Trade-based money laundering: trends and developments (2020); FFIEC BSA/AML Manual, appendix F, trade "
        "finance"
    ),
    sar_subtype="823",
    text=("{account} was paid {amount} {currency}, {value:.1f} times the most it ever got from the same payer"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges = state.edges
    edge = edges[slot]
    pair = state.pairs[edge.pair]
    if pair.live < 4 or edge.amount < settings.numbers[0].large_minimum or not edge.flags & TRACED:
        return
    largest, count, start = 0, 0, edge.time
    current = pair.oldest
    for _ in range(MOST_SCANNED):
        if current == NONE:
            break
        if current != slot:
            largest = max(largest, edges[current].amount)
            start = min(start, edges[current].time)
            count += 1
        current = edges[current].pair_next
    if count >= 3 and largest > 0 and edge.amount >= 2.5 * largest:
        times = edge.amount / largest
        hit = report(
            out, row, code, edge.creditor, 1.0 - 0.5 ** (times / 2.5), count, times, edge.amount, start, edge.time
        )
        add_evidence(out, hit, slot)
        current = pair.oldest
        for _ in range(MOST_SCANNED):
            if current == NONE:
                break
            if current != slot:
                add_evidence(out, hit, current)
            current = edges[current].pair_next
