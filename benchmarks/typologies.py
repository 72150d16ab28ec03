"""Speed and memory of the typology engine, beside IBM's snapml on the same generated graphs in the same run.

    python -m benchmarks.typologies                                  # our own figures
    python -m benchmarks.typologies --peer /path/to/venv/bin/python  # with snapml, installed in a venv of its own
    python -m benchmarks.typologies --peer … --graphs dense --beside --warm 500000 --measured 1000  # its window full

snapml's licence is proprietary: it is an opponent here, never a dependency. Both run on one thread, timed in CPU time,
so that what else the machine does distorts neither. The peer's settings are vertex statistics (fan, degree, ratio,
mean, sum), fan, degree, scatter-gather and temporal cycles in one window of a day; ours in that row are the same, once
with the budget of searches that we ship and once without. `benchmarks.typologies_counts` compares what both count.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

clock = time.process_time
DAY = 86_400
GRAPHS = {"sparse": (513_680, 50_000, 10.0), "dense": (1_000_000, 50_000, 2.0)}
WARM = 100_000
MEASURED = {128: 30_000, 1: 5_000}
UNBOUNDED = 10**12
"""A search budget that no search spends."""


def pairs(dice: np.random.Generator, count: int, accounts: int) -> tuple[np.ndarray, np.ndarray]:
    """Debtors and creditors: any two accounts, as the peer's own demonstration has them."""
    debtors = dice.integers(0, accounts, count)
    return debtors, (debtors + 1 + dice.integers(0, accounts - 1, count)) % accounts


def as_rows(times: np.ndarray, debtors: np.ndarray, creditors: np.ndarray, amounts: np.ndarray | int) -> Any:
    """Payments as the kernels take them; `times` in microseconds, `amounts` in minor units."""
    from aml.state import ROW, TRACED

    rows = np.zeros(len(times), ROW)
    rows["time"], rows["debtor"], rows["creditor"], rows["amount"] = times, debtors, creditors, amounts
    rows["flags"] = TRACED
    for field in ("debtor_party", "creditor_party", "branch"):
        rows[field] = -1
    return rows


