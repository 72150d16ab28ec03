"""Who gets in: every operation of the API's own description, asked without and with every kind of credential."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from api.auth import mint_token
from api.permissions import PERSONS_ONLY, ROLE_PERMISSIONS, Permission, Role
from api.routes import tokens
from store.credentials import create_api_key, hash_api_key, hash_password, new_api_key, revoke_api_key
from tests.api.house import ALL_SCOPES, PASSWORD, House

OPEN = {"/health/live", "/health/ready", "/v1/tokens", "/v1/tokens/keys", "/v1/uploads"}
"""The uploads' credential is the token of one request: `tests/api/test_uploads.py`."""


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    permission: str | None
    app: FastAPI

    @property
    def url(self) -> str:
        """With ids that nobody has."""
        filled = self.path.replace("{page}", "0")
        while "{" in filled:
            start, end = filled.index("{"), filled.index("}")
            filled = filled[:start] + str(UUID(int=7)) + filled[end + 1 :]
        return filled


def operations(house: House) -> list[Operation]:
    """All of both apps, from OpenAPI."""
    return [
        Operation(method.upper(), path, operation.get("x-permission"), app)
        for app in (house.app, house.engine_app)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]


def routes(app: FastAPI) -> set[str]:
    return set(app.openapi()["paths"])


async def ask(client: httpx.AsyncClient, operation: Operation) -> httpx.Response:
    # A body that is not JSON: the credential has to be looked at before it.
    return await client.request(operation.method, operation.url, content=b"{", headers={"Content-Type": "text/plain"})


async def test_every_operation_needs_a_permission_but_health_and_signing_in(house: House) -> None:
    assert {operation.path for operation in operations(house) if operation.permission is None} == OPEN
    assert len(operations(house)) > 20


async def test_no_operation_answers_without_a_credential(house: House) -> None:
    for operation in operations(house):
        if operation.path in OPEN:
            continue
        answer = await ask(house.anyone(operation.app), operation)
        assert answer.status_code == 401, operation
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "NOT_AUTHENTICATED"


@pytest.mark.parametrize(
    "credential",
    [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer nobody-has-this-key",
        "Bearer a.b.c",
        "Bearer " + "x" * 10_000,
        f"Bearer {jwt.encode({'sub': str(uuid4())}, 'secret' * 8, algorithm='HS256')}",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    ],
)
async def test_no_operation_takes_a_bad_credential(house: House, credential: str) -> None:
    for operation in operations(house):
        if operation.path not in OPEN:
            answer = await ask(house.anyone(operation.app, Authorization=credential), operation)
            assert answer.status_code == 401, operation


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_opens_what_the_table_says_and_nothing_else(house: House, role: Role) -> None:
    client_of = {
        app: house.anyone(app, Authorization=f"Bearer {house.token(role.value)}")
        for app in (house.app, house.engine_app)
    }
    for operation in operations(house):
        if operation.permission is None:
            continue
        permission = Permission(operation.permission)
        answer = await ask(client_of[operation.app], operation)
        if permission in ROLE_PERMISSIONS[role]:
            assert answer.status_code not in (401, 403), operation
        elif permission is Permission.FILE:
            assert answer.status_code == 404, operation
        else:
            assert answer.status_code == 403, operation
            assert answer.json()["code"] == "NOT_PERMITTED"


@pytest.mark.parametrize("scope", ALL_SCOPES)
async def test_a_scope_opens_its_own_operations_only(house: House, scope: str) -> None:
    key = await add_key(house, [scope])
    for operation in operations(house):
        if operation.permission is None:
            continue
        answer = await ask(house.anyone(operation.app, Authorization=f"Bearer {key}"), operation)
        refused = 404 if operation.permission == Permission.FILE.value else 403
        assert (answer.status_code == refused) == (operation.permission != scope) or answer.status_code == 404, (
            operation
        )
        if operation.permission != scope:
            assert answer.status_code == refused, operation


async def test_no_scope_makes_a_service_decide(house: House) -> None:
    key = await add_key(house, [permission.value for permission in Permission])
    for operation in operations(house):
        if operation.permission in {permission.value for permission in PERSONS_ONLY}:
            answer = await ask(house.anyone(operation.app, Authorization=f"Bearer {key}"), operation)
            assert answer.status_code in (403, 404), operation


async def test_those_who_do_not_file_cannot_tell_a_filing_from_none(house: House) -> None:
    filing = await house.filing(house.own.officers["analyst"])
    for login in ("analyst", "approver", "auditor", "administrator"):
        there = await house.officer(login).get(f"/v1/filings/{filing.filing_id}")
        absent = await house.officer(login).get(f"/v1/filings/{uuid4()}")
        nowhere = await house.officer(login).get("/v1/nonsense")
        without = [
            {name: value for name, value in answer.json().items() if name != "instance"}
            for answer in (there, absent, nowhere)
        ]
        assert without[0] == without[1] == without[2]
        assert there.status_code == 404


async def test_a_refusal_for_want_of_permission_is_audited(house: House) -> None:
    await house.officer("analyst").post(f"/v1/cases/{uuid4()}/approve", json={})
    [(actor, allowed, reason)] = house.audited("POST /v1/cases/{case_id}/approve", "permission:cases:approve")
    assert actor == f"officer:{house.own.officers['analyst']}"
    assert (allowed, reason) == (False, "not permitted")


