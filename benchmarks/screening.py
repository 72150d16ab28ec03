"""What screening finds, how fast and in how much memory, beside rapidfuzz's token_sort and nomenklatura's logic-v2.

    python -m benchmarks.screening [--data DIR] [--queries N] [--suites TEXT] [--peers NAME,...] [--scale N,...]
        [--out FILE]

Suites are in `screening_suites`, contenders in `screening_peers`; recall is read off where each contender's own
strangers reach the false positive rate of the suite, so no threshold is chosen. Time is processor time of one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from aml.screening import ScreeningIndex, diff, query_of, reference_scorer
from aml.screening.records import by_script, name_tokens
from benchmarks.screening_peers import Peer, peers
from benchmarks.screening_suites import Suite, invented, suites

ROOT = Path(__file__).resolve().parents[1]
SEED = 97
SCALES = {23_000: (5.0, 10.0, 300.0, 15.0), 750_000: (None, 25.0, 2000.0, None)}
"""Entities to goals: p50 and p95 in ms, megabytes, seconds to build."""
Row = dict[str, object]


def auc(found: Sequence[float], false: Sequence[float]) -> float:
    """The chance that a listed query scores above a stranger's, ties half."""
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
    """The share of listed queries above the score that at most `rate` of the strangers exceed."""
    limit = sorted(false, reverse=True)[int(rate * len(false))]
    return sum(score > limit for score in found) / len(found)


def measure(suite: Suite, contenders: Sequence[Peer], folder: Path) -> list[Row]:
    index = ScreeningIndex.build(suite.lists, folder)
    rows: list[Row] = []
    for peer in contenders:
        scores, spent = peer.contend(suite, index)
        found, strangers = scores[: len(suite.found)], scores[len(suite.found) :]
        rows.append({
            "suite": suite.name, "contender": peer.name, "false_positives": suite.rate, "goal": suite.goal,
            "recall": round(recall_at(found, strangers, suite.rate), 4), "auc": round(auc(found, strangers), 4),
            "found": len(found), "strangers": len(strangers), "ms_a_query": round(spent, 2),
            "exactly_top": round(sum(score == max(scores) for score in scores) / len(scores), 4),
        })  # fmt: skip
        show(rows[-1])
    rows.append(candidates(suite, index))
    return rows


def candidates(suite: Suite, index: ScreeningIndex) -> Row:
    """The share of listed queries whose entity is among the candidates, and the processor time of finding them."""
    times: list[float] = []
    hit = 0
    for told, meant in suite.found:
        query = query_of(told)
        asked = [found for name in query.names for part in by_script(name) if (found := name_tokens(part, query.kind))]
        start = time.process_time()
        numbers = {number for tokens in asked[:1] for number, _ in index.candidates(tokens, query.kind, 120)}
        times.append(1000 * (time.process_time() - start))
        for tokens in asked[1:]:
            numbers |= {number for number, _ in index.candidates(tokens, query.kind, 120)}
        hit += any(index.record(number).id == meant for number in numbers)
    times.sort()
    return {
        "suite": f"candidates: {suite.name}", "contender": "clearance", "goal": 0.99,
        "recall": round(hit / len(times), 4), "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[int(0.95 * len(times))], 2), "names": index.name_count,
    }  # fmt: skip


def show(row: Row) -> None:
    goal, recall = float(str(row["goal"])), float(str(row["recall"]))
    verdict = "" if row["contender"] != "clearance" else "  met" if recall >= goal else "  MISSED"
    rate = f"at {100 * float(str(row['false_positives'])):g}%" if "false_positives" in row else ""
    rest = (
        f"AUC {row['auc']:.4f}  {row['ms_a_query']} ms"
        if "auc" in row
        else f"p50 {row['p50_ms']} p95 {row['p95_ms']} ms"
    )
    print(
        f"{row['suite']!s:<46}{row['contender']!s:<34}{recall:.3f} {rate:<8} goal {goal:<5}{verdict:<9}{rest}",
        flush=True,
    )


def scale(entities: int, queries: int, folder: Path) -> Row:
    """Built by one process, asked by another, so that the memory is that of screening alone."""
    told: Row = {"suite": "scale", "contender": "clearance"}
    for step in (("build", str(entities)), ("ask", str(queries))):
        command = [sys.executable, "-m", "benchmarks.screening_scale", step[0], str(folder), step[1]]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        told |= json.loads(done.stdout.splitlines()[-1])
    p50, p95, memory, built = SCALES.get(entities, (None, None, None, None))
    print(
        f"{entities:,} invented entities: p50 {told['p50_ms']} (goal {p50}) p95 {told['p95_ms']} (goal {p95}) ms, "
        f"{told['resident_mb']} MB (goal {memory}), built in {told['build_cpu_s']} s (goal {built})",
        flush=True,
    )
    return told


def delta(folder: Path) -> Row:
    """Two versions of a list of 21,000, half of it new, compared by record hash."""
    new = invented(folder, SEED + 9, 21_000).record_hashes()
    old = dict(sorted(new.items())[::2])
    start = time.process_time()
    found = diff(old, new)
    row: Row = {
        "suite": "delta by record hash",
        "records": len(new),
        "ms": round(1000 * (time.process_time() - start), 1),
    }
    print(f"delta of {len(new):,} records by hash: {row['ms']} ms, {len(found.added):,} added")
    return row


def delta_against_full() -> Row:
    """The share of a full run that rescreening a changed list takes, by the module that knows rescreening."""
    if find_spec("benchmarks.screening_delta") is None:
        print("delta against full: not measured, benchmarks/screening_delta.py is not there")
        return {"suite": "delta against full", "measured": False}
    measured = asdict(import_module("benchmarks.screening_delta").measure())
    print(f"delta against full: {measured}", flush=True)
    return {"suite": "delta against full", **measured}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "watchlists")
    arguments.add_argument("--queries", type=int, default=500)
    arguments.add_argument("--suites", default="", help="only those whose name has this in it")
    arguments.add_argument("--peers", default="token_sort,logic-v2")
    arguments.add_argument("--scale", default="23000,750000", help="numbers of invented entities; empty for none")
    arguments.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "screening.json")
    options = arguments.parse_args()
    contenders, missing = peers(options.peers.split(","))
    print(f"scorer {reference_scorer().ref.name} {reference_scorer().ref.sha256[:12]}; load {os.getloadavg()}")
    print("\n".join([*(f"{peer.name}: {peer.settings}, one thread" for peer in contenders), *missing]))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        for number, make in enumerate(suites(options.data, Path(place), options.queries, SEED)):
            suite = make()
            if options.suites in suite.name:
                rows += measure(suite, contenders, Path(place) / f"index-{number}")
                show(rows[-1])
        rows += [delta(Path(place)), delta_against_full()] if not options.suites else []
        for entities in filter(None, options.scale.split(",")):
            rows.append(scale(int(entities), 2000, Path(place) / f"scale-{entities}"))
    told = {
        "scorer": reference_scorer().ref.sha256, "seed": SEED, "queries": options.queries, "load": os.getloadavg(),
        "contenders": {peer.name: peer.settings for peer in contenders}, "not_compared": missing, "rows": rows,
    }  # fmt: skip
    options.out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"saved as {options.out}")


if __name__ == "__main__":
    main()
