"""The desk over HTTP: assigning, snoozing, files, questions to applicants and their answers, bulk, opening again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from api.permissions import Role
from store.cases import CaseEventRow, record_event
from store.evidence import attach_evidence
from store.requests import open_request
from tests.api import images
from tests.api.fakes import FakeCase
from tests.api.house import House
from tests.api.test_cases import REASON, decided, post
from workflows.messages import CaseAction


def later(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def test_an_approver_assigns_to_an_officer_who_may_work(house: House) -> None:
    case = await house.case()
    approver, analyst = house.officer("approver"), str(house.own.officers["analyst"])
    assert (await post(house.officer("analyst"), case, "assign", {"officer_id": analyst})).status_code == 403
    for nobody in (str(house.own.officers["auditor"]), str(house.other.officers["analyst"]), str(uuid4())):
        refused = await post(approver, case, "assign", {"officer_id": nobody})
        assert (refused.status_code, refused.json()["code"]) == (409, "ASSIGNEE_UNFIT")
    given = await post(approver, case, "assign", {"officer_id": analyst})
    assert (given.json()["status"], given.json()["claimed_by"]) == ("claimed", analyst)


async def test_a_snooze_ends_before_the_deadline(house: House) -> None:
    case = await house.case()
    analyst = house.officer("analyst")
    refused = await post(analyst, case, "snooze", {"until": later(30), "reason": "On leave."})
    assert (refused.status_code, refused.json()["code"]) == (409, "SNOOZE_TOO_LONG")
    asleep = await post(analyst, case, "snooze", {"until": later(1), "reason": "Waiting for the bank."})
    assert asleep.status_code == 200
    assert asleep.json()["snoozed_until"] is not None


async def test_a_false_positive_says_why(house: House) -> None:
    case = await house.case("alert", f"alert:{uuid4()}", house.own.subject_id)
    analyst = house.officer("analyst")
    await post(analyst, case, "claim")
    body = {"revision": 1, "disposition": "false_positive", "reason": REASON}
    refused = await post(analyst, case, "decide", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "FALSE_POSITIVE_REASON_MISSING")
    closed = await post(analyst, case, "decide", body | {"false_positive_reason": "expected_activity"})
    assert closed.json()["status"] == "closed"


# --- Bulk ------------------------------------------------------------------------------------------------------------


async def test_bulk_is_each_cases_own_update_and_stays_four_eyed(house: House) -> None:
    approver = house.officer("approver")
    cases = [await house.case(four_eyes=True) for _ in range(3)]
    claimed = await approver.post(
        "/v1/cases/bulk",
        json={"action": "claim", "cases": [{"case_id": str(case.case_id), "revision": 0} for case in cases]},
    )
    assert [result["state"]["status"] for result in claimed.json()["results"]] == ["claimed"] * 3
    decide = {
        "action": "decide",
        "cases": [{"case_id": str(case.case_id), "revision": 1} for case in cases],
        "disposition": "reject",
        "reason": REASON,
    }
    assert (await approver.post("/v1/cases/bulk", json=decide)).status_code == 200
    approve = {"action": "approve", "cases": [{"case_id": str(case.case_id), "revision": 2} for case in cases]}
    own = (await approver.post("/v1/cases/bulk", json=approve)).json()["results"]
    assert [result["problem"]["code"] for result in own] == ["MAKER_IS_APPROVER"] * 3
    assert {case.review.status for case in cases} == {"awaiting_approval"}
    for case in cases:
        assert house.audited("approve", f"case:{case.case_id}")[0][1:] == (False, "MAKER_IS_APPROVER")


async def test_bulk_answers_for_each_case_and_is_bounded(house: House) -> None:
    case, gone = await house.case(), uuid4()
    analyst = house.officer("analyst")
    rows = [{"case_id": str(case.case_id), "revision": 0}, {"case_id": str(gone), "revision": 0}]
    told = (await analyst.post("/v1/cases/bulk", json={"action": "claim", "cases": rows})).json()["results"]
    assert told[0]["state"]["status"] == "claimed"
    assert told[1]["problem"]["code"] == "NOT_FOUND"
    assigned = await analyst.post(
        "/v1/cases/bulk",
        json={"action": "assign", "cases": rows[:1], "officer_id": str(house.own.officers["analyst2"])},
    )
    assert assigned.json()["results"][0]["problem"]["code"] == "NOT_PERMITTED"
    many = {"action": "claim", "cases": [{"case_id": str(uuid4()), "revision": 0}] * 101}
    assert (await analyst.post("/v1/cases/bulk", json=many)).status_code == 422


# --- Files -----------------------------------------------------------------------------------------------------------


async def attach(client: httpx.AsyncClient, case: FakeCase, content: bytes, **fields: str) -> httpx.Response:
    files = {"files": ("Jana Beispiel.png", content, "image/png")}
    return await client.post(f"/v1/cases/{case.case_id}/evidence", files=files, data=fields)


async def test_a_file_goes_to_the_vault_by_its_hash_and_to_the_case_by_its_digest(house: House) -> None:
    case = await house.case()
    content = images.png(30, 20)
    answer = await attach(house.officer("analyst"), case, content, revision="0")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    command = case.commands[-1]
    assert command.action is CaseAction.ATTACH
    assert command.detail is not None
    assert (str(command.detail.item_id), command.detail.item_sha256) == (told["evidence_id"], told["sha256"])
    [(subject_id, sealed_name)] = house.rows("SELECT subject_id, sealed_file_name FROM case_evidence")
    assert b"Beispiel" not in bytes(sealed_name)
    data_key = await house.data_key(subject_id)
    assert house.services.vault.get(house.own.tenant_id, data_key, told["sha256"]) == content
    assert (await house.officer("analyst").get(f"/v1/cases/{case.case_id}")).json()["evidence"] == []
    async with house.as_role("clearance_worker") as connection:
        await attach_evidence(connection, [UUID(told["evidence_id"])], datetime.now(UTC))
    [shown] = (await house.officer("auditor").get(f"/v1/cases/{case.case_id}")).json()["evidence"]
    assert (shown["sha256"], shown["file_name"]) == (told["sha256"], "Jana Beispiel.png")
    [(payload,)] = house.rows("SELECT payload FROM outbox WHERE kind = 'evidence'")
    assert payload["evidence_ids"] == [told["evidence_id"]]


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00 not an image", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
async def test_a_file_that_is_no_picture_is_refused_before_anything_is_kept(house: House, content: bytes) -> None:
    case = await house.case()
    before = len(house.vault_objects())
    answer = await attach(house.officer("analyst"), case, content)
    assert answer.status_code == 422
    assert case.commands == []
    assert len(house.vault_objects()) == before


# --- Questions to applicants -----------------------------------------------------------------------------------------


async def ask(house: House, case: FakeCase, days: float = 5) -> httpx.Response:
    analyst = house.officer("analyst")
    await post(analyst, case, "claim")
    return await post(analyst, case, "requests", {"text": "Please send page two.", "answer_by": later(days)})


async def opened(house: House, answer: httpx.Response) -> str:
    """The request as the workflow's recording step opens it; its token."""
    async with house.as_role("clearance_worker") as connection:
        await open_request(connection, UUID(answer.json()["request_id"]), datetime.now(UTC))
    return str(answer.json()["upload_url"]).partition("#")[2]


