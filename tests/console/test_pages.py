"""Every page as a person without scripts meets it: who may see it, what it shows, what it says of what is missing."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from api.console.page import template
from api.console.routes import ROUTERS
from api.permissions import HIDDEN, ROLE_PERMISSIONS, Permission, Role
from api.schemas.screenings import ScreeningOut
from tests.api.fakes import FakeCase
from tests.api.house import House
from tests.api.images import png
from tests.console.browse import Browser, words

REASON = "Compared with the issuing authority's register."


def routes() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and declared access of every console route but assets and the codec, tested apart."""
    return [
        (method, route.path, route.openapi_extra or {})
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and not route.path.startswith(("/console/static", "/console/codec"))
        for method in sorted(route.methods)
    ]


def filled(path: str) -> str:
    known = {"{page}": "0", "{number}": "1", "{action}": "approve"}
    return re.sub(r"\{\w+\}", lambda m: known.get(m[0], str(UUID(int=7))), path)


OPEN = {"/console/sign-in"}
TO_ISSUERS = ("/console/sign-in/with/", "/console/sign-in/callback")
"""Open too, and no way in by themselves: `tests/console/test_issuers.py`."""


@pytest.mark.parametrize(("method", "path", "access"), routes())
async def test_nobody_gets_in_without_a_session(house: House, method: str, path: str, access: dict[str, Any]) -> None:
    answer = await house.anyone().request(method, filled(path))
    if path in OPEN:
        assert answer.status_code == (200 if method == "GET" else 403)
    elif path.startswith(TO_ISSUERS):
        assert answer.status_code in (403, 404)
    else:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/console/sign-in")


async def test_each_role_reaches_what_its_permissions_allow_and_refusals_are_audited(
    house: House, sign_in: Any
) -> None:
    named = [(m, p, Permission(a["x-permission"])) for m, p, a in routes() if "x-permission" in a]
    assert len(named) > 20
    for role in (Role.ANALYST, Role.APPROVER, Role.FILING_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR):
        browser = await sign_in(role.value)
        front = "/console/officers" if role is Role.ADMINISTRATOR else "/console/audit"
        token = browser.token(await browser.get(front))
        for method, path, permission in named:
            data = {"form_token": token} if method == "POST" else None
            answer = await browser.client.request(method, filled(path), data=data)
            if permission in ROLE_PERMISSIONS[role]:
                assert answer.status_code not in (401, 403), (role, path, answer.status_code)
            elif (role, path) == (Role.ADMINISTRATOR, "/console"):
                assert answer.headers["Location"] == "/console/officers"
            else:
                assert answer.status_code == (404 if permission in HIDDEN else 403), (role, path)
    assert house.audited("GET /console/filings", "permission:filings")


async def test_the_console_is_in_no_openapi(house: House) -> None:
    assert not [path for path in house.app.openapi()["paths"] if path.startswith("/console")]


# --- Sessions ---------------------------------------------------------------------------------------------------------


async def test_the_cookie_is_for_the_console_only_and_out_of_reach_of_scripts(house: House) -> None:
    browser = Browser(house.anyone())
    page = await browser.get(f"/console/sign-in?tenant={house.own.tenant_id}", **{"X-Forwarded-Proto": "https"})
    assert page.headers["set-cookie"].endswith("Path=/console; SameSite=strict; Secure")
    form = {"form_token": browser.token(page), "tenant": str(house.own.tenant_id), "login": "analyst"}
    for proto, secure in (("http", False), ("https", True)):
        browser.client.cookies = httpx.Cookies()
        page = await browser.get("/console/sign-in")
        form["form_token"] = browser.token(page)
        answer = await browser.client.post(
            "/console/sign-in", data={**form, "password": "correct horse battery"}, headers={"X-Forwarded-Proto": proto}
        )
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("clearance_session="))
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/console" in cookie
        assert ("Secure" in cookie) is secure
    # The API itself takes no cookie.
    assert (await browser.client.get("/v1/cases")).status_code == 401


async def test_wrong_credentials_say_so_and_open_nothing(house: House) -> None:
    browser = Browser(house.anyone())
    page = await browser.get(f"/console/sign-in?tenant={house.own.tenant_id}")
    wrong = await browser.submit(page, "/console/sign-in", login="analyst", password="wrong")
    assert wrong.status_code == 401
    assert "Check all three" in words(wrong)
    assert "clearance_session" not in browser.client.cookies
    unclear = await browser.submit(page, "/console/sign-in", tenant="Own Bank", login="analyst", password="x")
    assert unclear.status_code == 422
    assert "id is not complete" in words(unclear)


