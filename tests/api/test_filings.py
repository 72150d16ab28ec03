"""Filings: for filing officers only, never approved by their maker, kept under keys of their own."""

from hashlib import sha256
from uuid import uuid4

from api.app import create_app
from tests.api.house import REPORT, House


async def test_a_filing_officer_reads_filings_and_that_is_audited(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    mlro = house.officer("filing_officer")
    [row] = (await mlro.get("/v1/filings")).json()["filings"]
    assert (row["filing_id"], row["status"]) == (str(filing.filing_id), "draft")
    shown = await mlro.get(f"/v1/filings/{filing.filing_id}")
    assert shown.json()["maker"] == str(house.own.officers["analyst"])
    assert len(house.audited("read", f"filing:{filing.filing_id}")) == 1


async def test_the_report_is_read_before_it_is_approved_and_that_is_audited(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    report = await house.officer("filing_officer").get(f"/v1/filings/{filing.filing_id}/report")
    assert (report.content, report.headers["Content-Type"]) == (REPORT, "application/xml")
    assert report.headers["X-Report-SHA256"] == sha256(REPORT).hexdigest()
    assert len(house.audited("read report", f"filing:{filing.filing_id}")) == 1


async def test_a_second_officer_approves(house: House) -> None:
    filing = await house.filing(house.own.officers["filing_officer"])
    url = f"/v1/filings/{filing.filing_id}/approve"
    refused = await house.officer("filing_officer").post(url, json={"revision": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "MAKER_IS_APPROVER")
    assert house.audited("approve", f"filing:{filing.filing_id}") == [
        (f"officer:{house.own.officers['filing_officer']}", False, "MAKER_IS_APPROVER")
    ]
    approved = await house.officer("filing_officer2").post(url, json={"revision": 1})
    assert approved.json()["status"] == "approved"


async def test_a_return_keeps_the_words_sealed_under_the_filing_key(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    mlro = house.officer("filing_officer")
    answer = await mlro.post(
        f"/v1/filings/{filing.filing_id}/return", json={"revision": 1, "reason": "The narrative lacks the dates."}
    )
    assert answer.json()["status"] == "drafting"
    [(sealed,)] = house.rows("SELECT sealed_text FROM filing.reason")
    assert b"narrative" not in bytes(sealed)
    [reason] = (await mlro.get(f"/v1/filings/{filing.filing_id}")).json()["reasons"]
    assert reason["text"] == "The narrative lacks the dates."
    assert reason["action"] == "return"


async def test_an_old_revision_is_refused(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    url = f"/v1/filings/{filing.filing_id}/approve"
    refused = await house.officer("filing_officer").post(url, json={"revision": 0})
    assert (refused.status_code, refused.json()["code"]) == (409, "REVISION_DIFFERS")


async def test_503_when_temporal_is_down(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    house.filing_temporal.down = True
    url = f"/v1/filings/{filing.filing_id}/return"
    answer = await house.officer("filing_officer").post(url, json={"revision": 1, "reason": "No."})
    assert (answer.status_code, answer.json()["code"]) == (503, "TEMPORAL_DOWN")
    assert house.rows("SELECT 1 FROM filing.reason") == []


async def test_another_tenants_filing_does_not_exist(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    theirs = house.officer("filing_officer", house.other)
    assert (await theirs.get("/v1/filings")).json()["filings"] == []
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/report", None),
        ("POST", "/approve", {"revision": 1}),
        ("POST", "/return", {"revision": 1, "reason": "No."}),
    ):
        answer = await theirs.request(method, f"/v1/filings/{filing.filing_id}{path}", json=body)
        assert answer.status_code == 404
    assert filing.revision == 1


async def test_a_case_looks_the_same_with_and_without_a_filing(house: House) -> None:
    case = await house.case("alert", f"alert:{uuid4()}", house.own.subject_id)
    before = (await house.officer("analyst").get(f"/v1/cases/{case.case_id}")).json()
    with_filing = await house.filing(house.own.officers["analyst"])
    [(case_id,)] = house.rows("SELECT case_id FROM filing.filing WHERE filing_id = %s", with_filing.filing_id)
    after = (await house.officer("analyst").get(f"/v1/cases/{case_id}")).json()
    assert before.keys() == after.keys()
    same = {"kind", "status", "revision", "reasons", "escalated", "four_eyes", "claimed_by", "maker", "disposition"}
    assert {name: before[name] for name in same} == {name: after[name] for name in same}
    assert "filing" not in str(after).lower()


async def test_where_no_filings_are_served_the_routes_do_not_exist(house: House) -> None:
    token = house.token("filing_officer")
    client = house.anyone(create_app(house.without_filings()), Authorization=f"Bearer {token}")
    assert (await client.get("/v1/filings")).status_code == 404


async def test_the_api_role_cannot_see_the_filing_schema(house: House) -> None:
    """So a hole in the main routes leaks no filing."""
    import psycopg
    import pytest

    await house.filing(house.own.officers["analyst"])
    async with house.as_role("clearance_api") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("SELECT 1 FROM filing.filing")
