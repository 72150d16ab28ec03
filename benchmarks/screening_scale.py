"""How long building and screening take and how much memory they need, in a process of their own for each.

    python -m benchmarks.screening_scale build FOLDER ENTITIES
    python -m benchmarks.screening_scale ask FOLDER QUERIES

prints one line of JSON: processor time of one thread in milliseconds, resident megabytes.
"""

import json
import random
import resource
import sys
import time
from pathlib import Path

from aml.screening import ScreeningIndex, WatchList, parse_ofac, query_of, screen
from aml.screening.specimens import write_ofac
from benchmarks.screening_perturbations import perturb
from benchmarks.screening_suites import stranger

PART = 25_000


def build(folder: Path, entities: int) -> dict[str, float]:
    """Invented lists of at most `PART` entities each, indexed together; time is the index's alone."""
    lists: list[WatchList] = []
    for place, start in enumerate(range(0, entities, PART)):
        write_ofac(folder / "list", seed=300 + place, n=min(PART, entities - start))
        read = parse_ofac(folder / "list")
        lists.append(WatchList(f"invented-{place}", "1", None, read.sha256, read.entities))
    names = [
        (entity["schema"], entity["properties"]["name"][0])
        for entry in lists
        for entity in entry.entities[: 4000 // len(lists)]
    ]
    (folder / "names.json").write_text(json.dumps(names))
    start_cpu, start_wall = time.process_time(), time.perf_counter()
    index = ScreeningIndex.build(lists, folder / "index")
    return {
        "entities": index.entity_count,
        "names": index.name_count,
        "build_cpu_s": round(time.process_time() - start_cpu, 1),
        "build_wall_s": round(time.perf_counter() - start_wall, 1),
    }


def ask(folder: Path, queries: int) -> dict[str, float]:
    """Half damaged names of listed entities, half invented strangers, with the default threshold; after 50 before."""
    rng = random.Random(5)
    names = json.loads((folder / "names.json").read_text())
    asked = [
        query_of({"schema": schema, "name": perturb(name, rng)[0]})
        for schema, name in rng.choices(names, k=queries // 2)
    ]
    for _ in range(queries - len(asked)):
        entity = stranger(rng)
        asked.append(query_of({"schema": entity["schema"], "name": entity["caption"]}))
    rng.shuffle(asked)
    index = ScreeningIndex.open(folder / "index")
    for query in asked[:50]:
        screen(query, index=index)
    times: list[float] = []
    for query in asked:
        start = time.process_time()
        screen(query, index=index)
        times.append(1000 * (time.process_time() - start))
    times.sort()
    scans: list[float] = []
    for _ in range(5):
        start = time.process_time()
        index.scan(("qxqwx", "zvzkv"), "person", 120)
        scans.append(1000 * (time.process_time() - start))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[int(0.95 * len(times))], 2),
        "first_scan_ms": round(scans[0], 1),
        "scan_ms": round(sorted(scans)[2], 1),
        "resident_mb": round(pages * resource.getpagesize() / 1e6),
    }


if __name__ == "__main__":
    work = {"build": build, "ask": ask}[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]), int(sys.argv[3]))))
