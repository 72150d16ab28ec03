"""Signing in through a provider of OpenID Connect on loopback: the way in and out, and every way in that is none."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.app import create_app
from clearance.client_secrets import ClientSecrets
from clearance.outbound import Outbound, Outwards
from clearance.settings import SecretEmpty
from tests.api.house import House, Tenant
from tests.console.browse import Browser, words
from tests.console.provider import KEY, Provider, serving

ROLES = {"aml-analyst": "analyst", "aml-lead": "approver"}


@dataclass
class Bank:
    """A tenant whose officers sign in through a provider."""

    house: House
    provider: Provider
    issuer_id: UUID
    redirect_uri: str

    def browser(self) -> Browser:
        return Browser(self.house.anyone())

    async def leave(self, browser: Browser, next_page: str = "") -> httpx.Response:
        page = await browser.get(f"/console/sign-in?tenant={self.house.own.tenant_id}&next={next_page}")
        assert f"Sign in with {urlsplit(self.provider.url).netloc}" in words(page)
        return await browser.get(
            f"/console/sign-in/with/{self.issuer_id}?tenant={self.house.own.tenant_id}&next={next_page}"
        )

    async def there(self, left: httpx.Response) -> str:
        """The provider's own page; where it sends the browser."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(left.headers["Location"])
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"].removeprefix("http://127.0.0.1:8080")

    async def sign_in(self, browser: Browser, next_page: str = "") -> httpx.Response:
        return await browser.get(await self.there(await self.leave(browser, next_page)))


async def accept(house: House, provider: Provider, tenant: Tenant | None = None, **more: Any) -> httpx.Response:
    body = {
        "issuer": provider.url,
        "audience": provider.client_id,
        "role_claim": "realm_access.roles",
        "roles": ROLES,
        "sign_in": True,
    }
    return await house.officer("administrator", tenant).post("/v1/issuers", json={**body, **more})


@pytest.fixture
async def bank(house: House) -> AsyncIterator[Bank]:
    house.services = replace(house.services, outward=Outwards(Outbound(allow_private=True)))
    house.app = create_app(house.services)
    with serving(Provider()) as provider:
        made = await accept(house, provider)
        assert made.status_code == 201, made.text
        provider.redirect_uris = {made.json()["redirect_uri"]}
        yield Bank(house, provider, UUID(made.json()["issuer_id"]), made.json()["redirect_uri"])


def refused(answer: httpx.Response, code: str, status: int = 403) -> str:
    """What the page says; and nobody is signed in."""
    assert (answer.status_code, code in answer.text) == (status, True), answer.text
    assert not [c for c in answer.headers.get_list("set-cookie") if c.startswith("clearance_session=")]
    assert "Begin again" in answer.text
    return words(answer)


async def test_an_officer_comes_back_with_the_roles_that_their_organisation_gives(bank: Bank) -> None:
    browser = bank.browser()
    answer = await bank.sign_in(browser, "/console/models")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/models")
    assert (await browser.get("/console")).status_code == 200
    assert (await browser.get("/console/audit/reads")).status_code == 403
    cookies = {c.partition("=")[0]: c for c in answer.headers.get_list("set-cookie")}
    assert "SameSite=strict" in cookies["clearance_session"]
    assert "HttpOnly" in cookies["clearance_session"]
    assert "Max-Age=0" in cookies["clearance_attempt"]
    [(officer_id, roles)] = bank.house.rows("SELECT officer_id, roles FROM officer WHERE login LIKE 'oidc-%%'")
    assert roles == ["analyst"]
    assert bank.house.audited("sign in", f"issuer:{bank.issuer_id}") == [(f"officer:{officer_id}", True, "")]
    # Roles are those of the newest sign-in.
    bank.provider.roles = ["aml-lead", "cleaner"]
    await bank.sign_in(bank.browser())
    assert bank.house.rows("SELECT roles FROM officer WHERE login LIKE 'oidc-%%'") == [(["approver"],)]


