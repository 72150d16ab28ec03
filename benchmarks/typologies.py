"""Speed and memory of the typology engine, beside IBM's snapml on the same generated graphs in the same run.

    python -m benchmarks.typologies                                  # our own figures
    python -m benchmarks.typologies --peer /path/to/venv/bin/python  # with snapml, installed in a venv of its own

snapml's licence is proprietary: it is an opponent here, never a dependency. Both run on one thread, timed in CPU time,
so that what else the machine does distorts neither. The peer's settings are vertex statistics (fan, degree, ratio,
mean, sum), fan, degree, scatter-gather and temporal cycles in one window of a day; ours in that row are the same.
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
MEASURED = {128: 100_000, 1: 15_000}
PEER_MEASURED = {128: 30_000, 1: 5_000}


def graph(name: str, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Times in seconds, debtors, creditors, amounts: uniform pairs, as the peer's own demonstration has them."""
    count, accounts, days = GRAPHS[name]
    dice = np.random.default_rng(seed)
    times = np.sort(dice.integers(0, int(days * DAY), count))
    debtors = dice.integers(0, accounts, count)
    creditors = (debtors + 1 + dice.integers(0, accounts - 1, count)) % accounts
    return times, debtors, creditors, np.round(np.exp(dice.normal(8, 1.5, count))) + 1


def paced(push: Callable[[int, int], object], size: int, measured: int, warm: int) -> float:
    """Transactions a second of CPU time, after `warm` of them in large batches."""
    for start in range(0, warm, 4096):
        push(start, min(start + 4096, warm))
    begun = clock()
    for start in range(warm, warm + measured, size):
        push(start, min(start + size, warm + measured))
    return measured / (clock() - begun)


def as_peer(name: str) -> dict[str, float]:
    from snapml import GraphFeaturePreprocessor  # type: ignore[import-not-found]

    times, debtors, creditors, amounts = graph(name)
    rows = np.stack([np.arange(len(times)), debtors, creditors, times, amounts], 1).astype(np.float64)
    rows = np.ascontiguousarray(rows)
    result = {}
    for size, measured in PEER_MEASURED.items():
        peer = GraphFeaturePreprocessor()
        settings = peer.get_params()
        settings.update({"num_threads": 1, "time_window": DAY, "vertex_stats_cols": [4]})
        settings.update({"vertex_stats_feats": [0, 1, 2, 3, 4], "lc-cycle": False})
        for pattern in ("vertex_stats", "fan", "degree", "scatter-gather", "temp-cycle"):
            settings.update({pattern: True, f"{pattern}_tw": DAY})
        peer.set_params(settings)
        result[str(size)] = paced(lambda start, end, peer=peer: peer.transform(rows[start:end]), size, measured, WARM)
    return result


def rows_of(name: str) -> Any:
    from aml.state import ROW, TRACED

    times, debtors, creditors, amounts = graph(name)
    rows = np.zeros(len(times), ROW)
    rows["time"], rows["debtor"], rows["creditor"] = times * 1_000_000, debtors, creditors
    rows["amount"], rows["flags"] = amounts, TRACED
    for field in ("debtor_party", "creditor_party", "branch"):
        rows[field] = -1
    return rows


def everything() -> Any:
    from aml.parameters import MonitoringParameters

    return MonitoringParameters("EUR", Decimal(10_000))


def as_the_peer_does() -> Any:
    """One window of a day, the peer's patterns, cycles whatever their amounts."""
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
    )


def ours(name: str, parameters: Any) -> dict[str, float]:
    from aml.stream import Stream

    rows = rows_of(name)
    result = {}
    for size, measured in MEASURED.items():
        stream = Stream(parameters)
        stream.push(rows[:1], GRAPHS[name][1])  # compiled or loaded before the clock starts

        def push(start: int, end: int, stream: Stream = stream) -> object:
            return stream.push(rows[max(start, 1) : end], GRAPHS[name][1])

        result[str(size)] = paced(push, size, measured, WARM)
    return result


