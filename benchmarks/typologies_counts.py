"""Whether our counts of cycles and scatter-gathers are those of IBM's snapml, payment by payment, on the same graphs.

    python -m benchmarks.typologies_counts --peer /path/to/venv/bin/python [--json OUT]

Both see one payment at a time, one window of a day. What either counts differs by definition, so that a third count, in
plain Python and written from both definitions, says whether a difference is one of definition:

- A cycle of ours is a sequence of payments whose times do not fall; the peer counts a sequence of accounts once,
  however many payments link them, where times rise strictly. Ours are of two to ten hops.
- A scatter-gather of the peer's is a source and a destination with two or more accounts between them in the window, in
  whatever order of time, and is counted for each payment in it. Ours is a finding, not a count: a payment to the
  destination, by an account that the source had paid before, all pairs for the first time in memory.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.typologies import DAY, UNBOUNDED, as_rows, as_the_peer_does, pairs

REPOSITORY = Path(__file__).parents[1]
LENGTHS = tuple(range(2, 11))
SOURCES = 4
"""Receipts, newest first, of which our scatter-gather tries the payer as the source."""
GRAPHS = {
    "dense": (1_000_000, 50_000, 2.0, 0, 130_000),
    "full": (1_000_000, 50_000, 2.0, 500_000, 200),
    "lively": (20_000, 2_000, 2.0, 0, 20_000),
}
"""Payments, accounts, days, how many are entered without counting, and how many after them are counted. `dense` is that
of the speed, `full` the same when its window is full, `lively` a small society where such patterns are common."""
Link = tuple[int, bool]
"""A payment between two accounts: its time, and whether it was the first of the two in the window."""


def graph(name: str, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Times in seconds, debtors, creditors: uniform pairs, as `benchmarks.typologies` has them."""
    count, accounts, days, entered, counted = GRAPHS[name]
    dice = np.random.default_rng(seed)
    times = np.sort(dice.integers(0, int(days * DAY), count))
    debtors, creditors = pairs(dice, count, accounts)
    end = entered + counted
    return times[:end], debtors[:end], creditors[:end]


def as_peer(name: str) -> np.ndarray:
    """Of each payment the peer's scatter-gathers of 2, 3, … 10 and more accounts and its cycles of 2, … 10 hops."""
    from snapml import GraphFeaturePreprocessor  # type: ignore[import-not-found]

    times, debtors, creditors = graph(name)
    rows = np.ascontiguousarray(np.stack([np.arange(len(times)), debtors, creditors, times], 1).astype(np.float64))
    peer = GraphFeaturePreprocessor()
    settings = peer.get_params()
    settings.update({"num_threads": 1, "time_window": DAY, "vertex_stats": False, "fan": False, "degree": False})
    for pattern, bins in (("scatter-gather", LENGTHS), ("temp-cycle", (*LENGTHS, LENGTHS[-1] + 1))):
        settings.update({pattern: True, f"{pattern}_tw": DAY, f"{pattern}_bins": list(bins)})
    peer.set_params({**settings, "lc-cycle": False})
    first = GRAPHS[name][3]
    if first:
        peer.partial_fit(rows[:first])
    counts = np.array([peer.transform(rows[i : i + 1])[0, 4:] for i in range(first, len(rows))], np.int64)
    return counts[:, : 2 * len(LENGTHS)]


