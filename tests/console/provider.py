"""An OpenID Connect provider on loopback, strict where a real one is: single-use codes, PKCE by S256, client secrets,
redirect addresses to the letter, tokens signed by keys that it publishes. Tests make it lie on purpose."""

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Provider:
    """`url` is the issuer. `lie` changes the claims of the next tokens, `forge` makes the token itself."""

    url: str = ""
    client_id: str = "clearance"
    secret: str | None = None
    redirect_uris: set[str] = field(default_factory=set)
    after_logout: set[str] = field(default_factory=set)
    subject: str = "jana@bank.test"
    roles: list[str] = field(default_factory=lambda: ["aml-analyst"])
    description: dict[str, Any] = field(default_factory=dict)
    lie: dict[str, Any] = field(default_factory=dict)
    forge: Callable[[dict[str, Any]], str] | None = None
    down: bool = False
    deny: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    ended: int = 0

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/certs",
            "end_session_endpoint": f"{self.url}/logout",
            "authorization_response_iss_parameter_supported": True,
        } | self.description

    def key_set(self) -> dict[str, Any]:
        jwk = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(KEY.public_key()))
        return {"keys": [{**jwk, "kid": "one", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> tuple[int, str]:
        """(status, where to or what is wrong): nothing goes to an address that is not registered."""
        if query.get("client_id") != self.client_id or query.get("redirect_uri") not in self.redirect_uris:
            return 400, "unknown client or address"
        answer = {"state": query.get("state", ""), "iss": self.url}
        if self.deny:
            answer["error"] = "access_denied"
        elif query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            answer["error"] = "invalid_request"
        elif query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            answer["error"] = "invalid_scope"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = query
        return 302, f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if not self._proven(form, authorization):
            return 401, {"error": "invalid_client"}
        query = self.codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if query is None or query["code_challenge"] != challenge or query["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        now = datetime.now(UTC)
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": self.subject,
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "nonce": query["nonce"],
            "realm_access": {"roles": self.roles},
        } | self.lie
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = self.forge(claims) if self.forge else jwt.encode(claims, KEY, "RS256", headers={"kid": "one"})
        return 200, {"id_token": signed, "access_token": "opaque", "token_type": "Bearer"}

    def _proven(self, form: dict[str, str], authorization: str) -> bool:
        if self.secret is None:
            return form.get("client_id") == self.client_id
        if authorization.startswith("Basic "):
            given = b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            return [unquote_plus(part) for part in given] == [self.client_id, self.secret]
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.secret)

    def logout(self, query: dict[str, str]) -> tuple[int, str]:
        self.ended += 1
        back = query.get("post_logout_redirect_uri", "")
        return (302, back) if query.get("client_id") == self.client_id and back in self.after_logout else (400, back)


@contextmanager
def serving(provider: Provider, host: str = "127.0.0.1") -> Iterator[Provider]:
    """At `host`, which has to lead to this machine's loopback: `localhost` is another site than `127.0.0.1`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            if provider.down:
                self._say(503, {})
            elif parts.path.endswith("/.well-known/openid-configuration"):
                self._say(200, provider.describe())
            elif parts.path == "/certs":
                self._say(200, provider.key_set())
            elif parts.path == "/authorize":
                # As a person meets it: a page of the provider's with one link onwards, so that its site leads back.
                status, told = provider.authorize(query)
                if status == 302 and query.get("state") and "text/html" in self.headers.get("Accept", ""):
                    link = f'<a id="go" href="{told.replace("&", "&amp;")}">Go on</a>'
                    self._send(200, f"<!doctype html><title>Bank</title>{link}".encode(), "text/html")
                else:
                    self._redirect(status, told)
            elif parts.path == "/logout":
                self._redirect(*provider.logout(query))
            elif parts.path == "/favicon.ico":
                self._send(204, b"", "image/x-icon")
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if provider.down:
                return self._say(503, {})
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            self._say(*provider.token(dict(parse_qsl(body)), self.headers.get("Authorization", "")))

        def _say(self, status: int, told: Any) -> None:
            self._send(status, json.dumps(told).encode(), "application/json")

        def _redirect(self, status: int, told: str) -> None:
            self._send(status, told.encode(), "text/plain", {"Location": told} if status == 302 else {})

        def _send(self, status: int, body: bytes, media: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": media, "Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provider.url = f"http://{host}:{server.server_address[1]}/realms/bank"
    # Paths below the issuer are served whole: an issuer has a path as a Keycloak realm has.
    provider.description = {
        "authorization_endpoint": f"http://{host}:{server.server_address[1]}/authorize",
        "token_endpoint": f"http://{host}:{server.server_address[1]}/token",
        "jwks_uri": f"http://{host}:{server.server_address[1]}/certs",
        "end_session_endpoint": f"http://{host}:{server.server_address[1]}/logout",
    } | provider.description
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
