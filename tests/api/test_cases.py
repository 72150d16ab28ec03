"""Officers act on cases: with an assertion that the case accepts, or with a refusal that is told and kept."""

import json
from hashlib import sha256
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCStatusCode

from tests.api import images
from tests.api.fakes import FakeCase, rpc_error
from tests.api.house import House
from vault import contexts
from vault.envelope import open_sealed
from workflows.messages import CaseAction, Disposition

REASON = "I saw the original passport; the date had been misread."


def actions(case: FakeCase) -> list[tuple[str, dict[str, object] | None]]:
    """Every action with a body that is complete."""
    return [
        ("claim", None),
        ("release", None),
        ("notes", {"text": REASON}),
        ("decide", {"revision": case.review.revision, "disposition": "approve", "reason": REASON}),
        ("approve", {"revision": case.review.revision}),
        ("return", {"revision": case.review.revision, "reason": REASON}),
    ]


async def post(client: httpx.AsyncClient, case: FakeCase, action: str, body: object = None) -> httpx.Response:
    return await client.post(f"/v1/cases/{case.case_id}/{action}", json=body)


async def decided(house: House, *, four_eyes: bool = True) -> FakeCase:
    """A case that the analyst claimed and decided."""
    case = await house.case(four_eyes=four_eyes)
    analyst = house.officer("analyst")
    await post(analyst, case, "claim")
    body = {"revision": 1, "disposition": "approve", "reason": REASON}
    answer = await post(analyst, case, "decide", body)
    assert answer.status_code == 200, answer.text
    return case


async def test_an_officer_claims_notes_and_decides(house: House) -> None:
    case = await house.case()
    analyst = house.officer("analyst")
    claimed = await post(analyst, case, "claim")
    assert claimed.status_code == 200
    assert claimed.json()["claimed_by"] == str(house.own.officers["analyst"])
    noted = await post(analyst, case, "notes", {"text": "Called the applicant.", "revision": 1})
    assert noted.json()["revision"] == 2
    body = {"revision": 2, "disposition": "approve", "reason": REASON}
    closed = (await post(analyst, case, "decide", body)).json()
    assert (closed["status"], closed["disposition"], closed["revision"]) == ("closed", "approve", 3)
    assert [command.action for command in case.commands] == [CaseAction.CLAIM, CaseAction.NOTE, CaseAction.DECIDE]


async def test_four_eyes_second_officer_approves(house: House) -> None:
    case = await decided(house)
    assert case.review.status == "awaiting_approval"
    approved = await post(house.officer("approver"), case, "approve", {"revision": 2, "disposition": "approve"})
    assert approved.json()["status"] == "closed"


async def test_the_maker_cannot_approve_and_the_refusal_is_audited(house: House) -> None:
    case = await house.case(four_eyes=True)
    approver = house.officer("approver")
    await post(approver, case, "claim")
    await post(approver, case, "decide", {"revision": 1, "disposition": "approve", "reason": REASON})
    refused = await post(approver, case, "approve", {"revision": 2})
    assert refused.status_code == 409
    assert refused.json()["code"] == "MAKER_IS_APPROVER"
    assert "second officer" in refused.json()["detail"]
    assert house.audited("approve", f"case:{case.case_id}") == [
        (f"officer:{house.own.officers['approver']}", False, "MAKER_IS_APPROVER")
    ]
    assert case.review.status == "awaiting_approval"  # and the case lives on
    other = house.officer("approver", None)
    assert (await post(other, case, "return", {"revision": 2, "reason": "No."})).status_code == 409


async def test_an_approval_for_something_else_is_refused(house: House) -> None:
    case = await decided(house)
    refused = await post(house.officer("approver"), case, "approve", {"revision": 2, "disposition": "reject"})
    assert (refused.status_code, refused.json()["code"]) == (409, "DISPOSITION_DIFFERS")


async def test_an_action_on_an_older_revision_is_refused(house: House) -> None:
    case = await house.case()
    analyst = house.officer("analyst")
    await post(analyst, case, "claim")
    await post(analyst, case, "notes", {"text": "Something new."})
    body = {"revision": 1, "disposition": "approve", "reason": REASON}
    refused = await post(analyst, case, "decide", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "REVISION_DIFFERS")
    assert case.review.disposition is None


