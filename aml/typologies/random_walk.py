"""Random-walk layering: a long chain of accounts that each pass nearly all of it on to another."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import MOST_HOPS, Settings
from aml.rings import last_until, one_before
from aml.search import DAY, newest_before
from aml.state import IN, TRACED, State
from aml.typologies.definition import Typology

TYPOLOGY = Typology(
    name="random_walk",
    family="graph",
    definition=(
        "At least chain_hops payments in a row through different accounts, each within three days of and between 85% "
        "and 101% of the one before, of at least pass_through_minimum."
    ),
    parameters=("chain_hops", "pass_through_minimum", "search_budget"),
    source=(
        "Altman et al., Realistic synthetic financial transactions (2023), random; FATF, Professional money "
        "laundering (2018), layering"
    ),
    sar_subtype="807",
    text=(
        "{amount} {currency} reached {account} through {total} payments in a row, {value:.0%} of what set out, within "
        "{window}"
    ),
)


@kernel
def detect(state: State, settings: Settings, out: Output, row: int, slot: int, code: int) -> None:
    edges, entries = state.edges, state.entries
    numbers = settings.numbers[0]
    edge = edges[slot]
    if not edge.flags & TRACED or edge.amount < numbers.pass_through_minimum:
        return
    path, starts, masks = scratch(MOST_HOPS), scratch(MOST_HOPS), scratch(MOST_HOPS)
    payers = scratch(MOST_HOPS)
    longest = 1
    best = scratch(MOST_HOPS)
    start, mask, place = last_until(state, edge.creditor, IN, edge.time)
    path[0], starts[0], masks[0] = start + (place & mask), start, mask
    payers[0] = edge.debtor
    depth = 1
    start, mask, place = newest_before(state, edge.debtor, IN, edge.time)
    path[1], starts[1], masks[1] = start + (place & mask), start, mask
    budget = numbers.search_budget
    while depth > 0:
        before, onward = entries[path[depth]], entries[path[depth - 1]]
        if before.time <= onward.time - 3 * DAY:
            depth -= 1
            path[depth] = one_before(starts[depth], masks[depth], path[depth])
            continue
        if budget == 0:
            break
        budget -= 1
        fits = before.flags & TRACED and 0.85 * before.amount <= onward.amount <= 1.01 * before.amount
        if fits and before.other == edge.creditor:
            fits = False
        for i in range(depth):
            if fits and payers[i] == before.other:
                fits = False
        if fits and depth + 1 > longest:
            longest = depth + 1
            for i in range(longest):
                best[i] = entries[path[i]].slot
        if fits and depth + 1 < MOST_HOPS:
            payers[depth] = before.other
            depth += 1
            start, mask, place = newest_before(state, before.other, IN, before.time)
            path[depth], starts[depth], masks[depth] = start + (place & mask), start, mask
            continue
        if longest == MOST_HOPS:
            break
        path[depth] = one_before(starts[depth], masks[depth], path[depth])
    if longest >= numbers.chain_hops:
        first = edges[best[longest - 1]]
        kept = edge.amount / first.amount
        score = 1.0 - 0.5 ** (longest / numbers.chain_hops + 0.5)
        hit = report(out, row, code, edge.creditor, score, longest, kept, edge.amount, first.time, edge.time)
        out.found[hit].exhausted = budget == 0
        for i in range(longest):
            add_evidence(out, hit, best[i])
