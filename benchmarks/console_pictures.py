"""Makes the pictures in docs/images from a real run: a fresh embedded stack, invented people and payments, a browser.

The specimens' portraits are warps of a photograph of a real person; here they are drawn as a mosaic that shows nobody.
Run: `python -m benchmarks.console_pictures`, where Chromium is installed.
"""

import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
from PIL import Image
from playwright.sync_api import Page
from rich.console import Console

from clearance import chromium
from clearance.client import Caller, sign_in, wait_for
from clearance.demo import Run, _monitor, _prepare
from clearance.demo_data import listed_person, stories
from clearance.settings import REPOSITORY
from clearance.stack import Ports, running_stack
from kyc.specimens import documents, portrait

PLACE = REPOSITORY / "docs" / "images"
COLOURS = 160


def main() -> int:
    if missing := chromium.why_not():
        print(missing)
        return 2
    documents.draw_portrait = _mosaic  # type: ignore[assignment]
    home = Path(tempfile.mkdtemp(prefix="clearance-pictures-"))
    try:
        with running_stack(home, Ports.free(), print) as stack:
            run = _prepare(stack, Console())
            try:
                _photograph(run, _world(run))
            finally:
                run.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 0


def _mosaic(identity: int, seed: int, width: int, height: int) -> Any:
    drawn = portrait.draw_portrait(identity, seed, width, height)
    coarse = cv2.resize(drawn, (7, 9), interpolation=cv2.INTER_AREA)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)


def _world(run: Run) -> dict[str, str]:
    """Applicants, payments, officers' work; the paths of the pages to show."""
    listed = listed_person(run.stack.settings.home / "invented-lists")
    cast = {story.name: story for story in stories(datetime.now(UTC).date(), listed)}
    sent = {
        name: run.service.submit(story.applicant, story.documents, None)["application_id"]
        for name, story in cast.items()
        if name != "damaged upload"
    }
    _monitor(run, [])

    def case_of(application: str) -> Any:
        seen = run.analyst.get(f"/v1/applications/{application}")
        return next(iter(seen["for_officers"]["cases"]), None)

    document = wait_for(lambda: case_of(sent["re-typed digit in the zone"]), "a case", 300)
    wait_for(lambda: case_of(sent["on a sanctions list"]), "a case", 300)
    alerts = [each for each in run.analyst.get("/v1/cases", limit=500)["cases"] if each["kind"] == "alert"]
    # One that a picture has room for.
    alert = max(alerts, key=lambda each: (len(each["reasons"]) < 6, len(each["reasons"])))
    run.analyst.post(f"/v1/cases/{document}/claim", {})
    decision = next(
        each["decision_id"]
        for each in run.analyst.get(f"/v1/cases/{document}")["decisions"]
        if each["kind"] == "onboarding_risk"
    )
    officer = sign_in(run.stack.api_url, run.tenant.tenant_id, "mlro", run.tenant.passwords["mlro"])
    filing = wait_for(lambda: _drafted(officer), "a draft", 120)
    officer.close()
    _closed(run, {document, alert["case_id"]})
    return {"document": document, "alert": alert["case_id"], "decision": decision, "filing": filing}


def _closed(run: Run, keep: set[str]) -> None:
    """Cases dealt with by two officers, so that there is something to learn from."""
    reasons = ("expected_activity", "known_counterparty", "expected_activity", "one_time_event")
    rows = [each for each in run.analyst.get("/v1/cases", limit=500, status="open")["cases"] if each["kind"] == "alert"]
    rows = [each for each in rows if each["case_id"] not in keep][:14]

    def all_of(officer: Caller, action: str, cases: list[dict[str, Any]], **more: str) -> list[dict[str, Any]]:
        if not cases:
            return []
        chosen = [{"case_id": each["case_id"], "revision": each["revision"]} for each in cases]
        done = officer.post("/v1/cases/bulk", {"action": action, "cases": chosen, **more})
        return [each["state"] for each in done["results"] if each["state"]]

    taken: list[dict[str, Any]] = []

    def all_taken() -> bool:
        """A case's workflow starts a moment after its row."""
        had = {each["case_id"] for each in taken}
        taken.extend(all_of(run.analyst, "claim", [each for each in rows if each["case_id"] not in had]))
        return len(taken) == len(rows)

    wait_for(all_taken, "cases", 120)
    said = {"reason": "Compared with the customer's profile and with earlier payments."}
    decided = all_of(run.analyst, "decide", taken[:5], disposition="true_positive", **said)
    all_of(run.approver, "approve", decided)
    for number, each in enumerate(taken[5:12]):
        why = reasons[number % len(reasons)]
        all_of(run.analyst, "decide", [each], disposition="false_positive", false_positive_reason=why, **said)
    all_of(run.analyst, "decide", taken[12:], disposition="inconclusive", **said)


