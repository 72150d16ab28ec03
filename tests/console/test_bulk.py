"""Several cases of the queue at once: what fits is offered, each is refused by itself, and four eyes hold."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from lxml import html

from tests.api.fakes import FakeCase
from tests.api.house import House
from tests.console.browse import Browser, words
from tests.console.test_pages import mirror

REASON = "The same ordinary payments in each, confirmed by invoices."


async def chosen(browser: Browser, *cases: Any) -> httpx.Response:
    page = await browser.get("/console?view=all")
    data = {"form_token": browser.token(page), "case": [str(each) for each in cases]}
    return await browser.client.post("/console/bulk", data=data)


async def act(browser: Browser, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
    """Send the form of that action with all its cases, as a browser does."""
    form = next(form for form in html.fromstring(page.text).forms if form.action == f"/console/bulk/{action}")
    values: dict[str, Any] = dict(form.form_values())
    values["case"] = [value for name, value in form.form_values() if name == "case"]
    return await browser.client.post(form.action, data={**values, **fields})


def offered(page: httpx.Response) -> set[str]:
    actions = [str(form.action) for form in html.fromstring(page.text).forms]
    return {action.rpartition("/")[2] for action in actions if action.startswith("/console/bulk/")}


async def alerts(house: House, count: int, **more: Any) -> list[FakeCase]:
    return [await house.case("alert", f"alert:{uuid4()}", house.own.subject_id, **more) for _ in range(count)]


async def test_cases_are_taken_decided_by_one_officer_and_approved_by_another(house: House, sign_in: Any) -> None:
    cases = await alerts(house, 3, four_eyes=True)
    browser = await sign_in("analyst")
    queue = await browser.get("/console")
    assert queue.text.count('name="case"') == 3
    page = await chosen(browser, *(case.case_id for case in cases))
    assert offered(page) == {"claim"}
    done = await act(browser, page, "claim")
    assert "Claim: 3 of 3 done" in words(done)
    for case in cases:
        await mirror(house, case)
    page = await chosen(browser, *(case.case_id for case in cases))
    assert offered(page) == {"decide", "release"}
    without = await act(browser, page, "decide", disposition="true_positive", reason="")
    assert (without.status_code, "Reason" in words(without)) == (422, True)
    done = await act(browser, page, "decide", disposition="true_positive", reason=REASON)
    assert "Decide: 3 of 3 done" in words(done)
    for case in cases:
        assert case.review.status == "awaiting_approval"
        await mirror(house, case)
    # Who decided is offered nothing, and refused for each where the form is made up.
    page = await chosen(browser, *(case.case_id for case in cases))
    assert offered(page) == set()
    second = await sign_in("approver")
    page = await chosen(second, *(case.case_id for case in cases))
    assert {"approve", "return"} <= offered(page)
    assert "3 × true positive" in words(page)
    done = await act(second, page, "approve")
    assert "Approve: 3 of 3 done" in words(done)
    assert {case.review.status for case in cases} == {"closed"}


async def test_the_maker_is_refused_for_each_case_with_an_audit_row(house: House, sign_in: Any) -> None:
    own, others = await alerts(house, 2, four_eyes=True)
    maker, browser = house.own.officers["approver"], await sign_in("approver")
    for case, doing in ((own, browser), (others, await sign_in("analyst2"))):
        await act(doing, await chosen(doing, case.case_id), "claim")
        await mirror(house, case)
        await act(doing, await chosen(doing, case.case_id), "decide", disposition="inconclusive", reason=REASON)
        await mirror(house, case)
    page = await chosen(browser, own.case_id, others.case_id)
    assert "1 of 2: those that another officer decided" in words(page)
    token = browser.token(page)
    forged = {"form_token": token, "case": [f"{case.case_id}:{case.review.revision}" for case in (own, others)]}
    done = await browser.client.post("/console/bulk/approve", data=forged)
    assert "Approve: 1 of 2 done" in words(done)
    assert "Maker is approver" in words(done)
    assert (own.review.status, others.review.status) == ("awaiting_approval", "closed")
    refusals = house.audited("approve", f"case:{own.case_id}")
    assert (f"officer:{maker}", False, "MAKER_IS_APPROVER") in refusals


async def test_an_analyst_approves_and_assigns_nothing_in_bulk(house: House, sign_in: Any) -> None:
    [case] = await alerts(house, 1)
    browser = await sign_in("analyst")
    token = browser.token(await browser.get("/console"))
    for action, more in (("approve", {}), ("assign", {"officer_id": str(house.own.officers["analyst"])})):
        done = await browser.client.post(
            f"/console/bulk/{action}", data={"form_token": token, "case": f"{case.case_id}:0", **more}
        )
        assert "Not permitted" in words(done)
    assert case.review.revision == 0


async def test_cases_are_given_to_an_officer_and_back(house: House, sign_in: Any) -> None:
    cases = await alerts(house, 2)
    browser = await sign_in("approver")
    analyst = house.own.officers["analyst"]
    page = await chosen(browser, *(case.case_id for case in cases))
    assert "2 of 2 done" in words(await act(browser, page, "assign", officer_id=str(analyst)))
    assert {case.review.claimed_by for case in cases} == {analyst}
    for case in cases:
        await mirror(house, case)
    theirs = await sign_in("analyst")
    page = await chosen(theirs, *(case.case_id for case in cases))
    assert "2 of 2 done" in words(await act(theirs, page, "release"))
    assert {case.review.status for case in cases} == {"open"}


async def test_what_changed_meanwhile_is_refused_and_the_rest_is_done(house: House, sign_in: Any) -> None:
    cases = await alerts(house, 2)
    browser, other = await sign_in("analyst"), await sign_in("approver")
    page = await chosen(browser, *(case.case_id for case in cases))
    await act(other, await chosen(other, cases[0].case_id), "claim")
    done = await act(browser, page, "claim")
    assert "1 of 2 done" in words(done)
    assert "Revision differs" in words(done) or "Status differs" in words(done)
    assert cases[0].review.claimed_by == house.own.officers["approver"]
    house.temporal.down = True
    done = await act(browser, page, "claim")
    assert "0 of 2 done" in words(done)
    assert "Temporal down" in words(done)


async def test_a_false_positive_needs_its_reason_in_bulk_too(house: House, sign_in: Any) -> None:
    cases = await alerts(house, 2)
    browser = await sign_in("analyst")
    await act(browser, await chosen(browser, *(case.case_id for case in cases)), "claim")
    for case in cases:
        await mirror(house, case)
    page = await chosen(browser, *(case.case_id for case in cases))
    done = await act(browser, page, "decide", disposition="false_positive", reason=REASON)
    assert "0 of 2 done" in words(done)
    done = await act(
        browser, page, "decide", disposition="false_positive", reason=REASON, false_positive_reason="expected_activity"
    )
    assert "2 of 2 done" in words(done)


async def test_kinds_that_end_differently_are_not_decided_together(house: House, sign_in: Any) -> None:
    cases = [*(await alerts(house, 1)), await house.case()]
    browser = await sign_in("analyst")
    await act(browser, await chosen(browser, *(case.case_id for case in cases)), "claim")
    for case in cases:
        await mirror(house, case)
    page = await chosen(browser, *(case.case_id for case in cases))
    assert "decide" not in offered(page)
    assert "choose cases of one kind" in words(page)


@pytest.mark.parametrize("given", [[], ["not an id"], [str(UUID(int=n)) for n in range(101)]])
async def test_nothing_nonsense_and_too_many_are_told_apart_from_an_error(
    house: House, sign_in: Any, given: list[str]
) -> None:
    browser = await sign_in("analyst")
    answer = await chosen(browser, *given)
    assert answer.status_code == 422
    assert "Cases:" in words(answer)


async def test_another_tenants_case_is_not_there_in_bulk_either(house: House, sign_in: Any) -> None:
    theirs = await house.case("alert", f"alert:{uuid4()}", house.other.subject_id, tenant=house.other)
    browser = await sign_in("analyst")
    page = await chosen(browser, theirs.case_id)
    assert "None of them is open any more" in words(page)
    token = browser.token(await browser.get("/console"))
    done = await browser.client.post("/console/bulk/claim", data={"form_token": token, "case": f"{theirs.case_id}:0"})
    assert "Not found" in words(done)
    assert theirs.review.status == "open"
