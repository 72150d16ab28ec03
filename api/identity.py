"""Which officer a token speaks for right now: the built-in issuer's tokens and those of a tenant's own issuer.

Apart from `api.auth` because it asks the database and other servers. What an officer may do is looked up at every
request and remembered for a second or two: whoever is deactivated is out at once here, and in two seconds everywhere.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import jwt
import psycopg

from api.permissions import Role
from api.services import Outward, OutwardFailed
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.credentials import NO_PASSWORD, change_officer, create_officer, fetch_officer
from store.issuers import Issuer, fetch_issuer, find_issuers

REMEMBERED_SECONDS = 2.0
KEYS_SECONDS = 600.0
"""How long a key set is taken for fresh."""
STALE_KEYS_SECONDS = 86_400.0
"""How long one is still good while its server does not answer."""
ASK_AGAIN_SECONDS = 30.0
"""At most so often a key set is asked for because of a `kid` that it does not have."""
LEEWAY_SECONDS = 60
"""How far an issuer's clock may be off (RFC 7519, 4.1.4: "usually no more than a few minutes")."""
_MOST_REMEMBERED = 10_000
_MIN_RSA_BITS = 2048


class TokenRefused(Exception):
    """The token is not good; the message says what can be told about it."""


@dataclass(frozen=True, slots=True)
class State:
    """What the database says of an officer."""

    active: bool
    roles: frozenset[Role]


@dataclass
class Officers:
    """Officers' states, remembered for a moment."""

    pool: Pool
    _known: dict[UUID, tuple[float, State | None]] = field(default_factory=dict)

    async def state(self, tenant_id: UUID, officer_id: UUID) -> State | None:
        """None for an officer whom the tenant does not have."""
        known = self._known.get(officer_id)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        async with tenant_transaction(self.pool, tenant_id) as connection:
            officer = await fetch_officer(connection, officer_id)
        state = None
        if officer is not None and officer.tenant_id == tenant_id:
            state = State(officer.active, frozenset(Role(role) for role in officer.roles if role in set(Role)))
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[officer_id] = (time.monotonic(), state)
        return state

    def forget(self, officer_id: UUID) -> None:
        """Ask anew: something was changed here."""
        self._known.pop(officer_id, None)


@dataclass
class _KeySet:
    keys: dict[str, Mapping[str, Any]]
    fetched: float
    asked: float


@dataclass
class KeySets:
    """Issuers' public keys by URL and `kid`, fetched when they are needed and again when a new `kid` turns up."""

    outward: Outward | None
    _sets: dict[str, _KeySet] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def key(self, url: str, kid: str) -> Mapping[str, Any]:
        """The key of that name; without a name the only one there is (OpenID Connect Core, 10.1). Raises
        `TokenRefused`."""
        async with self._locks.setdefault(url, asyncio.Lock()):
            held, now = self._sets.get(url), time.monotonic()
            if (
                held is None
                or now - held.fetched > KEYS_SECONDS
                or (kid and kid not in held.keys and now - held.asked > ASK_AGAIN_SECONDS)
            ):
                held = await self._fetch(url, held, now)
        if not kid and len(held.keys) == 1:
            return next(iter(held.keys.values()))
        if not kid:
            raise TokenRefused("the token names no key, and its issuer has several")
        if kid not in held.keys:
            raise TokenRefused("the token names a key that its issuer does not publish")
        return held.keys[kid]

    async def _fetch(self, url: str, held: _KeySet | None, now: float) -> _KeySet:
        try:
            if self.outward is None:
                raise OutwardFailed("NOT_CONFIGURED")
            keys = _keys(await self.outward.fetch(url))
        except (OutwardFailed, ValueError) as error:
            if held is None or now - held.fetched > STALE_KEYS_SECONDS:
                raise TokenRefused("the keys of the token's issuer cannot be fetched") from error
            held.asked = now
            return held
        self._sets[url] = _KeySet(keys, now, now)
        return self._sets[url]


def _keys(answer: bytes) -> dict[str, Mapping[str, Any]]:
    """By `kid`, those for signatures only; a key without a name is the empty one's. Raises `ValueError`."""
    told = json.loads(answer)
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise ValueError("not a key set (RFC 7517)")
    usable = [key for key in told["keys"] if isinstance(key, dict) and key.get("use", "sig") == "sig"]
    return {kid: key for key in usable if isinstance(kid := key.get("kid", ""), str)}


