"""Officers at work in a real browser, before a real stack: from the queue to the filing, four eyes kept, keys, widths,
accessibility, and the Temporal Web UI reading what it is shown."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from clearance import chromium
from clearance.client import sign_in as token_for
from clearance.client import wait_for
from clearance.demo_data import accounts_to_open, listed_person, payments, stories
from clearance.tenancy import NewTenant, add_tenant
from tests.console.provider import Provider, serving
from tests.end_to_end.conftest import House, run
from tests.end_to_end.conftest import house as real_house

pytestmark = pytest.mark.skipif(bool(chromium.why_not()), reason=chromium.why_not() or "there is a browser")

__all__ = ["real_house"]

REASON = "Compared with the customer's profile and with the documents."
PATIENCE = 60_000
"""Milliseconds: a case's workflow starts a moment after its row, and the machine may be busy."""
expect.set_options(timeout=PATIENCE)

TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.scroll, .flows, .zone, .tabs, .nav')).slice(0, 3).map(e => e.outerHTML.slice(0, 120))"""


@dataclass(frozen=True, slots=True)
class World:
    """What happened before officers sit down: a referred application, and monitoring's cases."""

    house: House
    application: str
    sanctioned: str
    alert: str
    second_alert: str


@pytest.fixture(scope="module")
def world(real_house: House) -> World:
    house = real_house
    cast = {story.name: story for story in stories(datetime.now(UTC).date(), listed_person(house.lists))}

    def sent(name: str) -> str:
        story = cast[name]
        return str(house.service.submit(story.applicant, story.documents, story.selfie)["application_id"])

    good, referred, listed = [
        sent(name) for name in ("valid passport, same face", "re-typed digit in the zone", "on a sanctions list")
    ]
    customer = wait_for(lambda: house.analyst.get(f"/v1/applications/{good}")["customer_id"], "a customer", 300)
    paid = payments(datetime.now(UTC).replace(microsecond=0))
    [account] = accounts_to_open(paid, 1)
    house.service.post("/v1/accounts", {"account": account, "customer_id": customer})
    house.engine.send(payment.transaction for payment in paid)

    def case_of(application: str) -> Callable[[], Any]:
        return lambda: next(iter(house.analyst.get(f"/v1/applications/{application}")["for_officers"]["cases"]), None)

    def alert_cases() -> Any:
        cases = [each for each in house.analyst.get("/v1/cases", limit=500)["cases"] if each["kind"] == "alert"]
        return cases if len(cases) >= 2 else None

    cases = sorted(wait_for(alert_cases, "alert cases", 300), key=lambda each: -len(each["reasons"]))
    return World(
        house,
        wait_for(case_of(referred), "a case", 300),
        wait_for(case_of(listed), "a case", 300),
        cases[0]["case_id"],
        cases[1]["case_id"],
    )


@contextmanager
def at_desk(world: World, login: str, tenant: NewTenant | None = None, **options: Any) -> Iterator[Page]:
    """A page of a browser in which that officer is signed in."""
    with chromium.opened(**options) as context:
        yield signed_in(world, context, login, tenant or world.house.tenant)


def signed_in(world: World, context: BrowserContext, login: str, tenant: NewTenant) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{world.house.stack.api_url}/console/sign-in?tenant={tenant.tenant_id}")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(tenant.passwords[login])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def case_url(world: World, case_id: str) -> str:
    return f"{world.house.stack.api_url}/console/cases/{case_id}"


def act(page: Page, button: str, done: str) -> None:
    """Press a button until the workflow has been started and takes it."""

    def pressed() -> bool:
        here = page.url
        page.get_by_role("button", name=button).first.click()
        page.wait_for_load_state()
        if page.get_by_text("The workflow service does not answer").count():
            page.goto(here)
            return False
        return True

    wait_for(pressed, button)
    expect(page.get_by_role("status")).to_contain_text(done)


