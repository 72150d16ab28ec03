"""Random-walk layering: a long chain of accounts that each pass nearly all of it on to another."""

from aml.evidence import Output, add_evidence, report
from aml.kernels import kernel
from aml.memory import scratch
from aml.parameters import MOST_HOPS, Settings
from aml.search import DAY, copy_numbers, newest_before
from aml.state import IN, NONE, TRACED, State
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
    edges = state.edges
    numbers = settings.numbers[0]
    edge = edges[slot]
    if not edge.flags & TRACED or edge.amount < numbers.pass_through_minimum:
        return
    path = scratch(MOST_HOPS)
    longest = 1
    best = scratch(MOST_HOPS)
    path[0] = slot
    depth = 1
    path[1] = newest_before(state, state.accounts[edge.debtor].tail[IN], edge.time, IN)
    budget = numbers.search_budget
    while depth > 0:
        candidate = path[depth]
        if candidate == NONE or edges[candidate].time <= edges[path[depth - 1]].time - 3 * DAY:
            depth -= 1
            if depth > 0:
                path[depth] = edges[path[depth]].in_prev
            continue
        if budget == 0:
            break
        budget -= 1
        onward, before = edges[path[depth - 1]].amount, edges[candidate]
        fits = before.flags & TRACED and 0.85 * before.amount <= onward <= 1.01 * before.amount
        if fits and before.debtor == edge.creditor:
            fits = False
        for i in range(depth):
            if fits and edges[path[i]].debtor == before.debtor:
                fits = False
        if fits and depth + 1 > longest:
            longest = depth + 1
            copy_numbers(path, best, longest)
        if fits and depth + 1 < MOST_HOPS:
            depth += 1
            path[depth] = newest_before(state, state.accounts[before.debtor].tail[IN], before.time, IN)
            continue
        if longest == MOST_HOPS:
            break
        path[depth] = before.in_prev
    if longest >= numbers.chain_hops:
        first = edges[best[longest - 1]]
        kept = edge.amount / first.amount
        score = 1.0 - 0.5 ** (longest / numbers.chain_hops + 0.5)
        hit = report(out, row, code, edge.creditor, score, longest, kept, edge.amount, first.time, edge.time)
        out.found[hit].exhausted = budget == 0
        for i in range(longest):
            add_evidence(out, hit, best[i])
