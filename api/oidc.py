"""Signing in through a tenant's own issuer: OpenID Connect's authorization code flow with PKCE (RFC 7636), no pages.

What an issuer says of itself is fetched below the address that the tenant named, and has to name that issuer. What the
browser carries between going there and coming back is sealed, so that nothing of it can be read, made up or swapped.
"""

import hmac
import json
import secrets
import time
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from api.services import Outward, OutwardFailed
from store.issuers import Issuer
from vault.envelope import SealBroken, open_sealed, seal

ATTEMPT_LIFETIME = timedelta(minutes=10)
"""So long an officer may take at their organisation's page."""
_KNOWN_SECONDS = 600.0
_SILENT_SECONDS = 10.0
"""How long an issuer that did not answer is not asked again: signing in costs nobody anything."""
_DISCOVERY = "/.well-known/openid-configuration"
_CONTEXT = b"console sign-in"


class ProviderUnfit(Exception):
    """An issuer does not answer, or does not say of itself what signing in takes; the message says which."""


class CodeRefused(Exception):
    """The issuer gave no token for the code. `code` is its own word for it (RFC 6749, 5.2)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Told(BaseModel):
    """What we read of an issuer's description (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """An issuer as it describes itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    secret_in_form: bool
    """Whether it wants a client's secret among the fields, rather than in the header."""
    names_itself: bool
    """Whether it says in its answers who it is (RFC 9207)."""


@dataclass
class Providers:
    """Issuers' descriptions, remembered for some minutes, and the exchange of codes for tokens."""

    outward: Outward | None
    _known: dict[str, tuple[float, Provider | ProviderUnfit]] = field(default_factory=dict)

    async def provider(self, issuer: str) -> Provider:
        """Raises `ProviderUnfit`."""
        at, known = self._known.get(issuer, (0.0, None))
        age = time.monotonic() - at
        if isinstance(known, Provider) and age < _KNOWN_SECONDS:
            return known
        if isinstance(known, ProviderUnfit) and age < _SILENT_SECONDS:
            raise ProviderUnfit(str(known))
        try:
            found = await self._discover(issuer)
        except ProviderUnfit as unfit:
            self._known[issuer] = (time.monotonic(), unfit)
            raise
        self._known[issuer] = (time.monotonic(), found)
        return found

    async def _discover(self, issuer: str) -> Provider:
        if self.outward is None:
            raise ProviderUnfit("this service asks no issuers")
        url = issuer.rstrip("/") + _DISCOVERY
        try:
            told = _Told.model_validate_json(await self.outward.fetch(url))
            for endpoint in filter(None, (told.authorization_endpoint, told.token_endpoint, told.end_session_endpoint)):
                await self.outward.check(endpoint)
        except OutwardFailed as failure:
            raise ProviderUnfit(f"{url} or what it names is not reached: {failure.code}") from failure
        except ValidationError as error:
            missing = sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})
            raise ProviderUnfit(f"{url} lacks {', '.join(missing) or 'a description'}") from error
        if told.issuer != issuer:
            raise ProviderUnfit(f"{url} describes another issuer: {told.issuer[:200]}")
        return Provider(
            issuer=issuer,
            authorization_endpoint=told.authorization_endpoint,
            token_endpoint=told.token_endpoint,
            jwks_uri=told.jwks_uri,
            end_session_endpoint=told.end_session_endpoint,
            secret_in_form="client_secret_basic" not in told.token_endpoint_auth_methods_supported,
            names_itself=told.authorization_response_iss_parameter_supported,
        )

    async def exchange(
        self, provider: Provider, client_id: str, secret: str | None, code: str, verifier: str, redirect_uri: str
    ) -> str:
        """The ID token for a code. Raises `CodeRefused` and `ProviderUnfit`."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": client_id,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        if secret is not None and provider.secret_in_form:
            fields["client_secret"] = secret
        elif secret is not None:
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
            headers["authorization"] = "Basic " + b64encode(pair.encode()).decode()
        if self.outward is None:
            raise ProviderUnfit("this service asks no issuers")
        try:
            status, body = await self.outward.send_form(provider.token_endpoint, fields, headers)
        except OutwardFailed as failure:
            raise ProviderUnfit(f"{provider.token_endpoint} is not reached: {failure.code}") from failure
        answer = _object(body)
        if 400 <= status < 500:
            raise CodeRefused(str(answer.get("error", f"HTTP_{status}"))[:60])
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ProviderUnfit(f"{provider.token_endpoint} answered {status} without an ID token")
        return token


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One officer's way to their issuer and back."""

    tenant_id: UUID
    issuer_id: UUID
    state: str
    nonce: str
    verifier: str
    target: str
    """The page to go to in the end."""
    until: datetime

    @classmethod
    def begun(cls, issuer: Issuer, target: str, now: datetime) -> "Attempt":
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(issuer.tenant_id, issuer.issuer_id, state, nonce, verifier, target, now + ATTEMPT_LIFETIME)

    def address(self, provider: Provider, client_id: str, redirect_uri: str) -> str:
        """Where the browser goes. Only `openid` is asked for: no name and no mail address comes back."""
        challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": client_id,
                "redirect_uri": redirect_uri,
                "scope": "openid",
                "state": self.state,
                "nonce": self.nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        return (
            provider.authorization_endpoint + ("&" if urlsplit(provider.authorization_endpoint).query else "?") + query
        )

    def sealed(self, key: bytes) -> str:
        """For the browser's cookie."""
        return urlsafe_b64encode(seal(_derived(key), _FORM.dump_json(self), _CONTEXT)).decode()

    @classmethod
    def opened(cls, key: bytes, cookie: str, state: str, now: datetime) -> "Attempt | None":
        """The attempt that this browser began under this state; None for any other, and for one too long ago."""
        try:
            attempt = _FORM.validate_json(open_sealed(_derived(key), urlsafe_b64decode(cookie), _CONTEXT))
        except (SealBroken, ValueError):
            return None
        held = hmac.compare_digest(attempt.state.encode(), state.encode()) and now < attempt.until
        return attempt if held else None


_FORM = TypeAdapter(Attempt)


def _derived(key: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT, "sha256")


def farewell(provider: Provider, client_id: str, back: str) -> str:
    """Where the browser ends its session with the issuer too (OpenID Connect RP-Initiated Logout 1.0); empty where
    there is no such place. No ID token is kept to be shown there, so the issuer may ask whether it is meant."""
    if not provider.end_session_endpoint:
        return ""
    query = urlencode({"client_id": client_id, "post_logout_redirect_uri": back})
    return provider.end_session_endpoint + ("&" if urlsplit(provider.end_session_endpoint).query else "?") + query
