"""One decision of each kind from a real run, as the README shows them, and how fast all of them are replayed.

Starts the embedded stack in a temporary folder with invented applicants, watchlists and payments, and writes the
pictures and the parts of README.md and docs/decisions.md between their markers: `python -m benchmarks.decisions_shown`.
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg

from aml.generator import generate
from aml.screening.batch import load_watchlists
from clearance.client import Caller, RequestRefused, sign_in, wait_for
from clearance.demo_data import accounts_to_open, example_filer, listed_person, stories, write_watchlists
from clearance.filers import FilerFolder
from clearance.keyring import Keyring, public_hex
from clearance.lists import load_lists
from clearance.settings import REPOSITORY
from clearance.stack import Ports, Stack, run_clearance, running_stack
from clearance.tenancy import NewTenant, add_tenant

SHOWN = REPOSITORY / "README.md"
REPLAYED = REPOSITORY / "docs" / "decisions.md"
PICTURES = REPOSITORY / "docs" / "pictures"
BEGIN, END = "<!-- shown: begin -->", "<!-- shown: end -->"
PEOPLE = 500
KNOWN = 12
"""Accounts of one customer among those that launder."""
DAYS = 21
BATCH = 500
MOST = 4
"""Contributions and findings that the page shows of each decision."""

TITLES = {
    "document_acceptance": "Is this document accepted?",
    "face_match": "Do the selfie and the portrait show one person?",
    "screening": "Is this person on a watchlist?",
    "onboarding_risk": "How risky is this customer?",
    "onboarding_outcome": "What happens with this application?",
    "transaction_score": "How likely does this payment belong to laundering?",
    "alert": "Does this payment raise an alert?",
    "rating_change": "What does a closed case mean for the customer's rating?",
    "filing_trigger": "Is a report to be drafted?",
}


@dataclass(frozen=True, slots=True)
class Run:
    stack: Stack
    tenant: NewTenant
    service: Caller
    engine: Caller
    analyst: Caller

    @property
    def headers(self) -> dict[str, str]:
        """The service's credential, for what is not JSON."""
        return {"Authorization": f"Bearer {self.tenant.api_key}"}


@contextmanager
def running() -> Iterator[Run]:
    home = Path(tempfile.mkdtemp(prefix="clearance-shown-"))
    try:
        with running_stack(home, Ports.free(), print) as stack:
            tenant = asyncio.run(add_tenant(stack.settings, "Example Bank", "US"))
            FilerFolder(stack.settings.filer_folder).write(tenant.tenant_id, example_filer())
            write_watchlists(home / "lists")
            asyncio.run(load_lists(stack.settings, load_watchlists(home / "lists")))
            analyst = sign_in(stack.api_url, tenant.tenant_id, "analyst", tenant.passwords["analyst"])
            key = tenant.api_key
            yield Run(stack, tenant, Caller(stack.api_url, key), Caller(stack.engine_url, key), analyst)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def decisions_of(run: Run, name: str, **changes: Any) -> dict[str, Any]:
    """Submit a story of the demo's cast, changed, and answer its decisions by kind once there is an outcome."""
    listed = listed_person(run.stack.settings.home / "lists")
    [story] = [each for each in stories(datetime.now(UTC).date(), listed) if each.name == name]
    accepted = run.service.submit({**story.applicant, **changes}, story.documents, story.selfie)

    def settled() -> Any:
        seen = run.analyst.get(f"/v1/applications/{accepted['application_id']}")
        return seen if seen["state"] in ("in_review", "concluded") else None

    seen = wait_for(settled, f"a decision on {name}", 300)
    ids = seen["for_officers"]["decisions"]
    found = {each["kind"]: each for each in (run.analyst.get(f"/v1/decisions/{one}") for one in ids)}
    return {**found, "customer_id": seen.get("customer_id")}