# --- Keys ------------------------------------------------------------------------------------------------------------


async def add_key(house: House, scopes: list[str]) -> str:
    key = new_api_key()
    async with house.as_role("clearance_owner") as connection:
        await create_api_key(connection, house.own.tenant_id, hash_api_key(key), scopes)
    return key


async def test_a_revoked_key_is_refused_at_once(house: House) -> None:
    key = await add_key(house, ["applications:read"])
    client = house.anyone(Authorization=f"Bearer {key}")
    assert (await client.get("/v1/applications")).status_code == 200
    [(key_id,)] = house.rows("SELECT api_key_id FROM api_key WHERE key_hash = %s", hash_api_key(key))
    async with house.as_role("clearance_api") as connection:
        await revoke_api_key(connection, key_id)
    assert (await client.get("/v1/applications")).status_code == 401


# --- Tokens ----------------------------------------------------------------------------------------------------------


async def sign_in(house: House, **changes: Any) -> httpx.Response:
    body = {"tenant_id": str(house.own.tenant_id), "login": "analyst", "password": PASSWORD} | changes
    return await house.anyone().post("/v1/tokens", json=body)


async def test_an_officer_signs_in_and_the_token_works(house: House) -> None:
    answer = await sign_in(house)
    assert answer.status_code == 200
    assert answer.json()["roles"] == ["analyst"]
    assert answer.json()["officer_id"] == str(house.own.officers["analyst"])
    assert 0 < answer.json()["expires_in"] <= 3600
    client = house.anyone(Authorization=f"Bearer {answer.json()['access_token']}")
    assert (await client.get("/v1/cases")).status_code == 200


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"login": "nobody"}, {"tenant_id": str(uuid4())}])
async def test_a_wrong_sign_in_says_no_more_than_that(house: House, change: dict[str, str]) -> None:
    answer = await sign_in(house, **change)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Login or password is wrong."


@pytest.mark.parametrize("change", [{"login": "a\u0000"}, {"password": "\ud800"}, {"tenant_id": "1"}, {"login": ""}])
async def test_a_sign_in_that_makes_no_sense_is_a_problem(house: House, change: dict[str, str]) -> None:
    body = {"tenant_id": str(house.own.tenant_id), "login": "analyst", "password": PASSWORD} | change
    answer = await house.anyone().post(
        "/v1/tokens", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


async def test_attempts_to_sign_in_are_audited_without_what_was_typed(house: House) -> None:
    await sign_in(house, password="wrong secret")
    await sign_in(house, login="jana.beispiel")
    await sign_in(house)
    audited = house.rows("SELECT actor, allowed, about FROM audit WHERE action = 'sign in' ORDER BY audit_id")
    analyst = f"officer:{house.own.officers['analyst']}"
    assert [row[:2] for row in audited] == [(analyst, False), ("unknown", False), (analyst, True)]
    assert audited[0][2] == audited[2][2] != audited[1][2]
    assert "jana" not in str(house.rows("SELECT a::text FROM audit a"))


@pytest.mark.parametrize("login", ["analyst", "nobody"])
async def test_ten_failures_in_a_row_close_a_login_known_or_not(
    house: House, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail_or_succeed(password: str) -> int:
        return (await sign_in(house, login=login, password=password)).status_code

    if login == "analyst":  # a success in between starts the count again
        assert [await fail_or_succeed("wrong") for _ in range(9)] == [401] * 9
        assert await fail_or_succeed(PASSWORD) == 200
    monkeypatch.setattr(tokens, "_nobody", lambda: hash_password("nobody", log_n=4))
    assert [await fail_or_succeed("wrong") for _ in range(10)] == [401] * 10
    assert await fail_or_succeed("wrong") == 429
    assert await fail_or_succeed(PASSWORD) == 429
    assert (await sign_in(house, login="approver")).status_code == 200


async def test_an_inactive_officer_does_not_get_in(house: House) -> None:
    async with house.as_role("clearance_api") as connection:
        await connection.execute(
            "UPDATE officer SET active = false WHERE officer_id = %s", (house.own.officers["analyst"],)
        )
    assert (await sign_in(house)).status_code == 401


async def test_a_token_ends_after_an_hour(house: House) -> None:
    old = house.token("analyst", now=datetime.now(UTC) - timedelta(hours=1, seconds=5))
    answer = await house.anyone(Authorization=f"Bearer {old}").get("/v1/cases")
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


async def test_a_token_of_another_issuer_is_refused(house: House) -> None:
    forged = mint_token(
        Ed25519PrivateKey.generate(),
        officer_id=house.own.officers["approver"],
        tenant_id=house.own.tenant_id,
        roles=frozenset({Role.APPROVER}),
        now=datetime.now(UTC),
    )
    assert (await house.anyone(Authorization=f"Bearer {forged}").get("/v1/cases")).status_code == 401


async def test_an_assertion_is_no_token(house: House) -> None:
    """What is signed for Temporal opens nothing here, even if both were signed by one key."""
    from workflows.assertions import AssertionClaims, Purpose, mint
    from workflows.messages import CaseAction

    purpose = Purpose(uuid4(), "run", 0, CaseAction.CLAIM, house.own.officers["analyst"])
    assertion = mint(AssertionClaims(purpose, "analyst", datetime.now(UTC)), house.services.token_key)
    assert (await house.anyone(Authorization=f"Bearer {assertion}").get("/v1/cases")).status_code == 401
