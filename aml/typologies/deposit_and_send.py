"""Deposit and send: cash comes in and leaves by transfer within two days."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import Settings
from aml.search import DAY, MOST_SCANNED, newest_before
from aml.state import DEPOSIT, IN, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="deposit_and_send",
    family="amount",
    definition=(
        "A transfer of at least 80% of the cash that was deposited into the account in the two days before it, of at "
        "least pass_through_minimum."
    ),
    parameters=("pass_through_minimum",),
    source="FFIEC BSA/AML Manual, appendix F, funds transfers; SAML-D (Oztas et al., 2023), deposit-send",
    sar_subtype="805",
    text=("{account} sent on {amount} {currency}, {value:.0%} of the cash deposited within {window} before"),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edge = state.edges[slot]
    if not edge.flags & TRACED or edge.amount < settings.numbers[0].pass_through_minimum:
        return
    start = edge.time - 2 * DAY
    proof = scratch(MOST_SCANNED)
    count, total = 0, 0
    ring, mask, at = newest_before(state, edge.debtor, IN, edge.time)
    for _ in range(MOST_SCANNED):
        entry = state.entries[ring + (at & mask)]
        if entry.time <= start:
            break
        if entry.flags & DEPOSIT:
            proof[count] = entry.slot
            count += 1
            total += entry.amount
        at -= 1
    if count > 0 and 0.8 * total <= edge.amount <= 1.2 * total:
        share = edge.amount / total
        hit = report(out, row, code, edge.debtor, 0.75, count, share, edge.amount, start, edge.time)
        add_evidence(out, hit, slot)
        for i in range(count):
            add_evidence(out, hit, proof[i])