def graph(name: str, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Times in seconds, debtors, creditors, amounts."""
    count, accounts, days = GRAPHS[name]
    dice = np.random.default_rng(seed)
    times = np.sort(dice.integers(0, int(days * DAY), count))
    debtors, creditors = pairs(dice, count, accounts)
    return times, debtors, creditors, np.round(np.exp(dice.normal(8, 1.5, count))) + 1


def fill(push: Callable[[int, int], object], warm: int) -> None:
    """The transactions before those that are measured, in large batches."""
    for start in range(0, warm, 4096):
        push(start, min(start + 4096, warm))


def paced(push: Callable[[int, int], object], size: int, measured: int, warm: int) -> float:
    """Transactions a second of CPU time: those after the first `warm`, in batches of `size`."""
    begun = clock()
    for start in range(warm, warm + measured, size):
        push(start, min(start + size, warm + measured))
    return measured / (clock() - begun)


def as_peer(name: str, warm: int, most: int) -> dict[str, float]:
    """What snapml makes, in its own interpreter; `most` as in `ours`."""
    from snapml import GraphFeaturePreprocessor  # type: ignore[import-not-found]

    times, debtors, creditors, amounts = graph(name)
    rows = np.stack([np.arange(len(times)), debtors, creditors, times, amounts], 1).astype(np.float64)
    rows = np.ascontiguousarray(rows)
    result = {}
    for size, measured in MEASURED.items():
        peer = GraphFeaturePreprocessor()
        settings = peer.get_params()
        settings.update({"num_threads": 1, "time_window": DAY, "vertex_stats_cols": [4]})
        settings.update({"vertex_stats_feats": [0, 1, 2, 3, 4], "lc-cycle": False})
        for pattern in ("vertex_stats", "fan", "degree", "scatter-gather", "temp-cycle"):
            settings.update({pattern: True, f"{pattern}_tw": DAY})
        peer.set_params(settings)
        fill(lambda start, end, peer=peer: peer.partial_fit(rows[start:end]), warm)  # into its graph, nothing counted
        measured = min(measured, most or measured)
        result[str(size)] = paced(lambda start, end, peer=peer: peer.transform(rows[start:end]), size, measured, warm)
    return result


def everything() -> Any:
    from aml.parameters import MonitoringParameters

    return MonitoringParameters("EUR", Decimal(10_000))


def as_the_peer_does(**other: Any) -> Any:
    """One window of a day, the peer's patterns, cycles whatever their amounts, without the score's features."""
    from aml.parameters import MonitoringParameters

    day = timedelta(days=1)
    return MonitoringParameters(
        "EUR",
        Decimal(10_000),
        windows=(day,),
        memory=day,
        cycle_window=day,
        lateness=timedelta(0),
        fan_in_minimum=(10**6,),
        fan_out_minimum=(10**6,),
        cycle_keep=Decimal(0),
        typologies=frozenset({"fan_in", "fan_out", "scatter_gather", "cycle"}),
        scored=False,
        **other,
    )


def ours(name: str, parameters: Any, warm: int, most: int = 0) -> dict[str, float]:
    """Transactions a second by the size of a push. `most` of them are measured, where all would take too long."""
    from dataclasses import replace

    from aml.stream import Stream

    times, debtors, creditors, amounts = graph(name)
    rows, accounts = as_rows(times * 1_000_000, debtors, creditors, amounts), GRAPHS[name][1]
    filled = Stream(replace(parameters, typologies=frozenset()))  # what is found does not change the state
    fill(lambda start, end: filled.push(rows[start:end], accounts), warm)
    result = {}
    for size, measured in MEASURED.items():
        stream = Stream(parameters)
        stream.push(rows[:1], accounts)  # compiled or loaded before the clock starts
        stream.take_up(filled.state._asdict())

        def push(start: int, end: int, stream: Stream = stream) -> object:
            return stream.push(rows[start:end], accounts)

        result[str(size)] = paced(push, size, min(measured, most or measured), warm)
    return result


def lives() -> dict[str, float]:
    """Generated lives through the whole engine, names, ids and hits included, one transaction a push.

    `whole_*` is a transaction through features, typologies, score and exact SHAP, in wall clock and in CPU time.
    """
    from aml.engine import Engine
    from aml.generator import generate
    from explain.attribution import TreeModel

    trees = TreeModel.from_text((Path(__file__).parents[1] / "models" / "transactions" / "model.txt").read_bytes())
    transactions = [payment.transaction for payment in generate(77, people=800, days=60)]
    engine = Engine(everything())
    half = len(transactions) // 2
    begun = clock()
    trees.explain(engine.push(transactions[:half]).features[:1])
    result = {"batch": half / (clock() - begun)}
    waits = np.empty((len(transactions) - half, 4))
    for i, transaction in enumerate(transactions[half:]):
        wall, spent = time.perf_counter(), clock()
        pushed = engine.push([transaction])
        middle, used = time.perf_counter(), clock()
        trees.explain(pushed.features)
        waits[i] = middle - wall, used - spent, time.perf_counter() - wall, clock() - spent
    result["single"] = len(waits) / waits[:, 1].sum()
    for column, name in ((0, "engine_wall"), (1, "engine_cpu"), (2, "whole_wall"), (3, "whole_cpu")):
        for share in (0.5, 0.99, 0.999):
            result[f"{name}_p{100 * share:g}_ms"] = 1000 * float(np.quantile(waits[:, column], share))
    return {**result, "bytes": engine.nbytes}


def shares() -> dict[str, float]:
    """What each typology costs: CPU microseconds a transaction of generated lives, with it alone less with none."""
    from dataclasses import replace

    from aml.engine import Engine
    from aml.generator import generate
    from aml.typologies import NAMES

    transactions = [payment.transaction for payment in generate(77, people=400, days=60)]

    def cost(names: frozenset[str]) -> float:
        best = np.inf
        for _ in range(3):
            engine = Engine(replace(everything(), typologies=names))
            begun = clock()
            engine.push(transactions)
            best = min(best, clock() - begun)
        return 1e6 * best / len(transactions)

    none = cost(frozenset())
    alone = {name: cost(frozenset({name})) - none for name in NAMES}
    return {"none": none, **dict(sorted(alone.items(), key=lambda item: -item[1]))}


def hub_and_clique() -> dict[str, float]:
    """The longest a push took with an account of 10⁶ counterparties, and in a clique of 200 (wall clock, ms)."""
    from aml.stream import Stream

    result = {}
    dice = np.random.default_rng(3)
    for name, count, accounts in (("hub", 1_000_000, 1_000_001), ("clique", 200_000, 200)):
        times = np.sort(dice.integers(0, 5 * DAY, count + 2000)) * 1_000_000
        if name == "hub":
            debtors, creditors = 1 + np.arange(count + 2000), np.zeros(count + 2000, np.int64)
            debtors[count:], creditors[count:] = 0, 1 + dice.integers(0, count, 2000)
        else:
            debtors, creditors = pairs(dice, count + 2000, accounts)
        rows = as_rows(times, debtors, creditors, 100_000 + dice.integers(0, 9_999, len(times)))
        stream = Stream(everything())
        for start in range(0, count, 4096):
            stream.push(rows[start : min(start + 4096, count)], accounts)
        waits = []
        for i in range(count, count + 2000):
            before = time.perf_counter()
            stream.push(rows[i : i + 1], accounts)
            waits.append(time.perf_counter() - before)
        result[f"{name}_p50_ms"], result[f"{name}_p99_ms"] = (np.quantile(waits, (0.5, 0.99)) * 1000).tolist()
    return result


SPAN = 60
"""Days of a growing society: longer than the engine's memory, so that at its end nothing grows any more."""
SOCIETY = 1_600
"""Accounts of the society whose history grows: 10⁵ payments take 62 days."""


def scaling(longest: int) -> dict[str, float]:
    """CPU microseconds a transaction in streams of 10⁵ to 10⁷, all windows and typologies, with memory.

    Every account pays once a day, to anybody. `history`: the same society over a longer and longer time. `society`: 60
    days of more and more accounts, so that state and strangers grow with the stream: the worst that caches can meet.
    """
    result: dict[str, float] = {}
    for size in (100_000, 1_000_000, 10_000_000):
        if size <= longest:
            for name, accounts in (("history", SOCIETY), ("society", size // SPAN)):
                for figure, value in steady(size, accounts).items():
                    result[f"{name}_{size:.0e}_{figure}"] = value
    return result


def steady(size: int, accounts: int) -> dict[str, float]:
    """The last tenth of a stream of so many transactions, when the windows are full."""
    from aml.stream import Stream

    dice = np.random.default_rng(4)
    stream, step = Stream(everything()), DAY * 1e6 / accounts
    spent, measured, begins = 0.0, 0, size - size // 10
    for start in range(0, size, 4096):
        count = min(4096, size - start)
        times = ((start + np.arange(count)) * step).astype(np.int64)
        debtors, creditors = pairs(dice, count, accounts)
        rows = as_rows(times, debtors, creditors, np.round(np.exp(dice.normal(8, 1.5, count))) + 1)
        begun = clock()
        stream.push(rows, accounts)
        if start >= begins:
            spent += clock() - begun
            measured += len(rows)
    live = int(stream.state.clock["live"][0])
    return {
        "us": 1e6 * spent / measured,
        "bytes": float(stream.state.nbytes),
        "bytes_per_transaction_in_window": stream.state.nbytes / live,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=Path, help="interpreter of a venv with snapml")
    parser.add_argument("--as-peer", choices=GRAPHS, help=argparse.SUPPRESS)
    parser.add_argument("--graphs", nargs="*", default=list(GRAPHS), choices=list(GRAPHS))
    parser.add_argument(
        "--longest", type=int, default=1_000_000, help="length of the scaling run; 10000000 for all of it"
    )
    parser.add_argument("--beside", action="store_true", help="the graphs only: no lives, scaling, hub and clique")
    parser.add_argument("--shares", action="store_true", help="what each typology costs, too")
    parser.add_argument(
        "--warm", type=int, default=WARM, help="transactions before the measurement; 500000 fills the dense window"
    )
    parser.add_argument(
        "--measured", type=int, default=0, help="at most so many of the peer's and of ours without a budget; 1000 then"
    )
    arguments = parser.parse_args()
    if arguments.as_peer:
        print(json.dumps(as_peer(arguments.as_peer, arguments.warm, arguments.measured)))
        return
    report: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    for name in arguments.graphs:
        line: dict[str, Any] = {
            "one_window": ours(name, as_the_peer_does(), arguments.warm),
            "one_window_without_budget": ours(
                name, as_the_peer_does(search_budget=UNBOUNDED), arguments.warm, arguments.measured
            ),
            "all": ours(name, everything(), arguments.warm),
        }
        if arguments.peer:
            command = [str(arguments.peer), str(Path(__file__)), "--as-peer", name, "--warm", str(arguments.warm)]
            command += ["--measured", str(arguments.measured)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            line["snapml"] = json.loads(done.stdout.splitlines()[-1])
            for row in ("one_window", "one_window_without_budget"):
                times = {size: line[row][size] / rate for size, rate in line["snapml"].items()}
                line[f"{row}_times_snapml"] = times
        report[name] = line
    if arguments.beside:
        json.dump(report, sys.stdout, indent=2)
        print()
        return
    report["lives"] = lives()
    if arguments.shares:
        report["typologies_us"] = shares()
    report["pathological"] = hub_and_clique()
    report["scaling"] = scaling(arguments.longest)
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
