"""`make demo` and `make up`: the main job on the embedded stack, told as it happens."""

import asyncio
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from aml.screening.batch import load_watchlists
from clearance import chromium
from clearance.client import Caller, RequestRefused, sign_in, wait_for
from clearance.demo_data import (
    Story,
    accounts_to_open,
    example_filer,
    listed_person,
    payments,
    real_documents,
    stories,
    write_watchlists,
)
from clearance.filers import FilerFolder
from clearance.lists import load_lists
from clearance.settings import REPOSITORY
from clearance.stack import Ports, Stack, run_clearance, running_stack
from clearance.tenancy import NewTenant, add_tenant

BATCH = 500
CASES_SHOWN = 5
CASES_TO_DECIDE = 2
"""Alert cases that the demo's officers close: one as a suspicion, which is filed, one as a false positive."""


@dataclass(slots=True)
class Row:
    """A line of the table at the end."""

    kind: str
    what: str
    outcome: str
    reasons: list[str]
    seconds: float


@dataclass(slots=True)
class Run:
    """What the demo has at hand: the stack, the tenant's callers, and the rows collected so far."""

    stack: Stack
    tenant: NewTenant
    console: Console
    service: Caller
    engine: Caller
    analyst: Caller
    approver: Caller
    rows: list[Row] = field(default_factory=list)

    def close(self) -> None:
        for caller in (self.service, self.engine, self.analyst, self.approver):
            caller.close()


def demo(console: Console) -> int:
    """Run the main job once on a fresh stack; the exit code. Everything that was started is stopped again."""
    began = time.monotonic()
    home = REPOSITORY / ".clearance" / "demo"
    shutil.rmtree(home, ignore_errors=True)
    with _until_stopped(), running_stack(home, Ports.free(), lambda part: console.print(f"starting {part} …")) as stack:
        console.print(
            f"ready after {time.monotonic() - began:.1f} s: API {stack.api_url}/docs, Web UI {stack.web_ui_url}"
        )
        run = _prepare(stack, console)
        try:
            opened = _onboard(run)
            _monitor(run, opened)
            _file(run)
            shown = _console_shown(run)
        finally:
            run.close()
        console.print(run_clearance(stack, "decisions", "verify", "--all").strip())
        console.print(_table(run.rows))
        console.print(shown)
        console.print(
            f"reports are in {stack.settings.filing_folder}, signed checkpoints in {stack.settings.checkpoint_folder}"
        )
    console.print(f"everything is stopped; the demo took {time.monotonic() - began:.1f} s")
    return 0


def up(console: Console) -> None:
    """Start the stack on its usual ports, make a tenant on the first run, print where things are, wait for Ctrl-C."""
    home = REPOSITORY / ".clearance"
    with (
        _until_stopped(),
        running_stack(home, Ports.usual(), lambda part: console.print(f"starting {part} …")) as stack,
    ):
        key_file = stack.settings.secrets_folder / "demo-api-key"
        if not key_file.exists():
            tenant = _first_tenant(stack, console)
            _write_secret(key_file, tenant.api_key)
            passwords = stack.settings.secrets_folder / "demo-officers"
            _write_secret(passwords, "".join(f"{login} {word}\n" for login, word in tenant.passwords.items()))
            (stack.settings.secrets_folder / "demo-tenant").write_text(str(tenant.tenant_id))
        console.print(f"API docs         {stack.api_url}/docs")
        console.print(f"console          {stack.api_url}/console/sign-in?tenant={_tenant_of(stack)}")
        console.print(f"transactions     {stack.engine_url}/docs")
        console.print(f"Temporal Web UI  {stack.web_ui_url} (development server: no authorisation)")
        console.print(f"API key          {key_file}")
        console.print(f"officers         {key_file.with_name('demo-officers')} (tenant id in demo-tenant)")
        console.print("Ctrl-C stops everything.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            console.print("stopping …")


def _tenant_of(stack: Stack) -> str:
    return (stack.settings.secrets_folder / "demo-tenant").read_text()


def _write_secret(path: Path, content: str) -> None:
    """For the owner's eyes only."""
    path.touch(mode=0o600)
    path.write_text(content)


class _until_stopped:
    """SIGTERM ends the body as Ctrl-C does, which works also where a shell ignores it: the stack stops in order."""

    def __enter__(self) -> None:
        self._before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._stop),
            signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        }

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, *_: object) -> None:
        sys.exit(0)


# --- Steps ------------------------------------------------------------------------------------------------------------


def _first_tenant(stack: Stack, console: Console) -> NewTenant:
    settings = stack.settings
    tenant = asyncio.run(add_tenant(settings, "Example Bank", "US"))
    FilerFolder(settings.filer_folder).write(tenant.tenant_id, example_filer())
    folder = settings.home / "invented-lists"
    write_watchlists(folder)
    lists = {each.name: each for each in load_watchlists(folder)}
    real = settings.data / "watchlists"
    if real.is_dir():
        # The invented SDN list stays: an invented applicant is on it.
        lists |= {each.name: each for each in load_watchlists(real) if each.name != "us_ofac_sdn"}
    for each, _ in asyncio.run(load_lists(settings, list(lists.values()))):
        console.print(f"watchlist {each.name} of {each.published or 'today'}: {len(each.entities):,} entries in force")
    return tenant