def upload(house: House, token: str) -> httpx.AsyncClient:
    return house.anyone(Authorization=f"Bearer {token}")


async def test_an_applicant_answers_once_and_the_files_are_on_the_case(house: House) -> None:
    case = await house.case()
    answer = await ask(house, case)
    assert answer.status_code == 201, answer.text
    token = str(answer.json()["upload_url"]).partition("#")[2]
    applicant = upload(house, token)
    assert (await applicant.get("/v1/uploads")).status_code == 404  # the case has not accepted it yet
    await opened(house, answer)
    asked = await applicant.get("/v1/uploads")
    assert (asked.status_code, asked.json()["text"]) == (200, "Please send page two.")
    assert "Beispiel" not in asked.text
    assert str(case.case_id) not in asked.text
    broken = await applicant.post("/v1/uploads", files=[("files", ("a.png", b"nothing", "image/png"))])
    assert broken.status_code == 422
    sent = await applicant.post(
        "/v1/uploads",
        files=[("files", ("a.png", images.png(), "image/png")), ("files", ("b.jpg", images.jpeg(), "image/jpeg"))],
    )
    assert (sent.status_code, sent.json()["received"]) == (202, 2)
    again = await applicant.post("/v1/uploads", files=[("files", ("a.png", images.png(), "image/png"))])
    assert (again.status_code, again.json()["code"]) == (404, "UPLOAD_CLOSED")
    shown = (await house.officer("analyst").get(f"/v1/cases/{case.case_id}")).json()
    assert [row["request_id"] for row in shown["evidence"]] == [answer.json()["request_id"]] * 2
    assert shown["requests"][0]["state"] == "answered"
    [(payload,)] = house.rows("SELECT payload FROM outbox WHERE kind = 'evidence'")
    assert payload["request_id"] == answer.json()["request_id"]


async def test_the_token_is_nowhere_but_in_the_answer(house: House, caplog: pytest.LogCaptureFixture) -> None:
    case = await house.case()
    token = await opened(house, await ask(house, case))
    await upload(house, token).get("/v1/uploads")
    assert token not in json.dumps([command.__dict__ for command in case.commands], default=str)
    assert token not in caplog.text
    for table in ("applicant_request", "outbox", "audit", "case_event", "case_reason"):
        assert token not in str(house.rows(f"SELECT t::text FROM {table} t"))
    page = await house.anyone().get("/upload")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert (await house.anyone().get("/upload.js")).status_code == 200