async def test_signing_out_ends_it_and_an_expired_session_leads_back(house: House, sign_in: Any) -> None:
    browser = await sign_in("analyst")
    page = await browser.get("/console")
    assert page.status_code == 200
    await browser.submit(page, "/console/sign-out")
    assert (await browser.get("/console")).status_code == 303
    old = house.token("analyst", now=datetime.now(UTC) - timedelta(hours=2))
    browser.client.cookies.set("clearance_session", old, path="/console")
    back = await browser.get("/console/audit?kind=screening")
    assert back.headers["Location"] == "/console/sign-in?next=/console/audit%3Fkind%3Dscreening"


async def test_a_deactivated_officer_is_out_at_once(house: House, sign_in: Any) -> None:
    browser = await sign_in("analyst")
    async with house.as_role("clearance_api") as connection:
        await connection.execute("UPDATE officer SET active = false WHERE login = 'analyst'")
    assert (await browser.get("/console")).status_code == 303


async def test_after_signing_in_one_comes_to_the_page_asked_for_and_to_no_other_site(house: House) -> None:
    for target, lands in (
        ("/console/models", "/console/models"),
        ("https://example.com/", "/console"),
        ("//example.com", "/console"),
        ("/console//example.com", "/console"),
        ("/console/\\example.com", "/console"),
    ):
        browser = Browser(house.anyone())
        page = await browser.client.get("/console/sign-in", params={"tenant": str(house.own.tenant_id), "next": target})
        answer = await browser.submit(page, "/console/sign-in", login="analyst", password="correct horse battery")
        assert answer.headers["Location"] == lands


async def test_a_link_from_elsewhere_finds_the_session_again(house: House) -> None:
    page = await house.anyone().get("/console/models", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200
    assert 'content="0;url=/console/models"' in page.text


# --- Forms ------------------------------------------------------------------------------------------------------------


async def test_a_form_without_its_token_changes_nothing(house: House, sign_in: Any) -> None:
    case = await house.case()
    browser, other = await sign_in("analyst"), await sign_in("approver")
    path = f"/console/cases/{case.case_id}/claim"
    foreign = other.token(await other.get("/console"))
    own = browser.token(await browser.get("/console"))
    for data, headers in (
        ({}, {}),
        ({"form_token": "0" * 64}, {}),
        ({"form_token": foreign}, {}),
        ({"form_token": own}, {"Origin": "https://elsewhere.example"}),
    ):
        answer = await browser.client.post(path, data=data, headers=headers)
        assert answer.status_code == 403
        assert "no longer good" in words(answer)
    assert case.review.status == "open"
    assert (
        await browser.client.post(path, data={"form_token": own}, headers={"Origin": "http://api"})
    ).status_code == 303
    assert case.review.status == "claimed"


@pytest.mark.parametrize(("method", "path", "access"), [route for route in routes() if route[0] == "POST"])
async def test_every_post_asks_for_the_token(house: House, sign_in: Any, method: str, path: str, access: Any) -> None:
    permission = Permission(access["x-permission"]) if "x-permission" in access else None
    role = next(role for role, allowed in ROLE_PERMISSIONS.items() if permission is None or permission in allowed)
    browser = await sign_in(role.value)
    assert (await browser.client.post(filled(path), data={})).status_code == 403


async def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(house: House, sign_in: Any) -> None:
    browser = await sign_in("approver")
    case = await house.case()
    for path in (
        "/console",
        f"/console/cases/{case.case_id}",
        "/console/audit",
        "/console/models",
        "/console/workflows",
    ):
        page = await browser.get(path)
        assert page.status_code == 200, path
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=\"/console/static/)|<style|\sstyle=|\son\w+=", page.text), path
        assert not re.search(r"(src|href)=\"(https?:)?//", page.text), path


