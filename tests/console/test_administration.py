"""Administrators at work: officers and their roles, issuers, webhooks and their dead letters; the desk's figures."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from lxml import html

from api.app import create_app
from clearance.outbound import Outbound, Outwards
from store.cases import CaseEventRow, record_event
from store.webhooks import Attempt, end_delivery, record_attempt
from tests.api.house import PASSWORD, House
from tests.console.browse import Browser, words
from tests.console.provider import Provider, serving


async def post(browser: Browser, page: httpx.Response, path: str, **fields: Any) -> httpx.Response:
    return await browser.client.post(path, data={"form_token": browser.token(page), **fields})


def shown_once(page: httpx.Response, name: str) -> str:
    return str(html.fromstring(page.text).get_element_by_id(name).text_content()).strip()


async def test_an_administrator_is_at_home_with_the_officers_and_sees_no_case(house: House, sign_in: Any) -> None:
    browser = await sign_in("administrator")
    assert (await browser.get("/console")).headers["Location"] == "/console/officers"
    page = await browser.get("/console/officers")
    assert page.status_code == 200
    nav = html.fromstring(page.text).xpath("//nav[@aria-label='Main']/a/text()")
    assert nav == ["Review", "Administration"]
    case = await house.case()
    assert (await browser.get(f"/console/cases/{case.case_id}")).status_code == 403
    assert (await (await sign_in("approver")).get("/console/officers")).status_code == 403


async def test_an_officer_is_added_signs_in_gets_other_roles_and_goes(house: House, sign_in: Any) -> None:
    browser = await sign_in("administrator")
    page = await browser.get("/console/officers")
    none = await post(browser, page, "/console/officers", login="analyst-7")
    assert (none.status_code, "tick at least one" in words(none)) == (422, True)
    made = await post(browser, page, "/console/officers", login="analyst-7", roles=["analyst", "auditor"])
    password = shown_once(made, "password")
    taken = await post(browser, page, "/console/officers", login="analyst-7", roles=["analyst"])
    assert taken.status_code == 409
    [(officer_id, hashed)] = house.rows("SELECT officer_id, password_hash FROM officer WHERE login = 'analyst-7'")
    assert password not in hashed

    theirs = Browser(house.anyone())
    form = await theirs.get(f"/console/sign-in?tenant={house.own.tenant_id}")
    assert (await theirs.submit(form, "/console/sign-in", login="analyst-7", password=password)).status_code == 303
    assert (await theirs.get("/console/audit/reads")).status_code == 200

    at = f"/console/officers/{officer_id}"
    page = await browser.get(at)
    changed = await post(browser, page, f"{at}/roles", roles=["analyst"])
    assert "in force now" in words(await browser.get(changed.headers["Location"]))
    assert (await theirs.get("/console/audit/reads")).status_code == 403
    renewed = shown_once(await post(browser, page, f"{at}/password"), "password")
    assert renewed != password
    assert "Deactivated" in words(
        await browser.get((await post(browser, page, f"{at}/active", active="false")).headers["Location"])
    )
    assert (await theirs.get("/console")).status_code == 303
    again = await theirs.get(f"/console/sign-in?tenant={house.own.tenant_id}")
    assert (await theirs.submit(again, "/console/sign-in", login="analyst-7", password=renewed)).status_code == 401
    await post(browser, page, f"{at}/active", active="true")
    assert (await theirs.submit(again, "/console/sign-in", login="analyst-7", password=renewed)).status_code == 303
    audited = house.audited("change", f"officer:{officer_id}")
    assert [allowed for _, allowed, _ in audited] == [True] * 4
    assert {actor for actor, _, _ in audited} == {f"officer:{house.own.officers['administrator']}"}
    assert not any(password in reason or renewed in reason for _, _, reason in audited)


async def test_nobody_changes_their_own_rights_nor_another_tenants_officers(house: House, sign_in: Any) -> None:
    browser = await sign_in("administrator")
    own = f"/console/officers/{house.own.officers['administrator']}"
    page = await browser.get(own)
    assert "another administrator has to" in words(page)
    assert "/roles" not in page.text
    for path, fields in (("roles", {"roles": "approver"}), ("active", {"active": "false"})):
        refused = await post(browser, page, f"{own}/{path}", **fields)
        assert (refused.status_code, "Nobody changes their own rights" in words(refused)) == (409, True)
    theirs = f"/console/officers/{house.other.officers['analyst']}"
    assert (await browser.get(theirs)).status_code == 404
    assert (await post(browser, page, f"{theirs}/active", active="false")).status_code == 404
    listed = await browser.get("/console/officers")
    assert str(house.other.officers["analyst"]) not in listed.text
    form = await post(browser, listed, "/console/officers", login="boss", roles="owner")
    assert form.status_code == 422


async def test_an_issuer_is_accepted_and_ended_on_its_page(house: House, sign_in: Any) -> None:
    house.services = replace(house.services, outward=Outwards(Outbound(allow_private=True)))
    house.app = create_app(house.services)
    browser = await sign_in("administrator")
    page = await browser.get("/console/issuers")
    assert "Only the built-in issuer" in words(page)
    with serving(Provider()) as provider:
        fields = {"issuer": provider.url, "audience": "clearance", "role_claim": "roles", "sign_in": "true"}
        unfit = await post(browser, page, "/console/issuers", **fields, roles="aml-analyst: analyst")
        assert (unfit.status_code, "is not their word" in words(unfit)) == (422, True)
        done = await post(browser, page, "/console/issuers", **fields, roles="aml-analyst = analyst\n a=b = approver\n")
        assert done.headers["Location"] == "/console/issuers?done=accepted"
        page = await browser.get("/console/issuers")
        assert provider.url in page.text
        assert "http://127.0.0.1:8080/console/sign-in/callback" in words(page)
        assert house.rows("SELECT role_map FROM oidc_issuer") == [({"aml-analyst": "analyst", "a=b": "approver"},)]
        elsewhere = await post(
            browser, page, "/console/issuers", **(fields | {"issuer": f"{provider.url}/x"}), roles="a = analyst"
        )
        assert (elsewhere.status_code, "describes another issuer" in words(elsewhere)) == (422, True)
        action = next(form.action for form in html.fromstring(page.text).forms if form.action.endswith("/end"))
        await post(browser, page, action)
        assert "Only the built-in issuer" in words(await browser.get("/console/issuers"))


async def test_an_endpoint_is_added_tested_switched_off_and_gets_a_new_secret(house: House, sign_in: Any) -> None:
    browser = await sign_in("administrator")
    page = await browser.get("/console/webhooks")
    wrong = await post(browser, page, "/console/webhooks", url="ftp://hooks.test")
    assert wrong.status_code == 422
    made = await post(
        browser,
        page,
        "/console/webhooks",
        url="https://hooks.test/in",
        events=["application.concluded"],
        description="Core",
    )
    secret = shown_once(made, "secret")
    assert secret.startswith("whsec_")
    page = await browser.get("/console/webhooks")
    assert secret not in page.text
    [(endpoint_id,)] = house.rows("SELECT endpoint_id FROM webhook_endpoint")
    renewed = await post(browser, page, f"/console/webhooks/{endpoint_id}/secret")
    assert shown_once(renewed, "secret") != secret
    await post(browser, page, f"/console/webhooks/{endpoint_id}/test")
    listed = await browser.get("/console/webhooks/deliveries")
    assert "webhook.test" in words(listed)
    assert "Under way" in words(listed)
    await post(browser, page, f"/console/webhooks/{endpoint_id}/active", active="false")
    assert "Off" in words(await browser.get("/console/webhooks"))
    theirs = await sign_in("administrator", house.other)
    assert "hooks.test" not in (await theirs.get("/console/webhooks")).text
    assert (
        await post(theirs, await theirs.get("/console/webhooks"), f"/console/webhooks/{endpoint_id}/test")
    ).status_code == 404


async def test_a_dead_letter_is_replayed_under_the_same_id(house: House, sign_in: Any) -> None:
    browser = await sign_in("administrator")
    page = await browser.get("/console/webhooks")
    assert "No dead letter" in words(await browser.get("/console/webhooks/deliveries?state=dead"))
    await post(browser, page, "/console/webhooks", url="https://hooks.test/in")
    [(endpoint_id,)] = house.rows("SELECT endpoint_id FROM webhook_endpoint")
    await post(browser, page, f"/console/webhooks/{endpoint_id}/test")
    [(delivery_id, event_id)] = house.rows("SELECT delivery_id, event_id FROM webhook_delivery")
    async with house.as_role("clearance_worker") as connection:
        attempt = Attempt(1, datetime.now(UTC), None, "TIMED_OUT", 15000)
        await record_attempt(connection, house.own.tenant_id, delivery_id, attempt)
        await end_delivery(connection, delivery_id, "dead", datetime.now(UTC))
    assert "1 delivery given up" in words(await browser.get("/console/webhooks"))
    page = await browser.get("/console/webhooks/deliveries?state=dead")
    assert "Dead letter" in words(page)
    one = await browser.get(f"/console/webhooks/deliveries/{delivery_id}")
    assert "Timed out" in words(one)
    done = await browser.submit(page, f"/console/webhooks/deliveries/{delivery_id}/replay")
    assert done.headers["Location"].endswith("done=replayed")
    rows = house.rows("SELECT event_id, state FROM webhook_delivery WHERE replay_of = %s", delivery_id)
    assert rows == [(event_id, "pending")]
    assert house.audited("replay", f"webhook_delivery:{delivery_id}")


async def closed(house: House, kind: str, disposition: str, code: str | None = None) -> UUID:
    about, subject = (None, None) if kind == "application" else (f"alert:{uuid4()}", house.own.subject_id)
    case = await house.case(kind, about, subject)
    officer = house.own.officers["analyst"]
    row = CaseEventRow(
        house.own.tenant_id, case.case_id, 1, "decide", "closed", datetime.now(UTC), officer, officer, disposition,
        code=code,
    )  # fmt: skip
    async with house.as_role("clearance_worker") as connection:
        await record_event(connection, row)
    return case.case_id


async def test_the_figures_say_what_dispositions_teach(house: House, sign_in: Any) -> None:
    browser = await sign_in("approver")
    assert "No case was closed on these days" in words(await browser.get("/console/review"))
    for disposition, code in (("true_positive", None), ("false_positive", "expected_activity"), ("inconclusive", None)):
        await closed(house, "alert", disposition, code)
    page = await browser.get("/console/review")
    said = words(page)
    assert "3 cases closed" in said
    assert "Risk high" in said
    assert "50 %" in said
    assert "few" in said
    assert "Expected activity" in said
    assert "analyst" in said
    meter = html.fromstring(page.text).xpath("//section[@aria-labelledby='rules']//svg/rect")
    assert [(each.get("class"), each.get("width")) for each in meter] == [
        ("right", "33.33"), ("wrong", "33.33"), ("open", "33.33"),
    ]  # fmt: skip
    assert "No case was closed" in words(await browser.get("/console/review?since=2020-01-01&until=2020-01-31"))
    assert "3 cases closed" in words(await browser.get("/console/review?since=nonsense&until="))
    assert house.audited("read", "metrics:review")
    assert "No case was closed" in words(await (await sign_in("approver", house.other)).get("/console/review"))
    assert (await (await sign_in("analyst")).get("/console/review")).status_code == 403
    assert PASSWORD not in page.text
