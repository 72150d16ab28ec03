"""What screening finds, how fast, and in how much memory; beside rapidfuzz's token_sort and nomenklatura's logic-v2.

    python benchmarks/screening.py [--data DIR] [--generated N] [--queries N] [--challenger PYTHON]

Quality: entities of the OFAC list in `--data` (else invented ones), a sixth of the persons and organisations left out
of the index; queries are damaged names (`screening_perturbations.py`) of listed entities, and of those left out, which
must not be found. No threshold is chosen here: recall is read off where the left-out queries give the false positives
named. Latency: processor time of `screen` a query. Memory: resident size after the queries. `--generated` adds invented
entities. `--challenger` is the Python of a virtual environment with nomenklatura; it scores the same candidates.
"""

import argparse
import dataclasses
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rapidfuzz import fuzz, process  # noqa: E402
from screening_perturbations import perturb  # noqa: E402

from aml.screening import Entity, ScreeningIndex, WatchList, diff, parse_ofac, query_of, screen  # noqa: E402
from aml.screening.records import name_tokens  # noqa: E402
from aml.screening.specimens import write_ofac  # noqa: E402

SEED = 97
CHALLENGER = """
import json, sys
from nomenklatura.matching import get_algorithm
try:
    from followthemoney import EntityProxy, model
    make = lambda d: model.get_proxy(d)
    left = make({"id": "a", "schema": "Person", "properties": {"name": ["x"]}})
except Exception as error:
    print(json.dumps({"error": repr(error)})); sys.exit()
algorithm = get_algorithm("logic-v2")
config = algorithm.default_config() if hasattr(algorithm, "default_config") else None
for line in sys.stdin:
    query, candidates = json.loads(line)
    best, own = 0.0, 0.0
    for candidate in candidates:
        result = algorithm.compare(make(query), make(candidate), config)
        best = max(best, result.score)
        if candidate["id"] == query["about"]:
            own = result.score
    print(json.dumps([own, best]), flush=True)
"""


def usable(entity: Entity) -> bool:
    return entity["schema"] in ("Person", "Organization")


def auc(found: Sequence[float], false: Sequence[float]) -> float:
    """The chance that a listed query scores above one that is not, ties half."""
    ranked = sorted([(score, 1) for score in found] + [(score, 0) for score in false])
    rank_sum, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        rank_sum += sum(kind for _, kind in ranked[place:end]) * (place + 1 + end) / 2
        place = end
    return (rank_sum - len(found) * (len(found) + 1) / 2) / (len(found) * len(false))


def recall_at(found: Sequence[float], false: Sequence[float], rate: float) -> float:
    limit = sorted(false, reverse=True)[int(rate * len(false))]
    return sum(score > limit for score in found) / len(found)


def report(name: str, found: Sequence[float], false: Sequence[float]) -> None:
    print(
        f"{name:<24} AUC {auc(found, false):.4f}   recall {recall_at(found, false, 0.05):.3f} at 5% FP   "
        f"{recall_at(found, false, 0.01):.3f} at 1% FP"
    )


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return 1000 * (time.process_time() - start)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "watchlists")
    arguments.add_argument("--generated", type=int, default=14_000)
    arguments.add_argument("--queries", type=int, default=1000)
    arguments.add_argument("--challenger", type=Path)
    options = arguments.parse_args()
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as place:
        run(options, rng, Path(place))