async def test_an_assertion_for_the_run_before_a_reset_is_refused(house: House) -> None:
    case = await decided(house)
    looked = case.query

    async def look_then_reset(name: str, **options: object) -> object:
        state = await looked(name, **options)
        case.reset()
        return state

    case.query = look_then_reset  # type: ignore[method-assign, assignment]
    refused = await post(house.officer("approver"), case, "approve", {"revision": 2})
    assert (refused.status_code, refused.json()["code"]) == (409, "RUN_ID_DIFFERS")


async def test_an_excluded_officer_is_refused(house: House) -> None:
    case = await house.case("contest", f"application:{uuid4()}", excluded=[house.own.officers["analyst"]])
    refused = await post(house.officer("analyst"), case, "claim")
    assert (refused.status_code, refused.json()["code"]) == (409, "OFFICER_EXCLUDED")
    assert (await post(house.officer("analyst2"), case, "claim")).status_code == 200


async def test_the_words_are_sealed_and_the_workflow_gets_only_their_digest(house: House) -> None:
    case = await decided(house)
    command = case.commands[-1]
    assert REASON not in json.dumps(command.__dict__, default=str)
    assert command.disposition is Disposition.APPROVE
    [(sealed, digest)] = house.rows(
        "SELECT sealed_text, sha256 FROM case_reason WHERE reason_id = %s", command.reason_id
    )
    assert digest == command.reason_sha256 == sha256(bytes(sealed)).hexdigest()
    [(subject_id,)] = house.rows("SELECT subject_id FROM case_file WHERE case_id = %s", case.case_id)
    data_key = await house.data_key(subject_id)
    assert command.reason_id is not None
    assert open_sealed(data_key, bytes(sealed), contexts.reason(command.reason_id)).decode() == REASON


async def test_neither_token_nor_words_nor_name_enter_temporal(house: House) -> None:
    case = await house.case()
    token = house.token("analyst")
    await post(house.anyone(Authorization=f"Bearer {token}"), case, "notes", {"text": REASON})
    sent = json.dumps(case.commands[0].__dict__, default=str)
    for secret in (token, token.split(".")[1], REASON, "analyst@", "Beispiel"):
        assert secret not in sent


# --- When Temporal does not answer ---------------------------------------------------------------------------------


async def test_every_action_answers_503_with_retry_after_when_temporal_is_down(house: House) -> None:
    case = await house.case()
    house.temporal.down = True
    for action, body in actions(case):
        answer = await post(house.officer("approver"), case, action, body)
        assert answer.status_code == 503, action
        assert answer.json()["code"] == "TEMPORAL_DOWN"
        assert int(answer.headers["Retry-After"]) > 0
    assert house.rows("SELECT 1 FROM case_reason") == []


@pytest.mark.parametrize(
    "status",
    [
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.FAILED_PRECONDITION,
    ],
)
async def test_a_server_or_worker_that_does_not_answer_is_503(house: House, status: RPCStatusCode) -> None:
    case = await house.case()
    house.temporal.silent = status
    answer = await post(house.officer("analyst"), case, "claim")
    assert (answer.status_code, answer.json()["code"]) == (503, "TEMPORAL_DOWN")


@pytest.mark.parametrize(
    "error", [WorkflowUpdateRPCTimeoutOrCancelledError(), rpc_error(RPCStatusCode.DEADLINE_EXCEEDED)]
)
async def test_an_update_without_an_answer_says_that_it_may_still_happen(house: House, error: Exception) -> None:
    case = await house.case()
    case.fails = error
    answer = await post(house.officer("analyst"), case, "claim")
    assert (answer.status_code, answer.json()["code"]) == (503, "NOT_CONFIRMED")
    assert "may still" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_case_whose_workflow_is_not_there_yet_is_503(house: House) -> None:
    case = await house.case()
    house.temporal.workflows.clear()
    assert (await post(house.officer("analyst"), case, "claim")).status_code == 503


async def test_a_closed_case_takes_no_action(house: House) -> None:
    case = await house.case()
    case.fails = rpc_error(RPCStatusCode.NOT_FOUND)  # what Temporal says of a closed workflow
    answer = await post(house.officer("analyst"), case, "claim")
    assert (answer.status_code, answer.json()["code"]) == (409, "CLOSED")