async def test_assets_are_kept_for_ever_under_their_digest_only(house: House, sign_in: Any) -> None:
    page = await house.anyone().get("/console/sign-in")
    urls = set(re.findall(r"/console/static/[0-9a-f]{32}/[\w.]+", page.text))
    assert {url.rsplit("/", 1)[1] for url in urls} == {"console.css", "console.js", "mark.svg"}
    for url in urls:
        asset = await house.anyone().get(url)
        assert asset.status_code == 200
        assert "immutable" in asset.headers["Cache-Control"]
        other = await house.anyone().get(url.replace(url.split("/")[3], "0" * 32))
        assert other.status_code == 404
    assert (await house.anyone().get(f"/console/static/{'0' * 32}/..%2fassets.py")).status_code == 404


# --- What pages show --------------------------------------------------------------------------------------------------


async def test_an_empty_queue_says_what_to_do(house: House, sign_in: Any) -> None:
    browser = await sign_in("analyst")
    for view, said in (
        ("work", "Nothing waits to be taken"),
        ("mine", "You have no case"),
        ("approve", "Nothing waits for approval"),
        ("late", "Nothing is late"),
        ("all", "No cases"),
        ("work&reason=structuring", "No case matches"),
    ):
        assert said in words(await browser.get(f"/console?view={view}"))
    assert (await browser.get("/console/next")).headers["Location"] == "/console?view=work"


async def test_the_queue_shows_what_is_urgent_and_nothing_personal(house: House, sign_in: Any) -> None:
    cases = [await house.case() for _ in range(3)]
    browser = await sign_in("analyst")
    page = await browser.get("/console")
    for case in cases:
        assert f"/console/cases/{case.case_id}" in page.text
    assert "Risk high" in words(page)
    assert "1 d 23 h" in words(page)
    assert "Beispiel" not in page.text
    assert house.audited("list", "cases")
    assert str(cases[0].case_id) not in (await browser.get("/console?kind=alert")).text
    assert str(cases[0].case_id) not in (await browser.get("/console?risk=90")).text


async def test_next_goes_through_the_cases_that_one_can_act_on(house: House, sign_in: Any) -> None:
    cases = {str((await house.case()).case_id) for _ in range(3)}
    browser = await sign_in("analyst")
    seen, past = [], ""
    for _ in range(4):
        location = (await browser.get(f"/console/next{past}")).headers["Location"]
        seen.append(location.rsplit("/", 1)[1])
        past = f"?past={seen[-1]}"
    assert set(seen[:3]) == cases
    assert seen[3] == seen[0]


async def test_a_case_shows_all_that_belongs_to_it_audited(house: House, sign_in: Any) -> None:
    case = await house.case()
    [(about,)] = house.rows("SELECT about FROM case_file WHERE case_id = %s", case.case_id)
    decision = await house.decision(about, house.subject_of(UUID(about.partition(":")[2])))
    browser = await sign_in("analyst")
    page = await browser.get(f"/console/cases/{case.case_id}")
    said = words(page)
    assert "Jana Maria Beispiel" in said
    assert "Jana Maria Beispiel is rated medium." in said
    assert "Occupation risk" in said
    assert "-0.750" in said
    assert f"/console/decisions/{decision.decision_id}/plot" in page.text
    assert house.audited("read", f"case:{case.case_id}")
    assert house.audited("read", f"decision:{decision.decision_id}")


def test_a_screening_shows_what_contributed_to_each_hit() -> None:
    digest = "ab" * 32
    hit = {
        "entity_id": "ofac-1",
        "list": {"name": "us_ofac_sdn", "version": "1", "sha256": digest},
        "schema": "Person",
        "caption": "Jan Beispiel",
        "score": 0.97,
        "log_odds": 3.5,
        "strength": "strong",
        "rule": "additive",
        "matched_name": "Ян Бейшпиль",
        "text": "Name and birth date agree.",
        "contributions": [
            {"feature": "birth_date", "query_value": "1990", "list_value": "1990", "delta": 1.25, "value": 1.0}
        ],
        "record_hash": digest,
        "decision_id": uuid4(),
    }
    screening = ScreeningOut.model_validate(
        {
            "screening_id": uuid4(),
            "customer_id": None,
            "outcome": "strong",
            "stale": True,
            "as_of": datetime(2026, 3, 1, tzinfo=UTC),
            "threshold": 0.5,
            "index_version": None,
            "basis_sha256": digest,
            "lists": [],
            "scorer": {"name": "screening-additive", "version": "2", "sha256": digest},
            "decision_ids": [],
            "hits": [hit],
        }
    )
    shown = template("_screening.html").render(each=screening)
    for said in ("Jan Beispiel", "Ян Бейшпиль", "A list was stale", "Birth date", "+1.250", "1 Mar 2026"):
        assert said in shown


