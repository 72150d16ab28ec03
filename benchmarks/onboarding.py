"""How long an applicant waits: from POST to decision over HTTP, on the embedded stack with everything real.

Starts a stack of its own, warms it up, submits generated applications one after the other and then all at once, and
prints p50, p95 and the share spent in each part: from the activities' times in the Temporal histories and, for storing,
from the statement times that Postgres logs. `--write FILE` appends the tables as Markdown. Four minutes at most, once
the kernels are compiled.
Run: `make bench-onboarding`, or `python -m benchmarks.onboarding [--applications 20] [--write docs/benchmarks.md]`.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import track
from rich.table import Table

from aml.screening.batch import load_watchlists
from benchmarks.onboarding_timing import (
    PARTS,
    Statement,
    Timeline,
    during,
    parts,
    read_history,
    read_statements,
    waits,
)
from clearance.client import Caller, wait_for
from clearance.demo_data import write_watchlists
from clearance.keyring import Keyring
from clearance.lists import load_lists
from clearance.settings import Settings
from clearance.stack import Ports, Stack, running_stack
from clearance.temporal import CLIENT_EXIT_SECONDS, connect
from clearance.tenancy import add_tenant
from jurisdictions.countries import alpha2
from kyc.document import DocumentType
from kyc.specimens.documents import draw_document, invent_document

APPLICATIONS = 20
WARM_UP = 2
STATES = ("FRA", "NLD", "POL", "FIN", "AUT")
ALONE_SECONDS = 90.0
"""After this long no further application is submitted alone."""
BURST_SECONDS = 90.0
"""What is not decided after this long counts as undecided."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """An application whose decision stands, and when it was posted and acknowledged, in seconds since the epoch."""

    application_id: str
    posted: float
    acknowledged: float
    state: str


@dataclass(frozen=True, slots=True)
class Application:
    applicant: dict[str, Any]
    picture: bytes


def invent(number: int, as_of: date) -> Application:
    """A valid passport or card, photographed, and the applicant it belongs to."""
    kind = DocumentType.TD3 if number % 2 else DocumentType.TD1
    state = STATES[number % len(STATES)]
    spec = replace(invent_document(700_000 + number, as_of, type=kind), nationality=state, issuer=state)
    applicant = {
        "kind": "person",
        "surname": spec.surname,
        "given_names": spec.given_names,
        "birth_date": spec.birth_date.isoformat(),
        "nationality": alpha2(state),
        "country_of_residence": alpha2(state),
        "occupation": "employed",
        "product": "current_account",
        "channel": "online",
        "monthly_income": {"amount": "4200.00", "currency": "USD"},
        "expected_monthly_volume": {"amount": "2500.00", "currency": "USD"},
    }
    return Application(applicant, draw_document(spec, number).image_bytes)


# --- Submitting -------------------------------------------------------------------------------------------------------


def post(caller: Caller, application: Application) -> tuple[str, float, float]:
    posted = time.time()
    answer = caller.submit(application.applicant, [application.picture])
    return answer["application_id"], posted, time.time()


def settle(caller: Caller, posted: tuple[str, float, float], seconds: float) -> Sent:
    """Wait until it is concluded or in review. The decision's time comes from the history, not from here."""

    def look() -> str | None:
        state: str = caller.get(f"/v1/applications/{posted[0]}")["state"]
        return state if state in ("in_review", "concluded") else None

    return Sent(*posted, state=wait_for(look, f"the decision on {posted[0]}", seconds))


def one_by_one(caller: Caller, applications: Sequence[Application], console: Console) -> list[Sent]:
    until = time.monotonic() + ALONE_SECONDS
    sent: list[Sent] = []
    for application in track(applications, "one by one", console=console):
        if time.monotonic() > until:
            break
        sent.append(settle(caller, post(caller, application), 60.0))
    return sent