# --- Reading ---------------------------------------------------------------------------------------------------------


async def test_a_case_shows_all_that_belongs_to_it(house: House) -> None:
    submitted = await house.submit(documents=[images.png()], selfie=images.jpeg(9, 9))
    application_id = UUID(submitted.json()["application_id"])
    about, subject_id = f"application:{application_id}", house.subject_of(application_id)
    decision = await house.decision(about, subject_id)
    case = await house.case("application", about, subject_id)
    shown = await house.officer("analyst").get(f"/v1/cases/{case.case_id}")
    assert shown.status_code == 200
    told = shown.json()
    assert told["applicant"]["surname"] == "Beispiel"
    assert [document["kind"] for document in told["documents"]] == ["document", "selfie"]
    assert [row["decision_id"] for row in told["decisions"]] == [str(decision.decision_id)]
    assert told["reasons"] == ["risk_high"]
    assert told["matters"] == [about]
    assert len(house.audited("read", f"case:{case.case_id}")) == 1


async def test_the_history_shows_who_did_what_and_why(house: House) -> None:
    from datetime import UTC, datetime

    from store.cases import CaseEventRow, record_event

    case = await decided(house)
    analyst = house.own.officers["analyst"]
    async with house.as_role("clearance_worker") as connection:  # as the workflow's recording step does
        for revision, command in enumerate(case.commands, start=1):
            await record_event(
                connection,
                CaseEventRow(
                    tenant_id=house.own.tenant_id,
                    case_id=case.case_id,
                    revision=revision,
                    action=command.action.value,
                    status="claimed" if revision == 1 else "awaiting_approval",
                    at=datetime.now(UTC),
                    officer_id=command.officer_id,
                    claimed_by=analyst,
                    disposition=command.disposition,
                    reason_id=command.reason_id,
                ),
            )
    told = (await house.officer("auditor").get(f"/v1/cases/{case.case_id}")).json()
    assert [(event["action"], event["reason"]) for event in told["history"]] == [("claim", None), ("decide", REASON)]
    assert told["maker"] == str(analyst)
    assert told["status"] == "awaiting_approval"