def run(options: argparse.Namespace, rng: random.Random, place: Path) -> None:
    write_ofac(place / "generated", seed=SEED, n=options.generated)
    generated = dataclasses.replace(parse_ofac(place / "generated"), name="generated")
    real = (options.data / "ofac_sdn.csv").is_file()
    whole = parse_ofac(options.data) if real else generated
    left_out = [entity for entity in whole.entities if usable(entity) and rng.random() < 1 / 6]
    gone = {entity["id"] for entity in left_out}
    listed = tuple(entity for entity in whole.entities if entity["id"] not in gone)
    lists = [WatchList("measured", "1", None, whole.sha256, listed), *([generated] if real else [])]

    start = time.process_time()
    index = ScreeningIndex.build(lists, place / "index")
    print(
        f"{'OFAC' if real else 'invented'} entities; index of {index.entity_count} entities, {index.name_count} names"
    )
    print(f"build {time.process_time() - start:.1f} s of processor time")

    asked = [entity for entity in listed if usable(entity)]
    positives = rng.sample(asked, min(options.queries, len(asked)))
    negatives = rng.sample(left_out, min(options.queries, len(left_out)))
    queries = [(entity, damaged_query(entity, rng)) for entity in (*positives, *negatives)]

    recalled = sum(candidate_found(index, entity, query) for entity, query in queries[: len(positives)])
    search = [
        timed(lambda q=query: index.candidates(name_tokens(q["name"], kind(q)), kind(q), 120)) for _, query in queries
    ]
    print(
        f"candidates: recall {recalled / len(positives):.4f}, p50 {percentile(search, 0.5):.2f} ms, "
        f"p95 {percentile(search, 0.95):.2f} ms"
    )

    times: list[float] = []
    scores: list[float] = []
    for entity, query in queries:
        asked_query = query_of(query)
        times.append(timed(lambda asked_query=asked_query: screen(asked_query, index=index)))
        result = screen(asked_query, index=index, threshold=0.0, limit=20)
        own = [hit.log_odds for hit in result.hits if hit.entity_id == entity["id"] or entity["id"] in gone]
        scores.append(own[0] if own else -99.0)
    print(
        f"screen: p50 {percentile(times, 0.5):.2f} ms, p95 {percentile(times, 0.95):.2f} ms of processor time; "
        f"resident {resident_mb():.0f} MB"
    )
    report("clearance", scores[: len(positives)], scores[len(positives) :])

    flat = [
        (entity["id"], name.upper())
        for entry in lists
        for entity in entry.entities
        for name in (*entity["properties"]["name"], *entity["properties"].get("alias", ()))
    ]
    names = [name for _, name in flat]
    baseline: list[float] = []
    for entity, query in queries:
        found = process.extract(query["name"].upper(), names, scorer=fuzz.token_sort_ratio, limit=20)
        own = [score for _, score, at in found if flat[at][0] == entity["id"] or entity["id"] in gone]
        baseline.append(own[0] if own else 0.0)
    report("rapidfuzz token_sort", baseline[: len(positives)], baseline[len(positives) :])
    if options.challenger:
        challenge(options.challenger, queries, index, len(positives))

    half = dataclasses.replace(lists[0], entities=listed[: len(listed) // 2])
    old, new = half.record_hashes(), lists[0].record_hashes()
    print(
        f"delta of {len(new)} records by hash: {timed(lambda: diff(old, new)):.1f} ms, "
        f"{len(diff(old, new).added)} added"
    )


def kind(query: dict[str, str]) -> str:
    return query_of(query).kind


def damaged_query(entity: Entity, rng: random.Random) -> dict[str, str]:
    names = [*entity["properties"]["name"], *entity["properties"].get("alias", ())]
    return {"schema": entity["schema"], "name": perturb(rng.choice(names), rng)[0]}


def candidate_found(index: ScreeningIndex, entity: Entity, query: dict[str, str]) -> bool:
    tokens = name_tokens(query["name"], kind(query))
    return any(index.record(number).id == entity["id"] for number, _ in index.candidates(tokens, kind(query), 120))


def challenge(
    python: Path, queries: list[tuple[Entity, dict[str, str]]], index: ScreeningIndex, positives: int
) -> None:
    """logic-v2 on the best 15 candidates of each query (its own search engine is not run)."""
    lines: list[str] = []
    for place, (entity, query) in enumerate(queries):
        found = index.candidates(name_tokens(query["name"], kind(query)), kind(query), 40)
        entities = [index.entity(number) for number in dict.fromkeys(number for number, _ in found)][:15]
        # An id of its own for each query: logic-v2 remembers names by id.
        body = {
            "id": f"q-{place}",
            "about": entity["id"],
            "schema": query["schema"],
            "properties": {"name": [query["name"]]},
        }
        candidates = [{k: e[k] for k in ("id", "schema", "properties")} for e in entities]
        for candidate in candidates:
            candidate["properties"] = {k: v for k, v in candidate["properties"].items() if k in ("name", "alias")}
        lines.append(json.dumps([body, candidates]))
    start = time.perf_counter()
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", CHALLENGER],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(lines):
        print(f"logic-v2 did not run: {(done.stderr or done.stdout)[-300:]}")
        return
    print(f"logic-v2: {1000 * (time.perf_counter() - start) / len(lines):.1f} ms a query of 15 candidates, wall clock")
    report("nomenklatura logic-v2", [own for own, _ in answers[:positives]], [best for _, best in answers[positives:]])


if __name__ == "__main__":
    main()