def lives() -> dict[str, float]:
    """Generated lives through the whole engine, names, ids and hits included, one transaction a push."""
    from aml.engine import Engine
    from aml.generator import generate

    transactions = [payment.transaction for payment in generate(77, people=800, days=60)]
    engine = Engine(everything())
    half = len(transactions) // 2
    begun = clock()
    engine.push(transactions[:half])
    batch = half / (clock() - begun)
    waits = np.empty(len(transactions) - half)
    begun = clock()
    for i, transaction in enumerate(transactions[half:]):
        before = time.perf_counter()
        engine.push([transaction])
        waits[i] = time.perf_counter() - before
    single = len(waits) / (clock() - begun)
    p50, p99, p999 = np.quantile(waits, (0.5, 0.99, 0.999)) * 1000
    return {"batch": batch, "single": single, "p50_ms": p50, "p99_ms": p99, "p99.9_ms": p999, "bytes": engine.nbytes}


def hub_and_clique() -> dict[str, float]:
    """The longest a push took with an account of 10⁶ counterparties, and in a clique of 200 (wall clock, ms)."""
    from aml.state import ROW, TRACED
    from aml.stream import Stream

    result = {}
    dice = np.random.default_rng(3)
    for name, count, accounts in (("hub", 1_000_000, 1_000_001), ("clique", 200_000, 200)):
        rows = np.zeros(count + 2000, ROW)
        rows["time"] = np.sort(dice.integers(0, 5 * DAY, len(rows))) * 1_000_000
        if name == "hub":
            rows["debtor"][:count], rows["creditor"][:count] = 1 + np.arange(count), 0
            rows["debtor"][count:], rows["creditor"][count:] = 0, 1 + dice.integers(0, count, 2000)
        else:
            rows["debtor"] = dice.integers(0, accounts, len(rows))
            rows["creditor"] = (rows["debtor"] + 1 + dice.integers(0, accounts - 1, len(rows))) % accounts
        rows["amount"], rows["flags"] = 100_000 + dice.integers(0, 9_999, len(rows)), TRACED
        for field in ("debtor_party", "creditor_party", "branch"):
            rows[field] = -1
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


def scaling(longest: int) -> dict[str, float]:
    """CPU microseconds a transaction while the stream grows, all windows, at a steady pace of 50,000 a day."""
    from aml.state import ROW, TRACED
    from aml.stream import Stream

    dice = np.random.default_rng(4)
    stream = Stream(everything())
    result, done = {}, 0
    for size in (100_000, 1_000_000, 10_000_000):
        if size > longest:
            break
        begun, count = clock(), size - done
        while done < size:
            rows = np.zeros(min(50_000, size - done), ROW)
            rows["time"] = (np.arange(done, done + len(rows)) * (DAY / 50_000) * 1e6).astype(np.int64)
            rows["debtor"] = dice.integers(0, 50_000, len(rows))
            rows["creditor"] = (rows["debtor"] + 1 + dice.integers(0, 49_999, len(rows))) % 50_000
            rows["amount"], rows["flags"] = np.round(np.exp(dice.normal(8, 1.5, len(rows)))) + 1, TRACED
            for field in ("debtor_party", "creditor_party", "branch"):
                rows[field] = -1
            for start in range(0, len(rows), 4096):
                stream.push(rows[start : start + 4096], 50_000)
            done += len(rows)
        result[f"{size:.0e}_us"] = 1e6 * (clock() - begun) / count
        result[f"{size:.0e}_bytes"] = float(stream.state.nbytes)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=Path, help="interpreter of a venv with snapml")
    parser.add_argument("--as-peer", choices=GRAPHS, help=argparse.SUPPRESS)
    parser.add_argument("--graphs", nargs="*", default=list(GRAPHS), choices=list(GRAPHS))
    parser.add_argument(
        "--longest", type=int, default=1_000_000, help="length of the scaling run; 10000000 for all of it"
    )
    arguments = parser.parse_args()
    if arguments.as_peer:
        print(json.dumps(as_peer(arguments.as_peer)))
        return
    report: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    for name in arguments.graphs:
        line: dict[str, Any] = {"one_window": ours(name, as_the_peer_does()), "all": ours(name, everything())}
        if arguments.peer:
            command = [str(arguments.peer), str(Path(__file__)), "--as-peer", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            line["snapml"] = json.loads(done.stdout.splitlines()[-1])
            line["times_snapml"] = {size: line["one_window"][size] / rate for size, rate in line["snapml"].items()}
        report[name] = line
    report["lives"] = lives()
    report["pathological"] = hub_and_clique()
    report["scaling"] = scaling(arguments.longest)
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