def ours(name: str, budget: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Cycles of 2, … 10 hops [n, 9], and whether a scatter-gather was found [n]. With a budget, which ends a longer
    search at another place than a shorter one, all cycles of up to ten hops [n, 1]."""
    from dataclasses import replace

    from aml.features import feature_names
    from aml.stream import Stream

    times, debtors, creditors = graph(name)
    rows = as_rows(times * 1_000_000, debtors, creditors, 100)
    names = feature_names(("day",))
    _, accounts, _, first, _ = GRAPHS[name]
    filled = Stream(replace(as_the_peer_does(), typologies=frozenset()))  # what is found does not change the state
    filled.push(rows[:first], accounts)
    upto = []
    for hops in LENGTHS if budget is None else LENGTHS[-1:]:
        parameters = as_the_peer_does(cycle_hops=hops, search_budget=budget or UNBOUNDED, group_minimum=2)
        stream = Stream(parameters)
        stream.take_up(filled.state._asdict())
        features = stream.push(rows[first:], accounts)
        upto.append(features[:, names.index("cycle_count")].astype(np.int64))
    found = features[:, names.index("hit_scatter_gather")] > 0
    return np.diff(np.stack(upto, 1), axis=1, prepend=0), found.astype(np.int64)


def cycles_by_definition(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Cycles of 2, … 10 hops that each payment closes, [n, 9]: by our definition and by the peer's."""
    times, debtors, creditors = (column.tolist() for column in graph(name))
    incoming: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    first = GRAPHS[name][3]
    mine, theirs = np.zeros((2, len(times), len(LENGTHS)), np.int64)
    for row, (time, debtor, creditor) in enumerate(zip(times, debtors, creditors, strict=True)):
        incoming[creditor].append((time, debtor))
        if row < first:
            continue
        strictly: set[tuple[int, ...]] = set()
        # A step back: at this account, before this time, by way of these accounts, times rising strictly so far, and
        # whether the payments so far come after this one at its own instant.
        steps = [(debtor, time, (debtor,), True, False)]
        while steps:
            account, latest, path, rising, after = steps.pop()
            for earlier, payer in reversed(incoming[account]):
                if earlier < time - DAY or (after and earlier < time):
                    break
                wraps = after or earlier > latest
                if wraps and earlier < time:
                    continue
                still = rising and earlier < latest
                if payer == creditor:
                    mine[row, len(path) - 1] += earlier > time - DAY
                    if still:
                        strictly.add(path)
                elif len(path) < LENGTHS[-1] - 1 and payer not in path:
                    steps.append((payer, earlier, (*path, payer), still, wraps))
        for path in strictly:
            theirs[row, len(path) - 1] += 1
    return mine[first:], theirs[first:]


def gathers_by_definition(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scatter-gathers of 2, 3, … 10 and more accounts between, by the peer's definition [n, 9]; how many of them have
    the payment as one into the destination [n]; whether there is one by our definition [n]; and whether there is where
    only the payer's newest receipts are tried, as our search is bounded [n]."""
    times, debtors, creditors = (column.tolist() for column in graph(name))
    paid: defaultdict[int, dict[int, list[Link]]] = defaultdict(dict)
    payers: defaultdict[int, dict[int, list[Link]]] = defaultdict(dict)
    receipts: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
    theirs = np.zeros((len(times), len(LENGTHS)), np.int64)
    gathered, mine, bounded = np.zeros((3, len(times)), np.int64)
    oldest, first = 0, GRAPHS[name][3]

    def between(source: int, destination: int) -> list[int]:
        return [account for account in paid[source] if account in payers[destination] and account != destination]

    def in_order(source: int, account: int, destination: int) -> bool:
        (early, new), (late, also) = paid[source][account][0], paid[account][destination][0]
        return new and also and early <= late

    for row, (time, debtor, creditor) in enumerate(zip(times, debtors, creditors, strict=True)):
        while times[oldest] <= time - DAY:
            _forget(paid, payers, debtors[oldest], creditors[oldest])
            oldest += 1
        new = creditor not in paid[debtor]
        paid[debtor].setdefault(creditor, []).append((time, new))
        payers[creditor][debtor] = paid[debtor][creditor]
        for source in payers[debtor] if row >= first else ():
            middles = between(source, creditor) if source != creditor else []
            if len(middles) > 1:
                theirs[row, min(len(middles), LENGTHS[-1]) - 2] += 1
                gathered[row] += 1
                ordered = [account for account in middles if in_order(source, account, creditor)]
                if new and len(ordered) > 1 and debtor in ordered:
                    mine[row] = 1
                    bounded[row] |= (source, True) in receipts[debtor][-SOURCES:]
        for destination in paid[creditor] if row >= first else ():
            middles = between(debtor, destination) if destination != debtor else []
            if len(middles) > 1:
                theirs[row, min(len(middles), LENGTHS[-1]) - 2] += 1
        receipts[creditor].append((debtor, new))
    return theirs[first:], gathered[first:], mine[first:], bounded[first:]


def _forget(
    paid: dict[int, dict[int, list[Link]]], payers: dict[int, dict[int, list[Link]]], debtor: int, creditor: int
) -> None:
    """The oldest payment of a pair leaves the window. Both tables share the pair's list."""
    left = paid[debtor][creditor]
    left.pop(0)
    if not left:
        del paid[debtor][creditor], payers[creditor][debtor]


def agreement(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """Share of payments with equal counts in every length, of those where either counts any, and the sums."""
    same = (first == second).all(1)
    any_of = (first > 0).any(1) | (second > 0).any(1)
    return {
        "equal": round(float(same.mean()), 6),
        "payments_with_any": int(any_of.sum()),
        "equal_of_these": round(float(same[any_of].mean()), 6) if any_of.any() else None,
        "sums": [first.sum(0).tolist(), second.sum(0).tolist()],
    }


def compare(name: str, peer: Path) -> dict[str, Any]:
    """All counts of one graph, side by side."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts.npy"
        command = [str(peer), "-m", "benchmarks.typologies_counts", "--as-peer", name, "--out", str(out)]
        subprocess.run(command, check=True, stdout=sys.stderr, cwd=REPOSITORY)
        counts = np.load(out)
    gathers, cycles = counts[:, : len(LENGTHS)], counts[:, len(LENGTHS) :]
    found, ours_gathered = ours(name)
    bounded, _ = ours(name, as_the_peer_does().search_budget)
    mine, theirs = cycles_by_definition(name)
    defined, gathered, in_order, in_reach = gathers_by_definition(name)
    return {
        "payments": len(cycles),
        "cycles": {
            "ours, peer": agreement(found, cycles),
            "ours within its budget, peer, all lengths": agreement(bounded, cycles.sum(1, keepdims=True)),
            "ours, plain count of our definition": agreement(found, mine),
            "peer, plain count of its definition": agreement(cycles, theirs),
        },
        "scatter_gathers": {
            "peer, plain count of its definition": agreement(gathers, defined),
            "payments_in_one_by_the_peer": int((gathers.sum(1) > 0).sum()),
            "of_these_into_the_destination": int(((gathers.sum(1) > 0) & (gathered > 0)).sum()),
            "of_these_in_order_of_time_and_new": int(in_order.sum()),
            "of_these_from_a_newest_payer": int(in_reach.sum()),
            "found_by_ours": int(ours_gathered.sum()),
            "ours, plain finding as it is bounded": agreement(ours_gathered[:, None], in_reach[:, None]),
        },
    }


def lines(name: str, report: dict[str, Any]) -> list[str]:
    """One graph's comparison as a person reads it."""
    text = [f"{name}: {report['payments']:,} payments one by one", f"  cycles of {LENGTHS[0]} to {LENGTHS[-1]} hops"]
    for pair, row in report["cycles"].items():
        text.append(f"    {pair}: {_words(row)}")
        text += [f"      {side.strip()}: {sums}" for side, sums in zip(pair.split(", ", 1), row["sums"], strict=True)]
    rest = report["scatter_gathers"]
    text.append("  scatter-gathers")
    text.append(f"    peer, plain count of its definition: {_words(rest['peer, plain count of its definition'])}")
    text.append(
        f"    payments in one: {rest['payments_in_one_by_the_peer']:,} by the peer, of these into the destination "
        f"{rest['of_these_into_the_destination']:,}, of these in order of time and for the first time "
        f"{rest['of_these_in_order_of_time_and_new']:,}, of these from one of the {SOURCES} newest payers "
        f"{rest['of_these_from_a_newest_payer']:,}; ours finds {rest['found_by_ours']:,}"
    )
    text.append(f"    ours, plain finding as it is bounded: {_words(rest['ours, plain finding as it is bounded'])}")
    return text


def _words(row: dict[str, Any]) -> str:
    some = "" if row["equal_of_these"] is None else f" ({row['equal_of_these']:.4%} of those where either counts any)"
    return f"equal in {row['equal']:.4%} of payments{some}; {row['payments_with_any']:,} have any"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer", type=Path, help="interpreter of a venv with snapml")
    parser.add_argument("--graphs", nargs="*", default=list(GRAPHS), choices=list(GRAPHS))
    parser.add_argument("--json", type=Path, help="where the figures go as JSON")
    parser.add_argument("--as-peer", choices=GRAPHS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_peer:
        np.save(arguments.out, as_peer(arguments.as_peer))
        return
    if arguments.peer is None:
        parser.error("--peer is needed: the interpreter of a venv into which snapml was installed")
    report = {name: compare(name, arguments.peer) for name in arguments.graphs}
    for name, counts in report.items():
        print("\n".join(lines(name, counts)))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