async def test_a_link_that_has_expired_or_is_wrong_opens_nothing(house: House) -> None:
    case = await house.case()
    answer = await ask(house, case)
    token = await opened(house, answer)
    with psycopg.connect(house.url) as connection:
        connection.execute(
            "UPDATE applicant_request SET expires_at = now() - interval '1 second' WHERE tenant_id = %s",
            (house.own.tenant_id,),
        )
    for wrong in (token, "up_" + "x" * 43):
        refused = await upload(house, wrong).get("/v1/uploads")
        assert (refused.status_code, refused.json()["code"]) == (404, "UPLOAD_CLOSED")
    assert (await house.anyone().get("/v1/uploads")).status_code == 401


async def test_nobody_is_asked_about_an_alert(house: House) -> None:
    case = await house.case("alert", f"alert:{uuid4()}", house.own.subject_id)
    refused = await ask(house, case)
    assert (refused.status_code, refused.json()["code"]) == (409, "REQUEST_UNFIT")
    assert house.rows("SELECT 1 FROM applicant_request WHERE tenant_id = %s", house.own.tenant_id) == []


# --- Opening again ---------------------------------------------------------------------------------------------------


async def test_a_closed_case_is_opened_again_through_the_outbox(house: House) -> None:
    case = await decided(house, four_eyes=False)
    analyst = house.own.officers["analyst"]
    row = CaseEventRow(
        house.own.tenant_id, case.case_id, 2, "decide", "closed", datetime.now(UTC), analyst, analyst, "approve"
    )
    async with house.as_role("clearance_worker") as connection:
        await record_event(connection, row)
    [(about,)] = house.rows("SELECT about FROM case_file WHERE case_id = %s", case.case_id)
    ask_again: dict[str, Any] = {"revision": 2, "reason": "New documents came in."}
    early = await post(house.officer("analyst"), case, "reopen", ask_again)
    assert (early.status_code, early.json()["code"]) == (409, "REOPEN_UNFIT")  # the application is not concluded yet
    await house.conclude(UUID(about.partition(":")[2]), "approved")
    stale = await post(house.officer("analyst"), case, "reopen", ask_again | {"revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "REVISION_DIFFERS")
    for _ in range(2):
        assert (await post(house.officer("analyst"), case, "reopen", ask_again)).status_code == 202
    [(payload,)] = house.rows("SELECT payload FROM outbox WHERE kind = 'reopening'")
    assert (payload["case_id"], payload["revision"]) == (str(case.case_id), 2)
    assert "New documents" not in json.dumps(payload)


async def test_a_screenings_case_is_opened_again_too(house: House) -> None:
    case = await house.case("screening", f"screening:{uuid4()}", house.own.subject_id)
    analyst = house.own.officers["analyst"]
    row = CaseEventRow(
        house.own.tenant_id, case.case_id, 1, "decide", "closed", datetime.now(UTC), analyst, analyst, "false_positive"
    )
    async with house.as_role("clearance_worker") as connection:
        await record_event(connection, row)
    asked = await post(house.officer("analyst"), case, "reopen", {"revision": 1, "reason": "The record was amended."})
    assert asked.status_code == 202
    assert house.rows("SELECT payload ->> 'case_id' FROM outbox WHERE kind = 'reopening'") == [(str(case.case_id),)]


async def test_who_has_both_roles_takes_an_escalated_case_as_the_approver_it_waits_for(house: House) -> None:
    case = await house.case("alert", f"alert:{uuid4()}", house.own.subject_id)
    case.review = case.review.after_alarm("escalated")
    refused = await post(house.officer("analyst"), case, "claim", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "ESCALATED")
    async with house.as_role("clearance_api") as connection:
        await connection.execute("UPDATE officer SET roles = '{analyst,approver}' WHERE login = 'analyst2'")
    both = house.officer("analyst2", None, Role.ANALYST, Role.APPROVER)
    assert (await post(both, case, "claim", None)).status_code == 200


# --- What dispositions teach -----------------------------------------------------------------------------------------


async def test_review_metrics_count_what_was_right_and_who_did_it(house: House) -> None:
    analyst, now = house.own.officers["analyst"], datetime.now(UTC)
    for disposition, code in (("approve", "expected_activity"), ("approve", None), ("reject", None)):
        case = await house.case()
        row = CaseEventRow(
            house.own.tenant_id, case.case_id, 1, "decide", "closed", now, analyst, analyst, disposition, code=code
        )
        async with house.as_role("clearance_worker") as connection:
            await record_event(connection, row)
    told = (await house.officer("administrator").get("/v1/metrics/review", params={"until": later(1)})).json()
    [rule] = told["rules"]
    assert (rule["rule"], rule["right"], rule["wrong"]) == ("risk_high", 1, 2)
    assert rule["precision"] == pytest.approx(1 / 3)
    assert told["false_positive_reasons"] == {"expected_activity": 1}
    assert (told["time_to_decision"][0]["closed"], told["time_to_decision"][0]["late"]) == (3, 0)
    assert [(row["officer_id"], row["decided"]) for row in told["officers"]] == [(str(analyst), 3)]
    assert (await house.officer("analyst").get("/v1/metrics/review")).status_code == 403