async def test_what_goes_to_the_provider_asks_for_little_and_is_bound_to_this_browser(bank: Bank) -> None:
    left = await bank.leave(bank.browser())
    address = urlsplit(left.headers["Location"])
    asked = {name: value[0] for name, value in parse_qs(address.query).items()}
    assert (asked["scope"], asked["response_type"], asked["code_challenge_method"]) == ("openid", "code", "S256")
    assert asked["redirect_uri"] == "http://127.0.0.1:8080/console/sign-in/callback"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    [cookie] = [c for c in left.headers.get_list("set-cookie") if c.startswith("clearance_attempt=")]
    for secret in (asked["state"], asked["nonce"]):
        assert secret not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/console/sign-in" in cookie
    again = await bank.leave(bank.browser())
    other = {name: value[0] for name, value in parse_qs(urlsplit(again.headers["Location"]).query).items()}
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & set(other.values())


async def test_state_from_elsewhere_or_without_its_browser_is_refused(bank: Bank) -> None:
    browser, stranger = bank.browser(), bank.browser()
    back = await bank.there(await bank.leave(browser))
    # A victim is sent an attacker's address: their browser never began it.
    assert "not begun in this browser" in refused(await stranger.get(back), "NOT_BEGUN_HERE")
    await bank.leave(stranger)
    refused(await stranger.get(back), "NOT_BEGUN_HERE")
    for forged in ("state=", "state=x", ""):
        await bank.leave(browser)
        path, _, query = back.partition("?")
        parts = [part for part in query.split("&") if not part.startswith("state=")] + ([forged] if forged else [])
        refused(await browser.get(f"{path}?{'&'.join(parts)}"), "NOT_BEGUN_HERE")
    assert bank.provider.asked == []  # no code was ever offered to the provider


async def test_a_code_is_good_once(bank: Bank) -> None:
    browser = bank.browser()
    back = await bank.there(await bank.leave(browser))
    attempt = browser.client.cookies["clearance_attempt"]
    assert (await browser.get(back)).status_code == 303
    browser.client.cookies.delete("clearance_session")
    refused(await browser.get(back), "NOT_BEGUN_HERE")
    # With the cookie kept by somebody who copied it, it is the provider that knows the code is spent.
    browser.client.cookies.set("clearance_attempt", attempt, path="/console/sign-in")
    assert "invalid_grant" in refused(await browser.get(back), "CODE_REFUSED")


async def test_another_attempts_code_does_not_fit_the_verifier(bank: Bank) -> None:
    victim, attacker = bank.browser(), bank.browser()
    stolen = parse_qs(urlsplit(await bank.there(await bank.leave(victim))).query)["code"][0]
    own = await bank.there(await bank.leave(attacker))
    code = parse_qs(urlsplit(own).query)["code"][0]
    refused(await attacker.get(own.replace(code, stolen)), "CODE_REFUSED")
    assert bank.provider.asked[-1]["code_verifier"]


async def test_an_attempt_ends_after_ten_minutes_and_its_cookie_cannot_be_made_up(bank: Bank) -> None:
    browser = bank.browser()
    back = await bank.there(await bank.leave(browser))
    later = replace(bank.house.services, clock=lambda: datetime.now(UTC) + timedelta(minutes=11))
    late = Browser(bank.house.anyone(create_app(later)))
    late.client.cookies = browser.client.cookies
    refused(await late.get(back), "NOT_BEGUN_HERE")
    browser.client.cookies.set("clearance_attempt", "A" * 200, path="/console/sign-in")
    refused(await browser.get(back), "NOT_BEGUN_HERE")


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": ["clearance", "another"]},
        {"aud": ["clearance", "another"], "azp": "another"},
        {"azp": "another"},
        {"iss": "https://elsewhere.test"},
        {"exp": datetime.now(UTC) - timedelta(minutes=5)},
        {"exp": None},
        {"nbf": datetime.now(UTC) + timedelta(days=1)},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_the_answer_to_this_sign_in_is_refused(bank: Bank, lie: dict[str, Any]) -> None:
    bank.provider.lie = lie
    refused(await bank.sign_in(bank.browser()), "TOKEN_REFUSED")
    [(actor, allowed, reason)] = bank.house.audited("sign in", f"issuer:{bank.issuer_id}")
    assert (actor, allowed, reason) == ("unknown", False, "TOKEN_REFUSED")
    assert bank.house.rows("SELECT 1 FROM officer WHERE login LIKE 'oidc-%%'") == []


def _b64(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value, default=lambda at: int(at.timestamp())).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return f"{_b64({'alg': 'none', 'kid': 'one'})}.{_b64(claims)}."


