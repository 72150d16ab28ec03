"""How much a delta spares against a full run, with the same answers: `python -m benchmarks.screening_delta`.

Invented lists and customers; the next version adds, amends and removes a share of the entities. CPU time of this
process is reported, because the machine may be shared. `measure` is what `make bench-screening` calls.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aml.screening import Entity, Query, ScreeningIndex, WatchList, diff, parse_ofac, person, screen
from aml.screening.delta import Changes, Delta, pin
from aml.screening.invented_names import invent_person
from aml.screening.scorer import reference_scorer
from aml.screening.specimens import write_ofac


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of each way, and whether the delta's answers are those of the full run."""

    entities: int
    changed: int
    customers: int
    touched: int
    full_seconds: float
    prepare_seconds: float
    forward_seconds: float
    reverse_seconds: float
    confirm_seconds: float
    equal: bool

    @property
    def times_cheaper(self) -> float:
        best = min(self.forward_seconds, self.reverse_seconds)
        return self.full_seconds / (self.prepare_seconds + best + self.confirm_seconds)


def measure(entities: int = 5_000, customers: int = 1_000, share: float = 0.002, seed: int = 1) -> Measured:
    """One version to the next for invented customers; `share` of the entities change, a third each way."""
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        folder = Path(name)
        write_ofac(folder / "lists", seed, entities)
        old = parse_ofac(folder / "lists")
        new = _next(old, share, seed)
        basis, whole = ScreeningIndex.build([old], folder / "old"), ScreeningIndex.build([new], folder / "new")
        pin(whole, basis)
        queries = _customers(old, new, customers, seed)
        before = [_hits(query, basis) for query in queries]
        full, after = _timed(lambda: [_hits(query, whole) for query in queries])
        change = diff(old, new)
        changed = {*change.added, *change.amended, *change.removed}
        changes = Changes(
            tuple(each for each in new.entities if each["id"] in changed),
            tuple(each for each in old.entities if each["id"] in changed),
        )
        prepare, delta = _timed(lambda: Delta(changes, whole, reference_scorer()))
        delta.reverse(queries)  # fills the caches of words, which both ways share
        forward, touched = _timed(lambda: delta.forward(queries))
        reverse, also = _timed(lambda: delta.reverse(queries))
        confirm, confirmed = _timed(lambda: {place: _hits(queries[place], whole) for place in touched})
        answers = [confirmed.get(place, hits) for place, hits in enumerate(before)]
        return Measured(
            entities=entities,
            changed=len(changed),
            customers=customers,
            touched=len(touched),
            full_seconds=full,
            prepare_seconds=prepare,
            forward_seconds=forward,
            reverse_seconds=reverse,
            confirm_seconds=confirm,
            equal=touched == also and answers == after,
        )


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


def _hits(query: Query, index: ScreeningIndex) -> set[tuple[str, float]]:
    return {(hit.entity_id, hit.score) for hit in screen(query, index=index, limit=120).hits}


def _next(old: WatchList, share: float, seed: int) -> WatchList:
    rng = random.Random(seed + 1)
    third = max(1, round(len(old.entities) * share / 3))
    fates = rng.sample(range(len(old.entities)), 2 * third)
    removed, amended = set(fates[:third]), set(fates[third:])
    entities: list[Entity] = []
    for place, entity in enumerate(old.entities):
        if place in amended:
            who = invent_person(rng)
            entity = {**entity, "properties": {**entity["properties"], "alias": [f"{who.given} {who.surname}"]}}
        if place not in removed:
            entities.append(entity)
    for number in range(third):
        who = invent_person(rng)
        name = f"{who.given} {who.surname}"
        entities.append(
            Entity(id=f"new-{number}", schema="Person", caption=name, datasets=[], properties={"name": [name]})
        )
    return replace(old, entities=tuple(entities), sha256=f"{seed:064x}", version="next")


def _customers(old: WatchList, new: WatchList, count: int, seed: int) -> Sequence[Query]:
    """One in fifty bears a listed name; the others are strangers."""
    rng = random.Random(seed + 2)
    listed = [each for each in (*old.entities, *new.entities) if each["schema"] == "Person"]
    found = []
    for number in range(count):
        who = invent_person(rng)
        name = rng.choice(listed)["properties"]["name"][0] if number % 50 == 0 else f"{who.given} {who.surname}"
        found.append(person(name, birth_date=f"19{rng.randint(40, 99)}-0{rng.randint(1, 9)}-11"))
    return found


def main() -> None:
    """Print a line for each share of entities that changed; fail where a delta's answers differ from a full run's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=5_000)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--json", type=Path, help="Where the numbers go, too.")
    asked = parser.parse_args()
    rows = [measure(asked.entities, asked.customers, share) for share in (0.001, 0.01, 0.1)]
    for row in rows:
        print(
            f"{row.entities:,} entities, {row.changed:,} changed, {row.customers:,} customers, {row.touched:,} met: "
            f"full {row.full_seconds:.1f} s, delta {row.prepare_seconds:.2f} + forward {row.forward_seconds:.2f} or "
            f"reverse {row.reverse_seconds:.2f} + confirm {row.confirm_seconds:.2f} s CPU, "
            f"{row.times_cheaper:.1f} times cheaper, {'equal' if row.equal else 'DIFFERENT'}"
        )
    if asked.json:
        asked.json.write_text(
            json.dumps([asdict(row) | {"times_cheaper": row.times_cheaper} for row in rows], indent=1)
        )
    if not all(row.equal for row in rows):
        raise SystemExit("a delta's answers differ from the full run's")


if __name__ == "__main__":
    main()