async def test_a_contest_shows_the_applicants_words(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    await house.conclude(application_id, "rejected")
    await house.service().post(f"/v1/applications/{application_id}/contest", json={"reason": "It is valid."})
    case = await house.case("contest", f"application:{application_id}", house.subject_of(application_id))
    told = (await house.officer("analyst").get(f"/v1/cases/{case.case_id}")).json()
    assert [(contest["outcome"], contest["reason"]) for contest in told["contests"]] == [("rejected", "It is valid.")]


async def test_a_case_on_an_alert_shows_the_decisions_on_its_transactions(house: House) -> None:
    alert_id = await house.alert()
    case = await house.case("alert", f"alert:{alert_id}", house.own.subject_id)
    told = (await house.officer("analyst").get(f"/v1/cases/{case.case_id}")).json()
    assert [row["kind"] for row in told["decisions"]] == ["onboarding_risk"]  # the fake decision on its transaction
    assert told["applicant"] is None
    alert = (await house.officer("analyst").get(f"/v1/alerts/{alert_id}")).json()
    assert alert["case_id"] == str(case.case_id)


async def test_after_erasure_a_case_still_opens_without_the_person(house: House) -> None:
    case = await decided(house)
    [(subject_id,)] = house.rows("SELECT subject_id FROM case_file")
    house.erase(subject_id)
    shown = await house.officer("auditor").get(f"/v1/cases/{case.case_id}")
    assert shown.status_code == 200
    assert shown.json()["applicant"] is None
    answer = await post(house.officer("approver"), case, "return", {"revision": 2, "reason": "Why?"})
    assert (answer.status_code, answer.json()["code"]) == (410, "ERASED")


async def test_the_queue_is_by_deadline_and_shows_no_person(house: House) -> None:
    cases = [await house.case() for _ in range(3)]
    answer = await house.officer("analyst").get("/v1/cases", params={"status": "open"})
    assert {row["case_id"] for row in answer.json()["cases"]} == {str(case.case_id) for case in cases}
    due = [row["due_at"] for row in answer.json()["cases"]]
    assert due == sorted(due)
    assert "Beispiel" not in answer.text
    assert (await house.officer("analyst").get("/v1/cases", params={"status": "closed"})).json()["cases"] == []


async def test_a_page_of_a_document_is_shown_as_normalised_and_audited(house: House) -> None:
    from store.applications import link_normalised

    application_id = UUID((await house.submit(documents=[images.jpeg()])).json()["application_id"])
    [(document_id,)] = house.rows("SELECT document_id FROM document WHERE application_id = %s", application_id)
    url = f"/v1/documents/{document_id}/pages/0"
    assert (await house.officer("analyst").get(url)).status_code == 404  # not decoded yet
    normalised = images.png(80, 50)
    data_key = await house.data_key(house.subject_of(application_id))
    digest = house.services.vault.put(house.own.tenant_id, data_key, normalised)
    async with house.as_role("clearance_worker") as connection:
        await link_normalised(connection, document_id, 0, digest)
    page = await house.officer("analyst").get(url)
    assert (page.content, page.headers["Content-Type"]) == (normalised, "image/png")
    assert page.headers["Cache-Control"] == "no-store"
    assert len(house.audited("read", f"document:{document_id}")) == 1
    assert (await house.officer("analyst", house.other).get(url)).status_code == 404


async def test_another_tenants_case_does_not_exist(house: House) -> None:
    case = await house.case()
    theirs = house.officer("approver", house.other)
    assert (await theirs.get(f"/v1/cases/{case.case_id}")).status_code == 404
    for action, body in actions(case):
        answer = await post(theirs, case, action, body)
        assert answer.status_code == 404, action
    assert case.commands == []


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("decide", {"disposition": "approve", "reason": REASON}),
        ("decide", {"revision": 0, "disposition": "pardon", "reason": REASON}),
        ("decide", {"revision": 0, "disposition": "approve", "reason": " "}),
        ("decide", {"revision": -1, "disposition": "approve", "reason": REASON}),
        ("approve", {}),
        ("return", {"revision": 0}),
        ("notes", {"text": "\ud800"}),
        ("claim", {"revision": "latest"}),
    ],
)
async def test_an_action_that_makes_no_sense_is_a_problem(house: House, action: str, body: dict[str, object]) -> None:
    case = await house.case()
    answer = await house.officer("approver").post(
        f"/v1/cases/{case.case_id}/{action}",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_INVALID")
    assert case.commands == []


# --- The queue -------------------------------------------------------------------------------------------------------


async def test_the_queue_pages_by_cursor_in_every_order(house: House) -> None:
    cases = {str((await house.case()).case_id) for _ in range(5)}
    for sort in ("deadline", "risk", "newest"):
        seen: list[str] = []
        after = None
        while True:
            parameters = {"sort": sort, "limit": "2"} | ({"after": after} if after else {})
            answer = await house.officer("analyst").get("/v1/cases", params=parameters)
            assert answer.status_code == 200, answer.text
            seen += [row["case_id"] for row in answer.json()["cases"]]
            after = answer.json()["next"]
            if after is None:
                break
        assert sorted(seen) == sorted(cases), sort


async def test_the_queue_filters_and_says_what_it_does_not_understand(house: House) -> None:
    case = await house.case()
    analyst = house.officer("analyst")

    async def ids(**parameters: str) -> list[str]:
        answer = await analyst.get("/v1/cases", params=parameters)
        assert answer.status_code == 200, answer.text
        return [row["case_id"] for row in answer.json()["cases"]]

    own = [str(case.case_id)]
    assert await ids(assignee="nobody") == own
    assert await ids(assignee="me") == []
    assert await ids(assignee=str(uuid4())) == []
    assert await ids(kind="application", reason="risk_high") == own
    assert await ids(kind="alert") == []
    assert await ids(min_risk="1") == []
    for wrong in ({"after": "x"}, {"sort": "age"}, {"kind": "dog"}, {"assignee": "them"}, {"min_risk": "101"}):
        assert (await analyst.get("/v1/cases", params=wrong)).status_code == 422, wrong
    shown = (await analyst.get(f"/v1/cases/{case.case_id}")).json()
    assert shown["seconds_left"] > 0
    assert shown["earlier_cases"] == shown["related_alerts"] == shown["evidence"] == shown["requests"] == []
