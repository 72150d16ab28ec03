"""What filing officers are told about a report and add to it: findings, readiness, supplements, answers; audited."""

import json
from uuid import UUID

from explain.record import Finding, canonical_json
from store.filings import NewFiling, fetch_filing, replace_draft
from tests.api.house import House
from tests.api.pairing import Investigation, investigation
from vault import contexts
from vault.standalone import seal_standalone

MISSING = Finding("IDENTIFICATION_NEEDED", "blocks", "Jana Beispiel: a client needs a document.", "goAML schema 5.0.2")
WARNING = Finding("REPORTING_PERSON_MISSING", "warns", "The report names no reporting person.", "goAML schema 5.0.2")


async def blocked(house: House) -> UUID:
    """A draft with findings, as the worker keeps them."""
    filing = await house.filing(house.own.officers["analyst"])
    context = contexts.filing_part(filing.filing_id, "findings")
    sealed = seal_standalone(house.filing_keys, house.own.tenant_id, canonical_json([MISSING, WARNING]), context)
    async with house.as_role("clearance_filing") as conn:
        await conn.execute(
            "UPDATE filing.filing SET sealed_findings = %s WHERE filing_id = %s", (sealed, filing.filing_id)
        )
    return filing.filing_id


async def test_a_check_says_exactly_what_is_missing_and_how_ready_it_is(house: House) -> None:
    filing_id = await blocked(house)
    answer = (await house.officer("filing_officer").get(f"/v1/filings/{filing_id}/check")).json()
    assert (answer["score"], answer["may_be_submitted"]) == (85, False)
    assert answer["missing"] == [MISSING.text]
    assert answer["warnings"] == [WARNING.text]
    assert [finding["rule"] for finding in answer["findings"]] == [MISSING.rule, WARNING.rule]
    assert len(house.audited("check", f"filing:{filing_id}")) == 1
    [(sealed,)] = house.rows("SELECT sealed_findings FROM filing.filing WHERE filing_id = %s", filing_id)
    assert b"Jana" not in bytes(sealed)


async def test_what_officers_add_is_kept_sealed_and_the_latest_counts(house: House) -> None:
    filing_id = await blocked(house)
    mlro = house.officer("filing_officer")
    url = f"/v1/filings/{filing_id}/supplement"
    assert (await mlro.get(url)).json()["parties"] == []
    document = {"kind": "passport", "number": "C01X00T47", "issued_on": "2020-03-01", "expires_on": "2030-02-28"}
    body = {
        "parties": [{"party_id": "p1", "birth_place": "Eastmoor", "identifiers": [document]}],
        "note": "FIN-2014-A005",
    }
    put = await mlro.put(url, json=body)
    assert put.status_code == 200, put.text
    kept = (await mlro.get(url)).json()
    assert kept["parties"][0]["identifiers"][0]["number"] == "C01X00T47"
    await mlro.put(url, json={"conductor_is_holder": True})
    assert (await mlro.get(url)).json()["note"] is None
    rows = house.rows("SELECT sealed_content FROM filing.supplement")
    assert len(rows) == 2
    assert not any(b"C01X00T47" in bytes(row[0]) for row in rows)
    assert len(house.audited("add supplement", f"filing:{filing_id}")) == 2


async def test_a_supplement_with_unknown_words_is_refused(house: House) -> None:
    filing_id = await blocked(house)
    url = f"/v1/filings/{filing_id}/supplement"
    for body in ({"amount_involved": "much"}, {"parties": [{"surname": "X"}]}, {"values": [{"reference": "A1"}]}):
        assert (await house.officer("filing_officer").put(url, json=body)).status_code == 422


async def test_the_reports_that_were_sent_are_shown_with_their_answers(house: House) -> None:
    about: Investigation = await investigation(house)
    await about.file()
    mlro = house.officer("filing_officer")
    shown = (await mlro.get(f"/v1/filings/{about.filing_id}")).json()
    assert shown["document_number"] == "31000000000017"
    [sent] = shown["reports"]
    assert (sent["report"], sent["kind"], sent["accepted"], sent["findings"]) == (1, "initial", True, [])
    assert [event["action"] for event in shown["history"]] == ["drafted", "approve", "submitted", "acknowledged"]
    content = await mlro.get(f"/v1/filings/{about.filing_id}/reports/1")
    assert content.headers["X-Report-SHA256"] == sent["sha256"]
    assert (await mlro.get(f"/v1/filings/{about.filing_id}/reports/2")).status_code == 404
    assert len(house.audited("read report 1", f"filing:{about.filing_id}")) == 1


async def test_an_answer_is_looked_at_before_it_is_handed_in(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    url = f"/v1/filings/{filing.filing_id}/acknowledge"
    mlro = house.officer("filing_officer")
    for answer in ("hello", "{}", '{"accepted": true}', '{"accepted": "yes", "number": "1"}'):
        refused = await mlro.post(url, json={"revision": 1, "answer": answer})
        assert (refused.status_code, refused.json()["code"]) == (422, "ANSWER_UNREADABLE"), answer
    assert house.rows("SELECT 1 FROM filing.reason") == []
    taken = await mlro.post(url, json={"revision": 1, "answer": json.dumps({"accepted": True, "number": "17"})})
    assert taken.status_code == 200, taken.text
    [(action, sealed)] = house.rows("SELECT action, sealed_text FROM filing.reason")
    assert (action, b"accepted" in bytes(sealed)) == ("acknowledge", False)


async def test_correcting_and_ceasing_need_words(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    mlro = house.officer("filing_officer")
    for action in ("correct", "cease"):
        refused = await mlro.post(f"/v1/filings/{filing.filing_id}/{action}", json={"revision": 1})
        assert refused.status_code == 422
    for action in ("correct", "continue", "cease"):
        client = house.officer("analyst")
        hidden = await client.post(f"/v1/filings/{filing.filing_id}/{action}", json={"revision": 1, "reason": "x"})
        assert hidden.status_code == 404


async def test_a_draft_never_takes_the_place_of_a_report_that_was_sent(house: House) -> None:
    about: Investigation = await investigation(house)
    await about.file()
    async with house.as_role("clearance_filing") as conn:
        row = await fetch_filing(conn, about.filing_id)
        late = NewFiling(
            row.filing_id,
            row.tenant_id,
            row.case_id,
            row.maker,
            "US",
            "1",
            "fincen_sar",
            b"late",
            "ab" * 32,
            True,
            (),
            row.due_at,
        )
        await replace_draft(conn, late)
        assert (await fetch_filing(conn, about.filing_id)).sealed_report == row.sealed_report
