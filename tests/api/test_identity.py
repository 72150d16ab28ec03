"""Officers come and go, and issuers vouch for them: who is let in now, by which keys, never by a token's own word."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api import identity
from api.app import create_app
from clearance.outbound import Outbound, Outwards
from tests.api.house import House

ISSUER, AUDIENCE = "https://login.test/realms/bank", "clearance-own"
ROLES = {"aml-analyst": "analyst", "aml-lead": "approver"}


@dataclass
class Provider:
    """A local issuer: keys by `kid`, and how often its key set was asked for."""

    keys: dict[str, Any] = field(default_factory=dict)
    asked: int = 0
    down: bool = False
    url: str = ""

    def key_set(self) -> bytes:
        told = []
        for kid, key in self.keys.items():
            jwk = json.loads(_algorithm(key).to_jwk(key.public_key()))
            told.append({**jwk, "kid": kid, "use": "sig"})
        return json.dumps({"keys": told}).encode()

    def token(self, kid: str = "one", *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "jana@bank.test",
            "iat": now,
            "exp": now + timedelta(minutes=10),
            "realm_access": {"roles": ["aml-analyst", "unknown"]},
        } | changes
        key = self.keys[kid]
        return jwt.encode(
            claims,
            key,
            algorithm=_name(key),
            headers={name: value for name, value in ({"kid": kid} | (header or {})).items() if value is not None},
        )


def _name(key: Any) -> str:
    return {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256"}.get(
        next((kind for kind in (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey) if isinstance(key, kind)), object),
        "EdDSA",
    )


def _algorithm(key: Any) -> Any:
    return jwt.get_algorithm_by_name(_name(key))


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked += 1
            self.send_response(503 if provider.down else 200)
            body = b"" if provider.down else provider.key_set()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_address[1]}/certs"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
async def provider(house: House) -> Any:
    house.services = replace(house.services, outward=Outwards(Outbound(allow_private=True)))
    house.app = create_app(house.services)
    with serving(Provider({"one": RSA_KEY})) as made:
        answer = await house.officer("administrator").post(
            "/v1/issuers",
            json={
                "issuer": ISSUER + "/" + str(house.own.tenant_id),
                "audience": AUDIENCE,
                "jwks_url": made.url,
                "role_claim": "realm_access.roles",
                "roles": ROLES,
            },
        )
        assert answer.status_code == 201, answer.text
        original = made.token
        # Tests share a database: each has an issuer of its own.
        made.token = lambda kid="one", **changes: original(  # type: ignore[method-assign]
            kid, **({"iss": ISSUER + "/" + str(house.own.tenant_id)} | changes)
        )
        yield made


async def queue(house: House, token: str) -> httpx.Response:
    return await house.anyone(Authorization=f"Bearer {token}").get("/v1/cases")


async def test_an_issuers_token_opens_what_its_mapped_roles_open(house: House, provider: Provider) -> None:
    token = provider.token()
    assert (await queue(house, token)).status_code == 200
    client = house.anyone(Authorization=f"Bearer {token}")
    assert (await client.post(f"/v1/cases/{uuid4()}/approve", json={"revision": 0})).status_code == 403
    lead = provider.token(realm_access={"roles": ["aml-lead"]})
    approving = house.anyone(Authorization=f"Bearer {lead}")
    assert (await approving.post(f"/v1/cases/{uuid4()}/approve", json={"revision": 0})).status_code == 404
    [(login, roles)] = house.rows("SELECT login, roles FROM officer WHERE login LIKE 'oidc-%%'")
    assert roles == ["approver"]
    assert "jana" not in login
    nobody = provider.token(sub="other@bank.test", realm_access={"roles": ["cleaner"]})
    assert (await queue(house, nobody)).status_code == 403


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
async def test_keys_of_other_kinds_are_taken_too(house: House, provider: Provider, kind: str) -> None:
    provider.keys = {
        "two": ec.generate_private_key(ec.SECP256R1()) if kind == "ES256" else Ed25519PrivateKey.generate()
    }
    assert (await queue(house, provider.token("two"))).status_code == 200


async def test_a_token_without_a_kid_is_by_the_only_key_there_is(house: House, provider: Provider) -> None:
    assert (await queue(house, provider.token(header={"kid": None}))).status_code == 200
    forged = Provider({"one": rsa.generate_private_key(65537, 2048)})
    unnamed = forged.token(iss=f"{ISSUER}/{house.own.tenant_id}", header={"kid": None})
    assert (await queue(house, unnamed)).status_code == 401
    provider.keys["two"] = rsa.generate_private_key(65537, 2048)
    house.app = create_app(house.services)
    assert (await queue(house, provider.token(header={"kid": None}))).status_code == 401


async def test_a_new_kid_is_fetched_and_an_old_key_ends(
    house: House, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await queue(house, provider.token())).status_code == 200
    assert (await queue(house, provider.token())).status_code == 200
    assert provider.asked == 1
    monkeypatch.setattr(identity, "ASK_AGAIN_SECONDS", 0.0)
    old = provider.token()
    provider.keys = {"two": rsa.generate_private_key(65537, 2048)}
    assert (await queue(house, provider.token("two"))).status_code == 200
    assert provider.asked == 2
    assert (await queue(house, old)).status_code == 401


async def test_an_unknown_kid_does_not_make_us_ask_all_the_time(house: House, provider: Provider) -> None:
    assert (await queue(house, provider.token())).status_code == 200
    for _ in range(5):
        assert (await queue(house, provider.token(header={"kid": "unheard of"}))).status_code == 401
    assert provider.asked == 1


async def test_while_the_issuer_is_down_its_known_keys_hold(
    house: House, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await queue(house, provider.token())).status_code == 200
    provider.down = True
    monkeypatch.setattr(identity, "KEYS_SECONDS", -1.0)
    assert (await queue(house, provider.token())).status_code == 200
    monkeypatch.setattr(identity, "STALE_KEYS_SECONDS", -1.0)
    assert (await queue(house, provider.token())).status_code == 401


def _b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_no_trick_with_the_algorithm_gets_in(house: House, provider: Provider) -> None:
    good = provider.token()
    claims = jwt.decode(good, options={"verify_signature": False})
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    import hashlib
    import hmac

    signed = f"{_b64({'alg': 'HS256', 'kid': 'one'})}.{_b64(claims)}"
    confused = (
        signed
        + "."
        + base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), hashlib.sha256)).decode().rstrip("=")
    )
    unsigned = f"{_b64({'alg': 'none', 'kid': 'one'})}.{_b64(claims)}."
    switched = f"{_b64({'alg': 'ES256', 'kid': 'one'})}.{good.split('.')[1]}.{good.split('.')[2]}"
    altered = f"{good.split('.')[0]}.{_b64(claims | {'sub': 'boss'})}.{good.split('.')[2]}"
    for forged in (confused, unsigned, switched, altered, provider.token(header={"crit": ["exp"]})):
        assert (await queue(house, forged)).status_code == 401, forged
    provider.keys["short"] = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"iss": "https://elsewhere.test"},
        {"exp": datetime.now(UTC) - timedelta(minutes=5)},
        {"nbf": datetime.now(UTC) + timedelta(days=1)},
        {"sub": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_token_for_another_time_place_or_nobody_is_refused(
    house: House, provider: Provider, changes: dict[str, Any]
) -> None:
    assert (await queue(house, provider.token(**changes))).status_code == 401


async def test_a_clock_that_is_a_little_off_is_borne(house: House, provider: Provider) -> None:
    now = datetime.now(UTC)
    assert (await queue(house, provider.token(exp=now - timedelta(seconds=30)))).status_code == 200
    assert (await queue(house, provider.token(iat=now + timedelta(seconds=30)))).status_code == 200


async def test_an_issuer_that_is_ended_opens_nothing_and_another_tenant_sees_none(
    house: House, provider: Provider
) -> None:
    administrator = house.officer("administrator")
    [told] = (await administrator.get("/v1/issuers")).json()["issuers"]
    assert (await house.officer("administrator", house.other).get("/v1/issuers")).json()["issuers"] == []
    theirs = await house.officer("administrator", house.other).delete(f"/v1/issuers/{told['issuer_id']}")
    assert theirs.status_code == 404
    again = {name: told[name] for name in ("issuer", "audience", "jwks_url", "role_claim", "roles")}
    taken = await house.officer("administrator", house.other).post("/v1/issuers", json=again)
    assert (taken.status_code, taken.json()["code"]) == (409, "ISSUER_TAKEN")
    assert (await administrator.delete(f"/v1/issuers/{told['issuer_id']}")).status_code == 204
    assert (await queue(house, provider.token())).status_code == 401


async def test_a_private_address_is_no_issuers_unless_it_is_allowed(house: House, provider: Provider) -> None:
    house.services = replace(house.services, outward=Outwards(Outbound()))
    house.app = create_app(house.services)
    body = {"issuer": str(uuid4()), "audience": "x", "jwks_url": "https://127.0.0.1/certs", "roles": ROLES}
    answer = await house.officer("administrator").post("/v1/issuers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "ADDRESS_NOT_ALLOWED")


# --- Officers --------------------------------------------------------------------------------------------------------


async def test_an_administrator_adds_an_officer_who_signs_in(house: House) -> None:
    administrator = house.officer("administrator")
    made = await administrator.post("/v1/officers", json={"login": "new-analyst", "roles": ["analyst"]})
    assert made.status_code == 201
    body = {"tenant_id": str(house.own.tenant_id), "login": "new-analyst", "password": made.json()["password"]}
    signed_in = await house.anyone().post("/v1/tokens", json=body)
    assert signed_in.status_code == 200
    taken = await administrator.post("/v1/officers", json={"login": "new-analyst", "roles": ["approver"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "LOGIN_TAKEN")
    assert len(house.audited("add", f"officer:{made.json()['officer_id']}")) == 1
    listed = (await administrator.get("/v1/officers")).json()["officers"]
    assert "new-analyst" in {officer["login"] for officer in listed}
    assert all(officer["password"] is None for officer in listed)


async def test_deactivation_and_lost_roles_hold_at_once(house: House) -> None:
    analyst, administrator = house.officer("analyst"), house.officer("administrator")
    assert (await analyst.get("/v1/cases")).status_code == 200
    url = f"/v1/officers/{house.own.officers['analyst']}"
    assert (await administrator.patch(url, json={"roles": ["submitter"]})).status_code == 200
    assert (await analyst.get("/v1/cases")).status_code == 403
    assert (await administrator.patch(url, json={"roles": ["analyst"], "active": False})).status_code == 200
    assert (await analyst.get("/v1/cases")).status_code == 401
    assert (await administrator.patch(url, json={"active": True})).status_code == 200
    assert (await analyst.get("/v1/cases")).status_code == 200


async def test_another_process_knows_of_a_deactivation_within_seconds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert identity.REMEMBERED_SECONDS <= 3
    elsewhere = create_app(house.services)
    token = house.token("analyst")
    there = house.anyone(elsewhere, Authorization=f"Bearer {token}")
    assert (await there.get("/v1/cases")).status_code == 200
    url = f"/v1/officers/{house.own.officers['analyst']}"
    await house.officer("administrator").patch(url, json={"active": False})
    assert (await there.get("/v1/cases")).status_code == 200  # it still remembers
    monkeypatch.setattr(identity, "REMEMBERED_SECONDS", 0.0)
    assert (await there.get("/v1/cases")).status_code == 401


async def test_a_token_gives_no_role_that_the_officer_does_not_have(house: House) -> None:
    from api.permissions import Role

    token = house.token("analyst", None, Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR)
    client = house.anyone(Authorization=f"Bearer {token}")
    assert (await client.get("/v1/officers")).status_code == 403
    assert (await client.post(f"/v1/cases/{uuid4()}/approve", json={"revision": 0})).status_code == 403


async def test_nobody_changes_their_own_rights_or_another_tenants(house: House) -> None:
    administrator = house.officer("administrator")
    own = await administrator.patch(f"/v1/officers/{house.own.officers['administrator']}", json={"roles": ["approver"]})
    assert (own.status_code, own.json()["code"]) == (409, "OWN_ACCOUNT")
    theirs = await administrator.patch(f"/v1/officers/{house.other.officers['analyst']}", json={"active": False})
    assert theirs.status_code == 404


async def test_the_built_in_issuer_publishes_the_key_of_its_tokens(house: House) -> None:
    [key] = (await house.anyone().get("/v1/tokens/keys")).json()["keys"]
    token = house.token("analyst")
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    claims = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["EdDSA"], audience="clearance-api", issuer="clearance")
    assert claims["sub"] == str(house.own.officers["analyst"])
