"""A submission is kept whole or not at all, once, whatever else is down; its state tells the applicant no more."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from api.image_header import MAX_BYTES
from store.connection import Connection
from tests.api import images
from tests.api.house import APPLICANT, House
from vault import contexts
from vault.envelope import open_sealed


def stored(house: House) -> list[int]:
    """How many rows and objects there are of everything that a submission writes."""
    tables = ("application", "document", "outbox", "subject")
    counts = [house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables]
    return [*counts, len(house.vault_objects())]


async def test_a_submission_is_acknowledged_with_its_url(house: House) -> None:
    answer = await house.submit(documents=[images.png(), images.jpeg()], selfie=images.jpeg(30, 30))
    assert answer.status_code == 202
    application_id = answer.json()["application_id"]
    assert answer.headers["Location"] == answer.json()["url"] == f"/v1/applications/{application_id}"
    seen = await house.service().get(answer.headers["Location"])
    assert seen.json()["state"] == "received"
    assert seen.json()["outcome"] is None


async def test_application_documents_and_outbox_row_are_written_together(house: House) -> None:
    answer = await house.submit(documents=[images.png(), images.jpeg()], selfie=images.jpeg(30, 30))
    application_id = UUID(answer.json()["application_id"])
    kinds = house.rows(
        "SELECT kind, position, media_type FROM document WHERE application_id = %s ORDER BY kind, position",
        application_id,
    )
    assert kinds == [("document", 0, "image/png"), ("document", 1, "image/jpeg"), ("selfie", 0, "image/jpeg")]
    [(kind, workflow_id, outbox_id, payload)] = house.rows("SELECT kind, workflow_id, outbox_id, payload FROM outbox")
    assert (kind, workflow_id) == ("onboarding", f"onboarding-{outbox_id}")
    assert payload == {"application_id": str(application_id)}
    assert len(house.vault_objects()) == 3


async def test_the_applicant_is_sealed_and_opens_as_sent(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    [(sealed,)] = house.rows("SELECT sealed_applicant FROM application WHERE application_id = %s", application_id)
    data_key = await house.data_key(house.subject_of(application_id))
    applicant = json.loads(open_sealed(data_key, bytes(sealed), contexts.applicant(application_id)))
    assert applicant["surname"] == "Beispiel"
    assert applicant["nationality"] == "DE"  # one spelling inside the house
    assert applicant["expected_monthly_volume"] == {"amount": "2500.00", "currency": "EUR"}
    assert applicant["monthly_income"] is None


async def test_nothing_personal_is_stored_in_clear(house: House) -> None:
    document = images.jpeg(comment=b"MUSTER<<ERIKA")
    await house.submit(key="jana-beispiel-1990", documents=[document])
    everything = b"".join(path.read_bytes() for path in house.vault_objects())
    assert b"MUSTER" not in everything
    for table in ("application", "document", "outbox", "audit", "subject"):
        text = str(house.rows(f"SELECT t::text FROM {table} t"))
        for personal in ("Beispiel", "Jana", "1990-05-17", "jana-beispiel"):
            assert personal not in text
            assert personal.encode().hex() not in text


async def test_the_original_bytes_come_back_from_the_vault(house: House) -> None:
    original = images.jpeg(comment=b"original")
    application_id = UUID((await house.submit(documents=[original])).json()["application_id"])
    [(sha256,)] = house.rows("SELECT sha256 FROM document")
    data_key = await house.data_key(house.subject_of(application_id))
    assert house.services.vault.get(house.own.tenant_id, data_key, sha256) == original


async def test_the_same_key_and_content_get_the_same_answer(house: House) -> None:
    first = await house.submit(key="k1")
    before = stored(house)
    # Another order of fields is the same content.
    again = await house.submit(key="k1", applicant=dict(reversed(APPLICANT.items())))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert stored(house) == before


async def test_the_same_answer_comes_back_after_the_outcome(house: House) -> None:
    first = await house.submit(key="k1")
    await house.conclude(UUID(first.json()["application_id"]), "approved")
    again = await house.submit(key="k1")
    assert again.json() == first.json()


@pytest.mark.parametrize("change", ["applicant", "document", "selfie", "order"])
async def test_the_same_key_with_other_content_is_refused(house: House, change: str) -> None:
    documents = [images.png(), images.jpeg()]
    await house.submit(key="k1", documents=documents)
    before = stored(house)
    match change:
        case "applicant":
            again = await house.submit(key="k1", documents=documents, applicant={**APPLICANT, "surname": "Anders"})
        case "document":
            again = await house.submit(key="k1", documents=[images.png(grey=10), images.jpeg()])
        case "selfie":
            again = await house.submit(key="k1", documents=documents, selfie=images.jpeg(9, 9))
        case _:
            again = await house.submit(key="k1", documents=documents[::-1])
    assert again.status_code == 422
    assert again.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert stored(house) == before


async def test_tenants_do_not_share_keys(house: House) -> None:
    first = await house.submit(key="k1")
    american = {**APPLICANT, "expected_monthly_volume": None}
    other = await house.submit(key="k1", client=house.service(house.other), applicant=american)
    assert other.status_code == 202
    assert other.json()["application_id"] != first.json()["application_id"]


async def test_simultaneous_submissions_of_one_key_make_one_application(house: House) -> None:
    answers = await asyncio.gather(*(house.submit(key="k1") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert stored(house)[:3] == [1, 1, 1]


async def test_it_is_taken_with_temporal_stopped(house: House) -> None:
    house.temporal.down = True
    answer = await house.submit()
    assert answer.status_code == 202
    seen = await house.service().get(answer.headers["Location"])
    assert seen.json()["state"] == "received"


async def test_a_failed_commit_leaves_nothing_and_is_not_acknowledged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store import outbox

    async def fail(connection: Connection, row: object) -> None:
        raise RuntimeError("the disk is full of Beispiel")

    monkeypatch.setattr(outbox, "add", fail)
    before = stored(house)[:4]
    answer = await house.submit(key="k1")
    assert answer.status_code == 500
    assert "Beispiel" not in answer.text
    assert stored(house)[:4] == before
    monkeypatch.undo()
    assert (await house.submit(key="k1")).status_code == 202


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"nationality": "XYZ"}, "/nationality"),
        ({"country_of_residence": "Germany"}, "/country_of_residence"),
        ({"birth_date": "2999-01-01"}, "/birth_date"),
        ({"birth_date": "1690-01-01"}, "/birth_date"),
        ({"birth_date": "17.05.1990"}, "/birth_date"),
        ({"birth_date": "1990-02-30"}, "/birth_date"),
        ({"birth_date": 642902400}, "/birth_date"),
        ({"surname": "   "}, "/surname"),
        ({"surname": "a\x00b"}, "/surname"),
        ({"surname": "x" * 201}, "/surname"),
        ({"surname": None}, "/surname"),
        ({"hobby": "chess"}, "/hobby"),
        ({"occupation": "astronaut"}, "/occupation"),
        ({"expected_monthly_volume": {"amount": "-1.00", "currency": "EUR"}}, "/expected_monthly_volume/amount"),
        ({"expected_monthly_volume": {"amount": 12.5, "currency": "EUR"}}, "/expected_monthly_volume/amount"),
        ({"expected_monthly_volume": {"amount": "NaN", "currency": "EUR"}}, "/expected_monthly_volume/amount"),
        ({"expected_monthly_volume": {"amount": "1", "currency": "USD"}}, "/expected_monthly_volume/currency"),
        ({"expected_cash_share": 1.5}, "/expected_cash_share"),
        ({"address": {"street": "Weg 1", "city": "Ort", "country": "??"}}, "/address/country"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_stored(
    house: House, change: dict[str, object], pointer: str
) -> None:
    before = stored(house)
    answer = await house.submit(applicant={**APPLICANT, **change})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "APPLICANT_INVALID"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert "Beispiel" not in answer.text
    assert stored(house) == before


async def test_a_field_whose_name_is_no_text_is_a_problem(house: House) -> None:
    answer = await house.submit(applicant=json.dumps(APPLICANT)[:-1] + ', "\\ud800/~": 1}')
    assert (answer.status_code, answer.json()["code"]) == (422, "APPLICANT_INVALID")


@pytest.mark.parametrize("kind", ["company", None])
async def test_an_unknown_kind_of_applicant_is_refused(house: House, kind: str | None) -> None:
    answer = await house.submit(applicant={**APPLICANT, "kind": kind})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/kind"


async def test_an_organisation_is_not_handled_yet_and_is_told_so(house: House) -> None:
    before = stored(house)
    organisation = {
        "kind": "organisation",
        "name": "Beispiel GmbH",
        "country_of_registration": "DE",
        "beneficial_owners": [{"person": APPLICANT, "share_percent": 60}],
    }
    answer = await house.submit(applicant=organisation)
    assert answer.status_code == 422
    assert answer.json()["code"] == "ORGANISATION_NOT_HANDLED"
    assert "not handled" in answer.json()["detail"]
    assert stored(house) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "DOCUMENT_EMPTY"),
        (b"%!PS-Adobe-3.0", "DOCUMENT_NOT_AN_IMAGE"),
        (images.png_claiming(50_000, 50_000), "DOCUMENT_DIMENSIONS"),
        (images.ending_as_zip(images.png()), "DOCUMENT_DISGUISED"),
        (images.gif(frames=2), "DOCUMENT_FRAMES"),
        (images.png() + bytes(MAX_BYTES), "DOCUMENT_TOO_LARGE"),
    ],
)
async def test_a_bad_document_is_refused_with_advice_and_none_of_the_good_ones_is_kept(
    house: House, content: bytes, code: str
) -> None:
    before = stored(house)
    answer = await house.submit(documents=[images.png(), content])
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["code"], problem["part"]) == (code, "documents[1]")
    assert problem["advice"]
    assert stored(house) == before


async def test_a_bad_selfie_is_refused(house: House) -> None:
    answer = await house.submit(selfie=images.pdf())
    assert (answer.status_code, answer.json()["part"]) == (422, "selfie")


async def test_an_idempotency_key_is_required(house: House) -> None:
    files = [("documents", ("a.png", images.png(), "image/png"))]
    answer = await house.service().post("/v1/applications", data={"applicant": json.dumps(APPLICANT)}, files=files)
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")


@pytest.mark.parametrize("applicant", ["", "{", "[]", '"person"', "null", "[" * 100_000])
async def test_an_applicant_that_is_no_object_is_refused(house: House, applicant: str) -> None:
    answer = await house.submit(applicant=applicant)
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_broken_multipart_body_is_a_problem(house: House) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "multipart/form-data; boundary=x"}
    answer = await house.service().post("/v1/applications", content=b"--y\r\nnonsense", headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


async def test_another_content_type_is_a_problem(house: House) -> None:
    answer = await house.service().post("/v1/applications", json=APPLICANT, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (400, "NOT_MULTIPART")


async def test_no_document_and_eleven_documents_are_refused(house: House) -> None:
    assert (await house.submit(documents=[])).status_code == 400
    assert (await house.submit(documents=[images.png()] * 11)).status_code == 400


async def test_a_body_beyond_the_limit_is_refused(house: House) -> None:
    answer = await house.submit(documents=[images.png() + bytes(13 * 1024 * 1024)] * 5)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


# --- What the applicant sees -----------------------------------------------------------------------------------------


async def applicant_sees(house: House, application_id: UUID) -> dict[str, object]:
    """Through a key that a front end would have."""
    key = await limited_key(house, "applications:read")
    answer = await house.anyone(Authorization=f"Bearer {key}").get(f"/v1/applications/{application_id}")
    seen: dict[str, object] = answer.json()
    return seen


async def limited_key(house: House, *scopes: str) -> str:
    from store.credentials import create_api_key, hash_api_key, new_api_key

    key = new_api_key()
    async with house.as_role("clearance_owner") as connection:
        await create_api_key(connection, house.own.tenant_id, hash_api_key(key), scopes)
    return key


async def test_reasons_are_told_in_words_with_what_to_do(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    await house.conclude(application_id, "rejected", ("document_expired", "document_expired"))
    seen = await applicant_sees(house, application_id)
    assert seen["outcome"] == "rejected"
    [reason] = seen["reasons"]  # type: ignore[misc]
    assert reason["code"] == "DOCUMENT_EXPIRED"
    assert "expired" in reason["text"]
    assert reason["advice"]


async def test_what_only_decoding_reveals_is_told_with_advice(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    await house.conclude(application_id, "unreadable", ("ENCRYPTED_PDF",))
    seen = await applicant_sees(house, application_id)
    assert seen["outcome"] == "unreadable"
    assert "password" in seen["reasons"][0]["text"]  # type: ignore[index]


async def test_a_blocked_applicant_sees_what_any_rejected_one_sees(house: House) -> None:
    views = []
    for outcome, rules in (("blocked", ("sanctions_confirmed", "risk_high")), ("rejected", ("unheard_of_rule",))):
        application_id = UUID((await house.submit()).json()["application_id"])
        await house.conclude(application_id, outcome, rules)
        seen = await applicant_sees(house, application_id)
        views.append({name: seen[name] for name in ("state", "outcome", "reasons", "for_officers", "customer_id")})
    assert views[0] == views[1]
    assert "sanction" not in json.dumps(views).lower()


@pytest.mark.parametrize("rules", [("sanctions_exact",), ("document_expired",), ()])
async def test_review_looks_the_same_whatever_referred_it(house: House, rules: tuple[str, ...]) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    async with house.as_role("clearance_worker") as connection:
        from store.applications import set_application_state

        await set_application_state(connection, application_id, "in_review", None, rules)
    seen = await applicant_sees(house, application_id)
    assert [reason["code"] for reason in seen["reasons"]] == ["IN_REVIEW"]  # type: ignore[attr-defined]


async def test_an_officer_sees_the_true_outcome_with_decisions_and_cases(house: House) -> None:
    case = await house.case()
    [(about,)] = house.rows("SELECT about FROM case_file")
    application_id = UUID(about.removeprefix("application:"))
    decision = await house.decision(about, house.subject_of(application_id))
    await house.conclude(application_id, "blocked", ("sanctions_confirmed",))
    seen = (await house.officer("analyst").get(f"/v1/applications/{application_id}")).json()
    assert seen["outcome"] == "rejected"
    assert seen["for_officers"] == {
        "outcome": "blocked",
        "reasons": ["sanctions_confirmed"],
        "decisions": [str(decision.decision_id)],
        "cases": [str(case.case_id)],
    }


async def test_reading_an_application_is_audited(house: House) -> None:
    application_id = (await house.submit()).json()["application_id"]
    await house.officer("auditor").get(f"/v1/applications/{application_id}")
    actors = [row[0] for row in house.audited("read", f"application:{application_id}")]
    assert actors == [f"officer:{house.own.officers['auditor']}"]


async def test_a_read_that_cannot_be_audited_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.routes import applications

    async def fail(*_: object) -> None:
        raise RuntimeError("no audit row was written")

    url = (await house.submit()).headers["Location"]
    monkeypatch.setattr(applications, "record_read", fail)
    answer = await house.service().get(url)
    assert answer.status_code == 500
    assert "application_id" not in answer.json()


async def test_the_list_pages_through_all_and_shows_nothing_personal(house: House) -> None:
    submitted = [(await house.submit()).json()["application_id"] for _ in range(5)]
    listed: list[str] = []
    after: str | None = None
    pages = 0
    while True:
        answer = await house.service().get(
            "/v1/applications", params={"limit": 2, **({"after": after} if after else {})}
        )
        listed += [row["application_id"] for row in answer.json()["applications"]]
        assert "Beispiel" not in answer.text
        after, pages = answer.json()["next"], pages + 1
        if after is None:
            break
    assert listed == submitted[::-1]
    assert pages == 3


async def test_a_made_up_cursor_is_a_problem(house: House) -> None:
    for cursor in ("nonsense", "é", "bm8", "eA" * 50):
        answer = await house.service().get("/v1/applications", params={"after": cursor})
        assert answer.status_code == 422


# --- Contests --------------------------------------------------------------------------------------------------------


async def test_a_contest_opens_review_and_keeps_the_words_sealed(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    await house.conclude(application_id, "rejected", ("document_expired",))
    answer = await house.service().post(
        f"/v1/applications/{application_id}/contest", json={"reason": "It was renewed last week."}
    )
    assert answer.status_code == 202
    contest_id = answer.json()["contest_id"]
    [(kind, payload)] = house.rows("SELECT kind, payload FROM outbox WHERE workflow_id = %s", f"contest-{contest_id}")
    assert kind == "contest"
    assert payload == {"application_id": str(application_id), "contest_id": contest_id}
    [(outcome, sealed)] = house.rows("SELECT outcome, sealed_reason FROM contest")
    data_key = await house.data_key(house.subject_of(application_id))
    words = open_sealed(data_key, bytes(sealed), contexts.contest(UUID(contest_id)))
    assert (outcome, words) == ("rejected", b"It was renewed last week.")
    assert (await applicant_sees(house, application_id))["state"] == "in_review"


async def test_a_second_contest_waits_for_the_first(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    await house.conclude(application_id, "rejected")
    url = f"/v1/applications/{application_id}/contest"
    answers = await asyncio.gather(*(house.service().post(url, json={"reason": "No."}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    assert len(house.rows("SELECT 1 FROM contest")) == 1


async def test_an_approved_or_unfinished_application_cannot_be_contested(house: House) -> None:
    application_id = UUID((await house.submit()).json()["application_id"])
    url = f"/v1/applications/{application_id}/contest"
    assert (await house.service().post(url, json={"reason": "No."})).json()["code"] == "NOT_CONTESTABLE"
    await house.conclude(application_id, "approved")
    assert (await house.service().post(url, json={"reason": "No."})).status_code == 409


async def test_another_tenants_application_does_not_exist(house: House) -> None:
    application_id = (await house.submit()).json()["application_id"]
    other = house.service(house.other)
    for answer in (
        await other.get(f"/v1/applications/{application_id}"),
        await other.get(f"/v1/applications/{uuid4()}"),
        await other.post(f"/v1/applications/{application_id}/contest", json={"reason": "No."}),
    ):
        assert answer.status_code == 404
        assert answer.json()["code"] == "NOT_FOUND"
    assert (await other.get("/v1/applications")).json()["applications"] == []