def by_the_public_key(claims: dict[str, Any]) -> str:
    """HS256 with what everybody knows as its secret: what a verifier falls for that lets the token choose."""
    import hmac

    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{_b64({'alg': 'HS256', 'kid': 'one'})}.{_b64(claims)}"
    return f"{signed}.{urlsafe_b64encode(hmac.digest(public, signed.encode(), 'sha256')).rstrip(b'=').decode()}"


def by_the_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "a client secret that is long enough", "HS256", headers={"kid": "one"})


def by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "one"})


@pytest.mark.parametrize("forge", [unsigned, by_the_public_key, by_the_client_secret, by_another_key])
async def test_a_token_by_no_key_of_the_issuer_is_refused(bank: Bank, forge: Any) -> None:
    bank.provider.forge = forge
    refused(await bank.sign_in(bank.browser()), "TOKEN_REFUSED")


async def test_an_answer_of_another_issuer_is_refused_before_its_code_is_used(bank: Bank) -> None:
    browser = bank.browser()
    back = await bank.there(await bank.leave(browser))
    path, _, query = back.partition("?")
    nobody = "&".join(part for part in query.split("&") if not part.startswith("iss="))
    for mixed in (nobody + "&iss=https%3A%2F%2Felsewhere.test", nobody):
        await bank.leave(browser)
        attempt = parse_qs(urlsplit((await bank.leave(browser)).headers["Location"]).query)["state"][0]
        swapped = "&".join(f"state={attempt}" if part.startswith("state=") else part for part in mixed.split("&"))
        refused(await browser.get(f"{path}?{swapped}"), "TOKEN_REFUSED")
    assert bank.provider.asked == []


async def test_who_is_denied_there_has_no_role_or_was_deactivated_is_told_what_to_do(bank: Bank) -> None:
    bank.provider.deny = True
    assert "access_denied" in refused(await bank.sign_in(bank.browser()), "REFUSED_THERE")
    bank.provider.deny, bank.provider.roles = False, ["cleaner"]
    assert "Ask your administrator" in refused(await bank.sign_in(bank.browser()), "NO_ROLE")
    bank.provider.roles = ["aml-analyst"]
    browser = bank.browser()
    assert (await bank.sign_in(browser)).status_code == 303
    [(officer_id,)] = bank.house.rows("SELECT officer_id FROM officer WHERE login LIKE 'oidc-%%'")
    await bank.house.officer("administrator").patch(f"/v1/officers/{officer_id}", json={"active": False})
    assert (await browser.get("/console")).status_code == 303
    assert "deactivated" in refused(await bank.sign_in(bank.browser()), "NOT_ACTIVE")


@pytest.mark.parametrize("in_form", [False, True])
async def test_a_client_secret_goes_where_the_provider_wants_it(bank: Bank, in_form: bool, tmp_path: Any) -> None:
    secret = bank.provider.secret = "s3cret:with/odd+signs %"
    if in_form:
        bank.provider.description |= {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    bank.house.services = replace(bank.house.services, client_secrets=ClientSecrets(tmp_path))
    bank.house.app = create_app(bank.house.services)
    assert "invalid_client" in refused(await bank.sign_in(bank.browser()), "CODE_REFUSED")
    (tmp_path / f"{bank.issuer_id}.secret").write_text(secret + "\n")
    assert (await bank.sign_in(bank.browser())).status_code == 303
    assert ("client_secret" in bank.provider.asked[-1]) is in_form


def test_an_empty_secret_is_said_to_be_empty(tmp_path: Any) -> None:
    issuer_id = uuid4()
    (tmp_path / f"{issuer_id}.secret").write_text("\n")
    with pytest.raises(SecretEmpty, match="is empty"):
        ClientSecrets(tmp_path)[issuer_id]
    assert ClientSecrets(tmp_path).get(uuid4()) is None
    assert ClientSecrets(None).get(issuer_id) is None


async def test_a_provider_that_is_down_or_describes_another_is_named_on_the_page(bank: Bank) -> None:
    bank.provider.down = True
    bank.house.app = create_app(bank.house.services)  # one that remembers no description
    browser = bank.browser()
    said = refused(await bank.leave(browser), "ISSUER_UNFIT", 503)
    assert "HTTP_503" in said
    bank.provider.down = False
    bank.house.app = create_app(bank.house.services)
    back = await bank.there(await bank.leave(browser := bank.browser()))
    bank.provider.down = True
    refused(await browser.get(back), "ISSUER_UNFIT", 503)


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ({"issuer": "https://elsewhere.test"}, "describes another issuer"),
        ({"token_endpoint": None}, "lacks token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "ADDRESS_NOT_ALLOWED"),
        ({"end_session_endpoint": "ftp://elsewhere.test"}, "ADDRESS_NOT_ALLOWED"),
    ],
)
async def test_an_issuer_that_cannot_be_signed_in_through_is_not_accepted(
    bank: Bank, description: dict[str, Any], said: str
) -> None:
    with serving(Provider(description=description)) as unfit:
        unfit.description |= description
        answer = await accept(bank.house, unfit)
    assert (answer.status_code, answer.json()["code"]) == (422, "ISSUER_UNFIT")
    assert said in answer.json()["detail"]