def all_at_once(caller: Caller, applications: Sequence[Application]) -> list[Sent]:
    """Those that were decided in time."""
    until = time.monotonic() + BURST_SECONDS
    with ThreadPoolExecutor(AT_ONCE) as threads:
        posted = list(threads.map(lambda application: post(caller, application), applications))
    decided = []
    for each in posted:
        with suppress(TimeoutError):
            decided.append(settle(caller, each, max(1.0, until - time.monotonic())))
    return decided


# --- Measuring --------------------------------------------------------------------------------------------------------


def log_statements(settings: Settings) -> None:
    """Have Postgres write how long each statement took and for which role; no parameter is logged."""
    with psycopg.connect(settings.admin_database_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET log_line_prefix = '%n %p %u '")
        admin.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
        admin.execute("ALTER SYSTEM SET log_parameter_max_length = 0")
        admin.execute("SELECT pg_reload_conf()")


def statements_of(settings: Settings) -> list[Statement]:
    with (settings.home / "postgres" / "log").open(errors="replace") as lines:
        return read_statements(lines)


def timelines(settings: Settings, sent: Sequence[Sent]) -> list[Timeline]:
    with psycopg.connect(settings.admin_database_url) as admin:
        rows = admin.execute("SELECT payload ->> 'application_id', workflow_id FROM outbox").fetchall()
    workflow_ids: dict[str, str] = dict(rows)
    return asyncio.run(_timelines(settings, sent, workflow_ids))


async def _timelines(settings: Settings, sent: Sequence[Sent], workflow_ids: dict[str, str]) -> list[Timeline]:
    client = await connect(settings, Keyring(settings.secrets_folder))
    found = []
    for each in sent:
        history = await client.get_workflow_handle(workflow_ids[each.application_id]).fetch_history()
        started, steps = read_history(history.events)
        found.append(Timeline(each.posted, each.acknowledged, started, steps, each.state))
    del client
    await asyncio.sleep(CLIENT_EXIT_SECONDS)
    return found


# --- Reporting --------------------------------------------------------------------------------------------------------


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return f"{os.cpu_count()} cores ({model}), {memory / 2**20:.0f} GB"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def load() -> str:
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def rows_of(measured: Sequence[Timeline], statements: Sequence[Statement]) -> list[tuple[str, ...]]:
    """One row a part: median and p95 milliseconds, and its share of all the time."""
    worker = [each for each in statements if each.role == "clearance_worker"]
    split = [parts(timeline, worker) for timeline in measured]
    total = sum(timeline.seconds for timeline in measured)
    rows = [_row(part, [each[part] for each in split], total) for part in PARTS]
    return [*rows, _row("POST to decision", [timeline.seconds for timeline in measured], total)]


def burst_rows_of(measured: Sequence[Timeline]) -> list[tuple[str, ...]]:
    """As `rows_of`; where steps overlap, a statement cannot be given to one of them, so storing is its own steps'."""
    split = [parts(timeline, ()) for timeline in measured]
    total = sum(timeline.seconds for timeline in measured)
    rows = [_row(part, [each[part] for each in split], total) for part in PARTS]
    return [*rows, _row("POST to decision", [timeline.seconds for timeline in measured], total)]


def _row(name: str, seconds: Sequence[float], total: float) -> tuple[str, ...]:
    share = 100 * sum(seconds) / total
    return name, f"{1000 * statistics.median(seconds):,.0f}", f"{1000 * p95(seconds):,.0f}", f"{share:.0f} %"


def notes_of(measured: Sequence[Timeline], statements: Sequence[Statement]) -> str:
    api = [each for each in statements if each.role == "clearance_api"]
    in_postgres = [during(api, each.posted, each.acknowledged) for each in measured]
    return f"Of taking in, Postgres has {1000 * statistics.median(in_postgres):,.0f} ms (p50). {waits_of(measured)}"


def waits_of(measured: Sequence[Timeline]) -> str:
    """What orchestration consists of."""
    each = [waits(timeline) for timeline in measured]
    said = [
        f"{name} {1000 * statistics.median(seconds):,.0f} / {1000 * p95(seconds):,.0f} ms"
        for name in each[0]
        if (seconds := [wait[name] for wait in each])
    ]
    return f"Of orchestration (p50 / p95): {', '.join(said)}; the rest is workflow tasks and the server's own writes."


HEADER = ("part", "p50 ms", "p95 ms", "share")


def show(title: str, rows: Sequence[tuple[str, ...]], console: Console) -> None:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(HEADER):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def markdown(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"**{title}**", "", "| " + " | ".join(HEADER) + " |", "|---|---:|---:|---:|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])


# --- The run ----------------------------------------------------------------------------------------------------------


def prepare(stack: Stack) -> tuple[Caller, int]:
    """A tenant with lists in force: invented ones and, where they are installed, the real ones. Answers the entries."""
    settings = stack.settings
    tenant = asyncio.run(add_tenant(settings, "Benchmark", "US"))
    folder = settings.home / "invented-lists"
    write_watchlists(folder)
    lists = {each.name: each for each in load_watchlists(folder)}
    if (settings.data / "watchlists").is_dir():
        lists |= {each.name: each for each in load_watchlists(settings.data / "watchlists")}
    asyncio.run(load_lists(settings, list(lists.values())))
    return Caller(stack.api_url, tenant.api_key), sum(len(each.entities) for each in lists.values())


def measure(count: int, console: Console) -> str:
    """Run both loads on a fresh stack, print the tables, answer them as Markdown."""
    began, loaded = datetime.now(UTC), load()
    today = began.date()
    made = [invent(number, today) for number in track(range(WARM_UP + 2 * count), "drawing", console=console)]
    # Postgres runs as a user of its own and has to reach the folder.
    home = Path(tempfile.mkdtemp(prefix="clearance-bench-"))
    home.chmod(0o755)
    try:
        with running_stack(home, Ports.free(), lambda part: console.print(f"starting {part} …")) as stack:
            caller, entries = prepare(stack)
            for application in made[:WARM_UP]:
                settle(caller, post(caller, application), 120.0)
            log_statements(stack.settings)
            alone = one_by_one(caller, made[WARM_UP : WARM_UP + count], console)
            console.print(f"{count} at once …")
            burst_began = time.monotonic()
            burst = all_at_once(caller, made[WARM_UP + count :])
            burst_seconds = time.monotonic() - burst_began
            caller.close()
            measured, crowded = timelines(stack.settings, alone), timelines(stack.settings, burst)
            statements = statements_of(stack.settings)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    rows, burst_rows = rows_of(measured, statements), burst_rows_of(crowded)
    states = Counter(each.state for each in (*alone, *burst))
    retried = sum(step.attempt > 1 for each in (*measured, *crowded) for step in each.steps)
    facts = (
        f"{began:%Y-%m-%d %H:%M} UTC, {machine()}, load average {loaded} at the start and {load()} at the end. "
        f"{entries:,} watchlist entries in force. {states['concluded']} applications were concluded, "
        f"{states['in_review']} went to an officer; {retried} steps were tried again."
    )
    first = f"{len(measured)} applications one after the other"
    second = f"{count} applications at once, {AT_ONCE} connections: {len(crowded)} decided in {burst_seconds:.1f} s"
    notes = notes_of(measured, statements)
    console.print(facts)
    show(first, rows, console)
    console.print(notes)
    show(second, burst_rows, console)
    console.print(waits_of(crowded))
    return "\n".join([facts, "", markdown(first, rows), notes, "", markdown(second, burst_rows), waits_of(crowded), ""])


def main() -> None:
    arguments = argparse.ArgumentParser(description="From POST to decision, and where the time goes.")
    arguments.add_argument("--applications", type=int, default=APPLICATIONS, help="how many, each way")
    arguments.add_argument("--write", type=Path, help="append the tables to this file")
    chosen = arguments.parse_args()
    report = measure(chosen.applications, Console())
    if chosen.write:
        with chosen.write.open("a") as file:
            file.write(f"\n{report}")


if __name__ == "__main__":
    main()
