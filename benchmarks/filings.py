"""What building and checking filings costs, and whether all of many random cases come out valid.

Prints a table: for each form the reports built and validated, how many were refused, reports a second, p50 and p95 of
one, in CPU time of one thread. 2,000 random cases a form by default, every tenth also mutated. Exits 1 where a valid
case is refused, a mutated file is accepted, or the p95 of a FinCEN SAR is over 100 ms.
Run: `python -m benchmarks.filings [--cases 2000] [--schemas DIR]`.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lxml import etree
from rich.console import Console
from rich.progress import track
from rich.table import Table

from aml.reports.findings import parse, problems
from aml.reports.formats import FORMATS, ReportFormat, goaml_format
from aml.reports.goaml_profile import load_profile
from aml.reports.specimens import specimen_case

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "schemas"
P95_SAR_MS = 100.0


@dataclass(frozen=True, slots=True)
class Measured:
    form: str
    cases: int
    refused: int
    mutated: int
    accepted: int
    seconds: list[float]

    def row(self) -> tuple[str, ...]:
        p95 = statistics.quantiles(self.seconds, n=20)[-1]
        rate = self.cases / sum(self.seconds)
        return (
            self.form,
            f"{self.cases:,}",
            str(self.refused),
            f"{self.accepted} of {self.mutated:,}",
            f"{rate:,.0f}",
            f"{1000 * statistics.median(self.seconds):.1f}",
            f"{1000 * p95:.1f}",
        )


def damage(xml: bytes, random: Random) -> bytes:
    """The file with one required thing gone or one value broken: whatever it was, no authority would take it."""
    root = parse(xml)
    required = [
        node
        for node in root.iter()
        if etree.QName(node).localname
        in {
            "FilingDateText", "ActivityPartyTypeCode", "SuspiciousActivityFromDateText", "ActivityNarrativeText",
            "SuspiciousActivitySubtypeID", "SuspiciousActivityTypeID", "OrganizationTypeID", "rentity_id",
            "report_code",
            "submission_date", "currency_code_local", "transactionnumber", "date_transaction", "reason",
        }
    ]  # fmt: skip
    node = random.choice(required)
    if random.random() < 0.5:
        node.text = "~not a value~"
    parent = node.getparent()
    if node.text != "~not a value~" and parent is not None:
        parent.remove(node)
    elif etree.QName(node).localname in ("ActivityNarrativeText", "reason", "transactionnumber"):
        node.text = None
    return etree.tostring(root)


def measure(name: str, report: ReportFormat, currency: str, complete: bool, cases: int, schemas: Path) -> Measured:
    seconds, refused, mutated, accepted = [], 0, 0, 0
    random = Random(1)
    for seed in track(range(cases), description=name, transient=True):
        case = specimen_case(seed, currency=currency, complete=complete)
        began = time.thread_time()
        xml = report.build(case)
        found = problems(report.validate(xml, schemas))
        seconds.append(time.thread_time() - began)
        refused += bool(found)
        if seed % 10 == 0:
            mutated += 1
            accepted += not problems(report.validate(damage(xml, random), schemas))
    return Measured(name, cases, refused, mutated, accepted, seconds)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--schemas", type=Path, default=SCHEMAS)
    options = parser.parse_args(arguments)
    if not (options.schemas / "EFL_SARXBatchSchema.xsd").exists():
        print(f"the authorities' schemas are not in {options.schemas}", file=sys.stderr)
        return 2
    forms: list[tuple[str, Callable[[], ReportFormat], str, bool]] = [
        ("FinCEN SAR", lambda: FORMATS["fincen_sar"], "USD", False),
        ("goAML (ae)", lambda: goaml_format(load_profile("ae")), "AED", True),
        ("goAML (euro)", lambda: FORMATS["goaml"], "EUR", True),
    ]
    heads = ("form", "cases", "refused", "mutated accepted", "reports/s", "p50 ms", "p95 ms")
    table = Table(*heads, title="Filings: built and checked, CPU time of one thread")
    measured = [
        measure(name, made(), currency, complete, options.cases, options.schemas)
        for name, made, currency, complete in forms
    ]
    for each in measured:
        table.add_row(*each.row())
    Console(width=110).print(table)
    slow = 1000 * statistics.quantiles(measured[0].seconds, n=20)[-1] > P95_SAR_MS
    return int(slow or any(each.refused or each.accepted for each in measured))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