async def test_what_is_missing_is_said(house: House, sign_in: Any) -> None:
    case = await house.case()
    browser = await sign_in("analyst")
    page = words(await browser.get(f"/console/cases/{case.case_id}"))
    assert "No automated decision is recorded on it yet" in page
    assert "could not be opened as an image, or is being decoded" in page
    house.temporal.down = True
    page = await browser.get(f"/console/cases/{case.case_id}")
    assert page.status_code == 200  # reading goes on
    refused = await browser.submit(page, f"/console/cases/{case.case_id}/claim")
    assert refused.status_code == 503
    assert "Reading goes on meanwhile" in words(refused)
    assert f'href="/console/cases/{case.case_id}"' in refused.text
    assert "Temporal does not answer" in words(await browser.get("/console/workflows"))
    [(subject_id,)] = house.rows("SELECT subject_id FROM case_file WHERE case_id = %s", case.case_id)
    house.erase(subject_id)
    assert "The person's data was erased" in words(await browser.get(f"/console/cases/{case.case_id}"))


async def test_another_tenants_things_do_not_exist(house: House, sign_in: Any) -> None:
    case = await house.case("alert", f"alert:{uuid4()}", house.other.subject_id, tenant=house.other)
    decision = await house.decision("application:x", house.other.subject_id, house.other)
    browser = await sign_in("analyst")
    for path in (
        f"/console/cases/{case.case_id}",
        f"/console/decisions/{decision.decision_id}",
        f"/console/documents/{uuid4()}/pages/0",
        "/console/cases/not-an-id",
    ):
        page = await browser.get(path)
        assert page.status_code == 404, path
        assert "another tenant" in words(page)
    assert str(case.case_id) not in (await browser.get("/console?view=all")).text
    assert str(decision.decision_id) not in (await browser.get("/console/audit")).text


async def mirror(house: House, case: FakeCase) -> None:
    """Write down where the fake case stands, as the worker's steps do for the real one."""
    review = case.review
    async with house.as_role("clearance_worker") as connection:
        await connection.execute(
            "UPDATE case_file SET revision = %s, status = %s, claimed_by = %s, maker = %s, disposition = %s, "
            "closed_at = CASE WHEN %s = 'closed' THEN now() END WHERE case_id = %s",
            (
                review.revision,
                review.status,
                review.claimed_by,
                review.maker,
                review.disposition,
                review.status,
                case.case_id,
            ),
        )


# --- What officers do -------------------------------------------------------------------------------------------------


async def test_an_officer_takes_and_decides_and_a_second_one_approves(house: House, sign_in: Any) -> None:
    case = await house.case(four_eyes=True)
    path = f"/console/cases/{case.case_id}"
    maker = await sign_in("approver")

    async def shown(browser: Browser) -> httpx.Response:
        await mirror(house, case)
        return await browser.get(path)

    claimed = await maker.submit(await shown(maker), f"{path}/claim")
    assert claimed.headers["Location"] == f"{path}?done=claimed"
    page = await shown(maker)
    incomplete = await maker.submit(page, f"{path}/decide", disposition="approve", reason="  ")
    assert incomplete.status_code == 422
    assert "Reason:" in words(incomplete)
    decided = await maker.submit(page, f"{path}/decide", disposition="approve", reason=REASON)
    assert decided.headers["Location"] == f"{path}?done=awaiting"

    page = await shown(maker)
    assert "who decided cannot approve" in words(page)
    data = {"form_token": maker.token(page), "revision": "2"}
    own = await maker.client.post(f"{path}/approve", data=data)
    assert own.status_code == 409
    assert "MAKER_IS_APPROVER" in own.text
    assert "A second officer" in words(own)

    async with house.as_role("clearance_api") as connection:
        await connection.execute("UPDATE officer SET roles = '{approver}' WHERE login = 'analyst2'")
    second = await sign_in("analyst2")
    approved = await second.submit(await shown(second), f"{path}/approve")
    assert approved.headers["Location"] == f"{path}?done=approved"
    assert "Nothing more is to be done" in words(await shown(second))
    assert case.review.status == "closed"