@dataclass
class ExternalTokens:
    """Tokens of the tenants' own issuers."""

    pool: Pool
    sets: KeySets
    officers: Officers

    async def read(self, token: str) -> tuple[UUID, UUID, frozenset[Role]]:
        """(tenant, officer, roles). Raises `TokenRefused`."""
        header, stated = _unverified(token)
        async with service_transaction(self.pool) as connection:
            candidates = await find_issuers(connection, stated)
        for issuer in candidates:
            claims = await self._verified(token, header, issuer)
            if claims is not None:
                return await self._officer(issuer, claims)
        raise TokenRefused("no tenant accepts tokens of this issuer for this audience")

    async def signed_in(self, issuer: Issuer, token: str, nonce: str) -> tuple[UUID, UUID, frozenset[Role]]:
        """(tenant, officer, roles) behind an ID token that answers a sign-in with this nonce (OpenID Connect Core,
        3.1.3.7). Raises `TokenRefused`."""
        header, stated = _unverified(token)
        if stated != issuer.issuer:
            raise TokenRefused("the token is another issuer's")
        claims = await self._verified(token, header, issuer)
        if claims is None:
            raise TokenRefused("the token is for another client")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else issuer.audience) != issuer.audience:
            raise TokenRefused("the token was issued to another client")
        given = claims.get("nonce")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
            raise TokenRefused("the token answers another sign-in")
        return await self._officer(issuer, claims)

    async def vouches(self, tenant_id: UUID, issuer_id: UUID) -> bool:
        """Whether the tenant still accepts an issuer that somebody signed in through."""
        async with tenant_transaction(self.pool, tenant_id) as connection:
            return await fetch_issuer(connection, issuer_id) is not None

    async def _verified(self, token: str, header: Mapping[str, Any], issuer: Issuer) -> Mapping[str, Any] | None:
        """The claims; None where it is meant for another audience."""
        algorithm = header["alg"]
        if algorithm not in issuer.algorithms:
            raise TokenRefused(f"tokens signed by {algorithm} are not accepted")
        key = _public_key(await self.sets.key(issuer.jwks_url, header.get("kid", "")), algorithm)
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=issuer.audience,
                issuer=issuer.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.InvalidAudienceError:
            return None
        except jwt.ExpiredSignatureError as error:
            raise TokenRefused("the token has expired: sign in again") from error
        except jwt.InvalidTokenError as error:
            raise TokenRefused("the token does not hold") from error
        return claims

    async def _officer(self, issuer: Issuer, claims: Mapping[str, Any]) -> tuple[UUID, UUID, frozenset[Role]]:
        """The officer behind a subject: known under a pseudonym of this tenant's, made at the first token."""
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise TokenRefused("the token names nobody")
        roles = _roles(issuer, claims)
        officer_id = uuid5(issuer.tenant_id, f"{issuer.issuer}\n{subject}")
        state = await self.officers.state(issuer.tenant_id, officer_id)
        if state is None or (state.active and state.roles != roles):
            async with tenant_transaction(self.pool, issuer.tenant_id) as connection:
                await _keep(connection, issuer.tenant_id, officer_id, roles)
            self.officers.forget(officer_id)
        return issuer.tenant_id, officer_id, roles


async def _keep(connection: Connection, tenant_id: UUID, officer_id: UUID, roles: frozenset[Role]) -> None:
    try:
        await create_officer(
            connection, officer_id, tenant_id, f"oidc-{officer_id.hex[:20]}", NO_PASSWORD, sorted(roles)
        )
        await change_officer(connection, officer_id, roles=sorted(roles))
    except psycopg.errors.InsufficientPrivilege as error:
        # The engine only reads officers: they are made where they sign in.
        raise TokenRefused("show this token to the API first") from error


def _unverified(token: str) -> tuple[Mapping[str, Any], str]:
    """The header and the issuer that a token states: where to look for its key, believed in nothing else."""
    try:
        header = jwt.get_unverified_header(token)
        stated = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError as error:
        raise TokenRefused("this is no token") from error
    if header.get("alg") not in ("RS256", "ES256", "EdDSA"):
        raise TokenRefused("tokens are signed by RS256, ES256 or EdDSA")
    if not isinstance(header.get("kid", ""), str) or "crit" in header or not isinstance(stated, str):
        raise TokenRefused("the token names no issuer, or an extension that is not known here")
    return header, stated


def _public_key(jwk: Mapping[str, Any], algorithm: str) -> Any:
    """The key, if it is one for this algorithm: what a key is for is never left to the token."""
    kind = {"RS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}[algorithm]
    if (jwk.get("kty"), jwk.get("crv")) != kind or jwk.get("alg", algorithm) != algorithm:
        raise TokenRefused("the token's key is for another algorithm")
    try:
        key = jwt.PyJWK(dict(jwk), algorithm=algorithm).key
    except jwt.PyJWTError as error:
        raise TokenRefused("the issuer's key cannot be read") from error
    if algorithm == "RS256" and key.key_size < _MIN_RSA_BITS:
        raise TokenRefused("the issuer's key is too short")
    return key


def _roles(issuer: Issuer, claims: Mapping[str, Any]) -> frozenset[Role]:
    """Our roles for theirs, by the tenant's table; what is not in it is nothing."""
    found: Any = claims
    for part in issuer.role_claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    mapped = (issuer.role_map.get(word) for word in words if isinstance(word, str))
    return frozenset(Role(role) for role in mapped if role in set(Role))