def _prepare(stack: Stack, console: Console) -> Run:
    tenant = _first_tenant(stack, console)
    url = stack.api_url
    return Run(
        stack,
        tenant,
        console,
        Caller(url, tenant.api_key),
        Caller(stack.engine_url, tenant.api_key),
        sign_in(url, tenant.tenant_id, "analyst", tenant.passwords["analyst"]),
        sign_in(url, tenant.tenant_id, "approver", tenant.passwords["approver"]),
    )


def _onboard(run: Run) -> list[str]:
    """Submit every story, decide what is referred; answers the customers that came of it."""
    settings = run.stack.settings
    today = datetime.now(UTC).date()
    cast = chain(stories(today, listed_person(settings.home / "invented-lists")), real_documents(settings.data, today))
    sent: list[tuple[Story, str, float]] = []
    with _progress(run.console) as progress:
        task = progress.add_task("applications: submitting", total=None)
        for story in cast:
            accepted = run.service.submit(story.applicant, story.documents, story.selfie)
            sent.append((story, accepted["application_id"], time.monotonic()))
            progress.advance(task)
        progress.update(task, description="applications", total=2 * len(sent))
        customers = []
        for story, application_id, began in sent:
            row, customer = _see_through(run, story, application_id, began)
            run.rows.append(row)
            customers += [customer] if customer else []
            progress.advance(task)
    return customers


def _see_through(run: Run, story: Story, application_id: str, began: float) -> tuple[Row, str | None]:
    """Wait for the automatic decision; where it is a referral, decide it as the story's officers do."""
    path = f"/v1/applications/{application_id}"

    def settled() -> Any:
        seen = run.analyst.get(path)
        return seen if seen["state"] in ("in_review", "concluded") and _case_is_open(seen) else None

    def concluded() -> Any:
        seen = run.analyst.get(path)
        return seen if seen["state"] == "concluded" else None

    seen = wait_for(settled, f"the decision on {story.name}")
    seconds = time.monotonic() - began
    decided = "automatic"
    reasons = _strongest(run, seen)
    if seen["state"] == "in_review":
        decided = _decide_case(run, seen["for_officers"]["cases"][0], story.disposition, story.reason)
        seen = wait_for(concluded, f"the conclusion of {story.name}")
    outcome = f"{seen['for_officers']['outcome'] or seen['outcome']} ({decided})"
    return Row("application", story.name, outcome, reasons[:3], seconds), seen["customer_id"]


def _strongest(run: Run, seen: dict[str, Any]) -> list[str]:
    """What weighed most: the rules that fired, then the risk model's largest contributions."""
    decisions = {
        d["kind"]: d for d in (run.analyst.get(f"/v1/decisions/{i}") for i in seen["for_officers"]["decisions"])
    }
    if "onboarding_outcome" not in decisions:
        return [reason["code"] for reason in seen["reasons"]]
    fired = [finding["rule"] for finding in decisions["onboarding_outcome"]["findings"]]
    weighed = [
        f"{each['feature']} ({each['shap']:+.2f})"
        for each in decisions["onboarding_risk"]["contributions"]
        if each["shap"] != 0.0
    ]
    return [*fired, *weighed][:3]


def _case_is_open(seen: dict[str, Any]) -> bool:
    return seen["state"] == "concluded" or bool(seen["for_officers"]["cases"])


def _decide_case(run: Run, case_id: str, disposition: str, reason: str) -> str:
    """Claim, decide and, where the regime asks for four eyes, let the other officer approve."""
    path = f"/v1/cases/{case_id}"
    claimed = _patiently(lambda: run.analyst.post(f"{path}/claim", {}))
    body = {"revision": claimed["revision"], "disposition": disposition, "reason": reason}
    if disposition == "false_positive":
        body["false_positive_reason"] = "expected_activity"
    state = _patiently(lambda: run.analyst.post(f"{path}/decide", body))
    if state["status"] != "awaiting_approval":
        return "one officer"
    try:
        run.analyst.post(f"{path}/approve", {"revision": state["revision"], "reason": "I agree with myself."})
    except RequestRefused as refusal:
        if refusal.status not in (403, 409):
            raise
    else:
        raise AssertionError("the maker approved their own decision")
    _patiently(lambda: run.approver.post(f"{path}/approve", {"revision": state["revision"], "reason": "Agreed."}))
    return "four eyes"


def _patiently(action: Any) -> Any:
    """An officer tries again while the service says 503: the case's workflow is just being started."""
    for _ in range(50):
        try:
            return action()
        except RequestRefused as refusal:
            if refusal.status != 503:
                raise
            time.sleep(0.2)
    return action()


