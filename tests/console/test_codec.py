"""Payloads opened for the Temporal Web UI: for whom, of whose workflows, and what is written down of it."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from api.app import create_app
from api.services import ConsoleServices
from tests.api.house import House, Tenant
from workflows.codec import WORKFLOW_ID, EncryptionCodec, PayloadKeys

WEB_UI = "http://127.0.0.1:8233"
KEYS = {name: EncryptionCodec(PayloadKeys("1", {"1": bytes([number] * 32)})) for number, name in enumerate(("a", "b"))}


@pytest.fixture
def ask(house: House) -> Any:
    console = ConsoleServices(WEB_UI, "clearance", "clearance-filing", codec=KEYS["a"], filing_codec=KEYS["b"])
    app = create_app(replace(house.services, console=console))

    async def asked(
        login: str | None,
        closed: list[Payload],
        namespace: str = "clearance",
        origin: str = WEB_UI,
        tenant: Tenant | None = None,
    ) -> httpx.Response:
        client = house.anyone(app)
        if login:
            client.cookies.set("clearance_session", house.token(login, tenant))
        body = {"payloads": [_json(payload) for payload in closed]}
        headers = {"Origin": origin, "X-Namespace": namespace}
        return await client.post("/console/codec/decode", json=body, headers=headers)

    return asked


def _json(payload: Payload) -> dict[str, Any]:
    return {
        "metadata": {name: b64encode(value).decode() for name, value in payload.metadata.items()},
        "data": b64encode(payload.data).decode(),
    }


async def closed(codec: str, *values: Any, workflow: str = "") -> list[Payload]:
    return (
        await KEYS[codec]
        .with_context(WorkflowSerializationContext("any", workflow))
        .encode([Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode()) for value in values])
    )


def shown(answer: httpx.Response) -> list[Any]:
    """The opened values; None for what came back closed."""
    payloads = answer.json()["payloads"]
    return [
        json.loads(b64decode(each["data"])) if b64decode(each["metadata"]["encoding"]) == b"json/plain" else None
        for each in payloads
    ]


async def test_an_officer_reads_the_payloads_of_their_own_tenant_audited(house: House, ask: Any) -> None:
    case, other = await house.case(), await house.case("alert", "alert:x", house.other.subject_id, tenant=house.other)
    values = [
        {"scope": {"tenant_id": str(house.own.tenant_id), "regime": "EU"}},
        {"case_id": str(case.case_id), "status": "open"},
        {"scope": {"tenant_id": str(house.other.tenant_id)}, "case_id": str(case.case_id)},
        {"case_id": str(other.case_id)},
        {"case_id": str(uuid4())},
    ]
    answer = await ask("analyst", await closed("a", *values))
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == WEB_UI
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert shown(answer) == [*values[:2], None, None, None]
    [(actor, allowed, reason)] = house.audited("decode payloads", f"case:{case.case_id}")
    assert (actor, allowed, reason) == (f"officer:{house.own.officers['analyst']}", True, "2 of 5 payloads")
    theirs = await ask("analyst", await closed("a", *values), tenant=house.other)
    assert shown(theirs) == [None, None, values[2], values[3], None]


async def test_what_names_nothing_is_its_workflows_and_nobodys_where_that_is_not_known(house: House, ask: Any) -> None:
    """Summaries, states, codes: what one tenant's runs say is not for another's officers."""
    case = await house.case()
    theirs = await house.case("alert", "alert:x", house.other.subject_id, tenant=house.other)
    [(run,)] = house.rows("SELECT workflow_id FROM outbox WHERE kind = 'onboarding'")
    told = ["Record: claim", {"codes": ["MRZ_VIZ_MISMATCH"]}, 3412]
    payloads = [
        *await closed("a", *told, workflow=f"case-{case.case_id}"),
        *await closed("a", *told, workflow=f"case-{theirs.case_id}"),
        *await closed("a", *told, workflow=run),
        *await closed("a", *told, workflow="screening-checks-2026-11-22"),
        *await closed("a", *told),
    ]
    nothing = [None] * 3
    assert shown(await ask("analyst", payloads)) == [*told, *nothing, *told, *nothing, *nothing]
    others = await ask("analyst", payloads, tenant=house.other)
    assert shown(others) == [*nothing, *told, *nothing, *nothing, *nothing]
    for role in ("approver", "auditor", "filing_officer"):
        assert shown(await ask(role, payloads[-6:])) == [None] * 6
    # Somebody else's summary under one's own workflow's name does not open at all.
    renamed = Payload(
        metadata={**payloads[3].metadata, WORKFLOW_ID: f"case-{case.case_id}".encode()}, data=payloads[3].data
    )
    assert shown(await ask("analyst", [renamed])) == [None]
    assert house.audited("decode payloads", f"case:{case.case_id}")


async def test_what_comes_back_closed_is_what_was_sent(house: House, ask: Any) -> None:
    payloads = await closed("a", {"tenant_id": str(house.other.tenant_id)})
    altered = Payload(metadata=dict(payloads[0].metadata), data=payloads[0].data[:-1] + b"x")
    clear = Payload(metadata={"encoding": b"json/plain"}, data=b'"in clear"')
    sent = [*payloads, altered, clear]
    answer = await ask("analyst", sent)
    assert answer.json()["payloads"] == [_json(payload) for payload in sent]


async def test_filings_payloads_are_for_filing_officers_and_their_key(house: House, ask: Any) -> None:
    values = [{"tenant_id": str(house.own.tenant_id), "filing_id": str(uuid4())}]
    payloads = await closed("b", *values)
    for login in ("analyst", "approver", "auditor"):
        refused = await ask(login, payloads, "clearance-filing")
        assert refused.status_code == 404
    assert house.audited("decode payloads", "permission:filings")
    unknown = await ask("analyst", payloads, "no-such-namespace")
    assert unknown.json() == refused.json()
    assert shown(await ask("filing_officer", payloads, "clearance-filing")) == values
    # The main namespace's key opens none of them.
    assert shown(await ask("filing_officer", payloads)) == [None]


@pytest.mark.parametrize(
    "origin", ["http://localhost:8233", "http://127.0.0.1:8080", "null", "https://elsewhere.example"]
)
async def test_only_the_web_ui_may_ask(house: House, ask: Any, origin: str) -> None:
    answer = await ask("analyst", await closed("a", "Record: claim"), origin=origin)
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_without_a_session_or_with_nonsense_nothing_is_opened(house: House, ask: Any) -> None:
    payloads = await closed("a", "Record: claim")
    assert (await ask(None, payloads)).status_code == 401
    assert (await ask("administrator", payloads)).status_code == 404
    console = ConsoleServices(WEB_UI, "clearance", "clearance-filing", codec=KEYS["a"])
    client = house.anyone(create_app(replace(house.services, console=console)), Origin=WEB_UI)
    client.cookies.set("clearance_session", house.token("analyst"))
    for content in (b"{", b"[]", b'{"payloads": [{"data": "not base64!"}]}', b'{"payloads": 1}'):
        assert (await client.post("/console/codec/decode", content=content)).status_code == 400
    assert (await client.post("/console/codec/decode", content=b" " * (8 * 2**20 + 1))).status_code == 413
    preflight = await client.options("/console/codec/decode")
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type, x-namespace"
    # Where no Web UI is configured, and with an officer's cookie from any other page, there is nothing.
    assert (await house.anyone(Origin=WEB_UI).post("/console/codec/decode", json={"payloads": []})).status_code == 403