async def test_nothing_is_asked_on_private_addresses_unless_it_is_allowed(bank: Bank) -> None:
    bank.house.services = replace(bank.house.services, outward=Outwards(Outbound()))
    bank.house.app = create_app(bank.house.services)
    refused(await bank.leave(bank.browser()), "ISSUER_UNFIT", 503)
    for issuer in ("http://169.254.169.254", "https://127.0.0.1", "https://[::1]"):
        answer = await accept(bank.house, Provider(url=issuer))
        assert (answer.status_code, answer.json()["code"]) == (422, "ISSUER_UNFIT")


async def test_an_issuer_is_one_tenants_and_ends_with_its_sessions(bank: Bank) -> None:
    other = bank.house.other
    taken = await accept(bank.house, bank.provider, other)
    assert (taken.status_code, taken.json()["code"]) == (409, "ISSUER_TAKEN")
    browser = bank.browser()
    theirs = await browser.get(f"/console/sign-in/with/{bank.issuer_id}?tenant={other.tenant_id}")
    refused(theirs, "ISSUER_ENDED")
    assert "Sign in with" not in words(await browser.get(f"/console/sign-in?tenant={other.tenant_id}"))
    back = await bank.there(await bank.leave(waiting := bank.browser()))
    await bank.sign_in(browser)
    assert (await browser.get("/console")).status_code == 200
    token = browser.client.cookies["clearance_session"]
    ended = await bank.house.officer("administrator").delete(f"/v1/issuers/{bank.issuer_id}")
    assert ended.status_code == 204
    assert (await browser.get("/console")).status_code == 303
    assert (await bank.house.anyone(Authorization=f"Bearer {token}").get("/v1/cases")).status_code == 401
    refused(await waiting.get(back), "ISSUER_ENDED")


async def test_an_issuer_for_tokens_alone_is_not_offered(house: House) -> None:
    house.services = replace(house.services, outward=Outwards(Outbound(allow_private=True)))
    house.app = create_app(house.services)
    with serving(Provider()) as provider:
        made = (await accept(house, provider, sign_in=False)).json()
        browser = Browser(house.anyone())
        assert "Sign in with" not in words(await browser.get(f"/console/sign-in?tenant={house.own.tenant_id}"))
        way = f"/console/sign-in/with/{made['issuer_id']}?tenant={house.own.tenant_id}"
        refused(await browser.get(way), "ISSUER_ENDED")
    assert made["jwks_url"] == f"http://{urlsplit(provider.url).netloc}/certs"  # as it says itself
    assert made["redirect_uri"] is None


async def test_signing_out_ends_the_session_here_and_leads_there(bank: Bank) -> None:
    browser = bank.browser()
    await bank.sign_in(browser)
    page = await browser.get("/console")
    out = await browser.submit(page, "/console/sign-out")
    assert "You are signed out here" in words(out)
    assert "clearance_session" not in browser.client.cookies
    assert f"{urlsplit(bank.provider.url).netloc}/logout?client_id=clearance&amp;post_logout" in out.text
    assert (await browser.get("/console")).status_code == 303
    # A provider without such a place, or one that is down, changes nothing about our own end.
    bank.provider.description["end_session_endpoint"] = ""
    bank.house.app = create_app(bank.house.services)
    browser = bank.browser()
    await bank.sign_in(browser)
    out = await browser.submit(await browser.get("/console"), "/console/sign-out")
    assert (out.status_code, out.headers["Location"]) == (303, "/console/sign-in")