def decide(page: Page, disposition: str) -> None:
    page.get_by_label(disposition, exact=True).check()
    page.get_by_label("Reason", exact=True).fill(REASON)
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status")).to_contain_text("Decided")


def test_from_the_queue_to_the_filing_with_two_officers(world: World) -> None:
    with at_desk(world, "analyst") as page:
        page.goto(f"{world.house.stack.api_url}/console?kind=alert&view=work")
        row = page.locator(f'a[href="/console/cases/{world.alert}"]')
        expect(row).to_be_visible()
        row.click()
        expect(page.locator(".flows svg .node").first).to_be_visible()
        expect(page.locator(".line-time .mark").first).to_be_attached()
        act(page, "Take the case", "The case is yours")
        decide(page, "True positive")
        expect(page.get_by_role("status")).to_contain_text("second officer")
        expect(page.get_by_text("A second officer has to approve it")).to_be_visible()
        assert page.get_by_role("button", name="Approve").count() == 0
        # A forged approval meets the same rule: the analyst has not the role at all.
        assert forced(page, f"{page.url.partition('?')[0]}/approve") == 403
    with at_desk(world, "approver") as page:
        page.goto(case_url(world, world.alert))
        page.keyboard.press("a")
        page.keyboard.type("Agreed: the pattern is plain.")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Approve true positive").click()
        expect(page.get_by_role("status")).to_contain_text("Approved")
        expect(page.locator(".history")).to_contain_text("Agreed: the pattern is plain.")
        page.goto(f"{world.house.stack.api_url}/console/filings")
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    with at_desk(world, "mlro") as page:

        def drafted() -> bool:
            page.goto(f"{world.house.stack.api_url}/console/filings")
            return page.locator("main tbody a").count() > 0 and page.get_by_text("Drafting", exact=True).count() < 2

        wait_for(drafted, "the draft", 120)
        page.locator("main tbody a").first.click()
        expect(page.get_by_role("heading", name="Is it ready?")).to_be_visible()
        assert_accessible(page, "filing")
        if (world.house.stack.settings.schemas / "EFL_SARXBatchSchema.xsd").exists():
            expect(page.get_by_text("valid against the authority's schema")).to_be_visible()
            act(page, "Approve for submission", "Approved")

            def sent() -> bool:
                page.reload()
                return page.locator(".head .tag", has_text=re.compile("Submitted|Acknowledged")).count() > 0

            wait_for(sent, "the submission", 120)
        else:
            expect(page.get_by_text("Schema not installed")).to_be_visible()


def forced(page: Page, url: str) -> int:
    """The status of a form sent by hand, with the page's own token."""
    status: int = page.evaluate(
        "async ([url]) => (await fetch(url, {method: 'POST', body: new URLSearchParams({form_token: "
        "document.querySelector('[name=form_token]').value, revision: '2'})})).status",
        [url],
    )
    return status


def test_the_maker_is_refused_even_with_the_role(world: World) -> None:
    with at_desk(world, "approver") as page:
        page.goto(case_url(world, world.second_alert))
        act(page, "Take the case", "The case is yours")
        decide(page, "True positive")
        expect(page.get_by_text("who decided cannot approve")).to_be_visible()
        assert page.get_by_role("button", name="Approve").count() == 0
        assert forced(page, f"{page.url.partition('?')[0]}/approve") == 409
    refusals = world.house.rows(
        "SELECT reason FROM audit WHERE about = %s AND NOT allowed", f"case:{world.second_alert}"
    )
    assert ("MAKER_IS_APPROVER",) in refusals