async def test_a_false_positive_says_why_and_a_case_is_snoozed_and_given_away(house: House, sign_in: Any) -> None:
    case = await house.case("alert", f"alert:{uuid4()}", house.own.subject_id)
    path = f"/console/cases/{case.case_id}"
    browser = await sign_in("approver")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    snoozed = await browser.submit(
        await browser.get(path), f"{path}/snooze", until=tomorrow, reason="Waits for a bank."
    )
    assert snoozed.headers["Location"] == f"{path}?done=snoozed", words(snoozed)
    assert case.review.snoozed_until is not None
    await mirror(house, case)
    given = await browser.submit(
        await browser.get(path), f"{path}/assign", officer_id=str(house.own.officers["approver"])
    )
    assert given.headers["Location"] == f"{path}?done=assigned", words(given)
    await mirror(house, case)
    page = await browser.get(path)
    unsaid = await browser.submit(page, f"{path}/decide", disposition="false_positive", reason=REASON)
    assert unsaid.status_code in (409, 422)
    said = await browser.submit(
        page,
        f"{path}/decide",
        disposition="false_positive",
        false_positive_reason="expected_activity",
        reason=REASON,
    )
    assert said.headers["Location"] == f"{path}?done=decided", words(said)
    assert case.commands[-1].detail is not None
    assert case.commands[-1].detail.code == "expected_activity"


async def test_a_file_is_attached_and_an_applicant_is_asked(house: House, sign_in: Any) -> None:
    case = await house.case()
    path = f"/console/cases/{case.case_id}"
    browser = await sign_in("analyst")
    await browser.submit(await browser.get(path), f"{path}/claim")
    await mirror(house, case)
    page = await browser.get(path)
    fields = {"form_token": browser.token(page), "revision": "1"}
    nothing = await browser.client.post(f"{path}/evidence", data=fields, files={"files": ("", b"")})
    assert nothing.status_code == 422
    forged = await browser.client.post(f"{path}/evidence", data={"revision": "1"}, files={"files": ("a.png", png())})
    assert forged.status_code == 403
    broken = await browser.client.post(f"{path}/evidence", data=fields, files={"files": ("a.png", b"no image")})
    assert broken.status_code == 422
    kept = await browser.client.post(f"{path}/evidence", data=fields, files={"files": ("proof.png", png())})
    assert kept.headers["Location"] == f"{path}?done=attached", words(kept)
    assert house.rows("SELECT count(*) FROM case_evidence WHERE case_id = %s", case.case_id) == [(1,)]
    await mirror(house, case)
    until = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    asked = await browser.submit(
        await browser.get(path), f"{path}/request", text="Please send the other side.", answer_by=until
    )
    assert asked.status_code == 200, words(asked)
    assert "/upload#" in asked.text


async def test_a_closed_case_is_opened_again(house: House, sign_in: Any) -> None:
    case = await house.case()
    path = f"/console/cases/{case.case_id}"
    browser = await sign_in("analyst")
    for action, fields in (("claim", {}), ("decide", {"disposition": "reject", "reason": REASON})):
        await browser.submit(await browser.get(path), f"{path}/{action}", **fields)
        await mirror(house, case)
    [(about,)] = house.rows("SELECT about FROM case_file WHERE case_id = %s", case.case_id)
    await house.conclude(UUID(about.partition(":")[2]), "rejected")
    page = await browser.get(path)
    assert "Open it again" in words(page)
    again = await browser.submit(page, f"{path}/reopen", reason="The document was genuine after all.")
    assert again.headers["Location"] == f"{path}?done=reopened", words(again)
    kept = house.rows("SELECT payload ->> 'case_id' FROM outbox WHERE payload ? 'reopening_id'")
    assert kept == [(str(case.case_id),)]


async def test_acting_on_what_has_changed_is_refused(house: House, sign_in: Any) -> None:
    case = await house.case()
    path = f"/console/cases/{case.case_id}"
    browser, other = await sign_in("analyst"), await sign_in("approver")
    stale = await browser.get(path)
    await other.submit(await other.get(path), f"{path}/note", text="Called the applicant.")
    refused = await browser.submit(stale, f"{path}/claim")
    assert refused.status_code == 409
    assert "Someone acted since" in words(refused)