def monitored(run: Run, customer_id: str) -> dict[str, Any]:
    """Send payments, and answer the decisions on the alert of the customer's accounts that scored highest; its case is
    confirmed. The accounts that launder are a customer's, so that there is a rating to review."""
    now = datetime.now(UTC).replace(microsecond=0)
    start = now - timedelta(days=DAYS)
    world = generate(11, PEOPLE, DAYS, schemes_per_thousand=4.0, currency="USD", threshold=Decimal(10_000), start=start)
    sent = [payment.transaction for payment in world if payment.transaction.booked_at <= now]
    accounts = accounts_to_open(world, KNOWN)
    for account in accounts:
        run.service.post("/v1/accounts", {"account": account, "customer_id": customer_id})
    theirs = {each.transaction_id for each in sent if each.debtor_account in accounts}
    alerted: list[dict[str, Any]] = []
    began = time.monotonic()
    for place in range(0, len(sent), BATCH):
        for result in run.engine.send(sent[place : place + BATCH])["results"]:
            if result["transaction_id"] in theirs and result["alert_id"]:
                alerted.append(result)
    seconds = time.monotonic() - began
    print(f"{len(sent):,} payments in {seconds:.0f} s ({len(sent) / seconds:,.0f}/s over HTTP)")
    best = max(alerted, key=lambda result: float(result["score"]))
    about = f"transaction:{best['transaction_id']}"
    rows = run.analyst.get("/v1/decisions", about=about)["decisions"]
    rows += run.analyst.get("/v1/decisions", about=f"alert:{best['alert_id']}")["decisions"]
    confirm(run, best["alert_id"])
    rows += wait_for(
        lambda: run.analyst.get("/v1/decisions", about=f"customer:{customer_id}")["decisions"], "the rating", 300
    )
    return {row["kind"]: run.analyst.get(f"/v1/decisions/{row['decision_id']}") for row in rows}


def confirm(run: Run, alert_id: str) -> None:
    """Decide the alert's case as a suspicion, by two officers where the regime asks for them."""
    case_id = wait_for(lambda: run.analyst.get(f"/v1/alerts/{alert_id}")["case_id"], "the alert's case", 300)
    path = f"/v1/cases/{case_id}"
    approver = sign_in(run.stack.api_url, run.tenant.tenant_id, "approver", run.tenant.passwords["approver"])
    claimed = patiently(run.analyst, f"{path}/claim", {})
    body = {"revision": claimed["revision"], "disposition": "true_positive", "reason": "Compared with the profile."}
    state = patiently(run.analyst, f"{path}/decide", body)
    if state["status"] == "awaiting_approval":
        patiently(approver, f"{path}/approve", {"revision": state["revision"], "reason": "Agreed."})
    approver.close()


def patiently(caller: Caller, path: str, body: dict[str, Any]) -> Any:
    def act() -> Any:
        try:
            return caller.post(path, body)
        except RequestRefused as refusal:
            if refusal.status == 503:
                return None
            raise

    return wait_for(act, path, 300)


def filing_record(run: Run) -> dict[str, Any]:
    """The clear part of the newest decision to file: what its own ledger holds."""

    def look() -> Any:
        with psycopg.connect(run.stack.settings.admin_database_url) as connection:
            return connection.execute(
                "SELECT d.record, d.explanation, f.names, d.leaf_id FROM filing.decision d "
                "JOIN feature_list f ON f.sha256 = d.explanation::json ->> 'features_sha256' LIMIT 1"
            ).fetchone()

    record, explanation, names, leaf_id = wait_for(look, "the decision to file", 300)
    clear, why = json.loads(record), json.loads(explanation)
    pairs = sorted(zip(json.loads(names), why["shap"], strict=True), key=lambda pair: -abs(pair[1]))
    return {
        **clear,
        **why,
        "contributions": [{"feature": name, "value": "sealed", "shap": shap} for name, shap in pairs],
        "findings": [dict(zip(("rule", "effect", "citation"), rule, strict=True)) for rule in clear["rules"]],
        "leaf_id": str(leaf_id),
    }


# --- The pages --------------------------------------------------------------------------------------------------------


def folded(title: str, lines: list[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "</details>", ""]


def rewrite(page: Path, lines: list[str]) -> None:
    """Put the lines between the page's markers."""
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + "\n\n" + "\n".join(lines) + "\n" + END + rest.split(END)[1])


def shortened(decision: dict[str, Any]) -> str:
    """The decision's JSON with long lists cut, numbers rounded to read, and the digests' first digits."""
    shap = [one for one in decision["contributions"] if one["shap"] != 0.0]
    more = len(decision["contributions"]) - len(shap[:MOST])
    shown = {
        "kind": decision["kind"],
        "outcome": decision["outcome"],
        "score": decision["score"],
        "model": {**decision["model"], "sha256": decision["model"]["sha256"][:16] + "…"},
        "method": decision["method"],
        "base_value": decision["base_value"],
        "contributions": [*shap[:MOST], *([f"… {more} more"] if more else [])],
        "output": decision["output"],
        "additivity_error": decision["additivity_error"],
        "findings": [{key: one[key] for key in ("rule", "effect", "citation")} for one in decision["findings"][:MOST]],
        "regime": f"{decision['regime']} {decision['regime_version']}",
        "leaf_id": decision["leaf_id"],
    }
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    # An object of plain values on one line, where it fits.
    return re.sub(r"\{\n\s+([^{}\[\]]+?)\n\s+\}", lambda found: "{" + re.sub(r"\n\s+", " ", found[1]) + "}", text)