def test_a_document_case_shows_what_the_machine_saw(world: World) -> None:
    with at_desk(world, "analyst") as page:
        loaded: list[tuple[int, str]] = []
        page.on("response", lambda r: loaded.append((r.status, r.url)) if "/console/documents/" in r.url else None)
        page.goto(case_url(world, world.application))
        page.wait_for_load_state("networkidle")
        assert loaded
        assert {status for status, _ in loaded} == {200}
        assert page.locator(".page .box[data-field]").count() >= 5
        expect(page.locator(".fields .differs").first).to_contain_text("check digit fails")
        # A field's row and its box point at each other.
        page.locator("tr[data-field=surname]").hover()
        expect(page.locator("g.box[data-field=surname]")).to_have_class(re.compile(r"\bon\b"))
        first = page.locator("details.fold").filter(has_text="Onboarding outcome").first
        first.get_by_role("link", name="What would have altered it?").click()
        expect(first.locator("[aria-live] .notice")).to_be_visible()
        first.get_by_role("link", name="Waterfall").click()
        picture = first.locator(".plot img")
        expect(picture).to_be_visible()
        wait_for(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 0"), "the plot")


def test_a_sanctions_case_names_the_hit(world: World) -> None:
    with at_desk(world, "analyst") as page:
        page.goto(case_url(world, world.sanctioned))
        expect(page.get_by_role("heading", name="Screening hits")).to_be_visible()
        expect(page.locator(".hit").first).to_contain_text(re.compile("Exact|Strong"))


def test_a_decision_is_computed_again_and_found_in_the_ledger(world: World) -> None:
    with at_desk(world, "auditor") as page:
        page.goto(f"{world.house.stack.api_url}/console/audit?kind=onboarding_risk")
        page.locator("main tbody a[data-row]").first.click()

        def proven() -> bool:
            page.get_by_role("button", name="Verify").click()
            expect(page.locator("#verdict")).to_contain_text("Identical.")
            return "under a signed checkpoint" in page.locator("#verdict").inner_text()

        wait_for(proven, "a checkpoint", 120)
        page.goto(f"{world.house.stack.api_url}/console/audit/reads?actor=officer:{officer(world, 'auditor')}")
        expect(page.locator("main tbody")).to_contain_text("verify")


def officer(world: World, login: str) -> Any:
    return world.house.rows("SELECT officer_id FROM officer WHERE login = %s ORDER BY created_at LIMIT 1", login)[0][0]


def test_by_keyboard_alone(world: World) -> None:
    with at_desk(world, "analyst") as page:
        page.goto(f"{world.house.stack.api_url}/console?view=all")
        rows = page.locator("[data-row]")
        assert rows.count() >= 3
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("k")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/console/cases/"))
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        before = page.url
        page.keyboard.press("n")
        page.wait_for_url(lambda url: "/console/cases/" in url and url != before)
        page.keyboard.press("w")
        expect(page.locator("#note")).to_be_focused()
        page.keyboard.type("jjn?")  # in a field, keys are letters
        expect(page.locator("#note")).to_have_value("jjn?")
        page.keyboard.press("Escape")
        page.keyboard.press("q")
        page.wait_for_url(re.compile(r"/console$"))
        page.keyboard.press("/")
        expect(page.locator("#reason")).to_be_focused()


def test_without_scripts_everything_works_too(world: World) -> None:
    with at_desk(world, "analyst", java_script_enabled=False) as page:
        page.goto(case_url(world, world.sanctioned))
        page.locator("summary", has_text="Write a note").click()
        page.locator("#note").fill("Seen without scripts.")
        act(page, "Keep the note", "The note is kept")
        expect(page.locator(".history")).to_contain_text("Seen without scripts.")
        page.get_by_role("link", name="What would have altered it?").first.click()
        expect(page.get_by_role("heading", name="What would have altered it")).to_be_visible()


def test_another_tenants_case_does_not_exist(world: World) -> None:
    other = run(add_tenant(world.house.stack.settings, "Another bank", "US"))
    with at_desk(world, "analyst", other) as page:
        answer = page.goto(case_url(world, world.alert))
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        page.goto(f"{world.house.stack.api_url}/console")
        expect(page.get_by_role("heading", name="Nothing waits to be taken")).to_be_visible()


def assert_accessible(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1280, 900, "light"), (1280, 900, "dark"), (390, 844, "light")]
)
def test_pages_are_accessible_and_fit(world: World, width: int, height: int, scheme: str) -> None:
    pages = {
        "auditor": ("/console/audit", "/console/audit/reads", "/console/models", "/console/workflows"),
        "approver": (
            "/console",
            "/console/review",
            "/console?view=closed",
            f"/console/cases/{world.application}",
            f"/console/cases/{world.sanctioned}",
            f"/console/cases/{world.second_alert}",
            "/console/cases/00000000-0000-0000-0000-000000000007",
        ),
        "mlro": ("/console/filings",),
        "administrator": (
            "/console/officers",
            f"/console/officers/{officer(world, 'analyst')}",
            "/console/issuers",
            "/console/webhooks",
            "/console/webhooks/deliveries",
        ),
    }
    problems = []
    for login, paths in pages.items():
        with at_desk(world, login, width=width, height=height, color_scheme=scheme) as page:
            said: list[str] = []
            page.on(
                "console", lambda message, said=said: said.append(message.text) if message.type == "error" else None
            )
            paths = (*paths, sample_decision(world)) if login == "auditor" else paths
            for path in paths:
                page.goto(f"{world.house.stack.api_url}{path}")
                page.wait_for_load_state("networkidle")
                assert_accessible(page, f"{path} at {width} {scheme}")
                problems += [f"{path} is wider than {width}: {each}" for each in page.evaluate(TOO_WIDE)]
            problems += [text for text in said if "Content Security Policy" in text or "404" not in text]
    assert problems == []
    with chromium.opened(width, height, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{world.house.stack.api_url}/console/sign-in")
        assert_accessible(page, "sign in")


def test_several_cases_by_keyboard_and_four_eyes_for_each(world: World) -> None:
    with at_desk(world, "approver") as page:
        page.goto(f"{world.house.stack.api_url}/console?view=work&kind=alert")
        taken = [page.locator("[data-row]").nth(number).get_attribute("href") or "" for number in (0, 1)]
        for _ in taken:
            page.keyboard.press("j")
            page.keyboard.press("x")
        expect(page.get_by_role("button", name="With the chosen cases (2)")).to_be_visible()
        assert_accessible(page, "a queue with chosen cases")
        page.get_by_role("button", name="With the chosen cases (2)").click()
        expect(page.get_by_role("heading", name="2 chosen cases")).to_be_visible()
        assert_accessible(page, "chosen cases")
        page.get_by_role("button", name="Take 2").click()
        expect(page.get_by_role("heading", name="Claim: 2 of 2 done")).to_be_visible()
        chosen(page, world, "mine", taken)
        page.get_by_label("True positive", exact=True).check()
        page.get_by_label("Reason, for all of them").fill(REASON)
        page.get_by_role("button", name="Decide 2").click()
        expect(page.get_by_role("heading", name="Decide: 2 of 2 done")).to_be_visible()
        assert_accessible(page, "results")
        chosen(page, world, "approve", taken)
        assert page.get_by_role("button", name="Approve").count() == 0
        expect(page.get_by_text("you decided them")).to_be_visible()


def chosen(page: Page, world: World, view: str, cases: list[str]) -> None:
    """The page of those cases of a view of the queue."""
    page.goto(f"{world.house.stack.api_url}/console?view={view}")
    for case in cases:
        page.locator(f"input[name=case][value='{case.rpartition('/')[2]}']").check()
    page.get_by_role("button", name="With the chosen cases").click()
    expect(page.get_by_role("heading", name="2 chosen cases")).to_be_visible()


def test_an_administrator_adds_an_officer_who_signs_in(world: World) -> None:
    with at_desk(world, "administrator") as page:
        page.wait_for_url(re.compile("/console/officers$"))
        page.get_by_label("Login").fill("analyst-7")
        page.get_by_role("checkbox", name="Analyst", exact=False).first.check()
        page.get_by_role("button", name="Add", exact=True).click()
        password = page.locator("#password").inner_text()
        assert_accessible(page, "a password that is shown once")
    with chromium.opened() as context:
        tenant = world.house.tenant
        passwords = {**tenant.passwords, "analyst-7": password}
        there = signed_in(world, context, "analyst-7", replace(tenant, passwords=passwords))
        expect(there.get_by_role("heading", name="Queue")).to_be_visible()


def sample_decision(world: World) -> str:
    rows = world.house.rows(
        "SELECT decision_id FROM decision WHERE kind = 'onboarding_risk' ORDER BY created_at LIMIT 1"
    )
    return f"/console/decisions/{rows[0][0]}"


def test_the_web_ui_shows_what_is_opened_for_who_is_signed_in(world: World) -> None:
    workflow = f"{world.house.stack.web_ui_url}/namespaces/clearance/workflows/case-{world.alert}"
    with at_desk(world, "analyst") as page:
        page.goto(f"{world.house.stack.api_url}/console/workflows")
        endpoint = page.locator("#endpoint").inner_text()
        assert endpoint == f"{world.house.stack.api_url}/console/codec"
        page.goto(workflow)
        # Without credentials nothing is opened.
        closed = page.get_by_text("Codec Server could not connect").filter(visible=True)
        expect(closed.first).to_be_visible()
        assert page.get_by_text('"regime"').count() == 0
        page.get_by_test_id("data-encoder-status-error").click()
        page.get_by_text("Use my browser setting").click()
        page.get_by_placeholder("Paste your endpoint here").fill(endpoint)
        page.get_by_text("Include cross-origin credentials").click()
        page.locator("[role=dialog]:visible, dialog:visible").get_by_role("button", name="Apply").click()
        page.reload()
        expect(page.get_by_text(world.alert).nth(1)).to_be_attached()
        expect(page.get_by_text('"regime"').filter(visible=True).first).to_be_visible()
        expect(page.get_by_text("Deadline of the case").filter(visible=True).first).to_be_visible()  # a summary
        expect(closed).to_have_count(0)
    audited = world.house.rows(
        "SELECT count(*) FROM audit WHERE action = 'decode payloads' AND allowed AND about = %s", f"case:{world.alert}"
    )
    assert audited[0][0] > 0


def test_signing_in_through_the_organisations_own_issuer_and_out_again(world: World) -> None:
    """At `localhost`, which is another site than ours: strict cookies do not come back with the browser."""
    tenant = run(add_tenant(world.house.stack.settings, "A bank with an issuer", "EU"))
    api = world.house.stack.api_url
    with serving(Provider(), "localhost") as provider:
        administrator = token_for(api, tenant.tenant_id, "administrator", tenant.passwords["administrator"])
        issuer = administrator.post(
            "/v1/issuers",
            {
                "issuer": provider.url,
                "audience": provider.client_id,
                "role_claim": "realm_access.roles",
                "roles": {"aml-analyst": "analyst"},
                "sign_in": True,
            },
        )
        administrator.close()
        provider.redirect_uris, provider.after_logout = {issuer["redirect_uri"]}, {f"{api}/console/sign-in"}
        with chromium.opened() as context:
            page = context.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.goto(f"{api}/console/sign-in?tenant={tenant.tenant_id}&next=/console/models")
            assert_accessible(page, "sign in with an issuer")
            page.get_by_role("link", name="Sign in with localhost").click()
            page.locator("#go").click()
            page.wait_for_url(f"{api}/console/models")
            expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url(f"{api}/console/sign-in")
            assert provider.ended == 1
            expect(page.get_by_role("link", name="Sign in with localhost")).to_be_visible()
            page.goto(f"{api}/console/models")
            expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
            assert said == []
            # Somebody else's answer is refused, with a page that says what to do.
            page.goto(f"{api}/console/sign-in/callback?state=x&code=y")
            expect(page.get_by_role("heading", name="not begun in this browser")).to_be_visible()
            assert_accessible(page, "a sign-in that failed")
