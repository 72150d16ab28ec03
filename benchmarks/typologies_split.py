"""What one tenant split over several engines would lose: `python -m benchmarks.typologies_split [--json FILE]`.

Generated lives run through one engine, and through shards by account hash. Each shard is given every transaction of
which it has an account, so those between two shards are assessed twice: the kindest split there is. A hit is a typology
found by a transaction; it is lost when no shard finds it, and poorer when each that finds it names fewer transactions.
"""

import argparse
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import jurisdictions
from aml.engine import Engine
from aml.generator import generate
from aml.parameters import MonitoringParameters
from aml.transaction import Transaction
from jurisdictions.monitoring import monitoring_parameters

Hits = dict[tuple[str, str], frozenset[str]]
"""By typology and transaction: the transactions that prove it."""
LONG_CYCLE = "cycle of 3 and more"
"""Told from payments back and forth, which are most cycles and never span more than two accounts."""
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one typology over all seeds, in hits."""

    typology: str
    shards: int
    whole: int
    """Found by one engine."""
    lost: int
    poorer: int
    invented: int
    """Found by a shard, not by one engine."""


def shard_of(account: str, shards: int) -> int:
    return int.from_bytes(hashlib.sha256(account.encode()).digest()[:8], "big") % shards


def run(transactions: Iterable[Transaction], parameters: MonitoringParameters) -> Hits:
    engine, found = Engine(parameters), {}
    rows = list(transactions)
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        for transaction, hits in zip(batch, engine.push(batch).hits, strict=True):
            for hit in hits:
                ring = hit.typology == "cycle" and len(hit.transactions) > 2
                key = LONG_CYCLE if ring else hit.typology, transaction.transaction_id
                found[key] = found.get(key, frozenset()) | frozenset(hit.transactions)
    return found


def split(transactions: Sequence[Transaction], parameters: MonitoringParameters, shards: int) -> tuple[list[Hits], int]:
    """The hits of each shard, and the transactions that all of them assessed."""
    given: defaultdict[int, list[Transaction]] = defaultdict(list)
    for transaction in transactions:
        for shard in {
            shard_of(account, shards) for account in (transaction.debtor_account, transaction.creditor_account)
        }:
            given[shard].append(transaction)
    return [run(given[shard], parameters) for shard in range(shards)], sum(map(len, given.values()))


def compare(whole: Hits, parts: Sequence[Hits]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Lost, poorer and invented hits by typology."""
    lost: Counter[str] = Counter()
    poorer: Counter[str] = Counter()
    for key, proof in whole.items():
        found = [part[key] for part in parts if key in part]
        if not found:
            lost[key[0]] += 1
        elif not any(proof <= part for part in found):
            poorer[key[0]] += 1
    invented = Counter(typology for typology, _ in {key for part in parts for key in part} - whole.keys())
    return lost, poorer, invented


def measure(
    seeds: Sequence[int], people: int, days: int, counts: Sequence[int] = (2, 4)
) -> tuple[list[Loss], list[str]]:
    parameters = monitoring_parameters(jurisdictions.regime("US", date(2026, 11, 1)))
    total: Counter[str] = Counter()
    sums: dict[int, list[Counter[str]]] = {shards: [Counter(), Counter(), Counter()] for shards in counts}
    assessed: Counter[int] = Counter()
    for seed in seeds:
        payments = generate(seed, people=people, days=days, currency="USD", threshold=Decimal(10_000))
        transactions = [payment.transaction for payment in payments]
        whole = run(transactions, parameters)
        total.update(typology for typology, _ in whole)
        assessed[1] += len(transactions)
        for shards in counts:
            parts, count = split(transactions, parameters, shards)
            assessed[shards] += count
            for kept, fresh in zip(sums[shards], compare(whole, parts), strict=True):
                kept.update(fresh)
    losses = []
    for typology in sorted(total | sums[counts[-1]][2]):
        for shards in counts:
            lost, poorer, invented = (counter[typology] for counter in sums[shards])
            losses.append(Loss(typology, shards, total[typology], lost, poorer, invented))
    said = [f"{assessed[1]:,} transactions of {len(seeds)} worlds"]
    said += [f"{shards} shards assess {assessed[shards] / assessed[1]:.2f} times as many" for shards in counts]
    return losses, said


def table(losses: Sequence[Loss], counts: Sequence[int] = (2, 4)) -> str:
    """Markdown: percent of the whole engine's hits."""
    heads = [f"{shards}: {what}" for shards in counts for what in ("lost", "poorer", "invented")]
    lines = [f"| typology | hits | {' | '.join(heads)} |", "|---|--:|" + "--:|" * len(heads)]
    for typology in dict.fromkeys(loss.typology for loss in losses):
        own = [loss for loss in losses if loss.typology == typology]
        cells = [
            f"{100 * number / loss.whole:.0f} %" if loss.whole else str(number)
            for loss in own
            for number in (loss.lost, loss.poorer, loss.invented)
        ]
        lines.append(f"| {typology} | {own[0].whole:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    losses, said = measure(asked.seeds, asked.people, asked.days)
    print("; ".join(said) + "\n\n" + table(losses))
    if asked.json:
        asked.json.write_text(json.dumps({"said": said, "losses": [asdict(loss) for loss in losses]}, indent=1))


if __name__ == "__main__":
    main()
