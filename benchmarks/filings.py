"""What building and checking filings costs, and whether all of many random cases come out right.

Prints a table: for each form the reports built and validated, how many were refused, how many broken ones were met by
the finding that names what is broken, reports a second, p50 and p95 of one, in CPU time of one thread. 2,000 random
cases and 200 broken ones a form by default. Exits 1 where a valid case is refused, a broken report is not met by the
right finding, or the p95 of a FinCEN SAR is over 100 ms.
Run: `python -m benchmarks.filings [--cases 2000] [--broken 200] [--schemas DIR]`.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

import jurisdictions
from aml.reports import ctr, damage, fincen, goaml
from aml.reports.ctr import build_ctr
from aml.reports.findings import parse, problems
from aml.reports.goaml_profile import FiuProfile, load_profile
from aml.reports.specimens import specimen_case, specimen_ctr
from explain.record import Finding
from jurisdictions.reporting import ctr_terms

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "schemas"
P95_SAR_MS = 100.0
TERMS = ctr_terms(jurisdictions.regime("US", date(2026, 11, 22)))


@dataclass(frozen=True, slots=True)
class Form:
    name: str
    build: Callable[[int], bytes]
    validate: Callable[[bytes, Path], tuple[Finding, ...]]
    damages: tuple[damage.Damage, ...]


@dataclass(slots=True)
class Measured:
    form: str
    cases: int
    refused: int = 0
    broken: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def row(self) -> tuple[str, ...]:
        p95 = statistics.quantiles(self.seconds, n=20)[-1]
        return (
            self.form,
            f"{self.cases:,}",
            str(self.refused),
            f"{self.broken - self.missed.total()} of {self.broken:,}",
            f"{self.cases / sum(self.seconds):,.0f}",
            f"{1000 * statistics.median(self.seconds):.1f}",
            f"{1000 * p95:.1f}",
        )


def _goaml(profile: FiuProfile, currency: str) -> Form:
    return Form(
        f"goAML ({profile.code})",
        lambda seed: goaml.build_goaml(specimen_case(seed, currency=currency, complete=True), profile),
        lambda xml, schemas: goaml.validate(xml, schemas, profile),
        damage.GOAML,
    )


FORMS = (
    Form("FinCEN SAR", lambda seed: fincen.build_sar(specimen_case(seed)), fincen.validate, damage.SAR),
    Form(
        "FinCEN CTR",
        lambda seed: build_ctr(specimen_ctr(seed)),
        lambda xml, schemas: ctr.validate(xml, schemas, TERMS),
        damage.CTR,
    ),
    _goaml(load_profile("ae"), "AED"),
    _goaml(load_profile("euro"), "EUR"),
)


def measure(form: Form, cases: int, broken: int, schemas: Path) -> Measured:
    measured = Measured(form.name, cases)
    for seed in track(range(cases), description=form.name, transient=True):
        began = time.thread_time()
        xml = form.build(seed)
        found = problems(form.validate(xml, schemas))
        measured.seconds.append(time.thread_time() - began)
        if found:
            measured.refused += 1
            print(f"{form.name}: case {seed} is refused: {', '.join(found)}", file=sys.stderr)
    seed = 0
    while measured.broken < broken:
        way = form.damages[seed % len(form.damages)]
        made = damage.broken(parse(form.build(seed)), way)
        seed += 1
        if made is not None:
            measured.broken += 1
            if way.rule not in problems(form.validate(made, schemas)):
                measured.missed[way.name] += 1
    for name, count in measured.missed.items():
        print(f"{form.name}: {count} reports with {name!r} are not met by its finding", file=sys.stderr)
    return measured


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--broken", type=int, default=200)
    parser.add_argument("--schemas", type=Path, default=SCHEMAS)
    options = parser.parse_args(arguments)
    if not (options.schemas / fincen.SCHEMA).exists():
        print(f"the authorities' schemas are not in {options.schemas}", file=sys.stderr)
        return 2
    heads = ("form", "cases", "refused", "broken, rightly met", "reports/s", "p50 ms", "p95 ms")
    table = Table(*heads, title="Filings: built and checked, CPU time of one thread")
    measured = [measure(form, options.cases, options.broken, options.schemas) for form in FORMS]
    for each in measured:
        table.add_row(*each.row())
    Console(width=110).print(table)
    slow = 1000 * statistics.quantiles(measured[0].seconds, n=20)[-1] > P95_SAR_MS
    return int(slow or any(each.refused or each.missed for each in measured))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