def section(run: Run, decision: dict[str, Any]) -> list[str]:
    """A decision's part of the README; draws its picture."""
    kind = decision["kind"]
    title = f"{TITLES[kind]} (<code>{kind}</code>)"
    lines = ["```json", shortened(decision), "```", ""]
    if kind == "filing_trigger":
        lines += [
            "In its own schema, under its own key and ledger: no API shows it to anyone who does not file, and an "
            "investigation looks the same whether or not it exists. Values, sentence and picture are sealed.",
            "",
        ]
        return folded(title, lines)
    path = f"/v1/decisions/{decision['decision_id']}"
    PICTURES.mkdir(parents=True, exist_ok=True)
    for plot in ("waterfall", "force"):
        if plot == "waterfall" or kind == "onboarding_risk":
            (PICTURES / f"{kind}_{plot}.svg").write_text(picture(run, f"{path}/plot.svg", plot))
    what_if = run.analyst.get(f"{path}/counterfactual")
    lines += [f"> {decision['sentence']}", "", f"![{TITLES[kind]}](docs/pictures/{kind}_waterfall.svg)", ""]
    if kind == "onboarding_risk":
        lines += [f"![As forces](docs/pictures/{kind}_force.svg)", ""]
    lines += [f"*Counterfactual:* {what_if['sentence']}", ""]
    return folded(title, lines)


def picture(run: Run, path: str, plot: str) -> str:
    """The plot; asked again while the process that draws is being started."""

    def draw() -> httpx.Response | None:
        answer = httpx.get(run.stack.api_url + path, params={"kind": plot}, headers=run.headers, timeout=120.0)
        return None if answer.status_code == 503 else answer

    answer: httpx.Response = wait_for(draw, path, 300)
    return answer.raise_for_status().text


def proof(run: Run, decision: dict[str, Any]) -> list[str]:
    """Prove one decision by the command line and verify the proof as a stranger does, with the public key alone."""
    run_clearance(run.stack, "audit", "checkpoint")
    home = run.stack.settings.home
    key = public_hex(Keyring(run.stack.settings.secrets_folder).ledger)
    run_clearance(run.stack, "audit", "prove", decision["decision_id"], "--output", str(home / "proof.json"))
    said = run_clearance(run.stack, "audit", "verify", str(home / "proof.json"), "--public-key", key)
    told = json.loads((home / "proof.json").read_text())
    text = json.dumps(told, indent=2, ensure_ascii=False)
    text = re.sub(r'"((?:[^"\\]|\\.){60})(?:[^"\\]|\\.)+"', r'"\1…"', text)
    print("proof", len(text), "characters")
    lines = text.splitlines()
    shown = lines if len(lines) <= 60 else [*lines[:50], "  …", *lines[-5:]]
    return ["```json", *shown, "```", "", "    " + said.strip().replace(str(home), "…").replace("\n", "\n    "), ""]


def replayed(run: Run) -> list[str]:
    load = os.getloadavg()[0]
    began = time.monotonic()
    printed = " ".join(run_clearance(run.stack, "decisions", "verify", "--all").split())
    seconds = time.monotonic() - began
    found = re.search(r"(\d+) decisions: .*", printed)
    assert found is not None, printed
    said = found[0]
    total = int(found[1])
    print(said)
    return [
        f"`clearance decisions verify --all` on this run's database: {said}. It took {seconds:.1f} s with the start of "
        f"the program: **{total / seconds * 60:,.0f} decisions a minute** in one process, on {os.cpu_count()} cores "
        f"with a load of {load:.1f} of other work.",
        "",
    ]


def main() -> int:
    with running() as run:
        risky = decisions_of(
            run,
            "birth date mistyped",
            occupation="cash_business",
            product="crypto",
            channel="online",
            expected_monthly_volume={"amount": "20000.00", "currency": "USD"},
            expected_cash_share=0.8,
            expected_foreign_share=0.6,
        )
        listed = decisions_of(run, "on a sanctions list")
        holder = decisions_of(run, "valid passport, same face")
        found = {
            **risky,
            "screening": listed["screening"],
            "face_match": decisions_of(run, "portrait of another person")["face_match"],
            **monitored(run, holder["customer_id"]),
            "filing_trigger": filing_record(run),
        }
        lines = [line for kind in TITLES for line in section(run, found[kind])]
        told = "Of the onboarding risk above, by `clearance audit prove`, shortened, and what `clearance audit verify` "
        told += "says of it with the public key alone:"
        lines += folded("The proof", [told, "", *proof(run, found["onboarding_risk"])])
        again = replayed(run)
    rewrite(SHOWN, lines)
    rewrite(REPLAYED, again)
    return 0


if __name__ == "__main__":
    sys.exit(main())