async def test_filings_are_pages_for_filing_officers_only(house: House, sign_in: Any) -> None:
    filing = await house.filing(house.own.officers["filing_officer"])
    path = f"/console/filings/{filing.filing_id}"
    for login in ("analyst", "approver", "auditor"):
        browser = await sign_in(login)
        assert "Filings" not in words(await browser.get("/console"))
        for url in ("/console/filings", path):
            page = await browser.get(url)
            assert page.status_code == 404
            assert "iling" not in words(page).replace("Clearance", "")
    maker = await sign_in("filing_officer")
    assert str(filing.filing_id) in (await maker.get("/console/filings")).text
    page = await maker.get(path)
    assert "another filing officer has to approve it" in words(page)
    own = await maker.client.post(f"{path}/approve", data={"form_token": maker.token(page), "revision": "1"})
    assert (own.status_code, "MAKER_IS_APPROVER" in own.text) == (409, True)
    second = await sign_in("filing_officer2")
    page = await second.get(path)
    assert (
        (await second.submit(page, f"{path}/approve", revision="1", reason="Complete."))
        .headers["Location"]
        .startswith(path)
    )
    report = await second.get(f"{path}/report")
    assert report.content == b"<EFilingBatchXML/>"
    assert report.headers["Content-Disposition"].startswith("attachment")
    assert house.audited("read", f"filing:{filing.filing_id}")


# --- Audit and models -------------------------------------------------------------------------------------------------


async def test_decisions_are_found_by_kind_by_day_and_by_matter(house: House, sign_in: Any) -> None:
    case = await house.case()
    [(about,)] = house.rows("SELECT about FROM case_file WHERE case_id = %s", case.case_id)
    decision = await house.decision(about, house.subject_of(UUID(about.partition(":")[2])))
    browser = await sign_in("auditor")
    for query, found in (
        ("", True),
        ("?kind=onboarding_risk", True),
        ("?kind=screening", False),
        ("?outcome=medium", True),
        ("?outcome=high", False),
        ("?until=2020-01-01", False),
        (f"?find={about}", True),
    ):
        page = await browser.get(f"/console/audit{query}")
        assert (str(decision.decision_id) in page.text) is found, query
    straight = await browser.get(f"/console/audit?find={decision.decision_id}")
    assert straight.headers["Location"] == f"/console/decisions/{decision.decision_id}"
    assert "Nothing is known of it" in words(await browser.get("/console/audit?find=application:unknown"))


async def test_who_read_what_is_for_auditors_and_says_nothing_of_filings(house: House, sign_in: Any) -> None:
    case = await house.case()
    filing = await house.filing(house.own.officers["filing_officer"])
    analyst, mlro, auditor = [await sign_in(login) for login in ("analyst", "filing_officer", "auditor")]
    await analyst.get(f"/console/cases/{case.case_id}")
    await mlro.get(f"/console/filings/{filing.filing_id}")
    await mlro.get("/console/filings")
    assert (await analyst.get("/console/audit/reads")).status_code == 403
    page = await auditor.get("/console/audit/reads")
    assert f"case:{case.case_id}" in page.text
    assert "analyst" in words(page)
    assert "filing:" not in page.text
    assert ">filings<" not in page.text
    about = await auditor.get(f"/console/audit/reads?about=filing:{filing.filing_id}")
    assert "Nothing is recorded so" in words(about)
    own = await auditor.get(f"/console/audit/reads?actor=officer:{house.own.officers['analyst']}")
    assert f"case:{case.case_id}" in own.text
    assert "search audit" in (await auditor.get("/console/audit/reads")).text


async def test_models_are_shown_with_their_cards(house: House, sign_in: Any) -> None:
    browser = await sign_in("auditor")
    await house.decision(f"application:{uuid4()}", house.own.subject_id)
    page = words(await browser.get("/console/models"))
    assert "Onboarding risk 1" in page
    assert "synthetic" in page


async def test_a_tenant_without_decisions_learns_which_command_tells_more(house: House, sign_in: Any) -> None:
    browser = await sign_in("auditor")
    assert "No model has decided anything yet" in words(await browser.get("/console/models"))


async def test_without_filings_served_the_pages_do_not_exist(house: House) -> None:
    client = house.anyone(create_app(house.without_filings()))
    client.cookies.set("clearance_session", house.token("filing_officer"))
    assert (await client.get("/console/filings")).status_code == 404
    assert "Filings" not in (await client.get("/console")).text
