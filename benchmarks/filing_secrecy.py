"""How long answers take about an investigation without and with a filing, as distributions of the same questions.

Interleaved in blocks over two investigations in one database, one filed and one not, so that a machine that gets slower
is slower for both. Prints p50, p95 and the two-sample Kolmogorov-Smirnov statistic with the value it would exceed by
chance once in a hundred times; exits 1 where it does.
Run: `python -m benchmarks.filing_secrecy [--questions 1000]`.
"""

import argparse
import asyncio
import math
import statistics
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.app import create_app, create_engine_app
from clearance.stack import running_postgres
from store.connection import open_pool
from store.migrate import migrate
from tests.api.fakes import FakeEngine, FakeTemporal
from tests.api.house import House, make_services, make_tenant
from tests.api.pairing import ask, investigation
from vault.keys import FileKeyProvider

BLOCK = 50


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """The largest distance between the two distributions, and what chance exceeds in one of a hundred."""
    first, second = sorted(one), sorted(other)
    points = first + second
    distance = max(
        abs(bisect_right(first, point) / len(first) - bisect_right(second, point) / len(second)) for point in points
    )
    return distance, 1.63 * math.sqrt((len(first) + len(second)) / (len(first) * len(second)))


async def measure(url: str, folder: Path, questions: int) -> tuple[list[float], list[float]]:
    await migrate(url)
    async with await open_pool(url, "clearance_api") as pool, await open_pool(url, "clearance_filing") as filing_pool:
        temporal, filing_temporal, engine = FakeTemporal(), FakeTemporal(), FakeEngine()
        services = make_services(pool, filing_pool, folder, temporal, filing_temporal)
        keys = services.keys
        assert isinstance(keys, FileKeyProvider)
        tenants = [await make_tenant(url, keys, name, "EU") for name in ("One", "Two")]
        times: tuple[list[float], list[float]] = ([], [])
        houses = [
            House(
                url=url,
                services=services,
                temporal=temporal,
                filing_temporal=filing_temporal,
                engine=engine,
                app=create_app(services),
                engine_app=create_engine_app(services, engine),
                vault_folder=folder / "vault",
                keys=keys,
                own=tenants[number],
                other=tenants[1 - number],
            )
            for number in range(2)
        ]
        about = [await investigation(house) for house in houses]
        await about[1].file()
        for house, each in zip(houses, about, strict=True):
            await ask(house, each.questions(100, seed=9))
        for block in range(questions // BLOCK):
            order = (0, 1) if block % 2 else (1, 0)
            for number in order:
                asked = about[number].questions(BLOCK, seed=block)
                times[number].extend((await ask(houses[number], asked))[1])
        for house in houses:
            for client in house.clients:
                await client.aclose()
    return times


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=1_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "postgres") as url:
        without, with_filing = asyncio.run(measure(url, Path(folder), options.questions))
    distance, chance = kolmogorov_smirnov(without, with_filing)
    table = Table("", "questions", "p50 ms", "p95 ms", title="The same questions, without and with a filing")
    for name, seconds in (("without", without), ("with", with_filing)):
        p95 = statistics.quantiles(seconds, n=20)[-1]
        table.add_row(name, f"{len(seconds):,}", f"{1000 * statistics.median(seconds):.2f}", f"{1000 * p95:.2f}")
    Console(width=100).print(table)
    print(f"Kolmogorov-Smirnov distance {distance:.4f}; chance exceeds {chance:.4f} once in a hundred times")
    return int(distance > chance)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