def _monitor(run: Run, customers: list[str]) -> None:
    """Open accounts for the new customers, stream a month of payments, decide two of the alerts' cases."""
    world = payments(datetime.now(UTC).replace(microsecond=0))
    for customer, account in zip(customers, accounts_to_open(world, len(customers)), strict=False):
        run.service.post("/v1/accounts", {"account": account, "customer_id": customer})
    alerts = 0
    began = time.monotonic()
    with _progress(run.console) as progress:
        task = progress.add_task("transactions", total=len(world))
        for start in range(0, len(world), BATCH):
            answer = run.engine.send(payment.transaction for payment in world[start : start + BATCH])
            alerts += sum(result["alert_id"] is not None for result in answer["results"])
            progress.advance(task, len(answer["results"]))
    seconds = time.monotonic() - began
    run.console.print(
        f"{len(world):,} transactions scored, explained and stored in {seconds:.1f} s "
        f"({len(world) / seconds:,.0f}/s over HTTP): {alerts} alerts"
    )
    cases = wait_for(lambda: _alert_cases(run, alerts), "the investigations' cases")
    for case, disposition in zip(cases[:CASES_TO_DECIDE], ("true_positive", "false_positive"), strict=False):
        began = time.monotonic()
        detail = run.analyst.get(f"/v1/cases/{case['case_id']}")
        decided = _decide_case(
            run, case["case_id"], disposition, "The pattern was compared with the customer's profile."
        )
        run.rows.append(
            Row(
                "alert",
                ", ".join(detail["accounts"][:2]),
                f"{disposition} ({decided})",
                case["reasons"][:3],
                time.monotonic() - began,
            )
        )
    for case in cases[CASES_TO_DECIDE:CASES_SHOWN]:
        run.rows.append(Row("alert", case["about"][:14] + "…", "in the queue", case["reasons"][:3], 0.0))


def _alert_cases(run: Run, alerts: int) -> list[dict[str, Any]]:
    """The open alert cases once there are enough to work on, those with most reasons first; the rest open meanwhile."""
    cases = [case for case in run.analyst.get("/v1/cases", limit=500)["cases"] if case["kind"] == "alert"]
    if len(cases) < min(alerts, CASES_SHOWN):
        seen = run.analyst.get("/v1/alerts", limit=200)["alerts"]
        if sum(alert["case_id"] is not None for alert in seen) < len(seen):
            return []
    return sorted(cases, key=lambda case: -len(case["reasons"]))


def _file(run: Run) -> None:
    """The filing officer sees the draft of the confirmed suspicion and approves it; the report goes out."""
    officer = sign_in(run.stack.api_url, run.tenant.tenant_id, "mlro", run.tenant.passwords["mlro"])
    began = time.monotonic()

    def drafted() -> Any:
        filings = officer.get("/v1/filings")["filings"]
        return next((each for each in filings if each["status"] in ("draft", "blocked") and each["revision"]), None)

    filing = wait_for(drafted, "the draft of the report")
    path = f"/v1/filings/{filing['filing_id']}"
    if filing["status"] == "draft":
        _patiently(lambda: officer.post(f"{path}/approve", {"revision": filing["revision"], "reason": "Complete."}))
        filing = wait_for(lambda: _submitted(officer, path), "the submission of the report")
    run.rows.append(
        Row(
            "filing",
            f"{filing['format']} due {filing['due_at'][:10]}",
            filing["status"],
            filing["problems"][:3] or ["valid against the schema"],
            time.monotonic() - began,
        )
    )
    officer.close()


def _submitted(officer: Caller, path: str) -> Any:
    filing = officer.get(path)
    return filing if filing["status"] == "submitted" else None


def _console_shown(run: Run) -> str:
    """Where the officers' pages were, and one case on them as a picture, if a browser is here."""
    at = f"the officers' console was at {run.stack.api_url}/console (`make up` leaves it running)"
    if missing := chromium.why_not():
        return f"{at}; no picture of a case: {missing}"
    cases = [case for case in run.analyst.get("/v1/cases", limit=500)["cases"] if case["kind"] == "alert"]
    if not cases:
        return at
    shown = max(cases, key=lambda case: len(case["reasons"]))
    target = run.stack.settings.home / "case.png"
    tenant = run.tenant
    path = f"/console/cases/{shown['case_id']}"
    try:
        chromium.photograph(run.stack.api_url, tenant.tenant_id, "analyst", tenant.passwords["analyst"], path, target)
    except chromium.BrowserFailed as error:
        return f"{at}; no picture of a case: {error}"
    return f"{at}; a case on it: {target}"


# --- The table ----------------------------------------------------------------------------------------


def _table(rows: list[Row]) -> Table:
    table = Table(title="What happened", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("kind", no_wrap=True)
    table.add_column("what", overflow="fold", max_width=26)
    table.add_column("outcome", overflow="fold", max_width=18)
    table.add_column("strongest reasons", overflow="fold")
    table.add_column("s", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(row.kind, row.what, row.outcome, "; ".join(row.reasons), f"{row.seconds:.1f}")
    return table


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