def _drafted(officer: Caller) -> str | None:
    found = [each["filing_id"] for each in officer.get("/v1/filings")["filings"] if each["status"] != "drafting"]
    return found[0] if found else None


def _photograph(run: Run, world: dict[str, str]) -> None:
    PLACE.mkdir(exist_ok=True)
    shots = {
        "analyst": {
            "queue": ("/console", 1280, 800, "light"),
            "case-document": (f"/console/cases/{world['document']}", 1280, 960, "light"),
            "case-alert": (f"/console/cases/{world['alert']}", 1280, 1120, "light"),
            "case-alert-dark": (f"/console/cases/{world['alert']}", 1280, 900, "dark"),
            "queue-narrow": ("/console", 390, 844, "light"),
            "case-narrow": (f"/console/cases/{world['document']}", 390, 1400, "light"),
            "decision": (f"/console/decisions/{world['decision']}", 1280, 1000, "light"),
            "models": ("/console/models", 1280, 800, "light"),
        },
        "approver": {"review": ("/console/review", 1280, 1000, "light")},
        "administrator": {"officers": ("/console/officers", 1280, 640, "light")},
        "auditor": {"audit": ("/console/audit/reads", 1280, 800, "light")},
        "mlro": {"filing": (f"/console/filings/{world['filing']}", 1280, 760, "light")},
    }
    for login, pages in shots.items():
        for name, (path, width, height, scheme) in pages.items():
            with chromium.opened(width, height, color_scheme=scheme) as context:
                page = _signed_in(run, context, login)
                page.goto(f"{run.stack.api_url}{path}", wait_until="networkidle")
                if name == "queue":
                    for _ in range(3):
                        page.keyboard.press("j")
                        page.keyboard.press("x")
                if name == "decision":
                    page.get_by_role("button", name="Verify").click()
                    page.locator("#verdict .notice").wait_for(timeout=120_000)
                _keep(page, name)
    with chromium.opened(1280, 900) as context:
        page = _signed_in(run, context, "analyst")
        _open_web_ui(run, page, world["alert"])
        _keep(page, "web-ui")


def _signed_in(run: Run, context: Any, login: str) -> Page:
    tenant = run.tenant
    page = chromium.sign_in(context, run.stack.api_url, tenant.tenant_id, login, tenant.passwords[login])
    page.set_default_timeout(60_000)
    return page


def _open_web_ui(run: Run, page: Page, case_id: str) -> None:
    """As the page `/console/workflows` says."""
    page.goto(f"{run.stack.web_ui_url}/namespaces/clearance/workflows/case-{case_id}")
    page.get_by_test_id("data-encoder-status-error").click()
    page.get_by_text("Use my browser setting").click()
    page.get_by_placeholder("Paste your endpoint here").fill(f"{run.stack.api_url}/console/codec")
    page.get_by_text("Include cross-origin credentials").click()
    page.locator("[role=dialog]:visible, dialog:visible").get_by_role("button", name="Apply").click()
    page.reload()
    page.get_by_text('"regime"').first.wait_for()
    time.sleep(1)


def _keep(page: Page, name: str) -> None:
    """As a small PNG: few colours are enough for a page."""
    target = PLACE / f"{name}.png"
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target.relative_to(REPOSITORY)}: {target.stat().st_size // 1024} KiB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
